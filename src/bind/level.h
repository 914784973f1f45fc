/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/level.h: a struct or container that a check is in.  Private to check.c
 * and flat.c.  Levels lie one behind the other in the caller's memory; each has
 * as many bits for required fields as the largest table needs.
 */

#ifndef NTHRIFT_LEVEL_H
#define NTHRIFT_LEVEL_H

#include "bind/schema.h"
#include "bind/token.h"


/* Required fields in one word; a level has at least one. */

#define NTHRIFT_LEVEL_WORD  64


typedef struct {
    nthrift_token_level_t          at;
    uint32_t                       count;   /* container: all values */
    uint32_t                       known;   /* struct: declared fields met */
    uint32_t                       unknown; /* and others */
    uint8_t                        pairs;   /* 1: a map */

    const nthrift_schema_t        *st;      /* NULL: not declared */
    const nthrift_schema_field_t  *field;   /* that is read, check.c's own
                                               if not declared, or NULL */
    const nthrift_schema_type_t   *type[2]; /* as at.type, or NULL */

    uint64_t                       seen[];  /* required fields, by nth */
} nthrift_level_t;


static inline size_t
nthrift_level_words(uint32_t required)
{
    return (required > NTHRIFT_LEVEL_WORD)
           ? ((size_t) required + NTHRIFT_LEVEL_WORD - 1) / NTHRIFT_LEVEL_WORD
           : 1;
}


/* All bits of a level's last word, which has so many: 1 to 64. */

static inline uint64_t
nthrift_level_all(uint32_t required)
{
    return UINT64_MAX >> (NTHRIFT_LEVEL_WORD - required);
}


/* The levels in and around `level`; `stride` is what one takes in bytes. */

static inline nthrift_level_t *
nthrift_level_next(size_t stride, const nthrift_level_t *level)
{
    return (nthrift_level_t *) ((uint8_t *) level + stride);
}


static inline nthrift_level_t *
nthrift_level_before(size_t stride, const nthrift_level_t *level)
{
    return (nthrift_level_t *) ((uint8_t *) level - stride);
}


#endif /* NTHRIFT_LEVEL_H */
