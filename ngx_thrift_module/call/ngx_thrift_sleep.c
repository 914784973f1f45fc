/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "delay": a call that came faster than thrift_limit_rate allows waits
 * until it would not have.  There are not many of them, so each has a timer of
 * its own.  Called by the steps "delay" and "fault".
 */

#include "ngx_thrift.h"


/* In the call's pool. */

struct ngx_thrift_sleep_s {
    ngx_event_t            event;
    ngx_thrift_call_t     *call;
    ngx_int_t            (*done)(ngx_thrift_call_t *call);
};


static ngx_int_t ngx_thrift_sleep_done(ngx_thrift_call_t *call);
static void ngx_thrift_sleep_event(ngx_event_t *ev);


ngx_int_t
ngx_thrift_sleep(ngx_thrift_call_t *call)
{
    if (call->delay == 0) {
        return NGX_OK;
    }

    call->log->action = "waiting as others of its kind came before";

    return ngx_thrift_sleep_start(call, call->delay, ngx_thrift_sleep_done);
}


static ngx_int_t
ngx_thrift_sleep_done(ngx_thrift_call_t *call)
{
    return NGX_OK;
}


ngx_int_t
ngx_thrift_sleep_start(ngx_thrift_call_t *call, ngx_msec_t delay,
    ngx_int_t (*done)(ngx_thrift_call_t *call))
{
    ngx_thrift_sleep_t  *delayed;

    delayed = ngx_pcalloc(call->pool, sizeof(ngx_thrift_sleep_t));
    if (delayed == NULL) {
        return NGX_ERROR;
    }

    delayed->call = call;
    delayed->done = done;

    delayed->event.handler = ngx_thrift_sleep_event;
    delayed->event.data = delayed;
    delayed->event.log = call->log;
    delayed->event.cancelable = 1;

    call->delayed = delayed;

    ngx_add_timer(&delayed->event, delay);

    return NGX_AGAIN;
}


static void
ngx_thrift_sleep_event(ngx_event_t *ev)
{
    ngx_int_t            rc;
    ngx_thrift_call_t   *call;
    ngx_thrift_sleep_t  *delayed;

    delayed = ev->data;
    call = delayed->call;

    call->delayed = NULL;
    call->log->action = NULL;

    rc = delayed->done(call);

    call->resume(call, rc);
}


ngx_int_t
ngx_thrift_sleep_cancel(ngx_thrift_call_t *call, ngx_uint_t reason)
{
    if (call->delayed) {
        ngx_del_timer(&call->delayed->event);
        call->delayed = NULL;
    }

    return NGX_OK;
}
