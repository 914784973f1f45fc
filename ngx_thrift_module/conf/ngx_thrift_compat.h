/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What was found in comparing definitions with those that they replace, for
 * the log.
 */

#ifndef _NGX_THRIFT_COMPAT_H_INCLUDED_
#define _NGX_THRIFT_COMPAT_H_INCLUDED_


/* Findings that are logged; the others are counted. */

#define NGX_THRIFT_COMPAT_LINES  20


typedef struct {
    nthrift_compat_t   compat;
    ngx_pool_t        *pool;
    ngx_str_t          lines[2][NGX_THRIFT_COMPAT_LINES];   /* by level */
    ngx_uint_t         found[2];
    ngx_uint_t         no_memory;
} ngx_thrift_compat_t;


/* `pool` is for what comparing takes.  NULL: no memory. */
ngx_thrift_compat_t *ngx_thrift_compat_create(ngx_pool_t *pool);

/*
 * To be called when all was compared: logs what was found, errors first.  With
 * `refuse` errors are logged as such, and NGX_ERROR is returned if there are
 * any, or if it is not known.
 */
ngx_int_t ngx_thrift_compat_finish(ngx_thrift_compat_t *tc,
    ngx_uint_t refuse, ngx_log_t *log);


#endif /* _NGX_THRIFT_COMPAT_H_INCLUDED_ */
