/*
 * full_disk.c: a disk that gets full.  If the file that FULL_DISK_FILE names
 * has a number other than 0, that is one more than the bytes that fit on it; of
 * what is written, lines of JSON take them up.  See Test::Thrift::Preload.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "number.h"


static volatile int64_t  *room;


__attribute__((constructor)) static void
full_disk_open(void)
{
    room = number_open("FULL_DISK_FILE");
}


ssize_t
write(int fd, const void *bytes, size_t n)
{
    ssize_t      written;
    const char  *first;

    first = bytes;

    if (room == NULL || *room == 0 || n == 0
        || (*first != '{' && *first != '\n'))
    {
        return syscall(SYS_write, fd, bytes, n);
    }

    if (*room == 1) {
        errno = ENOSPC;
        return -1;
    }

    if (n > (size_t) *room - 1) {
        n = *room - 1;
    }

    written = syscall(SYS_write, fd, bytes, n);

    if (written > 0) {
        *room -= written;
    }

    return written;
}
