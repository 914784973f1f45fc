/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/echo.c: the backend behind the proxies: answers every call of one
 * string argument with that string ("string echo(1: string payload)"), in the
 * order of the calls, in the transport and protocol of the call; a oneway is
 * read and not answered.  "Service:method" is answered as "method".
 *
 * One thread, edge-triggered epoll, no allocation once its buffers are warm:
 * it must not be what a benchmark measures.  What it cannot read it reports
 * and closes.  --delay answers each call that much later, still in order.
 * --count keeps the number of connections that were accepted in a file.
 */

#include "address.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define EXIT_USAGE       2

#define EVENTS         512
#define BACKLOG       4096
#define READ_ROOM    65536      /* bytes free in a buffer before recv() */
#define SEND_BATCH   65536      /* replies are sent when they reach this */
#define OUT_LIMIT  1048576      /* unsent bytes at which reading pauses */
#define MAX_MESSAGE  (256 * 1024 * 1024)


typedef struct {
    uint8_t        *data;
    size_t          pos;        /* bytes before it are done with */
    size_t          len;
    size_t          size;
} buf_t;


/* Slot fd of the table is connection fd; fd is -1 in a free one. */

typedef struct {
    int             fd;
    uint32_t        generation; /* tells the connections of one fd apart */
    int             eof;        /* no more calls; replies may be due */
    size_t          due;        /* bytes of out that may be sent now */
    buf_t           in;
    buf_t           out;
} conn_t;


/* A reply that waits for its time; all wait equally long, so a ring does. */

typedef struct {
    int             fd;
    uint32_t        generation;
    size_t          size;
    uint64_t        due;        /* nanoseconds */
} delayed_t;


static struct {
    int             ep;
    int             listener;
    address_t       address;
    unsigned        processes;
    uint64_t        delay;      /* nanoseconds */
    const char     *count_file; /* NULL: there is none */
    uint64_t       *count;      /* accepted connections, of all processes */

    conn_t         *conns;
    int             nconns;

    buf_t          *spare;      /* stack of buffers without an owner */
    size_t          nspare;
    size_t          spare_size;

    delayed_t      *delayed;    /* ring, its size a power of two */
    size_t          delayed_head;
    size_t          delayed_tail;
    size_t          delayed_size;
} echo;


static void
die(const char *what)
{
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}


static void *
grow(void *p, size_t size)
{
    p = realloc(p, size);
    if (p == NULL) {
        die("realloc()");
    }

    return p;
}


static uint64_t
now_ns(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}


/*
 * Buffers.  A connection owns one only while there are bytes in it; the one
 * given back last is taken first, so that the cache still has it.
 */

static void
buf_reserve(buf_t *b, size_t room)
{
    if (b->data == NULL && echo.nspare != 0) {
        *b = echo.spare[--echo.nspare];
    }

    if (b->size - b->len >= room) {
        return;
    }

    if (b->pos != 0) {
        memmove(b->data, b->data + b->pos, b->len - b->pos);
        b->len -= b->pos;
        b->pos = 0;
    }

    if (b->size - b->len < room) {
        b->size = 2 * (b->len + room);
        b->data = grow(b->data, b->size);
    }
}


static void
buf_release(buf_t *b)
{
    if (b->data == NULL) {
        return;
    }

    if (echo.nspare == echo.spare_size) {
        echo.spare_size = echo.spare_size ? 2 * echo.spare_size : 64;
        echo.spare = grow(echo.spare, echo.spare_size * sizeof(buf_t));
    }

    b->pos = 0;
    b->len = 0;
    echo.spare[echo.nspare++] = *b;

    memset(b, 0, sizeof(buf_t));
}


static void
conn_close(conn_t *c)
{
    buf_release(&c->in);
    buf_release(&c->out);
    close(c->fd);
    c->fd = -1;
    c->generation++;
}


static void
conn_open(int fd)
{
    int                 n, on;
    conn_t             *c;
    struct epoll_event  event;

    if (fd >= echo.nconns) {
        n = 2 * fd + 64;
        echo.conns = grow(echo.conns, (size_t) n * sizeof(conn_t));
        memset(echo.conns + echo.nconns, 0,
               (size_t) (n - echo.nconns) * sizeof(conn_t));

        while (echo.nconns < n) {
            echo.conns[echo.nconns++].fd = -1;
        }
    }

    c = &echo.conns[fd];
    c->fd = fd;
    c->eof = 0;
    c->due = 0;

    on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));

    memset(&event, 0, sizeof(event));
    event.events = EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET;
    event.data.fd = fd;

    if (epoll_ctl(echo.ep, EPOLL_CTL_ADD, fd, &event) == -1) {
        die("epoll_ctl()");
    }
}


static void
accept_connections(void)
{
    int  fd;

    for ( ;; ) {
        fd = accept4(echo.listener, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC);

        if (fd != -1) {
            __atomic_fetch_add(echo.count, 1, __ATOMIC_RELAXED);
            conn_open(fd);
            continue;
        }

        if (errno == EAGAIN) {
            return;
        }

        if (errno != EINTR && errno != ECONNABORTED) {
            die("accept4()");
        }
    }
}


static void
delay_reply(conn_t *c, size_t size)
{
    size_t      i, n;
    delayed_t  *d;

    if (echo.delayed_tail - echo.delayed_head == echo.delayed_size) {
        n = echo.delayed_size;
        echo.delayed_size = n ? 2 * n : 1024;
        d = grow(NULL, echo.delayed_size * sizeof(delayed_t));

        for (i = 0; i < n; i++) {
            d[i] = echo.delayed[(echo.delayed_head + i) & (n - 1)];
        }

        free(echo.delayed);
        echo.delayed = d;
        echo.delayed_head = 0;
        echo.delayed_tail = n;
    }

    d = &echo.delayed[echo.delayed_tail++ & (echo.delayed_size - 1)];

    d->fd = c->fd;
    d->generation = c->generation;
    d->size = size;
    d->due = now_ns() + echo.delay;
}


static void
write_reply(conn_t *c, const wire_format_t *format, wire_head_t *head,
    const wire_str_t *payload)
{
    size_t          size;
    uint8_t        *p, *start;
    const uint8_t  *colon;

    colon = memchr(head->name.data, ':', head->name.len);
    if (colon != NULL) {
        head->name.len -= (uint32_t) (colon + 1 - head->name.data);
        head->name.data = colon + 1;
    }

    buf_reserve(&c->out,
                (size_t) WIRE_OVERHEAD + head->name.len + payload->len);

    start = c->out.data + c->out.len;
    p = start + (format->framed ? WIRE_FRAME : 0);

    head->type = WIRE_REPLY;

    p = wire_write_head(p, format->protocol, head);
    p = wire_write_string(p, format->protocol, 0, payload->len);
    memcpy(p, payload->data, payload->len);
    p += payload->len;
    *p++ = WIRE_STOP;

    size = (size_t) (p - start);
    c->out.len += size;

    if (format->framed) {
        wire_put32(start, (uint32_t) size - WIRE_FRAME);
    }

    if (echo.delay) {
        delay_reply(c, size);

    } else {
        c->due += size;
    }
}


/* Reads the body of a call: one string with id 1. */

static int
read_payload(wire_reader_t *r, wire_str_t *payload)
{
    int           rc;
    wire_field_t  field;

    rc = wire_read_field(r, &field);
    if (rc != WIRE_OK) {
        return rc;
    }

    if (field.type != WIRE_STRING || field.id != 1) {
        return WIRE_ERROR;
    }

    rc = wire_read_string(r, payload);
    if (rc != WIRE_OK) {
        return rc;
    }

    rc = wire_read_field(r, &field);
    if (rc == WIRE_OK && field.type != WIRE_STOP) {
        return WIRE_ERROR;
    }

    return rc;
}


/*
 * Reads a call; the reader begins at its first byte, before a frame's length
 * if there is one, and is left at its end.
 */

static int
read_call(wire_reader_t *r, wire_format_t *format, wire_head_t *head,
    wire_str_t *payload)
{
    int       rc;
    uint32_t  len;

    rc = wire_detect(r->p, (size_t) (r->last - r->p), format);
    if (rc != WIRE_OK) {
        return rc;
    }

    if (format->framed) {
        len = wire_get32(r->p);
        r->p += WIRE_FRAME;

        if (len > MAX_MESSAGE) {
            return WIRE_ERROR;
        }

        if ((size_t) (r->last - r->p) < len) {
            return WIRE_AGAIN;
        }

        r->last = r->p + len;
    }

    r->protocol = format->protocol;

    rc = wire_read_head(r, head);
    if (rc == WIRE_OK) {
        rc = read_payload(r, payload);
    }

    if (format->framed && (rc == WIRE_AGAIN || r->p != r->last)) {
        return WIRE_ERROR;
    }

    return rc;
}


/* Answers the call that begins at in.pos. */

static int
answer_call(conn_t *c)
{
    int            rc;
    wire_str_t     payload;
    wire_head_t    head;
    wire_format_t  format;
    wire_reader_t  r;

    memset(&r, 0, sizeof(wire_reader_t));
    r.p = c->in.data + c->in.pos;
    r.last = c->in.data + c->in.len;

    rc = read_call(&r, &format, &head, &payload);
    if (rc != WIRE_OK) {
        return rc;
    }

    switch (head.type) {

    case WIRE_CALL:
        write_reply(c, &format, &head, &payload);
        break;

    case WIRE_ONEWAY:
        break;

    default:
        return WIRE_ERROR;
    }

    c->in.pos = (size_t) (r.p - c->in.data);

    return WIRE_OK;
}


/* Sends what is due: OK, AGAIN when the socket is full, or ERROR. */

static int
send_replies(conn_t *c)
{
    ssize_t  n;

    while (c->due) {
        n = send(c->fd, c->out.data + c->out.pos, c->due, MSG_NOSIGNAL);

        if (n == -1) {
            if (errno == EINTR) {
                continue;
            }

            return errno == EAGAIN ? WIRE_AGAIN : WIRE_ERROR;
        }

        c->out.pos += (size_t) n;
        c->due -= (size_t) n;
    }

    if (c->out.pos == c->out.len) {
        buf_release(&c->out);
    }

    return WIRE_OK;
}


static int
paused(const conn_t *c)
{
    return c->out.len - c->out.pos >= OUT_LIMIT;
}


static int
answer_calls(conn_t *c)
{
    int  rc;

    while (c->in.pos < c->in.len && !paused(c)) {
        rc = answer_call(c);

        if (rc == WIRE_ERROR) {
            fprintf(stderr, "echo: cannot read the message at byte %zu of "
                    "%zu received\n", c->in.pos, c->in.len);
            return WIRE_ERROR;
        }

        if (rc == WIRE_AGAIN) {
            return WIRE_OK;
        }

        if (c->due >= SEND_BATCH && send_replies(c) == WIRE_ERROR) {
            return WIRE_ERROR;
        }
    }

    if (c->in.pos == c->in.len) {
        buf_release(&c->in);
    }

    return WIRE_OK;
}


/*
 * Reads until the socket is empty.  A read that did not fill the buffer has
 * emptied it, unless the peer has closed: that only the next read tells.
 */

static int
read_calls(conn_t *c, uint32_t events)
{
    size_t   room;
    ssize_t  n;

    while (!c->eof && !paused(c)) {
        buf_reserve(&c->in, READ_ROOM);
        room = c->in.size - c->in.len;

        n = recv(c->fd, c->in.data + c->in.len, room, 0);

        if (n == -1) {
            if (errno == EINTR) {
                continue;
            }

            if (errno != EAGAIN) {
                return WIRE_ERROR;
            }

            break;
        }

        if (n == 0) {
            c->eof = 1;
            break;
        }

        c->in.len += (size_t) n;

        if (answer_calls(c) != WIRE_OK) {
            return WIRE_ERROR;
        }

        if ((size_t) n < room && !(events & (EPOLLRDHUP|EPOLLHUP|EPOLLERR))) {
            break;
        }
    }

    if (c->in.pos == c->in.len) {
        buf_release(&c->in);
    }

    return WIRE_OK;
}


/* All that a connection can do now; after a pause, first what it had read. */

static void
conn_run(conn_t *c, uint32_t events)
{
    int  was_paused;

    do {
        if (send_replies(c) == WIRE_ERROR
            || answer_calls(c) == WIRE_ERROR
            || read_calls(c, events) == WIRE_ERROR)
        {
            conn_close(c);
            return;
        }

        was_paused = paused(c);

        if (send_replies(c) == WIRE_ERROR) {
            conn_close(c);
            return;
        }

        events |= EPOLLRDHUP;   /* reading stopped: look for all of it */

    } while (was_paused && !paused(c));

    if (c->eof && c->out.len == c->out.pos) {
        conn_close(c);
    }
}


static void
send_delayed(void)
{
    conn_t     *c;
    uint64_t    now;
    delayed_t  *d;

    now = now_ns();

    while (echo.delayed_head != echo.delayed_tail) {
        d = &echo.delayed[echo.delayed_head & (echo.delayed_size - 1)];

        if (d->due > now) {
            return;
        }

        echo.delayed_head++;
        c = &echo.conns[d->fd];

        if (c->fd != -1 && c->generation == d->generation) {
            c->due += d->size;
            conn_run(c, EPOLLRDHUP);
        }
    }
}


/* Milliseconds until the next delayed reply, rounded up; -1 if none waits. */

static int
next_delayed(void)
{
    uint64_t    now;
    delayed_t  *d;

    if (echo.delayed_head == echo.delayed_tail) {
        return -1;
    }

    d = &echo.delayed[echo.delayed_head & (echo.delayed_size - 1)];
    now = now_ns();

    return d->due <= now ? 0 : (int) ((d->due - now + 999999) / 1000000);
}


static void
run(void)
{
    int                 i, n, fd;
    struct epoll_event  event, events[EVENTS];

    echo.ep = epoll_create1(EPOLL_CLOEXEC);

    memset(&event, 0, sizeof(event));
    event.events = EPOLLIN;
    event.data.fd = echo.listener;

    if (epoll_ctl(echo.ep, EPOLL_CTL_ADD, echo.listener, &event) == -1) {
        die("epoll_ctl()");
    }

    for ( ;; ) {
        n = epoll_wait(echo.ep, events, EVENTS, next_delayed());

        if (n == -1 && errno != EINTR) {
            die("epoll_wait()");
        }

        for (i = 0; i < n; i++) {
            fd = events[i].data.fd;

            if (fd == echo.listener) {
                accept_connections();

            } else if (echo.conns[fd].fd != -1) {
                conn_run(&echo.conns[fd], events[i].events);
            }
        }

        send_delayed();
    }
}


/* Every process has its own socket on the one port. */

static void
open_listener(void)
{
    int  on;

    echo.listener = socket(echo.address.u.any.sa_family,
                           SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);
    if (echo.listener == -1) {
        die("socket()");
    }

    on = 1;
    setsockopt(echo.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(int));

    if (echo.processes > 1) {
        setsockopt(echo.listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(int));
    }

    if (bind(echo.listener, &echo.address.u.any, echo.address.len) == -1) {
        die("bind()");
    }

    if (listen(echo.listener, BACKLOG) == -1) {
        die("listen()");
    }

    getsockname(echo.listener, &echo.address.u.any, &echo.address.len);
}


/* Others read the file while it is counted. */

static void
map_count(void)
{
    int  fd;

    fd = -1;

    if (echo.count_file != NULL) {
        fd = open(echo.count_file, O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0644);

        if (fd == -1 || ftruncate(fd, sizeof(uint64_t)) == -1) {
            die(echo.count_file);
        }
    }

    echo.count = mmap(NULL, sizeof(uint64_t), PROT_READ|PROT_WRITE,
                      fd == -1 ? MAP_SHARED|MAP_ANONYMOUS : MAP_SHARED, fd, 0);

    if (echo.count == MAP_FAILED) {
        die("mmap()");
    }

    if (fd != -1) {
        close(fd);
    }
}


static void
start_processes(void)
{
    pid_t     pid, parent;
    unsigned  i;

    parent = getpid();

    for (i = 1; i < echo.processes; i++) {
        pid = fork();

        if (pid == -1) {
            die("fork()");
        }

        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);

            if (getppid() != parent) {
                exit(EXIT_SUCCESS);
            }

            close(echo.listener);
            open_listener();
            return;
        }
    }
}


static void
raise_file_limit(void)
{
    struct rlimit  limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}


static void
usage(void)
{
    fputs("usage: echo [address:port | unix:path] [options]\n"
          "  address:port    default 127.0.0.1:0; the kernel chooses port 0\n"
          "  unix:path       instead; the socket must not be there yet\n"
          "  --processes N   serve a port from N processes, default 1\n"
          "  --delay MS      answer each call MS milliseconds later\n"
          "  --count FILE    keep the number of accepted connections there,\n"
          "                  8 bytes in the machine's order\n"
          "Prints \"listening on ADDRESS\" when it can be called.\n",
          stderr);

    exit(EXIT_USAGE);
}


static unsigned long
parse_number(const char *text, unsigned long max)
{
    char           *end;
    unsigned long   n;

    n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n > max) {
        usage();
    }

    return n;
}


static void
parse_options(int argc, char **argv)
{
    int  ch;

    static const struct option  options[] = {
        { "processes", required_argument, NULL, 'p' },
        { "delay",     required_argument, NULL, 'd' },
        { "count",     required_argument, NULL, 'c' },
        { "help",      no_argument,       NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    echo.processes = 1;
    while ((ch = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (ch) {

        case 'p':
            echo.processes = (unsigned) parse_number(optarg, 1024);
            break;

        case 'd':
            echo.delay = parse_number(optarg, 3600000) * 1000000;
            break;

        case 'c':
            echo.count_file = optarg;
            break;

        default:
            usage();
        }
    }

    if (optind + 1 < argc) {
        usage();
    }

    if (address_parse(&echo.address, optind < argc ? argv[optind]
                                                   : "127.0.0.1:0") != 0
        || (echo.processes > 1 && echo.address.u.any.sa_family == AF_UNIX))
    {
        usage();
    }
}


int
main(int argc, char **argv)
{
    char  text[ADDRESS_TEXT];

    parse_options(argc, argv);
    raise_file_limit();
    map_count();
    open_listener();

    address_print(&echo.address, text);
    printf("listening on %s\n", text);
    fflush(stdout);

    start_processes();
    run();

    return EXIT_SUCCESS;
}
