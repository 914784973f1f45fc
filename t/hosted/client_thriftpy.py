#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The original thriftpy, or its successor:

    MODULE IDL PROTOCOLS PINGPONG WEATHER MYSERVICE FAULTS ALL

MODULE is thriftpy or thriftpy2, IDL the directory of the definitions, and
PROTOCOLS binary, or binary,compact.  The others are ports; on that of ALL
services are called by their names.
"""

import importlib
import os
import sys

from calls import Calls, Types

MODULE, IDL, PROTOCOL_NAMES = sys.argv[1:4]

thriftpy = importlib.import_module(MODULE)
protocols = importlib.import_module(MODULE + ".protocol")
transports = importlib.import_module(MODULE + ".transport")
rpc = importlib.import_module(MODULE + ".rpc")

TRANSPORTS = {"buffered": transports.TBufferedTransportFactory,
              "framed": transports.TFramedTransportFactory}
PROTOCOLS = {"binary": protocols.TBinaryProtocolFactory,
             "compact": protocols.TCompactProtocolFactory}


def load(name):
    return thriftpy.load(os.path.join(IDL, name + ".thrift"),
                         module_name=name + "_thrift")


pingpong = load("pingpong")
TYPES = Types(*map(load, ("weather", "myservice", "faults", "faults_newer")))


def connect(service, transport, protocol, port, name=None):
    factory = PROTOCOLS[protocol]()

    if name:
        factory = protocols.TMultiplexedProtocolFactory(factory, name)

    return rpc.make_client(service, "127.0.0.1", port, proto_factory=factory,
                           trans_factory=TRANSPORTS[transport](),
                           timeout=60000)


def run(transport, protocol, ports, names):
    services = (pingpong.PingPong, TYPES.weather.WeatherService,
                TYPES.myservice.MyService, TYPES.faults.Faults,
                TYPES.newer.Newer)

    clients = [connect(service, transport, protocol, port, name)
               for service, port, name in zip(services, ports, names)]
    Calls(TYPES).run(*clients)

    for client in clients:
        client.close()


def multiplexed(transport, protocol, port):
    run(transport, protocol, [port] * 5,
        ("PingPong", "WeatherService", "MyService", "Faults", "Faults"))

    client = connect(TYPES.faults.Faults, transport, protocol, port, "Nope")
    Calls(TYPES).nope(client)
    client.close()


def main():
    *ports, port = map(int, sys.argv[4:])

    for transport in TRANSPORTS:
        for protocol in PROTOCOL_NAMES.split(","):
            print("== %s %s" % (transport, protocol))
            run(transport, protocol, ports + ports[-1:], [None] * 5)
            print("== %s %s multiplexed" % (transport, protocol))
            multiplexed(transport, protocol, port)


if __name__ == "__main__":
    main()
