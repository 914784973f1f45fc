/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_keepalive min=: which servers connections are opened to ahead.
 */

#ifndef _NGX_STREAM_THRIFT_WARM_H_INCLUDED_
#define _NGX_STREAM_THRIFT_WARM_H_INCLUDED_


/* An upstream's pool gets what opens connections ahead, if that is wanted. */
ngx_int_t ngx_stream_thrift_set_warm(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);

/* In a worker: when it begins, and when it ends. */
void ngx_stream_thrift_start_warm(ngx_stream_thrift_main_conf_t *tmcf);
void ngx_stream_thrift_stop_warm(ngx_stream_thrift_main_conf_t *tmcf);


#endif /* _NGX_STREAM_THRIFT_WARM_H_INCLUDED_ */
