
/*
 * Messages in another protocol: a body is read where it was received, and
 * written to new blocks.  What its bytes mean is src/wire/translate.c's.
 * Called by ngx_thrift_dialect.c, for calls and for replies.
 */

#include "ngx_thrift.h"


/* In the first block: head, as many bytes as the body has ... */

#define NGX_THRIFT_TRANSLATE_MORE  64       /* ... and so many more */


static ngx_int_t ngx_thrift_translate_piece(ngx_thrift_translate_t *tr,
    const u_char *last);
static ngx_int_t ngx_thrift_translate_block(ngx_thrift_translate_t *tr,
    size_t size);
static ngx_int_t ngx_thrift_translate_end(ngx_thrift_translate_t *tr);


/* Of bodies that are read at once. */

static nthrift_skip_level_t  ngx_thrift_translate_levels[NTHRIFT_MAX_DEPTH];


ngx_int_t
ngx_thrift_translate_start(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from, nthrift_head_t *head,
    nthrift_rules_t *rules, nthrift_skip_level_t *levels, ngx_pool_t *pool)
{
    size_t  body;

    ngx_thrift_message_start(to);

    to->wire = from->wire;
    to->wire.head = *head;
    to->wire.head.lax = 0;
    to->wire.head.size = nthrift_head_size(head);

    tr->to = to;
    tr->segment = from->first;
    tr->pos = from->first->start + from->wire.head.size;
    tr->pool = pool;
    tr->size = 0;
    tr->most = nthrift_head_most(head, rules);

    body = from->wire.length - from->wire.head.size;

    if (nthrift_translate_start(&tr->walk, from->wire.head.protocol,
                                head->protocol,
                                levels ? levels : ngx_thrift_translate_levels,
                                rules->max_depth, body)
        != NTHRIFT_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_thrift_translate_block(tr, to->wire.head.size + body
                                       + NGX_THRIFT_TRANSLATE_MORE)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    to->first->end += to->wire.head.size;
    to->first->block->last = to->first->end;

    return NGX_OK;
}


ngx_int_t
ngx_thrift_translate_part(ngx_thrift_translate_t *tr, size_t size)
{
    size_t                 n;
    ngx_int_t              rc;
    ngx_thrift_segment_t  *segment;

    do {
        segment = tr->segment;

        n = ngx_min((size_t) (segment->end - tr->pos), size);
        size -= n;

        rc = ngx_thrift_translate_piece(tr, tr->pos + n);

        if (rc != NGX_AGAIN || tr->pos != segment->end) {
            break;
        }

        if (segment->next == NULL) {
            tr->why = "frame shorter than its message";
            rc = NGX_DECLINED;
            break;
        }

        tr->segment = segment->next;
        tr->pos = tr->segment->start;

    } while (size);

    if (rc == NGX_OK && (tr->pos != segment->end || segment->next)) {
        tr->why = "frame longer than its message";
        rc = NGX_DECLINED;
    }

    if (rc == NGX_OK) {
        rc = ngx_thrift_translate_end(tr);
    }

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_thrift_translate_cancel(tr);
    }

    return rc;
}


void
ngx_thrift_translate_cancel(ngx_thrift_translate_t *tr)
{
    ngx_thrift_message_release(tr->to);
}


/* Up to `last`; NGX_AGAIN: there it goes on. */

static ngx_int_t
ngx_thrift_translate_piece(ngx_thrift_translate_t *tr, const u_char *last)
{
    int                  rc;
    nthrift_error_t      err;
    ngx_thrift_block_t  *block;

    err.text = NULL;

    for ( ;; ) {
        block = tr->to->last->block;

        rc = nthrift_translate_read(&tr->walk, &tr->pos, last, &block->last,
                                    block->end, &err);

        tr->to->last->end = block->last;

        if (rc == NTHRIFT_ERROR) {
            tr->why = err.text;
            return NGX_DECLINED;
        }

        if (rc == NTHRIFT_OK || block->last != block->end) {
            return rc;
        }

        if (tr->size > tr->most) {
            return ngx_thrift_translate_end(tr);
        }

        rc = ngx_thrift_translate_block(tr, tr->size);

        if (rc != NGX_OK) {
            return rc;
        }
    }
}


static ngx_int_t
ngx_thrift_translate_block(ngx_thrift_translate_t *tr, size_t size)
{
    ngx_thrift_block_t    *block;
    ngx_thrift_message_t  *to;
    ngx_thrift_segment_t  *segment;

    to = tr->to;
    segment = &to->segment;

    if (to->first) {
        segment = ngx_palloc(tr->pool, sizeof(ngx_thrift_segment_t));
        if (segment == NULL) {
            return NGX_ERROR;
        }
    }

    block = ngx_thrift_block_create(size);
    if (block == NULL) {
        return NGX_ERROR;
    }

    segment->start = block->last;
    segment->end = block->last;
    segment->block = block;
    segment->next = NULL;

    if (to->first) {
        to->last->next = segment;

    } else {
        to->first = segment;
    }

    to->last = segment;
    tr->size += ngx_thrift_block_room(block);

    return NGX_OK;
}


/* All was written: the head can be. */

static ngx_int_t
ngx_thrift_translate_end(ngx_thrift_translate_t *tr)
{
    size_t                 body;
    uint64_t               size;
    nthrift_head_t        *head;
    ngx_thrift_message_t  *to;
    ngx_thrift_segment_t  *segment;

    to = tr->to;
    size = 0;

    for (segment = to->first; segment; segment = segment->next) {
        size += ngx_thrift_segment_size(segment);
    }

    if (size > tr->most) {
        tr->why = "message larger than allowed";
        return NGX_BUSY;
    }

    head = &to->wire.head;
    body = size - head->size;

    (void) nthrift_head_write(to->first->start, head, body);
    nthrift_head_set(head, to->first->start, body);

    to->wire.length = size;

    return NGX_OK;
}
