/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/answer.h: what a call carries and what its reply must be: both
 * servers, the handler and the backend, make it with this, and the client
 * checks it to the last byte.
 *
 *     string hosted(1: i32 id, 2: i32 delay, 3: i32 size, 4: binary pad,
 *                   11: i32 ..., 12: i32 ..., 13: i32 ..., 14: i32 ...)
 *
 * Each call has an id of its own, and a byte in a file that all three map
 * counts how often it was executed.  Of the fields 11 to 14 the definitions of
 * a configuration call one "pick", by turns.  The reply says which
 * configuration has served the call, and which definitions.
 */

#ifndef RELOAD_ANSWER_H
#define RELOAD_ANSWER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>


#define MAX_CALLS      (8U << 20)
#define VARIANTS       4        /* of definitions */
#define NO_VARIANT     9        /* the server was not chosen by a call */
#define FIRST_PICK     11       /* the id of that field in the first */

#define ANSWER_HEAD    25       /* bytes; no reply is shorter */
#define PATTERN        208      /* bytes: 16 * 26 / 2 */

#define ANSWER_FORMAT  "%08x %05u %u %08x"


typedef struct {
    unsigned  generation;       /* of the configuration, from 1 */
    unsigned  variant;          /* of the definitions */
} answer_t;


/* A pattern that is hardly ever another call's; it repeats itself. */

static inline uint8_t
pattern(uint32_t id, size_t i)
{
    return (uint8_t) ('a' + (((id * 2654435761U) >> (i % 16)) + i) % 26);
}


static inline void
fill(uint8_t *p, size_t size, uint32_t id)
{
    size_t  i, n;

    for (i = 0; i < size && i < PATTERN; i++) {
        p[i] = pattern(id, i);
    }

    for ( /* void */ ; i < size; i += n) {
        n = size - i < PATTERN ? size - i : PATTERN;
        memcpy(p + i, p, n);
    }
}


static inline int
is_filled(const uint8_t *p, size_t size, uint32_t id)
{
    size_t  i;

    for (i = 0; i < size && i < PATTERN; i++) {
        if (p[i] != pattern(id, i)) {
            return 0;
        }
    }

    return size <= PATTERN || memcmp(p, p + PATTERN, size - PATTERN) == 0;
}


static inline void
answer_write(uint8_t *p, size_t size, uint32_t id, const answer_t *answer)
{
    char  head[64];

    snprintf(head, sizeof(head), ANSWER_FORMAT, id, answer->generation,
             answer->variant, ~id);

    memcpy(p, head, ANSWER_HEAD);
    fill(p + ANSWER_HEAD, size - ANSWER_HEAD, id);
}


static inline int
answer_read(const uint8_t *p, size_t size, uint32_t id, answer_t *answer)
{
    char      head[ANSWER_HEAD + 1];
    uint32_t  is, inverse;

    if (size < ANSWER_HEAD) {
        return 0;
    }

    memcpy(head, p, ANSWER_HEAD);
    head[ANSWER_HEAD] = '\0';

    return sscanf(head, "%x %u %u %x", &is, &answer->generation,
                  &answer->variant, &inverse) == 4
           && is == id && inverse == ~id
           && is_filled(p + ANSWER_HEAD, size - ANSWER_HEAD, id);
}


#endif /* RELOAD_ANSWER_H */
