/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_name: servers that locations of http{} pass calls to, and what the
 * connections of such calls are accepted on, which is no socket.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_POOL_SIZE  256    /* bytes; as nginx has it */


static ngx_stream_thrift_named_t *ngx_stream_thrift_get_name(
    ngx_stream_thrift_main_conf_t *tmcf, ngx_str_t *name);
static ngx_int_t ngx_stream_thrift_init_name(ngx_conf_t *cf,
    ngx_stream_thrift_named_t *named);
static void ngx_stream_thrift_init_address(ngx_stream_addr_conf_t *conf,
    ngx_stream_thrift_named_t *named);
static void ngx_stream_thrift_init_listening(ngx_listening_t *ls,
    ngx_stream_port_t *port, void *addrs, ngx_stream_thrift_named_t *named);
static ngx_int_t ngx_stream_thrift_init_denied(ngx_conf_t *cf);
static void ngx_stream_thrift_suggest_name(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_str_t *name, ngx_str_t *near);
static ngx_uint_t ngx_stream_thrift_is_loaded(ngx_cycle_t *cycle);
static ngx_int_t ngx_stream_thrift_describe_service(
    ngx_thrift_routes_t *routes, nthrift_idl_service_t *service,
    ngx_array_t *methods);


char *
ngx_stream_thrift_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    ngx_str_t                      *value;
    ngx_stream_thrift_named_t      *named, **namedp;
    ngx_stream_thrift_main_conf_t  *tmcf;

    if (tscf->named) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    named = ngx_stream_thrift_get_name(tmcf, &value[1]);

    if (named) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate \"thrift_name %V\", the other one is in "
                           "%s:%ui", &value[1], named->file_name, named->line);
        return NGX_CONF_ERROR;
    }

    named = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_named_t));
    namedp = ngx_array_push(&tmcf->named);

    if (named == NULL || namedp == NULL) {
        return NGX_CONF_ERROR;
    }

    *namedp = named;
    tscf->named = named;

    named->name = value[1];
    named->server = ngx_stream_conf_get_module_srv_conf(cf,
                                                      ngx_stream_core_module);
    named->file_name = cf->conf_file->file.name.data;
    named->line = cf->conf_file->line;

    return NGX_CONF_OK;
}


static ngx_stream_thrift_named_t *
ngx_stream_thrift_get_name(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_stream_thrift_named_t  **named;

    named = tmcf->named.elts;

    for (i = 0; i < tmcf->named.nelts; i++) {
        if (named[i]->name.len == name->len
            && ngx_memcmp(named[i]->name.data, name->data, name->len) == 0)
        {
            return named[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_stream_thrift_init_names(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    ngx_stream_thrift_named_t      **named;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    named = tmcf->named.elts;

    for (i = 0; i < tmcf->named.nelts; i++) {
        if (ngx_stream_thrift_init_name(cf, named[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return i ? ngx_stream_thrift_init_denied(cf) : NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_init_name(ngx_conf_t *cf, ngx_stream_thrift_named_t *named)
{
    ngx_str_t  *text;

    if (named->server->handler != ngx_stream_thrift_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"thrift_name\" in a server that answers no Thrift "
                      "calls in %s:%ui", named->file_name, named->line);
        return NGX_ERROR;
    }

    text = &named->text;

    text->data = ngx_pnalloc(cf->pool, named->name.len + sizeof(" (http)"));
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%V (http)", &named->name)
                - text->data;

    ngx_stream_thrift_init_address(&named->addr.conf, named);
    ngx_stream_thrift_init_listening(&named->listening, &named->port,
                                     &named->addr, named);

#if (NGX_HAVE_INET6)

    ngx_stream_thrift_init_address(&named->addr6.conf, named);
    ngx_stream_thrift_init_listening(&named->listening6, &named->port6,
                                     &named->addr6, named);

#endif

    return NGX_OK;
}


/* Neither "ssl" nor "proxy_protocol": http has dealt with both. */

static void
ngx_stream_thrift_init_address(ngx_stream_addr_conf_t *conf,
    ngx_stream_thrift_named_t *named)
{
#if (NGX_THRIFT_HAVE_SERVER_NAMES)

    conf->default_server = named->server;

#else

    conf->ctx = named->server->ctx;
    conf->addr_text = named->text;

#endif
}


static void
ngx_stream_thrift_init_listening(ngx_listening_t *ls, ngx_stream_port_t *port,
    void *addrs, ngx_stream_thrift_named_t *named)
{
    port->addrs = addrs;
    port->naddrs = 1;

    ls->fd = (ngx_socket_t) -1;
    ls->type = SOCK_STREAM;
    ls->addr_text = named->text;
    ls->addr_ntop = 1;
    ls->handler = ngx_stream_init_connection;
    ls->pool_size = NGX_STREAM_THRIFT_POOL_SIZE;
    ls->log = *named->server->error_log;
    ls->servers = port;
}


/* Who is refused before it is a session is told so. */

static ngx_int_t
ngx_stream_thrift_init_denied(ngx_conf_t *cf)
{
    ngx_stream_handler_pt        *h;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_STREAM_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_stream_thrift_door_log;

    return NGX_OK;
}


void *
ngx_stream_thrift_find_name(ngx_cycle_t *cycle, ngx_str_t *name,
    ngx_str_t *near)
{
    ngx_stream_thrift_named_t      *named;
    ngx_stream_thrift_main_conf_t  *tmcf;

    ngx_str_null(near);

    tmcf = ngx_stream_thrift_loaded_conf(cycle);

    if (tmcf == NULL) {
        return NULL;
    }

    named = ngx_stream_thrift_get_name(tmcf, name);

    if (named == NULL) {
        ngx_stream_thrift_suggest_name(tmcf, name, near);
    }

    return named;
}


ngx_stream_thrift_main_conf_t *
ngx_stream_thrift_loaded_conf(ngx_cycle_t *cycle)
{
    if (!ngx_stream_thrift_is_loaded(cycle)
        || ngx_get_conf(cycle->conf_ctx, ngx_stream_module) == NULL)
    {
        return NULL;
    }

    return ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_stream_thrift_module);
}


/* The object of another configuration may still be there. */

static ngx_uint_t
ngx_stream_thrift_is_loaded(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    for (i = 0; cycle->modules[i]; i++) {
        if (cycle->modules[i] == &ngx_stream_thrift_module) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_stream_thrift_suggest_name(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_str_t *name, ngx_str_t *near)
{
    ngx_uint_t                   i;
    nthrift_str_t                wrong;
    nthrift_suggest_t            suggest;
    ngx_stream_thrift_named_t  **named;

    wrong.len = name->len;
    wrong.data = name->data;

    nthrift_suggest_init(&suggest, &wrong);

    named = tmcf->named.elts;

    for (i = 0; i < tmcf->named.nelts; i++) {
        nthrift_suggest_try(&suggest, (nthrift_str_t *) &named[i]->name);
    }

    if (suggest.best) {
        near->len = suggest.best->len;
        near->data = suggest.best->data;
    }
}


/* What its clients can call: the services that its routes have. */

ngx_int_t
ngx_stream_thrift_describe_name(void *server, ngx_array_t *methods,
    ngx_uint_t *protocol)
{
    ngx_stream_thrift_named_t  *named = server;

    ngx_uint_t                     i;
    nthrift_idl_def_t             *def;
    nthrift_idl_program_t        **program;
    ngx_stream_thrift_srv_conf_t  *tscf;

    tscf = named->server->ctx->srv_conf[ngx_stream_thrift_module.ctx_index];

    *protocol = tscf->door_rules.protocol;

    if (*protocol != NTHRIFT_COMPACT) {
        *protocol = NTHRIFT_BINARY;
    }

    program = tscf->programs.elts;

    for (i = 0; i < tscf->programs.nelts; i++) {

        for (def = program[i]->defs; def; def = def->next) {

            if (def->kind == NTHRIFT_IDL_DEF_SERVICE
                && ngx_stream_thrift_describe_service(&tscf->routes,
                                        (nthrift_idl_service_t *) def, methods)
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* With the methods that it inherits. */

static ngx_int_t
ngx_stream_thrift_describe_service(ngx_thrift_routes_t *routes,
    nthrift_idl_service_t *service, ngx_array_t *methods)
{
    ngx_thrift_target_t       *target;
    ngx_thrift_service_t      *route;
    nthrift_idl_method_t      *method;
    nthrift_idl_service_t     *from;
    ngx_thrift_door_method_t  *dm;

    route = nthrift_map_find(&routes->services, &service->def.name);

    if (route == NULL) {
        return NGX_OK;
    }

    for (from = service; from; from = from->parent) {

        for (method = from->methods; method; method = method->next) {

            dm = ngx_array_push(methods);
            if (dm == NULL) {
                return NGX_ERROR;
            }

            target = nthrift_map_find(&route->methods, &method->name);

            dm->service = service;
            dm->method = method;
            dm->idempotent = target && target->idempotent;
            dm->bare = target && target == nthrift_map_find(&routes->methods,
                                                            &method->name);
        }
    }

    return NGX_OK;
}
