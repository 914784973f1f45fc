/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/compact_walk.c: the walk over a body in the compact protocol.  skip.c
 * comes here by way of compact.c's row.
 *
 * Source: doc/specs/thrift-compact-protocol.md, lib/cpp TCompactProtocol.tcc.
 */

#include "wire/compact.h"
#include "wire/walk.h"


/*
 * Bytes of a value that always has as many; 0 for the others.  All that have
 * a type take one byte at least.
 */

static const uint8_t  compact_fixed[16] = {
    NTHRIFT_COMPACT_FIXED
};


/* The longest number of an integer type; 0 for the others. */

static const uint8_t  compact_varint[16] = {
    [NTHRIFT_COMPACT_I16] = NTHRIFT_COMPACT_VARINT16,
    [NTHRIFT_COMPACT_I32] = NTHRIFT_COMPACT_VARINT32,
    [NTHRIFT_COMPACT_I64] = NTHRIFT_COMPACT_VARINT64
};


static inline uint32_t
compact_type_least(uint8_t type)
{
    if (compact_fixed[type] != 0) {
        return compact_fixed[type];
    }

    return type >= NTHRIFT_COMPACT_I16 && type <= NTHRIFT_COMPACT_STRUCT;
}


/*
 * Passes over one number.  With eight bytes at hand its end is the first
 * eighth bit that is not set.  (The tokens of bind/ have these lines as well:
 * shared, they make the walk 5 % slower.)
 */

static inline ptrdiff_t
compact_walk_varint(nthrift_skip_t *w, int max, const uint8_t *p,
    const uint8_t *last)
{
    int       n;
    uint64_t  ends, value;

    if (last - p >= 8) {
        ends = ~nthrift_compact_get64(p) & NTHRIFT_COMPACT_GOES_ON;

        if (ends != 0) {
            n = __builtin_ctzll(ends) / 8 + 1;

            if (n <= max) {
                return n;
            }
        }
    }

    n = nthrift_compact_varint_read(p, last, max, &value);

    if (n == NTHRIFT_ERROR) {
        return nthrift_walk_refuse(w, (uint8_t) max, "too long number");
    }

    return n;
}


/* A length or a size.  Returns its bytes, the number is in `value`. */

static inline ptrdiff_t
compact_walk_length(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last,
    uint64_t *value, const char *negative)
{
    int  n;

    if (p != last && *p < 0x80) {
        *value = *p;
        return 1;
    }

    n = nthrift_compact_varint_read(p, last, NTHRIFT_COMPACT_VARINT32, value);

    if (n == NTHRIFT_ERROR) {
        return nthrift_walk_refuse(w, NTHRIFT_COMPACT_VARINT32,
                                   "too long number for length or size");
    }

    if (n > 0 && *value > INT32_MAX) {
        return nthrift_walk_refuse(w, (uint8_t) n, negative);
    }

    return n;
}


static inline ptrdiff_t
compact_walk_string(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    uint64_t   len;
    ptrdiff_t  n;

    len = 0;
    n = compact_walk_length(w, p, last, &len, "negative length of string");

    if (n < 0) {
        return n;
    }

    if (len <= (uint64_t) (last - p - n)) {
        return n + (ptrdiff_t) len;
    }

    if (len > nthrift_walk_rest(w, p) - (uint64_t) n) {
        return nthrift_walk_refuse(w, (uint8_t) n,
                                   "string longer than its message");
    }

    w->bytes = len;

    return n;
}


/*
 * "ssss tttt", the size where it is less than 15, else "1111 tttt" and the
 * size as a number.
 */

static ptrdiff_t
compact_walk_list(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    uint8_t    type;
    uint32_t   least;
    uint64_t   count;
    ptrdiff_t  n;

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    n = 0;
    count = p[0] >> 4;
    type = p[0] & 0x0f;
    least = compact_type_least(type);

    if (count == 15) {
        n = compact_walk_length(w, p + 1, last, &count,
                                "negative size of list");
        if (n < 0) {
            w->have += (n == NTHRIFT_ERROR) ? 1 : 0;
            return n;
        }
    }

    n++;

    if (least == 0 && count != 0) {
        return nthrift_walk_refuse(w, (uint8_t) n,
                                   "unknown type of list elements");
    }

    if (count * least > nthrift_walk_rest(w, p) - (uint64_t) n) {
        return nthrift_walk_refuse(w, (uint8_t) n,
                                   "list longer than its message");
    }

    if (nthrift_walk_enter(w, (uint8_t) n, 0, (uint32_t) count, type, type)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (count == 0 || compact_fixed[type] != 0) {
        nthrift_walk_leave(w);
        w->bytes = count * least;
    }

    return n;
}


/* The size as a number, then "kkkk vvvv" unless the map is empty. */

static ptrdiff_t
compact_walk_map(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    uint8_t    key, value;
    uint32_t   least;
    uint64_t   count;
    ptrdiff_t  n;

    count = 0;
    n = compact_walk_length(w, p, last, &count, "negative size of map");

    if (n < 0) {
        return n;
    }

    if (count == 0) {
        if (nthrift_walk_enter(w, (uint8_t) n, 0, 0, 0, 0) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_walk_leave(w);
        return n;
    }

    if (last - p == n) {
        return NTHRIFT_AGAIN;
    }

    key = p[n] >> 4;
    value = p[n] & 0x0f;
    n++;

    if (compact_type_least(key) == 0 || compact_type_least(value) == 0) {
        return nthrift_walk_refuse(w, (uint8_t) n,
                                   "unknown type of map elements");
    }

    least = compact_type_least(key) + compact_type_least(value);

    if (count * least > nthrift_walk_rest(w, p) - (uint64_t) n) {
        return nthrift_walk_refuse(w, (uint8_t) n,
                                   "map longer than its message");
    }

    if (nthrift_walk_enter(w, (uint8_t) n, 0, (uint32_t) count * 2, key,
                           value)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (compact_fixed[key] != 0 && compact_fixed[value] != 0) {
        nthrift_walk_leave(w);
        w->bytes = count * least;
    }

    return n;
}


/* Inlined by force: the compiler would not, and the walk is a fifth slower. */

static inline __attribute__((always_inline)) ptrdiff_t
compact_walk_value(nthrift_skip_t *w, uint8_t type, const uint8_t *p,
    const uint8_t *last)
{
    uint32_t  fixed;

    switch (type) {

    case NTHRIFT_COMPACT_I16:
    case NTHRIFT_COMPACT_I32:
    case NTHRIFT_COMPACT_I64:
        return compact_walk_varint(w, compact_varint[type], p, last);

    case NTHRIFT_COMPACT_BINARY:
        return compact_walk_string(w, p, last);

    case NTHRIFT_COMPACT_LIST:
    case NTHRIFT_COMPACT_SET:
        return compact_walk_list(w, p, last);

    case NTHRIFT_COMPACT_MAP:
        return compact_walk_map(w, p, last);

    case NTHRIFT_COMPACT_STRUCT:
        return nthrift_walk_enter(w, 0, 1, 0, 0, 0);

    default:
        break;
    }

    fixed = compact_fixed[type];

    if (fixed <= (size_t) (last - p)) {
        return fixed;
    }

    w->bytes = fixed;

    return 0;
}


/*
 * A field's head: "dddd tttt" where its id is at most 15 more than that of
 * the field before, else "0000 tttt" and the id as a number.  Returns its
 * bytes.  The id is right for a struct's first field only, as none of the
 * others is asked for.
 */

static inline ptrdiff_t
compact_walk_field_head(nthrift_skip_t *w, const uint8_t *p,
    const uint8_t *last, int16_t *id)
{
    int       n;
    uint64_t  value;

    if (p[0] >= 0x10) {
        *id = p[0] >> 4;
        return 1;
    }

    n = nthrift_compact_varint_read(p + 1, last, NTHRIFT_COMPACT_VARINT16,
                                    &value);
    if (n == NTHRIFT_ERROR) {
        return nthrift_walk_refuse(w, 1 + NTHRIFT_COMPACT_VARINT16,
                                   "too long number for field id");
    }

    if (n == NTHRIFT_AGAIN) {
        return NTHRIFT_AGAIN;
    }

    if (value > UINT16_MAX) {
        return nthrift_walk_refuse(w, (uint8_t) (1 + n),
                                   "too large field id");
    }

    *id = (int16_t) nthrift_compact_unzigzag((uint32_t) value);

    return 1 + n;
}


static inline ptrdiff_t
compact_walk_field(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    int16_t    id;
    uint8_t    type;
    uint32_t   depth;
    ptrdiff_t  n, rc;

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    type = p[0] & 0x0f;

    if (type == NTHRIFT_COMPACT_STOP) {
        nthrift_walk_leave(w);
        return 1;
    }

    if (type > NTHRIFT_COMPACT_UUID) {
        return nthrift_walk_refuse(w, 1, "unknown type of field");
    }

    n = compact_walk_field_head(w, p, last, &id);

    if (n < 0) {
        return n;
    }

    depth = w->depth;
    rc = 0;

    /* the value of a bool is its type */

    if (type > NTHRIFT_COMPACT_FALSE) {
        rc = compact_walk_value(w, type, p + n, last);

        if (rc < 0) {
            w->have += (rc == NTHRIFT_ERROR) ? (uint8_t) n : 0;
            return rc;
        }
    }

    if (depth == 1) {
        nthrift_walk_count_field(w, id);
    }

    return n + rc;
}


/*
 * Passes over numbers of a list, as many as end within the next eight bytes,
 * and again, as long as eight bytes are there and the list has eight numbers.
 * Stops before a number that may be too long.  Where three bytes in a row go
 * on, an i16 is, where five do, an i32; an i64 that ends within eight bytes
 * never is.
 */

static inline ptrdiff_t
compact_walk_varints(nthrift_skip_level_t *level, const uint8_t *p,
    const uint8_t *last)
{
    uint8_t         type;
    uint32_t        left;
    uint64_t        on, ends, run;
    const uint8_t  *start;

    start = p;
    left = level->left;
    type = level->type[0];

    while (last - p >= 8 && left >= 8) {
        on = nthrift_compact_get64(p) & NTHRIFT_COMPACT_GOES_ON;
        ends = on ^ NTHRIFT_COMPACT_GOES_ON;

        if (ends == 0) {
            break;
        }

        if (type != NTHRIFT_COMPACT_I64) {
            run = on & on >> 8 & on >> 16;

            if (type == NTHRIFT_COMPACT_I32) {
                run &= on >> 24 & on >> 32;
            }

            if (run != 0) {
                break;
            }
        }

        left -= (uint32_t) (((ends >> 7) * 0x0101010101010101) >> 56);
        p += 8 - __builtin_clzll(ends) / 8;
    }

    level->left = left;

    return p - start;
}


static inline ptrdiff_t
compact_walk_element(nthrift_skip_t *w, nthrift_skip_level_t *level,
    const uint8_t *p, const uint8_t *last)
{
    uint8_t    type;
    ptrdiff_t  n;

    type = level->type[level->left & 1];

    if (compact_varint[type] != 0 && level->type[0] == level->type[1]) {
        n = compact_walk_varints(level, p, last);

        if (n != 0) {
            return n;
        }
    }

    n = compact_walk_value(w, type, p, last);

    if (n >= 0) {
        level->left--;
    }

    return n;
}


nthrift_walk_aligned int
nthrift_compact_walk(nthrift_skip_t *w, const uint8_t **p,
    const uint8_t *last)
{
    return nthrift_walk_run(w, p, last, compact_walk_field,
                            compact_walk_element);
}
