/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Memory for objects of one size that live as long as a call or less.  They are
 * cut from slabs, and do not lie between what lives longer: once a burst is
 * over its slabs are empty, and go back to the system.
 */

#ifndef _NGX_THRIFT_CACHE_H_INCLUDED_
#define _NGX_THRIFT_CACHE_H_INCLUDED_


/* Objects that were given back latest, at most. */

#define NGX_THRIFT_CACHE_LATEST  64


/* One that is zero but for its size is ready for use. */

typedef struct {
    size_t         size;        /* of an object */
    ngx_queue_t    queue;       /* of all caches in use */
    ngx_queue_t    partial;     /* slabs with room, and objects in use */
    ngx_queue_t    empty;       /* slabs without an object in use */
    ngx_uint_t     nempty;
    ngx_uint_t     unused;      /* the fewest that were empty since the last
                                   ngx_thrift_cache_trim() */
    void          *latest[NGX_THRIFT_CACHE_LATEST];
    ngx_uint_t     nlatest;
    ngx_uint_t     max_latest;
} ngx_thrift_cache_t;


/*
 * An object, aligned to 16: its first word is 0 before its first use; later it
 * is as it was given back.  NULL: no memory.
 */
void *ngx_thrift_cache_get(ngx_thrift_cache_t *cache);
void ngx_thrift_cache_put(void *p);

/*
 * Frees slabs that nobody has needed since it was called last, but for one of
 * each cache.  Returns how many; `*more` is set when it should be called again.
 */
ngx_uint_t ngx_thrift_cache_trim(ngx_uint_t *more);

/*
 * As ngx_pnalloc() and ngx_palloc(), which are asked only when there is no room
 * behind what a pool's first block holds; a checker of memory sees each use.
 */

static ngx_inline void *
ngx_thrift_pnalloc(ngx_pool_t *pool, size_t size)
{
#if !(NGX_DEBUG_PALLOC)

    u_char  *p;

    p = pool->d.last;

    if (size <= (size_t) (pool->d.end - p)) {
        pool->d.last = p + size;
        return p;
    }

#endif

    return ngx_pnalloc(pool, size);
}


static ngx_inline void *
ngx_thrift_palloc(ngx_pool_t *pool, size_t size)
{
#if !(NGX_DEBUG_PALLOC)

    u_char  *p;

    p = ngx_align_ptr(pool->d.last, NGX_ALIGNMENT);

    if (p <= pool->d.end && size <= (size_t) (pool->d.end - p)) {
        pool->d.last = p + size;
        return p;
    }

#endif

    return ngx_palloc(pool, size);
}


/*
 * As ngx_memzero(), for 64 bytes to some hundreds, as many as the compiler
 * knows: told the number, those for x86-64 write "rep stos", which takes longer
 * to begin than all of it; they do not for pieces.
 */

static ngx_inline u_char *
ngx_thrift_zero_piece(u_char *p)
{
    ngx_memzero(p, 64);

    return p + 64;
}


static ngx_inline u_char *
ngx_thrift_zero_pieces(u_char *p)
{
    p = ngx_thrift_zero_piece(ngx_thrift_zero_piece(p));

    return ngx_thrift_zero_piece(ngx_thrift_zero_piece(p));
}


static ngx_inline void
ngx_thrift_memzero(void *p, size_t size)
{
    u_char  *c, *last;

    c = p;
    last = c + size;

    if (size < 64 || size >= 1024) {
        ngx_memzero(p, size);
        return;
    }

    if (size & 512) {
        c = ngx_thrift_zero_pieces(ngx_thrift_zero_pieces(c));
    }

    if (size & 256) {
        c = ngx_thrift_zero_pieces(c);
    }

    if (size & 128) {
        c = ngx_thrift_zero_piece(ngx_thrift_zero_piece(c));
    }

    if (size & 64) {
        c = ngx_thrift_zero_piece(c);
    }

    if (c != last) {
        ngx_memzero(last - 64, 64);
    }
}


/* Frees what is empty, for the end of a cycle; nothing is in use any more. */
void ngx_thrift_cache_close(ngx_thrift_cache_t *cache);


#endif /* _NGX_THRIFT_CACHE_H_INCLUDED_ */
