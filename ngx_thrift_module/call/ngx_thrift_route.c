
/*
 * The step "route": from a call's name to the configuration that answers it.
 *
 *   "Service:method"   the thrift_service of that name, and the method of that
 *                      name in it; else what the server itself answers with
 *   "method"           the method of that name, in a block or in a definition;
 *                      else the first thrift_service; else the server itself
 */

#include "ngx_thrift.h"


static ngx_thrift_target_t *ngx_thrift_route_recent(ngx_thrift_call_t *call);
static ngx_thrift_target_t *ngx_thrift_route_find(ngx_thrift_routes_t *routes,
    nthrift_str_t *prefix, nthrift_str_t *method);


ngx_int_t
ngx_thrift_route(ngx_thrift_call_t *call)
{
    ngx_thrift_conf_t    *conf;
    ngx_thrift_target_t  *target;

    target = ngx_thrift_route_recent(call);
    conf = target->conf;

    call->target = target;
    call->conf = conf;

    call->silent = call->oneway;

    if (target->method) {

        /* some clients send a oneway as a CALL: nobody answers it either way */

        call->silent = target->method->oneway;
        call->oneway |= target->method->oneway;
    }

    call->retains_request = target->idempotent;

    call->owner->routed(call);

    if (target->deadlines) {
        ngx_thrift_deadline_start(call, target->deadlines);
    }

    if (conf->answer->kind == NGX_THRIFT_ANSWER_NOBODY) {
        return ngx_thrift_route_unknown(call);
    }

    return NGX_OK;
}


static ngx_thrift_target_t *
ngx_thrift_route_recent(ngx_thrift_call_t *call)
{
    nthrift_str_t        *name;
    ngx_thrift_target_t  *target;
    ngx_thrift_routes_t  *routes;

    routes = call->routes;
    name = &call->request.wire.head.name;

    if (routes->recent && routes->recent_len == name->len
        && ngx_memcmp(routes->recent_name, name->data, name->len) == 0)
    {
        return routes->recent;
    }

    target = ngx_thrift_route_find(routes, &call->prefix, &call->method);

    if (name->len <= NGX_THRIFT_ROUTE_RECENT) {
        ngx_memcpy(routes->recent_name, name->data, name->len);
        routes->recent_len = name->len;
        routes->recent = target;
    }

    return target;
}


static ngx_thrift_target_t *
ngx_thrift_route_find(ngx_thrift_routes_t *routes, nthrift_str_t *prefix,
    nthrift_str_t *method)
{
    ngx_thrift_target_t   *target;
    ngx_thrift_service_t  *service;

    if (prefix->data) {
        service = nthrift_map_find(&routes->services, prefix);

        if (service == NULL) {
            return routes->server;
        }

        target = nthrift_map_find(&service->methods, method);

        return target ? target : service->others;
    }

    target = nthrift_map_find(&routes->methods, method);

    if (target) {
        return target;
    }

    return routes->first ? routes->first : routes->server;
}


ngx_int_t
ngx_thrift_route_unknown(ngx_thrift_call_t *call)
{
    nthrift_str_t  *name;

    name = &call->request.wire.head.name;

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client called an unknown method");

    return ngx_thrift_error_set(call, NTHRIFT_EXC_UNKNOWN_METHOD, 404,
                                "unknown method \"%*s\"", name->len,
                                name->data);
}
