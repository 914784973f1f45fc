/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/fuzz.h: what the harnesses share.  A harness is a libFuzzer program:
 * it takes its choices (rules, where to split) from the first bytes, treats
 * the others as what came from a client, and aborts when a promise of a
 * header in src/ does not hold.
 */

#ifndef FUZZ_H
#define FUZZ_H

#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Says what does not hold; the fuzzer keeps the input. */

#define fuzz_check(holds)                                                     \
    do {                                                                      \
        if (!(holds)) {                                                       \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__,           \
                    __LINE__, #holds);                                        \
            abort();                                                          \
        }                                                                     \
    } while (0)


/* A copy of exactly these bytes: the sanitizer sees one read behind them. */

static inline uint8_t *
fuzz_copy(const uint8_t *p, size_t n)
{
    uint8_t  *copy;

    copy = malloc(n);

    if (n != 0) {
        memcpy(copy, p, n);
    }

    return copy;
}


static inline int
fuzz_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}


/* The rules that a byte stands for. */

static inline nthrift_rules_t
fuzz_rules(uint8_t choice)
{
    nthrift_rules_t  rules;

    rules.transport = (choice & 3) ? 0 : choice / 4 % NTHRIFT_TRANSPORTS;
    rules.protocol = choice / 3 % NTHRIFT_PROTOCOLS;
    rules.lax = choice / 12 % 2;
    rules.validate = choice / 24 % 4 != 3;
    rules.unnamed = choice / 96 % 2;
    rules.text = choice >= 192;
    rules.max_depth = 64;
    rules.max_frame = 16384000;
    rules.max_header = 16384;
    rules.max_message = 100 * 1024 * 1024;

    return rules;
}


#endif /* FUZZ_H */
