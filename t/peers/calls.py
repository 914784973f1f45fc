"""The calls of the Python clients, and what is said about each.

A line for each call: "ok" when its answer is what it has to be, else what
came.  The text of an exception is the server's, so it is printed.
"""

import os
import time

WORDS = ["", "x", "Grüße, 世界", "x" * 100000]


def all_types(types, octets):
    inner = types.Inner(id=-1, name="in")

    return types.All(
        yes=True, tiny=-128, small=-32768, middle=-2147483648,
        large=-9223372036854775808, real=-0.1, text="Grüße", color=5,
        bytes=octets, inner=inner, numbers=[0, 1, -1, 2147483647],
        words=WORDS[:3], members={-1, 0, 2 ** 40}, counts={"a": 1, "": -2},
        nested={7: [inner, types.Inner(id=300)], -7: []},
        flags=[True, False, True], far=False)


class Calls:
    def __init__(self, types, peer, application_exception):
        self.types = types
        self.peer = peer
        self.application_exception = application_exception

    def same(self, name, got, want):
        print("%s: %s" % (name, "ok" if got == want else "got %r" % (got,)))

    def exception(self, name, call):
        try:
            print("%s: returned %r" % (name, call()))
        except self.types.Refused as e:
            print("%s: Refused %d %s" % (name, e.code, e.reason))
        except self.application_exception as e:
            print("%s: TApplicationException %d %s" % (name, e.type,
                                                       e.message))

    def told(self, text):
        until = time.time() + 10

        while time.time() < until:
            if self.peer.told(text):
                return True

            self.peer.sleep(10)

        return False

    def run(self, octets=bytes(range(256))):
        peer = self.peer
        types = self.types

        self.same("nothing", peer.nothing(), None)

        for word in WORDS:
            self.same("echoString %d" % len(word), peer.echoString(word),
                      word)

        everything = all_types(types, octets)
        got = peer.echoAll(everything)
        got.members = set(got.members)      # thriftpy's sets are lists
        self.same("echoAll", got, everything)

        for n in (0, 1, 15, 1000):
            numbers = list(range(-n // 2, n - n // 2))
            self.same("echoList %d" % n, peer.echoList(numbers), numbers)

        values = {"a": types.Inner(id=1), "b": types.Inner(id=2, name="b")}
        self.same("echoMap", peer.echoMap(values), values)
        self.same("refuse 0", peer.refuse(0), 0)
        self.exception("refuse 7", lambda: peer.refuse(7))
        self.exception("fail", lambda: peer.fail())
        self.same("after fail", peer.echoString("x"), "x")
        self.exception("fresh", lambda: peer.fresh(3))
        self.same("after fresh", peer.echoString("y"), "y")

        text = "told %d %f" % (os.getpid(), time.time())
        self.same("told before", peer.told(text), False)
        self.same("tell", peer.tell(text), None)
        self.same("told", self.told(text), True)
        self.same("sleep", peer.sleep(20), 20)
