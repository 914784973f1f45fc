# aiothrift's server of Peer: IDL TRANSPORT PORT...
#
# PEERS_RECORD, and what is told: see t/peers/server.cpp.

import asyncio
import io
import os
import sys

import aiothrift
import thriftpy2

idl, framing, *ports = sys.argv[1:]

# its protocol does not know the type "binary"

with open(idl, encoding='utf-8') as text:
    peers = thriftpy2.load_fp(
        io.StringIO(text.read().replace(' binary ', ' string ')),
        'peers_thrift')

RECORD = os.environ.get('PEERS_RECORD')


def record(text, file=open(RECORD, 'ab', buffering=0) if RECORD else None):
    if file:
        if not isinstance(text, bytes):
            text = text.encode('utf-8', 'replace')

        file.write(text[:64] + b'\n')


class Peer:

    def nothing(self):
        pass

    def echoString(self, text):
        record(text)
        return text

    def echoAll(self, all):
        return all

    def echoList(self, numbers):
        return numbers

    def echoMap(self, values):
        return values

    def refuse(self, code):
        if code:
            raise peers.Refused(code=code, reason='refused %d' % code)

        return 0

    def fail(self):
        raise ValueError('not declared')

    async def tell(self, text):
        record(text)

        if text.startswith('sleep '):
            await asyncio.sleep(int(text[6:]) / 1000)

        elif text == 'raise':
            raise ValueError('told to')

    async def sleep(self, ms):
        await asyncio.sleep(ms / 1000)
        return ms


async def main():
    servers = [await aiothrift.create_server(
                   peers.Peer, Peer(), ('127.0.0.1', int(port)),
                   framed=framing == 'framed') for port in ports]

    await asyncio.gather(*[server.serve_forever() for server in servers])


asyncio.run(main())
