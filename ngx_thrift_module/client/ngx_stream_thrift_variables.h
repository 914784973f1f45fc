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


#endif /* _NGX_STREAM_THRIFT_VARIABLES_H_INCLUDED_ */
