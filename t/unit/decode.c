/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/decode.c: bodies that become structs in C, and bodies again: every
 * type, in both protocols, with structs by value and by pointers, whole before
 * a guard page, in runs split at every byte, byte by byte, and cut off
 * everywhere; what is not sent; what a small body must not cost; and what the
 * compiler sees of it.
 */

#include "bind/decode.h"
#include "bind/encode.h"
#include "bind.h"
#include "layout.h"

#include <stdbool.h>


#define DEPTH  16
#define LIMIT  (1024 * 1024)


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2, BLUE = 10 }\n"
    "struct Zip { 1: required string code, 2: optional i32 plus }\n"
    "union Id { 1: i64 number, 2: string name, 3: bool on,\n"
    "    20: list<string> parts, 21: Zip zip, 22: Id other }\n"
    "struct Item { 1: double price, 2: optional Color color,\n"
    "    3: optional binary raw }\n"
    "struct Nothing { }\n"
    "struct Plain { 1: bool a, 2: i8 b, 3: i16 c, 4: i32 d, 5: i64 e,\n"
    "    6: double f, 7: string g, 8: optional uuid h, 9: list<i32> i,\n"
    "    10: set<i8> j, 11: map<i32, string> k, 12: Color l, -2: i32 m }\n"
    "struct User {\n"
    "    1: optional i64 id\n"
    "    2: optional string name\n"
    "    3: optional Zip zip\n"
    "    4: optional list<Item> items\n"
    "    5: optional map<string, Item> prices\n"
    "    6: optional Id other\n"
    "    7: optional bool on\n"
    "    8: optional i8 small\n"
    "    9: optional i16 middle\n"
    "    10: optional set<i32> numbers\n"
    "    11: optional uuid key\n"
    "    12: optional list<list<string>> words\n"
    "    13: optional map<i32, i64> pairs\n"
    "    14: optional list<Color> colors\n"
    "    15: optional map<Color, Color> mixed\n"
    "    16: optional list<bool> flags\n"
    "    17: optional map<i8, i64> bytes\n"
    "    18: optional list<User> friends\n"
    "    19: optional map<string, string> strings\n"
    "    20: optional User best\n"
    "    21: optional list<double> reals\n"
    "    22: optional list<i64> longs\n"
    "    23: optional list<i16> shorts\n"
    "    24: optional list<i8> tiny\n"
    "    25: optional set<uuid> keys\n"
    "    26: optional list<Id> ids\n"
    "    27: optional map<Zip, list<Zip>> zips\n"
    "    28: optional Nothing nothing\n"
    "    29: optional list<Nothing> nothings\n"
    "    30: Id either\n"
    "    31: optional map<string, i32> counts\n"
    "    32: optional map<i32, string> texts\n"
    "    -3: optional i32 negative\n"
    "    1000: optional i32 far\n"
    "}\n"
    "struct Inner { 1: i32 n = 7, 2: i32 m }\n"
    "union Choice { 1: i32 n = 5, 2: string s }\n"
    "struct Outer { 1: i32 a = 5, 2: string s = \"x\", 3: Inner in,\n"
    "    4: list<Inner> list, 5: optional Inner maybe, 6: Choice choice,\n"
    "    7: optional i32 some = 3 }\n"
    "exception Missing { 1: optional string what }\n"
    "service Users {\n"
    "    User get(1: required i64 id, 2: Color color)"
    " throws (1: Missing missing)\n"
    "    void put(1: User user) throws (1: Missing missing)\n"
    "}\n";


typedef struct {
    const char   *name;
    const char   *st;
    const char   *body;
    const char   *again;        /* what it is then; NULL: the same */
} decode_case_t;


static const decode_case_t  cases[] = {
    { "every field", "User",
      "-3:i-9 1:l5 2:\"a\" 3:{1:\"b\" 2:i7} 4:[{ {1:d1.5 2:i10} {1:d0 3:\"\xff"
      "\"}] 5:<s{ \"k\" {1:d2}> 6:{1:l-1} 7:b0 8:y-1 9:h300"
      " 10:(i i1 i70000 i-1) 11:u7 12:[[ [s \"x\" \"y\"] [s]]"
      " 13:<il i1 l2 i300 l70000>", NULL },
    { "every other field", "User",
      "14:[i i1 i2 i10] 15:<ii i1 i2> 16:[b b1 b0] 17:<yl y1 l1000>"
      " 18:[{ {1:l6} {}] 19:<ss \"a\" \"b\">"
      " 20:{20:{1:l1}} 21:[d d1 d-0.5] 22:[l l1 l-9000000000] 23:[h h1 h-300]"
      " 24:[y y1 y-1] 25:(u u1 u2) 26:[{ {1:l1} {2:\"\"}]"
      " 27:<{[ {1:\"z\"} [{ {1:\"z\"}]> 28:{} 29:[{ {} {}] 30:{3:b1} 1000:i4",
      NULL },
    { "nothing", "User", "", NULL },
    { "fields in any order", "User", "7:b1 2:\"x\" 1:l5 -3:i1",
      "-3:i1 1:l5 2:\"x\" 7:b1" },
    { "zeros", "User", "1:l0 2:\"\" 7:b0 8:y0 21:[d d0]", NULL },
    { "empty containers", "User", "4:[{ ] 5:<s{ > 10:(i) 12:[[ ] 19:<ss>",
      NULL },
    { "empty containers of any type", "User", "4:[s] 5:<ii> 10:(l) 12:[i]",
      "4:[{ ] 5:<s{ > 10:(i) 12:[[ ]" },
    { "the ends of numbers", "User",
      "1:l-9223372036854775808 8:y127 9:h-32768"
      " 10:(i i2147483647 i-2147483648)"
      " 22:[l l9223372036854775807 l-9223372036854775808]"
      " 23:[h h32767 h-32768] 24:[y y-128]",
      NULL },
    { "long strings and lists", "User",
      "2:\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
      " 16:[b b1 b1 b0 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b0]", NULL },
    { "nested", "User", "20:{20:{20:{18:[{ {18:[{ {1:l1}]}]}}}", NULL },

    { "unknown fields of every type", "User",
      "1:l5 40:b1 41:y1 42:h1 43:i1 44:l1 45:d1 46:\"\xff\" 47:u1"
      " 48:{1:\"\xff\" 2:{} 3:[i i1]} 49:[{ {1:i1} {}] 50:<s{ \"\xff\" {}>"
      " 51:(s \"a\" \"b\") 52:<il i1 l300> 53:[b b1 b0] 54:<yl y1 l300>"
      " 55:[[ [s \"a\"] [i i1]] 56:<ss> 57:[i] 58:<{[ {} [{ {}]> 1000:i1",
      "1:l5 1000:i1" },
    { "an unknown field between 15 and 16", "User", "1:l5 40:i1 7:b1",
      "1:l5 7:b1" },

    { "more unknown structs than levels", "User",
      "40:{} 41:{} 42:{} 43:{} 44:{} 45:{} 46:{} 47:{} 48:{} 49:{} 50:{}"
      "51:[{ {} {} {} {} {} {} {} {} {} {} {} {}] 52:{} 53:{} 54:{} 55:{}",
      "" },
    { "more structs than levels", "User",
      "18:[{ {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}]",
      NULL },

    { "numbers twice", "User", "1:l5 1:l6 7:b1 7:b0 8:y1 8:y2",
      "1:l6 7:b0 8:y2" },
    { "strings twice", "User", "2:\"abc\" 2:\"\"", "2:\"\"" },
    { "lists twice", "User", "10:(i i1 i2) 10:(i i3)", "10:(i i3)" },
    { "lists twice, then empty", "User", "10:(i i1 i2) 10:(i)", "10:(i)" },
    { "maps twice", "User", "13:<il i1 l1 i2 l2> 13:<il i3 l4>",
      "13:<il i3 l4>" },
    { "structs twice", "User", "3:{1:\"a\" 2:i7} 3:{1:\"b\"}", "3:{1:\"b\"}" },
    { "structs twice, in structs", "User",
      "20:{1:l1 3:{1:\"a\" 2:i7}} 20:{3:{1:\"b\"}}", "20:{3:{1:\"b\"}}" },
    { "unions twice", "User", "6:{2:\"abc\"} 6:{1:l7}", "6:{1:l7}" },

    { "union", "Id", "1:l5", NULL },
    { "union of a string", "Id", "2:\"abc\"", NULL },
    { "union of a bool", "Id", "3:b0", NULL },
    { "union of a list", "Id", "20:[s \"a\" \"\"]", NULL },
    { "union of a struct", "Id", "21:{1:\"a\" 2:i1}", NULL },
    { "union of a union", "Id", "22:{22:{1:l1}}", NULL },
    { "union with a field of tomorrow", "User", "1:l1 30:{99:i1}", "1:l1" },

    { "what is not sent", "Plain", "", "-2:i0 1:b0 2:y0 3:h0 4:i0 5:l0 6:d0"
      " 7:\"\" 9:[i] 10:(y) 11:<is> 12:i0" },
    { "plain", "Plain", "-2:i-1 1:b1 2:y2 3:h3 4:i4 5:l5 6:d6 7:\"7\" 8:u8"
      " 9:[i i9] 10:(y y10) 11:<is i11 \"\"> 12:i12", NULL },
    { "no fields", "Nothing", "", NULL },
    { "no fields, but some of tomorrow", "Nothing", "1:i1 2:\"a\"", "" },

    { "arguments", "Users.get", "1:l1 2:i2", NULL },
    { "arguments that are not all there", "Users.get", "1:l1", "1:l1 2:i0" },
    { "result", "Users.get()", "0:{1:l5}", NULL },
    { "result that is an exception", "Users.get()", "1:{1:\"x\"}", NULL },
    { "result of a void method", "Users.put()", "", NULL },
    { "exception of a void method", "Users.put()", "1:{}", NULL },
};


static nthrift_idl_program_t  *program;
static nthrift_schema_set_t    set;
static layout_set_t            layouts[2];


typedef struct {
    int           rc;
    const char   *error;
    size_t        left;         /* bytes behind the stop */
    uint8_t       bytes[4096];  /* the body that it is again */
    size_t        n;
} decode_result_t;


static const char *
name(unsigned protocol)
{
    return (protocol == NTHRIFT_BINARY) ? "binary" : "compact";
}


static nthrift_layout_t *
layout_of(const char *st, int pointers)
{
    return layout_build(&layouts[pointers],
                        nthrift_schema_build(&set, bind_struct(program, st)));
}


static void
decode_one(decode_result_t *r, unsigned protocol,
    const nthrift_layout_t *layout, nthrift_bytes_t *b)
{
    void             *value;
    nthrift_arena_t  *arena;
    nthrift_error_t   err;
    nthrift_write_t   w;

    arena = nthrift_arena_create(256, LIMIT);

    r->rc = nthrift_decode_body(arena, protocol, layout, DEPTH, b, &value,
                                &err);
    r->error = (r->rc == NTHRIFT_OK) ? NULL : err.text;
    r->left = (size_t) (b->last - b->p);
    r->n = 0;

    if (r->rc == NTHRIFT_OK) {
        nthrift_write_init(&w, protocol, r->bytes, sizeof(r->bytes), SIZE_MAX,
                           NULL, NULL);
        r->rc = nthrift_encode_body(&w, layout, value);
        r->error = w.error;
        r->n = w.len;
    }

    nthrift_arena_destroy(arena);
}


static int
decode_same(const decode_result_t *a, const decode_result_t *b)
{
    return a->rc == b->rc && unit_same(a->error, b->error)
           && a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}


/* In runs that end at `split` and then after `step` bytes. */

static int
decode_runs(const decode_result_t *whole, unsigned protocol,
    const nthrift_layout_t *layout, const uint8_t *bytes, size_t n,
    size_t split, size_t step)
{
    bind_runs_t      runs;
    nthrift_bytes_t  b;
    decode_result_t  r;

    bind_runs_start(&runs, &b, bytes, n, split, step);
    decode_one(&r, protocol, layout, &b);
    bind_runs_free(&runs);

    if (decode_same(&r, whole)) {
        return 1;
    }

    diag("split at %zu, then %zu: %s, %zu bytes", split, step,
         r.error ? r.error : "no error", r.n);

    return 0;
}


/* The end is told, whether it is known where it is or not. */

static int
decode_cut(unsigned protocol, const nthrift_layout_t *layout,
    const uint8_t *bytes, size_t n)
{
    uint8_t          *p;
    nthrift_bytes_t   b;
    decode_result_t   r, s;
    bind_runs_t       runs;

    p = unit_guard(bytes, n);
    nthrift_bytes_init(&b, p, p + n, NULL, NULL);
    decode_one(&r, protocol, layout, &b);

    bind_runs_start(&runs, &b, bytes, n, n / 2, n);
    decode_one(&s, protocol, layout, &b);
    bind_runs_free(&runs);

    if (unit_same(r.error, "malformed body")
        && unit_same(s.error, "malformed body"))
    {
        return 1;
    }

    diag("cut off at %zu: %s, %s", n, r.error ? r.error : "no error",
         s.error ? s.error : "no error");

    return 0;
}


static int
decode_all(decode_result_t *whole, unsigned protocol,
    const nthrift_layout_t *layout, const uint8_t *bytes, size_t n)
{
    int               passed;
    size_t            i;
    uint8_t          *p;
    nthrift_bytes_t   b;

    p = unit_guard(bytes, n);
    nthrift_bytes_init(&b, p, p + n, NULL, NULL);
    decode_one(whole, protocol, layout, &b);

    passed = whole->rc == NTHRIFT_OK && whole->left == 0;

    for (i = 0; i <= n && passed; i++) {
        passed = decode_runs(whole, protocol, layout, bytes, n, i, n)
                 && (i == n || decode_cut(protocol, layout, bytes, i));
    }

    for (i = 1; i < 8 && passed; i++) {
        passed = decode_runs(whole, protocol, layout, bytes, n, 0, i);
    }

    return passed;
}


static void
test_case(const decode_case_t *c, unsigned protocol, int pointers)
{
    int               passed;
    size_t            n, again;
    uint8_t          *bytes, *expected;
    decode_result_t   whole;

    bytes = malloc(BIND_SIZE);
    expected = malloc(BIND_SIZE);

    n = bind_body(protocol, c->body, bytes);
    again = bind_body(protocol, c->again ? c->again : c->body, expected);

    passed = decode_all(&whole, protocol, layout_of(c->st, pointers), bytes, n)
             && whole.n == again && memcmp(whole.bytes, expected, again) == 0;

    if (!ok(passed, "%s%s: %s", name(protocol),
            pointers ? ", pointers" : "", c->name))
    {
        diag("got: %s, %zu bytes of %zu", whole.error ? whole.error
                                                      : "no error",
             whole.n, again);
    }

    free(expected);
    free(bytes);
}


/* Decodes a body that is good, and keeps it. */

static void *
decode_value(nthrift_arena_t *arena, const nthrift_layout_t *layout,
    const char *body)
{
    void             *value;
    size_t            n;
    uint8_t          *bytes;
    nthrift_bytes_t   b;
    nthrift_error_t   err;

    bytes = nthrift_arena_alloc(arena, BIND_SIZE);
    n = bind_body(NTHRIFT_BINARY, body, bytes);
    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);

    if (nthrift_decode_body(arena, NTHRIFT_BINARY, layout, DEPTH, &b, &value,
                            &err)
        != NTHRIFT_OK)
    {
        fprintf(stderr, "%s: %s\n", body, err.text);
        exit(2);
    }

    return value;
}


/*
 * Values that are not sent.  Images of defaults have what "nthrift gen" writes
 * into them: they are decoded here.
 */

static const decode_case_t  defaults[] = {
    { "defaults", "Outer", "",
      " 1:i5 2:\"x\" 3:{1:i7 2:i0} 4:[{ ] 6:{1:i5} 7:i3" },
    { "defaults, and what is sent", "Outer",
      "1:i6 3:{2:i1} 4:[{ {} {1:i1} {}] 5:{} 6:{2:\"y\"} 7:i4",
      " 1:i6 2:\"x\" 3:{1:i7 2:i1}"
      " 4:[{ {1:i7 2:i0} {1:i1 2:i0} {1:i7 2:i0}] 5:{1:i7 2:i0}"
      " 6:{2:\"y\"} 7:i4" },
    { "defaults of a struct that is sent twice", "Outer",
      "3:{1:i1 2:i1} 3:{2:i2}",
      " 1:i5 2:\"x\" 3:{1:i7 2:i2} 4:[{ ] 6:{1:i5} 7:i3" },
    { "default of a union whose field is unknown", "Outer", "6:{9:i1}",
      " 1:i5 2:\"x\" 3:{1:i7 2:i0} 4:[{ ] 7:i3" },
    { "zero is no default", "Outer", "1:i0 2:\"\" 7:i0",
      " 1:i0 2:\"\" 3:{1:i7 2:i0} 4:[{ ] 6:{1:i5} 7:i0" },
};


static void
test_defaults(nthrift_arena_t *arena)
{
    size_t             i;
    unsigned           protocol;
    nthrift_layout_t  *layout;

    layout = layout_of("Inner", 0);
    layout->defaults = decode_value(arena, layout, "1:i7");

    layout = layout_of("Choice", 0);
    layout->defaults = decode_value(arena, layout, "1:i5");

    layout = layout_of("Outer", 0);
    layout->defaults = decode_value(arena, layout,
                                    "1:i5 2:\"x\" 3:{} 6:{1:i5} 7:i3");

    for (i = 0; i < unit_array_size(defaults); i++) {
        for (protocol = 1; protocol <= 2; protocol++) {
            test_case(&defaults[i], protocol, 0);
        }
    }
}


/* Five times the beginning, the middle, and the ends. */

static void
nest(char *p, const char *begin, const char *middle, const char *end)
{
    int  i;

    for (i = 0; i < 5; i++) {
        p = stpcpy(p, (i == 0 || begin[4] != '[') ? begin : begin + 3);
    }

    p = stpcpy(p, middle);

    for (i = 0; i < 5; i++) {
        p = stpcpy(p, end);
    }
}


static const char *
error_of_levels(unsigned protocol, uint32_t levels, const uint8_t *bytes,
    size_t n)
{
    void             *value;
    nthrift_arena_t  *arena;
    nthrift_bytes_t   b;
    nthrift_error_t   err;

    arena = nthrift_arena_create(4096, LIMIT);
    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);
    (void) nthrift_decode_body(arena, protocol, layout_of("User", 0), levels,
                               &b, &value, &err);
    nthrift_arena_destroy(arena);

    return err.text;
}


/* As many levels as the check has counted, and no more. */

static void
test_depth(unsigned protocol)
{
    int          i, depth, passed;
    char         text[1024];
    size_t       n;
    uint8_t      bytes[1024];
    const char  *error;

    static const struct {
        const char  *begin;
        const char  *middle;
        const char  *end;
        int          levels;    /* of one, beside the innermost's */
        int          last;      /* of the innermost */
    } nests[] = {
        { "20:{", "1:l1", "}", 1, 1 },
        { "18:[{ {", "1:l1", "}]", 2, 1 },
        { "18:[{ {", "10:(i i1)", "}]", 2, 1 },
        { "18:[{ {", "19:<ss \"\" \"\">", "}]", 2, 2 },
        { "18:[{ {", "31:<si \"\" i1>", "}]", 2, 2 },
        { "18:[{ {", "32:<is i1 \"\">", "}]", 2, 2 },
        { "18:[{ {", "18:[{ ]", "}]", 2, 1 },
        { "99:{", "1:l1", "}", 1, 1 },
        { "99:[{ {", "10:(i i1)", "}]", 2, 1 },
        { "99:[[ [[ ", "[{ {}]", "]]", 2, 3 },
    };

    passed = 1;

    for (size_t k = 0; k < unit_array_size(nests); k++) {
        nest(text, nests[k].begin, nests[k].middle, nests[k].end);
        n = bind_body(protocol, text, bytes);
        depth = 5 * nests[k].levels + nests[k].last;

        for (i = depth - 1; i <= depth; i++) {
            error = error_of_levels(protocol, (uint32_t) i, bytes, n);

            if (!unit_same(error, (i < depth) ? "too many levels of nesting"
                                              : NULL))
            {
                diag("%s, %d levels: %s", text, i, error ? error : "no error");
                passed = 0;
            }
        }
    }

    ok(passed, "%s: levels that may be entered", name(protocol));
}


/* Bodies that were not checked. */

static void
test_malformed(void)
{
    size_t            i, n;
    uint8_t           bytes[64], *p;
    decode_result_t   r;
    nthrift_bytes_t   b;
    bind_runs_t       runs;

    static const struct {
        unsigned     protocol;
        const char  *hex;
    } bad[] = {
        { NTHRIFT_BINARY, "" },
        { NTHRIFT_BINARY, "01 0001" },
        { NTHRIFT_BINARY, "11 0001" },
        { NTHRIFT_BINARY, "08 0001 00000001 00" },
        { NTHRIFT_BINARY, "0b 0001 00000001 61 00" },
        { NTHRIFT_BINARY, "0b 0002 ffffffff" },
        { NTHRIFT_BINARY, "0b 0002 7fffffff 61" },
        { NTHRIFT_BINARY, "0b 0063 7fffffff 61" },
        { NTHRIFT_BINARY, "0e 0004 0c 00000001 00 00" },
        { NTHRIFT_BINARY, "0f 000c 0b 00000001 00000000 00" },
        { NTHRIFT_BINARY, "0f 000c 0f 00000001 0c 00000001 00 00" },
        { NTHRIFT_BINARY, "0e 000a 08 0000ffff 00000000 00" },
        { NTHRIFT_BINARY, "0e 000a 08 7fffffff 00000000 00" },
        { NTHRIFT_BINARY, "0f 0063 01 00000001 00" },
        { NTHRIFT_BINARY, "0f 0063 08 7fffffff 00" },
        { NTHRIFT_BINARY, "0d 0005 0b 0b 00000001 00000000 00000000 00" },
        { NTHRIFT_BINARY, "0d 0005 08 0c 00000001 00000000 00 00" },
        { NTHRIFT_BINARY, "0d 0005 40 0c 00000001 00000000 00 00" },
        { NTHRIFT_COMPACT, "" },
        { NTHRIFT_COMPACT, "1e" },
        { NTHRIFT_COMPACT, "1f" },
        { NTHRIFT_COMPACT, "15 02 00" },
        { NTHRIFT_COMPACT, "16 80808080808080808080 00" },
        { NTHRIFT_COMPACT, "28 ffffffff0f 61" },
        { NTHRIFT_COMPACT, "aa f5 ffff03 00 00" },
        { NTHRIFT_COMPACT, "5b 01 cc 00 00 00" },
    };

    for (i = 0; i < unit_array_size(bad); i++) {
        n = unit_hex(bad[i].hex, bytes, sizeof(bytes));
        p = unit_guard(bytes, n);
        nthrift_bytes_init(&b, p, p + n, NULL, NULL);
        decode_one(&r, bad[i].protocol, layout_of("User", 0), &b);

        is_str(r.error, "malformed body", bad[i].hex);

        bind_runs_start(&runs, &b, bytes, n, (n != 0), 1);
        decode_one(&r, bad[i].protocol, layout_of("User", 0), &b);
        bind_runs_free(&runs);

        ok(unit_same(r.error, "malformed body")
           || r.error == nthrift_decode_no_memory, "the same in runs");
    }
}


/* Memory that ends, everywhere: the n-th allocation fails. */

typedef struct {
    int      times;
    int      fail;
    void    *blocks[256];
} memory_t;


static void *
memory_alloc(void *data, size_t size)
{
    memory_t  *m = data;

    if (++m->times == m->fail || m->times == 256) {
        return NULL;
    }

    m->blocks[m->times] = malloc(size);

    return m->blocks[m->times];
}


static void
test_memory(unsigned protocol, int pointers)
{
    int               rc, fail, passed;
    void             *value;
    size_t            n;
    uint8_t          *bytes;
    memory_t          m;
    bind_runs_t       runs;
    nthrift_arena_t   arena;
    nthrift_bytes_t   b;
    nthrift_error_t   err;

    bytes = malloc(BIND_SIZE);
    n = bind_body(protocol, cases[0].body, bytes);
    passed = 1;

    for (fail = 1; fail < 256; fail++) {
        memset(&m, 0, sizeof(m));
        m.fail = fail;
        nthrift_arena_init(&arena, memory_alloc, &m, 1, 0);

        bind_runs_start(&runs, &b, bytes, n, 1, 1);
        rc = nthrift_decode_body(&arena, protocol, layout_of("User", pointers),
                                 DEPTH, &b, &value, &err);
        bind_runs_free(&runs);

        while (m.times > 0) {
            free(m.blocks[m.times--]);
        }

        if (rc == NTHRIFT_OK) {
            break;
        }

        passed &= err.text == nthrift_decode_no_memory
                  && (value == NULL) == (fail == 1);
    }

    ok(passed && fail > 10 && fail < 255, "%s%s: the n-th allocation fails",
       name(protocol), pointers ? ", pointers" : "");

    free(bytes);
}


/* A byte for each struct, which would take hundreds: the arena says no. */

static void
test_limit(unsigned protocol)
{
    int               rc[2];
    size_t            i, n;
    uint8_t          *bytes, *p;
    void             *value;
    bind_runs_t       runs;
    nthrift_arena_t  *arena;
    nthrift_bytes_t   b;
    nthrift_error_t   err[2];

    bytes = malloc(BIND_SIZE);
    n = bind_body(protocol, "18:[{ ]", bytes) - 1;
    p = bytes + n;

    /* the size of the list, at its end in both protocols */

    if (protocol == NTHRIFT_BINARY) {
        (void) nthrift_binary_put32(p - 4, 50000);

    } else {
        p[-1] = 0xfc;
        p = nthrift_compact_varint_write(p, 50000);
    }

    memset(p, 0, 50001);
    n = (size_t) (p - bytes) + 50001;

    for (i = 0; i < 2; i++) {
        arena = nthrift_arena_create(4096, (i == 0) ? LIMIT : 64 * LIMIT);
        bind_runs_start(&runs, &b, bytes, n, n / 2, n);
        rc[i] = nthrift_decode_body(arena, protocol, layout_of("User", 0),
                                    DEPTH, &b, &value, &err[i]);

        if (i == 0) {
            ok(arena->used <= 8192, "%s: what a small body must not cost",
               name(protocol));
        }

        bind_runs_free(&runs);
        nthrift_arena_destroy(arena);
    }

    ok(rc[0] == NTHRIFT_ERROR && err[0].text == nthrift_decode_no_memory,
       "it is refused");
    ok(rc[1] == NTHRIFT_OK, "unless it is allowed");

    free(bytes);
}


/* What a compiler sees. */

typedef struct {
    size_t               n;
    const nthrift_str_t  *items;
} c_strings_t;

typedef struct {
    int32_t              key;
    double               value;
} c_entry_t;

typedef struct {
    size_t               n;
    const c_entry_t     *items;
} c_reals_t;

typedef struct {
    bool                 has_n;
    int16_t              n;
} c_inner_t;

typedef struct {
    size_t               n;
    const c_inner_t     *items;
} c_inners_t;

typedef struct {
    int16_t              field;
    union {
        int64_t          number;
        nthrift_str_t    text;
    } u;
} c_either_t;

typedef struct {
    bool                 flag;
    int8_t               small;
    int64_t              large;
    double               real;
    bool                 has_name;
    nthrift_str_t        name;
    uint8_t              uuid[16];
    c_strings_t          words;
    c_reals_t            reals;
    c_inner_t            inner;
    const c_inner_t     *pointer;
    c_inners_t           inners;
    c_either_t           either;
    int32_t              color;
} c_outer_t;


static const char  c_idl[] =
    "enum Color { RED = 1 }\n"
    "struct Inner { 1: optional i16 n }\n"
    "union Either { 1: i64 number, 2: string text }\n"
    "struct Outer { 1: bool flag, 2: i8 small, 3: i64 large, 4: double real,\n"
    "    5: optional string name, 6: uuid uuid, 7: list<string> words,\n"
    "    8: map<i32, double> reals, 9: Inner inner, 10: Inner pointer,\n"
    "    11: list<Inner> inners, 12: Either either, 13: Color color }\n";


static const nthrift_layout_type_t  c_i32 = { .size = 4 };
static const nthrift_layout_type_t  c_double = { .size = 8 };
static const nthrift_layout_type_t  c_string = { .size = 16 };

static const nthrift_layout_field_t  c_inner_fields[] = {
    { offsetof(c_inner_t, n), offsetof(c_inner_t, has_n), { .size = 2 } }
};

static nthrift_layout_t  c_inner = {
    .fields = c_inner_fields, .size = sizeof(c_inner_t)
};

static const nthrift_layout_type_t  c_inner_type = {
    .size = sizeof(c_inner_t), .st = &c_inner
};

static const nthrift_layout_field_t  c_either_fields[] = {
    { offsetof(c_either_t, u.number), NTHRIFT_LAYOUT_ALWAYS, { .size = 8 } },
    { offsetof(c_either_t, u.text), NTHRIFT_LAYOUT_ALWAYS, { .size = 16 } }
};

static nthrift_layout_t  c_either = {
    .fields = c_either_fields, .size = sizeof(c_either_t),
    .which = offsetof(c_either_t, field)
};


#define c_field(name, ...)                                                    \
    { offsetof(c_outer_t, name), NTHRIFT_LAYOUT_ALWAYS,                       \
      { .size = sizeof(((c_outer_t *) NULL)->name), __VA_ARGS__ } }


static const nthrift_layout_field_t  c_outer_fields[] = {
    c_field(flag, .pointer = 0),
    c_field(small, .pointer = 0),
    c_field(large, .pointer = 0),
    c_field(real, .pointer = 0),
    { offsetof(c_outer_t, name), offsetof(c_outer_t, has_name),
      { .size = 16 } },
    c_field(uuid, .pointer = 0),
    c_field(words, .elem = &c_string),
    c_field(reals, .key = &c_i32, .elem = &c_double,
            .second = offsetof(c_entry_t, value), .entry = sizeof(c_entry_t)),
    c_field(inner, .st = &c_inner),
    c_field(pointer, .st = &c_inner, .pointer = 1),
    c_field(inners, .elem = &c_inner_type),
    c_field(either, .st = &c_either),
    c_field(color, .pointer = 0)
};

static nthrift_layout_t  c_outer = {
    .fields = c_outer_fields, .size = sizeof(c_outer_t)
};


static void
c_is(const c_outer_t *o, const uint8_t *bytes, size_t n)
{
    ok(o->flag && o->small == -2 && o->large == 3000000000 && o->real == 0.25
       && o->color == 1, "numbers");
    ok(o->has_name && o->name.len == 3 && memcmp(o->name.data, "abc", 3) == 0,
       "a string");
    ok(o->uuid[0] == 1 && o->uuid[15] == 16, "a uuid");
    ok(o->words.n == 2 && o->words.items[0].len == 1
       && o->words.items[0].data[0] == 'x' && o->words.items[1].len == 0,
       "a list");
    ok(o->reals.n == 2 && o->reals.items[0].key == 7
       && o->reals.items[0].value == 1.5 && o->reals.items[1].key == -7
       && o->reals.items[1].value == -1.5, "a map");
    ok(o->inner.has_n && o->inner.n == 5 && o->pointer != NULL
       && !o->pointer->has_n && o->inners.n == 2 && o->inners.items[0].n == 1
       && o->inners.items[1].n == 2, "structs");
    ok(o->either.field == 2 && o->either.u.text.len == 2
       && memcmp(o->either.u.text.data, "no", 2) == 0, "a union");

    if (bytes != NULL) {
        ok(o->name.data > bytes && o->name.data < bytes + n
           && o->words.items[0].data > bytes
           && o->words.items[0].data < bytes + n, "strings are not copied");
    }
}


static void
test_c(nthrift_arena_t *arena, unsigned protocol)
{
    void                    *value;
    size_t                   n;
    uint8_t                  bytes[512];
    bind_runs_t              runs;
    nthrift_bytes_t          b;
    nthrift_error_t          err;
    const nthrift_schema_t  *st;
    nthrift_idl_program_t   *c_program;

    c_program = bind_load(arena, c_idl);
    st = nthrift_schema_build(&set, bind_struct(c_program, "Outer"));

    c_outer.schema = st;
    c_inner.schema = st->fields[8].type.st;
    c_either.schema = st->fields[11].type.st;

    n = bind_body(protocol, "1:b1 2:y-2 3:l3000000000 4:d0.25 5:\"abc\" 6:u1"
                  " 7:[s \"x\" \"\"] 8:<id i7 d1.5 i-7 d-1.5> 9:{1:h5} 10:{}"
                  "11:[{ {1:h1} {1:h2}] 12:{2:\"no\"} 13:i1", bytes);

    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);
    is_int(nthrift_decode_body(arena, protocol, &c_outer, DEPTH, &b, &value,
                               &err), NTHRIFT_OK, name(protocol));
    c_is(value, bytes, n);

    bind_runs_start(&runs, &b, bytes, n, 1, 1);
    is_int(nthrift_decode_body(arena, protocol, &c_outer, DEPTH, &b, &value,
                               &err), NTHRIFT_OK, "in runs");
    bind_runs_free(&runs);

    c_is(value, NULL, 0);
}


int
main(void)
{
    int               pointers;
    size_t            i;
    unsigned          protocol;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);
    layout_init(&layouts[0], arena, 0);
    layout_init(&layouts[1], arena, 1);

    for (i = 0; i < unit_array_size(cases); i++) {
        for (pointers = 0; pointers < 2; pointers++) {
            test_case(&cases[i], NTHRIFT_BINARY, pointers);
            test_case(&cases[i], NTHRIFT_COMPACT, pointers);
        }
    }

    for (protocol = NTHRIFT_BINARY; protocol <= NTHRIFT_COMPACT; protocol++) {
        test_depth(protocol);
        test_memory(protocol, 0);
        test_memory(protocol, 1);
        test_limit(protocol);
        test_c(arena, protocol);
    }

    test_malformed();
    test_defaults(arena);

    nthrift_arena_destroy(arena);

    done();

    return unit_result();
}
