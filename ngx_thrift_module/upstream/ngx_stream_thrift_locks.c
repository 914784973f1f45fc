/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_locks.h.  Called by ngx_stream_thrift_held.c.
 *
 * A lock of ngx_rwlock.c is the number of those that read, or -1 where one
 * writes.  They are inside for less than a microsecond, and wait there for
 * nothing but the lock of one server, which is only taken inside that of all.
 * So a lock that is never seen open in hundreds of looks, a millisecond apart,
 * is a dead worker's.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_LOCKS_WRITES  ((ngx_atomic_uint_t) -1)

#define NGX_STREAM_THRIFT_LOCKS_LOOKS   500


static ngx_uint_t ngx_stream_thrift_locks_open_servers(
    ngx_stream_upstream_rr_peers_t *peers);
static ngx_uint_t ngx_stream_thrift_locks_enter(ngx_atomic_t *lock);
static ngx_uint_t ngx_stream_thrift_locks_open_write(ngx_atomic_t *lock,
    ngx_atomic_uint_t readers);
static ngx_uint_t ngx_stream_thrift_locks_open_read(ngx_atomic_t *lock);


void
ngx_stream_thrift_locks_open(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_log_t *log)
{
    ngx_uint_t                        i, n;
    ngx_stream_thrift_pool_t        **pool;
    ngx_stream_upstream_srv_conf_t   *us;
    ngx_stream_upstream_rr_peers_t   *peers;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        us = pool[i]->upstream;

        if (us == NULL || us->shm_zone == NULL) {
            continue;
        }

        n = 0;

        for (peers = us->peer.data; peers; peers = peers->next) {
            n += ngx_stream_thrift_locks_open_servers(peers);
        }

        if (n) {
            ngx_log_error(NGX_LOG_NOTICE, log, 0,
                          "servers of upstream \"%V\" were locked by a worker "
                          "that has died", &us->host);
        }
    }
}


/* Returns how many of their locks a dead worker has held. */

static ngx_uint_t
ngx_stream_thrift_locks_open_servers(ngx_stream_upstream_rr_peers_t *peers)
{
    ngx_uint_t                      n;
    ngx_stream_upstream_rr_peer_t  *peer;

    /* now nobody adds servers or removes them */

    n = ngx_stream_thrift_locks_enter(&peers->rwlock);

    for (peer = peers->peer; peer; peer = peer->next) {
        n += ngx_stream_thrift_locks_open_write(&peer->lock, 0);
    }

    ngx_rwlock_unlock(&peers->rwlock);

    return n + ngx_stream_thrift_locks_open_read(&peers->rwlock);
}


/* As ngx_rwlock_rlock(); 1: one that has died wrote. */

static ngx_uint_t
ngx_stream_thrift_locks_enter(ngx_atomic_t *lock)
{
    ngx_atomic_uint_t  n;

    for ( ;; ) {
        n = *lock;

        if (n != NGX_STREAM_THRIFT_LOCKS_WRITES) {

            if (ngx_atomic_cmp_set(lock, n, n + 1)) {
                return 0;
            }

        } else if (ngx_stream_thrift_locks_open_write(lock, 1)) {
            return 1;
        }
    }
}


/* If one that has died writes, there are so many that read instead. */

static ngx_uint_t
ngx_stream_thrift_locks_open_write(ngx_atomic_t *lock,
    ngx_atomic_uint_t readers)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_STREAM_THRIFT_LOCKS_LOOKS; i++) {

        if (*lock != NGX_STREAM_THRIFT_LOCKS_WRITES) {
            return 0;
        }

        ngx_msleep(1);
    }

    return ngx_atomic_cmp_set(lock, NGX_STREAM_THRIFT_LOCKS_WRITES, readers);
}


/* Of those that read, the living come and go: how many were there always? */

static ngx_uint_t
ngx_stream_thrift_locks_open_read(ngx_atomic_t *lock)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n, dead;

    dead = NGX_STREAM_THRIFT_LOCKS_WRITES;

    for (i = 0; i < NGX_STREAM_THRIFT_LOCKS_LOOKS; i++) {
        n = *lock;

        /* who writes has found nobody */

        if (n == 0 || n == NGX_STREAM_THRIFT_LOCKS_WRITES) {
            return 0;
        }

        dead = ngx_min(dead, n);

        ngx_msleep(1);
    }

    (void) ngx_atomic_fetch_add(lock, -(ngx_atomic_int_t) dead);

    return dead;
}
