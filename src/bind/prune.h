/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/prune.h: a body without the fields that its definition does not have,
 * at any depth.  For bodies that check.h has found good, with
 * NTHRIFT_CHECK_DROP, and told of such fields; of any other something is left
 * or nothing, but it is never read beyond its runs, and no more is written
 * than there is room for.
 *
 * What stays is copied as it came.  But in compact most fields say by how much
 * their id is larger than that of the field before: if that is gone, the head
 * is written anew.  The result may be larger than the body there, but has less
 * than twice its bytes: a field of one byte is gone, and three are added to
 * the head behind it.
 */

#ifndef NTHRIFT_PRUNE_H
#define NTHRIFT_PRUNE_H

#include "bind/bytes.h"
#include "bind/schema.h"
#include "bind/token.h"


/* A struct or container that is open. */

typedef struct {
    nthrift_token_level_t          at;
    int16_t                        kept;    /* struct: id of the field before
                                               in the result, from 0 */
    const nthrift_schema_t        *st;      /* NULL: not declared */
    const nthrift_schema_type_t   *type[2]; /* as at.type, or NULL */
} nthrift_prune_level_t;


/* All but `size` is private to prune.c. */

typedef struct {
    uint64_t                 size;      /* bytes of the result so far */

    nthrift_bytes_t         *body;      /* what is read ... */
    nthrift_bytes_t         *copy;      /* ... and what is copied from, behind
                                           it; NULL: bytes are counted only */
    uint64_t                 from;      /* offset of `copy` */
    uint8_t                 *p;         /* where the result goes on ... */
    uint8_t                 *last;      /* ... and the end of its room */

    uint64_t                 end;       /* offset to stop at ... */
    uint64_t                 bytes;     /* ... with so many of a value to be
                                           passed over ... */
    uint64_t                 numbers;   /* ... or so many numbers */

    nthrift_prune_level_t   *level;     /* the innermost */
    nthrift_prune_level_t   *base;      /* the body's */
    nthrift_prune_level_t   *top;       /* the last that there is room for */
    nthrift_prune_level_t   *dropping;  /* whose field is being dropped, or
                                           NULL */
    uint8_t                  protocol;
    uint8_t                  place[NTHRIFT_TOKEN_SIZE];
} nthrift_prune_t;


/* Bytes of memory for so many levels: as in check.h. */

size_t nthrift_prune_size(uint32_t max_depth);

/*
 * Begins to count what is left of the struct at body->p.  `memory` has
 * nthrift_prune_size() bytes, aligned to 8, and need not be cleared; it and
 * `body` are kept as they are until the end.  `protocol` is one of protocol.h.
 */
void nthrift_prune_start(nthrift_prune_t *prune, void *memory,
    uint32_t max_depth, unsigned protocol, const nthrift_schema_t *st,
    nthrift_bytes_t *body);

/*
 * Said behind nthrift_prune_start(): the result is written to `p`, where there
 * is room for `n` bytes.  `copy` is the same body as `body` again.
 */
void nthrift_prune_write(nthrift_prune_t *prune, nthrift_bytes_t *copy,
    uint8_t *p, size_t n);

/*
 * Goes on for about `bytes` (1 or more) of the body, or to the end of a run.
 *
 * NTHRIFT_OK: prune->size bytes are the result, body->p is behind the stop.
 * NTHRIFT_AGAIN: it is to be called again.
 * NTHRIFT_ERROR: the body is not good, or there is not enough room.
 */
int nthrift_prune_part(nthrift_prune_t *prune, uint64_t bytes);


#endif /* NTHRIFT_PRUNE_H */
