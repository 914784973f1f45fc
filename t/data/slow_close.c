/*
 * slow_close.c: closing a TCP connection takes as many milliseconds as the file
 * that SLOW_CLOSE_FILE names says; see Test::Thrift::Preload.
 */

#define _GNU_SOURCE

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>


static volatile int64_t  *takes;


__attribute__((constructor)) static void
slow_close_open(void)
{
    int          fd;
    void        *map;
    const char  *name;

    name = getenv("SLOW_CLOSE_FILE");
    fd = (name != NULL) ? open(name, O_RDWR) : -1;

    if (fd == -1) {
        return;
    }

    map = mmap(NULL, sizeof(int64_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);
    takes = (map != MAP_FAILED) ? map : NULL;

    close(fd);
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
