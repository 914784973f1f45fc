/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connections that nginx has not accepted itself: clients that another worker
 * hands over.  Whoever has the descriptor calls it, sets the addresses, and
 * gives the connection to ls->handler.
 */

#include "ngx_stream_thrift.h"


static ngx_int_t ngx_stream_thrift_accept_fill(ngx_connection_t *c,
    ngx_listening_t *ls);


ngx_connection_t *
ngx_stream_thrift_accept(ngx_socket_t fd, ngx_listening_t *ls)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(fd, ngx_cycle->log);

    if (c == NULL) {
        (void) ngx_close_socket(fd);
        return NULL;
    }

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, 1);
#endif

    c->type = SOCK_STREAM;
    c->pool = ngx_create_pool(ls->pool_size, ngx_cycle->log);

    if (c->pool == NULL || ngx_stream_thrift_accept_fill(c, ls) != NGX_OK) {
        ngx_stream_thrift_accept_close(c);
        return NULL;
    }

    return c;
}


static ngx_int_t
ngx_stream_thrift_accept_fill(ngx_connection_t *c, ngx_listening_t *ls)
{
    ngx_log_t  *log;

    log = ngx_palloc(c->pool, sizeof(ngx_log_t));
    if (log == NULL) {
        return NGX_ERROR;
    }

    *log = ls->log;

    log->data = NULL;
    log->handler = NULL;

    c->recv = ngx_recv;
    c->send = ngx_send;
    c->recv_chain = ngx_recv_chain;
    c->send_chain = ngx_send_chain;

    c->log = log;
    c->pool->log = log;
    c->read->log = log;
    c->write->log = log;

    c->listening = ls;
    c->local_sockaddr = ls->sockaddr;
    c->local_socklen = ls->socklen;

    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

    c->write->ready = 1;

    return NGX_OK;
}


void
ngx_stream_thrift_accept_close(ngx_connection_t *c)
{
    ngx_pool_t  *pool;

    pool = c->pool;

    ngx_close_connection(c);

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, -1);
#endif

    if (pool) {
        ngx_destroy_pool(pool);
    }
}
