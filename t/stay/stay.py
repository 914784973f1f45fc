"""What the Python clients do over a connection: see Stay.pm."""

import sys
import threading
import time


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Stay:
    """The calls of one connection, tag."""

    def __init__(self, peer, types, application_exception, tag):
        self.peer = peer
        self.types = types
        self.application_exception = application_exception
        self.tag = tag
        self.number = 0

    def check(self, method, got, want):
        if got != want:
            say("wrong", self.tag, self.number, method, repr(got))

    def call(self, method, *args):
        """What it returned; None, and said, where the call failed."""

        try:
            return getattr(self.peer, method)(*args)
        except self.types.Refused as e:
            return e.reason
        except self.application_exception as e:
            say("failed", self.tag, self.number, method,
                int(time.time() * 1000), e.type, e.message)
            return None

    def same(self, method, arg, want):
        got = self.call(method, arg)

        if got is not None:
            self.check(method, got, want)

    def fresh(self):
        got = self.call("fresh", self.number)

        if got is None:
            return False

        word, generation, number = got.split()
        self.check("fresh", (generation.isdigit(), number),
                   (True, str(self.number)))

        return word == "end"

    def round(self):
        n = self.number

        text = "stay %s %d %s" % (self.tag, n, "." * (n % 97))
        self.same("echoString", text, text)

        if self.fresh():
            return False

        if n % 4 == 0:
            self.same("echoList", [n, -n, 7], [n, -n, 7])
        elif n % 4 == 1:
            self.same("refuse", n, "refused %d" % n)
        elif n % 4 == 2:
            self.same("sleep", 10, 10)
        else:
            self.call("tell", "tell %s %d" % (self.tag, n))

        time.sleep(n % 5 * 0.005)

        return True

    def run(self):
        try:
            self.number = 1

            while self.round():
                self.number += 1

            say("end", self.tag, self.number)
        except Exception as e:
            say("exception", self.tag, self.number, type(e).__name__, e)


def run(all):
    """All of them at the same time."""

    threads = [threading.Thread(target=one.run) for one in all]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()
