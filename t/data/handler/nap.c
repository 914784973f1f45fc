/* nap.c: a handler that holds the event loop. */

#define _POSIX_C_SOURCE  200809L

#include "nap.h"

#include <time.h>


static void
nap(nthrift_call_t *call, const Nap_nap_args_t *args)
{
    struct timespec  ts;

    ts.tv_sec = 0;
    ts.tv_nsec = args->msec * 1000000L;

    (void) nanosleep(&ts, NULL);

    Nap_nap_reply(call);
}


Nap_HANDLER(.nap = nap)
