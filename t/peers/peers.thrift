// What the real peers of t/peers.t speak.  Servers implement Peer and Other;
// clients call Newer, of which the servers do not know everything.

enum Color {
    RED = 1,
    GREEN = 5
}

struct Inner {
    1: required i32 id,
    2: optional string name
}

struct All {
    1: bool yes,
    2: byte tiny,
    3: i16 small,
    4: i32 middle,
    5: i64 large,
    6: double real,
    7: string text,
    8: binary bytes,
    9: Color color,
    10: Inner inner,
    11: list<i32> numbers,
    12: list<string> words,
    13: set<i64> members,
    14: map<string, i32> counts,
    15: map<i32, list<Inner>> nested,
    16: list<bool> flags,
    17: optional string absent,
    1000: bool far
}

exception Refused {
    1: i32 code,
    2: string reason
}

service Peer {
    void nothing(),
    string echoString(1: string text),
    All echoAll(1: All all),
    list<i32> echoList(1: list<i32> numbers),
    map<string, Inner> echoMap(1: map<string, Inner> values),
    i32 refuse(1: i32 code) throws (1: Refused refused),
    void fail() throws (1: Refused refused),    // it throws another
    oneway void tell(1: string text),
    bool told(1: string text),
    i32 sleep(1: i32 ms)
}

service Newer extends Peer {
    string fresh(1: i32 number)
}

service Other {
    i32 twice(1: i32 number),
    string name()
}
