/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_pipeline.h.  Called by ngx_thrift_pick.c, which asks for a
 * connection, and by ngx_thrift_connection.c, which tells what has become of
 * one.  A server's queue has those that take one more attempt: the ones that
 * are full, or have a slow call, are not in it, so it is short.
 */

#include "ngx_thrift.h"


/* Attempts of different clients that one turn sends together. */

#define NGX_THRIFT_PIPELINE_BATCH  32

/* A larger call, or reply, holds nobody up but its own client. */

#define NGX_THRIFT_PIPELINE_LARGE  65536        /* bytes */


static ngx_uint_t ngx_thrift_pipeline_takes(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_pipeline_fits(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_pipeline_is_held_up(
    ngx_thrift_connection_t *conn);


ngx_thrift_pipeline_with_e
ngx_thrift_pipeline_with(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;
    ngx_thrift_pool_t  *pool;

    call = attempt->call;
    pool = attempt->pool;

    if (pool->pipeline <= 1 || call->silent
        || call->request.wire.length > NGX_THRIFT_PIPELINE_LARGE
        || ngx_thrift_pin_wanted(call))
    {
        return NGX_THRIFT_PIPELINE_ALONE;
    }

    if (call->checked && pool->check_seqid && !pool->link.proxy_protocol) {
        return NGX_THRIFT_PIPELINE_SHARED;
    }

    return call->client ? NGX_THRIFT_PIPELINE_OWN : NGX_THRIFT_PIPELINE_ALONE;
}


ngx_thrift_connection_t *
ngx_thrift_pipeline_join(ngx_thrift_server_t *server,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_connection_t  *conn;

    conn = server->latest;

    if (conn == NULL || !conn->takes || conn->unsent == NULL
        || !ngx_thrift_pipeline_fits(conn, attempt)
        || ngx_thrift_pipeline_is_held_up(conn))
    {
        return NULL;
    }

    return (conn->latest == attempt->call->client
            || conn->nunsent < NGX_THRIFT_PIPELINE_BATCH)
           ? conn : NULL;
}


ngx_thrift_connection_t *
ngx_thrift_pipeline_least(ngx_thrift_server_t *server,
    ngx_thrift_attempt_t *attempt)
{
    ngx_queue_t              *q, *next;
    ngx_thrift_connection_t  *conn, *least;

    least = NULL;

    for (q = ngx_queue_head(&server->takers);
         q != ngx_queue_sentinel(&server->takers);
         q = next)
    {
        next = ngx_queue_next(q);
        conn = ngx_queue_data(q, ngx_thrift_connection_t, taker);

        if (ngx_thrift_pipeline_is_held_up(conn)) {
            ngx_thrift_pipeline_update(conn);
            continue;
        }

        if (ngx_thrift_pipeline_fits(conn, attempt)
            && (least == NULL || conn->nattempts < least->nattempts))
        {
            least = conn;
        }
    }

    return least;
}


void
ngx_thrift_pipeline_added(ngx_thrift_connection_t *conn)
{
    if (conn->limit > 1
        && (!conn->takes || conn->nattempts == conn->limit
            || conn->pool->requests))
    {
        ngx_thrift_pipeline_update(conn);
    }
}


void
ngx_thrift_pipeline_left(ngx_thrift_connection_t *conn)
{
    if (conn->limit > 1
        && (!conn->takes || conn->doubtful || conn->nabandoned
            || conn->nattempts == 0))
    {
        ngx_thrift_pipeline_update(conn);
    }
}


void
ngx_thrift_pipeline_update(ngx_thrift_connection_t *conn)
{
    ngx_uint_t            takes;
    ngx_thrift_server_t  *server;

    server = conn->server;
    takes = ngx_thrift_pipeline_takes(conn);

    if (takes == conn->takes) {
        return;
    }

    conn->takes = takes;

    if (takes) {
        ngx_queue_insert_head(&server->takers, &conn->taker);
        ngx_thrift_queue_wake(server->address);
        return;
    }

    ngx_queue_remove(&conn->taker);

    if (server->latest == conn) {
        server->latest = NULL;
    }
}


/* Doubt is others' concern: its own client may go on with what it has sent. */

static ngx_uint_t
ngx_thrift_pipeline_takes(ngx_thrift_connection_t *conn)
{
    return conn->nattempts != 0
           && conn->nattempts < conn->limit
           && (conn->pool->requests == 0
               || conn->seqids.total + conn->nunsent < conn->pool->requests)
           && conn->nabandoned == 0
           && conn->state <= NGX_THRIFT_OPEN
           && (!conn->doubtful || ngx_thrift_pool_is_own(conn))
           && !ngx_thrift_pipeline_is_held_up(conn);
}


/* Is it read and written by the rules of those that are on it? */

static ngx_uint_t
ngx_thrift_pipeline_fits(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    return call->conf->messages == conn->messages
           && call->request.wire.head.lax == conn->lax;
}


/*
 * Is it as old as it may get, is a large reply being read, or does its server
 * take long for the call that it has to answer next?  Time tells, and bytes:
 * nothing else does.
 */

static ngx_uint_t
ngx_thrift_pipeline_is_held_up(ngx_thrift_connection_t *conn)
{
    return ngx_thrift_pool_retires(conn)
           || (conn->reading
            && conn->message.wire.length > NGX_THRIFT_PIPELINE_LARGE)
           || (ngx_thrift_connection_waits(conn)
               && ngx_current_msec - conn->waiting
                  > conn->pool->pipeline_delay);
}
