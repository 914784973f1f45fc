/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * dies_inside.c: a process is killed where nginx holds locks of an upstream's
 * servers: while it draws a random number (the number in the file that
 * DIES_INSIDE_FILE names is 1), or says that a server is disabled (2).  It is 0
 * then; see Test::Thrift::Preload.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <signal.h>
#include <string.h>

#include "number.h"


#define DISABLED  "temporarily disabled"


static volatile int64_t  *moment;


__attribute__((constructor)) static void
dies_inside_open(void)
{
    moment = number_open("DIES_INSIDE_FILE");
}


static void
dies_inside(int64_t now)
{
    if (moment != NULL && *moment == now) {
        *moment = 0;
        kill(getpid(), SIGKILL);
    }
}


long
random(void)
{
    static long  (*real)(void);

    if (real == NULL) {
        real = (long (*)(void)) dlsym(RTLD_NEXT, "random");
    }

    dies_inside(1);

    return real();
}


ssize_t
write(int fd, const void *p, size_t size)
{
    static ssize_t  (*real)(int, const void *, size_t);

    if (real == NULL) {
        real = (ssize_t (*)(int, const void *, size_t))
                   dlsym(RTLD_NEXT, "write");
    }

    if (memmem(p, size, DISABLED, strlen(DISABLED)) != NULL) {
        dies_inside(2);
    }

    return real(fd, p, size);
}
