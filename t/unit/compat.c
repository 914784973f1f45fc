/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/compat.c: src/idl/compat.h: what is found between two sets of
 * definitions, whom it concerns, and that nothing is found between the same.
 */

#include "idl.h"

#include "idl/compat.h"


#define COMPAT_OUT  8192


/* A line for each finding: level, places, text, whom. */

typedef struct {
    char    buf[COMPAT_OUT];
    size_t  len;
    int     n;
} found_t;

typedef struct {
    const char  *name;
    const char  *was;
    const char  *now;
    const char  *found;
} case_t;


static const case_t  cases[] = {

    /* services and methods */

    { "service removed",
      "service A { void f() } service B { void f() }",
      "service B { void f() }",
      "E -:0 1:9 service A is missing, it was 1\n" },
    { "service added",
      "service A { void f() }", "service A { void f() } service B { }", "" },
    { "method removed",
      "service A { void f(), void g() }", "service A { void f() }",
      "E 1:9 1:28 method A.g is missing, it was 1\n" },
    { "method added",
      "service A { void f() }", "service A { void f(), void g() }", "" },
    { "inherited method removed",
      "service A { void f() } service B extends A { }",
      "service A { void f() } service B { }",
      "E 1:32 1:18 method B.f is missing, it was 1\n" },
    { "inherited method is its own",
      "service A { void f() } service B extends A { }",
      "service A { void f() } service B { void f() }", "" },
    { "inherited method is said once",
      "service A { void f() } service B extends A { } service C extends A { }",
      "service A { i32 f() } service B extends A { } service C extends A { }",
      "E 1:17 1:18 the result of A.f is i32, it was void 2\n" },
    { "base is another one",
      "service A { void f() } service B extends A { }",
      "service Z { void f() } service A { void f() } service B extends Z { }",
      "" },
    { "becomes oneway",
      "service A { void f() }", "service A { oneway void f() }",
      "E 1:25 1:18 method A.f is oneway, it was not 3\n" },
    { "is oneway no more",
      "service A { oneway void f(1: i32 a) }",
      "service A { i32 f(1: i64 a) }",
      "E 1:26 1:34 argument \"a\" of A.f is i64, it was i32 3\n"
      "E 1:17 1:25 method A.f is not oneway, it was 3\n" },
    { "result",
      "service A { i32 f() }", "service A { i64 f() }",
      "E 1:17 1:17 the result of A.f is i64, it was i32 3\n" },
    { "result becomes void",
      "service A { i32 f() }", "service A { void f() }",
      "E 1:18 1:17 the result of A.f is void, it was i32 1\n" },

    /* arguments */

    { "argument",
      "service A { void f(1: i32 a) }", "service A { void f(1: string a) }",
      "E 1:30 1:27 argument \"a\" of A.f is string, it was i32 3\n" },
    { "argument removed",
      "service A { void f(1: i32 a) }", "service A { void f() }",
      "W 1:18 1:27 argument \"a\" of A.f is missing, it was 3\n" },
    { "argument added",
      "service A { void f() }", "service A { void f(1: i32 a) }", "" },
    { "required argument added",
      "service A { void f() }", "service A { void f(1: required i32 a) }",
      "E 1:36 1:18 argument \"a\" of A.f is new and required, it was not 1\n" },
    { "required argument removed",
      "service A { void f(1: required i32 a) }", "service A { void f() }",
      "E 1:18 1:36 argument \"a\" of A.f is missing, it was required 2\n" },
    { "arguments in another order",
      "service A { void f(1: i32 a, 2: i64 b) }",
      "service A { void f(2: i64 b, 1: i32 a) }", "" },
    { "ids change places",
      "service A { void f(1: i32 a, 2: i32 b) }",
      "service A { void f(1: i32 b, 2: i32 a) }",
      "E 1:27 1:27 argument 1 of A.f is i32 \"b\", it was i32 \"a\" 3\n"
      "E 1:37 1:37 argument 2 of A.f is i32 \"a\", it was i32 \"b\" 3\n" },
    { "default of argument",
      "service A { void f(1: i32 a = 1) }", "service A { void f(1: i32 a) }",
      "W 1:27 1:27 argument \"a\" of A.f has the default none, it was 1 3\n" },

    /* exceptions */

    { "exception removed",
      "exception E { } service A { void f() throws (1: E e) }",
      "exception E { } service A { void f() }",
      "E 1:34 1:51 exception \"e\" of A.f is missing, it was 2\n" },
    { "exception added",
      "exception E { } service A { void f() }",
      "exception E { } service A { void f() throws (1: E e) }",
      "W 1:51 1:34 exception \"e\" of A.f is new, it was not 1\n" },
    { "exception's id",
      "exception E { } service A { void f() throws (1: E e) }",
      "exception E { } service A { void f() throws (2: E e) }",
      "E 1:51 1:51 exception \"e\" of A.f has the id 2, it was 1 3\n" },
    { "exception's type",
      "exception E { } exception F { } service A { void f() throws (1: E e) }",
      "exception E { } exception F { } service A { void f() throws (1: F e) }",
      "W 1:67 1:67 exception \"e\" of A.f is exception F, it was exception E "
      "3\n" },
    { "exception renamed",
      "exception E { } service A { void f() throws (1: E e) }",
      "exception F { } service A { void f() throws (1: F e) }", "" },
    { "exception's field",
      "exception E { 1: i32 a } service A { void f() throws (1: E e) }",
      "exception E { 1: required i32 a } "
      "service A { void f() throws (1: E e) }",
      "E 1:31 1:22 field \"a\" of exception E is required, it was not 2\n" },

    /* fields: who is concerned depends on the way */

    { "required in arguments",
      "struct S { 1: i32 a } service A { void f(1: S s) }",
      "struct S { 1: required i32 a } service A { void f(1: S s) }",
      "E 1:28 1:19 field \"a\" of struct S is required, it was not 1\n" },
    { "required in results",
      "struct S { 1: i32 a } service A { S f() }",
      "struct S { 1: required i32 a } service A { S f() }",
      "E 1:28 1:19 field \"a\" of struct S is required, it was not 2\n" },
    { "required both ways",
      "struct S { 1: i32 a } service A { S f(1: S s) }",
      "struct S { 1: required i32 a } service A { S f(1: S s) }",
      "E 1:28 1:19 field \"a\" of struct S is required, it was not 3\n" },
    { "ways through circles and containers",
      "struct S { 1: list<T> t } struct T { 1: optional S s, 2: i32 a } "
      "service A { S f(), void g(1: T t) }",
      "struct S { 1: list<T> t } struct T { 1: optional S s, 2: required i32 "
      "a } service A { S f(), void g(1: T t) }",
      "E 1:71 1:62 field \"a\" of struct T is required, it was not 3\n" },
    { "required no more",
      "struct S { 1: required i32 a } service A { void f(1: S s) }",
      "struct S { 1: optional i32 a } service A { void f(1: S s) }",
      "E 1:28 1:28 field \"a\" of struct S is not required, it was 2\n" },
    { "optional now",
      "struct S { 1: i32 a }", "struct S { 1: optional i32 a }",
      "W 1:28 1:19 field \"a\" of struct S is optional, it was not 3\n" },
    { "optional no more",
      "struct S { 1: optional i32 a }", "struct S { 1: i32 a }", "" },
    { "field added",
      "struct S { }", "struct S { 1: i32 a, 2: optional i32 b }", "" },
    { "required field added",
      "struct S { }", "struct S { 1: required i32 a = 1 }",
      "E 1:28 1:8 field \"a\" of struct S is new and required, it was not "
      "3\n" },
    { "field removed",
      "struct S { 1: i32 a }", "struct S { }",
      "W 1:8 1:19 field \"a\" of struct S is missing, it was 3\n" },
    { "id reused",
      "struct S { 1: i32 a }", "struct S { 1: string b }",
      "E 1:22 1:19 field 1 of struct S is string \"b\", it was i32 \"a\" 3\n" },
    { "field renamed",
      "struct S { 1: i32 a }", "struct S { 1: i32 b }",
      "W 1:19 1:19 field 1 of struct S is i32 \"b\", it was i32 \"a\" 3\n" },
    { "id changed",
      "struct S { 1: i32 a }", "struct S { 2: i32 a }",
      "E 1:19 1:19 field \"a\" of struct S has the id 2, it was 1 3\n" },
    { "ids that are not written",
      "struct S { i32 a, i32 b }", "struct S { i32 b }",
      "E 1:16 1:16 field -1 of struct S is i32 \"b\", it was i32 \"a\" 3\n"
      "W 1:8 1:23 field \"b\" of struct S is missing, it was 3\n" },

    /* types */

    { "byte and i8", "struct S { 1: byte a }", "struct S { 1: i8 a }", "" },
    { "bool and i8",
      "struct S { 1: bool a }", "struct S { 1: i8 a }",
      "E 1:18 1:20 field \"a\" of struct S is i8, it was bool 3\n" },
    { "string and binary",
      "struct S { 1: string a } service A { void f(1: S s) }",
      "struct S { 1: binary a } service A { void f(1: S s) }",
      "W 1:22 1:22 field \"a\" of struct S is binary, it was string 2\n" },
    { "string and uuid",
      "struct S { 1: string a }", "struct S { 1: uuid a }",
      "E 1:20 1:22 field \"a\" of struct S is uuid, it was string 3\n" },
    { "i32 and enum",
      "enum E { A } struct S { 1: i32 a } service A { void f(1: S s) }",
      "enum E { A } struct S { 1: E a } service A { void f(1: S s) }",
      "W 1:30 1:32 field \"a\" of struct S is enum E, it was i32 1\n" },
    { "i64 and enum",
      "enum E { A } struct S { 1: i64 a }", "enum E { A } struct S { 1: E a }",
      "E 1:30 1:32 field \"a\" of struct S is enum E, it was i64 3\n" },
    { "typedef",
      "struct S { 1: list<i32> a }",
      "typedef I L typedef list<K> I typedef i32 K struct S { 1: L a }", "" },
    { "typedef changed",
      "typedef i32 T struct S { 1: T a }", "typedef i64 T struct S { 1: T a }",
      "E 1:31 1:31 field \"a\" of struct S is i64, it was i32 3\n" },
    { "list and set",
      "struct S { 1: list<i32> a }", "struct S { 1: set<i32> a }",
      "E 1:24 1:25 field \"a\" of struct S is set<i32>, it was list<i32> 3\n" },
    { "elements at every level",
      "struct S { 1: map<i32, list<set<string>>> a }",
      "struct S { 1: map<i32, list<set<i64>>> a }",
      "E 1:40 1:43 field \"a\" of struct S is map<i32, list<set<i64>>>, it was "
      "map<i32, list<set<string>>> 3\n" },
    { "key",
      "struct S { 1: map<i32, list<i8>> a }",
      "struct S { 1: map<i16, list<i8>> a }",
      "E 1:34 1:34 field \"a\" of struct S is map<i16, list<i8>>, it was "
      "map<i32, list<i8>> 3\n" },
    { "struct in place of another",
      "struct A { 1: i32 a } struct B { 1: i32 a } struct S { 1: A x }",
      "struct A { 1: i32 a } struct B { 1: i32 a } struct S { 1: B x }",
      "W 1:61 1:61 field \"x\" of struct S is struct B, it was struct A 3\n" },
    { "struct renamed",
      "struct A { 1: i32 a } struct S { 1: list<A> x }",
      "struct B { 1: i32 a } struct S { 1: list<B> x }", "" },
    { "struct renamed, and changed",
      "struct A { 1: i32 a } struct S { 1: list<A> x }",
      "struct B { 1: i64 a } struct S { 1: list<B> x }",
      "E 1:19 1:19 field \"a\" of struct B is i64, it was i32 3\n" },
    { "struct and union",
      "struct A { 1: optional i32 a }", "union A { 1: i32 a }",
      "E 1:7 1:8 type A is union, it was struct 3\n" },
    { "struct that nobody uses is gone",
      "struct A { 1: i32 a }", "",
      "W -:0 1:8 struct A is missing, it was 0\n" },
    { "recursive struct",
      "struct A { 1: optional A a, 2: map<string, A> m, 3: i32 x }",
      "struct A { 1: optional A a, 2: map<string, A> m, 3: i64 x }",
      "E 1:57 1:57 field \"x\" of struct A is i64, it was i32 3\n" },

    /* unions */

    { "alternative removed",
      "union U { 1: i32 a, 2: i32 b } service A { void f(1: U u) }",
      "union U { 1: i32 a } service A { void f(1: U u) }",
      "E 1:7 1:28 field \"b\" of union U is missing, it was 1\n" },
    { "alternative added",
      "union U { 1: i32 a } service A { U f() }",
      "union U { 1: i32 a, 2: i32 b } service A { U f() }",
      "W 1:28 1:7 field \"b\" of union U is new, it was not 1\n" },

    /* enums */

    { "value removed",
      "enum E { A, B } service S { void f(1: E e) }",
      "enum E { A } service S { void f(1: E e) }",
      "E 1:6 1:13 value \"B\" (1) of enum E is missing, it was 1\n" },
    { "value added",
      "enum E { A } service S { E f() }", "enum E { A, B } service S { E f() }",
      "W 1:13 1:6 value \"B\" (1) of enum E is new, it was not 1\n" },
    { "value renumbered",
      "enum E { A = 1 }", "enum E { A = 2 }",
      "E 1:10 1:10 value \"A\" of enum E is 2, it was 1 3\n" },
    { "value renamed",
      "enum E { A = 1 }", "enum E { B = 1 }",
      "W 1:10 1:10 value 1 of enum E is \"B\", it was \"A\" 3\n" },
    { "values moved up",
      "enum E { A, B }", "enum E { B }",
      "E 1:10 1:10 value 0 of enum E is \"B\", it was \"A\" 3\n"
      "E 1:10 1:13 value \"B\" of enum E is 0, it was 1 3\n" },
    { "alias", "enum E { A = 1 }", "enum E { A = 1, B = 1 }", "" },
    { "alias removed", "enum E { A = 1, B = 1 }", "enum E { A = 1 }", "" },
    { "enum renamed",
      "enum E { A } struct S { 1: E e }", "enum F { A } struct S { 1: F e }",
      "" },

    /* defaults and constants */

    { "defaults",
      "struct S { 1: i32 a = 1, 2: string b = \"x\", 3: double c = 1.5 }",
      "struct S { 1: i32 a = 2, 2: string b = \"y\\n\", 3: double c }",
      "W 1:19 1:19 field \"a\" of struct S has the default 2, it was 1 3\n"
      "W 1:36 1:36 field \"b\" of struct S has the default \"y\\x0a\", it was "
      "\"x\" 3\n"
      "W 1:57 1:55 field \"c\" of struct S has the default none, it was 1.5 "
      "3\n" },
    { "the same default, written otherwise",
      "const i32 N = 3 enum E { A = 1 } struct S { 1: i32 a = 3, 2: E e = 1, "
      "3: map<i32, i32> m = { 1: 2, 3: 4 }, 4: double d = 1, 5: bool b = true,"
      " 6: list<i32> l = [] }",
      "const i32 N = 3 enum E { A = 1 } struct S { 1: i32 a = N, 2: E e = E.A,"
      " 3: map<i32, i32> m = { 3: 4, 1: 2 }, 4: double d = 1.0, 5: bool b = 1,"
      " 6: list<i32> l = {} }", "" },
    { "default by a constant",
      "const i32 N = 3 struct S { 1: i32 a = N }",
      "const i32 N = 4 struct S { 1: i32 a = N }",
      "W 1:11 1:11 const N is 4, it was 3 0\n"
      "W 1:35 1:35 field \"a\" of struct S has the default 4, it was 3 3\n" },
    { "default of a required field",
      "struct S { 1: required i32 a = 1 }", "struct S { 1: required i32 a }",
      "" },
    { "default that is a list",
      "struct S { 1: list<i32> a = [1, 2] }",
      "struct S { 1: list<i32> a = [2, 1] }",
      "W 1:25 1:25 field \"a\" of struct S has another default than it had "
      "3\n" },
    { "constant removed",
      "const i32 N = 3", "", "W -:0 1:11 const N is missing, it was 0\n" },
    { "constant map",
      "const map<i32, i32> M = { 1: 1 }", "const map<i32, i32> M = { 1: 2 }",
      "W 1:21 1:21 const M is another than it was 0\n" },
    { "annotations, namespaces, docs",
      "struct S { 1: i32 a } service A { void f() }",
      "namespace c x\n/** Doc. */ struct S { 1: i32 a (x = 'y') } (z)\n"
      "service A { void f() (nthrift.timeout = '1s') }", "" }
};


static void
compat_found(void *data, const nthrift_compat_finding_t *f)
{
    char      line[32];
    found_t  *found = data;

    snprintf(line, sizeof(line), "%u:%u", f->now.pos.line, f->now.pos.column);

    found->len += (size_t) snprintf(found->buf + found->len,
                                    COMPAT_OUT - found->len,
                                    "%c %s %u:%u %s %u\n",
                                    "EW"[f->level],
                                    f->now.pos.line == 0 ? "-:0" : line,
                                    f->was.pos.line, f->was.pos.column,
                                    f->text, f->who);
    found->n++;
}


static int
compat_run(found_t *found, const test_t *was, const test_t *now, size_t limit)
{
    int                rc;
    nthrift_arena_t   *arena;
    nthrift_compat_t   compat;

    found->len = 0;
    found->n = 0;
    found->buf[0] = '\0';

    arena = nthrift_arena_create(TEST_BLOCK, limit);

    nthrift_compat_init(&compat, arena, compat_found, found);

    rc = nthrift_compat_programs(&compat, was->program, now->program);

    if (rc == NTHRIFT_OK) {
        rc = nthrift_compat_finish(&compat);
    }

    nthrift_arena_destroy(arena);

    return rc;
}


static void
compat_case(const case_t *c)
{
    test_t          was, now;
    static found_t  found;

    test_text(&was, c->was);
    test_text(&now, c->now);

    if (was.rc != NTHRIFT_OK || now.rc != NTHRIFT_OK) {
        ok(0, c->name);
        printf("# %s%s\n", test_error(&was), test_error(&now));

    } else {
        ok(compat_run(&found, &was, &now, 0) == NTHRIFT_OK
           && strcmp(found.buf, c->found) == 0, c->name);

        if (strcmp(found.buf, c->found) != 0) {
            printf("# %s: found:\n# %s", c->name, found.buf);
        }

        (void) compat_run(&found, &was, &was, 0);
        is_int(found.n, 0, "nothing between the same");
    }

    test_close(&was);
    test_close(&now);
}


/* Files that are included, in another place on the new side. */

static void
include_tests(void)
{
    test_t          was, now;
    test_files_t    files;
    static found_t  found;

    memset(&files, 0, sizeof(files));

    files.files[0].name = "was.thrift";
    files.files[0].text = "include \"a/inc.thrift\"\n"
                          "include \"other.thrift\"\n"
                          "service A extends inc.Base { }\n";
    files.files[1].name = "now.thrift";
    files.files[1].text = "include \"b/inc.thrift\"\n"
                          "service A extends inc.Base { }\n";
    files.files[2].name = "a/inc.thrift";
    files.files[2].text = "struct S { 1: i32 a }\nservice Base { S f() }\n";
    files.files[3].name = "b/inc.thrift";
    files.files[3].text = "struct S { 1: i64 a }\nservice Base { S f() }\n";
    files.files[4].name = "other.thrift";
    files.files[4].text = "struct O { }\n";
    files.n = 5;

    test_open(&was, &files);
    test_load(&was, "was.thrift");
    test_open(&now, &files);
    test_load(&now, "now.thrift");

    is_int(compat_run(&found, &was, &now, 0), NTHRIFT_OK, "include: compares");
    ok(strcmp(found.buf,
              "W -:0 2:9 the include of \"other\" is missing, it was 0\n"
              "E 1:19 1:19 field \"a\" of struct S is i64, it was i32 3\n")
       == 0, "include: the included file, once");

    test_close(&was);
    test_close(&now);
}


/* Typedefs share containers: 2^30 of them, of which each is looked at once. */

static void
shared_tests(void)
{
    int              i;
    char             text[2][4096];
    size_t           n[2], k;
    test_t           t[2];
    static found_t   found;

    for (k = 0; k < 2; k++) {
        n[k] = (size_t) sprintf(text[k], "typedef %s T0\n",
                                k ? "i64" : "i32");

        for (i = 1; i <= 30; i++) {
            n[k] += (size_t) sprintf(text[k] + n[k],
                                     "typedef map<T%d, T%d> T%d\n", i - 1,
                                     i - 1, i);
        }

        sprintf(text[k] + n[k], "service A { void f(1: T30 a) }\n");
        test_text(&t[k], text[k]);
    }

    is_int(t[0].rc | t[1].rc, NTHRIFT_OK, "shared: load");
    is_int(compat_run(&found, &t[0], &t[1], 0), NTHRIFT_OK, "shared: ends");
    is_int(found.n, 1, "shared: one finding");
    ok(strstr(found.buf, "..., it was map<") != NULL, "shared: cut off");

    test_close(&t[0]);
    test_close(&t[1]);
}


/* Each allocation fails once. */

static void
memory_tests(void)
{
    int              rc;
    size_t           limit;
    test_t           was, now;
    static found_t   found;

    test_text(&was, "struct S { 1: list<S> s, 2: optional T t } enum E { A }\n"
              "struct T { 1: S s, 2: E e } struct U { } service B { S f() }\n"
              "service A extends B { void g(1: T t) }");
    test_text(&now, "struct S { 1: list<S> s, 2: optional T t } enum E { B }\n"
              "struct T { 1: S s, 2: E e } struct U { } service B { S f() }\n"
              "service A extends B { void g(1: T t) }");

    for (limit = 1; limit < 256 * 1024; limit += TEST_BLOCK) {
        rc = compat_run(&found, &was, &now, limit);

        if (rc == NTHRIFT_OK) {
            break;
        }
    }

    ok(limit > TEST_BLOCK && rc == NTHRIFT_OK && found.n == 1,
       "memory: an error, until there is enough");

    test_close(&was);
    test_close(&now);
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(cases); i++) {
        compat_case(&cases[i]);
    }

    include_tests();
    shared_tests();
    memory_tests();

    done();

    return unit_result();
}
