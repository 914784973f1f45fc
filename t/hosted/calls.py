"""What all of the Python clients call, and how they say what they got.

A line for each call: what it returned, or the type of the exception that the
library raised and what it says.  t/hosted.t knows what has to be there, also
of the other clients.
"""

import os

OCTETS = b"\x00\x01\xfe\xff"

WORDS = {True: "yes", False: "no", None: "nothing"}
WORD_TYPES = (bool, type(None))


class Types:
    """The modules of types of the four definitions."""

    def __init__(self, weather, myservice, faults, newer):
        self.weather = weather
        self.myservice = myservice
        self.faults = faults
        self.newer = newer


def everything(types, octets=OCTETS):
    inner = types.Inner(id=-1, name="in")

    return types.Everything(
        yes=True, tiny=-128, small=-32768, middle=-2147483648,
        large=-9007199254740993, real=-0.1, text="Grüße", octets=octets,
        color=types.Color.GREEN, inner=inner,
        numbers=[0, 1, -1, 2147483647], words=["", "x"],
        members={-1, 0, 2 ** 40}, counts={"a": -2},
        nested={7: [inner, types.Inner(id=300)]}, flags=[True, False, True],
        either=types.Either(word="or"), far=False)


def type_name(e):
    return "%s.%s" % (type(e).__module__, type(e).__qualname__)


def outcome(call, refused):
    try:
        value = call()
        return WORDS[value] if isinstance(value, WORD_TYPES) else value
    except refused as e:
        return "%s %d %s" % (type_name(e), e.code, e.reason)
    except Exception as e:
        return "%s %s %s" % (type_name(e), getattr(e, "type", "-"),
                             getattr(e, "message", e))


class Calls:
    """Of one connection to each service, or to all of them.

    A client has methods as those of the IDL, whatever its library is.
    """

    def __init__(self, types, octets=OCTETS):
        self.types = types
        self.octets = octets

    def say(self, name, call, *args):
        value = outcome(lambda: call(*args), self.types.faults.Refused)
        print("%s: %s" % (name, value))

    def pingpong(self, client):
        self.say("ping", client.ping)
        self.say("add", client.add, -7, 2 ** 53 + 8)

    def weather(self, client):
        location = self.types.weather.Location

        self.say("weather ping", client.ping)
        self.say("in France", client.getTemperature,
                 location(city="Paris", country="France"))
        self.say("anywhere", client.getTemperature, location(city="Oslo"))

    def myservice(self, client):
        data = self.types.myservice.MyData

        for active in (True, False):
            self.say("do", client.doSomething,
                     data(name="Grüße", age=33, active=active))
            self.say("status", client.checkStatus)

    def faults(self, client, newer):
        types = self.types.faults

        self.say("refuse 0", client.refuse, 0)
        self.say("refuse 7", client.refuse, 7)
        self.say("fail", client.fail, "so")
        self.say("fresh", newer.fresh, 3)
        self.say("changed", newer.twice, "two")
        self.say("required", newer.weigh,
                 self.types.newer.NewerItem(name="light"))
        self.say("twice", client.twice, -21)

        value = everything(types, self.octets)
        self.say("describe", client.describe, value)
        self.say("echo", self.echo, client, value)

        text = "told %d" % os.getpid()
        self.say("tell", client.tell, text)
        self.say("told", lambda: client.told() == text)
        self.say("told again", client.told)

    def echo(self, client, value):
        got = client.echo(value)
        got.members = set(got.members)      # thriftpy's sets are lists

        return "the same" if got == value else repr(got)

    def nope(self, client):
        self.say("nope", client.refuse, 0)

    def run(self, pingpong, weather, myservice, faults, newer):
        self.pingpong(pingpong)
        self.weather(weather)
        self.myservice(myservice)
        self.faults(faults, newer)
