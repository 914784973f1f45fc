/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls as stream sees them: each has a pool, and a session and a connection of
 * its own, which are copied from the client's for who looks at them, all in one
 * piece of memory, so that one more call allocates nothing.
 *
 * The copied connection must never reach anything that closes, frees, queues
 * or arms it: the descriptor and the events are the client's.
 */

#include "ngx_stream_thrift.h"


/*
 * Most calls take 250 bytes, and as many more as a small reply has; those that
 * fail 500 more for the text.
 */

#define NGX_STREAM_THRIFT_CALL_POOL  896


static void ngx_stream_thrift_call_make(ngx_stream_thrift_call_t *tc)
    nthrift_noinline;
static ngx_pool_t *ngx_stream_thrift_call_create_pool(u_char *p);
static void ngx_stream_thrift_call_destroy_pool(ngx_pool_t *pool)
    nthrift_noinline;
static void ngx_stream_thrift_call_set_size(
    ngx_stream_thrift_main_conf_t *tmcf, ngx_stream_session_t *s)
    nthrift_noinline;
static ngx_module_t *ngx_stream_thrift_call_find_js(void);
static ngx_uint_t ngx_stream_thrift_call_keeps(ngx_stream_variable_t *v,
    ngx_stream_variable_value_t *value);
static void ngx_stream_thrift_call_copy_variables(
    ngx_stream_thrift_call_t *tc, ngx_stream_session_t *from)
    nthrift_noinline;
static void ngx_stream_thrift_call_own(ngx_stream_thrift_call_t *tc)
    nthrift_noinline;
static u_char *ngx_stream_thrift_call_log_error(ngx_log_t *log, u_char *buf,
    size_t len);
static ngx_int_t ngx_stream_thrift_call_watch(ngx_stream_thrift_call_t *tc)
    nthrift_noinline;


ngx_stream_thrift_call_t *
ngx_stream_thrift_call_create(ngx_stream_thrift_session_t *ts)
{
    u_char                    *p;
    ngx_thrift_cache_t        *calls;
    ngx_stream_thrift_call_t  *tc;

    calls = &ts->main->calls;

    if (calls->size == 0) {
        ngx_stream_thrift_call_set_size(ts->main, ts->session);
    }

    p = ngx_thrift_cache_get(calls);
    if (p == NULL) {
        return NULL;
    }

    tc = (ngx_stream_thrift_call_t *) p;

    if (tc->kind == 0) {
        ngx_stream_thrift_call_make(tc);
    }

    ngx_memzero(&tc->nchoices, offsetof(ngx_stream_thrift_call_t, log)
                               - offsetof(ngx_stream_thrift_call_t, nchoices));

    tc->main = ts->main;
    tc->owner = NULL;

    if (ts->main->status) {
        ngx_memzero(&tc->counted, sizeof(ngx_thrift_counted_t));
    }

    tc->call.pool = ngx_stream_thrift_call_create_pool(p + calls->size
                                                - NGX_STREAM_THRIFT_CALL_POOL);
    tc->call.log = &tc->log;
    tc->call.balancer = &ngx_stream_thrift_balancer;
    tc->call.client = NULL;

    return tc;
}


/* What stays as it is from one call to the next in the same memory. */

static void
ngx_stream_thrift_call_make(ngx_stream_thrift_call_t *tc)
{
    tc->kind = NGX_STREAM_THRIFT_CALL;

    tc->choice.rr.upstream = NULL;
    ngx_thrift_attempt_make(&tc->call.first);

    /* without a status zone nobody writes it, and when it began is not known */

    ngx_memzero(&tc->counted, sizeof(ngx_thrift_counted_t));

    tc->ctx = (void **) (tc + 1);
    tc->variables = (ngx_stream_variable_value_t *)
                        (tc->ctx + ngx_stream_max_module);
}


/* No module or variable is added once the configuration was read. */

static void
ngx_stream_thrift_call_set_size(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_stream_session_t *s)
{
    size_t                        size;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_get_module_main_conf(s, ngx_stream_core_module);

    tmcf->variables = cmcf->variables.nelts
                      * sizeof(ngx_stream_variable_value_t);

    size = ngx_align(sizeof(ngx_stream_thrift_call_t)
                     + ngx_stream_max_module * sizeof(void *)
                     + tmcf->variables, NGX_POOL_ALIGNMENT);

    tmcf->calls.size = size + NGX_STREAM_THRIFT_CALL_POOL;
    tmcf->js = ngx_stream_thrift_call_find_js();
}


/*
 * The context of stream's js module is a virtual machine that knows the session
 * of the client, and takes memory until that ends: a call has its own.
 */

static ngx_module_t *
ngx_stream_thrift_call_find_js(void)
{
    ngx_uint_t      i;
    ngx_module_t  **modules;

    modules = ngx_cycle->modules;

    for (i = 0; modules[i]; i++) {
        if (modules[i]->type == NGX_STREAM_MODULE
            && ngx_strcmp(modules[i]->name, "ngx_stream_js_module") == 0)
        {
            return modules[i];
        }
    }

    return NULL;
}


/* As ngx_create_pool() does it. */

static ngx_pool_t *
ngx_stream_thrift_call_create_pool(u_char *p)
{
    ngx_pool_t  *pool;

    pool = (ngx_pool_t *) p;

    ngx_memzero(pool, sizeof(ngx_pool_t));

    pool->d.last = p + sizeof(ngx_pool_t);
    pool->d.end = p + NGX_STREAM_THRIFT_CALL_POOL;
    pool->max = NGX_STREAM_THRIFT_CALL_POOL - sizeof(ngx_pool_t);
    pool->current = pool;
    pool->log = ngx_cycle->log;

    return pool;
}


/*
 * And ngx_destroy_pool(), but for the pool's first block, which is created anew
 * with the next call.
 */

static void
ngx_stream_thrift_call_destroy_pool(ngx_pool_t *pool)
{
    ngx_pool_t          *p, *next;
    ngx_pool_cleanup_t  *cln;

    for (cln = pool->cleanup; cln; cln = cln->next) {
        if (cln->handler) {
            cln->handler(cln->data);
        }
    }

    p = pool->d.next;

    if (p) {
        ngx_thrift_trim();
    }

    ngx_reset_pool(pool);

    for ( /* void */ ; p; p = next) {
        next = p->d.next;
        ngx_free(p);
    }
}


void
ngx_stream_thrift_call_prepare(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_session_t *ts)
{
    tc->from = ts;
    tc->received = tc->call.request.wire.length;
    tc->call.start = ngx_current_msec;

    tc->log = *ts->connection->log;

    tc->log.handler = ngx_stream_thrift_call_log_error;
    tc->log.data = &tc->session;
    tc->log.action = NULL;

    tc->call.pool->log = &tc->log;
}


ngx_stream_session_t *
ngx_stream_thrift_call_session(ngx_stream_thrift_call_t *tc)
{
    if (tc->from) {
        ngx_stream_thrift_call_own(tc);
    }

    return &tc->session;
}


static void
ngx_stream_thrift_call_own(ngx_stream_thrift_call_t *tc)
{
    ngx_connection_t             *c;
    ngx_stream_session_t         *s;
    ngx_stream_thrift_session_t  *ts;

    s = &tc->session;
    c = &tc->connection;

    ts = tc->from;
    tc->from = NULL;

    tc->log_error = ts->connection->log->handler;

    *c = *ts->connection;

    c->pool = tc->call.pool;
    c->log = &tc->log;
    c->data = s;

    *s = *ts->session;

    s->connection = c;
    s->log_handler = ngx_stream_thrift_log_error;
    s->srv_conf = ((ngx_stream_thrift_call_conf_t *) tc->call.conf)->srv_conf;
    s->upstream = tc->nchoices ? &tc->choice.upstream : NULL;
    s->upstream_states = ngx_stream_thrift_call_states(tc);

#if (NGX_PCRE)
    s->ncaptures = 0;
    s->captures = NULL;
    s->captures_data = NULL;
#endif

    ngx_stream_thrift_log_session(tc);

    ngx_memcpy(tc->ctx, ts->session->ctx,
               ngx_stream_max_module * sizeof(void *));
    s->ctx = tc->ctx;
    ngx_stream_set_ctx(s, tc, ngx_stream_thrift_module);

    if (ts->main->js) {
        tc->ctx[ts->main->js->ctx_index] = NULL;
    }

    s->variables = tc->variables;

    if (ts->main->variables) {
        ngx_memzero(tc->variables, ts->main->variables);
    }

    if (ts->keeps_variables) {
        ngx_stream_thrift_call_copy_variables(tc, ts->session);
    }
}


/*
 * Stream's own handler, which is the client's, looks at the session.  The log
 * is the call's, or one that writes a line for it.
 */

static u_char *
ngx_stream_thrift_call_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                    *p;
    ngx_stream_session_t      *s;
    ngx_stream_thrift_call_t  *tc;

    s = log->data;
    tc = (ngx_stream_thrift_call_t *)
             ((u_char *) s - offsetof(ngx_stream_thrift_call_t, session));

    (void) ngx_stream_thrift_call_session(tc);

    p = tc->log_error(log, buf, len);

#if (NGX_THRIFT_HAVE_LOG_EXT_HANDLER)

    /* what stream has written for "format=json" is JSON, though ours is not */

    log->format.done = 1;

#endif

    return p;
}


/*
 * Variables that were set in the connection's phases (by "set", or as captures
 * of a server name) keep their values; all others are evaluated for the call.
 * What has data of its own is a map or the like: if the connection evaluated
 * it (say, as a key of limit_conn), the call may come to another value.
 */

static ngx_uint_t
ngx_stream_thrift_call_keeps(ngx_stream_variable_t *v,
    ngx_stream_variable_value_t *value)
{
    return value->valid && !value->not_found && !value->no_cacheable
           && v->data == 0;
}


ngx_uint_t
ngx_stream_thrift_call_keeps_variables(ngx_stream_session_t *s)
{
    ngx_uint_t                    i;
    ngx_stream_variable_t        *v;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_get_module_main_conf(s, ngx_stream_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (ngx_stream_thrift_call_keeps(&v[i], &s->variables[i])) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_stream_thrift_call_copy_variables(ngx_stream_thrift_call_t *tc,
    ngx_stream_session_t *from)
{
    ngx_uint_t                    i;
    ngx_stream_variable_t        *v;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_get_module_main_conf(from, ngx_stream_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (ngx_stream_thrift_call_keeps(&v[i], &from->variables[i])) {
            tc->variables[i] = from->variables[i];
        }
    }
}


ngx_array_t *
ngx_stream_thrift_call_states(ngx_stream_thrift_call_t *tc)
{
    return tc->nchoices ? &tc->states : NULL;
}


ngx_thrift_call_t *
ngx_stream_thrift_call_of(ngx_stream_session_t *s)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_get_module_ctx(s, ngx_stream_thrift_module);

    if (tc == NULL || tc->kind != NGX_STREAM_THRIFT_CALL) {
        return NULL;
    }

    return &tc->call;
}


void
ngx_stream_thrift_call_free(ngx_stream_thrift_call_t *tc)
{
    ngx_pool_t  *pool;

    ngx_thrift_message_release(&tc->call.request);
    ngx_stream_thrift_limit_release(tc);

    if (tc->main->status) {
        ngx_thrift_count_drop(&tc->counted);
    }

    if (tc->nkept) {
        tc->ended = 1;
        (void) ngx_stream_thrift_call_session(tc);
        return;
    }

    pool = tc->call.pool;

    if (pool->cleanup || pool->large || pool->d.next) {
        ngx_stream_thrift_call_destroy_pool(pool);
    }

    ngx_thrift_cache_put(tc);
}


ngx_int_t
ngx_stream_thrift_call_routed(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_call_t       *tc;
    ngx_stream_thrift_call_conf_t  *tccf;

    tc = ngx_stream_thrift_get_call(call);
    tccf = (ngx_stream_thrift_call_conf_t *) call->conf;

    if (tc->from == NULL) {
        tc->session.srv_conf = tccf->srv_conf;
    }

    return (tccf->watched || call->packed) ? ngx_stream_thrift_call_watch(tc)
                                           : NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_call_watch(ngx_stream_thrift_call_t *tc)
{
    ngx_thrift_call_t              *call;
    ngx_stream_thrift_call_conf_t  *tccf;

    call = &tc->call;
    tccf = (ngx_stream_thrift_call_conf_t *) call->conf;

    ngx_stream_thrift_status_begin(tc);

    if (tc->main->narguments
        || (tccf->status_arguments && tc->main->status
            && tc->main->status->arguments))
    {
        call->retains_request = 1;
    }

    if (call->packed && tc->owner->blocked && !tc->owner->running) {
        ngx_post_event(&tc->owner->flush, &ngx_posted_events);
    }

    if (ngx_stream_thrift_limit(tc) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_rate(tc);
}


void
ngx_stream_thrift_call_client(ngx_thrift_call_t *call, ngx_str_t *text)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_thrift_get_call(call);

    *text = tc->from ? tc->from->connection->addr_text
                     : tc->connection.addr_text;
}


ngx_int_t
ngx_stream_thrift_call_variable(ngx_thrift_call_t *call, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char                       *p;
    ngx_str_t                     lower;
    ngx_uint_t                    key;
    ngx_stream_thrift_call_t     *tc;
    ngx_stream_variable_value_t  *vv;

    tc = ngx_stream_thrift_get_call(call);

    /* a prefix variable's value may refer to its name */

    p = ngx_pnalloc(call->pool, name->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    key = ngx_hash_strlow(p, name->data, name->len);

    lower.data = p;
    lower.len = name->len;

    vv = ngx_stream_get_variable(ngx_stream_thrift_call_session(tc), &lower,
                                 key);

    if (vv == NULL) {
        return NGX_ERROR;
    }

    if (vv->not_found) {
        return NGX_DECLINED;
    }

    value->len = vv->len;
    value->data = vv->data;

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_call_return_text(ngx_thrift_call_t *call, ngx_str_t *text)
{
    ngx_stream_thrift_call_t    *tc;
    ngx_stream_thrift_answer_t  *answer;

    tc = ngx_stream_thrift_get_call(call);
    answer = (ngx_stream_thrift_answer_t *) call->conf->answer;

    return ngx_stream_complex_value(ngx_stream_thrift_call_session(tc),
                                    answer->return_text, text);
}
