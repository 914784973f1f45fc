/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/prune.c: bodies without what is not declared: in both protocols,
 * whole before a guard page, in runs split at every byte, byte by byte, in
 * parts, with too little room, and cut off everywhere.
 */

#include "bind/check.h"
#include "bind/prune.h"
#include "bind.h"


#define DEPTH  16


static const char  idl[] =
    "union Id { 1: i64 number, 2: string name }\n"
    "struct Zip { 1: required string code, 2: i32 plus }\n"
    "struct Item { 1: double price, 3: binary raw }\n"
    "struct User {\n"
    "    1: i64 id\n"
    "    2: string name\n"
    "    3: Zip zip\n"
    "    4: list<Item> items\n"
    "    5: map<string, Item> prices\n"
    "    6: Id other\n"
    "    7: bool on\n"
    "    10: set<i32> numbers\n"
    "    11: uuid key\n"
    "    12: list<list<User>> friends\n"
    "    13: map<i32, i64> pairs\n"
    "    14: map<Zip, list<string>> zips\n"
    "    16: list<bool> flags\n"
    "    17: map<i8, double> bytes\n"
    "    18: map<i32, bool> bits\n"
    "    30: i32 thirty\n"
    "    31: bool last\n"
    "    -3: i32 negative\n"
    "    1000: i32 far\n"
    "    32767: i16 highest\n"
    "}\n"
    "service Users { void all() void put(1: User user, 3: i32 n) }\n";


typedef struct {
    const char   *name;
    const char   *st;
    const char   *body;
    const char   *pruned;
} prune_case_t;


static const prune_case_t  cases[] = {
    { "nothing", "User", "", "" },
    { "nothing to drop", "User",
      "-3:i1 1:l5 2:\"abc\" 3:{1:\"c\"} 4:[{ {1:d1} {}] 7:b1 31:b0 1000:i1",
      "-3:i1 1:l5 2:\"abc\" 3:{1:\"c\"} 4:[{ {1:d1} {}] 7:b1 31:b0 1000:i1" },
    { "all of it", "Users.all", "1:i1 2:{1:\"x\"} 3:[[ [i i1] [s]] 99:u1", "" },
    { "the first", "User", "8:i1 10:(i i1)", "10:(i i1)" },
    { "the last", "User", "1:l5 8:b1", "1:l5" },
    { "one between others", "User", "1:l5 8:\"x\" 10:(i i1)",
      "1:l5 10:(i i1)" },
    { "one after each", "User",
      "1:l5 8:b1 10:(i i1) 15:b0 16:[b b1] 20:{1:i1} 30:i1 32:b1",
      "1:l5 10:(i i1) 16:[b b1] 30:i1" },
    { "several in a row", "User", "1:l5 8:b1 9:b0 15:\"abc\" 31:b1",
      "1:l5 31:b1" },
    { "a step that becomes too long", "User", "7:b1 15:b1 30:i1 31:b0",
      "7:b1 30:i1 31:b0" },
    { "a step that stays short", "User", "16:[b b1] 28:b1 31:b0",
      "16:[b b1] 31:b0" },
    { "a step to an id of three bytes", "User", "32766:b1 32767:h1",
      "32767:h1" },
    { "ids that are whole", "User", "31:b1 2000:b1 1000:i7 32000:b0 1:l1",
      "31:b1 1000:i7 1:l1" },
    { "negative ids", "User", "-4:i1 -3:i2 -2:i3 1:l1 -3:i5 -1:i1 2:\"\"",
      "-3:i2 1:l1 -3:i5 2:\"\"" },
    { "the same id again", "User", "1:l1 8:b1 1:l2 8:b0 1:l3",
      "1:l1 1:l2 1:l3" },
    { "bools", "User", "1:l1 6:{1:l1} 7:b0 8:b0 9:b1 31:b1 40:b0",
      "1:l1 6:{1:l1} 7:b0 31:b1" },

    { "of every type", "User",
      "1:l5 40:b1 41:y1 42:h1 43:i70000 44:l1 45:d1 46:\"\xff\" 47:u1 "
      "48:{1:\"\xff\" 2:{} 3:[i i1] 4:u1} 49:[{ {1:i1} {}] "
      "50:<s{ \"\xff\" {1:u1}> 51:(s \"a\" \"\x80\") 52:<iu i1 u3> "
      "53:[b b1 b0] 54:[u u1 u2] 55:[[ [s \"\xff\"] [u u1]] 56:<su> "
      "57:<il i300 l70000> 58:<ib i300 b1> 1000:i4", "1:l5 1000:i4" },
    { "in a struct", "User", "3:{-5:i1 1:\"c\" 2:i7 3:b1} 7:b1",
      "3:{1:\"c\" 2:i7} 7:b1" },
    { "ids of a dropped struct are its own", "User",
      "1:l1 8:{1:l1 2:{5:b1 6:b1} 3:b1} 10:(i i1)", "1:l1 10:(i i1)" },
    { "in a list", "User", "4:[{ {1:d1 2:i1 3:\"\xff\"} {} {2:{1:i1}} {1:d2}]",
      "4:[{ {1:d1 3:\"\xff\"} {} {} {1:d2}]" },
    { "in lists of lists", "User",
      "12:[[ [{ {1:l1 8:b1} {8:b1 12:[[ [{ {9:i1 30:i1}]]}] [{]] 30:i1",
      "12:[[ [{ {1:l1} {12:[[ [{ {30:i1}]]}] [{]] 30:i1" },
    { "in a map's values", "User",
      "5:<s{ \"k\" {2:b1 3:\"r\"} \"long\" {1:d1 2:\"x\"}> 13:<il i1 l300>",
      "5:<s{ \"k\" {3:\"r\"} \"long\" {1:d1}> 13:<il i1 l300>" },
    { "in a map's keys", "User",
      "14:<{[ {1:\"c\" 3:b1} [s \"a\" \"b\"] {-4:i1 1:\"d\" 2:i1} [s]> 15:b1",
      "14:<{[ {1:\"c\"} [s \"a\" \"b\"] {1:\"d\" 2:i1} [s]>" },
    { "beside containers of numbers", "User",
      "8:[i i1 i300] 10:(i i1 i300 i70000) 13:<il i1 l2 i3 l70000> "
      "15:<yd y1 d1> 16:[b b1 b0] 17:<yd y1 d1> 18:<ib i300 b1 i1 b0> "
      "19:<ib i300 b1> 30:i1",
      "10:(i i1 i300 i70000) 13:<il i1 l2 i3 l70000> 16:[b b1 b0] "
      "17:<yd y1 d1> 18:<ib i300 b1 i1 b0> 30:i1" },
    { "arguments", "Users.put", "1:{1:l1 9:b1} 2:\"x\" 3:i5",
      "1:{1:l1} 3:i5" },
    { "levels", "User",
      "8:{1:[{ {1:[{ {1:[{ {1:[{ {1:[{ {1:{1:i1}}]}]}]}]}]} 30:i1",
      "30:i1" },
};


static nthrift_idl_program_t  *program;
static nthrift_schema_set_t    set;


/* Bytes of a part; 0: all at once. */

static uint64_t  part;


static int
prune_go(nthrift_prune_t *prune)
{
    int  rc;

    if (part == 0) {
        return nthrift_prune_part(prune, UINT64_MAX);
    }

    do {
        rc = nthrift_prune_part(prune, part);
    } while (rc == NTHRIFT_AGAIN);

    return rc;
}


static int
prune_count(unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *b,
    size_t *size)
{
    int               rc;
    void             *memory;
    nthrift_prune_t   prune;

    memory = malloc(nthrift_prune_size(DEPTH));
    memset(memory, 0xa5, nthrift_prune_size(DEPTH));

    nthrift_prune_start(&prune, memory, DEPTH, protocol, st, b);
    rc = prune_go(&prune);
    *size = (size_t) prune.size;

    free(memory);

    return rc;
}


static int
prune_write(unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *b,
    nthrift_bytes_t *copy, uint8_t *to, size_t size)
{
    int               rc;
    void             *memory;
    nthrift_prune_t   prune;

    memory = malloc(nthrift_prune_size(DEPTH));

    nthrift_prune_start(&prune, memory, DEPTH, protocol, st, b);
    nthrift_prune_write(&prune, copy, to, size);
    rc = prune_go(&prune);

    if (rc == NTHRIFT_OK && (prune.size > size || prune.p != to + prune.size))
    {
        rc = NTHRIFT_DECLINED;
    }

    free(memory);

    return rc;
}


/* Counted and written, in runs: is it what it should be? */

static int
prune_runs(unsigned protocol, const nthrift_schema_t *st,
    const uint8_t *bytes, size_t n, const uint8_t *want, size_t n_want,
    size_t split, size_t step)
{
    int              passed;
    size_t           size;
    uint8_t         *to;
    bind_runs_t      runs, again;
    nthrift_bytes_t  b, copy;

    bind_runs_start(&runs, &b, bytes, n, split, step);
    passed = prune_count(protocol, st, &b, &size) == NTHRIFT_OK
             && b.p == b.last && size == n_want;
    bind_runs_free(&runs);

    to = malloc(n_want);

    bind_runs_start(&runs, &b, bytes, n, split, step);
    bind_runs_start(&again, &copy, bytes, n, n - split, step + 1);

    passed = passed
             && prune_write(protocol, st, &b, &copy, to, n_want) == NTHRIFT_OK
             && memcmp(to, want, n_want) == 0
             && nthrift_bytes_offset(&copy) == n;

    bind_runs_free(&runs);
    bind_runs_free(&again);
    free(to);

    if (!passed) {
        diag("split at %zu, then %zu, parts of %d: %zu bytes", split, step,
             (int) part, size);
    }

    return passed;
}


/* Room for fewer bytes; a body that is cut off. */

static int
prune_less(unsigned protocol, const nthrift_schema_t *st,
    const uint8_t *bytes, size_t n, size_t n_want)
{
    int              passed;
    size_t           i, size;
    uint8_t         *p, *to;
    nthrift_bytes_t  b, copy;

    passed = 1;

    for (i = 0; i < n_want; i++) {
        to = malloc(i);
        nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);
        copy = b;
        passed &= prune_write(protocol, st, &b, &copy, to, i)
                  == NTHRIFT_ERROR;
        free(to);
    }

    for (i = 0; i < n; i++) {
        p = unit_guard(bytes, i);
        nthrift_bytes_init(&b, p, p + i, NULL, NULL);
        passed &= prune_count(protocol, st, &b, &size) == NTHRIFT_ERROR;
    }

    return passed;
}


/* A check that refuses what is not declared has nothing to say. */

static int
prune_refuses(unsigned protocol, const nthrift_schema_t *st,
    const uint8_t *bytes, size_t n)
{
    void                    *memory;
    nthrift_bytes_t          b;
    nthrift_check_error_t    err = { .size = 0 };
    nthrift_check_rules_t    rules = { .max_depth = DEPTH,
                                       .fields = NTHRIFT_CHECK_REFUSE };

    memory = malloc(nthrift_check_size(&rules));

    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);
    (void) nthrift_check_body(&rules, memory, protocol, st, &b, &err);

    free(memory);

    return err.text != NULL;
}


static void
test_bytes(const char *name, unsigned protocol, const nthrift_schema_t *st,
    const uint8_t *bytes, size_t n, const uint8_t *want, size_t n_want)
{
    int       passed;
    size_t    i;
    uint8_t  *p;

    passed = !prune_refuses(protocol, st, want, n_want)
             && prune_less(protocol, st, bytes, n, n_want);

    p = unit_guard(bytes, n);
    passed = passed
             && prune_runs(protocol, st, p, n, want, n_want, n, n);

    for (part = 0; part < 12 && passed; part++) {

        for (i = 0; i <= n && passed; i++) {
            passed = prune_runs(protocol, st, bytes, n, want, n_want, i, n);
        }

        for (i = 1; i < 8 && passed; i++) {
            passed = prune_runs(protocol, st, bytes, n, want, n_want, 0, i);
        }
    }

    part = 0;

    ok(passed, "%s: %s", protocol == NTHRIFT_BINARY ? "binary" : "compact",
       name);
}


static void
test_case(const prune_case_t *c, unsigned protocol)
{
    size_t                   n, n_want;
    const nthrift_schema_t  *st;
    static uint8_t           bytes[BIND_SIZE], want[BIND_SIZE];

    st = nthrift_schema_build(&set, bind_struct(program, c->st));

    n = bind_body(protocol, c->body, bytes);
    n_want = bind_body(protocol, c->pruned, want);

    test_bytes(c->name, protocol, st, bytes, n, want, n_want);
}


/* Bytes as few write them stay as they came, where nothing goes before. */

static const struct {
    unsigned     protocol;
    const char  *name;
    const char  *st;
    const char  *body;
    const char  *pruned;
} odd_cases[] = {
    { NTHRIFT_COMPACT, "an id that is whole, though it need not be", "User",
      "16 02 08 10 01 61 05 3c 02 00", "16 02 05 3c 02 00" },
    { NTHRIFT_COMPACT, "long ids and lengths", "User",
      "06 8280 00 8a80 00 01 c03e 08 04 8100 61 61 00",
      "06 8280 00 8a80 00 08 04 8100 61 00" },
    { NTHRIFT_COMPACT, "unknown bools that are none", "Users.all",
      "09 64 21 0300 0b 66 02 13 0100 0500 09 68 32 010005 00", "00" },
    { NTHRIFT_COMPACT, "unknown empty list of type 14", "Users.put",
      "29 0e 1500 00", "3500 00" },
    { NTHRIFT_BINARY, "unknown empty list of type 255", "Users.put",
      "0f 0002 ff 00000000 08 0003 00000001 00", "08 0003 00000001 00" },
};


static void
test_odd(void)
{
    size_t                   i, n, n_want;
    uint8_t                  bytes[64], want[64];
    const nthrift_schema_t  *st;

    for (i = 0; i < unit_array_size(odd_cases); i++) {
        n = unit_hex(odd_cases[i].body, bytes, sizeof(bytes));
        n_want = unit_hex(odd_cases[i].pruned, want, sizeof(want));
        st = nthrift_schema_build(&set, bind_struct(program,
                                                    odd_cases[i].st));

        test_bytes(odd_cases[i].name, odd_cases[i].protocol, st, bytes, n,
                   want, n_want);
    }
}


/* The most that a result can be larger than its body. */

static void
test_growth(void)
{
    int                      i;
    char                    *text, *p;
    size_t                   n, n_want, size;
    nthrift_bytes_t          b;
    nthrift_arena_t         *arena;
    nthrift_schema_set_t     saved;
    const nthrift_schema_t  *st;
    static uint8_t           bytes[BIND_SIZE], want[BIND_SIZE];

    saved = set;
    arena = nthrift_arena_create(65536, 0);
    text = nthrift_arena_alloc(arena, BIND_SIZE);
    p = text + sprintf(text, "struct S {");

    for (i = 0; i < 1000; i++) {
        p += sprintf(p, "%d: bool f%d\n", 8230 + i * 20, i);
    }

    sprintf(p, "}");
    nthrift_schema_init(&set, arena);
    st = nthrift_schema_build(&set, bind_struct(bind_load(arena, text), "S"));

    /* a bool each 10 ids, of which every other is declared */

    bytes[0] = 0x01;
    n = (size_t) (nthrift_compact_varint_write(bytes + 1,
                                               nthrift_compact_zigzag(8220))
                  - bytes);

    for (i = 0; i < 1999; i++) {
        bytes[n++] = 0xa1;
    }

    bytes[n++] = 0;
    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);

    ok(prune_count(NTHRIFT_COMPACT, st, &b, &size) == NTHRIFT_OK
       && size == 4 * 1000 + 1 && size < 2 * n, "compact: growth");

    for (i = 0, n_want = 0; i < 1000; i++) {
        want[n_want++] = 0x01;
        n_want = (size_t) (nthrift_compact_varint_write(want + n_want,
                               nthrift_compact_zigzag(8230 + i * 20))
                           - want);
    }

    want[n_want++] = 0;

    ok(n_want == size
       && prune_runs(NTHRIFT_COMPACT, st, bytes, n, want, n_want, n, n)
       && prune_runs(NTHRIFT_COMPACT, st, bytes, n, want, n_want, 0, 7),
       "compact: growth, written");

    nthrift_arena_destroy(arena);
    set = saved;
}


int
main(void)
{
    size_t            i;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);

    for (i = 0; i < unit_array_size(cases); i++) {
        test_case(&cases[i], NTHRIFT_BINARY);
        test_case(&cases[i], NTHRIFT_COMPACT);
    }

    test_odd();
    test_growth();

    nthrift_arena_destroy(arena);

    done();

    return unit_result();
}
