/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Messages: read from an input, kept, sent on, released.  Called by the
 * session for calls and by the upstream room for replies; the wire itself is
 * read and written in src/wire/.  This room never looks into a payload.
 */

#include "ngx_thrift.h"


/* The body of a message up to this size is copied behind a new head. */

#define NGX_THRIFT_MESSAGE_COPY  2048       /* bytes */


/*
 * Room for what is still to come of a message: at least so much, unless less is
 * to come, and at least as much as there is of it already.  One that comes byte
 * by byte does not lie in as many segments.
 */

#define NGX_THRIFT_MESSAGE_ROOM  512    /* bytes */


/* One of up to this size may lie in a call's own memory. */

#define NGX_THRIFT_MESSAGE_POOL  256    /* bytes */


/* Sends a segment. */

typedef struct {
    ngx_chain_t            chain;
    ngx_buf_t              buf;
} ngx_thrift_message_link_t;


static ngx_int_t ngx_thrift_message_read_part(ngx_thrift_message_t *m,
    nthrift_rules_t *rules, ngx_thrift_input_t *in, u_char *pos, ngx_int_t rc,
    ngx_pool_t *pool) nthrift_noinline;
static ngx_int_t ngx_thrift_message_append(ngx_thrift_message_t *m,
    ngx_thrift_block_t *block, u_char *pos, u_char *last, ngx_pool_t *pool);
static void ngx_thrift_message_set_last(ngx_thrift_message_t *m,
    ngx_thrift_segment_t *segment, ngx_thrift_block_t *block, u_char *pos,
    u_char *last);
static ngx_int_t ngx_thrift_message_keep_levels(ngx_thrift_message_t *m,
    nthrift_rules_t *rules);
static void ngx_thrift_message_free_levels(ngx_thrift_message_t *m);
static ngx_uint_t ngx_thrift_message_wastes(ngx_thrift_message_t *m,
    size_t size);
static void ngx_thrift_message_settle_in_block(ngx_thrift_message_t *m)
    nthrift_noinline;
static void ngx_thrift_message_gathered(ngx_thrift_message_t *m, u_char *p,
    size_t size, ngx_thrift_block_t *block);
static size_t ngx_thrift_message_room(ngx_thrift_message_t *m, size_t max);
static void ngx_thrift_message_head_moved(ngx_thrift_message_t *m,
    u_char *from);
static void ngx_thrift_segment_move(ngx_thrift_message_t *m,
    ngx_thrift_segment_t *segment, ngx_thrift_block_t *block) nthrift_noinline;
static void ngx_thrift_segment_unref(ngx_thrift_segment_t *segment);
static void ngx_thrift_message_drop_all(ngx_thrift_message_t *m);
static ngx_chain_t *ngx_thrift_message_rewrite(ngx_thrift_message_t *m,
    int32_t seqid, nthrift_str_t *name, ngx_pool_t *pool) nthrift_noinline;
static ngx_uint_t ngx_thrift_message_fits_head(ngx_thrift_message_t *m);
static void ngx_thrift_message_copy_behind(ngx_thrift_message_t *m,
    size_t offset, u_char *p);
static void ngx_thrift_message_copy_segments(ngx_thrift_segment_t *segment,
    u_char *p) nthrift_noinline;
static ngx_chain_t *ngx_thrift_message_link(ngx_thrift_message_t *m,
    size_t offset, ngx_pool_t *pool);
static ngx_chain_t *ngx_thrift_message_link_part(u_char *start, u_char *end,
    ngx_pool_t *pool);
static ngx_int_t ngx_thrift_message_link_rest(ngx_chain_t *cl,
    ngx_thrift_segment_t *segment, ngx_pool_t *pool) nthrift_noinline;
static int ngx_thrift_message_more(void *data, const uint8_t **p,
    const uint8_t **last);
static int ngx_thrift_message_next_piece(void *data, const uint8_t **p,
    const uint8_t **last);


/* A byte of a large text is read as long as one, and so many others. */

#define NGX_THRIFT_MESSAGE_TEXT  4


/* Most messages come whole, and need these for a moment. */

static nthrift_skip_level_t  ngx_thrift_message_levels[NTHRIFT_MAX_DEPTH];


void
ngx_thrift_message_start(ngx_thrift_message_t *m)
{
    nthrift_message_start(&m->wire);

    m->dropped = 0;
    m->holds = 0;
    m->levels = NULL;
    m->first = NULL;
    m->last = NULL;
    m->replaced = NULL;
}


ngx_int_t
ngx_thrift_message_read(ngx_thrift_message_t *m, nthrift_rules_t *rules,
    ngx_thrift_input_t *in, ngx_pool_t *pool)
{
    u_char     *pos;
    uint64_t    length;
    ngx_int_t   rc;

    pos = in->pos;
    length = m->wire.length;

    rc = nthrift_message_read_on(&m->wire, rules, ngx_thrift_message_levels,
                                 pos, in->block->last);

    in->pos += m->wire.length - length;

    if (rc == NGX_OK && m->first == NULL && !m->dropped) {

        /* all of it came at once */

        m->first = &m->segment;
        ngx_thrift_message_set_last(m, &m->segment, in->block, pos, in->pos);

        return NGX_OK;
    }

    return ngx_thrift_message_read_part(m, rules, in, pos, rc, pool);
}


/* What was read begins at `pos`, and may be nothing. */

static ngx_int_t
ngx_thrift_message_read_part(ngx_thrift_message_t *m, nthrift_rules_t *rules,
    ngx_thrift_input_t *in, u_char *pos, ngx_int_t rc, ngx_pool_t *pool)
{
    size_t  n;

    n = in->pos - pos;

    /* of a message that is only passed over the head is kept */

    if (n && !m->dropped
        && (m->first == NULL || !nthrift_message_discards(&m->wire)))
    {
        if (ngx_thrift_message_append(m, in->block, pos, in->pos, pool)
            != NGX_OK)
        {
            return NGX_ABORT;
        }
    }

    if (rc == NGX_AGAIN) {

        if (m->wire.head.size && ngx_thrift_is_text(m)) {
            ngx_thrift_input_count(n * NGX_THRIFT_MESSAGE_TEXT);
        }

        return ngx_thrift_message_keep_levels(m, rules);
    }

    ngx_thrift_message_free_levels(m);

    return rc;
}


/* Others use the levels before more of the message comes.  NGX_AGAIN. */

static ngx_int_t
ngx_thrift_message_keep_levels(ngx_thrift_message_t *m,
    nthrift_rules_t *rules)
{
    if (m->levels || !nthrift_message_has_levels(&m->wire)) {
        return NGX_AGAIN;
    }

    m->levels = ngx_thrift_block_create(rules->max_depth
                                        * sizeof(nthrift_skip_level_t));
    if (m->levels == NULL) {
        return NGX_ABORT;
    }

    m->holds = 1;

    nthrift_message_move_levels(&m->wire, (nthrift_skip_level_t *)
                                          ngx_thrift_block_start(m->levels));

    return NGX_AGAIN;
}


static void
ngx_thrift_message_free_levels(ngx_thrift_message_t *m)
{
    if (m->levels) {
        ngx_thrift_block_unref(m->levels);
        m->levels = NULL;
    }
}


static ngx_int_t
ngx_thrift_message_append(ngx_thrift_message_t *m, ngx_thrift_block_t *block,
    u_char *pos, u_char *last, ngx_pool_t *pool)
{
    ngx_thrift_segment_t  *segment;

    segment = m->last;

    if (segment && segment->block == block && segment->end == pos) {
        segment->end = last;
        return NGX_OK;
    }

    if (segment == NULL) {
        segment = &m->segment;
        m->first = segment;

    } else {
        segment = ngx_palloc(pool, sizeof(ngx_thrift_segment_t));
        if (segment == NULL) {
            return NGX_ERROR;
        }

        m->last->next = segment;
    }

    ngx_thrift_message_set_last(m, segment, block, pos, last);

    return NGX_OK;
}


static void
ngx_thrift_message_set_last(ngx_thrift_message_t *m,
    ngx_thrift_segment_t *segment, ngx_thrift_block_t *block, u_char *pos,
    u_char *last)
{
    segment->start = pos;
    segment->end = last;
    segment->block = block;
    segment->next = NULL;

    ngx_thrift_block_ref(block);

    m->last = segment;
    m->holds = 1;
}


void
ngx_thrift_message_settle(ngx_thrift_message_t *m, ngx_pool_t *pool)
{
    u_char                *p;
    size_t                 size;
    ngx_thrift_segment_t  *segment;

    segment = &m->segment;

    if (pool == NULL || m->last != segment
        || ngx_thrift_segment_size(segment) > NGX_THRIFT_MESSAGE_POOL)
    {
        ngx_thrift_message_settle_in_block(m);
        return;
    }

    size = ngx_thrift_segment_size(segment);

    if (!ngx_thrift_block_wasted(segment->block, size)) {
        return;
    }

    p = ngx_thrift_pnalloc(pool, size);

    if (p) {
        ngx_memcpy(p, segment->start, size);
        ngx_thrift_message_gathered(m, p, size, NULL);
    }
}


/* A large one, or one of several segments, or of none. */

static void
ngx_thrift_message_settle_in_block(ngx_thrift_message_t *m)
{
    u_char                *p;
    size_t                 size;
    ngx_thrift_block_t    *block;
    ngx_thrift_segment_t  *segment;

    size = 0;

    for (segment = m->first; segment; segment = segment->next) {
        size += ngx_thrift_segment_size(segment);
    }

    if (!ngx_thrift_message_wastes(m, size)) {
        return;
    }

    block = ngx_thrift_block_create(size);
    if (block == NULL) {
        return;
    }

    p = block->last;
    block->last += size;

    ngx_thrift_message_copy_behind(m, 0, p);
    ngx_thrift_message_drop_body(m);
    ngx_thrift_message_gathered(m, p, size, block);
}


static ngx_uint_t
ngx_thrift_message_wastes(ngx_thrift_message_t *m, size_t size)
{
    ngx_thrift_segment_t  *segment;

    for (segment = m->first; segment; segment = segment->next) {
        if (ngx_thrift_block_wasted(segment->block, size)) {
            return 1;
        }
    }

    return 0;
}


/*
 * Its `size` bytes are at `p` now, which belongs to `block` if that is not
 * NULL, and it has one segment.
 */

static ngx_inline void
ngx_thrift_message_gathered(ngx_thrift_message_t *m, u_char *p, size_t size,
    ngx_thrift_block_t *block)
{
    u_char              *from;
    ngx_thrift_block_t  *old;

    from = m->segment.start;
    old = m->segment.block;

    m->segment.start = p;
    m->segment.end = p + size;
    m->segment.block = block;

    m->holds = (block || m->levels);

    ngx_thrift_message_head_moved(m, from);
    ngx_thrift_block_unref(old);
}


void
ngx_thrift_message_rest(ngx_thrift_message_t *m, ngx_thrift_input_t *in)
{
    size_t                 size;
    ngx_thrift_block_t    *block;
    ngx_thrift_segment_t  *segment;

    segment = (m && m->first) ? m->last : NULL;

    if (segment == NULL || segment->block != in->block
        || ngx_thrift_input_pending(in))
    {
        ngx_thrift_input_rest(in);
        return;
    }

    /* it goes on in the same block */

    size = ngx_thrift_segment_size(segment);

    if (!ngx_thrift_block_wasted(segment->block, size)) {
        return;
    }

    block = ngx_thrift_block_create(size
                             + ngx_thrift_message_room(m, in->blocks->size));
    if (block == NULL) {
        return;
    }

    ngx_thrift_segment_move(m, segment, block);

    ngx_thrift_block_ref(block);
    ngx_thrift_input_move(in, block, block->last);
}


static size_t
ngx_thrift_message_room(ngx_thrift_message_t *m, size_t max)
{
    uint64_t  room, left;

    room = ngx_max(m->wire.length, NGX_THRIFT_MESSAGE_ROOM);
    left = nthrift_message_left(&m->wire);

    /* one byte more: where less comes than there is room for, all has come */

    if (left != 0) {
        room = ngx_min(room, left + 1);
    }

    return ngx_min(room, max);
}


static void
ngx_thrift_segment_move(ngx_thrift_message_t *m, ngx_thrift_segment_t *segment,
    ngx_thrift_block_t *block)
{
    u_char  *head;

    head = m->first->start;

    block->last = ngx_cpymem(block->last, segment->start,
                             ngx_thrift_segment_size(segment));

    segment->start = block->last - ngx_thrift_segment_size(segment);
    segment->end = block->last;

    ngx_thrift_message_head_moved(m, head);

    ngx_thrift_block_unref(segment->block);
    segment->block = block;
}


/* What it points to has moved along, from where it began at `from`. */

static void
ngx_thrift_message_head_moved(ngx_thrift_message_t *m, u_char *from)
{
    nthrift_head_t  *head;

    head = &m->wire.head;

    head->name.data = m->segment.start + (head->name.data - from);

    if (head->info.len) {
        head->info.data = m->segment.start + (head->info.data - from);
    }
}


void
ngx_thrift_message_split_large(ngx_thrift_message_t *m, ngx_pool_t *pool)
{
    size_t                 size;
    u_char                *from;
    ngx_thrift_block_t    *block;
    ngx_thrift_segment_t  *head, *body;

    head = m->first;
    size = m->wire.head.size;

    if (ngx_thrift_segment_size(head) == size) {
        return;
    }

    body = ngx_palloc(pool, sizeof(ngx_thrift_segment_t));
    if (body == NULL) {
        return;
    }

    block = ngx_thrift_block_create(size);
    if (block == NULL) {
        return;
    }

    *body = *head;
    body->start += size;

    if (m->last == head) {
        m->last = body;
    }

    from = head->start;

    block->last = ngx_cpymem(block->last, from, size);

    head->start = block->last - size;
    head->end = block->last;
    head->block = block;
    head->next = body;

    m->holds = 1;

    ngx_thrift_message_head_moved(m, from);
}


void
ngx_thrift_message_drop(ngx_thrift_message_t *m)
{
    ngx_thrift_message_drop_all(m);
    m->dropped = 1;
}


void
ngx_thrift_message_drop_on(ngx_thrift_message_t *m, ngx_pool_t *pool)
{
    ngx_thrift_message_split(m, pool);
    ngx_thrift_message_drop_body(m);

    m->dropped = 1;
}


off_t
ngx_thrift_message_kept(ngx_thrift_message_t *m)
{
    return (m->dropped || nthrift_message_discards(&m->wire))
           ? m->wire.head.size : m->wire.length;
}


void
ngx_thrift_message_move(ngx_thrift_message_t *m, ngx_thrift_message_t *from)
{
    ngx_memcpy(m, from, NGX_THRIFT_MESSAGE_TOLD);

    if (m->first == &from->segment) {
        m->first = &m->segment;
    }

    if (m->last == &from->segment) {
        m->last = &m->segment;
    }

    from->first = NULL;
    from->last = NULL;
    from->replaced = NULL;
    from->holds = 0;
}


void
ngx_thrift_message_drop_body(ngx_thrift_message_t *m)
{
    if (m->first == NULL) {
        return;
    }

    ngx_thrift_segment_unref(m->first->next);

    m->first->next = NULL;
    m->last = m->first;
}


void
ngx_thrift_message_drop_replaced(ngx_thrift_message_t *m)
{
    ngx_thrift_segment_unref(m->replaced);

    m->replaced = NULL;
}


static void
ngx_thrift_segment_unref(ngx_thrift_segment_t *segment)
{
    for ( /* void */ ; segment; segment = segment->next) {
        ngx_thrift_block_unref(segment->block);
    }
}


void
ngx_thrift_message_let_go(ngx_thrift_message_t *m)
{
    ngx_thrift_message_free_levels(m);
    ngx_thrift_message_drop_all(m);

    m->holds = 0;
}


static void
ngx_thrift_message_drop_all(ngx_thrift_message_t *m)
{
    if (m->first == NULL) {
        return;
    }

    ngx_thrift_message_drop_body(m);
    ngx_thrift_message_drop_replaced(m);

    if (m->first->block) {
        ngx_thrift_block_unref(m->first->block);
    }

    m->first = NULL;
    m->last = NULL;
}


ngx_chain_t *
ngx_thrift_message_chain(ngx_thrift_message_t *m, int32_t seqid,
    nthrift_str_t *name, ngx_pool_t *pool)
{
    nthrift_head_t  *head;

    head = &m->wire.head;

    /* a name that differs is a part of the one received, and shorter */

    if (!head->lax
        && head->name.len == name->len
        && nthrift_head_patch_seqid(m->segment.start, head, seqid)
           == NTHRIFT_OK)
    {
        return ngx_thrift_message_link(m, 0, pool);
    }

    return ngx_thrift_message_rewrite(m, seqid, name, pool);
}


static ngx_chain_t *
ngx_thrift_message_rewrite(ngx_thrift_message_t *m, int32_t seqid,
    nthrift_str_t *name, ngx_pool_t *pool)
{
    nthrift_head_t  head;

    head = m->wire.head;
    head.seqid = seqid;
    head.name = *name;

    return ngx_thrift_message_write(m, &head, pool);
}


ngx_chain_t *
ngx_thrift_message_write(ngx_thrift_message_t *m, nthrift_head_t *head,
    ngx_pool_t *pool)
{
    size_t        size, body;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    size = nthrift_head_size(head);
    body = m->wire.length - m->wire.head.size;

    if (body <= NGX_THRIFT_MESSAGE_COPY) {
        size += body;
    }

    b = ngx_create_temp_buf(pool, size);
    cl = ngx_alloc_chain_link(pool);

    if (b == NULL || cl == NULL) {
        return NULL;
    }

    b->last = nthrift_head_write(b->pos, head, body);

    cl->buf = b;
    cl->next = NULL;

    if (body <= NGX_THRIFT_MESSAGE_COPY) {
        ngx_thrift_message_copy_body(m, b->last);
        b->last = b->end;
        return cl;
    }

    cl->next = ngx_thrift_message_link(m, m->wire.head.size, pool);

    return cl->next ? cl : NULL;
}


size_t
ngx_thrift_message_copy(ngx_thrift_message_t *m, nthrift_head_t *head,
    u_char *p, u_char *last)
{
    size_t  size, body;

    body = m->wire.length - m->wire.head.size;

    if (body > NGX_THRIFT_MESSAGE_COPY) {
        return 0;
    }

    size = nthrift_head_size(head) + body;

    if (size > (size_t) (last - p)) {
        return 0;
    }

    ngx_thrift_message_copy_body(m, nthrift_head_write(p, head, body));

    return size;
}


size_t
ngx_thrift_message_repeat(ngx_thrift_message_t *m, int32_t seqid, u_char *p,
    u_char *last)
{
    size_t  size;

    size = m->wire.length;

    if (size > NGX_THRIFT_MESSAGE_COPY
        || size > (size_t) (last - p)
        || !ngx_thrift_message_fits_head(m))
    {
        return 0;
    }

    ngx_thrift_message_copy_behind(m, 0, p);

    return (nthrift_head_patch_seqid(p, &m->wire.head, seqid) == NTHRIFT_OK)
           ? size : 0;
}


/* Is its head, as it came, right for the body that it has now? */

static ngx_uint_t
ngx_thrift_message_fits_head(ngx_thrift_message_t *m)
{
    nthrift_head_t  *own;

    own = &m->wire.head;

    switch (own->transport) {

    case NTHRIFT_UNFRAMED:
        return 1;

    case NTHRIFT_FRAMED:

        /* its body may be another one than came */

        return m->wire.length == (uint64_t) own->frame + NTHRIFT_LENGTH_SIZE;

    default:
        return 0;
    }
}


/* A chain of what begins at `offset`, in the first segment. */

static ngx_inline ngx_chain_t *
ngx_thrift_message_link(ngx_thrift_message_t *m, size_t offset,
    ngx_pool_t *pool)
{
    u_char                *start;
    ngx_chain_t           *cl;
    ngx_thrift_segment_t  *segment;

    segment = m->first;
    start = segment->start + offset;

    if (start == segment->end && segment->next) {
        segment = segment->next;
        start = segment->start;
    }

    cl = ngx_thrift_message_link_part(start, segment->end, pool);

    if (cl && segment->next
        && ngx_thrift_message_link_rest(cl, segment->next, pool) != NGX_OK)
    {
        return NULL;
    }

    return cl;
}


static ngx_inline ngx_chain_t *
ngx_thrift_message_link_part(u_char *start, u_char *end, ngx_pool_t *pool)
{
    ngx_thrift_message_link_t  *link;

    link = ngx_thrift_palloc(pool, sizeof(ngx_thrift_message_link_t));
    if (link == NULL) {
        return NULL;
    }

    link->buf = (ngx_buf_t) {
        .start = start,
        .pos = start,
        .last = end,
        .end = end,
        .memory = 1
    };

    link->chain.buf = &link->buf;
    link->chain.next = NULL;

    return &link->chain;
}


/* Appends the segments to `cl`. */

static ngx_int_t
ngx_thrift_message_link_rest(ngx_chain_t *cl, ngx_thrift_segment_t *segment,
    ngx_pool_t *pool)
{
    for ( /* void */ ; segment; segment = segment->next) {

        if (segment->start == segment->end) {
            continue;
        }

        cl->next = ngx_thrift_message_link_part(segment->start, segment->end,
                                                pool);
        if (cl->next == NULL) {
            return NGX_ERROR;
        }

        cl = cl->next;
    }

    return NGX_OK;
}


void
ngx_thrift_message_set(ngx_thrift_message_t *m, nthrift_head_t *head,
    u_char *p, size_t size)
{
    ngx_thrift_segment_t  *segment;

    m->wire.head = *head;
    m->wire.length = size;

    segment = &m->segment;

    segment->start = p;
    segment->end = p + size;
    segment->block = NULL;
    segment->next = NULL;

    m->first = segment;
    m->last = segment;
}


ngx_int_t
ngx_thrift_message_grow(ngx_thrift_message_t *m, size_t size, ngx_pool_t *pool)
{
    ngx_thrift_block_t    *block;
    ngx_thrift_segment_t  *segment;

    segment = &m->segment;

    if (m->first) {
        segment = ngx_palloc(pool, sizeof(ngx_thrift_segment_t));
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

    m->holds = 1;

    if (m->first) {
        m->last->next = segment;

    } else {
        m->first = segment;
    }

    m->last = segment;

    return NGX_OK;
}


ngx_int_t
ngx_thrift_message_set_body(ngx_thrift_message_t *m,
    ngx_thrift_block_t *block, ngx_pool_t *pool)
{
    ngx_thrift_segment_t  *body;

    body = ngx_palloc(pool, sizeof(ngx_thrift_segment_t));
    if (body == NULL) {
        return NGX_ERROR;
    }

    body->start = ngx_thrift_block_start(block);
    body->end = block->last;
    body->block = block;
    body->next = NULL;

    m->holds = 1;
    m->replaced = m->first->next;

    m->first->end = m->first->start + m->wire.head.size;
    m->first->next = body;
    m->last = body;

    m->wire.length = m->wire.head.size + ngx_thrift_segment_size(body);

    return NGX_OK;
}


void
ngx_thrift_message_bytes(ngx_thrift_message_t *m, nthrift_bytes_t *bytes,
    ngx_thrift_segment_t **next)
{
    ngx_thrift_segment_t  *segment;

    segment = m->first;
    *next = segment->next;

    nthrift_bytes_init(bytes, segment->start + m->wire.head.size, segment->end,
                       ngx_thrift_message_more, next);
}


void
ngx_thrift_message_pieces(ngx_thrift_message_t *m, nthrift_bytes_t *bytes,
    ngx_thrift_message_rest_t *rest)
{
    const uint8_t  *p, *last;

    rest->segment = m->first;
    rest->p = m->first->start + m->wire.head.size;

    (void) ngx_thrift_message_next_piece(rest, &p, &last);

    nthrift_bytes_init(bytes, p, last, ngx_thrift_message_next_piece, rest);
}


static int
ngx_thrift_message_next_piece(void *data, const uint8_t **p,
    const uint8_t **last)
{
    ngx_thrift_message_rest_t *rest = data;

    size_t                 size;
    ngx_thrift_segment_t  *segment;

    segment = rest->segment;

    if (segment == NULL) {
        return NTHRIFT_DECLINED;
    }

    size = ngx_min(segment->end - rest->p, NGX_THRIFT_MESSAGE_PIECE);

    *p = rest->p;
    rest->p += size;
    *last = rest->p;

    if (rest->p == segment->end) {
        rest->segment = segment->next;
        rest->p = segment->next ? segment->next->start : NULL;
    }

    return NTHRIFT_OK;
}


static int
ngx_thrift_message_more(void *data, const uint8_t **p, const uint8_t **last)
{
    ngx_thrift_segment_t **next = data;

    if (*next == NULL) {
        return NTHRIFT_DECLINED;
    }

    *p = (*next)->start;
    *last = (*next)->end;
    *next = (*next)->next;

    return NTHRIFT_OK;
}


void
ngx_thrift_message_copy_body(ngx_thrift_message_t *m, u_char *p)
{
    ngx_thrift_message_copy_behind(m, m->wire.head.size, p);
}


/* What begins at `offset`, in the first segment. */

static ngx_inline void
ngx_thrift_message_copy_behind(ngx_thrift_message_t *m, size_t offset,
    u_char *p)
{
    size_t                 size;
    ngx_thrift_segment_t  *segment;

    segment = m->first;
    size = ngx_thrift_segment_size(segment) - offset;

    if (segment->next) {
        ngx_thrift_message_copy_segments(segment->next, p + size);
    }

    ngx_memcpy(p, segment->start + offset, size);
}


static void
ngx_thrift_message_copy_segments(ngx_thrift_segment_t *segment, u_char *p)
{
    for ( /* void */ ; segment; segment = segment->next) {
        p = ngx_cpymem(p, segment->start, ngx_thrift_segment_size(segment));
    }
}
