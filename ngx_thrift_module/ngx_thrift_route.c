
/*
 * The step "route": from a call's name to the configuration that answers it.
 *
 *   "Service:method"   the thrift_service of that name, its thrift_method if
 *                      there is one; else what the server itself answers with
 *   "method"           the thrift_method of that name; else the first
 *                      thrift_service; else the server itself
 */

#include "ngx_thrift.h"


static ngx_thrift_conf_t *ngx_thrift_route_find(ngx_thrift_routes_t *routes,
    nthrift_str_t *prefix, nthrift_str_t *method);


ngx_int_t
ngx_thrift_route(ngx_thrift_call_t *call)
{
    ngx_thrift_conf_t  *conf;

    conf = ngx_thrift_route_find(call->routes, &call->prefix, &call->method);

    call->conf = conf;
    call->service = conf->service;

    if (call->service.len == 0) {
        call->service.len = call->prefix.len;
        call->service.data = call->prefix.data;
    }

    call->front->routed(call);

    if (conf->timeout) {
        call->timed = 1;
        call->deadline = call->start + conf->timeout;
    }

    if (!conf->pass && !conf->returns) {
        ngx_log_error(NGX_LOG_INFO, call->log, 0,
                      "client called an unknown method");

        return ngx_thrift_call_fail(call, NTHRIFT_EXC_UNKNOWN_METHOD, 404,
                                    "unknown method \"%*s\"",
                                    call->request.wire.head.name.len,
                                    call->request.wire.head.name.data);
    }

    return NGX_OK;
}


static ngx_thrift_conf_t *
ngx_thrift_route_find(ngx_thrift_routes_t *routes, nthrift_str_t *prefix,
    nthrift_str_t *method)
{
    ngx_thrift_conf_t     *conf;
    ngx_thrift_service_t  *service;

    if (prefix->data) {
        service = ngx_thrift_names_find(&routes->services, prefix->data,
                                        prefix->len);
        if (service == NULL) {
            return routes->server;
        }

        conf = ngx_thrift_names_find(&service->methods, method->data,
                                     method->len);

        return conf ? conf : service->conf;
    }

    conf = ngx_thrift_names_find(&routes->methods, method->data, method->len);

    if (conf) {
        return conf;
    }

    return routes->first ? routes->first : routes->server;
}


ngx_int_t
ngx_thrift_names_init(ngx_thrift_names_t *table, ngx_array_t *names,
    ngx_pool_t *pool)
{
    ngx_uint_t          i, k, n;
    ngx_thrift_name_t  *name, *slot;

    table->slots = NULL;
    table->mask = 0;

    if (names->nelts == 0) {
        return NGX_OK;
    }

    for (n = 4; n < 2 * names->nelts; n *= 2) { /* void */ }

    table->slots = ngx_pcalloc(pool, n * sizeof(ngx_thrift_name_t));
    if (table->slots == NULL) {
        return NGX_ERROR;
    }

    table->mask = n - 1;
    name = names->elts;

    for (i = 0; i < names->nelts; i++) {

        if (ngx_thrift_names_find(table, name[i].name.data, name[i].name.len)) {
            continue;
        }

        k = ngx_murmur_hash2(name[i].name.data, name[i].name.len);

        for (slot = &table->slots[k & table->mask];
             slot->value;
             slot = &table->slots[k & table->mask])
        {
            k++;
        }

        *slot = name[i];
    }

    return NGX_OK;
}


void *
ngx_thrift_names_find(ngx_thrift_names_t *table, u_char *name, size_t len)
{
    ngx_uint_t          k;
    ngx_thrift_name_t  *slot;

    if (table->slots == NULL) {
        return NULL;
    }

    k = ngx_murmur_hash2(name, len);

    for ( ;; ) {
        slot = &table->slots[k & table->mask];

        if (slot->value == NULL) {
            return NULL;
        }

        if (slot->name.len == len
            && ngx_memcmp(slot->name.data, name, len) == 0)
        {
            return slot->value;
        }

        k++;
    }
}
