/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_handler: the directive, and what a worker does with handlers.
 */

#ifndef _NGX_STREAM_THRIFT_HANDLERS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_HANDLERS_H_INCLUDED_


/* The directive. */
char *ngx_stream_thrift_handler_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Gives each handler its service and its methods, and checks all objects in
 * children; after all routes are known.
 */
ngx_int_t ngx_stream_thrift_init_handlers(ngx_conf_t *cf);

/* Starts the handlers in a worker, and stops them. */
ngx_int_t ngx_stream_thrift_start_handlers(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_cycle_t *cycle);
void ngx_stream_thrift_stop_handlers(ngx_stream_thrift_main_conf_t *tmcf);


#endif /* _NGX_STREAM_THRIFT_HANDLERS_H_INCLUDED_ */
