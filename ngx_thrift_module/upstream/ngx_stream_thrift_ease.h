/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Slow start: a server that is back, of one of nginx's own balancers, gets the
 * share of calls that it had in the course of thrift_slow_start.
 */

#ifndef _NGX_STREAM_THRIFT_EASE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_EASE_H_INCLUDED_


/*
 * What a balancer does to choose a server, and does again when that is one that
 * is to have fewer calls.  Of a pool that has a slow start.
 */
ngx_int_t ngx_stream_thrift_ease_get(ngx_thrift_pool_t *pool,
    ngx_stream_thrift_choice_t *choice);

/* The server has answered, and goes back next: it is back if it was away. */
void ngx_stream_thrift_ease_begin(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer);


#endif /* _NGX_STREAM_THRIFT_EASE_H_INCLUDED_ */
