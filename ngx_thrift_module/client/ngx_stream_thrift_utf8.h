/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * $thrift_utf8_NAME: $thrift_NAME as text that is UTF-8, whatever was sent.
 */

#ifndef _NGX_STREAM_THRIFT_UTF8_H_INCLUDED_
#define _NGX_STREAM_THRIFT_UTF8_H_INCLUDED_


/* Once all variables that are used are known, and may still be added. */
ngx_int_t ngx_stream_thrift_init_utf8(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_UTF8_H_INCLUDED_ */
