/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/bind_bench.c: what the check of a body costs beside the walk that
 * comes before it, what it costs to find a value, and to make a struct in C of
 * a body and a body of the struct: nanoseconds of CPU time.  As a test it only
 * sees that all bodies are found good; "bind_bench measure", built without
 * sanitizers (src/bind/bind.mk), prints the table.
 */

#include "bind/check.h"
#include "bind/decode.h"
#include "bind/encode.h"
#include "bind/find.h"
#include "bind.h"
#include "layout.h"
#include "wire/skip.h"

#include <time.h>


#define BENCH_NS     1e8        /* for one number */
#define BENCH_ROUND  5
#define BENCH_DEPTH  64
#define BENCH_SIZE   (1024 * 1024)     /* bytes of memory for a struct */


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2, BLUE = 3 }\n"
    "struct Text { 1: string text }\n"
    "struct Fields { 1: required i64 id, 2: string name, 3: bool on,\n"
    "    4: i32 size, 5: Color color, 6: double price }\n"
    "struct Row { 1: i32 id, 2: string name }\n"
    "struct Rows { 1: list<Row> rows }\n"
    "struct Must { 1: required i32 id, 2: required string name }\n"
    "struct Musts { 1: list<Must> rows }\n"
    "struct Numbers { 1: list<i32> numbers }\n"
    "struct Strings { 1: map<string, string> strings }\n"
    "struct Other { 9: i32 other }\n";


typedef struct {
    const char   *name;
    const char   *st;
    size_t        size;         /* of the body, about */
    const char   *begin;
    const char   *more;         /* again and again, until it is as long */
    const char   *end;
} bench_t;


static const bench_t  benches[] = {
    { "string", "Text", 64, "1:\"", "x", "\"" },
    { "fields", "Fields", 72, "1:l123456 2:\"", "x",
      "\" 3:b1 4:i77 5:i2 6:d1.5" },
    { "string", "Text", 16384, "1:\"", "x", "\"" },
    { "not ASCII", "Text", 16384, "1:\"", "\xe2\x82\xac", "\"" },
    { "structs", "Rows", 16384, "1:[{ ", "{1:i7 2:\"xxxxxxxxx\"} ", "]" },
    { "required", "Musts", 16384, "1:[{ ", "{1:i7 2:\"xxxxxxxxx\"} ", "]" },
    { "unknown", "Other", 16384, "1:[{ ", "{1:i7 2:\"xxxxxxxxx\"} ", "]" },
    { "list<i32>", "Numbers", 16384, "1:[i ", "i7777 ", "]" },
    { "strings", "Strings", 16384, "1:<ss ", "\"xxxxxxxx\" \"xxx\" ", ">" },
};


static void                  *memory;
static uint8_t                bench_memory[BENCH_SIZE];
static uint8_t                bench_bytes[BIND_SIZE];
static nthrift_check_rules_t  rules = {
    .max_depth = BENCH_DEPTH, .enums = 1, .utf8 = 1
};


typedef struct {
    unsigned                  protocol;
    const uint8_t            *bytes;
    size_t                    n;
    const nthrift_schema_t   *st;
    const nthrift_layout_t   *layout;
    const void               *value;
    nthrift_find_path_t       path;
} bench_body_t;


typedef int (*bench_pt)(const bench_body_t *body);


static int
bench_walk(const bench_body_t *body)
{
    const uint8_t                *p;
    nthrift_skip_t                w;
    nthrift_error_t               err;
    static nthrift_skip_level_t   levels[BENCH_DEPTH];

    err.text = NULL;
    p = body->bytes;
    nthrift_skip_start(&w, body->protocol, levels, BENCH_DEPTH, body->n);

    return nthrift_skip_read(&w, &p, body->bytes + body->n, &err)
           == NTHRIFT_OK;
}


static int
bench_check_only(const bench_body_t *body)
{
    uint8_t                path[256];
    nthrift_bytes_t        b;
    nthrift_check_error_t  err;

    err.path = path;
    err.size = sizeof(path);
    nthrift_bytes_init(&b, body->bytes, body->bytes + body->n, NULL, NULL);

    return nthrift_check_body(&rules, memory, body->protocol, body->st, &b,
                              &err)
           == NTHRIFT_OK;
}


static int
bench_both(const bench_body_t *body)
{
    return bench_walk(body) && bench_check_only(body);
}


static int
bench_find(const bench_body_t *body)
{
    nthrift_bytes_t       b;
    nthrift_find_value_t  value;

    nthrift_bytes_init(&b, body->bytes, body->bytes + body->n, NULL, NULL);

    return nthrift_find_value(body->protocol, &body->path, &b, &value)
           == NTHRIFT_OK;
}


static void *
bench_alloc(void *data, size_t size)
{
    (void) data;

    return (size <= BENCH_SIZE) ? bench_memory : NULL;
}


static int
bench_decode_value(const bench_body_t *body, void **value)
{
    nthrift_arena_t  arena;
    nthrift_bytes_t  b;
    nthrift_error_t  err;

    nthrift_arena_init(&arena, bench_alloc, NULL, BENCH_SIZE, BENCH_SIZE);
    nthrift_bytes_init(&b, body->bytes, body->bytes + body->n, NULL, NULL);

    return nthrift_decode_body(&arena, body->protocol, body->layout,
                               BENCH_DEPTH, &b, value, &err)
           == NTHRIFT_OK;
}


static int
bench_decode(const bench_body_t *body)
{
    void  *value;

    return bench_decode_value(body, &value);
}


static int
bench_encode(const bench_body_t *body)
{
    nthrift_write_t  w;

    nthrift_write_init(&w, body->protocol, bench_bytes, BIND_SIZE, BIND_SIZE,
                       NULL, NULL);

    return nthrift_encode_body(&w, body->layout, body->value) == NTHRIFT_OK;
}


static double
bench_clock(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (double) ts.tv_sec * 1e9 + (double) ts.tv_nsec;
}


static double
bench_measure(bench_pt run, const bench_body_t *body)
{
    int     i, round, times;
    double  start, took, best;

    times = 1000;
    best = 1e18;

    for (round = 0; round < BENCH_ROUND; round++) {
        start = bench_clock();

        for (i = 0; i < times; i++) {
            if (!run(body)) {
                fprintf(stderr, "bind_bench: the body is not good\n");
                exit(1);
            }

            __asm__ volatile ("" : : : "memory");
        }

        took = (bench_clock() - start) / times;
        best = (took < best) ? took : best;
        times = (int) (BENCH_NS / BENCH_ROUND / best) + 1;
    }

    return best;
}


/* A body of which `more` is there `n` times. */

static size_t
bench_body(const bench_t *b, unsigned protocol, size_t n, uint8_t *bytes)
{
    char    *text, *p;
    size_t   size;

    text = malloc(BIND_SIZE * 4);
    p = stpcpy(text, b->begin);

    while (n-- > 0) {
        p = stpcpy(p, b->more);
    }

    (void) stpcpy(p, b->end);
    size = bind_body(protocol, text, bytes);
    free(text);

    return size;
}


/* As many as make a binary body of that size. */

static size_t
bench_make(const bench_t *b, unsigned protocol, uint8_t *bytes)
{
    size_t  none, one;

    none = bench_body(b, NTHRIFT_BINARY, 0, bytes);
    one = bench_body(b, NTHRIFT_BINARY, 1, bytes) - none;

    return bench_body(b, protocol, (b->size - none) / one, bytes);
}


static void
bench_print(const bench_t *b, const bench_body_t *body)
{
    uint8_t  utf8;
    double   walk, both, plain;

    walk = bench_measure(bench_walk, body);
    both = bench_measure(bench_both, body);

    utf8 = rules.utf8;
    rules.utf8 = 0;
    plain = bench_measure(bench_both, body);
    rules.utf8 = utf8;

    printf("%-10s %6zu bytes  %-8s walk %8.1f  and check %8.1f"
           "  without UTF-8 %8.1f  decode %8.1f  encode %8.1f", b->name,
           body->n, body->protocol == NTHRIFT_BINARY ? "binary" : "compact",
           walk, both, plain, bench_measure(bench_decode, body),
           bench_measure(bench_encode, body));

    if (body->path.n != 0) {
        printf("  find %8.1f", bench_measure(bench_find, body));
    }

    printf(" ns\n");
}


static void
bench_run(const bench_t *b, unsigned protocol, nthrift_schema_set_t *set,
    layout_set_t *layouts, const nthrift_idl_program_t *program, int measure)
{
    void           *value;
    bench_body_t    body;
    nthrift_str_t   name;
    static uint8_t  bytes[BIND_SIZE];

    memset(&body, 0, sizeof(body));
    body.protocol = protocol;
    body.bytes = bytes;
    body.n = bench_make(b, protocol, bytes);
    body.st = nthrift_schema_build(set, bind_struct(program, b->st));
    body.layout = layout_build(layouts, body.st);

    if (!bench_decode_value(&body, &value)) {
        fprintf(stderr, "bind_bench: %s is not decoded\n", b->name);
        exit(1);
    }

    body.value = value;

    name = bind_str(strcmp(b->st, "Fields") == 0 ? "size" : "text");
    (void) nthrift_find_path(body.st, &name, &body.path);

    if (measure) {
        bench_print(b, &body);
        return;
    }

    ok(bench_both(&body) && (body.path.n == 0 || bench_find(&body))
       && bench_encode(&body), "%s: %s of %zu bytes",
       protocol == NTHRIFT_BINARY ? "binary" : "compact", b->name, body.n);
}


int
main(int argc, char **argv)
{
    int                      measure;
    size_t                   i;
    nthrift_arena_t         *arena;
    layout_set_t             layouts;
    nthrift_schema_set_t     set;
    nthrift_idl_program_t   *program;

    measure = argc == 2 && strcmp(argv[1], "measure") == 0;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);
    layout_init(&layouts, arena, 0);
    memory = malloc(nthrift_check_size(&rules));

    for (i = 0; i < unit_array_size(benches); i++) {
        bench_run(&benches[i], NTHRIFT_BINARY, &set, &layouts, program,
                  measure);
        bench_run(&benches[i], NTHRIFT_COMPACT, &set, &layouts, program,
                  measure);
    }

    free(memory);
    nthrift_arena_destroy(arena);

    if (!measure) {
        done();
    }

    return unit_result();
}
