/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Bytes on their way in.  Connections receive into blocks of
 * thrift_buffer_size; each has one to itself while it reads, and gives it back
 * as soon as it has read what came: one after the other they use the same one.
 *
 * A block lives until the last message that lies in it is released.  What
 * would take a small part of a block only, and waits, moves to a block of its
 * own size: a message that is whole (ngx_thrift_message_read()), and the
 * beginning of one (ngx_thrift_message_rest()).  Large messages are not copied.
 */

#ifndef _NGX_THRIFT_INPUT_H_INCLUDED_
#define _NGX_THRIFT_INPUT_H_INCLUDED_


/* Less than this part of a block wastes it; a small one cannot be wasted. */

#define NGX_THRIFT_BLOCK_PART   4
#define NGX_THRIFT_BLOCK_SMALL  1024        /* bytes */


/* Receptions, or calls, in a row, before other connections have a turn. */

#define NGX_THRIFT_TURN  64


/*
 * And what all connections receive in one turn of the event loop: those who
 * come after that receive once.  Reading it takes about 5 ns for a byte, at
 * worst; text counts as more than it is.
 */

#define NGX_THRIFT_TURN_BYTES  (128 * 1024)


typedef struct ngx_thrift_block_s  ngx_thrift_block_t;


struct ngx_thrift_block_s {
    ngx_thrift_cache_t  *cache;         /* NULL: not kept for reuse */
    ngx_uint_t           refs;
    u_char              *last;          /* received up to here */
    u_char              *end;
};

#define ngx_thrift_block_start(block)  ((u_char *) ((block) + 1))
#define ngx_thrift_block_room(block)                                          \
    ((size_t) ((block)->end - ngx_thrift_block_start(block)))


/* The receiving end of a connection; holds no block while nothing is there. */

typedef struct {
    ngx_thrift_cache_t  *blocks;        /* of thrift_buffer_size */
    ngx_thrift_block_t  *block;
    u_char              *pos;           /* first byte not yet consumed */
} ngx_thrift_input_t;


#define ngx_thrift_input_pending(in)                                          \
    ((in)->block != NULL && (in)->pos != (in)->block->last)
#define ngx_thrift_input_left(in)                                             \
    ((in)->block ? (size_t) ((in)->block->last - (in)->pos) : 0)

void ngx_thrift_input_init(ngx_thrift_input_t *in,
    ngx_thrift_cache_t *blocks);

/*
 * Receives once.  Returns the bytes received, 0 at the peer's end of sending,
 * NGX_AGAIN, NGX_ERROR (logged), or NGX_ABORT: there is no memory.
 */
ssize_t ngx_thrift_input_recv(ngx_thrift_input_t *in, ngx_connection_t *c);

/* Nothing is known to be there; the next reception asks the socket itself. */
void ngx_thrift_input_retry(ngx_connection_t *c);

/* Was so much received in this turn that nobody should receive twice? */
ngx_uint_t ngx_thrift_input_exhausted(void);

/* Reading what was received took as long as that of `n` bytes more. */
void ngx_thrift_input_count(size_t n);

/*
 * Takes over bytes that somebody else received (preread).  Returns how many of
 * `len`, or NGX_ERROR.
 */
ssize_t ngx_thrift_input_copy(ngx_thrift_input_t *in, u_char *p, size_t len);

/* What the socket says of itself without being read: 0, or an error. */
ngx_err_t ngx_thrift_input_error(ngx_connection_t *c);

/*
 * Will the peer send no more, though not all was received?  Some methods of
 * events tell; where they do not, it shows when nothing else is unread.
 */
ngx_uint_t ngx_thrift_input_ended(ngx_connection_t *c);

/* Do they?  A reset is an end. */
static ngx_inline ngx_uint_t
ngx_thrift_input_tells_end(void)
{
#if (NGX_HAVE_KQUEUE)

    if (ngx_event_flags & NGX_USE_KQUEUE_EVENT) {
        return 1;
    }

#endif

#if (NGX_HAVE_EPOLLRDHUP)

    return (ngx_event_flags & NGX_USE_EPOLL_EVENT) && ngx_use_epoll_rdhup;

#else

    return 0;

#endif
}

/*
 * Nothing more is received for now: gives the block back when all of it is
 * consumed; what is left of little use to a large block moves to a small one.
 */
void ngx_thrift_input_rest(ngx_thrift_input_t *in);

/* Goes on behind what `block` holds already, as its bytes are the input's. */
void ngx_thrift_input_move(ngx_thrift_input_t *in, ngx_thrift_block_t *block,
    u_char *pos) nthrift_noinline;

/* Gives the block back in any case. */
void ngx_thrift_input_close(ngx_thrift_input_t *in);

/* A block for `size` bytes that are there already, or will be; NULL: none. */
ngx_thrift_block_t *ngx_thrift_block_create(size_t size);

/* Are `n` bytes too few to keep the block for? */
ngx_uint_t ngx_thrift_block_wasted(ngx_thrift_block_t *block, size_t n);

/* Counted references to a block; the last one gone, it is free. */
#define ngx_thrift_block_ref(block)  (block)->refs++
void ngx_thrift_block_free(ngx_thrift_block_t *block);

static ngx_inline void
ngx_thrift_block_unref(ngx_thrift_block_t *block)
{
    if (--block->refs == 0) {
        ngx_thrift_block_free(block);
    }
}


/*
 * As ngx_handle_read_event() and ngx_handle_write_event(): where events are
 * told of once, as by epoll and kqueue, there is seldom anything to do.
 */

static ngx_inline ngx_uint_t
ngx_thrift_awaits(ngx_event_t *ev)
{
    return (ngx_event_flags & NGX_USE_CLEAR_EVENT) && (ev->active || ev->ready);
}


static ngx_inline ngx_int_t
ngx_thrift_await_read(ngx_event_t *rev)
{
    return ngx_thrift_awaits(rev) ? NGX_OK : ngx_handle_read_event(rev, 0);
}


static ngx_inline ngx_int_t
ngx_thrift_await_write(ngx_event_t *wev)
{
    return ngx_thrift_awaits(wev) ? NGX_OK : ngx_handle_write_event(wev, 0);
}


#endif /* _NGX_THRIFT_INPUT_H_INCLUDED_ */
