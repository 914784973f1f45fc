
/*
 * Receiving into blocks.  Called by the session for calls and by the upstream
 * room for replies; what is found in the bytes is ngx_thrift_message.c's.
 */

#include "ngx_thrift.h"


static ngx_thrift_block_t *ngx_thrift_block_get(ngx_thrift_blocks_t *blocks);
static ngx_int_t ngx_thrift_input_room(ngx_thrift_input_t *in);


static ngx_thrift_block_t *
ngx_thrift_block_get(ngx_thrift_blocks_t *blocks)
{
    ngx_thrift_block_t  *block;

    block = blocks->free;

    if (block) {
        blocks->free = block->next;
        blocks->nfree--;

    } else {
        block = ngx_alloc(blocks->size, ngx_cycle->log);
        if (block == NULL) {
            return NULL;
        }

        block->owner = blocks;
        block->end = (u_char *) block + blocks->size;
    }

    block->refs = 1;
    block->last = ngx_thrift_block_start(block);

    return block;
}


void
ngx_thrift_block_unref(ngx_thrift_block_t *block)
{
    ngx_thrift_blocks_t  *blocks;

    if (--block->refs) {
        return;
    }

    blocks = block->owner;

    if ((blocks->nfree + 1) * blocks->size > NGX_THRIFT_BLOCKS) {
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

    block = in->block;

    if (block == NULL) {
        next = ngx_thrift_block_get(in->blocks);
        if (next == NULL) {
            return NGX_ERROR;
        }

        in->block = next;
        in->pos = next->last;

        return NGX_OK;
    }

    tail = block->last - in->pos;

    if (block->refs == 1) {

        /* nobody else's bytes are in it */

        if (in->pos != ngx_thrift_block_start(block)) {
            ngx_memmove(ngx_thrift_block_start(block), in->pos, tail);
            in->pos = ngx_thrift_block_start(block);
            block->last = in->pos + tail;
        }

        return (block->last < block->end) ? NGX_OK : NGX_ERROR;
    }

    if ((size_t) (block->end - block->last) >= NTHRIFT_MAX_HEAD) {
        return NGX_OK;
    }

    next = ngx_thrift_block_get(in->blocks);
    if (next == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(next->last, in->pos, tail);

    in->block = next;
    in->pos = next->last;
    next->last += tail;

    ngx_thrift_block_unref(block);

    return NGX_OK;
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
    if (in->block && in->pos == in->block->last) {
        ngx_thrift_input_close(in);
    }
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
