/*
 * PingPong: a method that replies at once, and one that replies after a while
 * and holds up nobody meanwhile.
 *
 *     thrift_handler  pingpong.so  delay=2000;
 */

#include "pingpong.h"

#include <stdlib.h>


#define DELAY  2000     /* milliseconds */


static uint32_t  delay;


static int
start(nthrift_worker_t *worker)
{
    char        *end;
    long         msec;
    const char  *value;

    delay = DELAY;

    value = nthrift_worker_arg(worker, "delay");

    if (value != NULL) {
        msec = strtol(value, &end, 10);

        if (end == value || *end != '\0' || msec < 0 || msec > 3600000) {
            return nthrift_worker_fail(worker, "invalid delay \"%s\"", value);
        }

        delay = (uint32_t) msec;
    }

    return NTHRIFT_OK;
}


static void
ping(nthrift_call_t *call, const PingPong_ping_args_t *args)
{
    (void) args;

    PingPong_ping_reply(call, NTHRIFT_STR("pong"));
}


static void
add_reply(nthrift_call_t *call, const PingPong_add_args_t *args)
{
    PingPong_add_reply(call, (int64_t) ((uint64_t) args->b
                                        + (uint64_t) (int64_t) args->a));
}


static void
on_timer(nthrift_call_t *call, void *data)
{
    add_reply(call, data);
}


static void
add(nthrift_call_t *call, const PingPong_add_args_t *args)
{
    if (delay == 0) {
        add_reply(call, args);
        return;
    }

    /* arguments stay as long as the call does */

    nthrift_call_timer(call, delay, on_timer, args);
}


PingPong_HANDLER(.ping = ping, .add = add, .on_start = start)
