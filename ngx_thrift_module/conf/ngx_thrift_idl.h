/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Definitions: .thrift files, read when the configuration is.
 */

#ifndef _NGX_THRIFT_IDL_H_INCLUDED_
#define _NGX_THRIFT_IDL_H_INCLUDED_


/* Files that are looked for in the same directories; each is read once. */

typedef struct {
    nthrift_loader_t   loader;
    nthrift_arena_t   *arena;
} ngx_thrift_idl_t;


/* An arena whose memory is the pool's; NULL: no memory. */
nthrift_arena_t *ngx_thrift_arena_create(ngx_pool_t *pool);

/* `dirs` are ngx_str_t, each with a 0 byte behind it; NULL: no memory. */
ngx_thrift_idl_t *ngx_thrift_idl_create(ngx_array_t *dirs, ngx_pool_t *pool);

/*
 * Loads a file (a 0 byte is behind its name) and what it includes.  NULL: it
 * has errors, which are in the log, as "file:line:column: sentence", each once.
 */
nthrift_idl_program_t *ngx_thrift_idl_load(ngx_thrift_idl_t *idl,
    ngx_str_t *file, ngx_log_t *log);

/*
 * Checks the annotations of all files that were loaded.  NGX_ERROR: those with
 * wrong values are in the log, in the same form.
 */
ngx_int_t ngx_thrift_idl_check(ngx_thrift_idl_t *idl, ngx_log_t *log);


#endif /* _NGX_THRIFT_IDL_H_INCLUDED_ */
