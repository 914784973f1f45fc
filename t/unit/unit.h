/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/unit.h: what a unit test needs: TAP output, bytes from hex, and a
 * place for bytes behind which nothing can be read.
 *
 * A test is one program of one file: it calls plan() first or done() last,
 * and returns unit_result().
 */

#ifndef UNIT_H
#define UNIT_H

#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>


#define unit_array_size(a)  (sizeof(a) / sizeof((a)[0]))


static int  unit_count;
static int  unit_failed;


static inline void
plan(int n)
{
    printf("1..%d\n", n);
}


static inline void
done(void)
{
    printf("1..%d\n", unit_count);
}


static inline int
unit_result(void)
{
    return unit_failed ? 1 : 0;
}


__attribute__((format(printf, 1, 2)))
static inline void
diag(const char *fmt, ...)
{
    va_list  args;

    printf("# ");

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");
}


__attribute__((format(printf, 2, 3)))
static inline int
ok(int passed, const char *fmt, ...)
{
    va_list  args;

    printf("%sok %d - ", passed ? "" : "not ", ++unit_count);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    printf("\n");
    fflush(stdout);

    if (!passed) {
        unit_failed++;
    }

    return passed;
}


static inline int
is_int(long long got, long long expected, const char *name)
{
    if (!ok(got == expected, "%s", name)) {
        diag("got %lld, expected %lld", got, expected);
    }

    return got == expected;
}


/* Terminated strings, either of which may be NULL. */

static inline int
unit_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}


static inline int
is_str(const char *got, const char *expected, const char *name)
{
    if (!ok(unit_same(got, expected), "%s", name)) {
        diag("got \"%s\", expected \"%s\"", got ? got : "(null)",
             expected ? expected : "(null)");
    }

    return unit_same(got, expected);
}


static inline int
is_bytes(const uint8_t *got, size_t got_len, const void *expected,
    size_t expected_len, const char *name)
{
    size_t  i;
    int     same;

    same = got_len == expected_len
           && (got_len == 0 || memcmp(got, expected, got_len) == 0);

    if (!ok(same, "%s", name)) {
        printf("# got %zu bytes, expected %zu:", got_len, expected_len);

        for (i = 0; i < got_len; i++) {
            printf(" %02x", got[i]);
        }

        printf("\n");
    }

    return same;
}


/* Bytes from hex digits, blanks between them; returns how many. */

static inline size_t
unit_hex(const char *hex, uint8_t *bytes, size_t size)
{
    char         digits[3] = { 0, 0, 0 };
    size_t       n;

    for (n = 0; *hex != '\0'; hex++) {
        if (*hex == ' ' || *hex == '\n') {
            continue;
        }

        if (n == size) {
            fprintf(stderr, "unit_hex: more than %zu bytes\n", size);
            exit(2);
        }

        digits[0] = *hex++;
        digits[1] = *hex;
        bytes[n++] = (uint8_t) strtoul(digits, NULL, 16);
    }

    return n;
}


/*
 * A copy of `n` bytes whose last byte is the last one of a readable page: to
 * read one more is fatal.  The copy lasts until the next call.
 */

#define UNIT_GUARD_SIZE  (1024 * 1024)


static inline uint8_t *
unit_guard(const void *bytes, size_t n)
{
    long            page;
    uint8_t        *p;
    static uint8_t *end;

    if (end == NULL) {
        page = sysconf(_SC_PAGESIZE);

        p = mmap(NULL, UNIT_GUARD_SIZE + (size_t) page,
                 PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED
            || mprotect(p + UNIT_GUARD_SIZE, (size_t) page, PROT_NONE) != 0)
        {
            perror("unit_guard");
            exit(2);
        }

        end = p + UNIT_GUARD_SIZE;
    }

    if (n > UNIT_GUARD_SIZE) {
        fprintf(stderr, "unit_guard: %zu bytes are too many\n", n);
        exit(2);
    }

    p = end - n;

    if (n != 0) {
        memcpy(p, bytes, n);
    }

    return p;
}


#endif /* UNIT_H */
