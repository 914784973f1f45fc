enum Colour { RED = 1, GREEN = 2 }

union Either { 1: i64 number, 2: string text }

struct Inner { 1: string name = "inner", 2: optional i32 count }

struct Outer {
    1: required string id,
    2: optional bool on,
    3: i8 small,
    4: i16 middle,
    5: i64 large,
    6: double real,
    7: binary raw,
    8: Colour colour,
    9: Inner inner,
    10: list<Inner> inners,
    11: set<i32> numbers,
    12: map<string, list<i64>> lists,
    13: optional Outer next,
    14: Either either,
    15: uuid key
}

exception Refused { 1: string why, 2: i32 code }
exception Other { 1: string why }

service Probe {
    void nothing(),
    string echo(1: string text) throws (1: Refused refused, 3: Other other),
    Outer outer(1: Outer outer),
    string size(1: list<Inner> inners),

    /** Does what its argument says, right or wrong. */
    string act(1: string what) throws (1: Refused refused),

    oneway void tell(1: string what),

    /** What the handler has seen since its worker started. */
    string seen(),

    /** Kept until another call releases it. */
    string wait(1: string name),
    i32 release(1: string name),

    /** Asks "echo" of the upstream. */
    string ask(1: string upstream, 2: string text, 3: i32 times)
        throws (1: Refused refused),

    string work(1: string pool, 2: i32 milliseconds)
}
