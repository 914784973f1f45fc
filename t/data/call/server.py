#!/usr/bin/python3
"""The service of every.thrift with Apache's Python library.

    server.py DIRECTORY

DIRECTORY has the generated code in gen-py and gets the sockets: one for each
transport and protocol, and others for each of them multiplexed.  When all of
them listen, a line with the ports of 127.0.0.1 and, if there is one, [::1] is
printed.
"""

import logging
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(sys.argv[1], "gen-py"))

from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory
from thrift.server.TServer import TThreadedServer
from thrift.Thrift import TApplicationException
from thrift.TMultiplexedProcessor import TMultiplexedProcessor
from thrift.transport.TSocket import TServerSocket
from thrift.transport.TTransport import (TBufferedTransportFactory,
                                         TFramedTransportFactory)

from every import Every
from every.ttypes import Colour, Late, NotFound

TRANSPORTS = {"framed": TFramedTransportFactory,
              "unframed": TBufferedTransportFactory}
PROTOCOLS = {"binary": TBinaryProtocolFactory,
             "compact": TCompactProtocolFactory}


class Handler:
    def __init__(self):
        self.memory = []

    def name(self):
        return "every"

    def echo(self, value):
        return value

    def text(self, value):
        return repr(value)

    def defaults(self, value):
        return repr(value)

    def add(self, a, b):
        return a + b

    def sum(self, a, b, c, d):
        return a + b + c + d

    def negate(self, value):
        return not value

    def half(self, value):
        return value / 2

    def join(self, second, first):
        return "%s-%s" % (first, second)

    def reverse(self, value):
        return value[::-1]

    def next(self, value):
        return {Colour.RED: Colour.GREEN, Colour.GREEN: Colour.BLUE,
                Colour.BLUE: Colour.RED}.get(value, value)

    def reals(self, values):
        return values

    def colours(self):
        return {Colour.BLUE}

    def numbers(self, n):
        return {i: str(i) for i in range(n)}

    def shape(self, value):
        return value

    def nothing(self):
        pass

    def remember(self, text):
        self.memory.append(text)

    def remembered(self):
        for _ in range(500):
            if self.memory:
                return self.memory.pop(0)
            time.sleep(0.01)
        return ""

    def find(self, what):
        if what == "late":
            raise Late(seconds=1.5)
        if what == "nothing":
            raise NotFound(what=what, code=404)
        return "found " + what

    def must(self, work):
        if not work:
            raise NotFound(what="work")

    def fail(self, what):
        if what == "typed":
            raise TApplicationException(
                TApplicationException.PROTOCOL_ERROR, "so it is")
        raise ValueError(what)

    def missing(self, id):
        return None


def serve(processor, socket, transport, protocol):
    server = TThreadedServer(processor, socket, transport, protocol,
                             daemon=True)
    threading.Thread(target=server.serve, daemon=True).start()


def listening(socket):
    """Listen now, and not once more when the server starts."""

    socket.listen()
    socket.listen = lambda: None
    return socket


def main():
    logging.disable()

    directory = sys.argv[1]
    plain = Every.Processor(Handler())
    multiplexed = TMultiplexedProcessor()
    multiplexed.registerProcessor("Every", plain)

    for transport, make_transport in TRANSPORTS.items():
        for protocol, make_protocol in PROTOCOLS.items():
            for kind, processor in (("", plain), ("-multi", multiplexed)):
                path = os.path.join(directory, "%s-%s%s"
                                    % (transport, protocol, kind))
                socket = listening(TServerSocket(unix_socket=path))
                serve(processor, socket, make_transport(), make_protocol())

    ports = []

    for host in "127.0.0.1", "::1":
        try:
            socket = listening(TServerSocket(host, 0))
        except Exception:
            continue
        ports.append(str(socket.handle.getsockname()[1]))
        serve(plain, socket, TFramedTransportFactory(),
              TBinaryProtocolFactory())

    print(" ".join(ports), flush=True)

    # until the test is gone

    sys.stdin.read()


if __name__ == "__main__":
    main()
