/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/backend.c: servers that misbehave as planned.  One process, one
 * thread, a listener for each server.  They note every call they get, and
 * verify that its bytes are those that the client was to send.
 *
 * A connection has one call at a time, as a real server's thread does: what
 * comes behind it waits until it is answered.
 */

#include "chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>


#define EVENTS        512
#define READ_ROOM   65536
#define COMPLAINTS      5       /* of each kind, in words */
#define SLICE_MS      500       /* how often a server may crash */
#define NO_LIMIT  SIZE_MAX

#define KIND_SLICE    100
#define KIND_GARBAGE  101
#define KIND_NOISE    102


typedef struct {
    int            fd;          /* -1: this slot is free */
    unsigned       backend;
    conn_plan_e    plan;
    int            eof;
    int            stalled;     /* reads no further call */
    int            polluted;    /* something unasked was sent */

    buf_t          in;
    buf_t          out;
    size_t         limit;       /* bytes of out that may be sent by now */
    size_t         piece;       /* it grows by this */
    uint64_t       due;         /* when, ms; 0: it does not */

    uint32_t       id;          /* of the call that is answered, or NO_ID */
    uint32_t       stalled_id;  /* of the one that never is */
    uint32_t       answered_id; /* of the one that was answered last */
    action_e       action;

    buf_t          later;       /* goes out before the next reply */
    buf_t          late;        /* goes out at late_due */
    uint64_t       late_due;
    uint64_t       idle_due;    /* the connection's own fault */
} conn_t;


typedef struct {
    int            fd;
    unsigned       accepted;
    uint64_t       down;        /* until when it does not listen */
} listener_t;


static struct {
    int            ep;
    conn_t        *conns;       /* by fd */
    int            nconns;
    int            top;         /* no connection beyond */
    listener_t     listeners[MAX_BACKENDS + 1];
    unsigned       nlisteners;
    uint64_t       begin;
    uint64_t       slice;
    rng_t          noise;
} self;


static void conn_flush(conn_t *c);
static void conn_process(conn_t *c);


static void
complain(uint64_t *counter, const message_t *m, const char *fmt, ...)
{
    size_t   n;
    va_list  args;

    if ((*counter)++ >= COMPLAINTS) {
        return;
    }

    n = strlen(shared->error);

    va_start(args, fmt);
    vsnprintf(shared->error + n, sizeof(shared->error) - n, fmt, args);
    va_end(args);

    n = strlen(shared->error);

    snprintf(shared->error + n, sizeof(shared->error) - n, " (%s) %s; ",
             m->error ? m->error : "no error", m->hex);
}


static void
backend_listen(unsigned i)
{
    int                 fd, on;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, 0);
    on = 1;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sin.sin_port = htons(i < conf.nbackends ? conf.backends[i] : conf.noisy);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

    if (fd == -1 || bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
        || listen(fd, 4096) == -1)
    {
        perror("backend");
        exit(2);
    }

    self.listeners[i].fd = fd;
    self.listeners[i].down = 0;

    struct epoll_event  ev = { .events = EPOLLIN,
                               .data.u64 = 1ULL << 32 | i };

    epoll_ctl(self.ep, EPOLL_CTL_ADD, fd, &ev);
}


static void
conn_close(conn_t *c, int reset)
{
    socket_close(c->fd, reset);
    c->fd = -1;

    buf_free(&c->in);
    buf_free(&c->out);
    buf_free(&c->later);
    buf_free(&c->late);
}


static void
conn_taint(const conn_t *c)
{
    if (c->id != NO_ID) {
        shared->seen[c->id] |= SEEN_TAINTED;
    }

    if (c->stalled_id != NO_ID) {
        shared->seen[c->stalled_id] |= SEEN_TAINTED;
    }
}


/*
 * The server's own doing: what it was about to answer need not arrive, nor
 * what the kernel still holds when a reset throws it away.
 */

static void
conn_kill(conn_t *c, int reset)
{
    int  unsent;

    conn_taint(c);

    if (c->answered_id != NO_ID
        && ioctl(c->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0)
    {
        shared->seen[c->answered_id] &= (uint8_t) ~SEEN_ANSWERED;
        shared->seen[c->answered_id] |= SEEN_TAINTED;
    }

    conn_close(c, reset);
}


static conn_t *
conn_init(int fd, unsigned backend, conn_plan_e plan)
{
    int      on;
    conn_t  *c;

    c = &self.conns[fd];

    memset(c, 0, sizeof(conn_t));
    c->fd = fd;
    c->backend = backend;
    c->plan = plan;
    c->id = NO_ID;
    c->stalled_id = NO_ID;
    c->answered_id = NO_ID;

    if (fd >= self.top) {
        self.top = fd + 1;
    }

    on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

    return c;
}


/* What the connection's plan says for its beginning. */

static void
conn_begin(conn_t *c, uint64_t now)
{
    uint32_t  events;

    events = EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET;

    switch (c->plan) {
    case CONN_CLOSE:
    case CONN_RESET:
        conn_close(c, c->plan == CONN_RESET);
        return;

    case CONN_DEAF:
        events = EPOLLRDHUP;
        break;

    case CONN_NORMAL:
        break;

    case CONN_SPEAKS:
        c->polluted = 1;
        (void) !write(c->fd, "\x13\x37\xff\x00 hello", 10);
        break;

    case CONN_IDLE_CLOSE:
    case CONN_IDLE_RESET:
    case CONN_IDLE_SPEAKS:
        c->idle_due = now + 5 + self.listeners[c->backend].accepted * 37 % 800;
        break;
    }

    struct epoll_event  ev = { .events = events,
                               .data.u64 = (uint64_t) c->fd };

    epoll_ctl(self.ep, EPOLL_CTL_ADD, c->fd, &ev);
}


static void
backend_accept(unsigned i, uint64_t now)
{
    int          fd;
    listener_t  *l;
    conn_plan_e  plan;

    l = &self.listeners[i];

    for ( ;; ) {
        fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd == -1) {
            return;
        }

        if (fd >= self.nconns) {
            close(fd);
            continue;
        }

        shared->accepted++;

        plan = i < conf.nbackends ? plan_conn(i, l->accepted++)
                                  : CONN_NORMAL;

        conn_begin(conn_init(fd, i, plan), now);
    }
}


/* --- replies ------------------------------------------------------------ */

static void
add_random(buf_t *b, uint32_t id, unsigned n)
{
    rng_t    rng;
    uint8_t  byte;

    for (rng = rng_init(KIND_GARBAGE, id, 0); n; n--) {
        byte = (uint8_t) rng_next(&rng);
        buf_add(b, &byte, 1);
    }
}


static void
add_right(buf_t *b, const plan_t *plan, const message_t *m)
{
    message_text(b, m->format, WIRE_REPLY, plan->method, m->head.seqid, 0,
                 plan->id, 1, plan->reply);
}


static void
add_wrong(buf_t *b, const plan_t *plan, const message_t *m, int type,
    const char *name, int32_t seqid)
{
    message_text(b, m->format, type, name, seqid, 0, plan->id, 1,
                 plan->reply);
}


/* A reply of which only the head is right; the body is set by hand. */

static void
add_body(buf_t *b, const plan_t *plan, const message_t *m,
    const char *body, size_t n, unsigned times, unsigned stops)
{
    size_t       start;
    wire_head_t  head;

    start = b->len;
    buf_reserve(b, 256);

    head.type = WIRE_REPLY;
    head.seqid = m->head.seqid;
    head.name.data = (const uint8_t *) plan->method;
    head.name.len = (uint32_t) strlen(plan->method);

    b->len += m->format.framed ? WIRE_FRAME : 0;
    b->len = (size_t) (wire_write_head(b->data + b->len, m->format.protocol,
                                       &head) - b->data);

    while (times--) {
        buf_add(b, body, n);
    }

    while (stops--) {
        buf_add(b, "", 1);
    }

    if (m->format.framed) {
        message_frame(b, start);
    }
}


static void
add_huge(buf_t *b, const plan_t *plan, const message_t *m)
{
    size_t  start;

    start = b->len;

    if (m->format.protocol == WIRE_BINARY) {
        add_body(b, plan, m, "\13\0\0\x7f\xff\xff\xff some", 12, 1, 0);
    } else {
        add_body(b, plan, m, "\x08\0\xff\xff\xff\xff\x07 some", 12, 1, 0);
    }

    if (m->format.framed) {
        memcpy(b->data + start, "\x7f\xff\xff\xff", 4);
    }
}


/* All of the wrong replies that are no right one with something behind it. */

static void
add_malformed(buf_t *b, const plan_t *plan, const message_t *m)
{
    int  compact;

    compact = m->format.protocol == WIRE_COMPACT;

    switch (plan->action) {

    case ACTION_RANDOM:
        add_random(b, plan->id, 1 + plan->piece % 300);
        return;

    case ACTION_HUGE:
        add_huge(b, plan, m);
        return;

    case ACTION_TRUNCATED:
        if (compact) {
            add_body(b, plan, m, "\x15\2\x15", 3, 1, 0);
        } else {
            add_body(b, plan, m, "\10\0\1\0\0", 5, 1, 0);
        }
        return;

    case ACTION_TRAILING:
        add_body(b, plan, m, "", 1, 1 + plan->delay, 0);
        return;

    case ACTION_SEQID:
        add_wrong(b, plan, m, WIRE_REPLY, plan->method,
                  m->head.seqid + 1000);
        return;

    case ACTION_NAME:
        add_wrong(b, plan, m, WIRE_REPLY, "other", m->head.seqid);
        return;

    case ACTION_TYPE:
        add_wrong(b, plan, m, WIRE_CALL, plan->method, m->head.seqid);
        return;

    case ACTION_TTYPE:
        add_body(b, plan, m, compact ? "\x1e" : "\x63\0\1", compact ? 1 : 3,
                 1, 1);
        return;

    case ACTION_DEEP:
        add_body(b, plan, m, compact ? "\x1c" : "\14\0\1", compact ? 1 : 3,
                 100, 101);
        return;

    default:
        abort();
    }
}


/* The reply as planned, or nothing. */

static void
add_reply(buf_t *b, const plan_t *plan, const message_t *m)
{
    char  text[64];

    switch (plan->action) {

    case ACTION_GOOD:
    case ACTION_SLOW:
    case ACTION_DELAY:
    case ACTION_CLOSE_AFTER:
    case ACTION_RESET_AFTER:
    case ACTION_HALF_AFTER:
    case ACTION_CLOSE_MID:
    case ACTION_RESET_MID:
    case ACTION_STALL_MID:
    case ACTION_BEHIND:
    case ACTION_TWICE:
    case ACTION_TWICE_LATER:
    case ACTION_TWICE_DELAYED:
        add_right(b, plan, m);
        return;

    case ACTION_EXCEPTION:
        snprintf(text, sizeof(text), "server's exception %08x", plan->id);
        message_exception(b, m->format, plan->method, m->head.seqid, text);
        return;

    case ACTION_CLOSE:
    case ACTION_RESET:
    case ACTION_HALF:
    case ACTION_STALL:
        return;

    case ACTION_RANDOM:
    case ACTION_HUGE:
    case ACTION_TRUNCATED:
    case ACTION_TRAILING:
    case ACTION_SEQID:
    case ACTION_NAME:
    case ACTION_TYPE:
    case ACTION_TTYPE:
    case ACTION_DEEP:
        add_malformed(b, plan, m);
        return;

    case ACTION_LAST:
        abort();
    }
}


/* What nobody asked for, beside a right reply: now, soon or with the next. */

static void
conn_add_unasked(conn_t *c, const plan_t *plan, const message_t *m,
    uint64_t now)
{
    switch (plan->action) {

    case ACTION_BEHIND:
        buf_add(&c->out, "\x13\x37 behind", 9);
        return;

    case ACTION_TWICE:
        add_right(&c->out, plan, m);
        return;

    case ACTION_TWICE_LATER:
        add_right(&c->later, plan, m);
        return;

    case ACTION_TWICE_DELAYED:
        c->late.pos = c->late.len = 0;
        add_right(&c->late, plan, m);
        c->late_due = now + 1 + plan->delay / 4;
        return;

    default:
        return;
    }
}


/* How much of what was added goes out at once, and when the rest does. */

static void
conn_pace(conn_t *c, const plan_t *plan, uint64_t now)
{
    buf_t  *b;

    b = &c->out;
    c->limit = NO_LIMIT;
    c->due = 0;

    switch (plan->action) {

    case ACTION_SLOW:
        c->limit = b->pos + plan->piece;
        c->piece = plan->piece;
        c->due = now + plan->delay / 4;
        return;

    case ACTION_DELAY:
        c->limit = 0;
        c->piece = NO_LIMIT / 2;
        c->due = now + plan->delay;
        return;

    case ACTION_CLOSE_MID:
    case ACTION_RESET_MID:
    case ACTION_STALL_MID:
        c->limit = b->pos + (b->len - b->pos) / 2;
        return;

    default:
        return;
    }
}


static void
conn_answer(conn_t *c, const plan_t *plan, const message_t *m, uint64_t now)
{
    c->id = plan->id;
    c->action = plan->action;

    if (c->later.len) {
        buf_add(&c->out, c->later.data, c->later.len);
        buf_free(&c->later);
    }

    add_reply(&c->out, plan, m);
    conn_add_unasked(c, plan, m, now);
    conn_pace(c, plan, now);
}


/* What follows when all of the reply that is to be sent was sent. */

static void
conn_half_close(conn_t *c)
{
    c->polluted = 1;
    shutdown(c->fd, SHUT_WR);
}


/* What is known of the call when its reply, right or wrong, was sent. */

static void
conn_note_sent(conn_t *c)
{
    c->answered_id = c->id;

    if (!(plan_fates(c->action) & (1U << FATE_REPLY | 1U << FATE_SERVER))) {
        c->polluted = 1;
        return;
    }

    shared->seen[c->id] |= c->polluted ? SEEN_TAINTED : SEEN_ANSWERED;
}


/* What follows when all of the reply that is to be sent was sent. */

static void
conn_answered(conn_t *c)
{
    switch (c->action) {

    case ACTION_CLOSE:
    case ACTION_CLOSE_MID:
        conn_close(c, 0);
        return;

    case ACTION_RESET:
    case ACTION_RESET_MID:
    case ACTION_RESET_AFTER:
        conn_close(c, 1);
        return;

    case ACTION_STALL:
    case ACTION_STALL_MID:
        c->stalled = 1;
        c->stalled_id = c->id;
        c->id = NO_ID;
        return;

    default:
        conn_note_sent(c);
        c->id = NO_ID;
    }

    switch (c->action) {

    case ACTION_CLOSE_AFTER:
        conn_close(c, 0);
        return;

    case ACTION_HALF:
    case ACTION_HALF_AFTER:
        conn_half_close(c);
        return;

    case ACTION_BEHIND:
        c->polluted = 1;
        return;

    default:
        return;
    }
}


static void
conn_oneway(conn_t *c, const plan_t *plan, const message_t *m)
{
    switch (plan->action) {

    case ACTION_CLOSE:
    case ACTION_CLOSE_AFTER:
        conn_close(c, 0);
        return;

    case ACTION_RESET:
    case ACTION_RESET_AFTER:
        conn_close(c, 1);
        return;

    case ACTION_HALF:
    case ACTION_HALF_AFTER:
        conn_half_close(c);
        return;

    case ACTION_STALL:
        c->stalled = 1;
        return;

    case ACTION_TWICE:
        add_right(&c->out, plan, m);
        return;

    case ACTION_TWICE_LATER:
        add_right(&c->later, plan, m);
        return;

    default:
        return;
    }
}


/* --- calls -------------------------------------------------------------- */

static int
str_is(const wire_str_t *s, const char *text)
{
    return s->len == strlen(text) && memcmp(s->data, text, s->len) == 0;
}


/* A reply that is mutated, and sometimes right, or none. */

static void
conn_noise(conn_t *c, const message_t *m, const char *name)
{
    size_t  start;

    if (m->head.type == WIRE_ONEWAY) {
        return;
    }

    start = c->out.len;
    c->limit = NO_LIMIT;
    c->due = 0;

    message_random(&c->out, m->format, WIRE_REPLY, name, m->head.seqid,
                   &self.noise);

    switch (rng_below(&self.noise, 40)) {

    case 0:
        conn_close(c, (int) rng_below(&self.noise, 2));
        return;

    case 1:
        c->out.len = start;
        c->stalled = 1;
        return;

    case 2: case 3: case 4: case 5: case 6: case 7:
        return;

    default:
        mutate(&c->out, start, &self.noise);
    }
}


/* A call of a mutant, of a stranger, or to the noisy server. */

static void
conn_stranger(conn_t *c, const message_t *m)
{
    char            name[1024];
    size_t          n;
    const uint8_t  *p;

    p = memchr(m->head.name.data, ':', m->head.name.len);
    p = p ? p + 1 : m->head.name.data;
    n = (size_t) (m->head.name.data + m->head.name.len - p);
    n = n < sizeof(name) ? n : sizeof(name) - 1;

    memcpy(name, p, n);
    name[n] = '\0';

    if (c->backend == conf.nbackends) {
        conn_noise(c, m, name);
        return;
    }

    shared->strangers++;

    if (m->head.type == WIRE_ONEWAY) {
        return;
    }

    c->limit = NO_LIMIT;
    message_exception(&c->out, m->format, name, m->head.seqid, "stranger");
}


static int
as_planned(const plan_t *plan, const message_t *m)
{
    return m->text_id == 1
           && plan->type == m->head.type
           && plan->format.protocol == m->format.protocol
           && plan->format.framed == m->format.framed
           && str_is(&m->head.name, plan->name)
           && message_intact(&m->text, plan->id, 0, plan->request);
}


/* Notes that the call came, once more. */

static void
conn_note_call(const conn_t *c, uint32_t id)
{
    uint8_t  *seen;

    seen = &shared->seen[id];

    if ((*seen & SEEN_COUNT) != SEEN_COUNT) {
        (*seen)++;
    }

    if (c->polluted) {
        *seen |= SEEN_TAINTED;
    }

    shared->executed++;
}


static void
conn_call(conn_t *c, const message_t *m, uint64_t now)
{
    plan_t    plan;
    uint32_t  id;

    buf_compact(&c->out);

    id = m->text_id == 1 ? message_owner(&m->text, 0) : NO_ID;

    if (id == NO_ID) {
        if (conf.mutants == 0 && conf.strangers == 0) {
            complain(&shared->corrupt, m, "nobody's call");
        }

        conn_stranger(c, m);
        return;
    }

    plan = plan_call(id);

    if (!as_planned(&plan, m)) {
        complain(&shared->corrupt, m, "call %08x is not as it was sent", id);
    }

    conn_note_call(c, id);

    if (plan.noise) {
        conn_stranger(c, m);
        return;
    }

    shared->actions[plan.action]++;

    if (plan.type == WIRE_ONEWAY) {
        conn_oneway(c, &plan, m);

    } else {
        conn_answer(c, &plan, m, now);
    }
}


static void
conn_process(conn_t *c)
{
    int             rc;
    message_t       m;
    const uint8_t  *p;

    while (c->fd != -1 && c->id == NO_ID && !c->stalled
           && c->in.pos != c->in.len)
    {
        p = c->in.data + c->in.pos;

        rc = message_read(p, c->in.len - c->in.pos, &m);

        if (rc == WIRE_AGAIN) {
            return;
        }

        if (rc == WIRE_ERROR) {
            complain(&shared->malformed, &m,
                     "a server got what is malformed");
            conn_kill(c, 0);
            return;
        }

        m.error = NULL;
        conn_call(c, &m, now_ms());

        if (c->fd != -1) {
            c->in.pos += m.len;
            conn_flush(c);
        }
    }
}


static void
conn_flush(conn_t *c)
{
    size_t   n;
    ssize_t  sent;

    for ( ;; ) {
        n = c->limit < c->out.len ? c->limit : c->out.len;

        if (c->out.pos >= n) {
            break;
        }

        sent = send(c->fd, c->out.data + c->out.pos, n - c->out.pos,
                    MSG_NOSIGNAL);

        if (sent == -1) {
            if (errno != EAGAIN) {
                conn_close(c, 0);
            }

            return;
        }

        c->out.pos += (size_t) sent;
    }

    if (c->due) {
        return;
    }

    c->out.pos = c->out.len = 0;
    c->limit = NO_LIMIT;

    if (c->out.size > READ_ROOM) {
        buf_free(&c->out);
    }

    if (c->id != NO_ID) {
        conn_answered(c);
    }
}


static void
conn_read(conn_t *c)
{
    ssize_t  n;

    if (c->plan == CONN_DEAF) {
        conn_close(c, 0);
        return;
    }

    for ( ;; ) {
        buf_compact(&c->in);
        buf_reserve(&c->in, READ_ROOM);

        n = recv(c->fd, c->in.data + c->in.len, READ_ROOM, 0);

        if (n > 0) {
            c->in.len += (size_t) n;
            continue;
        }

        if (n == -1 && errno == EAGAIN) {
            break;
        }

        c->eof = 1;
        break;
    }

    conn_process(c);

    /* the proxy waits for nothing more */

    if (c->fd != -1 && c->eof) {
        conn_close(c, 0);
        return;
    }

    if (c->fd != -1 && c->in.pos == c->in.len) {
        buf_free(&c->in);
    }
}


/* --- time --------------------------------------------------------------- */

/* More of a reply that goes out slowly. */

static void
conn_send_due(conn_t *c, uint64_t now)
{
    c->limit += c->piece;
    c->due = c->limit >= c->out.len ? 0 : now + 1;

    conn_flush(c);

    if (c->fd != -1) {
        conn_process(c);
    }
}


static void
conn_send_late(conn_t *c)
{
    c->late_due = 0;
    buf_add(&c->out, c->late.data, c->late.len);
    buf_free(&c->late);
    conn_flush(c);
}


/* The connection's own fault. */

static void
conn_idle_end(conn_t *c)
{
    c->idle_due = 0;

    if (c->plan != CONN_IDLE_SPEAKS) {
        conn_kill(c, c->plan == CONN_IDLE_RESET);
        return;
    }

    if (c->id == NO_ID && c->out.len == 0) {
        c->polluted = 1;
        conn_taint(c);
        (void) !write(c->fd, "\x13\x37 idle", 7);
    }
}


static void
conn_tick(conn_t *c, uint64_t now)
{
    if (c->due && now >= c->due) {
        conn_send_due(c, now);

        if (c->fd == -1) {
            return;
        }
    }

    if (c->late_due && now >= c->late_due && c->id == NO_ID && !c->stalled
        && c->out.len == 0)
    {
        conn_send_late(c);

        if (c->fd == -1) {
            return;
        }
    }

    if (c->idle_due && now >= c->idle_due) {
        conn_idle_end(c);
    }
}


/* The server is gone for a while, with all its connections. */

static void
listener_crash(unsigned i, uint64_t down)
{
    int          fd;
    listener_t  *l;

    l = &self.listeners[i];

    if (l->fd == -1) {
        return;
    }

    close(l->fd);
    l->fd = -1;
    l->down = down;

    for (fd = 0; fd < self.top; fd++) {
        if (self.conns[fd].fd != -1 && self.conns[fd].backend == i) {
            conn_kill(&self.conns[fd], 1);
        }
    }

    shared->crashes++;
}


/* Starts what has crashed again, and now and then lets a server crash. */

static void
backend_crash(uint64_t now)
{
    rng_t     rng;
    unsigned  i;

    for (i = 0; i < self.nlisteners; i++) {
        if (self.listeners[i].fd == -1 && now >= self.listeners[i].down) {
            backend_listen(i);
        }
    }

    if ((now - self.begin) / SLICE_MS == self.slice) {
        return;
    }

    self.slice = (now - self.begin) / SLICE_MS;
    rng = rng_init(KIND_SLICE, self.slice, 0);

    if (rng_below(&rng, 400) >= conf.faults) {
        return;
    }

    i = rng_below(&rng, conf.nbackends);
    listener_crash(i, now + 50 + rng_below(&rng, 250));
}


static void
backend_init(void)
{
    int            fd;
    unsigned       i;
    struct rlimit  limit;

    prctl(PR_SET_PDEATHSIG, SIGKILL);

    getrlimit(RLIMIT_NOFILE, &limit);

    self.ep = epoll_create1(0);
    self.nconns = (int) limit.rlim_cur;
    self.conns = calloc((size_t) self.nconns, sizeof(conn_t));
    self.nlisteners = conf.nbackends + (conf.noisy != 0);
    self.noise = rng_init(KIND_NOISE, 0, 0);

    if (self.conns == NULL) {
        exit(2);
    }

    for (fd = 0; fd < self.nconns; fd++) {
        self.conns[fd].fd = -1;
    }

    for (i = 0; i < self.nlisteners; i++) {
        backend_listen(i);
    }

    shared->ready = 1;
    self.begin = now_ms();
}


static void
backend_event(const struct epoll_event *ev, uint64_t now)
{
    conn_t  *c;

    if (ev->data.u64 >> 32) {
        if (self.listeners[ev->data.u32].fd != -1) {
            backend_accept(ev->data.u32, now);
        }

        return;
    }

    c = &self.conns[ev->data.u32];

    if (c->fd != -1 && ev->events & EPOLLOUT && c->out.len) {
        conn_flush(c);

        if (c->fd != -1) {
            conn_process(c);
        }
    }

    if (c->fd != -1 && ev->events & ~EPOLLOUT) {
        conn_read(c);
    }
}


static void
backend_tick(uint64_t now)
{
    int  fd;

    for (fd = 0; fd < self.top; fd++) {
        if (self.conns[fd].fd != -1) {
            conn_tick(&self.conns[fd], now);
        }
    }

    backend_crash(now);
}


void
backend_main(void)
{
    int                 i, n;
    uint64_t            now, tick;
    struct epoll_event  events[EVENTS];

    backend_init();
    tick = 0;

    while (!shared->stop) {
        n = epoll_wait(self.ep, events, EVENTS, TICK_MS);
        now = now_ms();

        for (i = 0; i < n; i++) {
            backend_event(&events[i], now);
        }

        if (now >= tick + TICK_MS) {
            tick = now;
            backend_tick(now);
        }
    }

    exit(0);
}
