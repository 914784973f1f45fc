
/*
 * Logging calls.  The handlers of stream's log phase are run with the call's
 * own session, so that access_log and every other log module see a call where
 * they expect a connection.  The connection itself is finalized under a copy
 * of main_conf whose log phase is empty.
 */

#include "ngx_stream_thrift.h"


static void ngx_stream_thrift_log_time(ngx_stream_session_t *s);


void
ngx_stream_thrift_log_call(ngx_thrift_call_t *call)
{
    ngx_uint_t                    i, n;
    ngx_stream_session_t         *s;
    ngx_stream_handler_pt        *handler;
    ngx_stream_thrift_call_t     *tc;
    ngx_stream_core_main_conf_t  *cmcf;

    tc = ngx_stream_thrift_get_call(call);
    s = &tc->session;

    s->status = call->status;

    if (call->outcome != NGX_THRIFT_CANCELLED
        && call->outcome != NGX_THRIFT_CUT)
    {
        tc->connection.sent = call->out_length;
    }

    ngx_stream_thrift_status_end(tc);
    ngx_stream_thrift_log_time(s);

    tc->logging = 1;
    ngx_stream_thrift_cut_arguments(tc);

    cmcf = ngx_stream_get_module_main_conf(s, ngx_stream_core_module);

    handler = cmcf->phases[NGX_STREAM_LOG_PHASE].handlers.elts;
    n = cmcf->phases[NGX_STREAM_LOG_PHASE].handlers.nelts;

    for (i = 0; i < n; i++) {
        handler[i](s);
    }
}


/* $session_time is what nginx's clock says: it is behind what has happened. */

static void
ngx_stream_thrift_log_time(ngx_stream_session_t *s)
{
    ngx_msec_t  behind;

    behind = ngx_thrift_watch_behind();

    s->start_sec -= behind / 1000;
    behind %= 1000;

    if (s->start_msec < behind) {
        s->start_sec--;
        s->start_msec += 1000;
    }

    s->start_msec -= behind;
}


u_char *
ngx_stream_thrift_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                    *p, *last;
    nthrift_head_t            *head;
    ngx_thrift_call_t         *call;
    ngx_stream_session_t      *s;
    ngx_stream_thrift_call_t  *tc;

    s = log->data;
    tc = ngx_stream_get_module_ctx(s, ngx_stream_thrift_module);

    call = &tc->call;
    head = &call->request.wire.head;

    last = buf + len;

    p = ngx_slprintf(buf, last, ", call: \"");
    p = ngx_thrift_escape(p, last, head->name.data, head->name.len);
    p = ngx_slprintf(p, last, "\"");

    if (call->target && call->target->service.len) {
        p = ngx_slprintf(p, last, ", service: \"%V\"",
                         &call->target->service);
    }

    if (tc->mirror) {
        p = ngx_slprintf(p, last, ", mirror: \"%V\"", &tc->mirror->name);
    }

    p = ngx_slprintf(p, last, ", transport: %s, protocol: %s",
                     nthrift_transport_name(head->transport),
                     nthrift_protocol_name(head->protocol));

    if (call->attempt && call->attempt->peer && call->attempt->peer->name) {
        p = ngx_slprintf(p, last, ", upstream: \"%V\"",
                         call->attempt->peer->name);
    }

    if (call->attempt && call->attempt->state != NGX_THRIFT_ATTEMPT_WAITING) {
        p = ngx_slprintf(p, last, ", connection: %s",
                         call->attempt->reused ? "reused" : "new");
    }

    return p;
}


ngx_int_t
ngx_stream_thrift_log_init(ngx_conf_t *cf)
{
    void                           **quiet;
    ngx_stream_conf_ctx_t           *ctx;
    ngx_stream_core_main_conf_t     *cmcf, *copy;
    ngx_stream_thrift_main_conf_t   *tmcf;

    ctx = cf->ctx;

    quiet = ngx_pcalloc(cf->pool, ngx_stream_max_module * sizeof(void *));
    if (quiet == NULL) {
        return NGX_ERROR;
    }

    copy = ngx_pcalloc(cf->pool, sizeof(ngx_stream_core_main_conf_t));
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(quiet, ctx->main_conf, ngx_stream_max_module * sizeof(void *));

    cmcf = ctx->main_conf[ngx_stream_core_module.ctx_index];

    *copy = *cmcf;
    ngx_memzero(&copy->phases[NGX_STREAM_LOG_PHASE],
                sizeof(ngx_stream_phase_t));

    quiet[ngx_stream_core_module.ctx_index] = copy;

    tmcf = ctx->main_conf[ngx_stream_thrift_module.ctx_index];
    tmcf->quiet = quiet;

    return NGX_OK;
}


void
ngx_stream_thrift_log_quiet(ngx_stream_session_t *s)
{
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_get_module_main_conf(s, ngx_stream_thrift_module);

    s->main_conf = tmcf->quiet;
}
