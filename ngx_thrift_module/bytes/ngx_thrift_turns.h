/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whose turn it is among those that wait: each of their owners has a line of
 * its own, and lines have their turns one after the other.  Nothing here is
 * walked through: all takes the same time however many wait, but for finding an
 * owner's line in a tree.
 *
 * Places are few.  When none is left, the owner with the longest line has to
 * give one up to another that has fewer.
 */

#ifndef _NGX_THRIFT_TURNS_H_INCLUDED_
#define _NGX_THRIFT_TURNS_H_INCLUDED_


/* Lines of this length, and longer ones, count as equally long. */

#define NGX_THRIFT_TURNS_LENGTH  64


typedef struct ngx_thrift_turns_line_s  ngx_thrift_turns_line_t;


/* One that waits; its line is NULL when it does not. */

typedef struct {
    ngx_queue_t               queue;    /* of its line, in order */
    ngx_thrift_turns_line_t  *line;
} ngx_thrift_turn_t;


typedef struct {
    ngx_uint_t            max;          /* places */
    ngx_uint_t            n;            /* that are taken */
    ngx_queue_t           lines;        /* whose turn is next comes first */
    ngx_uint_t            row;          /* that had theirs from the first line,
                                           one after the other */
    ngx_rbtree_t          owners;       /* lines by their owner */
    ngx_rbtree_node_t     sentinel;
    ngx_uint_t            longest;      /* a length, or 0: nobody waits */
    ngx_queue_t           lengths[NGX_THRIFT_TURNS_LENGTH + 1];
                                        /* lines by their length */
} ngx_thrift_turns_t;


/* `max` places; nobody waits.  What waits must be removed before it is gone. */
void ngx_thrift_turns_init(ngx_thrift_turns_t *turns, ngx_uint_t max);

/* Waits, behind the others of its owner.  NGX_ERROR: no memory. */
ngx_int_t ngx_thrift_turns_add(ngx_thrift_turns_t *turns,
    ngx_thrift_turn_t *turn, void *owner);

/*
 * If one more of the owner's is to wait, and no place is left: the one that has
 * to give up its own, which is the last of the longest line.  NULL: it is for
 * the owner to do without.
 */
ngx_thrift_turn_t *ngx_thrift_turns_yields(ngx_thrift_turns_t *turns,
    void *owner);

/* The one whose turn it is; NULL: nobody waits. */
ngx_thrift_turn_t *ngx_thrift_turns_first(ngx_thrift_turns_t *turns);

/*
 * Takes off the one whose turn it is; NULL: nobody waits.  `row` of a line have
 * their turns one after the other, before it is another one's.
 */
ngx_thrift_turn_t *ngx_thrift_turns_next(ngx_thrift_turns_t *turns,
    ngx_uint_t row);

/* It is another line's turn, if the first one had one. */
void ngx_thrift_turns_end_row(ngx_thrift_turns_t *turns);

/* It does not wait any more. */
void ngx_thrift_turns_remove(ngx_thrift_turns_t *turns,
    ngx_thrift_turn_t *turn);

#define ngx_thrift_turns_are_full(turns)  ((turns)->n >= (turns)->max)


#endif /* _NGX_THRIFT_TURNS_H_INCLUDED_ */
