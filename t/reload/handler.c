/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/handler.c: the hosted part of the service: counts each call, and
 * answers as the backend does; see answer.h.
 *
 *     thrift_handler load.so generation=7 counts=FILE;
 */

#include "answer.h"
#include "hosted.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


typedef struct {
    answer_t   answer;
    uint8_t   *counts;
} state_t;


static state_t  state;


static void
answer(nthrift_call_t *call, void *data)
{
    uint8_t                     *text;
    const Hosted_hosted_args_t  *args = data;

    text = nthrift_call_alloc(call, (size_t) args->size);

    if (text == NULL) {
        nthrift_call_fail(call, "no memory");
        return;
    }

    answer_write(text, (size_t) args->size, (uint32_t) args->id,
                 &state.answer);

    Hosted_hosted_reply(call, nthrift_str_of(text, (size_t) args->size));
}


static void
hosted(nthrift_call_t *call, const Hosted_hosted_args_t *args)
{
    uint32_t  id;

    id = (uint32_t) args->id;

    if (id >= MAX_CALLS || args->size < ANSWER_HEAD
        || !is_filled(args->pad.data, args->pad.len, id))
    {
        nthrift_call_fail(call, "this is not what a client sent");
        return;
    }

    __atomic_fetch_add(&state.counts[id], 1, __ATOMIC_RELAXED);

    state.answer.variant = (unsigned) args->variant;

    if (args->delay == 0) {
        answer(call, (void *) args);
        return;
    }

    nthrift_call_timer(call, (uint32_t) args->delay, answer, (void *) args);
}


static int
start(nthrift_worker_t *worker)
{
    int     fd;
    void   *p;
    size_t  i;

    fd = -1;

    for (i = 0; i < worker->n_args; i++) {
        if (strcmp(worker->args[i].key, "generation") == 0) {
            state.answer.generation = (unsigned) atoi(worker->args[i].value);

        } else {
            fd = open(worker->args[i].value, O_RDWR|O_CLOEXEC);
        }
    }

    p = mmap(NULL, MAX_CALLS, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);

    if (p == MAP_FAILED) {
        return NTHRIFT_ERROR;
    }

    state.counts = p;

    return NTHRIFT_OK;
}


static void
stop(nthrift_worker_t *worker)
{
    (void) worker;

    munmap(state.counts, MAX_CALLS);
}


Hosted_HANDLER(.hosted = hosted, .on_start = start, .on_stop = stop)
