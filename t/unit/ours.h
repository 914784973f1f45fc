/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/ours.h: what thrift_validate makes of arguments of the method of
 * t/agree/agree.thrift: with "structure", and with "schema" as it is by
 * default.
 */

#ifndef OURS_H
#define OURS_H

#include "bind/check.h"
#include "bind.h"
#include "wire/skip.h"


#define OURS_DEPTH  63


typedef struct {
    const nthrift_schema_t   *args;
    nthrift_check_rules_t     rules;
    void                     *memory;
} ours_t;


static inline const char *
ours_read_file(nthrift_arena_t *arena, const char *name)
{
    char    *text;
    FILE    *f;
    size_t   n;

    f = fopen(name, "r");

    if (f == NULL) {
        perror(name);
        exit(2);
    }

    text = nthrift_arena_alloc(arena, 65536);
    n = fread(text, 1, 65535, f);
    text[n] = '\0';
    fclose(f);

    return text;
}


static inline void
ours_init(ours_t *o, nthrift_arena_t *arena, const char *idl)
{
    nthrift_idl_program_t        *program;
    static nthrift_schema_set_t   set;

    program = bind_load(arena, ours_read_file(arena, idl));

    nthrift_schema_init(&set, arena);
    o->args = nthrift_schema_build(&set, bind_struct(program, "Svc.call"));

    memset(&o->rules, 0, sizeof(o->rules));
    o->rules.max_depth = OURS_DEPTH;
    o->rules.max_required = set.max_required;
    o->rules.enums = NTHRIFT_CHECK_REFUSE;
    o->rules.utf8 = NTHRIFT_CHECK_REFUSE;
    o->memory = nthrift_arena_alloc(arena, nthrift_check_size(&o->rules));
}


/* The bytes of the body, or -1: it is refused. */

static inline int
ours_structure(unsigned protocol, const uint8_t *bytes, size_t n)
{
    int                          rc;
    nthrift_skip_t               w;
    const uint8_t               *p;
    nthrift_error_t              err = { NULL };
    static nthrift_skip_level_t  levels[OURS_DEPTH];

    p = bytes;
    nthrift_skip_start(&w, protocol, levels, OURS_DEPTH, n);
    rc = nthrift_skip_read(&w, &p, bytes + n, &err);

    return (rc == NTHRIFT_OK) ? (int) (p - bytes) : -1;
}


/* The same of one that "structure" accepts. */

static inline int
ours_schema(ours_t *o, unsigned protocol, const uint8_t *bytes, size_t n)
{
    nthrift_bytes_t         b;
    nthrift_check_error_t   err;

    err.path = NULL;
    err.size = 0;

    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);

    return (nthrift_check_body(&o->rules, o->memory, protocol, o->args, &b,
                               &err)
            == NTHRIFT_OK)
           ? (int) (b.p - bytes) : -1;
}


#endif /* OURS_H */
