#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The original thriftpy, or its successor: MODULE IDL TRANSPORT PROTOCOL PORT

MODULE is thriftpy or thriftpy2.
"""

import importlib
import sys

from calls import Calls


def main():
    module, idl, transport, protocol, port = sys.argv[1:]

    thriftpy = importlib.import_module(module)
    protocols = importlib.import_module(module + ".protocol")
    transports = importlib.import_module(module + ".transport")
    rpc = importlib.import_module(module + ".rpc")
    thrift = importlib.import_module(module + ".thrift")

    types = thriftpy.load(idl, module_name="peers_thrift")

    client = rpc.make_client(
        types.Newer, "127.0.0.1", int(port),
        proto_factory={"binary": protocols.TBinaryProtocolFactory,
                       "compact": protocols.TCompactProtocolFactory,
                       }[protocol](),
        trans_factory={"framed": transports.TFramedTransportFactory,
                       "buffered": transports.TBufferedTransportFactory,
                       }[transport](),
        timeout=30000)

    # the old one wants text where the IDL says binary

    Calls(types, client, thrift.TApplicationException).run(
        "bytes" if module == "thriftpy" else b"bytes")

    client.close()


if __name__ == "__main__":
    main()
