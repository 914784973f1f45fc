/* Names that C, C++, a header or the generator has a use for. */

struct class {
    1: i32 int,
    2: string class,
    3: bool bool_,
    4: optional i32 x,
    5: i32 has_x,
    6: optional i32 has_has_x,
    7: optional i32 default,
    8: i32 field,
    9: i32 u,
    10: i32 n,
    11: i32 items,
    12: i32 linux,
    13: i32 unix,
    14: i32 errno,
    15: i32 NULL,
    16: i32 EOF,
    17: i32 NTHRIFT_OK,
    18: i32 nthrift_string,
    19: i32 stdin,
    20: i32 and,
    21: i32 template,
    22: i32 _Bool,
    23: i32 __FILE__,
    24: i32 index,
    25: i32 map,
    26: i32 list,
    27: i32 success,
    28: i32 call,
    29: i32 size_t,
    30: i32 int32_t,
    31: i32 true_
}

/* With "_t" they would be types of C. */

struct size {
    1: i32 n
}

enum int32 {
    class,
    t,
    schema
}

typedef i32 time

union union_ {
    1: i32 field,
    2: i32 u,
    3: i32 class,
    4: i32 no,
    5: class struct
}

exception exception_ {
    1: i32 e,
    2: string what
}

struct list_ {
    1: list<size> sizes,
    2: map<size, time> times,
    3: list<class> classes,
    4: int32 kind
}

const int32 KIND = int32.class

service operator {
    void delete(1: i32 call, 2: i32 args, 3: i32 result, 4: i32 this),
    i32 on_start(1: i32 worker),
    i32 on_stop(),
    size HANDLER() throws (1: exception_ success, 2: exception_ class),
    void isnan(1: double d),
    void assert(1: bool b),
    void nthrift_call_fail(),
    oneway void va_end(),
    void methods(),
    void start(),
    void errno()
}
