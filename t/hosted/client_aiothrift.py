#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""aiothrift (PyPI): IDL PINGPONG WEATHER MYSERVICE FAULTS ALL

IDL is the directory of the definitions, the others are ports.  It speaks
binary, and does not know TMultiplexedProtocol: ALL is not called.

For a field whose type in the IDL is binary it sends a type that Thrift does not
have; on the wire a string is the same.
"""

import asyncio
import io
import os
import sys

import aiothrift
import thriftpy2

from calls import Calls, Types

IDL = sys.argv[1]
OCTETS = "\x00\x01"


def load(name):
    with open(os.path.join(IDL, name + ".thrift"), encoding="utf-8") as idl:
        text = idl.read().replace(" binary ", " string ")

    return thriftpy2.load_fp(io.StringIO(text), name + "_thrift")


class Client:
    """Methods that return when the call has."""

    def __init__(self, loop, service, port, framed):
        self.loop = loop
        self.connection = loop.run_until_complete(aiothrift.create_connection(
            service, ("127.0.0.1", port), timeout=60, framed=framed))

    def __getattr__(self, name):
        def call(*args):
            return self.loop.run_until_complete(
                self.connection.execute(name, *args))

        return call


def main():
    ports = [int(port) for port in sys.argv[2:6]]
    loop = asyncio.new_event_loop()
    pingpong = load("pingpong")
    types = Types(*map(load, ("weather", "myservice", "faults",
                              "faults_newer")))
    services = (pingpong.PingPong, types.weather.WeatherService,
                types.myservice.MyService, types.faults.Faults,
                types.newer.Newer)

    for framed in (False, True):
        print("== %s binary" % ("framed" if framed else "buffered"))

        clients = [Client(loop, service, port, framed)
                   for service, port in zip(services, ports + ports[-1:])]
        Calls(types, OCTETS).run(*clients)

        for client in clients:
            client.connection.close()

    loop.close()


if __name__ == "__main__":
    main()
