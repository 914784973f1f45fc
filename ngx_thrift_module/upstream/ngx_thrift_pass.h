/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Passing a call to an upstream: which attempt comes next, or what the call's
 * error is.
 */

#ifndef _NGX_THRIFT_PASS_H_INCLUDED_
#define _NGX_THRIFT_PASS_H_INCLUDED_


/* The step. */
ngx_int_t ngx_thrift_pass(ngx_thrift_call_t *call);

/* The balancer is ready after all (a name was resolved), or `rc` says no. */
void ngx_thrift_pass_balanced(ngx_thrift_attempt_t *attempt, ngx_int_t rc);

/* It has waited for a server, and the balancer says `rc` now. */
void ngx_thrift_pass_chosen(ngx_thrift_attempt_t *attempt, ngx_int_t rc);

/* The time of an attempt is over: handles attempt->expiry. */
void ngx_thrift_pass_expire(ngx_thrift_delay_t *expiry);

/* A second attempt is due beside one: handles attempt->hedge. */
void ngx_thrift_pass_hedge(ngx_thrift_delay_t *hedge);

/* The call is given up: nobody waits for its answer any more. */
ngx_int_t ngx_thrift_pass_cancel(ngx_thrift_call_t *call, ngx_uint_t reason);


#endif /* _NGX_THRIFT_PASS_H_INCLUDED_ */
