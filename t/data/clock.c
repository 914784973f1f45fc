/*
 * clock.c: lets time go by.  The monotonic clock is ahead by as many seconds as
 * the file that CLOCK_FILE names says; see Test::Thrift::Clock.
 */

#define _GNU_SOURCE

#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "number.h"


static volatile const int64_t  *ahead;


__attribute__((constructor)) static void
clock_open(void)
{
    ahead = number_open("CLOCK_FILE");
}


int
clock_gettime(clockid_t clock, struct timespec *ts)
{
    if (syscall(SYS_clock_gettime, clock, ts) == -1) {
        return -1;
    }

    if (ahead != NULL
        && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
    {
        ts->tv_sec += *ahead;
    }

    return 0;
}
