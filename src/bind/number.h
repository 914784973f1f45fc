/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/number.h: numbers, bools and uuids where the handler will have
 * them, of the types that table.h says.  They are known here as bytes only,
 * and copied in.  Private to decode.c.
 */

#ifndef NTHRIFT_NUMBER_H
#define NTHRIFT_NUMBER_H

#include "bind/token.h"
#include "wire/compact.h"


static inline int
nthrift_number_is(unsigned type)
{
    return type < NTHRIFT_STRING || type == NTHRIFT_UUID;
}


/* The one at t->at */

nthrift_token_inline void
nthrift_number_read(const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t, uint8_t *value)
{
    int16_t  i16;
    int32_t  i32;
    int64_t  i64;

    switch (t->type) {

    case NTHRIFT_BOOL:
        *value = (uint8_t) protocol->truth(t);
        return;

    case NTHRIFT_I8:
        *value = t->at[0];
        return;

    case NTHRIFT_I16:
        i16 = (int16_t) protocol->number(t);
        memcpy(value, &i16, sizeof(i16));
        return;

    case NTHRIFT_I32:
        i32 = (int32_t) protocol->number(t);
        memcpy(value, &i32, sizeof(i32));
        return;

    case NTHRIFT_UUID:
        memcpy(value, t->at, 16);
        return;

    default: /* NTHRIFT_I64, the bits of NTHRIFT_DOUBLE */
        i64 = protocol->number(t);
        memcpy(value, &i64, sizeof(i64));
        return;
    }
}


/* Numbers that have one size each, on the wire and in C. */

nthrift_token_inline const uint8_t *
nthrift_number_fixed(const nthrift_token_protocol_t *protocol,
    const uint8_t *p, unsigned type, size_t size, uint8_t *items, uint32_t n)
{
    nthrift_token_t  t;

    t.type = (uint8_t) type;

    for ( /* void */ ; n != 0; n--) {
        t.at = p;
        nthrift_number_read(protocol, &t, items);
        p += size;
        items += size;
    }

    return p;
}


/* Compact's numbers, as its token's number() has them. */

nthrift_token_inline void
nthrift_number_zigzag(unsigned type, uint64_t v, uint8_t *value)
{
    int16_t  i16;
    int32_t  i32;
    int64_t  i64;

    switch (type) {

    case NTHRIFT_I16:
        i16 = (int16_t) nthrift_compact_unzigzag((uint32_t) v);
        memcpy(value, &i16, sizeof(i16));
        return;

    case NTHRIFT_I32:
        i32 = (int32_t) nthrift_compact_unzigzag((uint32_t) v);
        memcpy(value, &i32, sizeof(i32));
        return;

    default: /* NTHRIFT_I64 */
        i64 = nthrift_compact_unzigzag(v);
        memcpy(value, &i64, sizeof(i64));
        return;
    }
}


/* As many as there are before one that is cut off, or longer than may be. */

nthrift_token_inline uint32_t
nthrift_number_varints(const uint8_t **p, const uint8_t *last, int max,
    unsigned type, size_t size, uint8_t *items, uint32_t n)
{
    int       len;
    uint32_t  i;
    uint64_t  v;

    for (i = 0; i < n; i++) {
        len = nthrift_compact_varint_read(*p, last, max, &v);

        if (len < 0) {
            break;
        }

        nthrift_number_zigzag(type, v, items);
        *p += len;
        items += size;
    }

    return i;
}


/*
 * Elements of a list or set that are in this run, read without a look at each
 * one's type: where numbers have one size each, and where they are compact's.
 * Returns how many were; others are read one by one.
 */

typedef uint32_t (*nthrift_number_run_pt)(
    const nthrift_token_protocol_t *protocol, const uint8_t **p,
    const uint8_t *last, const nthrift_token_t *t, uint8_t *items);


nthrift_token_inline uint32_t
nthrift_number_run_fixed(const nthrift_token_protocol_t *protocol,
    const uint8_t **p, const uint8_t *last, const nthrift_token_t *t,
    uint8_t *items)
{
    uint64_t  fixed;

    fixed = protocol->fixed[t->elem];

    if (t->count * fixed > (uint64_t) (last - *p)) {
        return 0;
    }

    switch (t->elem) {

    case NTHRIFT_I32:
        *p = nthrift_number_fixed(protocol, *p, NTHRIFT_I32, 4, items,
                                  t->count);
        return t->count;

    case NTHRIFT_I64:
        *p = nthrift_number_fixed(protocol, *p, NTHRIFT_I64, 8, items,
                                  t->count);
        return t->count;

    case NTHRIFT_DOUBLE:
        *p = nthrift_number_fixed(protocol, *p, NTHRIFT_DOUBLE, 8, items,
                                  t->count);
        return t->count;

    default:
        return 0;
    }
}


nthrift_token_inline uint32_t
nthrift_number_run_varint(const nthrift_token_protocol_t *protocol,
    const uint8_t **p, const uint8_t *last, const nthrift_token_t *t,
    uint8_t *items)
{
    switch (t->elem) {

    case NTHRIFT_I16:
        return nthrift_number_varints(p, last, NTHRIFT_COMPACT_VARINT32,
                                      NTHRIFT_I16, 2, items, t->count);

    case NTHRIFT_I32:
        return nthrift_number_varints(p, last, NTHRIFT_COMPACT_VARINT32,
                                      NTHRIFT_I32, 4, items, t->count);

    case NTHRIFT_I64:
        return nthrift_number_varints(p, last, NTHRIFT_COMPACT_VARINT64,
                                      NTHRIFT_I64, 8, items, t->count);

    default:
        return nthrift_number_run_fixed(protocol, p, last, t, items);
    }
}


#endif /* NTHRIFT_NUMBER_H */
