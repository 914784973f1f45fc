/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/binary.h: the numbers and sizes of the binary protocol; its numbers are
 * length words', too.  For binary.c, frame.c, and what bind/ reads and writes.
 *
 * Source: doc/specs/thrift-binary-protocol.md.
 */

#ifndef NTHRIFT_BINARY_H
#define NTHRIFT_BINARY_H

#include "wire/wire.h"

#include <endian.h>


/* Big-endian numbers, at any address. */

static inline uint32_t
nthrift_binary_get32(const uint8_t *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
           | (uint32_t) p[2] << 8 | p[3];
}


static inline int16_t
nthrift_binary_get16(const uint8_t *p)
{
    return (int16_t) (p[0] << 8 | p[1]);
}


static inline uint8_t *
nthrift_binary_put16(uint8_t *p, uint16_t value)
{
    value = htobe16(value);
    memcpy(p, &value, 2);

    return p + 2;
}


static inline uint8_t *
nthrift_binary_put32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t) (value >> 24);
    p[1] = (uint8_t) (value >> 16);
    p[2] = (uint8_t) (value >> 8);
    p[3] = (uint8_t) value;

    return p + 4;
}


static inline uint8_t *
nthrift_binary_put64(uint8_t *p, uint64_t value)
{
    value = htobe64(value);
    memcpy(p, &value, 8);

    return p + 8;
}


/* "i8 field type, i16 field id" */

#define NTHRIFT_BINARY_FIELD  (1 + 2)

/* "i8 element type, i32 size" and "i8 key type, i8 value type, i32 size" */

#define NTHRIFT_BINARY_LIST   (1 + 4)
#define NTHRIFT_BINARY_MAP    (1 + 1 + 4)


/* Bytes of the values that always have as many: of a table by type. */

#define NTHRIFT_BINARY_FIXED                                                  \
    [NTHRIFT_BOOL] = 1,                                                       \
    [NTHRIFT_I8] = 1,                                                         \
    [NTHRIFT_DOUBLE] = 8,                                                     \
    [NTHRIFT_I16] = 2,                                                        \
    [NTHRIFT_I32] = 4,                                                        \
    [NTHRIFT_I64] = 8,                                                        \
    [NTHRIFT_UUID] = 16


/* Bytes that a value has at least; 0 for what is no type. */

#define NTHRIFT_BINARY_LEAST                                                  \
    NTHRIFT_BINARY_FIXED,                                                     \
    [NTHRIFT_STRING] = 4,                                                     \
    [NTHRIFT_STRUCT] = 1,                                                     \
    [NTHRIFT_MAP] = NTHRIFT_BINARY_MAP,                                       \
    [NTHRIFT_SET] = NTHRIFT_BINARY_LIST,                                      \
    [NTHRIFT_LIST] = NTHRIFT_BINARY_LIST


/*
 * Bytes of a value without levels, at `p` before `n` bytes.  0: it has levels,
 * or is not there to its end.  `fixed` is a table of NTHRIFT_BINARY_FIXED up to
 * NTHRIFT_UUID, and `type` is not above that.
 */

static inline size_t
nthrift_binary_flat(const uint8_t *fixed, uint8_t type, const uint8_t *p,
    size_t n)
{
    size_t    size;
    uint32_t  len;

    size = fixed[type];

    if (type == NTHRIFT_STRING && n >= 4) {
        len = nthrift_binary_get32(p);

        if (len > INT32_MAX) {
            return 0;
        }

        size = (size_t) len + 4;
    }

    return (size <= n) ? size : 0;
}


#endif /* NTHRIFT_BINARY_H */
