/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/translate_binary.c: a body in the binary protocol becomes one in the
 * compact protocol.  translate.c comes here by way of its table.  The checks
 * are those of the walk in binary.c, in the same order.
 *
 * Source: doc/specs/thrift-binary-protocol.md, thrift-compact-protocol.md.
 */

#include "wire/binary.h"
#include "wire/compact.h"
#include "wire/translate_walk.h"


static const uint8_t  binary_fixed[NTHRIFT_UUID + 1] = {
    NTHRIFT_BINARY_FIXED
};

static const uint8_t  binary_least[NTHRIFT_UUID + 1] = {
    NTHRIFT_BINARY_LEAST
};


/* The compact type; 0, STOP, for what is no type. */

static const uint8_t  binary_compact[NTHRIFT_UUID + 1] = {
    NTHRIFT_COMPACT_TYPES
};


/*
 * The longest compact form of the values of fixed size that differ; 0 for the
 * others.
 */

static const uint8_t  binary_most[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = 1,
    [NTHRIFT_DOUBLE] = 8,
    [NTHRIFT_I16] = NTHRIFT_COMPACT_VARINT16,
    [NTHRIFT_I32] = NTHRIFT_COMPACT_VARINT32,
    [NTHRIFT_I64] = NTHRIFT_COMPACT_VARINT64
};


static inline uint32_t
binary_type_least(uint8_t type)
{
    return (type <= NTHRIFT_UUID) ? binary_least[type] : 0;
}


static inline uint8_t
binary_type_compact(uint8_t type)
{
    return (type <= NTHRIFT_UUID) ? binary_compact[type] : 0;
}


static inline uint64_t
binary_get64(const uint8_t *p)
{
    uint64_t  v;

    memcpy(&v, p, 8);

    return be64toh(v);
}


/* One value of bool, double, i16, i32 or i64, all of which is there. */

static inline uint8_t *
translate_number(uint8_t *out, uint8_t type, const uint8_t *p)
{
    uint64_t  v;

    switch (type) {

    case NTHRIFT_BOOL:
        *out = (*p != 0) ? NTHRIFT_COMPACT_TRUE : NTHRIFT_COMPACT_FALSE;
        return out + 1;

    case NTHRIFT_I16:
        v = nthrift_compact_zigzag(nthrift_binary_get16(p));
        return nthrift_compact_varint_write(out, v);

    case NTHRIFT_I32:
        v = nthrift_compact_zigzag((int32_t) nthrift_binary_get32(p));
        return nthrift_compact_varint_write(out, v);

    case NTHRIFT_I64:
        v = nthrift_compact_zigzag((int64_t) binary_get64(p));
        return nthrift_compact_varint_write(out, v);

    default: /* NTHRIFT_DOUBLE */
        v = htole64(binary_get64(p));
        memcpy(out, &v, 8);
        return out + 8;
    }
}


static inline ptrdiff_t
translate_string(nthrift_translate_t *t, const uint8_t *p,
    const uint8_t *last)
{
    uint32_t  len;

    if (last - p < 4) {
        return NTHRIFT_AGAIN;
    }

    len = nthrift_binary_get32(p);

    if (len > INT32_MAX) {
        return nthrift_walk_refuse(&t->read, 4, "negative length of string");
    }

    if (len > nthrift_walk_rest(&t->read, p) - 4) {
        return nthrift_walk_refuse(&t->read, 4,
                                   "string longer than its message");
    }

    t->out = nthrift_compact_varint_write(t->out, len);
    t->read.bytes = len;

    return 4;
}


static uint8_t *
translate_list_head(uint8_t *out, uint8_t type, uint32_t count)
{
    if (count < 15) {
        *out = (uint8_t) (count << 4 | type);
        return out + 1;
    }

    *out = 0xf0 | type;

    return nthrift_compact_varint_write(out + 1, count);
}


static ptrdiff_t
translate_list(nthrift_translate_t *t, const uint8_t *p, const uint8_t *last)
{
    int       rc;
    uint32_t  count, least;

    if (last - p < NTHRIFT_BINARY_LIST) {
        return NTHRIFT_AGAIN;
    }

    count = nthrift_binary_get32(p + 1);
    least = binary_type_least(p[0]);

    if (count > INT32_MAX) {
        return nthrift_walk_refuse(&t->read, NTHRIFT_BINARY_LIST,
                                   "negative size of list");
    }

    if (least == 0 && count != 0) {
        return nthrift_walk_refuse(&t->read, NTHRIFT_BINARY_LIST,
                                   "unknown type of list elements");
    }

    if ((uint64_t) count * least
        > nthrift_walk_rest(&t->read, p) - NTHRIFT_BINARY_LIST)
    {
        return nthrift_walk_refuse(&t->read, NTHRIFT_BINARY_LIST,
                                   "list longer than its message");
    }

    rc = nthrift_walk_enter(&t->read, NTHRIFT_BINARY_LIST, 0, count, p[0],
                            p[0]);
    if (rc != NTHRIFT_OK) {
        return rc;
    }

    t->out = translate_list_head(t->out, binary_type_compact(p[0]), count);

    if (p[0] == NTHRIFT_I8 || p[0] == NTHRIFT_UUID) {
        nthrift_walk_leave(&t->read);
        t->read.bytes = (uint64_t) count * least;
    }

    return NTHRIFT_BINARY_LIST;
}


static ptrdiff_t
translate_map(nthrift_translate_t *t, const uint8_t *p, const uint8_t *last)
{
    int       rc;
    uint32_t  count, key, value;

    if (last - p < NTHRIFT_BINARY_MAP) {
        return NTHRIFT_AGAIN;
    }

    count = nthrift_binary_get32(p + 2);
    key = binary_type_least(p[0]);
    value = binary_type_least(p[1]);

    if (count > INT32_MAX) {
        return nthrift_walk_refuse(&t->read, NTHRIFT_BINARY_MAP,
                                   "negative size of map");
    }

    if ((key == 0 || value == 0) && count != 0) {
        return nthrift_walk_refuse(&t->read, NTHRIFT_BINARY_MAP,
                                   "unknown type of map elements");
    }

    if ((uint64_t) count * (key + value)
        > nthrift_walk_rest(&t->read, p) - NTHRIFT_BINARY_MAP)
    {
        return nthrift_walk_refuse(&t->read, NTHRIFT_BINARY_MAP,
                                   "map longer than its message");
    }

    rc = nthrift_walk_enter(&t->read, NTHRIFT_BINARY_MAP, 0, count * 2, p[0],
                            p[1]);
    if (rc != NTHRIFT_OK) {
        return rc;
    }

    t->out = nthrift_compact_varint_write(t->out, count);

    if (count != 0) {
        *t->out++ = (uint8_t) (binary_compact[p[0]] << 4
                               | binary_compact[p[1]]);
    }

    return NTHRIFT_BINARY_MAP;
}


/* Inlined by force: a call for each value is a fifth of the time. */

static inline __attribute__((always_inline)) ptrdiff_t
translate_value(nthrift_translate_t *t, uint8_t type, const uint8_t *p,
    const uint8_t *last)
{
    switch (type) {

    case NTHRIFT_STRING:
        return translate_string(t, p, last);

    case NTHRIFT_STRUCT:
        return nthrift_walk_enter(&t->read, 0, 1, 0, 0, 0);

    case NTHRIFT_MAP:
        return translate_map(t, p, last);

    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        return translate_list(t, p, last);

    case NTHRIFT_I8:
    case NTHRIFT_UUID:
        t->read.bytes = binary_fixed[type];
        return 0;

    default:
        break;
    }

    if (last - p < binary_fixed[type]) {
        return NTHRIFT_AGAIN;
    }

    t->out = translate_number(t->out, type, p);

    return binary_fixed[type];
}


static inline uint8_t *
translate_field_head(uint8_t *out, int16_t before, int16_t id, uint8_t type)
{
    int  delta;

    delta = id - before;

    if (delta >= 1 && delta <= 15) {
        *out = (uint8_t) (delta << 4 | type);
        return out + 1;
    }

    *out = type;

    return nthrift_compact_varint_write(out + 1, nthrift_compact_zigzag(id));
}


static inline ptrdiff_t
translate_field(nthrift_translate_t *t, const uint8_t *p, const uint8_t *last)
{
    int16_t                id;
    uint8_t                type, *out;
    ptrdiff_t              n, rc;
    nthrift_skip_level_t  *level;

    n = last - p;

    if (n == 0) {
        return NTHRIFT_AGAIN;
    }

    if (p[0] == NTHRIFT_STOP) {
        *t->out++ = NTHRIFT_COMPACT_STOP;
        nthrift_walk_leave(&t->read);
        return 1;
    }

    if (binary_type_least(p[0]) == 0) {
        return nthrift_walk_refuse(&t->read, 1, "unknown type of field");
    }

    if (n < NTHRIFT_BINARY_FIELD + (p[0] == NTHRIFT_BOOL)) {
        return NTHRIFT_AGAIN;
    }

    type = binary_compact[p[0]];
    id = nthrift_binary_get16(p + 1);
    level = &t->read.levels[t->read.depth - 1];
    out = t->out;
    rc = 1;

    /* the value of a bool is its type */

    if (p[0] == NTHRIFT_BOOL && p[3] == 0) {
        type = NTHRIFT_COMPACT_FALSE;
    }

    t->out = translate_field_head(out, (int16_t) level->left, id, type);

    if (p[0] != NTHRIFT_BOOL) {
        rc = translate_value(t, p[0], p + NTHRIFT_BINARY_FIELD, last);

        if (rc < 0) {
            t->out = out;
            return rc;
        }
    }

    level->left = (uint16_t) id;

    return NTHRIFT_BINARY_FIELD + rc;
}


/* Numbers of a list, as many as are there and have room. */

static inline ptrdiff_t
translate_numbers(nthrift_translate_t *t, nthrift_skip_level_t *level,
    const uint8_t *p, const uint8_t *last)
{
    size_t    size;
    uint8_t   type, *out;
    uint32_t  i, n;

    type = level->type[0];
    size = binary_fixed[type];
    out = t->out;

    n = nthrift_translate_count(t, level, (size_t) (last - p), size,
                                binary_most[type]);

    for (i = 0; i < n; i++) {
        out = translate_number(out, type, p + i * size);
    }

    t->out = out;
    level->left -= n;

    return (ptrdiff_t) (n * size);
}


static inline ptrdiff_t
translate_element(nthrift_translate_t *t, nthrift_skip_level_t *level,
    const uint8_t *p, const uint8_t *last)
{
    uint8_t    type;
    ptrdiff_t  n;

    type = level->type[level->left & 1];

    if (binary_most[type] > 0 && level->type[0] == level->type[1]) {
        n = translate_numbers(t, level, p, last);

        return (n != 0) ? n : NTHRIFT_AGAIN;
    }

    n = translate_value(t, type, p, last);

    if (n >= 0) {
        level->left--;
    }

    return n;
}


int
nthrift_translate_binary(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last)
{
    return nthrift_translate_run(t, p, last, translate_field,
                                 translate_element);
}
