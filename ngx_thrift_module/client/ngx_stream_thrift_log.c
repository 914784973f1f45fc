/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Logging calls.  The handlers of stream's log phase are run with the call's
 * own session, so that access_log and every other log module see a call where
 * they expect a connection.  The connection itself is finalized under a copy
 * of main_conf whose log phase is empty.
 *
 * Calls that handlers make are written by stream's own handler alone, with a
 * configuration that stream's own directive access_log has filled.
 */

#include "ngx_stream_thrift.h"


extern ngx_module_t  ngx_stream_log_module;


static void ngx_stream_thrift_log_run(ngx_stream_thrift_call_t *tc)
    nthrift_noinline;
static void ngx_stream_thrift_log_start(ngx_stream_thrift_call_t *tc);
static void ngx_stream_thrift_log_time(ngx_stream_thrift_call_t *tc);
static void *ngx_stream_thrift_create_log_conf(ngx_conf_t *cf);
static ngx_int_t ngx_stream_thrift_log_find_handler(ngx_conf_t *cf,
    ngx_stream_thrift_main_conf_t *tmcf);


void
ngx_stream_thrift_log_call(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_call_t       *tc;
    ngx_stream_thrift_srv_conf_t   *tscf;
    ngx_stream_thrift_call_conf_t  *tccf;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tc = ngx_stream_thrift_get_call(call);
    tccf = (ngx_stream_thrift_call_conf_t *) call->conf;
    tmcf = tc->main;

    if (tmcf->status) {
        ngx_stream_thrift_status_end(tc);
    }

    ngx_stream_thrift_log_start(tc);

    /* the only one is stream's own, which does nothing without access_log */

    if (tccf->logged || tmcf->log_handlers->nelts != 1) {
        ngx_stream_thrift_log_run(tc);
    }

    tscf = tc->owner->conf;

    if (tscf->span_log) {
        ngx_stream_thrift_span_log(tc, tscf->span_log);
    }

    if (tmcf->status) {
        ngx_stream_thrift_status_logged(tc);
    }
}


static void
ngx_stream_thrift_log_run(ngx_stream_thrift_call_t *tc)
{
    ngx_stream_session_t   *s;
    ngx_stream_handler_pt  *handler, *last;

    s = ngx_stream_thrift_call_session(tc);

    handler = tc->main->log_handlers->elts;
    last = handler + tc->main->log_handlers->nelts;

    for ( /* void */ ; handler != last; handler++) {
        (*handler)(s);
    }
}


static void
ngx_stream_thrift_log_start(ngx_stream_thrift_call_t *tc)
{
    tc->logging = 1;

    if (tc->from == NULL) {
        ngx_stream_thrift_log_session(tc);

        if (tc->main->narguments) {
            ngx_stream_thrift_cut_arguments(tc);
        }
    }
}


void
ngx_stream_thrift_log_session(ngx_stream_thrift_call_t *tc)
{
    ngx_stream_session_t  *s;

    s = &tc->session;

    s->received = tc->received;
    s->status = tc->logging ? tc->call.status : 0;
    s->connection->sent = ngx_stream_thrift_log_sent(tc);

    ngx_stream_thrift_log_time(tc);
}


void
ngx_stream_thrift_log_outbound(ngx_thrift_call_t *call)
{
    void                             **srv_conf;
    ngx_stream_session_t              *s;
    ngx_stream_thrift_call_t          *tc;
    ngx_stream_thrift_srv_conf_t      *tscf;
    ngx_stream_thrift_outbound_log_t  *log;

    tc = ngx_stream_thrift_get_call(call);
    tscf = tc->owner->conf;
    log = &tscf->outbound_log;

    if (log->conf == NULL && tscf->span_log == NULL) {
        return;
    }

    tc->outbound = 1;

    /* it was written after the call had been prepared */

    tc->received = call->request.wire.length;

    ngx_stream_thrift_log_start(tc);

    if (log->conf) {
        s = ngx_stream_thrift_call_session(tc);

        srv_conf = s->srv_conf;
        s->srv_conf = log->srv_conf;

        (void) tc->main->log_handler(s);

        s->srv_conf = srv_conf;
    }

    if (tscf->span_log) {
        ngx_stream_thrift_span_log(tc, tscf->span_log);
    }

    tc->logging = 0;
}


ngx_uint_t
ngx_stream_thrift_log_is_on(void **srv_conf)
{
    ngx_array_t  **logs;

    /* nobody else is shown the rest of it */

    logs = srv_conf[ngx_stream_log_module.ctx_index];

    return *logs != NULL;
}


off_t
ngx_stream_thrift_log_sent(ngx_stream_thrift_call_t *tc)
{
    ngx_thrift_call_t  *call;

    call = &tc->call;

    if (!tc->logging || call->outcome == NGX_THRIFT_CANCELLED
        || call->outcome == NGX_THRIFT_CUT)
    {
        return 0;
    }

    return call->out_length;
}


/*
 * $session_time is what nginx's clock says, since when the call began: it is
 * behind what has happened.
 */

static void
ngx_stream_thrift_log_time(ngx_stream_thrift_call_t *tc)
{
    ngx_time_t            *tp;
    ngx_msec_t             past;
    ngx_stream_session_t  *s;

    s = &tc->session;
    tp = ngx_timeofday();

    past = ngx_current_msec - tc->call.start;

    if (tc->logging) {
        past += ngx_thrift_watch_behind();
    }

    s->start_sec = tp->sec - past / 1000;
    s->start_msec = tp->msec + 1000 - past % 1000;

    if (s->start_msec >= 1000) {
        s->start_msec -= 1000;

    } else {
        s->start_sec--;
    }
}


static u_char *
ngx_stream_thrift_log_describe(ngx_stream_session_t *s, u_char *buf,
    u_char *last)
{
    u_char                    *p;
    ngx_str_t                 *name;
    nthrift_head_t            *head;
    ngx_thrift_call_t         *call;
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_get_module_ctx(s, ngx_stream_thrift_module);

    call = &tc->call;
    head = &call->request.wire.head;

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
        name = call->attempt->peer->name;

        p = ngx_slprintf(p, last, ", upstream: \"");
        p = ngx_thrift_escape(p, last, name->data, name->len);
        p = ngx_slprintf(p, last, "\"");
    }

    if (call->attempt && call->attempt->state != NGX_THRIFT_ATTEMPT_WAITING) {
        p = ngx_slprintf(p, last, ", connection: %s",
                         call->attempt->reused ? "reused" : "new");
    }

    return p;
}


#if (NGX_THRIFT_HAVE_LOG_EXT_HANDLER)

u_char *
ngx_stream_thrift_log_error(ngx_log_t *log, u_char *buf, u_char *last,
    void *data)
{
    return ngx_stream_thrift_log_describe(data, buf, last);
}

#else

u_char *
ngx_stream_thrift_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    return ngx_stream_thrift_log_describe(log->data, buf, buf + len);
}

#endif


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
    tmcf->log_handlers = &cmcf->phases[NGX_STREAM_LOG_PHASE].handlers;

    return ngx_stream_thrift_log_find_handler(cf, tmcf);
}


/* Stream's module shows it to nobody, but puts it where it is told to. */

static ngx_int_t
ngx_stream_thrift_log_find_handler(ngx_conf_t *cf,
    ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_int_t                     rc;
    ngx_array_t                  *handlers;
    ngx_stream_module_t          *module;
    ngx_stream_conf_ctx_t        *ctx, own;
    ngx_stream_core_main_conf_t  *copy;

    copy = tmcf->quiet[ngx_stream_core_module.ctx_index];
    handlers = &copy->phases[NGX_STREAM_LOG_PHASE].handlers;

    if (ngx_array_init(handlers, cf->pool, 1, sizeof(ngx_stream_handler_pt))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx = cf->ctx;
    own = *ctx;
    own.main_conf = tmcf->quiet;

    module = ngx_stream_log_module.ctx;

    cf->ctx = &own;
    rc = module->postconfiguration(cf);
    cf->ctx = ctx;

    if (rc != NGX_OK || handlers->nelts != 1) {
        return NGX_ERROR;
    }

    tmcf->log_handler = *(ngx_stream_handler_pt *) handlers->elts;

    ngx_memzero(&copy->phases[NGX_STREAM_LOG_PHASE],
                sizeof(ngx_stream_phase_t));

    return NGX_OK;
}


/* As stream's access_log. */

char *
ngx_stream_thrift_outbound_log_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    ngx_command_t                     *access_log;
    ngx_stream_thrift_outbound_log_t  *log;

    log = &tscf->outbound_log;

    if (log->conf == NULL) {
        log->conf = ngx_stream_thrift_create_log_conf(cf);

        if (log->conf == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    for (access_log = ngx_stream_log_module.commands;
         access_log->name.len;
         access_log++)
    {
        if (ngx_strcmp(access_log->name.data, "access_log") == 0) {
            return access_log->set(cf, access_log, log->conf);
        }
    }

    return "is not known to this nginx";
}


/* Merged with an empty one, so that nothing of it is unset. */

static void *
ngx_stream_thrift_create_log_conf(ngx_conf_t *cf)
{
    void                 *conf, *none;
    ngx_stream_module_t  *module;

    module = ngx_stream_log_module.ctx;

    conf = module->create_srv_conf(cf);
    none = module->create_srv_conf(cf);

    if (conf == NULL || none == NULL
        || module->merge_srv_conf(cf, none, conf) != NGX_CONF_OK)
    {
        return NULL;
    }

    return conf;
}


ngx_int_t
ngx_stream_thrift_merge_outbound_log(ngx_conf_t *cf,
    ngx_stream_thrift_outbound_log_t *prev,
    ngx_stream_thrift_outbound_log_t *log)
{
    size_t                  size;
    ngx_stream_conf_ctx_t  *ctx;

    if (log->conf == NULL) {
        log->conf = prev->conf;
    }

    if (log->conf == NULL) {
        return NGX_OK;
    }

    ctx = cf->ctx;
    size = ngx_stream_max_module * sizeof(void *);

    log->srv_conf = ngx_palloc(cf->pool, size);
    if (log->srv_conf == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(log->srv_conf, ctx->srv_conf, size);
    log->srv_conf[ngx_stream_log_module.ctx_index] = log->conf;

    return NGX_OK;
}


void
ngx_stream_thrift_log_quiet(ngx_stream_session_t *s)
{
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_get_module_main_conf(s, ngx_stream_thrift_module);

    s->main_conf = tmcf->quiet;
}
