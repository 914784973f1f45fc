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


/* Each byte as two digits. */

static const char  traceparent_digits[256][2] = {
    "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "0a", "0b",
    "0c", "0d", "0e", "0f", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "1a", "1b", "1c", "1d", "1e", "1f", "20", "21", "22", "23",
    "24", "25", "26", "27", "28", "29", "2a", "2b", "2c", "2d", "2e", "2f",
    "30", "31", "32", "33", "34", "35", "36", "37", "38", "39", "3a", "3b",
    "3c", "3d", "3e", "3f", "40", "41", "42", "43", "44", "45", "46", "47",
    "48", "49", "4a", "4b", "4c", "4d", "4e", "4f", "50", "51", "52", "53",
    "54", "55", "56", "57", "58", "59", "5a", "5b", "5c", "5d", "5e", "5f",
    "60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "6a", "6b",
    "6c", "6d", "6e", "6f", "70", "71", "72", "73", "74", "75", "76", "77",
    "78", "79", "7a", "7b", "7c", "7d", "7e", "7f", "80", "81", "82", "83",
    "84", "85", "86", "87", "88", "89", "8a", "8b", "8c", "8d", "8e", "8f",
    "90", "91", "92", "93", "94", "95", "96", "97", "98", "99", "9a", "9b",
    "9c", "9d", "9e", "9f", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
    "a8", "a9", "aa", "ab", "ac", "ad", "ae", "af", "b0", "b1", "b2", "b3",
    "b4", "b5", "b6", "b7", "b8", "b9", "ba", "bb", "bc", "bd", "be", "bf",
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "ca", "cb",
    "cc", "cd", "ce", "cf", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7",
    "d8", "d9", "da", "db", "dc", "dd", "de", "df", "e0", "e1", "e2", "e3",
    "e4", "e5", "e6", "e7", "e8", "e9", "ea", "eb", "ec", "ed", "ee", "ef",
    "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "fa", "fb",
    "fc", "fd", "fe", "ff"
};


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


static inline void
traceparent_write_byte(uint8_t *p, size_t byte)
{
    memcpy(p, traceparent_digits[byte], 2);
}


/* A loop of single bytes costs as much as the digits. */

static inline void
traceparent_write_eight(uint8_t *p, const uint8_t *bytes)
{
    traceparent_write_byte(p, bytes[0]);
    traceparent_write_byte(p + 2, bytes[1]);
    traceparent_write_byte(p + 4, bytes[2]);
    traceparent_write_byte(p + 6, bytes[3]);
    traceparent_write_byte(p + 8, bytes[4]);
    traceparent_write_byte(p + 10, bytes[5]);
    traceparent_write_byte(p + 12, bytes[6]);
    traceparent_write_byte(p + 14, bytes[7]);
}


uint8_t *
nthrift_traceparent_write_hex(uint8_t *p, const uint8_t *bytes, size_t n)
{
    for ( /* void */ ; n >= 8; n -= 8) {
        traceparent_write_eight(p, bytes);
        p += 16;
        bytes += 8;
    }

    for ( /* void */ ; n != 0; n--) {
        traceparent_write_byte(p, *bytes++);
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
