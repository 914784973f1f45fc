/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/backend.c: the servers of all configurations: one process, that
 * listens for each of them on addresses of their own, 127.variant.x.y.  It
 * counts each call, and answers those of a connection in their order, each as
 * late as the call says.
 */

#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>


#define EVENTS       512
#define BACKLOG      512
#define READ_ROOM  65536
#define MAX_DUE       16        /* replies of a connection that are due */


typedef struct {
    size_t      end;            /* in the reply bytes, ever */
    uint64_t    at;
} due_t;


/* By descriptor; a listening one has no connection. */

typedef struct {
    answer_t    answer;
    int         listens;
    int         open;

    unsigned    head;           /* of the ring of replies */
    unsigned    ndue;
    due_t       due[MAX_DUE];

    size_t      written;        /* bytes of replies, ever */
    size_t      sent;
    buf_t       in;
    buf_t       out;
} conn_t;


static struct {
    int         ep;
    conn_t     *conns;
    int         nconns;
    int         last;           /* the largest descriptor */
} self;


static conn_t *
conn_at(int fd)
{
    int  n;

    if (fd >= self.nconns) {
        n = 2 * fd + 64;
        self.conns = realloc(self.conns, (size_t) n * sizeof(conn_t));

        if (self.conns == NULL) {
            die("realloc");
        }

        memset(self.conns + self.nconns, 0,
               (size_t) (n - self.nconns) * sizeof(conn_t));
        self.nconns = n;
    }

    self.last = fd > self.last ? fd : self.last;

    return &self.conns[fd];
}


static void
watch(int fd)
{
    struct epoll_event  ev;

    ev.events = EPOLLIN;
    ev.data.fd = fd;

    if (epoll_ctl(self.ep, EPOLL_CTL_ADD, fd, &ev) == -1) {
        die("epoll_ctl");
    }
}


static void
listen_at(unsigned generation, unsigned variant)
{
    int                 fd, on;
    conn_t             *c;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);
    if (fd == -1) {
        die("socket");
    }

    on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(127U << 24 | (1 + variant) << 16 | generation);
    sin.sin_port = htons(conf.backend);

    if (bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
        || listen(fd, BACKLOG) == -1)
    {
        die("bind");
    }

    c = conn_at(fd);
    c->listens = 1;
    c->answer.generation = generation;
    c->answer.variant = variant;

    watch(fd);
}


static void
conn_accept(int listener)
{
    int      fd, on;
    conn_t  *c;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC))
           != -1)
    {
        on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

        c = conn_at(fd);
        memset(c, 0, sizeof(conn_t));
        c->answer = self.conns[listener].answer;
        c->open = 1;

        watch(fd);
    }
}


static void
conn_close(int fd)
{
    conn_t  *c;

    c = &self.conns[fd];

    buf_free(&c->in);
    buf_free(&c->out);
    c->open = 0;

    close(fd);
}


/* 1: it is a call that a client has made. */

static int
is_right(const message_t *m)
{
    uint32_t  id;

    id = (uint32_t) m->numbers[1];

    return m->head.type == WIRE_CALL
           && id < MAX_CALLS
           && m->text_id == 4
           && m->numbers[3] >= ANSWER_HEAD
           && is_filled(m->text.data, m->text.len, id);
}


static void
answer_call(conn_t *c, const message_t *m)
{
    due_t     *d;
    uint64_t   before;

    __atomic_fetch_add(&counts[m->numbers[1]], 1, __ATOMIC_RELAXED);

    before = c->ndue ? c->due[(c->head + c->ndue - 1) % MAX_DUE].at : 0;

    d = &c->due[(c->head + c->ndue++) % MAX_DUE];

    c->written -= c->out.len;
    reply_write(&c->out, m, &c->answer);
    c->written += c->out.len;

    d->end = c->written;
    d->at = clock_ns() + (uint32_t) m->numbers[2] * MILLISECOND;
    d->at = d->at > before ? d->at : before;
}


/* OK, or ERROR: what it cannot read it closes. */

static int
conn_answer(conn_t *c)
{
    int        rc;
    message_t  m;

    while (c->in.pos != c->in.len && c->ndue < MAX_DUE) {

        rc = message_read(c->in.data + c->in.pos, c->in.len - c->in.pos, &m);

        if (rc == WIRE_AGAIN) {
            break;
        }

        if (rc == WIRE_ERROR || !is_right(&m)) {
            fprintf(stderr, "a backend cannot read a call\n");
            return WIRE_ERROR;
        }

        answer_call(c, &m);

        c->in.pos += m.len;
    }

    buf_compact(&c->in);

    return WIRE_OK;
}


static int
conn_read(int fd)
{
    ssize_t   n;
    conn_t   *c;

    c = &self.conns[fd];

    buf_reserve(&c->in, READ_ROOM);

    n = recv(fd, c->in.data + c->in.len, READ_ROOM, 0);

    if (n == -1 && errno == EAGAIN) {
        return WIRE_OK;
    }

    if (n <= 0) {
        return WIRE_ERROR;
    }

    c->in.len += (size_t) n;

    return conn_answer(c);
}


/* What is due by now. */

static size_t
due_bytes(conn_t *c, uint64_t now)
{
    size_t  end;

    end = c->sent;

    while (c->ndue && c->due[c->head].at <= now) {
        end = c->due[c->head].end;

        if (c->sent < end) {
            break;
        }

        c->head = (c->head + 1) % MAX_DUE;
        c->ndue--;
    }

    return end - c->sent;
}


static int
conn_send(int fd, uint64_t now)
{
    size_t    size;
    ssize_t   n;
    conn_t   *c;

    c = &self.conns[fd];

    while ((size = due_bytes(c, now)) != 0) {
        n = send(fd, c->out.data + c->out.pos, size, MSG_NOSIGNAL);

        if (n == -1) {
            return errno == EAGAIN ? WIRE_OK : WIRE_ERROR;
        }

        c->out.pos += (size_t) n;
        c->sent += (size_t) n;
    }

    if (c->out.pos == c->out.len) {
        c->out.pos = 0;
        c->out.len = 0;
    }

    return conn_answer(c);
}


static void
backend_event(int fd)
{
    if (self.conns[fd].listens) {
        conn_accept(fd);

    } else if (self.conns[fd].open && conn_read(fd) != WIRE_OK) {
        conn_close(fd);
    }
}


static int
backend_tick(uint64_t now)
{
    int  fd, waiting;

    waiting = 0;

    for (fd = 0; fd <= self.last; fd++) {
        if (!self.conns[fd].open || self.conns[fd].ndue == 0) {
            continue;
        }

        if (conn_send(fd, now) != WIRE_OK) {
            conn_close(fd);
            continue;
        }

        waiting |= self.conns[fd].ndue != 0;
    }

    return waiting;
}


void
backend_main(int ready)
{
    int                 i, n, waiting;
    unsigned            generation, variant;
    struct epoll_event  events[EVENTS];

    prctl(PR_SET_PDEATHSIG, SIGKILL);

    self.ep = epoll_create1(EPOLL_CLOEXEC);

    for (generation = 1; generation <= conf.generations; generation++) {
        if (conf.hosted == 0) {
            listen_at(generation, NO_VARIANT);
            continue;
        }

        for (variant = 0; variant < VARIANTS; variant++) {
            listen_at(generation, variant);
        }
    }

    if (write(ready, "", 1) != 1) {
        die("write");
    }

    waiting = 0;

    for ( ;; ) {
        n = epoll_wait(self.ep, events, EVENTS, waiting ? 1 : -1);

        for (i = 0; i < n; i++) {
            backend_event(events[i].data.fd);
        }

        waiting = backend_tick(clock_ns());
    }
}
