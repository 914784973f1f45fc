/*
 * nomem.c: loaded before nginx.  An allocation of nginx, of the module or of a
 * handler fails: which one is counted down in a file that a test shares.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "number.h"

static volatile int64_t  *left;

__attribute__((constructor)) static void
start(void)
{
    left = number_open("NOMEM_FILE");
}

static int
fails(void *caller)
{
    Dl_info  info;

    if (left == NULL || *left <= 0 || dladdr(caller, &info) == 0
        || strstr(info.dli_fname, ".so.") != NULL)
    {
        return 0;
    }

    return --*left == 0;
}

void *
malloc(size_t size)
{
    static void  *(*real)(size_t);

    if (real == NULL) {
        real = (void *(*)(size_t)) dlsym(RTLD_NEXT, "malloc");
    }

    if (fails(__builtin_return_address(0))) {
        errno = ENOMEM;
        return NULL;
    }

    return real(size);
}

int
posix_memalign(void **p, size_t align, size_t size)
{
    static int  (*real)(void **, size_t, size_t);

    if (real == NULL) {
        real = (int (*)(void **, size_t, size_t)) dlsym(RTLD_NEXT,
                                                        "posix_memalign");
    }

    if (fails(__builtin_return_address(0))) {
        return ENOMEM;
    }

    return real(p, align, size);
}
