/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a variable names: an upstream, an address, or a name to resolve.
 */

#ifndef _NGX_STREAM_THRIFT_RESOLVE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_RESOLVE_H_INCLUDED_


/*
 * The balancer of what `value` says, for an attempt with a cleared choice; sets
 * attempt->pool.  NGX_AGAIN: ngx_thrift_pass_balanced() is called when the name
 * is resolved; or else NGX_ERROR, with the error of the call.
 */
ngx_int_t ngx_stream_thrift_resolve(ngx_thrift_attempt_t *attempt,
    ngx_stream_complex_value_t *value);


#endif /* _NGX_STREAM_THRIFT_RESOLVE_H_INCLUDED_ */
