/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Work on large bodies, a part in each turn of the event loop, so that nobody
 * waits for it but the call whose it is.
 */

#ifndef _NGX_THRIFT_SLICE_H_INCLUDED_
#define _NGX_THRIFT_SLICE_H_INCLUDED_


/*
 * A body of more is worked on in parts of so many bytes.  An element of one
 * byte takes about 10 ns.
 */

#define NGX_THRIFT_SLICE  (128 * 1024)      /* bytes */

#define ngx_thrift_slice_is_due(m)  ((m)->wire.length > NGX_THRIFT_SLICE)


/* What a call's step waits for; whoever makes it has more behind it. */

struct ngx_thrift_slice_s {
    ngx_queue_t               queue;
    ngx_thrift_call_t        *call;

    /* one part; NGX_AGAIN: there are more, else it has come to its end */
    ngx_int_t               (*part)(ngx_thrift_slice_t *slice);

    /* it has come to its end with `rc`: returns what the step does */
    ngx_int_t               (*done)(ngx_thrift_slice_t *slice, ngx_int_t rc);

    /* lets go of its memory, also where it was given up */
    void                    (*free)(ngx_thrift_slice_t *slice);
};


/* Begins it for the step that its call is in.  NGX_AGAIN. */
ngx_int_t ngx_thrift_slice_start(ngx_thrift_slice_t *slice);

/* Gives it up; the cancel of such steps. */
ngx_int_t ngx_thrift_slice_cancel(ngx_thrift_call_t *call, ngx_uint_t reason);


#endif /* _NGX_THRIFT_SLICE_H_INCLUDED_ */
