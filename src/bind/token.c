/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/token.c: passes over the numbers of a container together; check.c,
 * find.c and decode.c come here when nobody wants to know one of them.
 */

#include "bind/token.h"

#include "wire/compact.h"


/*
 * Passes over as many numbers as end in this run, `count` at most; returns how
 * many are left.  Of eight bytes those below 0x80 each end a number.
 */

static uint64_t
token_pass_run(nthrift_bytes_t *b, uint64_t count)
{
    uint64_t        v;
    const uint8_t  *p;

    p = b->p;

    while (b->last - p >= 8 && count >= 8) {
        memcpy(&v, p, 8);

        v = (~v & NTHRIFT_COMPACT_GOES_ON) >> 7;
        count -= (v * 0x0101010101010101) >> 56;
        p += 8;
    }

    while (p != b->last && count != 0) {
        count -= (*p++ < 0x80);
    }

    b->p = p;

    return count;
}


int
nthrift_token_pass_numbers(nthrift_bytes_t *b, uint64_t *count, uint64_t end)
{
    for ( ;; ) {
        *count = token_pass_run(b, *count);

        if (*count == 0) {
            return NTHRIFT_OK;
        }

        if (nthrift_bytes_offset(b) >= end) {
            return NTHRIFT_AGAIN;
        }

        if (nthrift_bytes_next(b) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }
}


int
nthrift_token_pass(const nthrift_token_protocol_t *protocol,
    nthrift_bytes_t *b, const nthrift_token_t *t)
{
    uint64_t  left;

    return nthrift_token_pass_until(protocol, b, t, UINT64_MAX, &left);
}


int
nthrift_token_pass_until(const nthrift_token_protocol_t *protocol,
    nthrift_bytes_t *b, const nthrift_token_t *t, uint64_t end, uint64_t *left)
{
    uint8_t   key;
    uint64_t  size;

    key = (t->type == NTHRIFT_MAP) ? t->key : t->elem;
    if (protocol->varint[key] && protocol->varint[t->elem]) {
        *left = (t->type == NTHRIFT_MAP) ? (uint64_t) t->count * 2 : t->count;

        return nthrift_token_pass_numbers(b, left, end);
    }

    if (protocol->fixed[key] == 0 || protocol->fixed[t->elem] == 0) {
        return NTHRIFT_DECLINED;
    }

    /* 64 bits: UINT32_MAX times 32 at most */

    size = (uint64_t) t->count * protocol->fixed[t->elem];

    if (t->type == NTHRIFT_MAP) {
        size += (uint64_t) t->count * protocol->fixed[key];
    }

    return (nthrift_bytes_skip(b, size) == NTHRIFT_OK) ? NTHRIFT_OK
                                                       : NTHRIFT_ERROR;
}
