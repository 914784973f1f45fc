// What the readers of "make agree" read: t/unit/corpus.h makes bodies of it.

namespace cpp agree
namespace go agree
namespace java agree
namespace js agree
namespace perl agree
namespace php agree
namespace py agree
namespace rb Agree
namespace rs agree

enum Color {
    RED = 1,
    GREEN = 2
}

struct Inner {
    1: optional i32 x,
    2: optional string y,
    3: optional list<Inner> more
}

union Choice {
    1: i32 number,
    2: string text,
    3: Inner inner,
    4: Color color
}

struct Need {
    1: required i32 a,
    2: required string s,
    3: required Color c
}

struct Body {
    1: optional i32 fi,
    2: optional string fs,
    3: optional list<i32> fl,
    4: optional map<string, i64> fm,
    5: optional Inner fst,
    6: optional set<string> fss,
    7: optional bool fb,
    8: optional double fd,
    9: optional Color fe,
    10: optional binary fbin,
    11: optional list<bool> flb,
    12: optional i16 fh,
    13: optional i64 fj,
    14: optional byte fy,
    15: optional list<list<i32>> fll,
    16: optional map<i32, Inner> fmi,
    17: optional list<Inner> fli,
    18: optional set<i32> fsi,
    19: optional map<bool, bool> fbb,
    20: optional list<byte> fly,
    21: optional list<string> fls,
    22: optional list<double> fld,
    23: optional list<i64> flj,
    24: optional map<string, list<string>> fmsl,
    25: optional Choice fu,
    26: optional Need fn,
    27: optional list<Choice> flu,
    28: optional list<Color> fle,
    29: optional map<Color, Color> fme,
    30: optional set<Color> fse,
    31: optional list<Need> fln,
    32: optional map<string, Choice> fmu
}

service Svc {
    i32 call(1: Body body)
}
