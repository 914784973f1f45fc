/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * $thrift_*: variables of a call; empty for a connection.
 */

#ifndef _NGX_STREAM_THRIFT_VARIABLES_H_INCLUDED_
#define _NGX_STREAM_THRIFT_VARIABLES_H_INCLUDED_


/* Bytes of a value in a log that are a client's or a server's choice. */

#define NGX_STREAM_THRIFT_MAX_VALUE  1024


ngx_int_t ngx_stream_thrift_add_variables(ngx_conf_t *cf);

/* Does anything in the configuration read $thrift_handler_cpu_time? */
ngx_uint_t ngx_stream_thrift_asks_cpu_time(ngx_cycle_t *cycle);

/* Refuses what is written as a variable of ours and is none. */
ngx_int_t ngx_stream_thrift_check_variables(ngx_conf_t *cf);

/* Nanoseconds since 1970, and since a call had arrived as a whole. */
uint64_t ngx_stream_thrift_nanoseconds(void);
uint64_t ngx_stream_thrift_since(ngx_thrift_call_t *call);

/* Those that others need.  NGX_DECLINED: it has no value. */
ngx_int_t ngx_stream_thrift_variable_service(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_method(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_status(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_exception(ngx_thrift_call_t *call,
    ngx_str_t *value);

#endif /* _NGX_STREAM_THRIFT_VARIABLES_H_INCLUDED_ */
