/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_idl_compat: at a reload, which definitions are compared with which.
 *
 * A client knows a service by its name, and by the address where it is: so the
 * services of a server are compared with those of the server that listens on
 * the same address in the old configuration, whatever their files are called.
 * Where servers share an address, their first server_name tells them apart.
 *
 * The old configuration is there until the new one is complete: nginx destroys
 * the old cycle, with its pool, only after the new cycle was made, and the new
 * one if that fails.  So nothing of the old definitions is copied, and nothing
 * here outlives this reload but the list of servers for the next one, which is
 * in the pool of its own cycle.
 */

#include "ngx_stream_thrift.h"


/* A run: the servers of one mode. */

typedef struct {
    ngx_stream_thrift_main_conf_t  *old;
    ngx_stream_thrift_main_conf_t  *now;
    ngx_thrift_compat_t            *found;
} ngx_stream_thrift_run_t;


static ngx_int_t ngx_stream_thrift_add_addresses(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf);
static ngx_int_t ngx_stream_thrift_add_address(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf, ngx_str_t *address, ngx_str_t *name);
static ngx_stream_thrift_main_conf_t *ngx_stream_thrift_old_conf(
    ngx_cycle_t *old);
static ngx_int_t ngx_stream_thrift_compare(ngx_conf_t *cf,
    ngx_stream_thrift_main_conf_t *old, ngx_stream_thrift_compat_e mode);
static ngx_uint_t ngx_stream_thrift_same_server(
    ngx_stream_thrift_srv_conf_t *old, ngx_stream_thrift_srv_conf_t *now);
static ngx_int_t ngx_stream_thrift_compare_servers(nthrift_compat_t *compat,
    ngx_stream_thrift_srv_conf_t *old, ngx_stream_thrift_srv_conf_t *now);
static ngx_int_t ngx_stream_thrift_compare_service(nthrift_compat_t *compat,
    nthrift_idl_service_t *was, ngx_stream_thrift_srv_conf_t *now);
static nthrift_idl_service_t *ngx_stream_thrift_get_service(
    ngx_stream_thrift_srv_conf_t *server, nthrift_str_t *name);
static nthrift_idl_program_t *ngx_stream_thrift_get_program(
    ngx_stream_thrift_srv_conf_t *server, nthrift_str_t *path);


ngx_int_t
ngx_stream_thrift_add_compat(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf)
{
    ngx_stream_core_srv_conf_t      *cscf;
    ngx_stream_thrift_srv_conf_t   **server;
    ngx_stream_thrift_main_conf_t   *tmcf;

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler != ngx_stream_thrift_handler) {
        return NGX_OK;
    }

    if (ngx_array_init(&tscf->addresses, cf->pool, 2, sizeof(ngx_str_t))
        != NGX_OK
        || ngx_stream_thrift_add_addresses(cf, tscf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (tscf->programs.nelts == 0) {
        return NGX_OK;
    }

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    server = ngx_array_push(&tmcf->servers);
    if (server == NULL) {
        return NGX_ERROR;
    }

    *server = tscf;

    return NGX_OK;
}


#if (NGX_THRIFT_HAVE_SERVER_NAMES)

static ngx_int_t
ngx_stream_thrift_add_addresses(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf)
{
    ngx_uint_t                     i, k, n;
    ngx_stream_conf_addr_t        *addr;
    ngx_stream_conf_port_t        *port;
    ngx_stream_core_srv_conf_t    *cscf, **server;
    ngx_stream_core_main_conf_t   *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cmcf->ports == NULL) {
        return NGX_OK;
    }

    port = cmcf->ports->elts;

    for (i = 0; i < cmcf->ports->nelts; i++) {

        addr = port[i].addrs.elts;

        for (k = 0; k < port[i].addrs.nelts; k++) {

            server = addr[k].servers.elts;

            for (n = 0; n < addr[k].servers.nelts; n++) {
                if (server[n] == cscf
                    && ngx_stream_thrift_add_address(cf, tscf,
                                                     &addr[k].opt.addr_text,
                                                     &cscf->server_name)
                       != NGX_OK)
                {
                    return NGX_ERROR;
                }
            }
        }
    }

    return NGX_OK;
}

#else

static ngx_int_t
ngx_stream_thrift_add_addresses(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf)
{
    ngx_str_t                     none;
    ngx_uint_t                    i;
    ngx_stream_listen_t          *ls;
    ngx_stream_core_srv_conf_t   *cscf;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    ngx_str_null(&none);

    ls = cmcf->listen.elts;

    for (i = 0; i < cmcf->listen.nelts; i++) {
        if (ls[i].ctx == cscf->ctx
            && ngx_stream_thrift_add_address(cf, tscf, &ls[i].addr_text, &none)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}

#endif


static ngx_int_t
ngx_stream_thrift_add_address(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf, ngx_str_t *address, ngx_str_t *name)
{
    ngx_str_t  *key;

    key = ngx_array_push(&tscf->addresses);
    if (key == NULL) {
        return NGX_ERROR;
    }

    key->len = address->len + 1 + name->len;
    key->data = ngx_pnalloc(cf->pool, key->len);

    if (key->data == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(key->data, "%V %V", address, name);

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_check_compat(ngx_conf_t *cf)
{
    ngx_stream_thrift_main_conf_t  *old;

    old = ngx_stream_thrift_old_conf(cf->cycle->old_cycle);

    if (old == NULL) {
        return NGX_OK;
    }

    /* what refuses the configuration goes first */

    if (ngx_stream_thrift_compare(cf, old, NGX_STREAM_THRIFT_COMPAT_ERROR)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_compare(cf, old, NGX_STREAM_THRIFT_COMPAT_WARN);
}


/*
 * NULL: nginx has just been started, or tests a configuration; or the old one
 * has no stream{}, or was made by another copy of the module, whose structs
 * may not be ours.
 */

static ngx_stream_thrift_main_conf_t *
ngx_stream_thrift_old_conf(ngx_cycle_t *old)
{
    ngx_uint_t              i;
    ngx_stream_conf_ctx_t  *ctx;

    if (ngx_test_config || ngx_is_init_cycle(old)) {
        return NULL;
    }

    for (i = 0; old->modules[i] != &ngx_stream_thrift_module; i++) {
        if (old->modules[i] == NULL) {
            return NULL;
        }
    }

    ctx = (ngx_stream_conf_ctx_t *) ngx_get_conf(old->conf_ctx,
                                                 ngx_stream_module);

    return ctx ? ctx->main_conf[ngx_stream_thrift_module.ctx_index] : NULL;
}


static ngx_int_t
ngx_stream_thrift_compare(ngx_conf_t *cf, ngx_stream_thrift_main_conf_t *old,
    ngx_stream_thrift_compat_e mode)
{
    ngx_uint_t                       i, k;
    ngx_thrift_compat_t             *found;
    ngx_stream_thrift_srv_conf_t   **now, **was;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    found = ngx_thrift_compat_create(cf->temp_pool);
    if (found == NULL) {
        return NGX_ERROR;
    }

    now = tmcf->servers.elts;
    was = old->servers.elts;

    for (i = 0; i < tmcf->servers.nelts; i++) {

        if (now[i]->idl_compat != (ngx_uint_t) mode) {
            continue;
        }

        for (k = 0; k < old->servers.nelts; k++) {
            if (ngx_stream_thrift_same_server(was[k], now[i])
                && ngx_stream_thrift_compare_servers(&found->compat, was[k],
                                                     now[i])
                   != NGX_OK)
            {
                found->no_memory = 1;
            }
        }
    }

    return ngx_thrift_compat_finish(found,
                                    mode == NGX_STREAM_THRIFT_COMPAT_ERROR,
                                    cf->log);
}


static ngx_uint_t
ngx_stream_thrift_same_server(ngx_stream_thrift_srv_conf_t *old,
    ngx_stream_thrift_srv_conf_t *now)
{
    ngx_str_t   *a, *b;
    ngx_uint_t   i, k;

    a = old->addresses.elts;
    b = now->addresses.elts;

    for (i = 0; i < old->addresses.nelts; i++) {
        for (k = 0; k < now->addresses.nelts; k++) {
            if (a[i].len == b[k].len
                && ngx_memcmp(a[i].data, b[k].data, a[i].len) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* What was served there: of two services of one name, the first. */

static ngx_int_t
ngx_stream_thrift_compare_servers(nthrift_compat_t *compat,
    ngx_stream_thrift_srv_conf_t *old, ngx_stream_thrift_srv_conf_t *now)
{
    ngx_uint_t               i;
    nthrift_idl_def_t       *def;
    nthrift_idl_service_t   *was;
    nthrift_idl_program_t  **program;

    program = old->programs.elts;

    for (i = 0; i < old->programs.nelts; i++) {

        for (def = program[i]->defs; def; def = def->next) {

            was = (nthrift_idl_service_t *) def;

            if (def->kind != NTHRIFT_IDL_DEF_SERVICE
                || nthrift_map_find(&old->routes.services, &def->name) == NULL
                || ngx_stream_thrift_get_service(old, &def->name) != was)
            {
                continue;
            }

            if (ngx_stream_thrift_compare_service(compat, was, now)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_compare_service(nthrift_compat_t *compat,
    nthrift_idl_service_t *was, ngx_stream_thrift_srv_conf_t *now)
{
    int                     rc;
    nthrift_idl_service_t  *service;
    nthrift_idl_program_t  *program;

    service = ngx_stream_thrift_get_service(now, &was->def.name);

    if (service) {
        rc = nthrift_compat_services(compat, was, service);

    } else {
        program = ngx_stream_thrift_get_program(now, &was->def.program->path);
        rc = nthrift_compat_no_service(compat, was, program);
    }

    return (rc == NTHRIFT_OK) ? NGX_OK : NGX_ERROR;
}


static nthrift_idl_service_t *
ngx_stream_thrift_get_service(ngx_stream_thrift_srv_conf_t *server,
    nthrift_str_t *name)
{
    ngx_uint_t               i;
    nthrift_idl_service_t   *service;
    nthrift_idl_program_t  **program;

    program = server->programs.elts;

    for (i = 0; i < server->programs.nelts; i++) {

        service = nthrift_map_find(&program[i]->services, name);

        if (service) {
            return service;
        }
    }

    return NULL;
}


/* The file of that name, or the first one of the server. */

static nthrift_idl_program_t *
ngx_stream_thrift_get_program(ngx_stream_thrift_srv_conf_t *server,
    nthrift_str_t *path)
{
    ngx_uint_t               i;
    nthrift_idl_program_t  **program;

    program = server->programs.elts;

    for (i = 0; i < server->programs.nelts; i++) {
        if (nthrift_str_equal(&program[i]->path, path)) {
            return program[i];
        }
    }

    return program[0];
}
