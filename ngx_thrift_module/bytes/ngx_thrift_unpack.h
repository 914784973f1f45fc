/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Payloads that were transformed: a message with THeader is unpacked when it is
 * whole, and a reply is packed when it is written.
 */

#ifndef _NGX_THRIFT_UNPACK_H_INCLUDED_
#define _NGX_THRIFT_UNPACK_H_INCLUDED_


#if (NGX_THRIFT_ZLIB)
#include <zlib.h>
#endif


typedef struct {
    ngx_thrift_message_t  *to;
    ngx_thrift_message_t  *from;
    ngx_thrift_segment_t  *segment;     /* that is unpacked */
    const u_char          *pos;         /* in `to`, that is read next */
    nthrift_skip_level_t  *levels;
    nthrift_rules_t        rules;       /* of the payload */
    ngx_pool_t            *pool;
    uint64_t               most;        /* bytes of the message */
    uint64_t               size;        /* of what there is of it */
    size_t                 before;      /* of its THeader, with the length */
    const char            *why;
    nthrift_head_t         head;        /* if it is malformed, or was asked for:
                                           what is known of it, or head.size is
                                           0 */
    unsigned               whole:1;
#if (NGX_THRIFT_ZLIB)
    z_stream               zlib;
#endif
} ngx_thrift_unpack_t;


typedef struct {
    nthrift_head_t         head;
    ngx_chain_t           *in;
    ngx_buf_t             *out;
    u_char                *pos;         /* in the first of `in` */
    size_t                 plain;       /* bytes of all of it */
#if (NGX_THRIFT_ZLIB)
    z_stream               zlib;
#endif
} ngx_thrift_pack_t;


/*
 * Begins to make `to` of `from`, which is whole and packed, and stays as it is
 * until the end.  `rules` are those that `from` was read by.  NGX_DECLINED:
 * with its transforms it cannot be; NGX_ERROR: no memory; in both cases there
 * is nothing to end.
 */
ngx_int_t ngx_thrift_unpack_start(ngx_thrift_unpack_t *un,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from,
    nthrift_rules_t *rules, ngx_pool_t *pool);

/*
 * Goes on until `size` bytes were read or written, about.  NGX_AGAIN: there are
 * more; NGX_OK: `to` is whole, and a message like others.  With all others it
 * holds nothing: NGX_DECLINED: it is malformed, or too large, un->why says
 * what, and un->head whose it was; NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_unpack_part(ngx_thrift_unpack_t *un, size_t size);

/*
 * What is known of its head goes to un->head, the name to memory of the pool;
 * un->head.size stays 0 if there is nothing yet, or no memory.
 */
void ngx_thrift_unpack_keep_head(ngx_thrift_unpack_t *un);

/* Others are unpacked meanwhile: takes levels of its own. */
void ngx_thrift_unpack_levels(ngx_thrift_unpack_t *un,
    nthrift_skip_level_t *levels);

/* Gives it up. */
void ngx_thrift_unpack_cancel(ngx_thrift_unpack_t *un);

/*
 * Begins to pack a message with THeader, a chain that stays as it is until the
 * end.  NGX_DECLINED: it cannot be; NGX_ERROR: no memory; in both cases there
 * is nothing to end.
 */
ngx_int_t ngx_thrift_pack_start(ngx_thrift_pack_t *pk, ngx_chain_t *in,
    ngx_pool_t *pool);

/*
 * Goes on through the next `size` bytes.  NGX_AGAIN: there are more; NGX_OK: it
 * is packed, in pk->out; NGX_DECLINED: it would not get smaller.
 */
ngx_int_t ngx_thrift_pack_part(ngx_thrift_pack_t *pk, size_t size);

/* Gives it up. */
void ngx_thrift_pack_cancel(ngx_thrift_pack_t *pk);


#endif /* _NGX_THRIFT_UNPACK_H_INCLUDED_ */
