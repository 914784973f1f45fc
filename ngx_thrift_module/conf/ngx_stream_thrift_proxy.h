/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Directives of nginx's own proxy for streams, proxy_ssl and the like, in
 * servers of ours: they do nothing for calls, and whoever wrote them believes
 * that they do.
 */

#ifndef _NGX_STREAM_THRIFT_PROXY_H_INCLUDED_
#define _NGX_STREAM_THRIFT_PROXY_H_INCLUDED_


/* Notes all of them from now on; before stream{} is read. */
ngx_int_t ngx_stream_thrift_watch_proxy(ngx_conf_t *cf);

/* Is there one that somebody expects something of?  After it was read. */
ngx_int_t ngx_stream_thrift_check_proxy(ngx_conf_t *cf);

/*
 * Warns of "proxy_ssl on" where calls go out as plain text; after the pools are
 * known.
 */
void ngx_stream_thrift_warn_proxy(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_PROXY_H_INCLUDED_ */
