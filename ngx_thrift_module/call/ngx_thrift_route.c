/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "route": from a call's name to the configuration that answers it;
 * where a call goes on with it, its message is a sound call.
 *
 *   "Service:method"   the thrift_service of that name, and the method of that
 *                      name in it; else what the server itself answers with
 *   "method"           the method of that name, in a block or in a definition;
 *                      else the first thrift_service; else the server itself
 *
 * A server that is sent the name may read it in another way, and execute what
 * was to be answered by somebody else.  Names that libraries are known to read
 * differently are refused, unless the name decides nothing:
 *
 *   ":m" "S::m" "S:"   C++ and c_glib pass over empty parts
 *   "S:m:x"            Node and Ruby (to 0.14) take "m", and c_glib takes "S"
 *   "m:x"              c_glib takes the default service's "m"
 *   "m\0x"             c_glib takes "m"
 *   "M"                PHP takes "m"
 */

#include "ngx_thrift.h"


static ngx_thrift_target_t *ngx_thrift_route_recent(ngx_thrift_call_t *call);
static ngx_thrift_target_t *ngx_thrift_route_look(ngx_thrift_call_t *call)
    nthrift_noinline;
static ngx_thrift_target_t *ngx_thrift_route_find(ngx_thrift_routes_t *routes,
    nthrift_str_t *prefix, nthrift_str_t *method);
static ngx_uint_t ngx_thrift_route_is_clear(nthrift_str_t *prefix,
    nthrift_str_t *method);
static ngx_uint_t ngx_thrift_route_is_plain(nthrift_str_t *name);
static ngx_uint_t ngx_thrift_route_resembles(nthrift_map_t *folded,
    nthrift_str_t *name);
static ngx_int_t ngx_thrift_route_unclear(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_route_found(ngx_thrift_call_t *call);


ngx_int_t
ngx_thrift_route(ngx_thrift_call_t *call)
{
    ngx_thrift_target_t  *target;

    target = ngx_thrift_route_recent(call);

    if (ngx_thrift_call_check(call) != NGX_OK) {
        return NGX_ERROR;
    }

    if (target == NULL) {
        target = ngx_thrift_route_look(call);

        if (target == NULL) {
            return ngx_thrift_route_unclear(call);
        }
    }

    call->target = target;
    call->conf = target->conf;

    if (target->conf->messages->trusted) {
        call->checked = 1;
    }

    if (target->method) {

        /* some clients send a oneway as a CALL: nobody answers it either way */

        call->silent = target->method->oneway;
        call->oneway |= target->method->oneway;

    } else if (call->oneway) {
        call->silent = 1;
    }

    if (ngx_thrift_retry_retains(call)) {
        call->retains_request = 1;
    }

    if (call->conf->answer->kind == NGX_THRIFT_ANSWER_UPSTREAM) {
        ngx_thrift_pin_lead(call);
    }

    if (target->deadlines) {
        ngx_thrift_deadline_start(call, target->deadlines);
    }

    /* limits may ask for arguments: what is large is not read at once then */

    return ngx_thrift_text_is_asked(call)
           ? ngx_thrift_text_read(call, ngx_thrift_route_found)
           : ngx_thrift_route_found(call);
}


static ngx_int_t
ngx_thrift_route_found(ngx_thrift_call_t *call)
{
    if (call->owner->routed(call) != NGX_OK) {
        return NGX_ERROR;
    }

    if (call->conf->answer->kind == NGX_THRIFT_ANSWER_NOBODY) {
        return ngx_thrift_route_unknown(call);
    }

    return NGX_OK;
}


/* Its method and service are known then; NULL: it has to be looked for. */

static ngx_thrift_target_t *
ngx_thrift_route_recent(ngx_thrift_call_t *call)
{
    size_t                method;
    nthrift_str_t        *name;
    ngx_thrift_routes_t  *routes;

    routes = call->routes;
    name = &call->request.wire.head.name;

    if (routes->recent == NULL || routes->recent_len != name->len
        || !nthrift_name_equal(routes->recent_name, name->data, name->len))
    {
        ngx_thrift_call_split_name(call);
        return NULL;
    }

    method = routes->recent_method;

    call->method.data = name->data + method;
    call->method.len = name->len - method;

    if (method) {
        call->prefix.data = name->data;
        call->prefix.len = method - 1;
    }

    return routes->recent;
}


/* NULL: the name is not clear. */

static ngx_thrift_target_t *
ngx_thrift_route_look(ngx_thrift_call_t *call)
{
    nthrift_str_t        *name;
    ngx_thrift_target_t  *target;
    ngx_thrift_routes_t  *routes;

    routes = call->routes;
    name = &call->request.wire.head.name;

    target = ngx_thrift_route_find(routes, &call->prefix, &call->method);

    if (target && name->len <= NGX_THRIFT_ROUTE_RECENT) {
        ngx_memcpy(routes->recent_name, name->data, name->len);
        routes->recent_len = name->len;
        routes->recent_method = call->method.data - name->data;
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

    if (routes->decides && !ngx_thrift_route_is_clear(prefix, method)) {
        return NULL;
    }

    if (prefix->data) {
        service = nthrift_map_find(&routes->services, prefix);

        if (service == NULL) {
            return ngx_thrift_route_resembles(&routes->folded, prefix)
                   ? NULL : routes->server;
        }

        target = nthrift_map_find(&service->methods, method);

        if (target) {
            return target;
        }

        return ngx_thrift_route_resembles(&service->folded, method)
               ? NULL : service->others;
    }

    target = nthrift_map_find(&routes->methods, method);

    if (target) {
        return target;
    }

    if (ngx_thrift_route_resembles(&routes->folded, method)) {
        return NULL;
    }

    return routes->first ? routes->first : routes->server;
}


static ngx_uint_t
ngx_thrift_route_is_clear(nthrift_str_t *prefix, nthrift_str_t *method)
{
    if (prefix->data && !ngx_thrift_route_is_plain(prefix)) {
        return 0;
    }

    return ngx_thrift_route_is_plain(method);
}


/* Not empty, and no byte that ends a name for somebody. */

static ngx_uint_t
ngx_thrift_route_is_plain(nthrift_str_t *name)
{
    size_t  i;

    for (i = 0; i < name->len; i++) {
        if (name->data[i] < 0x20 || name->data[i] == 0x7f
            || name->data[i] == ':')
        {
            return 0;
        }
    }

    return name->len != 0;
}


/* Is it one of these names but for small and capital letters? */

static ngx_uint_t
ngx_thrift_route_resembles(nthrift_map_t *folded, nthrift_str_t *name)
{
    u_char         lower[NTHRIFT_MAX_NAME];
    nthrift_str_t  key;

    key.len = name->len;
    key.data = lower;

    ngx_strlow(lower, name->data, name->len);

    return nthrift_map_find(folded, &key) != NULL;
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


static ngx_int_t
ngx_thrift_route_unclear(ngx_thrift_call_t *call)
{
    nthrift_str_t  *name;

    name = &call->request.wire.head.name;

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client called a method by a name that servers may read "
                  "differently");

    return ngx_thrift_error_set(call, NTHRIFT_EXC_UNKNOWN_METHOD, 404,
                                "unknown method \"%*s\", the name may be read "
                                "in several ways", name->len, name->data);
}
