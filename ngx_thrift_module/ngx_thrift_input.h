
/*
 * Bytes on their way in: blocks that connections receive into.  A block lives
 * until the last message that lies in it is released, so that a payload is
 * never copied; an idle connection holds none.
 */

#ifndef _NGX_THRIFT_INPUT_H_INCLUDED_
#define _NGX_THRIFT_INPUT_H_INCLUDED_


#if (NGX_DEBUG_PALLOC)
#define NGX_THRIFT_BLOCKS  0                /* each use is seen by a checker */
#else
#define NGX_THRIFT_BLOCKS  (1024 * 1024)    /* bytes a worker keeps free */
#endif


/* Receptions, or calls, in a row, before other connections have a turn. */

#define NGX_THRIFT_TURN  64


typedef struct ngx_thrift_block_s  ngx_thrift_block_t;


/* Free blocks of one size; one for each thrift_buffer_size in use. */

typedef struct {
    size_t                 size;        /* bytes of a block, header included */
    ngx_uint_t             nfree;
    ngx_thrift_block_t    *free;
} ngx_thrift_blocks_t;


struct ngx_thrift_block_s {
    ngx_thrift_blocks_t   *owner;
    ngx_thrift_block_t    *next;
    ngx_uint_t             refs;
    u_char                *last;        /* received up to here */
    u_char                *end;
};

#define ngx_thrift_block_start(block)  ((u_char *) ((block) + 1))


/* The receiving end of a connection; holds no block while nothing is there. */

typedef struct {
    ngx_thrift_blocks_t   *blocks;
    ngx_thrift_block_t    *block;
    u_char                *pos;         /* first byte not yet consumed */
} ngx_thrift_input_t;


#define ngx_thrift_input_pending(in)                                          \
    ((in)->block != NULL && (in)->pos != (in)->block->last)

void ngx_thrift_input_init(ngx_thrift_input_t *in,
    ngx_thrift_blocks_t *blocks);

/*
 * Receives once.  Returns the bytes received, 0 at the peer's end of sending,
 * NGX_AGAIN, or NGX_ERROR (logged).
 */
ssize_t ngx_thrift_input_recv(ngx_thrift_input_t *in, ngx_connection_t *c);

/*
 * Takes over bytes that somebody else received (preread).  Returns how many of
 * `len`, or NGX_ERROR.
 */
ssize_t ngx_thrift_input_copy(ngx_thrift_input_t *in, u_char *p, size_t len);

/* What the socket says of itself without being read: 0, or an error. */
ngx_err_t ngx_thrift_input_error(ngx_connection_t *c);

/* Gives the block back when all of it is consumed. */
void ngx_thrift_input_rest(ngx_thrift_input_t *in);

/* Gives the block back in any case. */
void ngx_thrift_input_close(ngx_thrift_input_t *in);

/* Counted references to a block; the last one gone, it is free. */
#define ngx_thrift_block_ref(block)  (block)->refs++
void ngx_thrift_block_unref(ngx_thrift_block_t *block);

/* Frees what the worker keeps; for the end of a cycle. */
void ngx_thrift_blocks_free(ngx_thrift_blocks_t *blocks);


#endif /* _NGX_THRIFT_INPUT_H_INCLUDED_ */
