/*
 * handler.c: a handler of two services in C; other.c is its second source.
 */

#include "consts.h"
#include "diamond.h"
#include "services.h"


__attribute__((visibility("hidden")))
void  other_text(nthrift_call_t *call, const Every_text_args_t *args);


static void
item(nthrift_call_t *call, const Every_item_args_t *args)
{
    Every_item_reply(call, args->item);
}


static void
ping(nthrift_call_t *call, const Base_ping_args_t *args)
{
    (void) args;

    Last_ping_reply(call);
}


static int
on_start(nthrift_worker_t *worker)
{
    nthrift_worker_log(worker, NTHRIFT_LOG_INFO, "pi is %f", PI);

    return NTHRIFT_OK;
}


Every_HANDLER(.item = item, .text = other_text, .on_start = on_start)

Last_HANDLER(.ping = ping)
