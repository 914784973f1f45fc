/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_rr.h.  Called by ngx_stream_thrift_peer.c,
 * ngx_stream_thrift_choose.c, ngx_stream_thrift_ease.c and
 * ngx_stream_thrift_held.c.
 */

#include "ngx_stream_thrift.h"


/* What changes with the servers: in nginx, and in Angie. */

#if defined NGX_STREAM_UPSTREAM_MODIFY
#define ngx_stream_thrift_rr_number  config
#elif (NGX_THRIFT_HAVE_GENERATION)
#define ngx_stream_thrift_rr_number  generation
#endif


static ngx_uint_t ngx_stream_thrift_rr_is_fixed(
    ngx_stream_thrift_choice_t *choice, ngx_stream_upstream_srv_conf_t *us);
static ngx_stream_upstream_rr_peer_data_t *ngx_stream_thrift_rr_asked(
    ngx_stream_upstream_srv_conf_t *us, ngx_peer_connection_t *peer);
static ngx_uint_t ngx_stream_thrift_rr_full_places(
    ngx_stream_upstream_rr_peers_t *peers);
static ngx_uint_t ngx_stream_thrift_rr_is_same(
    ngx_stream_upstream_rr_peer_t *peer, ngx_stream_upstream_rr_peer_t *server);
static ngx_uint_t ngx_stream_thrift_rr_has_other(
    ngx_stream_upstream_rr_peers_t *peers,
    ngx_stream_upstream_rr_peer_t *server);
static ngx_stream_upstream_rr_peer_t *ngx_stream_thrift_rr_lock(
    ngx_stream_upstream_rr_peer_data_t *rrp);
static void ngx_stream_thrift_rr_unlock(
    ngx_stream_upstream_rr_peer_data_t *rrp);
static time_t ngx_stream_thrift_rr_failed(
    ngx_stream_upstream_rr_peer_t *server);


ngx_int_t
ngx_stream_thrift_rr_init(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_srv_conf_t *us)
{
    ngx_stream_session_t    *s;
    ngx_peer_connection_t   *peer;
    ngx_stream_thrift_rr_t  *rr;

    rr = &choice->rr;
    peer = &choice->upstream.peer;

    s = ngx_stream_thrift_call_session(choice->call);

    if (us->peer.init != ngx_stream_upstream_init_round_robin_peer) {
        return us->peer.init(s, us);
    }

    peer->data = &rr->data;

    if (us->peer.init(s, us) != NGX_OK) {
        return NGX_ERROR;
    }

    rr->upstream = us;

    if (ngx_stream_thrift_rr_is_fixed(choice, us)) {
        rr->fixed = 1;
        rr->first = rr->data;
        rr->tries = peer->tries;
    }

    return NGX_OK;
}


/*
 * Nobody adds servers to it, removes them or calls them down, and which of them
 * were tried is in the data itself.
 */

static ngx_uint_t
ngx_stream_thrift_rr_is_fixed(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_srv_conf_t *us)
{
    return us->shm_zone == NULL
           && ngx_stream_thrift_pool_of(choice->attempt->pool)->health == NULL
           && choice->rr.data.tried == &choice->rr.data.data;
}


ngx_stream_upstream_rr_peer_data_t *
ngx_stream_thrift_rr_data(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_asked(us, peer);

    return (rrp && rrp->current) ? rrp : NULL;
}


/*
 * Whether or not it has chosen.  Balancers of others may keep anything, and are
 * told by what it says.
 */

static ngx_stream_upstream_rr_peer_data_t *
ngx_stream_thrift_rr_asked(ngx_stream_upstream_srv_conf_t *us,
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

    return (rrp->peers == peers || rrp->peers == peers->next) ? rrp : NULL;
}


ngx_uint_t
ngx_stream_thrift_rr_words(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_uint_t                       n;
    ngx_stream_upstream_rr_peers_t  *peers;

    if (ngx_stream_thrift_rr_asked(us, peer) == NULL) {
        return 0;
    }

    peers = us->peer.data;
    n = peers->number;

    if (peers->next) {
        n = ngx_max(n, peers->next->number);
    }

    n = (n + 8 * sizeof(uintptr_t) - 1) / (8 * sizeof(uintptr_t));

    /* there may have been fewer servers when it began, but there is one word */

    if (n > NGX_STREAM_THRIFT_RR_TRIED
        || (n > 1 && ngx_stream_thrift_rr_changes(us)))
    {
        return 0;
    }

    return ngx_max(n, 1);
}


void
ngx_stream_thrift_rr_keep_tried(ngx_peer_connection_t *peer,
    ngx_stream_thrift_rr_tried_t *tried)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = peer->data;

    tried->peers = rrp->peers;
    tried->tries = peer->tries;

    ngx_memcpy(tried->bits, rrp->tried, tried->n * sizeof(uintptr_t));
}


void
ngx_stream_thrift_rr_put_tried(ngx_peer_connection_t *peer,
    ngx_stream_thrift_rr_tried_t *tried)
{
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = peer->data;

    rrp->peers = tried->peers;
    peer->tries = tried->tries;

    ngx_memcpy(rrp->tried, tried->bits, tried->n * sizeof(uintptr_t));
}


void
ngx_stream_thrift_rr_untry(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_uint_t                           i, n;
    ngx_stream_upstream_rr_peer_t       *server;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_data(us, peer);

    if (rrp == NULL) {
        return;
    }

    i = 0;

    ngx_stream_upstream_rr_peers_rlock(rrp->peers);

    for (server = rrp->peers->peer;
         server && server != rrp->current;
         server = server->next)
    {
        i++;
    }

    ngx_stream_upstream_rr_peers_unlock(rrp->peers);

    n = i / (8 * sizeof(uintptr_t));

    if (server && n < ngx_stream_thrift_rr_words(us, peer)) {
        rrp->tried[n] &= ~((uintptr_t) 1 << i % (8 * sizeof(uintptr_t)));
        peer->tries++;
    }
}


ngx_uint_t
ngx_stream_thrift_rr_is_outdated(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
#if defined ngx_stream_thrift_rr_number

    ngx_stream_upstream_rr_peers_t      *peers;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_asked(us, peer);
    peers = rrp ? us->peer.data : NULL;

    return peers && peers->ngx_stream_thrift_rr_number
           && rrp->ngx_stream_thrift_rr_number
              != *peers->ngx_stream_thrift_rr_number;

#else

    (void) us;
    (void) peer;

    return 0;

#endif
}


ngx_uint_t
ngx_stream_thrift_rr_places(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_uint_t                       places;
    ngx_stream_upstream_rr_peers_t  *peers;

    if (ngx_stream_thrift_rr_asked(us, peer) == NULL) {
        return 0;
    }

    places = 0;

    for (peers = us->peer.data; peers; peers = peers->next) {
        ngx_stream_upstream_rr_peers_rlock(peers);
        places += ngx_stream_thrift_rr_full_places(peers);
        ngx_stream_upstream_rr_peers_unlock(peers);
    }

    return places;
}


ngx_uint_t
ngx_stream_thrift_rr_max_conns(ngx_stream_upstream_srv_conf_t *us,
    ngx_stream_upstream_rr_peer_t *server)
{
    ngx_uint_t                       max, unlimited;
    ngx_stream_upstream_rr_peer_t   *peer;
    ngx_stream_upstream_rr_peers_t  *peers;

    max = 0;
    unlimited = (server->max_conns == 0);

    for (peers = us->peer.data; peers && !unlimited; peers = peers->next) {

        ngx_stream_upstream_rr_peers_rlock(peers);

        for (peer = peers->peer; peer; peer = peer->next) {

            if (ngx_stream_thrift_rr_is_same(peer, server)) {
                max += peer->max_conns;
                unlimited |= (peer->max_conns == 0);
            }
        }

        ngx_stream_upstream_rr_peers_unlock(peers);
    }

    /* with `resolve` it may have gone meanwhile */

    return unlimited ? 0 : ngx_max(max, server->max_conns);
}


static ngx_uint_t
ngx_stream_thrift_rr_is_same(ngx_stream_upstream_rr_peer_t *peer,
    ngx_stream_upstream_rr_peer_t *server)
{
    return peer == server
           || (!peer->down
               && ngx_memn2cmp((u_char *) peer->sockaddr,
                               (u_char *) server->sockaddr,
                               peer->socklen, server->socklen)
                  == 0);
}


ngx_uint_t
ngx_stream_thrift_rr_has_backups(ngx_stream_upstream_srv_conf_t *us)
{
    ngx_stream_upstream_rr_peers_t  *peers;

    peers = us->peer.data;

    return peers->next != NULL;
}


/* nginx has a flag for it; Angie counts in the zone how often they did. */

ngx_uint_t
ngx_stream_thrift_rr_changes(ngx_stream_upstream_srv_conf_t *us)
{
#if defined NGX_STREAM_UPSTREAM_MODIFY

    return us && us->shm_zone && (us->flags & NGX_STREAM_UPSTREAM_MODIFY);

#elif (NGX_THRIFT_HAVE_GENERATION)

    ngx_stream_upstream_rr_peers_t  *peers;

    peers = us ? us->peer.data : NULL;

    return peers && peers->generation;

#else

    (void) us;

    return 0;

#endif
}


static ngx_uint_t
ngx_stream_thrift_rr_full_places(ngx_stream_upstream_rr_peers_t *peers)
{
    ngx_uint_t                      places;
    ngx_stream_upstream_rr_peer_t  *peer;

    places = 0;

    for (peer = peers->peer; peer; peer = peer->next) {

        if (!peer->down && peer->max_conns && peer->conns >= peer->max_conns
            && (peer->max_fails == 0 || peer->fails < peer->max_fails))
        {
            places += peer->max_conns;
        }
    }

    return places;
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
ngx_stream_thrift_rr_is_last(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_uint_t                           others;
    ngx_stream_upstream_rr_peers_t      *peers;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_data(us, peer);

    if (rrp == NULL) {
        return 0;
    }

    others = 0;

    for (peers = us->peer.data; peers && !others; peers = peers->next) {
        ngx_stream_upstream_rr_peers_rlock(peers);
        others = ngx_stream_thrift_rr_has_other(peers, rrp->current);
        ngx_stream_upstream_rr_peers_unlock(peers);
    }

    return !others;
}


static ngx_uint_t
ngx_stream_thrift_rr_has_other(ngx_stream_upstream_rr_peers_t *peers,
    ngx_stream_upstream_rr_peer_t *server)
{
    ngx_stream_upstream_rr_peer_t  *peer;

    for (peer = peers->peer; peer; peer = peer->next) {

        if (peer != server && !peer->down
            && (peer->max_fails == 0 || peer->fails < peer->max_fails))
        {
            return 1;
        }
    }

    return 0;
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

    server = ngx_stream_thrift_rr_lock(rrp);

    if (server->max_fails != 0 && server->fails >= server->max_fails) {
        server->checked = ngx_stream_thrift_rr_failed(server);
    }

    ngx_stream_thrift_rr_unlock(rrp);
}


void
ngx_stream_thrift_rr_end_probe(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
#if (NGX_THRIFT_HAVE_RECOVER_AT)

    ngx_stream_upstream_rr_peer_t       *server;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    rrp = ngx_stream_thrift_rr_data(us, peer);

    if (rrp == NULL) {
        return;
    }

    server = ngx_stream_thrift_rr_lock(rrp);

    if (server->recover_at <= server->checked) {
        server->fails = 0;
    }

    ngx_stream_thrift_rr_unlock(rrp);

#endif
}


/* The server, and nobody else changes it. */

static ngx_stream_upstream_rr_peer_t *
ngx_stream_thrift_rr_lock(ngx_stream_upstream_rr_peer_data_t *rrp)
{
    ngx_stream_upstream_rr_peers_rlock(rrp->peers);
    ngx_stream_upstream_rr_peer_lock(rrp->peers, rrp->current);

    return rrp->current;
}


static void
ngx_stream_thrift_rr_unlock(ngx_stream_upstream_rr_peer_data_t *rrp)
{
    ngx_stream_upstream_rr_peer_unlock(rrp->peers, rrp->current);
    ngx_stream_upstream_rr_peers_unlock(rrp->peers);
}


/* When it failed last */

static time_t
ngx_stream_thrift_rr_failed(ngx_stream_upstream_rr_peer_t *server)
{
#if (NGX_THRIFT_HAVE_RECOVER_AT)

    return server->recover_at - server->fail_timeout;

#else

    return server->accessed;

#endif
}


/*
 * nginx has a place for the time, in the zone if there is one, and leaves it to
 * others.  Angie has one of its own, which counts with its "slow_start".
 */

ngx_msec_t
ngx_stream_thrift_rr_started(ngx_stream_upstream_rr_peer_t *server)
{
#if (NGX_THRIFT_HAVE_START_TIME)

    return server->start_time;

#else

    return 0;

#endif
}


void
ngx_stream_thrift_rr_set_started(ngx_stream_upstream_rr_peer_t *server,
    ngx_msec_t started)
{
#if (NGX_THRIFT_HAVE_START_TIME)

    server->start_time = started;

#else

    if (server->slow_start) {
        server->slow_time = started;
    }

#endif
}
