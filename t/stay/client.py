#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Apache's Python clients that stay: TRANSPORT PROTOCOL PORT CONNECTIONS TAG"""

import sys

from thrift.Thrift import TApplicationException
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.protocol.TCompactProtocol import TCompactProtocolAccelerated
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from peers import Newer, ttypes
from stay import Stay, run

TRANSPORTS = {"framed": TFramedTransport, "buffered": TBufferedTransport}
PROTOCOLS = {"binary": TBinaryProtocolAccelerated,
             "compact": TCompactProtocolAccelerated}


def connect(transport_name, protocol_name, port, tag):
    sock = TSocket("127.0.0.1", int(port))
    sock.setTimeout(60000)
    transport = TRANSPORTS[transport_name](sock)
    client = Newer.Client(PROTOCOLS[protocol_name](transport))
    transport.open()

    return Stay(client, ttypes, TApplicationException, tag)


def main():
    transport, protocol, port, connections, tag = sys.argv[1:]

    run([connect(transport, protocol, port, "%s.%d" % (tag, i))
         for i in range(int(connections))])


if __name__ == "__main__":
    main()
