/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * dies.c: a process that compares "dies" with a regular expression is killed,
 * as often as the file that DIES_FILE names says; see Test::Thrift::Preload.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <signal.h>
#include <string.h>

#include "number.h"


/* As pcre2.h has it. */

typedef int (*match_pt)(const void *code, const unsigned char *subject,
    size_t length, size_t offset, uint32_t options, void *data,
    void *context);


static volatile int64_t  *times;


__attribute__((constructor)) static void
dies_open(void)
{
    times = number_open("DIES_FILE");
}


int
pcre2_match_8(const void *code, const unsigned char *subject, size_t length,
    size_t offset, uint32_t options, void *data, void *context)
{
    match_pt  match;

    if (times != NULL && *times != 0
        && length == 4 && memcmp(subject, "dies", 4) == 0)
    {
        (*times)--;
        kill(getpid(), SIGKILL);
    }

    match = (match_pt) dlsym(RTLD_NEXT, "pcre2_match_8");

    return match(code, subject, length, offset, options, data, context);
}
