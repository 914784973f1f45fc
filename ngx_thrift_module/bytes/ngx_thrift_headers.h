/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Info headers of a THeader, as they lie in one: see src/wire/theader.h.
 */

#ifndef _NGX_THRIFT_HEADERS_H_INCLUDED_
#define _NGX_THRIFT_HEADERS_H_INCLUDED_


/*
 * A list that is written of others: first it is counted what those have, then
 * they are written, in the same order.
 */

typedef struct {
    size_t    size;
    uint32_t  n;
    u_char   *last;         /* NULL: it is counted */
} ngx_thrift_headers_t;


void ngx_thrift_headers_start(ngx_thrift_headers_t *list);

/* Adds a pair to what is counted, or writes it. */
void ngx_thrift_headers_add(ngx_thrift_headers_t *list,
    const nthrift_str_t *name, const nthrift_str_t *value);

/*
 * All was counted: makes room in `info`, and begins to write.  NGX_DECLINED:
 * there is nothing to write, or too much for a THeader; NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_headers_write(ngx_thrift_headers_t *list,
    nthrift_str_t *info, ngx_pool_t *pool);

/* Is any of them persistent? */
ngx_uint_t ngx_thrift_headers_persist(const nthrift_str_t *info);

/*
 * The same headers, none of which is persistent.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_headers_plain(const nthrift_str_t *from,
    nthrift_str_t *to, ngx_pool_t *pool);


#endif /* _NGX_THRIFT_HEADERS_H_INCLUDED_ */
