/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/read.c: from JSON to the body of a call, in parts: json.c makes a list
 * of the values, read_walk.c writes them by the IDL.
 *
 *     measure ---> limits ---> list ---> open ---> value, value, ...
 *
 * How many values the text has, and how deep it goes, is counted before there
 * is a list, as each value takes more memory than its text.  The first error
 * ends it; where it is, the open levels tell.
 */

#include "plain/read.h"

#include "idl/suggest.h"


#define READ_PART  (1024 * 1024 * 1024)     /* all, or nearly */


/* Limits, and what all that write bodies need. */

static uint8_t *
read_grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    uint8_t               *p;
    nthrift_plain_read_t  *r = owner;

    p = nthrift_arena_take(r->arena, *size);

    if (p != NULL && len != 0) {
        memcpy(p, data, len);
    }

    return p;
}


void
nthrift_plain_read_start(nthrift_plain_read_t *r,
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    unsigned protocol, nthrift_plain_error_t *err)
{
    memset(r, 0, sizeof(nthrift_plain_read_t));
    memset(err, 0, sizeof(nthrift_plain_error_t));

    r->rules = rules;
    r->arena = arena;
    r->values = rules->max_values;
    r->err = err;

    nthrift_write_init(&r->w, protocol, NULL, 0, rules->max_size, read_grow,
                       r);
}


int
nthrift_plain_read_no_memory(nthrift_plain_read_t *r)
{
    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                   "not enough memory");
}


static int
read_no_room(nthrift_plain_read_t *r)
{
    if (r->w.error != nthrift_write_too_large) {
        return nthrift_plain_read_no_memory(r);
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_SIZE, NULL,
                                   "arguments larger than %zu bytes",
                                   r->rules->max_size);
}


int
nthrift_plain_read_finish(nthrift_plain_read_t *r, nthrift_str_t *body)
{
    if (r->w.error != NULL) {
        (void) read_no_room(r);
        return NTHRIFT_ERROR;
    }

    body->data = r->w.data;
    body->len = r->w.len;

    return NTHRIFT_OK;
}


int
nthrift_plain_read_count(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path)
{
    if (r->w.error != NULL) {
        return read_no_room(r);
    }

    if (r->values == 0) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_VALUES, path,
                                       "more than %u values",
                                       (unsigned) r->rules->max_values);
    }

    r->values--;

    return NTHRIFT_OK;
}


int
nthrift_plain_read_descend(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path)
{
    if (r->depth == r->rules->max_depth) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_DEPTH, path,
                                       "nested more than %u levels deep",
                                       (unsigned) r->rules->max_depth);
    }

    r->depth++;

    return NTHRIFT_OK;
}


void
nthrift_plain_read_path(nthrift_plain_path_t *path,
    const nthrift_plain_path_t *up, const nthrift_idl_field_t *field)
{
    memset(path, 0, sizeof(nthrift_plain_path_t));

    path->up = up;
    path->kind = NTHRIFT_PLAIN_FIELD;
    path->name = field->name;
}


int
nthrift_plain_read_missing(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field)
{
    if (field->req != NTHRIFT_IDL_REQUIRED) {
        return NTHRIFT_OK;
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "required, but missing");
}


int
nthrift_plain_read_head(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field,
    int16_t *last)
{
    if (field->id < INT16_MIN || field->id > INT16_MAX) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "the id %d cannot be sent",
                                       (int) field->id);
    }

    if (field->type->real->kind != NTHRIFT_IDL_BOOL) {
        nthrift_write_field(&r->w, last, (int16_t) field->id,
                            nthrift_plain_scalar_type(field->type));
    }

    return NTHRIFT_OK;
}


int
nthrift_plain_read_unknown(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_struct_t *st,
    const nthrift_str_t *name)
{
    const char             *what;
    const nthrift_str_t    *best;
    nthrift_plain_names_t   names;

    what = (st->what == NTHRIFT_IDL_KIND_ARGS) ? "argument" : "field";

    if (st->n == 0) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%.*s has no %s \"%.*s\": it has none",
                                       nthrift_plain_str(&st->def.name), what,
                                       nthrift_plain_str(name));
    }

    best = nthrift_suggest_field(st, name);

    if (best == NULL) {
        nthrift_plain_names_fields(&names, st);

        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%.*s has no %s \"%.*s\": it has %s",
                                       nthrift_plain_str(&st->def.name), what,
                                       nthrift_plain_str(name), names.text);
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "%.*s has no %s \"%.*s\" (did you mean "
                                   "\"%.*s\"?)",
                                   nthrift_plain_str(&st->def.name), what,
                                   nthrift_plain_str(name),
                                   nthrift_plain_str(best));
}


int
nthrift_plain_read_fail(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const char *text)
{
    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path, "%s",
                                   text);
}


/* The text */

typedef enum {
    READ_MEASURE = 0,
    READ_JSON,
    READ_VALUES
} read_step_e;

struct nthrift_plain_call_s {
    nthrift_plain_read_t          r;
    const nthrift_plain_method_t *m;
    read_step_e                   step;
};


/* A map as pairs has two levels of JSON. */

static int
read_check_shape(nthrift_plain_read_t *r)
{
    if (r->json.max_depth / 2 > r->rules->max_depth) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_DEPTH, NULL,
                                       "JSON nested more than %u levels deep",
                                       (unsigned) r->rules->max_depth * 2 + 1);
    }

    if (r->json.max_values / 2 > r->rules->max_values) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_VALUES, NULL,
                                       "JSON with more than %u values",
                                       (unsigned) r->rules->max_values);
    }

    return NTHRIFT_OK;
}


static int
read_values(nthrift_plain_read_t *r, size_t size)
{
    int  rc;

    rc = NTHRIFT_OK;

    while (rc == NTHRIFT_OK && size != 0
           && (r->nlevels != 1 || r->string.node != NULL))
    {
        rc = (r->string.node != NULL)
             ? nthrift_plain_read_string_part(r, &size)
             : nthrift_plain_read_next(r, &size);
    }

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    return (r->nlevels == 1 && r->string.node == NULL) ? NTHRIFT_OK
                                                       : NTHRIFT_AGAIN;
}


/* One part of one step; NTHRIFT_OK: the last one is done. */

static int
read_step(nthrift_plain_call_t *call, size_t size)
{
    int                    rc;
    nthrift_plain_read_t  *r;

    r = &call->r;

    switch (call->step) {

    case READ_MEASURE:
        rc = nthrift_plain_json_measure(&r->json, size);

        if (rc == NTHRIFT_OK) {
            rc = read_check_shape(r);
            call->step = READ_JSON;
        }

        break;

    case READ_JSON:
        rc = nthrift_plain_json_read(&r->json, size);

        if (rc == NTHRIFT_OK) {
            rc = nthrift_plain_read_open(r, call->m->idl);
            call->step = READ_VALUES;
        }

        break;

    default: /* READ_VALUES */
        return read_values(r, size);
    }

    return (rc == NTHRIFT_OK) ? NTHRIFT_AGAIN : rc;
}


nthrift_plain_call_t *
nthrift_plain_call_create(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_method_t *m,
    const nthrift_str_t *text, unsigned protocol, nthrift_plain_error_t *err)
{
    nthrift_plain_call_t        *call;
    static const nthrift_str_t   object = nthrift_string("{}");

    call = nthrift_arena_alloc(arena, sizeof(nthrift_plain_call_t));

    if (call == NULL) {
        memset(err, 0, sizeof(nthrift_plain_error_t));
        (void) nthrift_plain_error_say(err, NTHRIFT_PLAIN_MEMORY, NULL,
                                       "not enough memory");
        return NULL;
    }

    call->m = m;

    nthrift_plain_read_start(&call->r, rules, arena, protocol, err);
    nthrift_plain_json_start(&call->r.json, arena,
                             (text->len != 0) ? text : &object, err);

    return call;
}


int
nthrift_plain_call_read(nthrift_plain_call_t *call, size_t size,
    nthrift_str_t *body)
{
    int                    rc;
    nthrift_plain_read_t  *r;

    r = &call->r;

    if (r->json.len > UINT32_MAX / 2) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_SIZE, NULL,
                                       "JSON larger than 2 GiB");
    }

    rc = read_step(call, size);

    return (rc == NTHRIFT_OK) ? nthrift_plain_read_finish(r, body) : rc;
}


int
nthrift_plain_read(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, const nthrift_str_t *text,
    unsigned protocol, nthrift_str_t *body, nthrift_plain_error_t *err)
{
    int                    rc;
    nthrift_plain_call_t  *call;

    call = nthrift_plain_call_create(rules, arena, m, text, protocol, err);

    if (call == NULL) {
        return NTHRIFT_ERROR;
    }

    do {
        rc = nthrift_plain_call_read(call, READ_PART, body);
    } while (rc == NTHRIFT_AGAIN);

    return rc;
}
