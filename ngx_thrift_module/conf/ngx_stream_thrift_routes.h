/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Building a server's routes.
 */

#ifndef _NGX_STREAM_THRIFT_ROUTES_H_INCLUDED_
#define _NGX_STREAM_THRIFT_ROUTES_H_INCLUDED_


/*
 * Checks that every service and method of a merged server has an answer, and
 * fills server->routes.
 */
char *ngx_stream_thrift_build_routes(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server);

/* Gives each target the queues of its times; after all are known. */
ngx_int_t ngx_stream_thrift_init_deadlines(ngx_conf_t *cf);

/* What is asked of its calls when they are routed; after all variables are. */
ngx_int_t ngx_stream_thrift_init_watched(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_ROUTES_H_INCLUDED_ */
