/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/show.c: values of the IDL as JSON: bytes are made of them, as of those
 * that are not given in arguments, and JSON of these.
 */

#include "plain/read.h"
#include "plain/value.h"


#define SHOW_PART  65536        /* a pause is of no use */


/* One value that is no field: it is all that there is to read. */

static int
show_value(nthrift_plain_value_t *v, const nthrift_idl_type_t *type,
    const nthrift_str_t *body, nthrift_str_t *text)
{
    int                    rc;
    nthrift_token_t        t;
    nthrift_token_level_t  level;

    v->p = body->data;
    v->last = body->data + body->len;

    memset(&level, 0, sizeof(nthrift_token_level_t));

    level.left = 1;
    level.type[1] = (uint8_t) nthrift_plain_scalar_type(type);

    if (nthrift_plain_value_token(v, &level, &t) != NTHRIFT_OK
        || nthrift_plain_value_write(v, &t, type->real) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    do {
        rc = nthrift_plain_value_run(v, SHOW_PART);
    } while (rc == NTHRIFT_AGAIN);

    return (rc == NTHRIFT_OK) ? nthrift_plain_value_finish(v, text) : rc;
}


int
nthrift_plain_show(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value,
    nthrift_str_t *text, nthrift_plain_error_t *err)
{
    nthrift_str_t          body;
    nthrift_plain_path_t   root;
    nthrift_plain_read_t   r;
    nthrift_plain_value_t  v;

    memset(&root, 0, sizeof(nthrift_plain_path_t));

    nthrift_plain_read_start(&r, rules, arena, NTHRIFT_BINARY, err);

    if (nthrift_plain_default_value(&r, &root, type, value) != NTHRIFT_OK
        || nthrift_plain_read_finish(&r, &body) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    nthrift_plain_value_start(&v, rules, arena, NTHRIFT_BINARY, NULL, NULL,
                              err);

    return show_value(&v, type, &body, text);
}
