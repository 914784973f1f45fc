/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The only place where calls run out of time.  Called when a call is routed.
 */

#include "ngx_thrift.h"


void
ngx_thrift_deadline_start(ngx_thrift_call_t *call,
    ngx_thrift_delays_t *deadlines)
{
    call->timed = 1;
    call->deadline = call->start + deadlines->time;

    ngx_thrift_delay_start(deadlines, &call->expiry, call->start);
}


void
ngx_thrift_deadline_expire(ngx_thrift_delay_t *expiry)
{
    ngx_thrift_call_expire((ngx_thrift_call_t *)
                               ((u_char *) expiry
                                - offsetof(ngx_thrift_call_t, expiry)));
}


ngx_uint_t
ngx_thrift_deadline_passed(ngx_thrift_call_t *call)
{
    return call->timed
           && (ngx_msec_int_t) (call->deadline - ngx_current_msec) <= 0;
}
