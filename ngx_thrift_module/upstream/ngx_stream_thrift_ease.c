/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_ease.h.  Called by ngx_stream_thrift_choose.c, and by
 * ngx_stream_thrift_peer.c when a server answers.
 *
 * When a server came back is kept with the server: ngx_stream_thrift_rr.c.
 *
 * A balancer that has chosen such a server is asked again, while it still holds
 * that, so that it chooses another; then one of the two goes back.
 */

#include "ngx_stream_thrift.h"


/* What a balancer has chosen, and from what. */

typedef struct {
    ngx_stream_thrift_rr_tried_t     tried;
    ngx_stream_upstream_rr_peer_t   *current;
    struct sockaddr                 *sockaddr;
    socklen_t                        socklen;
    ngx_str_t                       *name;
} ngx_stream_thrift_eased_t;


static ngx_uint_t ngx_stream_thrift_ease_words(
    ngx_stream_thrift_choice_t *choice);
static ngx_uint_t ngx_stream_thrift_ease_is_due(ngx_thrift_pool_t *pool,
    ngx_stream_thrift_choice_t *choice);
static void ngx_stream_thrift_ease_choose(ngx_stream_thrift_choice_t *choice,
    ngx_stream_thrift_eased_t *before) nthrift_noinline;
static void ngx_stream_thrift_ease_save(ngx_peer_connection_t *peer,
    ngx_stream_thrift_eased_t *saved);
static void ngx_stream_thrift_ease_restore(ngx_peer_connection_t *peer,
    ngx_stream_thrift_eased_t *saved);


ngx_int_t
ngx_stream_thrift_ease_get(ngx_thrift_pool_t *pool,
    ngx_stream_thrift_choice_t *choice)
{
    ngx_int_t                   rc;
    ngx_uint_t                  n;
    ngx_peer_connection_t      *peer;
    ngx_stream_thrift_eased_t   before;

    peer = &choice->upstream.peer;

    n = ngx_stream_thrift_ease_words(choice);

    if (n == 0) {
        return peer->get(peer, peer->data);
    }

    before.tried.n = n;
    ngx_stream_thrift_ease_save(peer, &before);

    rc = peer->get(peer, peer->data);

    if (rc == NGX_OK && ngx_stream_thrift_ease_is_due(pool, choice)) {
        ngx_stream_thrift_ease_choose(choice, &before);
    }

    return rc;
}


/* 0: it has no other server to choose, or is another balancer. */

static ngx_uint_t
ngx_stream_thrift_ease_words(ngx_stream_thrift_choice_t *choice)
{
    ngx_peer_connection_t               *peer;
    ngx_stream_upstream_rr_peers_t      *peers;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    if (choice->balancer == NULL) {
        return 0;
    }

    peer = &choice->upstream.peer;
    peers = choice->balancer->peer.data;
    rrp = peer->data;

    if (rrp == NULL || rrp->peers != peers || peers->single) {
        return 0;
    }

    return ngx_stream_thrift_rr_words(choice->balancer, peer);
}


/* Is the server to have fewer calls, and not this one? */

static ngx_uint_t
ngx_stream_thrift_ease_is_due(ngx_thrift_pool_t *pool,
    ngx_stream_thrift_choice_t *choice)
{
    ngx_msec_t                           started;
    ngx_msec_int_t                       since;
    ngx_peer_connection_t               *peer;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    peer = &choice->upstream.peer;
    rrp = ngx_stream_thrift_rr_data(choice->balancer, peer);

    started = rrp ? ngx_stream_thrift_rr_started(rrp->current) : 0;

    if (started == 0
        || ngx_stream_thrift_rr_is_backup(choice->balancer, peer)
        || ngx_stream_thrift_rr_is_probe(choice->balancer, peer))
    {
        return 0;
    }

    since = (ngx_msec_int_t) (ngx_current_msec - started);

    if (since >= (ngx_msec_int_t) pool->slow_start) {
        ngx_stream_thrift_rr_set_started(rrp->current, 0);
        return 0;
    }

    /* another worker's clock may be a little ahead */

    return (ngx_msec_int_t) (ngx_thrift_random() % pool->slow_start) >= since;
}


/* Another one, that is no backup; else the first after all. */

static void
ngx_stream_thrift_ease_choose(ngx_stream_thrift_choice_t *choice,
    ngx_stream_thrift_eased_t *before)
{
    ngx_int_t                            rc;
    ngx_uint_t                           i;
    ngx_peer_connection_t               *peer;
    ngx_stream_thrift_eased_t            first, other;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    peer = &choice->upstream.peer;
    rrp = peer->data;

    first.tried.n = before->tried.n;
    other.tried.n = before->tried.n;

    ngx_stream_thrift_ease_save(peer, &first);

    rc = peer->get(peer, peer->data);

    if (rc == NGX_OK && rrp->peers == first.tried.peers) {
        ngx_stream_thrift_ease_save(peer, &other);

        ngx_stream_thrift_ease_restore(peer, &first);
        peer->free(peer, peer->data, NGX_PEER_NEXT);

        /* it may still be tried */

        for (i = 0; i < other.tried.n; i++) {
            other.tried.bits[i] &= ~(first.tried.bits[i]
                                     & ~before->tried.bits[i]);
        }

        ngx_stream_thrift_ease_restore(peer, &other);
        return;
    }

    if (rc == NGX_OK) {
        ngx_stream_thrift_rr_undo_probe(choice->balancer, peer);
        peer->free(peer, peer->data, NGX_PEER_NEXT);
    }

    ngx_stream_thrift_ease_restore(peer, &first);
}


static void
ngx_stream_thrift_ease_save(ngx_peer_connection_t *peer,
    ngx_stream_thrift_eased_t *saved)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = peer->data;

    ngx_stream_thrift_rr_keep_tried(peer, &saved->tried);

    saved->current = rrp->current;
    saved->sockaddr = peer->sockaddr;
    saved->socklen = peer->socklen;
    saved->name = peer->name;
}


static void
ngx_stream_thrift_ease_restore(ngx_peer_connection_t *peer,
    ngx_stream_thrift_eased_t *saved)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = peer->data;

    ngx_stream_thrift_rr_put_tried(peer, &saved->tried);

    rrp->current = saved->current;
    peer->sockaddr = saved->sockaddr;
    peer->socklen = saved->socklen;
    peer->name = saved->name;
}


void
ngx_stream_thrift_ease_begin(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    if (ngx_stream_thrift_rr_is_probe(us, peer)) {
        rrp = peer->data;
        ngx_stream_thrift_rr_set_started(rrp->current, ngx_current_msec);
    }
}
