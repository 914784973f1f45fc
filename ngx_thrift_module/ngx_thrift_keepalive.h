
/*
 * The pool: idle upstream connections of one upstream{}, or of all addresses
 * that a variable names, in one worker.
 *
 * What a client sent may make a server read on where we see the message's end,
 * or fall out of step.  So an idle connection is everybody's only if all calls
 * it carried were checked, and after the last oneway another call was answered;
 * else it is kept for its own client, and closed with it.
 *
 * The pool shrinks slowly: what is over the limit is closed only when it has
 * been idle for some seconds.  Closed at once, it would be opened again by the
 * next burst, and a worker that is busy with that falls behind for good.
 */

#ifndef _NGX_THRIFT_KEEPALIVE_H_INCLUDED_
#define _NGX_THRIFT_KEEPALIVE_H_INCLUDED_


typedef struct {
    ngx_queue_t   idle;         /* ngx_thrift_upstream_t, last used first */
    ngx_uint_t    nidle;

    ngx_thrift_timer_t  shrink; /* set while there are more than max */

    ngx_uint_t    max;          /* idle connections kept; 0: none */
    ngx_msec_t    timeout;      /* an idle connection is closed after it */
    ngx_msec_t    lifetime;     /* none is kept longer; 0: no limit */
} ngx_thrift_pool_t;


/* A client connection, as far as upstream connections are kept for it. */

typedef struct {
    ngx_queue_t   idle;         /* ngx_thrift_upstream_t that are its own */
} ngx_thrift_client_t;


void ngx_thrift_keepalive_init(ngx_thrift_pool_t *pool);
void ngx_thrift_client_init(ngx_thrift_client_t *client);

/* Closes the connections that are kept for a client. */
void ngx_thrift_client_close(ngx_thrift_client_t *client);

/*
 * Takes the idle connection to `sockaddr` that was used last and is the
 * client's or everybody's, or NULL.  One that its peer has closed, or sent
 * something on, is closed on the way.
 */
ngx_thrift_upstream_t *ngx_thrift_keepalive_get(ngx_thrift_pool_t *pool,
    ngx_thrift_client_t *client, struct sockaddr *sockaddr,
    socklen_t socklen);

/* Parks a connection without call; closes it when it may not be kept. */
void ngx_thrift_keepalive_put(ngx_thrift_pool_t *pool,
    ngx_thrift_upstream_t *u);

/* Closes one idle connection. */
void ngx_thrift_keepalive_drop(ngx_thrift_upstream_t *u);

/* Closes all idle connections. */
void ngx_thrift_keepalive_close(ngx_thrift_pool_t *pool);

/* The pool's memory goes away. */
#define ngx_thrift_keepalive_destroy(pool)                                    \
    ngx_thrift_timer_close(&(pool)->shrink)


#endif /* _NGX_THRIFT_KEEPALIVE_H_INCLUDED_ */
