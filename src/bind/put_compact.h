/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/put_compact.h: values in the compact protocol.  For encode.c,
 * prune.c and protocol.c.
 *
 * Source: doc/specs/thrift-compact-protocol.md, lib/cpp TCompactProtocol.tcc.
 */

#ifndef NTHRIFT_PUT_COMPACT_H
#define NTHRIFT_PUT_COMPACT_H

#include "bind/put.h"
#include "wire/compact.h"

#include <endian.h>


/* The size of a list, or the step to a field's id, in one byte. */

#define NTHRIFT_PUT_SHORT_LIST   14
#define NTHRIFT_PUT_SHORT_DELTA  15


static const uint8_t  nthrift_put_compact_types[NTHRIFT_UUID + 1] = {
    NTHRIFT_COMPACT_TYPES
};


nthrift_put_inline uint8_t *
nthrift_put_compact_zigzag(uint8_t *p, int64_t value)
{
    return nthrift_compact_varint_write(p, nthrift_compact_zigzag(value));
}


/* "dddd tttt", or "0000 tttt" and the id; `type` is compact's own */

nthrift_put_inline uint8_t *
nthrift_put_compact_head(uint8_t *p, int16_t last, int16_t id, unsigned type)
{
    int  delta;

    delta = id - last;

    if (delta >= 1 && delta <= NTHRIFT_PUT_SHORT_DELTA) {
        *p++ = (uint8_t) ((unsigned) delta << 4 | type);
        return p;
    }

    *p++ = (uint8_t) type;

    return nthrift_put_compact_zigzag(p, id);
}


nthrift_put_inline uint8_t *
nthrift_put_compact_field(uint8_t *p, int16_t last, int16_t id, unsigned type)
{
    return nthrift_put_compact_head(p, last, id,
                                    nthrift_put_compact_types[type]);
}


/* As a field, a bool is a type; as an element, a byte. */

nthrift_put_inline uint8_t *
nthrift_put_compact_field_bool(uint8_t *p, int16_t last, int16_t id,
    int value)
{
    return nthrift_put_compact_head(p, last, id,
                                    value ? NTHRIFT_COMPACT_TRUE
                                          : NTHRIFT_COMPACT_FALSE);
}


nthrift_put_inline uint8_t *
nthrift_put_compact_truth(uint8_t *p, int value)
{
    *p = value ? NTHRIFT_COMPACT_TRUE : NTHRIFT_COMPACT_FALSE;

    return p + 1;
}


nthrift_put_inline uint8_t *
nthrift_put_compact_number(uint8_t *p, unsigned type, int64_t value)
{
    if (type == NTHRIFT_I8) {
        *p++ = (uint8_t) value;
        return p;
    }

    return nthrift_put_compact_zigzag(p, value);
}


/* The low byte first, unlike binary */

nthrift_put_inline uint8_t *
nthrift_put_compact_real(uint8_t *p, uint64_t bits)
{
    bits = htole64(bits);
    memcpy(p, &bits, 8);

    return p + 8;
}


nthrift_put_inline uint8_t *
nthrift_put_compact_length(uint8_t *p, size_t len)
{
    return nthrift_compact_varint_write(p, len);
}


/* "ssss tttt", or "1111 tttt" and the size */

nthrift_put_inline uint8_t *
nthrift_put_compact_list(uint8_t *p, unsigned elem, size_t n)
{
    if (n <= NTHRIFT_PUT_SHORT_LIST) {
        *p++ = (uint8_t) (n << 4 | nthrift_put_compact_types[elem]);
        return p;
    }

    *p++ = 0xf0 | nthrift_put_compact_types[elem];

    return nthrift_compact_varint_write(p, n);
}


/* The size, then "kkkk vvvv" unless the map is empty */

nthrift_put_inline uint8_t *
nthrift_put_compact_map(uint8_t *p, unsigned key, unsigned elem, size_t n)
{
    p = nthrift_compact_varint_write(p, n);

    if (n != 0) {
        *p++ = (uint8_t) (nthrift_put_compact_types[key] << 4
                          | nthrift_put_compact_types[elem]);
    }

    return p;
}


static const nthrift_put_protocol_t  nthrift_put_compact = {
    .field = nthrift_put_compact_field,
    .field_bool = nthrift_put_compact_field_bool,
    .truth = nthrift_put_compact_truth,
    .number = nthrift_put_compact_number,
    .real = nthrift_put_compact_real,
    .length = nthrift_put_compact_length,
    .list = nthrift_put_compact_list,
    .map = nthrift_put_compact_map
};


#endif /* NTHRIFT_PUT_COMPACT_H */
