/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/options.c: see options.h.
 */

#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define MAX_CONNECTIONS  1000000
#define MAX_DEPTH      65536
#define MAX_PAYLOAD      (64 * 1024 * 1024)
#define MAX_TEXT       100
#define MAX_SECONDS  86400
#define MAX_RATE  10000000


static void
usage(void)
{
    fputs(
"usage: load address:port | unix:path  [options]\n"
"  --framed | --unframed      transport, default framed\n"
"  --binary | --compact       protocol, default binary\n"
"  --payload BYTES            of the one string argument, default 64\n"
"  --connections N            default 1\n"
"  --depth N                  calls in flight per connection, default 1\n"
"  --seconds S                measure for so long, default 2\n"
"  --calls N                  make so many calls instead (or at most, if\n"
"                             --seconds is given too)\n"
"  --rate N                   start N calls a second, all connections\n"
"                             together, whether replies come or not; latency\n"
"                             counts from when a call was due\n"
"  --warmup S                 first call for S seconds, and until each open\n"
"                             call was answered once; verified, not measured\n"
"  --timeout S                without a reply, default 10\n"
"  --expect TEXT              no argument, and TEXT as the reply\n"
"  --sum                      an i32 and an i64, and their sum as the reply\n"
"  --method NAME              default echo, ping with --expect, add with\n"
"                             --sum\n"
"  --multiplexed SERVICE      call SERVICE:NAME, expect NAME back\n"
"  --seed N                   of seqids and payloads, default by process\n"
"  --cpu PID                  report its CPU time while measuring; up to 4\n"
"  --idle N                   open N connections, make one call on each, say\n"
"                             READY and hold them until standard input ends\n"
"                             or SIGINT or SIGTERM comes\n"
"  --burst N                  of them call at a time, default 1\n"
"exit code: 0 every call got its reply, 1 a wrong reply, 2 usage or system,\n"
"           3 cannot connect, 4 connection closed or call not answered,\n"
"           5 all calls answered, some by EXCEPTION\n", stderr);

    exit(EXIT_USAGE);
}


static uint64_t
parse_number(const char *text, uint64_t min, uint64_t max)
{
    char      *end;
    uint64_t   n;

    errno = 0;
    n = strtoull(text, &end, 10);

    if (errno || *text < '0' || *text > '9' || *end != '\0'
        || n < min || n > max)
    {
        fprintf(stderr, "load: %s is not a number from %lu to %lu\n", text,
                min, max);
        exit(EXIT_USAGE);
    }

    return n;
}


static uint64_t
parse_seconds(const char *text)
{
    char    *end;
    double   seconds;

    seconds = strtod(text, &end);

    if (end == text || *end != '\0'
        || !(seconds >= 0 && seconds <= MAX_SECONDS))
    {
        fprintf(stderr, "load: %s is not a number of seconds\n", text);
        exit(EXIT_USAGE);
    }

    return (uint64_t) (seconds * SECOND);
}


static const char *
parse_text(const char *text)
{
    if (*text == '\0' || strlen(text) > MAX_TEXT) {
        fprintf(stderr, "load: a name or a text has 1 to %d bytes\n",
                MAX_TEXT);
        exit(EXIT_USAGE);
    }

    return text;
}


/* What a call looks like: 0, or -1 if the option is another one's. */

static int
parse_call_option(call_t *call, int ch, const char *arg)
{
    switch (ch) {

    case 'F':
    case 'U':
        call->format.framed = ch == 'F';
        return 0;

    case 'B':
    case 'C':
        call->format.protocol = ch == 'B' ? WIRE_BINARY : WIRE_COMPACT;
        return 0;

    case 'p':
        call->payload = (uint32_t) parse_number(arg, 0, MAX_PAYLOAD);
        return 0;

    case 'e':
        call->kind = CALL_FIXED;
        call->expect = parse_text(arg);
        return 0;

    case 'a':
        call->kind = CALL_SUM;
        return 0;

    case 'm':
        call->method = parse_text(arg);
        return 0;

    case 'M':
        call->service = parse_text(arg);
        return 0;

    case 'S':
        call->seed = (uint32_t) parse_number(arg, 0, UINT32_MAX);
        return 0;

    default:
        return -1;
    }
}


/* How many calls, on how many connections, for how long. */

static void
parse_load_option(options_t *conf, int ch, const char *arg)
{
    switch (ch) {

    case 'i':
    case 'c':
        conf->idle |= ch == 'i';
        conf->connections = (uint32_t) parse_number(arg, 1, MAX_CONNECTIONS);
        break;

    case 'd':
        conf->depth = (uint32_t) parse_number(arg, 1, MAX_DEPTH);
        break;

    case 's':
        conf->duration = parse_seconds(arg);
        break;

    case 'n':
        conf->calls = parse_number(arg, 1, UINT64_MAX - 1);
        break;

    case 'r':
        conf->rate = parse_number(arg, 1, MAX_RATE);
        break;

    case 'w':
        conf->warmup = parse_seconds(arg);
        break;

    case 't':
        conf->timeout = parse_seconds(arg);
        break;

    case 'b':
        conf->burst = (uint32_t) parse_number(arg, 1, MAX_CONNECTIONS);
        break;

    case 'P':
        if (conf->ncpus == OPTIONS_CPUS) {
            usage();
        }

        conf->cpus[conf->ncpus++] = (pid_t) parse_number(arg, 1, INT32_MAX);
        break;

    default:
        usage();
    }
}


static void
set_defaults(options_t *conf, call_t *call)
{
    call->format.framed = 1;
    call->format.protocol = WIRE_BINARY;
    call->payload = 64;
    call->seed = (uint32_t) getpid() * 2654435761U;

    conf->connections = 1;
    conf->depth = 1;
    conf->timeout = 10 * SECOND;
    conf->burst = 1;
}


/* What follows from several options together. */

static void
complete(options_t *conf)
{
    if (conf->rate && (conf->calls || conf->idle)) {
        fputs("load: --rate goes with --seconds only\n", stderr);
        exit(EXIT_USAGE);
    }

    if (conf->duration == 0 && conf->calls == 0) {
        conf->duration = 2 * SECOND;
    }

    if (conf->idle) {
        conf->depth = 1;
    }
}


void
options_parse(options_t *conf, call_t *call, int argc, char **argv)
{
    int  ch;

    static const struct option  options[] = {
        { "framed",      no_argument,       NULL, 'F' },
        { "unframed",    no_argument,       NULL, 'U' },
        { "binary",      no_argument,       NULL, 'B' },
        { "compact",     no_argument,       NULL, 'C' },
        { "payload",     required_argument, NULL, 'p' },
        { "connections", required_argument, NULL, 'c' },
        { "depth",       required_argument, NULL, 'd' },
        { "seconds",     required_argument, NULL, 's' },
        { "calls",       required_argument, NULL, 'n' },
        { "rate",        required_argument, NULL, 'r' },
        { "warmup",      required_argument, NULL, 'w' },
        { "timeout",     required_argument, NULL, 't' },
        { "expect",      required_argument, NULL, 'e' },
        { "sum",         no_argument,       NULL, 'a' },
        { "method",      required_argument, NULL, 'm' },
        { "multiplexed", required_argument, NULL, 'M' },
        { "seed",        required_argument, NULL, 'S' },
        { "cpu",         required_argument, NULL, 'P' },
        { "idle",        required_argument, NULL, 'i' },
        { "burst",       required_argument, NULL, 'b' },
        { "help",        no_argument,       NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    set_defaults(conf, call);

    while ((ch = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (parse_call_option(call, ch, optarg) == -1) {
            parse_load_option(conf, ch, optarg);
        }
    }

    if (optind + 1 != argc) {
        usage();
    }

    if (address_parse(&conf->address, argv[optind]) != 0) {
        usage();
    }

    complete(conf);
}
