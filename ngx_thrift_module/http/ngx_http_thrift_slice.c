/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * JSON is read and written in parts, so that a worker has time for others: of
 * all requests that have more of it to do, one goes on in a turn of the event
 * loop, for a millisecond.
 *
 * A request that is at its end takes its work with it.
 */

#include "ngx_http_thrift.h"

#include "bytes/ngx_thrift_clock.h"


#define NGX_HTTP_THRIFT_SLICE_TIME  1000000     /* nanoseconds */


static ngx_int_t ngx_http_thrift_slice_run(ngx_http_thrift_slice_t *slice);
static void ngx_http_thrift_slice_post(void);
static void ngx_http_thrift_slice_event(ngx_event_t *ev);
static void ngx_http_thrift_slice_cleanup(void *data);


static ngx_queue_t  ngx_http_thrift_slices;     /* of this worker, in turn */
static ngx_event_t  ngx_http_thrift_slices_event;


ngx_int_t
ngx_http_thrift_slice(ngx_http_request_t *r, ngx_http_thrift_slice_t *slice)
{
    ngx_int_t            rc;
    ngx_http_cleanup_t  *cln;

    rc = ngx_http_thrift_slice_run(slice);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_thrift_slice_cleanup;
    cln->data = slice;

    slice->request = r;
    slice->waiting = 1;

    if (ngx_http_thrift_slices.next == NULL) {
        ngx_queue_init(&ngx_http_thrift_slices);
    }

    ngx_queue_insert_tail(&ngx_http_thrift_slices, &slice->queue);
    ngx_http_thrift_slice_post();

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_thrift_slice_run(ngx_http_thrift_slice_t *slice)
{
    uint64_t   end;
    ngx_int_t  rc;

    end = ngx_thrift_clock() + NGX_HTTP_THRIFT_SLICE_TIME;

    do {
        rc = slice->part(slice->data);
    } while (rc == NGX_AGAIN && ngx_thrift_clock() < end);

    return rc;
}


static void
ngx_http_thrift_slice_post(void)
{
    ngx_http_thrift_slices_event.handler = ngx_http_thrift_slice_event;
    ngx_http_thrift_slices_event.log = ngx_cycle->log;

    ngx_post_event(&ngx_http_thrift_slices_event, &ngx_posted_next_events);
}


static void
ngx_http_thrift_slice_event(ngx_event_t *ev)
{
    ngx_int_t                 rc;
    ngx_queue_t              *q;
    ngx_connection_t         *c;
    ngx_http_thrift_slice_t  *slice;

    (void) ev;

    if (ngx_queue_empty(&ngx_http_thrift_slices)) {
        return;
    }

    q = ngx_queue_head(&ngx_http_thrift_slices);
    slice = ngx_queue_data(q, ngx_http_thrift_slice_t, queue);
    c = slice->request->connection;

    ngx_http_set_log_request(c->log, slice->request);

    rc = ngx_http_thrift_slice_run(slice);

    ngx_queue_remove(q);

    if (rc == NGX_AGAIN) {
        ngx_queue_insert_tail(&ngx_http_thrift_slices, q);
    }

    if (!ngx_queue_empty(&ngx_http_thrift_slices)) {
        ngx_http_thrift_slice_post();
    }

    if (rc != NGX_AGAIN) {
        slice->waiting = 0;
        slice->done(slice->request, rc);
        ngx_http_run_posted_requests(c);
    }
}


static void
ngx_http_thrift_slice_cleanup(void *data)
{
    ngx_http_thrift_slice_t  *slice = data;

    if (slice->waiting) {
        slice->waiting = 0;
        ngx_queue_remove(&slice->queue);
    }
}
