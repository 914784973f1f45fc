/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The table of a call's steps, and the only loop that runs it.
 *
 *     (unpack >)               |           |
 *     route -------------------+-> return -+-> reply > log
 *        |   |                 +-> handle -+
 *        |   +> delay, admit,  +-> pass ---+ inflate,
 *        v      fault, mirror -+             verify
 *     validate     ^
 *        +---------+
 *
 * What has nothing to do for a call is not among its steps; what the
 * configuration says of that is known before (see ngx_thrift_conf.h).
 *
 * A step returns NGX_OK or NGX_DECLINED (there is nothing to do): the next
 * step; NGX_AGAIN: an event resumes the call with ngx_thrift_call_wake();
 * NGX_ERROR: the call's error is set, and "reply" is next.  A step never
 * finalizes, closes or frees: that is done here, when the table is at its end.
 *
 * What a step waits for is given up by its function "cancel".  NGX_DECLINED: it
 * has just come to its end, and an event that says so is on its way.
 */

#include "ngx_thrift.h"


typedef ngx_int_t (*ngx_thrift_step_pt)(ngx_thrift_call_t *call);
typedef ngx_uint_t (*ngx_thrift_next_pt)(ngx_thrift_call_t *call);
typedef ngx_int_t (*ngx_thrift_cancel_pt)(ngx_thrift_call_t *call,
    ngx_uint_t reason);

typedef struct {
    const char             *name;
    ngx_thrift_step_pt      run;
    ngx_thrift_cancel_pt    cancel;     /* NULL: there is nothing to give up */
    ngx_thrift_next_pt      next;       /* unless it fails */
} ngx_thrift_step_t;


static void ngx_thrift_call_run(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_call_next(ngx_thrift_call_t *call, ngx_int_t rc);
static ngx_uint_t ngx_thrift_call_behind(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_call_reply(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_call_after_route(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_call_after_validate(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_call_after_mirror(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_call_after_handle(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_call_after_pass(ngx_thrift_call_t *call);
static void ngx_thrift_call_settle(ngx_thrift_call_t *call);
static void ngx_thrift_call_end(ngx_thrift_call_t *call);
static void ngx_thrift_call_give_up(ngx_thrift_call_t *call,
    ngx_uint_t outcome, ngx_uint_t status);
static ngx_int_t ngx_thrift_call_type(ngx_thrift_call_t *call)
    nthrift_noinline;
static ngx_int_t ngx_thrift_call_unsound(ngx_thrift_call_t *call)
    nthrift_cold;
static ngx_int_t ngx_thrift_call_mirror(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_call_return(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_call_translate(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_call_answer(ngx_thrift_call_t *call);


enum {
    NGX_THRIFT_STEP_UNPACK = 0,
    NGX_THRIFT_STEP_ROUTE,
    NGX_THRIFT_STEP_VALIDATE,
    NGX_THRIFT_STEP_DELAY,
    NGX_THRIFT_STEP_ADMIT,
    NGX_THRIFT_STEP_FAULT,
    NGX_THRIFT_STEP_MIRROR,
    NGX_THRIFT_STEP_RETURN,
    NGX_THRIFT_STEP_HANDLE,
    NGX_THRIFT_STEP_PASS,
    NGX_THRIFT_STEP_INFLATE,
    NGX_THRIFT_STEP_VERIFY,
    NGX_THRIFT_STEP_TRANSLATE,
    NGX_THRIFT_STEP_REPLY,
    NGX_THRIFT_STEP_LOG                 /* and the end */
};


static const ngx_thrift_step_t  ngx_thrift_steps[] = {

    /* only of calls that are packed, the others begin with the next one */
    { "unpack",    ngx_thrift_packed_call,    ngx_thrift_slice_cancel,
      ngx_thrift_call_behind },

    /* is it a call, is its body sound, and who answers */
    { "route",     ngx_thrift_route,          ngx_thrift_slice_cancel,
      ngx_thrift_call_after_route },

    /* do the arguments fit the definition; where there may be one */
    { "validate",  ngx_thrift_validate,       ngx_thrift_slice_cancel,
      ngx_thrift_call_after_validate },

    /* it may have to wait: for its time, and for its turn */
    { "delay",     ngx_thrift_sleep,          ngx_thrift_sleep_cancel,
      ngx_thrift_call_behind },

    { "admit",     ngx_thrift_gate_enter,     ngx_thrift_gate_cancel,
      ngx_thrift_call_behind },

    /* or fail on purpose */
    { "fault",     ngx_thrift_fault,          ngx_thrift_sleep_cancel,
      ngx_thrift_call_behind },

    /* a copy may go elsewhere */
    { "mirror",    ngx_thrift_call_mirror,    NULL,
      ngx_thrift_call_after_mirror },

    /* the configuration itself answers, a handler, or an upstream */
    { "return",    ngx_thrift_call_return,    NULL,
      ngx_thrift_call_reply },

    { "handle",    ngx_thrift_handle,         ngx_thrift_invocation_cancel,
      ngx_thrift_call_after_handle },

    { "pass",      ngx_thrift_pass,           ngx_thrift_pass_cancel,
      ngx_thrift_call_after_pass },

    /* a large reply may be packed */
    { "inflate",   ngx_thrift_packed_inflate, ngx_thrift_slice_cancel,
      ngx_thrift_call_after_pass },

    /* does a large reply fit the definition */
    { "verify",    ngx_thrift_verify,         ngx_thrift_slice_cancel,
      ngx_thrift_call_after_pass },

    /* and was it in another protocol */
    { "translate", ngx_thrift_call_translate, ngx_thrift_slice_cancel,
      ngx_thrift_call_behind },

    /* the answer goes out, in its turn */
    { "reply",     ngx_thrift_call_answer,    ngx_thrift_slice_cancel,
      ngx_thrift_call_behind },

    /* what happened: that is not waited for */
    { "log",       NULL,                      NULL,
      NULL }
};


/* The step of each ngx_thrift_answer_e; without any, "route" has failed. */

static const ngx_uint_t  ngx_thrift_answers[] = {
    NGX_THRIFT_STEP_REPLY,
    NGX_THRIFT_STEP_HANDLE,
    NGX_THRIFT_STEP_PASS,
    NGX_THRIFT_STEP_RETURN
};


static ngx_uint_t  ngx_thrift_calls;    /* in this worker so far */


void
ngx_thrift_call_init(ngx_thrift_call_t *call, ngx_thrift_conf_t *conf)
{
    call->step = NGX_THRIFT_STEP_ROUTE;
    call->number = ++ngx_thrift_calls;
    call->resume = ngx_thrift_call_wake;
    call->conf = conf;
    call->target = NULL;
    call->expiry.set = 0;

    ngx_thrift_memzero(&call->prefix,
                       offsetof(ngx_thrift_call_t, request)
                       - offsetof(ngx_thrift_call_t, prefix));

    ngx_thrift_message_start(&call->request);
}


void
ngx_thrift_call_start(ngx_thrift_call_t *call, ngx_uint_t fatal)
{
    call->fatal = fatal;
    call->start = ngx_current_msec;

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: %s, %uL bytes", call->number,
                   nthrift_head_type_name(call->request.wire.head.type),
                   call->request.wire.length);

    if (call->request.wire.head.packed && !fatal
        && call->request.wire.error.text == NULL && !call->overloaded)
    {
        call->step = NGX_THRIFT_STEP_UNPACK;
    }

    ngx_thrift_call_run(call);
}


ngx_uint_t
ngx_thrift_call_is_packed(ngx_thrift_call_t *call)
{
    return call->step == NGX_THRIFT_STEP_UNPACK;
}


void
ngx_thrift_call_pass(ngx_thrift_call_t *call)
{
    call->step = NGX_THRIFT_STEP_PASS;
    call->start = ngx_current_msec;

    ngx_thrift_call_run(call);
}


void
ngx_thrift_call_wake(ngx_thrift_call_t *call, ngx_int_t rc)
{
    if (rc != NGX_AGAIN) {
        call->step = ngx_thrift_call_next(call, rc);
        ngx_thrift_call_run(call);
    }
}


void
ngx_thrift_call_answered(ngx_thrift_call_t *call)
{
    call->step = NGX_THRIFT_STEP_LOG;

    ngx_thrift_call_end(call);
}


void
ngx_thrift_call_again(ngx_thrift_call_t *call)
{
    if (call->step == NGX_THRIFT_STEP_HANDLE && call->invocation == NULL) {
        ngx_thrift_call_run(call);
    }
}


static void
ngx_thrift_call_run(ngx_thrift_call_t *call)
{
    ngx_int_t                 rc;
    const ngx_thrift_step_t  *step;

    while (call->step != NGX_THRIFT_STEP_LOG) {
        step = &ngx_thrift_steps[call->step];

        ngx_log_debug2(NGX_LOG_DEBUG_EVENT, call->log, 0,
                       "thrift call %ui: %s", call->number, step->name);

        rc = step->run(call);

        if (rc == NGX_AGAIN) {
            return;
        }

        call->step = ngx_thrift_call_next(call, rc);
    }

    ngx_thrift_call_end(call);
}


static ngx_uint_t
ngx_thrift_call_next(ngx_thrift_call_t *call, ngx_int_t rc)
{
    if (rc == NGX_ERROR && call->step < NGX_THRIFT_STEP_REPLY) {

        (void) ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 500,
                                    "internal error");

        return NGX_THRIFT_STEP_REPLY;
    }

    return ngx_thrift_steps[call->step].next(call);
}


static ngx_uint_t
ngx_thrift_call_behind(ngx_thrift_call_t *call)
{
    return call->step + 1;
}


static ngx_uint_t
ngx_thrift_call_reply(ngx_thrift_call_t *call)
{
    return NGX_THRIFT_STEP_REPLY;
}


static ngx_uint_t
ngx_thrift_call_after_route(ngx_thrift_call_t *call)
{
    return call->conf->validates ? NGX_THRIFT_STEP_VALIDATE
                                 : ngx_thrift_call_after_validate(call);
}


static ngx_uint_t
ngx_thrift_call_after_validate(ngx_thrift_call_t *call)
{
    return call->conf->waits ? NGX_THRIFT_STEP_DELAY
                             : ngx_thrift_call_after_mirror(call);
}


static ngx_uint_t
ngx_thrift_call_after_mirror(ngx_thrift_call_t *call)
{
    return ngx_thrift_answers[call->conf->answer->kind];
}


static ngx_uint_t
ngx_thrift_call_after_handle(ngx_thrift_call_t *call)
{
    return ngx_thrift_text_due(call) ? NGX_THRIFT_STEP_TRANSLATE
                                     : NGX_THRIFT_STEP_REPLY;
}


/* What an upstream's reply has yet to go through. */

static ngx_uint_t
ngx_thrift_call_after_pass(ngx_thrift_call_t *call)
{
    if (call->reply == NULL) {
        return NGX_THRIFT_STEP_REPLY;
    }

    if (call->step < NGX_THRIFT_STEP_INFLATE && ngx_thrift_packed_due(call)) {
        return NGX_THRIFT_STEP_INFLATE;
    }

    if (call->step < NGX_THRIFT_STEP_VERIFY && ngx_thrift_verify_due(call)) {
        return NGX_THRIFT_STEP_VERIFY;
    }

    return ngx_thrift_dialect_due(call) ? NGX_THRIFT_STEP_TRANSLATE
                                        : NGX_THRIFT_STEP_REPLY;
}


/* It is known how it ends: it runs out of time no more, and has no place. */

static void
ngx_thrift_call_settle(ngx_thrift_call_t *call)
{
    ngx_thrift_delay_stop(&call->expiry);

    if (call->leads) {
        ngx_thrift_pin_let_follow(call);
    }

    if (call->gate) {
        ngx_thrift_gate_leave(call);
    }
}


static void
ngx_thrift_call_end(ngx_thrift_call_t *call)
{
    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: log", call->number);

    call->log->action = "logging call";
    call->owner->log(call);

    if (call->invocation) {
        ngx_thrift_invocation_release(call);
    }

    if (call->attempt) {
        ngx_thrift_attempt_free(call->attempt);
        call->attempt = NULL;
    }

    ngx_thrift_dialect_drop(call);
    ngx_thrift_text_release(call);

    call->owner->finish(call);
}


void
ngx_thrift_call_cancel(ngx_thrift_call_t *call)
{
    ngx_thrift_call_give_up(call, NGX_THRIFT_CANCELLED, 499);
}


void
ngx_thrift_call_cut(ngx_thrift_call_t *call)
{
    ngx_log_error(NGX_LOG_WARN, call->log, 0,
                  "\"worker_shutdown_timeout\" is over, and the call with it");

    ngx_thrift_call_give_up(call, NGX_THRIFT_CUT, 503);
}


static void
ngx_thrift_call_give_up(ngx_thrift_call_t *call, ngx_uint_t outcome,
    ngx_uint_t status)
{
    ngx_thrift_cancel_pt  cancel;

    cancel = ngx_thrift_steps[call->step].cancel;

    if (cancel) {
        (void) cancel(call, NGX_THRIFT_CALL_LEFT);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui is given up in step %s", call->number,
                   ngx_thrift_steps[call->step].name);

    call->outcome = outcome;
    call->status = status;
    call->step = NGX_THRIFT_STEP_LOG;

    ngx_thrift_call_settle(call);
    ngx_thrift_call_end(call);
}


ngx_uint_t
ngx_thrift_call_outlives(ngx_thrift_call_t *call, ngx_uint_t lost)
{
    if (call->oneway) {
        return 1;
    }

    if (call->step >= NGX_THRIFT_STEP_REPLY) {
        return !lost;
    }

    if (call->step == NGX_THRIFT_STEP_HANDLE) {
        return !lost && !ngx_thrift_invocation_waits(call);
    }

    return call->conf->ignore_client_abort;
}


void
ngx_thrift_call_expire(ngx_thrift_call_t *call)
{
    ngx_thrift_cancel_pt  cancel;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui runs out of time in step %s", call->number,
                   ngx_thrift_steps[call->step].name);

    cancel = ngx_thrift_steps[call->step].cancel;

    if (cancel && cancel(call, NGX_THRIFT_CALL_EXPIRED) != NGX_OK) {
        return;
    }

    ngx_thrift_call_wake(call, ngx_thrift_error_timed_out(call));
}


void
ngx_thrift_call_shut_down(ngx_thrift_call_t *call)
{
    ngx_thrift_cancel_pt  cancel;

    cancel = ngx_thrift_steps[call->step].cancel;

    if (cancel) {
        (void) cancel(call, NGX_THRIFT_CALL_LEFT);
    }

    ngx_thrift_call_wake(call, ngx_thrift_error_set(call,
                                   NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                   "proxy is shutting down"));
}


ngx_int_t
ngx_thrift_call_check(ngx_thrift_call_t *call)
{
    if (call->request.wire.head.type != NTHRIFT_CALL
        && ngx_thrift_call_type(call) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (call->method.len == 0 || call->overloaded
        || call->request.wire.error.text)
    {
        return ngx_thrift_call_unsound(call);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_call_type(ngx_thrift_call_t *call)
{
    nthrift_head_t  *head;

    head = &call->request.wire.head;

    if (head->type == NTHRIFT_ONEWAY) {
        call->oneway = 1;
        return NGX_OK;
    }

    call->fatal = 1;

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client sent a message of type %s",
                  nthrift_head_type_name(head->type));

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INVALID_MESSAGE_TYPE, 400,
                                "message type is not CALL or ONEWAY");
}


static ngx_int_t
ngx_thrift_call_unsound(ngx_thrift_call_t *call)
{
    const char       *limit;
    nthrift_error_t  *error;

    error = &call->request.wire.error;

    if (call->method.len == 0) {
        ngx_log_error(NGX_LOG_INFO, call->log, 0,
                      "client sent a call without method name");

        return ngx_thrift_error_set(call, NTHRIFT_EXC_UNKNOWN_METHOD, 404,
                                    "method name is empty");
    }

    if (call->overloaded) {
        call->log->action = "reading call from client";

        return ngx_thrift_error_overloaded(call);
    }

    limit = ngx_thrift_error_limit(call, error->text);

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client sent malformed call: %s%s", error->text, limit);

    return ngx_thrift_error_set(call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "malformed call: %s%s", error->text, limit);
}


/* TMultiplexedProtocol: what stands before the first ":" is the service. */

void
ngx_thrift_call_split_name(ngx_thrift_call_t *call)
{
    u_char         *colon;
    nthrift_str_t  *name;

    name = &call->request.wire.head.name;
    call->method = *name;

    colon = ngx_strlchr(name->data, name->data + name->len, ':');
    if (colon == NULL) {
        return;
    }

    call->prefix.data = name->data;
    call->prefix.len = colon - name->data;

    call->method.data = colon + 1;
    call->method.len = name->data + name->len - (colon + 1);
}


/* As the client has called: its number, or both of them, and its flags. */

void
ngx_thrift_call_reply_head(ngx_thrift_call_t *call, nthrift_head_t *head)
{
    *head = call->request.wire.head;

    head->packed = NTHRIFT_PLAIN;
    head->name = call->method;
    head->info.len = 0;
}


static ngx_int_t
ngx_thrift_call_mirror(ngx_thrift_call_t *call)
{
    call->owner->mirror(call);

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_call_return(ngx_thrift_call_t *call)
{
    ngx_str_t  text;

    if (call->owner->return_text(call, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_thrift_error_set(call, call->conf->answer->exception, 503,
                                "%V", &text);
}


static ngx_int_t
ngx_thrift_call_translate(ngx_thrift_call_t *call)
{
    return call->invocation ? ngx_thrift_text_answer(call)
                            : ngx_thrift_dialect_translate(call);
}


static ngx_int_t
ngx_thrift_call_answer(ngx_thrift_call_t *call)
{
    ngx_thrift_call_settle(call);

    return call->owner->answer(call);
}
