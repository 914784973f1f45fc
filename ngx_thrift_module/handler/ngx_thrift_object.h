/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Shared objects that handlers are in: copied when the configuration is read,
 * checked in a child, opened in workers.
 */

#ifndef _NGX_THRIFT_OBJECT_H_INCLUDED_
#define _NGX_THRIFT_OBJECT_H_INCLUDED_


#define NGX_THRIFT_OBJECT_TEXT  1024    /* bytes of a reason */


typedef struct {
    ngx_str_t     path;         /* full, a 0 byte behind it */
    ngx_fd_t      fd;           /* the copy: sealed, as long as its cycle */
    void         *handle;       /* NULL: not opened in this process */
} ngx_thrift_object_t;


/*
 * What else is to be checked of an object, which is open; runs in the child.
 * NGX_OK, or NGX_ERROR and the reason in text, terminated.
 */
typedef ngx_int_t (*ngx_thrift_object_check_pt)(ngx_thrift_object_t *object,
    void *data, char *text, size_t size);


/*
 * Copies the file to sealed memory, which its pool's end gives back.  NULL:
 * the reason is in the log.
 */
ngx_thrift_object_t *ngx_thrift_object_create(ngx_conf_t *cf, ngx_str_t *path);

/*
 * Opens the copies in a child, all of them in one, as a worker will, and runs
 * `check` on each there: whatever an object does when it is loaded, it does not
 * do it here.  `objects`: of ngx_thrift_object_t *.  NGX_ERROR: of the object
 * `*wrong`, and `*why` is the reason, in the pool's memory.
 */
ngx_int_t ngx_thrift_object_check_all(ngx_array_t *objects,
    ngx_thrift_object_check_pt check, void *data, ngx_pool_t *pool,
    ngx_uint_t *wrong, ngx_str_t *why);

/* Opens the copy in this process; NGX_ERROR: the reason in text, terminated. */
ngx_int_t ngx_thrift_object_open(ngx_thrift_object_t *object, char *text,
    size_t size);


#endif /* _NGX_THRIFT_OBJECT_H_INCLUDED_ */
