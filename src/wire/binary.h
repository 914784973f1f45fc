/*
 * wire/binary.h: the numbers of the binary protocol, and of length words.  For
 * binary.c, frame.c, and the tokens of bind/.
 *
 * Source: doc/specs/thrift-binary-protocol.md.
 */

#ifndef NTHRIFT_BINARY_H
#define NTHRIFT_BINARY_H

#include "wire/wire.h"


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
nthrift_binary_put32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t) (value >> 24);
    p[1] = (uint8_t) (value >> 16);
    p[2] = (uint8_t) (value >> 8);
    p[3] = (uint8_t) value;

    return p + 4;
}


#endif /* NTHRIFT_BINARY_H */
