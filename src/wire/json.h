/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/json.h: what the JSON protocol's numbers and names of types are.  For
 * json.c and json_walk.c.
 *
 * Source: lib/cpp TJSONProtocol.cpp, lib/java TJSONProtocol.java, lib/py
 * TJSONProtocol.py; there is no specification.
 */

#ifndef NTHRIFT_JSON_H
#define NTHRIFT_JSON_H

#include "wire/skip.h"


/* The longest name of a type, and what stands for one in the functions. */

#define NTHRIFT_JSON_TYPE_NAME  3

#define nthrift_json_name(a, b, c)                                            \
    ((uint32_t) (a) << 16 | (uint32_t) (b) << 8 | (uint32_t) (c))


/* The type that is called so (first letter highest); NTHRIFT_STOP: none. */
uint8_t nthrift_json_type(uint32_t name);

/*
 * The largest value of an integer type, a bool among them; 0 for the others.
 * The smallest one is one less than its negative, but for a bool.
 */
uint64_t nthrift_json_largest(uint8_t type);

/*
 * What a body says, told while it is walked over, for bind/json_read.c.  `w` is
 * the walk, w->levels[w->depth - 1] the struct or container that it is in.  All
 * return NTHRIFT_OK; or NTHRIFT_ERROR, and w->refused says why.
 *
 *     begin   a struct (the outermost one is not told), or a container of
 *             `count` elements or pairs: it is the innermost level now
 *     stop    the end of a struct, which is still the innermost level
 *     field   `"id":{"type":`
 *     value   a value of that type comes, be it a field's, an element or a key
 *     integer it was an integer or a bool
 *     bytes   characters of a double, string or uuid: without quotes and
 *             escapes; of "NaN", "Infinity" the first one
 *     unit    a character of a string, of UTF-16: of two surrogates both come
 *     end     it was a double, string or uuid, and is whole
 */

typedef struct {
    int  (*begin)(nthrift_skip_t *w, uint8_t type, uint32_t count);
    int  (*stop)(nthrift_skip_t *w);
    int  (*field)(nthrift_skip_t *w, int16_t id, uint8_t type);
    int  (*value)(nthrift_skip_t *w, uint8_t type);
    int  (*integer)(nthrift_skip_t *w, uint8_t type, int64_t value);
    int  (*bytes)(nthrift_skip_t *w, const uint8_t *p, size_t n);
    int  (*unit)(nthrift_skip_t *w, uint16_t unit);
    int  (*end)(nthrift_skip_t *w);
} nthrift_json_tell_t;


/*
 * Who is told has room for what it makes of it: with less than this
 * nthrift_json_walk() returns NTHRIFT_DECLINED, and nothing has changed.  There
 * are never more `bytes` than room.
 */

#define NTHRIFT_JSON_ROOM  16

struct nthrift_json_sink_s {
    const nthrift_json_tell_t  *tell;
    uint8_t                    *out;
    uint8_t                    *end;
};


/* The walk of skip.c: json_walk.c. */
int nthrift_json_walk(nthrift_skip_t *w, const uint8_t **p,
    const uint8_t *last);


static inline int
nthrift_json_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}


/*
 * Appends a digit to a number of `n` digits that may become `largest`.
 * NTHRIFT_ERROR: it would be larger, or it begins with a zero.
 */

static inline int
nthrift_json_append(uint64_t *value, unsigned n, uint8_t digit,
    uint64_t largest)
{
    digit = (uint8_t) (digit - '0');

    if ((n != 0 && *value == 0) || *value > (largest - digit) / 10
        || digit > largest)
    {
        return NTHRIFT_ERROR;
    }

    *value = *value * 10 + digit;

    return NTHRIFT_OK;
}


#endif /* NTHRIFT_JSON_H */
