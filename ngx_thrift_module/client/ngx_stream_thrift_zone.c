/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_zone.h.  Called by the rooms that count calls when
 * their directives are read.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_ZONE_MIN  (8 * ngx_pagesize)


static ssize_t ngx_stream_thrift_zone_size(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *name);
static ngx_int_t ngx_stream_thrift_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);


ngx_shm_zone_t *
ngx_stream_thrift_zone_add(ngx_conf_t *cf, ngx_stream_thrift_zone_t *zone,
    ngx_rbtree_insert_pt insert, void *tag)
{
    ssize_t                              size;
    ngx_str_t                           *value;
    ngx_shm_zone_t                      *shm_zone;
    ngx_stream_compile_complex_value_t   ccv;

    value = cf->args->elts;

    ngx_memzero(&ccv, sizeof(ngx_stream_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &zone->key;

    if (ngx_stream_compile_complex_value(&ccv) != NGX_OK) {
        return NULL;
    }

    size = ngx_stream_thrift_zone_size(cf, &value[2], &zone->name);
    if (size == NGX_ERROR) {
        return NULL;
    }

    shm_zone = ngx_shared_memory_add(cf, &zone->name, size, tag);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data) {
        zone = shm_zone->data;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is already bound to key \"%V\"",
                           &zone->name, &zone->key.value);
        return NULL;
    }

    zone->directive = value[0];
    zone->insert = insert;

    shm_zone->init = ngx_stream_thrift_zone_init;
    shm_zone->data = zone;

    if (ngx_thrift_refusals_add_limit(cf, &zone->refusals, "limited by zone",
                                      &zone->name)
        != NGX_OK)
    {
        return NULL;
    }

    return shm_zone;
}


/* Of "zone=name:size". */

static ssize_t
ngx_stream_thrift_zone_size(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *name)
{
    u_char     *colon;
    ssize_t     size;
    ngx_str_t   text;

    colon = NULL;

    if (ngx_strncmp(value->data, "zone=", 5) == 0) {
        colon = (u_char *) ngx_strchr(value->data, ':');
    }

    if (colon == NULL || colon == value->data + 5) {
        (void) ngx_stream_thrift_bad_parameter(cf, value, "\"zone=\" with a "
                                               "name and a size, such as "
                                               "\"zone=calls:1m\"");
        return NGX_ERROR;
    }

    name->data = value->data + 5;
    name->len = colon - name->data;

    text.data = colon + 1;
    text.len = value->data + value->len - text.data;

    size = ngx_parse_size(&text);

    if (size == NGX_ERROR) {
        (void) ngx_stream_thrift_bad_parameter(cf, value, "\"zone=\" with a "
                                               "name and a size, such as "
                                               "\"zone=calls:1m\"");
        return NGX_ERROR;
    }

    if (size < (ssize_t) NGX_STREAM_THRIFT_ZONE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small, it must be %uz bytes "
                           "or larger", value,
                           (size_t) NGX_STREAM_THRIFT_ZONE_MIN);
        return NGX_ERROR;
    }

    return size;
}


static ngx_int_t
ngx_stream_thrift_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_stream_thrift_zone_t  *old = data;

    ngx_stream_thrift_zone_t  *zone;

    zone = shm_zone->data;

    if (old) {

        if (old->key.value.len != zone->key.value.len
            || ngx_strncmp(old->key.value.data, zone->key.value.data,
                           zone->key.value.len)
               != 0)
        {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "%V \"%V\" uses the \"%V\" key while previously it "
                          "used the \"%V\" key", &zone->directive,
                          &zone->name, &zone->key.value, &old->key.value);
            return NGX_ERROR;
        }

        zone->shared = old->shared;
        zone->slab = old->slab;

        return NGX_OK;
    }

    zone->slab = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        zone->shared = zone->slab->data;
        return NGX_OK;
    }

    zone->shared = ngx_slab_alloc(zone->slab,
                                  sizeof(ngx_stream_thrift_zone_shared_t));
    if (zone->shared == NULL) {
        return NGX_ERROR;
    }

    zone->slab->data = zone->shared;
    zone->slab->log_nomem = 0;

    ngx_rbtree_init(&zone->shared->tree, &zone->shared->sentinel,
                    zone->insert);
    ngx_queue_init(&zone->shared->queue);

    return NGX_OK;
}
