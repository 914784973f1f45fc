
/*
 * Receiving into blocks.  Called by the session for calls and by the upstream
 * room for replies; what is found in the bytes is ngx_thrift_message.c's.
 */

#include "ngx_thrift.h"


static ngx_thrift_block_t *ngx_thrift_block_get(ngx_thrift_blocks_t *blocks);
static ngx_thrift_block_t *ngx_thrift_block_alloc(size_t size);
static ngx_int_t ngx_thrift_input_room(ngx_thrift_input_t *in);
static ngx_uint_t ngx_thrift_input_has_room(ngx_thrift_input_t *in);


/*
 * Blocks for small messages, by size; larger ones are not kept for reuse.  With
 * a checker of memory none is, and each is as large as asked for: it sees what
 * reads on.
 */

static ngx_thrift_blocks_t  ngx_thrift_small_blocks[] = {
#if !(NGX_DEBUG_PALLOC)
    { 256, 0, NULL },
    { 512, 0, NULL },
    { 1024, 0, NULL },
    { 2048, 0, NULL },
    { 4096, 0, NULL },
#endif
    { 0, 0, NULL }
};


static ngx_thrift_block_t *
ngx_thrift_block_get(ngx_thrift_blocks_t *blocks)
{
    ngx_thrift_block_t  *block;

    block = blocks->free;

    if (block) {
        blocks->free = block->next;
        blocks->nfree--;

    } else {
        block = ngx_thrift_block_alloc(blocks->size);
        if (block == NULL) {
            return NULL;
        }

        block->owner = blocks;
    }

    block->refs = 1;
    block->last = ngx_thrift_block_start(block);

    return block;
}


/* `size` is that of the header and the bytes. */

static ngx_thrift_block_t *
ngx_thrift_block_alloc(size_t size)
{
    ngx_thrift_block_t  *block;

    block = ngx_alloc(size, ngx_cycle->log);

    if (block) {
        block->owner = NULL;
        block->refs = 1;
        block->last = ngx_thrift_block_start(block);
        block->end = (u_char *) block + size;
    }

    return block;
}


ngx_thrift_block_t *
ngx_thrift_block_create(size_t size)
{
    ngx_thrift_blocks_t  *blocks;

    size += sizeof(ngx_thrift_block_t);

    for (blocks = ngx_thrift_small_blocks; blocks->size; blocks++) {
        if (size <= blocks->size) {
            return ngx_thrift_block_get(blocks);
        }
    }

    return ngx_thrift_block_alloc(size);
}


ngx_uint_t
ngx_thrift_block_wasted(ngx_thrift_block_t *block, size_t n)
{
    size_t  room;

    room = ngx_thrift_block_room(block);

    return room > NGX_THRIFT_BLOCK_SMALL && n < room / NGX_THRIFT_BLOCK_PART;
}


void
ngx_thrift_block_unref(ngx_thrift_block_t *block)
{
    ngx_thrift_blocks_t  *blocks;

    if (--block->refs) {
        return;
    }

    blocks = block->owner;

    if (blocks == NULL
        || (blocks->nfree + 1) * blocks->size > NGX_THRIFT_BLOCKS)
    {
        ngx_free(block);
        ngx_thrift_trim();
        return;
    }

    block->next = blocks->free;
    blocks->free = block;
    blocks->nfree++;
}


void
ngx_thrift_blocks_free(ngx_thrift_blocks_t *blocks)
{
    ngx_thrift_block_t  *block;

    while (blocks->free) {
        block = blocks->free;
        blocks->free = block->next;
        ngx_free(block);
    }

    blocks->nfree = 0;
}


void
ngx_thrift_blocks_free_small(void)
{
    ngx_thrift_blocks_t  *blocks;

    for (blocks = ngx_thrift_small_blocks; blocks->size; blocks++) {
        ngx_thrift_blocks_free(blocks);
    }
}


void
ngx_thrift_input_init(ngx_thrift_input_t *in, ngx_thrift_blocks_t *blocks)
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
        return NGX_ERROR;
    }

    block = in->block;

    n = c->recv(c, block->last, block->end - block->last);

    if (n > 0) {
        block->last += n;
    }

    return n;
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

    next = ngx_thrift_block_get(in->blocks);
    if (next == NULL) {
        return NGX_ERROR;
    }

    block = in->block;
    tail = 0;

    if (block) {
        tail = block->last - in->pos;
        ngx_memcpy(next->last, in->pos, tail);
        next->last += tail;
    }

    ngx_thrift_input_move(in, next, next->last - tail);

    return (next->last != next->end) ? NGX_OK : NGX_ERROR;
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

    if (block->owner != in->blocks) {

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
