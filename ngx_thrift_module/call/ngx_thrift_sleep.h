/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls that wait for some time, and for nothing else.
 */

#ifndef _NGX_THRIFT_SLEEP_H_INCLUDED_
#define _NGX_THRIFT_SLEEP_H_INCLUDED_


/* The step, for call->delay milliseconds. */
ngx_int_t ngx_thrift_sleep(ngx_thrift_call_t *call);

/*
 * The call's step waits for so long, and has then come to what `done` returns.
 * Returns NGX_AGAIN; NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_sleep_start(ngx_thrift_call_t *call, ngx_msec_t delay,
    ngx_int_t (*done)(ngx_thrift_call_t *call));

/* The cancel of such steps. */
ngx_int_t ngx_thrift_sleep_cancel(ngx_thrift_call_t *call, ngx_uint_t reason);


#endif /* _NGX_THRIFT_SLEEP_H_INCLUDED_ */
