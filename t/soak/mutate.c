/*
 * t/soak/mutate.c: clients that send what is wrong.  A message is valid, then
 * bytes of it are changed; it goes out in pieces; what comes back is read,
 * and judged only by whether it is messages.  They share the proxy, and
 * what they get through to the servers, with the clients that behave.
 */

#include "chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>


#define KIND_MUTANT   300
#define MUTANT_TIME  2000       /* ms for one connection at most */


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
mutate_once(buf_t *b, size_t start, rng_t *rng)
{
    size_t    n, at, len;
    uint8_t  *p, bytes[32];

    n = b->len - start;

    if (n == 0) {
        return;
    }

    at = place(n, rng);
    p = b->data + start + at;
    len = 1 + rng_below(rng, 16);
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

    case 4:                             /* cut out */
        memmove(p, p + len, n - at - len);
        b->len -= len;
        return;

    case 5:                             /* double */
        memcpy(bytes, p, len);
        buf_reserve(b, len);
        p = b->data + start + at;
        memmove(p + len, p, n - at);
        memcpy(p, bytes, len);
        b->len += len;
        return;

    case 6:                             /* cut off */
        b->len = start + at;
        return;

    case 7:                             /* the count of a byte */
        *p = (uint8_t) (*p + (rng_below(rng, 2) ? 1 : -1));
        return;

    default:                            /* swap */
        at = place(n, rng);
        bytes[0] = *p;
        *p = b->data[start + at];
        b->data[start + at] = bytes[0];
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
    struct linger  linger = { 1, 0 };

    if (u->end == 1) {
        setsockopt(u->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }

    close(u->fd);
    u->fd = -1;
    buf_free(&u->in);
    buf_free(&u->out);
}


static void
mutant_open(mutant_t *u)
{
    int                 on;
    struct sockaddr_in  sin;
    struct epoll_event  ev;

    u->fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sin.sin_port = htons(conf.proxy);

    if (connect(u->fd, (struct sockaddr *) &sin, sizeof(sin)) == -1) {
        violation("a mutant cannot connect: %s", strerror(errno));
        close(u->fd);
        u->fd = -1;
        return;
    }

    on = 1;
    setsockopt(u->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

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


void
mutants_event(unsigned number, uint32_t events)
{
    int        rc;
    ssize_t    n;
    mutant_t  *u;
    message_t  m;

    (void) events;

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


static void
mutant_tick(mutant_t *u, uint64_t now)
{
    size_t   n;
    ssize_t  sent;

    if (now >= u->until) {
        mutant_close(u);
        return;
    }

    if (now < u->next) {
        return;
    }

    if (u->out.pos == u->out.len) {
        if (u->left == 0) {

            /* enough; see what comes */

            if (u->end == 2) {
                shutdown(u->fd, SHUT_WR);
            }

            u->until = now + 1 + rng_below(&u->rng, 100);
            u->next = u->until;
            return;
        }

        u->left--;
        add_message(u);
    }

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
