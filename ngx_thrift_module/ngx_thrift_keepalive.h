
/*
 * The pool: idle upstream connections of one upstream{}, or of all addresses
 * that a variable names, in one worker.
 */

#ifndef _NGX_THRIFT_KEEPALIVE_H_INCLUDED_
#define _NGX_THRIFT_KEEPALIVE_H_INCLUDED_


typedef struct {
    ngx_queue_t   idle;         /* ngx_thrift_upstream_t, last used first */
    ngx_uint_t    nidle;

    ngx_uint_t    max;          /* idle connections kept; 0: none */
    ngx_msec_t    timeout;      /* an idle connection is closed after it */
    ngx_msec_t    lifetime;     /* none is kept longer; 0: no limit */
} ngx_thrift_pool_t;


void ngx_thrift_keepalive_init(ngx_thrift_pool_t *pool);

/*
 * Takes the idle connection to `sockaddr` that was used last, or NULL.  One
 * that its peer has closed, or sent something on, is closed on the way.
 */
ngx_thrift_upstream_t *ngx_thrift_keepalive_get(ngx_thrift_pool_t *pool,
    struct sockaddr *sockaddr, socklen_t socklen);

/* Parks a connection without call; closes it when it may not be kept. */
void ngx_thrift_keepalive_put(ngx_thrift_pool_t *pool,
    ngx_thrift_upstream_t *u);

/* Closes one idle connection. */
void ngx_thrift_keepalive_drop(ngx_thrift_upstream_t *u);

/* Closes all idle connections. */
void ngx_thrift_keepalive_close(ngx_thrift_pool_t *pool);


#endif /* _NGX_THRIFT_KEEPALIVE_H_INCLUDED_ */
