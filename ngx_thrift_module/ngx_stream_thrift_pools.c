
/*
 * Whose idle upstream connections are whose: each upstream has a pool in each
 * worker, and the addresses that variables name have one together.  What a
 * pool does is ngx_thrift_pool.c's.
 */

#include "ngx_stream_thrift.h"


char *
ngx_stream_thrift_keepalive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    ngx_int_t    n;
    ngx_str_t   *value, s;
    ngx_uint_t   i;
    ngx_msec_t  *time;

    if (tscf->keepalive != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive",
                           &value[1], &value[0]);
        return NGX_CONF_ERROR;
    }

    tscf->keepalive = n;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "timeout=", 8) == 0) {
            s.len = value[i].len - 8;
            s.data = value[i].data + 8;
            time = &tscf->keepalive_timeout;

        } else if (ngx_strncmp(value[i].data, "lifetime=", 9) == 0) {
            s.len = value[i].len - 9;
            s.data = value[i].data + 9;
            time = &tscf->keepalive_lifetime;

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        *time = ngx_parse_time(&s, 0);

        if (*time == (ngx_msec_t) NGX_ERROR || *time == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid time in parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


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
ngx_stream_thrift_init_pools(ngx_conf_t *cf)
{
    ngx_uint_t                         i;
    ngx_stream_thrift_pool_t         **pool;
    ngx_stream_thrift_srv_conf_t      *tscf;
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
    if (tmcf->addresses == NULL) {
        return NGX_ERROR;
    }

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {

        pool[i]->idle.max = NGX_STREAM_THRIFT_KEEPALIVE;
        pool[i]->idle.surplus = NGX_STREAM_THRIFT_KEEPALIVE_SURPLUS;
        pool[i]->idle.timeout = NGX_STREAM_THRIFT_KEEPALIVE_TIMEOUT;
        pool[i]->idle.lifetime = NGX_STREAM_THRIFT_KEEPALIVE_LIFETIME;

        if (pool[i]->upstream == NULL || pool[i]->upstream->srv_conf == NULL) {
            continue;
        }

        tscf = ngx_stream_conf_upstream_srv_conf(pool[i]->upstream,
                                                 ngx_stream_thrift_module);

        if (tscf->keepalive != NGX_CONF_UNSET_UINT) {
            pool[i]->idle.max = tscf->keepalive;
            pool[i]->idle.surplus = 0;
        }

        ngx_conf_init_uint_value(tscf->upstream_transport, NTHRIFT_FRAMED);
        ngx_conf_init_uint_value(tscf->upstream_protocol, NTHRIFT_BINARY);
        ngx_conf_init_value(tscf->upstream_multiplexed, 0);

        pool[i]->idle.timeout = tscf->keepalive_timeout;
        pool[i]->idle.lifetime = tscf->keepalive_lifetime;
    }

    return NGX_OK;
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
ngx_stream_thrift_close_pools(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        ngx_thrift_pool_close(&pool[i]->idle);
    }
}
