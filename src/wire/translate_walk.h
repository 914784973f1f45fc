/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/translate_walk.h: the loop of a translation, shared by the protocols
 * that are read.  Private to translate.c and to them.
 *
 * It goes from token to token, as walk.h does, and writes what a token is in
 * the other protocol.  A token is read and written as a whole or not at all;
 * bytes that are the same in both (strings, i8, uuid) are copied as they come.
 */

#ifndef NTHRIFT_TRANSLATE_WALK_H
#define NTHRIFT_TRANSLATE_WALK_H

#include "wire/translate.h"
#include "wire/walk.h"


/*
 * Reads one token at `p`, writes it to t->out, where NTHRIFT_TRANSLATE_ROOM
 * bytes have room.  Returns as nthrift_walk_field_pt does; with an error or
 * NTHRIFT_AGAIN t->out is the same as before.
 */

typedef ptrdiff_t (*nthrift_translate_field_pt)(nthrift_translate_t *t,
    const uint8_t *p, const uint8_t *last);
typedef ptrdiff_t (*nthrift_translate_element_pt)(nthrift_translate_t *t,
    nthrift_skip_level_t *level, const uint8_t *p, const uint8_t *last);


/* There was no room. */

#define NTHRIFT_TRANSLATE_FULL  NTHRIFT_DECLINED


#define NTHRIFT_TRANSLATE_SHORT  16     /* bytes, copied at once */


/* Copies of w->bytes what is there and has room. */

static inline int
nthrift_translate_copy(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last)
{
    uint64_t  n;

    n = t->read.bytes;

    /* most strings are short; what is too much of it is written over */

    if (n <= NTHRIFT_TRANSLATE_SHORT && last - *p >= NTHRIFT_TRANSLATE_SHORT
        && t->end - t->out >= NTHRIFT_TRANSLATE_SHORT)
    {
        memcpy(t->out, *p, NTHRIFT_TRANSLATE_SHORT);

        t->out += n;
        *p += n;
        t->read.bytes = 0;

        return NTHRIFT_OK;
    }

    if (n > (uint64_t) (last - *p)) {
        n = (uint64_t) (last - *p);
    }

    if (n > (uint64_t) (t->end - t->out)) {
        n = (uint64_t) (t->end - t->out);
    }

    if (n != 0) {
        memcpy(t->out, *p, n);

        t->out += n;
        *p += n;
        t->read.bytes -= n;
    }

    if (t->read.bytes == 0) {
        return NTHRIFT_OK;
    }

    return (*p == last) ? NTHRIFT_AGAIN : NTHRIFT_TRANSLATE_FULL;
}


static inline __attribute__((always_inline)) int
nthrift_translate_run(nthrift_translate_t *t, const uint8_t **pp,
    const uint8_t *last, nthrift_translate_field_pt field,
    nthrift_translate_element_pt element)
{
    ptrdiff_t              n;
    const uint8_t         *p;
    nthrift_skip_level_t  *level;

    p = *pp;

    do {
        if (t->read.bytes != 0) {
            n = nthrift_translate_copy(t, &p, last);

            if (n != NTHRIFT_OK) {
                *pp = p;
                return (int) n;
            }
        }

        if (t->end - t->out < NTHRIFT_TRANSLATE_ROOM) {
            *pp = p;
            return NTHRIFT_TRANSLATE_FULL;
        }

        level = &t->read.levels[t->read.depth - 1];

        if (level->fields) {
            n = field(t, p, last);

        } else if (level->left != 0) {
            n = element(t, level, p, last);

        } else {
            nthrift_walk_leave(&t->read);
            continue;
        }

        if (n < 0) {
            *pp = p;
            return (int) n;
        }

        p += n;

    } while (t->read.depth != 0);

    *pp = p;

    return NTHRIFT_OK;
}


/* How many values there are, of `size` bytes, that have room as `most`. */

static inline uint32_t
nthrift_translate_count(const nthrift_translate_t *t,
    const nthrift_skip_level_t *level, size_t bytes, size_t size, size_t most)
{
    size_t  n;

    n = bytes / size;

    if (n > (size_t) (t->end - t->out) / most) {
        n = (size_t) (t->end - t->out) / most;
    }

    return (n < level->left) ? (uint32_t) n : level->left;
}


/* From the binary protocol, and from the compact one. */
int nthrift_translate_binary(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last);
int nthrift_translate_compact(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last);


#endif /* NTHRIFT_TRANSLATE_WALK_H */
