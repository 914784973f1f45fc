/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "handle".  Code of a handler's runs in it, and again whenever
 * something happens that the handler waits for:
 *
 *   handle -> method -+-> ended                        reply, or its failure
 *                     |
 *                     +-> waits -> event -> callback   until it has ended, or
 *                           |                          nothing is waited for
 *                           +----> deadline, client gone
 *
 * An end is only noted while code of the handler's runs.  What follows from
 * it happens once that has returned: nothing is freed under its feet.
 */

#include "ngx_thrift.h"


static ngx_thrift_invocation_t *ngx_thrift_invocation_create(
    ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_invocation_settle(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_wait(ngx_thrift_invocation_t *inv);
static void ngx_thrift_invocation_timed_out(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_invocation_result(ngx_thrift_invocation_t *inv);
static void ngx_thrift_invocation_join(ngx_thrift_invocation_t *inv);
static void ngx_thrift_invocation_event(ngx_event_t *ev);
static ngx_uint_t ngx_thrift_invocation_ended(ngx_thrift_invocation_t *inv);
static void ngx_thrift_invocation_abandon(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason);
static void ngx_thrift_invocation_notify(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason);
static void ngx_thrift_invocation_close(ngx_thrift_invocation_t *inv);


static pthread_t  ngx_thrift_loop;


ngx_int_t
ngx_thrift_handle(ngx_thrift_call_t *call)
{
    ngx_int_t                  rc;
    ngx_thrift_watch_t         watch;
    ngx_thrift_handler_t      *handler;
    ngx_thrift_invocation_t   *inv;

    handler = call->conf->answer->handler;

    call->log->action = "calling handler";

    if (handler->table == NULL) {
        ngx_thrift_handler_tell(handler, NGX_THRIFT_HANDLER_WRONG, NGX_LOG_ERR,
                                call->log, 0,
                                "service \"%V\" could not be started",
                                &handler->service);

        return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                    "service \"%V\" is not available",
                                    &handler->service);
    }

    if (!call->owner->may_begin(call)) {
        call->log->action = "waiting until other calls hold less memory";
        return NGX_AGAIN;
    }

    inv = ngx_thrift_invocation_create(call);
    if (inv == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_thrift_invocation_read(inv);

    if (rc != NGX_OK) {
        ngx_thrift_invocation_close(inv);
        return rc;
    }

#if (NGX_THREADS)

    if (handler->threads) {
        rc = ngx_thrift_work_method(inv);

        if (rc != NGX_OK) {
            ngx_thrift_invocation_close(inv);
            return rc;
        }

        return ngx_thrift_invocation_settle(inv);
    }

#endif

    ngx_thrift_invocation_enter(inv, &watch);
    ngx_thrift_invocation_run(inv);
    ngx_thrift_invocation_leave(inv, &watch);

    return ngx_thrift_invocation_settle(inv);
}


void
ngx_thrift_invocation_run(ngx_thrift_invocation_t *inv)
{
    const nthrift_handler_t   *table;
    const nthrift_dispatch_t  *dispatch;

    table = inv->handler->table;
    dispatch = inv->dispatch;

    if (table->raw) {
        table->raw(inv->ticket, inv->args);
        return;
    }

    dispatch->run(inv->ticket, inv->args, table->methods);
}


static ngx_thrift_invocation_t *
ngx_thrift_invocation_create(ngx_thrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = ngx_thrift_invocation_get(call->conf->handler_memory);
    if (inv == NULL) {
        return NULL;
    }

    inv->ticket = ngx_thrift_ticket_take(inv);

    if (inv->ticket == NULL) {
        ngx_thrift_invocation_free(inv);
        return NULL;
    }

    call->invocation = inv;

    inv->call = call;
    inv->handler = call->conf->answer->handler;
    inv->target = call->target;
    inv->dispatch = call->target->dispatch;
    inv->method = inv->dispatch ? inv->dispatch->method : NULL;

    ngx_thrift_call_reply_head(call, &inv->head);

    inv->head.type = NTHRIFT_REPLY;

    /* handlers read and write no text */

    if (ngx_thrift_is_text(&call->request)) {
        inv->head.protocol = NTHRIFT_BINARY;
    }

    inv->oneway = call->oneway;
    inv->rules = &call->conf->messages->rules;
    inv->timed = call->timed;
    inv->deadline = call->deadline;

    ngx_queue_init(&inv->timers);
    ngx_queue_init(&inv->fired);
    ngx_queue_init(&inv->outbound);

    inv->lines_last = &inv->lines;

    inv->event.handler = ngx_thrift_invocation_event;
    inv->event.data = inv;
    inv->event.log = ngx_cycle->log;

    ngx_thrift_invocation_hold(inv, sizeof(ngx_thrift_invocation_t));

    return inv;
}


void
ngx_thrift_invocation_enter(ngx_thrift_invocation_t *inv,
    ngx_thrift_watch_t *watch)
{
    inv->inside++;
    ngx_thrift_watch_start(watch, NGX_THRIFT_RUNS_CALL, inv->handler,
                           inv->target);
}


void
ngx_thrift_invocation_leave(ngx_thrift_invocation_t *inv,
    ngx_thrift_watch_t *watch)
{
    uint64_t            took;
    ngx_msec_t          slow;
    ngx_thrift_call_t  *call;

    inv->inside--;
    call = inv->call;
    slow = call->conf->handler_slow;

    took = ngx_thrift_watch_end(watch, slow, call->log, inv->handler);

    ngx_thrift_invocation_ran(inv, took, watch->cpu);

    if (slow != 0 && took / 1000000 >= slow) {
        inv->held += took;
        inv->holds++;
    }
}


void
ngx_thrift_invocation_ran(ngx_thrift_invocation_t *inv, uint64_t took,
    uint64_t cpu)
{
    (void) __atomic_fetch_add(&inv->ran, took, __ATOMIC_RELAXED);

    if (cpu) {
        (void) __atomic_fetch_add(&inv->cpu, cpu, __ATOMIC_RELAXED);
    }
}


uint64_t
ngx_thrift_invocation_time(ngx_thrift_invocation_t *inv)
{
    return __atomic_load_n(&inv->ran, __ATOMIC_RELAXED) / 1000;
}


uint64_t
ngx_thrift_invocation_cpu_time(ngx_thrift_invocation_t *inv)
{
    return __atomic_load_n(&inv->cpu, __ATOMIC_RELAXED) / 1000;
}


/*
 * NGX_AGAIN: the handler has something to wait for.  Otherwise the call goes
 * on with what is returned, and nothing goes on for the invocation any more.
 */

static ngx_int_t
ngx_thrift_invocation_settle(ngx_thrift_invocation_t *inv)
{
    if (inv->threaded || inv->end == NGX_THRIFT_INVOCATION_OPEN) {

        if (ngx_thrift_invocation_wait(inv) == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (inv->call->target->method->oneway && !inv->starved) {
            inv->end = NGX_THRIFT_INVOCATION_DONE;

        } else if (ngx_thrift_invocation_gave_up(inv)) {
            inv->end = NGX_THRIFT_INVOCATION_CANCELLED;

        } else {
            (void) ngx_thrift_invocation_wrong(inv,
                         inv->refusal ? inv->refusal : "handler did not reply");
        }
    }

    if (inv->wrong) {
        ngx_thrift_invocation_notify(inv, NTHRIFT_CANCEL_FAILED);
    }

    ngx_thrift_invocation_close(inv);

    return ngx_thrift_invocation_result(inv);
}


int64_t
ngx_thrift_invocation_left(ngx_thrift_invocation_t *inv)
{
    ngx_msec_int_t  left;

    if (!inv->timed) {
        return INT64_MAX;
    }

    left = (ngx_msec_int_t) (inv->deadline - ngx_current_msec
                             - ngx_thrift_watch_behind());

    return ngx_max(left, 0);
}


static ngx_int_t
ngx_thrift_invocation_wait(ngx_thrift_invocation_t *inv)
{
    if (!inv->threaded && !inv->kept && !inv->join && inv->nalarms == 0
        && inv->pending == 0)
    {
        return NGX_DONE;
    }

    inv->call->log->action = "waiting for handler";

    return NGX_AGAIN;
}


ngx_uint_t
ngx_thrift_invocation_gave_up(ngx_thrift_invocation_t *inv)
{
    return !inv->starved && ngx_thrift_invocation_left(inv) == 0;
}


static ngx_int_t
ngx_thrift_invocation_result(ngx_thrift_invocation_t *inv)
{
    ngx_thrift_call_t  *call;

    call = inv->call;

    if (inv->end == NGX_THRIFT_INVOCATION_FAILED) {
        return ngx_thrift_error_set(call, inv->type,
                                    inv->overloaded ? 503 : 500, "%V",
                                    &inv->text);
    }

    if (inv->end == NGX_THRIFT_INVOCATION_CANCELLED) {
        ngx_thrift_invocation_timed_out(call);
        return ngx_thrift_error_timed_out(call);
    }

    return NGX_OK;
}


void
ngx_thrift_invocation_advance(ngx_thrift_invocation_t *inv)
{
    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    call = inv->call;

    if (call == NULL || inv->closed || inv->inside) {
        return;
    }

    ngx_thrift_outbound_deliver(inv);
    ngx_thrift_invocation_join(inv);

    rc = ngx_thrift_invocation_settle(inv);

    if (rc != NGX_AGAIN) {
        call->resume(call, rc);
    }
}


static void
ngx_thrift_invocation_join(ngx_thrift_invocation_t *inv)
{
    nthrift_event_pt    fn;
    ngx_thrift_watch_t  watch;

    /* it may ask for another one, which has an event of its own */

    if (inv->join && inv->pending == 0
        && inv->end == NGX_THRIFT_INVOCATION_OPEN)
    {
        fn = inv->join;
        inv->join = NULL;

        ngx_thrift_invocation_enter(inv, &watch);
        fn(inv->ticket, inv->join_data);
        ngx_thrift_invocation_leave(inv, &watch);
    }
}


/*
 * What a handler's code has to be called back for at once comes in the next
 * turn of the event loop: it may ask again, and others must have theirs.
 */

void
ngx_thrift_invocation_post(ngx_thrift_invocation_t *inv)
{
    ngx_post_event(&inv->event, inv->inside ? &ngx_posted_next_events
                                            : &ngx_posted_events);
}


static void
ngx_thrift_invocation_event(ngx_event_t *ev)
{
    ngx_thrift_invocation_advance(ev->data);
}


/* It was replied to, and only the event that says so has to come yet. */

static ngx_uint_t
ngx_thrift_invocation_ended(ngx_thrift_invocation_t *inv)
{
    return !inv->threaded && inv->end != NGX_THRIFT_INVOCATION_OPEN;
}


ngx_uint_t
ngx_thrift_invocation_waits(ngx_thrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = call->invocation;

    return inv && !inv->closed && !call->oneway
           && !ngx_thrift_invocation_ended(inv);
}


ngx_int_t
ngx_thrift_invocation_cancel(ngx_thrift_call_t *call, ngx_uint_t reason)
{
    ngx_thrift_invocation_t  *inv;

    inv = call->invocation;

    if (inv == NULL || inv->closed) {
        return NGX_OK;
    }

    if (reason == NGX_THRIFT_CALL_LEFT) {
        ngx_thrift_invocation_abandon(inv, NTHRIFT_CANCEL_CLIENT);
        return NGX_OK;
    }

    if (ngx_thrift_invocation_ended(inv)) {
        return NGX_DECLINED;
    }

    ngx_thrift_invocation_timed_out(call);
    ngx_thrift_invocation_abandon(inv, NTHRIFT_CANCEL_DEADLINE);

    return NGX_OK;
}


static void
ngx_thrift_invocation_timed_out(ngx_thrift_call_t *call)
{
    call->log->action = "waiting for handler";

    ngx_thrift_handler_tell(call->invocation->handler, NGX_THRIFT_HANDLER_LATE,
                            NGX_LOG_ERR, call->log, NGX_ETIMEDOUT,
                            "handler timed out");
}


/* A thread that runs the method learns of it by what is refused. */

static void
ngx_thrift_invocation_abandon(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason)
{
    if (!inv->threaded && !ngx_thrift_invocation_ended(inv)) {
        inv->end = NGX_THRIFT_INVOCATION_CANCELLED;
        ngx_thrift_invocation_notify(inv, reason);
    }

    ngx_thrift_invocation_close(inv);
}


static void
ngx_thrift_invocation_notify(ngx_thrift_invocation_t *inv,
    nthrift_cancel_e reason)
{
    nthrift_cancel_pt   fn;
    ngx_thrift_watch_t  watch;

    fn = inv->cancel;
    inv->cancel = NULL;
    inv->notified = 1;

    if (fn) {
        ngx_thrift_invocation_enter(inv, &watch);
        fn(inv->ticket, reason, inv->cancel_data);
        ngx_thrift_invocation_leave(inv, &watch);
    }
}


/* Nothing goes on for it any more, but work in threads. */

static void
ngx_thrift_invocation_close(ngx_thrift_invocation_t *inv)
{
    if (inv->closed) {
        return;
    }

    __atomic_store_n(&inv->closed, 1, __ATOMIC_RELEASE);

    /* a thread goes on until its method returns, and may ask what it likes */

    if (!inv->threaded) {
        ngx_thrift_ticket_drop(inv->ticket);
    }

    ngx_thrift_alarm_close_all(inv);
    ngx_thrift_outbound_close_all(inv);

    if (inv->event.posted) {
        ngx_delete_posted_event(&inv->event);
    }
}


void
ngx_thrift_invocation_release(ngx_thrift_call_t *call)
{
    ngx_thrift_invocation_t  *inv;

    inv = call->invocation;
    call->invocation = NULL;

    ngx_thrift_invocation_close(inv);

    inv->call = NULL;

    if (inv->works == 0) {
        ngx_thrift_invocation_free(inv);
    }
}


void
ngx_thrift_invocation_unwork(ngx_thrift_invocation_t *inv)
{
    inv->works--;

    if (inv->works == 0 && inv->call == NULL) {
        ngx_thrift_invocation_free(inv);
    }
}


int
ngx_thrift_invocation_end(ngx_thrift_invocation_t *inv, ngx_uint_t end)
{
    if (inv->end == NGX_THRIFT_INVOCATION_CANCELLED || inv->notified) {
        return NTHRIFT_DECLINED;
    }

    if (inv->end != NGX_THRIFT_INVOCATION_OPEN) {
        ngx_thrift_invocation_error(inv, "handler replied to a call twice");
        return NTHRIFT_DECLINED;
    }

    inv->end = end;

    if (inv->inside == 0 && !inv->threaded) {
        ngx_thrift_invocation_post(inv);
    }

    return NTHRIFT_OK;
}


int
ngx_thrift_invocation_fail(ngx_thrift_invocation_t *inv, int32_t type,
    const char *text, size_t len)
{
    int  rc;

    rc = ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_FAILED);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    inv->type = type;
    inv->text.data = ngx_thrift_invocation_keep(inv, text, len);
    inv->text.len = len;

    if (inv->text.data == NULL) {
        ngx_str_set(&inv->text, "failed, and there is no memory to say why");
    }

    return NTHRIFT_OK;
}


int
ngx_thrift_invocation_wrong(ngx_thrift_invocation_t *inv, const char *text)
{
    /* that it has too many calls is the client's choice */

    ngx_thrift_invocation_log(inv, (inv->overloaded && text == inv->refusal)
                                       ? NTHRIFT_LOG_INFO : NTHRIFT_LOG_ERROR,
                              text, ngx_strlen(text));

    if (ngx_thrift_invocation_end(inv, NGX_THRIFT_INVOCATION_FAILED)
        == NTHRIFT_OK)
    {
        inv->type = NTHRIFT_EXC_INTERNAL_ERROR;
        inv->text.data = (u_char *) text;
        inv->text.len = ngx_strlen(text);
        inv->wrong = 1;
    }

    return NTHRIFT_ERROR;
}


void
ngx_thrift_invocation_error(ngx_thrift_invocation_t *inv, const char *text)
{
    int  level;

    level = NTHRIFT_LOG_ERROR;

    if (ngx_thrift_in_loop()
        && ngx_thrift_handler_level(inv->handler, NGX_THRIFT_HANDLER_WRONG,
                                    NGX_LOG_ERR, inv->call->log)
           != NGX_LOG_ERR)
    {
        level = NTHRIFT_LOG_INFO;
    }

    ngx_thrift_invocation_log(inv, level, text, ngx_strlen(text));
}


void
ngx_thrift_invocation_log(ngx_thrift_invocation_t *inv, int level,
    const char *text, size_t len)
{
    ngx_thrift_line_t  *line;

    if (ngx_thrift_in_loop()) {
        ngx_thrift_log_text(inv->call->log, level, NULL, text, len);
        return;
    }

    line = ngx_thrift_invocation_alloc(inv, sizeof(ngx_thrift_line_t) + len);

    if (line == NULL) {
        return;
    }

    line->level = level;
    line->text.len = len;
    line->text.data = (u_char *) (line + 1);
    ngx_memcpy(line->text.data, text, len);

    *inv->lines_last = line;
    inv->lines_last = &line->next;
}


ngx_uint_t
ngx_thrift_in_loop(void)
{
    return pthread_equal(pthread_self(), ngx_thrift_loop);
}


void
ngx_thrift_invocation_init(void)
{
    ngx_thrift_loop = pthread_self();
}
