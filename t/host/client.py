#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Calls the service of adapters.thrift, and prints a line for each call.

    client.py framed|buffered binary|compact PORT

t/host/client.cpp prints the same.
"""

import sys

from thrift.Thrift import TApplicationException
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from adapters import Test
from adapters.ttypes import Color, Item, Refused

TRANSPORTS = {"framed": TFramedTransport, "buffered": TBufferedTransport}
PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol}


def item(name):
    return Item(name=name, numbers=[0, -1, 1 << 40], words={"a": "b"}, on=True,
                real=-0.5, color=Color.BLUE, bytes=b"\xff\x00\xfe")


def refused(client, code):
    try:
        return client.refuse(code)
    except Refused as e:
        return "%d %s" % (e.code, e.why)
    except TApplicationException as e:
        return "exception: %s" % e.message


def main():
    transport, protocol, port = sys.argv[1:]

    socket = TSocket("127.0.0.1", int(port))
    socket.setTimeout(20000)
    transport = TRANSPORTS[transport](socket)
    client = Test.Client(PROTOCOLS[protocol](transport))
    transport.open()

    big = item("outer")
    big.items = [item("one"), item("two")]

    print("low: %d" % client.low(1))
    print("middle: %d" % client.middle(1))
    print("echo: %s" % client.echo("hello"))
    print("item: %s" % ("same" if client.item(big) == big else "another"))
    print("refuse 0: %s" % refused(client, 0))
    print("refuse 1: %s" % refused(client, 1))
    print("refuse 2: %s" % refused(client, 2))
    client.tell("this")
    print("tell: sent")
    client.tell("throw")
    print("long: %d" % len(client.echo("x" * 300000)))

    transport.close()


if __name__ == "__main__":
    main()
