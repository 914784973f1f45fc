/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/options.h: what the load generator was asked to do.
 */

#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "address.h"
#include "call.h"
#include "load/measure.h"

#include <stdint.h>
#include <sys/types.h>


#define EXIT_WRONG       1      /* a reply was not the one to its call */
#define EXIT_USAGE       2      /* wrong options, or out of memory or files */
#define EXIT_CONNECT     3      /* a connection could not be opened */
#define EXIT_LOST        4      /* a connection closed, a call not answered */
#define EXIT_EXCEPTION   5      /* every call answered, some by EXCEPTION */

#define OPTIONS_CPUS     4      /* how often --cpu may be given */


typedef struct {
    address_t           address;
    uint32_t            connections;
    uint32_t            depth;
    uint64_t            calls;          /* 0: no limit */
    uint64_t            rate;           /* calls/s; 0: as replies come */
    uint64_t            duration;       /* nanoseconds, as the next two */
    uint64_t            warmup;
    uint64_t            timeout;
    int                 idle;
    uint32_t            burst;
    pid_t               cpus[OPTIONS_CPUS];
    unsigned            ncpus;
} options_t;


/* Fills both, or prints what is wrong and exits with EXIT_USAGE. */

void options_parse(options_t *conf, call_t *call, int argc, char **argv);


#endif /* BENCH_OPTIONS_H */
