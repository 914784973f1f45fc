/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The beginning of what a call has said, as plain JSON.
 */

#ifndef _NGX_THRIFT_EXCERPT_H_INCLUDED_
#define _NGX_THRIFT_EXCERPT_H_INCLUDED_


#define NGX_THRIFT_EXCERPT_MIN  16      /* bytes */
#define NGX_THRIFT_EXCERPT_MAX  1024


/*
 * Of a call that fits its definition: writes `size` bytes at most, which end
 * with "..." if there is more, and returns how many; 0 of any other call, or if
 * there is no memory.
 */
size_t ngx_thrift_excerpt(ngx_thrift_call_t *call, u_char *p, size_t size);


#endif /* _NGX_THRIFT_EXCERPT_H_INCLUDED_ */
