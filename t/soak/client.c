/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/client.c: clients that behave, and know what every call becomes.
 *
 * Each makes calls in bursts, up to its depth at once, thinks a while between
 * them, and goes away after so many calls as planned, to come again.  Replies
 * are due in the order of the calls; each must be of the open call, to its
 * last byte, or an exception with its seqid and name.
 */

#include "chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>


#define EVENTS          512
#define READ_ROOM     65536
#define MUTANT   (1ULL << 32)

#define KIND_THINK      200
#define SLOW_READER     300     /* ms for which a slow one does not read */


typedef struct {
    int          fd;            /* -1: closed */
    unsigned     number;        /* slot */
    unsigned     generation;    /* of its connections */
    life_t       life;
    unsigned     made;          /* calls on this connection */
    int          leaving;       /* its sending side is shut down */
    uint32_t     next;          /* number of its next call */
    uint64_t     think;         /* until when, ms */
    uint64_t     deaf;          /* likewise: it does not read */
    rng_t        rng;

    unsigned     head;          /* of the ring of open calls */
    unsigned     open;
    uint32_t     ids[MAX_DEPTH];
    uint64_t     begun[MAX_DEPTH];

    buf_t        in;
    buf_t        out;
} slot_t;


client_counts_t  client_counts;
uint8_t         *fates;


static struct {
    int          ep;
    slot_t      *slots;
    int          stopping;
    uint64_t     think;         /* ms on average */
} self;


static void
set_fate(uint32_t id, fate_e fate)
{
    if (fates[id] > FATE_OPEN) {
        violation("call %08x has two fates: %s and %s", id,
                  plan_fate_name(fates[id]), plan_fate_name(fate));
    }

    fates[id] = (uint8_t) fate;
    client_counts.fates[fate]++;
}


/* A socket, or -1 and errno; rcvbuf 0 leaves the system's choice. */

int
proxy_connect(int rcvbuf)
{
    int                 fd, on, err;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1) {
        return -1;
    }

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sin.sin_port = htons(conf.proxy);

    if (rcvbuf) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
    }

    if (connect(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1) {
        err = errno;
        close(fd);
        errno = err;
        return -1;
    }

    on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

    return fd;
}


void
socket_close(int fd, int reset)
{
    struct linger  linger = { 1, 0 };

    if (reset) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }

    close(fd);
}


static void
slot_open(slot_t *s)
{
    struct epoll_event  ev;

    s->life = plan_life(s->number, s->generation++);
    s->made = 0;
    s->leaving = 0;
    s->deaf = 0;
    s->head = s->open = 0;

    s->fd = proxy_connect(s->life.slow ? 8192 : 0);

    if (s->fd == -1) {
        if (client_counts.refused++ == 0) {
            violation("client %u cannot connect: %s", s->number,
                      strerror(errno));
        }

        return;
    }

    ev.events = EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET;
    ev.data.u64 = s->number;

    epoll_ctl(self.ep, EPOLL_CTL_ADD, s->fd, &ev);

    s->think = now_ms() + rng_below(&s->rng, (uint32_t) (2 * self.think + 1));
}


static void
slot_close(slot_t *s, int reset)
{
    socket_close(s->fd, reset);
    s->fd = -1;

    buf_free(&s->in);
    buf_free(&s->out);
}


static void
slot_reopen(slot_t *s)
{
    if (!self.stopping) {
        slot_open(s);
    }
}


/* The connection is gone, and with it the replies to its calls. */

static void
slot_forget(slot_t *s)
{
    for ( /* void */ ; s->open; s->open--) {
        set_fate(s->ids[s->head], FATE_ABANDONED);
        s->head = (s->head + 1) % MAX_DEPTH;
    }
}


/* The proxy's fault: all that was open is lost. */

static void
slot_failed(slot_t *s)
{
    for ( /* void */ ; s->open; s->open--) {
        client_counts.lost++;
        s->head = (s->head + 1) % MAX_DEPTH;
    }

    slot_close(s, 0);
    slot_reopen(s);
}


/* --- calls -------------------------------------------------------------- */

static void
slot_leave(slot_t *s)
{
    client_counts.left++;

    if (s->life.leave == LEAVE_HALF) {
        s->leaving = 1;

        if (s->out.pos == s->out.len) {
            shutdown(s->fd, SHUT_WR);
        }

        return;
    }

    slot_forget(s);
    slot_close(s, s->life.leave == LEAVE_RESET);
    slot_reopen(s);
}


static void
slot_flush(slot_t *s)
{
    ssize_t  n;

    while (s->out.pos != s->out.len) {
        n = send(s->fd, s->out.data + s->out.pos, s->out.len - s->out.pos,
                 MSG_NOSIGNAL|MSG_DONTWAIT);

        if (n == -1) {
            return;             /* if it is closed, reading tells */
        }

        s->out.pos += (size_t) n;
    }

    if (s->out.size > READ_ROOM) {
        buf_free(&s->out);
    }

    if (s->leaving) {
        shutdown(s->fd, SHUT_WR);
    }
}


static void
slot_call(slot_t *s, uint64_t now)
{
    plan_t    plan;
    unsigned  i;
    uint32_t  id;

    id = plan_id(s->number, s->next++);
    plan = plan_call(id);

    message_text(&s->out, plan.format, plan.type, plan.name, plan.seqid, 1,
                 id, 0, plan.request);

    s->made++;
    client_counts.started++;
    fates[id] = FATE_OPEN;

    if (plan.type == WIRE_ONEWAY) {
        set_fate(id, FATE_SENT);
        return;
    }

    i = (s->head + s->open++) % MAX_DEPTH;
    s->ids[i] = id;
    s->begun[i] = now;
}


static void
slot_burst(slot_t *s, uint64_t now)
{
    unsigned  n;

    buf_compact(&s->out);

    n = 1 + rng_below(&s->rng, s->life.depth);

    while (n-- && s->open < s->life.depth && s->made < s->life.life
           && s->next < 1U << CALLS_BITS)
    {
        slot_call(s, now);
    }

    s->think = now + rng_below(&s->rng, (uint32_t) (2 * self.think + 1));

    if (s->life.slow && rng_below(&s->rng, 10) == 0) {
        s->deaf = now + rng_below(&s->rng, SLOW_READER);
    }

    slot_flush(s);

    if (s->made >= s->life.life) {
        slot_leave(s);
    }
}


/* --- replies ------------------------------------------------------------ */

static int
text_has(const wire_str_t *text, const char *part)
{
    return memmem(text->data, text->len, part, strlen(part)) != NULL;
}


static fate_e
exception_fate(const plan_t *plan, const message_t *m)
{
    char  own[64];

    if (m->text_id != 1) {
        return FATE_OTHER;
    }

    if (text_has(&m->text, "server's exception")) {
        snprintf(own, sizeof(own), "server's exception %08x", plan->id);

        return text_has(&m->text, own) && m->code == 0 ? FATE_SERVER
                                                       : FATE_OTHER;
    }

    if (m->code != 6) {
        return FATE_OTHER;
    }

    if (conf.forgives && text_has(&m->text, "shutting down")) {
        return FATE_ABANDONED;
    }

    return text_has(&m->text, "timed out") ? FATE_TIMEOUT
           : text_has(&m->text, "upstream closed connection") ? FATE_CLOSED
           : text_has(&m->text, "connection to upstream was lost")
           ? FATE_CLOSED
           : text_has(&m->text, "malformed reply") ? FATE_MALFORMED
           : text_has(&m->text, "cannot connect") ? FATE_CONNECT
           : text_has(&m->text, "no live upstreams") ? FATE_CONNECT
           : text_has(&m->text, "overloaded: ") ? FATE_CONNECT
           : text_has(&m->text, "aborted by \"thrift_fault\"")
           ? FATE_CONNECT
           : FATE_OTHER;
}


static int
wrong(const slot_t *s, const plan_t *plan, const message_t *m,
    const char *what)
{
    uint32_t  owner;

    client_counts.wrong++;

    owner = m->text_id == 0 ? message_owner(&m->text, 1) : NO_ID;

    violation("client %u call %08x (%s): %s; type %d seqid %d instead of %d,"
              " name \"%.*s\"%s%08x, %s", s->number, plan->id,
              plan_action_name(plan->action), what, m->head.type,
              m->head.seqid, plan->seqid, (int) m->head.name.len,
              (const char *) m->head.name.data, ", text of ", owner,
              m->text_id != -1 && m->text_id != 0 && m->text.len < 200
              ? "exception" : "no exception");

    return WIRE_ERROR;
}


/* OK: it is the reply to the oldest open call, which is over. */

/* What is wrong with the reply's head, or NULL. */

static const char *
head_error(const plan_t *plan, const message_t *m)
{
    if (m->head.seqid != plan->seqid) {
        return "wrong seqid";
    }

    if (m->format.protocol != plan->format.protocol
        || m->format.framed != plan->format.framed)
    {
        return "wrong protocol or transport";
    }

    if (m->head.name.len != strlen(plan->method)
        || memcmp(m->head.name.data, plan->method, m->head.name.len) != 0)
    {
        return "wrong name";
    }

    if (m->head.type != WIRE_REPLY && m->head.type != WIRE_EXCEPTION) {
        return "wrong type";
    }

    return NULL;
}


/* FATE_NONE: the text is not the one that this call is to get. */

static fate_e
reply_fate(const plan_t *plan, const message_t *m)
{
    fate_e  fate;

    if (plan->noise) {
        return FATE_NOISE;
    }

    if (m->head.type == WIRE_EXCEPTION) {
        fate = exception_fate(plan, m);

        if (fate == FATE_OTHER) {
            violation("call %08x (%s): exception %d: %.*s", plan->id,
                      plan_action_name(plan->action), m->code,
                      m->text_id == -1 ? 0 : (int) m->text.len,
                      (const char *) m->text.data);
        }

        return fate;
    }

    return m->text_id == 0
           && message_owner(&m->text, 1) == plan->id
           && message_intact(&m->text, plan->id, 1, plan->reply)
           ? FATE_REPLY : FATE_NONE;
}


/* OK: it is the reply to the oldest open call, which is over. */

static int
slot_reply(slot_t *s, const message_t *m, uint64_t now)
{
    fate_e       fate;
    plan_t       plan;
    uint64_t     took;
    const char  *error;

    plan = plan_call(s->ids[s->head]);

    error = head_error(&plan, m);
    if (error) {
        return wrong(s, &plan, m, error);
    }

    fate = reply_fate(&plan, m);
    if (fate == FATE_NONE) {
        return wrong(s, &plan, m, "wrong text");
    }

    took = now - s->begun[s->head];

    if (took > client_counts.latency) {
        client_counts.latency = took;
    }

    set_fate(plan.id, fate);

    s->head = (s->head + 1) % MAX_DEPTH;
    s->open--;

    return WIRE_OK;
}


static void
slot_eof(slot_t *s, int err)
{
    if (s->leaving && s->open == 0 && s->in.pos == s->in.len && err == 0) {
        slot_close(s, 0);
        slot_reopen(s);
        return;
    }

    client_counts.closed++;

    if (conf.forgives) {
        slot_forget(s);
        slot_close(s, 0);
        slot_reopen(s);
        return;
    }

    violation("client %u: the proxy closed its connection: %s, %u calls open"
              ", first %08x, %zu bytes of a reply, %s", s->number,
              err ? strerror(err) : "end of stream", s->open,
              s->open ? s->ids[s->head] : 0, s->in.len - s->in.pos,
              s->leaving ? "half-closed by the client" : "not half-closed");

    slot_failed(s);
}


/* Takes the replies that have come whole. */

static int
slot_replies(slot_t *s, uint64_t now)
{
    int        rc;
    message_t  m;

    while (s->in.pos != s->in.len) {

        rc = message_read(s->in.data + s->in.pos, s->in.len - s->in.pos, &m);

        if (rc == WIRE_AGAIN) {
            break;
        }

        if (rc == WIRE_ERROR || s->open == 0) {
            client_counts.wrong++;
            violation("client %u: %s, first open call %08x of %u: %s",
                      s->number, rc == WIRE_ERROR
                      ? m.error : "a reply to no call",
                      s->ids[s->head], s->open, m.hex);
            return WIRE_ERROR;
        }

        if (slot_reply(s, &m, now) != WIRE_OK) {
            return WIRE_ERROR;
        }

        s->in.pos += m.len;
    }

    return WIRE_OK;
}


static void
slot_read(slot_t *s)
{
    ssize_t  n;

    for ( ;; ) {
        buf_compact(&s->in);
        buf_reserve(&s->in, READ_ROOM);

        n = recv(s->fd, s->in.data + s->in.len, READ_ROOM, MSG_DONTWAIT);

        if (n == -1 && errno == EAGAIN) {
            break;
        }

        if (n <= 0) {
            slot_eof(s, n == 0 ? 0 : errno);
            return;
        }

        s->in.len += (size_t) n;

        if (slot_replies(s, now_ms()) != WIRE_OK) {
            slot_failed(s);
            return;
        }
    }

    if (s->in.pos == s->in.len) {
        buf_free(&s->in);
    }
}


/* --- the loop ----------------------------------------------------------- */

static void
slot_tick(slot_t *s, uint64_t now)
{
    if (s->fd == -1) {
        if (!self.stopping && now >= s->think) {
            s->think = now + 100;
            slot_open(s);
        }

        return;
    }

    if (s->deaf && now >= s->deaf) {
        s->deaf = 0;
        slot_read(s);

        if (s->fd == -1) {
            return;
        }
    }

    if (s->open && now - s->begun[s->head] > conf.patience * 1000ULL) {
        violation("client %u: no reply to call %08x (%s) in %u s", s->number,
                  s->ids[s->head],
                  plan_action_name(plan_call(s->ids[s->head]).action),
                  conf.patience);
        slot_failed(s);
        return;
    }

    if (now >= s->think && !s->leaving && !self.stopping
        && s->open < s->life.depth)
    {
        slot_burst(s, now);
    }
}


/* Clients that are not needed any more leave; true when none is left. */

static int
slots_done(void)
{
    unsigned  i, open;
    slot_t   *s;

    open = 0;

    for (i = 0; i < conf.clients; i++) {
        s = &self.slots[i];

        if (s->fd != -1 && s->open == 0 && s->out.pos == s->out.len) {
            slot_close(s, 0);
        }

        open += s->fd != -1;
    }

    return open == 0;
}


static void
slots_open(void)
{
    unsigned  i;

    self.ep = epoll_create1(0);
    self.slots = calloc(conf.clients, sizeof(slot_t));

    if (self.slots == NULL) {
        exit(2);
    }

    /* a burst is of three calls, more or less */

    self.think = conf.clients * 3000ULL / (conf.rate ? conf.rate : 1);

    for (i = 0; i < conf.clients; i++) {
        self.slots[i].number = i;
        self.slots[i].rng = rng_init(KIND_THINK, i, 0);
        slot_open(&self.slots[i]);
    }
}


static void
client_event(const struct epoll_event *ev)
{
    slot_t  *s;

    if (ev->data.u64 & MUTANT) {
        mutants_event(ev->data.u32);
        return;
    }

    s = &self.slots[ev->data.u32];

    if (s->fd != -1 && ev->events & EPOLLOUT) {
        slot_flush(s);
    }

    if (s->fd != -1 && ev->events & ~EPOLLOUT && !s->deaf) {
        slot_read(s);
    }
}


void
client_main(void (*tick)(void))
{
    int                 i, n;
    uint64_t            now, begin, last;
    struct epoll_event  events[EVENTS];

    slots_open();
    mutants_open(self.ep);

    begin = now_ms();
    last = 0;

    for ( ;; ) {
        n = epoll_wait(self.ep, events, EVENTS, TICK_MS);
        now = now_ms();

        for (i = 0; i < n; i++) {
            client_event(&events[i]);
        }

        if (now < last + TICK_MS) {
            continue;
        }

        last = now;
        self.stopping = now - begin >= conf.seconds * 1000ULL;

        for (i = 0; i < (int) conf.clients; i++) {
            slot_tick(&self.slots[i], now);
        }

        mutants_tick(now, self.stopping);
        tick();

        if (self.stopping && slots_done() && mutants_alive() == 0) {
            return;
        }
    }
}
