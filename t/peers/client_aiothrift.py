#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""aiothrift (PyPI), many calls at once over a pool: IDL PORT

It speaks binary without frames.
"""

import asyncio
import sys

import aiothrift
import thriftpy2


async def main():
    idl, port = sys.argv[1:]

    types = thriftpy2.load(idl, module_name="peers_thrift")

    conn = await aiothrift.create_connection(
        types.Newer, address=("127.0.0.1", int(port)), timeout=30)

    text = "x" * 1000
    print("echoString: %s" % (await conn.execute("echoString", text) == text))

    try:
        await conn.execute("refuse", 7)
    except types.Refused as e:
        print("refuse 7: Refused %d %s" % (e.code, e.reason))

    print("sleep: %d" % await conn.execute("sleep", 20))

    try:
        await conn.execute("fresh", 3)
    except Exception as e:
        print("fresh: %s %s" % (type(e).__name__, e))

    conn.close()

    pool = await aiothrift.create_pool(types.Newer,
                                       address=("127.0.0.1", int(port)),
                                       minsize=2, maxsize=10, timeout=30)

    async def one(n):
        text = "text %d" % n
        return await pool.execute("echoString", text) == text

    print("pool: %s" % all(await asyncio.gather(*map(one, range(100)))))

    pool.close()
    await pool.wait_closed()


asyncio.run(main())
