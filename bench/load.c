/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/load.c: calls "string echo(1: string payload)", or one of the other
 * methods of call.h, as fast as the answers come or so many times a second,
 * over so many connections and with at most so many calls in flight on each,
 * and verifies every reply: the frame's
 * length, the message type, the seqid and name of the oldest open call, the
 * payload to its last byte, and that the struct ends where the frame ends.
 * The payload says which call of which connection of which run it belongs to,
 * so an answer to another call is seen.
 *
 * One thread, edge-triggered epoll; nothing is allocated while calls are made.
 * A run is open, warm up, measure, drain, report; with --idle it is open, call
 * once, hold, report.  A connection that answered wrongly is closed and its
 * open calls are lost; it is not opened again.
 *
 * With --rate it is an open loop: schedule.h says when a call is due, and its
 * latency begins then, even if it could not be written yet.  All calls that
 * were due while measuring are measured, whenever they are answered: a proxy
 * that stops for a while cannot hide the calls that others would have made.
 */

#include "call.h"
#include "load/measure.h"
#include "options.h"
#include "load/schedule.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define EVENTS         512
#define REPORTS         10      /* errors printed in full */

#define SEND_BATCH   65536      /* bytes of calls written at once */

#define POLL    (SECOND / 20)   /* how late the end of a phase may be seen */

#define START_BATCH    128      /* calls started before replies are read */


typedef struct {
    int         fd;             /* -1: closed */
    uint32_t    number;
    uint32_t    started;        /* calls written to out or the socket */
    uint32_t    answered;
    size_t      in_len;
    size_t      out_pos;
    size_t      out_len;
    uint8_t    *in;
    uint8_t    *out;
    uint64_t   *begun;          /* ring: when each open call was written, or
                                   with --rate when it was due */
    uint64_t    freed;          /* when it had conf.depth calls in flight last,
                                   and one was answered */
} conn_t;


static options_t  conf;


static struct {
    int         ep;
    call_t      call;
    conn_t     *conns;
    uint32_t    alive;          /* connections */
    uint64_t    in_flight;      /* calls */
    uint64_t    may_start;      /* calls; without --rate */
    uint32_t    next_idle;      /* connection that has not called yet */
    uint32_t    warm;           /* connections with conf.depth answers */
    uint8_t    *batch;
    uint64_t    last_reply;     /* when */

    schedule_t  schedule;       /* with --rate, as the next one */
    uint64_t    due;            /* calls that may have been written */

    uint64_t    verified;       /* calls, in all phases, as the next three */
    uint64_t    exceptions;
    uint64_t    wrong;
    uint64_t    lost;
    uint32_t    closed;         /* connections */
    uint32_t    unopened;
    unsigned    reports;

    int         measuring;
    uint64_t    begin;          /* of measuring */
    uint64_t    end;
    uint64_t    self;           /* own CPU time in between, nanoseconds */
    uint64_t    answered;       /* calls answered in between */
    cpu_t       cpus[OPTIONS_CPUS];
    hist_t      hist;           /* latency; its count: calls measured */
    hist_t      late;           /* with --rate: so long after they were due
                                   and might be written, calls were */
} run;


static volatile sig_atomic_t  interrupted;


static void
die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(EXIT_USAGE);
}


/* Zeroed and not touched: a connection takes what it uses. */

static void *
allocate(size_t count, size_t size)
{
    void  *p;

    p = mmap(NULL, count * size, PROT_READ|PROT_WRITE,
             MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        die("mmap()");
    }

    return p;
}


static void
report(const conn_t *c, const char *fmt, ...)
{
    va_list  args;

    if (run.reports++ >= REPORTS) {
        return;
    }

    fprintf(stderr, "load: connection %u call %u: ", c->number, c->answered);

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputs(run.reports == REPORTS ? "\nload: further errors are only counted\n"
                                 : "\n", stderr);
}


/*
 * A call is measured if it was answered while measuring; in an open loop, if
 * it was due then.  No call is due later: that ends the schedule.
 */

static int
measured(uint64_t begun)
{
    return conf.rate ? run.begin != 0 && begun >= run.begin : run.measuring;
}


/* The number of a connection's next call in the schedule. */

static uint64_t
conn_next(const conn_t *c)
{
    return (uint64_t) c->started * conf.connections + c->number;
}


static int
conn_may_start(const conn_t *c)
{
    if (c->started - c->answered == conf.depth) {
        return 0;
    }

    return conf.rate ? conn_next(c) < run.due : run.may_start != 0;
}


/* When the latency of a call begins that is written now. */

static uint64_t
call_begin(const conn_t *c, uint64_t now)
{
    uint64_t  due;

    if (!conf.rate) {
        return now;
    }

    due = schedule_due(&run.schedule, conn_next(c));

    if (measured(due)) {
        hist_add(&run.late, now - (due > c->freed ? due : c->freed));
    }

    return due;
}


static void
conn_close(conn_t *c)
{
    uint32_t  open;

    open = c->started - c->answered;

    run.lost += open;
    run.in_flight -= open;
    run.alive--;
    run.closed++;

    close(c->fd);
    c->fd = -1;
}


/* Writes as many calls as are allowed and fit a batch; what is sent later. */

static size_t
fill_batch(conn_t *c, uint8_t *p)
{
    uint64_t  now;
    uint8_t  *start;

    now = clock_ns();
    start = p;

    while (conn_may_start(c) && p - start < SEND_BATCH) {
        p = call_write(&run.call, p, c->number, c->started);
        c->begun[c->started % conf.depth] = call_begin(c, now);
        c->started++;
        run.in_flight++;
        run.may_start--;
    }

    return (size_t) (p - start);
}


/* OK when all is sent, AGAIN when the socket is full, or ERROR: closed. */

static int
send_bytes(conn_t *c, const uint8_t *p, size_t len, size_t *sent)
{
    ssize_t  n;

    for (*sent = 0; *sent < len; *sent += (size_t) n) {
        n = send(c->fd, p + *sent, len - *sent, MSG_NOSIGNAL);

        if (n != -1) {
            continue;
        }

        if (errno == EINTR) {
            n = 0;
            continue;
        }

        if (errno == EAGAIN) {
            return WIRE_AGAIN;
        }

        report(c, "send() failed: %s", strerror(errno));
        conn_close(c);
        return WIRE_ERROR;
    }

    return WIRE_OK;
}


static void
conn_send(conn_t *c)
{
    size_t  len, sent;

    if (c->out_len != 0) {
        len = c->out_len - c->out_pos;

        if (send_bytes(c, c->out + c->out_pos, len, &sent) != WIRE_OK) {
            c->out_pos += sent;
            return;
        }

        c->out_len = 0;
    }

    while (conn_may_start(c)) {
        len = fill_batch(c, run.batch);

        if (send_bytes(c, run.batch, len, &sent) != WIRE_OK) {
            memcpy(c->out, run.batch + sent, len - sent);
            c->out_pos = 0;
            c->out_len = len - sent;
            return;
        }
    }
}


/* The call answered last is over. */

static void
call_done(conn_t *c, uint64_t now)
{
    uint64_t  begun;

    begun = c->begun[c->answered % conf.depth];

    if (measured(begun)) {
        hist_add(&run.hist, now - begun);
    }

    if (c->started - c->answered == conf.depth) {
        c->freed = now;
    }

    run.answered += (uint64_t) run.measuring;
    c->answered++;
    run.warm += c->answered == conf.depth;
    run.in_flight--;
    run.last_reply = now;
}


/* Takes the replies that are complete: OK, or ERROR: closed. */

static int
read_replies(conn_t *c)
{
    int       rc, type;
    size_t    pos, used;
    uint64_t  now;

    now = clock_ns();

    for (pos = 0; pos < c->in_len; pos += used) {

        if (c->answered == c->started) {
            report(c, "bytes that answer no call");
            rc = WIRE_ERROR;

        } else {
            rc = call_check(&run.call, c->number, c->answered, c->in + pos,
                            c->in_len - pos, &used, &type);

            if (rc == WIRE_ERROR || (rc == WIRE_OK && type != WIRE_REPLY)) {
                report(c, "%s", run.call.error);
            }
        }

        if (rc == WIRE_AGAIN) {
            break;
        }

        if (rc == WIRE_ERROR) {
            run.wrong++;
            conn_close(c);
            return WIRE_ERROR;
        }

        if (type == WIRE_REPLY) {
            run.verified++;

        } else {
            run.exceptions++;
        }

        call_done(c, now);
    }

    c->in_len -= pos;

    if (pos != 0 && c->in_len != 0) {
        memmove(c->in, c->in + pos, c->in_len);
    }

    return WIRE_OK;
}


/*
 * Reads until the socket is empty.  A read that did not fill the buffer has
 * emptied it, unless the peer has closed: that only the next read tells.
 */

static int
conn_read(conn_t *c, uint32_t events)
{
    size_t   room;
    ssize_t  n;

    for ( ;; ) {
        room = run.call.reply_max - c->in_len;

        if (room == 0) {
            report(c, "reply is longer than %zu bytes", run.call.reply_max);
            run.wrong++;
            conn_close(c);
            return WIRE_ERROR;
        }

        n = recv(c->fd, c->in + c->in_len, room, 0);

        if (n == -1 && errno == EINTR) {
            continue;
        }

        if (n == -1 && errno == EAGAIN) {
            return WIRE_OK;
        }

        if (n <= 0) {
            report(c, "connection closed with %u calls open and %zu bytes of "
                   "a reply: %s", c->started - c->answered, c->in_len,
                   n == 0 ? "end of stream" : strerror(errno));
            conn_close(c);
            return WIRE_ERROR;
        }

        c->in_len += (size_t) n;

        if (read_replies(c) != WIRE_OK) {
            return WIRE_ERROR;
        }

        if ((size_t) n < room && !(events & (EPOLLRDHUP|EPOLLHUP|EPOLLERR))) {
            return WIRE_OK;
        }
    }
}


/*
 * With --idle each connection calls once, conf.burst of them at a time, in
 * the order of their numbers; else every connection calls when it can.
 */

static void
start_idle_calls(void)
{
    conn_t  *c;

    while (run.in_flight < conf.burst && run.next_idle < conf.connections) {
        c = &run.conns[run.next_idle++];

        if (c->fd != -1) {
            run.may_start = 1;
            conn_send(c);
        }
    }

    run.may_start = 0;
}


static void
start_calls(uint64_t limit)
{
    uint32_t  i;

    run.may_start = limit;

    for (i = 0; i < conf.connections; i++) {
        if (run.conns[i].fd != -1) {
            conn_send(&run.conns[i]);
        }
    }
}


static void
conn_event(conn_t *c, uint32_t events)
{
    if (conn_read(c, events) != WIRE_OK) {
        return;
    }

    if (c->out_len != 0 || conn_may_start(c)) {
        conn_send(c);
    }
}


/*
 * One turn of the loop, which waits so many nanoseconds for events at most;
 * returns whether standard input has ended.
 */

static int
poll_events(uint64_t timeout)
{
    int                 i, n, ended;
    char                text[256];
    conn_t             *c;
    struct timespec     ts;
    struct epoll_event  events[EVENTS];

    ts.tv_sec = (time_t) (timeout / SECOND);
    ts.tv_nsec = (long) (timeout % SECOND);

    n = epoll_pwait2(run.ep, events, EVENTS, &ts, NULL);

    if (n == -1 && errno != EINTR) {
        die("epoll_pwait2()");
    }

    ended = 0;

    for (i = 0; i < n; i++) {
        c = events[i].data.ptr;

        if (c == NULL) {
            ended = read(STDIN_FILENO, text, sizeof(text)) <= 0;

        } else if (c->fd != -1) {
            conn_event(c, events[i].events);
        }
    }

    return ended;
}


static int
stalled(uint64_t now)
{
    return run.in_flight != 0 && now - run.last_reply > conf.timeout;
}


/*
 * Lets calls go on until the given time, until nothing is left to start and
 * to wait for, or until there is no hope: all connections are closed, or no
 * reply came for so long.
 */

static void
run_until(uint64_t end)
{
    uint64_t  now;

    run.last_reply = clock_ns();

    for ( ;; ) {
        now = clock_ns();

        if (now >= end || stalled(now) || interrupted) {
            return;
        }

        if (run.in_flight == 0
            && (run.may_start == 0 || run.alive == 0))
        {
            return;
        }

        poll_events(end - now < POLL ? end - now : POLL);
    }
}


/* Starts calls that are due at the given time; returns if it was all. */

static int
start_due(uint64_t time)
{
    conn_t    *c;
    uint64_t   due, last;

    due = schedule_count(&run.schedule, time);
    last = due - run.due > START_BATCH ? run.due + START_BATCH : due;

    while (run.due < last) {
        c = &run.conns[run.due++ % conf.connections];

        if (c->fd != -1 && c->out_len == 0) {
            conn_send(c);
        }
    }

    return last == due;
}


/* Follows the schedule up to the given time, which is no call's. */

static void
run_schedule(uint64_t end)
{
    uint64_t  now, next;

    run.last_reply = clock_ns();

    for ( ;; ) {
        now = clock_ns();

        if (stalled(now) || run.alive == 0 || interrupted) {
            return;
        }

        next = now;

        if (start_due(now < end ? now : end - 1)) {

            if (now >= end) {
                return;
            }

            next = schedule_due(&run.schedule, run.due);
            next = next < end ? next : end;
            now = clock_ns();
        }

        poll_events(next > now ? next - now : 0);
    }
}


static uint64_t
own_cpu(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (uint64_t) ts.tv_sec * SECOND + (uint64_t) ts.tv_nsec;
}


static void
measure_begin(void)
{
    unsigned  i;

    for (i = 0; i < conf.ncpus; i++) {
        run.cpus[i] = cpu_read(conf.cpus[i]);
    }

    run.answered = 0;
    run.self = own_cpu();
    run.begin = clock_ns();
    run.measuring = 1;
}


static void
measure_end(void)
{
    unsigned  i;

    run.measuring = 0;
    run.end = clock_ns();
    run.self = own_cpu() - run.self;

    for (i = 0; i < conf.ncpus; i++) {
        run.cpus[i] = cpu_between(run.cpus[i], cpu_read(conf.cpus[i]));
    }
}


/* Lets the open calls end; a signal does not cut this short, time does. */

static void
drain(void)
{
    uint64_t  end;

    run.may_start = 0;
    end = clock_ns() + conf.timeout;

    while (run.in_flight != 0 && clock_ns() < end) {
        poll_events(POLL);
    }

    if (run.in_flight != 0) {
        fprintf(stderr, "load: no reply to %lu calls within %.1f s\n",
                run.in_flight, (double) conf.timeout / SECOND);
        run.lost += run.in_flight;
    }
}


/*
 * The first calls are the dearest, a proxy may open a connection for each: it
 * is warm when they are answered, however long that takes.
 */

static void
warm_up(void)
{
    uint64_t  end;

    start_calls(UINT64_MAX);
    run_until(clock_ns() + conf.warmup);

    end = clock_ns() + conf.timeout;

    while (run.warm + run.closed < conf.connections && clock_ns() < end
           && !interrupted)
    {
        run_until(clock_ns() + POLL);
    }

    if (conf.calls) {
        drain();
    }
}


/* The first events say only that each connection can be written to. */

static void
settle(void)
{
    uint32_t  i;

    for (i = 0; i <= conf.connections; i += EVENTS) {
        poll_events(0);
    }
}


static void
run_open_loop(void)
{
    settle();

    /* without, timers may be 50 us late */

    prctl(PR_SET_TIMERSLACK, 1);

    run.schedule.rate = conf.rate;
    run.schedule.start = clock_ns();

    if (conf.warmup) {
        run_schedule(run.schedule.start + conf.warmup);
        measure_begin();

    } else {
        measure_begin();
        run.schedule.start = run.begin;
    }

    run_schedule(run.begin + conf.duration);

    measure_end();
    drain();
}


static void
run_load(void)
{
    if (conf.warmup) {
        warm_up();
    }

    measure_begin();

    start_calls(conf.calls ? conf.calls : UINT64_MAX);
    run_until(conf.duration ? clock_ns() + conf.duration : UINT64_MAX);

    measure_end();
    drain();
}


/* The end of standard input ends it, or a signal; not /dev/null or a file. */

static void
hold(void)
{
    struct epoll_event  event;

    memset(&event, 0, sizeof(event));
    event.events = EPOLLIN;

    if (epoll_ctl(run.ep, EPOLL_CTL_ADD, STDIN_FILENO, &event) == -1
        && errno != EPERM && errno != EBADF)
    {
        die("epoll_ctl()");
    }

    printf("READY connections=%u\n", run.alive);
    fflush(stdout);

    while (!interrupted && !poll_events(SECOND)) { /* void */ }
}


static void
run_idle(void)
{
    uint64_t  now;

    measure_begin();
    run.last_reply = clock_ns();

    do {
        start_idle_calls();
        poll_events(POLL);
        now = clock_ns();

    } while ((run.in_flight != 0 || run.next_idle < conf.connections)
             && !stalled(now) && !interrupted);

    measure_end();

    if (run.in_flight != 0) {
        drain();
    }

    if (run.lost == 0 && run.closed == 0) {
        hold();
    }
}


static void
conn_open(conn_t *c)
{
    int                 fd, on;
    struct timeval      tv;
    struct epoll_event  event;

    c->fd = -1;

    fd = socket(conf.address.u.any.sa_family, SOCK_STREAM|SOCK_CLOEXEC, 0);
    if (fd == -1) {
        die("socket()");
    }

    tv.tv_sec = (time_t) (conf.timeout / SECOND);
    tv.tv_usec = (suseconds_t) (conf.timeout % SECOND / 1000);
    on = 1;

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));

    if (connect(fd, &conf.address.u.any, conf.address.len) == -1) {
        report(c, "connect() failed: %s", strerror(errno));
        run.unopened++;
        close(fd);
        return;
    }

    if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
        die("fcntl()");
    }

    c->fd = fd;
    run.alive++;

    memset(&event, 0, sizeof(event));
    event.events = EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET;
    event.data.ptr = c;

    if (epoll_ctl(run.ep, EPOLL_CTL_ADD, fd, &event) == -1) {
        die("epoll_ctl()");
    }
}


static void
open_connections(void)
{
    uint32_t   i;
    conn_t    *c;
    uint8_t   *in, *out;
    uint64_t  *begun;

    run.conns = allocate(conf.connections, sizeof(conn_t));
    begun = allocate((size_t) conf.connections * conf.depth, sizeof(uint64_t));
    in = allocate(conf.connections, run.call.reply_max);
    out = allocate(conf.connections, SEND_BATCH + run.call.size);

    for (i = 0; i < conf.connections && !interrupted; i++) {
        c = &run.conns[i];

        c->number = i;
        c->begun = begun + (size_t) i * conf.depth;
        c->in = in + i * run.call.reply_max;
        c->out = out + i * (SEND_BATCH + run.call.size);

        conn_open(c);

        if (c->fd == -1) {
            conf.connections = i + 1;
            return;
        }
    }

    conf.connections = i;
}


/* Of several exit codes the gravest. */

static int
status(void)
{
    if (run.wrong) {
        return EXIT_WRONG;
    }

    if (run.unopened) {
        return EXIT_CONNECT;
    }

    if (run.lost || run.closed) {
        return EXIT_LOST;
    }

    return run.exceptions ? EXIT_EXCEPTION : EXIT_SUCCESS;
}


static double
value_us(const hist_t *h, double part)
{
    return h->count ? (double) hist_value(h, part) / 1000 : 0;
}


/* One line for programs: words "name=value"; one value per --cpu, or none. */

static void
print_result(double seconds)
{
    unsigned  i;

    printf("RESULT calls=%lu answered=%lu seconds=%.6f rate=%.1f p50_us=%.1f "
           "p99_us=%.1f p999_us=%.1f max_us=%.1f late_p99_us=%.1f "
           "verified=%lu exceptions=%lu wrong=%lu lost=%lu closed=%u "
           "unopened=%u self_ns=%lu", run.hist.count, run.answered, seconds,
           (double) run.answered / seconds, value_us(&run.hist, 0.5),
           value_us(&run.hist, 0.99), value_us(&run.hist, 0.999),
           (double) run.hist.max / 1000, value_us(&run.late, 0.99),
           run.verified, run.exceptions, run.wrong, run.lost, run.closed,
           run.unopened, run.self);

    for (i = 0; i < conf.ncpus; i++) {
        printf("%s%ld", i ? "," : " cpu_ns=", run.cpus[i].ns);
    }

    for (i = 0; i < conf.ncpus; i++) {
        printf("%s%ld", i ? "," : " cpu_wait_ns=", run.cpus[i].wait);
    }

    for (i = 0; i < conf.ncpus; i++) {
        printf("%s%ld", i ? "," : " cpu_ticks=", run.cpus[i].ticks);
    }

    printf(" exit=%d\n", status());
}


static void
print_summary(double seconds)
{
    printf("%lu calls in %.3f s: %.0f calls/s; latency p50 %.1f us, p99 %.1f "
           "us, p99.9 %.1f us, max %.1f us; ", run.hist.count, seconds,
           (double) run.answered / seconds, value_us(&run.hist, 0.5),
           value_us(&run.hist, 0.99), value_us(&run.hist, 0.999),
           (double) run.hist.max / 1000);

    if (conf.rate) {
        printf("99 %% were written at most %.1f us after they could be; ",
               value_us(&run.late, 0.99));
    }

    if (status() == EXIT_SUCCESS) {
        printf("every reply verified\n");
        return;
    }

    printf("ERRORS: %lu wrong replies, %lu exceptions, %lu calls lost, "
           "%u connections closed, %u not opened\n", run.wrong,
           run.exceptions, run.lost, run.closed, run.unopened);
}


static void
interrupt(int signo)
{
    (void) signo;
    interrupted = 1;
}


static void
prepare(void)
{
    struct rlimit     limit;
    struct sigaction  sa;

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = interrupt;
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }

    if (call_init(&run.call) != WIRE_OK) {
        die("malloc()");
    }

    run.batch = allocate(1, SEND_BATCH + run.call.size);

    run.ep = epoll_create1(EPOLL_CLOEXEC);
    if (run.ep == -1) {
        die("epoll_create1()");
    }
}


int
main(int argc, char **argv)
{
    double  seconds;

    options_parse(&conf, &run.call, argc, argv);
    prepare();

    open_connections();

    if (run.unopened == 0) {
        if (conf.idle) {
            run_idle();

        } else if (conf.rate) {
            run_open_loop();

        } else {
            run_load();
        }
    }

    seconds = (double) (run.end - run.begin) / SECOND;
    seconds = seconds > 0 ? seconds : 1;

    print_result(seconds);
    print_summary(seconds);

    return status();
}
