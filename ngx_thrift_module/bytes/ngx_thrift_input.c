/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Receiving into blocks.  Called by the session for calls and by the upstream
 * room for replies; what is found in the bytes is ngx_thrift_message.c's.
 */

#include "ngx_thrift.h"


static ngx_thrift_block_t *ngx_thrift_block_get(ngx_thrift_cache_t *cache);
static ngx_thrift_block_t *ngx_thrift_block_init(void *p, size_t size,
    ngx_thrift_cache_t *cache);
static void ngx_thrift_input_next_turn(ngx_event_t *ev);
static ngx_int_t ngx_thrift_input_room(ngx_thrift_input_t *in);
static ngx_uint_t ngx_thrift_input_has_room(ngx_thrift_input_t *in);


/*
 * Blocks for small messages, by size.  With a checker of memory each is as
 * large as asked for: it sees what reads on.
 */

static ngx_thrift_cache_t  ngx_thrift_small_blocks[] = {
#if !(NGX_DEBUG_PALLOC)
    { .size = 256 },
    { .size = 512 },
    { .size = 1024 },
    { .size = 2048 },
    { .size = 4096 },
    { .size = 8192 },
#endif
    { .size = 0 }
};


static size_t       ngx_thrift_input_received;  /* bytes, in this turn */
static ngx_event_t  ngx_thrift_input_turn;


static ngx_thrift_block_t *
ngx_thrift_block_get(ngx_thrift_cache_t *cache)
{
    return ngx_thrift_block_init(ngx_thrift_cache_get(cache), cache->size,
                                 cache);
}


ngx_thrift_block_t *
ngx_thrift_block_create(size_t size)
{
    ngx_thrift_cache_t  *cache;

    size += sizeof(ngx_thrift_block_t);

    for (cache = ngx_thrift_small_blocks; cache->size; cache++) {
        if (size <= cache->size) {
            return ngx_thrift_block_get(cache);
        }
    }

    return ngx_thrift_block_init(ngx_alloc(size, ngx_cycle->log), size, NULL);
}


static ngx_thrift_block_t *
ngx_thrift_block_init(void *p, size_t size, ngx_thrift_cache_t *cache)
{
    ngx_thrift_block_t  *block = p;

    if (block) {
        block->cache = cache;
        block->refs = 1;
        block->last = ngx_thrift_block_start(block);
        block->end = (u_char *) block + size;
    }

    return block;
}


ngx_uint_t
ngx_thrift_block_wasted(ngx_thrift_block_t *block, size_t n)
{
    size_t  room;

    room = ngx_thrift_block_room(block);

    return room > NGX_THRIFT_BLOCK_SMALL && n < room / NGX_THRIFT_BLOCK_PART;
}


void
ngx_thrift_block_free(ngx_thrift_block_t *block)
{
    if (block->cache) {
        ngx_thrift_cache_put(block);
        return;
    }

    ngx_free(block);
    ngx_thrift_trim();
}


void
ngx_thrift_input_init(ngx_thrift_input_t *in, ngx_thrift_cache_t *blocks)
{
    in->blocks = blocks;
    in->block = NULL;
    in->pos = NULL;
}


ssize_t
ngx_thrift_input_recv(ngx_thrift_input_t *in, ngx_connection_t *c)
{
    ssize_t              n;
    ngx_thrift_block_t  *block;

    if (ngx_thrift_input_room(in) != NGX_OK) {
        return NGX_ABORT;
    }

    block = in->block;

    n = c->recv(c, block->last, block->end - block->last);

    if (n > 0) {
        block->last += n;
        ngx_thrift_input_count(n);
    }

    return n;
}


void
ngx_thrift_input_retry(ngx_connection_t *c)
{
    if (c->read->ready) {
        return;
    }

    c->read->ready = 1;

    /* as after an event: it is not known how much; less would be believed */

#if (NGX_HAVE_KQUEUE || NGX_HAVE_EPOLLRDHUP)
    c->read->available = -1;
#endif
}


/*
 * Counts what all connections receive.  The event that begins anew asks for a
 * turn of the event loop, so it is posted only when it is needed.
 */

void
ngx_thrift_input_count(size_t n)
{
    ngx_thrift_input_received += n;

    if (ngx_thrift_input_exhausted()) {
        ngx_thrift_input_turn.handler = ngx_thrift_input_next_turn;
        ngx_thrift_input_turn.log = ngx_cycle->log;

        ngx_post_event(&ngx_thrift_input_turn, &ngx_posted_next_events);
    }
}


static void
ngx_thrift_input_next_turn(ngx_event_t *ev)
{
    ngx_thrift_input_received = 0;
}


ngx_uint_t
ngx_thrift_input_exhausted(void)
{
    return ngx_thrift_input_received >= NGX_THRIFT_TURN_BYTES;
}


ssize_t
ngx_thrift_input_copy(ngx_thrift_input_t *in, u_char *p, size_t len)
{
    size_t               n;
    ngx_thrift_block_t  *block;

    if (ngx_thrift_input_room(in) != NGX_OK) {
        return NGX_ERROR;
    }

    block = in->block;

    n = ngx_min(len, (size_t) (block->end - block->last));
    block->last = ngx_cpymem(block->last, p, n);

    return n;
}


/*
 * Makes room to receive into.  What is left unconsumed is at most a head that
 * is not whole; it must stay contiguous and moves along.
 */

static ngx_int_t
ngx_thrift_input_room(ngx_thrift_input_t *in)
{
    size_t               tail;
    ngx_thrift_block_t  *block, *next;

    if (ngx_thrift_input_has_room(in)) {
        return NGX_OK;
    }

    block = in->block;
    tail = block ? block->last - in->pos : 0;

    if (tail >= NTHRIFT_LENGTH_SIZE + NTHRIFT_HEADER_FIXED + NTHRIFT_MAX_HEADER
                + NTHRIFT_MAX_HEAD)
    {
        return NGX_ERROR;
    }

    /* a head that fills more than half of it takes twice as much */

    next = (tail > in->blocks->size / 2)
           ? ngx_thrift_block_create(2 * tail + NTHRIFT_MAX_HEAD)
           : ngx_thrift_block_get(in->blocks);

    if (next == NULL) {
        return NGX_ERROR;
    }

    if (tail) {
        next->last = ngx_cpymem(next->last, in->pos, tail);
    }

    ngx_thrift_input_move(in, next, next->last - tail);

    return NGX_OK;
}


static ngx_uint_t
ngx_thrift_input_has_room(ngx_thrift_input_t *in)
{
    size_t               tail, room;
    ngx_thrift_block_t  *block;

    block = in->block;

    if (block == NULL) {
        return 0;
    }

    tail = block->last - in->pos;

    if (ngx_thrift_block_room(block) > in->blocks->size) {

        /* large: for a head that fills it, and what comes behind that */

        return (block->refs == 1 || tail == 0) && block->last != block->end;
    }

    if (block->cache != in->blocks) {

        /* small: for the message that has begun in it, and for no other */

        return block->refs > 1 && tail == 0 && block->last != block->end;
    }

    if (block->refs == 1) {

        /* no message lies in it */

        ngx_memmove(ngx_thrift_block_start(block), in->pos, tail);
        in->pos = ngx_thrift_block_start(block);
        block->last = in->pos + tail;

        return block->last != block->end;
    }

    room = ngx_thrift_block_room(block) / NGX_THRIFT_BLOCK_PART;

    return (size_t) (block->end - block->last)
           >= ngx_max(room, NTHRIFT_MAX_HEAD);
}


ngx_err_t
ngx_thrift_input_error(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        return ngx_socket_errno;
    }

    return err;
}


ngx_uint_t
ngx_thrift_input_ended(ngx_connection_t *c)
{
    char          byte[1];
    ngx_event_t  *rev;

    rev = c->read;

    if (ngx_thrift_input_tells_end()) {
        return rev->pending_eof;
    }

    return rev->ready && recv(c->fd, byte, 1, MSG_PEEK) == 0;
}


void
ngx_thrift_input_rest(ngx_thrift_input_t *in)
{
    size_t               size;
    ngx_thrift_block_t  *block;

    if (in->block == NULL) {
        return;
    }

    size = in->block->last - in->pos;

    if (size == 0) {
        ngx_thrift_input_close(in);
        return;
    }

    if (!ngx_thrift_block_wasted(in->block, size)) {
        return;
    }

    block = ngx_thrift_block_create(size);

    if (block) {
        block->last = ngx_cpymem(block->last, in->pos, size);
        ngx_thrift_input_move(in, block, block->last - size);
    }
}


void
ngx_thrift_input_move(ngx_thrift_input_t *in, ngx_thrift_block_t *block,
    u_char *pos)
{
    if (in->block) {
        ngx_thrift_block_unref(in->block);
    }

    in->block = block;
    in->pos = pos;
}


void
ngx_thrift_input_close(ngx_thrift_input_t *in)
{
    if (in->block) {
        ngx_thrift_block_unref(in->block);
        in->block = NULL;
        in->pos = NULL;
    }
}
