/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/map.c: src/base/map.c: names that are there, and names that are not.
 */

#include "unit.h"

#include "base/map.h"


#define TEST_BLOCK   4096
#define TEST_MANY    10000


static nthrift_str_t
str(const char *s)
{
    nthrift_str_t  v;

    v.data = (uint8_t *) s;
    v.len = strlen(s);

    return v;
}


static void
map_tests(void)
{
    size_t            i, found;
    nthrift_str_t     key;
    nthrift_map_t     map;
    nthrift_arena_t  *arena;
    static char       names[TEST_MANY][8];

    arena = nthrift_arena_create(TEST_BLOCK, 0);
    nthrift_map_init(&map, arena, 42);

    key = str("nothing");
    ok(nthrift_map_find(&map, &key) == NULL, "map: empty");

    for (i = 0; i < TEST_MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "n%zu", i);
        key = str(names[i]);

        if (nthrift_map_add(&map, &key, names[i]) != NTHRIFT_OK) {
            break;
        }
    }

    is_int((long long) i, TEST_MANY, "map: add");

    for (i = 0, found = 0; i < TEST_MANY; i++) {
        key = str(names[i]);
        found += (nthrift_map_find(&map, &key) == names[i]);
    }

    is_int((long long) found, TEST_MANY, "map: find");

    key = str("n17");
    is_int(nthrift_map_add(&map, &key, &key), NTHRIFT_DECLINED,
           "map: add again");
    ok(nthrift_map_find(&map, &key) == names[17], "map: the first one stays");

    key = str("x");
    ok(nthrift_map_find(&map, &key) == NULL, "map: not there");
    ok(nthrift_map_hash(1, (const uint8_t *) "ab", 2)
       != nthrift_map_hash(2, (const uint8_t *) "ab", 2), "map: seed");

    key.len = 0;
    is_int(nthrift_map_add(&map, &key, &key), NTHRIFT_OK, "map: empty name");
    ok(nthrift_map_find(&map, &key) == &key, "map: find the empty name");

    nthrift_arena_destroy(arena);
}


int
main(void)
{
    map_tests();

    done();

    return unit_result();
}
