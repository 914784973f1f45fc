/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * hold.c: a handler for "make attacks", whose calls wait with all that they
 * hold, or want more of it.
 */

#include "hold.h"


static void
on_hold(nthrift_call_t *call, void *data)
{
    const Hold_hold_args_t  *args = data;

    Hold_hold_reply(call, (int32_t) args->items.n);
}


static void
hold(nthrift_call_t *call, const Hold_hold_args_t *args)
{
    (void) nthrift_call_timer(call, (uint32_t) args->msec, on_hold,
                              (void *) args);
}


static void
text(nthrift_call_t *call, const Hold_text_args_t *args)
{
    nthrift_str_t  s;

    s.len = (size_t) args->bytes;
    s.data = nthrift_call_need(call, s.len);

    Hold_text_reply(call, s);
}


static void
on_tell(nthrift_call_t *call, void *data)
{
    (void) data;

    nthrift_call_log(call, NTHRIFT_LOG_NOTICE, "told");
}


static void
tell(nthrift_call_t *call, const Hold_tell_args_t *args)
{
    (void) nthrift_call_timer(call, (uint32_t) args->msec, on_tell, NULL);
}


Hold_HANDLER(.hold = hold, .text = text, .tell = tell)
