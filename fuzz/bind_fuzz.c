/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/bind_fuzz.c: a body against a table, and values of it, whole, in runs
 * and in parts.  The first bytes choose protocol, struct, rules, depth and
 * where runs end; the others are the body.
 */

#include "fuzz.h"
#include "bind/check.h"
#include "bind/find.h"
#include "idl/loader.h"
#include "wire/skip.h"


#define BIND_PATH  64


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2, BLUE = 10 }\n"
    "union Id { 1: i64 number, 2: string name, 20: list<string> parts }\n"
    "exception Missing { 1: required string what }\n"
    "struct Zip { 1: required string code, 2: i32 plus }\n"
    "struct Item { 1: double price, 2: optional Color color,\n"
    "    3: binary raw }\n"
    "struct User {\n"
    "    1: required i64 id, 2: string name, 3: Zip zip,\n"
    "    4: list<Item> items, 5: map<string, Item> prices, 6: Id other,\n"
    "    7: bool on, 8: i8 small, 9: i16 middle, 10: set<i32> numbers,\n"
    "    11: uuid key, 12: list<list<string>> words, 13: map<i32, i64> pairs,\n"
    "    14: list<Color> colors, 15: map<Color, Color> mixed,\n"
    "    16: list<bool> flags, 17: map<i8, i64> bytes,\n"
    "    18: list<User> friends, 19: map<string, string> strings,\n"
    "    20: User best, 21: Color color,\n"
    "    22: double real, 23: i32 far, 1000: i32 farther }\n"
    "struct Many { 1: required bool a1, 2: required bool a2 }\n"
    "service Users {\n"
    "    User get(1: required i64 id, 2: User user)"
    " throws (1: Missing missing)\n"
    "    void put(1: Many many) throws (1: Missing missing) }\n";


static const char *const  names[] = {
    "name", "zip_code", "best_zip_plus", "best_best_id", "key", "on", "small",
    "middle", "color", "real", "other_name", "other_number", "far", "farther",
    "user_name", "user_best_real", "id", "missing_what", "success_name"
};


#define N_TABLES  6
#define N_PATHS   (sizeof(names) / sizeof(names[0]))


static nthrift_schema_set_t     set;
static const nthrift_schema_t  *tables[N_TABLES];
static nthrift_find_path_t      paths[N_TABLES][N_PATHS];


static int
bind_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id, const char **error)
{
    (void) error;
    (void) data;
    (void) arena;

    *id = *path;

    return NTHRIFT_OK;
}


static int
bind_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    (void) data;
    (void) arena;
    (void) path;
    (void) max;
    (void) error;

    text->data = (uint8_t *) idl;
    text->len = sizeof(idl) - 1;

    return NTHRIFT_OK;
}


static const nthrift_idl_struct_t *
bind_struct(nthrift_idl_program_t *program, const char *name)
{
    nthrift_str_t  s = { strlen(name), (uint8_t *) name };

    return (nthrift_idl_struct_t *) nthrift_idl_type(program, &s);
}


static void
bind_load(void)
{
    size_t                     i, j;
    nthrift_str_t              path = nthrift_string("bind.thrift");
    nthrift_arena_t           *arena;
    nthrift_idl_method_t      *method;
    nthrift_idl_service_t     *service;
    nthrift_idl_program_t     *program;
    static nthrift_loader_t    loader;
    nthrift_loader_reader_t    reader = { bind_find, bind_read, NULL };

    static const nthrift_str_t  users = nthrift_string("Users");

    arena = nthrift_arena_create(65536, 0);
    nthrift_loader_init(&loader, arena, &reader);
    fuzz_check(nthrift_loader_load(&loader, &path, &program) == NTHRIFT_OK);

    service = nthrift_idl_service(program, &users);
    method = service->methods;

    nthrift_schema_init(&set, arena);
    tables[0] = nthrift_schema_build(&set, bind_struct(program, "User"));
    tables[1] = nthrift_schema_build(&set, bind_struct(program, "Id"));
    tables[2] = nthrift_schema_build(&set, method->args);
    tables[3] = nthrift_schema_build(&set, method->result);
    tables[4] = nthrift_schema_build(&set, method->next->args);
    tables[5] = nthrift_schema_build(&set, method->next->result);

    for (i = 0; i < N_TABLES; i++) {
        for (j = 0; j < N_PATHS; j++) {
            path.data = (uint8_t *) names[j];
            path.len = strlen(names[j]);

            if (nthrift_find_path(tables[i], &path, &paths[i][j])
                != NTHRIFT_OK)
            {
                paths[i][j].n = 0;
            }
        }
    }
}


/* Runs of a body, each a block of its own; their sizes are made up. */

typedef struct {
    const uint8_t  *p;
    size_t          left;
    uint32_t        seed;       /* 0: all in one */
    uint8_t        *runs[4096 * 2];
    size_t          n;
} bind_runs_t;


static int
bind_more(void *data, const uint8_t **p, const uint8_t **last)
{
    size_t        size;
    bind_runs_t  *runs = data;

    if (runs->left == 0 || runs->n == 4096 * 2 - 1) {
        return NTHRIFT_DECLINED;
    }

    runs->seed = runs->seed * 1664525 + 1013904223;
    size = (runs->seed >> 24) % 4 ? (runs->seed >> 16) % 8
                                  : (runs->seed >> 16) % 200;

    if (size > runs->left || runs->n >= 4000) {
        size = runs->left;
    }

    *p = runs->runs[runs->n++] = fuzz_copy(runs->p, size);
    *last = *p + size;
    runs->p += size;
    runs->left -= size;

    return NTHRIFT_OK;
}


static void
bind_start(bind_runs_t *runs, nthrift_bytes_t *b, const uint8_t *data,
    size_t size, uint32_t seed)
{
    const uint8_t  *p, *last;

    runs->p = data;
    runs->left = size;
    runs->seed = seed;
    runs->n = 0;

    if (seed == 0) {
        p = runs->runs[runs->n++] = fuzz_copy(data, size);
        last = p + size;
        runs->left = 0;

    } else if (bind_more(runs, &p, &last) != NTHRIFT_OK) {
        p = last = NULL;
    }

    nthrift_bytes_init(b, p, last, bind_more, runs);
}


static void
bind_free(bind_runs_t *runs)
{
    while (runs->n != 0) {
        free(runs->runs[--runs->n]);
    }
}


typedef struct {
    int           rc;
    const char   *error;
    uint8_t       path[BIND_PATH];
    size_t        len;
    uint64_t      consumed;
    uint8_t       told;         /* of a good body */
} bind_result_t;


/* The check at once, or in parts of so many bytes. */

static int
bind_check_body(const nthrift_check_rules_t *rules, void *memory,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *b,
    nthrift_check_error_t *err, uint64_t part)
{
    int  rc;

    if (part == 0) {
        return nthrift_check_body(rules, memory, protocol, st, b, err);
    }

    if (nthrift_check_start(rules, memory, protocol, st, b, err) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    do {
        rc = nthrift_check_part(rules, memory, part);
    } while (rc == NTHRIFT_AGAIN);

    return rc;
}


static void
bind_check(bind_result_t *r, const uint8_t *choice, const uint8_t *data,
    size_t size, uint32_t seed, uint64_t part)
{
    void                    *memory;
    nthrift_bytes_t          b;
    nthrift_check_error_t    err;
    nthrift_check_rules_t    rules;
    static bind_runs_t       runs;

    rules.max_depth = 1 + choice[2] % 40;
    rules.max_required = set.max_required;
    rules.enums = choice[1] / N_TABLES % 3;
    rules.utf8 = choice[1] / N_TABLES / 3 % 3;
    rules.uuids = (choice[0] >> 3) & 1;
    rules.reply = (choice[0] >> 4) & 1;
    rules.fields = (choice[0] >> 5) % 4;

    err.path = r->path;
    err.size = choice[2] % 2 ? BIND_PATH : choice[2] % 8;

    memory = malloc(nthrift_check_size(&rules));

    bind_start(&runs, &b, data, size, seed);
    r->rc = bind_check_body(&rules, memory,
                            choice[0] & 1 ? NTHRIFT_BINARY : NTHRIFT_COMPACT,
                            tables[choice[1] % N_TABLES], &b, &err, part);
    r->consumed = nthrift_bytes_offset(&b);
    bind_free(&runs);
    free(memory);

    r->error = err.text;
    r->len = err.len;
    r->told = (r->rc == NTHRIFT_OK) ? err.told : 0;

    fuzz_check((r->rc == NTHRIFT_ERROR) == (err.text != NULL));
    fuzz_check(r->rc == NTHRIFT_ERROR || r->rc == NTHRIFT_OK);
    fuzz_check(err.len <= err.size);
    fuzz_check((r->told & NTHRIFT_CHECK_ENUM) == 0
               || rules.enums == NTHRIFT_CHECK_TELL);
    fuzz_check((r->told & NTHRIFT_CHECK_TEXT) == 0
               || rules.utf8 == NTHRIFT_CHECK_TELL);
    fuzz_check((r->told & NTHRIFT_CHECK_FIELD) == 0
               || rules.fields >= NTHRIFT_CHECK_TELL);
    fuzz_check(r->consumed <= size);
}


static void
bind_compare(const bind_result_t *a, const bind_result_t *b)
{
    fuzz_check(a->rc == b->rc && fuzz_same(a->error, b->error));
    fuzz_check(a->told == b->told);
    fuzz_check(a->len == b->len && memcmp(a->path, b->path, a->len) == 0);
}


/* The value's text, and its bytes; -1 for none. */

static int
bind_value(uint8_t *text, const uint8_t *choice,
    const nthrift_find_path_t *path, const uint8_t *data, size_t size,
    uint32_t seed)
{
    int                    rc, n;
    uint8_t               *p, *end;
    nthrift_bytes_t        b;
    nthrift_find_value_t   value;
    static bind_runs_t     runs, again;

    bind_start(&runs, &b, data, size, seed);
    rc = nthrift_find_value(choice[0] & 1 ? NTHRIFT_BINARY : NTHRIFT_COMPACT,
                            path, &b, &value);
    fuzz_check(rc == NTHRIFT_OK || rc == NTHRIFT_DECLINED);

    n = -1;

    if (rc == NTHRIFT_OK) {
        bind_start(&again, &b, data, size, seed);
        p = malloc(nthrift_find_size(&value));
        end = nthrift_find_write(p, &value, &b);

        fuzz_check(end != NULL
                   && (size_t) (end - p) <= nthrift_find_size(&value));
        n = (int) (end - p);
        memcpy(text, p, (size_t) n);

        free(p);
        bind_free(&again);
    }

    bind_free(&runs);

    return n;
}


/* What the walk finds well formed the check may not call malformed. */

static int
bind_walk(const uint8_t *choice, const uint8_t *data, size_t size,
    size_t *consumed)
{
    int                    rc;
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[40];

    p = data;
    nthrift_skip_start(&w, choice[0] & 1 ? NTHRIFT_BINARY : NTHRIFT_COMPACT,
                       levels, 1 + choice[2] % 40, size);
    rc = nthrift_skip_read(&w, &p, data + size, &err);
    *consumed = (size_t) (p - data);

    return rc == NTHRIFT_OK;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                          n, m;
    size_t                       consumed;
    uint32_t                     seed;
    bind_result_t                whole, runs;
    const uint8_t               *choice;
    const nthrift_find_path_t   *path;
    static uint8_t               text[2][65536];

    if (tables[0] == NULL) {
        bind_load();
    }

    if (size < 5 || size > 60000) {
        return 0;
    }

    choice = data;
    seed = 1 + data[3];
    path = &paths[choice[1] % N_TABLES][data[4] % N_PATHS];
    data += 5;
    size -= 5;

    bind_check(&whole, choice, data, size, 0, 0);

    bind_check(&runs, choice, data, size, seed, 0);
    bind_compare(&whole, &runs);

    bind_check(&runs, choice, data, size, seed, seed);
    bind_compare(&whole, &runs);

    if (bind_walk(choice, data, size, &consumed)) {
        fuzz_check(!fuzz_same(whole.error, "malformed body"));
        fuzz_check(!fuzz_same(whole.error, "too many levels of nesting"));
        fuzz_check(whole.rc != NTHRIFT_OK
                   || (whole.consumed == consumed
                       && runs.consumed == consumed));
    }

    if (path->n != 0) {
        n = bind_value(text[0], choice, path, data, size, 0);
        m = bind_value(text[1], choice, path, data, size, seed);

        fuzz_check(n == m);
        fuzz_check(n <= 0 || memcmp(text[0], text[1], (size_t) n) == 0);
    }

    return 0;
}
