/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/encode.c: walks over a struct in C with its tables beside it, and
 * writes the body that it stands for: a handler's reply, or the arguments of a
 * call that it makes.
 *
 * The walk is as deep as the value, NTHRIFT_MAX_DEPTH at most.  The first
 * error ends it; what was written before it is worth nothing.
 */

#include "bind/encode.h"

#include "bind/put_binary.h"
#include "bind/put_compact.h"


#define encode_inline  static inline __attribute__((always_inline))


typedef struct {
    nthrift_write_t  *w;
    uint32_t          left;     /* levels that may still be entered */
} encode_t;


typedef int (*encode_nested_pt)(encode_t *e,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    const uint8_t *value);


/*
 * A protocol, as a constant that disappears into the functions: each protocol
 * has its own.  `nested` is the one that they enter a level with.
 */

typedef struct {
    const nthrift_put_protocol_t  *put;
    encode_nested_pt               nested;
} encode_protocol_t;


/* nthrift_encode_body() in one of the protocols. */

typedef int (*encode_pt)(nthrift_write_t *w, const nthrift_layout_t *layout,
    const void *value);


static nthrift_cold int
encode_fail(encode_t *e, const char *error)
{
    nthrift_write_fail(e->w, error);

    return NTHRIFT_ERROR;
}


/* The field that the error is in, from the innermost to the outermost. */

static nthrift_cold int
encode_inside(encode_t *e, const nthrift_schema_field_t *field)
{
    nthrift_write_inside(e->w, (const char *) field->name.data,
                         field->name.len);

    return NTHRIFT_ERROR;
}


/*
 * Values lie where the handler has them, of the types that table.h says, but
 * are known here as bytes only: they are copied out.
 */

encode_inline int64_t
encode_number(unsigned type, const uint8_t *value)
{
    int16_t  i16;
    int32_t  i32;
    int64_t  i64;

    switch (type) {

    case NTHRIFT_I8:
        return (int8_t) *value;

    case NTHRIFT_I16:
        memcpy(&i16, value, sizeof(i16));
        return i16;

    case NTHRIFT_I32:
        memcpy(&i32, value, sizeof(i32));
        return i32;

    default: /* NTHRIFT_I64, the bits of NTHRIFT_DOUBLE */
        memcpy(&i64, value, sizeof(i64));
        return i64;
    }
}


/* A string, or a container: its count is where a string's length is. */

encode_inline nthrift_str_t
encode_str(const uint8_t *value)
{
    nthrift_str_t  s;

    memcpy(&s, value, sizeof(nthrift_str_t));

    return s;
}


/* What is put at once: a number, or what stands before bytes and elements. */

encode_inline uint8_t *
encode_put(const nthrift_put_protocol_t *put, uint8_t *p,
    const nthrift_schema_type_t *type, const uint8_t *value)
{
    switch (type->type) {

    case NTHRIFT_BOOL:
        return put->truth(p, *value);

    case NTHRIFT_I8:
        return put->number(p, NTHRIFT_I8, encode_number(NTHRIFT_I8, value));

    case NTHRIFT_I16:
        return put->number(p, NTHRIFT_I16, encode_number(NTHRIFT_I16, value));

    case NTHRIFT_I32:
        return put->number(p, NTHRIFT_I32, encode_number(NTHRIFT_I32, value));

    case NTHRIFT_I64:
        return put->number(p, NTHRIFT_I64, encode_number(NTHRIFT_I64, value));

    case NTHRIFT_DOUBLE:
        return put->real(p, (uint64_t) encode_number(NTHRIFT_DOUBLE, value));

    case NTHRIFT_UUID:
        memcpy(p, value, 16);
        return p + 16;

    case NTHRIFT_STRING:
        return put->length(p, encode_str(value).len);

    case NTHRIFT_LIST:
    case NTHRIFT_SET:
        return put->list(p, type->elem->type, encode_str(value).len);

    case NTHRIFT_MAP:
        return put->map(p, type->key->type, type->elem->type,
                        encode_str(value).len);

    default: /* NTHRIFT_STRUCT */
        return p;
    }
}


static inline int
encode_string(encode_t *e, const uint8_t *value)
{
    nthrift_str_t  s;

    s = encode_str(value);

    if (s.len == 0) {
        return NTHRIFT_OK;
    }

    if (s.data == NULL) {
        return encode_fail(e, "string without data");
    }

    if (s.len > INT32_MAX) {
        return encode_fail(e, "string with too many bytes");
    }

    nthrift_write_bytes(e->w, s.data, s.len);

    return NTHRIFT_OK;
}


/* What comes behind that; a pointer has been followed. */

encode_inline int
encode_rest(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    const uint8_t *value)
{
    switch (type->type) {

    case NTHRIFT_STRING:
        return encode_string(e, value);

    case NTHRIFT_STRUCT:
    case NTHRIFT_LIST:
    case NTHRIFT_SET:
    case NTHRIFT_MAP:
        return protocol->nested(e, type, at, value);

    default:
        return NTHRIFT_OK;
    }
}


/* Where the value is: here, or where a pointer says; NULL: nowhere. */

static inline const uint8_t *
encode_at(const nthrift_layout_type_t *at, const uint8_t *value)
{
    const uint8_t  *p;

    if (!at->pointer) {
        return value;
    }

    memcpy(&p, value, sizeof(p));

    return p;
}


encode_inline int
encode_element(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    const uint8_t *value)
{
    uint8_t  *from;

    value = encode_at(at, value);

    from = nthrift_write_start(e->w);
    nthrift_write_finish(e->w, from,
                         encode_put(protocol->put, from, type, value));

    return encode_rest(e, protocol, type, at, value);
}


/* Numbers that have one size each are written together. */

encode_inline int
encode_numbers(encode_t *e, const encode_protocol_t *protocol, unsigned type,
    size_t size, const uint8_t *items, size_t n)
{
    uint8_t                *p;
    nthrift_schema_type_t   elem;

    if (n > SIZE_MAX / size) {
        return encode_fail(e, "container with too many items");
    }

    p = nthrift_write_reserve(e->w, n * size);
    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    e->w->len += n * size;
    elem.type = (uint8_t) type;

    for ( /* void */ ; n != 0; n--) {
        p = encode_put(protocol->put, p, &elem, items);
        items += size;
    }

    return NTHRIFT_OK;
}


encode_inline int
encode_elements(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    const uint8_t *items, size_t n)
{
    if (type->type == NTHRIFT_DOUBLE) {
        return encode_numbers(e, protocol, NTHRIFT_DOUBLE, 8, items, n);
    }

    if (protocol->put->fixed && type->type == NTHRIFT_I32) {
        return encode_numbers(e, protocol, NTHRIFT_I32, 4, items, n);
    }

    if (protocol->put->fixed && type->type == NTHRIFT_I64) {
        return encode_numbers(e, protocol, NTHRIFT_I64, 8, items, n);
    }

    for ( /* void */ ; n != 0; n--) {
        if (encode_element(e, protocol, type, at, items) != NTHRIFT_OK
            || e->w->error != NULL)
        {
            return NTHRIFT_ERROR;
        }

        items += at->size;
    }

    return NTHRIFT_OK;
}


encode_inline int
encode_entries(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    const uint8_t *entry, size_t n)
{
    for ( /* void */ ; n != 0; n--) {
        if (encode_element(e, protocol, type->key, at->key, entry)
            != NTHRIFT_OK
            || encode_element(e, protocol, type->elem, at->elem,
                              entry + at->second) != NTHRIFT_OK
            || e->w->error != NULL)
        {
            return NTHRIFT_ERROR;
        }

        entry += at->entry;
    }

    return NTHRIFT_OK;
}


encode_inline int
encode_container(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    const uint8_t *value)
{
    nthrift_str_t  s;

    s = encode_str(value);

    if (s.len == 0) {
        return NTHRIFT_OK;
    }

    if (s.data == NULL) {
        return encode_fail(e, "container without items");
    }

    if (s.len > INT32_MAX) {
        return encode_fail(e, "container with too many items");
    }

    return (type->type == NTHRIFT_MAP)
           ? encode_entries(e, protocol, type, at, s.data, s.len)
           : encode_elements(e, protocol, type->elem, at->elem, s.data, s.len);
}


encode_inline int
encode_field(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_schema_field_t *field, const nthrift_layout_type_t *at,
    int16_t *last, const uint8_t *value)
{
    uint8_t  *from, *p;

    from = nthrift_write_start(e->w);

    if (field->type.type == NTHRIFT_BOOL) {
        p = protocol->put->field_bool(from, *last, field->id, *value);

    } else {
        p = protocol->put->field(from, *last, field->id, field->type.type);
        p = encode_put(protocol->put, p, &field->type, value);
    }

    nthrift_write_finish(e->w, from, p);
    *last = field->id;

    return encode_rest(e, protocol, &field->type, at, value);
}


/* A union has the field that it names; 0: none. */

static inline int16_t
encode_which(const nthrift_layout_t *layout, const uint8_t *value)
{
    int16_t  which;

    memcpy(&which, value + layout->which, sizeof(which));

    return which;
}


encode_inline int
encode_union(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_layout_t *layout, const uint8_t *value)
{
    int16_t                        which, last;
    const nthrift_schema_field_t  *field;
    const nthrift_layout_field_t  *at;

    which = encode_which(layout, value);

    if (which == 0) {
        return encode_fail(e, "union without a field");
    }

    field = nthrift_schema_field(layout->schema, which);

    if (field == NULL) {
        return encode_fail(e, "union with a field that it does not have");
    }

    at = &layout->fields[field - layout->schema->fields];
    value = encode_at(&at->type, value + at->offset);
    last = 0;

    return (encode_field(e, protocol, field, &at->type, &last, value)
            == NTHRIFT_OK) ? NTHRIFT_OK : encode_inside(e, field);
}


/*
 * Whether there is something to write, `*value`.  A field that need not be
 * there is not if its pointer is NULL or its union has no field; the same in
 * others is an error, which is told when it is written.
 */

static inline int
encode_is_set(const nthrift_schema_field_t *field,
    const nthrift_layout_field_t *at, const uint8_t *base,
    const uint8_t **value)
{
    *value = base + at->offset;

    if (at->has != NTHRIFT_LAYOUT_ALWAYS) {
        *value = encode_at(&at->type, *value);
        return base[at->has];
    }

    if (field->type.type != NTHRIFT_STRUCT) {
        return 1;
    }

    *value = encode_at(&at->type, *value);

    if (field->req == NTHRIFT_SCHEMA_REQUIRED) {
        return 1;
    }

    return *value != NULL
           && (at->type.st->schema->what != NTHRIFT_SCHEMA_UNION
               || encode_which(at->type.st, *value) != 0);
}


encode_inline int
encode_fields(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_layout_t *layout, const uint8_t *base)
{
    int16_t                        last;
    uint32_t                       i, written;
    const char                    *text;
    const uint8_t                 *value;
    const nthrift_schema_t        *st;
    const nthrift_layout_field_t  *at;

    st = layout->schema;
    last = 0;
    written = 0;

    for (i = 0; i < st->n; i++) {
        at = &layout->fields[i];

        if (!encode_is_set(&st->fields[i], at, base, &value)) {
            continue;
        }

        if (encode_field(e, protocol, &st->fields[i], &at->type, &last, value)
            != NTHRIFT_OK)
        {
            return encode_inside(e, &st->fields[i]);
        }

        written++;
    }

    text = nthrift_schema_miscounted(st, written, 0);

    return (text == NULL) ? NTHRIFT_OK : encode_fail(e, text);
}


encode_inline int
encode_struct(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_layout_t *layout, const uint8_t *value)
{
    int                   rc;
    static const uint8_t  stop = NTHRIFT_STOP;

    rc = (layout->schema->what == NTHRIFT_SCHEMA_UNION)
         ? encode_union(e, protocol, layout, value)
         : encode_fields(e, protocol, layout, value);

    nthrift_write_bytes(e->w, &stop, 1);

    return rc;
}


/* A struct or a container: one level, in which all else happens. */

encode_inline int
encode_nested(encode_t *e, const encode_protocol_t *protocol,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *at,
    const uint8_t *value)
{
    int  rc;

    if (value == NULL) {
        return encode_fail(e, "struct without a value");
    }

    if (e->left == 0) {
        return encode_fail(e, "too many levels of nesting");
    }

    e->left--;

    rc = (type->type == NTHRIFT_STRUCT)
         ? encode_struct(e, protocol, at->st, value)
         : encode_container(e, protocol, type, at, value);

    e->left++;

    return rc;
}


static const encode_protocol_t  encode_binary;
static const encode_protocol_t  encode_compact;


static int
encode_nested_binary(encode_t *e, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *at, const uint8_t *value)
{
    return encode_nested(e, &encode_binary, type, at, value);
}


static int
encode_nested_compact(encode_t *e, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *at, const uint8_t *value)
{
    return encode_nested(e, &encode_compact, type, at, value);
}


static const encode_protocol_t  encode_binary = {
    &nthrift_put_binary, encode_nested_binary
};


static const encode_protocol_t  encode_compact = {
    &nthrift_put_compact, encode_nested_compact
};


encode_inline int
encode_body(const encode_protocol_t *protocol, nthrift_write_t *w,
    const nthrift_layout_t *layout, const void *value)
{
    encode_t               e;
    nthrift_schema_type_t  type;
    nthrift_layout_type_t  at;

    memset(&type, 0, sizeof(nthrift_schema_type_t));
    memset(&at, 0, sizeof(nthrift_layout_type_t));

    type.type = NTHRIFT_STRUCT;
    at.st = layout;

    e.w = w;
    e.left = NTHRIFT_MAX_DEPTH;

    (void) protocol->nested(&e, &type, &at, value);

    return (w->error == NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


static int
encode_body_binary(nthrift_write_t *w, const nthrift_layout_t *layout,
    const void *value)
{
    return encode_body(&encode_binary, w, layout, value);
}


static int
encode_body_compact(nthrift_write_t *w, const nthrift_layout_t *layout,
    const void *value)
{
    return encode_body(&encode_compact, w, layout, value);
}


static const encode_pt  encode_protocols[NTHRIFT_PROTOCOLS] = {
    [NTHRIFT_BINARY] = encode_body_binary,
    [NTHRIFT_COMPACT] = encode_body_compact
};


int
nthrift_encode_body(nthrift_write_t *w, const nthrift_layout_t *layout,
    const void *value)
{
    return encode_protocols[w->protocol](w, layout, value);
}
