
/*
 * The tables by which ngx_thrift_route.c finds who answers a call, built for a
 * server when its blocks are merged.
 */

#include "ngx_stream_thrift.h"


/* What is built for one server. */

typedef struct {
    ngx_conf_t                    *cf;
    ngx_stream_thrift_srv_conf_t  *server;
    nthrift_arena_t               *arena;
} ngx_stream_thrift_build_t;


static char *ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service);
static ngx_int_t ngx_stream_thrift_build_service(
    ngx_stream_thrift_build_t *build, ngx_stream_thrift_srv_conf_t *block);
static ngx_int_t ngx_stream_thrift_build_method(
    ngx_stream_thrift_build_t *build, ngx_thrift_service_t *service,
    ngx_stream_thrift_srv_conf_t *block, ngx_str_t *name);
static ngx_thrift_target_t *ngx_stream_thrift_build_target(
    ngx_stream_thrift_build_t *build, ngx_stream_thrift_srv_conf_t *tscf,
    ngx_str_t *service);
static ngx_int_t ngx_stream_thrift_build_name(nthrift_map_t *map,
    ngx_str_t *name, void *value);


char *
ngx_stream_thrift_build_routes(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server)
{
    char                           *rv;
    ngx_str_t                       none;
    ngx_uint_t                      i;
    ngx_thrift_routes_t            *routes;
    ngx_stream_thrift_build_t       build;
    ngx_stream_thrift_srv_conf_t  **block;

    build.cf = cf;
    build.server = server;
    build.arena = ngx_thrift_arena_create(cf->pool);

    if (build.arena == NULL) {
        return NGX_CONF_ERROR;
    }

    routes = &server->routes;

    nthrift_map_init(&routes->services, build.arena, ngx_random());
    nthrift_map_init(&routes->methods, build.arena, ngx_random());

    ngx_str_null(&none);

    routes->server = ngx_stream_thrift_build_target(&build, server, &none);
    if (routes->server == NULL) {
        return NGX_CONF_ERROR;
    }

    if (server->blocks == NULL) {
        return NGX_CONF_OK;
    }

    block = server->blocks->elts;

    for (i = 0; i < server->blocks->nelts; i++) {

        rv = ngx_stream_thrift_check_service(cf, block[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

        if (ngx_stream_thrift_build_service(&build, block[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* A service, or each of its methods, must have somebody to answer. */

static char *
ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service)
{
    ngx_uint_t                      i;
    ngx_stream_thrift_srv_conf_t  **method;

    if (service->conf.pass || service->conf.returns) {
        return NGX_CONF_OK;
    }

    if (service->blocks == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_pass\" or \"thrift_return\" for "
                      "thrift_service \"%V\" in %s:%ui", &service->name,
                      service->file_name, service->line);
        return NGX_CONF_ERROR;
    }

    method = service->blocks->elts;

    for (i = 0; i < service->blocks->nelts; i++) {

        if (method[i]->conf.pass || method[i]->conf.returns) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_pass\" or \"thrift_return\" for "
                      "thrift_method \"%V\" in %s:%ui", &method[i]->name,
                      method[i]->file_name, method[i]->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_thrift_build_service(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_srv_conf_t *block)
{
    ngx_uint_t                      i;
    ngx_thrift_routes_t            *routes;
    ngx_thrift_service_t           *service;
    ngx_stream_thrift_srv_conf_t  **method;

    routes = &build->server->routes;

    service = ngx_pcalloc(build->cf->pool, sizeof(ngx_thrift_service_t));
    if (service == NULL) {
        return NGX_ERROR;
    }

    nthrift_map_init(&service->methods, build->arena, ngx_random());

    service->rest = ngx_stream_thrift_build_target(build, block, &block->name);
    if (service->rest == NULL) {
        return NGX_ERROR;
    }

    if (routes->first == NULL) {
        routes->first = service->rest;
    }

    if (ngx_stream_thrift_build_name(&routes->services, &block->name, service)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (block->blocks == NULL) {
        return NGX_OK;
    }

    method = block->blocks->elts;

    for (i = 0; i < block->blocks->nelts; i++) {
        if (ngx_stream_thrift_build_method(build, service, method[i],
                                           &block->name)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* In its service, and, the first one, for calls that name no service. */

static ngx_int_t
ngx_stream_thrift_build_method(ngx_stream_thrift_build_t *build,
    ngx_thrift_service_t *service, ngx_stream_thrift_srv_conf_t *block,
    ngx_str_t *name)
{
    ngx_thrift_target_t  *target;

    target = ngx_stream_thrift_build_target(build, block, name);
    if (target == NULL) {
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_build_name(&service->methods, &block->name, target)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_build_name(&build->server->routes.methods,
                                        &block->name, target);
}


static ngx_thrift_target_t *
ngx_stream_thrift_build_target(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_srv_conf_t *tscf, ngx_str_t *service)
{
    ngx_thrift_target_t  *target;

    target = ngx_pcalloc(build->cf->pool, sizeof(ngx_thrift_target_t));
    if (target == NULL) {
        return NULL;
    }

    target->conf = &tscf->conf;
    target->service = *service;
    target->timeout = tscf->conf.timeout;

    return target;
}


static ngx_int_t
ngx_stream_thrift_build_name(nthrift_map_t *map, ngx_str_t *name, void *value)
{
    nthrift_str_t  key;

    key.len = name->len;
    key.data = name->data;

    return (nthrift_map_add(map, &key, value) == NTHRIFT_ERROR) ? NGX_ERROR
                                                                : NGX_OK;
}
