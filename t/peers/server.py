#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Apache's Python servers, one for each KIND:TRANSPORT:PROTOCOL:PORT.

KIND is threaded, simple (one connection at a time) or pool (10 threads, or as
many as PEERS_THREADS says); TRANSPORT framed, buffered or header, with which
the client says which protocol; PROTOCOL binary, compact, json, or lax: binary,
where heads of messages have no version.  Each answers Peer, and both services
to multiplexed calls.

Strings are echoed after as many ms as PEERS_DELAY says.

PEERS_RECORD, and what is told: see server.cpp.
"""

import logging
import os
import sys
import threading
import time

from thrift.TMultiplexedProcessor import TMultiplexedProcessor
from thrift.protocol.TBinaryProtocol import (TBinaryProtocol,
                                             TBinaryProtocolFactory)
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory
from thrift.protocol.THeaderProtocol import THeaderProtocolFactory
from thrift.protocol.TJSONProtocol import TJSONProtocolFactory
from thrift.protocol.TProtocol import TProtocolException
from thrift.server.TServer import (TSimpleServer, TThreadedServer,
                                   TThreadPoolServer)
from thrift.transport.THeaderTransport import THeaderClientType
from thrift.transport.TSocket import TServerSocket
from thrift.transport.TTransport import (TBufferedTransportFactory,
                                         TFramedTransportFactory,
                                         TTransportException)

from peers import Other, Peer
from peers.ttypes import Refused

KINDS = {"threaded": TThreadedServer, "simple": TSimpleServer,
         "pool": TThreadPoolServer}
TRANSPORTS = {"framed": TFramedTransportFactory,
              "buffered": TBufferedTransportFactory,
              "header": TBufferedTransportFactory}


class LaxProtocol(TBinaryProtocol):
    """Of servers that were written before there was a version."""

    def __init__(self, trans):
        TBinaryProtocol.__init__(self, trans, False, False)

    def readMessageBegin(self):
        size = self.readI32()

        if size < 0:
            raise TProtocolException(message="negative size")

        return self.trans.readAll(size).decode(), self.readByte(), \
            self.readI32()


class LaxProtocolFactory:
    def getProtocol(self, trans):
        return LaxProtocol(trans)


PROTOCOLS = {"binary": TBinaryProtocolFactory,
             "compact": TCompactProtocolFactory,
             "json": TJSONProtocolFactory,
             "lax": LaxProtocolFactory}


RECORD = os.environ.get("PEERS_RECORD")
DELAY = int(os.environ.get("PEERS_DELAY", 0)) / 1000


def record(text, file=open(RECORD, "ab", buffering=0) if RECORD else None):
    if file:
        file.write(text[:64].encode("utf-8", "replace") + b"\n")


class PeerHandler:
    def __init__(self):
        self.heard = set()

    def nothing(self):
        pass

    def echoString(self, text):
        record(text)

        if DELAY:
            time.sleep(DELAY)

        return text

    def echoAll(self, all):
        return all

    def echoList(self, numbers):
        return numbers

    def echoMap(self, values):
        return values

    def refuse(self, code):
        if code:
            raise Refused(code, "refused %d" % code)

        return 0

    def fail(self):
        raise ValueError("not declared")

    def tell(self, text):
        record(text)

        if text.startswith("sleep "):
            time.sleep(int(text[6:]) / 1000)

        elif text == "raise":
            raise TTransportException(message="told to")

        self.heard.add(text)

    def told(self, text):
        return text in self.heard

    def sleep(self, ms):
        time.sleep(ms / 1000)
        return ms


class OtherHandler:
    def twice(self, number):
        return 2 * number

    def name(self):
        return "other"


def serve(what, processor):
    kind, transport, protocol, port = what.split(":")

    options = {} if kind == "simple" else {"daemon": True}

    server = KINDS[kind](processor, TServerSocket("127.0.0.1", int(port)),
                         TRANSPORTS[transport](),
                         THeaderProtocolFactory([THeaderClientType.HEADERS])
                         if transport == "header" else PROTOCOLS[protocol](),
                         **options)

    if kind == "pool":
        server.setNumThreads(int(os.environ.get("PEERS_THREADS", 10)))

    server.serve()


def main():
    logging.basicConfig(level=logging.ERROR)

    processor = TMultiplexedProcessor()
    peer = Peer.Processor(PeerHandler())
    processor.registerDefault(peer)
    processor.registerProcessor("Peer", peer)
    processor.registerProcessor("Other", Other.Processor(OtherHandler()))

    threads = [threading.Thread(target=serve, args=(what, processor))
               for what in sys.argv[1:]]

    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main()
