/*
 * handler.cc: handler.c in C++17, where methods are given in their order; what
 * is left out at the end is not there.
 */

#include "consts.h"
#include "diamond.h"
#include "services.h"


extern "C" __attribute__((visibility("hidden")))
void  other_text(nthrift_call_t *call,
    const Every_text_args_t *args);


static void
ping(nthrift_call_t *call, const Base_ping_args_t *args)
{
    (void) args;

    Last_ping_reply(call);
}


static void
nothing(nthrift_call_t *call, const Every_nothing_args_t *args)
{
    (void) args;

    Every_nothing_reply(call);
}


Every_HANDLER(nothing, NULL, NULL, NULL, NULL, NULL, NULL, other_text)

Last_HANDLER(ping)
