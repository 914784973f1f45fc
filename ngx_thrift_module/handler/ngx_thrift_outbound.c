/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An outbound call is a call like those of clients, but for its two ends: it
 * begins with a message that is written here, at the step "pass", and its
 * answer goes to the handler.  One that has a result lives until its invocation
 * ends, so that what that says can be kept until others have come.
 *
 * Answers are delivered by an event of the invocation's, never from within
 * the call that brings them, or from within the function that asked for them.
 */

#include "ngx_thrift.h"


/* Required fields of one struct, at most, in what servers answer. */

#define NGX_THRIFT_OUTBOUND_REQUIRED  4096


static ngx_int_t ngx_thrift_outbound_start(ngx_thrift_outbound_t *ob,
    const char *upstream, const void *args);
static ngx_int_t ngx_thrift_outbound_request(ngx_thrift_outbound_t *ob,
    const void *args);
static ngx_int_t ngx_thrift_outbound_name(ngx_thrift_outbound_t *ob,
    nthrift_head_t *head);
static ngx_int_t ngx_thrift_outbound_failed(ngx_thrift_outbound_t *ob,
    const char *text);
static void ngx_thrift_outbound_judge(ngx_thrift_call_t *call);
static void ngx_thrift_outbound_call_back(ngx_thrift_outbound_t *ob);
static void ngx_thrift_outbound_free(ngx_thrift_outbound_t *ob);
static void ngx_thrift_outbound_end(ngx_thrift_outbound_t *ob);
static const void *ngx_thrift_outbound_result(ngx_thrift_outbound_t *ob);
static void ngx_thrift_outbound_exception(ngx_thrift_outbound_t *ob);
static ngx_int_t ngx_thrift_outbound_check(ngx_thrift_outbound_t *ob);
static const void *ngx_thrift_outbound_decode(ngx_thrift_outbound_t *ob);


static nthrift_check_rules_t   ngx_thrift_outbound_rules;
static void                   *ngx_thrift_outbound_memory;


int
ngx_thrift_outbound_call(ngx_thrift_invocation_t *inv, const char *upstream,
    const nthrift_method_t *method, const void *args, nthrift_answer_pt fn,
    void *data)
{
    ngx_thrift_outbound_t  *ob;

    ob = ngx_thrift_invocation_need(inv, sizeof(ngx_thrift_outbound_t));

    if (ob == NULL) {
        ngx_thrift_invocation_error(inv, "no memory for a handler's call");
        return NTHRIFT_ERROR;
    }

    ob->invocation = inv;
    ob->method = method;
    ob->fn = fn;
    ob->data = data;

    ngx_queue_insert_tail(&inv->outbound, &ob->queue);
    inv->pending++;

    if (ngx_thrift_outbound_start(ob, upstream, args) != NGX_OK) {

        /* that it failed is an answer like others */

        ob->answered = 1;
        ngx_thrift_invocation_post(inv);
    }

    return NTHRIFT_OK;
}


static ngx_int_t
ngx_thrift_outbound_start(ngx_thrift_outbound_t *ob, const char *upstream,
    const void *args)
{
    ngx_int_t                 rc;
    ngx_str_t                 name;
    ngx_thrift_call_t        *call, *parent;
    ngx_thrift_invocation_t  *inv;

    inv = ob->invocation;
    parent = inv->call;

    if (ngx_thrift_invocation_left(inv) == 0) {
        return ngx_thrift_outbound_failed(ob, "the call's time is over");
    }

    /* an argument may be what there was no memory for */

    if (inv->starved) {
        return ngx_thrift_outbound_failed(ob, inv->refusal);
    }

    name.data = (u_char *) upstream;
    name.len = ngx_strlen(upstream);

    rc = parent->owner->spawn(parent, &name, ob);

    if (rc != NGX_OK) {
        return ngx_thrift_outbound_failed(ob, (rc == NGX_DECLINED)
                                                  ? "there is no such upstream"
                                                  : "no memory");
    }

    call = ob->call;

    call->outbound = ob;
    call->target = &ob->target;
    call->timed = inv->timed;
    call->deadline = inv->deadline;
    call->oneway = ob->method->oneway;
    call->silent = ob->method->oneway;
    call->checked = 1;

    ob->target.conf = call->conf;
    ob->target.idempotent = ob->method->idempotent;
    ob->target.service.data = (u_char *) ob->method->service;
    ob->target.service.len = ngx_strlen(ob->method->service);

    call->retains_request = ngx_thrift_retry_retains(call);

    if (ngx_thrift_outbound_request(ob, args) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_thrift_call_pass(call);

    return NGX_OK;
}


/* Writes the message. */

static ngx_int_t
ngx_thrift_outbound_request(ngx_thrift_outbound_t *ob, const void *args)
{
    size_t                    size;
    nthrift_head_t            head;
    nthrift_write_t           w;
    ngx_thrift_call_t        *call;
    ngx_thrift_invocation_t  *inv;

    inv = ob->invocation;
    call = ob->call;

    ngx_memzero(&head, sizeof(nthrift_head_t));

    head.transport = ob->dialect.transport;
    head.protocol = ob->dialect.protocol;

    if (nthrift_protocols[head.protocol]->text) {
        head.protocol = NTHRIFT_BINARY;
    }

    head.type = call->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;

    if (ngx_thrift_outbound_name(ob, &head) != NGX_OK) {
        return ngx_thrift_outbound_failed(ob, "no memory");
    }

    size = nthrift_head_size(&head);

    ngx_thrift_invocation_write(inv, &w, head.protocol, size);

    if (nthrift_encode_body(&w, ob->method->args, args) != NTHRIFT_OK) {
        ngx_thrift_handler_tell(inv->handler, NGX_THRIFT_HANDLER_WRONG,
                                NGX_LOG_ERR, inv->call->log, 0,
                                "handler calls \"%s\" with arguments that "
                                "cannot be written: %s",
                                ob->method->name, w.error);
        return ngx_thrift_outbound_failed(ob,
                                          "the arguments cannot be written");
    }

    (void) nthrift_head_write(w.data, &head, w.len - size);

    ngx_thrift_invocation_written(inv, &w);

    nthrift_head_set(&head, w.data, w.len - size);

    ngx_thrift_message_set(&call->request, &head, w.data, w.len);

    return NGX_OK;
}


/* TMultiplexedProtocol's name, if the upstream's servers want it. */

static ngx_int_t
ngx_thrift_outbound_name(ngx_thrift_outbound_t *ob, nthrift_head_t *head)
{
    size_t              len;
    u_char             *p;
    ngx_thrift_call_t  *call;

    call = ob->call;

    call->method.data = (u_char *) ob->method->name;
    call->method.len = ngx_strlen(ob->method->name);

    head->name = call->method;

    if (!ob->multiplexed) {
        return NGX_OK;
    }

    len = ob->target.service.len + 1 + call->method.len;

    p = ngx_thrift_invocation_alloc(ob->invocation, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(p, "%V:%s", &ob->target.service, ob->method->name);

    head->name.data = p;
    head->name.len = len;

    call->prefix.data = p;
    call->prefix.len = ob->target.service.len;

    return NGX_OK;
}


/* It has an answer, which is that it failed.  Returns NGX_ERROR. */

static ngx_int_t
ngx_thrift_outbound_failed(ngx_thrift_outbound_t *ob, const char *text)
{
    ob->failed = 1;
    ob->failure.type = NTHRIFT_EXC_INTERNAL_ERROR;
    ob->failure.text.data = (uint8_t *) text;
    ob->failure.text.len = ngx_strlen(text);

    return NGX_ERROR;
}


ngx_int_t
ngx_thrift_outbound_answer(ngx_thrift_call_t *call)
{
    ngx_thrift_outbound_t  *ob;

    ob = call->outbound;

    ngx_thrift_outbound_judge(call);
    call->owner->log(call);

    ob->answered = 1;
    ngx_thrift_invocation_post(ob->invocation);

    return NGX_AGAIN;
}


/* What has become of it, for the log. */

static void
ngx_thrift_outbound_judge(ngx_thrift_call_t *call)
{
    if (call->silent) {
        call->outcome = call->failed ? NGX_THRIFT_FAILED : NGX_THRIFT_SENT;

    } else if (call->failed) {
        call->outcome = NGX_THRIFT_EXCEPTION;

    } else {
        ngx_thrift_reply_judge(call);
        call->out_length = call->reply->wire.length;
    }

    if (call->status == 0) {
        call->status = 200;
    }
}


void
ngx_thrift_outbound_deliver(ngx_thrift_invocation_t *inv)
{
    ngx_queue_t            *q, *last;
    ngx_thrift_outbound_t  *ob;

    /* calls that are made meanwhile are for the next turn */

    q = ngx_queue_sentinel(&inv->outbound);
    last = ngx_queue_last(&inv->outbound);

    while (q != last && inv->end == NGX_THRIFT_INVOCATION_OPEN) {
        q = ngx_queue_next(q);
        ob = ngx_queue_data(q, ngx_thrift_outbound_t, queue);

        if (ob->answered && !ob->delivered) {
            ngx_thrift_outbound_call_back(ob);
        }
    }
}


static void
ngx_thrift_outbound_call_back(ngx_thrift_outbound_t *ob)
{
    const void               *result;
    ngx_thrift_watch_t        watch;
    ngx_thrift_invocation_t  *inv;

    inv = ob->invocation;

    ob->delivered = 1;
    inv->pending--;

    result = ngx_thrift_outbound_result(ob);

    if (result == NULL) {
        ngx_thrift_outbound_free(ob);
    }

    if (ob->fn) {
        ngx_thrift_invocation_enter(inv, &watch);
        ob->fn(inv->ticket, ob->failed ? &ob->failure : NULL, result,
               ob->data);
        ngx_thrift_invocation_leave(inv, &watch);
    }
}


/*
 * An answer with a result stays for what it says; of any other the text is
 * kept, so that a handler may try as often as its memory allows.
 */

static void
ngx_thrift_outbound_free(ngx_thrift_outbound_t *ob)
{
    nthrift_str_t  *text;

    text = &ob->failure.text;

    if (text->len) {
        text->data = ngx_thrift_invocation_keep(ob->invocation, text->data,
                                                text->len);
        if (text->data == NULL) {
            text->len = 0;
        }
    }

    if (ob->call) {
        ngx_thrift_outbound_end(ob);
        ob->call = NULL;
    }
}


static void
ngx_thrift_outbound_end(ngx_thrift_outbound_t *ob)
{
    if (ob->answered) {
        ngx_thrift_call_answered(ob->call);
        return;
    }

    ngx_thrift_call_cancel(ob->call);
}


/* NULL: none, or a failure, which is set then. */

static const void *
ngx_thrift_outbound_result(ngx_thrift_outbound_t *ob)
{
    ngx_thrift_call_t  *call;

    call = ob->call;

    if (ob->failed) {
        return NULL;
    }

    if (call->failed) {
        ob->failed = 1;
        ob->failure.type = call->exception;
        ob->failure.text.len = call->text.len;
        ob->failure.text.data = call->text.data;
        return NULL;
    }

    if (call->silent) {
        return NULL;
    }

    if (call->reply->wire.head.type == NTHRIFT_EXCEPTION) {
        ngx_thrift_outbound_exception(ob);
        return NULL;
    }

    if (ngx_thrift_outbound_check(ob) != NGX_OK) {
        return NULL;
    }

    return ngx_thrift_outbound_decode(ob);
}


static void
ngx_thrift_outbound_exception(ngx_thrift_outbound_t *ob)
{
    ngx_thrift_call_t  *call;

    call = ob->call;

    ngx_thrift_reply_read_exception(call);

    ob->failed = 1;
    ob->failure.remote = 1;
    ob->failure.type = call->exception;
    ob->failure.text.len = call->text.len;
    ob->failure.text.data = call->text.data;
}


static ngx_int_t
ngx_thrift_outbound_check(ngx_thrift_outbound_t *ob)
{
    ngx_str_t           why;
    ngx_thrift_call_t  *call;

    call = ob->call;

    if (ngx_thrift_validate_check(call, call->reply,
                                  &ngx_thrift_outbound_rules,
                                  ngx_thrift_outbound_memory,
                                  ob->method->result->schema, NULL, &why)
        == NGX_OK)
    {
        return NGX_OK;
    }

    ngx_thrift_pool_tell(call->attempt->pool, NGX_THRIFT_POOL_REPLY, call->log,
                         0,
                         "upstream sent reply that does not fit its "
                         "definition: %V",
                         &why);

    return ngx_thrift_outbound_failed(ob,
                         "upstream sent a reply that does not fit its "
                         "definition");
}


static const void *
ngx_thrift_outbound_decode(ngx_thrift_outbound_t *ob)
{
    void                     *value;
    nthrift_bytes_t           bytes;
    nthrift_error_t           error;
    ngx_thrift_call_t        *call;
    ngx_thrift_segment_t     *next;
    ngx_thrift_invocation_t  *inv;

    inv = ob->invocation;
    call = ob->call;

    error.text = NULL;

    ngx_thrift_message_bytes(call->reply, &bytes, &next);

    if (nthrift_decode_body(&inv->arena, call->reply->wire.head.protocol,
                            ob->method->result,
                            ngx_thrift_outbound_rules.max_depth, &bytes,
                            &value, &error)
        == NTHRIFT_OK)
    {
        return value;
    }

    ngx_thrift_handler_tell(inv->handler, NGX_THRIFT_HANDLER_WRONG, NGX_LOG_ERR,
                            call->log, 0,
                            "upstream sent reply that needs more memory than "
                            "\"thrift_handler_memory\" allows: %s", error.text);

    (void) ngx_thrift_outbound_failed(ob, "the reply needs too much memory");

    return NULL;
}


void
ngx_thrift_outbound_close_all(ngx_thrift_invocation_t *inv)
{
    ngx_queue_t            *q;
    ngx_thrift_outbound_t  *ob;

    while (!ngx_queue_empty(&inv->outbound)) {
        q = ngx_queue_head(&inv->outbound);
        ob = ngx_queue_data(q, ngx_thrift_outbound_t, queue);

        ngx_queue_remove(q);

        if (ob->call == NULL) {
            continue;
        }

        /* a server that has not answered in time has failed */

        if (!ob->answered && ngx_thrift_deadline_passed(ob->call)) {
            ngx_thrift_call_expire(ob->call);
        }

        ngx_thrift_outbound_end(ob);
    }

    inv->pending = 0;
}


ngx_int_t
ngx_thrift_outbound_init(ngx_cycle_t *cycle)
{
    nthrift_check_rules_t  *rules;

    rules = &ngx_thrift_outbound_rules;

    rules->max_depth = 64;
    rules->reply = 1;
    rules->max_required = NGX_THRIFT_OUTBOUND_REQUIRED;

    ngx_thrift_outbound_memory = ngx_pmemalign(cycle->pool,
                                               nthrift_check_size(rules), 16);

    return ngx_thrift_outbound_memory ? NGX_OK : NGX_ERROR;
}
