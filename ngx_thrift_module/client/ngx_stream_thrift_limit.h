/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How many calls with the same key, say the client's address, may be on their
 * way at the same time: thrift_limit_calls_zone, thrift_limit_calls.
 */

#ifndef _NGX_STREAM_THRIFT_LIMIT_H_INCLUDED_
#define _NGX_STREAM_THRIFT_LIMIT_H_INCLUDED_


/* One thrift_limit_calls. */

typedef struct {
    ngx_shm_zone_t  *zone;
    ngx_uint_t       max;
} ngx_stream_thrift_limit_t;


/*
 * Counts the call in all zones of its configuration.  NGX_ERROR: there are too
 * many, and its error is set.
 */
ngx_int_t ngx_stream_thrift_limit(ngx_stream_thrift_call_t *tc);

/* It has ended. */
void ngx_stream_thrift_limit_release(ngx_stream_thrift_call_t *tc);

/* In a worker that begins: calls of processes that are gone do not count. */
void ngx_stream_thrift_limit_init(ngx_stream_thrift_main_conf_t *tmcf);

/* The directives. */
char *ngx_stream_thrift_limit_calls_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_limit_calls(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_STREAM_THRIFT_LIMIT_H_INCLUDED_ */
