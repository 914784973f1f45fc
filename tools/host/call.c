/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/call.c: the life of a call, as in nginx.  Its method runs; then,
 * and after everything that happens for it, the call is looked at: it has
 * ended,
 * or waits for something, or nothing is left that could reply.
 *
 * An end is only noted while code of the handler's runs.  What follows from
 * it happens once that has returned.
 */

#include "host_private.h"


static const char *host_call_start(host_call_t *call,
    const host_request_t *request);
static const char *host_call_find(host_call_t *call,
    const host_request_t *request);
static void host_call_expired(host_event_t *ev);
static void host_call_join(host_call_t *call);
static bool host_call_waits(const host_call_t *call);
static void host_call_no_reply(host_call_t *call);
static void host_call_cancel(host_call_t *call, nthrift_cancel_e reason);
static void host_call_notify(host_call_t *call, nthrift_cancel_e reason);
static void host_call_close(host_call_t *call);


host_call_t *
host_call(host_t *h, const host_request_t *request)
{
    const char   *why;
    host_call_t  *call;

    call = calloc(1, sizeof(host_call_t));
    if (call == NULL) {
        return NULL;
    }

    host_lock();

    call->host = h;
    call->next = h->calls;
    h->calls = call;

    why = host_call_start(call, request);

    host_unlock();

    if (why == NULL && host_event_run_method(call) == NTHRIFT_OK) {
        return call;
    }

    if (why != NULL) {
        host_write_log(h, NTHRIFT_LOG_INFO, why, strlen(why));
    }

    host_free(call);

    return NULL;
}


/* What keeps the method from being called, or NULL. */

static const char *
host_call_start(host_call_t *call, const host_request_t *request)
{
    host_t        *h;
    const char    *why;
    nthrift_str_t  s;

    h = call->host;

    call->closed = true;
    call->seqid = request->seqid;
    call->protocol = request->protocol;
    call->info.seqid = request->seqid;
    call->info.oneway = request->oneway;
    call->deadline = INT64_MAX;

    /* blocks of one piece each: a checker sees what is used beyond its end */

    call->arena = nthrift_arena_create(0, h->options.memory);

    if (!h->started || call->arena == NULL) {
        return "the service has not started";
    }

    s = nthrift_str_of(h->handler->service, strlen(h->handler->service));

    call->info.client = host_call_copy(call, NTHRIFT_STR("127.0.0.1:1"));
    call->info.service = host_call_copy(call, s);
    call->info.method = host_call_copy(call, request->method);

    why = host_call_find(call, request);

    if (why == NULL) {
        why = host_wire_args(call, request);
    }

    if (why != NULL) {
        return why;
    }

    call->ticket = host_ticket_take(call);

    if (call->ticket == NULL) {
        return "too many calls";
    }

    call->closed = false;
    call->result.ticket = call->ticket;

    if (h->options.timeout != 0) {
        call->deadline = h->now + h->options.timeout;
        (void) host_event_post(h, call, h->options.timeout,
                               host_call_expired);
    }

    return NULL;
}


nthrift_str_t
host_call_copy(host_call_t *call, nthrift_str_t s)
{
    nthrift_str_t  copy;

    copy.data = nthrift_arena_copy(call->arena, s.data, s.len);
    copy.len = (copy.data != NULL) ? s.len : 0;

    return copy;
}


/* An adapter has no methods that are known here. */

static const char *
host_call_find(host_call_t *call, const host_request_t *request)
{
    uint32_t                  i;
    const void               *fn;
    nthrift_str_t             name;
    const nthrift_handler_t  *handler;

    handler = call->host->handler;

    if (handler->raw != NULL) {
        return NULL;
    }

    for (i = 0; i < handler->n; i++) {
        name.data = (uint8_t *) handler->dispatch[i].method->name;
        name.len = strlen(handler->dispatch[i].method->name);

        if (nthrift_str_equal(&name, &request->method)) {
            call->dispatch = &handler->dispatch[i];
            call->method = handler->dispatch[i].method;
            call->info.oneway |= call->method->oneway;

            memcpy(&fn, (const char *) handler->methods
                        + handler->dispatch[i].offset, sizeof(fn));

            return (fn != NULL) ? NULL
                                : "the handler does not implement it";
        }
    }

    return "the service has no such method";
}


void
host_call_run(host_call_t *call)
{
    const nthrift_handler_t  *handler;

    handler = call->host->handler;

    if (handler->raw != NULL) {
        handler->raw(call->result.ticket, call->args);

    } else {
        call->dispatch->run(call->result.ticket, call->args,
                            handler->methods);
    }
}


void
host_call_enter(host_call_t *call)
{
    call->inside++;
}


void
host_call_leave(host_call_t *call)
{
    call->inside--;
}


bool
host_call_open(host_call_t *call)
{
    bool  open;

    host_lock();
    open = (call->result.end == HOST_OPEN);
    host_unlock();

    return open;
}


/* Noted; and looked at soon, if no code of the handler's runs. */

void
host_call_end(host_call_t *call, host_end_e end)
{
    call->result.end = end;

    if (call->inside == 0 && !call->threaded) {
        (void) host_event_post(call->host, call, 0, NULL);
    }
}


void
host_call_advance(host_call_t *call)
{
    if (call->closed || call->inside != 0 || call->threaded) {
        return;
    }

    host_call_join(call);

    if (host_call_open(call)) {

        if (host_call_waits(call)) {
            return;
        }

        if (call->info.oneway) {
            call->result.end = HOST_DONE;

        } else {
            host_call_no_reply(call);
        }
    }

    host_call_close(call);
}


static void
host_call_join(host_call_t *call)
{
    nthrift_event_pt  fn;

    /* it may ask for another one */

    while (call->join != NULL && call->pending == 0 && host_call_open(call)) {
        fn = call->join;
        call->join = NULL;

        host_call_enter(call);
        fn(call->ticket, call->join_data);
        host_call_leave(call);
    }
}


static bool
host_call_waits(const host_call_t *call)
{
    return call->kept || call->join != NULL || call->alarms != 0
           || call->pending != 0;
}


static void
host_call_no_reply(host_call_t *call)
{
    static const nthrift_str_t  text = nthrift_string("handler did not reply");

    host_write_log(call->host, NTHRIFT_LOG_ERROR, (const char *) text.data,
                   text.len);

    call->result.end = HOST_FAILED;
    host_wire_exception(call, NTHRIFT_EXC_INTERNAL_ERROR,
                        (const char *) text.data, text.len);

    host_call_notify(call, NTHRIFT_CANCEL_FAILED);
}


static void
host_call_expired(host_event_t *ev)
{
    static const nthrift_str_t  text = nthrift_string("handler timed out");

    host_call_t  *call;

    call = ev->call;

    host_write_log(call->host, NTHRIFT_LOG_ERROR, (const char *) text.data,
                   text.len);
    host_wire_exception(call, NTHRIFT_EXC_INTERNAL_ERROR,
                        (const char *) text.data, text.len);

    host_call_cancel(call, NTHRIFT_CANCEL_DEADLINE);
}


void
host_leave(host_call_t *call)
{
    host_call_cancel(call, NTHRIFT_CANCEL_CLIENT);
}


static void
host_call_cancel(host_call_t *call, nthrift_cancel_e reason)
{
    bool  open;

    host_lock();

    open = (call->result.end == HOST_OPEN);

    if (open && !call->closed) {
        call->result.end = HOST_CANCELLED;
        call->result.reason = reason;
    }

    host_unlock();

    if (!open || call->closed) {
        return;
    }

    host_call_notify(call, reason);

    /* a method's thread still has its ticket: see event.c */

    if (!call->threaded) {
        host_call_close(call);
    }
}


static void
host_call_notify(host_call_t *call, nthrift_cancel_e reason)
{
    nthrift_cancel_pt  fn;

    fn = call->cancel;
    call->cancel = NULL;

    if (fn != NULL) {
        host_call_enter(call);
        fn(call->ticket, reason, call->cancel_data);
        host_call_leave(call);
    }
}


/* Its ticket is no more, and nothing goes on for it but work. */

static void
host_call_close(host_call_t *call)
{
    host_lock();

    call->closed = true;

    host_ticket_drop(call->ticket);
    call->ticket = NULL;

    host_event_remove_all(call->host, call);

    host_unlock();

    host_call_release(call);
}


/* Its memory goes with the last that uses it. */

void
host_call_release(host_call_t *call)
{
    if (!call->closed || call->works != 0) {
        return;
    }

    if (call->arena != NULL) {
        nthrift_arena_destroy(call->arena);
        call->arena = NULL;
    }

    free(call->message);
    call->message = NULL;
}


const host_result_t *
host_result(const host_call_t *call)
{
    return &call->result;
}


void
host_free(host_call_t *call)
{
    host_call_t  **last;

    host_leave(call);

    while (call->works != 0) {
        host_advance(call->host, 0);
    }

    host_call_release(call);

    last = &call->host->calls;

    while (*last != call) {
        last = &(*last)->next;
    }

    *last = call->next;

    free((void *) call->result.reply);
    free(call);
}
