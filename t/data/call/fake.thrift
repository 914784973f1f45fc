/*
 * What a scripted server answers to in t/nthrift_call.t.
 */

enum Colour {
    RED = 1
}

struct Node {
    1: string name,
    2: Node next
}

struct Pair {
    1: required i32 a,
    2: required uuid b
}

struct Small {
    1: i32 a
}

union Either {
    1: i32 left,
    2: string right
}

struct Endless {
    1: Endless one = {},
    2: Endless two = {}
}

const Small SMALL = {"a": 3}

struct Default {
    1: uuid id = "{01234567-89AB-cdef-0123-456789abcdef}",
    2: double most = 1e400,
    3: Small small = SMALL
}

exception Oops {
    1: string why
}

service Fake {
    string get(1: string key) throws (1: Oops oops),
    Pair pair(1: Pair value),
    Small small(),
    Either either(),
    Node node(1: Node value),
    uuid id(1: uuid value, 2: map<uuid, uuid> ids),
    list<i16> many(),
    i64 large(),
    map<string, i32> counts(),
    Colour colour(1: Colour value, 2: map<Colour, i32> colours),
    void put(1: Default value) throws (1: Oops oops),
    void endless(1: Endless value),
    void before(-5: bool flag, 1: i32 number),
    oneway void drop(1: string key)
}
