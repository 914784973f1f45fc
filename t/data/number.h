/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * number.h: what Test::Thrift::Preload shares with a program whose system calls
 * are replaced.
 */

#ifndef NUMBER_H
#define NUMBER_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


/*
 * The number in the file that this variable of the environment names; NULL:
 * there is none.  It stays where it is until the process ends.
 */

static inline volatile int64_t *
number_open(const char *variable)
{
    int          fd;
    void        *map;
    const char  *name;

    name = getenv(variable);
    fd = (name != NULL) ? open(name, O_RDWR) : -1;

    if (fd == -1) {
        return NULL;
    }

    map = mmap(NULL, sizeof(int64_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);

    close(fd);

    return (map != MAP_FAILED) ? map : NULL;
}

#endif /* NUMBER_H */
