/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/faults/client.c: the clients.  Each case has a connection of its own: a
 * good call before, the one that meets the fault, a good one behind; then it
 * listens for what nobody asked for, and ends.  Neighbours call all the time
 * where all the others do.  No connection may be closed by the proxy.
 */

#include "faults.h"

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


#define READ_ROOM    16384
#define MAX_OPEN         4
#define LINGER_MS       10      /* after its last reply, a client listens */
#define THINK_MS         2      /* of neighbours */
#define LARGE_SLOTS     24      /* so many cases with large calls at once */
#define PUTS             3      /* one of so many of a neighbour's calls */


typedef enum {
    STAGE_WARM = 0,
    STAGE_FAULT,
    STAGE_BEHIND,
    STAGE_LINGER
} stage_e;


typedef struct {
    source_t        source;     /* fd -1: it has no connection */
    const case_t   *plan;       /* NULL: a neighbour */
    place_e         place;
    wire_format_t   format;
    stage_e         stage;
    uint64_t        due;        /* ms, of the next call or the end */
    uint64_t        begun;      /* the oldest open call */
    unsigned        ncalls;

    unsigned        open;
    uint32_t        ids[MAX_OPEN];

    buf_t           in;
    buf_t           out;
} client_t;


static struct {
    client_t       *cases;
    client_t       *neighbours;
    unsigned        large;      /* cases with large calls, now */
    const case_t   *put_off;    /* the next one, if that has to wait */
    unsigned        tried;
    unsigned        beside;     /* calls of neighbours */
    unsigned        failed;     /* of them */
    uint64_t        longest;    /* ms, of their replies */
    int             stopping;
} self;


static void client_event(source_t *source, uint32_t events);


static void
client_connect(client_t *c)
{
    int                 fd, on;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0);
    if (fd == -1) {
        die("socket");
    }

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(127U << 24 | 1U << 16 | (uint32_t) c->place);
    sin.sin_port = htons(conf.proxy);

    if (connect(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1) {
        die("connect");
    }

    on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

    c->source.fd = fd;
    c->source.event = client_event;
    c->open = 0;

    watch(&c->source, EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET);
}


static void
client_close(client_t *c)
{
    close(c->source.fd);
    c->source.fd = -1;

    buf_free(&c->in);
    buf_free(&c->out);

    if (c->plan) {
        self.large -= c->place == PLACE_LARGE;
        self.tried++;
        c->plan = NULL;
    }
}


static void
client_name(const client_t *c, char *text, size_t size)
{
    if (c->plan) {
        case_name(c->plan, text, size);
    } else {
        snprintf(text, size, "neighbour at %d", c->place);
    }
}


/* The proxy's fault: its open calls have no fate. */

static void
client_failed(client_t *c, const char *why)
{
    char  name[128];

    client_name(c, name, sizeof(name));

    violation("%s: %s, %u calls open", name, why, c->open);

    client_close(c);
}


/* --- calls -------------------------------------------------------------- */

static void
client_flush(client_t *c)
{
    ssize_t  n;

    while (c->out.pos != c->out.len) {
        n = send(c->source.fd, c->out.data + c->out.pos,
                 c->out.len - c->out.pos, MSG_NOSIGNAL|MSG_DONTWAIT);

        if (n == -1) {
            return;             /* if it is closed, reading tells */
        }

        c->out.pos += (size_t) n;
    }

    c->out.pos = c->out.len = 0;
}


static void
client_call(client_t *c, const case_t *planned, kind_e kind)
{
    uint32_t  id;

    id = call_new(planned, c->plan, kind, c->place, c->format);

    call_write(&c->out, id);

    if (kind == KIND_TELL) {
        call_judge(id, FATE_SENT, NULL);
        return;
    }

    if (c->open == 0) {
        c->begun = now_ms();
    }

    c->ids[c->open++] = id;
}


/* No call is open: the next one, or two. */

static void
client_go_on(client_t *c)
{
    switch (c->stage) {

    case STAGE_WARM:
        c->stage = STAGE_FAULT;

        if (c->plan->warm) {
            client_call(c, NULL, KIND_GET);
            break;
        }

        /* fall through */

    case STAGE_FAULT:
        c->stage = STAGE_BEHIND;
        client_call(c, c->plan, c->plan->kind);

        if (!c->plan->together && c->plan->kind != KIND_TELL) {
            break;
        }

        /* fall through */

    case STAGE_BEHIND:
        c->stage = STAGE_LINGER;
        client_call(c, NULL, KIND_GET);
        break;

    case STAGE_LINGER:
        c->due = now_ms() + LINGER_MS;
        return;
    }

    client_flush(c);
}


static void
neighbour_go_on(client_t *c)
{
    c->due = now_ms() + THINK_MS;
}


static void
neighbour_call(client_t *c)
{
    c->due = 0;
    self.beside++;

    client_call(c, NULL, c->ncalls++ % PUTS ? KIND_GET : KIND_PUT);
    client_flush(c);
}


/* --- replies ------------------------------------------------------------ */

static int
text_has(const wire_str_t *text, const char *part)
{
    return memmem(text->data, text->len, part, strlen(part)) != NULL;
}


static fate_e
exception_fate(const message_t *m)
{
    const wire_str_t  *s;

    s = &m->error;

    if (m->code != 6) {
        return FATE_OTHER;
    }

    return text_has(s, "timed out") ? FATE_TIMEOUT
           : text_has(s, "upstream closed connection") ? FATE_CLOSED
           : text_has(s, "malformed reply") ? FATE_MALFORMED
           : text_has(s, "cannot connect") ? FATE_CONNECT
           : text_has(s, "no live upstreams") ? FATE_CONNECT
           : text_has(s, "overloaded: ") ? FATE_CONNECT
           : FATE_OTHER;
}


/* What is wrong with a reply to this call, or NULL. */

static const char *
reply_error(uint32_t id, const message_t *m)
{
    const call_t  *call;

    call = &calls[id];

    if (m->head.seqid != call->seqid) {
        return "a reply with the seqid of another call";
    }

    if (m->format.protocol != call->format.protocol
        || m->format.framed != call->format.framed)
    {
        return "a reply in another format";
    }

    if (m->head.name.len != strlen(kind_name(call->kind))
        || memcmp(m->head.name.data, kind_name(call->kind),
                  m->head.name.len) != 0)
    {
        return "a reply with the name of another method";
    }

    if (m->head.type == WIRE_EXCEPTION) {
        return NULL;
    }

    if (m->head.type != WIRE_REPLY) {
        return "no reply";
    }

    return m->id != NO_ID && m->id != id ? "a foreign reply" : NULL;
}


static fate_e
reply_fate(uint32_t id, const message_t *m)
{
    fate_e  fate;

    if (m->head.type == WIRE_REPLY) {
        return m->id == id && m->intact ? FATE_REPLY : FATE_GARBLED;
    }

    fate = exception_fate(m);

    if (fate == FATE_OTHER) {
        violation("call %08x: exception %d: %.*s", id, m->code,
                  (int) m->error.len, (const char *) m->error.data);
    }

    return fate;
}


static void
client_answered(client_t *c, const message_t *m)
{
    fate_e    fate;
    uint64_t  took;

    fate = reply_fate(c->ids[0], m);
    call_judge(c->ids[0], fate, &m->error);

    c->open--;
    memmove(c->ids, c->ids + 1, c->open * sizeof(uint32_t));

    took = now_ms() - c->begun;
    c->begun = now_ms();

    if (c->plan == NULL) {
        self.failed += fate != FATE_REPLY;
        self.longest = fate == FATE_REPLY && took > self.longest
                       ? took : self.longest;
    }
}


/* NULL, or what is wrong. */

static const char *
client_replies(client_t *c)
{
    int          rc;
    message_t    m;
    const char  *error;

    while (c->in.pos != c->in.len) {
        rc = reply_read(c->in.data + c->in.pos, c->in.len - c->in.pos, &m);

        if (rc == WIRE_AGAIN) {
            return NULL;
        }

        if (rc == WIRE_ERROR) {
            return "what is no reply";
        }

        if (c->open == 0) {
            return "a reply to no call";
        }

        error = reply_error(c->ids[0], &m);
        if (error) {
            return error;
        }

        client_answered(c, &m);
        c->in.pos += m.len;
    }

    return NULL;
}


static void
client_read(client_t *c)
{
    ssize_t      n;
    const char  *error;

    for ( ;; ) {
        buf_compact(&c->in);
        buf_reserve(&c->in, READ_ROOM);

        n = recv(c->source.fd, c->in.data + c->in.len, READ_ROOM,
                 MSG_DONTWAIT);

        if (n == -1 && errno == EAGAIN) {
            return;
        }

        if (n <= 0) {
            client_failed(c, "its connection was closed");
            return;
        }

        c->in.len += (size_t) n;

        error = client_replies(c);
        if (error) {
            client_failed(c, error);
            return;
        }
    }
}


static void
client_event(source_t *source, uint32_t events)
{
    unsigned   open;
    client_t  *c;

    c = (client_t *) source;

    if (c->source.fd != -1 && events & EPOLLOUT) {
        client_flush(c);
    }

    if (c->source.fd == -1 || !(events & ~(uint32_t) EPOLLOUT)) {
        return;
    }

    open = c->open;
    client_read(c);

    if (c->source.fd == -1 || c->open != 0 || open == 0) {
        return;
    }

    if (c->plan) {
        client_go_on(c);
    } else {
        neighbour_go_on(c);
    }
}


/* --- which there are ---------------------------------------------------- */

static void
neighbour_start(client_t *c, unsigned i)
{
    c->place = i % 4 == 3 ? PLACE_LARGE : PLACE_PLAIN;
    c->format.protocol = i & 4 ? WIRE_COMPACT : WIRE_BINARY;
    c->format.framed = (i & 8) == 0;

    client_connect(c);
    neighbour_go_on(c);
}


void
clients_init(void)
{
    unsigned  i;

    self.cases = calloc(conf.slots, sizeof(client_t));
    self.neighbours = calloc(conf.neighbours + 1, sizeof(client_t));

    if (self.cases == NULL || self.neighbours == NULL) {
        die("calloc");
    }

    for (i = 0; i < conf.slots; i++) {
        self.cases[i].source.fd = -1;
    }

    for (i = 0; i < conf.neighbours; i++) {
        neighbour_start(&self.neighbours[i], i);
    }
}


/* One with large calls may have to wait. */

static const case_t *
next_case(void)
{
    const case_t  *plan;

    plan = self.put_off ? self.put_off : case_next();
    self.put_off = NULL;

    if (plan && plan->place == PLACE_LARGE && self.large == LARGE_SLOTS) {
        self.put_off = plan;
        return NULL;
    }

    return plan;
}


static void
case_start(client_t *c)
{
    const case_t  *plan;

    plan = next_case();
    if (plan == NULL) {
        return;
    }

    self.large += plan->place == PLACE_LARGE;

    c->plan = plan;
    c->place = plan->place;
    c->format = plan->format;
    c->stage = STAGE_WARM;
    c->due = 0;

    client_connect(c);
    client_go_on(c);
}


static void
client_tick(client_t *c, uint64_t now)
{
    if (c->open && now - c->begun > conf.patience) {
        client_failed(c, "a call has no reply");
        return;
    }

    if (c->due == 0 || now < c->due) {
        return;
    }

    if (c->plan || self.stopping) {
        client_close(c);

    } else {
        neighbour_call(c);
    }
}


int
clients_tick(uint64_t now)
{
    unsigned   i, open;
    client_t  *c;

    self.stopping = self.tried == case_count();
    open = 0;

    for (i = 0; i < conf.slots + conf.neighbours; i++) {
        c = i < conf.slots ? &self.cases[i]
                           : &self.neighbours[i - conf.slots];

        if (c->source.fd != -1) {
            client_tick(c, now);
        }

        if (c->source.fd == -1 && i < conf.slots) {
            case_start(c);
        }

        open += c->source.fd != -1;
    }

    return self.stopping && open == 0;
}


void
clients_report(void)
{
    printf("cases %u\ncalls %u\nneighbours %u\nneighbours_failed %u\n"
           "neighbours_longest_ms %lu\n", self.tried, ncalls, self.beside,
           self.failed, (unsigned long) self.longest);
}
