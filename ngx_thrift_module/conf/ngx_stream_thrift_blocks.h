/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Blocks, and who answers.
 */

#ifndef _NGX_STREAM_THRIFT_BLOCKS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_BLOCKS_H_INCLUDED_


/* The directives. */

char *ngx_stream_thrift_service(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_method(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_thrift_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_thrift_return(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The type of a TApplicationException by its name; or NGX_ERROR. */
ngx_int_t ngx_stream_thrift_exception_type(ngx_str_t *value);

/*
 * The answer that a directive sets, which has none so far; NULL: no memory.
 */
ngx_stream_thrift_answer_t *ngx_stream_thrift_add_answer(ngx_conf_t *cf,
    ngx_stream_thrift_call_conf_t *tccf, ngx_thrift_answer_e kind);


#endif /* _NGX_STREAM_THRIFT_BLOCKS_H_INCLUDED_ */
