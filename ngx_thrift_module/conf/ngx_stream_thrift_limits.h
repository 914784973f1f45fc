/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Directives with parameters that say when a call is answered.
 */

#ifndef _NGX_STREAM_THRIFT_LIMITS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_LIMITS_H_INCLUDED_


/* The directives. */

char *ngx_stream_thrift_max_concurrent(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_fault(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* In a worker that begins, and ends: places that it shares with others. */
void ngx_stream_thrift_open_gates(ngx_stream_thrift_main_conf_t *tmcf);
void ngx_stream_thrift_close_gates(ngx_stream_thrift_main_conf_t *tmcf);

/* A share of calls, of NGX_THRIFT_ALL, from a percentage; or NGX_ERROR. */
ngx_int_t ngx_stream_thrift_share(u_char *data, size_t len);


#endif /* _NGX_STREAM_THRIFT_LIMITS_H_INCLUDED_ */
