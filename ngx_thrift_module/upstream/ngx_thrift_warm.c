/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_warm.h.  Told by ngx_thrift_open.c and
 * ngx_thrift_connection.c what becomes of connections, and asked by
 * ngx_thrift_pool.c which of them to keep.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_WARM_LOOK     1000       /* milliseconds: which servers */

#define NGX_THRIFT_WARM_TICK     10         /* milliseconds: at most so often */

#define NGX_THRIFT_WARM_OPENING  32         /* connections at the same time */

/*
 * One that is closed sooner, and has carried no call, was refused in effect.
 * The pause doubles each time.
 */

#define NGX_THRIFT_WARM_YOUNG    10000      /* milliseconds */
#define NGX_THRIFT_WARM_PAUSE    100
#define NGX_THRIFT_WARM_PAUSES   5000


typedef struct {
    ngx_queue_t            queue;
    ngx_uint_t             walk;            /* in which it was there */
    ngx_uint_t             max_conns;
    ngx_msec_t             pause;           /* 0: all is well */
    ngx_msec_t             next;            /* when it is tried again */
    ngx_str_t              name;
    ngx_thrift_server_t    key;             /* its everybody's connections */
} ngx_thrift_warm_server_t;


static void ngx_thrift_warm_tick(void *data);
static ngx_thrift_warm_server_t *ngx_thrift_warm_find(ngx_thrift_warm_t *warm,
    struct sockaddr *sockaddr, socklen_t socklen);
static ngx_thrift_warm_server_t *ngx_thrift_warm_create(
    ngx_thrift_warm_t *warm, struct sockaddr *sockaddr, socklen_t socklen,
    ngx_str_t *name);
static void ngx_thrift_warm_free(ngx_thrift_warm_server_t *server);
static ngx_msec_t ngx_thrift_warm_fill(ngx_thrift_warm_t *warm,
    ngx_thrift_warm_server_t *server);
static ngx_int_t ngx_thrift_warm_ask(ngx_thrift_warm_t *warm,
    ngx_thrift_warm_server_t *server);
static ngx_uint_t ngx_thrift_warm_lacks(ngx_thrift_warm_t *warm,
    ngx_thrift_warm_server_t *server);
static ngx_int_t ngx_thrift_warm_open(ngx_thrift_warm_t *warm,
    ngx_thrift_warm_server_t *server);
static void ngx_thrift_warm_failed(ngx_thrift_warm_server_t *server);
static void ngx_thrift_warm_soon(ngx_thrift_warm_t *warm);
static ngx_uint_t ngx_thrift_warm_is_full(ngx_thrift_warm_t *warm);
static ngx_uint_t ngx_thrift_warm_is_old(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_warm_is_spoken(ngx_thrift_warm_t *warm,
    ngx_thrift_connection_t *conn);


void
ngx_thrift_warm_init(ngx_thrift_warm_t *warm, ngx_thrift_pool_t *pool)
{
    warm->pool = pool;

    ngx_queue_init(&warm->servers);
    ngx_queue_init(&warm->opening);
    ngx_thrift_timer_init(&warm->timer, ngx_thrift_warm_tick, warm, NULL, 1);
}


void
ngx_thrift_warm_start(ngx_thrift_warm_t *warm)
{
    ngx_thrift_timer_set(&warm->timer, ngx_current_msec);
}


void
ngx_thrift_warm_stop(ngx_thrift_warm_t *warm)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&warm->opening)) {
        q = ngx_queue_head(&warm->opening);
        ngx_thrift_connection_close(ngx_queue_data(q, ngx_thrift_connection_t,
                                                   ahead));
    }

    while (!ngx_queue_empty(&warm->servers)) {
        q = ngx_queue_head(&warm->servers);
        ngx_thrift_warm_free(ngx_queue_data(q, ngx_thrift_warm_server_t,
                                            queue));
    }

    ngx_thrift_timer_close(&warm->timer);
}


static void
ngx_thrift_warm_tick(void *data)
{
    ngx_thrift_warm_t  *warm = data;

    ngx_msec_t                 next;
    ngx_queue_t               *q, *behind;
    ngx_thrift_warm_server_t  *server;

    if (ngx_exiting) {
        ngx_thrift_warm_stop(warm);
        return;
    }

    warm->walks++;
    warm->walk(warm);

    next = ngx_current_msec + NGX_THRIFT_WARM_LOOK;

    for (q = ngx_queue_head(&warm->servers);
         q != ngx_queue_sentinel(&warm->servers);
         q = behind)
    {
        behind = ngx_queue_next(q);
        server = ngx_queue_data(q, ngx_thrift_warm_server_t, queue);

        if (server->walk != warm->walks) {
            ngx_thrift_warm_free(server);
            continue;
        }

        next = ngx_thrift_earlier(next, ngx_thrift_warm_fill(warm, server));
    }

    ngx_thrift_timer_set(&warm->timer, next);
}


void
ngx_thrift_warm_visit(ngx_thrift_warm_t *warm, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name, ngx_uint_t max_conns)
{
    ngx_thrift_warm_server_t  *server;

    server = ngx_thrift_warm_find(warm, sockaddr, socklen);

    if (server) {

        /* the next one is likely the one behind it */

        ngx_queue_remove(&server->queue);
        ngx_queue_insert_tail(&warm->servers, &server->queue);

    } else {
        server = ngx_thrift_warm_create(warm, sockaddr, socklen, name);

        if (server == NULL) {
            return;
        }
    }

    /* an address may be that of several servers: it takes what all allow */

    if (server->walk == warm->walks && server->max_conns && max_conns) {
        max_conns += server->max_conns;

    } else if (server->walk == warm->walks) {
        max_conns = 0;
    }

    server->walk = warm->walks;
    server->max_conns = max_conns;
}


static ngx_thrift_warm_server_t *
ngx_thrift_warm_find(ngx_thrift_warm_t *warm, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    ngx_queue_t               *q;
    ngx_thrift_warm_server_t  *server;

    for (q = ngx_queue_head(&warm->servers);
         q != ngx_queue_sentinel(&warm->servers);
         q = ngx_queue_next(q))
    {
        server = ngx_queue_data(q, ngx_thrift_warm_server_t, queue);

        if (ngx_memn2cmp((u_char *) &server->key.sockaddr, (u_char *) sockaddr,
                         server->key.socklen, socklen)
            == 0)
        {
            return server;
        }
    }

    return NULL;
}


static ngx_thrift_warm_server_t *
ngx_thrift_warm_create(ngx_thrift_warm_t *warm, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name)
{
    ngx_thrift_warm_server_t  *server;

    server = ngx_calloc(sizeof(ngx_thrift_warm_server_t) + name->len,
                        ngx_cycle->log);
    if (server == NULL) {
        return NULL;
    }

    server->name.len = name->len;
    server->name.data = (u_char *) (server + 1);
    ngx_memcpy(server->name.data, name->data, name->len);

    ngx_thrift_server_key(&server->key, warm->pool, sockaddr, socklen,
                          &warm->dialect);

    ngx_queue_insert_tail(&warm->servers, &server->queue);

    return server;
}


static void
ngx_thrift_warm_free(ngx_thrift_warm_server_t *server)
{
    ngx_queue_remove(&server->queue);
    ngx_free(server);
}


/* Opens what the server lacks; when is it looked at again? */

static ngx_msec_t
ngx_thrift_warm_fill(ngx_thrift_warm_t *warm, ngx_thrift_warm_server_t *server)
{
    ngx_uint_t  n;

    if (ngx_thrift_warm_ask(warm, server) != NGX_OK) {
        return ngx_current_msec + NGX_THRIFT_WARM_LOOK;
    }

    n = ngx_thrift_warm_lacks(warm, server);

    if (n == 0) {

        /* it has taken all, and kept them */

        if (server->pause
            && (ngx_msec_int_t) (ngx_current_msec - server->next)
               > NGX_THRIFT_WARM_LOOK)
        {
            server->pause = 0;
        }

        return ngx_current_msec + NGX_THRIFT_WARM_LOOK;
    }

    if (server->pause
        && (ngx_msec_int_t) (server->next - ngx_current_msec) > 0)
    {
        return server->next;
    }

    for ( /* void */ ; n && !ngx_thrift_warm_is_full(warm); n--) {
        if (ngx_thrift_warm_open(warm, server) != NGX_OK) {
            break;
        }
    }

    return ngx_current_msec + NGX_THRIFT_WARM_LOOK;
}


/* In which transport and protocol?  NGX_AGAIN: that will be known. */

static ngx_int_t
ngx_thrift_warm_ask(ngx_thrift_warm_t *warm, ngx_thrift_warm_server_t *server)
{
    ngx_int_t              rc;
    ngx_sockaddr_t         sockaddr;
    ngx_thrift_server_t   *key;
    ngx_thrift_dialect_t   dialect;

    if (warm->pool->detect == NULL) {
        return NGX_OK;
    }

    key = &server->key;
    dialect = warm->dialect;

    rc = ngx_thrift_detect(warm->pool->detect, &key->sockaddr.sockaddr,
                           key->socklen, &server->name, &dialect, NULL);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (dialect.transport != key->dialect.transport
        || dialect.protocol != key->dialect.protocol)
    {
        sockaddr = key->sockaddr;

        ngx_thrift_server_key(key, warm->pool, &sockaddr.sockaddr,
                              key->socklen, &dialect);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_thrift_warm_lacks(ngx_thrift_warm_t *warm,
    ngx_thrift_warm_server_t *server)
{
    ngx_thrift_server_t  *open;

    open = ngx_thrift_server_find(&warm->pool->servers, &server->key);

    if (open == NULL) {
        return warm->min;
    }

    return (open->nconns < warm->min) ? warm->min - open->nconns : 0;
}


/* The pool keeps no more idle ones than it is told. */

static ngx_uint_t
ngx_thrift_warm_is_full(ngx_thrift_warm_t *warm)
{
    return warm->nopening >= NGX_THRIFT_WARM_OPENING
           || warm->pool->nidle + warm->nopening >= warm->pool->max;
}


/* NGX_BUSY: not now. */

static ngx_int_t
ngx_thrift_warm_open(ngx_thrift_warm_t *warm, ngx_thrift_warm_server_t *server)
{
    ngx_int_t               rc;
    ngx_thrift_attempt_t    attempt;
    ngx_peer_connection_t   peer;

    ngx_memzero(&attempt, sizeof(ngx_thrift_attempt_t));
    ngx_memzero(&peer, sizeof(ngx_peer_connection_t));

    peer.sockaddr = (struct sockaddr *) &server->key.sockaddr;
    peer.socklen = server->key.socklen;
    peer.name = &server->name;
    peer.log = ngx_cycle->log;
    peer.log_error = NGX_ERROR_ERR;
    peer.type = SOCK_STREAM;

    attempt.peer = &peer;
    attempt.pool = warm->pool;
    attempt.dialect = server->key.dialect;
    attempt.max_conns = server->max_conns;

    attempt.address = ngx_thrift_address_get(warm->pool, peer.sockaddr,
                                             peer.socklen);
    if (attempt.address == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_thrift_address_place_ahead(&attempt);

    if (rc == NGX_OK) {
        rc = ngx_thrift_open(&attempt);
    }

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    ngx_thrift_address_give_back(&attempt);

    if (rc == NGX_DECLINED) {
        ngx_thrift_warm_failed(server);
    }

    return rc;
}


/* Several at the same time are one. */

static void
ngx_thrift_warm_failed(ngx_thrift_warm_server_t *server)
{
    if (server->pause
        && (ngx_msec_int_t) (server->next - ngx_current_msec) > 0)
    {
        return;
    }

    server->pause = server->pause ? ngx_min(server->pause * 2,
                                            NGX_THRIFT_WARM_PAUSES)
                                  : NGX_THRIFT_WARM_PAUSE;

    server->next = ngx_current_msec + server->pause / 2
                   + ngx_thrift_random() % (server->pause / 2 + 1);
}


/* It would be opened again: so it stays, if it is alive. */

ngx_uint_t
ngx_thrift_warm_keeps(ngx_thrift_connection_t *conn)
{
    ngx_thrift_warm_t  *warm;

    warm = conn->pool->warm;

    return warm && !ngx_exiting
           && conn->server->nconns <= warm->min
           && conn->pool->nidle <= conn->pool->max
           && !ngx_thrift_pool_is_over(conn)
           && ngx_thrift_warm_is_spoken(warm, conn)
           && ngx_thrift_warm_find(warm,
                                  (struct sockaddr *) &conn->server->sockaddr,
                                  conn->server->socklen)
           && ngx_thrift_connection_alive(conn);
}


/* Has it been there so long that its end says nothing of its server? */

static ngx_uint_t
ngx_thrift_warm_is_old(ngx_thrift_connection_t *conn)
{
    return ngx_thrift_pool_is_over(conn)
           || ngx_current_msec - conn->opened >= NGX_THRIFT_WARM_YOUNG;
}


/* Is it one of those that the upstream keeps? */

static ngx_uint_t
ngx_thrift_warm_is_spoken(ngx_thrift_warm_t *warm,
    ngx_thrift_connection_t *conn)
{
    ngx_thrift_dialect_t      *dialect, *kept;
    ngx_thrift_warm_server_t  *server;

    dialect = &conn->server->dialect;
    kept = &warm->dialect;

    if (ngx_thrift_pool_is_own(conn) || dialect->identity.len != 0) {
        return 0;
    }

    if (warm->pool->detect) {
        server = ngx_thrift_warm_find(warm, &conn->server->sockaddr.sockaddr,
                                      conn->server->socklen);
        if (server == NULL) {
            return 0;
        }

        kept = &server->key.dialect;
    }

    return dialect->transport == kept->transport
           && dialect->protocol == kept->protocol;
}


void
ngx_thrift_warm_opens(ngx_thrift_connection_t *conn)
{
    ngx_thrift_warm_t  *warm;

    warm = conn->pool->warm;

    conn->opens_ahead = 1;
    ngx_queue_insert_tail(&warm->opening, &conn->ahead);
    warm->nopening++;
}


void
ngx_thrift_warm_opened(ngx_thrift_connection_t *conn)
{
    ngx_thrift_warm_t  *warm;

    if (conn->opens_ahead) {
        warm = conn->pool->warm;

        conn->opens_ahead = 0;
        ngx_queue_remove(&conn->ahead);
        warm->nopening--;

        /* others may have had to wait for it */

        ngx_thrift_warm_soon(warm);
    }
}


void
ngx_thrift_warm_closed(ngx_thrift_connection_t *conn)
{
    ngx_thrift_warm_t         *warm;
    ngx_thrift_warm_server_t  *server;

    warm = conn->pool->warm;

    if (warm == NULL || ngx_exiting || !ngx_thrift_warm_is_spoken(warm, conn)) {
        ngx_thrift_warm_opened(conn);
        return;
    }

    if (conn->seqids.total == 0 && !ngx_thrift_warm_is_old(conn)) {
        server = ngx_thrift_warm_find(warm,
                                  (struct sockaddr *) &conn->server->sockaddr,
                                  conn->server->socklen);
        if (server) {
            ngx_thrift_warm_failed(server);
        }
    }

    ngx_thrift_warm_opened(conn);
    ngx_thrift_warm_soon(warm);
}


static void
ngx_thrift_warm_soon(ngx_thrift_warm_t *warm)
{
    ngx_msec_t  next;

    next = ngx_current_msec + NGX_THRIFT_WARM_TICK;

    if (warm->timer.set) {
        next = ngx_thrift_earlier(next, warm->timer.deadline);
    }

    ngx_thrift_timer_set(&warm->timer, next);
}
