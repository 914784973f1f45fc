/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls in a protocol that is text: see ngx_thrift_text.h.  How bytes are
 * translated is ngx_thrift_translate.c's.  Called by ngx_thrift_validate.c, by
 * handlers, which know nothing of text, and by the step "translate".
 */

#include "ngx_thrift.h"


typedef struct ngx_thrift_text_s  ngx_thrift_text_t;

typedef ngx_int_t (*ngx_thrift_text_done_pt)(ngx_thrift_text_t *text,
    ngx_int_t rc);


struct ngx_thrift_text_s {
    ngx_thrift_slice_t           slice;
    ngx_thrift_translate_t       walk;
    ngx_thrift_block_t          *memory;    /* NULL: it is done at once */
    ngx_thrift_message_t        *to;        /* NULL: it was taken */
    ngx_thrift_text_done_pt      done;
    ngx_thrift_text_next_pt      next;
};


static ngx_int_t ngx_thrift_text_translate(ngx_thrift_call_t *call,
    ngx_thrift_message_t *from, ngx_uint_t protocol, ngx_uint_t fields,
    ngx_thrift_text_done_pt done, ngx_thrift_text_next_pt next);
static ngx_int_t ngx_thrift_text_start(ngx_thrift_text_t *text,
    ngx_thrift_call_t *call, ngx_thrift_message_t *from, ngx_uint_t protocol);
static ngx_int_t ngx_thrift_text_slice(ngx_thrift_text_t *text,
    ngx_thrift_call_t *call, ngx_thrift_message_t *from, ngx_uint_t protocol);
static ngx_int_t ngx_thrift_text_part(ngx_thrift_slice_t *slice, size_t size);
static ngx_int_t ngx_thrift_text_slice_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static void ngx_thrift_text_slice_free(ngx_thrift_slice_t *slice);
static void ngx_thrift_text_take(ngx_thrift_text_t *text,
    ngx_thrift_message_t **to);
static ngx_int_t ngx_thrift_text_read_done(ngx_thrift_text_t *text,
    ngx_int_t rc);
static ngx_int_t ngx_thrift_text_prune_done(ngx_thrift_text_t *text,
    ngx_int_t rc);
static ngx_int_t ngx_thrift_text_set_body(ngx_thrift_call_t *call,
    ngx_thrift_message_t *from);
static ngx_int_t ngx_thrift_text_verify_done(ngx_thrift_text_t *text,
    ngx_int_t rc);
static ngx_int_t ngx_thrift_text_answer_done(ngx_thrift_text_t *text,
    ngx_int_t rc);
static void ngx_thrift_text_why(ngx_thrift_call_t *call,
    ngx_thrift_translate_t *walk, ngx_int_t rc, ngx_str_t *why);


const nthrift_schema_t *
ngx_thrift_text_schema(ngx_thrift_call_t *call, ngx_uint_t type)
{
    const nthrift_layout_t  *layout;

    if (type == NTHRIFT_EXCEPTION) {
        return &nthrift_schema_exception;
    }

    if (call->outbound) {
        layout = (type == NTHRIFT_REPLY) ? call->outbound->method->result
                                         : call->outbound->method->args;

        return layout ? layout->schema : NULL;
    }

    if (call->target == NULL) {
        return NULL;
    }

    return (type == NTHRIFT_REPLY) ? call->target->result : call->target->args;
}


/* A large message is translated in parts, for the step that the call is in. */

static ngx_int_t
ngx_thrift_text_translate(ngx_thrift_call_t *call, ngx_thrift_message_t *from,
    ngx_uint_t protocol, ngx_uint_t fields, ngx_thrift_text_done_pt done,
    ngx_thrift_text_next_pt next)
{
    ngx_int_t           rc;
    ngx_thrift_text_t   once, *text;

    text = &once;

    if (ngx_thrift_slice_text_is_due(from)) {
        text = ngx_palloc(call->pool, sizeof(ngx_thrift_text_t));
        if (text == NULL) {
            return NGX_ERROR;
        }
    }

    text->done = done;
    text->next = next;

    if (text != &once) {
        rc = ngx_thrift_text_slice(text, call, from, protocol);
        text->walk.fields = (uint8_t) fields;
        return rc;
    }

    text->memory = NULL;

    rc = ngx_thrift_text_start(text, call, from, protocol);

    if (rc == NGX_OK) {
        text->walk.fields = (uint8_t) fields;
        rc = ngx_thrift_translate_part(&text->walk, NGX_MAX_SIZE_T_VALUE);
    }

    rc = done(text, rc);

    if (text->to) {
        ngx_thrift_message_release(text->to);
    }

    return rc;
}


static ngx_int_t
ngx_thrift_text_start(ngx_thrift_text_t *text, ngx_thrift_call_t *call,
    ngx_thrift_message_t *from, ngx_uint_t protocol)
{
    void            *memory;
    nthrift_head_t   head;

    text->slice.call = call;

    text->to = ngx_palloc(call->pool, sizeof(ngx_thrift_message_t));
    if (text->to == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_message_start(text->to);

    head = from->wire.head;
    head.protocol = (uint8_t) protocol;

    /* what is not sent as it is has no limits but of its size */

    if (protocol == NTHRIFT_BINARY) {
        head.transport = NTHRIFT_UNFRAMED;
    }

    memory = text->memory ? ngx_thrift_block_start(text->memory) : NULL;

    return ngx_thrift_translate_start(&text->walk, text->to, from, &head,
                                      &call->conf->messages->rules,
                                      ngx_thrift_text_schema(call, head.type),
                                      memory, call->pool);
}


static ngx_int_t
ngx_thrift_text_slice(ngx_thrift_text_t *text, ngx_thrift_call_t *call,
    ngx_thrift_message_t *from, ngx_uint_t protocol)
{
    nthrift_rules_t  *rules;

    rules = &call->conf->messages->rules;

    text->slice.part = ngx_thrift_text_part;
    text->slice.done = ngx_thrift_text_slice_done;
    text->slice.free = ngx_thrift_text_slice_free;

    text->memory = ngx_thrift_block_create(ngx_thrift_translate_size(rules));
    if (text->memory == NULL) {
        return NGX_ERROR;
    }

    if (ngx_thrift_text_start(text, call, from, protocol) != NGX_OK) {
        ngx_thrift_block_unref(text->memory);
        return NGX_ERROR;
    }

    return ngx_thrift_slice_start(&text->slice);
}


static ngx_int_t
ngx_thrift_text_part(ngx_thrift_slice_t *slice, size_t size)
{
    ngx_thrift_text_t  *text;

    text = (ngx_thrift_text_t *) slice;

    return ngx_thrift_translate_part(&text->walk, size);
}


/* It may have come to its end, or may be given up, before it was taken. */

static ngx_int_t
ngx_thrift_text_slice_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_thrift_text_t  *text;

    text = (ngx_thrift_text_t *) slice;

    return text->done(text, rc);
}


static void
ngx_thrift_text_slice_free(ngx_thrift_slice_t *slice)
{
    ngx_thrift_text_t  *text;

    text = (ngx_thrift_text_t *) slice;

    if (text->to) {
        ngx_thrift_translate_cancel(&text->walk);
    }

    ngx_thrift_block_unref(text->memory);
}


/* What was written is the call's. */

static void
ngx_thrift_text_take(ngx_thrift_text_t *text, ngx_thrift_message_t **to)
{
    ngx_thrift_call_t  *call;

    call = text->slice.call;

    *to = text->to;
    text->to = NULL;

    call->owner->hold(call, (off_t) (*to)->wire.length);
}


/* Why it could not be translated, in the call's memory. */

static void
ngx_thrift_text_why(ngx_thrift_call_t *call, ngx_thrift_translate_t *walk,
    ngx_int_t rc, ngx_str_t *why)
{
    ngx_str_set(why, "no memory");

    if (rc == NGX_ERROR) {
        return;
    }

    why->len = ngx_strlen(walk->why);
    why->data = ngx_pnalloc(call->pool, why->len);

    if (why->data == NULL) {
        ngx_str_set(why, "no memory");
        return;
    }

    ngx_memcpy(why->data, walk->why, why->len);
}


ngx_uint_t
ngx_thrift_text_is_asked(ngx_thrift_call_t *call)
{
    return call->target->arguments
           && call->target->args
           && ngx_thrift_is_text(&call->request)
           && ngx_thrift_slice_text_is_due(&call->request);
}


ngx_int_t
ngx_thrift_text_read(ngx_thrift_call_t *call, ngx_thrift_text_next_pt next)
{
    if (!ngx_thrift_is_text(&call->request) || call->binary) {
        return next(call);
    }

    call->log->action = "reading arguments";

    return ngx_thrift_text_translate(call, &call->request, NTHRIFT_BINARY,
                                     call->conf->unknown_fields,
                                     ngx_thrift_text_read_done, next);
}


static ngx_int_t
ngx_thrift_text_read_done(ngx_thrift_text_t *text, ngx_int_t rc)
{
    ngx_str_t           why;
    ngx_thrift_call_t  *call;

    call = text->slice.call;

    if (rc == NGX_OK) {
        ngx_thrift_text_take(text, &call->binary);
        call->undeclared = (text->walk.undeclared != 0);

        return text->next ? text->next(call) : NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (!call->conf->validates) {
        call->unreadable = 1;
        return text->next(call);
    }

    ngx_thrift_text_why(call, &text->walk, rc, &why);

    return ngx_thrift_validate_refuse(call, &why);
}


ngx_thrift_message_t *
ngx_thrift_text_body(ngx_thrift_call_t *call, ngx_str_t *why)
{
    ngx_int_t           rc;
    ngx_thrift_text_t   text;

    if (!ngx_thrift_is_text(&call->request)) {
        return &call->request;
    }

    if (call->binary) {
        return call->binary;
    }

    if (call->unreadable) {
        ngx_str_set(why, "they do not fit their definition");
        return NULL;
    }

    text.memory = NULL;

    rc = ngx_thrift_text_start(&text, call, &call->request, NTHRIFT_BINARY);

    if (rc == NGX_OK) {
        rc = ngx_thrift_translate_part(&text.walk, NGX_MAX_SIZE_T_VALUE);
    }

    if (rc != NGX_OK) {
        call->unreadable = (rc != NGX_ERROR);
        ngx_thrift_text_why(call, &text.walk, rc, why);
        return NULL;
    }

    ngx_thrift_text_take(&text, &call->binary);
    call->undeclared = (text.walk.undeclared != 0);

    return call->binary;
}


ngx_int_t
ngx_thrift_text_prune(ngx_thrift_call_t *call)
{
    return ngx_thrift_text_translate(call, call->binary,
                                     call->request.wire.head.protocol,
                                     NTHRIFT_CHECK_PASS,
                                     ngx_thrift_text_prune_done, NULL);
}


static ngx_int_t
ngx_thrift_text_prune_done(ngx_thrift_text_t *text, ngx_int_t rc)
{
    uint64_t               length;
    ngx_thrift_call_t     *call;
    ngx_thrift_message_t  *request;

    call = text->slice.call;
    request = &call->request;
    length = request->wire.length;

    if (rc == NGX_BUSY || rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_INFO, call->log, 0,
                      "client sent call that cannot be written without its "
                      "undeclared fields: %s", text->walk.why);

        return ngx_thrift_error_set(call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                    "call cannot be written without its "
                                    "undeclared fields: %s", text->walk.why);
    }

    if (rc != NGX_OK || ngx_thrift_text_set_body(call, text->to) != NGX_OK) {
        return NGX_ERROR;
    }

    call->undeclared = 0;
    call->pruned = (off_t) length - (off_t) request->wire.length;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: %O bytes of undeclared fields dropped",
                   call->number, call->pruned);

    return NGX_OK;
}


/* The values of variables lie in call->binary: what was received can go. */

static ngx_int_t
ngx_thrift_text_set_body(ngx_thrift_call_t *call, ngx_thrift_message_t *from)
{
    size_t                 size;
    uint64_t               length;
    ngx_thrift_block_t    *block;
    ngx_thrift_message_t  *request;

    request = &call->request;
    length = request->wire.length;
    size = from->wire.length - from->wire.head.size;

    block = ngx_thrift_block_create(size);
    if (block == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_message_copy_body(from, block->last);
    block->last += size;

    if (ngx_thrift_message_set_body(request, block, call->pool) != NGX_OK) {
        ngx_thrift_block_unref(block);
        return NGX_ERROR;
    }

    ngx_thrift_message_drop_replaced(request);

    call->owner->hold(call, (off_t) request->wire.length - (off_t) length);

    return NGX_OK;
}


ngx_int_t
ngx_thrift_text_check(ngx_thrift_call_t *call, ngx_str_t *why)
{
    ngx_int_t              rc;
    ngx_thrift_text_t      text;
    nthrift_check_rules_t  *rules;

    rules = &call->conf->messages->check_reply;
    text.memory = NULL;

    rc = ngx_thrift_text_start(&text, call, call->reply, NTHRIFT_BINARY);

    if (rc == NGX_OK) {
        rc = ngx_thrift_translate_part(&text.walk, NGX_MAX_SIZE_T_VALUE);
    }

    if (rc != NGX_OK) {
        ngx_thrift_text_why(call, &text.walk, rc, why);
        return NGX_ERROR;
    }

    rc = ngx_thrift_validate_check(call, text.to, rules,
                                   *call->conf->messages->check_memory,
                                   call->target->result, NULL, why);

    ngx_thrift_message_release(text.to);

    return rc;
}


ngx_int_t
ngx_thrift_text_verify(ngx_thrift_call_t *call)
{
    return ngx_thrift_text_translate(call, call->reply, NTHRIFT_BINARY,
                                     NTHRIFT_CHECK_PASS,
                                     ngx_thrift_text_verify_done, NULL);
}


static ngx_int_t
ngx_thrift_text_verify_done(ngx_thrift_text_t *text, ngx_int_t rc)
{
    ngx_str_t           why;
    ngx_thrift_call_t  *call;

    call = text->slice.call;

    if (rc != NGX_OK) {
        ngx_thrift_text_why(call, &text->walk, rc, &why);
        return ngx_thrift_validate_misfit(call, &why);
    }

    ngx_thrift_text_take(text, &call->written);

    return ngx_thrift_verify_message(call, call->written);
}


ngx_uint_t
ngx_thrift_text_due(ngx_thrift_call_t *call)
{
    return call->invocation && call->invocation->size
           && ngx_thrift_is_text(&call->request)
           && !call->failed && !call->oneway;
}


ngx_int_t
ngx_thrift_text_answer(ngx_thrift_call_t *call)
{
    nthrift_head_t            head;
    ngx_thrift_message_t     *m;
    ngx_thrift_invocation_t  *inv;

    inv = call->invocation;

    m = ngx_palloc(call->pool, sizeof(ngx_thrift_message_t));
    if (m == NULL) {
        return NGX_ERROR;
    }

    head = inv->head;
    nthrift_head_set(&head, inv->out, inv->size - nthrift_head_size(&head));

    ngx_thrift_message_start(m);
    ngx_thrift_message_set(m, &head, inv->out, inv->size);

    return ngx_thrift_text_translate(call, m, call->request.wire.head.protocol,
                                     NTHRIFT_CHECK_PASS,
                                     ngx_thrift_text_answer_done, NULL);
}


static ngx_int_t
ngx_thrift_text_answer_done(ngx_thrift_text_t *text, ngx_int_t rc)
{
    ngx_thrift_call_t  *call;

    call = text->slice.call;

    if (rc == NGX_OK) {
        ngx_thrift_text_take(text, &call->written);
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_thrift_handler_tell(call->conf->answer->handler,
                            NGX_THRIFT_HANDLER_WRONG, NGX_LOG_ERR, call->log, 0,
                            "handler's reply cannot be translated: %s",
                            text->walk.why);

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 500,
                                "the reply cannot be translated: %s",
                                text->walk.why);
}


static void
ngx_thrift_text_free(ngx_thrift_call_t *call, ngx_thrift_message_t **m)
{
    if (*m == NULL) {
        return;
    }

    call->owner->hold(call, -(off_t) (*m)->wire.length);

    ngx_thrift_message_release(*m);
    *m = NULL;
}


void
ngx_thrift_text_drop(ngx_thrift_call_t *call)
{
    ngx_thrift_text_free(call, &call->binary);
}


void
ngx_thrift_text_release(ngx_thrift_call_t *call)
{
    ngx_thrift_text_free(call, &call->binary);
    ngx_thrift_text_free(call, &call->written);
}
