#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The servers behind the page that t/page/browser tests, with thriftpy.

    server.py PORT SHOP.thrift Shop
    server.py PORT WEATHER.thrift WeatherService
"""

import sys

import thriftpy
from thriftpy.protocol import TBinaryProtocolFactory
from thriftpy.server import TThreadedServer
from thriftpy.thrift import TProcessor
from thriftpy.transport import TBufferedTransportFactory, TServerSocket

port, path, name = int(sys.argv[1]), sys.argv[2], sys.argv[3]

idl = thriftpy.load(path, module_name="served_thrift")


class Handler:
    def store(self, item):
        return item

    def find(self, what):
        raise idl.NotFound(what, 404)

    def fail(self, how):
        raise ValueError(how)

    def ping(self):
        return True

    def getTemperature(self, location):
        return "14 C in %s, %s" % (location.city, location.country)


TThreadedServer(TProcessor(getattr(idl, name), Handler()),
                TServerSocket("127.0.0.1", port),
                iprot_factory=TBinaryProtocolFactory(),
                itrans_factory=TBufferedTransportFactory()).serve()
