/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/base.c: names of each length up to 40 that are the same, and that
 * differ in one byte, wherever it is; neither has a byte more behind it.
 */

#include "unit.h"


#define LONGEST  40


static uint8_t *
name(size_t len)
{
    size_t    i;
    uint8_t  *p;

    p = malloc(len ? len : 1);
    if (p == NULL) {
        exit(2);
    }

    for (i = 0; i < len; i++) {
        p[i] = (uint8_t) ('a' + i % 26);
    }

    return p;
}


static void
compare(size_t len)
{
    size_t    i, wrong;
    uint8_t  *a, *b;

    a = name(len);
    b = name(len);
    wrong = !nthrift_name_equal(a, b, len);

    for (i = 0; i < len; i++) {
        b[i] ^= 0x80;
        wrong += (nthrift_name_equal(a, b, len) != 0);
        b[i] ^= 0x80;
    }

    ok(wrong == 0, "%zu bytes", len);

    free(a);
    free(b);
}


int
main(void)
{
    size_t  len;

    plan(LONGEST + 1);

    for (len = 0; len <= LONGEST; len++) {
        compare(len);
    }

    return unit_result();
}
