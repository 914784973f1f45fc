/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The hosted method of t/stay/: what it answers tells which code runs, WORD,
 * and with which configuration it was started.
 */

#include "peers.h"


static int
start(nthrift_worker_t *worker)
{
    worker->state = (void *) nthrift_worker_arg(worker, "generation");

    return (worker->state != NULL) ? NTHRIFT_OK
                                   : nthrift_worker_fail(worker,
                                                         "no generation");
}


static void
fresh(nthrift_call_t *call, const Newer_fresh_args_t *args)
{
    const char  *generation;

    generation = nthrift_call_state(call);

    Newer_fresh_reply(call, nthrift_call_format(call, "%s %s %d", WORD,
                                                generation,
                                                (int) args->number));
}


Newer_HANDLER(.fresh = fresh, .on_start = start)
