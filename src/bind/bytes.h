/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/bytes.h: the bytes of a body, which may lie in several runs of memory
 * (an nginx buffer each).  Nothing is copied but what is asked for.
 */

#ifndef NTHRIFT_BYTES_H
#define NTHRIFT_BYTES_H

#include "base/base.h"


/*
 * Where the next run is: NTHRIFT_OK and [*p, *last), which may be empty; or
 * NTHRIFT_DECLINED behind the last one, however often it is asked.
 */

typedef int (*nthrift_bytes_more_pt)(void *data, const uint8_t **p,
    const uint8_t **last);


/* The body from `p` on; all runs stay as they are while it is read. */

typedef struct {
    const uint8_t          *p;          /* unread bytes of this run */
    const uint8_t          *last;
    nthrift_bytes_more_pt   more;       /* NULL: this run is the last one */
    void                   *data;       /* for `more` */

    const uint8_t          *start;      /* of this run */
    uint64_t                passed;     /* bytes of the runs before it */
} nthrift_bytes_t;


static inline void
nthrift_bytes_init(nthrift_bytes_t *b, const uint8_t *p, const uint8_t *last,
    nthrift_bytes_more_pt more, void *data)
{
    b->p = p;
    b->last = last;
    b->more = more;
    b->data = data;
    b->start = p;
    b->passed = 0;
}


/* Bytes of the body that were read so far. */

static inline uint64_t
nthrift_bytes_offset(const nthrift_bytes_t *b)
{
    return b->passed + (uint64_t) (b->p - b->start);
}


/*
 * Goes on to the next run that is not empty; what is unread of this one is
 * given up.  NTHRIFT_OK; NTHRIFT_DECLINED: there is none, and p == last.
 */
int nthrift_bytes_next(nthrift_bytes_t *b);

/*
 * Passes over `n` bytes, or copies them to `to`.  NTHRIFT_OK;
 * NTHRIFT_DECLINED: there are fewer, all of which were taken.
 */
int nthrift_bytes_skip(nthrift_bytes_t *b, uint64_t n);
int nthrift_bytes_copy(nthrift_bytes_t *b, uint8_t *to, size_t n);


#endif /* NTHRIFT_BYTES_H */
