/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The deadlines of calls.
 */

#ifndef _NGX_THRIFT_DEADLINE_H_INCLUDED_
#define _NGX_THRIFT_DEADLINE_H_INCLUDED_


/* The call's time begins: ngx_thrift_call_expire() when it is over. */
void ngx_thrift_deadline_start(ngx_thrift_call_t *call,
    ngx_thrift_delays_t *deadlines);

/* The handler of `deadlines`. */
void ngx_thrift_deadline_expire(ngx_thrift_delay_t *expiry);

/* Is the time of a call over, if it has any? */
ngx_uint_t ngx_thrift_deadline_passed(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_DEADLINE_H_INCLUDED_ */
