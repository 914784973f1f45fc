/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stream side of calls that handlers make: a session of their own, as
 * clients' calls have.
 */

#ifndef _NGX_STREAM_THRIFT_OUTBOUND_H_INCLUDED_
#define _NGX_STREAM_THRIFT_OUTBOUND_H_INCLUDED_


/* See ngx_thrift_owner_t. */
ngx_int_t ngx_stream_thrift_outbound_spawn(ngx_thrift_call_t *call,
    ngx_str_t *upstream, ngx_thrift_outbound_t *ob);


#endif /* _NGX_STREAM_THRIFT_OUTBOUND_H_INCLUDED_ */
