/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_health.h.  Called by ngx_stream_thrift_pools.c when the
 * configuration is read, and by ngx_thrift_health.c in a worker.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_HEALTH_NEAR  160      /* bytes of a suggestion */


static ngx_int_t ngx_stream_thrift_health_name(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *ucf, ngx_str_t *name);
static ngx_int_t ngx_stream_thrift_health_join(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *ucf, ngx_str_t *service,
    ngx_str_t *method, ngx_str_t *name);
static void ngx_stream_thrift_health_warn(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);
static void ngx_stream_thrift_health_warn_oneway(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);
static nthrift_idl_service_t *ngx_stream_thrift_health_service(ngx_conf_t *cf,
    nthrift_str_t *name);
static void ngx_stream_thrift_health_apply(ngx_thrift_health_t *health);
static void ngx_stream_thrift_health_apply_to(ngx_thrift_health_t *health,
    ngx_stream_upstream_rr_peers_t *peers);
static void ngx_stream_thrift_health_begin_down(
    ngx_stream_upstream_rr_peers_t *peers);
static ngx_uint_t ngx_stream_thrift_health_differs(ngx_thrift_health_t *health,
    ngx_stream_upstream_rr_peer_t *peer);
static void ngx_stream_thrift_health_change(
    ngx_stream_upstream_rr_peers_t *peers,
    ngx_stream_upstream_rr_peer_t *peer);


ngx_int_t
ngx_stream_thrift_set_health(ngx_conf_t *cf, ngx_stream_thrift_pool_t *pool)
{
    ngx_thrift_health_t                *health;
    ngx_stream_thrift_upstream_conf_t  *ucf;

    ucf = pool->conf;

    if (pool->upstream == NULL || ucf->health == NULL) {
        return NGX_OK;
    }

    if (pool->varies) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"thrift_health_check\" has no values for variables in "
                      "\"thrift_bind\" or \"thrift_ssl_...\" of upstream "
                      "\"%V\" in %s:%ui", &pool->upstream->host,
                      pool->upstream->file_name, pool->upstream->line);
        return NGX_ERROR;
    }

    health = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_health_t));
    if (health == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_health_init(health);

    health->conf = ucf->health;
    health->pool = &pool->idle;
    health->apply = ngx_stream_thrift_health_apply;

    health->check.pool = &pool->idle;
    health->check.transport = ngx_stream_thrift_own_transport(ucf);
    health->check.protocol = ngx_stream_thrift_own_protocol(ucf);
    health->check.replies = (ucf->health->method.len != 0);
    health->check.timeout = ucf->health->timeout;

    pool->health = health;

    ngx_stream_thrift_health_warn(cf, pool);

    return ngx_stream_thrift_health_name(cf, ucf, &health->check.name);
}


/*
 * A method that a service does not have, by its definition, takes all servers
 * away; they may be newer than the definition.
 */

static void
ngx_stream_thrift_health_warn(ngx_conf_t *cf, ngx_stream_thrift_pool_t *pool)
{
    u_char                    near[NGX_STREAM_THRIFT_HEALTH_NEAR], *p;
    nthrift_str_t             name;
    ngx_thrift_health_conf_t *conf;
    const nthrift_str_t      *best;
    nthrift_idl_method_t     *method;
    nthrift_idl_service_t    *service;

    conf = pool->conf->health;

    name.len = conf->service.len;
    name.data = conf->service.data;

    service = ngx_stream_thrift_health_service(cf, &name);

    name.len = conf->method.len;
    name.data = conf->method.data;

    if (service == NULL) {
        return;
    }

    method = nthrift_idl_method(service, &name);

    if (method) {
        if (method->oneway) {
            ngx_stream_thrift_health_warn_oneway(cf, pool);
        }

        return;
    }

    p = near;
    best = nthrift_suggest_method(service, &name);

    if (best) {
        p = ngx_slprintf(p, near + sizeof(near), " (did you mean \"%*s\"?)",
                         best->len, best->data);
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "no method \"%V\" in service \"%V\"%*s for "
                  "\"thrift_health_check\" of upstream \"%V\" in %s:%ui",
                  &conf->method, &conf->service, (size_t) (p - near), near,
                  &pool->upstream->host, pool->upstream->file_name,
                  pool->upstream->line);
}


/* No server answers it. */

static void
ngx_stream_thrift_health_warn_oneway(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool)
{
    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "method \"%V\" of service \"%V\" is oneway, and never passes "
                  "\"thrift_health_check\" of upstream \"%V\" in %s:%ui",
                  &pool->conf->health->method, &pool->conf->health->service,
                  &pool->upstream->host, pool->upstream->file_name,
                  pool->upstream->line);
}


/* The first one of the definitions of any server; NULL: there is none. */

static nthrift_idl_service_t *
ngx_stream_thrift_health_service(ngx_conf_t *cf, nthrift_str_t *name)
{
    ngx_uint_t                       i;
    ngx_thrift_idl_t               **idl;
    nthrift_idl_program_t           *program;
    nthrift_idl_service_t           *service;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);
    idl = tmcf->idls.elts;

    for (i = 0; name->len && i < tmcf->idls.nelts; i++) {

        program = idl[i]->loader.programs;

        for ( /* void */ ; program; program = program->next) {
            service = nthrift_idl_service(program, name);

            if (service) {
                return service;
            }
        }
    }

    return NULL;
}


static ngx_int_t
ngx_stream_thrift_health_name(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *ucf, ngx_str_t *name)
{
    return (ucf->health->method.len == 0)
           ? ngx_stream_thrift_unknown_method(cf, ucf, name)
           : ngx_stream_thrift_health_join(cf, ucf, &ucf->health->service,
                                           &ucf->health->method, name);
}


ngx_int_t
ngx_stream_thrift_unknown_method(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *ucf, ngx_str_t *name)
{
    ngx_str_t  service, method;

    service = ucf->service;

    if (service.len == 0) {
        ngx_str_set(&service, NGX_THRIFT_HEALTH_SERVICE);
    }

    ngx_str_set(&method, NGX_THRIFT_HEALTH_METHOD);

    return ngx_stream_thrift_health_join(cf, ucf, &service, &method, name);
}


static ngx_int_t
ngx_stream_thrift_health_join(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *ucf, ngx_str_t *service,
    ngx_str_t *method, ngx_str_t *name)
{
    u_char  *p;

    if (ucf->multiplexed != NGX_THRIFT_POOL_MULTIPLEXED_ON) {
        *name = *method;
        return NGX_OK;
    }

    name->len = service->len + 1 + method->len;
    name->data = ngx_pnalloc(cf->pool, name->len);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(name->data, service->data, service->len);
    *p++ = ':';
    ngx_memcpy(p, method->data, method->len);

    return NGX_OK;
}


void
ngx_stream_thrift_start_health(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->health) {
            ngx_thrift_health_start(pool[i]->health);
        }
    }
}


void
ngx_stream_thrift_stop_health(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->health) {
            ngx_thrift_health_stop(pool[i]->health);
        }
    }
}


/* Backup servers, too. */

static void
ngx_stream_thrift_health_apply(ngx_thrift_health_t *health)
{
    ngx_stream_thrift_pool_t        *pool;
    ngx_stream_upstream_rr_peers_t  *peers;

    pool = ngx_stream_thrift_pool_of(health->pool);

    for (peers = pool->upstream->peer.data; peers; peers = peers->next) {
        ngx_stream_thrift_health_apply_to(health, peers);
    }
}


/* Where nothing has changed, calls of other workers do not wait for it. */

static void
ngx_stream_thrift_health_apply_to(ngx_thrift_health_t *health,
    ngx_stream_upstream_rr_peers_t *peers)
{
    ngx_uint_t                      n;
    ngx_stream_upstream_rr_peer_t  *peer;

    if (health->conf->mandatory) {
        ngx_stream_thrift_health_begin_down(peers);
    }

    n = 0;

    ngx_stream_upstream_rr_peers_rlock(peers);

    for (peer = peers->peer; peer; peer = peer->next) {
        n += ngx_stream_thrift_health_differs(health, peer);
    }

    ngx_stream_upstream_rr_peers_unlock(peers);

    if (n == 0) {
        return;
    }

    ngx_stream_upstream_rr_peers_wlock(peers);

    for (peer = peers->peer; peer; peer = peer->next) {
        if (ngx_stream_thrift_health_differs(health, peer)) {
            ngx_stream_thrift_health_change(peers, peer);
        }
    }

    ngx_stream_upstream_rr_peers_unlock(peers);
}


/* Servers that DNS names later have not been checked, either. */

static void
ngx_stream_thrift_health_begin_down(ngx_stream_upstream_rr_peers_t *peers)
{
    ngx_stream_upstream_rr_peer_t  *peer;

    peer = ngx_stream_thrift_rr_names(peers);

    if (peer == NULL || (peer->down & NGX_STREAM_THRIFT_HEALTH_DOWN)) {
        return;
    }

    ngx_stream_upstream_rr_peers_wlock(peers);

    for ( /* void */ ; peer; peer = peer->next) {
        peer->down |= NGX_STREAM_THRIFT_HEALTH_DOWN;
    }

    ngx_stream_upstream_rr_peers_unlock(peers);
}


/* One that nginx.conf calls down is not checked. */

static ngx_uint_t
ngx_stream_thrift_health_differs(ngx_thrift_health_t *health,
    ngx_stream_upstream_rr_peer_t *peer)
{
    ngx_uint_t  down;

    if (peer->down & ~(ngx_uint_t) NGX_STREAM_THRIFT_HEALTH_DOWN) {
        return 0;
    }

    down = ngx_thrift_health_visit(health, peer->sockaddr, peer->socklen,
                                   &peer->name);

    return down != ((peer->down & NGX_STREAM_THRIFT_HEALTH_DOWN) != 0);
}


/* nginx counts those that are not down, with `resolve` also when one goes. */

static void
ngx_stream_thrift_health_change(ngx_stream_upstream_rr_peers_t *peers,
    ngx_stream_upstream_rr_peer_t *peer)
{
    peers->tries -= (peer->down == 0);
    peer->down ^= NGX_STREAM_THRIFT_HEALTH_DOWN;
    peers->tries += (peer->down == 0);

    if (peer->down == 0) {

        /* failures of calls are over; its share grows with thrift_slow_start */

        peer->fails = 0;
        ngx_stream_thrift_rr_set_started(peer, ngx_current_msec);
    }
}
