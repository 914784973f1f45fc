/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_shared.h.  Called by ngx_thrift_address.c when a server has a
 * number of connections at most, and its upstream a zone; and by
 * ngx_thrift_health.c.
 */

#include "ngx_thrift.h"

#include <signal.h>


/* How often a worker looks for others that have died. */

#define NGX_THRIFT_SHARED_SWEEP  1000       /* milliseconds */


static ngx_int_t ngx_thrift_shared_init(ngx_shm_zone_t *zone, void *data);
static ngx_int_t ngx_thrift_shared_create_data(ngx_thrift_shared_t *shared);
static ngx_uint_t ngx_thrift_shared_find_slot(ngx_thrift_shared_data_t *data);
static ngx_uint_t ngx_thrift_shared_has_slot(ngx_thrift_shared_t *shared);
static ngx_uint_t ngx_thrift_shared_is_gone(ngx_pid_t pid);
static void ngx_thrift_shared_forget(ngx_thrift_shared_data_t *data);
static void ngx_thrift_shared_look(ngx_thrift_shared_t *shared);
static void ngx_thrift_shared_sweep(ngx_thrift_shared_data_t *data);
static void ngx_thrift_shared_clear_slot(ngx_thrift_shared_data_t *data,
    ngx_uint_t slot);
static ngx_thrift_shared_server_t *ngx_thrift_shared_find(
    ngx_thrift_shared_data_t *data, struct sockaddr *sockaddr,
    socklen_t socklen);
static ngx_thrift_shared_server_t *ngx_thrift_shared_create(
    ngx_thrift_shared_t *shared, struct sockaddr *sockaddr, socklen_t socklen);
static ngx_thrift_shared_server_t *ngx_thrift_shared_unused(
    ngx_thrift_shared_data_t *data);
static ngx_uint_t ngx_thrift_shared_one_lacks(ngx_thrift_shared_t *shared,
    ngx_uint_t part, volatile uint16_t *waiting, volatile uint16_t *have);


ngx_thrift_shared_t *
ngx_thrift_shared_add(ngx_conf_t *cf, const char *kind, ngx_str_t *name,
    void *tag)
{
    ngx_str_t             zone;
    ngx_thrift_shared_t  *shared;

    shared = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_shared_t));

    zone.len = ngx_strlen(kind) + 1 + name->len;
    zone.data = ngx_pnalloc(cf->pool, zone.len);

    if (shared == NULL || zone.data == NULL) {
        return NULL;
    }

    (void) ngx_sprintf(zone.data, "%s:%V", kind, name);

    shared->slot = NGX_THRIFT_SHARED_SLOTS;
    shared->zone = ngx_shared_memory_add(cf, &zone, NGX_THRIFT_SHARED_SIZE,
                                         tag);
    if (shared->zone == NULL) {
        return NULL;
    }

    if (shared->zone->data == NULL) {
        shared->zone->init = ngx_thrift_shared_init;
        shared->zone->data = shared;
    }

    return shared;
}


static ngx_int_t
ngx_thrift_shared_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_thrift_shared_t  *old = data;

    ngx_thrift_shared_t  *shared;

    shared = zone->data;
    shared->slab = (ngx_slab_pool_t *) zone->shm.addr;

    if (old) {
        shared->data = old->data;

    } else if (zone->shm.exists) {
        shared->data = shared->slab->data;

    } else if (ngx_thrift_shared_create_data(shared) != NGX_OK) {
        return NGX_ERROR;
    }

    shared->generation = ++shared->data->generation;

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_shared_create_data(ngx_thrift_shared_t *shared)
{
    shared->data = ngx_slab_calloc(shared->slab,
                                   sizeof(ngx_thrift_shared_data_t));
    if (shared->data == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_init(&shared->data->servers);

    shared->slab->data = shared->data;
    shared->slab->log_nomem = 0;

    return NGX_OK;
}


void
ngx_thrift_shared_open(ngx_thrift_shared_t *shared)
{
    ngx_uint_t                 slot;
    ngx_thrift_shared_data_t  *data;

    data = shared->data;

    ngx_shmtx_lock(&shared->slab->mutex);

    ngx_thrift_shared_forget(data);
    ngx_thrift_shared_sweep(data);

    slot = ngx_thrift_shared_find_slot(data);

    if (slot != NGX_THRIFT_SHARED_SLOTS) {
        ngx_thrift_shared_clear_slot(data, slot);
        data->generations[slot] = shared->generation;
        data->pids[slot] = ngx_pid;
        data->nslots = ngx_max(data->nslots, slot + 1);
    }

    ngx_shmtx_unlock(&shared->slab->mutex);

    shared->slot = slot;
    shared->swept = ngx_current_msec;
}


static ngx_uint_t
ngx_thrift_shared_find_slot(ngx_thrift_shared_data_t *data)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_THRIFT_SHARED_SLOTS; i++) {
        if (data->pids[i] == 0) {
            break;
        }
    }

    return i;
}


/* One may have got free since the worker has started. */

static ngx_uint_t
ngx_thrift_shared_has_slot(ngx_thrift_shared_t *shared)
{
    if (shared->slot == NGX_THRIFT_SHARED_SLOTS
        && ngx_current_msec - shared->swept >= NGX_THRIFT_SHARED_SWEEP)
    {
        ngx_thrift_shared_open(shared);
    }

    return shared->slot != NGX_THRIFT_SHARED_SLOTS;
}


static ngx_uint_t
ngx_thrift_shared_is_gone(ngx_pid_t pid)
{
    return kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH;
}


/* Nobody has checked servers for long: configurations before had no checks. */

static void
ngx_thrift_shared_forget(ngx_thrift_shared_data_t *data)
{
    ngx_queue_t                 *q;
    ngx_thrift_shared_server_t  *server;

    if ((ngx_msec_int_t) (ngx_current_msec - data->lease_end)
        < NGX_THRIFT_SHARED_MEMORY)
    {
        return;
    }

    for (q = ngx_queue_head(&data->servers);
         q != ngx_queue_sentinel(&data->servers);
         q = ngx_queue_next(q))
    {
        server = ngx_queue_data(q, ngx_thrift_shared_server_t, queue);

        ngx_memzero(&server->verdict, sizeof(ngx_thrift_verdict_t));
    }
}


/* In a worker that runs, now and then. */

static void
ngx_thrift_shared_look(ngx_thrift_shared_t *shared)
{
    if (ngx_current_msec - shared->swept < NGX_THRIFT_SHARED_SWEEP) {
        return;
    }

    shared->swept = ngx_current_msec;

    ngx_shmtx_lock(&shared->slab->mutex);
    ngx_thrift_shared_sweep(shared->data);
    ngx_shmtx_unlock(&shared->slab->mutex);
}


/* Slots of processes that are not there any more are free. */

static void
ngx_thrift_shared_sweep(ngx_thrift_shared_data_t *data)
{
    ngx_uint_t  i;

    for (i = 0; i < data->nslots; i++) {

        if (data->pids[i] && ngx_thrift_shared_is_gone(data->pids[i])) {
            ngx_thrift_shared_clear_slot(data, i);
            data->pids[i] = 0;
        }
    }
}


static void
ngx_thrift_shared_clear_slot(ngx_thrift_shared_data_t *data, ngx_uint_t slot)
{
    ngx_queue_t                 *q;
    ngx_thrift_shared_server_t  *server;

    data->full[slot] = 0;
    data->held[slot] = 0;
    data->kept[slot] = 0;

    ngx_memzero(&data->retries[slot], sizeof(ngx_thrift_budget_part_t));
    ngx_memzero(&data->hedges[slot], sizeof(ngx_thrift_budget_part_t));

    for (q = ngx_queue_head(&data->servers);
         q != ngx_queue_sentinel(&data->servers);
         q = ngx_queue_next(q))
    {
        server = ngx_queue_data(q, ngx_thrift_shared_server_t, queue);

        server->nconns[slot] = 0;
        server->waiting[slot] = 0;
        server->calls[slot] = 0;
        server->users[slot] = 0;
    }
}


void
ngx_thrift_shared_close(ngx_thrift_shared_t *shared)
{
    if (shared->slot == NGX_THRIFT_SHARED_SLOTS) {
        return;
    }

    ngx_shmtx_lock(&shared->slab->mutex);

    ngx_thrift_shared_clear_slot(shared->data, shared->slot);
    shared->data->pids[shared->slot] = 0;

    ngx_shmtx_unlock(&shared->slab->mutex);

    shared->slot = NGX_THRIFT_SHARED_SLOTS;
}


ngx_thrift_shared_server_t *
ngx_thrift_shared_server(ngx_thrift_shared_t *shared,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_thrift_shared_server_t  *server;

    if (!ngx_thrift_shared_has_slot(shared)) {
        return NULL;
    }

    ngx_shmtx_lock(&shared->slab->mutex);

    server = ngx_thrift_shared_find(shared->data, sockaddr, socklen);

    if (server == NULL) {
        server = ngx_thrift_shared_create(shared, sockaddr, socklen);
    }

    if (server) {
        server->users[shared->slot]++;
    }

    ngx_shmtx_unlock(&shared->slab->mutex);

    return server;
}


void
ngx_thrift_shared_leave(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server)
{
    if (shared->slot == NGX_THRIFT_SHARED_SLOTS) {
        return;
    }

    ngx_shmtx_lock(&shared->slab->mutex);

    server->users[shared->slot]--;

    ngx_shmtx_unlock(&shared->slab->mutex);
}


static ngx_thrift_shared_server_t *
ngx_thrift_shared_find(ngx_thrift_shared_data_t *data,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_queue_t                 *q;
    ngx_thrift_shared_server_t  *server;

    for (q = ngx_queue_head(&data->servers);
         q != ngx_queue_sentinel(&data->servers);
         q = ngx_queue_next(q))
    {
        server = ngx_queue_data(q, ngx_thrift_shared_server_t, queue);

        if (ngx_memn2cmp((u_char *) &server->sockaddr, (u_char *) sockaddr,
                         server->socklen, socklen)
            == 0)
        {
            return server;
        }
    }

    return NULL;
}


static ngx_thrift_shared_server_t *
ngx_thrift_shared_create(ngx_thrift_shared_t *shared,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_thrift_shared_server_t  *server;

    server = ngx_slab_calloc_locked(shared->slab,
                                    sizeof(ngx_thrift_shared_server_t));
    if (server == NULL) {
        ngx_thrift_shared_sweep(shared->data);

        server = ngx_thrift_shared_unused(shared->data);
        if (server == NULL) {
            return NULL;
        }

        ngx_queue_remove(&server->queue);
        ngx_memzero(server, sizeof(ngx_thrift_shared_server_t));
    }

    server->socklen = socklen;
    ngx_memcpy(&server->sockaddr, sockaddr, socklen);

    ngx_queue_insert_tail(&shared->data->servers, &server->queue);

    return server;
}


/* The one that was added first, of those to which nobody refers. */

static ngx_thrift_shared_server_t *
ngx_thrift_shared_unused(ngx_thrift_shared_data_t *data)
{
    ngx_uint_t                   i, n;
    ngx_queue_t                 *q;
    ngx_thrift_shared_server_t  *server;

    for (q = ngx_queue_head(&data->servers);
         q != ngx_queue_sentinel(&data->servers);
         q = ngx_queue_next(q))
    {
        server = ngx_queue_data(q, ngx_thrift_shared_server_t, queue);
        n = 0;

        for (i = 0; i < data->nslots; i++) {
            n += server->users[i];
        }

        if (n == 0) {
            return server;
        }
    }

    return NULL;
}


ngx_int_t
ngx_thrift_shared_connect(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server, ngx_uint_t max)
{
    ngx_int_t  rc;

    rc = NGX_BUSY;

    ngx_shmtx_lock(&shared->slab->mutex);

    if (!ngx_exiting) {
        server->max = max;

    } else if (server->max) {
        max = server->max;
    }

    if (ngx_thrift_shared_sum(shared->data, server->nconns) < max) {
        server->nconns[shared->slot]++;
        rc = NGX_OK;
    }

    ngx_shmtx_unlock(&shared->slab->mutex);

    if (rc != NGX_OK) {
        ngx_thrift_shared_look(shared);
    }

    return rc;
}


void
ngx_thrift_shared_disconnect(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server)
{
    if (shared->slot != NGX_THRIFT_SHARED_SLOTS) {
        server->nconns[shared->slot]--;
    }
}


ngx_uint_t
ngx_thrift_shared_elsewhere(ngx_thrift_shared_t *shared,
    ngx_thrift_shared_server_t *server)
{
    ngx_uint_t                 i, sum;
    ngx_thrift_shared_data_t  *data;

    data = shared->data;
    sum = 0;

    for (i = 0; i < data->nslots; i++) {
        if (data->generations[i] != shared->generation) {
            sum += server->calls[i];
        }
    }

    if (sum) {
        ngx_thrift_shared_look(shared);
    }

    return sum;
}


ngx_uint_t
ngx_thrift_shared_has_others(ngx_thrift_shared_t *shared)
{
    ngx_uint_t                 i;
    ngx_thrift_shared_data_t  *data;

    if (shared->slot == NGX_THRIFT_SHARED_SLOTS) {
        return 0;
    }

    data = shared->data;

    for (i = 0; i < data->nslots; i++) {
        if (data->pids[i] && data->generations[i] != shared->generation) {
            return 1;
        }
    }

    return 0;
}


void
ngx_thrift_shared_tell(ngx_thrift_shared_t *shared, volatile uint16_t *numbers,
    ngx_uint_t n)
{
    if (shared->slot != NGX_THRIFT_SHARED_SLOTS) {
        numbers[shared->slot] = (uint16_t) ngx_min(n, 65535);
    }
}


ngx_uint_t
ngx_thrift_shared_sum(ngx_thrift_shared_data_t *data,
    volatile uint16_t *numbers)
{
    ngx_uint_t  i, sum;

    sum = 0;

    for (i = 0; i < data->nslots; i++) {
        sum += numbers[i];
    }

    return sum;
}


ngx_uint_t
ngx_thrift_shared_others_wait(ngx_thrift_shared_t *shared,
    volatile uint16_t *numbers)
{
    if (shared->slot == NGX_THRIFT_SHARED_SLOTS
        || ngx_thrift_shared_sum(shared->data, numbers)
           == numbers[shared->slot])
    {
        return 0;
    }

    ngx_thrift_shared_look(shared);

    return 1;
}


ngx_uint_t
ngx_thrift_shared_workers(ngx_thrift_shared_t *shared)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < shared->data->nslots; i++) {
        n += (shared->data->pids[i] != 0);
    }

    return n;
}


ngx_uint_t
ngx_thrift_shared_part(ngx_thrift_shared_t *shared, ngx_uint_t places,
    volatile uint16_t *waiting, volatile uint16_t *have)
{
    ngx_uint_t  n, part;

    n = ngx_max(ngx_thrift_shared_workers(shared), 1);
    part = places / n;

    if (part == 0 || places % n == 0
        || ngx_thrift_shared_one_lacks(shared, part, waiting, have))
    {
        return part;
    }

    return part + 1;
}


/* Calls of another worker wait, and it has less than its part. */

static ngx_uint_t
ngx_thrift_shared_one_lacks(ngx_thrift_shared_t *shared, ngx_uint_t part,
    volatile uint16_t *waiting, volatile uint16_t *have)
{
    ngx_uint_t  i;

    for (i = 0; i < shared->data->nslots; i++) {

        if (i != shared->slot && waiting[i] && have[i] < part) {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_thrift_shared_lease(ngx_thrift_shared_t *shared, ngx_msec_t time)
{
    ngx_int_t                  rc;
    ngx_thrift_shared_data_t  *data;

    data = shared->data;
    rc = NGX_BUSY;

    ngx_shmtx_lock(&shared->slab->mutex);

    if (data->lease == 0 || data->lease == ngx_pid
        || (ngx_msec_int_t) (data->lease_end - ngx_current_msec) <= 0
        || ngx_thrift_shared_is_gone(data->lease))
    {
        data->lease = ngx_pid;
        data->lease_end = ngx_current_msec + time;
        rc = NGX_OK;
    }

    ngx_shmtx_unlock(&shared->slab->mutex);

    return rc;
}


void
ngx_thrift_shared_release(ngx_thrift_shared_t *shared)
{
    ngx_shmtx_lock(&shared->slab->mutex);

    if (shared->data->lease == ngx_pid) {
        shared->data->lease = 0;
    }

    ngx_shmtx_unlock(&shared->slab->mutex);
}
