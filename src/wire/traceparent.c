/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/traceparent.c: see traceparent.h.  Called for a header of whoever calls,
 * which may be anything: what is not valid to the letter is none.
 */

#include "wire/traceparent.h"

#include <endian.h>


/* Where its parts begin. */

#define TRACEPARENT_TRACE  3
#define TRACEPARENT_SPAN   36
#define TRACEPARENT_FLAGS  53


/* Capital letters are not allowed. */

static int
traceparent_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


static int
traceparent_read_hex(const uint8_t *p, uint8_t *bytes, size_t n)
{
    int     high, low;
    size_t  i;

    for (i = 0; i < n; i++) {
        high = traceparent_digit(p[2 * i]);
        low = traceparent_digit(p[2 * i + 1]);

        if (high < 0 || low < 0) {
            return NTHRIFT_DECLINED;
        }

        bytes[i] = (uint8_t) (high << 4 | low);
    }

    return NTHRIFT_OK;
}


static int
traceparent_is_zero(const uint8_t *bytes, size_t n)
{
    size_t  i;

    for (i = 0; i < n && bytes[i] == 0; i++) {
        /* void */
    }

    return i == n;
}


/* Later versions may have more behind: section 3.2.4, "Versioning". */

int
nthrift_traceparent_read(const nthrift_str_t *text,
    nthrift_traceparent_t *parent)
{
    uint8_t  version, flags, *p;

    p = text->data;

    if (text->len < NTHRIFT_TRACEPARENT_SIZE
        || p[TRACEPARENT_TRACE - 1] != '-'
        || p[TRACEPARENT_SPAN - 1] != '-'
        || p[TRACEPARENT_FLAGS - 1] != '-'
        || traceparent_read_hex(p, &version, 1) != NTHRIFT_OK
        || version == 0xff)
    {
        return NTHRIFT_DECLINED;
    }

    if (text->len > NTHRIFT_TRACEPARENT_SIZE
        && (version == 0 || p[NTHRIFT_TRACEPARENT_SIZE] != '-'))
    {
        return NTHRIFT_DECLINED;
    }

    if (traceparent_read_hex(p + TRACEPARENT_TRACE, parent->trace,
                             NTHRIFT_TRACE_SIZE)
           != NTHRIFT_OK
        || traceparent_read_hex(p + TRACEPARENT_SPAN, parent->span,
                                NTHRIFT_SPAN_SIZE)
           != NTHRIFT_OK
        || traceparent_read_hex(p + TRACEPARENT_FLAGS, &flags, 1)
           != NTHRIFT_OK
        || traceparent_is_zero(parent->trace, NTHRIFT_TRACE_SIZE)
        || traceparent_is_zero(parent->span, NTHRIFT_SPAN_SIZE))
    {
        return NTHRIFT_DECLINED;
    }

    parent->flags = flags & (NTHRIFT_TRACE_SAMPLED|NTHRIFT_TRACE_RANDOM);

    return NTHRIFT_OK;
}


static inline uint32_t
traceparent_get32(const uint8_t *p)
{
    uint32_t  v;

    memcpy(&v, p, 4);

    return le32toh(v);
}


/*
 * Four bytes as eight digits, the lowest byte first.  Each half of a byte gets
 * a byte of its own; those of ten and more have 0x10 set when 6 is added, and
 * lie 39 further up.
 */

static inline uint64_t
traceparent_hex(uint32_t bytes)
{
    uint64_t  v, letters;

    v = bytes;
    v = (v | v << 16) & 0x0000ffff0000ffff;
    v = (v | v << 8) & 0x00ff00ff00ff00ff;
    v = (v >> 4 | v << 8) & 0x0f0f0f0f0f0f0f0f;

    letters = ((v + 0x0606060606060606) >> 4) & 0x0101010101010101;

    return htole64(v + 0x3030303030303030 + letters * ('a' - '0' - 10));
}


uint8_t *
nthrift_traceparent_write_hex(uint8_t *p, const uint8_t *bytes, size_t n)
{
    size_t    i;
    uint64_t  word;

    for (i = 0; n - i >= 4; i += 4) {
        word = traceparent_hex(traceparent_get32(bytes + i));
        memcpy(p, &word, 8);
        p += 8;
    }

    for ( /* void */ ; i < n; i++) {
        word = traceparent_hex(bytes[i]);
        memcpy(p, &word, 2);
        p += 2;
    }

    return p;
}


uint8_t *
nthrift_traceparent_write(uint8_t *p, const nthrift_traceparent_t *parent)
{
    *p++ = '0';
    *p++ = '0';
    *p++ = '-';

    p = nthrift_traceparent_write_hex(p, parent->trace, NTHRIFT_TRACE_SIZE);
    *p++ = '-';

    p = nthrift_traceparent_write_hex(p, parent->span, NTHRIFT_SPAN_SIZE);
    *p++ = '-';

    return nthrift_traceparent_write_hex(p, &parent->flags, 1);
}
