/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_zone.h.  Called by the rooms that count calls when
 * their directives are read.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_ZONE_MIN   (8 * ngx_pagesize)
#define NGX_STREAM_THRIFT_ZONE_NEAR  128    /* bytes of what may be meant */


/* A directive that uses a zone. */

typedef struct {
    ngx_shm_zone_t  *zone;
    const char      *definer;
    u_char          *file_name;
    ngx_uint_t       line;
} ngx_stream_thrift_zone_use_t;


static ssize_t ngx_stream_thrift_zone_size(ngx_conf_t *cf, ngx_str_t *value,
    ngx_str_t *name);
static u_char *ngx_stream_thrift_zone_near(ngx_conf_t *cf,
    ngx_shm_zone_t *wrong, u_char *p, u_char *last);
static ngx_int_t ngx_stream_thrift_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);


ngx_shm_zone_t *
ngx_stream_thrift_zone_add(ngx_conf_t *cf, ngx_stream_thrift_zone_t *zone,
    ngx_rbtree_insert_pt insert, void *tag)
{
    ssize_t          size;
    ngx_str_t       *value;
    ngx_shm_zone_t  *shm_zone;

    value = cf->args->elts;

    if (ngx_stream_thrift_compile_at(cf, &value[1], &zone->key) != NGX_OK) {
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


ngx_shm_zone_t *
ngx_stream_thrift_zone_use(ngx_conf_t *cf, ngx_str_t *name, void *tag,
    const char *definer)
{
    ngx_shm_zone_t                 *zone;
    ngx_stream_thrift_zone_use_t   *use;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    if (tmcf->zone_uses == NULL) {
        tmcf->zone_uses = ngx_array_create(cf->pool, 4,
                                        sizeof(ngx_stream_thrift_zone_use_t));
        if (tmcf->zone_uses == NULL) {
            return NULL;
        }
    }

    zone = ngx_shared_memory_add(cf, name, 0, tag);
    use = ngx_array_push(tmcf->zone_uses);

    if (zone == NULL || use == NULL) {
        return NULL;
    }

    use->zone = zone;
    use->definer = definer;
    use->file_name = cf->conf_file->file.name.data;
    use->line = cf->conf_file->line;

    return zone;
}


ngx_int_t
ngx_stream_thrift_check_zones(ngx_conf_t *cf)
{
    u_char                          near[NGX_STREAM_THRIFT_ZONE_NEAR], *p;
    ngx_uint_t                      i;
    ngx_stream_thrift_zone_use_t   *use;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    use = tmcf->zone_uses ? tmcf->zone_uses->elts : NULL;

    for (i = 0; use && i < tmcf->zone_uses->nelts; i++) {

        if (use[i].zone->shm.size) {
            continue;
        }

        p = ngx_stream_thrift_zone_near(cf, use[i].zone, near,
                                        near + sizeof(near));

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"%s\" defines the zone \"%V\"%*s in %s:%ui",
                      use[i].definer, &use[i].zone->shm.name,
                      (size_t) (p - near), near, use[i].file_name,
                      use[i].line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* A zone of the same kind with a name like that, as a part of a sentence. */

static u_char *
ngx_stream_thrift_zone_near(ngx_conf_t *cf, ngx_shm_zone_t *wrong, u_char *p,
    u_char *last)
{
    ngx_uint_t          i;
    nthrift_str_t       name;
    ngx_list_part_t    *part;
    ngx_shm_zone_t     *zone;
    nthrift_suggest_t   suggest;

    name.len = wrong->shm.name.len;
    name.data = wrong->shm.name.data;

    nthrift_suggest_init(&suggest, &name);

    for (part = &cf->cycle->shared_memory.part; part; part = part->next) {

        zone = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (zone[i].tag == wrong->tag && zone[i].shm.size) {
                nthrift_suggest_try(&suggest,
                                    (nthrift_str_t *) &zone[i].shm.name);
            }
        }
    }

    if (suggest.best == NULL) {
        return p;
    }

    return ngx_slprintf(p, last, " (did you mean \"%*s\"?)",
                        suggest.best->len, suggest.best->data);
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
