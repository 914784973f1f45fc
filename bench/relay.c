/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/relay.c: the least that a proxy of pipelined calls can do, to tell what
 * of a proxy's time is the kernel's.  The calls of all clients go over one
 * connection to a backend that answers in their order: what comes in one turn
 * of the event loop is sent with one send(), and replies that are one client's
 * and come one after another, too.
 *
 * It knows the lengths of frames and nothing else: it trusts everybody, bears
 * nothing, and ends when anything is not as it should be.  It is no proxy to be
 * used.
 *
 *     relay ADDRESS BACKEND
 */

#include "address.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>


#define EXIT_USAGE      2

#define EVENTS        512
#define BACKLOG      4096
#define ROOM        65536           /* bytes free in a buffer before recv() */
#define MAX_FRAME   (1024 * 1024)
#define CALLS       (1 << 20)       /* on their way; a power of two */
#define PATIENCE    10000           /* milliseconds; for room in a socket */


typedef struct {
    uint8_t        *data;
    size_t          len;
    size_t          size;
} buf_t;


/* Slot fd of the table is connection fd. */

typedef struct {
    buf_t           part;           /* of a message, until the rest comes */
    int             closed;
    uint32_t        calls;          /* on their way; until then fd is kept */
} conn_t;


static struct {
    int             ep;
    int             listener;
    int             backend;

    conn_t         *conns;
    int             nconns;

    buf_t           out;            /* calls of this turn */
    buf_t           in;             /* replies */

    int            *calls;          /* whose they are, in order: a ring */
    uint32_t        head;
    uint32_t        tail;
} relay;


static void
die(const char *what)
{
    fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}


static void
wrong(const char *what)
{
    fprintf(stderr, "relay: %s\n", what);
    exit(EXIT_FAILURE);
}


static void
reserve(buf_t *buf, size_t room)
{
    if (buf->size - buf->len < room) {
        buf->size = buf->len + 2 * room;
        buf->data = realloc(buf->data, buf->size);

        if (buf->data == NULL) {
            die("realloc()");
        }
    }
}


static void
append(buf_t *buf, const uint8_t *p, size_t n)
{
    reserve(buf, n);
    memcpy(buf->data + buf->len, p, n);
    buf->len += n;
}


/* The bytes of the frame that begins here; 0: it is not whole. */

static size_t
frame(const uint8_t *p, size_t n)
{
    size_t  size;

    if (n < WIRE_FRAME) {
        return 0;
    }

    size = WIRE_FRAME + (size_t) wire_get32(p);

    if (size > MAX_FRAME) {
        wrong("a frame is too large");
    }

    return size <= n ? size : 0;
}


static void
send_all(int fd, const uint8_t *p, size_t n)
{
    ssize_t        sent;
    struct pollfd  room;

    for ( ;; ) {
        sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent == (ssize_t) n) {
            return;
        }

        if (sent > 0) {
            p += sent;
            n -= (size_t) sent;

        } else if (errno != EAGAIN) {
            die("send()");
        }

        room.fd = fd;
        room.events = POLLOUT;

        if (poll(&room, 1, PATIENCE) <= 0) {
            wrong("nobody reads");
        }
    }
}


/* Receives behind what the buffer has; 0: for now that was all; -1: the end. */

static int
receive(int fd, buf_t *buf)
{
    size_t   room;
    ssize_t  n;

    reserve(buf, ROOM);
    room = buf->size - buf->len;

    n = recv(fd, buf->data + buf->len, room, 0);

    if (n == 0 || (n == -1 && errno == ECONNRESET)) {
        return -1;
    }

    if (n == -1) {
        if (errno == EAGAIN) {
            return 0;
        }

        die("recv()");
    }

    buf->len += (size_t) n;

    return (size_t) n == room;
}


static void
watch(int fd, uint32_t events)
{
    struct epoll_event  ev;

    ev.events = events;
    ev.data.fd = fd;

    if (epoll_ctl(relay.ep, EPOLL_CTL_ADD, fd, &ev) == -1) {
        die("epoll_ctl()");
    }
}


static void
no_delay(int fd)
{
    int  on = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1) {
        die("setsockopt()");
    }
}


static void
accept_clients(void)
{
    int  fd;

    while ((fd = accept4(relay.listener, NULL, NULL, SOCK_NONBLOCK)) != -1) {

        if (fd >= relay.nconns) {
            wrong("too many clients");
        }

        relay.conns[fd].closed = 0;
        relay.conns[fd].part.len = 0;

        no_delay(fd);
        watch(fd, EPOLLIN | EPOLLET);
    }

    if (errno != EAGAIN) {
        die("accept4()");
    }
}


static void
let_go(int fd)
{
    if (relay.conns[fd].closed && relay.conns[fd].calls == 0) {
        close(fd);
    }
}


/* Whole messages stay in relay.out, where they were received. */

static void
read_calls(int fd)
{
    int      rc;
    size_t   n, pos;
    buf_t   *out;
    conn_t  *conn;

    out = &relay.out;
    conn = &relay.conns[fd];

    if (conn->closed) {
        return;
    }

    do {
        pos = out->len;

        if (conn->part.len) {
            append(out, conn->part.data, conn->part.len);
            conn->part.len = 0;
        }

        rc = receive(fd, out);

        while ((n = frame(out->data + pos, out->len - pos)) != 0) {

            if (relay.tail - relay.head == CALLS) {
                wrong("too many calls");
            }

            relay.calls[relay.tail++ % CALLS] = fd;
            conn->calls++;
            pos += n;
        }

        if (pos != out->len) {
            append(&conn->part, out->data + pos, out->len - pos);
            out->len = pos;
        }

    } while (rc == 1);

    if (rc == -1) {
        conn->closed = 1;
        let_go(fd);
    }
}


static void
send_calls(void)
{
    if (relay.out.len) {
        send_all(relay.backend, relay.out.data, relay.out.len);
        relay.out.len = 0;
    }
}


static void
send_replies(int fd, const uint8_t *p, size_t n)
{
    if (n && !relay.conns[fd].closed) {
        send_all(fd, p, n);
    }

    let_go(fd);
}


static void
read_replies(void)
{
    int       rc, fd, client;
    size_t    n, pos, first;
    uint8_t  *data;

    do {
        rc = receive(relay.backend, &relay.in);

        if (rc == -1) {
            wrong("the backend closed its connection");
        }

        data = relay.in.data;
        first = 0;
        pos = 0;
        client = -1;

        while ((n = frame(data + pos, relay.in.len - pos)) != 0) {

            if (relay.head == relay.tail) {
                wrong("a reply to no call");
            }

            fd = relay.calls[relay.head++ % CALLS];

            if (fd != client) {
                if (client != -1) {
                    send_replies(client, data + first, pos - first);
                }

                first = pos;
                client = fd;
            }

            relay.conns[fd].calls--;
            pos += n;
        }

        if (client != -1) {
            send_replies(client, data + first, pos - first);
        }

        relay.in.len -= pos;
        memmove(data, data + pos, relay.in.len);

    } while (rc == 1);
}


static void
run(void)
{
    int                 i, n, fd;
    struct epoll_event  events[EVENTS];

    for ( ;; ) {
        n = epoll_wait(relay.ep, events, EVENTS, -1);

        if (n == -1 && errno != EINTR) {
            die("epoll_wait()");
        }

        for (i = 0; i < n; i++) {
            fd = events[i].data.fd;

            if (fd == relay.listener) {
                accept_clients();

            } else if (fd == relay.backend) {
                read_replies();

            } else {
                read_calls(fd);
            }
        }

        send_calls();
    }
}


static void
allocate(void)
{
    struct rlimit  files;

    if (getrlimit(RLIMIT_NOFILE, &files) == -1) {
        die("getrlimit()");
    }

    files.rlim_cur = files.rlim_max;

    if (setrlimit(RLIMIT_NOFILE, &files) == -1) {
        die("setrlimit()");
    }

    relay.nconns = files.rlim_cur < CALLS ? (int) files.rlim_cur : CALLS;
    relay.conns = calloc((size_t) relay.nconns, sizeof(conn_t));
    relay.calls = calloc(CALLS, sizeof(int));

    if (relay.conns == NULL || relay.calls == NULL) {
        die("calloc()");
    }
}


static void
listen_on(const address_t *address)
{
    int  on = 1;

    relay.listener = socket(address->u.any.sa_family,
                            SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (relay.listener == -1
        || setsockopt(relay.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))
           == -1
        || bind(relay.listener, &address->u.any, address->len) == -1
        || listen(relay.listener, BACKLOG) == -1)
    {
        die("listen()");
    }

    watch(relay.listener, EPOLLIN);
}


static void
connect_to(const address_t *address)
{
    relay.backend = socket(address->u.any.sa_family, SOCK_STREAM, 0);

    if (relay.backend == -1
        || connect(relay.backend, &address->u.any, address->len) == -1
        || fcntl(relay.backend, F_SETFL, O_NONBLOCK) == -1)
    {
        die("connect()");
    }

    no_delay(relay.backend);
    watch(relay.backend, EPOLLIN | EPOLLET);
}


int
main(int argc, char **argv)
{
    address_t  address, backend;

    if (argc != 3 || address_parse(&address, argv[1]) == -1
        || address_parse(&backend, argv[2]) == -1)
    {
        fprintf(stderr, "usage: relay ADDRESS BACKEND, each of them "
                "\"address:port\"\n");
        return EXIT_USAGE;
    }

    allocate();

    relay.ep = epoll_create1(0);
    if (relay.ep == -1) {
        die("epoll_create1()");
    }

    connect_to(&backend);
    listen_on(&address);

    run();

    return EXIT_SUCCESS;
}
