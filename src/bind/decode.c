/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/decode.c: reads a body token by token with its tables beside it, and
 * builds the struct in C that it stands for: the arguments that a handler is
 * called with, or the result of a call that it makes.
 *
 * A body has been checked before (check.h), so nothing is explained here: one
 * that is not what was checked is malformed, and is never read beyond its
 * runs.  The walk is as deep as the body, `max_depth` at most.
 */

#include "bind/decode.h"

#include "bind/descent.h"
#include "bind/token_binary.h"
#include "bind/token_compact.h"


#define decode_inline  nthrift_token_inline


/* nthrift_decode_body() in one of the protocols. */

typedef int (*decode_pt)(nthrift_arena_t *arena,
    const nthrift_layout_t *layout, uint32_t max_depth, nthrift_bytes_t *body,
    void **value, nthrift_error_t *err);


const char  nthrift_decode_no_memory[] = "no memory";


/* Zeroed memory for `n` values of `size` bytes each. */

static uint8_t *
decode_alloc(nthrift_descent_t *d, uint32_t n, uint32_t size)
{
    uint8_t   *p;
    uint64_t   bytes;

    bytes = (uint64_t) n * size;

    p = (bytes <= SIZE_MAX) ? nthrift_arena_alloc(d->arena, (size_t) bytes)
                            : NULL;
    if (p == NULL) {
        (void) nthrift_descent_fail(d, nthrift_decode_no_memory);
    }

    return p;
}


/* A string, or a container: its count is where a string's length is. */

static inline void
decode_str(uint8_t *value, size_t len, const uint8_t *data)
{
    nthrift_str_t  s;

    s.len = len;
    s.data = (uint8_t *) data;

    memcpy(value, &s, sizeof(nthrift_str_t));
}


/* A string that lies in more than one run. */

static nthrift_noinline const uint8_t *
decode_string_runs(nthrift_descent_t *d, const uint8_t *p, uint32_t len,
    uint8_t *value)
{
    uint8_t          *data;
    nthrift_bytes_t  *b;

    b = d->body;

    if (b->more == NULL) {
        return nthrift_descent_malformed(d);
    }

    data = decode_alloc(d, len, 1);
    if (data == NULL) {
        return NULL;
    }

    b->p = p;

    if (nthrift_bytes_copy(b, data, len) != NTHRIFT_OK) {
        return nthrift_descent_malformed(d);
    }

    decode_str(value, len, data);

    return b->p;
}


static inline const uint8_t *
decode_string(nthrift_descent_t *d, const uint8_t *p, uint32_t len,
    uint8_t *value)
{
    if (len > (size_t) (d->body->last - p)) {
        return decode_string_runs(d, p, len, value);
    }

    decode_str(value, len, p);

    return p + len;
}


/* A pointer that the layout has gets memory of its own to point to. */

decode_inline const uint8_t *
decode_value(nthrift_descent_t *d, const nthrift_descent_protocol_t *protocol,
    const uint8_t *p, const nthrift_token_t *t,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    uint8_t *value)
{
    switch (t->type) {

    case NTHRIFT_STRING:
        return decode_string(d, p, t->count, value);

    case NTHRIFT_STRUCT:
    case NTHRIFT_LIST:
    case NTHRIFT_SET:
    case NTHRIFT_MAP:
        return protocol->nested(d, p, t, type, at, value);

    default:
        nthrift_number_read(protocol->token, t, value);
        return p;
    }
}


decode_inline const uint8_t *
decode_elements(nthrift_descent_t *d,
    const nthrift_descent_protocol_t *protocol, const uint8_t *p,
    const nthrift_token_t *t, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *at, uint8_t *items)
{
    uint32_t               i;
    nthrift_token_t        elem;
    nthrift_token_level_t  level;

    memset(&level, 0, sizeof(nthrift_token_level_t));

    level.type[0] = t->elem;
    level.type[1] = t->elem;

    i = protocol->numbers(protocol->token, &p, d->body->last, t, items);
    items += (size_t) i * at->size;

    for ( /* void */ ; i < t->count; i++) {
        p = nthrift_descent_read(d, protocol, &level, p, &elem);
        if (p == NULL) {
            return NULL;
        }

        p = decode_value(d, protocol, p, &elem, type, at, items);
        if (p == NULL) {
            return NULL;
        }

        items += at->size;
    }

    return p;
}


/* Keys and values take turns, as the level's number tells. */

decode_inline const uint8_t *
decode_entries(nthrift_descent_t *d,
    const nthrift_descent_protocol_t *protocol, const uint8_t *p,
    const nthrift_token_t *t, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *at, uint8_t *entry)
{
    int                    key;
    nthrift_token_t        elem;
    nthrift_token_level_t  level;

    memset(&level, 0, sizeof(nthrift_token_level_t));

    level.type[0] = t->key;
    level.type[1] = t->elem;

    for (level.left = t->count * 2; level.left != 0; level.left--) {
        p = nthrift_descent_read(d, protocol, &level, p, &elem);
        if (p == NULL) {
            return NULL;
        }

        key = (level.left & 1) == 0;

        p = decode_value(d, protocol, p, &elem, key ? type->key : type->elem,
                         key ? at->key : at->elem,
                         key ? entry : entry + at->second);
        if (p == NULL) {
            return NULL;
        }

        entry += key ? 0 : at->entry;
    }

    return p;
}


/*
 * A container's items are allocated together.  Where the body is known to end
 * with this run there are no more of them than bytes.
 */

decode_inline const uint8_t *
decode_container(nthrift_descent_t *d,
    const nthrift_descent_protocol_t *protocol, const uint8_t *p,
    const nthrift_token_t *t, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *at, uint8_t *value)
{
    int       map;
    uint8_t  *items;

    map = (t->type == NTHRIFT_MAP);
    decode_str(value, 0, NULL);

    if (t->count == 0) {
        return p;
    }

    if (t->elem != type->elem->type || (map && t->key != type->key->type)
        || (d->body->more == NULL && t->count > (size_t) (d->body->last - p)))
    {
        return nthrift_descent_malformed(d);
    }

    items = decode_alloc(d, t->count, map ? at->entry : at->elem->size);
    if (items == NULL) {
        return NULL;
    }

    decode_str(value, t->count, items);

    return map ? decode_entries(d, protocol, p, t, type, at, items)
               : decode_elements(d, protocol, p, t, type->elem, at->elem,
                                 items);
}


/* A field's value, and that it is there. */

decode_inline const uint8_t *
decode_field(nthrift_descent_t *d, const nthrift_descent_protocol_t *protocol,
    const uint8_t *p, const nthrift_token_t *t, const nthrift_layout_t *layout,
    const nthrift_schema_field_t *field, uint8_t *base)
{
    const nthrift_layout_field_t  *at;

    if (t->type != field->type.type) {
        return nthrift_descent_malformed(d);
    }

    at = &layout->fields[field - layout->schema->fields];

    if (at->has != NTHRIFT_LAYOUT_ALWAYS) {
        base[at->has] = 1;
    }

    if (layout->schema->what == NTHRIFT_SCHEMA_UNION) {
        memcpy(base + layout->which, &field->id, sizeof(field->id));
    }

    return decode_value(d, protocol, p, t, &field->type, &at->type,
                        base + at->offset);
}


decode_inline const uint8_t *
decode_fields(nthrift_descent_t *d, const nthrift_descent_protocol_t *protocol,
    const uint8_t *p, const nthrift_layout_t *layout, uint8_t *base)
{
    nthrift_token_t                t;
    nthrift_token_level_t          level;
    const nthrift_schema_field_t  *field;

    level.left = 1;
    level.id = 0;
    level.fields = 1;

    for ( ;; ) {
        p = nthrift_descent_read(d, protocol, &level, p, &t);

        if (p == NULL || t.type == NTHRIFT_STOP) {
            return p;
        }

        level.id = t.id;
        field = nthrift_schema_field(layout->schema, t.id);

        p = (field != NULL)
            ? decode_field(d, protocol, p, &t, layout, field, base)
            : nthrift_descent_pass_value(d, protocol, p, &t);

        if (p == NULL) {
            return NULL;
        }
    }
}


/*
 * Where a struct is to be, with its defaults in place.  One that lies in
 * another may have been read before, if its field occurs twice.  A union that
 * is sent has what was sent and nothing else.
 */

static inline uint8_t *
decode_start_struct(nthrift_descent_t *d, const nthrift_layout_type_t *at,
    uint8_t *value)
{
    uint8_t  *base;

    base = value;

    if (at->pointer) {
        base = decode_alloc(d, 1, at->st->size);
        if (base == NULL) {
            return NULL;
        }

        memcpy(value, &base, sizeof(base));
    }

    if (at->st->defaults != NULL
        && at->st->schema->what != NTHRIFT_SCHEMA_UNION)
    {
        memcpy(base, at->st->defaults, at->st->size);

    } else if (!at->pointer) {
        memset(base, 0, at->st->size);
    }

    return base;
}


decode_inline const uint8_t *
decode_struct(nthrift_descent_t *d, const nthrift_descent_protocol_t *protocol,
    const uint8_t *p, const nthrift_layout_type_t *at, uint8_t *value)
{
    value = decode_start_struct(d, at, value);

    return (value != NULL) ? decode_fields(d, protocol, p, at->st, value)
                           : NULL;
}


/*
 * Whether it takes a level.  A container of numbers does not: a check need not
 * have counted it, and nothing is entered for it.
 */

static inline int
decode_is_level(const nthrift_token_t *t, const nthrift_schema_type_t *type)
{
    if (t->type == NTHRIFT_STRUCT) {
        return 1;
    }

    return t->count != 0
           && !(nthrift_number_is(type->elem->type)
                && (type->key == NULL || nthrift_number_is(type->key->type)));
}


decode_inline const uint8_t *
decode_nested(nthrift_descent_t *d, const nthrift_descent_protocol_t *protocol,
    const uint8_t *p, const nthrift_token_t *t,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    uint8_t *value)
{
    int  level;

    level = decode_is_level(t, type);

    if (level && nthrift_descent_enter(d) != NTHRIFT_OK) {
        return NULL;
    }

    p = (t->type == NTHRIFT_STRUCT)
        ? decode_struct(d, protocol, p, at, value)
        : decode_container(d, protocol, p, t, type, at, value);

    d->left += (uint32_t) level;

    return p;
}


static const nthrift_descent_protocol_t  decode_binary;
static const nthrift_descent_protocol_t  decode_compact;


static const uint8_t *
decode_nested_binary(nthrift_descent_t *d, const uint8_t *p,
    const nthrift_token_t *t, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *at, uint8_t *value)
{
    return decode_nested(d, &decode_binary, p, t, type, at, value);
}


static const uint8_t *
decode_pass_binary(nthrift_descent_t *d, const uint8_t *p,
    const nthrift_token_t *t)
{
    return nthrift_descent_pass(d, &decode_binary, p, t);
}


static const uint8_t *
decode_nested_compact(nthrift_descent_t *d, const uint8_t *p,
    const nthrift_token_t *t, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *at, uint8_t *value)
{
    return decode_nested(d, &decode_compact, p, t, type, at, value);
}


static const uint8_t *
decode_pass_compact(nthrift_descent_t *d, const uint8_t *p,
    const nthrift_token_t *t)
{
    return nthrift_descent_pass(d, &decode_compact, p, t);
}


static const nthrift_descent_protocol_t  decode_binary = {
    &nthrift_token_binary, nthrift_number_run_fixed, decode_nested_binary,
    decode_pass_binary
};


static const nthrift_descent_protocol_t  decode_compact = {
    &nthrift_token_compact, nthrift_number_run_varint, decode_nested_compact,
    decode_pass_compact
};


/* The body is a struct, and `*value` a pointer to it. */

nthrift_token_inline int
decode_body(const nthrift_descent_protocol_t *protocol,
    nthrift_arena_t *arena, const nthrift_layout_t *layout,
    uint32_t max_depth, nthrift_bytes_t *body, void **value,
    nthrift_error_t *err)
{
    nthrift_descent_t       d;
    uint8_t                *base;
    const uint8_t          *p;
    nthrift_token_t         t;
    nthrift_layout_type_t   at;

    err->text = NULL;

    d.arena = arena;
    d.body = body;
    d.err = err;
    d.left = max_depth;

    memset(&at, 0, sizeof(nthrift_layout_type_t));

    at.st = layout;
    at.pointer = 1;
    t.type = NTHRIFT_STRUCT;
    base = NULL;

    p = protocol->nested(&d, body->p, &t, NULL, &at, (uint8_t *) &base);

    *value = base;

    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    body->p = p;

    return NTHRIFT_OK;
}


static int
decode_body_binary(nthrift_arena_t *arena, const nthrift_layout_t *layout,
    uint32_t max_depth, nthrift_bytes_t *body, void **value,
    nthrift_error_t *err)
{
    return decode_body(&decode_binary, arena, layout, max_depth, body, value,
                       err);
}


static int
decode_body_compact(nthrift_arena_t *arena, const nthrift_layout_t *layout,
    uint32_t max_depth, nthrift_bytes_t *body, void **value,
    nthrift_error_t *err)
{
    return decode_body(&decode_compact, arena, layout, max_depth, body, value,
                       err);
}


static const decode_pt  decode_protocols[NTHRIFT_PROTOCOLS] = {
    [NTHRIFT_BINARY] = decode_body_binary,
    [NTHRIFT_COMPACT] = decode_body_compact
};


int
nthrift_decode_body(nthrift_arena_t *arena, unsigned protocol,
    const nthrift_layout_t *layout, uint32_t max_depth, nthrift_bytes_t *body,
    void **value, nthrift_error_t *err)
{
    return decode_protocols[protocol](arena, layout, max_depth, body, value,
                                      err);
}
