
/*
 * Messages in another protocol: a body is read where it was received, and
 * written to new blocks.  What its bytes mean is src/wire/translate.c's.
 * Called by ngx_thrift_attempt.c, for calls and for replies.
 */

#include "ngx_thrift.h"


/* In the first block: head, as many bytes as the body has ... */

#define NGX_THRIFT_TRANSLATE_MORE  64       /* ... and so many more */


typedef struct {
    nthrift_translate_t    walk;
    ngx_thrift_message_t  *to;
    ngx_pool_t            *pool;
    uint64_t               size;        /* of all blocks */
    uint64_t               most;        /* of the message */
} ngx_thrift_translate_t;


static ngx_int_t ngx_thrift_translate_body(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *from, const char **why);
static ngx_int_t ngx_thrift_translate_segment(ngx_thrift_translate_t *tr,
    const u_char **p, const u_char *last, const char **why);
static ngx_int_t ngx_thrift_translate_block(ngx_thrift_translate_t *tr,
    size_t size);
static ngx_int_t ngx_thrift_translate_end(ngx_thrift_translate_t *tr,
    const char **why);


/* A body is read at once. */

static nthrift_skip_level_t  ngx_thrift_translate_levels[NTHRIFT_MAX_DEPTH];


ngx_int_t
ngx_thrift_translate(ngx_thrift_message_t *to, ngx_thrift_message_t *from,
    nthrift_head_t *head, nthrift_rules_t *rules, ngx_pool_t *pool,
    const char **why)
{
    size_t                  body;
    ngx_int_t               rc;
    ngx_thrift_translate_t  tr;

    ngx_thrift_message_start(to);

    to->wire = from->wire;
    to->wire.head = *head;
    to->wire.head.lax = 0;
    to->wire.head.size = nthrift_head_size(head);

    tr.to = to;
    tr.pool = pool;
    tr.size = 0;
    tr.most = rules->max_message;

    if (head->transport == NTHRIFT_FRAMED) {
        tr.most = ngx_min(tr.most, (uint64_t) rules->max_frame
                                   + NTHRIFT_LENGTH_SIZE);
    }

    body = from->wire.length - from->wire.head.size;

    if (nthrift_translate_start(&tr.walk, from->wire.head.protocol,
                                head->protocol, ngx_thrift_translate_levels,
                                rules->max_depth, body)
        != NTHRIFT_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_thrift_translate_block(&tr, to->wire.head.size + body
                                         + NGX_THRIFT_TRANSLATE_MORE);
    if (rc == NGX_OK) {
        to->first->end += to->wire.head.size;
        to->first->block->last = to->first->end;

        rc = ngx_thrift_translate_body(&tr, from, why);
    }

    if (rc == NGX_OK) {
        rc = ngx_thrift_translate_end(&tr, why);
    }

    if (rc != NGX_OK) {
        ngx_thrift_message_release(to);
    }

    return rc;
}


static ngx_int_t
ngx_thrift_translate_body(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *from, const char **why)
{
    ngx_int_t              rc;
    const u_char          *p;
    ngx_thrift_segment_t  *segment;

    segment = from->first;
    p = segment->start + from->wire.head.size;

    for ( ;; ) {
        rc = ngx_thrift_translate_segment(tr, &p, segment->end, why);

        if (rc != NGX_AGAIN) {
            break;
        }

        segment = segment->next;

        if (segment == NULL) {
            *why = "frame shorter than its message";
            return NGX_DECLINED;
        }

        p = segment->start;
    }

    if (rc == NGX_OK && (p != segment->end || segment->next)) {
        *why = "frame longer than its message";
        return NGX_DECLINED;
    }

    return rc;
}


/* NGX_AGAIN: more segments are needed. */

static ngx_int_t
ngx_thrift_translate_segment(ngx_thrift_translate_t *tr, const u_char **p,
    const u_char *last, const char **why)
{
    int                  rc;
    nthrift_error_t      err;
    ngx_thrift_block_t  *block;

    err.text = NULL;

    for ( ;; ) {
        block = tr->to->last->block;

        rc = nthrift_translate_read(&tr->walk, p, last, &block->last,
                                    block->end, &err);

        tr->to->last->end = block->last;

        if (rc == NTHRIFT_ERROR) {
            *why = err.text;
            return NGX_DECLINED;
        }

        if (rc == NTHRIFT_OK || block->last != block->end) {
            return rc;
        }

        if (tr->size > tr->most) {
            return ngx_thrift_translate_end(tr, why);
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
ngx_thrift_translate_end(ngx_thrift_translate_t *tr, const char **why)
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
        *why = "message larger than allowed";
        return NGX_BUSY;
    }

    head = &to->wire.head;
    body = size - head->size;

    head->frame = nthrift_head_frame(head, body);
    (void) nthrift_head_write(to->first->start, head, body);

    to->wire.length = size;

    return NGX_OK;
}
