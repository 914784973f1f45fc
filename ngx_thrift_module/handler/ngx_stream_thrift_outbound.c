/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls that a handler makes, as stream sees them.  Such a call belongs to the
 * connection of the call that it was made for: it is limited with that, and
 * variables show what they show there.  It has no turn among the replies, and
 * a log of its own.
 */

#include "ngx_stream_thrift.h"


static ngx_int_t ngx_stream_thrift_outbound_may_receive(
    ngx_thrift_call_t *call, off_t received, ngx_uint_t shared);
static void ngx_stream_thrift_outbound_log(ngx_thrift_call_t *call);
static void ngx_stream_thrift_outbound_finish(ngx_thrift_call_t *call);


/* It has neither route nor reply; a handler takes memory for the call that it
   answers. */

static const ngx_thrift_owner_t  ngx_stream_thrift_outbound_owner = {
    NULL,                                   /* routed */
    NULL,                                   /* client */
    NULL,                                   /* variable */
    NULL,                                   /* return_text */
    ngx_stream_thrift_headers,
    ngx_stream_thrift_session_hold,
    NULL,                                   /* may_hold */
    NULL,                                   /* may_begin */
    ngx_stream_thrift_outbound_may_receive,
    NULL,                                   /* mirror */
    ngx_thrift_outbound_answer,
    NULL,                                   /* write */
    ngx_stream_thrift_outbound_log,
    NULL,                                   /* spawn */
    ngx_stream_thrift_outbound_finish
};


ngx_int_t
ngx_stream_thrift_outbound_spawn(ngx_thrift_call_t *call, ngx_str_t *upstream,
    ngx_thrift_outbound_t *ob)
{
    u_char                              shown[NGX_THRIFT_ESCAPE_SIZE], *last;
    ngx_stream_thrift_call_t           *tc;
    ngx_stream_thrift_session_t        *ts;
    ngx_stream_upstream_srv_conf_t     *us;
    ngx_stream_thrift_upstream_conf_t  *ucf;

    ts = ngx_stream_thrift_get_call(call)->owner;

    /* an upstream{}, not an address of the configuration */

    us = ngx_stream_thrift_find_upstream(ts->session, upstream, 0, 1);

    if (us == NULL || us->srv_conf == NULL) {
        last = ngx_thrift_escape(shown, shown + sizeof(shown), upstream->data,
                                 upstream->len);

        ngx_thrift_handler_tell(call->invocation->handler,
                                NGX_THRIFT_HANDLER_WRONG, NGX_LOG_ERR,
                                call->log, 0,
                                "handler calls upstream \"%*s\", which is not "
                                "in the configuration",
                                (size_t) (last - shown), shown);
        return NGX_DECLINED;
    }

    tc = ngx_stream_thrift_call_create(ts);
    if (tc == NULL) {
        return NGX_ERROR;
    }

    tc->owner = ts;
    tc->call.owner = &ngx_stream_thrift_outbound_owner;
    tc->call.routes = NULL;
    tc->call.client = &ts->handlers;

    ngx_thrift_call_init(&tc->call, call->conf);
    ngx_stream_thrift_call_prepare(tc, ts);

    tc->named = us;

    ngx_stream_thrift_trace_follow(tc, ngx_stream_thrift_get_call(call));

    ob->call = &tc->call;

    ucf = ngx_stream_conf_upstream_srv_conf(us,
                                            ngx_stream_thrift_upstream_module);

    ob->dialect.transport = ngx_stream_thrift_own_transport(ucf);
    ob->dialect.protocol = ngx_stream_thrift_own_protocol(ucf);
    ob->multiplexed = (ucf->multiplexed == NGX_THRIFT_POOL_MULTIPLEXED_ON);

    return NGX_OK;
}


/* The call that waits for it may have nobody before it. */

static ngx_int_t
ngx_stream_thrift_outbound_may_receive(ngx_thrift_call_t *call,
    off_t received, ngx_uint_t shared)
{
    return (received >= NGX_THRIFT_MESSAGE_LARGE
            && ngx_stream_thrift_session_is_over(
                                     ngx_stream_thrift_get_call(call)->owner))
           ? ngx_thrift_error_overloaded(call) : NGX_OK;
}


/* When it is answered; or at its end, which comes with the handler's. */

static void
ngx_stream_thrift_outbound_log(ngx_thrift_call_t *call)
{
    if (!call->outbound->answered) {
        ngx_stream_thrift_log_outbound(call);
    }
}


static void
ngx_stream_thrift_outbound_finish(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_thrift_get_call(call);

    ngx_stream_thrift_session_hold(call, -call->held);
    ngx_stream_thrift_call_free(tc);
}
