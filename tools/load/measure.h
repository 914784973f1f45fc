/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/load/measure.h: instruments of load generators: a clock, a histogram of
 * latencies in buckets of equal relative width, and the CPU time of other
 * processes.  Nothing here allocates.
 */

#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdint.h>
#include <sys/types.h>


/*
 * 2^HIST_BITS buckets per power of two: a value is known to 1/64, below 2 %.
 * Nanoseconds up to 2^HIST_POWERS (18 minutes); what is longer counts there.
 */

#define HIST_BITS      6
#define HIST_POWERS   40
#define HIST_BUCKETS  ((HIST_POWERS - HIST_BITS + 1) << HIST_BITS)


#define SECOND  1000000000ULL   /* in nanoseconds */


typedef struct {
    uint64_t   count;
    uint64_t   max;
    uint64_t   buckets[HIST_BUCKETS];
} hist_t;


typedef struct {
    int64_t    ns;              /* /proc/PID/schedstat; -1: unreadable */
    int64_t    wait;            /* ns: could run, but others did; likewise */
    int64_t    ticks;           /* utime + stime; -1: unreadable */
} cpu_t;


uint64_t clock_ns(void);

void hist_add(hist_t *h, uint64_t ns);

/* The value that the given part (0..1) of all values does not exceed. */

uint64_t hist_value(const hist_t *h, double part);

/* How many values are not above `ns`, as far as buckets tell. */

uint64_t hist_count(const hist_t *h, uint64_t ns);

/*
 * What the main thread (ns, wait) and all threads (ticks) of a process have
 * used since they began; with one thread, ns and ticks mean the same.
 */

cpu_t cpu_read(pid_t pid);

/* From one reading to a later one; -1 stays -1. */

cpu_t cpu_between(cpu_t from, cpu_t to);


#endif /* BENCH_MEASURE_H */
