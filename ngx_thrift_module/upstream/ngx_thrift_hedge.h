/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A hedge: a second attempt of a call beside the first one, with another
 * server, when that takes long.  The first answer is the call's.
 *
 *     attempt ------ thrift_hedge ------ ... ------> answered: the other goes
 *                         |
 *                         +-- attempt -- ... ------> failed: the other goes on
 *
 * Only calls that may be executed twice have one, and only a part of them, so
 * that servers that are slow do not get twice the calls.
 */

#ifndef _NGX_THRIFT_HEDGE_H_INCLUDED_
#define _NGX_THRIFT_HEDGE_H_INCLUDED_


#define NGX_THRIFT_HEDGE_PERCENT  10    /* of calls, when thrift_hedge does not
                                           say */


/* The call's first attempt has a server: its time begins, if it has one. */
void ngx_thrift_hedge_start(ngx_thrift_attempt_t *attempt);

/*
 * The time of `first` is over: a second attempt, which has a server, and is
 * call->attempt now; `first` is call->other.  NULL: there is to be none.
 */
ngx_thrift_attempt_t *ngx_thrift_hedge_create(ngx_thrift_attempt_t *first);

/* What happens now, and is logged, happens to this one of a call's two. */
void ngx_thrift_hedge_turn_to(ngx_thrift_attempt_t *attempt);

/*
 * The call's only attempt is the other one now; this one, which is on no
 * connection and holds no server, is freed.
 */
void ngx_thrift_hedge_drop(ngx_thrift_attempt_t *attempt);


#endif /* _NGX_THRIFT_HEDGE_H_INCLUDED_ */
