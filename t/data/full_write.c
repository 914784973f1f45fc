/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * full_write.c: a connection that breaks while its socket is full.  Once the
 * number in the file that FULL_WRITE_FILE names is 1, the write() behind one
 * that found no room, and each one behind it, fails; how many did is added to
 * the number.  See Test::Thrift::Preload.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "number.h"


static volatile int64_t  *fails;
static int                full = -1;    /* what had no room last */


__attribute__((constructor)) static void
full_write_open(void)
{
    fails = number_open("FULL_WRITE_FILE");
}


ssize_t
write(int fd, const void *p, size_t size)
{
    ssize_t         n;
    static ssize_t  (*real)(int, const void *, size_t);

    if (real == NULL) {
        real = (ssize_t (*)(int, const void *, size_t))
                   dlsym(RTLD_NEXT, "write");
    }

    if (fails != NULL && *fails != 0 && fd == full) {
        *fails += 1;
        errno = ECONNRESET;
        return -1;
    }

    n = real(fd, p, size);

    if (n == -1 && errno == EAGAIN) {
        full = fd;

    } else if (fd == full) {
        full = -1;
    }

    return n;
}
