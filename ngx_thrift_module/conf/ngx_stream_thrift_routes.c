/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The tables by which ngx_thrift_route.c finds who answers a call, built for a
 * server when its blocks are merged: from the blocks, and from the definitions
 * of the services that they name.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_TIMEOUT  60000    /* milliseconds: of a call */


/* What is built for one server. */

typedef struct {
    ngx_conf_t                    *cf;
    ngx_stream_thrift_srv_conf_t  *server;
    nthrift_arena_t               *arena;
    nthrift_map_t                  owners;  /* of names for calls without a
                                               prefix: the service's block */
} ngx_stream_thrift_build_t;


static void ngx_stream_thrift_sort_blocks(ngx_array_t *blocks);
static ngx_uint_t ngx_stream_thrift_answers(
    ngx_stream_thrift_block_t *block);
static char *ngx_stream_thrift_check_handlers(ngx_conf_t *cf,
    ngx_stream_thrift_block_t *service, nthrift_idl_service_t *definition);
static char *ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_block_t *service);
static char *ngx_stream_thrift_build_service(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block);
static char *ngx_stream_thrift_build_blocks(ngx_stream_thrift_build_t *build,
    ngx_thrift_service_t *service, ngx_stream_thrift_block_t *block,
    nthrift_idl_service_t *definition);
static char *ngx_stream_thrift_build_defined(ngx_stream_thrift_build_t *build,
    ngx_thrift_service_t *service, ngx_stream_thrift_block_t *block,
    nthrift_idl_service_t *definition);
static char *ngx_stream_thrift_build_bare(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block, const nthrift_str_t *name,
    ngx_thrift_target_t *target);
static char *ngx_stream_thrift_add_bare(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block, const nthrift_str_t *name,
    ngx_thrift_target_t *target);
static char *ngx_stream_thrift_build_server(ngx_stream_thrift_build_t *build);
static ngx_int_t ngx_stream_thrift_fold(ngx_stream_thrift_build_t *build,
    nthrift_map_t *folded, const nthrift_str_t *name,
    ngx_thrift_target_t *target);
static ngx_uint_t ngx_stream_thrift_decides(
    ngx_stream_thrift_srv_conf_t *server);
static ngx_thrift_service_t *ngx_stream_thrift_new_service(
    ngx_stream_thrift_build_t *build, ngx_stream_thrift_block_t *block,
    const nthrift_str_t *name);
static ngx_int_t ngx_stream_thrift_set_delays(ngx_conf_t *cf, ngx_msec_t time,
    ngx_thrift_delay_pt handler, ngx_thrift_delays_t **delays);
static void ngx_stream_thrift_warn_hedge(ngx_conf_t *cf,
    ngx_array_t *targets);
static ngx_stream_thrift_note_t *ngx_stream_thrift_hedge_of(
    ngx_thrift_target_t *target);
static ngx_uint_t ngx_stream_thrift_hedge_repeats(ngx_thrift_target_t *target);
static const char *ngx_stream_thrift_hedge_late(ngx_thrift_target_t *target);
static ngx_thrift_target_t *ngx_stream_thrift_new_target(
    ngx_stream_thrift_build_t *build, ngx_stream_thrift_block_t *block,
    const nthrift_str_t *service);


char *
ngx_stream_thrift_build_routes(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server)
{
    char                           *rv;
    ngx_uint_t                      i;
    nthrift_str_t                   none;
    ngx_array_t                    *services;
    ngx_thrift_routes_t            *routes;
    ngx_stream_thrift_build_t       build;
    ngx_stream_thrift_block_t     **block;

    build.cf = cf;
    build.server = server;
    build.arena = ngx_thrift_arena_create(cf->pool);

    if (build.arena == NULL) {
        return NGX_CONF_ERROR;
    }

    routes = &server->routes;

    nthrift_map_init(&build.owners, build.arena, ngx_random());
    nthrift_map_init(&routes->services, build.arena, ngx_random());
    nthrift_map_init(&routes->methods, build.arena, ngx_random());
    nthrift_map_init(&routes->folded, build.arena, ngx_random());

    none.len = 0;
    none.data = NULL;

    routes->server = ngx_stream_thrift_new_target(&build, &server->block,
                                                  &none);
    if (routes->server == NULL) {
        return NGX_CONF_ERROR;
    }

    services = server->block.inner;

    if (services) {
        ngx_stream_thrift_sort_blocks(services);

        block = services->elts;

        for (i = 0; i < services->nelts; i++) {
            rv = ngx_stream_thrift_build_service(&build, block[i]);

            if (rv != NGX_CONF_OK) {
                return rv;
            }
        }
    }

    routes->decides = ngx_stream_thrift_decides(server);

    return ngx_stream_thrift_build_server(&build);
}


/* Does anything depend on a call's name? */

static ngx_uint_t
ngx_stream_thrift_decides(ngx_stream_thrift_srv_conf_t *server)
{
    ngx_stream_thrift_answer_t  *answer;

    answer = (ngx_stream_thrift_answer_t *) server->block.conf->conf.answer;

    return server->block.inner != NULL
           || server->programs.nelts != 0
           || (answer->answer.kind == NGX_THRIFT_ANSWER_UPSTREAM
               && answer->upstream_value);
}


/* Adds a name in small letters. */

static ngx_int_t
ngx_stream_thrift_fold(ngx_stream_thrift_build_t *build,
    nthrift_map_t *folded, const nthrift_str_t *name,
    ngx_thrift_target_t *target)
{
    nthrift_str_t  key;

    key.len = name->len;
    key.data = ngx_pnalloc(build->cf->pool, name->len);

    if (key.data == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(key.data, name->data, name->len);

    return (nthrift_map_add(folded, &key, target) == NTHRIFT_ERROR)
           ? NGX_ERROR : NGX_OK;
}


/* By "order=", and those of one order as they are written. */

static void
ngx_stream_thrift_sort_blocks(ngx_array_t *blocks)
{
    ngx_uint_t                   i, k;
    ngx_stream_thrift_block_t  **block, *b;

    block = blocks->elts;

    for (i = 1; i < blocks->nelts; i++) {
        b = block[i];

        for (k = i; k > 0 && block[k - 1]->order > b->order; k--) {
            block[k] = block[k - 1];
        }

        block[k] = b;
    }
}


/* A service, or each of its methods, must have somebody to answer. */

static char *
ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_block_t *service)
{
    ngx_uint_t                   i;
    ngx_stream_thrift_block_t  **method;

    if (ngx_stream_thrift_answers(service)) {
        return NGX_CONF_OK;
    }

    if (service->inner == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_handler\", \"thrift_pass\" or "
                      "\"thrift_return\" for "
                      "thrift_service \"%V\" in %s:%ui", &service->name,
                      service->file_name, service->line);
        return NGX_CONF_ERROR;
    }

    method = service->inner->elts;

    for (i = 0; i < service->inner->nelts; i++) {

        if (ngx_stream_thrift_answers(method[i])) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_handler\", \"thrift_pass\" or "
                      "\"thrift_return\" for "
                      "thrift_method \"%V\" in %s:%ui", &method[i]->name,
                      method[i]->file_name, method[i]->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_stream_thrift_answers(ngx_stream_thrift_block_t *block)
{
    return block->conf->conf.answer->kind != NGX_THRIFT_ANSWER_NOBODY;
}


/* A handler is checked against a definition: there has to be one. */

static char *
ngx_stream_thrift_check_handlers(ngx_conf_t *cf,
    ngx_stream_thrift_block_t *service, nthrift_idl_service_t *definition)
{
    ngx_uint_t                   i, n;
    ngx_thrift_handler_t        *handler;
    ngx_stream_thrift_block_t  **method;

    if (definition) {
        return NGX_CONF_OK;
    }

    handler = service->conf->conf.answer->handler;

    method = service->inner ? service->inner->elts : NULL;
    n = service->inner ? service->inner->nelts : 0;

    for (i = 0; i < n && handler == NULL; i++) {
        handler = method[i]->conf->conf.answer->handler;
    }

    if (handler == NULL) {
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"thrift_handler\" needs a \"thrift_idl\" that defines "
                  "service \"%V\" in %s:%ui", &service->name,
                  handler->file_name, handler->line);

    return NGX_CONF_ERROR;
}


static char *
ngx_stream_thrift_build_service(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block)
{
    char                   *rv;
    nthrift_str_t           name;
    ngx_thrift_routes_t    *routes;
    ngx_thrift_service_t   *service;
    nthrift_idl_service_t  *definition;

    rv = ngx_stream_thrift_check_service(build->cf, block);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_stream_thrift_find_service(build->cf, build->server, block,
                                        &definition);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_stream_thrift_check_handlers(build->cf, block, definition);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    name.len = block->name.len;
    name.data = block->name.data;

    service = ngx_stream_thrift_new_service(build, block, &name);
    if (service == NULL) {
        return NGX_CONF_ERROR;
    }

    service->others->unknown = (definition != NULL);

    routes = &build->server->routes;

    if (routes->first == NULL) {
        routes->first = service->others;
    }

    rv = ngx_stream_thrift_build_blocks(build, service, block, definition);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_stream_thrift_build_defined(build, service, block, definition);
}


/* Its thrift_method blocks. */

static char *
ngx_stream_thrift_build_blocks(ngx_stream_thrift_build_t *build,
    ngx_thrift_service_t *service, ngx_stream_thrift_block_t *block,
    nthrift_idl_service_t *definition)
{
    char                        *rv;
    ngx_uint_t                   i;
    nthrift_str_t                name;
    ngx_thrift_target_t         *target;
    nthrift_idl_method_t        *method;
    ngx_stream_thrift_block_t  **mblock;

    if (block->inner == NULL) {
        return NGX_CONF_OK;
    }

    mblock = block->inner->elts;

    for (i = 0; i < block->inner->nelts; i++) {

        rv = ngx_stream_thrift_find_method(build->cf, definition, mblock[i],
                                           &method);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

        name.len = block->name.len;
        name.data = block->name.data;

        target = ngx_stream_thrift_new_target(build, mblock[i], &name);

        if (target == NULL
            || ngx_stream_thrift_define(build->cf, target, method)
               != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        target->name = mblock[i]->name;

        name.len = mblock[i]->name.len;
        name.data = mblock[i]->name.data;

        if (nthrift_map_add(&service->methods, &name, target)
            == NTHRIFT_ERROR
            || ngx_stream_thrift_fold(build, &service->folded, &name, target)
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        rv = ngx_stream_thrift_build_bare(build, block, &name, target);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


/* The other methods of its definition, inherited ones too. */

static char *
ngx_stream_thrift_build_defined(ngx_stream_thrift_build_t *build,
    ngx_thrift_service_t *service, ngx_stream_thrift_block_t *block,
    nthrift_idl_service_t *definition)
{
    char                  *rv;
    nthrift_str_t          name;
    ngx_thrift_target_t   *target;
    nthrift_idl_method_t  *method;

    name.len = service->others->service.len;
    name.data = service->others->service.data;

    for ( /* void */ ; definition; definition = definition->parent) {

        for (method = definition->methods; method; method = method->next) {

            if (nthrift_map_find(&service->methods, &method->name)) {
                continue;
            }

            target = ngx_stream_thrift_new_target(build, block, &name);

            if (target == NULL
                || ngx_stream_thrift_define(build->cf, target, method)
                   != NGX_CONF_OK
                || nthrift_map_add(&service->methods, &method->name, target)
                   == NTHRIFT_ERROR
                || ngx_stream_thrift_fold(build, &service->folded,
                                          &method->name, target)
                   != NGX_OK)
            {
                return NGX_CONF_ERROR;
            }

            rv = ngx_stream_thrift_build_bare(build, block, &method->name,
                                              target);
            if (rv != NGX_CONF_OK) {
                return rv;
            }
        }
    }

    return NGX_CONF_OK;
}


/*
 * A method's name for calls that name no service.  With definitions, one that
 * two services have is an error, unless an order says which of them is meant;
 * without, the first thrift_method of that name is.
 */

static char *
ngx_stream_thrift_build_bare(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block, const nthrift_str_t *name,
    ngx_thrift_target_t *target)
{
    ngx_thrift_target_t         *other;
    ngx_stream_thrift_block_t   *owner;
    ngx_stream_core_srv_conf_t  *cscf;

    owner = nthrift_map_find(&build->owners, name);

    if (owner == NULL) {
        return ngx_stream_thrift_add_bare(build, block, name, target);
    }

    /* services are built in their order: the owner comes before */

    if (build->server->programs.nelts == 0 || owner->order != block->order) {
        return NGX_CONF_OK;
    }

    other = nthrift_map_find(&build->server->routes.methods, name);

    if (block != &build->server->block) {
        ngx_log_error(NGX_LOG_EMERG, build->cf->log, 0,
                      "method \"%*s\" is in thrift_service \"%V\" and in "
                      "thrift_service \"%V\", and a call may name only the "
                      "method: with \"thrift_service %V order=%i { ... }\" the "
                      "former answers it in %s:%ui",
                      name->len, name->data, &other->service,
                      &target->service, &target->service, owner->order + 1,
                      block->file_name, block->line);

        return NGX_CONF_ERROR;
    }

    if (owner != block || other->method == target->method) {
        return NGX_CONF_OK;
    }

    cscf = ngx_stream_conf_get_module_srv_conf(build->cf,
                                               ngx_stream_core_module);

    ngx_log_error(NGX_LOG_EMERG, build->cf->log, 0,
                  "method \"%*s\" is defined in service \"%V\" and in service "
                  "\"%V\", and a call may name only the method: with "
                  "\"thrift_service %V { }\" that one answers it in %s:%ui",
                  name->len, name->data, &other->service, &target->service,
                  &other->service, cscf->file_name, cscf->line);

    return NGX_CONF_ERROR;
}


static char *
ngx_stream_thrift_add_bare(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block, const nthrift_str_t *name,
    ngx_thrift_target_t *target)
{
    ngx_thrift_routes_t  *routes;

    routes = &build->server->routes;

    if (nthrift_map_add(&routes->methods, name, target) == NTHRIFT_ERROR
        || nthrift_map_add(&build->owners, name, block) == NTHRIFT_ERROR
        || ngx_stream_thrift_fold(build, &routes->folded, name, target)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * What the server itself answers: with definitions, each of their services
 * that has no block.
 */

static char *
ngx_stream_thrift_build_server(ngx_stream_thrift_build_t *build)
{
    char                          *rv;
    ngx_uint_t                     i;
    nthrift_idl_def_t             *def;
    ngx_thrift_service_t          *service;
    nthrift_idl_program_t        **program;
    ngx_stream_thrift_srv_conf_t  *server;

    server = build->server;

    if (!ngx_stream_thrift_answers(&server->block)) {
        return NGX_CONF_OK;
    }

    program = server->programs.elts;

    for (i = 0; i < server->programs.nelts; i++) {

        for (def = program[i]->defs; def; def = def->next) {

            if (def->kind != NTHRIFT_IDL_DEF_SERVICE
                || nthrift_map_find(&server->routes.services, &def->name))
            {
                continue;
            }

            service = ngx_stream_thrift_new_service(build, &server->block,
                                                    &def->name);
            if (service == NULL) {
                return NGX_CONF_ERROR;
            }

            service->others->unknown = 1;

            rv = ngx_stream_thrift_build_defined(build, service,
                                                 &server->block,
                                                (nthrift_idl_service_t *) def);
            if (rv != NGX_CONF_OK) {
                return rv;
            }
        }
    }

    server->routes.server->unknown = (server->programs.nelts != 0);

    return NGX_CONF_OK;
}


static ngx_thrift_service_t *
ngx_stream_thrift_new_service(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block, const nthrift_str_t *name)
{
    ngx_thrift_service_t  *service;

    service = ngx_pcalloc(build->cf->pool, sizeof(ngx_thrift_service_t));
    if (service == NULL) {
        return NULL;
    }

    nthrift_map_init(&service->methods, build->arena, ngx_random());
    nthrift_map_init(&service->folded, build->arena, ngx_random());

    service->others = ngx_stream_thrift_new_target(build, block, name);
    if (service->others == NULL) {
        return NULL;
    }

    if (nthrift_map_add(&build->server->routes.services, name, service)
        == NTHRIFT_ERROR)
    {
        return NULL;
    }

    return service;
}


static ngx_thrift_target_t *
ngx_stream_thrift_new_target(ngx_stream_thrift_build_t *build,
    ngx_stream_thrift_block_t *block, const nthrift_str_t *service)
{
    ngx_thrift_conf_t              *conf;
    ngx_thrift_target_t            *target, **targetp;
    ngx_stream_thrift_main_conf_t  *tmcf;

    target = ngx_pcalloc(build->cf->pool, sizeof(ngx_thrift_target_t));
    if (target == NULL) {
        return NULL;
    }

    tmcf = ngx_stream_conf_get_module_main_conf(build->cf,
                                                ngx_stream_thrift_module);

    targetp = ngx_array_push(&tmcf->targets);
    if (targetp == NULL) {
        return NULL;
    }

    *targetp = target;

    conf = &block->conf->conf;

    target->conf = conf;
    target->service.len = service->len;
    target->service.data = service->data;

    target->timeout = conf->timeout;
    ngx_conf_init_msec_value(target->timeout, NGX_STREAM_THRIFT_TIMEOUT);

    target->idempotent = (conf->idempotent == 1);
    target->stateful = (conf->stateful == 1);

    return target;
}


ngx_int_t
ngx_stream_thrift_init_deadlines(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    ngx_thrift_conf_t               *conf;
    ngx_thrift_target_t            **target;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    ngx_stream_thrift_warn_hedge(cf, &tmcf->targets);

    target = tmcf->targets.elts;

    for (i = 0; i < tmcf->targets.nelts; i++) {
        conf = target[i]->conf;

        if (ngx_stream_thrift_set_delays(cf, target[i]->timeout,
                                         ngx_thrift_deadline_expire,
                                         &target[i]->deadlines)
            != NGX_OK
            || ngx_stream_thrift_set_delays(cf, conf->attempt_timeout,
                                            ngx_thrift_pass_expire,
                                            &conf->attempt_deadlines)
               != NGX_OK
            || ngx_stream_thrift_set_delays(cf, conf->hedge,
                                            ngx_thrift_pass_hedge,
                                            &conf->hedges)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_init_watched(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    ngx_thrift_target_t            **target;
    ngx_stream_thrift_call_conf_t   *tccf;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    target = tmcf->targets.elts;

    for (i = 0; i < tmcf->targets.nelts; i++) {
        tccf = (ngx_stream_thrift_call_conf_t *) target[i]->conf;

        tccf->logged = ngx_stream_thrift_log_is_on(tccf->srv_conf);
        tccf->watched = (tmcf->status || tmcf->narguments
                         || tccf->limits || tccf->rates);
    }

    return NGX_OK;
}


/* The queue of that time and handler; there is none for the time 0. */

static ngx_int_t
ngx_stream_thrift_set_delays(ngx_conf_t *cf, ngx_msec_t time,
    ngx_thrift_delay_pt handler, ngx_thrift_delays_t **delays)
{
    ngx_uint_t                       i;
    ngx_thrift_delays_t            **known;
    ngx_stream_thrift_main_conf_t   *tmcf;

    if (time == 0) {
        return NGX_OK;
    }

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    known = tmcf->delays.elts;

    for (i = 0; i < tmcf->delays.nelts; i++) {
        if (known[i]->time == time && known[i]->handler == handler) {
            *delays = known[i];
            return NGX_OK;
        }
    }

    *delays = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_delays_t));
    known = ngx_array_push(&tmcf->delays);

    if (*delays == NULL || known == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_delay_init(*delays, time, handler);
    *known = *delays;

    return NGX_OK;
}


static void
ngx_stream_thrift_warn_hedge(ngx_conf_t *cf, ngx_array_t *targets)
{
    const char                 *late;
    ngx_uint_t                  i;
    ngx_thrift_target_t       **target;
    ngx_stream_thrift_note_t   *note;

    target = targets->elts;

    for (i = 0; i < targets->nelts; i++) {
        note = ngx_stream_thrift_hedge_of(target[i]);

        if (note && ngx_stream_thrift_hedge_repeats(target[i])
            && ngx_stream_thrift_hedge_late(target[i]) == NULL)
        {
            note->used = 1;
        }
    }

    for (i = 0; i < targets->nelts; i++) {
        note = ngx_stream_thrift_hedge_of(target[i]);

        if (note == NULL || note->used
            || !ngx_stream_thrift_hedge_repeats(target[i]))
        {
            continue;
        }

        note->used = 1;
        late = ngx_stream_thrift_hedge_late(target[i]);

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" has no effect, as its time is not less than that "
                      "of \"%s\", in %s:%ui",
                      &note->name, late, note->file_name, note->line);
    }

    for (i = 0; i < targets->nelts; i++) {
        note = ngx_stream_thrift_hedge_of(target[i]);

        if (note && !note->used) {
            note->used = 1;

            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"%V\" has no effect, as it is for no call with "
                          "\"thrift_idempotent on\", in %s:%ui",
                          &note->name, note->file_name, note->line);
        }
    }
}


static ngx_stream_thrift_note_t *
ngx_stream_thrift_hedge_of(ngx_thrift_target_t *target)
{
    return ((ngx_stream_thrift_call_conf_t *) target->conf)->hedge;
}


/* Handlers say themselves which of their calls are idempotent. */

static ngx_uint_t
ngx_stream_thrift_hedge_repeats(ngx_thrift_target_t *target)
{
    return target->idempotent
           || target->conf->answer->kind == NGX_THRIFT_ANSWER_HANDLER;
}


/* Which time of a call is over before it could be hedged; NULL: none. */

static const char *
ngx_stream_thrift_hedge_late(ngx_thrift_target_t *target)
{
    ngx_thrift_conf_t  *conf;

    conf = target->conf;

    if (conf->answer->kind == NGX_THRIFT_ANSWER_HANDLER) {
        return NULL;
    }

    if (conf->attempt_timeout && conf->hedge >= conf->attempt_timeout) {
        return "thrift_attempt_timeout";
    }

    return (target->timeout && conf->hedge >= target->timeout)
           ? "thrift_timeout" : NULL;
}
