/*
 * wire/binary.h: what only the binary protocol knows.  For the rooms of wire/
 * that choose a protocol (head.c, skip.c, exception.c); nobody else includes
 * it.
 *
 * Source: doc/specs/thrift-binary-protocol.md.
 */

#ifndef NTHRIFT_BINARY_H
#define NTHRIFT_BINARY_H

#include "wire/skip.h"


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


/*
 * The head behind the length word; head->lax says which form it has.  `limit`
 * is the number of bytes that its frame holds.  Returns the bytes read,
 * NTHRIFT_AGAIN or NTHRIFT_ERROR.
 */
int nthrift_binary_head_read(const uint8_t *p, const uint8_t *last,
    uint64_t limit, nthrift_head_t *head, nthrift_error_t *err);

size_t nthrift_binary_head_size(const nthrift_head_t *head);
uint8_t *nthrift_binary_head_write(uint8_t *p, const nthrift_head_t *head);

/* The walk of skip.c: see walk.h. */
int nthrift_binary_walk(nthrift_skip_t *w, const uint8_t **p,
    const uint8_t *last);

size_t nthrift_binary_exception_size(size_t len);
uint8_t *nthrift_binary_exception_write(uint8_t *p, const nthrift_str_t *text,
    int32_t type);
void nthrift_binary_exception_read(const uint8_t *p, const uint8_t *last,
    nthrift_str_t *text, int32_t *type);


#endif /* NTHRIFT_BINARY_H */
