/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/maker.h: messages made at random, and damaged.  What they are depends
 * on the seed of random() alone.
 */

#ifndef UNIT_MAKER_H
#define UNIT_MAKER_H

#include "wire/binary.h"
#include "wire/compact.h"
#include "wire/head.h"
#include "unit.h"


#define MAX_BYTES  4096


typedef struct {
    unsigned   protocol;
    uint8_t   *p;
    uint8_t    bytes[MAX_BYTES];
} maker_t;


static const uint8_t  maker_types[] = {
    NTHRIFT_BOOL, NTHRIFT_I8, NTHRIFT_DOUBLE, NTHRIFT_I16, NTHRIFT_I32,
    NTHRIFT_I64, NTHRIFT_STRING, NTHRIFT_UUID, NTHRIFT_STRUCT, NTHRIFT_MAP,
    NTHRIFT_SET, NTHRIFT_LIST
};

static const uint8_t  maker_compact[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = 1, [NTHRIFT_I8] = 3, [NTHRIFT_I16] = 4,
    [NTHRIFT_I32] = 5, [NTHRIFT_I64] = 6, [NTHRIFT_DOUBLE] = 7,
    [NTHRIFT_STRING] = 8, [NTHRIFT_LIST] = 9, [NTHRIFT_SET] = 10,
    [NTHRIFT_MAP] = 11, [NTHRIFT_STRUCT] = 12, [NTHRIFT_UUID] = 13
};


static inline uint32_t
chance(uint32_t n)
{
    return (uint32_t) random() % n;
}


static inline void make_struct(maker_t *m, int depth);
static inline void make_value(maker_t *m, uint8_t type, int depth);


static inline uint8_t
make_type(int depth)
{
    return maker_types[chance(depth > 0 ? 12 : 8)];
}


static inline void
make_bytes(maker_t *m, size_t n)
{
    while (n-- > 0) {
        *m->p++ = (uint8_t) random();
    }
}


static inline void
make_varint(maker_t *m, uint64_t value)
{
    while (value >= 0x80) {
        *m->p++ = (uint8_t) (value | 0x80);
        value >>= 7;
    }

    *m->p++ = (uint8_t) value;
}


static inline void
make_length(maker_t *m, uint32_t n)
{
    if (m->protocol == NTHRIFT_BINARY) {
        m->p = nthrift_binary_put32(m->p, n);

    } else {
        make_varint(m, n);
    }
}


/* Small ones most of the time; few once there is little room. */

static inline uint32_t
make_count(const maker_t *m)
{
    if (m->p - m->bytes > MAX_BYTES / 4) {
        return 0;
    }

    return chance(8) ? chance(4) : chance(40);
}


static inline void
make_list(maker_t *m, int depth)
{
    uint8_t   type;
    uint32_t  n;

    type = make_type(depth - 1);
    n = make_count(m);

    if (m->protocol == NTHRIFT_BINARY) {
        *m->p++ = type;
        m->p = nthrift_binary_put32(m->p, n);

    } else if (n < 15) {
        *m->p++ = (uint8_t) (n << 4 | maker_compact[type]);

    } else {
        *m->p++ = 0xf0 | maker_compact[type];
        make_varint(m, n);
    }

    while (n-- > 0) {
        make_value(m, type, depth - 1);
    }
}


static inline void
make_map(maker_t *m, int depth)
{
    uint8_t   key, value;
    uint32_t  n;

    key = make_type(depth - 1);
    value = make_type(depth - 1);
    n = make_count(m);

    if (m->protocol == NTHRIFT_BINARY) {
        *m->p++ = key;
        *m->p++ = value;
        m->p = nthrift_binary_put32(m->p, n);

    } else {
        make_varint(m, n);

        if (n != 0) {
            *m->p++ = (uint8_t) (maker_compact[key] << 4
                                 | maker_compact[value]);
        }
    }

    while (n-- > 0) {
        make_value(m, key, depth - 1);
        make_value(m, value, depth - 1);
    }
}


static inline void
make_number(maker_t *m, unsigned bits)
{
    uint64_t  value;

    value = (uint64_t) random() << 33 ^ (uint64_t) random() << 11
            ^ (uint64_t) random();
    value &= ~(uint64_t) 0 >> (64 - bits + chance(bits));

    if (m->protocol == NTHRIFT_COMPACT) {
        make_varint(m, value);
        return;
    }

    for ( ; bits != 0; bits -= 8) {
        *m->p++ = (uint8_t) (value >> (bits - 8));
    }
}


static inline void
make_value(maker_t *m, uint8_t type, int depth)
{
    uint32_t  n;

    switch (type) {

    case NTHRIFT_BOOL:
        *m->p++ = (uint8_t) (1 + chance(2));
        break;

    case NTHRIFT_I8:
        make_bytes(m, 1);
        break;

    case NTHRIFT_DOUBLE:
        make_bytes(m, 8);
        break;

    case NTHRIFT_I16:
        make_number(m, 16);
        break;

    case NTHRIFT_I32:
        make_number(m, 32);
        break;

    case NTHRIFT_I64:
        make_number(m, 64);
        break;

    case NTHRIFT_STRING:
        n = make_count(m);
        make_length(m, n);
        make_bytes(m, n);
        break;

    case NTHRIFT_UUID:
        make_bytes(m, 16);
        break;

    case NTHRIFT_STRUCT:
        make_struct(m, depth - 1);
        break;

    case NTHRIFT_MAP:
        make_map(m, depth);
        break;

    default:
        make_list(m, depth);
    }
}


static inline void
make_field(maker_t *m, uint8_t type)
{
    uint8_t  code;

    if (m->protocol == NTHRIFT_BINARY) {
        *m->p++ = type;
        make_bytes(m, 2);
        return;
    }

    code = maker_compact[type];

    if (type == NTHRIFT_BOOL) {
        code = (uint8_t) (1 + chance(2));
    }

    if (chance(4)) {
        *m->p++ = (uint8_t) ((1 + chance(15)) << 4 | code);
        return;
    }

    *m->p++ = code;
    make_varint(m, chance(65536));
}


static inline void
make_struct(maker_t *m, int depth)
{
    uint8_t   type;
    uint32_t  n;

    for (n = chance(5); n > 0 && m->p - m->bytes < MAX_BYTES / 2; n--) {
        type = make_type(depth);
        make_field(m, type);

        if (type != NTHRIFT_BOOL || m->protocol == NTHRIFT_BINARY) {
            make_value(m, type, depth);
        }
    }

    *m->p++ = 0;
}


static inline size_t
make_message(maker_t *m)
{
    size_t          n;
    uint8_t        *body;
    nthrift_head_t  head;

    memset(&head, 0, sizeof(head));

    head.transport = (uint8_t) (1 + chance(2));
    head.protocol = (uint8_t) (1 + chance(2));
    head.type = NTHRIFT_CALL;
    head.seqid = (int32_t) (random() >> chance(31));
    head.name.data = (uint8_t *) "method";
    head.name.len = 1 + chance(6);

    m->protocol = head.protocol;
    m->p = m->bytes + nthrift_head_size(&head);
    body = m->p;

    make_struct(m, 4);

    n = (size_t) (m->p - body);
    (void) nthrift_head_write(m->bytes, &head, n);

    return (size_t) (m->p - m->bytes);
}


/* A few bytes changed, lost or doubled. */

static inline size_t
damage(uint8_t *bytes, size_t n)
{
    size_t    at;
    uint32_t  times;

    static const uint8_t  odd[] = { 0, 1, 0x7f, 0x80, 0xff, 12, 15, 0x1c };

    for (times = chance(4); times > 0; times--) {
        at = chance((uint32_t) n);

        switch (chance(4)) {

        case 0:
            bytes[at] = (uint8_t) random();
            break;

        case 1:
            bytes[at] = odd[chance(sizeof(odd))];
            break;

        case 2:
            bytes[at] ^= (uint8_t) (1 << chance(8));
            break;

        default:
            memmove(bytes + at, bytes + at + 1, n - at - 1);
            n -= (n > 1);
        }
    }

    return n;
}


#endif /* UNIT_MAKER_H */
