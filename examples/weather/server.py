#!/usr/bin/python3
"""A Thrift server with Apache's Python library: the weather service.

It knows nothing of nginx.  Framed and buffered clients, with the binary and
the compact protocol, may connect to the same port.

    server.py PORT

The generated code has to be in PYTHONPATH:

    thrift --gen py -out DIRECTORY weather.thrift
"""

import logging
import sys

from thrift.protocol.THeaderProtocol import THeaderProtocolFactory
from thrift.server.TServer import TThreadedServer
from thrift.transport.THeaderTransport import THeaderClientType
from thrift.transport.TSocket import TServerSocket
from thrift.transport.TTransport import TBufferedTransportFactory

from weather import WeatherService

TEMPERATURES = {"Berlin": 14, "Lisbon": 23, "Oslo": 7, "Paris": 19}


class Weather:
    def __init__(self, name):
        self.name = name

    def ping(self):
        return True

    def getTemperature(self, location):
        where = location.city

        if location.country is not None:
            where += ", " + location.country

        degrees = TEMPERATURES.get(location.city, 20)

        return "%d C in %s, says %s" % (degrees, where, self.name)


def main():
    logging.basicConfig(level=logging.INFO)

    port = int(sys.argv[1])
    processor = WeatherService.Processor(Weather("server %d" % port))

    protocols = THeaderProtocolFactory(allowed_client_types=(
        THeaderClientType.FRAMED_BINARY,
        THeaderClientType.FRAMED_COMPACT,
        THeaderClientType.UNFRAMED_BINARY,
        THeaderClientType.UNFRAMED_COMPACT,
        THeaderClientType.HEADERS,
    ))

    server = TThreadedServer(processor, TServerSocket("127.0.0.1", port),
                             TBufferedTransportFactory(), protocols,
                             daemon=True)
    server.serve()


if __name__ == "__main__":
    main()
