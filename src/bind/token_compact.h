/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/token_compact.h: the tokens of the compact protocol.  For check.c,
 * prune.c, find.c and decode.c.
 *
 * Source: doc/specs/thrift-compact-protocol.md, lib/cpp TCompactProtocol.tcc.
 */

#ifndef NTHRIFT_TOKEN_COMPACT_H
#define NTHRIFT_TOKEN_COMPACT_H

#include "bind/token.h"
#include "wire/compact.h"


static const nthrift_token_protocol_t  nthrift_token_compact;


/* What the types of fields and elements are; 0 for what is none. */

static const uint8_t  nthrift_token_compact_types[16] = {
    NTHRIFT_COMPACT_MEANINGS
};


/* Passes over a number: its end is the first eighth bit that is not set. */

nthrift_token_inline ptrdiff_t
nthrift_token_compact_varint(int max, const uint8_t *p, const uint8_t *last)
{
    int       n;
    uint64_t  v;

    if (p != last && *p < 0x80) {
        return 1;
    }

    if (last - p >= 8) {
        v = ~nthrift_compact_get64(p) & NTHRIFT_COMPACT_GOES_ON;

        if (v != 0) {
            n = __builtin_ctzll(v) / 8 + 1;

            if (n <= max) {
                return n;
            }
        }
    }

    return nthrift_compact_varint_read(p, last, max, &v);
}


/* A length or a size. */

nthrift_token_inline ptrdiff_t
nthrift_token_compact_count(const uint8_t *p, const uint8_t *last,
    nthrift_token_t *t)
{
    int       n;
    uint64_t  v;

    if (p != last && *p < 0x80) {
        t->count = *p;
        return 1;
    }

    v = 0;
    n = nthrift_compact_varint_read(p, last, NTHRIFT_COMPACT_VARINT32, &v);

    if (v > INT32_MAX) {
        return NTHRIFT_ERROR;
    }

    t->count = (uint32_t) v;

    return n;
}


/* "ssss tttt", or "1111 tttt" and the size as a number */

nthrift_token_inline ptrdiff_t
nthrift_token_compact_list(const uint8_t *p, const uint8_t *last,
    nthrift_token_t *t)
{
    ptrdiff_t  n;

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    t->odd = (p[0] & 0x0f) == NTHRIFT_COMPACT_FALSE;
    t->elem = nthrift_token_compact_types[p[0] & 0x0f];
    t->key = t->elem;
    t->count = p[0] >> 4;
    n = 0;

    if (t->count == 15) {
        n = nthrift_token_compact_count(p + 1, last, t);
    }

    return (n >= 0) ? 1 + n : n;
}


/* The size as a number, then "kkkk vvvv" unless the map is empty */

nthrift_token_inline ptrdiff_t
nthrift_token_compact_map(const uint8_t *p, const uint8_t *last,
    nthrift_token_t *t)
{
    ptrdiff_t  n;

    t->odd = 0;
    t->key = NTHRIFT_STOP;
    t->elem = NTHRIFT_STOP;
    n = nthrift_token_compact_count(p, last, t);

    if (n < 0 || t->count == 0) {
        return n;
    }

    if (last - p == n) {
        return NTHRIFT_AGAIN;
    }

    t->odd = (p[n] >> 4) == NTHRIFT_COMPACT_FALSE
             || (p[n] & 0x0f) == NTHRIFT_COMPACT_FALSE;
    t->key = nthrift_token_compact_types[p[n] >> 4];
    t->elem = nthrift_token_compact_types[p[n] & 0x0f];

    return n + 1;
}


nthrift_token_inline ptrdiff_t
nthrift_token_compact_value(const uint8_t *p, const uint8_t *last,
    nthrift_token_t *t)
{
    size_t  fixed;

    switch (t->type) {

    case NTHRIFT_I16:
    case NTHRIFT_I32:
        t->at = p;
        return nthrift_token_compact_varint(NTHRIFT_COMPACT_VARINT32, p, last);

    case NTHRIFT_I64:
        t->at = p;
        return nthrift_token_compact_varint(NTHRIFT_COMPACT_VARINT64, p, last);

    case NTHRIFT_STRING:
        return nthrift_token_compact_count(p, last, t);

    case NTHRIFT_STRUCT:
        return 0;

    case NTHRIFT_MAP:
        return nthrift_token_compact_map(p, last, t);

    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        return nthrift_token_compact_list(p, last, t);

    default:
        break;
    }

    fixed = nthrift_token_compact.fixed[t->type];

    if (fixed == 0) {
        return NTHRIFT_ERROR;
    }

    t->at = p;

    return (fixed <= (size_t) (last - p)) ? (ptrdiff_t) fixed : NTHRIFT_AGAIN;
}


/*
 * "dddd tttt" where the id is at most 15 more than that of the field before,
 * else "0000 tttt" and the id as a number; the value of a bool is its type.
 */

nthrift_token_inline ptrdiff_t
nthrift_token_compact_read(const nthrift_token_level_t *level,
    const uint8_t *p, const uint8_t *last, nthrift_token_t *t)
{
    int        size;
    uint64_t   v;
    ptrdiff_t  n;

    if (!level->fields) {
        t->type = level->type[level->left & 1];
        return nthrift_token_compact_value(p, last, t);
    }

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    t->type = nthrift_token_compact_types[p[0] & 0x0f];

    if (t->type == NTHRIFT_STOP) {
        return ((p[0] & 0x0f) == NTHRIFT_COMPACT_STOP) ? 1 : NTHRIFT_ERROR;
    }

    t->at = p;

    if (p[0] >= 0x10) {
        t->id = (int16_t) (level->id + (p[0] >> 4));
        size = 1;

    } else {
        size = nthrift_compact_varint_read(p + 1, last,
                                           NTHRIFT_COMPACT_VARINT32, &v);
        if (size < 0) {
            return size;
        }

        t->id = (int16_t) nthrift_compact_unzigzag((uint32_t) v);
        size++;
    }

    if (t->type == NTHRIFT_BOOL) {
        return size;
    }

    n = nthrift_token_compact_value(p + size, last, t);

    return (n >= 0) ? size + n : n;
}


nthrift_token_inline int64_t
nthrift_token_compact_number(const nthrift_token_t *t)
{
    uint64_t  v;

    if (t->type == NTHRIFT_I8) {
        return (int8_t) t->at[0];
    }

    if (t->type == NTHRIFT_DOUBLE) {
        return (int64_t) nthrift_compact_get64(t->at);
    }

    /* that it is whole is known */

    v = 0;
    (void) nthrift_compact_varint_read(t->at,
                                       t->at + NTHRIFT_COMPACT_VARINT64,
                                       NTHRIFT_COMPACT_VARINT64, &v);

    if (t->type != NTHRIFT_I64) {
        return (t->type == NTHRIFT_I16)
               ? (int16_t) nthrift_compact_unzigzag((uint32_t) v)
               : nthrift_compact_unzigzag((uint32_t) v);
    }

    return nthrift_compact_unzigzag(v);
}


/* The type where it is a field's, the byte where it is an element. */

nthrift_token_inline int
nthrift_token_compact_truth(const nthrift_token_t *t)
{
    return (t->at[0] & 0x0f) == NTHRIFT_COMPACT_TRUE;
}


static const nthrift_token_protocol_t  nthrift_token_compact = {
    .read = nthrift_token_compact_read,
    .number = nthrift_token_compact_number,
    .truth = nthrift_token_compact_truth,
    .odd_bools = 1,
    .fixed = {
        [NTHRIFT_BOOL] = 1,
        [NTHRIFT_I8] = 1,
        [NTHRIFT_DOUBLE] = 8,
        [NTHRIFT_UUID] = 16
    },
    .varint = {
        [NTHRIFT_I16] = 1,
        [NTHRIFT_I32] = 1,
        [NTHRIFT_I64] = 1
    }
};


#endif /* NTHRIFT_TOKEN_COMPACT_H */
