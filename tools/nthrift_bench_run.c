/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_bench_run.c: calls, over so many connections, as fast as replies
 * come or so many a second.  One thread; a connection has one call at a time.
 *
 * With --rate it is an open loop: load/schedule.h says when a call is due, and
 * its time begins then, even if no connection was free: a server that stops for
 * a while cannot hide the calls that others would have made.  What is due is
 * called by whichever connection gets free first.
 *
 * A connection that is closed, or whose reply is none, is opened again.
 */

#include "nthrift.h"
#include "nthrift_bench.h"

#include "wire/head.h"
#include "wire/message.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define RUN_EVENTS   256
#define RUN_READ     (16 * 1024)        /* bytes: of a receive buffer */
#define RUN_LENGTH   32                 /* bytes: of a length, and two lines */
#define RUN_POLL     (SECOND / 20)      /* how late the end may be seen */
#define RUN_SECOND   (SECOND)           /* between lines of progress */
#define RUN_FAILED   20                 /* connections that failed in a row */


typedef struct conn_s  conn_t;

struct conn_s {
    conn_t                *next;        /* of those that are free */
    nthrift_stream_t       stream;      /* fd -1: closed */
    uint32_t               events;      /* that are waited for */
    int                    busy;        /* a call is on it */
    int                    closes;      /* the server closes it now */
    int32_t                seqid;
    uint64_t               begun;       /* its call, or when it was due */
    uint64_t               written;     /* for the time-out */

    uint8_t               *out;         /* of HTTP: behind its head */
    size_t                 out_pos;
    size_t                 out_len;

    uint8_t               *in;
    size_t                 in_len;
    size_t                 in_size;
    size_t                 used;        /* of them, read by `message` */
    nthrift_message_t      message;
    nthrift_skip_level_t   levels[NTHRIFT_MAX_DEPTH];
};


typedef struct {
    nthrift_bench_t       *bench;
    const nthrift_request_t  *request;
    int                    ep;
    nthrift_rules_t        rules;
    conn_t                *conns;
    size_t                 n;
    conn_t                *free;
    uint64_t               in_flight;
    uint64_t               limit;       /* calls; UINT64_MAX: none */
    uint64_t               end;         /* no call begins behind it */
    uint64_t               timeout;     /* nanoseconds */
    uint64_t               rate;        /* 0: as replies come */
    schedule_t             schedule;
    int                    warming;     /* nothing is counted */
    unsigned               failed;      /* connections, in a row */
    uint64_t               shown;       /* progress was, last */
    uint8_t               *http;        /* of a request; NULL: no HTTP */
    size_t                 http_len;
    uint8_t               *message;     /* that goes into one */
    char                   text[NTHRIFT_BENCH_TEXT];
} run_t;


static volatile sig_atomic_t  run_interrupted;


/* Connections */

static int
run_wait_for(run_t *run, conn_t *c, uint32_t events)
{
    struct epoll_event  ev;

    if (c->events == events) {
        return 0;
    }

    memset(&ev, 0, sizeof(ev));

    ev.events = events;
    ev.data.ptr = c;

    if (epoll_ctl(run->ep, (c->events == 0) ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
                  c->stream.fd, &ev)
        != 0)
    {
        return -1;
    }

    c->events = events;

    return 0;
}


/* Connects, with TLS if that is wanted; nothing else happens meanwhile. */

static int
run_open(run_t *run, conn_t *c)
{
    int      rc;
    int64_t  deadline;

    c->events = 0;
    c->closes = 0;
    c->in_len = 0;
    c->out_len = 0;

    deadline = nthrift_socket_time() + run->request->call.timeout;
    rc = nthrift_stream_open(&c->stream, &run->request->call.address,
                             deadline);

    if (rc == 0 && run->request->call.tls.on) {
        rc = nthrift_stream_secure(&c->stream, &run->request->call.address,
                                   &run->request->call.tls);
    }

    if (rc == 0) {
        rc = run_wait_for(run, c, EPOLLIN);
    }

    if (rc == 0) {
        run->failed = 0;
        return 0;
    }

    snprintf(run->text, sizeof(run->text), "cannot connect: %.120s",
             (rc == NTHRIFT_SOCKET_LATE) ? "timed out" : c->stream.error);

    nthrift_stream_close(&c->stream);
    c->stream.fd = -1;
    c->stream.ssl = NULL;
    c->stream.ctx = NULL;
    run->failed++;

    return -1;
}


static void
run_free(run_t *run, conn_t *c)
{
    c->busy = 0;
    c->next = run->free;
    run->free = c;
}


/* One call has ended; `text` is of no result. */

static void
run_ended(run_t *run, conn_t *c, uint64_t now, nthrift_bench_end_e end,
    const char *text)
{
    uint64_t                 took;
    nthrift_bench_result_t  *r;

    run->in_flight--;
    c->busy = 0;

    if (run->warming) {
        return;
    }

    r = &run->bench->result;
    took = now - c->begun;

    if (end <= NTHRIFT_BENCH_WRONG) {
        hist_add(&r->hist, took);
        r->sum += took;
        r->min = (r->hist.count == 1 || took < r->min) ? took : r->min;
    }

    r->last = now;
    nthrift_bench_count(r, end, text);
}


static int
run_reopen(run_t *run, conn_t *c)
{
    nthrift_stream_close(&c->stream);
    c->stream.ssl = NULL;
    c->stream.ctx = NULL;
    c->stream.fd = -1;

    while (run->failed < RUN_FAILED && !run_interrupted) {
        if (run_open(run, c) == 0) {
            return 0;
        }

        (void) poll(NULL, 0, 10);
    }

    return -1;
}


/* Its call has failed. */

static void
run_fail(run_t *run, conn_t *c, const char *text)
{
    run_ended(run, c, clock_ns(), NTHRIFT_BENCH_ERROR, text);

    if (run_reopen(run, c) == 0) {
        run_free(run, c);
    }
}


/* Bytes: their number, 0 if there are none now, or -1. */

static ssize_t
run_receive(conn_t *c, uint8_t *p, size_t size)
{
    int      n, error;
    size_t   got;
    ssize_t  received;

    if (c->stream.ssl == NULL) {
        received = recv(c->stream.fd, p, size, 0);

        if (received > 0) {
            return received;
        }

        return (received < 0 && (errno == EAGAIN || errno == EINTR)) ? 0 : -1;
    }

    n = SSL_read_ex(c->stream.ssl, p, size, &got);

    if (n == 1) {
        return (ssize_t) got;
    }

    error = SSL_get_error(c->stream.ssl, n);

    return (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
           ? 0 : -1;
}


static ssize_t
run_send(conn_t *c, const uint8_t *p, size_t len)
{
    int      n, error;
    size_t   sent;
    ssize_t  done;

    if (c->stream.ssl == NULL) {
        done = send(c->stream.fd, p, len, MSG_NOSIGNAL);

        if (done >= 0) {
            return done;
        }

        return (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    }

    n = SSL_write_ex(c->stream.ssl, p, len, &sent);

    if (n == 1) {
        return (ssize_t) sent;
    }

    error = SSL_get_error(c->stream.ssl, n);

    return (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
           ? 0 : -1;
}


/* Calls */

static void
run_write(run_t *run, conn_t *c)
{
    ssize_t  n;

    while (c->out_pos < c->out_len) {
        n = run_send(c, c->out + c->out_pos, c->out_len - c->out_pos);

        if (n < 0) {
            run_fail(run, c, "connection closed while sending");
            return;
        }

        if (n == 0) {
            if (run_wait_for(run, c, EPOLLIN|EPOLLOUT) != 0) {
                run_fail(run, c, "epoll");
            }

            return;
        }

        c->out_pos += (size_t) n;

        if (!run->warming) {
            run->bench->result.sent += (uint64_t) n;
        }
    }

    if (run_wait_for(run, c, EPOLLIN) != 0) {
        run_fail(run, c, "epoll");
        return;
    }

    if (run->request->call.head.type == NTHRIFT_ONEWAY && run->http == NULL) {
        run_ended(run, c, clock_ns(), NTHRIFT_BENCH_RESULT, NULL);
        run_free(run, c);
    }
}


/* The next call, at `p`: its bytes. */

static size_t
run_message(run_t *run, conn_t *c, uint8_t *p)
{
    nthrift_head_t         head;
    const nthrift_str_t   *body;

    head = run->request->call.head;
    body = &run->request->call.body;

    head.seqid = ++c->seqid;

    p = nthrift_head_write(p, &head, body->len);

    if (body->len != 0) {
        memcpy(p, body->data, body->len);
    }

    return nthrift_head_size(&head) + body->len;
}


/* The same in a request, whose length stands before it. */

static size_t
run_request(run_t *run, conn_t *c)
{
    size_t  len, at;

    len = run_message(run, c, run->message);

    memcpy(c->out, run->http, run->http_len);

    at = run->http_len
         + (size_t) sprintf((char *) c->out + run->http_len, "%zu\r\n\r\n",
                            len);

    memcpy(c->out + at, run->message, len);

    return at + len;
}


/* Begins a call on a connection that is free. */

static void
run_start(run_t *run, conn_t *c, uint64_t now, uint64_t due)
{
    c->busy = 1;
    c->begun = due;
    c->written = now;
    c->out_pos = 0;
    c->out_len = (run->http != NULL) ? run_request(run, c)
                                     : run_message(run, c, c->out);

    run->in_flight++;
    run->bench->result.started++;

    nthrift_message_start(&c->message);
    c->used = 0;

    run_write(run, c);
}


/* May one more call begin, and since when has it been due? */

static int
run_may_start(run_t *run, uint64_t now, uint64_t *due)
{
    uint64_t  n;

    n = run->bench->result.started;

    if (n >= run->limit || run_interrupted) {
        return 0;
    }

    if (run->rate == 0) {
        *due = now;
        return now < run->end;
    }

    *due = schedule_due(&run->schedule, n);

    return *due <= now && *due < run->end;
}


static void
run_start_all(run_t *run)
{
    conn_t    *c;
    uint64_t   now, due;

    now = clock_ns();

    while (run->free != NULL && run_may_start(run, now, &due)) {
        c = run->free;
        run->free = c->next;

        if (c->closes) {
            (void) run_reopen(run, c);
        }

        if (c->stream.fd != -1) {
            run_start(run, c, now, due);
        }
    }
}


/* The message at `data` is whole. */

static nthrift_bench_end_e
run_check(run_t *run, conn_t *c, const uint8_t *data)
{
    int               first;
    size_t            len;
    nthrift_head_t    head;
    nthrift_error_t   error;

    len = (size_t) c->message.length;
    first = (c->message.skip.fields != 0) ? c->message.skip.first : 0;
    error.text = NULL;

    /* once more: the bytes may have moved since the head was read */

    (void) nthrift_head_read(&run->rules, data, data + len, &head, &error);

    return nthrift_bench_check_reply(&run->bench->check, &head, first,
                                     c->seqid, data, len, run->text);
}


/* All that has come are the `len` bytes of a reply. */

static void
run_reply(run_t *run, conn_t *c, size_t len, nthrift_bench_end_e end)
{
    if (end != NTHRIFT_BENCH_ERROR && c->in_len != len) {
        end = NTHRIFT_BENCH_ERROR;
        snprintf(run->text, sizeof(run->text), "bytes behind the reply");
    }

    if (end == NTHRIFT_BENCH_ERROR) {
        run_fail(run, c, run->text);
        return;
    }

    if (!run->warming) {
        run->bench->result.received += len;
    }

    run_ended(run, c, clock_ns(), end, run->text);

    c->in_len = 0;
    run_free(run, c);
}


/* Of what has come: 0 if more is needed. */

static int
run_read_message(run_t *run, conn_t *c)
{
    int             rc;
    const uint8_t  *p;

    p = c->in + c->used;

    rc = nthrift_message_read(&c->message, &run->rules, c->levels, &p,
                              c->in + c->in_len);
    c->used = (size_t) (p - c->in);

    if (rc == NTHRIFT_ERROR || nthrift_message_discards(&c->message)
        || c->message.error.text != NULL)
    {
        snprintf(run->text, sizeof(run->text), "malformed reply: %s",
                 c->message.error.text);
        run_fail(run, c, run->text);
        return 1;
    }

    if (rc != NTHRIFT_OK) {
        return 0;
    }

    run_reply(run, c, (size_t) c->message.length, run_check(run, c, c->in));

    return 1;
}


/* A response may have any status, if there is a message in it. */

static nthrift_bench_end_e
run_check_body(run_t *run, conn_t *c, const nthrift_bench_http_t *response)
{
    int             rc;
    const uint8_t  *p;

    p = response->body.data;

    if (response->body.len == 0 && response->status / 100 == 2
        && run->request->call.head.type == NTHRIFT_ONEWAY)
    {
        return NTHRIFT_BENCH_RESULT;
    }

    rc = (response->body.len != 0)
         ? nthrift_message_read(&c->message, &run->rules, c->levels, &p,
                                p + response->body.len)
         : NTHRIFT_AGAIN;

    if (rc == NTHRIFT_OK && c->message.error.text == NULL
        && c->message.length == response->body.len)
    {
        return run_check(run, c, response->body.data);
    }

    if (response->status != 200) {
        snprintf(run->text, sizeof(run->text), "HTTP status %u",
                 response->status);
    } else {
        snprintf(run->text, sizeof(run->text), "no reply in the body: %s",
                 (c->message.error.text != NULL) ? c->message.error.text
                                                 : "it is cut off");
    }

    return NTHRIFT_BENCH_ERROR;
}


static int
run_read_response(run_t *run, conn_t *c, unsigned ended)
{
    int                    rc;
    nthrift_bench_end_e    end;
    nthrift_bench_http_t   response;

    rc = nthrift_bench_http_read(&response, c->in, c->in_len, ended,
                                 run->request->call.max_size);

    if (rc == NTHRIFT_AGAIN) {
        return 0;
    }

    if (rc == NTHRIFT_ERROR) {
        run_fail(run, c, response.error);
        return 1;
    }

    end = run_check_body(run, c, &response);

    run_reply(run, c, response.len, end);

    if (end != NTHRIFT_BENCH_ERROR && response.closes) {
        c->closes = 1;
    }

    return 1;
}


static void
run_room(conn_t *c)
{
    uint8_t  *more;

    if (c->in_size - c->in_len >= RUN_READ / 4) {
        return;
    }

    more = nthrift_malloc(c->in_size * 2 + RUN_READ);

    if (c->in_len != 0) {
        memcpy(more, c->in, c->in_len);
    }

    free(c->in);
    c->in = more;
    c->in_size = c->in_size * 2 + RUN_READ;
}


static void
run_read(run_t *run, conn_t *c)
{
    ssize_t  n;

    for ( ;; ) {
        run_room(c);

        n = run_receive(c, c->in + c->in_len, c->in_size - c->in_len);

        if (n == 0) {
            return;
        }

        if (!c->busy) {
            (void) run_reopen(run, c);
            return;
        }

        if (n < 0) {
            if (run->http != NULL && c->in_len != 0
                && run_read_response(run, c, 1))
            {
                return;
            }

            run_fail(run, c, (c->in_len == 0)
                             ? "connection closed without a reply"
                             : "connection closed in the middle of a reply");
            return;
        }

        c->in_len += (size_t) n;

        if ((run->http != NULL) ? run_read_response(run, c, 0)
                                : run_read_message(run, c))
        {
            return;
        }
    }
}


/* Time */

static void
run_expire(run_t *run, uint64_t now)
{
    size_t   i;
    conn_t  *c;

    for (i = 0; i < run->n; i++) {
        c = &run->conns[i];

        if (c->busy && now - c->written > run->timeout) {
            run_fail(run, c, "no reply within its time (--timeout)");
        }
    }
}


/* What is done now and then; 0: there is nothing left to be done. */

static int
run_look(run_t *run, uint64_t now, uint64_t *looked)
{
    uint64_t  passed;

    if (now - *looked >= RUN_POLL) {
        *looked = now;
        run_expire(run, now);
    }

    passed = now - run->bench->result.begin;

    if (!run->warming && passed / RUN_SECOND != run->shown) {
        run->shown = passed / RUN_SECOND;
        nthrift_bench_progress(run->bench, passed);
    }

    if (run->failed >= RUN_FAILED) {
        return 0;
    }

    return run->in_flight != 0
           || (!run_interrupted && now < run->end
               && run->bench->result.started < run->limit);
}


/* Nanoseconds until something may have to be done. */

static uint64_t
run_next(run_t *run, uint64_t now)
{
    uint64_t  due, wait;

    wait = RUN_POLL;

    if (run->end > now && run->end - now < wait) {
        wait = run->end - now;
    }

    if (run->rate != 0 && run->free != NULL
        && run->bench->result.started < run->limit)
    {
        due = schedule_due(&run->schedule, run->bench->result.started);

        if (due < run->end) {
            wait = (due <= now) ? 0 : (due - now < wait) ? due - now : wait;
        }
    }

    return wait;
}


static void
run_events(run_t *run, uint64_t wait)
{
    int                 i, n;
    conn_t             *c;
    struct timespec     ts;
    struct epoll_event  events[RUN_EVENTS];

    ts.tv_sec = (time_t) (wait / SECOND);
    ts.tv_nsec = (long) (wait % SECOND);

    n = epoll_pwait2(run->ep, events, RUN_EVENTS, &ts, NULL);

    for (i = 0; i < n; i++) {
        c = events[i].data.ptr;

        if (c->stream.fd == -1) {
            continue;
        }

        if (c->out_pos < c->out_len) {
            run_write(run, c);
        }

        if (c->stream.fd != -1) {
            run_read(run, c);
        }
    }
}


/* Until `end`, or `limit` calls, and until all have been answered. */

static void
run_until(run_t *run, uint64_t begin, uint64_t end, uint64_t limit)
{
    uint64_t  now, looked;

    run->end = end;
    run->limit = limit;
    run->schedule.start = begin;
    run->bench->result.started = 0;
    run->bench->result.begin = begin;

    looked = begin;

    do {
        run_start_all(run);
        run_events(run, run_next(run, clock_ns()));
        now = clock_ns();

    } while (run_look(run, now, &looked));
}


static void
run_interrupt(int signo)
{
    (void) signo;
    run_interrupted = 1;
}


static void
run_catch_signals(void)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = run_interrupt;
    (void) sigaction(SIGINT, &sa, NULL);
    (void) sigaction(SIGTERM, &sa, NULL);
}


/* What replies may be: as the calls are. */

static void
run_init_rules(nthrift_rules_t *rules, const nthrift_outgoing_t *call)
{
    rules->transport = call->head.transport;
    rules->protocol = call->head.protocol;
    rules->lax = call->head.write_lax;
    rules->validate = 1;
    rules->max_header = NTHRIFT_MAX_HEADER;
    rules->max_depth = NTHRIFT_MAX_DEPTH;
    rules->max_frame = call->max_size;
    rules->max_message = (uint64_t) call->max_size + NTHRIFT_LENGTH_SIZE;
}


static int
run_init(run_t *run, nthrift_bench_t *b)
{
    size_t   i, size;
    conn_t  *c;

    memset(run, 0, sizeof(run_t));

    run->bench = b;
    run->request = b->request;
    run->n = (size_t) b->options->connections;
    run->timeout = (uint64_t) b->request->call.timeout * 1000;
    run->rate = (uint64_t) b->options->rate;
    run->schedule.rate = run->rate;

    run_init_rules(&run->rules, &b->request->call);
    run_catch_signals();

    run->ep = epoll_create1(EPOLL_CLOEXEC);
    run->conns = calloc(run->n, sizeof(conn_t));

    if (run->ep == -1 || run->conns == NULL) {
        nthrift_say("not enough memory");
        return -1;
    }

    /* the largest head: a seqid may take more bytes */

    size = nthrift_head_size(&b->request->call.head) + 16
           + b->request->call.body.len;

    if (b->request->call.path != NULL) {
        run->message = nthrift_malloc(size);
        run->http = nthrift_http_post(&b->request->call.address,
                        b->request->call.path,
                        nthrift_http_type(b->request->call.head.protocol),
                        &b->request->call.headers, &run->http_len);

        size += run->http_len + RUN_LENGTH;
    }

    for (i = 0; i < run->n; i++) {
        c = &run->conns[i];

        c->out = nthrift_malloc(size);
        c->stream.fd = -1;
    }

    return 0;
}


static int
run_connect(run_t *run)
{
    size_t  i;

    for (i = 0; i < run->n && !run_interrupted; i++) {
        if (run_open(run, &run->conns[i]) != 0) {
            nthrift_say("%s: %s (connection %zu of %zu)",
                        run->request->call.where, run->text, i + 1, run->n);
            return -1;
        }

        run_free(run, &run->conns[i]);
    }

    return 0;
}


static void
run_end(run_t *run)
{
    size_t  i;

    for (i = 0; run->conns != NULL && i < run->n; i++) {
        if (run->conns[i].stream.fd != -1) {
            nthrift_stream_close(&run->conns[i].stream);
        }

        free(run->conns[i].out);
        free(run->conns[i].in);
    }

    free(run->conns);
    free(run->http);
    free(run->message);

    if (run->ep != -1) {
        close(run->ep);
    }
}


static void
run_measure(run_t *run)
{
    uint64_t                        now;
    const nthrift_bench_options_t  *o;

    o = run->bench->options;

    /* without, timers may be 50 us late */

    (void) prctl(PR_SET_TIMERSLACK, 1);

    if (o->warmup != 0) {
        now = clock_ns();
        run->warming = 1;
        run_until(run, now, now + (uint64_t) (o->warmup * SECOND), UINT64_MAX);
        run->warming = 0;
    }

    now = clock_ns();
    run_until(run, now, (o->duration != 0)
                        ? now + (uint64_t) (o->duration * SECOND) : UINT64_MAX,
              (o->calls != 0) ? (uint64_t) o->calls : UINT64_MAX);
}


int
nthrift_bench_run(nthrift_bench_t *b)
{
    int    rc;
    run_t  run;

    rc = run_init(&run, b);

    if (rc == 0) {
        rc = run_connect(&run);
    }

    if (rc == 0) {
        run_measure(&run);
    }

    if (rc == 0 && run.failed >= RUN_FAILED) {
        nthrift_say("%s: %s; given up", b->request->call.where, run.text);
    }

    run_end(&run);

    return rc;
}
