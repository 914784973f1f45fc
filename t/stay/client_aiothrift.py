#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""aiothrift's pool: IDL PORT CONNECTIONS TAG

It has so many connections, and so many tasks that call over it at once.  It
speaks binary without frames.
"""

import asyncio
import sys
import threading

import aiothrift
import thriftpy2

from stay import Stay, run


class Peer:
    """Methods that return when the call has."""

    def __init__(self, pool, loop):
        self.pool = pool
        self.loop = loop

    def __getattr__(self, name):
        def call(*args):
            return asyncio.run_coroutine_threadsafe(
                self.pool.execute(name, *args), self.loop).result()

        return call


def main():
    idl, port, connections, tag = sys.argv[1:]
    n = int(connections)

    types = thriftpy2.load(idl, module_name="peers_thrift")
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    pool = asyncio.run_coroutine_threadsafe(
        aiothrift.create_pool(types.Newer, address=("127.0.0.1", int(port)),
                              minsize=n, maxsize=n, timeout=60), loop).result()

    run([Stay(Peer(pool, loop), types, aiothrift.errors.ThriftAppError,
              "%s.%d" % (tag, i)) for i in range(n)])


if __name__ == "__main__":
    main()
