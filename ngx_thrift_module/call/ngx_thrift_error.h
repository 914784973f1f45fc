/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Why a call failed, as its client is told.
 */

#ifndef _NGX_THRIFT_ERROR_H_INCLUDED_
#define _NGX_THRIFT_ERROR_H_INCLUDED_


/*
 * Sets the exception that answers the call, and $status; the first one counts.
 * Returns NGX_ERROR.
 */
ngx_int_t ngx_thrift_error_set(ngx_thrift_call_t *call, ngx_int_t exception,
    ngx_uint_t status, const char *fmt, ...) nthrift_cold;

/* The call has none after all: what has failed is done in another way. */
void ngx_thrift_error_clear(ngx_thrift_call_t *call) nthrift_cold;

/*
 * The error of a call for which there is no memory by the limits of its worker.
 * Returns NGX_ERROR.
 */
ngx_int_t ngx_thrift_error_overloaded(ngx_thrift_call_t *call);

/*
 * What is said behind `text`, which says what is wrong with a message, if that
 * is a limit: which directive sets it, and to what.
 */
const char *ngx_thrift_error_limit(ngx_thrift_call_t *call, const char *text);

/* The error of a call that took too long.  Returns NGX_ERROR. */
ngx_int_t ngx_thrift_error_timed_out(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_ERROR_H_INCLUDED_ */
