#!/usr/bin/python3
"""Call the weather service with Apache's Python library.

    client.py [--host HOST] [--port PORT] [--transport framed|buffered]
              [--protocol binary|compact] [CITY[,COUNTRY]...]

All calls go over one connection.  The generated code has to be in PYTHONPATH:

    thrift --gen py -out DIRECTORY weather.thrift
"""

import argparse

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from weather import WeatherService
from weather.ttypes import Location

TRANSPORTS = {"framed": TFramedTransport, "buffered": TBufferedTransport}
PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol}


def main():
    parser = argparse.ArgumentParser(description="call the weather service")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9090)
    parser.add_argument("--transport", choices=TRANSPORTS, default="framed")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="binary")
    parser.add_argument("city", nargs="*", default=["Paris,France", "Oslo"])
    args = parser.parse_args()

    socket = TSocket(args.host, args.port)
    socket.setTimeout(10000)
    transport = TRANSPORTS[args.transport](socket)
    client = WeatherService.Client(PROTOCOLS[args.protocol](transport))

    transport.open()

    print("ping() -> %r" % client.ping())

    for name in args.city:
        city, _, country = name.partition(",")
        location = Location(city=city, country=country or None)
        print("getTemperature(%s) -> %r"
              % (name, client.getTemperature(location)))

    transport.close()


if __name__ == "__main__":
    main()
