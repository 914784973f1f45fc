#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The examples with more behind them, called with Apache's Python library:

    gather TRANSPORT PROTOCOL PORT CITY COUNTRY
    blocking TRANSPORT PROTOCOL PORT PINGPONG

PORT is that of Gather, or of Blocking; PINGPONG that of another service of the
same worker.  t/examples.t knows what has to be printed.
"""

import select
import sys

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from blocking import Blocking
from blocking.ttypes import TooMuch
from gather import Gather
from gather.ttypes import Nobody
from pingpong import PingPong
from weather.ttypes import Location

TRANSPORTS = {"buffered": TBufferedTransport, "framed": TFramedTransport}
PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol}


class Connection:
    def __init__(self, service, transport, protocol, port):
        self.socket = TSocket("127.0.0.1", int(port))
        self.socket.setTimeout(60000)
        transport = TRANSPORTS[transport](self.socket)
        transport.open()

        self.client = service.Client(PROTOCOLS[protocol](transport))

    def has_answer(self):
        return bool(select.select([self.socket.handle], [], [], 0)[0])


def gather(transport, protocol, port, city, country):
    client = Connection(Gather, transport, protocol, port).client

    try:
        reports = client.temperatures(Location(city=city, country=country))
    except Nobody as e:
        print("%s.%s: %s" % (type(e).__module__, type(e).__name__, e.message))
        return

    for report in reports:
        if report.failure is not None:
            print("%s failed: %s" % (report.upstream, report.failure))
        else:
            print("%s: %s" % (report.upstream, report.temperature))


def fnv1a(data, rounds):
    value = 14695981039346656037

    for _ in range(rounds):
        for octet in data:
            value = (value ^ octet) * 1099511628211 & (1 << 64) - 1

    return value - (1 << 64) if value >> 63 else value


def checksums(client):
    for data, rounds in ((b"", 5), (b"a", 1), (bytes(range(256)), 100)):
        value = client.checksum(data, rounds)
        print("checksum of %d, %d rounds: %s"
              % (len(data), rounds,
                 "right" if value == fnv1a(data, rounds) else value))


def too_much(name, call):
    try:
        print("%s: %r" % (name, call()))
    except TooMuch as e:
        print("%s: %s.%s %d" % (name, type(e).__module__, type(e).__name__,
                                e.most))


def beside_nap(nap, quick):
    """Whether quick() returns during a nap: that of a slow machine is long."""

    for msec in (200, 1000, 5000):
        nap.client.send_nap(msec)
        quick()
        first = not nap.has_answer()

        if nap.client.recv_nap() != "slept %dms" % msec:
            return "no such nap"

        if first:
            return "yes"

    return "no"


def blocking(transport, protocol, port, pingpong):
    nap, other = (Connection(Blocking, transport, protocol, port)
                  for _ in range(2))
    ping = Connection(PingPong, transport, protocol, pingpong)

    checksums(nap.client)
    too_much("rounds", lambda: nap.client.checksum(b"x", 1000001))
    too_much("milliseconds", lambda: nap.client.nap(10001))
    print("nap: %s" % nap.client.nap(1))
    print("ping beside a nap: %s" % beside_nap(nap, ping.client.ping))
    print("nap beside a nap: %s"
          % beside_nap(nap, lambda: other.client.nap(1)))


if __name__ == "__main__":
    {"gather": gather, "blocking": blocking}[sys.argv[1]](*sys.argv[2:])
