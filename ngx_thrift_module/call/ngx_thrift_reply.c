/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "reply": builds what the client gets, with its own seqid and the
 * bare method name: the upstream's reply from where it was received, what a
 * handler has written, or an exception.  When it goes out is the session's
 * business (in order of calls).
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_reply_forward(ngx_thrift_call_t *call);
static ngx_chain_t *ngx_thrift_reply_chain(ngx_thrift_call_t *call);
static ngx_chain_t *ngx_thrift_reply_write(ngx_thrift_call_t *call,
    const nthrift_head_t *reply) nthrift_noinline;
static ngx_int_t ngx_thrift_reply_handler(ngx_thrift_call_t *call)
    nthrift_noinline;
static ngx_int_t ngx_thrift_reply_written(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_reply_set(ngx_thrift_call_t *call,
    ngx_chain_t *out);
static ngx_int_t ngx_thrift_reply_out(ngx_thrift_call_t *call, ngx_buf_t *b);
static ngx_int_t ngx_thrift_reply_exception(ngx_thrift_call_t *call)
    nthrift_noinline;


ngx_int_t
ngx_thrift_reply(ngx_thrift_call_t *call)
{
    ngx_int_t  rc;

    call->log->action = "sending reply to client";

    if (call->oneway) {
        call->outcome = call->failed ? NGX_THRIFT_FAILED : NGX_THRIFT_SENT;
        rc = NGX_OK;

    } else if (call->failed) {
        call->outcome = NGX_THRIFT_EXCEPTION;
        rc = ngx_thrift_reply_exception(call);

    } else if (call->invocation) {
        rc = ngx_thrift_reply_handler(call);

    } else {
        rc = ngx_thrift_reply_forward(call);
    }

    if (rc != NGX_OK) {

        /* no memory for an answer: the session closes in the call's turn */

        call->out = NULL;
        call->status = 500;
    }

    if (call->status == 0) {
        call->status = 200;
    }

    if (rc == NGX_OK && call->packed
        && ngx_thrift_packed_reply(call) == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    ngx_thrift_reply_ready(call);

    return NGX_AGAIN;
}


void
ngx_thrift_reply_ready(ngx_thrift_call_t *call)
{
    call->ready = 1;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: %uz bytes for the client", call->number,
                   call->out_length);

    call->owner->write(call);
}


static ngx_int_t
ngx_thrift_reply_forward(ngx_thrift_call_t *call)
{
    ngx_thrift_reply_judge(call);

    return ngx_thrift_reply_set(call, ngx_thrift_reply_chain(call));
}


void
ngx_thrift_reply_judge(ngx_thrift_call_t *call)
{
    nthrift_message_t  *wire;

    wire = &call->reply->wire;

    if (wire->head.type == NTHRIFT_EXCEPTION) {
        call->outcome = NGX_THRIFT_EXCEPTION;
        ngx_thrift_reply_read_exception(call);

    } else if (wire->skip.fields != 0 && wire->skip.first != 0) {
        call->outcome = NGX_THRIFT_DECLARED;
        call->declared = wire->skip.first;

    } else {
        call->outcome = NGX_THRIFT_SUCCESS;
    }
}


static ngx_int_t
ngx_thrift_reply_set(ngx_thrift_call_t *call, ngx_chain_t *out)
{
    call->out = out;

    if (out == NULL) {
        return NGX_ERROR;
    }

    for ( /* void */ ; out; out = out->next) {
        call->out_length += ngx_buf_size(out->buf);
    }

    return NGX_OK;
}


static ngx_chain_t *
ngx_thrift_reply_chain(ngx_thrift_call_t *call)
{
    nthrift_head_t  *reply;

    reply = &call->reply->wire.head;

    if (reply->transport == call->request.wire.head.transport
        && reply->header == 0)
    {
        return ngx_thrift_message_chain(call->reply,
                                        call->request.wire.head.seqid,
                                        &call->method, call->pool);
    }

    return ngx_thrift_reply_write(call, reply);
}


/* It may have come in another transport; a THeader is written anew. */

static ngx_chain_t *
ngx_thrift_reply_write(ngx_thrift_call_t *call, const nthrift_head_t *reply)
{
    nthrift_head_t  head;

    ngx_thrift_call_reply_head(call, &head);

    head.type = reply->type;

    if (ngx_thrift_headers_plain(&reply->info, &head.info, call->pool)
        != NGX_OK)
    {
        return NULL;
    }

    return ngx_thrift_message_write(call->reply, &head, call->pool);
}


/* What a handler has written lies in its invocation. */

static ngx_int_t
ngx_thrift_reply_handler(ngx_thrift_call_t *call)
{
    ngx_buf_t                *b;
    ngx_thrift_invocation_t  *inv;

    inv = call->invocation;

    call->outcome = inv->declared ? NGX_THRIFT_DECLARED : NGX_THRIFT_SUCCESS;
    call->declared = inv->declared;

    if (inv->exception) {
        call->outcome = NGX_THRIFT_EXCEPTION;
        call->status = 500;
        call->exception = inv->type;
        call->text = inv->text;
    }

    if (call->written) {
        return ngx_thrift_reply_written(call);
    }

    b = ngx_calloc_buf(call->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = inv->out;
    b->last = inv->out + inv->size;
    b->start = b->pos;
    b->end = b->last;
    b->memory = 1;

    return ngx_thrift_reply_out(call, b);
}


/* The same, in the client's text. */

static ngx_int_t
ngx_thrift_reply_written(ngx_thrift_call_t *call)
{
    return ngx_thrift_reply_set(call,
                    ngx_thrift_message_chain(call->written,
                                             call->request.wire.head.seqid,
                                             &call->method, call->pool));
}


static ngx_int_t
ngx_thrift_reply_out(ngx_thrift_call_t *call, ngx_buf_t *b)
{
    call->out = ngx_alloc_chain_link(call->pool);
    if (call->out == NULL) {
        return NGX_ERROR;
    }

    call->out->buf = b;
    call->out->next = NULL;
    call->out_length = ngx_buf_size(b);

    return NGX_OK;
}


/* What $thrift_exception shows. */

void
ngx_thrift_reply_read_exception(ngx_thrift_call_t *call)
{
    int32_t  type;

    ngx_thrift_reply_parse_exception(call->reply, &type, &call->text);

    call->exception = type;
}


void
ngx_thrift_reply_parse_exception(ngx_thrift_message_t *reply, int32_t *type,
    ngx_str_t *text)
{
    nthrift_str_t          s;
    nthrift_head_t        *head;
    ngx_thrift_segment_t  *segment;

    head = &reply->wire.head;
    segment = reply->first;

    *type = NTHRIFT_EXC_UNKNOWN;
    s.len = 0;
    s.data = NULL;

    /* one that is packed and so large is read when it was unpacked */

    if (!head->packed) {
        nthrift_exception_read(head->protocol, segment->start + head->size,
                               segment->end, &s, type);
    }

    text->len = s.len;
    text->data = s.data;
}


static ngx_int_t
ngx_thrift_reply_exception(ngx_thrift_call_t *call)
{
    size_t           body;
    ngx_buf_t       *b;
    nthrift_str_t    text;
    nthrift_head_t   head;

    ngx_thrift_call_reply_head(call, &head);

    head.type = NTHRIFT_EXCEPTION;

    text.len = call->text.len;
    text.data = call->text.data;

    body = nthrift_exception_size(head.protocol, &text, call->exception);

    b = ngx_create_temp_buf(call->pool, nthrift_head_size(&head) + body);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = nthrift_head_write(b->last, &head, body);
    b->last = nthrift_exception_write(b->last, head.protocol, &text,
                                      call->exception);

    return ngx_thrift_reply_out(call, b);
}
