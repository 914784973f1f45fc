/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/bytes.c: from one run of a body to the next.  check.c, find.c and
 * decode.c come here where a run ends; within a run they read by themselves.
 */

#include "bind/bytes.h"


int
nthrift_bytes_next(nthrift_bytes_t *b)
{
    const uint8_t  *p, *last;

    while (b->more != NULL) {

        if (b->more(b->data, &p, &last) != NTHRIFT_OK) {
            b->more = NULL;
            break;
        }

        b->passed += (uint64_t) (b->last - b->start);
        b->start = p;
        b->p = p;
        b->last = last;

        if (p != last) {
            return NTHRIFT_OK;
        }
    }

    b->p = b->last;

    return NTHRIFT_DECLINED;
}


int
nthrift_bytes_skip(nthrift_bytes_t *b, uint64_t n)
{
    while (n > (uint64_t) (b->last - b->p)) {
        n -= (uint64_t) (b->last - b->p);

        if (nthrift_bytes_next(b) != NTHRIFT_OK) {
            return NTHRIFT_DECLINED;
        }
    }

    b->p += n;

    return NTHRIFT_OK;
}


int
nthrift_bytes_copy(nthrift_bytes_t *b, uint8_t *to, size_t n)
{
    size_t  size;

    while (n != 0) {
        size = (size_t) (b->last - b->p);

        if (size > n) {
            size = n;
        }

        if (size != 0) {
            memcpy(to, b->p, size);
        }

        b->p += size;
        to += size;
        n -= size;

        if (n != 0 && nthrift_bytes_next(b) != NTHRIFT_OK) {
            return NTHRIFT_DECLINED;
        }
    }

    return NTHRIFT_OK;
}
