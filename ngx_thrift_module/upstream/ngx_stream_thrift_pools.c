/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whose idle upstream connections are whose: each upstream has a pool in each
 * worker, and the addresses that variables name have one together.  What a
 * pool does is ngx_thrift_pool.c's.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_COMPARED  1000    /* servers, each with all */


static ngx_uint_t ngx_stream_thrift_repeats(
    ngx_stream_upstream_srv_conf_t *us);
static void ngx_stream_thrift_init_pool(ngx_stream_thrift_pool_t *pool,
    ngx_stream_thrift_upstream_conf_t *stream);
static ngx_int_t ngx_stream_thrift_share_pool(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);
static ngx_int_t ngx_stream_thrift_init_pool_link(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);
static ngx_int_t ngx_stream_thrift_set_detect(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);
static void ngx_stream_thrift_detect_varies(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);


ngx_stream_thrift_pool_t *
ngx_stream_thrift_add_pool(ngx_conf_t *cf, ngx_stream_upstream_srv_conf_t *us)
{
    ngx_stream_thrift_pool_t       *pool, **poolp;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    pool = ngx_stream_thrift_get_pool(tmcf, us);

    if (pool) {
        return pool;
    }

    pool = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_pool_t));
    poolp = ngx_array_push(&tmcf->pools);

    if (pool == NULL || poolp == NULL) {
        return NULL;
    }

    ngx_thrift_pool_init(&pool->idle);
    ngx_str_set(&pool->idle.name, "addresses of variables");

    if (us) {
        pool->idle.name = us->host;
        ngx_stream_thrift_expect_upstream(us);
    }

    pool->upstream = us;
    *poolp = pool;

    return pool;
}


ngx_stream_thrift_pool_t *
ngx_stream_thrift_get_pool(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_stream_upstream_srv_conf_t *us)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->upstream == us) {
            return pool[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_stream_thrift_init_pools(ngx_conf_t *cf,
    ngx_stream_thrift_upstream_conf_t *stream)
{
    ngx_uint_t                         i;
    ngx_stream_thrift_pool_t         **pool;
    ngx_stream_thrift_main_conf_t     *tmcf;
    ngx_stream_upstream_srv_conf_t   **us;
    ngx_stream_upstream_main_conf_t   *umcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);
    umcf = ngx_stream_conf_get_module_main_conf(cf,
                                                ngx_stream_upstream_module);
    us = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if (ngx_stream_thrift_add_pool(cf, us[i]) == NULL) {
            return NGX_ERROR;
        }
    }

    tmcf->addresses = ngx_stream_thrift_add_pool(cf, NULL);
    tmcf->in_use = ngx_stream_thrift_held_create(cf);

    if (tmcf->addresses == NULL || tmcf->in_use == NULL) {
        return NGX_ERROR;
    }

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        ngx_stream_thrift_init_pool(pool[i], stream);

        if (pool[i]->upstream) {
            ngx_stream_thrift_warn_paths(cf, pool[i]->upstream);
            pool[i]->repeats = ngx_stream_thrift_repeats(pool[i]->upstream);
        }

        if (ngx_stream_thrift_init_pool_link(cf, pool[i]) != NGX_OK
            || ngx_stream_thrift_share_pool(cf, pool[i]) != NGX_OK
            || ngx_stream_thrift_set_detect(cf, pool[i]) != NGX_OK
            || ngx_stream_thrift_set_health(cf, pool[i]) != NGX_OK
            || ngx_stream_thrift_set_warm(cf, pool[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Where there are so many, it is not worth to know. */

static ngx_uint_t
ngx_stream_thrift_repeats(ngx_stream_upstream_srv_conf_t *us)
{
    ngx_uint_t                     i, k;
    ngx_array_t                   *servers;
    ngx_stream_upstream_server_t  *server;

    servers = us->servers;

    if (servers == NULL) {
        return 0;
    }

    if (servers->nelts > NGX_STREAM_THRIFT_COMPARED) {
        return 1;
    }

    server = servers->elts;

    for (i = 0; i < servers->nelts; i++) {
        for (k = 0; k < server[i].naddrs; k++) {

            if (ngx_stream_thrift_is_before(servers, i, &server[i].addrs[k])) {
                return 1;
            }
        }
    }

    return 0;
}


ngx_uint_t
ngx_stream_thrift_is_before(ngx_array_t *servers, ngx_uint_t n,
    ngx_addr_t *addr)
{
    ngx_uint_t                     i, k;
    ngx_addr_t                    *other;
    ngx_stream_upstream_server_t  *server;

    server = servers->elts;

    for (i = 0; i < n; i++) {
        for (k = 0; k < server[i].naddrs; k++) {
            other = &server[i].addrs[k];

            if (ngx_memn2cmp((u_char *) addr->sockaddr,
                             (u_char *) other->sockaddr, addr->socklen,
                             other->socklen)
                == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* An address has no upstream{}: its pool does what stream{} says. */

static void
ngx_stream_thrift_init_pool(ngx_stream_thrift_pool_t *pool,
    ngx_stream_thrift_upstream_conf_t *stream)
{
    ngx_stream_thrift_upstream_conf_t  *ucf;

    ucf = (pool->upstream && pool->upstream->srv_conf)
          ? ngx_stream_conf_upstream_srv_conf(pool->upstream,
                                            ngx_stream_thrift_upstream_module)
          : stream;

    pool->conf = ucf;

    pool->idle.max = ucf->keepalive;
    pool->idle.surplus = ucf->keepalive_surplus;
    pool->idle.max_open = ucf->keepalive_max;
    pool->idle.requests = ucf->keepalive_requests;
    pool->idle.queue = ucf->queue;
    pool->idle.waits = ucf->queue_set ? ucf->queue : 0;
    pool->idle.timeout = ucf->keepalive_timeout;
    pool->idle.lifetime = ucf->keepalive_lifetime;
    pool->idle.check_seqid = ucf->check_seqid;
    pool->idle.transport = ucf->transport;
    pool->idle.protocol = ucf->protocol;
    pool->idle.lax = ucf->lax;
    pool->idle.multiplexed = ucf->multiplexed;
    pool->idle.service = ucf->service;
    pool->idle.pipeline = ucf->pipeline;
    pool->idle.pipeline_connections = ucf->pipeline_connections;
    pool->idle.pipeline_delay = ucf->pipeline_delay;
    pool->idle.retry = ucf->retry;
    pool->idle.failure = ucf->failure;
    pool->idle.slow_start = ucf->slow_start;

    if (ucf->queue_timeout) {
        ngx_thrift_delay_init(&pool->queue, ucf->queue_timeout,
                              ngx_thrift_queue_expire);
        pool->idle.queue_delays = &pool->queue;
    }
}


static ngx_int_t
ngx_stream_thrift_init_pool_link(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool)
{
    ngx_stream_thrift_upstream_conf_t  *ucf;

    ucf = pool->conf;

    ngx_stream_thrift_set_link(&pool->idle.link, &ucf->link);

    pool->varies = (ucf->link.local && ucf->link.local->value);

#if (NGX_SSL)
    return ngx_stream_thrift_set_ssl(cf, pool);
#else
    return NGX_OK;
#endif
}


/* Where an upstream has a zone, its workers know of each other. */

static ngx_int_t
ngx_stream_thrift_share_pool(ngx_conf_t *cf, ngx_stream_thrift_pool_t *pool)
{
    if (pool->upstream == NULL || pool->upstream->shm_zone == NULL) {
        return NGX_OK;
    }

    pool->idle.shared = ngx_thrift_shared_add(cf, "thrift_upstream",
                                              &pool->upstream->host,
                                              &ngx_stream_thrift_module);

    return pool->idle.shared ? NGX_OK : NGX_ERROR;
}


/* Its servers are asked with a method that nobody has. */

static ngx_int_t
ngx_stream_thrift_set_detect(ngx_conf_t *cf, ngx_stream_thrift_pool_t *pool)
{
    ngx_str_t             name;
    ngx_thrift_detect_t  *detect;

    if (!pool->conf->detect) {
        return NGX_OK;
    }

    detect = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_detect_t));
    if (detect == NULL) {
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_unknown_method(cf, pool->conf, &name) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_thrift_detect_init(detect, &pool->idle, &name);

    /* in a THeader, or where both are set, nothing is left to be found out */

    if (detect->n <= 1) {
        return NGX_OK;
    }

    if (pool->varies) {
        ngx_stream_thrift_detect_varies(cf, pool);
        return NGX_ERROR;
    }

    pool->idle.detect = detect;

    return NGX_OK;
}


static void
ngx_stream_thrift_detect_varies(ngx_conf_t *cf, ngx_stream_thrift_pool_t *pool)
{
    u_char      *file;
    ngx_uint_t   line;

    /* what variables name has the directives of stream{} */

    file = cf->conf_file->file.name.data;
    line = cf->conf_file->line;

    if (pool->upstream) {
        file = pool->upstream->file_name;
        line = pool->upstream->line;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"thrift_upstream_detect\" has no values for variables in "
                  "\"thrift_bind\" or \"thrift_ssl_...\" of upstream \"%V\" in "
                  "%s:%ui", &pool->idle.name, file, line);
}


void
ngx_stream_thrift_stop_detect(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->idle.detect) {
            ngx_thrift_detect_stop(pool[i]->idle.detect);
        }
    }
}


ngx_stream_upstream_srv_conf_t *
ngx_stream_thrift_find_upstream(ngx_stream_session_t *s, ngx_str_t *name,
    in_port_t port, ngx_uint_t no_port)
{
    ngx_uint_t                        i;
    ngx_stream_upstream_srv_conf_t  **us;
    ngx_stream_upstream_main_conf_t  *umcf;

    umcf = ngx_stream_get_module_main_conf(s, ngx_stream_upstream_module);

    us = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        if (us[i]->host.len == name->len
            && ((us[i]->port == 0 && no_port) || us[i]->port == port)
            && ngx_strncasecmp(us[i]->host.data, name->data, name->len) == 0)
        {
            return us[i];
        }
    }

    return NULL;
}


void
ngx_stream_thrift_open_shared(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->idle.shared) {
            ngx_thrift_shared_open(pool[i]->idle.shared);
            ngx_thrift_pool_share_budgets(&pool[i]->idle);
        }
    }
}


void
ngx_stream_thrift_close_shared(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->idle.shared) {
            ngx_thrift_shared_close(pool[i]->idle.shared);
        }
    }
}


void
ngx_stream_thrift_close_pools(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        ngx_thrift_pool_close(&pool[i]->idle);
    }
}
