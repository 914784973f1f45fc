/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The text of the page: "embed" makes it of page.html and of what that
 * includes, when the module is built.
 */

#ifndef _NGX_HTTP_THRIFT_PAGE_TEXT_H_INCLUDED_
#define _NGX_HTTP_THRIFT_PAGE_TEXT_H_INCLUDED_


#include <stddef.h>


extern const char    ngx_http_thrift_page_text[];
extern const size_t  ngx_http_thrift_page_size;

/* SHA-256 of its script and of its style, in base64. */
extern const char    ngx_http_thrift_page_script[];
extern const char    ngx_http_thrift_page_style[];


#endif /* _NGX_HTTP_THRIFT_PAGE_TEXT_H_INCLUDED_ */
