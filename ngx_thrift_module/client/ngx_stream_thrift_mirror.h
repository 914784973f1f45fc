/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Copies of calls that go to another upstream as well, whose replies nobody
 * gets: thrift_mirror.
 */

#ifndef _NGX_STREAM_THRIFT_MIRROR_H_INCLUDED_
#define _NGX_STREAM_THRIFT_MIRROR_H_INCLUDED_


/* One thrift_mirror; in a worker. */

struct ngx_stream_thrift_mirror_s {
    ngx_stream_upstream_srv_conf_t  *upstream;
    ngx_str_t                        name;
    ngx_uint_t                       share;     /* of calls, of
                                                   NGX_THRIFT_ALL */
    ngx_uint_t                       max;       /* copies on their way ... */
    ngx_uint_t                       n;         /* ... and how many there are */
    ngx_thrift_tally_t               skipped;   /* calls without a copy */
};


/* See ngx_thrift_owner_t. */
void ngx_stream_thrift_mirror(ngx_thrift_call_t *call);

/* The directive. */
char *ngx_stream_thrift_mirror_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_STREAM_THRIFT_MIRROR_H_INCLUDED_ */
