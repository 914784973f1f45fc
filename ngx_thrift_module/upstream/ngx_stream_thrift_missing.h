/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Upstreams that a directive names and nobody defines; sockets that are none.
 */

#ifndef _NGX_STREAM_THRIFT_MISSING_H_INCLUDED_
#define _NGX_STREAM_THRIFT_MISSING_H_INCLUDED_


/*
 * An upstream that was named: says in place of nginx why it is none, when it
 * is neither defined later nor an address with a port.
 */
void ngx_stream_thrift_expect_upstream(ngx_stream_upstream_srv_conf_t *us);

/* Called when upstream{} begins: it is not missing. */
void ngx_stream_thrift_meet_upstream(ngx_conf_t *cf);

/*
 * Warns of servers whose path is a file or a directory.  One that is not there
 * yet may come.
 */
void ngx_stream_thrift_warn_paths(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us);


#endif /* _NGX_STREAM_THRIFT_MISSING_H_INCLUDED_ */
