/*
 * MyService: a method without a result, and something that one call leaves for
 * the next: it is the worker's, so that each worker process has its own.
 */

#include "myservice.h"

#include <stdlib.h>


typedef struct {
    bool  active;
} state_t;


static int
start(nthrift_worker_t *worker)
{
    worker->state = calloc(1, sizeof(state_t));

    return (worker->state != NULL) ? NTHRIFT_OK
                                   : nthrift_worker_fail(worker, "no memory");
}


static void
stop(nthrift_worker_t *worker)
{
    free(worker->state);
}


static void
do_something(nthrift_call_t *call, const MyService_doSomething_args_t *args)
{
    state_t  *state;

    state = nthrift_call_state(call);
    state->active = args->data.active;

    nthrift_call_log(call, NTHRIFT_LOG_INFO, "%.*s is %d",
                     NTHRIFT_ARG(args->data.name), (int) args->data.age);

    MyService_doSomething_reply(call);
}


static void
check_status(nthrift_call_t *call, const MyService_checkStatus_args_t *args)
{
    state_t  *state;

    (void) args;

    state = nthrift_call_state(call);

    MyService_checkStatus_reply(call, state->active);
}


MyService_HANDLER(.doSomething = do_something, .checkStatus = check_status,
                  .on_start = start, .on_stop = stop)
