/*
 * t/unit/idl.c: src/idl/ and src/base/map.c: what the model says of a text,
 * lookups, limits, and what happens when memory is short.  The messages are
 * tested by t/idl.t.
 */

#include "unit.h"

#include "base/map.h"
#include "idl/doc.h"
#include "idl/lexer.h"
#include "idl/loader.h"
#include "idl/suggest.h"


#define TEST_BLOCK   4096
#define TEST_FILES   40
#define TEST_MANY    10000


/* Files in memory: find() and read() of the loader. */

typedef struct {
    const char       *name;
    const char       *text;
    size_t            len;      /* 0: up to the end of the text */
} test_file_t;

typedef struct {
    test_file_t       files[TEST_FILES];
    size_t            n;
    unsigned          reads;
    const char       *error;    /* read() fails with it */
    int               guard;    /* texts end at an unreadable page */
} test_files_t;

typedef struct {
    nthrift_arena_t         *arena;
    nthrift_loader_t         loader;
    nthrift_idl_program_t   *program;
    int                      rc;
} test_t;


static nthrift_str_t
str(const char *s)
{
    nthrift_str_t  v;

    v.data = (uint8_t *) s;
    v.len = strlen(s);

    return v;
}


static int
same(const nthrift_str_t *s, const char *expected)
{
    return s->len == strlen(expected)
           && (s->len == 0 || memcmp(s->data, expected, s->len) == 0);
}


static const test_file_t *
test_file(const test_files_t *files, const nthrift_str_t *path)
{
    size_t  i;

    for (i = 0; i < files->n; i++) {
        if (same(path, files->files[i].name)) {
            return &files->files[i];
        }
    }

    return NULL;
}


static int
test_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id)
{
    (void) arena;

    if (test_file(data, path) == NULL) {
        return NTHRIFT_DECLINED;
    }

    *id = *path;

    return NTHRIFT_OK;
}


static int
test_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    test_files_t       *files = data;
    const test_file_t  *file;

    file = test_file(files, path);
    files->reads++;

    if (files->error != NULL) {
        *error = files->error;
        return NTHRIFT_ERROR;
    }

    text->len = (file->len != 0) ? file->len : strlen(file->text);

    if (text->len > max) {
        return NTHRIFT_DECLINED;
    }

    if (files->guard) {
        text->data = unit_guard(file->text, text->len);
        return NTHRIFT_OK;
    }

    text->data = nthrift_arena_copy(arena, (const uint8_t *) file->text,
                                    text->len);

    return (text->data != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


static void
test_open(test_t *t, test_files_t *files)
{
    nthrift_loader_reader_t  reader;

    reader.find = test_find;
    reader.read = test_read;
    reader.data = files;

    t->arena = nthrift_arena_create(TEST_BLOCK, 0);
    nthrift_loader_init(&t->loader, t->arena, &reader);
}


static void
test_load(test_t *t, const char *name)
{
    nthrift_str_t  path;

    path = str(name);
    t->rc = nthrift_loader_load(&t->loader, &path, &t->program);
}


static void
test_close(test_t *t)
{
    nthrift_arena_destroy(t->arena);
}


/* One file of which the text is given. */

static void
test_text(test_t *t, const char *text)
{
    static test_files_t  files;

    memset(&files, 0, sizeof(files));

    files.files[0].name = "a.thrift";
    files.files[0].text = text;
    files.n = 1;

    test_open(t, &files);
    test_load(t, "a.thrift");
}


/* The first error's text, or "". */

static const char *
test_error(const test_t *t)
{
    const nthrift_report_entry_t  *entry;

    for (entry = t->loader.report.first; entry != NULL; entry = entry->next) {
        if (entry->kind == NTHRIFT_REPORT_ERROR) {
            return (const char *) entry->text.data;
        }
    }

    return "";
}


static nthrift_idl_struct_t *
test_struct(const test_t *t, const char *name)
{
    nthrift_str_t  s;

    s = str(name);

    return (nthrift_idl_struct_t *) nthrift_idl_type(t->program, &s);
}


static nthrift_idl_service_t *
test_service(const test_t *t, const char *name)
{
    nthrift_str_t  s;

    s = str(name);

    return nthrift_idl_service(t->program, &s);
}


static nthrift_idl_const_t *
test_const(const test_t *t, const char *name)
{
    nthrift_str_t  s;

    s = str(name);

    return nthrift_idl_const(t->program, &s);
}


/* base/map.c */

static void
map_tests(void)
{
    size_t            i, found;
    nthrift_str_t     key;
    nthrift_map_t     map;
    nthrift_arena_t  *arena;
    static char       names[TEST_MANY][8];

    arena = nthrift_arena_create(TEST_BLOCK, 0);
    nthrift_map_init(&map, arena, 42);

    key = str("nothing");
    ok(nthrift_map_find(&map, &key) == NULL, "map: empty");

    for (i = 0; i < TEST_MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "n%zu", i);
        key = str(names[i]);

        if (nthrift_map_add(&map, &key, names[i]) != NTHRIFT_OK) {
            break;
        }
    }

    is_int((long long) i, TEST_MANY, "map: add");

    for (i = 0, found = 0; i < TEST_MANY; i++) {
        key = str(names[i]);
        found += (nthrift_map_find(&map, &key) == names[i]);
    }

    is_int((long long) found, TEST_MANY, "map: find");

    key = str("n17");
    is_int(nthrift_map_add(&map, &key, &key), NTHRIFT_DECLINED,
           "map: add again");
    ok(nthrift_map_find(&map, &key) == names[17], "map: the first one stays");

    key = str("x");
    ok(nthrift_map_find(&map, &key) == NULL, "map: not there");
    ok(nthrift_map_hash(1, (const uint8_t *) "ab", 2)
       != nthrift_map_hash(2, (const uint8_t *) "ab", 2), "map: seed");

    key.len = 0;
    is_int(nthrift_map_add(&map, &key, &key), NTHRIFT_OK, "map: empty name");
    ok(nthrift_map_find(&map, &key) == &key, "map: find the empty name");

    nthrift_arena_destroy(arena);
}


/* idl/lexer.c */

typedef struct {
    const char       *text;
    nthrift_token_e   kind;     /* of the first token */
    size_t            len;      /* of its text */
    uint32_t          line;
    uint32_t          column;
} lexer_case_t;


static const lexer_case_t  lexer_cases[] = {
    { "",                    NTHRIFT_TOKEN_END,     0, 1, 1 },
    { " \t\r\n",             NTHRIFT_TOKEN_END,     0, 2, 1 },
    { "\xef\xbb\xbf" "a",    NTHRIFT_TOKEN_NAME,    1, 1, 1 },
    { " \xef\xbb\xbf" "a",   NTHRIFT_TOKEN_ERROR,   0, 1, 2 },
    { "// x\n# y\n\n  a",    NTHRIFT_TOKEN_NAME,    1, 4, 3 },
    { "/* \n */ a",          NTHRIFT_TOKEN_NAME,    1, 2, 5 },
    { "/**/a",               NTHRIFT_TOKEN_NAME,    1, 1, 5 },
    { "/***/a",              NTHRIFT_TOKEN_NAME,    1, 1, 6 },
    { "/*/ a */b",           NTHRIFT_TOKEN_NAME,    1, 1, 9 },
    { "/* a",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "/*",                  NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "/* *",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "/",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "//",                  NTHRIFT_TOKEN_END,     0, 1, 3 },
    { "a.b.c.",              NTHRIFT_TOKEN_NAME,    5, 1, 1 },
    { "a..b",                NTHRIFT_TOKEN_NAME,    1, 1, 1 },
    { "_9.9",                NTHRIFT_TOKEN_NAME,    4, 1, 1 },
    { "structs",             NTHRIFT_TOKEN_NAME,    7, 1, 1 },
    { "struct",              NTHRIFT_TOKEN_STRUCT,  6, 1, 1 },
    { "true",                NTHRIFT_TOKEN_INT,     4, 1, 1 },
    { "True",                NTHRIFT_TOKEN_NAME,    4, 1, 1 },
    { "e10",                 NTHRIFT_TOKEN_NAME,    3, 1, 1 },
    { "1e10",                NTHRIFT_TOKEN_DOUBLE,  4, 1, 1 },
    { "1e",                  NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "1e+",                 NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "1.",                  NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "1.5.5",               NTHRIFT_TOKEN_DOUBLE,  3, 1, 1 },
    { "-.5E-3",              NTHRIFT_TOKEN_DOUBLE,  6, 1, 1 },
    { ".",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "-",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "+0x1fG",              NTHRIFT_TOKEN_INT,     5, 1, 1 },
    { "0x",                  NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "0X1",                 NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "9223372036854775807", NTHRIFT_TOKEN_INT,    19, 1, 1 },
    { "9223372036854775808", NTHRIFT_TOKEN_ERROR,  19, 1, 1 },
    { "-9223372036854775808", NTHRIFT_TOKEN_INT,   20, 1, 1 },
    { "-0x8000000000000000", NTHRIFT_TOKEN_ERROR,  19, 1, 1 },
    { "'a\"b'",              NTHRIFT_TOKEN_LITERAL, 5, 1, 1 },
    { "\"\\\"\"",            NTHRIFT_TOKEN_LITERAL, 4, 1, 1 },
    { "\"",                  NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\"\\",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\"\\\"",              NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\"\\0\"",             NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "'a\nb'",              NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "<",                   NTHRIFT_TOKEN_SYMBOL,  1, 1, 1 },
    { "@",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\xff",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 }
};


static void
lexer_first(const char *text, nthrift_arena_t *arena,
    nthrift_report_t *report, nthrift_token_t *token)
{
    size_t                         len;
    nthrift_str_t                  s;
    nthrift_lexer_t                lexer;
    static nthrift_idl_program_t   program;

    len = strlen(text);

    s.data = unit_guard(text, len);
    s.len = len;

    memset(report, 0, sizeof(nthrift_report_t));
    memset(token, 0, sizeof(nthrift_token_t));

    report->arena = arena;
    report->max_errors = 1;

    nthrift_lexer_init(&lexer, &program, &s, 1024, report, arena);
    nthrift_lexer_next(&lexer, token);
}


static void
lexer_tests(void)
{
    size_t               i;
    nthrift_arena_t     *arena;
    nthrift_token_t      token;
    nthrift_report_t     report;
    const lexer_case_t  *c;

    arena = nthrift_arena_create(TEST_BLOCK, 0);

    for (i = 0; i < unit_array_size(lexer_cases); i++) {
        c = &lexer_cases[i];
        lexer_first(c->text, arena, &report, &token);

        if (!ok(token.kind == c->kind && token.text.len == c->len
                && token.pos.line == c->line && token.pos.column == c->column
                && (report.errors != 0)
                   == (c->kind == NTHRIFT_TOKEN_ERROR),
                "lexer: case %zu", i))
        {
            diag("kind %d, %zu bytes, %u:%u", (int) token.kind,
                 token.text.len, (unsigned) token.pos.line,
                 (unsigned) token.pos.column);
        }
    }

    lexer_first("-0x10", arena, &report, &token);
    is_int(token.u.i, -16, "lexer: hexadecimal");

    lexer_first("010", arena, &report, &token);
    is_int(token.u.i, 10, "lexer: no octal");

    lexer_first("-.5E1", arena, &report, &token);
    ok(token.u.d == -5.0, "lexer: double");

    lexer_first("'\\r\\n\\t\\\"\\'\\\\x'", arena, &report, &token);
    ok(same(&token.u.s, "\r\n\t\"'\\x"), "lexer: escapes");

    lexer_first("/** a */ /** b */ /* c */ x", arena, &report, &token);
    ok(same(&token.doc, " b "), "lexer: the last doc comment");

    nthrift_arena_destroy(arena);
}


/* idl/doc.c */

static const char *const  doc_cases[][2] = {
    { "",                             "" },
    { " one ",                        "one" },
    { "\n * one\n * two\n ",          "one\ntwo" },
    { "\r\n * one\r\n *   two\r\n ",  "one\n  two" },
    { "\n   one\n     two\n\n",       "one\n  two" },
    { " first\n * second\n",          "first\nsecond" },
    { "\n *\n * one\n *\n * two\n *\n", "one\n\ntwo" },
    { "\n * one\n two\n",             "* one\ntwo" },
    { "\n\n\n",                       "" },
    { "**\n * x\n **",                "**\n x\n*" }
};


static void
doc_tests(void)
{
    size_t            i;
    nthrift_str_t     raw, doc;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(TEST_BLOCK, 0);

    for (i = 0; i < unit_array_size(doc_cases); i++) {
        raw.len = strlen(doc_cases[i][0]);
        raw.data = unit_guard(doc_cases[i][0], raw.len);

        nthrift_doc_clean(arena, &raw, &doc);

        if (!ok(same(&doc, doc_cases[i][1]), "doc: case %zu", i)) {
            diag("got \"%.*s\"", (int) doc.len, (char *) doc.data);
        }
    }

    nthrift_arena_destroy(arena);
}


/* idl/suggest.c */

typedef struct {
    const char  *a;
    const char  *b;
    unsigned     max;
    unsigned     distance;
} suggest_case_t;


static const suggest_case_t  suggest_cases[] = {
    { "get",    "get",    3, 0 },
    { "gte",    "get",    3, 1 },
    { "get",    "gets",   3, 1 },
    { "gets",   "get",    3, 1 },
    { "get",    "got",    3, 1 },
    { "",       "abc",    3, 3 },
    { "abc",    "",       3, 3 },
    { "",       "",       3, 0 },
    { "kitten", "sitting", 3, 3 },
    { "kitten", "sitting", 2, 3 },
    { "abcdef", "uvwxyz", 2, 3 },
    { "abcd",   "badc",   4, 2 },
    { "ca",     "abc",    4, 3 }
};


static void
suggest_tests(void)
{
    size_t                 i;
    nthrift_str_t          a, b;
    const suggest_case_t  *c;

    for (i = 0; i < unit_array_size(suggest_cases); i++) {
        c = &suggest_cases[i];
        a = str(c->a);
        b = str(c->b);

        is_int(nthrift_suggest_distance(&a, &b, c->max), c->distance,
               "suggest: distance");
    }
}


static void
suggest_names_tests(void)
{
    test_t               t;
    nthrift_str_t        wrong;
    const nthrift_str_t *best;

    test_text(&t, "service A { void get(), void put() }\n"
                  "service B extends A { void delete_all() }\n");

    wrong = str("gte");
    best = nthrift_suggest_method(test_service(&t, "B"), &wrong);
    ok(best != NULL && same(best, "get"), "suggest: an inherited method");

    wrong = str("DELETE_ALL");
    best = nthrift_suggest_method(test_service(&t, "B"), &wrong);
    ok(best != NULL && same(best, "delete_all"), "suggest: case");

    wrong = str("quite_different");
    ok(nthrift_suggest_method(test_service(&t, "B"), &wrong) == NULL,
       "suggest: nothing near");

    wrong = str("x");
    ok(nthrift_suggest_method(test_service(&t, "B"), &wrong) == NULL,
       "suggest: one letter");

    test_close(&t);
}


/* The model */

static void
struct_tests(void)
{
    size_t                 i, good;
    char                   name[8];
    test_t                 t;
    nthrift_str_t          s;
    nthrift_idl_field_t   *field;
    nthrift_idl_struct_t  *st;

    test_text(&t, "struct Few { 5: i32 e = 7, 1: required string a (x = 'y')\n"
                  "             i32 none, 300: optional Few self }\n"
                  "struct Many { 12:i32 f12 11:i32 f11 10:i32 f10 9:i32 f9\n"
                  "  8:i32 f8 7:i32 f7 6:i32 f6 5:i32 f5 4:i32 f4 3:i32 f3\n"
                  "  2:i32 f2 1:i32 f1 }\n"
                  "union U { 1: i32 a, 2: required i32 b }\n");

    is_int(t.rc, NTHRIFT_OK, "struct: loads");

    st = test_struct(&t, "Few");
    is_int((long long) st->n, 4, "struct: fields");
    is_int(st->fields[0]->id, 5, "struct: text order");
    is_int(st->by_id[0]->id, -1, "struct: id order");
    is_int(st->fields[2]->implicit, 1, "struct: implicit id");

    field = nthrift_idl_field_by_id(st, 1);
    ok(field != NULL && same(&field->name, "a"), "struct: by id");
    is_int(field->req, NTHRIFT_IDL_REQUIRED, "struct: required");
    ok(nthrift_idl_field_by_id(st, 2) == NULL, "struct: no such id");
    ok(nthrift_idl_field_by_id(st, 301) == NULL, "struct: id too high");
    ok(nthrift_idl_field_by_id(st, -2) == NULL, "struct: id too low");

    s = str("x");
    ok(nthrift_idl_annotation(field->annotations, &s) != NULL,
       "struct: annotation");
    ok(nthrift_idl_field_by_name(st, &s) == NULL, "struct: no such name");

    s = str("e");
    field = nthrift_idl_field_by_name(st, &s);
    ok(field != NULL && field->value->u.i == 7, "struct: default");

    field = nthrift_idl_field_by_id(st, 300);
    ok(field->type->real->def == &st->def, "struct: of itself");

    st = test_struct(&t, "Many");

    for (i = 1, good = 0; i <= 12; i++) {
        snprintf(name, sizeof(name), "f%zu", i);
        s = str(name);
        field = nthrift_idl_field_by_name(st, &s);

        good += (field != NULL
                 && field == nthrift_idl_field_by_id(st, (int32_t) i));
    }

    is_int((long long) good, 12, "struct: many fields");

    st = test_struct(&t, "U");
    ok(st->what == NTHRIFT_IDL_KIND_UNION
       && st->fields[1]->req == NTHRIFT_IDL_OPTIONAL,
       "struct: fields of a union are optional");

    test_close(&t);
}


static void
service_tests(void)
{
    test_t                  t;
    nthrift_str_t           s;
    nthrift_idl_method_t   *method;
    nthrift_idl_service_t  *service;

    test_text(&t, "exception E {} exception F {}\n"
                  "service A { void ping() }\n"
                  "service B extends A {\n"
                  "    /** Gets. */\n"
                  "    i32 get(2: i64 id, 1: string s) throws (2: F f 1: E e)\n"
                  "    oneway void log(1: string line)\n"
                  "}\n");

    is_int(t.rc, NTHRIFT_OK, "service: loads");

    service = test_service(&t, "B");
    ok(service->parent == test_service(&t, "A"), "service: parent");
    is_int((long long) service->n, 2, "service: methods");

    s = str("ping");
    method = nthrift_idl_method(service, &s);
    ok(method != NULL && method->service == service->parent,
       "service: inherited method");
    is_int((long long) method->result->n, 0, "service: void result");

    s = str("get");
    method = nthrift_idl_method(service, &s);
    ok(same(&method->doc, "Gets."), "service: doc");
    is_int(method->args->fields[0]->id, 2, "service: argument order");
    is_int((long long) method->result->n, 3, "service: result fields");
    ok(same(&nthrift_idl_field_by_id(method->result, 0)->name, "success"),
       "service: success");
    ok(same(&nthrift_idl_field_by_id(method->result, 2)->name, "f"),
       "service: exception");

    s = str("log");
    method = nthrift_idl_method(service, &s);
    ok(method->oneway && method->result == NULL, "service: oneway");

    s = str("nothing");
    ok(nthrift_idl_method(service, &s) == NULL, "service: no such method");
    ok(test_service(&t, "E") == NULL, "service: an exception is none");

    test_close(&t);
}


static void
type_tests(void)
{
    test_t                  t;
    nthrift_idl_type_t     *type;
    nthrift_idl_struct_t   *st;

    test_text(&t, "struct S { 1: D a, 2: map<A, list<D>> b, 3: i32 (x) c }\n"
                  "typedef C D\ntypedef B C\ntypedef list<A> B\n"
                  "typedef i64 A\n");

    is_int(t.rc, NTHRIFT_OK, "type: loads");

    st = test_struct(&t, "S");
    type = st->fields[0]->type;

    is_int(type->kind, NTHRIFT_IDL_TYPEDEF, "type: typedef");
    is_int(type->real->kind, NTHRIFT_IDL_LIST, "type: real");
    is_int(type->real->elem->kind, NTHRIFT_IDL_TYPEDEF, "type: element");
    is_int(type->real->elem->real->kind, NTHRIFT_IDL_I64,
           "type: the element's real");

    type = st->fields[1]->type;
    is_int(type->key->real->kind, NTHRIFT_IDL_I64, "type: key");
    is_int(type->elem->elem->real->kind, NTHRIFT_IDL_LIST, "type: nested");
    is_int(st->fields[2]->type->real->kind, NTHRIFT_IDL_I32,
           "type: annotated");

    test_close(&t);
}


static void
value_tests(void)
{
    test_t                 t;
    nthrift_str_t          s;
    nthrift_idl_enum_t    *en;
    nthrift_idl_const_t   *c;
    nthrift_idl_value_t   *value;

    test_text(&t, "enum E { A = 3, B, C = -1, D = 3, X.Y = 9 }\n"
                  "const E e1 = E.B\nconst E e2 = 3\nconst i32 i = E.C\n"
                  "const i32 j = i\nconst i32 k = j\n"
                  "const E e3 = E.X.Y\n"
                  "const map<string, list<double>> m = {'a': [1, 2.5]}\n");

    is_int(t.rc, NTHRIFT_OK, "value: loads");

    en = (nthrift_idl_enum_t *) test_struct(&t, "E");

    is_int(nthrift_idl_item_by_number(en, 4)->number, 4, "value: by number");
    ok(same(&nthrift_idl_item_by_number(en, 3)->name, "A"),
       "value: the first of a number");
    ok(nthrift_idl_item_by_number(en, 5) == NULL, "value: no such number");
    ok(nthrift_idl_item_by_number(en, 4294967299) == NULL,
       "value: 64 bits are looked at");

    s = str("D");
    is_int(nthrift_idl_item_by_name(en, &s)->number, 3, "value: by name");

    c = test_const(&t, "e1");
    is_int(c->value->kind, NTHRIFT_IDL_VALUE_ITEM, "value: of an enum");
    is_int(c->value->item->number, 4, "value: its number");
    is_int(test_const(&t, "e2")->value->item->number, 3,
           "value: of an enum by number");
    is_int(test_const(&t, "i")->value->item->number, -1, "value: as integer");
    is_int(test_const(&t, "e3")->value->item->number, 9, "value: dotted");

    c = test_const(&t, "k");
    is_int(c->value->kind, NTHRIFT_IDL_VALUE_CONST, "value: a constant");
    ok(c->value->ref == test_const(&t, "j"), "value: which one");
    ok(c->last == test_const(&t, "i"), "value: the last one");

    value = test_const(&t, "m")->value;
    is_int((long long) value->u.list.n, 1, "value: pairs");
    ok(same(&value->u.list.first->u.s, "a"), "value: key");

    value = value->u.list.first->next;
    is_int((long long) value->u.list.n, 2, "value: elements");
    ok(value->u.list.first->next->u.d == 2.5, "value: double");

    test_close(&t);
}


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
                   "file, expected \">\"", "limit: types nested enough");
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
    map_tests();
    lexer_tests();
    doc_tests();
    suggest_tests();
    suggest_names_tests();
    struct_tests();
    service_tests();
    type_tests();
    value_tests();
    include_tests();
    broken_tests();
    limit_tests();
    limit_text_tests();
    error_count_tests();
    prefix_tests();
    memory_tests();
    negative_tests();

    done();

    return unit_result();
}
