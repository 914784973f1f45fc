/* SPDX-License-Identifier: BSD-2-Clause */

/* See ngx_stream_thrift_choose.h.  Called by ngx_stream_thrift_peer.c. */

#include "ngx_stream_thrift.h"


static ngx_int_t ngx_stream_thrift_choose_again(
    ngx_thrift_attempt_t *attempt) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_choose_or_wait(
    ngx_thrift_attempt_t *attempt) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_choose_its(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_stream_thrift_choose_get(
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_stream_thrift_choose_pass_over(
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_stream_thrift_choose_is_others(
    ngx_stream_thrift_choice_t *choice);
static ngx_int_t ngx_stream_thrift_choose_skip_other(
    ngx_thrift_attempt_t *attempt) nthrift_noinline;
static ngx_uint_t ngx_stream_thrift_choose_is_full(
    ngx_stream_thrift_choice_t *choice);
static ngx_uint_t ngx_stream_thrift_choose_is_filled(
    ngx_stream_thrift_choice_t *choice) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_choose_skip_full(
    ngx_thrift_attempt_t *attempt) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_choose_busy(
    ngx_thrift_attempt_t *attempt, ngx_stream_thrift_rr_tried_t *tried)
    nthrift_noinline;
static ngx_uint_t ngx_stream_thrift_choose_is_waited(
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_stream_thrift_choose_rebalance(
    ngx_stream_thrift_choice_t *choice);
static void ngx_stream_thrift_choose_end(ngx_stream_thrift_choice_t *choice,
    ngx_stream_thrift_rr_tried_t *tried);


ngx_int_t
ngx_stream_thrift_choose(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    if (attempt->full && ngx_stream_thrift_choose_again(attempt) != NGX_OK) {
        return NGX_ERROR;
    }

    if (attempt->pool->waits) {
        return ngx_stream_thrift_choose_or_wait(attempt);
    }

    rc = ngx_stream_thrift_choose_its(attempt);

    return (rc == NGX_BUSY) ? ngx_stream_thrift_choose_busy(attempt, NULL) : rc;
}


/* Servers were full. */

static ngx_int_t
ngx_stream_thrift_choose_again(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;

    attempt->full = 0;
    choice->places = 0;

    if (!choice->anew) {
        return NGX_OK;
    }

    choice->anew = 0;

    return choice->balancer->peer.init(
               ngx_stream_thrift_call_session(choice->call), choice->balancer);
}


/* A call that waits asks again, and has tried then what it has tried now. */

static ngx_int_t
ngx_stream_thrift_choose_or_wait(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                      rc;
    ngx_stream_thrift_choice_t    *choice;
    ngx_stream_thrift_rr_tried_t   tried;

    choice = attempt->choice;

    tried.n = ngx_stream_thrift_rr_words(choice->balancer, attempt->peer);

    if (tried.n) {
        ngx_stream_thrift_rr_keep_tried(attempt->peer, &tried);
    }

    rc = ngx_stream_thrift_choose_its(attempt);

    return (rc == NGX_BUSY) ? ngx_stream_thrift_choose_busy(attempt, &tried)
                            : rc;
}


static ngx_inline ngx_int_t
ngx_stream_thrift_choose_its(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    rc = ngx_stream_thrift_choose_get(attempt);

    return (rc == NGX_OK) ? ngx_stream_thrift_choose_pass_over(attempt) : rc;
}


static ngx_int_t
ngx_stream_thrift_choose_get(ngx_thrift_attempt_t *attempt)
{
    ngx_peer_connection_t  *peer;

    if (attempt->pool->slow_start) {
        return ngx_stream_thrift_ease_get(attempt->pool, attempt->choice);
    }

    peer = attempt->peer;

    return peer->get(peer, peer->data);
}


/* One was chosen; but it may not be the call's. */

static ngx_inline ngx_int_t
ngx_stream_thrift_choose_pass_over(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                    rc;
    ngx_stream_thrift_choice_t  *choice;

    rc = NGX_OK;
    choice = attempt->choice;

    if (ngx_stream_thrift_choose_is_others(choice)) {
        rc = ngx_stream_thrift_choose_skip_other(attempt);
    }

    if (rc == NGX_OK && ngx_stream_thrift_choose_is_full(choice)) {
        rc = ngx_stream_thrift_choose_skip_full(attempt);
    }

    return rc;
}


static ngx_uint_t
ngx_stream_thrift_choose_is_others(ngx_stream_thrift_choice_t *choice)
{
    ngx_peer_connection_t  *peer;

    peer = &choice->upstream.peer;

    return choice->other
           && ngx_memn2cmp((u_char *) peer->sockaddr,
                           (u_char *) choice->other->sockaddr,
                           peer->socklen, choice->other->socklen)
              == 0;
}


/* It goes back, and is not chosen again: its try was counted before. */

static ngx_int_t
ngx_stream_thrift_choose_skip_other(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                    rc;
    ngx_peer_connection_t       *peer;
    ngx_stream_thrift_choice_t  *choice;

    peer = attempt->peer;
    choice = attempt->choice;

    peer->tries++;

    do {
        ngx_stream_thrift_rr_undo_probe(choice->balancer, peer);
        peer->free(peer, peer->data, NGX_PEER_NEXT);

        if (peer->tries == 0) {
            return NGX_BUSY;
        }

        rc = ngx_stream_thrift_choose_get(attempt);

    } while (rc == NGX_OK && ngx_stream_thrift_choose_is_others(choice));

    return rc;
}


/*
 * A balancer counts the calls of its own configuration.  Where a reload has
 * left workers with another one, theirs are counted, too.
 */

static ngx_inline ngx_uint_t
ngx_stream_thrift_choose_is_full(ngx_stream_thrift_choice_t *choice)
{
    return choice->attempt->pool->shared
           && ngx_stream_thrift_choose_is_filled(choice);
}


static ngx_uint_t
ngx_stream_thrift_choose_is_filled(ngx_stream_thrift_choice_t *choice)
{
    ngx_uint_t                           n;
    ngx_peer_connection_t               *peer;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    peer = &choice->upstream.peer;
    rrp = ngx_stream_thrift_rr_data(choice->balancer, peer);

    if (rrp == NULL || rrp->current->max_conns == 0) {
        return 0;
    }

    n = ngx_thrift_address_elsewhere(choice->attempt->pool, peer->sockaddr,
                                     peer->socklen);

    return n && rrp->current->conns + n
                > ngx_stream_thrift_choose_max_conns(choice, rrp);
}


/* It was no try, as one that the balancer itself finds full. */

static ngx_int_t
ngx_stream_thrift_choose_skip_full(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                            rc;
    ngx_uint_t                           single;
    ngx_peer_connection_t               *peer;
    ngx_stream_thrift_choice_t          *choice;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    peer = attempt->peer;
    choice = attempt->choice;

    do {
        rrp = peer->data;
        single = rrp->peers->single;

        choice->places += rrp->current->max_conns;
        peer->tries++;

        ngx_stream_thrift_rr_undo_probe(choice->balancer, peer);
        peer->free(peer, peer->data, NGX_PEER_NEXT);

        if (single) {
            return NGX_BUSY;
        }

        rc = ngx_stream_thrift_choose_get(attempt);

        if (rc == NGX_OK && ngx_stream_thrift_choose_is_others(choice)) {
            rc = ngx_stream_thrift_choose_skip_other(attempt);
        }

    } while (rc == NGX_OK && ngx_stream_thrift_choose_is_full(choice));

    return rc;
}


/* Perhaps the servers have changed; else it is said if they are full. */

static ngx_int_t
ngx_stream_thrift_choose_busy(ngx_thrift_attempt_t *attempt,
    ngx_stream_thrift_rr_tried_t *tried)
{
    ngx_int_t                    rc;
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;
    rc = NGX_BUSY;

    if (ngx_stream_thrift_choose_rebalance(choice) == NGX_OK) {
        choice->places = 0;
        tried = NULL;

        rc = ngx_stream_thrift_choose_its(attempt);
    }

    if (rc == NGX_BUSY && !ngx_stream_thrift_choose_is_waited(attempt)
        && tried && tried->n && ngx_stream_thrift_is_held(choice->balancer))
    {
        /* meanwhile another worker may have given a place back */

        ngx_stream_thrift_rr_put_tried(attempt->peer, tried);

        rc = ngx_stream_thrift_choose_its(attempt);

        if (rc == NGX_BUSY) {
            (void) ngx_stream_thrift_choose_is_waited(attempt);
        }
    }

    if (rc == NGX_BUSY) {
        ngx_stream_thrift_choose_end(choice, tried);
    }

    return rc;
}


/* Are there servers that are only full?  Says so, and how many places. */

static ngx_uint_t
ngx_stream_thrift_choose_is_waited(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;

    attempt->pool->places = choice->places
                            + ngx_stream_thrift_rr_places(choice->balancer,
                                                          attempt->peer);
    attempt->full = (attempt->pool->places != 0);

    return attempt->full;
}


/*
 * With `resolve`, a balancer says NGX_BUSY when its peers have changed since
 * init; it may be initialised again.
 */

static ngx_int_t
ngx_stream_thrift_choose_rebalance(ngx_stream_thrift_choice_t *choice)
{
    ngx_stream_upstream_srv_conf_t  *us;

    us = choice->balancer;

    if (!ngx_stream_thrift_rr_is_outdated(us, &choice->upstream.peer)) {
        return NGX_DECLINED;
    }

    return us->peer.init(ngx_stream_thrift_call_session(choice->call), us);
}


/*
 * A balancer that has come to its backups does not leave them, and one that was
 * passed over is not chosen again.
 */

static void
ngx_stream_thrift_choose_end(ngx_stream_thrift_choice_t *choice,
    ngx_stream_thrift_rr_tried_t *tried)
{
    if (tried && tried->n) {
        ngx_stream_thrift_rr_put_tried(&choice->upstream.peer, tried);

    } else {
        choice->anew = ngx_stream_thrift_rr_has_backups(choice->balancer)
                       || choice->places;
    }
}


/* What is not wanted goes back, and is not chosen again. */

ngx_int_t
ngx_stream_thrift_choose_other(ngx_stream_thrift_choice_t *choice)
{
    ngx_uint_t              others, met;
    ngx_peer_connection_t  *peer;

    met = 0;
    peer = &choice->upstream.peer;

    while (peer->get(peer, peer->data) == NGX_OK) {

        others = ngx_stream_thrift_choose_is_others(choice);

        if (!others
            && !ngx_stream_thrift_choose_is_full(choice)
            && !ngx_stream_thrift_rr_is_backup(choice->balancer, peer)
            && !ngx_stream_thrift_rr_is_probe(choice->balancer, peer))
        {
            if (!met && peer->tries) {
                peer->tries--;
            }

            return NGX_OK;
        }

        met |= others;

        ngx_stream_thrift_rr_undo_probe(choice->balancer, peer);
        peer->free(peer, peer->data, NGX_PEER_NEXT);

        if (peer->tries == 0) {
            break;
        }
    }

    peer->sockaddr = NULL;

    return NGX_BUSY;
}


ngx_uint_t
ngx_stream_thrift_choose_max_conns(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_rr_peer_data_t *rrp)
{
    if (rrp->current->max_conns == 0
        || (!ngx_stream_thrift_pool_of(choice->attempt->pool)->repeats
            && !ngx_stream_thrift_rr_changes(choice->balancer)))
    {
        return rrp->current->max_conns;
    }

    return ngx_stream_thrift_rr_max_conns(choice->balancer, rrp->current);
}
