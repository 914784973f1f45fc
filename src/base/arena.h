/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * base/arena.h: memory that is handed in, taken piece by piece and given back
 * as a whole.  Whoever makes an arena owns it; what is taken from it lives as
 * long as the arena, nothing is freed singly.
 */

#ifndef NTHRIFT_ARENA_H
#define NTHRIFT_ARENA_H

#include "base/base.h"


/*
 * Where an arena's blocks come from: returns `size` bytes aligned to 16, or
 * NULL.  Blocks are never given back through this interface: their owner (an
 * nginx pool, or nthrift_arena_create()'s own list) frees them.
 */

typedef void *(*nthrift_alloc_pt)(void *data, size_t size);

typedef struct {
    nthrift_alloc_pt   alloc;
    void              *data;
    uint8_t           *pos;     /* free bytes of the current block */
    uint8_t           *end;
    size_t             block;   /* bytes a new block has */
    size_t             used;    /* bytes asked for from `alloc` so far */
    size_t             limit;   /* `used` never passes it; 0: no limit */
    void              *blocks;  /* nthrift_arena_create() only */
} nthrift_arena_t;


/*
 * Makes `arena` take blocks of at least `block` bytes from `alloc`, up to
 * `limit` bytes in all (0: no limit).  Allocates nothing.
 */
void nthrift_arena_init(nthrift_arena_t *arena, nthrift_alloc_pt alloc,
    void *data, size_t block, size_t limit);

/*
 * An arena on malloc(), for tools and tests; NULL when there is no memory.
 * nthrift_arena_destroy() frees it and all that was taken from it.
 */
nthrift_arena_t *nthrift_arena_create(size_t block, size_t limit);
void nthrift_arena_destroy(nthrift_arena_t *arena);

/*
 * `size` bytes aligned to 8, zeroed; NULL when the allocator fails or the
 * limit would be passed.  A size of 0 gives a pointer that may not be read.
 */
void *nthrift_arena_alloc(nthrift_arena_t *arena, size_t size);

/* The same, with anything in it: for much that is filled little by little. */
void *nthrift_arena_take(nthrift_arena_t *arena, size_t size);

/*
 * A copy of `len` bytes, with a 0 byte behind it that `len` does not count;
 * NULL as above.
 */
uint8_t *nthrift_arena_copy(nthrift_arena_t *arena, const uint8_t *data,
    size_t len);


#endif /* NTHRIFT_ARENA_H */
