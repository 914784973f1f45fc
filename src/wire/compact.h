/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/compact.h: the types and numbers of the compact protocol.  For
 * compact.c, compact_walk.c, and the tokens of bind/.
 *
 * Source: doc/specs/thrift-compact-protocol.md.
 */

#ifndef NTHRIFT_COMPACT_H
#define NTHRIFT_COMPACT_H

#include "wire/skip.h"

#include <endian.h>


/* Types of fields and of elements. */

typedef enum {
    NTHRIFT_COMPACT_STOP = 0,
    NTHRIFT_COMPACT_TRUE = 1,
    NTHRIFT_COMPACT_FALSE = 2,
    NTHRIFT_COMPACT_I8 = 3,
    NTHRIFT_COMPACT_I16 = 4,
    NTHRIFT_COMPACT_I32 = 5,
    NTHRIFT_COMPACT_I64 = 6,
    NTHRIFT_COMPACT_DOUBLE = 7,
    NTHRIFT_COMPACT_BINARY = 8,
    NTHRIFT_COMPACT_LIST = 9,
    NTHRIFT_COMPACT_SET = 10,
    NTHRIFT_COMPACT_MAP = 11,
    NTHRIFT_COMPACT_STRUCT = 12,
    NTHRIFT_COMPACT_UUID = 13
} nthrift_compact_type_e;


/* Rows of a table: the compact type of each type, and what each is. */

#define NTHRIFT_COMPACT_TYPES                                                 \
    [NTHRIFT_BOOL] = NTHRIFT_COMPACT_TRUE,                                    \
    [NTHRIFT_I8] = NTHRIFT_COMPACT_I8,                                        \
    [NTHRIFT_DOUBLE] = NTHRIFT_COMPACT_DOUBLE,                                \
    [NTHRIFT_I16] = NTHRIFT_COMPACT_I16,                                      \
    [NTHRIFT_I32] = NTHRIFT_COMPACT_I32,                                      \
    [NTHRIFT_I64] = NTHRIFT_COMPACT_I64,                                      \
    [NTHRIFT_STRING] = NTHRIFT_COMPACT_BINARY,                                \
    [NTHRIFT_STRUCT] = NTHRIFT_COMPACT_STRUCT,                                \
    [NTHRIFT_MAP] = NTHRIFT_COMPACT_MAP,                                      \
    [NTHRIFT_SET] = NTHRIFT_COMPACT_SET,                                      \
    [NTHRIFT_LIST] = NTHRIFT_COMPACT_LIST,                                    \
    [NTHRIFT_UUID] = NTHRIFT_COMPACT_UUID

#define NTHRIFT_COMPACT_MEANINGS                                              \
    [NTHRIFT_COMPACT_TRUE] = NTHRIFT_BOOL,                                    \
    [NTHRIFT_COMPACT_FALSE] = NTHRIFT_BOOL,                                   \
    [NTHRIFT_COMPACT_I8] = NTHRIFT_I8,                                        \
    [NTHRIFT_COMPACT_I16] = NTHRIFT_I16,                                      \
    [NTHRIFT_COMPACT_I32] = NTHRIFT_I32,                                      \
    [NTHRIFT_COMPACT_I64] = NTHRIFT_I64,                                      \
    [NTHRIFT_COMPACT_DOUBLE] = NTHRIFT_DOUBLE,                                \
    [NTHRIFT_COMPACT_BINARY] = NTHRIFT_STRING,                                \
    [NTHRIFT_COMPACT_LIST] = NTHRIFT_LIST,                                    \
    [NTHRIFT_COMPACT_SET] = NTHRIFT_SET,                                      \
    [NTHRIFT_COMPACT_MAP] = NTHRIFT_MAP,                                      \
    [NTHRIFT_COMPACT_STRUCT] = NTHRIFT_STRUCT,                                \
    [NTHRIFT_COMPACT_UUID] = NTHRIFT_UUID


/* Bytes of the elements that always have as many: of a table by type. */

#define NTHRIFT_COMPACT_FIXED                                                 \
    [NTHRIFT_COMPACT_TRUE] = 1,                                               \
    [NTHRIFT_COMPACT_FALSE] = 1,                                              \
    [NTHRIFT_COMPACT_I8] = 1,                                                 \
    [NTHRIFT_COMPACT_DOUBLE] = 8,                                             \
    [NTHRIFT_COMPACT_UUID] = 16


/* The longest numbers: ceil(16 / 7), ceil(32 / 7) and ceil(64 / 7) bytes. */

#define NTHRIFT_COMPACT_VARINT16  3
#define NTHRIFT_COMPACT_VARINT32  5
#define NTHRIFT_COMPACT_VARINT64  10

/* The eighth bits of eight bytes: a number goes on. */

#define NTHRIFT_COMPACT_GOES_ON   0x8080808080808080


/*
 * Reads a number of `max` bytes at most: seven bits a byte, low ones first,
 * the eighth says that more follow.  Returns its bytes, NTHRIFT_AGAIN, or
 * NTHRIFT_ERROR when it is longer.
 */

static inline int
nthrift_compact_varint_read(const uint8_t *p, const uint8_t *last, int max,
    uint64_t *value)
{
    int       i;
    uint64_t  v;

    v = 0;

    for (i = 0; i < max; i++) {
        if (p == last) {
            return NTHRIFT_AGAIN;
        }

        v |= (uint64_t) (*p & 0x7f) << (7 * i);

        if (*p++ < 0x80) {
            *value = v;
            return i + 1;
        }
    }

    return NTHRIFT_ERROR;
}


/* Eight bytes, the first of them lowest. */

static inline uint64_t
nthrift_compact_get64(const uint8_t *p)
{
    uint64_t  v;

    memcpy(&v, p, 8);

    return le64toh(v);
}


/* Bytes of a number of 32 bits; and a number written. */

static inline size_t
nthrift_compact_varint_size(uint32_t value)
{
    size_t  n;

    for (n = 1; value >= 0x80; n++) {
        value >>= 7;
    }

    return n;
}


static inline uint8_t *
nthrift_compact_varint_write(uint8_t *p, uint64_t value)
{
    while (value >= 0x80) {
        *p++ = (uint8_t) (value | 0x80);
        value >>= 7;
    }

    *p++ = (uint8_t) value;

    return p;
}


/* Signed numbers: 0, -1, 1, -2, ... are written as 0, 1, 2, 3, ... */

static inline uint64_t
nthrift_compact_zigzag(int64_t value)
{
    return ((uint64_t) value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}


static inline int64_t
nthrift_compact_unzigzag(uint64_t value)
{
    return (int64_t) ((value >> 1) ^ (0 - (value & 1)));
}


/* The walk of skip.c: compact_walk.c. */
int nthrift_compact_walk(nthrift_skip_t *w, const uint8_t **p,
    const uint8_t *last);


#endif /* NTHRIFT_COMPACT_H */
