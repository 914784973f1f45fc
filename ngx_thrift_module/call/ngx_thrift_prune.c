/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Takes out of a call what nobody has defined: see ngx_thrift_prune.h.  The
 * body is walked over twice, to count what is left of it and to write that;
 * what the bytes mean is src/bind/'s.  Called by ngx_thrift_validate.c.
 */

#include "ngx_thrift.h"


typedef struct {
    ngx_thrift_slice_t     slice;
    nthrift_prune_t        walk;
    ngx_thrift_block_t    *levels;      /* of the walk; NULL: all share some */
    ngx_thrift_block_t    *body;        /* the result; NULL: it is counted */

    nthrift_bytes_t        bytes;
    ngx_thrift_segment_t  *next;        /* behind those in `bytes` */
    nthrift_bytes_t        copy;        /* the same bytes again */
    ngx_thrift_segment_t  *copy_next;
} ngx_thrift_prune_t;


static ngx_int_t ngx_thrift_prune_slice(ngx_thrift_call_t *call);
static void ngx_thrift_prune_start(ngx_thrift_prune_t *prune,
    ngx_thrift_call_t *call);
static void ngx_thrift_prune_walk(ngx_thrift_prune_t *prune);
static ngx_int_t ngx_thrift_prune_part(ngx_thrift_slice_t *slice, size_t size);
static ngx_int_t ngx_thrift_prune_write(ngx_thrift_prune_t *prune);
static ngx_int_t ngx_thrift_prune_fits(ngx_thrift_call_t *call, uint64_t size);
static ngx_int_t ngx_thrift_prune_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static void ngx_thrift_prune_free(ngx_thrift_slice_t *slice);


ngx_int_t
ngx_thrift_prune(ngx_thrift_call_t *call)
{
    ngx_int_t           rc;
    ngx_thrift_prune_t  prune;

    if (ngx_thrift_slice_is_due(&call->request)) {
        return ngx_thrift_prune_slice(call);
    }

    prune.levels = NULL;

    ngx_thrift_prune_start(&prune, call);

    do {
        rc = ngx_thrift_prune_part(&prune.slice, NGX_THRIFT_SLICE);
    } while (rc == NGX_AGAIN);

    rc = ngx_thrift_prune_done(&prune.slice, rc);

    ngx_thrift_prune_free(&prune.slice);

    return rc;
}


/* The same in parts, for the step that the call is in. */

static ngx_int_t
ngx_thrift_prune_slice(ngx_thrift_call_t *call)
{
    size_t               size;
    ngx_thrift_prune_t  *prune;

    prune = ngx_palloc(call->pool, sizeof(ngx_thrift_prune_t));
    if (prune == NULL) {
        return NGX_ERROR;
    }

    size = nthrift_prune_size(call->conf->messages->check.max_depth);

    prune->levels = ngx_thrift_block_create(size);
    if (prune->levels == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_prune_start(prune, call);

    return ngx_thrift_slice_start(&prune->slice);
}


static void
ngx_thrift_prune_start(ngx_thrift_prune_t *prune, ngx_thrift_call_t *call)
{
    prune->slice.call = call;
    prune->slice.part = ngx_thrift_prune_part;
    prune->slice.done = ngx_thrift_prune_done;
    prune->slice.free = ngx_thrift_prune_free;

    prune->body = NULL;

    ngx_thrift_prune_walk(prune);
}


/* Begins at the beginning of the body. */

static void
ngx_thrift_prune_walk(ngx_thrift_prune_t *prune)
{
    void                       *levels;
    ngx_thrift_call_t          *call;
    ngx_thrift_message_conf_t  *messages;

    call = prune->slice.call;
    messages = call->conf->messages;

    levels = prune->levels ? (void *) ngx_thrift_block_start(prune->levels)
                           : *messages->check_memory;

    ngx_thrift_message_bytes(&call->request, &prune->bytes, &prune->next);

    nthrift_prune_start(&prune->walk, levels, messages->check.max_depth,
                        call->request.wire.head.protocol, call->target->args,
                        &prune->bytes);
}


static ngx_int_t
ngx_thrift_prune_part(ngx_thrift_slice_t *slice, size_t size)
{
    ngx_int_t            rc;
    ngx_thrift_prune_t  *prune;

    prune = (ngx_thrift_prune_t *) slice;

    rc = nthrift_prune_part(&prune->walk, size);

    if (rc == NTHRIFT_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, slice->call->log, 0,
                      "undeclared fields cannot be taken out of arguments "
                      "that were found good");
    }

    if (rc != NTHRIFT_OK || prune->body) {
        return rc;
    }

    return ngx_thrift_prune_write(prune);
}


/* The result was counted, and is written next: NGX_AGAIN. */

static ngx_int_t
ngx_thrift_prune_write(ngx_thrift_prune_t *prune)
{
    size_t              size;
    ngx_thrift_call_t  *call;

    call = prune->slice.call;

    if (ngx_thrift_prune_fits(call, prune->walk.size) != NGX_OK) {
        return NGX_ERROR;
    }

    size = prune->walk.size;

    prune->body = ngx_thrift_block_create(size);
    if (prune->body == NULL) {
        return NGX_ERROR;
    }

    prune->body->last += size;
    call->owner->hold(call, size);

    ngx_thrift_prune_walk(prune);

    ngx_thrift_message_bytes(&call->request, &prune->copy, &prune->copy_next);

    nthrift_prune_write(&prune->walk, &prune->copy,
                        ngx_thrift_block_start(prune->body), size);

    return NGX_AGAIN;
}


/* In compact there may be more of it than there was. */

static ngx_int_t
ngx_thrift_prune_fits(ngx_thrift_call_t *call, uint64_t size)
{
    uint64_t          most;
    nthrift_head_t   *head;
    nthrift_rules_t  *rules;

    head = &call->request.wire.head;
    rules = &call->conf->messages->rules;

    size += head->size;
    most = nthrift_head_most(head, rules);

    if (size <= most || size <= call->request.wire.length) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client sent call that is too large without its undeclared "
                  "fields: %uL bytes (thrift_max_message_size allows %uL)",
                  size, most);

    return ngx_thrift_error_set(call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "call is too large without its undeclared "
                                "fields (thrift_max_message_size allows %uL "
                                "bytes)", most);
}


static ngx_int_t
ngx_thrift_prune_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    uint64_t              length;
    ngx_thrift_call_t    *call;
    ngx_thrift_prune_t   *prune;
    ngx_thrift_message_t *request;

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    prune = (ngx_thrift_prune_t *) slice;
    call = slice->call;
    request = &call->request;
    length = request->wire.length;

    if (ngx_thrift_message_set_body(request, prune->body, call->pool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    prune->body = NULL;

    call->pruned += (off_t) length - (off_t) request->wire.length;

    /* the values of variables may lie in what was received */

    if (!call->retains_request) {
        ngx_thrift_message_drop_replaced(request);
        call->owner->hold(call, (off_t) request->wire.head.size
                                - (off_t) length);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: %O bytes of undeclared fields dropped",
                   call->number, call->pruned);

    return NGX_OK;
}


static void
ngx_thrift_prune_free(ngx_thrift_slice_t *slice)
{
    ngx_thrift_prune_t  *prune;

    prune = (ngx_thrift_prune_t *) slice;

    if (prune->levels) {
        ngx_thrift_block_unref(prune->levels);
    }

    if (prune->body) {
        slice->call->owner->hold(slice->call,
                        -(off_t) (prune->body->last
                                  - ngx_thrift_block_start(prune->body)));

        ngx_thrift_block_unref(prune->body);
    }
}
