/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/fingerprint.c: what changes a method's fingerprint and what does
 * not, and in which words two methods differ.
 */

#include "bind/fingerprint.h"
#include "bind.h"


#define TEXT  512


/* Of "i32 buy(1: i32 a)" */

#define FINGERPRINT  6747303841795057998


/* The IDL of one side: types, and the method Shop.buy. */

typedef struct {
    const char   *name;
    const char   *handler;
    const char   *idl;
    const char   *text;         /* NULL: they are the same */
} difference_t;


#define METHOD(types, method)  types " service Shop { " method " }"
#define ARGS(args)             METHOD("", "i32 buy(" args ")")
#define STRUCT(fields)                                                        \
    METHOD("struct User { " fields " }", "void buy(1: list<User> users)")


static const difference_t  differences[] = {
    { "the same", ARGS("1: i32 a"), ARGS("1: i32 a"), NULL },
    { "order, defaults and annotations", ARGS("1: i32 a, 2: i64 b = 7"),
      ARGS("2: i64 b (x = \"y\"), 1: i32 a = 5"), NULL },
    { "typedefs",
      METHOD("typedef list<i32> L typedef map<string, L> M",
             "void buy(1: M a, 2: M b, 3: L c)"),
      METHOD("", "void buy(1: map<string, list<i32>> a,"
                 " 2: map<string, list<i32>> b, 3: list<i32> c)"), NULL },
    { "enum's numbers", METHOD("enum E { A = 1 }", "void buy(1: E e)"),
      METHOD("enum E { A = 2, B = 3 }", "void buy(1: E e)"), NULL },
    { "circles",
      METHOD("struct A { 1: B b } struct B { 1: list<A> a }"
             " exception X { 1: A a }", "A buy(1: B b) throws (1: X x)"),
      METHOD("struct B { 1: list<A> a } exception X { 1: A a }"
             " struct A { 1: B b }", "A buy(1: B b) throws (1: X x)"), NULL },
    { "other methods", METHOD("", "i32 buy(1: i32 a) i32 sell(1: i32 a)"),
      METHOD("", "oneway void sell() i32 buy(1: i32 a)"), NULL },

    { "type of an argument", ARGS("1: i32 a, 2: i64 b"),
      ARGS("1: i32 a, 2: i32 b"),
      "argument \"b\" is i64 in the handler and i32 in the IDL" },
    { "missing in the handler", ARGS("1: i32 a"), ARGS("1: i32 a, 2: i32 b"),
      "argument \"b\" is missing in the handler" },
    { "missing before another", ARGS("2: i32 b"), ARGS("1: i32 a, 2: i32 b"),
      "argument \"a\" is missing in the handler" },
    { "not in the IDL", ARGS("1: i32 a, 2: i32 b"), ARGS("1: i32 a"),
      "argument \"b\" is not in the IDL" },
    { "not in the IDL, before another", ARGS("1: i32 a, 2: i32 b"),
      ARGS("2: i32 b"), "argument \"a\" is not in the IDL" },
    { "another id", ARGS("1: i32 a, 2: i32 b"), ARGS("1: i32 a, 3: i32 b"),
      "argument \"b\" has the id 2 in the handler and 3 in the IDL" },
    { "another id, before", ARGS("1: i32 a, 3: i32 b"),
      ARGS("1: i32 a, 2: i32 b"),
      "argument \"b\" has the id 3 in the handler and 2 in the IDL" },
    { "another name", ARGS("1: i32 a"), ARGS("1: i32 b"),
      "argument \"a\" is called \"b\" in the IDL" },
    { "required in the handler", ARGS("1: required i32 a"), ARGS("1: i32 a"),
      "argument \"a\" is required in the handler and not in the IDL" },
    { "required in the IDL", ARGS("1: i32 a"), ARGS("1: required i32 a"),
      "argument \"a\" is required in the IDL and not in the handler" },

    { "what it returns", METHOD("", "string buy()"), METHOD("", "i64 buy()"),
      "returns string in the handler and i64 in the IDL" },
    { "returns nothing", METHOD("", "void buy()"), METHOD("", "i64 buy()"),
      "returns void in the handler and i64 in the IDL" },
    { "returns something", METHOD("", "i64 buy()"), METHOD("", "void buy()"),
      "returns i64 in the handler and void in the IDL" },
    { "oneway in the handler", METHOD("", "oneway void buy()"),
      METHOD("", "void buy()"),
      "is oneway in the handler and not in the IDL" },
    { "oneway in the IDL", METHOD("", "void buy()"),
      METHOD("", "oneway void buy()"),
      "is oneway in the IDL and not in the handler" },

    { "exception in the IDL", METHOD("exception X {}", "void buy()"),
      METHOD("exception X {}", "void buy() throws (1: X x)"),
      "exception \"x\" is missing in the handler" },
    { "exception in the handler",
      METHOD("exception X {}", "i32 buy() throws (1: X x)"),
      METHOD("exception X {}", "i32 buy()"),
      "exception \"x\" is not in the IDL" },
    { "another exception",
      METHOD("exception X {} exception Y {}", "void buy() throws (1: X x)"),
      METHOD("exception X {} exception Y {}", "void buy() throws (1: Y x)"),
      "exception \"x\" is X in the handler and Y in the IDL" },
    { "in an exception",
      METHOD("exception X { 1: i32 a }", "void buy() throws (1: X x)"),
      METHOD("exception X { 1: i64 a }", "void buy() throws (1: X x)"),
      "field \"a\" of exception X is i32 in the handler and i64 in the IDL" },

    { "field that the handler has not", STRUCT("1: i32 a"),
      STRUCT("1: i32 a, 2: string country"),
      "field \"country\" of struct User is missing in the handler" },
    { "field that the IDL has not", STRUCT("1: i32 a, 2: string country"),
      STRUCT("1: i32 a"),
      "field \"country\" of struct User is not in the IDL" },
    { "field that has another name", STRUCT("1: i32 a"), STRUCT("1: i32 b"),
      "field \"a\" of struct User is called \"b\" in the IDL" },
    { "field that is required", STRUCT("1: required i32 a"),
      STRUCT("1: optional i32 a"),
      "field \"a\" of struct User is required in the handler and optional in"
      " the IDL" },
    { "field that is optional", STRUCT("1: i32 a"),
      STRUCT("1: optional i32 a"),
      "field \"a\" of struct User is optional in the IDL and not in the"
      " handler" },
    { "containers", STRUCT("1: map<string, list<i32>> a"),
      STRUCT("1: map<string, list<i64>> a"),
      "field \"a\" of struct User is map<string, list<i32>> in the handler and"
      " map<string, list<i64>> in the IDL" },
    { "key of a map", STRUCT("1: map<i8, User> a"),
      STRUCT("1: map<i16, User> a"),
      "field \"a\" of struct User is map<i8, User> in the handler and"
      " map<i16, User> in the IDL" },
    { "list and set", STRUCT("1: list<uuid> a"), STRUCT("1: set<uuid> a"),
      "field \"a\" of struct User is list<uuid> in the handler and set<uuid>"
      " in the IDL" },
    { "string and binary", STRUCT("1: string a"), STRUCT("1: binary a"),
      "field \"a\" of struct User is string in the handler and binary in the"
      " IDL" },
    { "bool and double", STRUCT("1: bool a"), STRUCT("1: double a"),
      "field \"a\" of struct User is bool in the handler and double in the"
      " IDL" },
    { "enum and number", METHOD("enum E { A = 1 }", "void buy(1: E e)"),
      METHOD("", "void buy(1: i32 e)"),
      "argument \"e\" is E in the handler and i32 in the IDL" },
    { "enums", METHOD("enum E { A = 1 }", "void buy(1: set<E> e)"),
      METHOD("enum F { A = 1 }", "void buy(1: set<F> e)"),
      "argument \"e\" is set<E> in the handler and set<F> in the IDL" },
    { "structs", METHOD("struct A {}", "void buy(1: A a)"),
      METHOD("struct B {}", "void buy(1: B a)"),
      "argument \"a\" is A in the handler and B in the IDL" },
    { "one of two structs",
      METHOD("struct A {} struct B {}", "void buy(1: A a, 2: B b, 3: A c)"),
      METHOD("struct A {} struct B {}", "void buy(1: A a, 2: B b, 3: B c)"),
      "argument \"c\" is A in the handler and B in the IDL" },
    { "kinds of structs", METHOD("struct A { 1: i32 a }", "void buy(1: A a)"),
      METHOD("union A { 1: i32 a }", "void buy(1: A a)"),
      "type A is struct in the handler and union in the IDL" },
    { "in a union",
      METHOD("union A { 1: i32 a, 2: i32 b }", "void buy(1: A a)"),
      METHOD("union A { 1: i32 a }", "void buy(1: A a)"),
      "field \"b\" of union A is not in the IDL" },
    { "deep", METHOD("struct A { 1: list<B> b } struct B { 1: map<i32, C> c }"
                     "struct C { -1: A a, 5: i8 x }", "void buy(1: A a)"),
      METHOD("struct A { 1: list<B> b } struct B { 1: map<i32, C> c }"
             "struct C { -1: A a, 5: i16 x }", "void buy(1: A a)"),
      "field \"x\" of struct C is i8 in the handler and i16 in the IDL" },
};


/* One side: its method, and an arena of its own. */

typedef struct {
    nthrift_arena_t          *arena;
    const nthrift_schema_t   *args;
    const nthrift_schema_t   *result;       /* NULL: oneway */
    uint64_t                  fingerprint;
} side_t;


static const nthrift_idl_method_t *
method(const nthrift_idl_program_t *program, const char *name)
{
    nthrift_str_t  s = bind_str("Shop"), m = bind_str(name);

    return nthrift_idl_method(nthrift_idl_service(program, &s), &m);
}


static uint64_t
fingerprint(const char *name, const nthrift_schema_t *args,
    const nthrift_schema_t *result)
{
    uint64_t          hash;
    nthrift_str_t     s = bind_str(name);
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(4096, 0);
    hash = nthrift_fingerprint(arena, &s, args, result);
    nthrift_arena_destroy(arena);

    return hash;
}


static void
side_open(side_t *side, const char *idl)
{
    nthrift_schema_set_t         set;
    const nthrift_idl_method_t  *m;

    side->arena = nthrift_arena_create(65536, 0);
    m = method(bind_load(side->arena, idl), "buy");

    nthrift_schema_init(&set, side->arena);
    side->args = nthrift_schema_build(&set, m->args);
    side->result = m->oneway ? NULL : nthrift_schema_build(&set, m->result);
    side->fingerprint = fingerprint("buy", side->args, side->result);
}


static int
side_difference(const side_t *handler, const side_t *idl, char *buf,
    size_t size)
{
    int               rc;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(4096, 0);
    rc = nthrift_fingerprint_difference(arena, handler->args, handler->result,
                                        idl->args, idl->result, buf, size);
    nthrift_arena_destroy(arena);

    return rc;
}


static void
test_difference(const difference_t *d)
{
    int     rc, back;
    char    text[TEXT], other[TEXT];
    side_t  handler, idl;

    side_open(&handler, d->handler);
    side_open(&idl, d->idl);

    rc = side_difference(&handler, &idl, text, sizeof(text));
    back = side_difference(&idl, &handler, other, sizeof(other));

    if (d->text == NULL) {
        ok(rc == NTHRIFT_DECLINED && back == NTHRIFT_DECLINED
           && handler.fingerprint == idl.fingerprint, "%s", d->name);

    } else if (!ok(rc == NTHRIFT_OK && back == NTHRIFT_OK
                   && strcmp(text, d->text) == 0
                   && handler.fingerprint != idl.fingerprint, "%s", d->name))
    {
        diag("got %d: %s", rc, (rc == NTHRIFT_OK) ? text : "");
    }

    nthrift_arena_destroy(handler.arena);
    nthrift_arena_destroy(idl.arena);
}


/* Two structs of one name, from two files, against one. */

static void
test_twins(void)
{
    int                      rc[2];
    char                     text[2][TEXT];
    side_t                   one, two;
    nthrift_schema_t         args, twin;
    nthrift_schema_field_t   fields[2];

    side_open(&one, METHOD("struct A { 1: i32 a }",
                           "void buy(1: A a, 2: A b)"));

    two = one;
    args = *one.args;
    memcpy(fields, args.fields, sizeof(fields));
    twin = *fields[1].type.st;
    fields[1].type.st = &twin;
    args.fields = fields;
    two.args = &args;

    rc[0] = side_difference(&one, &two, text[0], TEXT);
    rc[1] = side_difference(&two, &one, text[1], TEXT);

    ok(fingerprint("buy", two.args, two.result) != one.fingerprint,
       "two structs of one name are not one");

    ok(rc[0] == NTHRIFT_OK && rc[1] == NTHRIFT_OK, "they differ");
    is_str(text[0], "struct A is one in the handler and two of that name in "
           "the IDL", "two in the IDL");
    is_str(text[1], "struct A is one in the IDL and two of that name in "
           "the handler", "two in the handler");

    nthrift_arena_destroy(one.arena);
}


static void
test_name(void)
{
    side_t  side;

    side_open(&side, ARGS("1: i32 a"));

    ok(side.fingerprint != 0, "a fingerprint is not 0");
    ok(fingerprint("sell", side.args, side.result) != side.fingerprint,
       "the method's name counts");

    /* the number in handlers that are out there */

    is_int((long long) side.fingerprint, (long long) FINGERPRINT,
           "the number is what it was");

    nthrift_arena_destroy(side.arena);
}


/* typedef map<T0, T0> T1, and so on: 2 to the 60th types */

static void
test_nesting(void)
{
    int      i, j, n, rc;
    char    *idl[2], text[TEXT];
    side_t   sides[2];

    for (i = 0; i < 2; i++) {
        idl[i] = malloc(8192);
        n = sprintf(idl[i], "typedef %s T0 ", i ? "i64" : "i32");

        for (j = 1; j <= 60; j++) {
            n += sprintf(idl[i] + n, "typedef map<T%d, T%d> T%d ", j - 1,
                         j - 1, j);
        }

        sprintf(idl[i] + n, ARGS("1: T60 deep"));
        side_open(&sides[i], idl[i]);
    }

    rc = side_difference(&sides[0], &sides[1], text, sizeof(text));

    ok(rc == NTHRIFT_OK && strncmp(text, "argument \"deep\" is map<map<map<",
                                   30) == 0
       && strstr(text, "... in the handler and map<map<map<") != NULL,
       "types that nest deeply differ");
    ok(side_difference(&sides[0], &sides[0], text, sizeof(text))
       == NTHRIFT_DECLINED, "and are the same");
    ok(sides[0].fingerprint != sides[1].fingerprint, "in their numbers, too");

    for (i = 0; i < 2; i++) {
        nthrift_arena_destroy(sides[i].arena);
        free(idl[i]);
    }
}


/* Places for the sentence that are too short for it. */

static void
test_size(void)
{
    int          passed;
    char        *buf;
    side_t       handler, idl;
    size_t       size;
    const char  *text = "argument \"a\" is i32 in the handler and i64 in the"
                        " IDL";

    side_open(&handler, ARGS("1: i32 a"));
    side_open(&idl, ARGS("1: i64 a"));
    passed = 1;

    for (size = 1; size < 80; size++) {
        buf = malloc(size);
        passed &= side_difference(&handler, &idl, buf, size) == NTHRIFT_OK
                  && strlen(buf) < size && strncmp(buf, text, size - 1) == 0;
        free(buf);
    }

    ok(passed, "a sentence is cut off where its place ends");

    nthrift_arena_destroy(handler.arena);
    nthrift_arena_destroy(idl.arena);
}


/* Memory that ends, everywhere. */

static void
test_memory(void)
{
    int               passed, rc, ends;
    char              text[TEXT];
    side_t            a, b;
    size_t            limit;
    uint64_t          hash;
    nthrift_str_t     name = bind_str("buy");
    nthrift_arena_t  *arena;

    side_open(&a, METHOD("struct A { 1: list<A> a, 2: map<i32, string> b }",
                         "A buy(1: A a)"));
    side_open(&b, METHOD("struct A { 1: list<A> a, 2: map<i32, string> b }",
                         "A buy(1: A a)"));
    passed = 1;
    ends = 0;

    for (limit = 16; limit < 16384; limit += 16) {
        arena = nthrift_arena_create(16, limit);
        hash = nthrift_fingerprint(arena, &name, a.args, a.result);
        nthrift_arena_destroy(arena);

        arena = nthrift_arena_create(16, limit);
        rc = nthrift_fingerprint_difference(arena, a.args, a.result, b.args,
                                            b.result, text, sizeof(text));
        nthrift_arena_destroy(arena);

        passed &= (hash == 0 || hash == a.fingerprint)
                  && (rc == NTHRIFT_ERROR || rc == NTHRIFT_DECLINED);
        ends += (hash == 0) + (rc == NTHRIFT_ERROR);
    }

    ok(passed && ends > 20 && hash != 0 && rc == NTHRIFT_DECLINED,
       "without memory there is no answer");

    nthrift_arena_destroy(a.arena);
    nthrift_arena_destroy(b.arena);
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(differences); i++) {
        test_difference(&differences[i]);
    }

    test_twins();
    test_name();
    test_nesting();
    test_size();
    test_memory();

    done();

    return unit_result();
}
