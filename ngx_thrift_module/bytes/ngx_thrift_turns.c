/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_turns.h.  Called by ngx_thrift_gate.c for calls that wait
 * until they may be answered.
 */

#include "ngx_thrift.h"


struct ngx_thrift_turns_line_s {
    ngx_rbtree_node_t     node;         /* its key: the owner */
    ngx_queue_t           queue;        /* of all lines */
    ngx_queue_t           length;       /* of those as long as it is */
    ngx_queue_t           waiting;      /* in order */
    ngx_uint_t            n;
};


static ngx_thrift_turns_line_t *ngx_thrift_turns_find(
    ngx_thrift_turns_t *turns, void *owner);
static ngx_thrift_turns_line_t *ngx_thrift_turns_create(
    ngx_thrift_turns_t *turns, void *owner);
static void ngx_thrift_turns_change(ngx_thrift_turns_t *turns,
    ngx_thrift_turns_line_t *line, ngx_int_t n);


static ngx_thrift_cache_t  ngx_thrift_turns_cache = {
    .size = sizeof(ngx_thrift_turns_line_t)
};


void
ngx_thrift_turns_init(ngx_thrift_turns_t *turns, ngx_uint_t max)
{
    ngx_uint_t  i;

    turns->max = max;
    turns->n = 0;
    turns->longest = 0;
    turns->row = 0;

    ngx_queue_init(&turns->lines);
    ngx_rbtree_init(&turns->owners, &turns->sentinel, ngx_rbtree_insert_value);

    for (i = 0; i <= NGX_THRIFT_TURNS_LENGTH; i++) {
        ngx_queue_init(&turns->lengths[i]);
    }
}


ngx_int_t
ngx_thrift_turns_add(ngx_thrift_turns_t *turns, ngx_thrift_turn_t *turn,
    void *owner)
{
    ngx_thrift_turns_line_t  *line;

    line = ngx_thrift_turns_find(turns, owner);

    if (line == NULL) {
        line = ngx_thrift_turns_create(turns, owner);
        if (line == NULL) {
            return NGX_ERROR;
        }
    }

    turn->line = line;
    ngx_queue_insert_tail(&line->waiting, &turn->queue);

    ngx_thrift_turns_change(turns, line, 1);

    return NGX_OK;
}


ngx_thrift_turn_t *
ngx_thrift_turns_yields(ngx_thrift_turns_t *turns, void *owner)
{
    ngx_uint_t                n;
    ngx_queue_t              *q;
    ngx_thrift_turns_line_t  *line;

    line = ngx_thrift_turns_find(turns, owner);
    n = line ? line->n : 0;

    /* it would have as many as the other then */

    if (n + 1 >= turns->longest) {
        return NULL;
    }

    q = ngx_queue_head(&turns->lengths[turns->longest]);
    line = ngx_queue_data(q, ngx_thrift_turns_line_t, length);

    q = ngx_queue_last(&line->waiting);

    return ngx_queue_data(q, ngx_thrift_turn_t, queue);
}


ngx_thrift_turn_t *
ngx_thrift_turns_first(ngx_thrift_turns_t *turns)
{
    ngx_queue_t              *q;
    ngx_thrift_turns_line_t  *line;

    if (ngx_queue_empty(&turns->lines)) {
        return NULL;
    }

    q = ngx_queue_head(&turns->lines);
    line = ngx_queue_data(q, ngx_thrift_turns_line_t, queue);

    q = ngx_queue_head(&line->waiting);

    return ngx_queue_data(q, ngx_thrift_turn_t, queue);
}


ngx_thrift_turn_t *
ngx_thrift_turns_next(ngx_thrift_turns_t *turns, ngx_uint_t row)
{
    ngx_thrift_turn_t  *turn;

    turn = ngx_thrift_turns_first(turns);

    if (turn == NULL) {
        return NULL;
    }

    if (++turns->row >= row) {
        ngx_thrift_turns_end_row(turns);
    }

    ngx_thrift_turns_remove(turns, turn);

    return turn;
}


void
ngx_thrift_turns_end_row(ngx_thrift_turns_t *turns)
{
    ngx_queue_t  *q;

    if (turns->row == 0) {
        return;
    }

    turns->row = 0;

    q = ngx_queue_head(&turns->lines);

    ngx_queue_remove(q);
    ngx_queue_insert_tail(&turns->lines, q);
}


void
ngx_thrift_turns_remove(ngx_thrift_turns_t *turns, ngx_thrift_turn_t *turn)
{
    ngx_thrift_turns_line_t  *line;

    line = turn->line;
    turn->line = NULL;

    ngx_queue_remove(&turn->queue);

    ngx_thrift_turns_change(turns, line, -1);

    if (line->n == 0) {

        if (&line->queue == ngx_queue_head(&turns->lines)) {
            turns->row = 0;
        }

        ngx_queue_remove(&line->queue);
        ngx_rbtree_delete(&turns->owners, &line->node);
        ngx_thrift_cache_put(line);
    }
}


static ngx_thrift_turns_line_t *
ngx_thrift_turns_find(ngx_thrift_turns_t *turns, void *owner)
{
    ngx_rbtree_key_t    key;
    ngx_rbtree_node_t  *node;

    key = (ngx_rbtree_key_t) (uintptr_t) owner;
    node = turns->owners.root;

    while (node != turns->owners.sentinel) {

        if (node->key == key) {
            return (ngx_thrift_turns_line_t *) node;
        }

        node = (key < node->key) ? node->left : node->right;
    }

    return NULL;
}


/* Its turn comes after those of the others. */

static ngx_thrift_turns_line_t *
ngx_thrift_turns_create(ngx_thrift_turns_t *turns, void *owner)
{
    ngx_thrift_turns_line_t  *line;

    line = ngx_thrift_cache_get(&ngx_thrift_turns_cache);
    if (line == NULL) {
        return NULL;
    }

    line->node.key = (ngx_rbtree_key_t) (uintptr_t) owner;
    line->n = 0;

    ngx_queue_init(&line->waiting);
    ngx_queue_insert_tail(&turns->lines, &line->queue);
    ngx_rbtree_insert(&turns->owners, &line->node);

    return line;
}


/* One more is in the line, or one fewer. */

static void
ngx_thrift_turns_change(ngx_thrift_turns_t *turns,
    ngx_thrift_turns_line_t *line, ngx_int_t n)
{
    ngx_uint_t  length;

    if (line->n) {
        ngx_queue_remove(&line->length);
    }

    turns->n += n;
    line->n += n;

    length = ngx_min(line->n, NGX_THRIFT_TURNS_LENGTH);

    if (length) {
        ngx_queue_insert_tail(&turns->lengths[length], &line->length);
    }

    if (length > turns->longest) {
        turns->longest = length;

    } else if (turns->longest
               && ngx_queue_empty(&turns->lengths[turns->longest]))
    {
        turns->longest--;
    }
}
