/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/load/measure.c: see measure.h.
 */

#include "measure.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


uint64_t
clock_ns(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}


/*
 * Values below 2^HIST_BITS have a bucket each; above, the HIST_BITS bits after
 * the leading one choose among the buckets of their power of two.
 */

void
hist_add(hist_t *h, uint64_t ns)
{
    unsigned  index, shift;

    h->count++;

    if (ns > h->max) {
        h->max = ns;
    }

    if (ns >= (uint64_t) 1 << HIST_POWERS) {
        ns = ((uint64_t) 1 << HIST_POWERS) - 1;
    }

    if (ns < 1 << HIST_BITS) {
        h->buckets[ns]++;
        return;
    }

    shift = 63 - (unsigned) __builtin_clzll(ns) - HIST_BITS;
    index = (shift << HIST_BITS) + (unsigned) (ns >> shift);

    h->buckets[index]++;
}


/* The middle of a bucket. */

static uint64_t
bucket_value(unsigned index)
{
    unsigned  shift;
    uint64_t  base;

    if (index < 1 << HIST_BITS) {
        return index;
    }

    shift = (index >> HIST_BITS) - 1;
    base = (uint64_t) (index - (shift << HIST_BITS)) << shift;

    return base + ((uint64_t) 1 << shift) / 2;
}


uint64_t
hist_value(const hist_t *h, double part)
{
    unsigned  i;
    uint64_t  rank, seen, value;

    rank = (uint64_t) (part * (double) h->count + 0.5);
    if (rank == 0) {
        rank = 1;
    }

    seen = 0;

    for (i = 0; i < HIST_BUCKETS; i++) {
        seen += h->buckets[i];

        if (seen >= rank) {
            value = bucket_value(i);
            return value < h->max ? value : h->max;
        }
    }

    return h->max;
}


uint64_t
hist_count(const hist_t *h, uint64_t ns)
{
    unsigned  i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < HIST_BUCKETS && bucket_value(i) <= ns; i++) {
        n += h->buckets[i];
    }

    return n;
}


static int
read_proc(pid_t pid, const char *name, char *text, size_t size)
{
    int      fd;
    char     path[64];
    ssize_t  n;

    snprintf(path, sizeof(path), "/proc/%ld/%s", (long) pid, name);

    fd = open(path, O_RDONLY|O_CLOEXEC);
    if (fd == -1) {
        return -1;
    }

    n = read(fd, text, size - 1);
    close(fd);

    if (n <= 0) {
        return -1;
    }

    text[n] = '\0';

    return 0;
}


cpu_t
cpu_read(pid_t pid)
{
    char   text[1024], *p;
    cpu_t  cpu;
    long   utime, stime;

    cpu.ns = -1;
    cpu.wait = -1;
    cpu.ticks = -1;

    if (read_proc(pid, "schedstat", text, sizeof(text)) == 0) {
        sscanf(text, "%ld %ld", &cpu.ns, &cpu.wait);
    }

    if (read_proc(pid, "stat", text, sizeof(text)) == -1) {
        return cpu;
    }

    /* The second field, the name in parentheses, may hold anything. */

    p = strrchr(text, ')');

    if (p != NULL
        && sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
                  " %ld %ld", &utime, &stime) == 2)
    {
        cpu.ticks = utime + stime;
    }

    return cpu;
}


static int64_t
between(int64_t from, int64_t to)
{
    return from == -1 || to == -1 ? -1 : to - from;
}


cpu_t
cpu_between(cpu_t from, cpu_t to)
{
    to.ns = between(from.ns, to.ns);
    to.wait = between(from.wait, to.wait);
    to.ticks = between(from.ticks, to.ticks);

    return to;
}
