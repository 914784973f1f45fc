/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Copies of calls: see ngx_stream_thrift_mirror.h.  Called by the session, when
 * a call that was checked is about to be answered.
 *
 * A copy is a call whose owner is this room.  It has nothing of the client's:
 * its message, the addresses and the values that its session has were copied,
 * so it goes on when the client has left.  It has no turn, no log line, and no
 * second attempt, and ends with the step "reply".  A worker has few of them,
 * which hold little; where there would be more, a call has no copy.
 *
 *     call --- mirror --> copy: a call ---> pass ---> reply: it ends
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_MIRROR_MAX       64   /* copies on their way */
#define NGX_STREAM_THRIFT_MIRROR_CALL      (1024 * 1024)    /* bytes of one */
#define NGX_STREAM_THRIFT_MIRROR_MEMORY    (4 * 1024 * 1024)
                                                /* and of all of a worker */

#define NGX_STREAM_THRIFT_MIRROR_TIME      60000    /* milliseconds, without a
                                                       thrift_timeout */
#define NGX_STREAM_THRIFT_MIRROR_SWEEP     1000     /* milliseconds */
#define NGX_STREAM_THRIFT_MIRROR_PERIOD    10000    /* the same, of the log */


/* A copy; in its call's pool. */

typedef struct {
    ngx_stream_thrift_call_conf_t    conf;
    ngx_thrift_target_t              target;
    u_char                          *message;
} ngx_stream_thrift_copy_t;


static ngx_uint_t ngx_stream_thrift_mirror_may(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_mirror_t *mirror, size_t size);
static ngx_stream_thrift_call_t *ngx_stream_thrift_mirror_copy(
    ngx_stream_thrift_call_t *from, ngx_stream_thrift_mirror_t *mirror);
static ngx_int_t ngx_stream_thrift_mirror_detach(ngx_stream_thrift_call_t *tc);
static ngx_int_t ngx_stream_thrift_mirror_keep_addresses(
    ngx_stream_session_t *s);
static ngx_int_t ngx_stream_thrift_mirror_keep_values(
    ngx_stream_thrift_call_t *tc);
static void *ngx_stream_thrift_mirror_dup(ngx_pool_t *pool, void *data,
    size_t len);
static void ngx_stream_thrift_mirror_conf(ngx_thrift_call_t *call,
    ngx_stream_thrift_copy_t *copy, ngx_thrift_call_t *from);
static ngx_int_t ngx_stream_thrift_mirror_message(ngx_thrift_call_t *call,
    ngx_stream_thrift_copy_t *copy, ngx_thrift_call_t *from);
static void ngx_stream_thrift_mirror_start(ngx_stream_thrift_call_t *tc,
    ngx_thrift_delays_t *deadlines);
static void ngx_stream_thrift_mirror_hold(ngx_thrift_call_t *call, off_t n);
static ngx_int_t ngx_stream_thrift_mirror_may_receive(ngx_thrift_call_t *call,
    off_t received, ngx_uint_t shared);
static ngx_int_t ngx_stream_thrift_mirror_answer(ngx_thrift_call_t *call);
static void ngx_stream_thrift_mirror_log(ngx_thrift_call_t *call);
static void ngx_stream_thrift_mirror_finish(ngx_thrift_call_t *call);
static void ngx_stream_thrift_mirror_sweep(void *data);
static ngx_thrift_call_t *ngx_stream_thrift_mirror_overdue(void);
static void ngx_stream_thrift_mirror_skipped(void *data, ngx_uint_t n,
    ngx_uint_t seconds);
static void ngx_stream_thrift_mirror_cleanup(void *data);
static ngx_stream_thrift_mirror_t *ngx_stream_thrift_create_mirror(
    ngx_conf_t *cf, ngx_str_t *name);
static ngx_int_t ngx_stream_thrift_mirror_set_upstream(ngx_conf_t *cf,
    ngx_stream_thrift_mirror_t *mirror);
static ngx_int_t ngx_stream_thrift_mirror_parameter(
    ngx_stream_thrift_mirror_t *mirror, ngx_str_t *value);


static const ngx_thrift_owner_t  ngx_stream_thrift_mirror_owner = {
    NULL,                                   /* routed */
    NULL,                                   /* client */
    NULL,                                   /* variable */
    NULL,                                   /* return_text */
    ngx_stream_thrift_headers,
    ngx_stream_thrift_mirror_hold,
    NULL,                                   /* may_hold */
    NULL,                                   /* may_begin */
    ngx_stream_thrift_mirror_may_receive,
    NULL,                                   /* mirror */
    ngx_stream_thrift_mirror_answer,
    NULL,                                   /* write */
    ngx_stream_thrift_mirror_log,
    NULL,                                   /* spawn */
    ngx_stream_thrift_mirror_finish
};


static ngx_queue_t  ngx_stream_thrift_copies;       /* of this worker */
static off_t        ngx_stream_thrift_copies_held;  /* bytes */

/* Not cancelable: a worker does not exit while it has copies. */

static ngx_thrift_timer_t  ngx_stream_thrift_copies_sweep;

/* Of connections that nothing happens on. */

static ngx_event_t  ngx_stream_thrift_copies_event;


void
ngx_stream_thrift_mirror(ngx_thrift_call_t *call)
{
    size_t                          size;
    ngx_stream_thrift_call_t       *tc, *copy;
    ngx_stream_thrift_mirror_t     *mirror;
    ngx_stream_thrift_call_conf_t  *tccf;

    tc = ngx_stream_thrift_get_call(call);
    tccf = (ngx_stream_thrift_call_conf_t *) call->conf;
    mirror = tccf->mirror;

    if (mirror == NULL || !ngx_thrift_chance(mirror->share)) {
        return;
    }

    size = call->request.wire.length + tc->main->calls.size;

    if (!ngx_stream_thrift_mirror_may(tc, mirror, size)) {

        if (ngx_thrift_tally_add(&mirror->skipped)) {
            ngx_stream_thrift_mirror_skipped(mirror, 1, 0);
        }

        return;
    }

    copy = ngx_stream_thrift_mirror_copy(tc, mirror);

    if (copy) {
        ngx_stream_thrift_mirror_start(copy, call->target->deadlines);
    }
}


/* Nobody is to have less because of copies. */

static ngx_uint_t
ngx_stream_thrift_mirror_may(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_mirror_t *mirror, size_t size)
{
    off_t               max;
    ngx_thrift_gate_t  *gate;

    if (mirror->n >= mirror->max
        || size > NGX_STREAM_THRIFT_MIRROR_CALL
        || ngx_stream_thrift_copies_held + (off_t) size
           > NGX_STREAM_THRIFT_MIRROR_MEMORY
        || ngx_exiting)
    {
        return 0;
    }

    /* one in eight is for others */

    if (ngx_cycle->free_connection_n < ngx_cycle->connection_n / 8) {
        return 0;
    }

    gate = tc->call.gate;

    if (gate && gate->turns.n) {
        return 0;
    }

    max = tc->owner->conf->max_worker_memory;

    return max == 0 || tc->main->held + (off_t) size <= max;
}


/* NULL: no memory. */

static ngx_stream_thrift_call_t *
ngx_stream_thrift_mirror_copy(ngx_stream_thrift_call_t *from,
    ngx_stream_thrift_mirror_t *mirror)
{
    ngx_stream_thrift_call_t  *tc;
    ngx_stream_thrift_copy_t  *copy;

    /* it can be found out by the client's own connection only */

    if (ngx_connection_local_sockaddr(from->owner->connection, NULL, 0)
        != NGX_OK)
    {
        return NULL;
    }

    tc = ngx_stream_thrift_call_create(from->owner);
    if (tc == NULL) {
        return NULL;
    }

    tc->call.owner = &ngx_stream_thrift_mirror_owner;
    tc->call.routes = NULL;

    ngx_thrift_call_init(&tc->call, from->call.conf);
    ngx_stream_thrift_call_prepare(tc, from->owner);

    tc->mirror = mirror;
    tc->named = mirror->upstream;

    copy = ngx_palloc(tc->call.pool, sizeof(ngx_stream_thrift_copy_t));

    if (copy == NULL
        || ngx_stream_thrift_mirror_detach(tc) != NGX_OK
        || ngx_stream_thrift_mirror_message(&tc->call, copy, &from->call)
           != NGX_OK)
    {
        ngx_stream_thrift_call_free(tc);
        return NULL;
    }

    ngx_stream_thrift_mirror_conf(&tc->call, copy, &from->call);
    ngx_stream_thrift_trace_follow(tc, from);

    return tc;
}


/* What is the client's stays with it: nothing of its session is referred to. */

static ngx_int_t
ngx_stream_thrift_mirror_detach(ngx_stream_thrift_call_t *tc)
{
    ngx_connection_t      *c;
    ngx_stream_session_t  *s;

    s = ngx_stream_thrift_call_session(tc);
    c = &tc->connection;

    c->fd = (ngx_socket_t) -1;
    c->read = &ngx_stream_thrift_copies_event;
    c->write = &ngx_stream_thrift_copies_event;
    c->proxy_protocol = NULL;
    c->buffer = NULL;
    c->udp = NULL;

#if (NGX_SSL || NGX_COMPAT)
    c->ssl = NULL;
#endif

    ngx_memzero(tc->ctx, ngx_stream_max_module * sizeof(void *));
    ngx_stream_set_ctx(s, tc, ngx_stream_thrift_module);

    if (ngx_stream_thrift_mirror_keep_addresses(s) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_mirror_keep_values(tc);
}


static ngx_int_t
ngx_stream_thrift_mirror_keep_addresses(ngx_stream_session_t *s)
{
    ngx_connection_t  *c;

    c = s->connection;

#if (NGX_THRIFT_HAVE_SESSION_CLIENT)

    /* Angie's lines have it */

    s->client.data = ngx_stream_thrift_mirror_dup(c->pool, s->client.data,
                                                  s->client.len);
    if (s->client.data == NULL) {
        return NGX_ERROR;
    }

#endif

    c->sockaddr = ngx_stream_thrift_mirror_dup(c->pool, c->sockaddr,
                                               c->socklen);

    c->addr_text.data = ngx_stream_thrift_mirror_dup(c->pool,
                                                     c->addr_text.data,
                                                     c->addr_text.len);

    c->local_sockaddr = ngx_stream_thrift_mirror_dup(c->pool,
                                                     c->local_sockaddr,
                                                     c->local_socklen);

    return (c->sockaddr && c->addr_text.data && c->local_sockaddr)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_stream_thrift_mirror_keep_values(ngx_stream_thrift_call_t *tc)
{
    ngx_uint_t                    i;
    ngx_stream_variable_value_t  *v;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_get_module_main_conf(&tc->session,
                                           ngx_stream_core_module);
    v = tc->session.variables;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (!v[i].valid || v[i].len == 0) {
            continue;
        }

        v[i].data = ngx_stream_thrift_mirror_dup(tc->call.pool, v[i].data,
                                                 v[i].len);
        if (v[i].data == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void *
ngx_stream_thrift_mirror_dup(ngx_pool_t *pool, void *data, size_t len)
{
    void  *p;

    p = ngx_palloc(pool, len ? len : 1);

    if (p && len) {
        ngx_memcpy(p, data, len);
    }

    return p;
}


/*
 * It is tried once, and goes by a connection of its own unless it was checked:
 * what it would leave behind on a shared one is not known.
 */

static void
ngx_stream_thrift_mirror_conf(ngx_thrift_call_t *call,
    ngx_stream_thrift_copy_t *copy, ngx_thrift_call_t *from)
{
    ngx_thrift_target_t  *target;

    copy->conf = *(ngx_stream_thrift_call_conf_t *) from->conf;
    copy->conf.conf.next_upstream = 0;
    copy->conf.conf.balance = from->checked ? NGX_THRIFT_BALANCE_CALL
                                            : NGX_THRIFT_BALANCE_CONNECTION;

    target = &copy->target;

    ngx_memzero(target, sizeof(ngx_thrift_target_t));

    target->conf = &copy->conf.conf;
    target->service = from->target->service;
    target->args = from->target->args;
    target->arguments = from->target->arguments;

    call->conf = &copy->conf.conf;
    call->target = target;

    call->oneway = from->oneway;
    call->silent = from->silent;
    call->checked = from->checked;
    call->copied = 1;
}


/* Head, body, and behind them the name. */

static ngx_int_t
ngx_stream_thrift_mirror_message(ngx_thrift_call_t *call,
    ngx_stream_thrift_copy_t *copy, ngx_thrift_call_t *from)
{
    size_t           size, body;
    u_char          *p;
    nthrift_head_t   head;

    head = from->request.wire.head;
    head.info = from->headers;

    body = from->request.wire.length - head.size;
    size = nthrift_head_size(&head);

    copy->message = ngx_alloc(size + body + head.name.len, ngx_cycle->log);
    if (copy->message == NULL) {
        return NGX_ERROR;
    }

    p = nthrift_head_write(copy->message, &head, body);

    ngx_thrift_message_copy_body(&from->request, p);

    p += body;

    ngx_memcpy(p, head.name.data, head.name.len);

    if (from->prefix.data) {
        call->prefix.data = p;
        call->prefix.len = from->prefix.len;
    }

    call->method.data = p + (from->method.data - head.name.data);
    call->method.len = from->method.len;

    head.name.data = p;
    nthrift_head_set(&head, copy->message, body);
    call->headers = head.info;

    ngx_thrift_message_set(&call->request, &head, copy->message, size + body);

    return NGX_OK;
}


/* The call may have come to its end when this returns. */

static void
ngx_stream_thrift_mirror_start(ngx_stream_thrift_call_t *tc,
    ngx_thrift_delays_t *deadlines)
{
    ngx_thrift_call_t   *call;
    ngx_thrift_timer_t  *sweep;

    call = &tc->call;
    sweep = &ngx_stream_thrift_copies_sweep;

    if (ngx_stream_thrift_copies.next == NULL) {
        ngx_queue_init(&ngx_stream_thrift_copies);
    }

    ngx_queue_insert_tail(&ngx_stream_thrift_copies, &call->queue);
    tc->mirror->n++;

    ngx_stream_thrift_mirror_hold(call, tc->main->calls.size
                                  + call->request.wire.length);

    if (!sweep->set) {
        ngx_thrift_timer_init(sweep, ngx_stream_thrift_mirror_sweep, NULL,
                              ngx_cycle->log, 0);

        ngx_thrift_timer_set(sweep, ngx_current_msec
                                    + NGX_STREAM_THRIFT_MIRROR_SWEEP);
    }

    call->start = ngx_current_msec;

    if (deadlines) {
        ngx_thrift_deadline_start(call, deadlines);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_STREAM, call->log, 0,
                   "thrift call %ui: a copy for \"%V\"", call->number,
                   &tc->mirror->name);

    ngx_thrift_call_pass(call);
}


static void
ngx_stream_thrift_mirror_hold(ngx_thrift_call_t *call, off_t n)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_thrift_get_call(call);

    call->held += n;
    tc->main->held += n;
    ngx_stream_thrift_copies_held += n;
}


static ngx_int_t
ngx_stream_thrift_mirror_may_receive(ngx_thrift_call_t *call,
    off_t received, ngx_uint_t shared)
{
    if (ngx_stream_thrift_copies_held <= NGX_STREAM_THRIFT_MIRROR_MEMORY) {
        return NGX_OK;
    }

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: copies hold too much memory");
}


/* Nobody wants to know. */

static ngx_int_t
ngx_stream_thrift_mirror_answer(ngx_thrift_call_t *call)
{
    return NGX_OK;
}


static void
ngx_stream_thrift_mirror_log(ngx_thrift_call_t *call)
{
    /* void */
}


static void
ngx_stream_thrift_mirror_finish(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_call_t  *tc;
    ngx_stream_thrift_copy_t  *copy;

    tc = ngx_stream_thrift_get_call(call);
    copy = (ngx_stream_thrift_copy_t *) call->conf;

    ngx_queue_remove(&call->queue);
    tc->mirror->n--;

    ngx_stream_thrift_mirror_hold(call, -call->held);

    ngx_free(copy->message);
    ngx_stream_thrift_call_free(tc);

    if (ngx_queue_empty(&ngx_stream_thrift_copies)) {
        ngx_thrift_timer_close(&ngx_stream_thrift_copies_sweep);
    }
}


/* With one that is given up others may end, on the same connection. */

static void
ngx_stream_thrift_mirror_sweep(void *data)
{
    ngx_thrift_call_t  *call;

    ngx_thrift_timer_set(&ngx_stream_thrift_copies_sweep,
                         ngx_current_msec + NGX_STREAM_THRIFT_MIRROR_SWEEP);

    for ( ;; ) {
        call = ngx_stream_thrift_mirror_overdue();

        if (call == NULL) {
            return;
        }

        ngx_thrift_call_cancel(call);
    }
}


/* One that has no time of its own; any, when the worker shuts down. */

static ngx_thrift_call_t *
ngx_stream_thrift_mirror_overdue(void)
{
    ngx_queue_t        *q;
    ngx_thrift_call_t  *call;

    for (q = ngx_queue_head(&ngx_stream_thrift_copies);
         q != ngx_queue_sentinel(&ngx_stream_thrift_copies);
         q = ngx_queue_next(q))
    {
        call = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (ngx_exiting
            || (!call->timed
                && ngx_current_msec - call->start
                   >= NGX_STREAM_THRIFT_MIRROR_TIME))
        {
            return call;
        }
    }

    return NULL;
}


static void
ngx_stream_thrift_mirror_skipped(void *data, ngx_uint_t n, ngx_uint_t seconds)
{
    ngx_stream_thrift_mirror_t  *mirror = data;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "%ui call%s not mirrored to \"%V\": too many copies are on "
                  "their way, or nginx is busy", n,
                  (n == 1) ? " was" : "s were", &mirror->name);
}


static void
ngx_stream_thrift_mirror_cleanup(void *data)
{
    ngx_stream_thrift_mirror_t  *mirror = data;

    ngx_thrift_tally_destroy(&mirror->skipped);
}


/* thrift_mirror upstream [percent%] [max=number] | off */

char *
ngx_stream_thrift_mirror_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_stream_thrift_mirror_t  *mirror;

    if (tccf->mirror != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        tccf->mirror = NULL;

        return (cf->args->nelts == 2)
               ? NGX_CONF_OK
               : ngx_stream_thrift_bad_value(cf, &value[1], "an upstream");
    }

    mirror = ngx_stream_thrift_create_mirror(cf, &value[1]);

    if (mirror == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_stream_thrift_mirror_parameter(mirror, &value[i]) != NGX_OK) {
            return ngx_stream_thrift_bad_parameter(cf, &value[i],
                                        "a percentage such as \"5%\", or "
                                        "\"max=\" with a number between 1 and "
                                        "65535");
        }
    }

    if (ngx_stream_thrift_mirror_set_upstream(cf, mirror) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    tccf->mirror = mirror;

    return NGX_CONF_OK;
}


static ngx_stream_thrift_mirror_t *
ngx_stream_thrift_create_mirror(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_pool_cleanup_t          *cln;
    ngx_stream_thrift_mirror_t  *mirror;

    mirror = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_mirror_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (mirror == NULL || cln == NULL) {
        return NULL;
    }

    mirror->name = *name;
    mirror->share = NGX_THRIFT_ALL;
    mirror->max = NGX_STREAM_THRIFT_MIRROR_MAX;

    ngx_thrift_tally_init(&mirror->skipped, 1, NGX_STREAM_THRIFT_MIRROR_PERIOD,
                          ngx_stream_thrift_mirror_skipped, mirror);

    cln->handler = ngx_stream_thrift_mirror_cleanup;
    cln->data = mirror;

    return mirror;
}


static ngx_int_t
ngx_stream_thrift_mirror_set_upstream(ngx_conf_t *cf,
    ngx_stream_thrift_mirror_t *mirror)
{
    ngx_url_t  u;

    if (ngx_stream_thrift_check_address(cf, &mirror->name) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = mirror->name;
    u.no_resolve = 1;

    mirror->upstream = ngx_stream_upstream_add(cf, &u, 0);

    if (mirror->upstream == NULL
        || ngx_stream_thrift_add_pool(cf, mirror->upstream) == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_mirror_parameter(ngx_stream_thrift_mirror_t *mirror,
    ngx_str_t *value)
{
    ngx_int_t  n;

    if (ngx_strncmp(value->data, "max=", 4) == 0) {
        n = ngx_atoi(value->data + 4, value->len - 4);
        mirror->max = n;

        return (n > 0 && n <= 65535) ? NGX_OK : NGX_ERROR;
    }

    if (value->data[value->len - 1] != '%') {
        return NGX_ERROR;
    }

    n = ngx_stream_thrift_share(value->data, value->len);
    mirror->share = n;

    return (n != NGX_ERROR) ? NGX_OK : NGX_ERROR;
}
