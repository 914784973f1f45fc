/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/bind.c: bodies that Apache's compiler and Python library made of
 * t/data/bind/shop.thrift: what the check says of them, and what is found in
 * them, whole and in runs.
 */

#include "bind/check.h"
#include "bind/find.h"
#include "bind.h"


#define IDL     "t/data/bind/shop.thrift"
#define BODIES  "t/data/bind/bodies.txt"
#define LINE    65536

enum { NAME, PROTOCOL, STRUCT, HEX, ERROR, PATH, VARIABLE, VALUE, COLUMNS };


static nthrift_idl_program_t  *program;
static nthrift_schema_set_t    set;


static char *
read_file(nthrift_arena_t *arena, const char *name)
{
    FILE    *file;
    char    *text;
    size_t   n;

    file = fopen(name, "r");
    if (file == NULL) {
        perror(name);
        exit(2);
    }

    text = nthrift_arena_alloc(arena, LINE);
    n = fread(text, 1, LINE - 1, file);
    text[n] = '\0';
    fclose(file);

    return text;
}


/* "-" is nothing. */

static const char *
column(char **columns, int i)
{
    return (strcmp(columns[i], "-") == 0) ? NULL : columns[i];
}


static int
check_is(char **columns, unsigned protocol, const nthrift_schema_t *st,
    const uint8_t *bytes, size_t n, size_t split, size_t step)
{
    int                     rc, same;
    char                    path[256];
    const char             *expected;
    uint64_t                memory[1024];
    bind_runs_t             runs;
    nthrift_bytes_t         b;
    nthrift_check_error_t   err;
    nthrift_check_rules_t   rules = {
        .max_depth = 64, .max_required = set.max_required,
        .enums = 1, .utf8 = 1
    };

    if (nthrift_check_size(&rules) > sizeof(memory)) {
        return 0;
    }

    err.path = (uint8_t *) path;
    err.size = sizeof(path) - 1;

    bind_runs_start(&runs, &b, bytes, n, split, step);
    rc = nthrift_check_body(&rules, memory, protocol, st, &b, &err);
    path[err.len] = '\0';

    expected = column(columns, PATH);
    same = unit_same(err.text, column(columns, ERROR))
           && strcmp(path, expected ? expected : "") == 0
           && (rc != NTHRIFT_OK || nthrift_bytes_offset(&b) == n);

    bind_runs_free(&runs);

    if (!same) {
        diag("split at %zu: %s at \"%s\"", split,
             err.text ? err.text : "no error", path);
    }

    return same;
}


static int
value_is(char **columns, unsigned protocol, const nthrift_schema_t *st,
    const uint8_t *bytes, size_t n, size_t split, size_t step)
{
    int                    same;
    uint8_t                text[1024], *end;
    bind_runs_t            runs;
    nthrift_str_t          name;
    nthrift_bytes_t        b;
    nthrift_find_path_t    path;
    nthrift_find_value_t   value;

    if (column(columns, VARIABLE) == NULL) {
        return 1;
    }

    name = bind_str(columns[VARIABLE]);
    bind_runs_start(&runs, &b, bytes, n, split, step);

    same = nthrift_find_path(st, &name, &path) == NTHRIFT_OK
           && nthrift_find_value(protocol, &path, &b, &value) == NTHRIFT_OK
           && nthrift_find_size(&value) <= sizeof(text);

    if (same) {
        nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);
        end = nthrift_find_write(text, &value, &b);
        same = end != NULL && (size_t) (end - text) == strlen(columns[VALUE])
               && memcmp(text, columns[VALUE], (size_t) (end - text)) == 0;
    }

    bind_runs_free(&runs);

    return same;
}


static void
test_line(char **columns)
{
    int                      passed;
    size_t                   i, n;
    unsigned                 protocol;
    const nthrift_schema_t  *st;
    static uint8_t           bytes[LINE];

    protocol = (strcmp(columns[PROTOCOL], "binary") == 0) ? NTHRIFT_BINARY
                                                          : NTHRIFT_COMPACT;
    n = unit_hex(columns[HEX], bytes, sizeof(bytes));
    st = nthrift_schema_build(&set, bind_struct(program, columns[STRUCT]));

    passed = 1;

    for (i = 0; i <= n && passed; i++) {
        passed = check_is(columns, protocol, st, bytes, n, i, n)
                 && value_is(columns, protocol, st, bytes, n, i, n);
    }

    for (i = 2; i < 8 && passed; i++) {
        passed = check_is(columns, protocol, st, bytes, n, 0, i)
                 && value_is(columns, protocol, st, bytes, n, 0, i);
    }

    ok(passed, "%s: %s", columns[PROTOCOL], columns[NAME]);
}


int
main(void)
{
    int               i;
    char             *text, *line, *columns[COLUMNS];
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, read_file(arena, IDL));
    nthrift_schema_init(&set, arena);

    text = read_file(arena, BODIES);

    while ((line = strsep(&text, "\n")) != NULL) {
        if (*line == '#' || *line == '\0') {
            continue;
        }

        for (i = 0; i < COLUMNS && line != NULL; i++) {
            columns[i] = strsep(&line, "\t");
        }

        if (i == COLUMNS) {
            test_line(columns);
        }
    }

    nthrift_arena_destroy(arena);

    ok(unit_count == 60, "all bodies were read");
    done();

    return unit_result();
}
