/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The client's connection.  It owns reading and writing and nothing else: a
 * message that is whole becomes a call and runs by itself; replies that are
 * ready go out in the order of their calls.
 *
 *   run:  read -> message -> call -> ...    until a limit or no more bytes
 *         write <- ready calls, in order    until one is not ready, or the
 *                                           client does not read
 *
 * Reading stops while the client does not take its replies, while
 * thrift_max_pipeline calls are in flight, while one of them is one of many
 * that wait for an upstream, and while they hold more bytes than
 * thrift_max_memory: memory stays bounded whatever the client does.  While all
 * clients of the worker hold too much, those that hold more than their part
 * are not read from, and what they are in the middle of fails.
 * How long is waited for what, and how it ends: ngx_stream_thrift_wait.c.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_CACHE_LINE  64


static void ngx_stream_thrift_session_read_event(ngx_event_t *rev);
static void ngx_stream_thrift_session_write_event(ngx_event_t *wev);
static void ngx_stream_thrift_session_flush_event(ngx_event_t *ev);
static ngx_inline void ngx_stream_thrift_session_prefetch(
    ngx_stream_thrift_session_t *ts);
static ngx_inline void ngx_stream_thrift_session_prefetch_next(void);
static ngx_uint_t ngx_stream_thrift_session_reset(
    ngx_stream_thrift_session_t *ts);
static ngx_uint_t ngx_stream_thrift_session_has_left(
    ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_session_give_up(ngx_stream_thrift_session_t *ts)
    nthrift_cold;
static void ngx_stream_thrift_session_lost(ngx_thrift_client_t *client);
static ngx_int_t ngx_stream_thrift_session_read(
    ngx_stream_thrift_session_t *ts);
static ngx_inline ngx_uint_t ngx_stream_thrift_session_has_more(
    ngx_stream_thrift_session_t *ts);
static ngx_int_t ngx_stream_thrift_session_check_door(
    ngx_stream_thrift_session_t *ts, ngx_int_t rc) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_session_keep(
    ngx_stream_thrift_session_t *ts) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_session_keep_head(
    ngx_stream_thrift_session_t *ts);
static ngx_inline ngx_uint_t ngx_stream_thrift_session_blocked(
    ngx_stream_thrift_session_t *ts);
static ngx_uint_t ngx_stream_thrift_session_unpacks(
    ngx_stream_thrift_session_t *ts);
static ngx_int_t ngx_stream_thrift_session_recv(
    ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_session_rest(ngx_stream_thrift_session_t *ts);
static ngx_int_t ngx_stream_thrift_session_message(
    ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_session_refuse(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc) nthrift_cold;
static void ngx_stream_thrift_session_call(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc, ngx_uint_t broken);
static ngx_uint_t ngx_stream_thrift_session_header(
    ngx_stream_thrift_session_t *ts, ngx_thrift_call_t *call)
    nthrift_noinline;
static void ngx_stream_thrift_session_gather(ngx_stream_thrift_session_t *ts);
static ngx_uint_t ngx_stream_thrift_session_is_written(
    ngx_stream_thrift_session_t *ts, ngx_thrift_call_t *call);
static ngx_stream_thrift_call_t *ngx_stream_thrift_session_begin(
    ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_session_reply(ngx_thrift_call_t *call);
static void ngx_stream_thrift_session_finish(ngx_thrift_call_t *call);


static const ngx_thrift_owner_t  ngx_stream_thrift_session_owner = {
    ngx_stream_thrift_call_routed,
    ngx_stream_thrift_call_client,
    ngx_stream_thrift_call_variable,
    ngx_stream_thrift_call_return_text,
    ngx_stream_thrift_headers,
    ngx_stream_thrift_session_hold,
    ngx_stream_thrift_session_may_hold,
    ngx_stream_thrift_session_may_begin,
    ngx_stream_thrift_session_may_receive,
    ngx_stream_thrift_mirror,
    ngx_thrift_reply,
    ngx_stream_thrift_session_reply,
    ngx_stream_thrift_log_call,
    ngx_stream_thrift_outbound_spawn,
    ngx_stream_thrift_session_finish
};


void
ngx_stream_thrift_handler(ngx_stream_session_t *s)
{
    ngx_connection_t             *c;
    ngx_stream_thrift_session_t  *ts;

    c = s->connection;

    ts = ngx_pmemalign(c->pool, sizeof(ngx_stream_thrift_session_t),
                       NGX_STREAM_THRIFT_CACHE_LINE);
    if (ts == NULL) {
        ngx_stream_finalize_session(s, NGX_STREAM_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_memzero(ts, sizeof(ngx_stream_thrift_session_t));

    ts->kind = NGX_STREAM_THRIFT_SESSION;
    ts->connection = c;
    ts->session = s;
    ts->received = s->received;
    ts->preread = (c->buffer && c->buffer->pos != c->buffer->last);
    ts->conf = ngx_stream_get_module_srv_conf(s, ngx_stream_thrift_module);
    ts->main = ngx_stream_get_module_main_conf(s, ngx_stream_thrift_module);
    ts->keeps_variables = ngx_stream_thrift_call_keeps_variables(s);
    ts->door = ngx_stream_thrift_door_of(c);
    ts->rules = ts->door ? ngx_stream_thrift_door_rules(ts->door, ts->conf)
                         : &ts->conf->messages.rules;

    ngx_stream_set_ctx(s, ts, ngx_stream_thrift_module);

    ngx_thrift_pool_init_client(&ts->client, &c->addr_text);
    ngx_thrift_pool_init_client(&ts->handlers, &c->addr_text);
    ts->client.lost = ngx_stream_thrift_session_lost;
    ts->client.ordered = (ts->conf->max_pipeline == 1);
    ts->client.event = &ts->flush;
    ngx_thrift_input_init(&ts->in, ts->conf->messages.blocks);
    ngx_queue_init(&ts->calls);
    ts->out_last = &ts->out;

    /* not cancelable: a worker does not exit while it has clients */

    ngx_thrift_timer_init(&ts->timer, ngx_stream_thrift_session_timeout, ts,
                          c->log, 0);

    ts->flush.handler = ngx_stream_thrift_session_flush_event;
    ts->flush.data = ts;
    ts->flush.log = c->log;

    /* what an event finds the session by: one step, not three */

    c->data = ts;
    c->read->handler = ngx_stream_thrift_session_read_event;
    c->write->handler = ngx_stream_thrift_session_write_event;

    /* busy or not, it wants to know when its worker shuts down */

    c->idle = 1;

    ts->main->nsessions++;

    ngx_stream_thrift_session_run(ts);
}


static void
ngx_stream_thrift_session_read_event(ngx_event_t *rev)
{
    ngx_connection_t             *c;
    ngx_stream_thrift_session_t  *ts;

    c = rev->data;
    ts = c->data;

    ngx_stream_thrift_session_prefetch(ts);

    if (c->close) {

        /* worker_shutdown_timeout is over, or that time begins */

        if (c->error) {
            ngx_stream_thrift_session_shut_down(ts);
            return;
        }

        c->close = 0;
        ngx_thrift_input_retry(c);
    }

    if (ngx_stream_thrift_session_reset(ts)) {
        ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
        return;
    }

    ts->turn = 0;

    ngx_stream_thrift_session_run(ts);
}


/* Where epoll or kqueue tell of it, a reset is noticed also unread. */

static ngx_uint_t
ngx_stream_thrift_session_reset(ngx_stream_thrift_session_t *ts)
{
    ngx_err_t          err;
    ngx_connection_t  *c;

    c = ts->connection;

    if (!c->read->pending_eof && ngx_thrift_input_tells_end()) {
        return 0;
    }

    if (!ts->eof && !ts->closing && !ngx_stream_thrift_session_blocked(ts)) {
        return 0;
    }

    err = ngx_thrift_input_error(c);

    if (err == 0) {
        return 0;
    }

    (void) ngx_connection_error(c, err, "client closed connection");

    return 1;
}


static void
ngx_stream_thrift_session_write_event(ngx_event_t *wev)
{
    ngx_connection_t             *c;
    ngx_stream_thrift_session_t  *ts;

    c = wev->data;
    ts = c->data;

    if (ts->out) {
        ngx_stream_thrift_session_run(ts);
    }
}


/*
 * Comes again and again in one turn of the event loop while calls end at once,
 * as oneways do that are sent: they count for the turn that brought them.
 */

static void
ngx_stream_thrift_session_flush_event(ngx_event_t *ev)
{
    ngx_stream_thrift_session_t  *ts = ev->data;

    ngx_stream_thrift_session_prefetch_next();

    if (ts->left) {
        ngx_stream_thrift_session_left_run(ts);
        return;
    }

    if (ts->turn > NGX_THRIFT_TURN) {

        /* reading has stopped, and this is the next turn */

        ts->turn = 0;
    }

    ngx_stream_thrift_session_run(ts);
}


/* What every call needs of it. */

static ngx_inline void
ngx_stream_thrift_session_prefetch(ngx_stream_thrift_session_t *ts)
{
    ngx_thrift_prefetch(ts, offsetof(ngx_stream_thrift_session_t, client));
}


/* And what it takes to write to the client whose replies go out next. */

static ngx_inline void
ngx_stream_thrift_session_prefetch_next(void)
{
    ngx_event_t                  *ev;
    ngx_queue_t                  *q;
    ngx_connection_t             *c;
    ngx_stream_thrift_session_t  *ts;

    if (ngx_queue_empty(&ngx_posted_events)) {
        return;
    }

    q = ngx_queue_head(&ngx_posted_events);
    ev = ngx_queue_data(q, ngx_event_t, queue);

    if (ev->handler != ngx_stream_thrift_session_flush_event) {
        return;
    }

    ts = ev->data;
    c = ts->connection;

    ngx_thrift_prefetch(c, sizeof(ngx_connection_t));
    ngx_thrift_prefetch(c->read, offsetof(ngx_event_t, timer));
    ngx_thrift_prefetch(c->write, offsetof(ngx_event_t, timer));
}


/* Its next calls would not meet the state that its earlier ones have left. */

static void
ngx_stream_thrift_session_lost(ngx_thrift_client_t *client)
{
    ngx_stream_thrift_session_t  *ts;

    ts = (ngx_stream_thrift_session_t *)
             ((u_char *) client
              - offsetof(ngx_stream_thrift_session_t, client));

    if (ts->closing) {
        return;
    }

    ts->closing = 1;

    ngx_post_event(&ts->flush, &ngx_posted_events);
}


static void
ngx_stream_thrift_session_reply(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_session_t  *ts;

    ts = ngx_stream_thrift_get_call(call)->owner;

    ts->noneways += call->oneway;
    ts->due = 1;

    /*
     * Not from within the call, which would be freed under its runner's feet;
     * and others may become ready in this turn of the event loop: one write.
     */

    if (!ts->running && !ts->flush.posted) {
        ngx_stream_thrift_session_prefetch(ts);
        ngx_post_event(&ts->flush, &ngx_posted_events);
    }
}


void
ngx_stream_thrift_session_run(ngx_stream_thrift_session_t *ts)
{
    ngx_int_t  rc;

    ts->running = 1;
    ts->progress = 0;

    do {
        ts->blocked = 0;

        rc = ngx_stream_thrift_session_read(ts);

        if (rc == NGX_OK && ngx_stream_thrift_session_has_left(ts)) {
            ngx_stream_thrift_session_give_up(ts);
        }

        if (rc == NGX_OK && (ts->due || ts->out || ts->npaused)) {
            rc = ngx_stream_thrift_session_write(ts);
        }

        if (rc != NGX_OK) {
            ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
            return;
        }

        /* what stopped reading may be gone */

    } while (ts->blocked && !ngx_stream_thrift_session_blocked(ts));

    ts->running = 0;

    if (ts->blocked) {
        ngx_stream_thrift_session_rest(ts);
    }

    if ((ts->eof || ts->closing) && ngx_queue_empty(&ts->calls)) {
        ngx_stream_thrift_session_end(ts);
        return;
    }

    if (ngx_exiting && ngx_stream_thrift_shutdown_next(ts) == NGX_DONE) {
        return;
    }

    if (ngx_stream_thrift_session_wait(ts) != NGX_OK) {
        ngx_stream_thrift_session_close(ts, NGX_STREAM_INTERNAL_SERVER_ERROR);
    }
}


/*
 * Most who send no more have closed their connection.  That is also noticed
 * while nothing is read, behind what is still to be read.
 */

static ngx_uint_t
ngx_stream_thrift_session_has_left(ngx_stream_thrift_session_t *ts)
{
    if (ts->conf->half_close && ts->door == NULL) {
        return 0;
    }

    if (ts->eof) {
        return 1;
    }

    return (ts->blocked || ts->closing)
           && ngx_thrift_input_ended(ts->connection);
}


/*
 * What would wait for nobody is given up.  Replies that come before it go out;
 * one behind it would be taken for its own.
 */

static void
ngx_stream_thrift_session_give_up(ngx_stream_thrift_session_t *ts)
{
    ngx_queue_t        *q, *next;
    ngx_thrift_call_t  *call;

    ngx_stream_thrift_session_gather(ts);

    for (q = ngx_queue_head(&ts->calls);
         q != ngx_queue_sentinel(&ts->calls);
         q = next)
    {
        next = ngx_queue_next(q);
        call = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (!ngx_thrift_call_outlives(call, 0)) {
            ngx_thrift_call_cancel(call);
            ts->silent = 1;
            ts->due = 1;
        }
    }
}


static ngx_int_t
ngx_stream_thrift_session_read(ngx_stream_thrift_session_t *ts)
{
    ngx_int_t   rc;
    ngx_uint_t  n, pending;

    n = 0;

    for ( ;; ) {
        pending = ngx_thrift_input_pending(&ts->in);

        if (!pending && !ngx_stream_thrift_session_has_more(ts)) {
            ngx_stream_thrift_session_rest(ts);
            return NGX_OK;
        }

        if (ts->closing) {
            return NGX_OK;
        }

        if (ts->turn++ >= NGX_THRIFT_TURN) {
            ngx_post_event(&ts->flush, &ngx_posted_next_events);
            return NGX_OK;
        }

        if (ngx_stream_thrift_session_blocked(ts)) {
            ts->blocked = 1;
            return NGX_OK;
        }

        /* what is there of a message that has begun was read */

        if (ts->reading || !pending) {

            if (n++ != 0 && ngx_thrift_input_exhausted()) {
                ngx_post_event(&ts->flush, &ngx_posted_next_events);
                return NGX_OK;
            }

            rc = ngx_stream_thrift_session_recv(ts);

            if (rc != NGX_OK) {
                return (rc == NGX_AGAIN) ? NGX_OK : rc;
            }
        }

        if (ngx_stream_thrift_session_message(ts) == NGX_ERROR) {
            return NGX_ERROR;
        }
    }
}


/* Has something come that was not received?  A worker that shuts down looks. */

static ngx_inline ngx_uint_t
ngx_stream_thrift_session_has_more(ngx_stream_thrift_session_t *ts)
{
    return ts->connection->read->ready || ts->preread || ngx_exiting;
}


static ngx_inline ngx_uint_t
ngx_stream_thrift_session_blocked(ngx_stream_thrift_session_t *ts)
{
    if (ts->out) {
        return 1;
    }

    if (ngx_exiting && ngx_stream_thrift_shutdown_stops(ts)) {
        return 1;
    }

    if (ts->reading) {
        return 0;
    }

    if (ts->packed && ngx_stream_thrift_session_unpacks(ts)) {
        return 1;
    }

    if (ngx_thrift_pin_holds(&ts->client)) {
        return 1;
    }

    /* its next reply waits for a call that waits; others need not */

    if (ts->client.crowd && !ts->unordered) {
        return 1;
    }

    return ts->ncalls >= ts->conf->max_pipeline
           || ts->held > ts->conf->max_memory
           || (ts->ncalls != 0 && ngx_stream_thrift_session_is_over(ts));
}


/* Is its latest call not unpacked yet? */

static ngx_uint_t
ngx_stream_thrift_session_unpacks(ngx_stream_thrift_session_t *ts)
{
    ngx_queue_t  *q;

    q = ngx_queue_last(&ts->calls);

    return q != ngx_queue_sentinel(&ts->calls)
           && ngx_thrift_call_is_packed(ngx_queue_data(q, ngx_thrift_call_t,
                                                       queue));
}


/* NGX_AGAIN: nothing more now, or ever. */

static ngx_int_t
ngx_stream_thrift_session_recv(ngx_stream_thrift_session_t *ts)
{
    ssize_t            n;
    ngx_buf_t         *b;
    ngx_connection_t  *c;

    c = ts->connection;

    if (ts->eof) {
        return NGX_AGAIN;
    }

    if (ts->preread) {
        b = c->buffer;

        n = ngx_thrift_input_copy(&ts->in, b->pos, b->last - b->pos);
        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        b->pos += n;
        ts->preread = (b->pos != b->last);
        ts->progress = 1;

        return NGX_OK;
    }

    ts->last = ngx_exiting;

    if (!c->read->ready) {
        ngx_stream_thrift_session_rest(ts);
        return NGX_AGAIN;
    }

    c->log->action = "reading call from client";

    n = ngx_thrift_input_recv(&ts->in, c);

    if (n > 0) {
        ts->progress = 1;
        ts->received += n;
        return NGX_OK;
    }

    ngx_stream_thrift_session_rest(ts);

    if (n == 0) {
        ts->eof = 1;
        return NGX_AGAIN;
    }

    return n;
}


/* Nothing is received for a while: no more memory is held than needed. */

static void
ngx_stream_thrift_session_rest(ngx_stream_thrift_session_t *ts)
{
    if (ts->in.block == NULL) {
        return;
    }

    ngx_thrift_message_rest(ts->reading ? &ts->reading->call.request : NULL,
                            &ts->in);
}


static ngx_int_t
ngx_stream_thrift_session_message(ngx_stream_thrift_session_t *ts)
{
    ngx_int_t                  rc;
    ngx_stream_thrift_call_t  *tc;

    tc = ts->reading;

    if (tc == NULL) {
        tc = ngx_stream_thrift_session_begin(ts);
        if (tc == NULL) {
            return NGX_ERROR;
        }
    }

    rc = ngx_thrift_message_read(&tc->call.request, ts->rules, &ts->in,
                                 tc->call.pool);

    if (ts->door) {
        rc = ngx_stream_thrift_session_check_door(ts, rc);
    }

    if (rc == NGX_AGAIN) {
        rc = ngx_stream_thrift_session_keep(ts);
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc == NGX_ABORT) {
        return NGX_ERROR;
    }

    /* a handler may keep what it is called with */

    ngx_thrift_message_settle(&tc->call.request, tc->main->handlers.nelts
                                                 ? NULL : tc->call.pool);

    if (tc->call.request.wire.head.size == 0) {
        ngx_stream_thrift_session_refuse(ts, tc);
        return NGX_OK;
    }

    ts->reading = NULL;

    ngx_stream_thrift_session_call(ts, tc, rc == NGX_ERROR);

    return NGX_OK;
}


/* There is no call to answer, and no way to find the next. */

static void
ngx_stream_thrift_session_refuse(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc)
{
    ts->closing = 1;

    ngx_stream_thrift_refuse(ts, tc);

    if (ts->door) {
        ngx_stream_thrift_door_refuse(ts, tc->call.request.wire.error.text);
    }

    ngx_stream_thrift_session_drop(ts);
}


/* What came by http is one message and nothing else; else it is none. */

static ngx_int_t
ngx_stream_thrift_session_check_door(ngx_stream_thrift_session_t *ts,
    ngx_int_t rc)
{
    const char         *why;
    nthrift_message_t  *wire;

    why = ngx_stream_thrift_door_check(ts, rc);

    if (why == NULL) {
        return rc;
    }

    wire = &ts->reading->call.request.wire;

    wire->head.size = 0;
    wire->error.text = why;

    return NGX_ERROR;
}


/*
 * Counts what there is of a message, and keeps no more than it may.  NGX_AGAIN;
 * or NGX_ERROR: not even its head.
 */

static ngx_int_t
ngx_stream_thrift_session_keep(ngx_stream_thrift_session_t *ts)
{
    ngx_thrift_call_t     *call;
    ngx_thrift_message_t  *m;

    call = &ts->reading->call;
    m = &call->request;

    if (m->wire.head.size == 0) {
        return ngx_stream_thrift_session_keep_head(ts);
    }

    ngx_stream_thrift_session_hold(call,
                                   ngx_thrift_message_kept(m) - call->held);

    if (ngx_stream_thrift_session_is_over(ts) && !m->dropped) {
        call->overloaded = 1;

        ngx_thrift_message_drop_on(m, call->pool);
        ngx_stream_thrift_session_hold(call,
                                   ngx_thrift_message_kept(m) - call->held);
    }

    return NGX_AGAIN;
}


/* One with a THeader may be large; it has no bytes that could be dropped. */

static ngx_int_t
ngx_stream_thrift_session_keep_head(ngx_stream_thrift_session_t *ts)
{
    ngx_thrift_call_t  *call;

    call = &ts->reading->call;

    ngx_stream_thrift_session_hold(call, (off_t) ngx_thrift_input_left(&ts->in)
                                         - call->held);

    if (ngx_thrift_input_left(&ts->in) <= NTHRIFT_MAX_HEAD
        || !ngx_stream_thrift_session_is_over(ts))
    {
        return NGX_AGAIN;
    }

    call->request.wire.error.text = "a large THeader, and calls hold too much "
                                    "memory";

    return NGX_ERROR;
}


void
ngx_stream_thrift_session_drop(ngx_stream_thrift_session_t *ts)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ts->reading;
    ts->reading = NULL;

    ngx_stream_thrift_session_hold(&tc->call, -tc->call.held);
    ngx_stream_thrift_call_free(tc);
}


/* The call whose message begins; NULL: no memory. */

static ngx_stream_thrift_call_t *
ngx_stream_thrift_session_begin(ngx_stream_thrift_session_t *ts)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_thrift_call_create(ts);
    if (tc == NULL) {
        return NULL;
    }

    tc->owner = ts;
    tc->call.owner = &ngx_stream_thrift_session_owner;
    tc->call.routes = &ts->conf->routes;
    tc->call.client = &ts->client;

    ngx_thrift_call_init(&tc->call, ts->conf->routes.server->conf);

    ts->reading = tc;
    ts->begun = ngx_current_msec;

    return tc;
}


static void
ngx_stream_thrift_session_call(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc, ngx_uint_t broken)
{
    ngx_thrift_call_t  *call;

    call = &tc->call;

    ngx_queue_insert_tail(&ts->calls, &call->queue);

    ts->ncalls++;
    ts->total++;
    ngx_stream_thrift_session_hold(call, tc->main->calls.size
                                   + ngx_thrift_message_kept(&call->request)
                                   - call->held);

    if (ts->total == ts->conf->max_calls || ts->door) {
        ts->closing = 1;
    }

    ngx_thrift_message_split(&call->request, call->pool);

    if (call->request.wire.head.header) {
        broken |= ngx_stream_thrift_session_header(ts, call);

    } else if (ts->door) {
        call->headers = ts->door->headers;
    }

    ngx_stream_thrift_call_prepare(tc, ts);

    /* not freed before it is written, and nothing is written here */

    ngx_thrift_call_start(call, broken);

    if (call->fatal) {
        ts->closing = 1;
    }

    if (ts->door && call->oneway) {
        ngx_stream_thrift_door_take(ts, call);
    }
}


/*
 * Takes what a THeader says.  1: it holds for later calls as well, and cannot
 * be kept.
 */

static ngx_uint_t
ngx_stream_thrift_session_header(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call)
{
    const char         *error;
    nthrift_message_t  *wire;

    wire = &call->request.wire;
    ts->packed |= (wire->head.packed != NTHRIFT_PLAIN);

    if (wire->head.flags & NTHRIFT_HEADER_OUT_OF_ORDER) {
        call->unordered = 1;
        ts->unordered = 1;
    }

    error = ngx_stream_thrift_take_headers(ts, call);

    if (error == NULL) {
        return 0;
    }

    (void) nthrift_error_set(&wire->error, error);

    return 1;
}


ngx_int_t
ngx_stream_thrift_session_write(ngx_stream_thrift_session_t *ts)
{
    off_t              sent;
    ngx_chain_t       *out;
    ngx_connection_t  *c;

    ts->due = 0;

    ngx_stream_thrift_session_gather(ts);

    c = ts->connection;

    if (ts->out && c->write->ready) {
        c->log->action = "sending reply to client";
        sent = c->sent;

        out = ngx_thrift_output_send(c, ts->out);

        if (out == NGX_CHAIN_ERROR) {
            return NGX_ERROR;
        }

        if (c->sent != sent) {
            ts->progress = 1;
        }

        ts->out = out;

        if (out == NULL) {
            ts->out_last = &ts->out;
        }
    }

    return ngx_stream_thrift_session_written(ts);
}


/*
 * Appends the replies that are ready, up to the first that is not; and those
 * behind it whose clients take them in any order.
 */

static void
ngx_stream_thrift_session_gather(ngx_stream_thrift_session_t *ts)
{
    ngx_uint_t          waits;
    ngx_chain_t        *cl;
    ngx_queue_t        *q;
    ngx_thrift_call_t  *call;

    if (ts->silent) {
        return;
    }

    waits = 0;

    for (q = ngx_queue_head(&ts->calls);
         q != ngx_queue_sentinel(&ts->calls);
         q = ngx_queue_next(q))
    {
        call = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (call->oneway) {
            continue;
        }

        if (!call->ready || call->out == NULL) {
            if (!ts->unordered) {
                return;
            }

            waits = 1;
            continue;
        }

        if (call->out_last || (waits && !call->unordered)) {
            continue;
        }

        for (cl = call->out; cl->next; cl = cl->next) { /* void */ }

        call->out_last = cl;

        if (ts->door) {
            ngx_stream_thrift_door_answer(ts, call);
        }

        *ts->out_last = call->out;
        ts->out_last = &cl->next;
    }
}


/*
 * Lets go on the calls of which all was written.  A oneway has no turn: nobody
 * waits for it, and it waits for nobody.  A call that could not be answered,
 * for want of memory, ends the connection in its turn.
 */

ngx_int_t
ngx_stream_thrift_session_written(ngx_stream_thrift_session_t *ts)
{
    ngx_uint_t          waits;
    ngx_queue_t        *q, *next;
    ngx_thrift_call_t  *call;

    waits = 0;

    for (q = ngx_queue_head(&ts->calls);
         q != ngx_queue_sentinel(&ts->calls);
         q = next)
    {
        next = ngx_queue_next(q);
        call = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (ngx_stream_thrift_session_is_written(ts, call)) {
            ngx_thrift_call_answered(call);
            continue;
        }

        if (call->oneway) {
            continue;
        }

        if (call->ready && call->out_last == NULL) {

            if (ts->left) {
                ngx_thrift_call_answered(call);
                continue;
            }

            if (ts->silent) {
                ngx_thrift_call_cancel(call);
                continue;
            }

            if (call->out == NULL && !waits) {
                return NGX_ERROR;
            }
        }

        if (ts->noneways == 0 && !ts->left && !ts->silent && !ts->unordered) {
            break;
        }

        waits = 1;
    }

    ngx_stream_thrift_session_unpause(ts);

    return NGX_OK;
}


static ngx_uint_t
ngx_stream_thrift_session_is_written(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call)
{
    ngx_buf_t  *b;

    if (call->out_last == NULL) {
        return call->oneway && call->ready;
    }

    if (ts->out == NULL) {
        return 1;
    }

    b = call->out_last->buf;

    return b->pos == b->last;
}


static void
ngx_stream_thrift_session_finish(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_call_t     *tc;
    ngx_stream_thrift_session_t  *ts;

    tc = ngx_stream_thrift_get_call(call);
    ts = tc->owner;

    ngx_queue_remove(&call->queue);

    ts->ncalls--;

    if (call->ready && call->oneway) {
        ts->noneways--;
    }

    if (call->paused) {
        ts->npaused--;
    }

    ngx_stream_thrift_session_hold(call, -call->held);
    ngx_stream_thrift_call_free(tc);
}
