/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/utf8.c: the check of a string's bytes, for check.c.  Most text is
 * ASCII, of which 32 bytes are looked at together.
 */

#include "bind/utf8.h"

#include <endian.h>


/* The eighth bits of eight bytes: not ASCII. */

#define UTF8_NOT_ASCII  0x8080808080808080


static inline uint64_t
utf8_get64(const uint8_t *p)
{
    uint64_t  v;

    memcpy(&v, p, 8);

    return v;
}


static inline const uint8_t *
utf8_pass_ascii(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *start;

    start = p;

    while (last - p >= 32) {
        if ((utf8_get64(p) | utf8_get64(p + 8) | utf8_get64(p + 16)
             | utf8_get64(p + 24))
            & UTF8_NOT_ASCII)
        {
            break;
        }

        p += 32;
    }

    while (last - p >= 8 && (utf8_get64(p) & UTF8_NOT_ASCII) == 0) {
        p += 8;
    }

    /* the last few, together with some that were looked at */

    if (last - p < 8 && p - start >= 8
        && (utf8_get64(last - 8) & UTF8_NOT_ASCII) == 0)
    {
        return last;
    }

    while (p != last && *p < 0x80) {
        p++;
    }

    return p;
}


static inline int
utf8_follows(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}


/* Bytes that a character has by its first one; 0: none begins so. */

static inline int
utf8_size(uint8_t c)
{
    if (c < 0x80) {
        return 1;
    }

    if (c < 0xe0) {
        return (c >= 0xc2) ? 2 : 0;
    }

    if (c < 0xf0) {
        return 3;
    }

    return (c <= 0xf4) ? 4 : 0;
}


/* Whether the character of `n` bytes, which begins so, goes on as it must. */

static inline int
utf8_goes_on(const uint8_t *p, int n)
{
    uint8_t  low, high;

    if (n == 2) {
        return utf8_follows(p[1]);
    }

    low = 0x80;
    high = 0xbf;

    switch (p[0]) {

    case 0xe0:
        low = 0xa0;
        break;

    case 0xed:
        high = 0x9f;
        break;

    case 0xf0:
        low = 0x90;
        break;

    case 0xf4:
        high = 0x8f;
        break;

    default:
        break;
    }

    return p[1] >= low && p[1] <= high && utf8_follows(p[2])
           && (n == 3 || utf8_follows(p[3]));
}


/*
 * Whether a good character of three bytes is here, four being at hand; most
 * of the world's scripts are made of them.  "1110xxxx 10xxxxxx 10xxxxxx", and
 * of the five highest x not all are 0 (overlong), nor are they 11011 (half of
 * a surrogate pair).
 */

static inline int
utf8_is_three(const uint8_t *p)
{
    uint32_t  v;

    memcpy(&v, p, 4);
    v = le32toh(v);

    return (v & 0xc0c0f0) == 0x8080e0 && (v & 0x200f) != 0
           && (v & 0x200f) != 0x200d;
}


const uint8_t *
nthrift_utf8_check(const uint8_t *p, const uint8_t *last)
{
    int  n;

    for ( ;; ) {
        p = utf8_pass_ascii(p, last);

        /* where one character is not ASCII, more are likely to follow */

        do {
            while (last - p >= 4 && utf8_is_three(p)) {
                p += 3;
            }

            if (p == last) {
                return p;
            }

            n = utf8_size(*p);

            if (n == 0 || n > last - p
                || (n > 1 && !utf8_goes_on(p, n)))
            {
                return p;
            }

            p += n;

        } while (n != 1);
    }
}


/* Completes the character that the last piece's end cut off. */

static int
utf8_read_rest(nthrift_utf8_t *u, const uint8_t **p, const uint8_t *last)
{
    int  n;

    n = utf8_size(u->bytes[0]);

    while (u->have < n) {
        if (*p == last) {
            return NTHRIFT_OK;
        }

        u->bytes[u->have++] = *(*p)++;
    }

    u->have = 0;

    return utf8_goes_on(u->bytes, n) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


int
nthrift_utf8_read(nthrift_utf8_t *u, const uint8_t *p, const uint8_t *last)
{
    if (u->have != 0) {
        if (utf8_read_rest(u, &p, last) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        if (u->have != 0) {
            return NTHRIFT_OK;
        }
    }

    p = nthrift_utf8_check(p, last);

    if (p == last) {
        return NTHRIFT_OK;
    }

    if (utf8_size(*p) <= last - p) {
        return NTHRIFT_ERROR;
    }

    while (p != last) {
        u->bytes[u->have++] = *p++;
    }

    return NTHRIFT_OK;
}
