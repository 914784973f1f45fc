#!/usr/bin/python3
"""The example service by aiothrift's server (PyPI): IDL TRANSPORT PORT

Written as aiothrift's README does it; its transport is unframed by default.
"""

import asyncio
import sys

import aiothrift
import thriftpy2


class Dispatcher:

    def ping(self):
        return "pong"

    async def add(self, a, b):
        return a + b


async def main():
    idl, transport, port = sys.argv[1:]
    types = thriftpy2.load(idl, module_name="pingpong_thrift")

    server = await aiothrift.create_server(
        types.PingPong, Dispatcher(), address=("127.0.0.1", int(port)),
        framed=transport == "framed")

    await server.serve_forever()


asyncio.run(main())
