// A service that can go wrong in every way, and a struct of everything: what
// t/hosted/faults.c hosts, and the real clients of t/hosted.t call.

enum Color {
    RED = 1,
    GREEN = 5
}

struct Inner {
    1: required i32 id,
    2: optional string name
}

typedef list<Inner> Inners

union Either {
    1: i64 number,
    2: string word
}

struct Everything {
    1: bool yes,
    2: byte tiny,
    3: i16 small,
    4: i32 middle,
    5: i64 large,
    6: double real,
    7: string text,
    8: binary octets,
    9: Color color,
    10: Inner inner,
    11: list<i32> numbers,
    12: list<string> words,
    13: set<i64> members,
    14: map<string, i32> counts,
    15: map<i32, Inners> nested,
    16: list<bool> flags,
    17: Either either,
    18: optional string absent,
    1000: bool far
}

struct Item {
    1: required i32 id,
    2: optional string name
}

exception Refused {
    1: i32 code,
    2: string reason
}

service Faults {
    /** Code 0 is not refused. */
    i32 refuse(1: i32 code) throws (1: Refused refused),

    /** Fails as nothing that is declared. */
    i32 fail(1: string why) throws (1: Refused refused),

    Everything echo(1: Everything everything),

    /** What has arrived, as C sees it. */
    string describe(1: Everything everything),

    oneway void tell(1: string text),

    /** What was told last, once. */
    string told(),

    i32 twice(1: i32 number),
    i32 weigh(1: Item item)
}
