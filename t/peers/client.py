#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Apache's Python client: TRANSPORT PROTOCOL PORT [multi|nope]

TRANSPORT is framed, buffered, header, zlib, which is header with that
transform, or http, to the path "/thrift"; PROTOCOL binary, compact, json, or,
in C, accel or accelc.  "multi" calls through TMultiplexedProtocol, "nope" a
service that the server does not have.
"""

import sys

from thrift.Thrift import TApplicationException
from thrift.protocol.TBinaryProtocol import (TBinaryProtocol,
                                             TBinaryProtocolAccelerated)
from thrift.protocol.TCompactProtocol import (TCompactProtocol,
                                              TCompactProtocolAccelerated)
from thrift.protocol.THeaderProtocol import THeaderProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport.THeaderTransport import (THeaderClientType,
                                               THeaderSubprotocolID,
                                               THeaderTransformID)
from thrift.transport.THttpClient import THttpClient
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from calls import Calls
from peers import Newer, Other, ttypes

TRANSPORTS = {"framed": TFramedTransport, "buffered": TBufferedTransport,
              "header": TBufferedTransport, "zlib": TBufferedTransport}
PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol,
             "json": TJSONProtocol,
             "accel": TBinaryProtocolAccelerated,
             "accelc": TCompactProtocolAccelerated}


def header_protocol(transport, transport_name, protocol_name):
    protocol = THeaderProtocol(transport, [THeaderClientType.HEADERS],
                               THeaderSubprotocolID.COMPACT
                               if protocol_name == "compact"
                               else THeaderSubprotocolID.BINARY)

    protocol.set_header(b"from", b"python")

    if transport_name == "zlib":
        protocol.add_transform(THeaderTransformID.ZLIB)

    return protocol


def main():
    transport_name, protocol_name, port, *mode = sys.argv[1:]

    if transport_name == "http":
        transport = THttpClient(f"http://127.0.0.1:{port}/thrift")
        transport.setTimeout(30000)
    else:
        sock = TSocket("127.0.0.1", int(port))
        sock.setTimeout(30000)
        transport = TRANSPORTS[transport_name](sock)

    protocol = (header_protocol(transport, transport_name, protocol_name)
                if transport_name in ("header", "zlib")
                else PROTOCOLS[protocol_name](transport))

    transport.open()

    def client(service, name):
        return service.Client(TMultiplexedProtocol(protocol, name)
                              if mode else protocol)

    calls = Calls(ttypes, client(Newer, "Peer"), TApplicationException)

    if mode == ["nope"]:
        calls.exception("nope", client(Newer, "Nope").nothing)
        calls.same("after nope", calls.peer.echoString("x"), "x")
        transport.close()
        return

    calls.run()

    if mode:
        other = client(Other, "Other")

        calls.same("twice", other.twice(21), 42)
        calls.same("name", other.name(), "other")
        calls.same("and back", calls.peer.echoString("z"), "z")

    transport.close()


if __name__ == "__main__":
    main()
