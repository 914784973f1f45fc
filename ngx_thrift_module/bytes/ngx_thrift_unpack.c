/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Messages that are packed: with the transform zlib, the only one that Apache's
 * libraries have.  What comes out is read as it comes, as if it had come
 * unframed: it never gets larger than a message may be, nor than its struct.
 * Called by ngx_thrift_packed.c, for calls and their replies.
 */

#include "ngx_thrift.h"


#if (NGX_THRIFT_ZLIB)


/* The first block has room for a head, and for so many times what came. */

#define NGX_THRIFT_UNPACK_RATIO  4
#define NGX_THRIFT_UNPACK_FIRST  65536      /* bytes at most, but for a head */


static ngx_int_t ngx_thrift_unpack_room(ngx_thrift_unpack_t *un);
static ngx_int_t ngx_thrift_unpack_some(ngx_thrift_unpack_t *un, size_t *size);
static ngx_int_t ngx_thrift_unpack_read(ngx_thrift_unpack_t *un);
static ngx_int_t ngx_thrift_unpack_end(ngx_thrift_unpack_t *un);
static ngx_int_t ngx_thrift_unpack_malformed(ngx_thrift_unpack_t *un,
    const char *why);
static ngx_int_t ngx_thrift_pack_end(ngx_thrift_pack_t *pk);


/* Most are unpacked at once. */

static nthrift_skip_level_t  ngx_thrift_unpack_shared[NTHRIFT_MAX_DEPTH];


ngx_int_t
ngx_thrift_unpack_start(ngx_thrift_unpack_t *un, ngx_thrift_message_t *to,
    ngx_thrift_message_t *from, nthrift_rules_t *rules, ngx_pool_t *pool)
{
    size_t           size;
    nthrift_head_t   head;

    head = from->wire.head;

    if (head.packed != NTHRIFT_ZLIB) {
        return NGX_DECLINED;
    }

    head.packed = NTHRIFT_PLAIN;

    ngx_memzero(un, sizeof(ngx_thrift_unpack_t));

    un->to = to;
    un->from = from;
    un->levels = ngx_thrift_unpack_shared;
    un->pool = pool;
    un->most = nthrift_head_most(&head, rules);
    un->before = NTHRIFT_LENGTH_SIZE
                 + nthrift_transports[head.transport]->header_size(&head);

    un->rules = *rules;
    un->rules.transport = NTHRIFT_UNFRAMED;
    un->rules.protocol = head.protocol;
    un->rules.lax = 0;
    un->rules.validate = 1;
    un->rules.max_message = (un->most > un->before) ? un->most - un->before
                                                    : 0;

    ngx_thrift_message_start(to);

    if (inflateInit(&un->zlib) != Z_OK) {
        return NGX_ERROR;
    }

    size = from->wire.length - from->wire.head.size;
    size = ngx_min(size * NGX_THRIFT_UNPACK_RATIO, NGX_THRIFT_UNPACK_FIRST);

    if (ngx_thrift_message_grow(to, un->before + NTHRIFT_MAX_HEAD + size, pool)
        != NGX_OK)
    {
        (void) inflateEnd(&un->zlib);
        return NGX_ERROR;
    }

    to->first->block->last += un->before;
    to->first->end = to->first->block->last;
    un->pos = to->first->end;
    un->size = un->before;

    un->segment = from->first;
    un->zlib.next_in = from->first->start + from->wire.head.size;
    un->zlib.avail_in = from->first->end - un->zlib.next_in;

    return NGX_OK;
}


ngx_int_t
ngx_thrift_unpack_part(ngx_thrift_unpack_t *un, size_t size)
{
    ngx_int_t  rc;

    do {
        rc = ngx_thrift_unpack_some(un, &size);
    } while (rc == NGX_AGAIN && size);

    if (rc == NGX_OK) {
        rc = ngx_thrift_unpack_end(un);
    }

    if (rc == NGX_DECLINED) {
        ngx_thrift_unpack_keep_head(un);
    }

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_thrift_unpack_cancel(un);
    }

    return rc;
}


/* NGX_OK: that was all. */

static ngx_int_t
ngx_thrift_unpack_some(ngx_thrift_unpack_t *un, size_t *size)
{
    int                    rc;
    size_t                 in, out;
    z_stream              *z;
    ngx_thrift_block_t    *block;

    if (ngx_thrift_unpack_room(un) != NGX_OK) {
        return NGX_ERROR;
    }

    z = &un->zlib;
    block = un->to->last->block;

    in = z->avail_in;
    out = ngx_min((size_t) (block->end - block->last), *size);

    z->next_out = block->last;
    z->avail_out = out;

    rc = inflate(z, Z_NO_FLUSH);

    in -= z->avail_in;
    out -= z->avail_out;

    *size -= ngx_min(*size, ngx_max(in + out, 1));

    block->last += out;
    un->to->last->end = block->last;
    un->size += out;

    if (rc == Z_MEM_ERROR) {
        return NGX_ERROR;
    }

    if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END) {
        return ngx_thrift_unpack_malformed(un, "wrong zlib data");
    }

    if (out && ngx_thrift_unpack_read(un) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (rc == Z_STREAM_END) {
        return NGX_OK;
    }

    if (z->avail_in == 0 && z->avail_out) {
        un->segment = un->segment->next;

        if (un->segment == NULL) {
            return ngx_thrift_unpack_malformed(un, "zlib data is cut off");
        }

        z->next_in = un->segment->start;
        z->avail_in = ngx_thrift_segment_size(un->segment);
    }

    return NGX_AGAIN;
}


/* As much as there is; no block is filled by more than is allowed. */

static ngx_int_t
ngx_thrift_unpack_room(ngx_thrift_unpack_t *un)
{
    ngx_thrift_block_t    *block;
    ngx_thrift_message_t  *to;

    to = un->to;
    block = to->last->block;

    if (block->last != block->end) {
        return NGX_OK;
    }

    if (ngx_thrift_message_grow(to, ngx_min(un->size,
                                            un->most - un->size + 1),
                                un->pool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    un->pos = to->last->start;

    return NGX_OK;
}


/* Reads what has come out: NGX_OK, there may be more; else NGX_DECLINED. */

static ngx_int_t
ngx_thrift_unpack_read(ngx_thrift_unpack_t *un)
{
    int                 rc;
    nthrift_message_t  *wire;

    wire = &un->to->wire;

    if (un->whole) {
        return ngx_thrift_unpack_malformed(un,
                                           "zlib data longer than its message");
    }

    rc = nthrift_message_read(wire, &un->rules, un->levels, &un->pos,
                              un->to->last->end);

    if (rc == NTHRIFT_ERROR) {
        return ngx_thrift_unpack_malformed(un, wire->error.text);
    }

    if (rc == NTHRIFT_OK) {
        un->whole = 1;

        if (un->pos != un->to->last->end) {
            return ngx_thrift_unpack_malformed(un,
                                           "zlib data longer than its message");
        }
    }

    return NGX_OK;
}


/* All is there: so is its length, and the THeader that it would have. */

static ngx_int_t
ngx_thrift_unpack_end(ngx_thrift_unpack_t *un)
{
    nthrift_head_t         head;
    nthrift_error_t        err;
    ngx_thrift_message_t  *to;

    to = un->to;

    if (!un->whole) {
        return ngx_thrift_unpack_malformed(un,
                                          "zlib data shorter than its message");
    }

    if (un->zlib.avail_in || un->segment->next) {
        return ngx_thrift_unpack_malformed(un, "bytes behind zlib data");
    }

    head = un->from->wire.head;
    head.packed = NTHRIFT_PLAIN;

    (void) nthrift_transports[head.transport]->write(to->first->start, &head,
                                             un->size - NTHRIFT_LENGTH_SIZE);

    un->rules.transport = head.transport;
    un->rules.max_header = NTHRIFT_MAX_HEADER;

    err.text = NULL;

    if (nthrift_head_read(&un->rules, to->first->start, to->first->end,
                          &to->wire.head, &err)
        != NTHRIFT_OK)
    {
        return ngx_thrift_unpack_malformed(un, err.text ? err.text
                                                        : "wrong zlib data");
    }

    to->wire.length = un->size;

    (void) inflateEnd(&un->zlib);

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_unpack_malformed(ngx_thrift_unpack_t *un, const char *why)
{
    un->why = why;

    return NGX_DECLINED;
}


/* Its memory goes, but who has called what may have come out of it. */

void
ngx_thrift_unpack_keep_head(ngx_thrift_unpack_t *un)
{
    u_char          *name;
    nthrift_head_t  *head;

    head = &un->to->wire.head;

    if (head->size == 0) {
        return;
    }

    name = ngx_pnalloc(un->pool, head->name.len + 1);

    if (name) {
        ngx_memcpy(name, head->name.data, head->name.len);

        un->head = *head;
        un->head.name.data = name;
    }
}


void
ngx_thrift_unpack_levels(ngx_thrift_unpack_t *un, nthrift_skip_level_t *levels)
{
    un->levels = levels;

    if (nthrift_message_has_levels(&un->to->wire)) {
        nthrift_message_move_levels(&un->to->wire, levels);
    }
}


void
ngx_thrift_unpack_cancel(ngx_thrift_unpack_t *un)
{
    (void) inflateEnd(&un->zlib);

    ngx_thrift_message_release(un->to);
}


ngx_int_t
ngx_thrift_pack_start(ngx_thrift_pack_t *pk, ngx_chain_t *in, ngx_pool_t *pool)
{
    size_t            n;
    ngx_chain_t      *cl;
    nthrift_error_t   err;
    nthrift_rules_t   rules;

    ngx_memzero(pk, sizeof(ngx_thrift_pack_t));
    ngx_memzero(&rules, sizeof(nthrift_rules_t));

    rules.transport = NTHRIFT_HEADER;
    rules.text = 1;
    rules.unnamed = 1;
    rules.max_header = NTHRIFT_MAX_HEADER;

    err.text = NULL;

    if (nthrift_head_read(&rules, in->buf->pos, in->buf->last, &pk->head, &err)
        != NTHRIFT_OK
        || pk->head.packed)
    {
        return NGX_DECLINED;
    }

    for (cl = in; cl; cl = cl->next) {
        pk->plain += ngx_buf_size(cl->buf);
    }

    n = NTHRIFT_LENGTH_SIZE + pk->head.header;

    pk->in = in;
    pk->pos = in->buf->pos + n;
    pk->head.packed = NTHRIFT_ZLIB;

    /* what does not get smaller has no room */

    pk->out = ngx_create_temp_buf(pool, pk->plain);
    if (pk->out == NULL) {
        return NGX_ERROR;
    }

    if (deflateInit(&pk->zlib, Z_BEST_SPEED) != Z_OK) {
        return NGX_ERROR;
    }

    n = nthrift_head_size(&pk->head);

    if (n > pk->plain) {
        ngx_thrift_pack_cancel(pk);
        return NGX_DECLINED;
    }

    pk->out->last = pk->out->pos + n;
    pk->zlib.next_out = pk->out->last;
    pk->zlib.avail_out = pk->out->end - pk->out->last;

    return NGX_OK;
}


ngx_int_t
ngx_thrift_pack_part(ngx_thrift_pack_t *pk, size_t size)
{
    int          rc;
    size_t       n;
    z_stream    *z;
    ngx_buf_t   *b;

    z = &pk->zlib;

    for ( ;; ) {
        b = pk->in->buf;
        n = ngx_min((size_t) (b->last - pk->pos), size);

        z->next_in = pk->pos;
        z->avail_in = n;

        pk->pos += n;
        size -= n;

        rc = deflate(z, (pk->pos == b->last && pk->in->next == NULL)
                        ? Z_FINISH : Z_NO_FLUSH);

        if (rc == Z_STREAM_END) {
            return ngx_thrift_pack_end(pk);
        }

        if ((rc != Z_OK && rc != Z_BUF_ERROR) || z->avail_in
            || z->avail_out == 0)
        {
            ngx_thrift_pack_cancel(pk);
            return NGX_DECLINED;
        }

        if (pk->pos == b->last) {
            pk->in = pk->in->next;
            pk->pos = pk->in->buf->pos;
        }

        if (size == 0) {
            return NGX_AGAIN;
        }
    }
}


static ngx_int_t
ngx_thrift_pack_end(ngx_thrift_pack_t *pk)
{
    ngx_buf_t  *b;

    b = pk->out;

    (void) nthrift_head_write(b->pos, &pk->head,
                              pk->zlib.next_out - b->last);

    b->last = pk->zlib.next_out;

    ngx_thrift_pack_cancel(pk);

    return NGX_OK;
}


void
ngx_thrift_pack_cancel(ngx_thrift_pack_t *pk)
{
    (void) deflateEnd(&pk->zlib);
}


#else


ngx_int_t
ngx_thrift_unpack_start(ngx_thrift_unpack_t *un, ngx_thrift_message_t *to,
    ngx_thrift_message_t *from, nthrift_rules_t *rules, ngx_pool_t *pool)
{
    return NGX_DECLINED;
}


ngx_int_t
ngx_thrift_unpack_part(ngx_thrift_unpack_t *un, size_t size)
{
    return NGX_ERROR;
}


void
ngx_thrift_unpack_keep_head(ngx_thrift_unpack_t *un)
{
    /* void */
}


void
ngx_thrift_unpack_levels(ngx_thrift_unpack_t *un, nthrift_skip_level_t *levels)
{
    /* void */
}


void
ngx_thrift_unpack_cancel(ngx_thrift_unpack_t *un)
{
    /* void */
}


ngx_int_t
ngx_thrift_pack_start(ngx_thrift_pack_t *pk, ngx_chain_t *in, ngx_pool_t *pool)
{
    return NGX_DECLINED;
}


ngx_int_t
ngx_thrift_pack_part(ngx_thrift_pack_t *pk, size_t size)
{
    return NGX_DECLINED;
}


void
ngx_thrift_pack_cancel(ngx_thrift_pack_t *pk)
{
    /* void */
}


#endif
