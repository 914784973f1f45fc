/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a worker holds of servers whose upstream has a zone, in memory that
 * outlives the worker: if it dies with calls in flight, the one that takes its
 * place gives them back.  Otherwise max_conns would be used up for good.
 */

#ifndef _NGX_STREAM_THRIFT_HELD_H_INCLUDED_
#define _NGX_STREAM_THRIFT_HELD_H_INCLUDED_


/*
 * When a configuration is read: upstreams of another have zones of their own.
 * NULL: no memory.
 */
ngx_stream_thrift_held_t *ngx_stream_thrift_held_create(ngx_conf_t *cf);

/*
 * In a worker, before its first call: opens what a dead one has left locked,
 * and gives back what it has held.
 */
void ngx_stream_thrift_held_init(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_log_t *log);

/* Does the upstream have a zone?  NULL: there is none. */
#define ngx_stream_thrift_is_held(us)  ((us) && (us)->shm_zone)

/*
 * The balancer of such an upstream has chosen a server for `peer`, and it goes
 * back next.
 */
void ngx_stream_thrift_held_add(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer) nthrift_noinline;
void ngx_stream_thrift_held_remove(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer) nthrift_noinline;


#endif /* _NGX_STREAM_THRIFT_HELD_H_INCLUDED_ */
