/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/faults/faults.c: a matrix of what servers do wrong, when they do it, and to
 * which call; each case is tried once, with many others at the same time and
 * with neighbours that do nothing wrong.
 *
 *     build/faults/faults --proxy 9090 --backend 9091 --slots 300
 *
 * is servers and clients; the proxy between them is started by somebody else:
 * see t/fault_matrix.t.  Prints violations and lines "name value"; exit code 0
 * when nothing was wrong, 1 when something was, 2 for wrong options.
 *
 * --only NAME tries the cases whose names begin so, as violations say them;
 * --verbose prints what befell, by fault.
 */

#include "faults.h"

#include <getopt.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define EVENTS   512

#define SEND_OUT_TRIES  100     /* of a tenth of a millisecond */


/* An option that is a number. */

typedef struct {
    const char  *name;
    void        *to;
    size_t       size;
} number_t;


options_t  conf = {
    .slots = 500,
    .neighbours = 16,
    .pad = 4000000,
    .patience = 20000,
    .seed = 1,
    .part = 1,
    .shown = 20
};

call_t    *calls;
uint32_t   ncalls;
unsigned   violations;


static struct {
    int        ep;
    void     **dead;
    unsigned   ndead;
    unsigned   room;
} self;


void
die(const char *what)
{
    perror(what);
    exit(2);
}


void
violation(const char *fmt, ...)
{
    va_list  args;

    if (violations++ >= conf.shown) {
        return;
    }

    va_start(args, fmt);
    printf("violation: ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);

    fflush(stdout);
}


uint64_t
now_ms(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}


void
watch(source_t *source, uint32_t events)
{
    struct epoll_event  ev;

    ev.events = events;
    ev.data.ptr = source;

    if (epoll_ctl(self.ep, EPOLL_CTL_ADD, source->fd, &ev) == -1) {
        die("epoll_ctl");
    }
}


/*
 * With bytes unread, close() takes back what was written and has not left the
 * system, as congestion control may have its own pace.  This waits for it.
 */

static void
socket_send_out(int fd)
{
    int              unsent, tries;
    struct timespec  moment = { 0, 100 * 1000 };

    for (tries = 0; tries < SEND_OUT_TRIES; tries++) {

        if (ioctl(fd, SIOCOUTQNSD, &unsent) == -1 || unsent == 0) {
            return;
        }

        nanosleep(&moment, NULL);
    }
}


void
socket_close(int fd, int reset)
{
    struct linger  linger = { 1, 0 };

    if (reset) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));

    } else {
        socket_send_out(fd);
    }

    close(fd);
}


void
discard(void *p)
{
    if (self.ndead == self.room) {
        self.room = 2 * self.room + 64;
        self.dead = realloc(self.dead, self.room * sizeof(void *));

        if (self.dead == NULL) {
            die("realloc");
        }
    }

    self.dead[self.ndead++] = p;
}


static void
bury(void)
{
    while (self.ndead) {
        free(self.dead[--self.ndead]);
    }
}


static void
loop(void)
{
    int                 i, n;
    uint64_t            now, last;
    source_t           *source;
    struct epoll_event  events[EVENTS];

    last = 0;

    for ( ;; ) {
        n = epoll_wait(self.ep, events, EVENTS, 1);

        for (i = 0; i < n; i++) {
            source = events[i].data.ptr;
            source->event(source, events[i].events);
        }

        bury();
        now = now_ms();

        if (now == last) {
            continue;
        }

        last = now;
        backend_tick(now);

        if (clients_tick(now)) {
            return;
        }

        bury();
    }
}


/* --- options ------------------------------------------------------------ */

static number_t  numbers[] = {
    { "proxy",      &conf.proxy,      sizeof(conf.proxy) },
    { "backend",    &conf.backend,    sizeof(conf.backend) },
    { "shared",     &conf.shared,     sizeof(conf.shared) },
    { "pipeline",   &conf.pipeline,   sizeof(conf.pipeline) },
    { "slots",      &conf.slots,      sizeof(conf.slots) },
    { "neighbours", &conf.neighbours, sizeof(conf.neighbours) },
    { "pad",        &conf.pad,        sizeof(conf.pad) },
    { "patience",   &conf.patience,   sizeof(conf.patience) },
    { "seed",       &conf.seed,       sizeof(conf.seed) },
    { "part",       &conf.part,       sizeof(conf.part) },
    { "shown",      &conf.shown,      sizeof(conf.shown) },
};

#define NNUMBERS  (sizeof(numbers) / sizeof(number_t))


static void
set_number(const number_t *number, const char *value)
{
    unsigned long  n;

    n = strtoul(value, NULL, 10);

    if (number->size == sizeof(uint16_t)) {
        *(uint16_t *) number->to = (uint16_t) n;
    } else {
        *(unsigned *) number->to = (unsigned) n;
    }
}


static void
parse_options(int argc, char **argv)
{
    int            ch;
    unsigned       i;
    struct option  options[NNUMBERS + 3] = { { 0 } };

    for (i = 0; i < NNUMBERS; i++) {
        options[i].name = numbers[i].name;
        options[i].has_arg = required_argument;
        options[i].val = (int) (256 + i);
    }

    options[i++] = (struct option) { "only", required_argument, NULL, 'o' };
    options[i] = (struct option) { "verbose", no_argument, NULL, 'v' };

    while ((ch = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (ch == 'o') {
            conf.only = optarg;

        } else if (ch == 'v') {
            conf.verbose = 1;

        } else if (ch >= 256) {
            set_number(&numbers[ch - 256], optarg);

        } else {
            exit(2);
        }
    }

    if (conf.proxy == 0 || conf.backend == 0 || conf.part == 0) {
        fprintf(stderr, "--proxy and --backend are needed, and some part\n");
        exit(2);
    }
}


static void
raise_file_limit(void)
{
    struct rlimit  limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}


int
main(int argc, char **argv)
{
    uint64_t  begun, took;

    parse_options(argc, argv);
    raise_file_limit();
    signal(SIGPIPE, SIG_IGN);

    self.ep = epoll_create1(EPOLL_CLOEXEC);

    calls = mmap(NULL, MAX_CALLS * sizeof(call_t), PROT_READ|PROT_WRITE,
                 MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0);
    if (calls == MAP_FAILED) {
        die("mmap");
    }

    cases_init();
    backend_init();
    clients_init();

    begun = now_ms();
    loop();
    took = now_ms() - begun;

    cases_judge();
    clients_report();

    printf("milliseconds %lu\nviolations %u\n", (unsigned long) took,
           violations);

    return violations != 0;
}
