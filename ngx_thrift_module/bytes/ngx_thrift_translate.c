/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Messages in another protocol: a body is read where it was received, and
 * written to new blocks.  What its bytes mean is src/'s: binary and compact are
 * translated without a definition by src/wire/translate.c, JSON by a definition
 * (ngx_thrift_translate_json.c).  From JSON to compact it goes by way of
 * binary: a string's length stands before it, and only in binary it has always
 * as many bytes.  Called by ngx_thrift_dialect.c, for calls and for replies,
 * and by ngx_thrift_text.c.
 */

#include "ngx_thrift.h"


/* In the first block: head, as many bytes as the body has ... */

#define NGX_THRIFT_TRANSLATE_MORE  128      /* ... and so many more */

#define NGX_THRIFT_TRANSLATE_TOO_LARGE  "message larger than allowed"


static ngx_int_t ngx_thrift_translate_begin(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from,
    nthrift_head_t *head);
static ngx_int_t ngx_thrift_translate_detour(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, nthrift_head_t *head);
static ngx_int_t ngx_thrift_translate_turn(ngx_thrift_translate_t *tr);
static ngx_int_t ngx_thrift_translate_set_way(ngx_thrift_translate_t *tr,
    size_t body);
static ngx_int_t ngx_thrift_translate_walk(ngx_thrift_translate_t *tr,
    size_t *size);
static ngx_int_t ngx_thrift_translate_piece(ngx_thrift_translate_t *tr,
    const u_char *last);
static ngx_int_t ngx_thrift_translate_undefined(ngx_thrift_translate_t *tr,
    size_t *size);
static ngx_int_t ngx_thrift_translate_block(ngx_thrift_translate_t *tr,
    size_t size);
static uint64_t ngx_thrift_translate_written(ngx_thrift_translate_t *tr);
static ngx_int_t ngx_thrift_translate_end(ngx_thrift_translate_t *tr);


/* Of bodies that are read at once: a level of any of the ways. */

typedef union {
    nthrift_skip_level_t        walk;
    nthrift_json_write_level_t  write;

    struct {
        nthrift_json_read_level_t  level;
        nthrift_skip_level_t       walk;
    } read;
} ngx_thrift_translate_level_t;


static ngx_thrift_translate_level_t
    ngx_thrift_translate_levels[NTHRIFT_MAX_DEPTH];


size_t
ngx_thrift_translate_size(nthrift_rules_t *rules)
{
    return rules->max_depth * sizeof(ngx_thrift_translate_level_t);
}


ngx_int_t
ngx_thrift_translate_start(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from, nthrift_head_t *head,
    nthrift_rules_t *rules, const nthrift_schema_t *schema, void *memory,
    ngx_pool_t *pool)
{
    tr->rules = rules;
    tr->schema = schema;
    tr->memory = memory ? memory : ngx_thrift_translate_levels;
    tr->pool = pool;
    tr->undeclared = 0;
    tr->fields = NTHRIFT_CHECK_PASS;
    tr->goal = NULL;
    tr->middle = NULL;

    if (ngx_thrift_is_text(from) && head->protocol != NTHRIFT_BINARY) {
        tr->from = from;
        return ngx_thrift_translate_detour(tr, to, head);
    }

    return ngx_thrift_translate_begin(tr, to, from, head);
}


/* What is limited is the result. */

static ngx_int_t
ngx_thrift_translate_detour(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, nthrift_head_t *head)
{
    nthrift_head_t         binary;
    ngx_thrift_message_t  *middle;

    middle = ngx_palloc(tr->pool, sizeof(ngx_thrift_message_t));
    if (middle == NULL) {
        return NGX_ERROR;
    }

    tr->goal = to;
    tr->goal_head = *head;

    binary = *head;
    binary.transport = NTHRIFT_UNFRAMED;
    binary.protocol = NTHRIFT_BINARY;

    return ngx_thrift_translate_begin(tr, middle, tr->from, &binary);
}


/* Half of the way is done: the other one is the next part. */

static ngx_int_t
ngx_thrift_translate_turn(ngx_thrift_translate_t *tr)
{
    ngx_thrift_message_t  *to;

    to = tr->goal;

    tr->goal = NULL;
    tr->middle = tr->to;

    if (ngx_thrift_translate_begin(tr, to, tr->middle, &tr->goal_head)
        != NGX_OK)
    {
        tr->to = to;
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_thrift_translate_begin(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from,
    nthrift_head_t *head)
{
    size_t            body;
    nthrift_rules_t  *rules;

    rules = tr->rules;

    ngx_thrift_message_start(to);

    to->wire = from->wire;
    to->wire.head = *head;
    to->wire.head.lax = 0;
    to->wire.head.size = nthrift_head_size(head);

    tr->to = to;
    tr->from = from;
    tr->segment = from->first;
    tr->pos = from->first->start + from->wire.head.size;
    tr->size = 0;
    tr->most = nthrift_head_most(head, rules);

    body = from->wire.length - from->wire.head.size;

    if (ngx_thrift_translate_set_way(tr, body) != NGX_OK
        || ngx_thrift_translate_block(tr, to->wire.head.size + body
                                          + NGX_THRIFT_TRANSLATE_MORE)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    to->first->end += to->wire.head.size;
    to->first->block->last = to->first->end;

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_translate_set_way(ngx_thrift_translate_t *tr, size_t body)
{
    int  rc;

    if (!ngx_thrift_is_text(tr->from) && !ngx_thrift_is_text(tr->to)) {

        tr->part = ngx_thrift_translate_walk;

        rc = nthrift_translate_start(&tr->u.walk,
                                     tr->from->wire.head.protocol,
                                     tr->to->wire.head.protocol, tr->memory,
                                     tr->rules->max_depth, body);

        return (rc == NTHRIFT_OK) ? NGX_OK : NGX_ERROR;
    }

    if (tr->schema == NULL) {
        tr->part = ngx_thrift_translate_undefined;

    } else if (ngx_thrift_is_text(tr->from)) {
        ngx_thrift_translate_read_json(tr);

    } else {
        ngx_thrift_translate_write_json(tr);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_translate_undefined(ngx_thrift_translate_t *tr, size_t *size)
{
    tr->why = "there is no definition of it";

    return NGX_DECLINED;
}


ngx_int_t
ngx_thrift_translate_part(ngx_thrift_translate_t *tr, size_t size)
{
    ngx_int_t  rc;

    do {
        rc = tr->part(tr, &size);

        if (rc == NGX_OK) {
            rc = ngx_thrift_translate_end(tr);
        }

        if (rc == NGX_OK && tr->goal) {
            rc = ngx_thrift_translate_turn(tr);
        }

    } while (rc == NGX_AGAIN && size);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_thrift_translate_cancel(tr);

    } else if (rc == NGX_OK && tr->middle) {
        ngx_thrift_message_release(tr->middle);
    }

    return rc;
}


void
ngx_thrift_translate_cancel(ngx_thrift_translate_t *tr)
{
    ngx_thrift_message_release(tr->to);

    if (tr->middle) {
        ngx_thrift_message_release(tr->middle);
    }
}


/* Binary and compact. */

static ngx_int_t
ngx_thrift_translate_walk(ngx_thrift_translate_t *tr, size_t *size)
{
    return ngx_thrift_translate_segments(tr, size, ngx_thrift_translate_piece);
}


ngx_int_t
ngx_thrift_translate_segments(ngx_thrift_translate_t *tr, size_t *size,
    ngx_thrift_translate_piece_pt piece)
{
    size_t                 n;
    ngx_int_t              rc;
    ngx_thrift_segment_t  *segment;

    do {
        segment = tr->segment;

        n = ngx_min((size_t) (segment->end - tr->pos), *size);
        *size -= n;

        rc = piece(tr, tr->pos + n);

        if (rc != NGX_AGAIN || tr->pos != segment->end) {
            break;
        }

        if (segment->next == NULL) {
            tr->why = "frame shorter than its message";
            return NGX_DECLINED;
        }

        tr->segment = segment->next;
        tr->pos = tr->segment->start;

    } while (*size);

    if (rc == NGX_OK && (tr->pos != segment->end || segment->next)) {
        tr->why = "frame longer than its message";
        return NGX_DECLINED;
    }

    return rc;
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

        rc = nthrift_translate_read(&tr->u.walk, &tr->pos, last, &block->last,
                                    block->end, &err);

        tr->to->last->end = block->last;

        if (rc == NTHRIFT_ERROR) {
            tr->why = err.text;
            return NGX_DECLINED;
        }

        if (rc == NTHRIFT_OK || block->last != block->end) {
            return rc;
        }

        rc = ngx_thrift_translate_grow(tr);

        if (rc != NGX_OK) {
            return rc;
        }
    }
}


ngx_int_t
ngx_thrift_translate_grow(ngx_thrift_translate_t *tr)
{
    if (ngx_thrift_translate_written(tr) > tr->most) {
        tr->why = NGX_THRIFT_TRANSLATE_TOO_LARGE;
        return NGX_BUSY;
    }

    return ngx_thrift_translate_block(tr, tr->size);
}


static uint64_t
ngx_thrift_translate_written(ngx_thrift_translate_t *tr)
{
    uint64_t               size;
    ngx_thrift_segment_t  *segment;

    size = 0;

    for (segment = tr->to->first; segment; segment = segment->next) {
        size += ngx_thrift_segment_size(segment);
    }

    return size;
}


static ngx_int_t
ngx_thrift_translate_block(ngx_thrift_translate_t *tr, size_t size)
{
    if (ngx_thrift_message_grow(tr->to, size, tr->pool) != NGX_OK) {
        return NGX_ERROR;
    }

    tr->size += ngx_thrift_block_room(tr->to->last->block);

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

    to = tr->to;
    size = ngx_thrift_translate_written(tr);

    if (size > tr->most) {
        tr->why = NGX_THRIFT_TRANSLATE_TOO_LARGE;
        return NGX_BUSY;
    }

    head = &to->wire.head;
    body = size - head->size;

    (void) nthrift_head_write(to->first->start, head, body);
    nthrift_head_set(head, to->first->start, body);

    to->wire.length = size;

    return NGX_OK;
}
