/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_health_check: the directive, and what its verdicts do to nginx's own
 * balancers: a server that is not healthy is "down" for them, in shared memory
 * if they have some.
 */

#ifndef _NGX_STREAM_THRIFT_HEALTH_H_INCLUDED_
#define _NGX_STREAM_THRIFT_HEALTH_H_INCLUDED_


/*
 * Ours in a peer's `down`, of which all balancers want to know if it is 0: what
 * nginx.conf says stays as it is.
 */

#define NGX_STREAM_THRIFT_HEALTH_DOWN  0x100


/* An upstream's pool gets what checks its servers, if anything does. */
ngx_int_t ngx_stream_thrift_set_health(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);

/*
 * A method that no service has, under the name by which the servers of the
 * upstream are called; the service is one that they have, if that is known.
 */
ngx_int_t ngx_stream_thrift_unknown_method(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *ucf, ngx_str_t *name);

/* In a worker: when it begins, and when it ends. */
void ngx_stream_thrift_start_health(ngx_stream_thrift_main_conf_t *tmcf);
void ngx_stream_thrift_stop_health(ngx_stream_thrift_main_conf_t *tmcf);


#endif /* _NGX_STREAM_THRIFT_HEALTH_H_INCLUDED_ */
