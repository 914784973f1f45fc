#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The example service by aiothrift's server (PyPI): IDL TRANSPORT ADDRESS

Written as aiothrift's README does it; its transport is unframed by default.
"""

import asyncio
import socket
import sys

import aiothrift
import thriftpy2


class Dispatcher:

    def ping(self):
        return "pong"

    async def add(self, a, b):
        return a + b


def listener(address):
    """Arguments of create_server() for host:port or unix:path."""

    name, rest = address.split(":", 1)

    if name != "unix":
        return {"address": (name, int(rest))}

    sock = socket.socket(socket.AF_UNIX)
    sock.bind(rest)

    return {"address": (None, None), "sock": sock}


async def main():
    idl, transport, address = sys.argv[1:]
    types = thriftpy2.load(idl, module_name="pingpong_thrift")

    server = await aiothrift.create_server(
        types.PingPong, Dispatcher(), framed=transport == "framed",
        **listener(address))

    await server.serve_forever()


asyncio.run(main())
