/**
 * Every type there is, in every place it can have.
 */

typedef i64 UserId
typedef UserId OwnerId
typedef list<Later> Laters
typedef map<OwnerId, Laters> Owned
typedef Color Paint
typedef string Text

/** Of a rainbow, and beyond. */
enum Color {
    /** Like roses. */
    RED = 1,
    GREEN,
    BLUE = 5,
    AZURE = 5,
    t = 6,
    LEAST = -2147483648,
    MOST = 2147483647
}

enum Nothing {
}

struct Empty {
}

/** What is defined later than it is used. */
struct Later {
    1: i32 number
}

struct Scalars {
    1: bool yes,
    2: i8 one,
    3: i16 two,
    4: i32 four,
    5: i64 eight,
    6: double real,
    7: string text,
    8: binary bytes,
    9: uuid id,
    10: Color color,
    11: byte old
}

struct Optional {
    1: optional bool yes,
    2: optional i8 one,
    3: required i64 must,
    4: optional double real,
    5: optional string text,
    6: optional Scalars scalars,
    7: Empty empty,
    8: optional list<Empty> empties,
    9: optional Paint paint
}

struct Containers {
    1: list<bool> a,
    2: set<i8> b,
    3: list<i16> c,
    4: map<i32, i64> d,
    5: map<string, binary> e,
    6: set<uuid> f,
    7: list<double> g,
    8: map<Color, list<Color>> h,
    9: list<list<list<i32>>> i,
    10: map<Scalars, set<Later>> j,
    11: map<list<string>, map<string, Empty>> k,
    12: Owned owned,
    13: list<OwnerId> ids,
    14: list<UserId> same,
    15: map<string, Containers> own,
    16: set<Text> texts
}

union Value {
    1: bool yes,
    2: i64 number,
    3: string text,
    5: Scalars scalars,
    7: list<Value> values,
    300: Empty empty
}

union NoValue {
}

exception Failed {
    1: string message,
    2: optional Value value
}

/* Ids that are far apart, and one that no wire can carry. */

struct Ids {
    32767: i32 last,
    1: i32 first,
    9000: optional string middle,
    100: i32 hundred,
    40000: i32 beyond,
    70000: optional string further
}

struct Required {
    3: required i32 c,
    1: required i32 a,
    2: i32 b
}
