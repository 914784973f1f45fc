
/*
 * The step "pass".  A call comes here whole.  An attempt asks the balancer for
 * a peer, takes a connection to it from the pool or opens one, and lets
 * ngx_thrift_upstream.c exchange call and reply.  A call of which no byte was
 * sent may be tried elsewhere, and so may one that is idempotent and was lost;
 * any other is never sent twice.
 *
 *   balance -> attempt -> exchange -> OK       release, park, reply
 *                 ^          |
 *                 |          +------> AGAIN    an event comes back
 *                 |          +------> ERROR    release, close, exception
 *                 +--------- DECLINED          release, close, next peer
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_pass_connect(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_pass_attempt(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_pass_get_peer(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_pass_reopen(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_pass_open(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_pass_result(ngx_thrift_call_t *call,
    ngx_int_t rc);
static ngx_uint_t ngx_thrift_pass_may_retry(ngx_thrift_call_t *call);
static void ngx_thrift_pass_give_up(ngx_thrift_call_t *call,
    ngx_uint_t state);
static void ngx_thrift_pass_leave(ngx_thrift_call_t *call);


ngx_int_t
ngx_thrift_pass(ngx_thrift_call_t *call)
{
    ngx_int_t  rc;

    if (call->invocation || (!call->conf->pass && call->outbound == NULL)) {
        return NGX_DECLINED;
    }

    rc = call->front->balance(call);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_thrift_pass_connect(call);
}


void
ngx_thrift_pass_balanced(ngx_thrift_call_t *call, ngx_int_t rc)
{
    if (rc == NGX_OK) {
        rc = ngx_thrift_pass_connect(call);
    }

    ngx_thrift_call_wake(call, rc);
}


void
ngx_thrift_pass_event(ngx_thrift_call_t *call, ngx_int_t rc)
{
    if (rc == NGX_DECLINED && call->upstream && call->upstream->calls > 1) {
        rc = ngx_thrift_pass_reopen(call);
    }

    rc = ngx_thrift_pass_result(call, rc);

    if (rc == NGX_DECLINED) {
        rc = ngx_thrift_pass_connect(call);
    }

    ngx_thrift_call_wake(call, rc);
}


void
ngx_thrift_pass_cancel(ngx_thrift_call_t *call)
{
    ngx_thrift_pass_give_up(call, NGX_PEER_NEXT);
}


static ngx_int_t
ngx_thrift_pass_connect(ngx_thrift_call_t *call)
{
    ngx_int_t  rc;

    do {
        rc = ngx_thrift_pass_attempt(call);
        rc = ngx_thrift_pass_result(call, rc);

    } while (rc == NGX_DECLINED);

    return rc;
}


static ngx_int_t
ngx_thrift_pass_attempt(ngx_thrift_call_t *call)
{
    ngx_int_t               rc;
    ngx_peer_connection_t  *pc;
    ngx_thrift_upstream_t  *u;

    call->log->action = "connecting to upstream";
    call->received = 0;

    rc = ngx_thrift_pass_get_peer(call);
    if (rc != NGX_OK) {
        return rc;
    }

    pc = call->peer;

    u = ngx_thrift_keepalive_get(call->keepalive, call->client, pc->sockaddr,
                                 pc->socklen);
    if (u == NULL) {
        return ngx_thrift_pass_open(call);
    }

    pc->cached = 1;
    pc->connection = u->connection;

    ngx_thrift_upstream_attach(u, call);
    call->front->connected(call);

    rc = ngx_thrift_upstream_exchange(u);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    return ngx_thrift_pass_reopen(call);
}


/* A connection died in the pool: the same peer once more, over a new one. */

static ngx_int_t
ngx_thrift_pass_reopen(ngx_thrift_call_t *call)
{
    call->upstream->spoiled = 1;
    ngx_thrift_pass_leave(call);

    return ngx_thrift_pass_open(call);
}


static ngx_int_t
ngx_thrift_pass_get_peer(ngx_thrift_call_t *call)
{
    ngx_int_t               rc;
    ngx_peer_connection_t  *pc;

    if (call->front->attempt(call) != NGX_OK) {
        return NGX_ERROR;
    }

    pc = call->peer;

    rc = pc->get(pc, pc->data);

    if (rc == NGX_BUSY && call->front->rebalance(call) == NGX_OK) {
        rc = pc->get(pc, pc->data);
    }

    if (rc == NGX_BUSY) {
        pc->sockaddr = NULL;

        /* its name is that of the upstream now */

        if (call->front->chosen(call) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_log_error(NGX_LOG_ERR, call->log, 0, "no live upstreams");

        return ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                    "no live upstreams");
    }

    if (rc != NGX_OK) {
        pc->sockaddr = NULL;
        return NGX_ERROR;
    }

    return call->front->chosen(call);
}


static ngx_int_t
ngx_thrift_pass_open(ngx_thrift_call_t *call)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_event_get_peer_pt   get;
    ngx_peer_connection_t  *pc;
    ngx_thrift_upstream_t  *u;

    pc = call->peer;

    get = pc->get;

    pc->cached = 0;
    pc->connection = NULL;
    pc->get = ngx_event_get_peer;

    rc = ngx_event_connect_peer(pc);

    pc->get = get;

    if (rc == NGX_ERROR || rc == NGX_DECLINED) {
        return rc;
    }

    c = pc->connection;

    u = ngx_thrift_upstream_create(c, call);
    if (u == NULL) {
        pc->connection = NULL;
        return NGX_ERROR;
    }

    ngx_thrift_upstream_attach(u, call);

    if (c->type == SOCK_STREAM && ngx_tcp_nodelay(c) != NGX_OK) {
        return NGX_ERROR;
    }

    u->connecting = 1;

    return ngx_thrift_upstream_exchange(u);
}


/*
 * Takes an attempt's end up.  Returns NGX_DECLINED when another attempt is
 * due, else what the step returns.
 */

static ngx_int_t
ngx_thrift_pass_result(ngx_thrift_call_t *call, ngx_int_t rc)
{
    switch (rc) {

    case NGX_AGAIN:
        return NGX_AGAIN;

    case NGX_OK:
        call->front->release(call, 0);
        ngx_thrift_upstream_own(call->upstream);
        ngx_thrift_pass_leave(call);
        return NGX_OK;

    case NGX_DECLINED:
        ngx_thrift_pass_give_up(call, NGX_PEER_FAILED);

        if (ngx_thrift_pass_may_retry(call)) {
            return NGX_DECLINED;
        }

        return ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                    call->lost
                                        ? "upstream closed connection "
                                          "before it replied"
                                        : "cannot connect to upstream");

    default: /* NGX_ERROR */

        /* what has no error by now is our own shortage */

        (void) ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 500,
                                    "internal error");

        ngx_thrift_pass_give_up(call, (call->status == 500 || call->spares)
                                          ? NGX_PEER_NEXT : NGX_PEER_FAILED);
        return NGX_ERROR;
    }
}


static ngx_uint_t
ngx_thrift_pass_may_retry(ngx_thrift_call_t *call)
{
    ngx_msec_t          timeout;
    ngx_thrift_conf_t  *conf;

    conf = call->conf;
    timeout = conf->next_upstream_timeout;

    return conf->next_upstream
           && call->peer->tries != 0
           && !ngx_thrift_call_expired(call)
           && (timeout == 0
               || ngx_current_msec - call->peer->start_time < timeout);
}


/* The attempt has failed: its peer is told so, its connection not kept. */

static void
ngx_thrift_pass_give_up(ngx_thrift_call_t *call, ngx_uint_t state)
{
    call->front->release(call, state);

    if (call->upstream) {
        call->upstream->spoiled = 1;
        ngx_thrift_pass_leave(call);
    }
}


/* The connection leaves the call: back to the pool, or closed. */

static void
ngx_thrift_pass_leave(ngx_thrift_call_t *call)
{
    ngx_thrift_upstream_t  *u;

    u = call->upstream;

    call->peer->connection = NULL;

    if (u->connecting) {
        u->spoiled = 1;
    }

    ngx_thrift_upstream_detach(u);
    ngx_thrift_keepalive_put(call->keepalive, u);
}
