/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which client is pinned to which connection.  Called by ngx_thrift_pass.c,
 * which asks before it balances a call, and by ngx_thrift_connection.c when a
 * connection goes.  A client has a few pins at most, one for each upstream.
 */

#include "ngx_thrift.h"


static ngx_thrift_connection_t *ngx_thrift_pin_find_of(
    ngx_thrift_client_t *client, ngx_thrift_attempt_t *attempt)
    nthrift_noinline;


ngx_thrift_connection_t *
ngx_thrift_pin_find(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_client_t  *client;

    client = attempt->call->client;

    return (client && !ngx_queue_empty(&client->pins))
           ? ngx_thrift_pin_find_of(client, attempt) : NULL;
}


static ngx_thrift_connection_t *
ngx_thrift_pin_find_of(ngx_thrift_client_t *client,
    ngx_thrift_attempt_t *attempt)
{
    ngx_queue_t              *q;
    ngx_thrift_dialect_t     *dialect;
    ngx_thrift_connection_t  *conn;

    for (q = ngx_queue_head(&client->pins);
         q != ngx_queue_sentinel(&client->pins);
         q = ngx_queue_next(q))
    {
        conn = ngx_queue_data(q, ngx_thrift_connection_t, pin);
        dialect = &conn->server->dialect;

        if (conn->pool == attempt->pool
            && (conn->pool->detect
                || (dialect->transport == attempt->dialect.transport
                    && dialect->protocol == attempt->dialect.protocol)))
        {
            return conn;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_thrift_pin_is_due(ngx_thrift_attempt_t *attempt)
{
    return ngx_thrift_pin_wanted(attempt->call)
           || ngx_thrift_pin_find(attempt) != NULL;
}


/* After the second time all calls that are not pinned are taken to be so. */

ngx_uint_t
ngx_thrift_pin_is_lost(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_client_t  *client;

    client = attempt->call->client;

    return client && client->nlost
           && (client->lost_pool == attempt->pool || client->nlost > 1);
}


ngx_int_t
ngx_thrift_pin_refuse(ngx_thrift_attempt_t *attempt)
{
    return ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                "the client's connection to upstream was "
                                "lost");
}


ngx_uint_t
ngx_thrift_pin_wanted(ngx_thrift_call_t *call)
{
    return (call->target->stateful
            || call->conf->balance == NGX_THRIFT_BALANCE_CONNECTION)
           && call->client && call->client->lost;
}


void
ngx_thrift_pin_lead(ngx_thrift_call_t *call)
{
    if (ngx_thrift_pin_wanted(call)
        || (call->client && !ngx_queue_empty(&call->client->pins)))
    {
        call->leads = 1;
        call->client->nleads++;
    }
}


void
ngx_thrift_pin_let_follow(ngx_thrift_call_t *call)
{
    ngx_thrift_client_t  *client;

    client = call->client;

    call->leads = 0;

    if (--client->nleads == 0 && client->follows) {
        client->follows = 0;
        ngx_post_event(client->event, &ngx_posted_events);
    }
}


ngx_uint_t
ngx_thrift_pin_holds(ngx_thrift_client_t *client)
{
    if (client->nleads) {
        client->follows = 1;
    }

    return client->nleads != 0;
}


void
ngx_thrift_pin(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t        *call;
    ngx_thrift_connection_t  *conn;

    call = attempt->call;
    conn = attempt->connection;

    if (!ngx_thrift_pin_wanted(call)) {
        return;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: its client is pinned to connection %uA",
                   call->number, conn->connection->number);

    conn->limit = 1;
    conn->client = call->client;
    ngx_queue_insert_tail(&call->client->pins, &conn->pin);

    ngx_thrift_queue_follow(attempt);
}


void
ngx_thrift_pin_remove(ngx_thrift_connection_t *conn)
{
    if (conn->client) {
        ngx_queue_remove(&conn->pin);
        conn->client = NULL;
    }
}


void
ngx_thrift_pin_lost(ngx_thrift_connection_t *conn)
{
    ngx_thrift_client_t  *client;

    client = conn->client;

    ngx_thrift_pin_remove(conn);

    if (client == NULL || !conn->stateful) {
        return;
    }

    ngx_log_error(NGX_LOG_INFO, &conn->log, 0,
                  "upstream connection with the state of a client is gone");

    client->lost_pool = conn->pool;
    client->nlost++;

    client->lost(client);
}
