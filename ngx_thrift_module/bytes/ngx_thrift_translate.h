/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A message in another protocol.
 */

#ifndef _NGX_THRIFT_TRANSLATE_H_INCLUDED_
#define _NGX_THRIFT_TRANSLATE_H_INCLUDED_


#define NGX_THRIFT_MAX_PATH  256    /* bytes of a field's path in messages */

/* Is the message in a protocol that is read by definitions only? */

#define ngx_thrift_is_text(m)                                                 \
    (nthrift_protocols[(m)->wire.head.protocol]->text)


typedef struct ngx_thrift_translate_s  ngx_thrift_translate_t;

/*
 * Goes on through the next `*size` bytes, which it takes from that.  NGX_AGAIN:
 * there are more; NGX_OK: the body is written; else as below.
 */

typedef ngx_int_t (*ngx_thrift_translate_part_pt)(ngx_thrift_translate_t *tr,
    size_t *size);

/* The same up to `last`, which is in one segment. */

typedef ngx_int_t (*ngx_thrift_translate_piece_pt)(ngx_thrift_translate_t *tr,
    const u_char *last);


struct ngx_thrift_translate_s {
    ngx_thrift_translate_part_pt  part;
    ngx_thrift_message_t         *to;
    ngx_thrift_message_t         *from;
    ngx_thrift_segment_t         *segment;      /* that is read next */
    const u_char                 *pos;          /* in it */
    nthrift_rules_t              *rules;
    const nthrift_schema_t       *schema;
    void                         *memory;
    ngx_pool_t                   *pool;
    uint64_t                      size;         /* of all blocks */
    uint64_t                      most;         /* of the message */
    const char                   *why;

    ngx_uint_t                    undeclared;   /* fields that were left out */
    uint8_t                       fields;       /* nthrift_check_e: what JSON
                                                   has of these */

    /* where it goes by way of a third protocol */

    ngx_thrift_message_t         *goal;         /* NULL: it does not, or no
                                                   more */
    ngx_thrift_message_t         *middle;       /* NULL: there is none yet */
    nthrift_head_t                goal_head;

    union {
        nthrift_translate_t       walk;         /* binary and compact */
        nthrift_json_read_t       read;
        nthrift_json_write_t      write;
    } u;

    /* for JSON */

    nthrift_bytes_t               bytes;
    ngx_thrift_segment_t         *next;         /* behind those in `bytes` */
    nthrift_error_t               error;
    nthrift_check_error_t         wrong;
    u_char                        path[NGX_THRIFT_MAX_PATH];
    u_char                        text[NGX_THRIFT_MAX_PATH + 128];
};


/* Bytes of memory that a translation takes, aligned to 8. */
size_t ngx_thrift_translate_size(nthrift_rules_t *rules);

/*
 * Begins to make `to` of `from`, which is whole and stays as it is until the
 * end: with `head`, in the protocol of that, and by the limits of `rules`.  The
 * name in `head` has to live as long as `to`.  `schema` is the definition of
 * what the body is, NULL if it has none: needed where one protocol is text.
 * `memory` is of that size; NULL: it is read at once, with memory that all
 * share.  tr->fields is NTHRIFT_CHECK_PASS, and may be changed now.  NGX_ERROR:
 * no memory, there is nothing to end.
 */
ngx_int_t ngx_thrift_translate_start(ngx_thrift_translate_t *tr,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from, nthrift_head_t *head,
    nthrift_rules_t *rules, const nthrift_schema_t *schema, void *memory,
    ngx_pool_t *pool);

/*
 * Goes on through the next `size` bytes.  NGX_AGAIN: there are more; NGX_OK:
 * `to` is whole.  With all others it holds nothing: NGX_DECLINED: `from` is
 * malformed, NGX_BUSY: there is too much of it, tr->why says what; NGX_ERROR:
 * no memory.
 */
ngx_int_t ngx_thrift_translate_part(ngx_thrift_translate_t *tr, size_t size);

/* Gives it up. */
void ngx_thrift_translate_cancel(ngx_thrift_translate_t *tr);


/* For ngx_thrift_translate_json.c: through the segments, piece by piece. */
ngx_int_t ngx_thrift_translate_segments(ngx_thrift_translate_t *tr,
    size_t *size, ngx_thrift_translate_piece_pt piece);

/* For ngx_thrift_translate_json.c: another block of it, to write to. */
ngx_int_t ngx_thrift_translate_grow(ngx_thrift_translate_t *tr);

/* Begins a body in JSON; and one in another protocol that is to be in JSON. */
void ngx_thrift_translate_read_json(ngx_thrift_translate_t *tr);
void ngx_thrift_translate_write_json(ngx_thrift_translate_t *tr);


#endif /* _NGX_THRIFT_TRANSLATE_H_INCLUDED_ */
