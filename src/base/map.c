/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * base/map.c: open addressing, linear probing, doubled when half full.  A
 * table that was outgrown stays in the arena: at most as much again as the
 * table in use.
 */

#include "base/map.h"


#define MAP_FIRST_SIZE  16


static inline uint64_t
rotl(uint64_t v, unsigned n)
{
    return (v << n) | (v >> (64 - n));
}


static inline void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);

    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];

    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];

    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}


/* The bytes are those of a little-endian number, on each machine. */

static inline uint64_t
sip_word(const uint8_t *data, size_t len)
{
    uint64_t  word;

    word = 0;
    memcpy(&word, data, len);

#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    word = __builtin_bswap64(word);
#endif

    return word;
}


uint64_t
nthrift_map_hash(uint64_t seed, const uint8_t *data, size_t len)
{
    size_t    left;
    uint64_t  word, key[2], v[4];

    key[0] = seed;
    key[1] = ~seed;

    v[0] = key[0] ^ 0x736f6d6570736575;
    v[1] = key[1] ^ 0x646f72616e646f6d;
    v[2] = key[0] ^ 0x6c7967656e657261;
    v[3] = key[1] ^ 0x7465646279746573;

    for (left = len; left >= 8; left -= 8) {
        word = sip_word(data, 8);
        data += 8;

        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }

    word = (left != 0) ? sip_word(data, left) : 0;
    word ^= (uint64_t) len << 56;

    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;

    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}


void
nthrift_map_init(nthrift_map_t *map, nthrift_arena_t *arena, uint64_t seed)
{
    memset(map, 0, sizeof(nthrift_map_t));

    map->arena = arena;
    map->seed = seed;
}


/* The slot that holds `key`, or the free one where it belongs. */

static nthrift_map_slot_t *
map_slot(nthrift_map_slot_t *slots, size_t size, uint64_t hash,
    const nthrift_str_t *key)
{
    size_t               i;
    nthrift_map_slot_t  *slot;

    for (i = hash & (size - 1); /* void */ ; i = (i + 1) & (size - 1)) {
        slot = &slots[i];

        if (slot->value == NULL) {
            return slot;
        }

        if (slot->hash == hash && nthrift_str_equal(&slot->key, key)) {
            return slot;
        }
    }
}


static int
map_grow(nthrift_map_t *map)
{
    size_t               i, size;
    nthrift_map_slot_t  *slots, *slot;

    size = (map->size == 0) ? MAP_FIRST_SIZE : map->size * 2;

    if (size > SIZE_MAX / sizeof(nthrift_map_slot_t)) {
        return NTHRIFT_ERROR;
    }

    slots = nthrift_arena_alloc(map->arena, size * sizeof(nthrift_map_slot_t));
    if (slots == NULL) {
        return NTHRIFT_ERROR;
    }

    for (i = 0; i < map->size; i++) {
        slot = &map->slots[i];

        if (slot->value != NULL) {
            *map_slot(slots, size, slot->hash, &slot->key) = *slot;
        }
    }

    map->slots = slots;
    map->size = size;

    return NTHRIFT_OK;
}


int
nthrift_map_add(nthrift_map_t *map, const nthrift_str_t *key, void *value)
{
    uint64_t             hash;
    nthrift_map_slot_t  *slot;

    if (map->count >= map->size / 2 && map_grow(map) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    hash = nthrift_map_hash(map->seed, key->data, key->len);
    slot = map_slot(map->slots, map->size, hash, key);

    if (slot->value != NULL) {
        return NTHRIFT_DECLINED;
    }

    slot->key = *key;
    slot->value = value;
    slot->hash = hash;
    map->count++;

    return NTHRIFT_OK;
}


void *
nthrift_map_find(const nthrift_map_t *map, const nthrift_str_t *key)
{
    if (map->count == 0) {
        return NULL;
    }

    return nthrift_map_find_hash(map,
                            nthrift_map_hash(map->seed, key->data, key->len),
                            key);
}


void *
nthrift_map_find_hash(const nthrift_map_t *map, uint64_t hash,
    const nthrift_str_t *key)
{
    if (map->count == 0) {
        return NULL;
    }

    return map_slot(map->slots, map->size, hash, key)->value;
}
