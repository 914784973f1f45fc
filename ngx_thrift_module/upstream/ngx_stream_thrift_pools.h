/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Pools of idle upstream connections, as stream's configuration knows them.
 */

#ifndef _NGX_STREAM_THRIFT_POOLS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_POOLS_H_INCLUDED_


/* Idle connections kept when thrift_keepalive does not say. */

#define NGX_STREAM_THRIFT_KEEPALIVE           32

/*
 * When thrift_keepalive does not say: milliseconds that one over the limit is
 * kept, unused.
 */

#define NGX_STREAM_THRIFT_KEEPALIVE_SURPLUS   5000

/* Calls that wait for a server, when nothing else is said. */

#define NGX_STREAM_THRIFT_QUEUE               1000

/* Milliseconds that one is kept, unused and at all. */

#define NGX_STREAM_THRIFT_KEEPALIVE_TIMEOUT   60000
#define NGX_STREAM_THRIFT_KEEPALIVE_LIFETIME  3600000


/* Idle connections to one upstream, and whose they are. */

struct ngx_stream_thrift_pool_s {
    ngx_thrift_pool_t                idle;      /* must be first */
    ngx_thrift_delays_t              queue;     /* for how long calls wait */
    ngx_stream_upstream_srv_conf_t  *upstream;  /* NULL: of addresses that
                                                   variables name */
    ngx_stream_thrift_upstream_conf_t  *conf;   /* an upstream{}'s, or what
                                                   stream{} says */
    ngx_uint_t                       varies;    /* its connections depend on
                                                   variables of calls */
    ngx_uint_t                       repeats;   /* lines of nginx.conf name the
                                                   same address */
    ngx_thrift_health_t             *health;    /* what checks its servers, or
                                                   NULL */
};

#if (NGX_SSL)
#define ngx_stream_thrift_pool_has_ssl(pool)  ((pool)->idle.ssl.context != NULL)
#else
#define ngx_stream_thrift_pool_has_ssl(pool)  0
#endif

#define ngx_stream_thrift_pool_of(pool)  ((ngx_stream_thrift_pool_t *) (pool))


/* Gives an upstream its pool, if it has none; NULL: no memory. */
ngx_stream_thrift_pool_t *ngx_stream_thrift_add_pool(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us);

/* Gives all upstreams their pools; after all of them are known. */
ngx_int_t ngx_stream_thrift_init_pools(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *stream);

/* The pool of an upstream; NULL: of addresses that variables name. */
ngx_stream_thrift_pool_t *ngx_stream_thrift_get_pool(
    ngx_stream_thrift_main_conf_t *tmcf, ngx_stream_upstream_srv_conf_t *us);

/*
 * The upstream of that name, be it an upstream{} or an address in a directive;
 * `port` is 0 and `no_port` 1 if the name has none.  NULL: there is none.
 */
ngx_stream_upstream_srv_conf_t *ngx_stream_thrift_find_upstream(
    ngx_stream_session_t *s, ngx_str_t *name, in_port_t port,
    ngx_uint_t no_port);

/* Is it an address of the first `n` servers, too? */
ngx_uint_t ngx_stream_thrift_is_before(ngx_array_t *servers, ngx_uint_t n,
    ngx_addr_t *addr);

/* What the worker shares with others: when it begins, and when it ends. */
void ngx_stream_thrift_open_shared(ngx_stream_thrift_main_conf_t *tmcf);
void ngx_stream_thrift_close_shared(ngx_stream_thrift_main_conf_t *tmcf);

/* It ends: no server is asked any more what it speaks. */
void ngx_stream_thrift_stop_detect(ngx_stream_thrift_main_conf_t *tmcf);

/* Closes all idle upstream connections of the worker. */
void ngx_stream_thrift_close_pools(ngx_stream_thrift_main_conf_t *tmcf);


#endif /* _NGX_STREAM_THRIFT_POOLS_H_INCLUDED_ */
