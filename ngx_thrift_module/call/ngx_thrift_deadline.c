
/*
 * The only place where calls run out of time.  Called when a call is routed,
 * and when it goes to its reply.
 */

#include "ngx_thrift.h"


static void ngx_thrift_deadlines_expire(void *data);


void
ngx_thrift_deadlines_init(ngx_thrift_deadlines_t *deadlines,
    ngx_msec_t timeout, ngx_thrift_deadline_pt expire)
{
    deadlines->timeout = timeout;
    deadlines->expire = expire;

    ngx_queue_init(&deadlines->calls);

    /* a session's timer keeps an exiting worker alive while it has calls */

    ngx_thrift_timer_init(&deadlines->timer, ngx_thrift_deadlines_expire,
                          deadlines, NULL, 1);
}


void
ngx_thrift_deadline_start(ngx_thrift_call_t *call,
    ngx_thrift_deadlines_t *deadlines)
{
    call->timed = 1;
    call->expiring = 1;
    call->deadline = call->start + deadlines->timeout;

    ngx_queue_insert_tail(&deadlines->calls, &call->expiry);

    if (!deadlines->timer.set) {
        ngx_thrift_timer_set(&deadlines->timer, call->deadline);
    }
}


void
ngx_thrift_deadline_stop(ngx_thrift_call_t *call)
{
    call->expiring = 0;
    ngx_queue_remove(&call->expiry);
}


static void
ngx_thrift_deadlines_expire(void *data)
{
    ngx_thrift_deadlines_t  *deadlines = data;

    ngx_queue_t        *q;
    ngx_thrift_call_t  *call;

    while (!ngx_queue_empty(&deadlines->calls)) {
        q = ngx_queue_head(&deadlines->calls);
        call = ngx_queue_data(q, ngx_thrift_call_t, expiry);

        if (!ngx_thrift_deadline_passed(call)) {
            ngx_thrift_timer_set(&deadlines->timer, call->deadline);
            return;
        }

        ngx_thrift_deadline_stop(call);
        deadlines->expire(call);
    }
}


ngx_uint_t
ngx_thrift_deadline_passed(ngx_thrift_call_t *call)
{
    return call->timed
           && (ngx_msec_int_t) (call->deadline - ngx_current_msec) <= 0;
}
