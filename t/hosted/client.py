#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Apache's Python client: PINGPONG WEATHER MYSERVICE FAULTS ALL

The arguments are ports; on that of ALL services are called by their names,
through TMultiplexedProtocol.  accel and accelc are the protocols in C.
"""

import sys

from thrift.protocol.TBinaryProtocol import (TBinaryProtocol,
                                             TBinaryProtocolAccelerated)
from thrift.protocol.TCompactProtocol import (TCompactProtocol,
                                              TCompactProtocolAccelerated)
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

import faults.ttypes
import faults_newer.ttypes
import myservice.ttypes
import weather.ttypes
from calls import Calls, Types
from faults import Faults
from faults_newer import Newer
from myservice import MyService
from pingpong import PingPong
from weather import WeatherService

TRANSPORTS = {"buffered": TBufferedTransport, "framed": TFramedTransport}
PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol,
             "json": TJSONProtocol,
             "accel": TBinaryProtocolAccelerated,
             "accelc": TCompactProtocolAccelerated}

TYPES = Types(weather.ttypes, myservice.ttypes, faults.ttypes,
              faults_newer.ttypes)


def connect(transport, protocol, port):
    sock = TSocket("127.0.0.1", port)
    sock.setTimeout(60000)
    transport = TRANSPORTS[transport](sock)
    transport.open()

    return PROTOCOLS[protocol](transport)


def plain(transport, protocol, ports):
    p, w, m, f = [connect(transport, protocol, port) for port in ports]

    Calls(TYPES).run(PingPong.Client(p), WeatherService.Client(w),
                     MyService.Client(m), Faults.Client(f), Newer.Client(f))

    for protocol in (p, w, m, f):
        protocol.trans.close()


def multiplexed(transport, protocol, port):
    protocol = connect(transport, protocol, port)

    def named(name):
        return TMultiplexedProtocol(protocol, name)

    calls = Calls(TYPES)
    calls.run(PingPong.Client(named("PingPong")),
              WeatherService.Client(named("WeatherService")),
              MyService.Client(named("MyService")),
              Faults.Client(named("Faults")), Newer.Client(named("Faults")))
    calls.nope(Faults.Client(named("Nope")))

    protocol.trans.close()


def main():
    *ports, port = map(int, sys.argv[1:])

    for transport in TRANSPORTS:
        for protocol in PROTOCOLS:
            print("== %s %s" % (transport, protocol))
            plain(transport, protocol, ports)
            print("== %s %s multiplexed" % (transport, protocol))
            multiplexed(transport, protocol, port)


if __name__ == "__main__":
    main()
