/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The memory of invocations.  It is their own, not the call's, since threads
 * may use it longer than there is a call; and so are references to the blocks
 * that arguments lie in.
 *
 * All of it counts for the client as long as the call lasts.  What a thread
 * takes is counted when its method has returned.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_INVOCATION_BLOCK  4096   /* bytes, of further memory */


struct ngx_thrift_chunk_s {
    ngx_thrift_chunk_t  *next;
    size_t               size;      /* keeps what follows aligned to 16 */
};


static const char  ngx_thrift_invocation_limit[] =
    "handler needs more memory than \"thrift_handler_memory\" allows";
static const char  ngx_thrift_invocation_no_memory[] =
    "no memory for what handler needs";
static const char  ngx_thrift_invocation_overloaded[] =
    "overloaded: calls hold too much memory";


static void *ngx_thrift_invocation_chunk(void *data, size_t size);
static void *ngx_thrift_invocation_take(ngx_thrift_invocation_t *inv,
    size_t size);
static uint8_t *ngx_thrift_invocation_grow(void *owner, uint8_t *data,
    size_t len, size_t *size);
static ngx_int_t ngx_thrift_invocation_keep_message(
    ngx_thrift_invocation_t *inv, ngx_thrift_message_t *m);


static ngx_thrift_cache_t  ngx_thrift_invocations = {
    .size = sizeof(ngx_thrift_invocation_t)
};


ngx_thrift_invocation_t *
ngx_thrift_invocation_get(size_t limit)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_cache_get(&ngx_thrift_invocations);
    if (inv == NULL) {
        return NULL;
    }

    ngx_memzero(inv, offsetof(ngx_thrift_invocation_t, memory));

    nthrift_arena_init(&inv->arena, ngx_thrift_invocation_chunk, inv,
                       NGX_THRIFT_INVOCATION_BLOCK, limit);

    inv->arena.pos = inv->memory;
    inv->arena.end = inv->memory + NGX_THRIFT_INVOCATION_MEMORY;

    return inv;
}


/* Blocks of the arena: an nthrift_alloc_pt. */

static void *
ngx_thrift_invocation_chunk(void *data, size_t size)
{
    ngx_thrift_invocation_t  *inv = data;

    ngx_thrift_call_t  *call;

    call = inv->call;

    if (ngx_thrift_in_loop() && call && !call->owner->may_hold(call, size)) {
        inv->overloaded = 1;
        inv->refusal = ngx_thrift_invocation_overloaded;
        return NULL;
    }

    return ngx_thrift_invocation_take(inv, size);
}


/* In any case, if there is memory. */

static void *
ngx_thrift_invocation_take(ngx_thrift_invocation_t *inv, size_t size)
{
    ngx_thrift_chunk_t  *chunk;

    chunk = ngx_alloc(sizeof(ngx_thrift_chunk_t) + size, ngx_cycle->log);
    if (chunk == NULL) {
        inv->refusal = ngx_thrift_invocation_no_memory;
        return NULL;
    }

    chunk->next = inv->chunks;
    chunk->size = size;
    inv->chunks = chunk;

    ngx_thrift_invocation_hold(inv, size);

    return chunk + 1;
}


void
ngx_thrift_invocation_hold(ngx_thrift_invocation_t *inv, size_t size)
{
    if (!ngx_thrift_in_loop()) {
        inv->uncounted += size;
        return;
    }

    if (inv->call) {
        inv->call->owner->hold(inv->call, size);
    }
}


void *
ngx_thrift_invocation_alloc(ngx_thrift_invocation_t *inv, size_t size)
{
    void  *p;

    p = nthrift_arena_alloc(&inv->arena, size);

    if (p == NULL && inv->refusal == NULL) {
        inv->refusal = ngx_thrift_invocation_limit;
    }

    return p;
}


void *
ngx_thrift_invocation_need(ngx_thrift_invocation_t *inv, size_t size)
{
    void  *p;

    p = ngx_thrift_invocation_alloc(inv, size);

    if (p == NULL) {
        inv->starved = 1;
    }

    return p;
}


u_char *
ngx_thrift_invocation_keep(ngx_thrift_invocation_t *inv, const void *data,
    size_t len)
{
    u_char  *p;

    p = nthrift_arena_alloc(&inv->arena, len + 1);

    if (p == NULL) {
        p = ngx_thrift_invocation_take(inv, len + 1);
    }

    if (p) {
        *ngx_cpymem(p, data, len) = '\0';
    }

    return p;
}


/*
 * What is left of the arena's block is written to, as long as that goes: most
 * replies are small.
 */

void
ngx_thrift_invocation_write(ngx_thrift_invocation_t *inv, nthrift_write_t *w,
    unsigned protocol, size_t size)
{
    size_t            room;
    nthrift_arena_t  *arena;

    arena = &inv->arena;
    room = arena->end - arena->pos;

    nthrift_write_init(w, protocol, arena->pos, room,
                       ngx_max(arena->limit, NGX_THRIFT_INVOCATION_MEMORY),
                       ngx_thrift_invocation_grow, inv);

    if (size > room) {
        w->size = size;
        w->data = ngx_thrift_invocation_grow(inv, NULL, 0, &w->size);

        if (w->data == NULL) {
            w->size = 0;
            w->error = nthrift_write_no_memory;
            return;
        }
    }

    w->len = size;
}


void
ngx_thrift_invocation_written(ngx_thrift_invocation_t *inv, nthrift_write_t *w)
{
    if (w->data == inv->arena.pos) {
        inv->arena.pos += ngx_min(ngx_align(w->len, 8), w->size);
    }
}


/* An nthrift_write_grow_pt: what was written before stays where it is. */

static uint8_t *
ngx_thrift_invocation_grow(void *owner, uint8_t *data, size_t len,
    size_t *size)
{
    uint8_t  *p;

    *size = ngx_max(*size, 2 * len);

    p = ngx_thrift_invocation_chunk(owner, *size);

    if (p && len) {
        ngx_memcpy(p, data, len);
    }

    return p;
}


void
ngx_thrift_invocation_free(ngx_thrift_invocation_t *inv)
{
    ngx_uint_t           grown;
    ngx_thrift_kept_t   *kept;
    ngx_thrift_chunk_t  *chunk, *next;

    for (kept = inv->kept_blocks; kept; kept = kept->next) {
        ngx_thrift_block_unref(kept->block);
    }

    grown = (inv->chunks != NULL);

    for (chunk = inv->chunks; chunk; chunk = next) {
        next = chunk->next;
        ngx_free(chunk);
    }

    if (grown) {
        ngx_thrift_trim();
    }

    ngx_thrift_cache_put(inv);
}


ngx_int_t
ngx_thrift_invocation_keep_blocks(ngx_thrift_invocation_t *inv)
{
    ngx_queue_t            *q;
    ngx_thrift_outbound_t  *ob;

    if (ngx_thrift_invocation_keep_message(inv, &inv->call->request)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (q = ngx_queue_head(&inv->outbound);
         q != ngx_queue_sentinel(&inv->outbound);
         q = ngx_queue_next(q))
    {
        ob = ngx_queue_data(q, ngx_thrift_outbound_t, queue);

        if (ob->delivered && ob->call && ob->call->reply
            && ngx_thrift_invocation_keep_message(inv, ob->call->reply)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_invocation_keep_message(ngx_thrift_invocation_t *inv,
    ngx_thrift_message_t *m)
{
    ngx_thrift_kept_t     *kept;
    ngx_thrift_segment_t  *segment;

    for (segment = m->first; segment; segment = segment->next) {

        if (segment->block == NULL) {
            continue;
        }

        kept = ngx_thrift_invocation_need(inv, sizeof(ngx_thrift_kept_t));
        if (kept == NULL) {
            return NGX_ERROR;
        }

        kept->block = segment->block;
        ngx_thrift_block_ref(kept->block);

        kept->next = inv->kept_blocks;
        inv->kept_blocks = kept;
    }

    return NGX_OK;
}
