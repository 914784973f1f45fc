/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/client.c: clients in a closed loop, each in its own way: one call
 * after the other, bursts of pipelined ones, or always as many open as may be;
 * each call in one piece, cut at random bytes, or byte by byte.  Replies are
 * due in the order of the calls, and checked to the last byte.
 */

#include "load.h"

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
#define PER_ADDRESS    2000     /* clients that come from one address */

#define LARGE       1000000     /* bytes, more or less */
#define CUT_PAUSE   2000000     /* ns between two pieces, at most */
#define BYTE_PAUSE  3000000     /* likewise, of one byte */


typedef enum {
    WHOLE = 0,
    CUT,                        /* into pieces, some after a pause */
    BYTES
} style_e;


typedef struct {
    call_t           call;
    uint64_t         end;       /* where it ends in what is sent */
    uint64_t         due;       /* when the reply may come; 0: not all sent */
} open_t;


typedef struct {
    int              fd;        /* -1: closed */
    unsigned         number;
    style_e          style;
    wire_format_t    format;
    unsigned         depth;
    int              window;    /* calls while others are open */
    int              asked;
    unsigned         generation;
    unsigned short   random[3];
    uint64_t         next;      /* when it has something to do; 0: nothing */

    unsigned         head;      /* of the ring of open calls */
    unsigned         open;
    open_t           calls[MAX_DEPTH];

    uint64_t         sent;      /* bytes, ever */
    buf_t            in;
    buf_t            out;
} client_t;


client_counts_t  client_counts;


static struct {
    int              ep;
    int              stopped;
    uint32_t         next_id;
    client_t        *clients;
    hist_t          *hist;
} self;


static uint32_t
random_below(client_t *c, uint32_t n)
{
    return n ? (uint32_t) nrand48(c->random) % n : 0;
}


/* --- connections -------------------------------------------------------- */

/* More than there are ports come from several addresses. */

static int
proxy_connect(unsigned number)
{
    int                 fd, on;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return -1;
    }

    on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / PER_ADDRESS);

    if (bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1) {
        close(fd);
        return -1;
    }

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sin.sin_port = htons(conf.proxy);

    if (connect(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1) {
        close(fd);
        return -1;
    }

    return fd;
}


static void
client_open(client_t *c)
{
    struct epoll_event  ev;

    c->fd = proxy_connect(c->number);

    if (c->fd == -1) {
        if (client_counts.refused++ == 0) {
            violation("client %u cannot connect: %s", c->number,
                      strerror(errno));
        }

        c->next = clock_ns() + 100 * MILLISECOND;
        return;
    }

    ev.events = EPOLLIN;
    ev.data.u32 = c->number;

    if (epoll_ctl(self.ep, EPOLL_CTL_ADD, c->fd, &ev) == -1) {
        die("epoll_ctl");
    }

    c->next = conf.idle ? 0 : clock_ns()
                        + random_below(c, 10) * MILLISECOND;
}


static void
client_init(client_t *c, unsigned number)
{
    c->number = number;
    c->random[0] = (unsigned short) number;
    c->random[1] = (unsigned short) conf.seed;
    c->random[2] = (unsigned short) (number >> 16);

    c->format.protocol = number & 1 ? WIRE_COMPACT : WIRE_BINARY;
    c->format.framed = !(number & 2);

    /* all kinds with all formats */

    number /= 4;
    c->style = number % 12 == 11 ? BYTES : number % 3 == 0 ? WHOLE : CUT;
    c->depth = number & 1 ? 1 + random_below(c, MAX_DEPTH) : 1;
    c->window = c->depth > 1 && random_below(c, 2);

    client_open(c);
}


/* What is open is lost; the client comes again. */

static void
client_fail(client_t *c)
{
    client_counts.lost += c->open;

    close(c->fd);
    buf_free(&c->in);
    buf_free(&c->out);

    c->head = 0;
    c->open = 0;
    c->sent = 0;

    client_open(c);
}


/* --- calls -------------------------------------------------------------- */

static void
make_call(client_t *c)
{
    open_t  *o;
    call_t  *call;

    o = &c->calls[(c->head + c->open++) % MAX_DEPTH];
    call = &o->call;

    call->id = self.next_id++;
    call->seqid = (int32_t) (call->id * 2246822519U);
    call->hosted = random_below(c, 100) < conf.hosted;
    call->delay = random_below(c, 2) ? random_below(c, conf.delay + 1) : 0;
    call->pad = random_below(c, random_below(c, 8) ? 50 : 5000);
    call->size = ANSWER_HEAD + random_below(c, random_below(c, 8) ? 50 : 5000);

    if (conf.large && c->number % 10 == 9 && c->style != BYTES
        && random_below(c, conf.large) == 0)
    {
        call->pad = LARGE;
        call->size = LARGE;
    }

    if (c->style == BYTES) {
        call->pad %= 20;
    }

    call_write(&c->out, c->format, call);

    o->end = c->sent + c->out.len - c->out.pos;
    o->due = 0;

    client_counts.calls++;
}


/* The reply is due when the server has taken its time, and after others. */

static void
set_due(client_t *c, uint64_t now)
{
    open_t    *o;
    uint64_t   due;
    unsigned   i;

    due = 0;

    for (i = 0; i < c->open; i++) {
        o = &c->calls[(c->head + i) % MAX_DEPTH];

        if (o->end > c->sent) {
            return;
        }

        if (o->due == 0) {
            o->due = now + o->call.delay * MILLISECOND;
            o->due = o->due > due ? o->due : due;
        }

        due = o->due;
    }
}


static size_t
next_piece(client_t *c)
{
    size_t  left;

    left = c->out.len - c->out.pos;

    switch (c->style) {

    case WHOLE:
        return left;

    case CUT:
        return 1 + random_below(c, (uint32_t) left);

    case BYTES:
        return 1;
    }

    return left;
}


/* Sends a piece; there is another one while c->next is set. */

static void
send_piece(client_t *c, uint64_t now)
{
    ssize_t  n;

    n = send(c->fd, c->out.data + c->out.pos, next_piece(c),
             MSG_NOSIGNAL|MSG_DONTWAIT);

    if (n > 0) {
        c->out.pos += (size_t) n;
        c->sent += (size_t) n;
        set_due(c, now);
    }

    if (c->out.pos == c->out.len) {
        buf_free(&c->out);
        c->next = 0;
        return;
    }

    c->next = now + (n <= 0 ? MILLISECOND
                     : c->style == BYTES ? random_below(c, BYTE_PAUSE)
                     : random_below(c, 3) ? 0 : random_below(c, CUT_PAUSE));
}


static void
make_calls(client_t *c)
{
    unsigned  n;

    n = c->asked ? 1 : c->window ? c->depth
                     : 1 + random_below(c, c->depth);
    c->asked = 0;

    while (c->open < n && self.next_id < MAX_CALLS) {
        make_call(c);
    }
}


static void
client_tick(client_t *c, uint64_t now)
{
    if (c->open && now > c->calls[c->head].due
        && c->calls[c->head].due
        && now - c->calls[c->head].due > conf.patience * MILLISECOND)
    {
        violation("client %u: no reply to call %u in %u ms", c->number,
                  c->calls[c->head].call.id, conf.patience);
        client_fail(c);
        return;
    }

    if (c->next == 0 || now < c->next) {
        return;
    }

    c->next = 0;

    if (c->fd == -1) {
        client_open(c);
        return;
    }

    if (c->out.len == 0 && (!self.stopped || c->asked)) {
        make_calls(c);
    }

    while (c->out.len && c->next <= now) {
        send_piece(c, now);
    }
}


/* --- replies ------------------------------------------------------------ */

static int
wrong(client_t *c, const call_t *call, const char *what)
{
    client_counts.wrong++;

    violation("client %u call %u: %s", c->number, call->id, what);

    return WIRE_ERROR;
}


static int
check_head(client_t *c, const call_t *call, const message_t *m)
{
    const char  *name;

    name = call->hosted ? "hosted" : "passed";

    if (m->head.seqid != call->seqid) {
        return wrong(c, call, "wrong seqid");
    }

    if (m->format.protocol != c->format.protocol
        || m->format.framed != c->format.framed)
    {
        return wrong(c, call, "wrong protocol or transport");
    }

    if (m->head.name.len != strlen(name)
        || memcmp(m->head.name.data, name, m->head.name.len) != 0)
    {
        return wrong(c, call, "wrong name");
    }

    return WIRE_OK;
}


/* In each configuration it is another variant's turn. */

static int
check_answer(client_t *c, const call_t *call, const message_t *m)
{
    answer_t  answer;

    if (m->text_id != 0 || m->text.len != call->size
        || !answer_read(m->text.data, m->text.len, call->id, &answer))
    {
        return wrong(c, call, "wrong answer");
    }

    if (answer.variant != (conf.hosted ? answer.generation % VARIANTS
                                       : NO_VARIANT))
    {
        return wrong(c, call, "definitions of another configuration");
    }

    if (counts[call->id] != 1) {
        return wrong(c, call, counts[call->id] ? "executed more than once"
                                               : "executed by nobody");
    }

    if (answer.generation < c->generation) {
        client_counts.back++;
        violation("client %u call %u: of configuration %u, after %u",
                  c->number, call->id, answer.generation, c->generation);
    }

    c->generation = answer.generation;

    return WIRE_OK;
}


static int
check_reply(client_t *c, const call_t *call, const message_t *m)
{
    if (check_head(c, call, m) != WIRE_OK) {
        return WIRE_ERROR;
    }

    if (m->head.type == WIRE_EXCEPTION) {
        client_counts.exceptions++;
        violation("client %u call %u: exception %d: %.*s", c->number,
                  call->id, m->numbers[2],
                  m->text_id == 1 ? (int) m->text.len : 0,
                  (const char *) m->text.data);
        return WIRE_OK;
    }

    if (m->head.type != WIRE_REPLY) {
        return wrong(c, call, "wrong type");
    }

    client_counts.replies++;

    return check_answer(c, call, m);
}


/* How much later the reply came than it might have. */

static void
measure(client_t *c, const open_t *o, uint64_t now)
{
    if (c->style == BYTES || o->call.size == LARGE || o->due == 0) {
        return;
    }

    hist_add(self.hist, now > o->due ? now - o->due : 0);
}


static int
take_replies(client_t *c, uint64_t now)
{
    int        rc;
    open_t    *o;
    message_t  m;

    while (c->in.pos != c->in.len) {

        rc = message_read(c->in.data + c->in.pos, c->in.len - c->in.pos, &m);

        if (rc == WIRE_AGAIN) {
            break;
        }

        o = &c->calls[c->head];

        if (rc == WIRE_ERROR || c->open == 0) {
            return wrong(c, &o->call, rc == WIRE_ERROR ? "malformed reply"
                                                       : "reply to no call");
        }

        if (check_reply(c, &o->call, &m) != WIRE_OK) {
            return WIRE_ERROR;
        }

        measure(c, o, now);

        c->head = (c->head + 1) % MAX_DEPTH;
        c->open--;
        c->in.pos += m.len;
    }

    if (c->in.pos == c->in.len) {
        buf_free(&c->in);

    } else {
        buf_compact(&c->in);
    }

    return WIRE_OK;
}


static void
client_closed(client_t *c, int err)
{
    client_counts.closed++;

    violation("client %u: its connection was closed: %s, %u calls open, "
              "first %u%s, %zu bytes of the reply, generation %u", c->number,
              err ? strerror(err) : "end of stream", c->open,
              c->calls[c->head].call.id,
              c->open && counts[c->calls[c->head].call.id] ? ", executed" : "",
              c->in.len - c->in.pos, c->generation);

    client_fail(c);
}


static void
client_read(client_t *c)
{
    ssize_t   n;
    uint64_t  now;

    buf_reserve(&c->in, READ_ROOM);

    n = recv(c->fd, c->in.data + c->in.len, READ_ROOM, MSG_DONTWAIT);

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            client_closed(c, n == 0 ? 0 : errno);
        }

        return;
    }

    c->in.len += (size_t) n;
    now = clock_ns();

    if (take_replies(c, now) != WIRE_OK) {
        client_fail(c);
        return;
    }

    if (c->out.len || conf.idle || c->next) {
        return;
    }

    if (c->open == 0 || (c->window && c->open < c->depth)) {
        c->next = now + (c->window ? 0
                         : random_below(c, (uint32_t) (conf.think
                                                       * MILLISECOND)));
    }
}


/* --- all of them -------------------------------------------------------- */

void
clients_open(void)
{
    unsigned  i;

    self.ep = epoll_create1(EPOLL_CLOEXEC);
    self.clients = calloc(conf.clients, sizeof(client_t));

    if (self.clients == NULL) {
        die("calloc");
    }

    for (i = 0; i < conf.clients; i++) {
        client_init(&self.clients[i], i);
    }
}


static void
clients_turn(void)
{
    int                  i, n;
    uint64_t             now;
    unsigned             k;
    struct epoll_event   events[EVENTS];

    n = epoll_wait(self.ep, events, EVENTS, 1);

    for (i = 0; i < n; i++) {
        client_read(&self.clients[events[i].data.u32]);
    }

    now = clock_ns();

    for (k = 0; k < conf.clients; k++) {
        client_tick(&self.clients[k], now);
    }

    reload_tick(now);
}


void
clients_run(unsigned ms)
{
    uint64_t  end;

    end = clock_ns() + ms * MILLISECOND;

    do {
        clients_turn();
    } while (clock_ns() < end);
}


void
clients_measure(hist_t *h)
{
    self.hist = h;
}


void
clients_stop(void)
{
    self.stopped = 1;
}


void
clients_start(void)
{
    unsigned  i;

    self.stopped = 0;

    for (i = 0; i < conf.clients; i++) {
        if (self.clients[i].open == 0) {
            self.clients[i].next = clock_ns();
        }
    }
}


unsigned
clients_open_calls(void)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < conf.clients; i++) {
        n += self.clients[i].open + self.clients[i].asked;
    }

    return n;
}


void
clients_ask(void)
{
    unsigned  i;

    for (i = 0; i < conf.clients; i++) {
        self.clients[i].asked = 1;
        self.clients[i].next = 1;
    }
}


unsigned
clients_oldest(void)
{
    unsigned  i, oldest;

    oldest = self.clients[0].generation;

    for (i = 1; i < conf.clients; i++) {
        if (self.clients[i].generation < oldest) {
            oldest = self.clients[i].generation;
        }
    }

    return oldest;
}


unsigned
clients_with(unsigned generation)
{
    unsigned  i, n;

    n = 0;

    for (i = 0; i < conf.clients; i++) {
        n += self.clients[i].generation >= generation;
    }

    return n;
}
