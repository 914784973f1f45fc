/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Work on large bodies, a part in each turn of the event loop, so that nobody
 * waits for it but the call whose it is.
 */

#ifndef _NGX_THRIFT_SLICE_H_INCLUDED_
#define _NGX_THRIFT_SLICE_H_INCLUDED_


/*
 * A body of more is worked on in parts.  An element of one byte takes about
 * 10 ns; in text, or to text, a double some 2 us.
 */

#define NGX_THRIFT_SLICE       (128 * 1024)     /* bytes */
#define NGX_THRIFT_SLICE_TEXT  (8 * 1024)

/* A part; a turn has as many of them as begin in its time. */

#define NGX_THRIFT_SLICE_PART  (4 * 1024)
#define NGX_THRIFT_SLICE_TIME  1000000          /* nanoseconds */

#define ngx_thrift_slice_is_due(m)  ((m)->wire.length > NGX_THRIFT_SLICE)
#define ngx_thrift_slice_text_is_due(m)                                       \
    ((m)->wire.length > NGX_THRIFT_SLICE_TEXT)


/* `size` bytes; NGX_AGAIN: there are more, else it has come to its end. */

typedef ngx_int_t (*ngx_thrift_slice_part_pt)(ngx_thrift_slice_t *slice,
    size_t size);

/* It has come to its end with `rc`: returns what the step does. */

typedef ngx_int_t (*ngx_thrift_slice_done_pt)(ngx_thrift_slice_t *slice,
    ngx_int_t rc);


/* What a call's step waits for; whoever makes it has more behind it. */

struct ngx_thrift_slice_s {
    ngx_queue_t                queue;
    ngx_thrift_call_t         *call;

    ngx_thrift_slice_part_pt   part;
    ngx_thrift_slice_done_pt   done;

    /* lets go of its memory, also where it was given up */
    void                     (*free)(ngx_thrift_slice_t *slice);
};


/* Begins it for the step that its call is in.  NGX_AGAIN. */
ngx_int_t ngx_thrift_slice_start(ngx_thrift_slice_t *slice);

/* Gives it up; the cancel of such steps. */
ngx_int_t ngx_thrift_slice_cancel(ngx_thrift_call_t *call, ngx_uint_t reason);


#endif /* _NGX_THRIFT_SLICE_H_INCLUDED_ */
