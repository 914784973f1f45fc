
/*
 * The tables by which ngx_thrift_route.c finds who answers a call, built for a
 * server when its blocks are merged.
 */

#include "ngx_stream_thrift.h"


static char *ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service);
static ngx_int_t ngx_stream_thrift_build_names(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service, ngx_array_t *bare);


char *
ngx_stream_thrift_build_routes(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server)
{
    char                           *rv;
    ngx_uint_t                      i;
    ngx_array_t                     services, bare;
    ngx_thrift_name_t              *name;
    ngx_stream_thrift_srv_conf_t  **block;

    server->routes.server = &server->conf;

    if (server->blocks == NULL) {
        return NGX_CONF_OK;
    }

    if (ngx_array_init(&services, cf->temp_pool, 4, sizeof(ngx_thrift_name_t))
            != NGX_OK
        || ngx_array_init(&bare, cf->temp_pool, 4, sizeof(ngx_thrift_name_t))
            != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    block = server->blocks->elts;
    server->routes.first = &block[0]->conf;

    for (i = 0; i < server->blocks->nelts; i++) {

        rv = ngx_stream_thrift_check_service(cf, block[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

        name = ngx_array_push(&services);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        name->name = block[i]->name;
        name->value = &block[i]->service;

        if (ngx_stream_thrift_build_names(cf, block[i], &bare) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_thrift_names_init(&server->routes.services, &services, cf->pool)
            != NGX_OK
        || ngx_thrift_names_init(&server->routes.methods, &bare, cf->pool)
            != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A service, or one of its methods at least, must have somebody to answer. */

static char *
ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service)
{
    ngx_uint_t                      i, answers;
    ngx_stream_thrift_srv_conf_t  **method;

    answers = service->conf.pass || service->conf.returns;

    if (answers) {
        return NGX_CONF_OK;
    }

    if (service->blocks) {
        method = service->blocks->elts;

        for (i = 0; i < service->blocks->nelts; i++) {

            if (method[i]->conf.pass || method[i]->conf.returns) {
                answers = 1;
                continue;
            }

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "no \"thrift_pass\" or \"thrift_return\" for "
                          "thrift_method \"%V\" in %s:%ui", &method[i]->name,
                          method[i]->file_name, method[i]->line);
            return NGX_CONF_ERROR;
        }
    }

    if (!answers) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_pass\" or \"thrift_return\" for "
                      "thrift_service \"%V\" in %s:%ui", &service->name,
                      service->file_name, service->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A service's methods, and the same for calls that name no service. */

static ngx_int_t
ngx_stream_thrift_build_names(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service, ngx_array_t *bare)
{
    ngx_uint_t                      i;
    ngx_array_t                     names;
    ngx_thrift_name_t              *name, *same;
    ngx_stream_thrift_srv_conf_t  **method;

    service->service.conf = &service->conf;

    if (service->blocks == NULL) {
        return NGX_OK;
    }

    if (ngx_array_init(&names, cf->temp_pool, 8, sizeof(ngx_thrift_name_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    method = service->blocks->elts;

    for (i = 0; i < service->blocks->nelts; i++) {

        name = ngx_array_push(&names);
        same = ngx_array_push(bare);

        if (name == NULL || same == NULL) {
            return NGX_ERROR;
        }

        name->name = method[i]->name;
        name->value = &method[i]->conf;

        *same = *name;
    }

    return ngx_thrift_names_init(&service->service.methods, &names, cf->pool);
}
