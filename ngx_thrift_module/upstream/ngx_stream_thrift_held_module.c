/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a worker does first.  Since 1.27.3 nginx's own module of zones locks the
 * servers of all upstreams when a worker begins: that would wait for good if a
 * worker that was killed has left them locked.  This module comes before it
 * (see the file "config"), as those of stream do not.
 */

#include "ngx_stream_thrift.h"


static ngx_int_t ngx_stream_thrift_held_init_process(ngx_cycle_t *cycle);


static ngx_core_module_t  ngx_stream_thrift_held_module_ctx = {
    ngx_string("thrift_held"),
    NULL,                                   /* create configuration */
    NULL                                    /* init configuration */
};


ngx_module_t  ngx_stream_thrift_held_module = {
    NGX_MODULE_V1,
    &ngx_stream_thrift_held_module_ctx,     /* module context */
    NULL,                                   /* module directives */
    NGX_CORE_MODULE,                        /* module type */
    NULL,                                   /* init master */
    NULL,                                   /* init module */
    ngx_stream_thrift_held_init_process,    /* init process */
    NULL,                                   /* init thread */
    NULL,                                   /* exit thread */
    NULL,                                   /* exit process */
    NULL,                                   /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_stream_thrift_held_init_process(ngx_cycle_t *cycle)
{
    ngx_stream_thrift_main_conf_t  *tmcf;

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    tmcf = ngx_stream_thrift_cycle_conf(cycle);

    if (tmcf) {
        ngx_stream_thrift_held_init(tmcf, cycle->log);
    }

    return NGX_OK;
}
