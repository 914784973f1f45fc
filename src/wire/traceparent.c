/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/traceparent.c: see traceparent.h.  Called for a header of whoever calls,
 * which may be anything: what is not valid to the letter is none.
 */

#include "wire/traceparent.h"


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


uint8_t *
nthrift_traceparent_write_hex(uint8_t *p, const uint8_t *bytes, size_t n)
{
    size_t             i;
    static const char  digits[] = "0123456789abcdef";

    for (i = 0; i < n; i++) {
        *p++ = (uint8_t) digits[bytes[i] >> 4];
        *p++ = (uint8_t) digits[bytes[i] & 0x0f];
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
