/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_open.h.  Called by ngx_thrift_queue.c for a call that has no
 * connection, by ngx_thrift_warm.c ahead of calls, and by
 * ngx_thrift_connection.c when something happens on one that is not open yet.
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_open_refuse(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_open_connect(ngx_thrift_attempt_t *attempt);
static void ngx_thrift_open_tell(ngx_thrift_attempt_t *attempt, ngx_int_t rc,
    ngx_err_t err);
static ngx_thrift_connection_t *ngx_thrift_open_create(
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_open_ahead(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_open_done(ngx_thrift_connection_t *conn);


ngx_int_t
ngx_thrift_open(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                 rc;
    ngx_connection_t         *c;
    ngx_event_get_peer_pt     get;
    ngx_peer_connection_t    *peer;
    ngx_thrift_connection_t  *conn;

    peer = attempt->peer;

    if (attempt->call
        && ngx_thrift_pool_make_room(attempt->address->nbusy == 0) != NGX_OK)
    {
        return ngx_thrift_open_refuse(attempt);
    }

    /* the balancer has chosen */

    get = peer->get;

    peer->connection = NULL;
    peer->get = ngx_event_get_peer;

    rc = ngx_thrift_open_connect(attempt);

    peer->get = get;

    if (rc == NGX_ERROR || rc == NGX_DECLINED) {
        return rc;
    }

    conn = ngx_thrift_open_create(attempt);
    if (conn == NULL) {
        return NGX_ERROR;
    }

    c = conn->connection;

    if (c->type == SOCK_STREAM && ngx_tcp_nodelay(c) != NGX_OK) {
        ngx_thrift_connection_close(conn);
        return NGX_ERROR;
    }

    if (attempt->call == NULL) {
        ngx_thrift_open_ahead(conn);
        return NGX_OK;
    }

    ngx_thrift_connection_add(conn, attempt);
    ngx_thrift_connection_arm(conn, attempt->call->conf->connect_timeout);

    return NGX_OK;
}


/* There is no room for one; the log says so once a second, and how often. */

static ngx_int_t
ngx_thrift_open_refuse(ngx_thrift_attempt_t *attempt)
{
    ngx_log_t                     *log;
    ngx_thrift_refusals_t         *refusals;
    static u_char                  text[64];
    static ngx_thrift_refusals_t   few;

    log = attempt->call->log;
    refusals = &few;

    if (refusals->what == NULL) {
        (void) ngx_sprintf(text, "too few of %ui worker_connections are left%Z",
                           ngx_cycle->connection_n);

        ngx_thrift_refusals_init(refusals, 1, 1000, NGX_LOG_WARN,
                                 (char *) text, NULL);
    }

    if (ngx_thrift_refusals_add(refusals, log)) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "%s", text);
    }

    attempt->blameless = 1;

    return ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: too few connections are left");
}


static ngx_int_t
ngx_thrift_open_connect(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t   rc;
    ngx_err_t   err;
    ngx_log_t  *log;
    ngx_uint_t  level;

    log = attempt->peer->log;
    level = log->log_level;

    /* nginx tells of some errors at "crit", and as often as there are calls */

    if (level <= NGX_LOG_INFO) {
        log->log_level = ngx_min(level, NGX_LOG_ALERT);
    }

    ngx_thrift_link_prepare(attempt);
    ngx_set_socket_errno(0);

    rc = ngx_event_connect_peer(attempt->peer);

    err = ngx_socket_errno;
    log->log_level = level;

    if (rc == NGX_DECLINED || rc == NGX_ERROR) {
        ngx_thrift_open_tell(attempt, rc, err);
    }

    return rc;
}


/*
 * NGX_ERROR: for example, the address of thrift_bind is not to be had.  That no
 * local port is left says nothing of the server; that its queue is full, which
 * EAGAIN of a unix socket is, not more than that it is busy.
 */

static void
ngx_thrift_open_tell(ngx_thrift_attempt_t *attempt, ngx_int_t rc,
    ngx_err_t err)
{
    u_char                  shown[NGX_THRIFT_ESCAPE_SIZE], *last;
    ngx_str_t              *name;
    ngx_log_t              *log;
    const char             *what;
    ngx_peer_connection_t  *peer;

    peer = attempt->peer;
    log = peer->log;

    if (rc == NGX_DECLINED) {
        attempt->blameless |= ngx_thrift_open_lacks_port(peer->sockaddr,
                                                         peer->socklen, err);
        attempt->unproven |= (err == NGX_EAGAIN);
    }

    if (log->log_level > NGX_LOG_INFO) {
        (void) ngx_thrift_pool_level(attempt->pool, NGX_THRIFT_POOL_OPEN);
        return;
    }

    what = "connect() to";
    name = peer->name;

    if (rc == NGX_ERROR && peer->local) {
        what = "bind() to";
        name = &peer->local->name;
    }

    /* the path of a socket may be of a variable */

    last = ngx_thrift_escape(shown, shown + sizeof(shown), name->data,
                             name->len);

    ngx_thrift_pool_tell(attempt->pool, NGX_THRIFT_POOL_OPEN, log, err,
                         "%s %*s failed", what, (size_t) (last - shown),
                         shown);
}


/*
 * The error is the same where the host has no address of the server's family:
 * a datagram socket, which has ports of its own, cannot be connected then,
 * either.  Nothing is sent.
 */

ngx_uint_t
ngx_thrift_open_lacks_port(struct sockaddr *sockaddr, socklen_t socklen,
    ngx_err_t err)
{
    ngx_uint_t    lacks;
    ngx_socket_t  s;

    if (err != EADDRNOTAVAIL) {
        return 0;
    }

    s = ngx_socket(sockaddr->sa_family, SOCK_DGRAM, 0);

    if (s == (ngx_socket_t) -1) {
        return 1;
    }

    lacks = (connect(s, sockaddr, socklen) == 0
             || ngx_socket_errno != EADDRNOTAVAIL);

    (void) ngx_close_socket(s);
    ngx_set_socket_errno(err);

    return lacks;
}


/* Wraps what ngx_event_connect_peer() has made, or closes it. */

static ngx_thrift_connection_t *
ngx_thrift_open_create(ngx_thrift_attempt_t *attempt)
{
    ngx_pool_t               *pool;
    ngx_connection_t         *c;
    ngx_thrift_connection_t  *conn;

    c = attempt->peer->connection;
    attempt->peer->connection = NULL;

    pool = ngx_create_pool(sizeof(ngx_pool_t)
                           + sizeof(ngx_thrift_connection_t)
                           + NGX_THRIFT_SEQIDS_SIZE
                           + NGX_SOCKADDR_STRLEN,
                           ngx_cycle->log);
    if (pool == NULL) {
        ngx_close_connection(c);
        return NULL;
    }

    c->pool = pool;

    conn = ngx_pcalloc(pool, sizeof(ngx_thrift_connection_t));

    if (conn == NULL || ngx_thrift_connection_init(conn, c, attempt) != NGX_OK)
    {
        ngx_close_connection(c);
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift connection %uA opens: fd %d", c->number, c->fd);

    return conn;
}


static void
ngx_thrift_open_ahead(ngx_thrift_connection_t *conn)
{
    conn->connection->log_error =
                     ngx_thrift_pool_is_quiet(conn->pool, NGX_THRIFT_POOL_OPEN)
                     ? NGX_ERROR_INFO : NGX_ERROR_ERR;

    ngx_thrift_warm_opens(conn);
    ngx_thrift_connection_arm(conn, NGX_THRIFT_OPEN_AHEAD);

    if (conn->connection->write->ready) {
        ngx_thrift_connection_next(conn);
    }
}


ngx_int_t
ngx_thrift_open_test(ngx_thrift_connection_t *conn)
{
    ngx_err_t          err;
    ngx_connection_t  *c;

    c = conn->connection;

#if (NGX_SSL)
    if (c->ssl) {
        return ngx_thrift_open_done(conn);
    }
#endif

    if (!c->write->ready && !c->read->ready) {
        return NGX_AGAIN;
    }

    err = ngx_thrift_input_error(c);

    if (err) {
        ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_OPEN, c->log, err,
                             "connect() failed");
        ngx_thrift_connection_fail(conn, ngx_thrift_connection_first(conn),
                                   NGX_DECLINED);
        return NGX_ERROR;
    }

    return ngx_thrift_open_done(conn);
}


static ngx_int_t
ngx_thrift_open_done(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    rc = ngx_thrift_link_open(conn);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        ngx_thrift_connection_fail(conn, ngx_thrift_connection_first(conn), rc);
        return NGX_ERROR;
    }

    conn->state = NGX_THRIFT_OPEN;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, conn->connection->log, 0,
                   "thrift connection %uA is open", conn->connection->number);

    ngx_thrift_timer_clear(&conn->timer);

    if (conn->opens_ahead) {
        ngx_thrift_warm_opened(conn);
        ngx_thrift_connection_idle(conn, NULL);
        return NGX_DONE;
    }

    for (attempt = ngx_thrift_connection_first(conn);
         attempt;
         attempt = ngx_thrift_connection_behind(attempt))
    {
        /* one that a client is pinned for has no part in this */

        if (attempt->peer->sockaddr) {
            attempt->call->balancer->connected(attempt);
        }

        if (conn->limit == 1 && attempt != ngx_thrift_connection_first(conn)) {
            ngx_thrift_connection_set_action(attempt);
        }
    }

    return NGX_OK;
}
