/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a gateway knows: the methods of a server's definitions, by the path that
 * calls them, each prepared once; and the document that describes them.  Made
 * when the configuration is read.
 */

#include "ngx_http_thrift.h"


#define NGX_HTTP_THRIFT_BLOCK    65536      /* bytes: of the arena */
#define NGX_HTTP_THRIFT_DEPTH    64         /* of a default in the document */
#define NGX_HTTP_THRIFT_VALUES   100000     /* in a default */
#define NGX_HTTP_THRIFT_OPENAPI  (64 * 1024 * 1024)     /* bytes */


static void *ngx_http_thrift_gateway_alloc(void *data, size_t size);
static ngx_int_t ngx_http_thrift_add_method(ngx_http_thrift_gateway_t *gw,
    ngx_thrift_door_method_t *dm);
static ngx_int_t ngx_http_thrift_join_name(ngx_http_thrift_gateway_t *gw,
    nthrift_str_t *name, const nthrift_str_t *first, int separator,
    const nthrift_str_t *second);
static ngx_int_t ngx_http_thrift_make_openapi(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server, ngx_array_t *methods);
static ngx_int_t ngx_http_thrift_write_openapi(ngx_pool_t *pool,
    ngx_http_thrift_server_t *server, ngx_array_t *methods,
    nthrift_plain_error_t *err);
static ngx_int_t ngx_http_thrift_list_services(ngx_array_t *methods,
    ngx_array_t *services);
static int ngx_http_thrift_is_get(void *data,
    const nthrift_idl_method_t *method);


ngx_int_t
ngx_http_thrift_init_gateway(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server)
{
    ngx_uint_t                  i;
    ngx_array_t                 methods;
    ngx_thrift_door_method_t   *dm;
    ngx_http_thrift_gateway_t  *gw;

    gw = server->gateway;
    gw->seed = ngx_random();

    nthrift_arena_init(&gw->arena, ngx_http_thrift_gateway_alloc, cycle->pool,
                       NGX_HTTP_THRIFT_BLOCK, 0);
    nthrift_schema_init(&gw->schemas, &gw->arena);
    nthrift_map_init(&gw->methods, &gw->arena, gw->seed);
    nthrift_map_init(&gw->services, &gw->arena, gw->seed);

    if (ngx_array_init(&methods, cycle->pool, 16,
                       sizeof(ngx_thrift_door_method_t))
        != NGX_OK
        || ngx_stream_thrift_doors.describe(server->server, &methods,
                                            &server->protocol)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (methods.nelts == 0) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"thrift_gateway\" needs a service with a \"thrift_idl\""
                      " in the server \"%V\" in %s:%ui", &server->name,
                      server->file_name, server->line);
        return NGX_ERROR;
    }

    dm = methods.elts;

    for (i = 0; i < methods.nelts; i++) {
        if (ngx_http_thrift_add_method(gw, &dm[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return server->openapi ? ngx_http_thrift_make_openapi(cycle, server,
                                                          &methods)
                           : NGX_OK;
}


static void *
ngx_http_thrift_gateway_alloc(void *data, size_t size)
{
    return ngx_pmemalign(data, size, 16);
}


/* A service that two files define is the first one's, as for calls. */

static ngx_int_t
ngx_http_thrift_add_method(ngx_http_thrift_gateway_t *gw,
    ngx_thrift_door_method_t *dm)
{
    const nthrift_str_t       *service;
    ngx_http_thrift_method_t  *method;

    service = &dm->service->def.name;
    method = nthrift_arena_alloc(&gw->arena, sizeof(ngx_http_thrift_method_t));

    if (method == NULL
        || nthrift_plain_method_init(&method->plain, &gw->schemas, dm->method)
           != NTHRIFT_OK
        || ngx_http_thrift_join_name(gw, &method->path, service, '/',
                                     &dm->method->name)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    method->name = dm->method->name;
    method->get = dm->idempotent && !dm->method->oneway
                  && nthrift_plain_is_query(dm->method);

    if (!dm->bare
        && ngx_http_thrift_join_name(gw, &method->name, service, ':',
                                     &dm->method->name)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (nthrift_map_add(&gw->methods, &method->path, method) == NTHRIFT_ERROR
        || nthrift_map_add(&gw->services, service, (void *) dm->service)
           == NTHRIFT_ERROR)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_thrift_join_name(ngx_http_thrift_gateway_t *gw, nthrift_str_t *name,
    const nthrift_str_t *first, int separator, const nthrift_str_t *second)
{
    u_char  *p;

    name->len = first->len + 1 + second->len;
    name->data = nthrift_arena_alloc(&gw->arena, name->len);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(name->data, first->data, first->len);
    *p++ = (u_char) separator;
    ngx_memcpy(p, second->data, second->len);

    return NGX_OK;
}


/* What it takes to make it is several times as large as it is. */

static ngx_int_t
ngx_http_thrift_make_openapi(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server, ngx_array_t *methods)
{
    u_char                     *data;
    ngx_int_t                   rc;
    ngx_pool_t                 *pool;
    nthrift_str_t              *openapi;
    nthrift_plain_error_t       err;

    pool = ngx_create_pool(NGX_HTTP_THRIFT_BLOCK, cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    openapi = &server->gateway->openapi;
    ngx_memzero(&err, sizeof(nthrift_plain_error_t));

    rc = ngx_http_thrift_write_openapi(pool, server, methods, &err);

    if (rc == NGX_OK) {
        data = ngx_pnalloc(cycle->pool, openapi->len);

        if (data) {
            ngx_memcpy(data, openapi->data, openapi->len);
        }

        openapi->data = data;
        rc = data ? NGX_OK : NGX_ERROR;

    } else {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "the services of \"%V\" cannot be described: %*s in "
                      "%s:%ui", &server->name, err.len, err.text,
                      server->file_name, server->line);
    }

    ngx_destroy_pool(pool);

    return rc;
}


static ngx_int_t
ngx_http_thrift_write_openapi(ngx_pool_t *pool,
    ngx_http_thrift_server_t *server, ngx_array_t *methods,
    nthrift_plain_error_t *err)
{
    ngx_array_t                 services;
    nthrift_arena_t             arena;
    nthrift_plain_rules_t       rules;
    nthrift_plain_openapi_t     options;
    ngx_http_thrift_gateway_t  *gw;

    gw = server->gateway;

    nthrift_arena_init(&arena, ngx_http_thrift_gateway_alloc, pool,
                       NGX_HTTP_THRIFT_BLOCK, 0);

    if (ngx_array_init(&services, pool, 4,
                       sizeof(nthrift_plain_service_t))
        != NGX_OK
        || ngx_http_thrift_list_services(methods, &services) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&rules, sizeof(nthrift_plain_rules_t));
    ngx_memzero(&options, sizeof(nthrift_plain_openapi_t));

    rules.max_depth = NGX_HTTP_THRIFT_DEPTH;
    rules.max_values = NGX_HTTP_THRIFT_VALUES;
    rules.max_size = NGX_HTTP_THRIFT_OPENAPI;
    rules.seed = gw->seed;
    rules.long_strings = (server->long_strings != 0);

    options.services = services.elts;
    options.n = services.nelts;
    options.declared = NGX_HTTP_THRIFT_DECLARED;
    options.is_get = ngx_http_thrift_is_get;
    options.data = methods;

    options.server.data = server->path.data;
    options.server.len = server->path.len;

    if (options.server.len > 1
        && options.server.data[options.server.len - 1] == '/')
    {
        options.server.len--;
    }

    return nthrift_plain_openapi(&rules, &arena, &options, &gw->openapi, err)
           == NTHRIFT_OK ? NGX_OK : NGX_ERROR;
}


/* They stand one after the other. */

static ngx_int_t
ngx_http_thrift_list_services(ngx_array_t *methods, ngx_array_t *services)
{
    ngx_uint_t                 i;
    ngx_thrift_door_method_t  *dm;
    nthrift_plain_service_t   *service;

    dm = methods->elts;

    for (i = 0; i < methods->nelts; i++) {

        if (i != 0 && dm[i].service == dm[i - 1].service) {
            continue;
        }

        service = ngx_array_push(services);
        if (service == NULL) {
            return NGX_ERROR;
        }

        service->name = dm[i].service->def.name;
        service->idl = dm[i].service;
    }

    return NGX_OK;
}


static int
ngx_http_thrift_is_get(void *data, const nthrift_idl_method_t *method)
{
    ngx_array_t  *methods = data;

    ngx_uint_t                 i;
    ngx_thrift_door_method_t  *dm;

    dm = methods->elts;

    for (i = 0; i < methods->nelts; i++) {
        if (dm[i].method == method) {
            return dm[i].idempotent && !method->oneway;
        }
    }

    return 0;
}
