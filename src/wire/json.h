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
