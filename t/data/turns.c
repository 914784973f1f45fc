/*
 * turns.c: how long a turn of the event loop takes.  The longest one is kept in
 * the file that TURNS_FILE names, in nanoseconds of its own processor time: see
 * Test::Thrift::Turns.
 */

#define _GNU_SOURCE

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "number.h"


static volatile int64_t  *longest;
static int64_t            began;


__attribute__((constructor)) static void
turns_open(void)
{
    longest = number_open("TURNS_FILE");
}


static int64_t
turns_clock(void)
{
    struct timespec  ts;

    (void) syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &ts);

    return (int64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


int
epoll_wait(int ep, struct epoll_event *events, int n, int timeout)
{
    int      rc;
    int64_t  took;

    took = turns_clock() - began;

    if (longest != NULL && began != 0 && took > *longest) {
        *longest = took;
    }

    rc = syscall(SYS_epoll_pwait, ep, events, n, timeout, NULL, (size_t) 8);

    began = turns_clock();

    return rc;
}
