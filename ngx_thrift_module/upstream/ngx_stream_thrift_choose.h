/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A balancer is asked for a call's server, and asked on where what it says
 * cannot be: one that the attempt beside has, or that is full with calls of
 * which the balancer does not know.  A call that waits for a server asks again,
 * with what it has tried.
 */

#ifndef _NGX_STREAM_THRIFT_CHOOSE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_CHOOSE_H_INCLUDED_


/*
 * The server is attempt->peer's, and one more of its calls.  NGX_BUSY: there is
 * none, and attempt->full says if servers are full; NGX_ERROR: no memory.
 */
ngx_int_t ngx_stream_thrift_choose(ngx_thrift_attempt_t *attempt);

/*
 * The same for an attempt beside another: no backup, and none that is tried
 * with one call.
 */
ngx_int_t ngx_stream_thrift_choose_other(ngx_stream_thrift_choice_t *choice);

/*
 * How many calls the server that was chosen may have, with others of the same
 * address; 0: there is no limit.
 */
ngx_uint_t ngx_stream_thrift_choose_max_conns(
    ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_rr_peer_data_t *rrp);


#endif /* _NGX_STREAM_THRIFT_CHOOSE_H_INCLUDED_ */
