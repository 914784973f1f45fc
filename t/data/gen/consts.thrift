/* Constants of all kinds. */

enum Level {
    LOW = -1,
    HIGH = 1
}

struct Point {
    1: i32 x,
    2: optional i32 y = 7,
    3: list<i32> path
}

union Either {
    1: i32 left,
    2: string right,
    3: Point point = {"x": 3}
}

struct Holder {
    1: Point point,
    2: Either either,
    3: optional Point & pointed,
    4: map<string, Point> points
}

typedef i64 Big
typedef list<Point> Points

const bool YES = true
const bool NO = 0
const i8 TINY = -128
const i16 SHORT = 32767
/** The most. */
const i32 MOST = 2147483647
const i32 LEAST = -2147483648
const i64 SMALL = 5
const i64 LARGE = 2147483648
const Big LARGEST = 9223372036854775807
const i64 LOWEST = -9223372036854775808
const i8 CUT = 300
const i32 LEVEL_NUMBER = Level.LOW
const Level LEVEL = Level.HIGH
const Level BY_NUMBER = -1
const double PI = 3.141592653589793
const double WHOLE = 10
const double TENTH = 0.1
const double TOO_LARGE = 1e400
const double TOO_SMALL = -1e400
const double TINIEST = 5e-324
const string EMPTY = ""
const string TEXT = "a \"quoted\"\ttext\nof ümlauts, \\ and what??/ is no ??= trigraph"
const string DIGITS = "\n1"
const binary BYTES = "bytes"
const uuid ID = "{01234567-89AB-cdef-0123-456789abcdef}"
const list<i32> NUMBERS = [1, 2, 3, LEAST]
const list<i32> NONE = []
const set<string> WORDS = ["one", "two"]
const map<string, list<double>> TABLE = {"one": [1, 1.5], "none": []}
const map<i32, i32> NO_MAP = {}
const list<list<string>> NESTED = [["a"], [], ["b", "c"]]
const Point ORIGIN = {"x": 0, "y": 0}
const Point PARTLY = {"x": 1}
const Points POINTS = [{"x": 1}, {"y": 2, "path": [1, 2]}, PARTLY]
const Either LEFT = {"left": 1}
const Either RIGHT = {"right": "r"}
const Either NEITHER = {}
const list<Either> BOTH = [{"left": 2}, {"right": "s"}]
const Holder HOLDER = {
    "point": {"x": 9},
    "either": {"right": "held"},
    "pointed": {"x": 10},
    "points": {"p": {"x": 11}}
}
const string AGAIN = TEXT
const list<bool> BOOLS = [true, false, 1]
const map<Level, uuid> IDS = {Level.LOW: ID}

/* What C or a header of its library has. */

const i32 errno = 1
const string printf = "p"
const double floor = 1.5
const i32 int = 2
const string main = "m"
