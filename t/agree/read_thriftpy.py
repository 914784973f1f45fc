#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause

# thriftpy, thriftpy2 and aiothrift as readers: see t/agree/run.
#
#     read_thriftpy.py thriftpy|thriftpy2 pure|cython IDL CORPUS OUT
#     read_thriftpy.py thriftpy2 aio IDL CORPUS OUT
#     read_thriftpy.py aiothrift aio IDL CORPUS OUT

import importlib
import sys

TAIL = bytes(4096)


class Handler:
    def call(self, body):
        return 7


class AioHandler:
    async def call(self, body):
        return 7


class Bytes:
    """A transport that tells how much was read of it."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def read(self, n):
        if n > len(self.data) - self.at:
            raise EOFError()

        self.at += max(n, 0)
        return self.data[self.at - max(n, 0):self.at]

    _read = read

    def write(self, data):
        pass

    def flush(self):
        pass


class AioBytes(Bytes):
    async def read(self, n):
        return Bytes.read(self, n)

    readexactly = read

    async def flush(self):
        pass

    async def drain(self):
        pass


def ended(error):
    return (isinstance(error, EOFError)
            or type(error).__name__ == 'TTransportException'
            and getattr(error, 'type', 0) == 4)


class Pure:
    protocols = ('binary', 'compact')

    def __init__(self, library, service):
        self.processor = module(library, 'thrift').TProcessor(service,
                                                              Handler())
        self.make = {
            'binary': module(library, 'protocol.binary').TBinaryProtocol,
            'compact': module(library, 'protocol.compact').TCompactProtocol,
        }

    def read(self, protocol, message):
        self.transport = Bytes(message + TAIL)
        self.processor.process(self.make[protocol](self.transport),
                               self.make['binary'](Bytes(b'')))

    def at(self):
        return self.transport.at


class Cython(Pure):
    protocols = ('binary',)

    def __init__(self, library, service):
        Pure.__init__(self, library, service)
        self.memory = module(library, 'transport.memory').TCyMemoryBuffer
        self.make['binary'] = module(library,
                                     'protocol.cybin').TCyBinaryProtocol

    def read(self, protocol, message):
        self.size = len(message) + len(TAIL)
        self.transport = self.memory(message + TAIL)
        self.processor.process(self.make[protocol](self.transport),
                               self.make['binary'](self.memory()))

    # a buffer that is at its end does not tell it

    def at(self):
        return self.size - len(self.transport.getvalue())


class Aio(Pure):
    def __init__(self, library, service):
        self.processor = module(library, 'contrib.aio.processor') \
            .TAsyncProcessor(service, AioHandler())
        self.make = {
            'binary': module(library, 'contrib.aio.protocol.binary')
            .TAsyncBinaryProtocol,
            'compact': module(library, 'contrib.aio.protocol.compact')
            .TAsyncCompactProtocol,
        }

    def read(self, protocol, message):
        self.transport = AioBytes(message + TAIL)
        done(self.processor.process(self.make[protocol](self.transport),
                                    self.make['binary'](AioBytes(b''))))


class Aiothrift(Aio):
    protocols = ('binary',)

    def __init__(self, library, service):
        self.processor = module(library, 'processor').TProcessor(service,
                                                                 AioHandler())
        self.make = {
            'binary': module(library, 'protocol').TBinaryProtocol,
        }


def module(library, name):
    return importlib.import_module(library + '.' + name)


def done(coroutine):
    """Nothing is waited for: it runs to its end at once."""

    try:
        coroutine.send(None)
    except StopIteration:
        return

    raise RuntimeError('a reader that waits')


READERS = {
    ('thriftpy', 'pure'): Pure,
    ('thriftpy', 'cython'): Cython,
    ('thriftpy2', 'pure'): Pure,
    ('thriftpy2', 'cython'): Cython,
    ('thriftpy2', 'aio'): Aio,
    ('aiothrift', 'aio'): Aiothrift,
}


def main(library, kind, idl, corpus, out):
    parser = importlib.import_module(library.replace('aiothrift',
                                                     'thriftpy2'))
    service = parser.load(idl, module_name='agree_thrift').Svc
    reader = READERS[library, kind](library, service)

    with open(corpus) as lines, open(out, 'w') as results:
        for line in lines:
            number, protocol, message = line.split('\t')[:3]

            if protocol not in reader.protocols:
                continue

            try:
                reader.read(protocol, bytes.fromhex(message))
                what = 'on'
            except Exception as e:
                what = 'more' if ended(e) else 'closes'

            at = reader.at()

            if what == 'on' and at == len(message) // 2 + len(TAIL):
                what = 'more'

            print(number, what, at, sep='\t', file=results)


main(*sys.argv[1:])
