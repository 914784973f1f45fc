/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/descent.h: the way of decode.c through a body: what it has with it, how
 * it comes to the next token, and how it passes over what is not declared.
 * Private to decode.c.
 */

#ifndef NTHRIFT_DESCENT_H
#define NTHRIFT_DESCENT_H

#include "base/arena.h"
#include "bind/number.h"
#include "bind/schema.h"
#include "bind/token.h"


typedef struct {
    nthrift_arena_t  *arena;
    nthrift_bytes_t  *body;
    nthrift_error_t  *err;
    uint32_t          left;     /* levels that may still be entered */
    uint8_t           place[NTHRIFT_TOKEN_SIZE];
} nthrift_descent_t;


/*
 * All functions that read return the byte behind what they have read, or NULL:
 * body->p is looked at only by those who go on to the next run.
 */

typedef const uint8_t *(*nthrift_descent_nested_pt)(nthrift_descent_t *d,
    const uint8_t *p, const nthrift_token_t *t,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    uint8_t *value);
typedef const uint8_t *(*nthrift_descent_pass_pt)(nthrift_descent_t *d,
    const uint8_t *p, const nthrift_token_t *t);


/*
 * A protocol, as a constant that disappears into the functions: each protocol
 * has its own.  Those that are entered once a level are named here.
 */

typedef struct {
    const nthrift_token_protocol_t  *token;
    nthrift_number_run_pt            numbers;

    nthrift_descent_nested_pt        nested;
    nthrift_descent_pass_pt          pass;
} nthrift_descent_protocol_t;


static nthrift_cold const uint8_t *
nthrift_descent_fail(nthrift_descent_t *d, const char *text)
{
    (void) nthrift_error_set(d->err, text);

    return NULL;
}


static nthrift_cold const uint8_t *
nthrift_descent_malformed(nthrift_descent_t *d)
{
    return nthrift_descent_fail(d, "malformed body");
}


static inline int
nthrift_descent_enter(nthrift_descent_t *d)
{
    if (d->left == 0) {
        (void) nthrift_descent_fail(d, "too many levels of nesting");
        return NTHRIFT_ERROR;
    }

    d->left--;

    return NTHRIFT_OK;
}


nthrift_token_inline const uint8_t *
nthrift_descent_read(nthrift_descent_t *d,
    const nthrift_descent_protocol_t *protocol,
    const nthrift_token_level_t *level, const uint8_t *p, nthrift_token_t *t)
{
    ptrdiff_t         n;
    nthrift_bytes_t  *b;

    b = d->body;
    n = protocol->token->read(level, p, b->last, t);

    if (n >= 0) {
        return p + n;
    }

    b->p = p;

    if (n == NTHRIFT_ERROR
        || nthrift_token_read_cut(protocol->token, level, b, d->place, t)
           != NTHRIFT_OK)
    {
        return nthrift_descent_malformed(d);
    }

    return b->p;
}


/* What is not declared. */

static inline const uint8_t *
nthrift_descent_pass_string(nthrift_descent_t *d, const uint8_t *p,
    uint32_t len)
{
    nthrift_bytes_t  *b;

    b = d->body;

    if (len <= (size_t) (b->last - p)) {
        return p + len;
    }

    b->p = p;

    return (nthrift_bytes_skip(b, len) == NTHRIFT_OK)
           ? b->p : nthrift_descent_malformed(d);
}


nthrift_token_inline const uint8_t *
nthrift_descent_pass_value(nthrift_descent_t *d,
    const nthrift_descent_protocol_t *protocol, const uint8_t *p,
    const nthrift_token_t *t)
{
    switch (t->type) {

    case NTHRIFT_STRING:
        return nthrift_descent_pass_string(d, p, t->count);

    case NTHRIFT_STRUCT:
    case NTHRIFT_LIST:
    case NTHRIFT_SET:
    case NTHRIFT_MAP:
        return protocol->pass(d, p, t);

    default:
        return p;
    }
}


/* What is in a struct, whose ids do not matter, or in a container. */

nthrift_token_inline const uint8_t *
nthrift_descent_pass_level(nthrift_descent_t *d,
    const nthrift_descent_protocol_t *protocol, const uint8_t *p,
    const nthrift_token_t *t)
{
    nthrift_token_t        in;
    nthrift_token_level_t  level;

    memset(&level, 0, sizeof(nthrift_token_level_t));

    if (t->type == NTHRIFT_STRUCT) {
        level.fields = 1;
        level.left = 1;

    } else {
        level.left = (t->type == NTHRIFT_MAP) ? t->count * 2 : t->count;
        level.type[0] = t->key;
        level.type[1] = t->elem;
    }

    while (level.left != 0) {
        p = nthrift_descent_read(d, protocol, &level, p, &in);

        if (p == NULL || (level.fields && in.type == NTHRIFT_STOP)) {
            return p;
        }

        level.left -= !level.fields;

        p = nthrift_descent_pass_value(d, protocol, p, &in);
        if (p == NULL) {
            return NULL;
        }
    }

    return p;
}


/* Containers of numbers are passed over together, and are no level. */

nthrift_token_inline const uint8_t *
nthrift_descent_pass(nthrift_descent_t *d,
    const nthrift_descent_protocol_t *protocol, const uint8_t *p,
    const nthrift_token_t *t)
{
    int  rc;

    if (t->type != NTHRIFT_STRUCT) {
        if (t->count == 0) {
            return p;
        }

        d->body->p = p;
        rc = nthrift_token_pass(protocol->token, d->body, t);

        if (rc != NTHRIFT_DECLINED) {
            return (rc == NTHRIFT_OK) ? d->body->p
                                      : nthrift_descent_malformed(d);
        }
    }

    if (nthrift_descent_enter(d) != NTHRIFT_OK) {
        return NULL;
    }

    p = nthrift_descent_pass_level(d, protocol, p, t);
    d->left++;

    return p;
}


#endif /* NTHRIFT_DESCENT_H */
