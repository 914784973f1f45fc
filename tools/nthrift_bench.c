/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_bench.c: "nthrift bench": calls one method many times, checks every
 * reply, and says how long they took.  nthrift_bench.h lists the other rooms.
 */

#include "nthrift.h"
#include "nthrift_bench.h"

#include <sys/resource.h>
#include <unistd.h>


#define BENCH_CONNECTIONS  16
#define BENCH_CALLS        200          /* unless a duration is said */


static const char  bench_usage[] =
    "usage: nthrift bench [options] ADDRESS Service.method [JSON] --idl FILE\n"
    "\n"
    "Calls a method many times, checks every reply, and says how long they\n"
    "took.  ADDRESS and JSON are as in \"nthrift call\".\n"
    "\n"
    "-c N            connections, each with a call at a time; default 16\n"
    "-n N            calls; default 200, or with -z as many as there can be\n"
    "-z SECONDS      for so long\n"
    "--rate N        so many calls a second, whatever becomes of others: a\n"
    "                call's time begins when it is due\n"
    "--warmup SECONDS  calls before, which are not counted\n"
    "--expect JSON   what each result must be; @FILE reads it from a file\n"
    "--format FORMAT  of the report: text (default) or json; --json is\n"
    "                \"--format json\", and not the protocol here\n"
    "-q              do not say how it goes\n"
    "\n"
    "As in \"nthrift call\": --idl, -I, --negative-ids, --framed, --unframed,\n"
    "--theader, --binary, --lax, --compact, --json-protocol, --multiplexed,\n"
    "--header, --tls, --ca, --cert, --key, --tls-name, --insecure, --timeout\n"
    "(of each call), --max-size.\n"
    "\n"
    "Exit codes: 0 all have a result, 1 some have an exception, 2 the command\n"
    "line, the IDL or the arguments are wrong, 3 some have no proper reply.\n";


void
nthrift_bench_progress(const nthrift_bench_t *b, uint64_t passed)
{
    if (b->options->quiet || !isatty(STDERR_FILENO)) {
        return;
    }

    fprintf(stderr, "\r%5.0f s %12llu calls %10.0f/s %8llu without a result",
            (double) passed / SECOND, (unsigned long long) b->result.calls,
            (double) b->result.calls * SECOND / (double) passed,
            (unsigned long long) (b->result.calls - b->result.results));
    fflush(stderr);
}


/* Files for all connections. */

static void
bench_files(void)
{
    struct rlimit  limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }
}


static int
bench_start(nthrift_bench_options_t *o)
{
    int                     rc;
    nthrift_request_t       request;
    static nthrift_bench_t  bench;

    rc = nthrift_request_create(&request, &o->request);

    if (rc == NTHRIFT_CALL_OK) {
        bench.options = o;
        bench.request = &request;

        bench_files();

        if (nthrift_bench_check_init(&bench.check, &request, o->expect) != 0) {
            rc = NTHRIFT_CALL_USAGE;

        } else if (nthrift_bench_run(&bench) != 0) {
            rc = NTHRIFT_CALL_FAILED;

        } else {
            if (!o->quiet && isatty(STDERR_FILENO)) {
                fputs("\r\033[K", stderr);
            }

            rc = nthrift_bench_report(&bench);
        }

        nthrift_bench_check_free(&bench.check);
    }

    nthrift_request_destroy(&request);

    return rc;
}


/* --format, which counts more than --json: 0, or -1. */

static int
bench_format(nthrift_bench_options_t *o)
{
    if (o->format == NULL) {
        return 0;
    }

    o->json = (strcmp(o->format, "json") == 0);

    if (!o->json && strcmp(o->format, "text") != 0) {
        nthrift_say("--format: \"%s\" is not possible: \"text\" or \"json\" "
                    "expected", o->format);
        return -1;
    }

    return 0;
}


int
nthrift_bench(int argc, char **argv)
{
    int                      rc, n;
    nthrift_bench_options_t  o;

    nthrift_option_t  options[] = {
        { "-c", NTHRIFT_OPTION_NUMBER, &o.connections, 1, 100000 },
        { "-n", NTHRIFT_OPTION_NUMBER, &o.calls, 1, INT64_MAX / 2 },
        { "-z", NTHRIFT_OPTION_SECONDS, &o.duration, 0, 0 },
        { "--rate", NTHRIFT_OPTION_NUMBER, &o.rate, 1, 10000000 },
        { "--warmup", NTHRIFT_OPTION_SECONDS, &o.warmup, 0, 0 },
        { "--expect", NTHRIFT_OPTION_TEXT, &o.expect, 0, 0 },
        { "--format", NTHRIFT_OPTION_TEXT, &o.format, 0, 0 },
        { "--json", NTHRIFT_OPTION_SET, &o.json, 1, 0 },
        { "-q", NTHRIFT_OPTION_SET, &o.quiet, 1, 0 },
        nthrift_request_options(&o.request),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&o, 0, sizeof(nthrift_bench_options_t));
    nthrift_request_init(&o.request, argc);

    o.connections = BENCH_CONNECTIONS;

    n = nthrift_option_parse(options, argc, argv, o.request.words,
                             NTHRIFT_REQUEST_WORDS);

    if (o.calls == 0 && o.duration == 0) {
        o.calls = BENCH_CALLS;
    }

    if (n < 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else if (o.request.target.help) {
        fputs(bench_usage, stdout);
        rc = NTHRIFT_CALL_OK;

    } else if (nthrift_request_check(&o.request, n, "bench", bench_usage) != 0
               || bench_format(&o) != 0)
    {
        rc = NTHRIFT_CALL_USAGE;

    } else {
        rc = bench_start(&o);
    }

    nthrift_request_free(&o.request);

    return rc;
}
