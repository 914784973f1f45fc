/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/load/schedule.h: when the calls of an open loop are due: so many a
 * second, equally far apart, whatever becomes of those before.  Arithmetic
 * only.
 *
 * Calls are numbered from 0 over all connections, and call n belongs to
 * connection n modulo their number.
 */

#ifndef BENCH_SCHEDULE_H
#define BENCH_SCHEDULE_H

#include <stdint.h>


typedef struct {
    uint64_t   start;           /* nanoseconds: when call 0 is due */
    uint64_t   rate;            /* calls per second */
} schedule_t;


/* When call n is due, in nanoseconds. */

uint64_t schedule_due(const schedule_t *s, uint64_t n);

/* How many calls are due at that time or before it. */

uint64_t schedule_count(const schedule_t *s, uint64_t time);


#endif /* BENCH_SCHEDULE_H */
