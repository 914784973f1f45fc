/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/faults/crowd.c: a server that counts how many calls it has at a time, and
 * does all kinds of things with them.
 *
 *     build/faults/crowd 127.0.0.1:9091 [close]
 *
 * A call is in flight from when all of it was read until its reply was sent or
 * its connection has ended; that is looked for before one too many is counted.
 * The server answers, closes, resets, stalls, sends garbage, answers twice, at
 * random; from SIGUSR1 on it only answers, in the same time each.  Then, and
 * when it ends, it prints what was since it did so before: the most calls in
 * flight, how many came, and how many were answered.  With "close" it closes
 * the connection of each call instead.
 *
 * It speaks what bench/load does by default: framed binary, a string.
 */

#include "address.h"
#include "buf.h"
#include "wire.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define EVENTS        256
#define MAX_FILES    4096
#define BACKLOG       511
#define READ_ROOM   16384
#define CHAOS_MS       10       /* a reply takes so long at most */
#define STEADY_MS      40       /* and then just so long */


typedef enum {
    DOES_ANSWER = 0,            /* the first half of all */
    DOES_CLOSE = 8,
    DOES_RESET,
    DOES_STALL,                 /* until the other side closes */
    DOES_GARBAGE,
    DOES_TWICE,
    DOES_CLOSE_BEHIND,          /* the reply */
    DOES_CLOSE_AMID,            /* half of it */
    DOES_HALF_CLOSE,            /* without one */
    DOES_LAST
} does_e;


typedef struct {
    int             open;
    int             busy;       /* a call is in flight */
    int             deaf;       /* no further call is read */
    does_e          does;
    uint64_t        due;        /* ms */
    buf_t           in;
    buf_t           reply;
} conn_t;


static struct {
    int             ep;
    int             listener;
    int             steady;
    int             closes;
    unsigned        flight;
    unsigned        most;
    unsigned long   calls;
    unsigned long   answered;
    int             last;       /* the largest descriptor */
    conn_t          conns[MAX_FILES];
} self;

static volatile sig_atomic_t  signalled;


static void
die(const char *what)
{
    perror(what);
    exit(2);
}


static uint64_t
now_ms(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}


static void
watch(int fd, uint32_t events)
{
    struct epoll_event  ev = { .events = events, .data.fd = fd };

    if (epoll_ctl(self.ep, EPOLL_CTL_ADD, fd, &ev) == -1) {
        die("epoll_ctl");
    }
}


static void
conn_free_call(conn_t *c)
{
    self.flight -= (unsigned) c->busy;
    c->busy = 0;
}


static void
conn_close(int fd, int reset)
{
    conn_t         *c;
    struct linger   linger = { 1, 0 };

    c = &self.conns[fd];

    conn_free_call(c);
    buf_free(&c->in);
    buf_free(&c->reply);
    c->open = 0;

    if (reset) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }

    close(fd);
}


/* --- how many ----------------------------------------------------------- */

static int
has_ended(int fd)
{
    char     byte;
    ssize_t  n;

    n = recv(fd, &byte, 1, MSG_PEEK|MSG_DONTWAIT);

    return n == 0 || (n == -1 && errno != EAGAIN);
}


static void
count_flight(void)
{
    int  fd;

    if (self.flight <= self.most) {
        return;
    }

    for (fd = 0; fd <= self.last; fd++) {
        if (self.conns[fd].busy && has_ended(fd)) {
            conn_close(fd, 0);
        }
    }

    self.most = self.flight > self.most ? self.flight : self.most;
}


static void
report(void)
{
    printf("most %u calls %lu answered %lu\n", self.most, self.calls,
           self.answered);
    fflush(stdout);

    self.most = 0;
    self.calls = 0;
    self.answered = 0;
}


/* --- calls -------------------------------------------------------------- */

static int
reply_write(buf_t *b, const uint8_t *p, size_t size)
{
    uint8_t        *start, *to;
    wire_str_t      text;
    wire_head_t     head;
    wire_field_t    field;
    wire_reader_t   r = { .p = p + WIRE_FRAME, .last = p + size };

    if (wire_read_head(&r, &head) != WIRE_OK
        || wire_read_field(&r, &field) != WIRE_OK
        || wire_read_string(&r, &text) != WIRE_OK)
    {
        return WIRE_ERROR;
    }

    buf_reserve(b, head.name.len + text.len + WIRE_OVERHEAD);

    start = b->data;
    head.type = WIRE_REPLY;

    to = wire_write_head(start + WIRE_FRAME, WIRE_BINARY, &head);
    to = wire_write_string(to, WIRE_BINARY, 0, text.len);
    memcpy(to, text.data, text.len);
    to += text.len;
    *to++ = WIRE_STOP;

    wire_put32(start, (uint32_t) (to - start) - WIRE_FRAME);
    b->len = (size_t) (to - start);

    return WIRE_OK;
}


/* A call was read as a whole, or there is none yet. */

static int
conn_begin(int fd)
{
    size_t   size;
    conn_t  *c;

    c = &self.conns[fd];

    if (c->in.len < WIRE_FRAME) {
        return WIRE_AGAIN;
    }

    size = WIRE_FRAME + wire_get32(c->in.data);

    if (c->in.len < size) {
        return WIRE_AGAIN;
    }

    if (reply_write(&c->reply, c->in.data, size) != WIRE_OK) {
        return WIRE_ERROR;
    }

    c->in.len -= size;
    memmove(c->in.data, c->in.data + size, c->in.len);

    c->busy = 1;
    self.flight++;
    self.calls++;

    c->does = self.closes ? DOES_CLOSE
              : self.steady ? DOES_ANSWER : (does_e) (random() % DOES_LAST);
    c->due = now_ms()
             + (self.steady ? STEADY_MS : (uint64_t) (random() % CHAOS_MS));

    count_flight();

    return WIRE_OK;
}


static void
conn_send(int fd, const void *p, size_t n)
{
    (void) !send(fd, p, n, MSG_NOSIGNAL|MSG_DONTWAIT);
}


/* The call ends before its reply is there: then the next one may come. */

static void
conn_answer(int fd, unsigned times)
{
    conn_t  *c;

    c = &self.conns[fd];

    conn_free_call(c);
    self.answered++;

    while (times--) {
        conn_send(fd, c->reply.data, c->reply.len);
    }
}


static void
conn_due(int fd)
{
    conn_t  *c;

    c = &self.conns[fd];
    c->due = 0;

    switch (c->does) {

    case DOES_CLOSE:
    case DOES_RESET:
        conn_close(fd, c->does == DOES_RESET);
        return;

    case DOES_STALL:
        c->deaf = 1;
        return;

    case DOES_HALF_CLOSE:
        c->deaf = 1;
        shutdown(fd, SHUT_WR);
        return;

    case DOES_GARBAGE:
        conn_free_call(c);
        conn_send(fd, "\xff\xff garbage", 10);
        return;

    case DOES_CLOSE_AMID:
        conn_free_call(c);
        conn_send(fd, c->reply.data, c->reply.len / 2);
        conn_close(fd, 0);
        return;

    case DOES_CLOSE_BEHIND:
        conn_answer(fd, 1);
        conn_close(fd, 0);
        return;

    default:
        conn_answer(fd, c->does == DOES_TWICE ? 2 : 1);
    }
}


static void
conn_read(int fd)
{
    ssize_t   n;
    conn_t   *c;

    c = &self.conns[fd];

    buf_reserve(&c->in, READ_ROOM);
    n = recv(fd, c->in.data + c->in.len, READ_ROOM, MSG_DONTWAIT);

    if (n == 0 || (n == -1 && errno != EAGAIN)) {
        conn_close(fd, 0);
        return;
    }

    if (n > 0) {
        c->in.len += (size_t) n;
    }

    if (!c->busy && !c->deaf && conn_begin(fd) == WIRE_ERROR) {
        conn_close(fd, 0);
    }
}


static void
conn_accept(void)
{
    int      fd;
    conn_t  *c;

    while ((fd = accept4(self.listener, NULL, NULL,
                         SOCK_NONBLOCK|SOCK_CLOEXEC)) != -1)
    {
        if (fd >= MAX_FILES) {
            die("too many connections");
        }

        c = &self.conns[fd];
        memset(c, 0, sizeof(conn_t));
        c->open = 1;
        self.last = fd > self.last ? fd : self.last;

        watch(fd, EPOLLIN|EPOLLRDHUP);
    }
}


/* --- the loop ----------------------------------------------------------- */

static void
on_signal(int signo)
{
    signalled = signo;
}


static void
tick(void)
{
    int       fd;
    uint64_t  now;

    now = now_ms();

    for (fd = 0; fd <= self.last; fd++) {
        if (self.conns[fd].busy && self.conns[fd].due
            && self.conns[fd].due <= now)
        {
            conn_due(fd);
        }
    }
}


static void
loop(void)
{
    int                 i, n;
    struct epoll_event  events[EVENTS];

    for ( ;; ) {
        n = epoll_wait(self.ep, events, EVENTS, 1);

        if (signalled) {
            report();

            if (signalled != SIGUSR1) {
                return;
            }

            self.steady = 1;
            signalled = 0;
        }

        tick();

        for (i = 0; i < n; i++) {
            if (events[i].data.fd == self.listener) {
                conn_accept();

            } else if (self.conns[events[i].data.fd].open) {
                conn_read(events[i].data.fd);
            }
        }
    }
}


int
main(int argc, char **argv)
{
    int        on;
    address_t  address;

    if (argc < 2 || argc > 3 || address_parse(&address, argv[1]) != 0) {
        fprintf(stderr, "usage: crowd address:port [close]\n");
        return 2;
    }

    self.closes = argc == 3;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGUSR1, on_signal);
    signal(SIGTERM, on_signal);

    self.ep = epoll_create1(EPOLL_CLOEXEC);
    self.listener = socket(address.u.any.sa_family,
                           SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);

    on = 1;
    setsockopt(self.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

    if (bind(self.listener, &address.u.any, address.len) == -1
        || listen(self.listener, BACKLOG) == -1)
    {
        die("bind");
    }

    watch(self.listener, EPOLLIN);
    loop();

    return 0;
}
