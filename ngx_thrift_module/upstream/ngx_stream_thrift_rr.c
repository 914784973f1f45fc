
/*
 * See ngx_stream_thrift_rr.h.  Called by ngx_stream_thrift_peer.c and
 * ngx_stream_thrift_held.c.
 */

#include "ngx_stream_thrift.h"


/* Balancers of others may keep anything, and are told by what it says. */

ngx_stream_upstream_rr_peer_data_t *
ngx_stream_thrift_rr_data(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_upstream_rr_peers_t      *peers;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    if (us == NULL) {
        return NULL;
    }

    rrp = peer->data;
    peers = us->peer.data;

    if (rrp == NULL) {
        return NULL;
    }

    if (rrp->peers != peers && rrp->peers != peers->next) {
        return NULL;
    }

    return rrp->current ? rrp : NULL;
}


ngx_uint_t
ngx_stream_thrift_rr_max_conns(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_data(us, peer);

    return rrp ? rrp->current->max_conns : 0;
}


ngx_uint_t
ngx_stream_thrift_rr_is_backup(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_data(us, peer);

    return rrp && rrp->peers != us->peer.data;
}


ngx_uint_t
ngx_stream_thrift_rr_is_probe(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_data(us, peer);

    return rrp && !rrp->peers->single
           && rrp->current->max_fails != 0
           && rrp->current->fails >= rrp->current->max_fails;
}


/* A server is there again when it was checked after it had failed. */

void
ngx_stream_thrift_rr_undo_probe(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_upstream_rr_peer_t       *server;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_data(us, peer);

    if (rrp == NULL) {
        return;
    }

    server = rrp->current;

    ngx_stream_upstream_rr_peers_rlock(rrp->peers);
    ngx_stream_upstream_rr_peer_lock(rrp->peers, server);

    if (server->max_fails != 0 && server->fails >= server->max_fails) {
        server->checked = server->accessed;
    }

    ngx_stream_upstream_rr_peer_unlock(rrp->peers, server);
    ngx_stream_upstream_rr_peers_unlock(rrp->peers);
}
