/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/translate_compact.c: a body in the compact protocol becomes one in the
 * binary protocol.  translate.c comes here by way of its table.  The checks
 * are those of the walk in compact_walk.c, in the same order.
 *
 * Source: doc/specs/thrift-compact-protocol.md, thrift-binary-protocol.md,
 * lib/cpp TCompactProtocol.tcc.
 */

#include "wire/binary.h"
#include "wire/compact.h"
#include "wire/translate_walk.h"


static const uint8_t  compact_fixed[16] = {
    NTHRIFT_COMPACT_FIXED
};


/* The binary type; 0, STOP, for what is no type. */

static const uint8_t  compact_binary[16] = {
    NTHRIFT_COMPACT_MEANINGS
};


/* All that have a type take one byte at least. */

static inline uint32_t
compact_type_least(uint8_t type)
{
    if (compact_fixed[type] != 0) {
        return compact_fixed[type];
    }

    return compact_binary[type] != NTHRIFT_STOP;
}


/* As in compact_walk.c. */

static inline ptrdiff_t
compact_length(nthrift_translate_t *t, const uint8_t *p, const uint8_t *last,
    uint64_t *value, const char *negative)
{
    int  n;

    if (p != last && *p < 0x80) {
        *value = *p;
        return 1;
    }

    n = nthrift_compact_varint_read(p, last, NTHRIFT_COMPACT_VARINT32, value);

    if (n == NTHRIFT_ERROR) {
        return nthrift_walk_refuse(&t->read, 0,
                                   "too long number for length or size");
    }

    if (n > 0 && *value > INT32_MAX) {
        return nthrift_walk_refuse(&t->read, 0, negative);
    }

    return n;
}


static inline ptrdiff_t
translate_string(nthrift_translate_t *t, const uint8_t *p,
    const uint8_t *last)
{
    uint64_t   len;
    ptrdiff_t  n;

    len = 0;
    n = compact_length(t, p, last, &len, "negative length of string");

    if (n < 0) {
        return n;
    }

    if (len > nthrift_walk_rest(&t->read, p) - (uint64_t) n) {
        return nthrift_walk_refuse(&t->read, 0,
                                   "string longer than its message");
    }

    t->out = nthrift_binary_put32(t->out, (uint32_t) len);
    t->read.bytes = len;

    return n;
}


static ptrdiff_t
translate_list(nthrift_translate_t *t, const uint8_t *p, const uint8_t *last)
{
    uint8_t    type;
    uint32_t   least;
    uint64_t   count;
    ptrdiff_t  n;

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    n = 0;
    count = p[0] >> 4;
    type = p[0] & 0x0f;
    least = compact_type_least(type);

    if (count == 15) {
        n = compact_length(t, p + 1, last, &count, "negative size of list");

        if (n < 0) {
            return n;
        }
    }

    n++;

    if (least == 0 && count != 0) {
        return nthrift_walk_refuse(&t->read, 0,
                                   "unknown type of list elements");
    }

    if (count * least > nthrift_walk_rest(&t->read, p) - (uint64_t) n) {
        return nthrift_walk_refuse(&t->read, 0,
                                   "list longer than its message");
    }

    if (nthrift_walk_enter(&t->read, 0, 0, (uint32_t) count, type, type)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    *t->out++ = compact_binary[type];
    t->out = nthrift_binary_put32(t->out, (uint32_t) count);

    if (type == NTHRIFT_COMPACT_I8 || type == NTHRIFT_COMPACT_UUID) {
        nthrift_walk_leave(&t->read);
        t->read.bytes = count * least;
    }

    return n;
}


/* Whose types are STOP where it is empty, as the compact protocol has none. */

static ptrdiff_t
translate_map(nthrift_translate_t *t, const uint8_t *p, const uint8_t *last)
{
    uint8_t    key, value;
    uint32_t   least;
    uint64_t   count;
    ptrdiff_t  n;

    count = 0;
    key = 0;
    value = 0;

    n = compact_length(t, p, last, &count, "negative size of map");

    if (n < 0) {
        return n;
    }

    if (count != 0) {
        if (last - p == n) {
            return NTHRIFT_AGAIN;
        }

        key = p[n] >> 4;
        value = p[n] & 0x0f;
        n++;

        if (compact_type_least(key) == 0 || compact_type_least(value) == 0) {
            return nthrift_walk_refuse(&t->read, 0,
                                       "unknown type of map elements");
        }

        least = compact_type_least(key) + compact_type_least(value);

        if (count * least > nthrift_walk_rest(&t->read, p) - (uint64_t) n) {
            return nthrift_walk_refuse(&t->read, 0,
                                       "map longer than its message");
        }
    }

    if (nthrift_walk_enter(&t->read, 0, 0, (uint32_t) count * 2, key, value)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    *t->out++ = compact_binary[key];
    *t->out++ = compact_binary[value];
    t->out = nthrift_binary_put32(t->out, (uint32_t) count);

    return n;
}


/*
 * A number of i16, i32 or i64, that is read by type: what does not fit loses
 * its upper bits.
 */

static inline ptrdiff_t
translate_varint(nthrift_translate_t *t, uint8_t type, const uint8_t *p,
    const uint8_t *last)
{
    int       n, max;
    uint64_t  v;

    max = (type == NTHRIFT_COMPACT_I64) ? NTHRIFT_COMPACT_VARINT64
          : (type == NTHRIFT_COMPACT_I32) ? NTHRIFT_COMPACT_VARINT32
                                          : NTHRIFT_COMPACT_VARINT16;

    if (p != last && *p < 0x80) {
        v = *p;
        n = 1;

    } else {
        n = nthrift_compact_varint_read(p, last, max, &v);

        if (n == NTHRIFT_ERROR) {
            return nthrift_walk_refuse(&t->read, 0, "too long number");
        }

        if (n == NTHRIFT_AGAIN) {
            return n;
        }
    }

    if (type == NTHRIFT_COMPACT_I64) {
        v = (uint64_t) nthrift_compact_unzigzag(v);
        t->out = nthrift_binary_put64(t->out, v);
        return n;
    }

    v = (uint64_t) nthrift_compact_unzigzag((uint32_t) v);

    t->out = (type == NTHRIFT_COMPACT_I32)
             ? nthrift_binary_put32(t->out, (uint32_t) v)
             : nthrift_binary_put16(t->out, (uint16_t) v);

    return n;
}


static inline ptrdiff_t
translate_double(nthrift_translate_t *t, const uint8_t *p,
    const uint8_t *last)
{
    if (last - p < 8) {
        return NTHRIFT_AGAIN;
    }

    t->out = nthrift_binary_put64(t->out, nthrift_compact_get64(p));

    return 8;
}


/* Inlined by force: a call for each value is a fifth of the time. */

static inline __attribute__((always_inline)) ptrdiff_t
translate_value(nthrift_translate_t *t, uint8_t type, const uint8_t *p,
    const uint8_t *last)
{
    switch (type) {

    case NTHRIFT_COMPACT_I16:
    case NTHRIFT_COMPACT_I32:
    case NTHRIFT_COMPACT_I64:
        return translate_varint(t, type, p, last);

    case NTHRIFT_COMPACT_DOUBLE:
        return translate_double(t, p, last);

    case NTHRIFT_COMPACT_BINARY:
        return translate_string(t, p, last);

    case NTHRIFT_COMPACT_LIST:
    case NTHRIFT_COMPACT_SET:
        return translate_list(t, p, last);

    case NTHRIFT_COMPACT_MAP:
        return translate_map(t, p, last);

    case NTHRIFT_COMPACT_STRUCT:
        return nthrift_walk_enter(&t->read, 0, 1, 0, 0, 0);

    case NTHRIFT_COMPACT_I8:
    case NTHRIFT_COMPACT_UUID:
        t->read.bytes = compact_fixed[type];
        return 0;

    default: /* an element of bool */
        break;
    }

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    *t->out++ = (*p == NTHRIFT_COMPACT_TRUE);

    return 1;
}


/* Returns the bytes of a field's head; `*id` is that of the one before. */

static inline ptrdiff_t
translate_field_head(nthrift_translate_t *t, const uint8_t *p,
    const uint8_t *last, int16_t *id)
{
    int       n;
    uint64_t  value;

    if (p[0] >= 0x10) {
        *id = (int16_t) (*id + (p[0] >> 4));
        return 1;
    }

    n = nthrift_compact_varint_read(p + 1, last, NTHRIFT_COMPACT_VARINT16,
                                    &value);
    if (n == NTHRIFT_ERROR) {
        return nthrift_walk_refuse(&t->read, 0,
                                   "too long number for field id");
    }

    if (n == NTHRIFT_AGAIN) {
        return NTHRIFT_AGAIN;
    }

    if (value > UINT16_MAX) {
        return nthrift_walk_refuse(&t->read, 0, "too large field id");
    }

    *id = (int16_t) nthrift_compact_unzigzag((uint32_t) value);

    return 1 + n;
}


static inline ptrdiff_t
translate_field(nthrift_translate_t *t, const uint8_t *p, const uint8_t *last)
{
    int16_t                id;
    uint8_t                type, *out;
    ptrdiff_t              n, rc;
    nthrift_skip_level_t  *level;

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    type = p[0] & 0x0f;

    if (type == NTHRIFT_COMPACT_STOP) {
        *t->out++ = NTHRIFT_STOP;
        nthrift_walk_leave(&t->read);
        return 1;
    }

    if (type > NTHRIFT_COMPACT_UUID) {
        return nthrift_walk_refuse(&t->read, 0, "unknown type of field");
    }

    level = &t->read.levels[t->read.depth - 1];
    id = (int16_t) level->left;
    n = translate_field_head(t, p, last, &id);

    if (n < 0) {
        return n;
    }

    out = t->out;
    *t->out++ = compact_binary[type];
    t->out = nthrift_binary_put16(t->out, (uint16_t) id);

    /* the value of a bool is its type */

    if (type <= NTHRIFT_COMPACT_FALSE) {
        *t->out++ = (type == NTHRIFT_COMPACT_TRUE);
        rc = 0;

    } else {
        rc = translate_value(t, type, p + n, last);

        if (rc < 0) {
            t->out = out;
            return rc;
        }
    }

    level->left = (uint16_t) id;

    return n + rc;
}


/*
 * Values of a list, as long as the longest number is there; where there are
 * fewer bytes they are read one by one.
 */

static inline ptrdiff_t
translate_numbers(nthrift_translate_t *t, nthrift_skip_level_t *level,
    const uint8_t *p, const uint8_t *last)
{
    uint8_t         type;
    uint32_t        i, n;
    ptrdiff_t       rc;
    const uint8_t  *start;

    start = p;
    type = level->type[0];
    n = nthrift_translate_count(t, level, SIZE_MAX, 1, 8);

    for (i = 0; i < n; i++) {
        rc = translate_value(t, type, p, last);

        if (rc < 0) {
            if (i == 0) {
                return rc;
            }

            break;
        }

        p += rc;
    }

    level->left -= i;

    return p - start;
}


static inline ptrdiff_t
translate_element(nthrift_translate_t *t, nthrift_skip_level_t *level,
    const uint8_t *p, const uint8_t *last)
{
    uint8_t    type;
    ptrdiff_t  n;

    type = level->type[level->left & 1];

    if (type <= NTHRIFT_COMPACT_DOUBLE && type != NTHRIFT_COMPACT_I8
        && level->type[0] == level->type[1])
    {
        return translate_numbers(t, level, p, last);
    }

    n = translate_value(t, type, p, last);

    if (n >= 0) {
        level->left--;
    }

    return n;
}


int
nthrift_translate_compact(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last)
{
    return nthrift_translate_run(t, p, last, translate_field,
                                 translate_element);
}
