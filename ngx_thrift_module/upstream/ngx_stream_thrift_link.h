/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How connections to the servers of an upstream are made: the directives.
 */

#ifndef _NGX_STREAM_THRIFT_LINK_H_INCLUDED_
#define _NGX_STREAM_THRIFT_LINK_H_INCLUDED_


typedef struct {
    ngx_addr_t                      *addr;
    ngx_stream_complex_value_t      *value;     /* NULL: it has no variables */
    ngx_uint_t                       transparent;
} ngx_stream_thrift_local_t;


/* Of stream{}, or of an upstream{}. */

typedef struct {
    ngx_stream_thrift_local_t       *local;     /* NULL: any address */
    ngx_flag_t                       keepalive;
    ngx_flag_t                       proxy_protocol;
} ngx_stream_thrift_link_conf_t;


char *ngx_stream_thrift_bind(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

void ngx_stream_thrift_create_link(ngx_stream_thrift_link_conf_t *conf);
void ngx_stream_thrift_merge_link(ngx_stream_thrift_link_conf_t *prev,
    ngx_stream_thrift_link_conf_t *conf);

/* What it means for a pool. */
void ngx_stream_thrift_set_link(ngx_thrift_link_t *link,
    ngx_stream_thrift_link_conf_t *conf);

/*
 * What the variables of its pool's directives are for an attempt, whose pool
 * has such (pool->varies).
 */
ngx_int_t ngx_stream_thrift_identify(ngx_thrift_attempt_t *attempt);


#endif /* _NGX_STREAM_THRIFT_LINK_H_INCLUDED_ */
