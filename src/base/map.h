/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * base/map.h: from a name to what it stands for.  Open addressing over a
 * keyed hash, so that names chosen to collide cost no more than others.
 */

#ifndef NTHRIFT_MAP_H
#define NTHRIFT_MAP_H

#include "base/arena.h"


typedef struct {
    nthrift_str_t   key;        /* not copied: outlives the map */
    void           *value;      /* NULL: the slot is free */
    uint64_t        hash;
} nthrift_map_slot_t;

typedef struct {
    nthrift_arena_t     *arena;
    nthrift_map_slot_t  *slots;
    size_t               size;      /* slots: 0 or a power of two */
    size_t               count;     /* names */
    uint64_t             seed;
} nthrift_map_t;


/*
 * SipHash-1-3 of `len` bytes under a key made from `seed`
 * (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 */
uint64_t nthrift_map_hash(uint64_t seed, const uint8_t *data, size_t len);

/* An empty map, which takes its memory from `arena`.  Allocates nothing. */
void nthrift_map_init(nthrift_map_t *map, nthrift_arena_t *arena,
    uint64_t seed);

/*
 * Adds `key`, whose bytes must live as long as the map, unless it is there.
 * `value` is not NULL.  NTHRIFT_OK; NTHRIFT_DECLINED and no change when the
 * name is taken; NTHRIFT_ERROR when there is no memory.
 */
int nthrift_map_add(nthrift_map_t *map, const nthrift_str_t *key,
    void *value);

/* What `key` stands for, or NULL. */
void *nthrift_map_find(const nthrift_map_t *map, const nthrift_str_t *key);

/* The same for a hash that the caller has: for many maps of one seed. */
void *nthrift_map_find_hash(const nthrift_map_t *map, uint64_t hash,
    const nthrift_str_t *key);


#endif /* NTHRIFT_MAP_H */
