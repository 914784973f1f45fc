/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Work on large bodies in parts: see ngx_thrift_slice.h.  All that is to go on
 * stands in one queue, and in one turn of the event loop one of them goes on
 * for a short time: many of them hold the loop no longer than one does.
 */

#include "ngx_thrift.h"


static void ngx_thrift_slice_event(ngx_event_t *ev);
static ngx_int_t ngx_thrift_slice_run(ngx_thrift_slice_t *slice);
static void ngx_thrift_slice_end(ngx_thrift_slice_t *slice, ngx_int_t rc);
static void ngx_thrift_slice_remove(ngx_thrift_slice_t *slice);


static ngx_queue_t  ngx_thrift_slices;      /* of this worker, in turn */
static ngx_event_t  ngx_thrift_slices_event;


ngx_int_t
ngx_thrift_slice_start(ngx_thrift_slice_t *slice)
{
    slice->call->slice = slice;

    if (ngx_thrift_slices.next == NULL) {
        ngx_queue_init(&ngx_thrift_slices);
    }

    ngx_queue_insert_tail(&ngx_thrift_slices, &slice->queue);

    ngx_thrift_slices_event.handler = ngx_thrift_slice_event;
    ngx_thrift_slices_event.log = ngx_cycle->log;

    ngx_post_event(&ngx_thrift_slices_event, &ngx_posted_next_events);

    return NGX_AGAIN;
}


static void
ngx_thrift_slice_event(ngx_event_t *ev)
{
    ngx_int_t            rc;
    ngx_queue_t         *q;
    ngx_thrift_slice_t  *slice;

    if (ngx_queue_empty(&ngx_thrift_slices)) {
        return;
    }

    q = ngx_queue_head(&ngx_thrift_slices);
    slice = ngx_queue_data(q, ngx_thrift_slice_t, queue);

    rc = ngx_thrift_slice_run(slice);

    if (rc == NGX_AGAIN) {
        ngx_queue_remove(q);
        ngx_queue_insert_tail(&ngx_thrift_slices, q);

    } else {
        ngx_thrift_slice_end(slice, rc);
    }

    if (!ngx_queue_empty(&ngx_thrift_slices)) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


/* The time of a part depends on what its bytes are, a hundredfold. */

static ngx_int_t
ngx_thrift_slice_run(ngx_thrift_slice_t *slice)
{
    uint64_t   end;
    ngx_int_t  rc;

    end = ngx_thrift_clock() + NGX_THRIFT_SLICE_TIME;

    do {
        rc = slice->part(slice, NGX_THRIFT_SLICE_PART);
    } while (rc == NGX_AGAIN && ngx_thrift_clock() < end);

    return rc;
}


static void
ngx_thrift_slice_end(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_thrift_call_t  *call;

    call = slice->call;

    ngx_thrift_slice_remove(slice);

    /* the next one may begin here */

    rc = slice->done(slice, rc);
    slice->free(slice);

    call->resume(call, rc);
}


static void
ngx_thrift_slice_remove(ngx_thrift_slice_t *slice)
{
    slice->call->slice = NULL;

    ngx_queue_remove(&slice->queue);
}


ngx_int_t
ngx_thrift_slice_cancel(ngx_thrift_call_t *call, ngx_uint_t reason)
{
    ngx_thrift_slice_t  *slice;

    slice = call->slice;

    if (slice) {
        ngx_thrift_slice_remove(slice);
        slice->free(slice);
    }

    return NGX_OK;
}
