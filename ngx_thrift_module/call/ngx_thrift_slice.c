
/*
 * Checks of large bodies in parts: see ngx_thrift_slice.h.  All that are to go
 * on stand in one queue, and in one turn of the event loop one of them goes on
 * by one part: many of them hold the loop no longer than one does.  Called by
 * ngx_thrift_validate.c.
 */

#include "ngx_thrift.h"


struct ngx_thrift_slice_s {
    ngx_queue_t                   queue;
    ngx_thrift_call_t            *call;
    nthrift_check_rules_t         rules;
    ngx_thrift_slice_pt           done;

    ngx_thrift_block_t           *memory;   /* of the check */
    nthrift_bytes_t               bytes;
    ngx_thrift_segment_t         *next;     /* behind those in `bytes` */
    nthrift_check_error_t         error;
    u_char                        path[NGX_THRIFT_MAX_PATH];
};


static void ngx_thrift_slice_event(ngx_event_t *ev);
static void ngx_thrift_slice_end(ngx_thrift_slice_t *slice, ngx_int_t rc);
static void ngx_thrift_slice_free(ngx_thrift_slice_t *slice);


static ngx_queue_t  ngx_thrift_slices;      /* of this worker, in turn */
static ngx_event_t  ngx_thrift_slices_event;


ngx_int_t
ngx_thrift_slice_start(ngx_thrift_call_t *call, ngx_thrift_message_t *m,
    const nthrift_check_rules_t *rules, const nthrift_schema_t *schema,
    ngx_thrift_slice_pt done)
{
    ngx_thrift_slice_t  *slice;

    slice = ngx_palloc(call->pool, sizeof(ngx_thrift_slice_t));
    if (slice == NULL) {
        return NGX_ERROR;
    }

    slice->memory = ngx_thrift_block_create(nthrift_check_size(rules));
    if (slice->memory == NULL) {
        return NGX_ERROR;
    }

    slice->call = call;
    slice->rules = *rules;
    slice->done = done;

    slice->error.path = slice->path;
    slice->error.size = NGX_THRIFT_MAX_PATH;

    ngx_thrift_message_bytes(m, &slice->bytes, &slice->next);

    if (nthrift_check_start(rules, ngx_thrift_block_start(slice->memory),
                            m->wire.head.protocol, schema, &slice->bytes,
                            &slice->error)
        != NTHRIFT_OK)
    {
        ngx_thrift_block_unref(slice->memory);
        return NGX_ERROR;
    }

    call->slice = slice;

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

    rc = nthrift_check_part(&slice->rules,
                            ngx_thrift_block_start(slice->memory),
                            NGX_THRIFT_SLICE);

    if (rc == NTHRIFT_AGAIN) {
        ngx_queue_remove(q);
        ngx_queue_insert_tail(&ngx_thrift_slices, q);

    } else {
        ngx_thrift_slice_end(slice, rc);
    }

    if (!ngx_queue_empty(&ngx_thrift_slices)) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


static void
ngx_thrift_slice_end(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_str_t           why;
    ngx_uint_t          told;
    ngx_thrift_call_t  *call;

    call = slice->call;
    told = slice->error.told;

    if (rc != NTHRIFT_OK) {
        ngx_thrift_validate_why(call, &slice->error, &why);
    }

    ngx_thrift_slice_free(slice);

    call->resume(call, slice->done(call, rc, told, &why));
}


static void
ngx_thrift_slice_free(ngx_thrift_slice_t *slice)
{
    slice->call->slice = NULL;

    ngx_queue_remove(&slice->queue);
    ngx_thrift_block_unref(slice->memory);
}


ngx_int_t
ngx_thrift_slice_cancel(ngx_thrift_call_t *call, ngx_uint_t reason)
{
    if (call->slice) {
        ngx_thrift_slice_free(call->slice);
    }

    return NGX_OK;
}
