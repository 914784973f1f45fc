/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_pick.h.  Called by ngx_thrift_queue.c for each attempt, and
 * by ngx_thrift_pool.c when an attempt has a connection opened.  Nothing is
 * searched but a tree of servers, and most often not even that: idle
 * connections are taken from the head of a queue.
 */

#include "ngx_thrift.h"


/*
 * The kernel is asked if a connection is alive that has been idle for longer,
 * and the pool if it is too old.  Of the others the event loop knows what had
 * happened when its turn began: calls are sent when all events of the turn
 * have been handled.
 */

#define NGX_THRIFT_PICK_FRESH  10           /* milliseconds */


static ngx_thrift_connection_t *ngx_thrift_pick_get_idle(
    ngx_thrift_attempt_t *attempt, ngx_thrift_server_t *own,
    ngx_thrift_server_t *server, ngx_thrift_pipeline_with_e with)
    nthrift_noinline;
static ngx_inline ngx_thrift_connection_t *ngx_thrift_pick_take(
    ngx_thrift_server_t *server);
static ngx_thrift_connection_t *ngx_thrift_pick_find_alive(
    ngx_thrift_server_t *server) nthrift_noinline;
static ngx_thrift_connection_t *ngx_thrift_pick_least(
    ngx_thrift_attempt_t *attempt, ngx_thrift_server_t *from,
    ngx_thrift_pipeline_with_e with);
static ngx_thrift_server_t *ngx_thrift_pick_from(ngx_thrift_server_t *own,
    ngx_thrift_server_t *server, ngx_thrift_pipeline_with_e with);
static ngx_thrift_server_t *ngx_thrift_pick_search_from(
    ngx_thrift_attempt_t *attempt, ngx_thrift_pipeline_with_e with)
    nthrift_noinline;
static ngx_thrift_server_t *ngx_thrift_pick_find_own(
    ngx_thrift_attempt_t *attempt);
static ngx_thrift_server_t *ngx_thrift_pick_search_own(
    ngx_thrift_attempt_t *attempt) nthrift_noinline;
static ngx_thrift_address_t *ngx_thrift_pick_address(
    ngx_thrift_attempt_t *attempt, ngx_thrift_server_t *own,
    ngx_thrift_server_t *server);


ngx_thrift_connection_t *
ngx_thrift_pick_get(ngx_thrift_attempt_t *attempt, ngx_uint_t turn)
{
    ngx_thrift_server_t         *own, *server, *from;
    ngx_thrift_address_t        *address;
    ngx_thrift_connection_t     *conn;
    ngx_thrift_pipeline_with_e   with;

    own = ngx_thrift_pick_find_own(attempt);
    server = ngx_thrift_server_find_recent(attempt);

    address = ngx_thrift_pick_address(attempt, own, server);
    attempt->address = address;

    if (address == NULL) {
        return NULL;
    }

    /* others may wait for what is everybody's */

    if (ngx_thrift_queue_is_behind(attempt, turn)
        || ngx_thrift_address_is_full(address))
    {
        server = NULL;
    }

    with = ngx_thrift_pipeline_with(attempt);
    from = ngx_thrift_pick_from(own, server, with);

    conn = from ? ngx_thrift_pipeline_join(from, attempt) : NULL;

    if (attempt->fresh) {
        return (conn && conn->state == NGX_THRIFT_OPENING) ? conn : NULL;
    }

    return conn ? conn : ngx_thrift_pick_get_idle(attempt, own, server, with);
}


/* None takes the attempt along: one that is idle, or else busy. */

static ngx_thrift_connection_t *
ngx_thrift_pick_get_idle(ngx_thrift_attempt_t *attempt,
    ngx_thrift_server_t *own, ngx_thrift_server_t *server,
    ngx_thrift_pipeline_with_e with)
{
    ngx_uint_t                looked;
    ngx_thrift_server_t      *from;
    ngx_thrift_connection_t  *conn;

    looked = (own && !ngx_queue_empty(&own->idle));

    /* its own ones first: calls on one connection keep their order */

    conn = looked ? ngx_thrift_pick_take(own) : NULL;

    if (conn == NULL && server && !ngx_queue_empty(&server->idle)) {
        looked = 1;
        conn = ngx_thrift_pick_take(server);
    }

    if (conn) {
        ngx_thrift_pick_appoint(conn, attempt, with);
        return conn;
    }

    from = ngx_thrift_pick_from(own, server, with);

    /* one that had no other connection than dead ones is gone */

    if (from && looked) {
        from = ngx_thrift_pick_search_from(attempt, with);
    }

    return from ? ngx_thrift_pick_least(attempt, from, with) : NULL;
}


void
ngx_thrift_pick_appoint(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_thrift_pipeline_with_e with)
{
    conn->limit = (with == NGX_THRIFT_PIPELINE_ALONE) ? 1
                                                      : conn->pool->pipeline;

    if (with == NGX_THRIFT_PIPELINE_OWN && !ngx_thrift_pool_is_own(conn)
        && ngx_thrift_pool_give(conn, &attempt->call->client->servers)
           != NGX_OK)
    {
        conn->limit = 1;
    }
}


/*
 * An idle one of those that the server has; NULL: they were dead, and it may be
 * gone with the last one.
 */

static ngx_inline ngx_thrift_connection_t *
ngx_thrift_pick_take(ngx_thrift_server_t *server)
{
    ngx_thrift_connection_t  *conn;

    conn = ngx_queue_data(ngx_queue_head(&server->idle),
                          ngx_thrift_connection_t, idle);

    if (ngx_current_msec - conn->since > NGX_THRIFT_PICK_FRESH
        || conn->doubtful)
    {
        conn = ngx_thrift_pick_find_alive(server);

        if (conn == NULL) {
            return NULL;
        }
    }

    ngx_thrift_pool_begin_use(conn);

    return conn;
}


/* Those that are not, or too old, on the way, are closed. */

static ngx_thrift_connection_t *
ngx_thrift_pick_find_alive(ngx_thrift_server_t *server)
{
    ngx_uint_t                last;
    ngx_thrift_connection_t  *conn;

    do {
        conn = ngx_queue_data(ngx_queue_head(&server->idle),
                              ngx_thrift_connection_t, idle);

        if (ngx_thrift_pool_retires(conn)) {
            conn->ended = NGX_THRIFT_STATUS_CLOSED_IDLE;

        } else if (ngx_thrift_connection_alive(conn)) {
            return conn;

        } else {
            conn->ended = NGX_THRIFT_STATUS_CLOSED_SERVER;
        }

        last = (server->nconns == 1);

        ngx_thrift_connection_close(conn);

    } while (!last && !ngx_queue_empty(&server->idle));

    return NULL;
}


/* A busy one, unless there are few. */

static ngx_thrift_connection_t *
ngx_thrift_pick_least(ngx_thrift_attempt_t *attempt, ngx_thrift_server_t *from,
    ngx_thrift_pipeline_with_e with)
{
    ngx_uint_t  n;

    n = (with == NGX_THRIFT_PIPELINE_SHARED)
        ? attempt->pool->pipeline_connections : 1;

    return (from->nconns >= n) ? ngx_thrift_pipeline_least(from, attempt)
                               : NULL;
}


ngx_thrift_connection_t *
ngx_thrift_pick_share(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_server_t  *from;

    if (attempt->fresh) {
        return NULL;
    }

    from = ngx_thrift_pick_search_from(attempt,
                                       ngx_thrift_pipeline_with(attempt));

    return from ? ngx_thrift_pipeline_least(from, attempt) : NULL;
}


/* The server with the connections that others of the kind are on; or NULL. */

static ngx_thrift_server_t *
ngx_thrift_pick_from(ngx_thrift_server_t *own, ngx_thrift_server_t *server,
    ngx_thrift_pipeline_with_e with)
{
    switch (with) {

    case NGX_THRIFT_PIPELINE_SHARED:
        return server;

    case NGX_THRIFT_PIPELINE_OWN:
        return own;

    default: /* NGX_THRIFT_PIPELINE_ALONE */
        return NULL;
    }
}


/* The same as ngx_thrift_pick_from(), which is not found yet. */

static ngx_thrift_server_t *
ngx_thrift_pick_search_from(ngx_thrift_attempt_t *attempt,
    ngx_thrift_pipeline_with_e with)
{
    return ngx_thrift_pick_from(ngx_thrift_pick_find_own(attempt),
                                ngx_thrift_server_search(attempt), with);
}


/* Most clients have no connections of their own. */

static ngx_thrift_server_t *
ngx_thrift_pick_find_own(ngx_thrift_attempt_t *attempt)
{
    ngx_rbtree_t         *tree;
    ngx_thrift_client_t  *client;

    client = attempt->call->client;

    if (client == NULL) {
        return NULL;
    }

    tree = &client->servers.tree;

    return (tree->root == tree->sentinel) ? NULL
                                          : ngx_thrift_pick_search_own(attempt);
}


static ngx_thrift_server_t *
ngx_thrift_pick_search_own(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_server_t  key;

    ngx_thrift_server_key_of(&key, attempt);

    return ngx_thrift_server_find(&attempt->call->client->servers, &key);
}


static ngx_thrift_address_t *
ngx_thrift_pick_address(ngx_thrift_attempt_t *attempt,
    ngx_thrift_server_t *own, ngx_thrift_server_t *server)
{
    if (server || own) {
        return server ? server->address : own->address;
    }

    return ngx_thrift_address_get(attempt->pool, attempt->peer->sockaddr,
                                  attempt->peer->socklen);
}
