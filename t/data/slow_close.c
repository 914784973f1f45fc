/*
 * slow_close.c: closing a TCP connection takes as many milliseconds as the file
 * that SLOW_CLOSE_FILE names says; see Test::Thrift::Preload.
 */

#define _GNU_SOURCE

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "number.h"


static volatile int64_t  *takes;


__attribute__((constructor)) static void
slow_close_open(void)
{
    takes = number_open("SLOW_CLOSE_FILE");
}


int
close(int fd)
{
    socklen_t                len;
    struct sockaddr_storage  ss;

    len = sizeof(ss);

    if (takes != NULL && *takes != 0
        && getpeername(fd, (struct sockaddr *) &ss, &len) == 0
        && (ss.ss_family == AF_INET || ss.ss_family == AF_INET6))
    {
        usleep(*takes * 1000);
    }

    return syscall(SYS_close, fd);
}
