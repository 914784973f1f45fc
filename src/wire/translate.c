/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/translate.c: a message's body in another protocol, in pieces of any
 * size.  Called by who passes a message to a server, or to a client, that
 * speaks another one.  What each token becomes is in translate_binary.c and
 * translate_compact.c; here is what happens between two pieces, and between two
 * buffers.
 */

#include "wire/protocol.h"
#include "wire/translate_walk.h"


/* By what is read and what is written. */

static const nthrift_translate_walk_pt
    translate_walks[NTHRIFT_PROTOCOLS][NTHRIFT_PROTOCOLS] =
{
    [NTHRIFT_BINARY] = { [NTHRIFT_COMPACT] = nthrift_translate_binary },
    [NTHRIFT_COMPACT] = { [NTHRIFT_BINARY] = nthrift_translate_compact }
};


int
nthrift_translate_start(nthrift_translate_t *t, unsigned protocol,
    unsigned to, nthrift_skip_level_t *levels, uint32_t max_depth,
    uint64_t budget)
{
    t->walk = translate_walks[protocol][to];

    if (t->walk == NULL) {
        return NTHRIFT_DECLINED;
    }

    t->from = 0;
    t->to = 0;

    nthrift_skip_start(&t->read, protocol, levels, max_depth, budget);

    return NTHRIFT_OK;
}


/* Goes on, and counts what was read. */

static int
translate_walk(nthrift_translate_t *t, const uint8_t **p, const uint8_t *last)
{
    int  rc;

    if (t->read.depth == 0) {
        return NTHRIFT_OK;
    }

    t->read.base = *p;

    rc = t->walk(t, p, last);
    t->read.budget -= (uint64_t) (*p - t->read.base);

    return rc;
}


/*
 * Completes the token that the last piece's end cut off, as skip.c does.  There
 * is room for it.
 */

static int
translate_walk_tail(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last)
{
    int             rc;
    size_t          n, have;
    const uint8_t  *tail;

    have = t->read.have;
    n = NTHRIFT_SKIP_TAIL - have;

    if (n > (size_t) (last - *p)) {
        n = (size_t) (last - *p);
    }

    if (n != 0) {
        memcpy(t->read.tail + have, *p, n);
    }

    tail = t->read.tail;
    rc = translate_walk(t, &tail, t->read.tail + have + n);

    if (rc == NTHRIFT_AGAIN && tail == t->read.tail) {
        t->read.have = (uint8_t) (have + n);
        *p += n;
        return NTHRIFT_AGAIN;
    }

    if (rc != NTHRIFT_ERROR) {
        *p += (size_t) (tail - t->read.tail) - have;
    }

    t->read.have = 0;

    return rc;
}


/* Keeps the beginning of a token, which the next piece completes. */

static void
translate_keep_tail(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last)
{
    while (*p != last) {
        t->read.tail[t->read.have++] = *(*p)++;
    }
}


static int
translate_piece(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last)
{
    int  rc;

    if (t->read.have != 0) {
        rc = translate_walk_tail(t, p, last);

        if (rc != NTHRIFT_AGAIN || t->read.have != 0) {
            return rc;
        }

        if (t->end - t->out < NTHRIFT_TRANSLATE_ROOM) {
            return NTHRIFT_TRANSLATE_FULL;
        }
    }

    rc = translate_walk(t, p, last);

    if (rc == NTHRIFT_AGAIN) {
        translate_keep_tail(t, p, last);
    }

    return rc;
}


/* Writes what waits.  NTHRIFT_TRANSLATE_FULL: not all of it. */

static int
translate_drain(nthrift_translate_t *t, uint8_t **out, uint8_t *end)
{
    while (t->from != t->to) {
        if (*out == end) {
            return NTHRIFT_TRANSLATE_FULL;
        }

        *(*out)++ = t->spill[t->from++];
    }

    t->from = 0;
    t->to = 0;

    return NTHRIFT_OK;
}


/* Where a token may not have room it is written to what waits, first. */

static int
translate_write(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last, uint8_t **out, uint8_t *end)
{
    int  rc;

    if (end - *out >= NTHRIFT_TRANSLATE_ROOM) {
        t->out = *out;
        t->end = end;

        rc = translate_piece(t, p, last);

        *out = t->out;

        return rc;
    }

    t->out = t->spill;
    t->end = t->spill + NTHRIFT_TRANSLATE_SPILL;

    rc = translate_piece(t, p, last);

    t->to = (uint8_t) (t->out - t->spill);

    return rc;
}


int
nthrift_translate_read(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last, uint8_t **out, uint8_t *end, nthrift_error_t *err)
{
    int             rc;
    uint64_t        rest;
    const uint8_t  *stop;

    rc = NTHRIFT_TRANSLATE_FULL;
    rest = t->read.budget - t->read.have;
    stop = last;

    if ((uint64_t) (last - *p) > rest) {
        stop = *p + rest;
    }

    while (rc == NTHRIFT_TRANSLATE_FULL) {
        if (translate_drain(t, out, end) != NTHRIFT_OK) {
            return NTHRIFT_AGAIN;
        }

        rc = translate_write(t, p, stop, out, end);
    }

    if (rc == NTHRIFT_ERROR) {
        return nthrift_error_set(err, t->read.refused);
    }

    if (rc == NTHRIFT_AGAIN && stop != last) {
        return nthrift_error_set(err, "struct longer than its message");
    }

    return (translate_drain(t, out, end) == NTHRIFT_OK) ? rc : NTHRIFT_AGAIN;
}
