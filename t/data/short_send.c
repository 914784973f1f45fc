/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * short_send.c: the next send() of more bytes than a number takes as many and
 * no more, as when the socket's buffer is full.  The file that SHORT_SEND_FILE
 * names has the number; see Test::Thrift::Preload.  With LACKS added to it
 * there is no memory for what nginx, or the module, needs next.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "number.h"


#define LACKS  ((int64_t) 1 << 32)
#define FDS    1024


static volatile int64_t    *takes;

/* What is waited for: epoll is asked anew, as the buffer was never full. */

static int                  waits[FDS];
static struct epoll_event   events[FDS];


__attribute__((constructor)) static void
short_send_open(void)
{
    takes = number_open("SHORT_SEND_FILE");
}


int
epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
    static int  (*real)(int, int, int, struct epoll_event *);

    if (real == NULL) {
        real = (int (*)(int, int, int, struct epoll_event *))
                   dlsym(RTLD_NEXT, "epoll_ctl");
    }

    if (op != EPOLL_CTL_DEL && fd < FDS) {
        waits[fd] = ep;
        events[fd] = *ev;
    }

    return real(ep, op, fd, ev);
}


ssize_t
send(int fd, const void *p, size_t size, int flags)
{
    ssize_t         sent;
    int64_t         n;
    static ssize_t  (*real)(int, const void *, size_t, int);

    if (real == NULL) {
        real = (ssize_t (*)(int, const void *, size_t, int))
                   dlsym(RTLD_NEXT, "send");
    }

    n = (takes != NULL) ? *takes & (LACKS - 1) : 0;

    if (n == 0 || size <= (size_t) n) {
        return real(fd, p, size, flags);
    }

    sent = real(fd, p, (size_t) n, flags);

    if (fd < FDS && waits[fd] != 0) {
        (void) epoll_ctl(waits[fd], EPOLL_CTL_MOD, fd, &events[fd]);
    }

    *takes &= LACKS;

    return sent;
}


static int
lacks(void *caller)
{
    Dl_info  info;

    if (takes == NULL || *takes != LACKS || dladdr(caller, &info) == 0
        || strstr(info.dli_fname, ".so.") != NULL)
    {
        return 0;
    }

    *takes = 0;

    return 1;
}


void *
malloc(size_t size)
{
    static void  *(*real)(size_t);

    if (real == NULL) {
        real = (void *(*)(size_t)) dlsym(RTLD_NEXT, "malloc");
    }

    if (lacks(__builtin_return_address(0))) {
        errno = ENOMEM;
        return NULL;
    }

    return real(size);
}
