/*
 * Blocking: methods that block, each on a thread of its own.  They are written
 * like any others; what the event loop does meanwhile is not their business.
 *
 *     thread_pool  blocking  threads=8;
 *     thrift_handler  blocking.so  threads=blocking;
 */

#define _POSIX_C_SOURCE  199309L

#include "blocking.h"

#include <time.h>


#define MOST_ROUNDS  1000000
#define MOST_TIME    10000      /* milliseconds */


static void
checksum(nthrift_call_t *call, const Blocking_checksum_args_t *args)
{
    size_t    k;
    int32_t   i;
    uint64_t  sum;

    if (args->rounds > MOST_ROUNDS) {
        Blocking_checksum_throw_tooMuch(call, (TooMuch_t) { MOST_ROUNDS });
        return;
    }

    sum = 14695981039346656037u;

    for (i = 0; i < args->rounds; i++) {

        /* nobody may be waiting any more */

        if (i % 1024 == 0 && nthrift_call_left(call) == 0) {
            return;
        }

        for (k = 0; k < args->data.len; k++) {
            sum = (sum ^ args->data.data[k]) * 1099511628211u;
        }
    }

    Blocking_checksum_reply(call, (int64_t) sum);
}


static void
nap(nthrift_call_t *call, const Blocking_nap_args_t *args)
{
    struct timespec  ts;

    if (args->milliseconds > MOST_TIME) {
        Blocking_nap_throw_tooMuch(call, (TooMuch_t) { MOST_TIME });
        return;
    }

    ts.tv_sec = args->milliseconds / 1000;
    ts.tv_nsec = args->milliseconds % 1000 * 1000000L;

    if (args->milliseconds > 0) {
        (void) nanosleep(&ts, NULL);
    }

    Blocking_nap_reply(call, nthrift_call_format(call, "slept %dms",
                                                 (int) args->milliseconds));
}


Blocking_HANDLER(.checksum = checksum, .nap = nap)
