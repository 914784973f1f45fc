/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connections that are opened ahead: so many to each server of an upstream, in
 * each worker, busy and idle ones together, in the upstream's dialect.  One
 * that is closed is replaced; a server that refuses them, or closes them at
 * once, is left alone for a while.
 *
 *     server ... has too few ---> place ---> OPENING ---> idle in the pool
 *                    ^                          |              |
 *                    +---- after a pause <------+-- closed <---+
 */

#ifndef _NGX_THRIFT_WARM_H_INCLUDED_
#define _NGX_THRIFT_WARM_H_INCLUDED_


struct ngx_thrift_warm_s {
    ngx_thrift_pool_t     *pool;
    ngx_uint_t             min;         /* to each server */
    ngx_thrift_dialect_t   dialect;

    /* visits all servers that calls are passed to */

    void                 (*walk)(ngx_thrift_warm_t *warm);

    ngx_queue_t            servers;
    ngx_uint_t             walks;       /* number of the latest one */
    ngx_queue_t            opening;     /* connections */
    ngx_uint_t             nopening;
    ngx_thrift_timer_t     timer;
};


void ngx_thrift_warm_init(ngx_thrift_warm_t *warm, ngx_thrift_pool_t *pool);

/* A worker begins, and ends. */
void ngx_thrift_warm_start(ngx_thrift_warm_t *warm);
void ngx_thrift_warm_stop(ngx_thrift_warm_t *warm);

/* For warm->walk: there is such a server. */
void ngx_thrift_warm_visit(ngx_thrift_warm_t *warm, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name, ngx_uint_t max_conns);

/* Is an idle connection kept, though its time is over? */
ngx_uint_t ngx_thrift_warm_keeps(ngx_thrift_connection_t *conn);

/* One is opened ahead; it is open; any one will be closed. */
void ngx_thrift_warm_opens(ngx_thrift_connection_t *conn);
void ngx_thrift_warm_opened(ngx_thrift_connection_t *conn);
void ngx_thrift_warm_closed(ngx_thrift_connection_t *conn);


#endif /* _NGX_THRIFT_WARM_H_INCLUDED_ */
