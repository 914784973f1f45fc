/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/loader.c: src/idl/loader.c: several files, limits, every beginning
 * of a text, and what happens when memory is short.
 */

#include "idl.h"


/* Several files */

static void
include_tests(void)
{
    test_t         t;
    nthrift_str_t  dirs[1], s;
    test_files_t   files = {
        .files = {
            { "d/main.thrift", "include 'b.thrift' include 'x/b.thrift'\n"
                               "include 'c.d.thrift' namespace * n\n"
                               "struct S { 1: b.B1 a, 2: b.B2 b, 3: c.d.C c }\n"
                               "const i32 N = b.N\n"
                               "service M extends b.P { void m() }\n", 0 },
            { "d/b.thrift", "struct B1 {} const i32 N = 5\n"
                            "service P { void p() } enum E { A }", 0 },
            { "d/x/b.thrift", "include '/abs.thrift' struct B2 {}\n", 0 },
            { "inc/c.d.thrift", "include 'b.thrift' struct C {}\n", 0 },
            { "inc/b.thrift", "", 0 },
            { "/abs.thrift", "struct Abs {}", 0 },
            { "other.thrift", "include 'd/b.thrift'\n", 0 } },
        .n = 7
    };

    test_open(&t, &files);
    dirs[0] = str("inc");
    t.loader.dirs = dirs;
    t.loader.n_dirs = 1;

    test_load(&t, "d/main.thrift");

    is_int(t.rc, NTHRIFT_OK, "include: loads");
    is_str(test_error(&t), "", "include: no error");
    is_int(files.reads, 6, "include: reads");
    ok(test_struct(&t, "b.B1") != NULL, "include: type of the first file");
    ok(test_struct(&t, "b.B2") != NULL, "include: of the second");
    ok(test_struct(&t, "c.d.C") != NULL, "include: a prefix with a dot");
    ok(test_struct(&t, "abs.Abs") == NULL, "include: not through another");
    ok(test_struct(&t, "B1") == NULL, "include: not without a prefix");
    ok(test_service(&t, "b.P") == test_service(&t, "M")->parent,
       "include: service");
    is_int(test_const(&t, "N")->last->value->u.i, 5, "include: constant");

    s = str("b.E.A");
    ok(nthrift_idl_item(t.program, &s) != NULL, "include: enum's value");

    test_load(&t, "other.thrift");
    is_int(t.rc, NTHRIFT_OK, "include: another file");
    is_int(files.reads, 7, "include: what was read is not read again");

    test_load(&t, "d/main.thrift");
    is_int(t.rc, NTHRIFT_OK, "include: the same file again");
    is_int(files.reads, 7, "include: nothing is read");

    test_close(&t);
}


static void
broken_tests(void)
{
    test_t                         t;
    const nthrift_report_entry_t  *e;
    test_files_t                   files = {
        .files = {
            { "main.thrift", "include 'a.thrift' include 'b.thrift'\n"
                             "include 'none.thrift'\n"
                             "struct S { 1: a.A a, 2: NoSuch n }", 0 },
            { "a.thrift", "struct A {", 0 },
            { "b.thrift", "include 'main.thrift' struct B { 1: X x }\n", 0 } },
        .n = 3
    };

    test_open(&t, &files);
    test_load(&t, "main.thrift");

    is_int(t.rc, NTHRIFT_ERROR, "broken: does not load");
    ok(t.program == NULL, "broken: no program");
    is_int(t.loader.report.errors, 3, "broken: errors");

    e = t.loader.report.first;
    ok(same(&e->program->path, "main.thrift") && e->pos.line == 2,
       "broken: the missing file");
    e = e->next;
    ok(same(&e->program->path, "a.thrift"), "broken: the syntax error");
    e = e->next;
    ok(same(&e->program->path, "b.thrift")
       && strstr((char *) e->text.data, "circle") != NULL,
       "broken: the circle");

    test_load(&t, "a.thrift");
    is_int(t.rc, NTHRIFT_ERROR, "broken: again");
    is_int(t.loader.report.errors, 3, "broken: but not reported again");

    test_close(&t);

    files.error = "permission denied";
    test_open(&t, &files);
    test_load(&t, "a.thrift");
    is_str(test_error(&t), "cannot read: permission denied",
           "broken: not readable");
    test_close(&t);
}


/* Limits */

static void
limit_tests(void)
{
    size_t         i;
    test_t         t;
    char           names[TEST_FILES][16], texts[TEST_FILES][40];
    test_files_t   files;

    memset(&files, 0, sizeof(files));

    for (i = 0; i < TEST_FILES; i++) {
        snprintf(names[i], sizeof(names[i]), "f%zu.thrift", i);
        snprintf(texts[i], sizeof(texts[i]), "include 'f%zu.thrift'\n", i + 1);

        files.files[i].name = names[i];
        files.files[i].text = (i < TEST_FILES - 1) ? texts[i] : "";
    }

    files.n = TEST_FILES;

    test_open(&t, &files);
    test_load(&t, "f0.thrift");
    is_str(test_error(&t), "includes are nested deeper than 32 files",
           "limit: includes");
    test_close(&t);

    test_open(&t, &files);
    t.loader.limits.includes = 1000000;
    test_load(&t, "f0.thrift");
    is_int(t.rc, NTHRIFT_OK, "limit: more includes");
    test_close(&t);

    test_open(&t, &files);
    t.loader.limits.files = 3;
    test_load(&t, "f0.thrift");
    is_str(test_error(&t), "more than 3 files", "limit: files");
    test_close(&t);

    test_open(&t, &files);
    t.loader.limits.file_size = 10;
    test_load(&t, "f0.thrift");
    is_str(test_error(&t), "the file is larger than 10 bytes",
           "limit: file size");
    test_close(&t);
}


/* A text of `n` times `part` between two others, with its error. */

static void
limit_repeated(const char *head, const char *part, size_t n, const char *tail,
    const char *error, const char *name)
{
    size_t   i, len;
    char    *text, *p;
    test_t   t;

    len = strlen(part);
    text = malloc(strlen(head) + n * len + strlen(tail) + 1);

    p = stpcpy(text, head);

    for (i = 0; i < n; i++) {
        p = stpcpy(p, part);
    }

    stpcpy(p, tail);

    test_text(&t, text);
    is_str(test_error(&t), error, name);

    ok(t.arena->used < 64 * 1024 * 1024, "%s: memory", name);

    test_close(&t);
    free(text);
}


static void
limit_text_tests(void)
{
    static const char  nested[] = "nested deeper than 64 levels";

    limit_repeated("struct A {1:", "list<", 64, "i32", "unexpected end of "
                   "file: the definition in line 1 has no end",
                   "limit: types nested enough");
    limit_repeated("struct A {1:", "list<", 100000, "", nested,
                   "limit: types nested");
    limit_repeated("const i32 A = ", "[", 100000, "", nested,
                   "limit: values nested");
    limit_repeated("const i32 A = ", "{1:", 100000, "", nested,
                   "limit: maps nested");
    limit_repeated("struct A {", "1: i32 a xsd_attrs {", 10000, "", nested,
                   "limit: attributes nested");
    limit_repeated("struct A {", "1: i32 a, ", 100000, "}",
                   "the field name \"a\" is used twice", "limit: same field");
    limit_repeated("", "struct A {}\n", 87000, "",
                   "struct \"A\" is already defined in line 1",
                   "limit: same struct");
    limit_repeated("const list<i32> A = [", "1,", 400000, "]", "",
                   "limit: values");
    limit_repeated("const i32 A = ", "1", 1024, "",
                   "the integer \"1111111111111111111111111111111111111111"
                   "111111111111111111111111\" does not fit in 64 bits",
                   "limit: longest number");
    limit_repeated("struct ", "a", 1024, " {}", "", "limit: longest name");
}


/*
 * Values of forty levels, each upon the one before: what is written is not
 * deep, what it stands for is.
 */

static void
limit_tower_tests(void)
{
    char     *text, *p;
    test_t    t;
    unsigned  i, j;

    text = malloc(64 * 1024);

    p = stpcpy(text, "struct S { 1: list<S> l }\nconst S C0 = {}\n");

    for (i = 1; i <= 60; i++) {
        p += sprintf(p, "const S C%u = ", i);

        for (j = 0; j < 20; j++) {
            p = stpcpy(p, "{'l': [");
        }

        p += sprintf(p, "C%u", i - 1);

        for (j = 0; j < 20; j++) {
            p = stpcpy(p, "]}");
        }

        p = stpcpy(p, "\n");
    }

    test_text(&t, text);
    is_str(test_error(&t), "\"C2\" is nested deeper than 64 levels",
           "limit: values nested through names");
    test_close(&t);

    free(text);

    test_text(&t, "typedef map<i32, C> D\ntypedef list<A> B\n"
                  "typedef list<B> C\ntypedef set<i32> A\n");
    is_int(((nthrift_idl_typedef_t *) test_struct(&t, "D"))->depth, 4,
           "limit: depth of a typedef");
    test_close(&t);

    limit_repeated("typedef list<list<list<list<i32>>>> A0\n",
                   "typedef map<A0, A0> A1\n", 1, "", "",
                   "limit: typedefs upon typedefs");
}


static void
error_count_tests(void)
{
    unsigned                       n;
    test_t                         t;
    const nthrift_report_entry_t  *e;

    test_text(&t, "struct S {\n 1:A a\n 2:A b\n 3:A c\n 4:A d\n 5:A e\n 6:A f\n"
                  " 7:A g\n 8:A h\n 9:A i\n 10:A j\n 11:A k\n 12:A l\n }\n");

    for (e = t.loader.report.first, n = 0; e != NULL; e = e->next) {
        n++;
        ok(e->pos.line == n + 1, "errors: in the order of lines");
    }

    is_int(n, 10, "errors: ten are kept");
    is_int(t.loader.report.errors, 12, "errors: all are counted");

    test_close(&t);
}


/* A text with everything in it. */

static const char  everything[] =
    "/** doc */ namespace * a\n"
    "namespace cpp b (x = 'y')\n"
    "cpp_include 'z'\n"
    "enum E { A = 1, B C = 0x10 (x) } (y)\n"
    "typedef map<string, list<T>> (a) M\n"
    "typedef set cpp_type 'x' <i32> T\n"
    "struct S xsd_all { 1: required E e = E.A, 2: M m = {'a': [[1, 2]]}\n"
    "  3: optional S & s; i32 i = 5 xsd_optional xsd_nillable\n"
    "  xsd_attrs { 1: i32 z } (k = \"v\\n\") 4: uuid list 5: double d\n"
    "  6: i32 f6 7: i32 f7 8: i32 f8 9: i32 f9 10: i32 f10 }\n"
    "union U { 1: i32 a = 1 2: string b }\n"
    "exception X { 1: string m }\n"
    "const i64 N = -9223372036854775808\n"
    "const double D = -1.5e3\n"
    "const S V = {'e': E.B, 'm': {}, 'd': D, \"i\": 7} (q)\n"
    "service P { /** d */ void p() }\n"
    "service Q extends P { i32 q(1: S s, 2: i32 n = N) throws (1: X x) (a),\n"
    "  async void o(); } (b)\n";


/* Every beginning, ended by a page that cannot be read. */

static void
prefix_tests(void)
{
    size_t         n, failed, loaded;
    test_t         t;
    test_files_t   files = { .n = 1, .guard = 1 };

    failed = 0;
    loaded = 0;

    files.files[0].name = "a.thrift";

    for (n = 1; n < sizeof(everything); n++) {
        files.files[0].text = everything;
        files.files[0].len = n;

        test_open(&t, &files);
        test_load(&t, "a.thrift");

        loaded += (t.rc == NTHRIFT_OK);
        failed += (t.rc != NTHRIFT_OK && t.loader.report.errors == 0);

        test_close(&t);
    }

    is_int((long long) failed, 0, "prefixes: each failure has its reason");
    ok(loaded > 10, "prefixes: some are files");
}


/* The n-th allocation fails, for every n. */

typedef struct {
    nthrift_arena_t  *memory;
    unsigned          left;
} scarce_t;


static void *
scarce_alloc(void *data, size_t size)
{
    scarce_t  *scarce = data;

    if (scarce->left == 0) {
        return NULL;
    }

    scarce->left--;

    return nthrift_arena_alloc(scarce->memory, size);
}


static int
scarce_load(unsigned left, unsigned *silent)
{
    int                       rc;
    scarce_t                  scarce;
    nthrift_str_t             path;
    nthrift_arena_t           arena;
    nthrift_loader_t          loader;
    nthrift_idl_program_t    *program;
    nthrift_loader_reader_t   reader;
    test_files_t              files = { .n = 2 };

    files.files[0].name = "a.thrift";
    files.files[0].text = "include 'b.thrift' struct A { 1: b.S s }\n"
                          "service R extends b.Q { void r() }\n";
    files.files[1].name = "b.thrift";
    files.files[1].text = everything;

    scarce.memory = nthrift_arena_create(TEST_BLOCK, 0);
    scarce.left = left;

    nthrift_arena_init(&arena, scarce_alloc, &scarce, 64, 0);

    reader.find = test_find;
    reader.read = test_read;
    reader.data = &files;

    nthrift_loader_init(&loader, &arena, &reader);

    path = str("a.thrift");
    rc = nthrift_loader_load(&loader, &path, &program);

    *silent += (rc != NTHRIFT_OK && !loader.report.no_memory);

    nthrift_arena_destroy(scarce.memory);

    return rc;
}


static void
memory_tests(void)
{
    unsigned  n, silent;

    silent = 0;

    for (n = 0; scarce_load(n, &silent) != NTHRIFT_OK && n < 10000; n++) {
        /* void */
    }

    ok(n > 100 && n < 10000, "memory: %u allocations may fail", n);
    is_int(silent, 0, "memory: each time the loader says so");
}


static void
negative_tests(void)
{
    test_t         t;
    test_files_t   files = { .n = 1 };

    files.files[0].name = "a.thrift";
    files.files[0].text = "struct S { -5: i32 a, i32 b, 0: i32 c }";

    test_open(&t, &files);
    t.loader.negative_ids = 1;
    test_load(&t, "a.thrift");

    is_int(test_struct(&t, "S")->fields[0]->id, -5, "negative ids: kept");
    is_int(test_struct(&t, "S")->fields[1]->id, -6, "negative ids: the next");
    is_int(test_struct(&t, "S")->fields[2]->id, 0, "negative ids: zero");

    test_close(&t);

    files.files[0].text = "exception E {}\n"
                          "service S { i32 f() throws (0: E e) }";

    test_open(&t, &files);
    t.loader.negative_ids = 1;
    test_load(&t, "a.thrift");

    is_str(test_error(&t), "the id 0 of \"e\" is that of what the method "
           "returns", "negative ids: zero is taken in a result");

    test_close(&t);
}


int
main(void)
{
    include_tests();
    broken_tests();
    limit_tests();
    limit_text_tests();
    limit_tower_tests();
    error_count_tests();
    prefix_tests();
    memory_tests();
    negative_tests();

    done();

    return unit_result();
}
