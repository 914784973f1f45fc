/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_warm.h.  Called by ngx_stream_thrift_pools.c when the
 * configuration is read, and by ngx_thrift_warm.c in a worker.
 */

#include "ngx_stream_thrift.h"


static void ngx_stream_thrift_warm_walk(ngx_thrift_warm_t *warm);


ngx_int_t
ngx_stream_thrift_set_warm(ngx_conf_t *cf, ngx_stream_thrift_pool_t *pool)
{
    ngx_thrift_warm_t                  *warm;
    ngx_stream_thrift_upstream_conf_t  *ucf;

    ucf = pool->conf;

    if (pool->upstream == NULL || ucf->keepalive_min == 0) {
        return NGX_OK;
    }

    if (pool->varies || pool->idle.link.proxy_protocol) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"min\" of \"thrift_keepalive\" cannot stand beside "
                      "\"thrift_proxy_protocol\" or variables in "
                      "\"thrift_bind\" or \"thrift_ssl_...\" of upstream "
                      "\"%V\" in %s:%ui", &pool->upstream->host,
                      pool->upstream->file_name, pool->upstream->line);
        return NGX_ERROR;
    }

    warm = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_warm_t));
    if (warm == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_warm_init(warm, &pool->idle);

    warm->min = ucf->keepalive_min;
    warm->dialect.transport = ngx_stream_thrift_own_transport(ucf);
    warm->dialect.protocol = ngx_stream_thrift_own_protocol(ucf);
    warm->walk = ngx_stream_thrift_warm_walk;

    pool->idle.warm = warm;

    return NGX_OK;
}


void
ngx_stream_thrift_start_warm(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->idle.warm) {
            ngx_thrift_warm_start(pool[i]->idle.warm);
        }
    }
}


void
ngx_stream_thrift_stop_warm(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->idle.warm) {
            ngx_thrift_warm_stop(pool[i]->idle.warm);
        }
    }
}


/* Those that are not down; backup servers have to wait. */

static void
ngx_stream_thrift_warm_walk(ngx_thrift_warm_t *warm)
{
    ngx_stream_upstream_rr_peer_t   *peer;
    ngx_stream_upstream_rr_peers_t  *peers;

    peers = ngx_stream_thrift_pool_of(warm->pool)->upstream->peer.data;

    ngx_stream_upstream_rr_peers_rlock(peers);

    for (peer = peers->peer; peer; peer = peer->next) {
        if (peer->down == 0) {
            ngx_thrift_warm_visit(warm, peer->sockaddr, peer->socklen,
                                  &peer->name, peer->max_conns);
        }
    }

    ngx_stream_upstream_rr_peers_unlock(peers);
}
