#!/usr/bin/python3
"""The service of docs/json.md with Apache's Python library.

    server.py DIRECTORY

DIRECTORY has the generated code in gen-py, and gets the socket "server".  A
line is printed when it listens; the end of standard input ends the server.
"""

import logging
import os
import sys
import threading

sys.path.insert(0, os.path.join(sys.argv[1], "gen-py"))

import thrift.protocol.TProtocol
from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
from thrift.server.TServer import TThreadedServer
from thrift.transport.TSocket import TServerSocket
from thrift.transport.TTransport import TFramedTransportFactory

from shop import Shop
from shop.ttypes import NotFound


class Handler:
    def echo(self, item):
        return item

    def add(self, a, b):
        return a + b

    def find(self, what):
        if what == "nothing":
            raise RuntimeError("it is not for clients to know")
        raise NotFound(what=what)

    def names(self, counts):
        return sorted(counts)

    def drop(self, id):
        pass

    def raw(self, bytes):
        return bytes


# Servers of some languages send any bytes as a string.

def str_to_binary(text):
    return text if isinstance(text, bytes) else text.encode()


thrift.protocol.TProtocol.str_to_binary = str_to_binary

logging.disable(logging.CRITICAL)

socket = TServerSocket(unix_socket=os.path.join(sys.argv[1], "server"))
server = TThreadedServer(Shop.Processor(Handler()), socket,
                         TFramedTransportFactory(), TBinaryProtocolFactory(),
                         daemon=True)

socket.listen()
socket.listen = lambda: None
threading.Thread(target=server.serve, daemon=True).start()

print("ready", flush=True)
sys.stdin.read()
