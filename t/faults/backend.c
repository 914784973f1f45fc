/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/faults/backend.c: the servers.  A connection has one call at a time, and of
 * each no more bytes are read, and of its reply no more are written, than its
 * case says.  The first attempt of a call meets the fault; another one is
 * answered, unless the case says always.
 *
 * What a call is can be seen before it is read: MSG_PEEK.
 */

#include "faults.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>


#define PREFIX        256       /* bytes of a call that say all of it */
#define PEEK       262144
#define BACKLOG      4096
#define FEW_BYTES  131072       /* receive buffer where calls are large */
#define SLOW_PARTS     20       /* of a large call, one each ms */
#define LATER_MS        3
#define ACCEPT_MS      50       /* for which a slow server does not read */
#define CONNECTS        6       /* more than a backlog of 0 takes */
#define GARBAGE        24
#define MAX_PIPELINE   32       /* calls on one connection */
#define ALL      SIZE_MAX


typedef struct listener_s  listener_t;
typedef struct conn_s      conn_t;

struct listener_s {
    source_t       source;
    place_e        place;
    unsigned       accepted;
};

struct conn_s {
    source_t       source;      /* fd -1: it is closed */
    conn_t        *next;        /* of all, see backend_tick() */
    conn_t       **link;

    int            stalled;     /* nothing is read or written any more */
    int            tainted;     /* something wrong was sent */

    call_t        *call;        /* NULL: the next one is awaited */
    message_t      request;
    const case_t  *fault;       /* of the call; NULL: it is answered */
    uint32_t       before[MAX_PIPELINE];    /* the calls before it, a ring */
    unsigned       nbefore;     /* ever */
    size_t         left;        /* bytes of the call that are read now */
    size_t         rest;        /* and after that, or never */
    size_t         read_step;   /* bytes each ms; ALL: as they come */

    buf_t          out;
    size_t         write_step;  /* bytes, and one each ms after them */
    uint64_t       paced_at;    /* when the next part is due, ms */
    uint64_t       due;         /* nothing is done before, ms; 0: it may be */
    void         (*sent)(conn_t *c);
};


static conn_t   *conns;


static void conn_process(conn_t *c);


/* --- connections -------------------------------------------------------- */

static void
conn_close(conn_t *c, int reset)
{
    if (c->source.fd == -1) {
        return;
    }

    socket_close(c->source.fd, reset);
    c->source.fd = -1;

    *c->link = c->next;

    if (c->next) {
        c->next->link = c->link;
    }

    buf_free(&c->out);
    discard(c);
}


/*
 * Calls that are on a connection where nothing is read any more, or whose
 * server does not end as it should.
 */

static void
conn_taint_unread(conn_t *c)
{
    size_t          pos;
    ssize_t         n;
    message_t       m;
    static uint8_t  buf[PEEK];

    n = recv(c->source.fd, buf, PEEK, MSG_PEEK|MSG_DONTWAIT);

    for (pos = c->left + c->rest; n > 0 && pos < (size_t) n; pos += m.len) {
        if (request_read(buf + pos, (size_t) n - pos, &m) != WIRE_OK) {
            return;
        }

        calls[m.id].tainted++;
    }
}


/* A reset takes back replies that were not read, those of other calls, too. */

static void
conn_taint_before(conn_t *c)
{
    unsigned  i;

    for (i = 0; i < MAX_PIPELINE && i < c->nbefore; i++) {
        calls[c->before[i]].tainted++;
    }
}


static void
conn_end(conn_t *c, int reset)
{
    if (conf.pipeline) {
        conn_taint_before(c);
    }

    conn_taint_unread(c);
    conn_close(c, reset);
}


static void
conn_stall(conn_t *c)
{
    c->stalled = 1;
    conn_taint_unread(c);
}


static void
conn_half_close(conn_t *c)
{
    shutdown(c->source.fd, SHUT_WR);
    conn_stall(c);
}


/* The next call is read when what follows was sent. */

static void
conn_next(conn_t *c)
{
    c->before[c->nbefore++ % MAX_PIPELINE] = (uint32_t) (c->call - calls);

    c->call = NULL;
    c->fault = NULL;
    c->sent = NULL;
}


static void
conn_flush(conn_t *c)
{
    size_t   size;
    ssize_t  n;

    size = c->out.len - c->out.pos;
    size = size < c->write_step ? size : c->write_step;

    if (size) {
        n = send(c->source.fd, c->out.data + c->out.pos, size,
                 MSG_NOSIGNAL|MSG_DONTWAIT);

        if (n != (ssize_t) size) {
            conn_end(c, 0);     /* the proxy has closed it */
            return;
        }

        c->out.pos += size;
        c->write_step = 1;
    }

    if (c->out.pos == c->out.len) {
        c->out.pos = c->out.len = 0;
        c->write_step = ALL;

        if (c->sent) {
            c->sent(c);
        }
    }
}


/* --- what is wrong ------------------------------------------------------ */

static void
add_garbage(buf_t *b, size_t n)
{
    while (n--) {
        buf_add(b, "\xff", 1);
    }
}


static void
add_reply(conn_t *c, int32_t seqid, const char *name)
{
    reply_write(&c->out, (uint32_t) (c->call - calls), c->request.format,
                seqid, name);
}


static void
add_right(conn_t *c)
{
    add_reply(c, c->request.head.seqid, kind_name(c->call->kind));
}


/*
 * In place of a reply, or behind all of one, or behind a part that lacks n
 * bytes: what comes in their place makes it no reply, whatever follows.
 */

static void
add_wrong(conn_t *c, does_e does, size_t n)
{
    c->tainted = 1;

    add_garbage(&c->out, n);

    switch (does) {

    case DOES_GARBAGE:
        add_garbage(&c->out, GARBAGE);
        return;

    case DOES_SEQID:
        add_reply(c, c->request.head.seqid ^ 0x5a5a, kind_name(c->call->kind));
        return;

    case DOES_NAME:
        add_reply(c, c->request.head.seqid, "other");
        return;

    default:                    /* DOES_TWICE, DOES_LATER */
        add_right(c);
    }
}


/* What ends all that a connection does. */

static void
conn_break(conn_t *c)
{
    switch (c->fault->does) {

    case DOES_CLOSE:
    case DOES_RESET:
        conn_end(c, c->fault->does == DOES_RESET);
        return;

    case DOES_HALF:
        conn_half_close(c);
        return;

    default:                    /* DOES_STALL */
        conn_stall(c);
    }
}


static int
breaks(does_e does)
{
    return does == DOES_CLOSE || does == DOES_RESET || does == DOES_STALL
           || does == DOES_HALF;
}


static void
conn_send_later(conn_t *c)
{
    add_right(c);
    c->tainted = 1;
    c->due = now_ms() + LATER_MS;
    c->sent = conn_next;
}


/* --- replies ------------------------------------------------------------ */

/* So many bytes of the reply, and then the fault. */

static void
conn_reply_wrongly(conn_t *c)
{
    size_t  size, n;
    does_e  does;

    does = c->fault->does;

    add_right(c);

    size = c->out.len;
    n = at_bytes(c->fault->at, size);

    if (does == DOES_SLOW) {
        c->write_step = n ? n : 1;
        c->paced_at = now_ms();
        return;
    }

    c->out.len = n;

    if (breaks(does)) {
        c->sent = conn_break;
        return;
    }

    if (does == DOES_LATER) {
        c->sent = conn_send_later;
        return;
    }

    add_wrong(c, does, size - n);
}


static void
conn_reply(conn_t *c)
{
    c->sent = conn_next;

    if (c->fault && c->fault->when == WHEN_REPLY) {
        conn_reply_wrongly(c);

    } else if (c->call->kind != KIND_TELL) {
        add_right(c);
    }

    conn_flush(c);
}


/* The fault comes when so many bytes of the call were read. */

static void
conn_fault(conn_t *c)
{
    does_e  does;

    does = c->fault->does;

    if (breaks(does)) {
        conn_break(c);
        return;
    }

    if (does == DOES_SLOW) {
        c->left = c->rest;
        c->rest = 0;
        c->read_step = 1 + c->left / SLOW_PARTS;
        c->paced_at = now_ms();
        c->fault = NULL;
        return;
    }

    if (does == DOES_LATER) {
        add_right(c);
        c->sent = conn_send_later;

    } else {
        if (does == DOES_TWICE) {
            add_right(c);
        }

        add_wrong(c, does, 0);
        c->sent = conn_next;
    }

    c->call->executed += c->rest != 0;
    conn_flush(c);
}


/* --- calls -------------------------------------------------------------- */

static void
conn_begin(conn_t *c)
{
    size_t         n;
    const case_t  *planned;

    c->call = &calls[c->request.id];
    c->call->tainted += (unsigned) c->tainted;

    planned = c->call->planned;

    c->fault = planned && planned->when >= WHEN_REQUEST
               && (planned->always || c->call->seen == 0) ? planned : NULL;

    c->call->seen++;

    n = c->request.len;

    c->left = c->fault && c->fault->when == WHEN_REQUEST
              ? at_bytes(c->fault->at, n) : n;
    c->rest = n - c->left;
    c->read_step = ALL;
}


/* 1: a call has begun. */

static int
conn_peek(conn_t *c)
{
    int       rc;
    ssize_t   n;
    uint8_t   prefix[PREFIX];

    n = recv(c->source.fd, prefix, PREFIX, MSG_PEEK|MSG_DONTWAIT);

    if (n == -1 && errno == EAGAIN) {
        return 0;
    }

    if (n <= 0) {
        conn_close(c, 0);
        return 0;
    }

    rc = request_read(prefix, (size_t) n, &c->request);

    if (rc == WIRE_ERROR) {
        violation("a server gets what is no call");
        conn_close(c, 0);
    }

    if (rc != WIRE_OK) {
        return 0;
    }

    conn_begin(c);

    return 1;
}


/* 1: all that is to be read of the call was. */

static int
conn_read(conn_t *c)
{
    size_t          size;
    ssize_t         n;
    static uint8_t  buf[PEEK];

    while (c->left) {
        size = c->left < PEEK ? c->left : PEEK;
        size = size < c->read_step ? size : c->read_step;

        n = recv(c->source.fd, buf, size, MSG_DONTWAIT);

        if (n == -1 && errno == EAGAIN) {
            return 0;
        }

        if (n <= 0) {
            conn_close(c, 0);
            return 0;
        }

        c->left -= (size_t) n;

        if (c->read_step != ALL && c->left) {
            c->due = ++c->paced_at;
            return 0;
        }
    }

    return 1;
}


/* What was read is a part of a call, all of it, or the part behind a fault. */

static void
conn_was_read(conn_t *c)
{
    if (c->rest == 0) {
        c->call->executed++;
    }

    if (c->fault && c->fault->when == WHEN_REQUEST) {
        conn_fault(c);
        return;
    }

    conn_reply(c);
}


/* Bytes of a call that was answered before it was there are dropped. */

static int
conn_drop(conn_t *c)
{
    if (c->call || c->rest == 0) {
        return 1;
    }

    c->left = c->rest;
    c->read_step = ALL;

    if (!conn_read(c)) {
        c->rest = c->left;
        c->left = 0;
        return 0;
    }

    c->rest = 0;

    return 1;
}


static void
conn_process(conn_t *c)
{
    while (c->source.fd != -1 && !c->stalled && c->due == 0
           && c->out.len == 0)
    {
        if (c->call == NULL && (!conn_drop(c) || !conn_peek(c))) {
            return;
        }

        if (!conn_read(c)) {
            return;
        }

        conn_was_read(c);
    }
}


static void
conn_event(source_t *source, uint32_t events)
{
    char     byte;
    conn_t  *c;

    c = (conn_t *) source;

    if (c->source.fd == -1) {
        return;
    }

    if (events & (EPOLLERR|EPOLLHUP)) {
        conn_close(c, 0);
        return;
    }

    if (!c->stalled) {
        conn_process(c);
        return;
    }

    conn_taint_unread(c);

    if (events & EPOLLRDHUP
        || recv(c->source.fd, &byte, 1, MSG_PEEK|MSG_DONTWAIT) == 0)
    {
        conn_close(c, 0);
    }
}


/* As many parts as are due: the machine may be slow, the server is not. */

static void
conn_send_due(conn_t *c, uint64_t now)
{
    do {
        c->paced_at++;
        conn_flush(c);
    } while (c->source.fd != -1 && c->out.len && c->due == 0
             && c->paced_at <= now);
}


static void
conn_read_due(conn_t *c, uint64_t now)
{
    do {
        c->due = 0;
        conn_process(c);
    } while (c->source.fd != -1 && c->due != 0 && c->due <= now);
}


void
backend_tick(uint64_t now)
{
    conn_t  *c, *next;

    for (c = conns; c; c = next) {
        next = c->next;

        if (c->stalled || now < c->due || (c->due == 0 && c->out.len == 0)) {
            continue;
        }

        c->due = 0;

        if (c->out.len) {
            conn_send_due(c, now);
        }

        if (c->source.fd != -1 && c->due <= now) {
            conn_read_due(c, now);
        }
    }
}


/* --- accepting ---------------------------------------------------------- */

/* The fault comes before any call. */

static void
conn_speak(conn_t *c, does_e does, unsigned number)
{
    const char     *name;
    wire_format_t   format;

    format.framed = number % 2;
    format.protocol = number / 2 % 2 ? WIRE_BINARY : WIRE_COMPACT;
    name = does == DOES_NAME ? "other" : "get";

    c->tainted = 1;

    switch (does) {

    case DOES_GARBAGE:
        add_garbage(&c->out, GARBAGE);
        break;

    case DOES_TWICE:
    case DOES_LATER:
        reply_write(&c->out, 0, format, 1, name);
        break;

    default:
        break;
    }

    reply_write(&c->out, 0, format, 1, name);

    c->due = does == DOES_LATER ? now_ms() + LATER_MS : 0;

    if (c->due == 0) {
        conn_flush(c);
    }
}


static void
conn_greet(conn_t *c, const listener_t *l)
{
    does_e  does;

    does = l->place >= PLACE_ACCEPT ? l->place - PLACE_ACCEPT : DOES_GOOD;

    switch (does) {

    case DOES_GOOD:
        return;

    case DOES_CLOSE:
    case DOES_RESET:
        conn_close(c, does == DOES_RESET);
        return;

    case DOES_STALL:
        conn_stall(c);
        return;

    case DOES_HALF:
        conn_half_close(c);
        return;

    case DOES_SLOW:
        c->due = now_ms() + ACCEPT_MS;
        return;

    default:
        conn_speak(c, does, l->accepted);
    }
}


static void
listener_event(source_t *source, uint32_t events)
{
    int          fd, on;
    conn_t      *c;
    listener_t  *l;

    (void) events;

    l = (listener_t *) source;

    for ( ;; ) {
        fd = accept4(l->source.fd, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC);
        if (fd == -1) {
            return;
        }

        on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

        c = calloc(1, sizeof(conn_t));
        if (c == NULL) {
            die("calloc");
        }

        c->source.fd = fd;
        c->source.event = conn_event;
        c->write_step = ALL;

        c->next = conns;
        c->link = &conns;
        conns = c;

        if (c->next) {
            c->next->link = &c->next;
        }

        l->accepted++;

        watch(&c->source, EPOLLIN|EPOLLRDHUP|EPOLLET);
        conn_greet(c, l);
    }
}


static void
server_address(struct sockaddr_in *sin, place_e place, unsigned number)
{
    memset(sin, 0, sizeof(struct sockaddr_in));
    sin->sin_family = AF_INET;
    sin->sin_addr.s_addr = htonl(127U << 24 | 2U << 16
                                 | (uint32_t) place << 8 | number);
    sin->sin_port = htons(conf.backend);
}


static int
server_listen(place_e place, unsigned number, int backlog)
{
    int                 fd, on, few;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);
    if (fd == -1) {
        die("socket");
    }

    on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

    if (place == PLACE_LARGE) {
        few = FEW_BYTES;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof(few));
    }

    server_address(&sin, place, number);

    if (bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
        || listen(fd, backlog) == -1)
    {
        die("bind");
    }

    return fd;
}


static void
server_start(place_e place, unsigned number)
{
    listener_t  *l;

    l = calloc(1, sizeof(listener_t));
    if (l == NULL) {
        die("calloc");
    }

    l->source.fd = server_listen(place, number, BACKLOG);
    l->source.event = listener_event;
    l->place = number == GOOD_SERVER ? PLACE_PLAIN : place;

    watch(&l->source, EPOLLIN);
}


/* It never accepts, and its backlog is full: no further connection comes. */

static void
server_stall(place_e place)
{
    int                 i, fd;
    struct sockaddr_in  sin;

    (void) server_listen(place, 1, 0);

    server_address(&sin, place, 1);

    for (i = 0; i < CONNECTS; i++) {
        fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);
        (void) connect(fd, (struct sockaddr *) &sin, sizeof(sin));
    }
}


void
backend_init(void)
{
    int  i;

    for (i = 1; i <= PLAIN_SERVERS; i++) {
        server_start(PLACE_PLAIN, i);
    }

    for (i = 1; i <= LARGE_SERVERS; i++) {
        server_start(PLACE_LARGE, i);
    }

    server_start(PLACE_REFUSED, GOOD_SERVER);
    server_start(PLACE_STALLED, GOOD_SERVER);

    server_stall(PLACE_STALLED);
    server_stall(PLACE_STALLED_ALONE);

    for (i = DOES_CLOSE; i < DOES_LAST; i++) {
        server_start(PLACE_ACCEPT + i, 1);
        server_start(PLACE_ACCEPT + i, GOOD_SERVER);
    }
}
