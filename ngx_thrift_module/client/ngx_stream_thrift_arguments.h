/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * $thrift_arg_NAME and $thrift_reply_exception: what definitions make readable
 * of a call.
 */

#ifndef _NGX_STREAM_THRIFT_ARGUMENTS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_ARGUMENTS_H_INCLUDED_


ngx_int_t ngx_stream_thrift_add_arguments(ngx_conf_t *cf);

/*
 * Finds the $thrift_arg_ variables in use in the arguments of each method;
 * after all variables and methods are known.
 */
ngx_int_t ngx_stream_thrift_init_arguments(ngx_conf_t *cf);


/*
 * Cuts those that were evaluated before, for what is going to be logged; where
 * there are any.
 */
void ngx_stream_thrift_cut_arguments(ngx_stream_thrift_call_t *tc)
    nthrift_noinline;


#endif /* _NGX_STREAM_THRIFT_ARGUMENTS_H_INCLUDED_ */
