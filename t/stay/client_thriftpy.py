#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Clients of thriftpy or thriftpy2 that stay:

    MODULE IDL TRANSPORT PROTOCOL PORT CONNECTIONS TAG
"""

import importlib
import sys

from stay import Stay, run


def main():
    module, idl, transport, protocol, port, connections, tag = sys.argv[1:]

    thriftpy = importlib.import_module(module)
    protocols = importlib.import_module(module + ".protocol")
    transports = importlib.import_module(module + ".transport")
    rpc = importlib.import_module(module + ".rpc")
    thrift = importlib.import_module(module + ".thrift")

    types = thriftpy.load(idl, module_name="peers_thrift")

    def connect(i):
        client = rpc.make_client(
            types.Newer, "127.0.0.1", int(port),
            proto_factory={"binary": protocols.TBinaryProtocolFactory,
                           "compact": protocols.TCompactProtocolFactory,
                           }[protocol](),
            trans_factory={"framed": transports.TFramedTransportFactory,
                           "buffered": transports.TBufferedTransportFactory,
                           }[transport](),
            timeout=60000)

        return Stay(client, types, thrift.TApplicationException,
                    "%s.%d" % (tag, i))

    run([connect(i) for i in range(int(connections))])


if __name__ == "__main__":
    main()
