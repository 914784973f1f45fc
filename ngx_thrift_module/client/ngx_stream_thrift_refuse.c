/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connections that are closed for what they sent.  The access log has a line
 * for each, as if it was a call; the error log has one at "info", and one at
 * "notice" in a minute for each server{}, which says how many there were: who
 * has no "info" in the log learns of a client that speaks another protocol, and
 * a scan fills no disk.  Called by the session.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_REFUSED_PERIOD  60000     /* milliseconds */


static void ngx_stream_thrift_refuse_cleanup(void *data);
static void ngx_stream_thrift_refuse_notice(void *data, ngx_uint_t n,
    ngx_uint_t seconds);
static void ngx_stream_thrift_refuse_log(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc);


ngx_int_t
ngx_stream_thrift_refuse_init(ngx_conf_t *cf,
    ngx_stream_thrift_refused_t *refused)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_tally_init(&refused->tally, 1, NGX_STREAM_THRIFT_REFUSED_PERIOD,
                          ngx_stream_thrift_refuse_notice, refused);

    cln->handler = ngx_stream_thrift_refuse_cleanup;
    cln->data = refused;

    return NGX_OK;
}


static void
ngx_stream_thrift_refuse_cleanup(void *data)
{
    ngx_stream_thrift_refused_t  *refused = data;

    ngx_thrift_tally_destroy(&refused->tally);
}


void
ngx_stream_thrift_refuse(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc)
{
    ngx_connection_t             *c;
    ngx_stream_core_srv_conf_t   *cscf;
    ngx_stream_thrift_refused_t  *refused;

    c = ts->connection;
    refused = &ts->conf->refused;

    cscf = ngx_stream_get_module_srv_conf(ts->session, ngx_stream_core_module);

    refused->log = cscf->error_log;
    refused->address = &c->listening->addr_text;
    refused->text = tc->call.request.wire.error.text;

    ngx_log_error(NGX_LOG_INFO, c->log, 0, "client sent %s%s", refused->text,
                  ngx_thrift_error_limit(&tc->call, refused->text));

    if (ngx_thrift_tally_add(&refused->tally)) {
        ngx_stream_thrift_refuse_notice(refused, 1, 0);
    }

    ngx_stream_thrift_refuse_log(ts, tc);
}


static void
ngx_stream_thrift_refuse_notice(void *data, ngx_uint_t n, ngx_uint_t seconds)
{
    ngx_stream_thrift_refused_t  *refused = data;

    ngx_log_error(NGX_LOG_NOTICE, refused->log, 0,
                  "closed %ui connection%s to %V for what came, the last one "
                  "for %s", n, (n == 1) ? "" : "s", refused->address,
                  refused->text);
}


static void
ngx_stream_thrift_refuse_log(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc)
{
    ngx_thrift_call_t   *call;
    ngx_thrift_input_t  *in;

    call = &tc->call;
    in = &ts->in;

    ngx_stream_thrift_call_prepare(tc, ts);

    /* nothing of it was consumed */

    if (ngx_thrift_input_pending(in)) {
        tc->received = in->block->last - in->pos;
    }

    call->outcome = NGX_THRIFT_REFUSED;
    call->status = NGX_STREAM_BAD_REQUEST;
    call->text.len = ngx_strlen(call->request.wire.error.text);
    call->text.data = (u_char *) call->request.wire.error.text;

    ngx_stream_thrift_log_call(call);
}
