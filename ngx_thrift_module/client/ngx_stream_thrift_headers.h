/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The info headers of calls that come with a THeader, and of those that go to
 * servers with one: $thrift_header_NAME and thrift_set_header.
 */

#ifndef _NGX_STREAM_THRIFT_HEADERS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_HEADERS_H_INCLUDED_


ngx_int_t ngx_stream_thrift_add_headers(ngx_conf_t *cf);

/* The directive "thrift_set_header". */
char *ngx_stream_thrift_set_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * The message of a call is whole and has a THeader: sets call->headers.  What
 * is persistent of them is kept with the session, for its later calls.  Returns
 * NULL, or what is wrong with them.
 */
const char *ngx_stream_thrift_take_headers(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call);

/*
 * The header of a call whose name is this one, in lower case and with "_" for
 * dashes.  Of several the last one holds, as it does in all libraries.
 * NGX_DECLINED: there is none.
 */
ngx_int_t ngx_stream_thrift_find_header(ngx_thrift_call_t *call,
    ngx_str_t *name, nthrift_str_t *value);

/* What ngx_thrift_owner_t says of them. */
ngx_int_t ngx_stream_thrift_headers(ngx_thrift_call_t *call,
    nthrift_str_t *info);


#endif /* _NGX_STREAM_THRIFT_HEADERS_H_INCLUDED_ */
