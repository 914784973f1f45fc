/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Stream's balancers, asked once per call, and for each attempt beside another.
 */

#ifndef _NGX_STREAM_THRIFT_PEER_H_INCLUDED_
#define _NGX_STREAM_THRIFT_PEER_H_INCLUDED_


/*
 * What a balancer is asked for an attempt, and has chosen: attempt->choice.  It
 * lies in the call's memory.
 */

struct ngx_stream_thrift_choice_s {
    ngx_stream_thrift_call_t        *call;
    ngx_thrift_attempt_t            *attempt;
    ngx_stream_upstream_t            upstream;  /* the session's, when it is
                                                   in use */
    ngx_stream_upstream_srv_conf_t  *balancer;  /* NULL: plain addresses */
    ngx_thrift_pool_t               *pool;      /* whose server it holds */
    ngx_stream_upstream_rr_peer_t   *server;    /* that; NULL: of a balancer
                                                   that is not nginx's own */
    ngx_stream_thrift_rr_t           rr;
    ngx_addr_t                      *other;     /* what the attempt beside has
                                                   or had: not to be chosen,
                                                   and counted as a try */
    ngx_uint_t                       state;     /* number of its latest one */
    ngx_uint_t                       places;    /* calls of servers that were
                                                   passed over: those of other
                                                   workers fill them */
    unsigned                         anew:1;    /* the balancer has to begin
                                                   again */
    unsigned                         kept:1;    /* a connection holds the
                                                   server */
};


extern const ngx_thrift_balancer_t  ngx_stream_thrift_balancer;


/* What ngx_stream_thrift_resolve.c needs of it. */

/*
 * What follows is about this one: stream's modules find it in the session,
 * where a call's only one always is.
 */
ngx_stream_upstream_t *ngx_stream_thrift_peer_use(
    ngx_stream_thrift_choice_t *choice);

/* The upstream's balancer is asked, for a choice of which nothing is known. */
ngx_int_t ngx_stream_thrift_peer_init_cleared(
    ngx_stream_thrift_choice_t *choice, ngx_stream_upstream_srv_conf_t *us);

/* It has been; NULL: there is none, but one for plain addresses. */
ngx_int_t ngx_stream_thrift_peer_ready(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_srv_conf_t *us);


#endif /* _NGX_STREAM_THRIFT_PEER_H_INCLUDED_ */
