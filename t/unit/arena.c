/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/arena.c: memory by the block: alignment, limits, and an allocator
 * that fails.
 */

#include "base/arena.h"
#include "unit.h"


/* Fails from the n-th block on. */

typedef struct {
    int      left;
    int      blocks;
    void    *block[16];
} arena_source_t;


static void *
source_alloc(void *data, size_t size)
{
    arena_source_t  *source = data;

    if (source->left == 0) {
        return NULL;
    }

    source->left--;

    return source->block[source->blocks++] = aligned_alloc(16,
                                           (size + 15) & ~(size_t) 15);
}


static void
source_free(arena_source_t *source)
{
    while (source->blocks != 0) {
        free(source->block[--source->blocks]);
    }
}


static void
test_alloc(void)
{
    int               i, aligned, zeroed, apart;
    size_t            size;
    uint8_t          *p, *end;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(256, 0);
    ok(arena != NULL, "an arena is created");

    aligned = zeroed = apart = 1;
    end = NULL;

    for (i = 0; i < 1000; i++) {
        size = (size_t) (i * 7) % 300;
        p = nthrift_arena_alloc(arena, size);

        aligned &= p != NULL && ((uintptr_t) p & 7) == 0;
        apart &= end == NULL || p >= end || p + size <= end;
        zeroed &= size == 0 || (p[0] == 0 && p[size - 1] == 0);

        memset(p, 0xff, size);
        end = p + size;
    }

    ok(aligned, "what is taken is aligned to 8");
    ok(zeroed, "it is zeroed");
    ok(apart, "it does not overlap with what was taken before");

    p = nthrift_arena_alloc(arena, 100000);
    ok(p != NULL && p[99999] == 0, "more than a block");
    ok(nthrift_arena_take(arena, SIZE_MAX) == NULL, "nor can it be taken");
    ok(nthrift_arena_alloc(arena, SIZE_MAX) == NULL, "more than there is");
    ok(nthrift_arena_alloc(arena, SIZE_MAX - 15) == NULL, "almost as much");

    nthrift_arena_destroy(arena);
}


static void
test_copy(void)
{
    uint8_t          *p;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(64, 0);

    p = nthrift_arena_copy(arena, (const uint8_t *) "weather", 7);
    is_bytes(p, 8, "weather", 8, "a copy is terminated");

    p = nthrift_arena_copy(arena, NULL, 0);
    is_bytes(p, 1, "", 1, "a copy of nothing, too");

    ok(nthrift_arena_copy(arena, (const uint8_t *) "", SIZE_MAX) == NULL,
       "a copy of too much");

    nthrift_arena_destroy(arena);
}


static void
test_limit(void)
{
    int               n;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(64, 256);

    for (n = 0; nthrift_arena_alloc(arena, 64) != NULL; n++) { /* void */ }

    is_int(n, 4, "as many as the limit allows");
    is_int((long long) arena->used, 256, "they are counted");
    ok(nthrift_arena_alloc(arena, 1) == NULL, "and nothing more");

    nthrift_arena_destroy(arena);

    arena = nthrift_arena_create(64, 256);
    ok(nthrift_arena_alloc(arena, 257) == NULL, "more than the limit");
    ok(nthrift_arena_alloc(arena, 256) != NULL, "as much as the limit");

    nthrift_arena_destroy(arena);
}


/* The n-th block cannot be had: NULL, and what was taken stays. */

static void
test_failure(void)
{
    int               n, taken;
    uint8_t          *first;
    arena_source_t    source;
    nthrift_arena_t   arena;

    for (n = 0; n < 4; n++) {
        memset(&source, 0, sizeof(source));
        source.left = n;

        nthrift_arena_init(&arena, source_alloc, &source, 64, 0);
        first = NULL;

        for (taken = 0; taken < 10; taken++) {
            uint8_t  *p = nthrift_arena_alloc(&arena, 64);

            if (p == NULL) {
                break;
            }

            memset(p, taken + 1, 64);
            first = first ? first : p;
        }

        ok(taken == n && (first == NULL || first[63] == 1)
           && nthrift_arena_copy(&arena, (const uint8_t *) "x", 1) == NULL,
           "no block after %d", n);

        source_free(&source);
    }
}


int
main(void)
{
    test_alloc();
    test_copy();
    test_limit();
    test_failure();

    done();

    return unit_result();
}
