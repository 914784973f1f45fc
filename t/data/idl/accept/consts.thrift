const bool   YES = true
const bool   NO = false
const bool   SEVEN = 7
const byte   BYTE = -128
const i16    SMALL = +5
const i32    HEX = 0x7fFFffff
const i32    NEGATIVE_HEX = -0x10
const i64    MIN = -9223372036854775808
const i64    MAX = 9223372036854775807
const i32    DECIMAL = 010
const double D1 = 1.5
const double D2 = .5
const double D3 = -1e5
const double D4 = +.5E-3
const double D5 = 3
const string TEXT = "double 'quotes'";
const string TEXT2 = 'single "quotes"',
const string ESCAPES = "\r\n\t\"\'\\"
const binary BYTES = "é"
const i32    SAME = HEX
const double TWICE = D1
const string AGAIN = TEXT

enum Kind { GOOD = 1, BAD, UGLY = 10 }

const Kind   KIND = Kind.GOOD
const Kind   KIND2 = 10
const i32    NUMBER = Kind.BAD

struct Point { 1: i32 x = 1, 2: i32 y, 3: list<Kind> kinds = [Kind.GOOD, 2] }

const list<i32>          LIST = [1, 2; 3 HEX]
const list<i32>          NONE = []
const list<i32>          NONE2 = {}
const set<string>        SET = ["a", "b"]
const map<string, i32>   MAP = {"a": 1, "b": 2; "c": 3 "d": HEX}
const map<string, i32>   EMPTY = {}
const map<string, i32>   EMPTY2 = []
const map<Kind, Point>   POINTS = {Kind.GOOD: {"x": 1}, Kind.BAD: {}}
const Point              POINT = {"x": SMALL, "kinds": [Kind.UGLY]}
const list<list<double>> NESTED = [[1, 2.5], [], [D2]]
