/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/api.c: what a handler calls, by way of nthrift_handler.h: finds
 * the call that a ticket stands for, and refuses what may not be asked.
 */

#include "host_private.h"


static host_call_t *
api_find(nthrift_call_t *ticket)
{
    host_call_t  *call;

    call = host_ticket_find(ticket);

    return (call != NULL && call->result.end == HOST_OPEN) ? call : NULL;
}


/* For what only the event loop may do; NULL and `*rc` say why not. */

static host_call_t *
api_loop(nthrift_call_t *ticket, int *rc, const char *refusal)
{
    host_call_t  *call;

    call = host_ticket_find(ticket);

    if (call != NULL && !host_in_loop(call->host)) {
        host_write_log(call->host, NTHRIFT_LOG_ERROR, refusal,
                       strlen(refusal));
        *rc = NTHRIFT_ERROR;
        return NULL;
    }

    *rc = NTHRIFT_DECLINED;

    return (call != NULL && call->result.end == HOST_OPEN) ? call : NULL;
}


static int
api_refuse(host_call_t *call, const char *text)
{
    host_write_log(call->host, NTHRIFT_LOG_ERROR, text, strlen(text));

    return NTHRIFT_ERROR;
}


/* Fails the call for the handler. */

static int
api_wrong(host_call_t *call, const char *text)
{
    host_wire_exception(call, NTHRIFT_EXC_INTERNAL_ERROR, text, strlen(text));
    host_call_end(call, HOST_FAILED);

    return api_refuse(call, text);
}


/* Ends the call with the reply that was written, or says why there is none. */

static int
api_replied(host_call_t *call, const char *why)
{
    if (why != NULL) {
        return api_wrong(call, why);
    }

    host_call_end(call, HOST_REPLIED);

    return NTHRIFT_OK;
}


/* Whether the call may be replied to: NULL if not, which has been said. */

static host_call_t *
api_replies(nthrift_call_t *ticket)
{
    host_call_t  *call;

    call = host_ticket_find(ticket);

    if (call == NULL || call->result.end == HOST_OPEN) {
        return call;
    }

    if (call->result.end != HOST_CANCELLED) {
        (void) api_refuse(call, "handler replied to a call twice");
    }

    return NULL;
}


/* What a call is refused with whose handler has not got what it needs. */

static const char  api_starved[] =
    "handler needs more memory than \"thrift_handler_memory\" allows";


static int
api_reply(nthrift_call_t *ticket, const nthrift_method_t *method,
    const void *result)
{
    int           rc;
    const char   *why;
    host_call_t  *call;

    host_lock();

    rc = NTHRIFT_DECLINED;
    call = api_replies(ticket);

    if (call != NULL) {
        why = call->starved ? api_starved
              : (method == call->method) ? host_body_reply(call, result)
              : "handler replied as another method";

        rc = api_replied(call, why);
    }

    host_unlock();

    return rc;
}


static int
api_reply_raw(nthrift_call_t *ticket, const uint8_t *data, size_t size)
{
    int           rc;
    const char   *why;
    host_call_t  *call;

    host_lock();

    rc = NTHRIFT_DECLINED;
    call = api_replies(ticket);

    if (call != NULL) {
        why = call->starved ? api_starved
                            : host_wire_reply_raw(call, data, size);

        rc = api_replied(call, why);
    }

    host_unlock();

    return rc;
}


static int
api_fail(nthrift_call_t *ticket, int32_t type, const char *text, size_t len)
{
    host_call_t  *call;

    host_lock();

    call = api_replies(ticket);

    if (call != NULL && call->starved) {
        (void) api_wrong(call, api_starved);

    } else if (call != NULL) {
        host_wire_exception(call, type, text, len);
        host_call_end(call, HOST_FAILED);
    }

    host_unlock();

    return (call != NULL) ? NTHRIFT_OK : NTHRIFT_DECLINED;
}


static int
api_done(nthrift_call_t *ticket)
{
    int           rc;
    host_call_t  *call;

    host_lock();

    rc = NTHRIFT_DECLINED;
    call = api_replies(ticket);

    if (call != NULL && !call->info.oneway) {
        rc = api_wrong(call, "handler is done with a call but did not reply");

    } else if (call != NULL && call->starved) {
        rc = api_wrong(call, api_starved);

    } else if (call != NULL) {
        host_call_end(call, HOST_DONE);
        rc = NTHRIFT_OK;
    }

    host_unlock();

    return rc;
}


static int
api_keep(nthrift_call_t *ticket)
{
    host_call_t  *call;

    host_lock();

    call = api_find(ticket);

    if (call != NULL) {
        call->kept = true;
    }

    host_unlock();

    return (call != NULL) ? NTHRIFT_OK : NTHRIFT_DECLINED;
}


static int
api_on_cancel(nthrift_call_t *ticket, nthrift_cancel_pt fn, void *data)
{
    int           rc;
    host_call_t  *call;

    host_lock();

    call = api_loop(ticket, &rc, "on_cancel() called from a thread");

    if (call != NULL) {
        call->cancel = fn;
        call->cancel_data = data;
        rc = NTHRIFT_OK;
    }

    host_unlock();

    return rc;
}


static void *
api_alloc(nthrift_call_t *ticket, size_t size)
{
    void         *p;
    host_call_t  *call;

    host_lock();

    call = host_ticket_find(ticket);
    p = (call != NULL) ? nthrift_arena_alloc(call->arena, size) : NULL;

    host_unlock();

    return p;
}


static void *
api_need(nthrift_call_t *ticket, size_t size)
{
    void         *p;
    host_call_t  *call;

    p = api_alloc(ticket, size);

    if (p == NULL) {
        host_lock();

        call = host_ticket_find(ticket);

        if (call != NULL) {
            call->starved = true;
        }

        host_unlock();
    }

    return p;
}


static const nthrift_call_info_t *
api_info(nthrift_call_t *ticket)
{
    host_call_t  *call;

    host_lock();
    call = host_ticket_find(ticket);
    host_unlock();

    return (call != NULL) ? &call->info : NULL;
}


static nthrift_worker_t *
api_worker(nthrift_call_t *ticket)
{
    host_call_t  *call;

    host_lock();
    call = host_ticket_find(ticket);
    host_unlock();

    return (call != NULL) ? &call->host->worker : NULL;
}


static int64_t
api_left(nthrift_call_t *ticket)
{
    int64_t       left;
    host_call_t  *call;

    host_lock();

    left = 0;
    call = api_find(ticket);

    if (call != NULL) {
        left = (call->deadline == INT64_MAX) ? INT64_MAX
                                             : call->deadline
                                               - call->host->now;
    }

    host_unlock();

    return left;
}


static void
api_log(nthrift_call_t *ticket, int level, const char *text, size_t len)
{
    host_call_t  *call;

    host_lock();

    call = host_ticket_find(ticket);

    if (call != NULL) {
        host_write_log(call->host, level, text, len);
    }

    host_unlock();
}


static void
api_timer_event(host_event_t *ev)
{
    host_call_t  *call;

    call = ev->call;
    call->alarms--;

    if (!host_call_open(call)) {
        return;
    }

    host_call_enter(call);
    ev->fn.event(call->ticket, ev->data);
    host_call_leave(call);
}


static int
api_timer(nthrift_call_t *ticket, uint32_t msec, nthrift_event_pt fn,
    void *data)
{
    int            rc;
    host_call_t   *call;
    host_event_t  *ev;

    host_lock();

    call = api_loop(ticket, &rc, "timer() called from a thread");

    if (call != NULL) {
        rc = NTHRIFT_ERROR;
        ev = host_event_post(call->host, call, msec, api_timer_event);

        if (ev != NULL) {
            ev->number = ++call->host->numbers;
            ev->fn.event = fn;
            ev->data = data;
            call->alarms++;
            rc = ev->number;
        }
    }

    host_unlock();

    return rc;
}


static int
api_timer_cancel(nthrift_call_t *ticket, int timer)
{
    int            rc;
    host_call_t   *call;
    host_event_t  *ev;

    host_lock();

    call = api_loop(ticket, &rc, "timer_cancel() called from a thread");

    if (call != NULL && timer > 0) {
        ev = host_event_find(call->host, call, timer);

        if (ev != NULL) {
            host_event_remove(ev);
            call->alarms--;
            rc = NTHRIFT_OK;
        }
    }

    host_unlock();

    return rc;
}


static void
api_answer_event(host_event_t *ev)
{
    host_call_t  *call;

    call = ev->call;
    call->pending--;

    if (!host_call_open(call)) {
        return;
    }

    host_call_enter(call);
    ev->fn.answer(call->ticket, ev->failure, ev->result, ev->data);
    host_call_leave(call);
}


/* A copy of a failure in the call's memory; NULL: there is none. */

static nthrift_failure_t *
api_copy_failure(host_call_t *call, const nthrift_failure_t *failure)
{
    nthrift_failure_t  *copy;

    copy = nthrift_arena_alloc(call->arena, sizeof(nthrift_failure_t));

    if (copy != NULL) {
        *copy = *failure;
        copy->text = host_call_copy(call, failure->text);
    }

    return copy;
}


/* The script of the test answers at once; the handler hears it later. */

static int
api_ask(host_call_t *call, const char *upstream,
    const nthrift_method_t *method, const void *args, nthrift_answer_pt fn,
    void *data)
{
    size_t          size;
    uint8_t        *body;
    const char     *why;
    host_event_t   *ev;
    host_answer_t   answer;
    host_options_t *options;

    body = NULL;
    size = 0;
    options = &call->host->options;

    if (options->upstream == NULL) {
        return api_refuse(call, "there is no such upstream");
    }

    why = host_body_outbound(call, method, args, &body, &size);

    if (why != NULL) {
        return api_refuse(call, why);
    }

    memset(&answer, 0, sizeof(answer));
    options->upstream(options->data, upstream, method, body, size, &answer);

    ev = host_event_post(call->host, call, answer.msec, api_answer_event);

    if (ev == NULL) {
        return NTHRIFT_ERROR;
    }

    ev->fn.answer = fn;
    ev->data = data;
    call->pending++;

    if (answer.failure != NULL) {
        ev->failure = api_copy_failure(call, answer.failure);
        return NTHRIFT_OK;
    }

    why = host_body_answer(call, method, &answer, &ev->result);

    if (why != NULL) {
        ev->failure = api_copy_failure(call, &(nthrift_failure_t) {
            NTHRIFT_EXC_INTERNAL_ERROR, false,
            nthrift_str_of(why, strlen(why))
        });
    }

    return NTHRIFT_OK;
}


static int
api_upstream(nthrift_call_t *ticket, const char *upstream,
    const nthrift_method_t *method, const void *args, nthrift_answer_pt fn,
    void *data)
{
    int           rc;
    host_call_t  *call;

    host_lock();

    call = api_loop(ticket, &rc, "upstream() called from a thread");

    if (call != NULL) {
        rc = api_ask(call, upstream, method, args, fn, data);
    }

    host_unlock();

    return rc;
}


static int
api_work(nthrift_call_t *ticket, const char *pool, nthrift_work_pt work,
    nthrift_event_pt done, void *data)
{
    int           rc;
    host_call_t  *call;

    (void) pool;

    host_lock();

    call = api_loop(ticket, &rc, "work() called from a thread");

    if (call != NULL) {
        rc = host_event_work(call, work, done, data);
    }

    host_unlock();

    return rc;
}


static int
api_join(nthrift_call_t *ticket, nthrift_event_pt fn, void *data)
{
    int           rc;
    host_call_t  *call;

    host_lock();

    call = api_loop(ticket, &rc, "join() called from a thread");

    if (call != NULL) {
        call->join = fn;
        call->join_data = data;
        (void) host_event_post(call->host, call, 0, NULL);
        rc = NTHRIFT_OK;
    }

    host_unlock();

    return rc;
}


static void
api_worker_log(nthrift_worker_t *worker, int level, const char *text,
    size_t len)
{
    host_write_log(host_of(worker), level, text, len);
}


static void
api_worker_event(host_event_t *ev)
{
    ev->fn.worker(&ev->host->worker, ev->data);
}


static int
api_worker_timer(nthrift_worker_t *worker, uint32_t msec, nthrift_worker_pt fn,
    void *data)
{
    int            rc;
    host_t        *h;
    host_event_t  *ev;

    h = host_of(worker);

    host_lock();

    rc = NTHRIFT_ERROR;
    ev = host_event_post(h, NULL, msec, api_worker_event);

    if (ev != NULL) {
        ev->fn.worker = fn;
        ev->data = data;
        rc = NTHRIFT_OK;
    }

    host_unlock();

    return rc;
}


static int
api_variable(nthrift_call_t *ticket, const char *name, size_t len,
    nthrift_str_t *value)
{
    int                   rc;
    size_t                i;
    nthrift_str_t         text;
    host_call_t          *call;
    const nthrift_arg_t  *v;

    host_lock();

    call = api_loop(ticket, &rc, "variable() called from a thread");

    if (call != NULL) {
        rc = NTHRIFT_DECLINED;

        for (i = 0; i < call->host->options.n_variables; i++) {
            v = &call->host->options.variables[i];

            if (strlen(v->key) == len && memcmp(v->key, name, len) == 0) {
                text = nthrift_str_of(v->value, strlen(v->value));
                *value = host_call_copy(call, text);
                rc = (value->data != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;
            }
        }
    }

    host_unlock();

    return rc;
}


const nthrift_api_t  host_api = {
    .abi = NTHRIFT_ABI,
    .size = sizeof(nthrift_api_t),

    .reply = api_reply,
    .reply_raw = api_reply_raw,
    .fail = api_fail,
    .done = api_done,
    .keep = api_keep,
    .on_cancel = api_on_cancel,

    .alloc = api_alloc,
    .need = api_need,
    .info = api_info,
    .worker = api_worker,
    .left = api_left,
    .log = api_log,

    .timer = api_timer,
    .timer_cancel = api_timer_cancel,
    .upstream = api_upstream,
    .work = api_work,
    .join = api_join,

    .worker_log = api_worker_log,
    .worker_timer = api_worker_timer,

    .variable = api_variable,
};
