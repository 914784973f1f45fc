#!/usr/bin/python3
"""Call the weather service with thriftpy, the original one.

    client_thriftpy.py [--host HOST] [--port PORT]
                       [--transport framed|buffered] [CITY[,COUNTRY]...]

All calls go over one connection.  thriftpy reads weather.thrift by itself.
The protocol is binary: thriftpy's compact does not run on Python 3.9 or newer.
"""

import argparse
import os

import thriftpy
from thriftpy.protocol import TBinaryProtocolFactory
from thriftpy.rpc import make_client
from thriftpy.transport import (TBufferedTransportFactory,
                                TFramedTransportFactory)

HERE = os.path.dirname(os.path.abspath(__file__))

TRANSPORTS = {"framed": TFramedTransportFactory,
              "buffered": TBufferedTransportFactory}


def main():
    parser = argparse.ArgumentParser(description="call the weather service")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9090)
    parser.add_argument("--transport", choices=TRANSPORTS, default="framed")
    parser.add_argument("city", nargs="*", default=["Paris,France", "Oslo"])
    args = parser.parse_args()

    weather = thriftpy.load(os.path.join(HERE, "weather.thrift"),
                            module_name="weather_thrift")

    client = make_client(weather.WeatherService, args.host, args.port,
                         proto_factory=TBinaryProtocolFactory(),
                         trans_factory=TRANSPORTS[args.transport](),
                         timeout=10000)

    print("ping() -> %r" % client.ping())

    for name in args.city:
        city, _, country = name.partition(",")
        location = weather.Location(city=city, country=country or None)
        print("getTemperature(%s) -> %r"
              % (name, client.getTemperature(location)))

    client.close()


if __name__ == "__main__":
    main()
