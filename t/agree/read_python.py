#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause

# Apache's library for Python as a reader: see t/agree/run.
#
#     read_python.py plain|accelerated CORPUS OUT

import sys

from thrift.transport import TTransport
from thrift.protocol import TBinaryProtocol, TCompactProtocol

from agree import Svc


class Handler:
    def call(self, body):
        return 7


PROTOCOLS = {
    ('plain', 'binary'): TBinaryProtocol.TBinaryProtocol,
    ('plain', 'compact'): TCompactProtocol.TCompactProtocol,
    ('accelerated', 'binary'):
        lambda t: TBinaryProtocol.TBinaryProtocolAccelerated(t,
                                                             fallback=False),
    ('accelerated', 'compact'):
        lambda t: TCompactProtocol.TCompactProtocolAccelerated(t,
                                                               fallback=False),
}

TAIL = bytes(4096)


def ended(error):
    return (isinstance(error, EOFError)
            or isinstance(error, TTransport.TTransportException)
            and error.type == TTransport.TTransportException.END_OF_FILE)


def read(processor, make, message):
    transport = TTransport.TMemoryBuffer(message + TAIL)
    out = TBinaryProtocol.TBinaryProtocol(TTransport.TMemoryBuffer())

    try:
        processor.process(make(transport), out)
        what = 'on'
    except Exception as e:
        what = 'more' if ended(e) else 'closes'

    return what, transport.cstringio_buf.tell()


def main(kind, corpus, out):
    processor = Svc.Processor(Handler())

    with open(corpus) as lines, open(out, 'w') as results:
        for line in lines:
            number, protocol, message = line.split('\t')[:3]
            what, at = read(processor, PROTOCOLS[kind, protocol],
                            bytes.fromhex(message))
            print(number, what, at, sep='\t', file=results)


main(*sys.argv[1:])
