/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is tried again: whether a call gets another attempt when one has failed,
 * or was answered with an exception.
 *
 *     nothing of it was sent        always
 *     sent, and not answered        if it may be executed twice; never a oneway
 *     its reply has begun           never
 *     answered with an exception    if it may be executed twice, or if the
 *                                   server says that it has not executed it
 */

#ifndef _NGX_THRIFT_RETRY_H_INCLUDED_
#define _NGX_THRIFT_RETRY_H_INCLUDED_


/* What thrift_next_upstream says; the bit 1 is NGX_CONF_BITMASK_SET. */

#define NGX_THRIFT_RETRY_OFF             0x0002
#define NGX_THRIFT_RETRY_ERROR           0x0004
#define NGX_THRIFT_RETRY_TIMEOUT         0x0008
#define NGX_THRIFT_RETRY_EXCEPTION       0x0010
#define NGX_THRIFT_RETRY_OVERLOADED      0x0020
#define NGX_THRIFT_RETRY_NON_IDEMPOTENT  0x0040


/* What servers may be sent again when thrift_retry_budget does not say. */

#define NGX_THRIFT_RETRY_PERCENT  20        /* of calls */
#define NGX_THRIFT_RETRY_MIN      10        /* per second */


/* What a pool knows of it. */
void ngx_thrift_retry_init(ngx_thrift_pool_t *pool);

/* There is a server for the attempt, or none now. */
void ngx_thrift_retry_found(ngx_thrift_attempt_t *attempt);
void ngx_thrift_retry_found_none(ngx_thrift_attempt_t *attempt);

/*
 * Is another attempt due after this one, which has come to `rc`, as told in
 * ngx_thrift_attempt.h?  Sets attempt->pauses if all servers have been tried.
 */
ngx_uint_t ngx_thrift_retry_due(ngx_thrift_attempt_t *attempt, ngx_int_t rc);

/* The same, if there was any server left. */
ngx_uint_t ngx_thrift_retry_is_wanted(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);

/*
 * May it be sent again, if it was sent?  Otherwise the log says so, and nothing
 * is due.
 */
ngx_uint_t ngx_thrift_retry_affords(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;

/*
 * Then another round begins after a pause, which is over when `handler` is
 * called with the attempt.  NGX_AGAIN, or NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_retry_pause(ngx_thrift_attempt_t *attempt,
    ngx_thrift_timer_pt handler);

/* May the call be executed twice? */
ngx_uint_t ngx_thrift_retry_repeats(ngx_thrift_call_t *call);

/* May it have to be sent again when all of it was sent? */
ngx_uint_t ngx_thrift_retry_retains(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_RETRY_H_INCLUDED_ */
