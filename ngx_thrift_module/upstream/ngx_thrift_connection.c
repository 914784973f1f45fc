/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connections to servers: given attempts, told what happens, closed.  They are
 * opened by ngx_thrift_open.c, and what goes over them is
 * ngx_thrift_exchange.c's; what a call is, and what becomes of it, is known to
 * its attempt only.
 *
 * A connection carries as many attempts at a time as its limit says: one, but
 * with thrift_pipeline.  Further ones of a client that is pinned to it wait in
 * its queue.
 */

#include "ngx_thrift.h"


static void ngx_thrift_connection_log_with(ngx_thrift_connection_t *conn,
    ngx_log_t *log);
static u_char *ngx_thrift_connection_log(ngx_log_t *log, u_char *buf,
    size_t len);
static void ngx_thrift_connection_begin(ngx_thrift_connection_t *conn,
    ngx_thrift_call_t *call);
static void ngx_thrift_connection_write_event(ngx_event_t *wev);
static ngx_int_t ngx_thrift_connection_write_otherwise(
    ngx_thrift_connection_t *conn) nthrift_noinline;
static void ngx_thrift_connection_write_drained(ngx_thrift_connection_t *conn)
    nthrift_cold;
static void ngx_thrift_connection_read_event(ngx_event_t *rev);
static void ngx_thrift_connection_read_unused(ngx_thrift_connection_t *conn)
    nthrift_cold;
static void ngx_thrift_connection_read_unsent(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt) nthrift_cold;
static void ngx_thrift_connection_timeout(void *data);
static void ngx_thrift_connection_set_late(ngx_thrift_connection_t *conn);
static void ngx_thrift_connection_tell(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_connection_verdict(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc);
static void ngx_thrift_connection_abandon(ngx_thrift_connection_t *conn);
static ngx_inline ngx_int_t ngx_thrift_connection_go_on(
    ngx_thrift_connection_t *conn, ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_connection_is_told(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_connection_carried(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt) nthrift_noinline;
static void ngx_thrift_connection_keep(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_thrift_servers_t *ngx_thrift_connection_servers(
    ngx_thrift_connection_t *conn, ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_connection_put(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_connection_end_for(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_inline void ngx_thrift_connection_detach(
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_connection_detach_early(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt) nthrift_noinline;


ngx_int_t
ngx_thrift_connection_init(ngx_thrift_connection_t *conn, ngx_connection_t *c,
    ngx_thrift_attempt_t *attempt)
{
    ngx_str_t  *name;

    name = attempt->peer->name;

    conn->name.len = name->len;
    conn->name.data = ngx_pstrdup(c->pool, name);

    if (conn->name.data == NULL) {
        return NGX_ERROR;
    }

    conn->connection = c;
    conn->log.handler = ngx_thrift_connection_log;
    conn->log.data = conn;

    ngx_thrift_connection_log_with(conn, attempt->call ? attempt->call->log
                                                       : ngx_cycle->log);
    conn->opened = ngx_current_msec;
    conn->limit = 1;

    if (ngx_thrift_seqids_init(&conn->seqids, c->pool, attempt->pool->pipeline)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* the server knows it as its client's */

    conn->unchecked = attempt->pool->link.proxy_protocol;

    ngx_queue_init(&conn->attempts);
    ngx_thrift_message_start(&conn->message);
    ngx_thrift_input_init(&conn->in, NULL);

    /* a session's timer keeps an exiting worker alive while it has calls */

    ngx_thrift_timer_init(&conn->timer, ngx_thrift_connection_timeout, conn,
                          &conn->log, 1);

    c->data = conn;
    c->log = &conn->log;
    c->pool->log = &conn->log;
    c->read->log = &conn->log;
    c->write->log = &conn->log;
    c->read->handler = ngx_thrift_connection_read_event;
    c->write->handler = ngx_thrift_connection_write_event;

    return ngx_thrift_pool_add(conn, attempt);
}


/*
 * Lines of a connection are written where those of its latest call are, and
 * have the number of the client's connection while it carries that call.
 */

static void
ngx_thrift_connection_log_with(ngx_thrift_connection_t *conn, ngx_log_t *log)
{
    conn->log.connection = log->connection;
    conn->log.log_level = log->log_level;

#if (NGX_THRIFT_HAVE_LOG_EXT_HANDLER)

    /* Angie's logs have formats and filters, too */

    ngx_log_copy_log(&conn->log, log);
    conn->log.handler_name = log->handler_name;

#else

    conn->log.file = log->file;
    conn->log.writer = log->writer;
    conn->log.wdata = log->wdata;
    conn->log.next = log->next;

#endif
}


/*
 * They tell of the call that it carries, if there is one.  The line is this
 * log's, and so are its format and the room for it.
 */

static u_char *
ngx_thrift_connection_log(ngx_log_t *log, u_char *buf, size_t len)
{
    char                     *action;
    u_char                   *p, *last;
    ngx_log_t                *clog;
    ngx_thrift_attempt_t     *attempt;
    ngx_thrift_connection_t  *conn;

    conn = log->data;
    attempt = conn->reading ? conn->reading
                            : ngx_thrift_connection_first(conn);

    if (attempt) {
        ngx_thrift_hedge_turn_to(attempt);

        clog = attempt->call->log;
        action = log->action;

        log->data = clog->data;
        log->action = clog->action;

        p = clog->handler(log, buf, len);

        log->data = conn;
        log->action = action;

        return p;
    }

    last = buf + len;

    p = ngx_slprintf(buf, last, " while %s idle connection, upstream: \"",
                     (conn->state == NGX_THRIFT_OPENING) ? "opening"
                                                         : "keeping");
    p = ngx_thrift_escape(p, last, conn->name.data, conn->name.len);

    return ngx_slprintf(p, last, "\"");
}


ngx_thrift_status_closed_e
ngx_thrift_connection_ended(ngx_thrift_connection_t *conn)
{
    if (conn->connection->read->eof) {
        return NGX_THRIFT_STATUS_CLOSED_SERVER;
    }

    return (ngx_exiting || ngx_terminate) ? NGX_THRIFT_STATUS_CLOSED_EXIT
                                          : conn->ended;
}


void
ngx_thrift_connection_close(ngx_thrift_connection_t *conn)
{
    ngx_uint_t         owed;
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = conn->connection;
    pool = c->pool;
    owed = conn->owed;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift connection %uA is closed", c->number);

    ngx_thrift_pin_lost(conn);
    ngx_thrift_warm_closed(conn);
    ngx_thrift_pool_remove(conn);
    ngx_thrift_message_release(&conn->message);
    ngx_thrift_timer_close(&conn->timer);
    ngx_thrift_input_close(&conn->in);

#if (NGX_SSL)
    ngx_thrift_ssl_close(conn);
#endif

    if (owed) {
        ngx_thrift_linger_close(c);

    } else {
        ngx_close_connection(c);
    }

    /* only now another one may be opened in its place, by any worker */

    ngx_thrift_connection_let_go(conn);
    ngx_thrift_pool_leave(conn);

    ngx_destroy_pool(pool);
}


void
ngx_thrift_connection_add(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_connection_t      *c;
    ngx_thrift_call_t     *call;
    ngx_thrift_server_t   *server;
    ngx_thrift_address_t  *address;

    c = conn->connection;
    call = attempt->call;
    server = conn->server;
    address = server->address;

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: attempt %ui on connection %uA",
                   call->number, attempt->number, c->number);

    ngx_thrift_connection_log_with(conn, call->log);

    attempt->connection = conn;
    attempt->peer->connection = c;
    attempt->state = NGX_THRIFT_ATTEMPT_QUEUED;

    if (call->leads) {
        ngx_thrift_pin_let_follow(call);
    }

    if (conn->seqids.total != 0 || conn->since != 0) {
        attempt->reused = 1;
    }

    ngx_thrift_count_attempt(attempt, address->row);

    if (conn->nattempts == 0) {
        ngx_thrift_connection_begin(conn, call);
        address->ncalled++;

    } else if (conn->limit == 1) {
        ngx_thrift_connection_set_action(attempt);
    }

    ngx_queue_insert_tail(&conn->attempts, &attempt->queue);

    conn->nattempts++;
    conn->nunsent++;
    address->nattempts++;

    if (address->shared) {
        ngx_thrift_address_tell_calls(address);
    }

    conn->latest = call->client;
    server->latest = conn;

    ngx_thrift_pipeline_added(conn);

    /* else it is sent with those before it */

    if (conn->unsent == NULL) {
        conn->unsent = attempt;

        if (conn->state != NGX_THRIFT_OPENING || c->write->ready) {
            ngx_thrift_connection_next(conn);
        }
    }
}


/* The call is the only one on it; those that come to it are of its kind. */

static void
ngx_thrift_connection_begin(ngx_thrift_connection_t *conn,
    ngx_thrift_call_t *call)
{
    conn->messages = call->conf->messages;
    conn->lax = call->request.wire.head.lax;

    if (conn->in.blocks == NULL) {
        conn->in.blocks = conn->messages->blocks;
    }

    conn->connection->log_error =
                     ngx_thrift_pool_is_quiet(conn->pool, NGX_THRIFT_POOL_LOST)
                     ? NGX_ERROR_INFO : NGX_ERROR_ERR;
}


void
ngx_thrift_connection_set_action(ngx_thrift_attempt_t *attempt)
{
    if (attempt->connection->state != NGX_THRIFT_OPENING) {
        attempt->call->log->action = "waiting for replies to earlier calls";
    }
}


void
ngx_thrift_connection_next(ngx_thrift_connection_t *conn)
{
    ngx_post_event(conn->connection->write, &ngx_posted_events);
}


ngx_int_t
ngx_thrift_connection_remove(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_connection_t  *conn;

    conn = attempt->connection;

    if (attempt->sent) {
        ngx_thrift_connection_end_for(conn, attempt);
    }

    if (attempt->state == NGX_THRIFT_ATTEMPT_QUEUED) {

        if (attempt->sent) {
            ngx_thrift_connection_cut(conn);
        }

    } else if (conn->reading != attempt) {
        conn->nabandoned++;
    }

    ngx_thrift_connection_detach(attempt);

    if (conn->state == NGX_THRIFT_OPENING && ngx_queue_empty(&conn->attempts))
    {
        ngx_thrift_connection_end_for(conn, attempt);
        ngx_thrift_connection_close(conn);
        return NGX_DONE;
    }

    return ngx_thrift_connection_go_on(conn, NULL);
}


/* Why it is closed, unless its server still answers the call that leaves. */

static void
ngx_thrift_connection_end_for(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    conn->ended = attempt->expired ? NGX_THRIFT_STATUS_CLOSED_TIMEOUT
                                   : NGX_THRIFT_STATUS_CLOSED_GIVEN_UP;
}


/* The attempt goes its own way. */

static ngx_inline void
ngx_thrift_connection_detach(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_address_t     *address;
    ngx_thrift_connection_t  *conn;

    conn = attempt->connection;
    address = conn->server->address;

    if (attempt->state != NGX_THRIFT_ATTEMPT_ANSWERED) {
        ngx_thrift_connection_detach_early(conn, attempt);
    }

    if (ngx_queue_head(&conn->attempts) == &attempt->queue) {
        conn->waiting = ngx_current_msec;
    }

    ngx_queue_remove(&attempt->queue);

    if (--conn->nattempts == 0) {
        address->ncalled--;
    }

    ngx_thrift_queue_ended(address);

    attempt->connection = NULL;
    attempt->peer->connection = NULL;

    conn->log.connection = conn->connection->number;
}


/* What there is to do for the connection when it was not answered. */

static void
ngx_thrift_connection_detach_early(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    if (conn->reading == attempt) {
        conn->reading = NULL;

        if (attempt->state == NGX_THRIFT_ATTEMPT_READING) {

            /* in the middle of its reply */

            conn->stray = 1;
            ngx_thrift_message_drop(&conn->message);
        }
    }

    if (attempt->state == NGX_THRIFT_ATTEMPT_QUEUED) {
        conn->nunsent--;
    }

    if (attempt->sent) {
        conn->owed = 1;
    }

    if (conn->unsent == attempt) {
        conn->unsent = ngx_thrift_connection_behind(attempt);

        /* its time to be sent is over with it; others wait for replies */

        if (conn->state != NGX_THRIFT_OPENING && !conn->begun) {
            ngx_thrift_timer_clear(&conn->timer);
        }
    }
}


ngx_thrift_attempt_t *
ngx_thrift_connection_first(ngx_thrift_connection_t *conn)
{
    if (ngx_queue_empty(&conn->attempts)) {
        return NULL;
    }

    return ngx_queue_data(ngx_queue_head(&conn->attempts),
                          ngx_thrift_attempt_t, queue);
}


ngx_thrift_attempt_t *
ngx_thrift_connection_behind(ngx_thrift_attempt_t *attempt)
{
    ngx_queue_t  *q;

    q = ngx_queue_next(&attempt->queue);

    if (q == ngx_queue_sentinel(&attempt->connection->attempts)) {
        return NULL;
    }

    return ngx_queue_data(q, ngx_thrift_attempt_t, queue);
}


ngx_uint_t
ngx_thrift_connection_waits(ngx_thrift_connection_t *conn)
{
    return conn->nattempts != conn->nunsent;
}


ngx_uint_t
ngx_thrift_connection_half_sent(ngx_thrift_connection_t *conn)
{
    return conn->unsent && conn->unsent->sent && !conn->cut;
}


void
ngx_thrift_connection_arm(ngx_thrift_connection_t *conn, ngx_msec_t timeout)
{
    if (timeout == 0) {
        ngx_thrift_timer_clear(&conn->timer);
        return;
    }

    ngx_thrift_timer_set(&conn->timer, ngx_current_msec + timeout);
}


static void
ngx_thrift_connection_write_event(ngx_event_t *wev)
{
    ngx_connection_t         *c;
    ngx_thrift_connection_t  *conn;

    c = wev->data;
    conn = c->data;

#if (NGX_SSL)

    /* whoever sends next, or reads, finds what is wrong */

    if (conn->record.len
        && ngx_thrift_ssl_flush(conn) == NGX_ERROR
        && conn->unsent == NULL)
    {
        (void) ngx_thrift_pool_level(conn->pool, NGX_THRIFT_POOL_LOST);
    }

#endif

    if (conn->state != NGX_THRIFT_OPEN
        && ngx_thrift_connection_write_otherwise(conn) != NGX_OK)
    {
        return;
    }

    if (conn->nattempts) {
        ngx_thrift_exchange_send(conn);
    }
}


/* It was not open: NGX_OK: now it is. */

static ngx_int_t
ngx_thrift_connection_write_otherwise(ngx_thrift_connection_t *conn)
{
    switch (conn->state) {

    case NGX_THRIFT_LOST:
        ngx_thrift_connection_tell(conn, ngx_thrift_connection_first(conn));
        return NGX_DONE;

    case NGX_THRIFT_DRAINING:

        if (conn->unsent) {
            ngx_thrift_connection_write_drained(conn);
        }

        return NGX_DONE;

    default: /* NGX_THRIFT_OPENING */
        return ngx_thrift_open_test(conn);
    }
}


/* Those behind one that is half sent go elsewhere, and so it is the last. */

static void
ngx_thrift_connection_write_drained(ngx_thrift_connection_t *conn)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = conn->unsent;

    if (ngx_thrift_connection_half_sent(conn)) {
        attempt = ngx_thrift_connection_behind(attempt);
    }

    if (attempt) {
        ngx_thrift_connection_tell(conn, attempt);
        return;
    }

    ngx_thrift_exchange_send(conn);
}


static void
ngx_thrift_connection_read_event(ngx_event_t *rev)
{
    ngx_connection_t         *c;
    ngx_thrift_attempt_t     *attempt;
    ngx_thrift_connection_t  *conn;

    c = rev->data;
    conn = c->data;
    attempt = ngx_thrift_connection_first(conn);

    if (conn->state == NGX_THRIFT_LOST) {
        return;
    }

    if (attempt == NULL) {
        ngx_thrift_connection_read_unused(conn);
        return;
    }

    if (c->close) {
        attempt->blameless = 1;
        ngx_thrift_connection_fail(conn, attempt,
            ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR,
                                 502, "proxy is shutting down"));
        return;
    }

    if (conn->state == NGX_THRIFT_OPENING) {

        if (ngx_thrift_open_test(conn) == NGX_OK) {
            ngx_thrift_exchange_send(conn);
        }

        return;
    }

    /* replies that nobody waits for may be in the way of the rest of it */

    if (attempt == conn->unsent && !(conn->nabandoned && attempt->sent)) {
        ngx_thrift_connection_read_unsent(conn, attempt);
        return;
    }

#if (NGX_SSL)

    /* what TLS has received is not in the socket any more */

    if (c->ssl) {
        ngx_thrift_input_retry(c);
    }

#endif

    ngx_thrift_exchange_read(conn);
}


/* Nothing is on it: it is idle, or is opened ahead. */

static void
ngx_thrift_connection_read_unused(ngx_thrift_connection_t *conn)
{
    if (conn->state == NGX_THRIFT_OPENING) {
        (void) ngx_thrift_open_test(conn);
        return;
    }

    if (conn->connection->close || !ngx_thrift_connection_alive(conn)) {
        conn->ended = conn->connection->close ? NGX_THRIFT_STATUS_CLOSED_EXIT
                                           : NGX_THRIFT_STATUS_CLOSED_SERVER;
        ngx_thrift_connection_close(conn);
    }
}


/* What comes before all of the first attempt is sent is not read yet. */

static void
ngx_thrift_connection_read_unsent(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_connection_t  *c;

    c = conn->connection;

    /* it died in the pool, in the turn in which it was taken */

    if (attempt->reused && attempt->sent == 0
        && !ngx_thrift_connection_alive(conn))
    {
        ngx_thrift_connection_fail(conn, attempt, NGX_DECLINED);
        return;
    }

    if (ngx_thrift_input_ended(c)) {

        if (ngx_thrift_exchange_curtail(conn) == NGX_OK) {
            ngx_thrift_exchange_read(conn);
        } else {
            ngx_thrift_exchange_ended(conn, 0);
        }

        return;
    }

    if (ngx_thrift_await_read(c->read) != NGX_OK) {
        ngx_thrift_connection_fail(conn, attempt, NGX_ERROR);
    }
}


ngx_uint_t
ngx_thrift_connection_alive(ngx_thrift_connection_t *conn)
{
    char               byte[1];
    int                n;
    ngx_connection_t  *c;

    c = conn->connection;

#if (NGX_SSL)
    if (c->ssl) {
        return ngx_thrift_ssl_alive(c);
    }
#endif

    n = recv(c->fd, byte, 1, MSG_PEEK);

    if (n != -1 || ngx_socket_errno != NGX_EAGAIN) {
        return 0;
    }

    c->read->ready = 0;

    return ngx_thrift_await_read(c->read) == NGX_OK;
}


void
ngx_thrift_connection_resume(ngx_thrift_connection_t *conn)
{
    ngx_post_event(conn->connection->read, &ngx_posted_events);
}


static void
ngx_thrift_connection_timeout(void *data)
{
    ngx_thrift_connection_t  *conn = data;

    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    if (conn->place >= NGX_THRIFT_POOL_IDLE) {
        ngx_thrift_pool_end_life(conn);
        return;
    }

    /* a part of a call, or of a reply, is on its way for too long */

    attempt = conn->begun ? conn->reading : conn->unsent;

    if (attempt == NULL) {
        attempt = ngx_thrift_connection_first(conn);
    }

    if (attempt == NULL) {
        ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_LATE, &conn->log,
                             NGX_ETIMEDOUT,
                             "upstream timed out");
        conn->ended = NGX_THRIFT_STATUS_CLOSED_TIMEOUT;
        ngx_thrift_connection_close(conn);
        return;
    }

    ngx_thrift_attempt_timed_out(attempt);
    conn->ended = NGX_THRIFT_STATUS_CLOSED_TIMEOUT;

    if (conn->state == NGX_THRIFT_OPENING) {
        ngx_thrift_connection_set_late(conn);
        rc = NGX_DECLINED;

    } else {
        rc = ngx_thrift_error_timed_out(attempt->call);
    }

    ngx_thrift_connection_fail(conn, attempt, rc);
}


/* All that wait for it. */

static void
ngx_thrift_connection_set_late(ngx_thrift_connection_t *conn)
{
    ngx_thrift_attempt_t  *attempt;

    for (attempt = ngx_thrift_connection_first(conn);
         attempt;
         attempt = ngx_thrift_connection_behind(attempt))
    {
        attempt->late = 1;
    }
}


ngx_int_t
ngx_thrift_connection_done(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_int_t  done;

    if ((rc != NGX_OK || attempt->closes)
        && !(conn->client && attempt->state == NGX_THRIFT_ATTEMPT_ANSWERED))
    {
        ngx_thrift_connection_drain(conn);
    }

    ngx_thrift_connection_detach(attempt);

    if (ngx_thrift_connection_is_told(conn, attempt)) {
        ngx_thrift_connection_carried(conn, attempt);
    }

    done = ngx_thrift_connection_go_on(conn, attempt);

    attempt->done(attempt, rc);

    return done;
}


void
ngx_thrift_connection_fail(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (attempt) {
        rc = ngx_thrift_connection_verdict(conn, attempt, rc);
        ngx_thrift_connection_detach(attempt);
    }

    ngx_thrift_connection_abandon(conn);

    if (attempt) {
        attempt->done(attempt, rc);
    }
}


/* One of those that are still on it, when it is of no use to them any more. */

static void
ngx_thrift_connection_tell(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    /* a connection fails once */

    attempt->blameless = 1;

    rc = ngx_thrift_connection_verdict(conn, attempt,
                                       ngx_thrift_attempt_lost(attempt));

    ngx_thrift_connection_detach(attempt);

    if (conn->state == NGX_THRIFT_LOST) {
        ngx_thrift_connection_abandon(conn);

    } else {
        (void) ngx_thrift_connection_go_on(conn, NULL);
    }

    attempt->done(attempt, rc);
}


static ngx_int_t
ngx_thrift_connection_verdict(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui fails with connection %uA: %i",
                   attempt->call->number, attempt->number,
                   conn->connection->number, rc);

    return (rc == NGX_DECLINED && conn->stateful)
           ? ngx_thrift_pin_refuse(attempt) : rc;
}


/* It is of no use any more: closes, once all attempts on it were told. */

static void
ngx_thrift_connection_abandon(ngx_thrift_connection_t *conn)
{
    if (ngx_queue_empty(&conn->attempts)) {
        ngx_thrift_connection_close(conn);
        return;
    }

    /* one at a time: what an attempt is told may end the others */

    conn->state = NGX_THRIFT_LOST;

    /* TLS that could not answer its peer has put its own there */

    conn->connection->write->handler = ngx_thrift_connection_write_event;

    ngx_thrift_pipeline_update(conn);
    ngx_thrift_timer_clear(&conn->timer);
    ngx_thrift_pin_lost(conn);
    ngx_thrift_connection_next(conn);
}


void
ngx_thrift_connection_drain(ngx_thrift_connection_t *conn)
{
    if (conn->state == NGX_THRIFT_OPEN) {
        conn->state = NGX_THRIFT_DRAINING;
        ngx_thrift_pipeline_update(conn);
        ngx_thrift_pin_lost(conn);
    }

    if (conn->unsent) {
        ngx_thrift_connection_next(conn);
    }
}


void
ngx_thrift_connection_cut(ngx_thrift_connection_t *conn)
{
    conn->cut = 1;

    ngx_thrift_connection_drain(conn);
}


/*
 * An attempt has left it, which was the last that was answered; NULL: it was
 * not.  NGX_DONE: no other is on it, and it is idle, or closed.
 */

static ngx_inline ngx_int_t
ngx_thrift_connection_go_on(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_pipeline_left(conn);

    if (conn->nattempts == 0) {
        ngx_thrift_connection_idle(conn, attempt);
        return NGX_DONE;
    }

    /* its server is busy with a call that nobody waits for */

    if (conn->nabandoned && !ngx_thrift_connection_waits(conn)) {
        ngx_thrift_connection_drain(conn);
    }

    if (conn->unsent) {
        ngx_thrift_connection_next(conn);
    }

    return NGX_OK;
}


/* Does an attempt that was answered say anything new of the connection? */

static ngx_uint_t
ngx_thrift_connection_is_told(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    return conn->doubtful || conn->ordered || conn->client || conn->kept
           || ngx_thrift_attempt_leaves_doubt(attempt);
}


/* What it says. */

static void
ngx_thrift_connection_carried(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    ngx_thrift_connection_keep(conn, attempt);

    conn->ordered = (call->silent && call->client && call->client->ordered);

    if (ngx_thrift_attempt_leaves_doubt(attempt)) {
        conn->doubtful = 1;
        conn->doubt = attempt->ordinal;

    } else if ((int32_t) (attempt->ordinal - conn->doubt) > 0) {
        conn->doubtful = 0;
    }
}


void
ngx_thrift_connection_idle(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_connection_t  *c;

    c = conn->connection;

    ngx_thrift_timer_clear(&conn->timer);

    if (conn->state != NGX_THRIFT_OPEN || conn->nabandoned || conn->stray
        || c->read->eof || c->read->error || c->write->error
        || ngx_thrift_await_read(c->read) != NGX_OK)
    {
        ngx_thrift_connection_close(conn);
        return;
    }

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }

    if (ngx_thrift_connection_put(conn, attempt) != NGX_OK) {
        conn->ended = NGX_THRIFT_STATUS_CLOSED_NOT_KEPT;
        ngx_thrift_connection_close(conn);
    }
}


static ngx_int_t
ngx_thrift_connection_put(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_servers_t  *servers;

    if (conn->client) {
        return NGX_OK;
    }

    servers = ngx_thrift_connection_servers(conn, attempt);

    return servers ? ngx_thrift_pool_put(conn, servers) : NGX_DECLINED;
}


/* Whose it is after the attempt, which is NULL if it had none; or NULL. */

static ngx_thrift_servers_t *
ngx_thrift_connection_servers(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t            shared;
    ngx_thrift_client_t  *client;

    shared = (!conn->unchecked && !conn->doubtful);

    if (attempt == NULL) {
        return (shared || ngx_thrift_pool_is_own(conn)) ? conn->server->servers
                                                        : NULL;
    }

    if (shared) {
        return &conn->pool->servers;
    }

    client = attempt->call->client;

    return client ? &client->servers : NULL;
}


/*
 * For a balancer, the server of a pinned client is in use as long as the
 * connection is there; that of a oneway until a later call is answered, or
 * nobody knows any more.
 */

static void
ngx_thrift_connection_keep(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (conn->client == NULL) {
        ngx_thrift_connection_let_go(conn);

        if (!call->silent) {
            return;
        }
    }

    if (conn->kept == NULL) {
        conn->balancer = call->balancer;
        conn->kept = call->balancer->keep(attempt);
    }
}


void
ngx_thrift_connection_let_go(ngx_thrift_connection_t *conn)
{
    void  *kept;

    kept = conn->kept;

    if (kept) {
        conn->kept = NULL;
        conn->balancer->let_go(kept);
    }
}
