/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/load.c: what becomes of calls when nginx reloads, again and again,
 * each time with another upstream, other definitions and another handler?
 *
 *     build/reload/load --proxy 9090 --backend 9091 --master PID --dir DIR \
 *         --counts FILE --clients 50 quiet=5000 reload=34@0 reload=33@100
 *
 * runs the servers and the clients; nginx is started by somebody else, with
 * DIR/nginx.conf, and what it reads next is DIR/2.conf, DIR/3.conf, ...: see
 * Load.pm.  The arguments are what is done, one after the other:
 *
 *     quiet=MS       nothing but calls
 *     reload=N@MS    N reloads, one every MS; 0: as soon as the first client
 *                    was answered by the one before
 *     hup            one reload, and on at once
 *     bad            a reload that nginx refuses, with DIR/bad.conf
 *     sample=NAME    calls end, old workers leave; then files and memory
 *     settle         old workers leave
 *     ask            each client makes one call
 *     kill           a worker is killed
 *     quit           nginx is told to quit
 *
 * Prints violations and lines "name value"; the exit code is 0 when all of it
 * was done, whatever became of the calls.
 */

#include "load.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>


#define MAX_PARTS       8
#define SHOWN          20       /* violations */


/* An option that is a number. */

typedef struct {
    const char  *name;
    void        *to;
    size_t       size;
} number_t;


options_t  conf = {
    .generations = 100,
    .clients = 50,
    .hosted = 50,
    .delay = 20,
    .think = 10,
    .patience = 10000,
    .dir = "."
};

uint8_t  *counts;


static struct {
    unsigned    violations;
    pid_t       backend;
    hist_t      quiet;
    hist_t      reload;         /* all that is not quiet */

    unsigned    nparts;
    struct {
        unsigned  ms;
        hist_t    hist;
    } parts[MAX_PARTS];         /* of it */
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

    if (self.violations++ >= SHOWN) {
        return;
    }

    va_start(args, fmt);
    printf("violation: ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);

    fflush(stdout);
}


/* --- what is done ------------------------------------------------------- */

/* Latencies of reloads that come in this interval. */

static hist_t *
part(unsigned ms)
{
    unsigned  i;

    for (i = 0; i < self.nparts; i++) {
        if (self.parts[i].ms == ms) {
            return &self.parts[i].hist;
        }
    }

    if (i == MAX_PARTS) {
        return &self.reload;
    }

    self.parts[self.nparts++].ms = ms;

    return &self.parts[i].hist;
}


static void
do_quiet(const char *arg)
{
    clients_measure(&self.quiet);
    clients_run((unsigned) atoi(arg));
    clients_measure(&self.reload);
}


/* Until it is so, or for longer than anybody is patient. */

static int
wait_until(int (*is_so)(void))
{
    uint64_t  end;

    end = clock_ns() + 2 * conf.patience * MILLISECOND;

    while (!is_so()) {
        if (clock_ns() > end) {
            return 0;
        }

        clients_run(1);
    }

    return 1;
}


static int
first_has_met(void)
{
    return conf.stay || conf.idle ? reload_settled()
           : clients_with(reload_generation()) != 0;
}


static int
all_have_met(void)
{
    return conf.stay || conf.idle
           || clients_with(reload_generation()) == conf.clients;
}


static int
all_are_answered(void)
{
    return clients_open_calls() == 0;
}


static void
do_reload(const char *arg)
{
    unsigned  i, n, ms;

    ms = 0;

    if (sscanf(arg, "%u@%u", &n, &ms) < 1) {
        exit(2);
    }

    clients_measure(part(ms));

    for (i = 0; i < n; i++) {

        reload_now();

        if (ms) {
            clients_run(ms);

        } else if (conf.stay) {
            clients_run(300);

        } else {
            wait_until(first_has_met);
        }
    }

    wait_until(all_have_met);
    clients_measure(&self.reload);
}


/* One of which nothing is waited for. */

static void
do_hup(const char *arg)
{
    (void) arg;

    reload_now();
}


static void
do_bad(const char *arg)
{
    (void) arg;

    reload_bad();

    if (!wait_until(reload_refused)) {
        violation("a bad configuration is not refused");
    }
}


static void
do_sample(const char *arg)
{
    clients_stop();

    if (!wait_until(all_are_answered)) {
        violation("%u calls are not answered", clients_open_calls());
    }

    if (!conf.stay && !wait_until(reload_settled)) {
        violation("old workers do not leave");
    }

    clients_run(300);
    reload_sample(arg);
    clients_start();
}


static void
do_ask(const char *arg)
{
    (void) arg;

    clients_ask();

    if (!wait_until(all_are_answered)) {
        violation("%u clients got no answer", clients_open_calls());
    }

    printf("asked_%u %u\n", reload_generation(),
           clients_with(reload_generation()));
}


static void
do_settle(const char *arg)
{
    uint64_t  begin;

    (void) arg;

    begin = clock_ns();

    if (!wait_until(reload_settled)) {
        violation("old workers do not leave");
    }

    printf("settled %lu\n", (unsigned long) ((clock_ns() - begin)
                                             / MILLISECOND));
}


static void
do_kill(const char *arg)
{
    (void) arg;

    reload_kill_worker();
}


static void
do_quit(const char *arg)
{
    (void) arg;

    kill(conf.master, SIGQUIT);
}


static const struct {
    const char   *name;
    void        (*run)(const char *arg);
} actions[] = {
    { "quiet", do_quiet },
    { "reload", do_reload },
    { "hup", do_hup },
    { "bad", do_bad },
    { "sample", do_sample },
    { "ask", do_ask },
    { "settle", do_settle },
    { "kill", do_kill },
    { "quit", do_quit },
};


static void
act(const char *text)
{
    size_t       i, n;
    const char  *arg;

    n = strcspn(text, "=");
    arg = text[n] ? text + n + 1 : "";

    for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strlen(actions[i].name) == n
            && strncmp(actions[i].name, text, n) == 0)
        {
            actions[i].run(arg);
            return;
        }
    }

    fprintf(stderr, "unknown action: %s\n", text);
    exit(2);
}


/* --- the end ------------------------------------------------------------ */

static void
report_latency(const char *name, const hist_t *h)
{
    printf("%s_calls %lu\n", name, (unsigned long) h->count);
    printf("%s_p50 %lu\n", name, (unsigned long) hist_value(h, 0.5) / 1000);
    printf("%s_p99 %lu\n", name, (unsigned long) hist_value(h, 0.99) / 1000);
    printf("%s_p999 %lu\n", name,
           (unsigned long) hist_value(h, 0.999) / 1000);
    printf("%s_max %lu\n", name, (unsigned long) h->max / 1000);
}


static void
report_parts(void)
{
    char       name[32];
    hist_t    *h;
    unsigned   i, k;

    for (i = 0; i < self.nparts; i++) {
        h = &self.parts[i].hist;

        snprintf(name, sizeof(name), "reload_%u", self.parts[i].ms);
        report_latency(name, h);

        self.reload.count += h->count;
        self.reload.max = h->max > self.reload.max ? h->max : self.reload.max;

        for (k = 0; k < HIST_BUCKETS; k++) {
            self.reload.buckets[k] += h->buckets[k];
        }
    }
}


static void
report_executions(void)
{
    uint64_t  i, executed, twice;

    executed = 0;
    twice = 0;

    for (i = 0; i < MAX_CALLS; i++) {
        executed += counts[i] != 0;
        twice += counts[i] > 1;
    }

    printf("executed %lu\n", (unsigned long) executed);
    printf("twice %lu\n", (unsigned long) twice);
}


static void
report(void)
{
    printf("calls %lu\n", (unsigned long) client_counts.calls);
    printf("replies %lu\n", (unsigned long) client_counts.replies);
    printf("exceptions %lu\n", (unsigned long) client_counts.exceptions);
    printf("wrong %lu\n", (unsigned long) client_counts.wrong);
    printf("back %lu\n", (unsigned long) client_counts.back);
    printf("lost %lu\n", (unsigned long) client_counts.lost);
    printf("closed %lu\n", (unsigned long) client_counts.closed);
    printf("refused %lu\n", (unsigned long) client_counts.refused);
    printf("reloads %lu\n", (unsigned long) reload_counts.reloads);
    printf("refused_reloads %lu\n", (unsigned long) reload_counts.refused);
    printf("unmet %lu\n", (unsigned long) reload_counts.unmet);
    printf("newest %u\n", clients_with(reload_generation()));

    report_executions();
    report_latency("quiet", &self.quiet);
    report_parts();
    report_latency("reload", &self.reload);
    report_latency("met", &reload_counts.met);
    report_latency("gone", &reload_counts.gone);

    printf("violations %u\n", self.violations);
}


/* --- the beginning ------------------------------------------------------ */

static void
start_backend(void)
{
    int    ready[2];
    char   byte;

    if (pipe(ready) == -1) {
        die("pipe");
    }

    self.backend = fork();

    if (self.backend == -1) {
        die("fork");
    }

    if (self.backend == 0) {
        close(ready[0]);
        backend_main(ready[1]);
    }

    close(ready[1]);

    if (read(ready[0], &byte, 1) != 1) {
        fprintf(stderr, "there are no servers\n");
        exit(2);
    }

    close(ready[0]);
}


static void
map_counts(void)
{
    int  fd;

    fd = open(conf.counts, O_RDWR|O_CLOEXEC);

    if (fd == -1) {
        die(conf.counts);
    }

    counts = mmap(NULL, MAX_CALLS, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);

    if (counts == MAP_FAILED) {
        die("mmap");
    }

    close(fd);
}


static void
raise_file_limit(void)
{
    struct rlimit  limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}


static const number_t  numbers[] = {
    { "proxy", &conf.proxy, sizeof(conf.proxy) },
    { "backend", &conf.backend, sizeof(conf.backend) },
    { "generations", &conf.generations, sizeof(conf.generations) },
    { "clients", &conf.clients, sizeof(conf.clients) },
    { "hosted", &conf.hosted, sizeof(conf.hosted) },
    { "delay", &conf.delay, sizeof(conf.delay) },
    { "think", &conf.think, sizeof(conf.think) },
    { "large", &conf.large, sizeof(conf.large) },
    { "patience", &conf.patience, sizeof(conf.patience) },
    { "idle", &conf.idle, sizeof(conf.idle) },
    { "stay", &conf.stay, sizeof(conf.stay) },
    { "master", &conf.master, sizeof(conf.master) },
    { "seed", &conf.seed, sizeof(conf.seed) },
};

static const struct {
    const char   *name;
    const char  **to;
} texts[] = {
    { "dir", &conf.dir },
    { "counts", &conf.counts },
};

#define NUMBERS  (sizeof(numbers) / sizeof(numbers[0]))
#define TEXTS    (sizeof(texts) / sizeof(texts[0]))


static void
set_number(const number_t *number, const char *text)
{
    unsigned long  n;

    n = strtoul(text, NULL, 10);

    memcpy(number->to, &n, number->size);       /* little-endian */
}


static void
parse_options(int argc, char **argv)
{
    int            i;
    struct option  options[NUMBERS + TEXTS + 1];

    memset(options, 0, sizeof(options));

    for (i = 0; i < (int) (NUMBERS + TEXTS); i++) {
        options[i].name = i < (int) NUMBERS ? numbers[i].name
                                            : texts[i - (int) NUMBERS].name;
        options[i].has_arg = required_argument;
        options[i].val = i;
    }

    while ((i = getopt_long(argc, argv, "", options, NULL)) != -1) {

        if (i == '?') {
            exit(2);
        }

        if (i < (int) NUMBERS) {
            set_number(&numbers[i], optarg);

        } else {
            *texts[i - (int) NUMBERS].to = optarg;
        }
    }

    if (conf.proxy == 0 || conf.backend == 0 || conf.master == 0
        || conf.counts == NULL || conf.clients == 0)
    {
        fprintf(stderr, "see t/reload/load.c\n");
        exit(2);
    }
}


int
main(int argc, char **argv)
{
    parse_options(argc, argv);
    raise_file_limit();

    map_counts();
    start_backend();

    clients_measure(&self.reload);
    clients_open();

    while (optind < argc) {
        act(argv[optind++]);
    }

    clients_stop();

    if (!wait_until(all_are_answered)) {
        violation("%u calls are not answered", clients_open_calls());
    }

    report();

    kill(self.backend, SIGKILL);
    waitpid(self.backend, NULL, 0);

    return 0;
}
