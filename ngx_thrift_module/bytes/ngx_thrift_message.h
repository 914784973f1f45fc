/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A message as nginx holds it: the runs of received bytes it lies in, and what
 * src/wire/ found in them.  Its payload is sent on from where it was received.
 */

#ifndef _NGX_THRIFT_MESSAGE_H_INCLUDED_
#define _NGX_THRIFT_MESSAGE_H_INCLUDED_


typedef struct ngx_thrift_segment_s  ngx_thrift_segment_t;


/* A message of more is worth splitting. */

#define NGX_THRIFT_MESSAGE_LARGE  1024  /* bytes */


/* A run of bytes of a message. */

struct ngx_thrift_segment_s {
    u_char                *start;
    u_char                *end;
    ngx_thrift_block_t    *block;       /* NULL: memory of somebody's own */
    ngx_thrift_segment_t  *next;
};

#define ngx_thrift_segment_size(segment)                                      \
    ((size_t) ((segment)->end - (segment)->start))


/* Where a body goes on. */

#define NGX_THRIFT_MESSAGE_PIECE  4096  /* bytes */

typedef struct {
    ngx_thrift_segment_t  *segment;     /* NULL: it has ended */
    u_char                *p;           /* in it */
} ngx_thrift_message_rest_t;


typedef struct {
    ngx_thrift_segment_t  *first;       /* NULL: no byte yet */
    ngx_thrift_segment_t  *last;
    ngx_thrift_segment_t   segment;     /* the first one */
    ngx_thrift_segment_t  *replaced;    /* a body that was there before */
    ngx_thrift_block_t    *levels;      /* of its own; NULL: all share some */
    u_char                 dropped;     /* 1: read, and not kept */
    u_char                 holds;       /* 1: a block, or several */
    nthrift_message_t      wire;        /* last: see ..._move() */
} ngx_thrift_message_t;

/* Bytes of a message that is whole, or empty. */

#define NGX_THRIFT_MESSAGE_TOLD                                               \
    (offsetof(ngx_thrift_message_t, wire) + NTHRIFT_MESSAGE_TOLD)


/* Begins a message. */
void ngx_thrift_message_start(ngx_thrift_message_t *m);

/*
 * Reads on in what `in` has received.  NGX_OK, NGX_AGAIN and NGX_ERROR as
 * nthrift_message_read(); m->wire.error.text is set with NGX_ERROR.
 * NGX_ABORT: no memory.
 */
ngx_int_t ngx_thrift_message_read(ngx_thrift_message_t *m,
    nthrift_rules_t *rules, ngx_thrift_input_t *in, ngx_pool_t *pool);

/*
 * The message is whole, and stays where it is from then on: if it would waste a
 * block, in one of its own, or a small one in `pool`, unless that is NULL: for
 * who keeps blocks for longer than the pool is there.
 */
void ngx_thrift_message_settle(ngx_thrift_message_t *m, ngx_pool_t *pool);

/*
 * Nothing more is received for now: ngx_thrift_input_rest(), and the beginning
 * of the message that `in` is in the middle of, if there is one, waits where
 * it takes no more memory than it needs.
 */
void ngx_thrift_message_rest(ngx_thrift_message_t *m, ngx_thrift_input_t *in);

/* For ngx_thrift_message_split(). */
void ngx_thrift_message_split_large(ngx_thrift_message_t *m,
    ngx_pool_t *pool);

/*
 * A message that was written here: `size` bytes at `p`, head included, which
 * stay the caller's.  `head` says what they begin with.
 */
void ngx_thrift_message_set(ngx_thrift_message_t *m, nthrift_head_t *head,
    u_char *p, size_t size);

/*
 * Adds a segment with a block of `size` bytes at least, of which none is
 * written yet, to a message that is being written.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_message_grow(ngx_thrift_message_t *m, size_t size,
    ngx_pool_t *pool);

/* The body, from behind the head on; `*next` must live as long as `bytes`. */
void ngx_thrift_message_bytes(ngx_thrift_message_t *m, nthrift_bytes_t *bytes,
    ngx_thrift_segment_t **next);

/*
 * The same in runs of NGX_THRIFT_MESSAGE_PIECE at most, for who can only pause
 * where a run ends: what was translated or unpacked may lie in one.
 */
void ngx_thrift_message_pieces(ngx_thrift_message_t *m, nthrift_bytes_t *bytes,
    ngx_thrift_message_rest_t *rest);

/* Copies the body to where there is room for all of it. */
void ngx_thrift_message_copy_body(ngx_thrift_message_t *m, u_char *p);

/*
 * Puts the bytes of `block`, whose reference it takes over, in place of the
 * body of a message that is whole.  The bytes that it had stay where they are
 * until ngx_thrift_message_drop_replaced(), or until the message is released.
 * NGX_ERROR: no memory, nothing has changed.
 */
ngx_int_t ngx_thrift_message_set_body(ngx_thrift_message_t *m,
    ngx_thrift_block_t *block, ngx_pool_t *pool);
void ngx_thrift_message_drop_replaced(ngx_thrift_message_t *m);

/* What is read of the message from now on is not kept. */
void ngx_thrift_message_drop(ngx_thrift_message_t *m) nthrift_cold;

/* The same, and of what was read only the head is kept. */
void ngx_thrift_message_drop_on(ngx_thrift_message_t *m, ngx_pool_t *pool)
    nthrift_cold;

/* The bytes of a message, being read or whole, that are kept. */
off_t ngx_thrift_message_kept(ngx_thrift_message_t *m);

/*
 * A message goes to another place; `from` is empty then.  Of one that is not
 * whole, `wire` has to be copied as well, and `from` to be started again.
 */
void ngx_thrift_message_move(ngx_thrift_message_t *m,
    ngx_thrift_message_t *from);

/* Lets go of the body; the head and its name stay readable. */
void ngx_thrift_message_drop_body(ngx_thrift_message_t *m);

/* For ngx_thrift_message_release(). */
void ngx_thrift_message_let_go(ngx_thrift_message_t *m);

/*
 * The message as a chain to send, with `seqid` and `name` in its head: the
 * received bytes with the seqid changed in place where that fits, else as
 * ngx_thrift_message_write().  NULL: no memory.
 */
ngx_chain_t *ngx_thrift_message_chain(ngx_thrift_message_t *m, int32_t seqid,
    nthrift_str_t *name, ngx_pool_t *pool);

/*
 * The message as a chain to send, with `head` in place of its own; `m` is not
 * changed, and may be written as often as one likes.  A small one is copied as
 * a whole, so that it is one buffer; the body of a large one is sent from where
 * it was received.  NULL: no memory.
 */
ngx_chain_t *ngx_thrift_message_write(ngx_thrift_message_t *m,
    nthrift_head_t *head, ngx_pool_t *pool);

/*
 * Writes the message so to `p`, if it is a small one and ends by `last`.
 * Returns its bytes, or 0.
 */
size_t ngx_thrift_message_copy(ngx_thrift_message_t *m, nthrift_head_t *head,
    u_char *p, u_char *last) nthrift_noinline;

/* The same of a message that was received: its own head, but for `seqid`. */
size_t ngx_thrift_message_repeat(ngx_thrift_message_t *m, int32_t seqid,
    u_char *p, u_char *last);


/*
 * Puts the head of a large message, which is whole, into a block of its own, so
 * that ngx_thrift_message_drop_body() leaves no more than that.
 */

static ngx_inline void
ngx_thrift_message_split(ngx_thrift_message_t *m, ngx_pool_t *pool)
{
    if (m->wire.length > NGX_THRIFT_MESSAGE_LARGE) {
        ngx_thrift_message_split_large(m, pool);
    }
}


/* Lets go of all memory; most messages lie in a pool. */

static ngx_inline void
ngx_thrift_message_release(ngx_thrift_message_t *m)
{
    if (m->holds) {
        ngx_thrift_message_let_go(m);
    }

    m->first = NULL;
    m->last = NULL;
}


#endif /* _NGX_THRIFT_MESSAGE_H_INCLUDED_ */
