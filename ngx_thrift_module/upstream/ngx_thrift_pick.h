/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which of the pool's connections an attempt gets.
 *
 *     one that takes the attempt along --> an idle one --> a busy one
 *     (ngx_thrift_pipeline.h)              its client's,   that takes one more,
 *                                          or everybody's  if there are enough
 */

#ifndef _NGX_THRIFT_PICK_H_INCLUDED_
#define _NGX_THRIFT_PICK_H_INCLUDED_


/*
 * A connection to the address of the attempt's peer: the idle one that was used
 * last and is the client's own (if there is a client), else everybody's, or one
 * that is busy and takes one more (ngx_thrift_pipeline.h); NULL: none.  One
 * that its server has closed, or sent something on, is closed on the way.  When
 * it is not the attempt's `turn`, and others wait, only the client's own are
 * looked at.  Sets attempt->address; NULL: no memory.
 */
ngx_thrift_connection_t *ngx_thrift_pick_get(ngx_thrift_attempt_t *attempt,
    ngx_uint_t turn);

/*
 * As there can be no other: one that is busy and takes one more, though there
 * are few; NULL: none.
 */
ngx_thrift_connection_t *ngx_thrift_pick_share(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;

/*
 * The connection is for the attempt, and maybe for others at the same time.  If
 * these are of the same client only, it is that one's own from now on, so that
 * its further calls find it.
 */
void ngx_thrift_pick_appoint(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_thrift_pipeline_with_e with);


#endif /* _NGX_THRIFT_PICK_H_INCLUDED_ */
