/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Servers that have a name, for those outside of stream{}.
 */

#ifndef _NGX_STREAM_THRIFT_NAMES_H_INCLUDED_
#define _NGX_STREAM_THRIFT_NAMES_H_INCLUDED_


char *ngx_stream_thrift_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* When all of stream{} is known.  NGX_ERROR: logged. */
ngx_int_t ngx_stream_thrift_init_names(ngx_conf_t *cf);

/* For those outside; NULL: the cycle has no stream{} with this module. */
ngx_stream_thrift_main_conf_t *ngx_stream_thrift_loaded_conf(
    ngx_cycle_t *cycle);

/* ngx_thrift_doors_t's. */
void *ngx_stream_thrift_find_name(ngx_cycle_t *cycle, ngx_str_t *name,
    ngx_str_t *near);
ngx_int_t ngx_stream_thrift_describe_name(void *server, ngx_array_t *methods,
    ngx_uint_t *protocol);


#endif /* _NGX_STREAM_THRIFT_NAMES_H_INCLUDED_ */
