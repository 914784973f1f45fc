/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/chaos.c: what becomes of each call when servers close, stall, answer
 * garbage, answer twice and reset at random, and clients come and go?
 *
 *     build/soak/chaos --proxy 9090 --backends 9091,9092,9093 \
 *                      --clients 1000 --seconds 60 --worker PID
 *
 * runs the servers and the clients; the proxy between them is started by
 * somebody else: see t/chaos.t.  Each call carries who made it, and each reply
 * to what it is one.  Both sides note what they saw, and judge.c compares.
 *
 * Prints violations, lines "name value" and what each fate befell; exit code
 * 0 when nothing was wrong, 1 when something was, 2 for wrong options.
 *
 * With the same --seed the same calls meet the same faults; when that happens
 * depends on the machine.
 */

#include "chaos.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


#define MEMORY_MS       250
#define MEMORY_SAMPLES  8192


/* An option that is a number. */

typedef struct {
    const char  *name;
    void        *to;
    size_t       size;
} number_t;


options_t  conf = {
    .clients = 100,
    .seconds = 5,
    .rate = 2000,
    .faults = 100,
    .format = -1,
    .patience = 30
};

shared_t  *shared;


static struct {
    uint64_t   next;
    unsigned   n;
    unsigned   kb[MEMORY_SAMPLES];
} memory;


uint64_t
now_ms(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}


/* --- memory of the worker ----------------------------------------------- */

static unsigned
memory_read(void)
{
    FILE      *f;
    char       line[256], path[64];
    unsigned   kb;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int) conf.worker);

    f = fopen(path, "r");
    if (f == NULL) {
        return 0;
    }

    kb = 0;

    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "Private_Dirty: %u", &kb) == 1) {
            break;
        }
    }

    fclose(f);

    return kb;
}


static void
memory_tick(void)
{
    uint64_t  now;

    now = now_ms();

    if (conf.worker == 0 || now < memory.next
        || memory.n == MEMORY_SAMPLES)
    {
        return;
    }

    memory.next = now + MEMORY_MS;
    memory.kb[memory.n++] = memory_read();
}


static int
compare(const void *a, const void *b)
{
    unsigned  x = *(const unsigned *) a, y = *(const unsigned *) b;

    return x < y ? -1 : x > y;
}


/* The median of a part of the samples, and the part's largest. */

static void
memory_part(const char *name, double from, double to)
{
    unsigned  first, last;

    first = (unsigned) (memory.n * from);
    last = (unsigned) (memory.n * to);

    if (first == last) {
        return;
    }

    qsort(memory.kb + first, last - first, sizeof(unsigned), compare);

    printf("memory_%s %u\n", name, memory.kb[first + (last - first) / 2]);
    printf("memory_%s_max %u\n", name, memory.kb[last - 1]);
}


/* --- the end ------------------------------------------------------------ */

static void
report_clients(void)
{
    unsigned  i;

    printf("seed %lu\n", (unsigned long) conf.seed);
    printf("calls %lu\n", (unsigned long) client_counts.started);

    for (i = FATE_REPLY; i < FATE_LAST; i++) {
        printf("fate_%s %lu\n", plan_fate_name((fate_e) i),
               (unsigned long) client_counts.fates[i]);
    }

    printf("wrong %lu\n", (unsigned long) client_counts.wrong);
    printf("lost %lu\n", (unsigned long) client_counts.lost);
    printf("closed %lu\n", (unsigned long) client_counts.closed);
    printf("refused %lu\n", (unsigned long) client_counts.refused);
    printf("left %lu\n", (unsigned long) client_counts.left);
    printf("latency %lu\n", (unsigned long) client_counts.latency);
}


static void
report_servers(void)
{
    unsigned  i;

    for (i = 0; i < ACTION_LAST; i++) {
        printf("action_%s %lu\n", plan_action_name((action_e) i),
               (unsigned long) shared->actions[i]);
    }

    printf("executed %lu\n", (unsigned long) shared->executed);
    printf("connections %lu\n", (unsigned long) shared->accepted);
    printf("crashes %lu\n", (unsigned long) shared->crashes);
    printf("malformed %lu\n", (unsigned long) shared->malformed);
    printf("corrupt %lu\n", (unsigned long) shared->corrupt);
    printf("strangers %lu\n", (unsigned long) shared->strangers);
}


static void
report_mutants(void)
{
    printf("mutant_connections %lu\n",
           (unsigned long) mutant_counts.connections);
    printf("mutant_messages %lu\n", (unsigned long) mutant_counts.messages);
    printf("mutant_replies %lu\n", (unsigned long) mutant_counts.replies);
    printf("mutant_exceptions %lu\n",
           (unsigned long) mutant_counts.exceptions);
    printf("mutant_unreadable %lu\n",
           (unsigned long) mutant_counts.unreadable);
    printf("mutant_closed %lu\n", (unsigned long) mutant_counts.closed);
}


static void
report_memory(void)
{
    unsigned  i;

    printf("memory:");

    for (i = 0; i < memory.n; i += 1 + memory.n / 60) {
        printf(" %u", memory.kb[i]);
    }

    printf("\nmemory_first %u\n", memory.kb[0]);
    memory_part("warm", 0.25, 0.5);
    memory_part("end", 0.75, 1);
    printf("memory_last %u\n", memory_read());
}


static void
report(void)
{
    report_clients();
    report_servers();

    if (conf.mutants) {
        report_mutants();
    }

    if (memory.n) {
        report_memory();
    }
}


static void *
map_shared(size_t size)
{
    void  *p;

    p = mmap(NULL, size, PROT_READ|PROT_WRITE,
             MAP_SHARED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }

    return p;
}


static void
usage(void)
{
    fprintf(stderr, "usage: chaos --proxy PORT --backends PORT,PORT..."
            " [--noisy PORT] [--noise PER-MILLE]\n"
            "             [--clients N] [--mutants N] [--strangers N]"
            " [--seconds N]\n"
            "             [--rate CALLS] [--faults PERCENT] [--seed N]"
            " [--worker PID]\n"
            "             [--patience SECONDS]\n"
            "             [--format N]    all clients: 0 framed binary,"
            " 1 framed compact,\n"
            "                             2 and 3 without frames\n"
            "             [--repeats 1]   calls may be executed more than"
            " once\n"
            "             [--together 1]  calls may be lost with others\n"
            "             [--forgives 1]  clients may lose their"
            " connections\n");
    exit(2);
}


#define NUMBER(name, field)  { name, &conf.field, sizeof(conf.field) }

static const number_t  numbers[] = {
    NUMBER("proxy", proxy),
    NUMBER("noisy", noisy),
    NUMBER("noise", noise),
    NUMBER("clients", clients),
    NUMBER("mutants", mutants),
    NUMBER("strangers", strangers),
    NUMBER("seconds", seconds),
    NUMBER("rate", rate),
    NUMBER("faults", faults),
    NUMBER("seed", seed),
    NUMBER("worker", worker),
    NUMBER("patience", patience),
    NUMBER("format", format),
    NUMBER("repeats", repeats),
    NUMBER("together", together),
    NUMBER("forgives", forgives)
};

#define NUMBERS  ((int) (sizeof(numbers) / sizeof(number_t)))


static void
add_backends(char *ports)
{
    char  *p;

    for (p = strtok(ports, ","); p; p = strtok(NULL, ",")) {
        if (conf.nbackends == MAX_BACKENDS) {
            usage();
        }

        conf.backends[conf.nbackends++] = (uint16_t) atoi(p);
    }
}


static void
set_number(const number_t *number, const char *text)
{
    unsigned long long  n;

    n = strtoull(text, NULL, 10);

    switch (number->size) {
    case sizeof(uint16_t):
        *(uint16_t *) number->to = (uint16_t) n;
        return;

    case sizeof(uint32_t):
        *(uint32_t *) number->to = (uint32_t) n;
        return;

    default:
        *(uint64_t *) number->to = n;
    }
}


static void
parse_options(int argc, char **argv)
{
    int            ch, i;
    struct option  options[NUMBERS + 2];

    memset(options, 0, sizeof(options));

    for (i = 0; i < NUMBERS; i++) {
        options[i].name = numbers[i].name;
        options[i].has_arg = required_argument;
        options[i].val = 'n';
    }

    options[NUMBERS].name = "backends";
    options[NUMBERS].has_arg = required_argument;
    options[NUMBERS].val = 'b';

    conf.seed = (uint64_t) time(NULL);

    while ((ch = getopt_long(argc, argv, "", options, &i)) != -1) {

        switch (ch) {
        case 'n':
            set_number(&numbers[i], optarg);
            break;

        case 'b':
            add_backends(optarg);
            break;

        default:
            usage();
        }
    }

    if (conf.proxy == 0 || conf.nbackends == 0 || optind != argc
        || conf.clients == 0 || conf.clients > 8192)
    {
        usage();
    }
}


/* Returns when the servers listen. */

static pid_t
servers_start(void)
{
    int              status;
    pid_t            pid;
    struct timespec  pause = { 0, 2000000 };

    pid = fork();

    if (pid == 0) {
        backend_main();
    }

    while (!__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE)) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            fprintf(stderr, "chaos: the servers did not start\n");
            exit(2);
        }

        nanosleep(&pause, NULL);
    }

    return pid;
}


static void
servers_stop(pid_t pid)
{
    int  status;

    if (waitpid(pid, &status, WNOHANG) == pid) {
        violation("the servers died: status %d", status);
        return;
    }

    __atomic_store_n(&shared->stop, 1, __ATOMIC_RELEASE);
    waitpid(pid, &status, 0);
}


int
main(int argc, char **argv)
{
    pid_t          pid;
    size_t         ids;
    unsigned       bad;
    struct rlimit  limit;

    parse_options(argc, argv);

    signal(SIGPIPE, SIG_IGN);

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    plan_init();

    ids = (size_t) conf.clients << CALLS_BITS;
    shared = map_shared(sizeof(shared_t) + ids);
    fates = map_shared(ids);

    printf("seed %lu\n", (unsigned long) conf.seed);
    fflush(stdout);

    pid = servers_start();
    client_main(memory_tick);
    servers_stop(pid);

    bad = judge();
    report();
    printf("violations %u\n", bad);

    return bad ? 1 : 0;
}
