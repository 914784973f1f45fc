/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/flat.c: see flat.h.  What it finds good, check.c finds good too:
 * fuzz/bind compares both.
 */

#include "bind/flat.h"

#include "bind/level.h"
#include "bind/utf8.h"
#include "wire/binary.h"


/* What was met of a struct. */

typedef struct {
    uint64_t   seen;            /* of the required fields */
    uint32_t   known;           /* fields */
} flat_met_t;


/* Bytes of a value that always has as many; 0 for the others. */

static const uint8_t  flat_binary_fixed[NTHRIFT_UUID + 1] = {
    NTHRIFT_BINARY_FIXED
};


static inline int
flat_is_whole(const nthrift_schema_t *st, const flat_met_t *met)
{
    if (st->required != 0) {
        return met->seen == nthrift_level_all(st->required);
    }

    return nthrift_schema_miscounted(st, met->known, 0) == NULL;
}


/* What the flags of the value's type ask for; `p` and `size`: its bytes. */

static inline int
flat_binary_fits(const nthrift_schema_type_t *type, const uint8_t *p,
    size_t size)
{
    if (type->type == NTHRIFT_STRING) {
        return nthrift_utf8_check(p + 4, p + size) == p + size;
    }

    return nthrift_schema_enum_has(type->en,
                                   (int32_t) nthrift_binary_get32(p));
}


static inline void
flat_meet(flat_met_t *met, const nthrift_schema_field_t *field)
{
    met->known++;

    if (field->req == NTHRIFT_SCHEMA_REQUIRED) {
        met->seen |= (uint64_t) 1 << field->nth;
    }
}


static int
flat_check_binary(const nthrift_schema_t *st, uint8_t flags,
    nthrift_bytes_t *body)
{
    size_t                         n, size;
    flat_met_t                     met;
    const uint8_t                 *p;
    const nthrift_schema_field_t  *field;

    met.seen = 0;
    met.known = 0;

    for (p = body->p; /* void */; p += NTHRIFT_BINARY_FIELD + size) {
        n = (size_t) (body->last - p);

        if (n < NTHRIFT_BINARY_FIELD || p[0] == NTHRIFT_STOP) {
            break;
        }

        field = nthrift_schema_field(st, nthrift_binary_get16(p + 1));

        if (field == NULL || field->type.type != p[0]) {
            return NTHRIFT_DECLINED;
        }

        size = nthrift_binary_flat(flat_binary_fixed, field->type.type,
                                   p + NTHRIFT_BINARY_FIELD,
                                   n - NTHRIFT_BINARY_FIELD);
        if (size == 0) {
            return NTHRIFT_DECLINED;
        }

        if ((field->type.flags & flags)
            && !flat_binary_fits(&field->type, p + NTHRIFT_BINARY_FIELD, size))
        {
            return NTHRIFT_DECLINED;
        }

        flat_meet(&met, field);
    }

    if (n == 0 || p[0] != NTHRIFT_STOP || !flat_is_whole(st, &met)) {
        return NTHRIFT_DECLINED;
    }

    body->p = p + 1;

    return NTHRIFT_OK;
}


int
nthrift_flat_check(const nthrift_check_rules_t *rules, unsigned protocol,
    const nthrift_schema_t *st, nthrift_bytes_t *body)
{
    uint8_t  flags;

    if (protocol != NTHRIFT_BINARY || st->required > NTHRIFT_LEVEL_WORD) {
        return NTHRIFT_DECLINED;
    }

    flags = (uint8_t) ((rules->enums ? NTHRIFT_SCHEMA_ENUM : 0)
                       | (rules->utf8 ? NTHRIFT_SCHEMA_TEXT : 0));

    return flat_check_binary(st, flags, body);
}
