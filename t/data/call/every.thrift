/*
 * Every type there is but uuid, which Apache's Python library does not have:
 * for t/nthrift_call.t and its server.
 */

include "shared.thrift"

enum Colour {
    RED = 1,
    GREEN = 2,
    BLUE = -40
}

typedef i32 Age

struct Point {
    1: required i32 x,
    2: required i32 y
} (python.immutable = "")

union Shape {
    1: Point point,
    2: string name,
    3: i64 number,
    4: bool flag
}

struct Everything {
    1: bool flag,
    2: i8 tiny,
    3: i16 small,
    4: i32 middle,
    5: i64 large,
    6: double real,
    7: string text,
    8: binary bytes,
    9: Colour colour,
    10: Age age,
    11: Point point,
    12: Shape shape,
    13: shared.Money money,
    14: list<i32> numbers,
    15: list<bool> flags,
    16: list<list<Point>> rows,
    17: set<string> names,
    18: map<string, i32> counts,
    19: map<Colour, Point> points,
    20: map<i64, list<bool>> bits,
    21: map<double, string> reals,
    22: map<Point, string> places,
    23: map<bool, string> words,
    24: map<binary, binary> blobs,
    25: map<string, map<string, Shape>> shapes,
    26: optional Everything more,
    300: i32 far
}

struct Defaults {
    1: required i32 number = shared.SEVEN,
    2: optional string text = "none",
    3: Colour colour = Colour.GREEN,
    4: list<i16> some = [1, 2],
    5: map<string, Point> points = {"a": {"x": 1, "y": 2}},
    6: binary bytes = "abcd",
    7: double real = 1.5,
    8: bool flag = true,
    9: double whole = 3,
    10: shared.Money money = {"amount": 0},
    11: set<string> names = {},
    12: i32 nothing,
    13: Shape shape = {"name": "square"}
}

exception NotFound {
    1: string what,
    2: i32 code
}

exception Late {
    1: double seconds
}

service Every extends shared.Base {

    Everything echo(1: Everything value),
    string text(1: Everything value),
    string defaults(1: Defaults value),

    i32 add(1: i32 a, 2: i32 b = 5),
    i64 sum(1: i8 a, 2: i16 b, 3: i32 c, 4: i64 d),
    bool negate(1: bool value),
    double half(1: double value),
    string join(2: string second, 1: string first),
    binary reverse(1: binary value),
    Colour next(1: Colour value),
    list<double> reals(1: list<double> values),
    set<Colour> colours(),
    map<i32, string> numbers(1: i32 n),
    Shape shape(1: Shape value),

    void nothing(),
    oneway void remember(1: string text),
    string remembered(),

    string find(1: string what) throws (1: NotFound none, 3: Late late),
    void must(1: bool work) throws (1: NotFound none),
    string fail(1: string what),
    string missing(1: i32 id)
}
