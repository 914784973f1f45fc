/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/skip.c: the structural walk over a message's body, in pieces of any
 * size.  message.c calls it to learn where an unframed message ends and
 * whether a framed one ends where its frame does.  The bytes themselves are
 * read by the protocol's own walk (protocol.h, walk.h);
 * here is what happens between two pieces.  Nothing is kept of what was
 * walked over, nothing is compared with a schema.
 */

#include "wire/protocol.h"
#include "wire/walk.h"


void
nthrift_skip_start(nthrift_skip_t *w, unsigned protocol,
    nthrift_skip_level_t *levels, uint32_t max_depth, uint64_t budget)
{
    w->levels = levels;
    w->refused = NULL;
    w->budget = budget;
    w->bytes = 0;
    w->max_depth = max_depth;
    w->depth = 0;
    w->first = 0;
    w->fields = 0;
    w->protocol = (uint8_t) protocol;
    w->have = 0;
    w->sink = NULL;

    memset(&w->text, 0, sizeof(nthrift_skip_text_t));

    (void) nthrift_walk_enter(w, 0, 1, 0, 0, 0);
}


/* Walks on, and counts what was walked over. */

static int
skip_walk(nthrift_skip_t *w, const uint8_t **p, const uint8_t *last)
{
    int  rc;

    w->base = *p;

    rc = nthrift_protocols[w->protocol]->walk(w, p, last);
    w->budget -= (uint64_t) (*p - w->base);

    return rc;
}


/* Keeps the beginning of a token, which the next piece completes. */

static void
skip_keep_tail(nthrift_skip_t *w, const uint8_t **p, const uint8_t *last)
{
    while (*p != last) {
        w->tail[w->have++] = *(*p)++;
    }
}


/*
 * Completes the token that the last piece's end cut off: puts the next bytes
 * behind it and walks there until it is over.  The walk may go on a little
 * and begin another token; that one is read again where it came from.
 */

static int
skip_walk_tail(nthrift_skip_t *w, const uint8_t **p, const uint8_t *last)
{
    int             rc;
    size_t          n, have;
    const uint8_t  *t;

    have = w->have;
    n = NTHRIFT_SKIP_TAIL - have;

    if (n > (size_t) (last - *p)) {
        n = (size_t) (last - *p);
    }

    memcpy(w->tail + have, *p, n);

    t = w->tail;
    rc = skip_walk(w, &t, w->tail + have + n);

    if (rc == NTHRIFT_ERROR) {
        t += w->have;

    } else if (rc == NTHRIFT_AGAIN && t == w->tail) {
        /* all of the piece is in the tail, or a token would be too long */
        w->have = (uint8_t) (have + n);
        *p += n;
        return NTHRIFT_AGAIN;
    }

    *p += (size_t) (t - w->tail) - have;
    w->have = 0;

    return rc;
}


static int
skip_read_piece(nthrift_skip_t *w, const uint8_t **p, const uint8_t *last)
{
    int  rc;

    if (w->have != 0) {
        rc = skip_walk_tail(w, p, last);

        if (rc != NTHRIFT_AGAIN || w->have != 0) {
            return rc;
        }
    }

    rc = skip_walk(w, p, last);

    if (rc == NTHRIFT_AGAIN) {
        skip_keep_tail(w, p, last);

    } else if (rc == NTHRIFT_ERROR) {
        *p += w->have;
    }

    return rc;
}


int
nthrift_skip_read(nthrift_skip_t *w, const uint8_t **p, const uint8_t *last,
    nthrift_error_t *err)
{
    int             rc;
    uint64_t        rest;
    const uint8_t  *end;

    rest = w->budget - w->have;
    end = last;

    if ((uint64_t) (last - *p) > rest) {
        end = *p + rest;
    }

    rc = skip_read_piece(w, p, end);

    if (rc == NTHRIFT_ERROR) {
        return nthrift_error_set(err, w->refused);
    }

    if (rc == NTHRIFT_AGAIN && end != last) {
        return nthrift_error_set(err, "struct longer than its message");
    }

    return rc;
}


void
nthrift_skip_move(nthrift_skip_t *w, nthrift_skip_level_t *levels)
{
    memcpy(levels, w->levels, w->depth * sizeof(nthrift_skip_level_t));
    w->levels = levels;
}
