/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Several calls on one connection to a server (thrift_pipeline): which of the
 * connections takes one more.
 *
 *     the batch of this turn --> an idle one --> a new one --> the one with the
 *     if it is the client's,     (up to so many, all busy)     fewest calls
 *     or small
 *
 * A client's calls of one turn stay together: their replies come in one turn,
 * too, and are written with one call, which is what costs most.
 */

#ifndef _NGX_THRIFT_PIPELINE_H_INCLUDED_
#define _NGX_THRIFT_PIPELINE_H_INCLUDED_


/* Connections to a server that are opened rather than that calls share one. */

#define NGX_THRIFT_PIPELINE_CONNECTIONS  4

/* The most calls on one connection. */

#define NGX_THRIFT_PIPELINE_MAX          256

/* A call that is not answered by then gets no further one behind it. */

#define NGX_THRIFT_PIPELINE_DELAY        50         /* milliseconds */


/*
 * What else may be on an attempt's connection: nothing, calls of the same
 * client, or those of all.  That only for a call that was checked, as they may
 * share a connection one after the other, and where seqids tell replies.
 */

typedef enum {
    NGX_THRIFT_PIPELINE_ALONE = 0,
    NGX_THRIFT_PIPELINE_OWN,
    NGX_THRIFT_PIPELINE_SHARED
} ngx_thrift_pipeline_with_e;


ngx_thrift_pipeline_with_e ngx_thrift_pipeline_with(
    ngx_thrift_attempt_t *attempt);

/* A busy connection that the attempt should go on before all others; NULL. */
ngx_thrift_connection_t *ngx_thrift_pipeline_join(ngx_thrift_server_t *server,
    ngx_thrift_attempt_t *attempt);

/* The busy one with the fewest attempts, of those that take one; NULL. */
ngx_thrift_connection_t *ngx_thrift_pipeline_least(ngx_thrift_server_t *server,
    ngx_thrift_attempt_t *attempt);

/*
 * The connection has one more attempt, or one fewer, or another state: is it
 * one that takes one more?  With one more, or fewer, there is seldom a change.
 */
void ngx_thrift_pipeline_added(ngx_thrift_connection_t *conn);
void ngx_thrift_pipeline_left(ngx_thrift_connection_t *conn);
void ngx_thrift_pipeline_update(ngx_thrift_connection_t *conn)
    nthrift_noinline;


#endif /* _NGX_THRIFT_PIPELINE_H_INCLUDED_ */
