
/*
 * A message in another protocol.
 */

#ifndef _NGX_THRIFT_TRANSLATE_H_INCLUDED_
#define _NGX_THRIFT_TRANSLATE_H_INCLUDED_


typedef struct {
    nthrift_translate_t    walk;
    ngx_thrift_message_t  *to;
    ngx_thrift_segment_t  *segment;     /* that is read next */
    const u_char          *pos;         /* in it */
    ngx_pool_t            *pool;
    uint64_t               size;        /* of all blocks */
    uint64_t               most;        /* of the message */
    const char            *why;
} ngx_thrift_translate_t;


/*
 * Begins to make `to` of `from`, which is whole and stays as it is until the
 * end: with `head`, in the protocol of that, and by the limits of `rules`.  The
 * name in `head` has to live as long as `to`.  `levels` are rules->max_depth;
 * NULL: it is read at once, with those that all share.  NGX_ERROR: no memory,
 * there is nothing to end.
 */
ngx_int_t ngx_thrift_translate_start(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from, nthrift_head_t *head,
    nthrift_rules_t *rules, nthrift_skip_level_t *levels, ngx_pool_t *pool);

/*
 * Goes on through the next `size` bytes.  NGX_AGAIN: there are more; NGX_OK:
 * `to` is whole.  With all others it holds nothing: NGX_DECLINED: `from` is
 * malformed, NGX_BUSY: there is too much of it, tr->why says what; NGX_ERROR:
 * no memory.
 */
ngx_int_t ngx_thrift_translate_part(ngx_thrift_translate_t *tr, size_t size);

/* Gives it up. */
void ngx_thrift_translate_cancel(ngx_thrift_translate_t *tr);


#endif /* _NGX_THRIFT_TRANSLATE_H_INCLUDED_ */
