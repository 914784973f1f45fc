/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_status.h.  Called when the configuration is read, when a
 * worker begins and ends, and where a name is met for the first time.
 *
 * Rows are never freed, and a row is linked when all of it is written: readers
 * need no lock, and a worker that is killed in the middle of it leaves at most
 * a row's memory unused.
 */

#include "ngx_thrift.h"


/* One bucket of the hash for so many bytes. */

#define NGX_THRIFT_STATUS_PART  1024


static ngx_int_t ngx_thrift_status_init(ngx_shm_zone_t *zone, void *data);
static ngx_int_t ngx_thrift_status_init_data(ngx_thrift_status_t *status);
static void ngx_thrift_status_init_failures(ngx_thrift_status_t *status,
    ngx_thrift_status_data_t *data, size_t size);
static ngx_thrift_status_row_t *ngx_thrift_status_find(
    ngx_thrift_status_data_t *data, ngx_uint_t kind, uint32_t hash,
    ngx_str_t *names);
static ngx_thrift_status_row_t *ngx_thrift_status_create(
    ngx_thrift_status_data_t *data, ngx_uint_t kind, ngx_str_t *names);
static uint32_t ngx_thrift_status_hash(ngx_uint_t kind, ngx_str_t *names);
static void ngx_thrift_status_clear_slot(ngx_thrift_status_t *status,
    ngx_uint_t slot);
static ngx_uint_t ngx_thrift_status_is_gone(ngx_pid_t pid);


static const size_t  ngx_thrift_status_sizes[] = {
    sizeof(ngx_thrift_status_method_t),
    sizeof(ngx_thrift_status_server_t)
};


static ngx_str_t  ngx_thrift_status_others[NGX_THRIFT_STATUS_NAMES] = {
    ngx_string("-"), ngx_string("-"), ngx_string("-")
};


ngx_uint_t  ngx_thrift_status_slot = NGX_THRIFT_STATUS_SLOTS;


ngx_thrift_status_t *
ngx_thrift_status_add(ngx_conf_t *cf, ngx_str_t *name, size_t size, void *tag)
{
    ngx_shm_zone_t       *zone;
    ngx_thrift_status_t  *status;

    status = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_status_t));
    if (status == NULL) {
        return NULL;
    }

    zone = ngx_shared_memory_add(cf, name, size, tag);
    if (zone == NULL) {
        return NULL;
    }

    zone->init = ngx_thrift_status_init;
    zone->data = status;

    status->zone = zone;

    return status;
}


static ngx_int_t
ngx_thrift_status_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_thrift_status_t  *old = data;

    ngx_thrift_status_t  *status;

    status = zone->data;
    status->slab = (ngx_slab_pool_t *) zone->shm.addr;

    if (old) {
        status->data = old->data;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        status->data = status->slab->data;
        return NGX_OK;
    }

    return ngx_thrift_status_init_data(status);
}


/* All that the zone has is taken at once: rows are put one behind another. */

static ngx_int_t
ngx_thrift_status_init_data(ngx_thrift_status_t *status)
{
    size_t                     size;
    ngx_uint_t                 i, n;
    ngx_thrift_status_data_t  *data;

    data = NULL;
    status->slab->log_nomem = 0;

    for (size = status->slab->end - status->slab->start;
         size > ngx_pagesize && data == NULL;
         size -= ngx_pagesize)
    {
        data = ngx_slab_alloc(status->slab, size - ngx_pagesize);
    }

    if (data == NULL) {
        return NGX_ERROR;
    }

    for (n = 16; n < size / NGX_THRIFT_STATUS_PART; n *= 2) { /* void */ }

    /* no more is touched than is in use */

    ngx_memzero(data, offsetof(ngx_thrift_status_data_t, buckets)
                      + n * sizeof(ngx_thrift_status_row_t *));

    data->mask = n - 1;
    data->free = (u_char *) &data->buckets[n];
    data->end = (u_char *) data + size;

    ngx_thrift_status_init_failures(status, data, size);
    ngx_thrift_history_init(data, size);

    for (i = 0; i < NGX_THRIFT_STATUS_KINDS; i++) {
        data->others[i] = ngx_thrift_status_create(data, i,
                                                   ngx_thrift_status_others);
        if (data->others[i] == NULL) {
            return NGX_ERROR;
        }
    }

    status->slab->data = data;
    status->data = data;

    return NGX_OK;
}


static void
ngx_thrift_status_init_failures(ngx_thrift_status_t *status,
    ngx_thrift_status_data_t *data, size_t size)
{
    size_t      room, bytes;
    ngx_uint_t  n;

    room = ngx_align(status->arguments, sizeof(uint64_t));

    n = ngx_min(status->failures, size / NGX_THRIFT_FAILURES_PART
                                  / (sizeof(ngx_thrift_failure_t) + room));

    data->failures = (ngx_thrift_failures_t *)
                     ngx_align_ptr(data->free, ngx_cacheline_size);

    bytes = ngx_thrift_failures_size(n, room);

    ngx_memzero(data->failures, bytes);

    data->failures->size = n;
    data->failures->room = room;
    data->free = (u_char *) data->failures + bytes;
}


void
ngx_thrift_status_open(ngx_thrift_status_t *status)
{
    ngx_uint_t                 i, slot;
    ngx_thrift_status_data_t  *data;

    data = status->data;
    slot = NGX_THRIFT_STATUS_SLOTS;

    ngx_shmtx_lock(&status->slab->mutex);

    for (i = NGX_THRIFT_STATUS_SLOTS; i-- > 0; /* void */ ) {
        if (data->pids[i] == 0 || ngx_thrift_status_is_gone(data->pids[i])) {
            slot = i;
        }
    }

    if (slot != NGX_THRIFT_STATUS_SLOTS) {
        ngx_thrift_status_clear_slot(status, slot);
        data->pids[slot] = ngx_pid;
    }

    ngx_shmtx_unlock(&status->slab->mutex);

    ngx_thrift_status_slot = slot;
    status->open = 1;

    ngx_thrift_history_open(status);
}


void
ngx_thrift_status_close(ngx_thrift_status_t *status)
{
    ngx_thrift_history_close();

    if (ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        status->data->pids[ngx_thrift_status_slot] = 0;
    }

    ngx_thrift_status_slot = NGX_THRIFT_STATUS_SLOTS;
    status->open = 0;
}


static void
ngx_thrift_status_clear_slot(ngx_thrift_status_t *status, ngx_uint_t slot)
{
    ngx_thrift_status_row_t     *row;
    ngx_thrift_status_server_t  *server;

    for (row = ngx_thrift_status_next(status, NULL);
         row;
         row = ngx_thrift_status_next(status, row))
    {
        row->in_flight[slot] = 0;

        if (row->kind == NGX_THRIFT_STATUS_SERVER) {
            server = (ngx_thrift_status_server_t *) row;
            server->open[slot] = 0;
            server->idle[slot] = 0;
            server->waiting[slot] = 0;
        }
    }
}


static ngx_uint_t
ngx_thrift_status_is_gone(ngx_pid_t pid)
{
    return kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH;
}


uint64_t
ngx_thrift_status_alive(ngx_thrift_status_t *status)
{
    uint64_t    alive;
    ngx_pid_t   pid;
    ngx_uint_t  i;

    alive = 0;

    for (i = 0; i < NGX_THRIFT_STATUS_SLOTS; i++) {
        pid = status->data->pids[i];

        if (pid && !ngx_thrift_status_is_gone(pid)) {
            alive |= (uint64_t) 1 << i;
        }
    }

    return alive;
}


ngx_thrift_status_row_t *
ngx_thrift_status_row(ngx_thrift_status_t *status, ngx_uint_t kind,
    ngx_str_t *names)
{
    uint32_t                   hash;
    ngx_str_t                  known[NGX_THRIFT_STATUS_NAMES];
    ngx_uint_t                 i, full;
    ngx_thrift_status_row_t   *row;
    ngx_thrift_status_data_t  *data;

    data = status->data;

    for (i = 0; i < NGX_THRIFT_STATUS_NAMES; i++) {
        known[i] = names[i].len ? names[i] : ngx_thrift_status_others[i];

        if (known[i].len > NGX_THRIFT_STATUS_NAME) {
            return data->others[kind];
        }
    }

    hash = ngx_thrift_status_hash(kind, known);
    full = 0;

    ngx_shmtx_lock(&status->slab->mutex);

    row = ngx_thrift_status_find(data, kind, hash, known);

    if (row == NULL) {
        row = ngx_thrift_status_create(data, kind, known);
    }

    if (row == NULL) {
        full = !data->full;
        data->full = 1;
    }

    ngx_shmtx_unlock(&status->slab->mutex);

    if (full) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "thrift_status_zone \"%V\" is full: names that are not "
                      "in it are counted together",
                      &status->zone->shm.name);
    }

    return row ? row : data->others[kind];
}


static ngx_thrift_status_row_t *
ngx_thrift_status_find(ngx_thrift_status_data_t *data, ngx_uint_t kind,
    uint32_t hash, ngx_str_t *names)
{
    ngx_uint_t                i;
    ngx_thrift_status_row_t  *row;

    for (row = data->buckets[hash & data->mask]; row; row = row->next) {

        if (row->hash != hash || row->kind != kind) {
            continue;
        }

        for (i = 0; i < NGX_THRIFT_STATUS_NAMES; i++) {
            if (row->names[i].len != names[i].len
                || ngx_memcmp(row->names[i].data, names[i].data, names[i].len)
                   != 0)
            {
                break;
            }
        }

        if (i == NGX_THRIFT_STATUS_NAMES) {
            return row;
        }
    }

    return NULL;
}


/* NULL: there is no room. */

static ngx_thrift_status_row_t *
ngx_thrift_status_create(ngx_thrift_status_data_t *data, ngx_uint_t kind,
    ngx_str_t *names)
{
    size_t                     size;
    u_char                    *p;
    ngx_uint_t                 i;
    ngx_thrift_status_row_t   *row, **bucket;

    size = ngx_thrift_status_sizes[kind];

    for (i = 0; i < NGX_THRIFT_STATUS_NAMES; i++) {
        size += names[i].len;
    }

    row = ngx_thrift_status_take(data, size);
    if (row == NULL) {
        return NULL;
    }

    ngx_memzero(row, ngx_thrift_status_sizes[kind]);

    row->kind = kind;
    row->hash = ngx_thrift_status_hash(kind, names);

    p = (u_char *) row + ngx_thrift_status_sizes[kind];

    for (i = 0; i < NGX_THRIFT_STATUS_NAMES; i++) {
        row->names[i].len = names[i].len;
        row->names[i].data = p;
        p = ngx_cpymem(p, names[i].data, names[i].len);
    }

    bucket = &data->buckets[row->hash & data->mask];
    row->next = *bucket;

    ngx_memory_barrier();

    *bucket = row;
    data->nrows++;

    return row;
}


void *
ngx_thrift_status_take(ngx_thrift_status_data_t *data, size_t size)
{
    u_char  *p;

    p = ngx_align_ptr(data->free, ngx_cacheline_size);

    if (p > data->end || size > (size_t) (data->end - p)) {
        return NULL;
    }

    data->free = p + size;

    return p;
}


static uint32_t
ngx_thrift_status_hash(ngx_uint_t kind, ngx_str_t *names)
{
    uint32_t    hash;
    ngx_uint_t  i;

    ngx_crc32_init(hash);

    for (i = 0; i < NGX_THRIFT_STATUS_NAMES; i++) {
        ngx_crc32_update(&hash, names[i].data, names[i].len);
        ngx_crc32_update(&hash, (u_char *) "", 1);
    }

    ngx_crc32_final(hash);

    return hash + (uint32_t) kind;
}


ngx_thrift_status_row_t *
ngx_thrift_status_next(ngx_thrift_status_t *status,
    ngx_thrift_status_row_t *row)
{
    ngx_uint_t                 i;
    ngx_thrift_status_data_t  *data;

    data = status->data;
    i = 0;

    if (row) {
        if (row->next) {
            return row->next;
        }

        i = (row->hash & data->mask) + 1;
    }

    for ( /* void */ ; i <= data->mask; i++) {
        if (data->buckets[i]) {
            return data->buckets[i];
        }
    }

    return NULL;
}
