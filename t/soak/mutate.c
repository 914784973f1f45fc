/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/mutate.c: clients that send what is wrong.  A message is valid, then
 * bytes of it are changed; it goes out in pieces; what comes back is read,
 * and judged only by whether it is messages.  They share the proxy, and
 * what they get through to the servers, with the clients that behave.
 */

#include "chaos.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>


#define KIND_MUTANT   300
#define MUTANT_TIME  2000       /* ms for one connection at most */
#define REPEATED       16       /* bytes that are cut out or come twice */


typedef struct {
    int        fd;              /* -1: closed */
    unsigned   left;            /* messages still to send */
    int        end;             /* 0: close, 1: reset, 2: half-close */
    uint64_t   next;            /* when to send a piece, or to end */
    uint64_t   until;
    rng_t      rng;
    buf_t      in;
    buf_t      out;
} mutant_t;


mutant_counts_t  mutant_counts;


static mutant_t  *mutants;
static int        mutants_ep;


static const uint32_t  interesting[] = {
    0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x01000000, 0x7fffffff,
    0x80000000, 0x80010001, 0x80010004, 0xffffffff, 0x82210000, 0x0fff0000,
    16384000, 16384001
};


/* Half of the places are near the message's beginning. */

static size_t
place(size_t n, rng_t *rng)
{
    if (rng_below(rng, 2) && n > 48) {
        n = 48;
    }

    return rng_below(rng, (uint32_t) n);
}


static void
cut_out(buf_t *b, size_t at, size_t len)
{
    memmove(b->data + at, b->data + at + len, b->len - at - len);
    b->len -= len;
}


static void
repeat(buf_t *b, size_t at, size_t len)
{
    uint8_t  bytes[REPEATED];

    memcpy(bytes, b->data + at, len);
    buf_reserve(b, len);
    memmove(b->data + at + len, b->data + at, b->len - at);
    memcpy(b->data + at, bytes, len);
    b->len += len;
}


static void
swap(uint8_t *a, uint8_t *b)
{
    uint8_t  byte;

    byte = *a;
    *a = *b;
    *b = byte;
}


static void
mutate_once(buf_t *b, size_t start, rng_t *rng)
{
    size_t    n, at, len;
    uint8_t  *p;

    n = b->len - start;

    if (n == 0) {
        return;
    }

    at = place(n, rng);
    p = b->data + start + at;
    len = 1 + rng_below(rng, REPEATED);
    len = len < n - at ? len : n - at;

    switch (rng_below(rng, 9)) {

    case 0:
        *p ^= (uint8_t) (1U << rng_below(rng, 8));
        return;

    case 1:
        *p = (uint8_t) rng_next(rng);
        return;

    case 2:
        *p = (uint8_t) interesting[rng_below(rng, 5)];
        return;

    case 3:
        if (n - at >= 4) {
            wire_put32(p, interesting[rng_below(rng, sizeof(interesting)
                                                     / sizeof(uint32_t))]);
        }
        return;

    case 4:
        cut_out(b, start + at, len);
        return;

    case 5:
        repeat(b, start + at, len);
        return;

    case 6:                             /* cut off */
        b->len = start + at;
        return;

    case 7:                             /* the count of a byte */
        *p = (uint8_t) (*p + (rng_below(rng, 2) ? 1 : -1));
        return;

    default:
        swap(p, b->data + start + place(n, rng));
        return;
    }
}


void
mutate(buf_t *b, size_t start, rng_t *rng)
{
    unsigned  n;

    n = 1 + rng_below(rng, 1 + rng_below(rng, 4));

    while (n--) {
        mutate_once(b, start, rng);
    }
}


/* Half of those that are framed get a frame again that fits. */

static void
add_message(mutant_t *u)
{
    int                 type;
    size_t              start, from;
    wire_format_t       format;
    static const char  *names[] = { "echo", "Chaos:echo", "noise", "echo",
                                    "Nobody:echo", "a:b:c" };

    format.framed = rng_below(&u->rng, 2) == 0;
    format.protocol = rng_below(&u->rng, 2) ? WIRE_BINARY : WIRE_COMPACT;

    buf_compact(&u->out);

    type = rng_below(&u->rng, 10) ? WIRE_CALL : WIRE_ONEWAY;
    start = u->out.len;

    message_random(&u->out, format, type, names[rng_below(&u->rng, 6)],
                   (int32_t) rng_next(&u->rng), &u->rng);

    mutant_counts.messages++;

    if (rng_below(&u->rng, 5) == 0) {
        return;
    }

    if (format.framed && rng_below(&u->rng, 2)) {
        from = start + WIRE_FRAME;
        mutate(&u->out, from, &u->rng);
        message_frame(&u->out, start);
        return;
    }

    mutate(&u->out, start, &u->rng);
}


static void
mutant_close(mutant_t *u)
{
    socket_close(u->fd, u->end == 1);
    u->fd = -1;

    buf_free(&u->in);
    buf_free(&u->out);
}


static void
mutant_open(mutant_t *u)
{
    struct epoll_event  ev;

    u->fd = proxy_connect(0);

    if (u->fd == -1) {
        violation("a mutant cannot connect: %s", strerror(errno));
        return;
    }

    u->left = 1 + rng_below(&u->rng, 6);
    u->end = (int) rng_below(&u->rng, 3);
    u->next = 0;
    u->until = now_ms() + 50 + rng_below(&u->rng, MUTANT_TIME);

    mutant_counts.connections++;

    ev.events = EPOLLIN|EPOLLRDHUP;
    ev.data.u64 = 1ULL << 32 | (uint64_t) (u - mutants);

    epoll_ctl(mutants_ep, EPOLL_CTL_ADD, u->fd, &ev);
}


void
mutants_open(int ep)
{
    unsigned  i;

    mutants_ep = ep;
    mutants = calloc(conf.mutants + 1, sizeof(mutant_t));

    if (mutants == NULL) {
        exit(2);
    }

    for (i = 0; i < conf.mutants; i++) {
        mutants[i].rng = rng_init(KIND_MUTANT, i, 0);
        mutant_open(&mutants[i]);
    }
}


/* Counts the answers that have come whole. */

static void
mutant_answers(mutant_t *u)
{
    int        rc;
    message_t  m;

    while (u->in.pos != u->in.len) {
        rc = message_read(u->in.data + u->in.pos, u->in.len - u->in.pos, &m);

        if (rc == WIRE_AGAIN) {
            return;
        }

        if (rc == WIRE_ERROR) {
            mutant_counts.unreadable++;
            violation("a mutant got what is no message: %s, %s", m.error,
                      m.hex);
            mutant_close(u);
            return;
        }

        if (m.head.type == WIRE_REPLY) {
            mutant_counts.replies++;

        } else {
            mutant_counts.exceptions++;
        }

        u->in.pos += m.len;
    }
}


void
mutants_event(unsigned number)
{
    ssize_t    n;
    mutant_t  *u;

    u = &mutants[number];

    if (u->fd == -1) {
        return;
    }

    buf_compact(&u->in);
    buf_reserve(&u->in, 65536);
    n = recv(u->fd, u->in.data + u->in.len, 65536, MSG_DONTWAIT);

    if (n == -1 && errno == EAGAIN) {
        return;
    }

    if (n <= 0) {
        mutant_counts.closed++;
        mutant_close(u);
        return;
    }

    u->in.len += (size_t) n;
    mutant_answers(u);
}


/* It has sent enough, and sees what comes. */

static void
mutant_leave(mutant_t *u, uint64_t now)
{
    if (u->end == 2) {
        shutdown(u->fd, SHUT_WR);
    }

    u->until = now + 1 + rng_below(&u->rng, 100);
    u->next = u->until;
}


/* Sends what is there, or a piece of it. */

static void
mutant_send(mutant_t *u, uint64_t now)
{
    size_t   n;
    ssize_t  sent;

    n = u->out.len - u->out.pos;

    if (n == 0) {
        return;                         /* all of it was cut off */
    }

    if (rng_below(&u->rng, 4) == 0) {
        n = 1 + rng_below(&u->rng, (uint32_t) n);
    }

    sent = send(u->fd, u->out.data + u->out.pos, n,
                MSG_NOSIGNAL|MSG_DONTWAIT);

    if (sent == -1) {
        if (errno != EAGAIN) {
            mutant_close(u);
        }

        return;
    }

    u->out.pos += (size_t) sent;
    u->next = now + rng_below(&u->rng, 4);
}


static void
mutant_tick(mutant_t *u, uint64_t now)
{
    if (now >= u->until) {
        mutant_close(u);
        return;
    }

    if (now < u->next) {
        return;
    }

    if (u->out.pos == u->out.len) {
        if (u->left == 0) {
            mutant_leave(u, now);
            return;
        }

        u->left--;
        add_message(u);
    }

    mutant_send(u, now);
}


void
mutants_tick(uint64_t now, int stop)
{
    unsigned  i;

    for (i = 0; i < conf.mutants; i++) {

        if (mutants[i].fd != -1) {
            mutant_tick(&mutants[i], now);
        }

        if (mutants[i].fd == -1 && !stop) {
            mutant_open(&mutants[i]);
        }
    }
}


unsigned
mutants_alive(void)
{
    unsigned  i, n;

    for (i = n = 0; i < conf.mutants; i++) {
        n += mutants[i].fd != -1;
    }

    return n;
}
