# A thriftpy server of Peer, as far as calls can be told apart by it:
#
#     server_thriftpy.py thriftpy|thriftpy2|aio IDL TRANSPORT [PROTOCOL] PORT
#
# TRANSPORT is framed or buffered, PROTOCOL binary or compact; aio is thriftpy2's
# server for asyncio.  PEERS_RECORD, and what is told: see server.cpp.

import asyncio
import importlib
import os
import sys
import time

library, idl, framing, *protocol, port = sys.argv[1:]

AIO = library == 'aio'
LIBRARY = 'thriftpy2' if AIO else library
RECORD = os.environ.get('PEERS_RECORD')

module = importlib.import_module(LIBRARY)
rpc = importlib.import_module(LIBRARY + ('.contrib.aio.rpc' if AIO else '.rpc'))

peers = module.load(idl, module_name='peers_thrift')


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

    def refuse(self, code):
        if code:
            raise peers.Refused(code=code, reason='refused %d' % code)

        return 0

    def fail(self):
        raise ValueError('not declared')

    def tell(self, text):
        record(text)

        if text.startswith('sleep '):
            time.sleep(int(text[6:]) / 1000)

        elif text == 'raise':
            raise ValueError('told to')

    def sleep(self, ms):
        time.sleep(ms / 1000)
        return ms


# The same for asyncio: what sleeps does not hold the others.

class AsyncPeer:

    def __getattr__(self, name):
        method = getattr(Peer(), name)

        async def call(*args):
            if name == 'sleep':
                await asyncio.sleep(args[0] / 1000)
                return args[0]

            if name == 'tell' and args[0].startswith('sleep '):
                record(args[0])
                return await asyncio.sleep(int(args[0][6:]) / 1000)

            return method(*args)

        return call


def factories():
    dialect = framing, (protocol or ['binary'])[0]

    if AIO:
        transport = importlib.import_module('thriftpy2.contrib.aio.transport')
        binary = importlib.import_module(
            'thriftpy2.contrib.aio.protocol.binary')
        compact = importlib.import_module(
            'thriftpy2.contrib.aio.protocol.compact')

        return ({'framed': transport.TAsyncFramedTransportFactory,
                 'buffered': transport.TAsyncBufferedTransportFactory},
                {'binary': binary.TAsyncBinaryProtocolFactory,
                 'compact': compact.TAsyncCompactProtocolFactory}, dialect)

    transport = importlib.import_module(LIBRARY + '.transport')
    protocols = importlib.import_module(LIBRARY + '.protocol')

    # those for binary are in C; for compact there are none

    if dialect[1] == 'compact':
        framed, buffered = [importlib.import_module(LIBRARY + '.transport.'
                                                    + name)
                            for name in ('framed', 'buffered')]
    else:
        framed = buffered = transport

    return ({'framed': framed.TFramedTransportFactory,
             'buffered': buffered.TBufferedTransportFactory},
            {'binary': protocols.TBinaryProtocolFactory,
             'compact': protocols.TCompactProtocolFactory}, dialect)


transports, protocols, (framing, proto) = factories()

rpc.make_server(peers.Peer, AsyncPeer() if AIO else Peer(), '127.0.0.1',
                int(port), trans_factory=transports[framing](),
                proto_factory=protocols[proto]()).serve()
