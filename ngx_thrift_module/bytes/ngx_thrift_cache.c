/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Slabs: called for calls, for the blocks that their messages lie in, and for
 * what handlers need.  When the last object of a slab is given back it is kept,
 * as long as all that are kept are not too many bytes, and until they were not
 * needed for a while (ngx_thrift_trim.c).  The few objects that were given back
 * latest are not looked for in slabs: most calls need no more.
 */

#include "ngx_thrift.h"


#if (NGX_DEBUG_PALLOC)

/* each use is seen by a checker */

void *
ngx_thrift_cache_get(ngx_thrift_cache_t *cache)
{
    ngx_uint_t  *p;

    p = ngx_alloc(cache->size, ngx_cycle->log);

    if (p) {
        *p = 0;
    }

    return p;
}


void
ngx_thrift_cache_put(void *p)
{
    ngx_free(p);
}


ngx_uint_t
ngx_thrift_cache_trim(ngx_uint_t *more)
{
    return 0;
}


void
ngx_thrift_cache_close(ngx_thrift_cache_t *cache)
{
    /* void */
}

#else

#define NGX_THRIFT_SLAB_SIZE  (32 * 1024)           /* bytes; or one object */
#define NGX_THRIFT_SLABS      (4 * 1024 * 1024)     /* bytes kept by a worker */
#define NGX_THRIFT_LATEST     (256 * 1024)          /* and of a cache's objects
                                                       given back latest */


typedef struct ngx_thrift_slot_s  ngx_thrift_slot_t;


typedef struct {
    ngx_queue_t          queue;
    ngx_thrift_cache_t  *cache;
    ngx_thrift_slot_t   *free;          /* objects that were given back */
    u_char              *fresh;         /* and those that were never used */
    u_char              *end;
    ngx_uint_t           used;
} ngx_thrift_slab_t;


/* What stands before an object. */

struct ngx_thrift_slot_s {
    ngx_thrift_slab_t       *slab;

    union {
        ngx_thrift_slot_t   *next;      /* of a slab's */
        ngx_thrift_cache_t  *cache;     /* of one in use, or among the latest */
    } u;
};


#define NGX_THRIFT_SLAB_HEADER  ngx_align(sizeof(ngx_thrift_slab_t), 16)

#define ngx_thrift_slab_size(slab)                                            \
    ((size_t) ((slab)->end - (u_char *) (slab)))

#define ngx_thrift_slab_full(slab)                                            \
    ((slab)->free == NULL && (slab)->fresh == (slab)->end)

#define ngx_thrift_slot_size(cache)                                           \
    ngx_align(sizeof(ngx_thrift_slot_t) + (cache)->size, 16)


static void ngx_thrift_cache_init(ngx_thrift_cache_t *cache);
static void ngx_thrift_cache_flush(ngx_thrift_cache_t *cache);
static void *ngx_thrift_slab_take(ngx_thrift_cache_t *cache);
static void ngx_thrift_slab_put(ngx_thrift_slot_t *slot);
static ngx_thrift_slab_t *ngx_thrift_slab_get(ngx_thrift_cache_t *cache)
    nthrift_noinline;
static ngx_thrift_slab_t *ngx_thrift_slab_create(ngx_thrift_cache_t *cache);
static void ngx_thrift_slab_keep(ngx_thrift_slab_t *slab);
static void ngx_thrift_slab_free(ngx_thrift_cache_t *cache);


static ngx_queue_t  ngx_thrift_caches;
static size_t       ngx_thrift_slabs_kept;      /* bytes */


void *
ngx_thrift_cache_get(ngx_thrift_cache_t *cache)
{
    return cache->nlatest ? cache->latest[--cache->nlatest]
                          : ngx_thrift_slab_take(cache);
}


void
ngx_thrift_cache_put(void *p)
{
    ngx_thrift_slot_t   *slot;
    ngx_thrift_cache_t  *cache;

    slot = (ngx_thrift_slot_t *) p - 1;
    cache = slot->u.cache;

    if (cache->nlatest == cache->max_latest) {
        ngx_thrift_slab_put(slot);

        /* the latest ones may lie in as many slabs */

        ngx_thrift_trim_later();
        return;
    }

    cache->latest[cache->nlatest++] = p;
}


/* Its slabs have all that is not in use. */

static void
ngx_thrift_cache_flush(ngx_thrift_cache_t *cache)
{
    ngx_thrift_slot_t  *slot;

    while (cache->nlatest) {
        slot = cache->latest[--cache->nlatest];
        ngx_thrift_slab_put(slot - 1);
    }
}


static void *
ngx_thrift_slab_take(ngx_thrift_cache_t *cache)
{
    ngx_queue_t        *q;
    ngx_thrift_slab_t  *slab;
    ngx_thrift_slot_t  *slot;

    q = ngx_queue_head(&cache->partial);

    if (q == NULL || q == ngx_queue_sentinel(&cache->partial)) {
        slab = ngx_thrift_slab_get(cache);
        if (slab == NULL) {
            return NULL;
        }

    } else {
        slab = ngx_queue_data(q, ngx_thrift_slab_t, queue);
    }

    slot = slab->free;

    if (slot) {
        slab->free = slot->u.next;

    } else {
        slot = (ngx_thrift_slot_t *) slab->fresh;
        slot->slab = slab;
        slab->fresh += ngx_thrift_slot_size(cache);
        *(ngx_uint_t *) (slot + 1) = 0;
    }

    slot->u.cache = cache;
    slab->used++;

    if (ngx_thrift_slab_full(slab)) {
        ngx_queue_remove(&slab->queue);
    }

    return slot + 1;
}


static void
ngx_thrift_slab_put(ngx_thrift_slot_t *slot)
{
    ngx_thrift_slab_t  *slab;

    slab = slot->slab;

    if (ngx_thrift_slab_full(slab)) {
        ngx_queue_insert_head(&slab->cache->partial, &slab->queue);
    }

    slot->u.next = slab->free;
    slab->free = slot;
    slab->used--;

    if (slab->used == 0) {
        ngx_thrift_slab_keep(slab);
    }
}


static void
ngx_thrift_cache_init(ngx_thrift_cache_t *cache)
{
    if (ngx_thrift_caches.next == NULL) {
        ngx_queue_init(&ngx_thrift_caches);
    }

    ngx_queue_insert_tail(&ngx_thrift_caches, &cache->queue);
    ngx_queue_init(&cache->partial);
    ngx_queue_init(&cache->empty);

    cache->max_latest = ngx_min(NGX_THRIFT_LATEST / cache->size,
                                NGX_THRIFT_CACHE_LATEST);
}


/* One with room for an object, when no other has any. */

static ngx_thrift_slab_t *
ngx_thrift_slab_get(ngx_thrift_cache_t *cache)
{
    ngx_queue_t        *q;
    ngx_thrift_slab_t  *slab;

    if (cache->queue.next == NULL) {
        ngx_thrift_cache_init(cache);
    }

    if (ngx_queue_empty(&cache->empty)) {
        slab = ngx_thrift_slab_create(cache);
        if (slab == NULL) {
            return NULL;
        }

    } else {
        q = ngx_queue_head(&cache->empty);
        slab = ngx_queue_data(q, ngx_thrift_slab_t, queue);

        ngx_queue_remove(q);
        ngx_thrift_slabs_kept -= ngx_thrift_slab_size(slab);

        cache->nempty--;
        cache->unused = ngx_min(cache->unused, cache->nempty);
    }

    ngx_queue_insert_head(&cache->partial, &slab->queue);

    return slab;
}


static ngx_thrift_slab_t *
ngx_thrift_slab_create(ngx_thrift_cache_t *cache)
{
    size_t              size;
    ngx_uint_t          n;
    ngx_thrift_slab_t  *slab;

    size = ngx_thrift_slot_size(cache);
    n = NGX_THRIFT_SLAB_SIZE / size;
    size *= ngx_max(n, 1);

    slab = ngx_alloc(NGX_THRIFT_SLAB_HEADER + size, ngx_cycle->log);
    if (slab == NULL) {
        return NULL;
    }

    slab->cache = cache;
    slab->free = NULL;
    slab->fresh = (u_char *) slab + NGX_THRIFT_SLAB_HEADER;
    slab->end = slab->fresh + size;
    slab->used = 0;

    return slab;
}


/* No object of it is in use. */

static void
ngx_thrift_slab_keep(ngx_thrift_slab_t *slab)
{
    size_t               size;
    ngx_thrift_cache_t  *cache;

    cache = slab->cache;
    size = ngx_thrift_slab_size(slab);

    ngx_queue_remove(&slab->queue);

    if (ngx_thrift_slabs_kept + size > NGX_THRIFT_SLABS) {
        ngx_free(slab);
        ngx_thrift_trim();
        return;
    }

    ngx_queue_insert_head(&cache->empty, &slab->queue);
    ngx_thrift_slabs_kept += size;

    cache->nempty++;

    if (cache->nempty > 1) {
        ngx_thrift_trim_later();
    }
}


ngx_uint_t
ngx_thrift_cache_trim(ngx_uint_t *more)
{
    ngx_uint_t           n;
    ngx_queue_t         *q;
    ngx_thrift_cache_t  *cache;

    n = 0;
    *more = 0;

    if (ngx_thrift_caches.next == NULL) {
        return 0;
    }

    for (q = ngx_queue_head(&ngx_thrift_caches);
         q != ngx_queue_sentinel(&ngx_thrift_caches);
         q = ngx_queue_next(q))
    {
        cache = ngx_queue_data(q, ngx_thrift_cache_t, queue);

        ngx_thrift_cache_flush(cache);

        while (cache->unused && cache->nempty > 1) {
            ngx_thrift_slab_free(cache);
            cache->unused--;
            n++;
        }

        cache->unused = cache->nempty;
        *more |= (cache->nempty > 1);
    }

    return n;
}


/* The one that was not needed for the longest time. */

static void
ngx_thrift_slab_free(ngx_thrift_cache_t *cache)
{
    ngx_queue_t        *q;
    ngx_thrift_slab_t  *slab;

    q = ngx_queue_last(&cache->empty);
    slab = ngx_queue_data(q, ngx_thrift_slab_t, queue);

    ngx_queue_remove(q);
    ngx_thrift_slabs_kept -= ngx_thrift_slab_size(slab);
    cache->nempty--;

    ngx_free(slab);
}


void
ngx_thrift_cache_close(ngx_thrift_cache_t *cache)
{
    if (cache->queue.next == NULL) {
        return;
    }

    ngx_thrift_cache_flush(cache);

    while (cache->nempty) {
        ngx_thrift_slab_free(cache);
    }

    ngx_queue_remove(&cache->queue);
    cache->queue.next = NULL;
}

#endif
