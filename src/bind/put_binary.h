/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/put_binary.h: values in the binary protocol, every number big-endian.
 * For encode.c and protocol.c.
 *
 * Source: doc/specs/thrift-binary-protocol.md.
 */

#ifndef NTHRIFT_PUT_BINARY_H
#define NTHRIFT_PUT_BINARY_H

#include "bind/put.h"
#include "wire/binary.h"


/* "i8 field type, i16 field id" */

nthrift_put_inline uint8_t *
nthrift_put_binary_field(uint8_t *p, int16_t last, int16_t id, unsigned type)
{
    (void) last;

    *p++ = (uint8_t) type;

    return nthrift_binary_put16(p, (uint16_t) id);
}


nthrift_put_inline uint8_t *
nthrift_put_binary_truth(uint8_t *p, int value)
{
    *p = value ? 1 : 0;

    return p + 1;
}


nthrift_put_inline uint8_t *
nthrift_put_binary_field_bool(uint8_t *p, int16_t last, int16_t id, int value)
{
    p = nthrift_put_binary_field(p, last, id, NTHRIFT_BOOL);

    return nthrift_put_binary_truth(p, value);
}


nthrift_put_inline uint8_t *
nthrift_put_binary_number(uint8_t *p, unsigned type, int64_t value)
{
    switch (type) {

    case NTHRIFT_I8:
        *p++ = (uint8_t) value;
        return p;

    case NTHRIFT_I16:
        return nthrift_binary_put16(p, (uint16_t) value);

    case NTHRIFT_I32:
        return nthrift_binary_put32(p, (uint32_t) value);

    default: /* NTHRIFT_I64 */
        return nthrift_binary_put64(p, (uint64_t) value);
    }
}


nthrift_put_inline uint8_t *
nthrift_put_binary_length(uint8_t *p, size_t len)
{
    return nthrift_binary_put32(p, (uint32_t) len);
}


/* "i8 element type, i32 size" and "i8 key type, i8 value type, i32 size" */

nthrift_put_inline uint8_t *
nthrift_put_binary_list(uint8_t *p, unsigned elem, size_t n)
{
    *p++ = (uint8_t) elem;

    return nthrift_binary_put32(p, (uint32_t) n);
}


nthrift_put_inline uint8_t *
nthrift_put_binary_map(uint8_t *p, unsigned key, unsigned elem, size_t n)
{
    *p++ = (uint8_t) key;
    *p++ = (uint8_t) elem;

    return nthrift_binary_put32(p, (uint32_t) n);
}


static const nthrift_put_protocol_t  nthrift_put_binary = {
    .field = nthrift_put_binary_field,
    .field_bool = nthrift_put_binary_field_bool,
    .truth = nthrift_put_binary_truth,
    .number = nthrift_put_binary_number,
    .real = nthrift_binary_put64,
    .length = nthrift_put_binary_length,
    .list = nthrift_put_binary_list,
    .map = nthrift_put_binary_map,
    .fixed = 1
};


#endif /* NTHRIFT_PUT_BINARY_H */
