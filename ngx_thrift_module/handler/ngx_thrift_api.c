/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a handler may do for a call.  Each function looks its ticket up first:
 * whatever is called whenever, a call that has ended is not touched.  What
 * follows from a reply is done later, in ngx_thrift_invocation.c.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_API_DEPTH   64   /* levels, of a reply that comes as bytes */


static ngx_thrift_invocation_t *ngx_thrift_api_find(nthrift_call_t *call);
static ngx_uint_t ngx_thrift_api_ended(ngx_thrift_invocation_t *inv);
static ngx_thrift_invocation_t *ngx_thrift_api_find_in_loop(
    nthrift_call_t *call, const char *what);
static int ngx_thrift_api_null(ngx_thrift_invocation_t *inv,
    const char *what);
static int ngx_thrift_api_reply(nthrift_call_t *call,
    const nthrift_method_t *method, const void *result);
static int ngx_thrift_api_late(ngx_thrift_invocation_t *inv);
static int ngx_thrift_api_other_method(ngx_thrift_invocation_t *inv,
    const nthrift_method_t *method);
static int ngx_thrift_api_unwritten(ngx_thrift_invocation_t *inv,
    const nthrift_write_t *w);
static int ngx_thrift_api_no_memory(ngx_thrift_invocation_t *inv);
static int ngx_thrift_api_write(ngx_thrift_invocation_t *inv,
    const nthrift_method_t *method, const void *result);
static int ngx_thrift_api_fits(ngx_thrift_invocation_t *inv, size_t size);
static int16_t ngx_thrift_api_declared(const nthrift_layout_t *layout,
    const void *result);
static int ngx_thrift_api_reply_raw(nthrift_call_t *call, const uint8_t *data,
    size_t size);
static int ngx_thrift_api_raw_head(ngx_thrift_invocation_t *inv,
    const uint8_t *data, size_t size, nthrift_head_t *head);
static int ngx_thrift_api_raw_body(ngx_thrift_invocation_t *inv,
    const nthrift_head_t *head, const uint8_t *data, size_t size);
static int ngx_thrift_api_fail(nthrift_call_t *call, int32_t type,
    const char *text, size_t len);
static int ngx_thrift_api_done(nthrift_call_t *call);
static int ngx_thrift_api_keep(nthrift_call_t *call);
static int ngx_thrift_api_on_cancel(nthrift_call_t *call,
    nthrift_cancel_pt fn, void *data);
static void *ngx_thrift_api_alloc(nthrift_call_t *call, size_t size);
static void *ngx_thrift_api_need(nthrift_call_t *call, size_t size);
static const nthrift_call_info_t *ngx_thrift_api_info(nthrift_call_t *call);
static nthrift_worker_t *ngx_thrift_api_worker(nthrift_call_t *call);
static int64_t ngx_thrift_api_left(nthrift_call_t *call);
static void ngx_thrift_api_log(nthrift_call_t *call, int level,
    const char *text, size_t len);
static int ngx_thrift_api_timer(nthrift_call_t *call, uint32_t msec,
    nthrift_event_pt fn, void *data);
static int ngx_thrift_api_timer_cancel(nthrift_call_t *call, int timer);
static int ngx_thrift_api_upstream(nthrift_call_t *call, const char *upstream,
    const nthrift_method_t *method, const void *args, nthrift_answer_pt fn,
    void *data);
static int ngx_thrift_api_work(nthrift_call_t *call, const char *pool,
    nthrift_work_pt work, nthrift_event_pt done, void *data);
static int ngx_thrift_api_join(nthrift_call_t *call, nthrift_event_pt fn,
    void *data);
static int ngx_thrift_api_variable(nthrift_call_t *call, const char *name,
    size_t len, nthrift_str_t *value);


const nthrift_api_t  ngx_thrift_api = {
    NTHRIFT_ABI,
    sizeof(nthrift_api_t),

    ngx_thrift_api_reply,
    ngx_thrift_api_reply_raw,
    ngx_thrift_api_fail,
    ngx_thrift_api_done,
    ngx_thrift_api_keep,
    ngx_thrift_api_on_cancel,

    ngx_thrift_api_alloc,
    ngx_thrift_api_need,
    ngx_thrift_api_info,
    ngx_thrift_api_worker,
    ngx_thrift_api_left,
    ngx_thrift_api_log,

    ngx_thrift_api_timer,
    ngx_thrift_api_timer_cancel,
    ngx_thrift_api_upstream,
    ngx_thrift_api_work,
    ngx_thrift_api_join,

    ngx_thrift_handler_log,
    ngx_thrift_handler_timer,

    ngx_thrift_api_variable
};


/*
 * The call of a ticket, for whoever may use it now: the event loop, or, while
 * a thread runs its method, that thread.  A thread looks at no other call: the
 * event loop may be about to free it.
 */

static ngx_thrift_invocation_t *
ngx_thrift_api_find(nthrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    if (ngx_thrift_in_loop()) {
        inv = ngx_thrift_ticket_find(call);
        return (inv && !inv->threaded) ? inv : NULL;
    }

    inv = ngx_thrift_work_invocation();
    return (inv && inv->ticket == call) ? inv : NULL;
}


/* For threads: the call of a method that has not returned yet. */

static ngx_uint_t
ngx_thrift_api_ended(ngx_thrift_invocation_t *inv)
{
    return __atomic_load_n(&inv->closed, __ATOMIC_ACQUIRE);
}


static ngx_thrift_invocation_t *
ngx_thrift_api_find_in_loop(nthrift_call_t *call, const char *what)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv && !ngx_thrift_in_loop()) {
        ngx_thrift_invocation_error(inv, what);
        return NULL;
    }

    return inv;
}


/* Something is NULL that cannot be.  Returns NTHRIFT_ERROR. */

static int
ngx_thrift_api_null(ngx_thrift_invocation_t *inv, const char *what)
{
    ngx_thrift_invocation_error(inv, what);

    return NTHRIFT_ERROR;
}


static int
ngx_thrift_api_reply(nthrift_call_t *call, const nthrift_method_t *method,
    const void *result)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv == NULL || ngx_thrift_api_ended(inv)) {
        return ngx_thrift_api_late(inv);
    }

    if (inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_REPLIED);
    }

    if (method == NULL || method != inv->method || method->result == NULL) {
        return ngx_thrift_api_other_method(inv, method);
    }

    if (result == NULL) {
        return ngx_thrift_invocation_wrong(inv, "handler replied with NULL");
    }

    if (inv->starved) {
        return ngx_thrift_invocation_wrong(inv, inv->refusal);
    }

    if (inv->oneway) {
        return ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_DONE);
    }

    return ngx_thrift_api_write(inv, method, result);
}


static int
ngx_thrift_api_other_method(ngx_thrift_invocation_t *inv,
    const nthrift_method_t *method)
{
    u_char  text[NTHRIFT_MAX_TEXT], *last, *p;

    if (method == NULL || method->result == NULL) {
        return ngx_thrift_invocation_wrong(inv,
                                "handler replied with another method's reply");
    }

    last = ngx_snprintf(text, sizeof(text),
                        "handler replied to \"%s\" with the reply of \"%s\"",
                        inv->method->name, method->name);

    p = ngx_thrift_invocation_keep(inv, text, last - text);

    return ngx_thrift_invocation_wrong(inv, p ? (char *) p
                               : "handler replied with another method's reply");
}


/*
 * The client may have left: that is nobody's fault.  A thread that runs the
 * method still has its invocation, and its lines are written when it is done.
 */

static int
ngx_thrift_api_late(ngx_thrift_invocation_t *inv)
{
    static const char  text[] = "handler replied to a call that has ended";

    if (inv) {
        ngx_thrift_invocation_log(inv, NTHRIFT_LOG_INFO, text,
                                  sizeof(text) - 1);
    } else {
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0, "%s", text);
    }

    return NTHRIFT_DECLINED;
}


static int
ngx_thrift_api_write(ngx_thrift_invocation_t *inv,
    const nthrift_method_t *method, const void *result)
{
    size_t           size;
    nthrift_write_t  w;

    size = nthrift_head_size(&inv->head);

    ngx_thrift_invocation_write(inv, &w, inv->head.protocol, size);

    if (nthrift_encode_body(&w, method->result, result) != NTHRIFT_OK) {
        return ngx_thrift_api_unwritten(inv, &w);
    }

    if (ngx_thrift_api_fits(inv, w.len) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    (void) nthrift_head_write(w.data, &inv->head, w.len - size);

    ngx_thrift_invocation_written(inv, &w);

    inv->out = w.data;
    inv->size = w.len;
    inv->declared = ngx_thrift_api_declared(method->result, result);

    return ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_REPLIED);
}


static int
ngx_thrift_api_unwritten(ngx_thrift_invocation_t *inv,
    const nthrift_write_t *w)
{
    u_char  text[NTHRIFT_MAX_TEXT], *last;

    if (inv->overloaded || w->error == nthrift_write_too_large
        || w->error == nthrift_write_no_memory)
    {
        return ngx_thrift_api_no_memory(inv);
    }

    last = ngx_snprintf(text, sizeof(text), "reply of \"%s\": %s",
                        inv->method->name, w->error);

    if (w->path_len) {
        last = ngx_slprintf(last, text + sizeof(text), ", in field \"%*s\"",
                            w->path_len,
                            w->path + NTHRIFT_WRITE_PATH - w->path_len);
    }

    ngx_thrift_invocation_log(inv, NTHRIFT_LOG_ERROR, (char *) text,
                              last - text);

    return ngx_thrift_invocation_wrong(inv,
                                       "handler's reply could not be written");
}


static int
ngx_thrift_api_no_memory(ngx_thrift_invocation_t *inv)
{
    if (inv->overloaded) {
        return ngx_thrift_invocation_wrong(inv, inv->refusal);
    }

    return ngx_thrift_invocation_wrong(inv,
                                    "handler's reply needs more memory than "
                                    "\"thrift_handler_memory\" allows");
}


/* Replies are limited as an upstream's are; NTHRIFT_ERROR: the call failed. */

static int
ngx_thrift_api_fits(ngx_thrift_invocation_t *inv, size_t size)
{
    u_char    text[NTHRIFT_MAX_TEXT], *last, *p;
    uint64_t  most;

    most = nthrift_head_most(&inv->head, inv->rules);

    if (size <= most) {
        return NTHRIFT_OK;
    }

    last = ngx_snprintf(text, sizeof(text),
                        "handler's reply is too large: %uz bytes, "
                        "\"thrift_max_message_size\" allows %uL", size, most);

    p = ngx_thrift_invocation_keep(inv, text, last - text);

    return ngx_thrift_invocation_wrong(inv, p ? (char *) p
                                              : "handler's reply is too large");
}


/* The exception that is set in the result: a field that is not "success". */

static int16_t
ngx_thrift_api_declared(const nthrift_layout_t *layout, const void *result)
{
    bool      has;
    uint32_t  i;

    for (i = 0; i < layout->schema->n; i++) {

        if (layout->schema->fields[i].id == 0) {
            continue;
        }

        ngx_memcpy(&has, (u_char *) result + layout->fields[i].has,
                   sizeof(bool));

        if (has) {
            return layout->schema->fields[i].id;
        }
    }

    return 0;
}


static int
ngx_thrift_api_reply_raw(nthrift_call_t *call, const uint8_t *data,
    size_t size)
{
    nthrift_head_t            head;
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv == NULL || ngx_thrift_api_ended(inv)) {
        return ngx_thrift_api_late(inv);
    }

    if (inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_REPLIED);
    }

    if (inv->starved) {
        return ngx_thrift_invocation_wrong(inv, inv->refusal);
    }

    if (inv->oneway) {
        return ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_DONE);
    }

    if (data == NULL
        || ngx_thrift_api_raw_head(inv, data, size, &head) != NTHRIFT_OK)
    {
        return ngx_thrift_invocation_wrong(inv,
                                           "handler sent a malformed reply");
    }

    return ngx_thrift_api_raw_body(inv, &head, data + head.size,
                                   size - head.size);
}


/* The bytes must be one whole REPLY or EXCEPTION, well formed. */

static int
ngx_thrift_api_raw_head(ngx_thrift_invocation_t *inv, const uint8_t *data,
    size_t size, nthrift_head_t *head)
{
    const uint8_t         *p;
    nthrift_rules_t        rules;
    nthrift_message_t      m;
    nthrift_skip_level_t   levels[NGX_THRIFT_API_DEPTH];

    ngx_memzero(&rules, sizeof(nthrift_rules_t));

    rules.transport = NTHRIFT_UNFRAMED;
    rules.protocol = inv->head.protocol;
    rules.validate = 1;
    rules.max_depth = NGX_THRIFT_API_DEPTH;
    rules.max_message = NTHRIFT_MAX_FRAME;

    p = data;

    nthrift_message_start(&m);

    if (nthrift_message_read(&m, &rules, levels, &p, data + size) != NTHRIFT_OK
        || p != data + size
        || (m.head.type != NTHRIFT_REPLY && m.head.type != NTHRIFT_EXCEPTION))
    {
        return NTHRIFT_ERROR;
    }

    *head = m.head;

    if (m.head.type == NTHRIFT_REPLY && m.skip.fields != 0) {
        inv->declared = m.skip.first;
    }

    return NTHRIFT_OK;
}


static int
ngx_thrift_api_raw_body(ngx_thrift_invocation_t *inv,
    const nthrift_head_t *head, const uint8_t *data, size_t size)
{
    u_char         *p;
    nthrift_str_t   text;

    inv->head.type = head->type;
    inv->size = nthrift_head_size(&inv->head) + size;

    if (ngx_thrift_api_fits(inv, inv->size) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    p = ngx_thrift_invocation_alloc(inv, inv->size);

    if (p == NULL) {
        return ngx_thrift_api_no_memory(inv);
    }

    inv->out = p;

    p = nthrift_head_write(p, &inv->head, size);

    ngx_memcpy(p, data, size);

    if (head->type == NTHRIFT_EXCEPTION) {
        inv->exception = 1;
        inv->type = NTHRIFT_EXC_UNKNOWN;

        text.len = 0;
        text.data = NULL;

        nthrift_exception_read(inv->head.protocol, p, p + size, &text,
                               &inv->type);
        inv->text.len = text.len;
        inv->text.data = text.data;
    }

    return ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_REPLIED);
}


static int
ngx_thrift_api_fail(nthrift_call_t *call, int32_t type, const char *text,
    size_t len)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv == NULL || ngx_thrift_api_ended(inv)) {
        return ngx_thrift_api_late(inv);
    }

    /* its text may be what there was no memory for */

    if (inv->starved && inv->end == NGX_THRIFT_INVOCATION_OPEN) {
        return ngx_thrift_invocation_wrong(inv, inv->refusal);
    }

    return ngx_thrift_invocation_fail(inv, type, text, len);
}


static int
ngx_thrift_api_done(nthrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv == NULL) {
        return NTHRIFT_DECLINED;
    }

    if (inv->end == NGX_THRIFT_INVOCATION_OPEN && !inv->oneway) {

        if (ngx_thrift_invocation_gave_up(inv)) {
            return ngx_thrift_invocation_end(inv,
                                            NGX_THRIFT_INVOCATION_CANCELLED);
        }

        return ngx_thrift_invocation_wrong(inv,
                              "handler is done with a call but did not reply");
    }

    if (inv->end == NGX_THRIFT_INVOCATION_OPEN && inv->starved) {
        return ngx_thrift_invocation_wrong(inv, inv->refusal);
    }

    return ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_DONE);
}


static int
ngx_thrift_api_keep(nthrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv == NULL || inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return NTHRIFT_DECLINED;
    }

    inv->kept = 1;

    return NTHRIFT_OK;
}


static int
ngx_thrift_api_on_cancel(nthrift_call_t *call, nthrift_cancel_pt fn,
    void *data)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find_in_loop(call,
                              "nthrift_call_on_cancel() called in a thread");

    if (inv == NULL || inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return NTHRIFT_DECLINED;
    }

    inv->cancel = fn;
    inv->cancel_data = data;

    return NTHRIFT_OK;
}


static void *
ngx_thrift_api_alloc(nthrift_call_t *call, size_t size)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    return inv ? ngx_thrift_invocation_alloc(inv, size) : NULL;
}


static void *
ngx_thrift_api_need(nthrift_call_t *call, size_t size)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    return inv ? ngx_thrift_invocation_need(inv, size) : NULL;
}


static const nthrift_call_info_t *
ngx_thrift_api_info(nthrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    return inv ? ngx_thrift_invocation_info(inv) : NULL;
}


static nthrift_worker_t *
ngx_thrift_api_worker(nthrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    return inv ? &inv->handler->worker : NULL;
}


static int64_t
ngx_thrift_api_left(nthrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv == NULL || ngx_thrift_api_ended(inv)) {
        return 0;
    }

    return ngx_thrift_invocation_left(inv);
}


static void
ngx_thrift_api_log(nthrift_call_t *call, int level, const char *text,
    size_t len)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find(call);

    if (inv) {
        ngx_thrift_invocation_log(inv, level, text, len);
    }
}


static int
ngx_thrift_api_timer(nthrift_call_t *call, uint32_t msec, nthrift_event_pt fn,
    void *data)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find_in_loop(call,
                                  "nthrift_call_timer() called in a thread");

    if (inv == NULL || inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return NTHRIFT_DECLINED;
    }

    if (fn == NULL) {
        return ngx_thrift_api_null(inv,
                                   "nthrift_call_timer() called with NULL");
    }

    return ngx_thrift_alarm_set(inv, msec, fn, data);
}


static int
ngx_thrift_api_timer_cancel(nthrift_call_t *call, int timer)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find_in_loop(call,
                           "nthrift_call_timer_cancel() called in a thread");

    return inv ? ngx_thrift_alarm_cancel(inv, timer) : NTHRIFT_DECLINED;
}


static int
ngx_thrift_api_upstream(nthrift_call_t *call, const char *upstream,
    const nthrift_method_t *method, const void *args, nthrift_answer_pt fn,
    void *data)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find_in_loop(call,
                               "nthrift_call_upstream() called in a thread");

    if (inv == NULL || inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return NTHRIFT_DECLINED;
    }

    if (upstream == NULL || method == NULL) {
        return ngx_thrift_api_null(inv,
                                   "nthrift_call_upstream() called with NULL");
    }

    return ngx_thrift_outbound_call(inv, upstream, method, args, fn, data);
}


static int
ngx_thrift_api_work(nthrift_call_t *call, const char *pool,
    nthrift_work_pt work, nthrift_event_pt done, void *data)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find_in_loop(call,
                                   "nthrift_call_work() called in a thread");

    if (inv == NULL || inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return NTHRIFT_DECLINED;
    }

    if (work == NULL) {
        return ngx_thrift_api_null(inv,
                                   "nthrift_call_work() called with NULL");
    }

    return ngx_thrift_work(inv, pool, work, done, data);
}


static int
ngx_thrift_api_join(nthrift_call_t *call, nthrift_event_pt fn, void *data)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find_in_loop(call,
                                   "nthrift_call_join() called in a thread");

    if (inv == NULL || inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return NTHRIFT_DECLINED;
    }

    inv->join = fn;
    inv->join_data = data;

    if (fn && inv->pending == 0) {
        ngx_thrift_invocation_post(inv);
    }

    return NTHRIFT_OK;
}


/* The value may be the session's, or change: the handler gets a copy. */

static int
ngx_thrift_api_variable(nthrift_call_t *call, const char *name, size_t len,
    nthrift_str_t *value)
{
    u_char                   *p;
    ngx_int_t                 rc;
    ngx_str_t                 variable, text;
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_api_find_in_loop(call,
                               "nthrift_call_variable() called in a thread");

    if (inv == NULL || inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        return NTHRIFT_DECLINED;
    }

    variable.len = len;
    variable.data = (u_char *) name;

    rc = inv->call->owner->variable(inv->call, &variable, &text);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NTHRIFT_DECLINED : NTHRIFT_ERROR;
    }

    p = ngx_thrift_invocation_need(inv, text.len + 1);
    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    value->len = text.len;
    value->data = p;

    p = ngx_cpymem(p, text.data, text.len);
    *p = '\0';

    return NTHRIFT_OK;
}
