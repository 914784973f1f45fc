/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * base/arena.c: blocks in a row, a pointer that moves on.  Used by the IDL
 * front end and by tests; reading the wire allocates nothing.
 */

#include "base/arena.h"

#include <stdlib.h>


#define ARENA_ALIGN  8


/* Precedes each block that nthrift_arena_create()'s allocator made. */

typedef struct arena_block_s  arena_block_t;

struct arena_block_s {
    arena_block_t  *next;
    size_t          size;       /* keeps what follows aligned to 16 */
};


void
nthrift_arena_init(nthrift_arena_t *arena, nthrift_alloc_pt alloc, void *data,
    size_t block, size_t limit)
{
    memset(arena, 0, sizeof(nthrift_arena_t));

    arena->alloc = alloc;
    arena->data = data;
    arena->block = block;
    arena->limit = limit;
}


static void *
arena_malloc(void *data, size_t size)
{
    nthrift_arena_t  *arena = data;
    arena_block_t    *block;

    if (size > SIZE_MAX - sizeof(arena_block_t)) {
        return NULL;
    }

    block = malloc(sizeof(arena_block_t) + size);
    if (block == NULL) {
        return NULL;
    }

    block->next = arena->blocks;
    block->size = size;
    arena->blocks = block;

    return block + 1;
}


nthrift_arena_t *
nthrift_arena_create(size_t block, size_t limit)
{
    nthrift_arena_t  *arena;

    arena = malloc(sizeof(nthrift_arena_t));
    if (arena == NULL) {
        return NULL;
    }

    nthrift_arena_init(arena, arena_malloc, arena, block, limit);

    return arena;
}


void
nthrift_arena_destroy(nthrift_arena_t *arena)
{
    arena_block_t  *block, *next;

    for (block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }

    free(arena);
}


void *
nthrift_arena_take(nthrift_arena_t *arena, size_t size)
{
    size_t    room;
    uint8_t  *p;

    if (size > SIZE_MAX - ARENA_ALIGN) {
        return NULL;
    }

    size = (size + ARENA_ALIGN - 1) & ~(size_t) (ARENA_ALIGN - 1);

    if (arena->pos == NULL || size > (size_t) (arena->end - arena->pos)) {
        room = (size > arena->block) ? size : arena->block;

        if (arena->limit != 0
            && (room > arena->limit || arena->used > arena->limit - room))
        {
            return NULL;
        }

        p = arena->alloc(arena->data, room);
        if (p == NULL) {
            return NULL;
        }

        arena->used += room;

        if (room > arena->block) {
            /* a block of its own: the current one still has room */
            return p;
        }

        arena->pos = p;
        arena->end = p + room;
    }

    p = arena->pos;
    arena->pos += size;

    return p;
}


void *
nthrift_arena_alloc(nthrift_arena_t *arena, size_t size)
{
    uint8_t  *p;

    p = nthrift_arena_take(arena, size);

    return (p != NULL) ? memset(p, 0, size) : NULL;
}


uint8_t *
nthrift_arena_copy(nthrift_arena_t *arena, const uint8_t *data, size_t len)
{
    uint8_t  *p;

    if (len == SIZE_MAX) {
        return NULL;
    }

    p = nthrift_arena_take(arena, len + 1);
    if (p == NULL) {
        return NULL;
    }

    if (len != 0) {
        memcpy(p, data, len);
    }

    p[len] = '\0';

    return p;
}
