/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/walk.h: the loop of the structural walk, shared by the protocols.
 * Private to skip.c and the protocols.
 *
 * A walk goes from token to token: a field's head together with what follows
 * it (a number, a string's length, a container's head), or an element of a
 * container.  A token is read as a whole or not at all, so that there is no
 * state inside of one: what a piece's end cuts off waits in w->tail, and the
 * same code reads it once it is whole.  Between tokens all that is remembered
 * are the levels, and w->bytes that are passed over without a look.
 */

#ifndef NTHRIFT_WALK_H
#define NTHRIFT_WALK_H

#include "wire/skip.h"


/*
 * Reads one token at `p`.  Returns the bytes that were read, NTHRIFT_AGAIN
 * with nothing changed, or NTHRIFT_ERROR by way of nthrift_walk_refuse().
 */

typedef ptrdiff_t (*nthrift_walk_field_pt)(nthrift_skip_t *w,
    const uint8_t *p, const uint8_t *last);
typedef ptrdiff_t (*nthrift_walk_element_pt)(nthrift_skip_t *w,
    nthrift_skip_level_t *level, const uint8_t *p, const uint8_t *last);


/* `n` bytes of the token were enough to see what is wrong. */

static inline int
nthrift_walk_refuse(nthrift_skip_t *w, uint8_t n, const char *text)
{
    w->have = n;
    w->refused = text;

    return NTHRIFT_ERROR;
}


/* Bytes that can follow from `p` on. */

static inline uint64_t
nthrift_walk_rest(const nthrift_skip_t *w, const uint8_t *p)
{
    return w->budget - (uint64_t) (p - w->base);
}


/* Enters a struct, or a container; `n` bytes of the token told that. */

static inline int
nthrift_walk_enter(nthrift_skip_t *w, uint8_t n, uint8_t fields,
    uint32_t left, uint8_t even, uint8_t odd)
{
    nthrift_skip_level_t  *level;

    if (w->depth == w->max_depth) {
        return nthrift_walk_refuse(w, n, "too many levels of nesting");
    }

    level = &w->levels[w->depth++];

    level->left = left;
    level->type[0] = even;
    level->type[1] = odd;
    level->fields = fields;

    return NTHRIFT_OK;
}


static inline void
nthrift_walk_leave(nthrift_skip_t *w)
{
    w->depth--;
}


/* What a result's first field is tells a declared exception. */

static inline void
nthrift_walk_count_field(nthrift_skip_t *w, int16_t id)
{
    if (w->fields == 0) {
        w->first = id;
        w->fields = 1;
        return;
    }

    w->fields = 2;
}


/*
 * For the functions that are made of it.  Where in a line of the cache their
 * loops begin makes 3 to 10 %; without this any change elsewhere moves them.
 */

#define nthrift_walk_aligned  __attribute__((aligned(64)))


/*
 * The loop.  The readers are given as constants and disappear into it: each
 * protocol has a loop of its own, without a call per token.
 */

static inline __attribute__((always_inline)) int
nthrift_walk_run(nthrift_skip_t *w, const uint8_t **pp, const uint8_t *last,
    nthrift_walk_field_pt field, nthrift_walk_element_pt element)
{
    ptrdiff_t              n;
    const uint8_t         *p;
    nthrift_skip_level_t  *level;

    p = *pp;

    do {
        if (w->bytes != 0) {
            if (w->bytes > (uint64_t) (last - p)) {
                w->bytes -= (uint64_t) (last - p);
                *pp = last;
                return NTHRIFT_AGAIN;
            }

            p += w->bytes;
            w->bytes = 0;
        }

        level = &w->levels[w->depth - 1];

        if (level->fields) {
            n = field(w, p, last);

        } else if (level->left != 0) {
            n = element(w, level, p, last);

        } else {
            nthrift_walk_leave(w);
            continue;
        }

        if (n < 0) {
            *pp = p;
            return (int) n;
        }

        p += n;

    } while (w->depth != 0);

    *pp = p;

    return NTHRIFT_OK;
}


#endif /* NTHRIFT_WALK_H */
