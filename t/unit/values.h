/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/values.h: what a body says, whatever its protocol is: a reader as
 * simple as can be, recursive, of bodies that are known to be well formed,
 * that writes the values in a form of its own.  Two bodies say the same if
 * these forms are the same bytes.
 */

#ifndef UNIT_VALUES_H
#define UNIT_VALUES_H

#include "wire/wire.h"


typedef struct {
    unsigned        protocol;
    const uint8_t  *p;
    uint8_t        *out;        /* room for 24 bytes for each of the body */
} values_t;


static inline void values_struct(values_t *v);
static inline void values_value(values_t *v, uint8_t type);


static inline void
values_put(values_t *v, uint64_t value)
{
    memcpy(v->out, &value, 8);
    v->out += 8;
}


static inline uint64_t
values_big(values_t *v, int n)
{
    uint64_t  value;

    for (value = 0; n > 0; n--) {
        value = value << 8 | *v->p++;
    }

    return value;
}


static inline uint64_t
values_varint(values_t *v)
{
    int       shift;
    uint64_t  value;

    value = 0;
    shift = 0;

    do {
        value |= (uint64_t) (*v->p & 0x7f) << shift;
        shift += 7;
    } while (*v->p++ & 0x80);

    return value;
}


static inline uint64_t
values_length(values_t *v)
{
    return (v->protocol == NTHRIFT_BINARY) ? values_big(v, 4)
                                           : values_varint(v);
}


/* The type as the binary protocol has it. */

static inline uint8_t
values_type(const values_t *v, uint8_t type)
{
    static const uint8_t  types[16] = { 0, 2, 2, 3, 6, 8, 10, 4, 11, 15, 14,
                                        13, 12, 16, 0, 0 };

    return (v->protocol == NTHRIFT_BINARY) ? type : types[type];
}


/* An integer of `bits`, sign extended. */

static inline void
values_integer(values_t *v, int bits)
{
    uint64_t  n;

    if (v->protocol == NTHRIFT_BINARY) {
        n = values_big(v, bits / 8);

    } else {
        n = values_varint(v);

        if (bits < 64) {
            n = (uint32_t) n;
        }

        n = (n & 1) ? ~(n >> 1) : n >> 1;
    }

    n <<= 64 - bits;

    values_put(v, (uint64_t) ((int64_t) n >> (64 - bits)));
}


static inline void
values_bytes(values_t *v, uint64_t n)
{
    values_put(v, n);

    if (n != 0) {
        memcpy(v->out, v->p, n);
    }

    v->out += n;
    v->p += n;
}


static inline void
values_double(values_t *v)
{
    int       i;
    uint64_t  value;

    if (v->protocol == NTHRIFT_BINARY) {
        values_put(v, values_big(v, 8));
        return;
    }

    value = 0;

    for (i = 0; i < 8; i++) {
        value |= (uint64_t) *v->p++ << (8 * i);
    }

    values_put(v, value);
}


static inline void
values_list(values_t *v)
{
    uint8_t   type;
    uint64_t  n;

    type = *v->p++;

    if (v->protocol == NTHRIFT_BINARY) {
        n = values_big(v, 4);

    } else {
        n = type >> 4;
        type &= 0x0f;

        if (n == 15) {
            n = values_varint(v);
        }
    }

    values_put(v, n);

    if (n != 0) {
        values_put(v, values_type(v, type));
    }

    for ( ; n != 0; n--) {
        values_value(v, values_type(v, type));
    }
}


static inline void
values_map(values_t *v)
{
    uint8_t   key, value;
    uint64_t  n;

    key = value = 0;

    if (v->protocol == NTHRIFT_BINARY) {
        key = *v->p++;
        value = *v->p++;
    }

    n = values_length(v);
    values_put(v, n);

    if (n == 0) {
        return;
    }

    if (v->protocol == NTHRIFT_COMPACT) {
        key = *v->p >> 4;
        value = *v->p++ & 0x0f;
    }

    key = values_type(v, key);
    value = values_type(v, value);

    values_put(v, (uint64_t) key << 8 | value);

    for ( ; n != 0; n--) {
        values_value(v, key);
        values_value(v, value);
    }
}


static inline void
values_value(values_t *v, uint8_t type)
{
    switch (type) {

    case NTHRIFT_BOOL:
        values_put(v, (v->protocol == NTHRIFT_BINARY) ? *v->p != 0
                                                      : *v->p == 1);
        v->p++;
        break;

    case NTHRIFT_I8:
        values_put(v, *v->p++);
        break;

    case NTHRIFT_DOUBLE:
        values_double(v);
        break;

    case NTHRIFT_I16:
        values_integer(v, 16);
        break;

    case NTHRIFT_I32:
        values_integer(v, 32);
        break;

    case NTHRIFT_I64:
        values_integer(v, 64);
        break;

    case NTHRIFT_STRING:
        values_bytes(v, values_length(v));
        break;

    case NTHRIFT_UUID:
        values_bytes(v, 16);
        break;

    case NTHRIFT_STRUCT:
        values_struct(v);
        break;

    case NTHRIFT_MAP:
        values_map(v);
        break;

    default:
        values_list(v);
    }
}


/* A compact field; returns the bool that its head has, -1: it has none. */

static inline int
values_field(values_t *v, uint8_t code, int16_t *id)
{
    uint64_t  n;

    if (code >> 4) {
        *id = (int16_t) (*id + (code >> 4));

    } else {
        n = values_varint(v);
        *id = (int16_t) ((n & 1) ? ~(n >> 1) : n >> 1);
    }

    code &= 0x0f;

    return (code <= 2) ? code == 1 : -1;
}


static inline void
values_struct(values_t *v)
{
    int      flag;
    uint8_t  code, type;
    int16_t  id;

    for (id = 0; /* void */; /* void */) {
        code = *v->p++;
        type = values_type(v, (v->protocol == NTHRIFT_BINARY) ? code
                                                              : code & 0x0f);
        if (type == NTHRIFT_STOP) {
            *v->out++ = 0;
            return;
        }

        flag = -1;

        if (v->protocol == NTHRIFT_BINARY) {
            id = (int16_t) values_big(v, 2);

        } else {
            flag = values_field(v, code, &id);
        }

        *v->out++ = type;
        values_put(v, (uint16_t) id);

        if (flag >= 0) {
            values_put(v, (uint64_t) flag);
            continue;
        }

        values_value(v, type);
    }
}


/* Returns the bytes written, or 0: the body is not as long as `n`. */

static inline size_t
values_read(unsigned protocol, const uint8_t *body, size_t n, uint8_t *out)
{
    values_t  v;

    v.protocol = protocol;
    v.p = body;
    v.out = out;

    values_struct(&v);

    return (v.p == body + n) ? (size_t) (v.out - out) : 0;
}


#endif /* UNIT_VALUES_H */
