/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lists of info headers, made of others.  Called by ngx_thrift_reply.c, and by
 * ngx_stream_thrift_headers.c, which knows what a client's are and what the
 * configuration wants them to be.
 */

#include "ngx_thrift.h"


static void ngx_thrift_headers_add_all(ngx_thrift_headers_t *list,
    const nthrift_str_t *info);


void
ngx_thrift_headers_start(ngx_thrift_headers_t *list)
{
    list->size = 0;
    list->n = 0;
    list->last = NULL;
}


void
ngx_thrift_headers_add(ngx_thrift_headers_t *list, const nthrift_str_t *name,
    const nthrift_str_t *value)
{
    if (list->last) {
        list->last = nthrift_theader_pair_write(list->last, name, value);
        return;
    }

    list->size += nthrift_theader_pair_size(name, value);
    list->n++;
}


ngx_int_t
ngx_thrift_headers_write(ngx_thrift_headers_t *list, nthrift_str_t *info,
    ngx_pool_t *pool)
{
    info->len = 0;

    if (list->n == 0) {
        return NGX_DECLINED;
    }

    list->size += nthrift_theader_block_size(list->n);

    if (list->size > NTHRIFT_MAX_INFO) {
        return NGX_DECLINED;
    }

    info->data = ngx_pnalloc(pool, list->size);
    if (info->data == NULL) {
        return NGX_ERROR;
    }

    info->len = list->size;
    list->last = nthrift_theader_block_write(info->data, list->n);

    return NGX_OK;
}


ngx_uint_t
ngx_thrift_headers_persist(const nthrift_str_t *info)
{
    nthrift_str_t           name, value;
    nthrift_theader_info_t  walk;

    nthrift_theader_info_start(&walk, info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        if (walk.persistent) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_thrift_headers_add_all(ngx_thrift_headers_t *list,
    const nthrift_str_t *info)
{
    nthrift_str_t           name, value;
    nthrift_theader_info_t  walk;

    nthrift_theader_info_start(&walk, info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        ngx_thrift_headers_add(list, &name, &value);
    }
}


ngx_int_t
ngx_thrift_headers_plain(const nthrift_str_t *from, nthrift_str_t *to,
    ngx_pool_t *pool)
{
    ngx_int_t             rc;
    ngx_thrift_headers_t  list;

    if (!ngx_thrift_headers_persist(from)) {
        *to = *from;
        return NGX_OK;
    }

    ngx_thrift_headers_start(&list);
    ngx_thrift_headers_add_all(&list, from);

    rc = ngx_thrift_headers_write(&list, to, pool);

    if (rc == NGX_OK) {
        ngx_thrift_headers_add_all(&list, from);
    }

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}
