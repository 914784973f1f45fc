/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_held.h.  Called by ngx_stream_thrift_peer.c around
 * what a balancer holds, and calls ngx_stream_thrift_locks.c.  A worker has a
 * table of its own, and nobody else looks at it while the worker lives: it
 * needs no lock.
 *
 * A table is its worker's by the pid.  The number of a worker would not do:
 * when an upgrade is taken back, nginx starts workers with the numbers of those
 * that shut down, of the same configuration.
 */

#include "ngx_stream_thrift.h"

#include <signal.h>


#define NGX_STREAM_THRIFT_HELD_WORKERS  128     /* with a table, those that shut
                                                   down included */
#define NGX_STREAM_THRIFT_HELD_SERVERS  1024    /* in it; a power of two */


typedef struct {
    ngx_stream_upstream_rr_peers_t  *peers;
    ngx_stream_upstream_rr_peer_t   *peer;      /* NULL: none is here */
    ngx_uint_t                       n;
} ngx_stream_thrift_held_server_t;


typedef ngx_stream_thrift_held_server_t
    ngx_stream_thrift_held_table_t[NGX_STREAM_THRIFT_HELD_SERVERS];


typedef struct {
    ngx_atomic_t                      pids[NGX_STREAM_THRIFT_HELD_WORKERS];
                                        /* whose table it is; 0: nobody's */
    ngx_atomic_t                      heir; /* the worker that inherits them;
                                               0: none does */
    ngx_stream_thrift_held_table_t    tables[NGX_STREAM_THRIFT_HELD_WORKERS];
} ngx_stream_thrift_held_data_t;


struct ngx_stream_thrift_held_s {
    ngx_shm_t                         shm;
    ngx_stream_thrift_held_data_t    *data;
};


static void ngx_stream_thrift_held_cleanup(void *data);
static ngx_uint_t ngx_stream_thrift_held_one_is_left(
    ngx_stream_thrift_held_data_t *data);
static void ngx_stream_thrift_held_wait(ngx_stream_thrift_held_data_t *data);
static ngx_uint_t ngx_stream_thrift_held_inherit(
    ngx_stream_thrift_held_data_t *data);
static void ngx_stream_thrift_held_find_table(
    ngx_stream_thrift_held_data_t *data);
static ngx_uint_t ngx_stream_thrift_held_is_left(ngx_pid_t pid);
static ngx_uint_t ngx_stream_thrift_held_give_back_all(
    ngx_stream_thrift_held_server_t *servers);
static void ngx_stream_thrift_held_give_back(
    ngx_stream_thrift_held_server_t *server);
static ngx_int_t ngx_stream_thrift_held_unref(
    ngx_stream_thrift_held_server_t *server, ngx_uint_t held);
static ngx_stream_thrift_held_server_t *ngx_stream_thrift_held_find(
    ngx_stream_upstream_srv_conf_t *us, ngx_peer_connection_t *peer);


/* The worker's table; NULL: it has none. */

static ngx_stream_thrift_held_server_t  *ngx_stream_thrift_held;


ngx_stream_thrift_held_t *
ngx_stream_thrift_held_create(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t        *cln;
    ngx_stream_thrift_held_t  *held;

    held = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_held_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (held == NULL || cln == NULL) {
        return NULL;
    }

    /* what is not used of it takes no memory */

    held->shm.size = sizeof(ngx_stream_thrift_held_data_t);
    held->shm.log = cf->log;
    ngx_str_set(&held->shm.name, "thrift_held");

    if (ngx_shm_alloc(&held->shm) != NGX_OK) {
        return NULL;
    }

    held->data = (ngx_stream_thrift_held_data_t *) held->shm.addr;

    cln->handler = ngx_stream_thrift_held_cleanup;
    cln->data = held;

    return held;
}


static void
ngx_stream_thrift_held_cleanup(void *data)
{
    ngx_stream_thrift_held_t  *held = data;

    held->shm.log = ngx_cycle->log;

    ngx_shm_free(&held->shm);
}


void
ngx_stream_thrift_held_init(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_log_t *log)
{
    ngx_uint_t                      n;
    ngx_stream_thrift_held_data_t  *data;

    ngx_stream_thrift_held = NULL;
    data = tmcf->in_use->data;

    if (ngx_stream_thrift_held_one_is_left(data)) {
        ngx_stream_thrift_held_wait(data);

        ngx_stream_thrift_locks_open(tmcf, log);
        n = ngx_stream_thrift_held_inherit(data);

        data->heir = 0;

        if (n) {
            ngx_log_error(NGX_LOG_NOTICE, log, 0,
                          "%ui calls of a worker that has died do not count "
                          "for their servers any more", n);
        }
    }

    if (ngx_stream_thrift_held == NULL) {
        ngx_stream_thrift_held_find_table(data);
    }
}


static ngx_uint_t
ngx_stream_thrift_held_one_is_left(ngx_stream_thrift_held_data_t *data)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_STREAM_THRIFT_HELD_WORKERS; i++) {

        if (data->pids[i]
            && ngx_stream_thrift_held_is_left((ngx_pid_t) data->pids[i]))
        {
            return 1;
        }
    }

    return 0;
}


/* Until no other worker inherits; one that does may die, too. */

static void
ngx_stream_thrift_held_wait(ngx_stream_thrift_held_data_t *data)
{
    ngx_atomic_uint_t  heir;

    for ( ;; ) {
        heir = data->heir;

        if ((heir == 0 || ngx_stream_thrift_held_is_left((ngx_pid_t) heir))
            && ngx_atomic_cmp_set(&data->heir, heir,
                                  (ngx_atomic_uint_t) ngx_pid))
        {
            return;
        }

        ngx_msleep(1);
    }
}


/*
 * Gives back what all the dead have held, and takes the table of one of them.
 * Another worker may take one at the same time.
 */

static ngx_uint_t
ngx_stream_thrift_held_inherit(ngx_stream_thrift_held_data_t *data)
{
    ngx_uint_t         i, n;
    ngx_atomic_t      *owner;
    ngx_atomic_uint_t  pid;

    n = 0;

    for (i = 0; i < NGX_STREAM_THRIFT_HELD_WORKERS; i++) {

        owner = &data->pids[i];
        pid = *owner;

        if (pid == 0
            || !ngx_stream_thrift_held_is_left((ngx_pid_t) pid)
            || !ngx_atomic_cmp_set(owner, pid, (ngx_atomic_uint_t) ngx_pid))
        {
            continue;
        }

        n += ngx_stream_thrift_held_give_back_all(data->tables[i]);

        if (ngx_stream_thrift_held == NULL) {
            ngx_stream_thrift_held = data->tables[i];

        } else {
            *owner = 0;
        }
    }

    return n;
}


static void
ngx_stream_thrift_held_find_table(ngx_stream_thrift_held_data_t *data)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_STREAM_THRIFT_HELD_WORKERS; i++) {

        if (data->pids[i] == 0
            && ngx_atomic_cmp_set(&data->pids[i], 0,
                                  (ngx_atomic_uint_t) ngx_pid))
        {
            ngx_stream_thrift_held = data->tables[i];
            return;
        }
    }
}


/* By a worker that has ended; this one has none yet, but may have its pid. */

static ngx_uint_t
ngx_stream_thrift_held_is_left(ngx_pid_t pid)
{
    return pid == ngx_pid || (kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH);
}


static ngx_uint_t
ngx_stream_thrift_held_give_back_all(ngx_stream_thrift_held_server_t *servers)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < NGX_STREAM_THRIFT_HELD_SERVERS; i++) {

        if (servers[i].n) {
            n += servers[i].n;
            ngx_stream_thrift_held_give_back(&servers[i]);
        }
    }

    return n;
}


/*
 * If this worker dies meanwhile, too, a place is lost rather than given back
 * twice: a server with fewer than none would have no place any more.
 */

static void
ngx_stream_thrift_held_give_back(ngx_stream_thrift_held_server_t *server)
{
    ngx_uint_t                       n;
    ngx_stream_upstream_rr_peer_t   *peer;
    ngx_stream_upstream_rr_peers_t  *peers;

    n = server->n;
    peer = server->peer;
    peers = server->peers;

    server->n = 0;

    ngx_stream_upstream_rr_peers_rlock(peers);
    ngx_stream_upstream_rr_peer_lock(peers, peer);

    peer->conns -= ngx_min(peer->conns, n);

    if (ngx_stream_thrift_held_unref(server, n) == NGX_OK) {
        ngx_stream_upstream_rr_peer_unlock(peers, peer);
    }

    ngx_stream_upstream_rr_peers_unlock(peers);
}


/*
 * With `resolve`, a server that DNS does not name any more is freed with the
 * last call that holds it; NGX_DONE: it has been.
 */

static ngx_int_t
ngx_stream_thrift_held_unref(ngx_stream_thrift_held_server_t *server,
    ngx_uint_t held)
{
#if (NGX_THRIFT_HAVE_PEER_REFS)

    ngx_int_t   rc;
    ngx_uint_t  i, n;

    rc = NGX_OK;
    n = ngx_min(server->peer->refs, held);

    for (i = 0; i < n; i++) {
        rc = ngx_stream_upstream_rr_peer_unref(server->peers, server->peer);
    }

    return rc;

#else

    (void) server;
    (void) held;

    return NGX_OK;

#endif
}


void
ngx_stream_thrift_held_add(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_thrift_held_server_t     *server;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    server = ngx_stream_thrift_held_find(us, peer);

    if (server == NULL) {
        return;
    }

    if (server->n == 0) {
        rrp = peer->data;
        server->peers = rrp->peers;
        server->peer = rrp->current;
    }

    server->n++;
}


void
ngx_stream_thrift_held_remove(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_stream_thrift_held_server_t  *server;

    server = ngx_stream_thrift_held_find(us, peer);

    if (server && server->n) {
        server->n--;
    }
}


/*
 * The place of the server that is held, or a free one for it.  NULL: the worker
 * has no table, the balancer is not of a known kind, or the table is full.
 */

static ngx_stream_thrift_held_server_t *
ngx_stream_thrift_held_find(ngx_stream_upstream_srv_conf_t *us,
    ngx_peer_connection_t *peer)
{
    ngx_uint_t                           i, n;
    ngx_stream_thrift_held_server_t     *server, *unused;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    if (ngx_stream_thrift_held == NULL) {
        return NULL;
    }

    rrp = ngx_stream_thrift_rr_data(us, peer);

    if (rrp == NULL) {
        return NULL;
    }

    unused = NULL;
    i = ((uintptr_t) rrp->current / sizeof(ngx_stream_upstream_rr_peer_t));

    for (n = 0; n < NGX_STREAM_THRIFT_HELD_SERVERS; n++, i++) {
        server = &ngx_stream_thrift_held[i
                                         % NGX_STREAM_THRIFT_HELD_SERVERS];

        if (server->peer == rrp->current) {
            return server;
        }

        if (unused == NULL && server->n == 0) {
            unused = server;
        }

        if (server->peer == NULL) {
            break;
        }
    }

    return unused;
}
