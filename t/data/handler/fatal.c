/*
 * fatal.c: a handler for t/handler_crash.t, which ends its worker.
 */

#define _POSIX_C_SOURCE  200809L

#include "fatal.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>


/* A signal that no sanitizer has something to say about. */

static void
end(nthrift_str_t how)
{
    if (how.len == 4 && memcmp(how.data, "exit", 4) == 0) {
        exit(3);
    }

    if (how.len == 5 && memcmp(how.data, "fatal", 5) == 0) {
        exit(2);
    }

    (void) raise(SIGKILL);
}


/* Once: if this file can be removed. */

static int
start(nthrift_worker_t *worker)
{
    const char  *how, *file;

    how = nthrift_worker_arg(worker, "start");
    file = nthrift_worker_arg(worker, "once");

    if (how != NULL || (file != NULL && unlink(file) == 0)) {
        end(how ? nthrift_str_of(how, strlen(how)) : NTHRIFT_STR("kill"));
    }

    return NTHRIFT_OK;
}


static void
stop(nthrift_worker_t *worker)
{
    const char  *how;

    how = nthrift_worker_arg(worker, "stop");

    if (how != NULL) {
        end(nthrift_str_of(how, strlen(how)));
    }
}


static void
on_timer(nthrift_call_t *call, void *data)
{
    (void) call;
    (void) data;

    end(NTHRIFT_STR("kill"));
}


static void
on_worker_timer(nthrift_worker_t *worker, void *data)
{
    (void) worker;
    (void) data;

    end(NTHRIFT_STR("kill"));
}


static void
do_work(void *data)
{
    (void) data;

    end(NTHRIFT_STR("kill"));
}


static void
die(nthrift_call_t *call, const Fatal_die_args_t *args)
{
    nthrift_str_t  how;

    how = args->how;

    if (how.len == 5 && memcmp(how.data, "timer", 5) == 0) {
        (void) nthrift_call_timer(call, 1, on_timer, NULL);

    } else if (how.len == 6 && memcmp(how.data, "worker", 6) == 0) {
        (void) nthrift_worker_timer(nthrift_call_worker(call), 1,
                                    on_worker_timer, NULL);
        (void) nthrift_call_keep(call);

    } else if (how.len == 4 && memcmp(how.data, "work", 4) == 0) {
        (void) nthrift_call_work(call, "pool", do_work, NULL, NULL);

    } else {
        end(how);
    }
}


static void
echo(nthrift_call_t *call, const Fatal_echo_args_t *args)
{
    Fatal_echo_reply(call, args->text);
}


Fatal_HANDLER(.echo = echo, .die = die, .on_start = start, .on_stop = stop)
