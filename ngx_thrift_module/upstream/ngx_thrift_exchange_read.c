/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What comes over a connection from a server; what goes to it, and a drawing
 * of both: ngx_thrift_exchange.c.  The seqid of a reply, or the order of the
 * attempts, tells which of them it answers, and it is read with that one's
 * memory.  One that nobody waits for any more is passed over.
 *
 * Called by ngx_thrift_connection.c when its socket can be read, and by
 * ngx_thrift_exchange.c when something was sent.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_EXCHANGE_REPEATED  8     /* replies that came already and are
                                               passed over */
#define NGX_THRIFT_EXCHANGE_CACHED  256     /* calls in flight: with more, a
                                               processor's caches lose those
                                               that wait */


static ngx_int_t ngx_thrift_exchange_recv(ngx_thrift_connection_t *conn);
static ngx_inline void ngx_thrift_exchange_prefetch(
    ngx_thrift_connection_t *conn, ngx_thrift_attempt_t *attempt);
static ngx_inline ngx_uint_t ngx_thrift_exchange_is_scarce(
    ngx_thrift_connection_t *conn, ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_exchange_rest(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_message(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_begin(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_go_on(ngx_thrift_connection_t *conn,
    ngx_int_t rc, uint64_t length) nthrift_noinline;
static ngx_int_t ngx_thrift_exchange_malformed(ngx_thrift_connection_t *conn,
    const char *why) nthrift_cold;
static ngx_int_t ngx_thrift_exchange_match(ngx_thrift_connection_t *conn);
static void ngx_thrift_exchange_set_reading(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_thrift_attempt_t *ngx_thrift_exchange_find(
    ngx_thrift_connection_t *conn, int32_t seqid);
static ngx_thrift_attempt_t *ngx_thrift_exchange_next(
    ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_exchange_alone(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_stray(ngx_thrift_connection_t *conn)
    nthrift_cold;
static ngx_int_t ngx_thrift_exchange_whole(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_answered(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_exchange_over(ngx_thrift_connection_t *conn);
static void ngx_thrift_exchange_surplus(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc) nthrift_cold;
static void ngx_thrift_exchange_strayed(ngx_thrift_connection_t *conn)
    nthrift_cold;


void
ngx_thrift_exchange_read(ngx_thrift_connection_t *conn)
{
    ngx_int_t   rc;
    ngx_uint_t  n;

    for (n = 0; n < NGX_THRIFT_TURN; n++) {

        rc = NGX_AGAIN;

        if (ngx_thrift_input_pending(&conn->in)) {
            rc = ngx_thrift_exchange_message(conn);
        }

        if (rc == NGX_AGAIN) {

            if (n != 0 && ngx_thrift_input_exhausted()) {
                break;
            }

            rc = ngx_thrift_exchange_recv(conn);
        }

        if (rc != NGX_OK) {
            return;
        }
    }

    ngx_post_event(conn->connection->read, &ngx_posted_next_events);
}


/* NGX_AGAIN: nothing is there; NGX_DONE: the connection may be gone. */

static ngx_int_t
ngx_thrift_exchange_recv(ngx_thrift_connection_t *conn)
{
    ssize_t                n;
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_thrift_attempt_t  *attempt;

    c = conn->connection;

    if (!c->read->ready) {
        return ngx_thrift_exchange_rest(conn);
    }

    /* where others wait behind it, or for its place, it is read in any case */

    attempt = (conn->limit == 1) ? ngx_thrift_connection_first(conn)
                                 : conn->reading;

    if (attempt) {
        ngx_thrift_exchange_prefetch(conn, attempt);

        rc = ngx_thrift_attempt_may_receive(attempt, conn->limit > 1
                                        || ngx_thrift_exchange_is_scarce(conn,
                                                                   attempt));

        if (rc == NGX_AGAIN) {
            return ngx_thrift_exchange_rest(conn);
        }

        if (rc == NGX_ERROR) {
            return ngx_thrift_exchange_give_up(conn, attempt);
        }
    }

    n = ngx_thrift_input_recv(&conn->in, c);

    if (n == NGX_ABORT) {
        ngx_thrift_connection_fail(conn, ngx_thrift_connection_first(conn),
                                   NGX_ERROR);
        return NGX_DONE;
    }

    /* where nothing can be sent, nothing else will come */

    if (n == NGX_AGAIN && !c->write->error) {
        return ngx_thrift_exchange_rest(conn);
    }

    if (n <= 0) {
        ngx_thrift_exchange_ended(conn, n);
        return NGX_DONE;
    }

    conn->begun = 1;

    if (conn->limit == 1 && attempt->state == NGX_THRIFT_ATTEMPT_SENT
        && !conn->stray)
    {
        ngx_thrift_attempt_begun(attempt);
    }

    return NGX_OK;
}


/*
 * Has it a place of which there are few?  An earlier call of its client, which
 * is to be answered first, may wait for that very place.
 */

static ngx_inline ngx_uint_t
ngx_thrift_exchange_is_scarce(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    return attempt->received < NGX_THRIFT_MESSAGE_LARGE
           && (attempt->max_conns || conn->server->address->max
               || attempt->call->gate);
}


void
ngx_thrift_exchange_ended(ngx_thrift_connection_t *conn, ssize_t n)
{
    ngx_uint_t             level;
    ngx_thrift_attempt_t  *attempt;

    attempt = conn->reading ? conn->reading
                            : ngx_thrift_connection_first(conn);

    level = ngx_thrift_pool_level(conn->pool, NGX_THRIFT_POOL_LOST);

    /* of an error recv() has told */

    if (n == 0) {
        ngx_log_error(level, attempt->call->log, 0,
                      "upstream prematurely closed connection");
    }

    ngx_thrift_connection_fail(conn, attempt,
                               ngx_thrift_attempt_lost(attempt));
}


/* Its reply comes next. */

static ngx_inline void
ngx_thrift_exchange_prefetch(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    if (conn->server->address->nattempts < NGX_THRIFT_EXCHANGE_CACHED) {
        return;
    }

    ngx_thrift_prefetch(attempt, offsetof(ngx_thrift_attempt_t, hedge));
    ngx_thrift_prefetch(attempt->call, offsetof(ngx_thrift_call_t, first));
    ngx_thrift_prefetch(attempt->peer, sizeof(ngx_peer_connection_t));
}


/* Nothing is received for a while. */

static ngx_int_t
ngx_thrift_exchange_rest(ngx_thrift_connection_t *conn)
{
    ngx_thrift_conf_t     *conf;
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    ngx_thrift_message_rest(&conn->message, &conn->in);

    /* from its first byte to its last, but for the time that we wait */

    if (conn->limit == 1 && attempt->call->paused) {
        ngx_thrift_timer_clear(&conn->timer);

    } else if (conn->begun && !conn->stray && !conn->timer.set) {
        conf = attempt->call->conf;
        ngx_thrift_connection_arm(conn, conf->messages->read_timeout);
    }

    if (ngx_thrift_await_read(conn->connection->read) == NGX_OK) {
        return NGX_AGAIN;
    }

    ngx_thrift_connection_fail(conn, attempt, NGX_ERROR);

    return NGX_DONE;
}


/*
 * Reads on in a reply.  NGX_AGAIN: more bytes; NGX_DONE: it was the last one,
 * and the connection may be gone.
 */

static ngx_int_t
ngx_thrift_exchange_message(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    uint64_t               length;
    ngx_pool_t            *pool;
    ngx_thrift_message_t  *m;

    m = &conn->message;

    if (conn->reading == NULL && m->first == NULL && !conn->stray
        && ngx_thrift_connection_waits(conn))
    {
        return ngx_thrift_exchange_begin(conn);
    }

    length = conn->reading ? m->wire.length : 0;
    pool = conn->reading ? conn->reading->call->pool : NULL;

    rc = ngx_thrift_message_read(m, &conn->rules, &conn->in, pool);

    return ngx_thrift_exchange_go_on(conn, rc, length);
}


/* Most replies come at once, and in order: one is read where it will be. */

static ngx_int_t
ngx_thrift_exchange_begin(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;
    ngx_thrift_message_t  *m;

    attempt = ngx_thrift_connection_first(conn);
    m = &attempt->reply;

    rc = ngx_thrift_message_read(m, &conn->rules, &conn->in, NULL);

    if (rc == NGX_OK && m->wire.head.seqid == attempt->seqid) {
        ngx_thrift_exchange_set_reading(conn, attempt);
        ngx_thrift_attempt_received(attempt, m->wire.length);

        return ngx_thrift_exchange_answered(conn, attempt);
    }

    /*
     * the attempt may leave before the rest of it comes, or it is another's;
     * what is not whole is read on with all that is known of it
     */

    ngx_thrift_message_move(&conn->message, m);
    conn->message.wire = m->wire;
    ngx_thrift_message_start(m);

    return ngx_thrift_exchange_go_on(conn, rc, 0);
}


/* A part of a reply was read, of which `length` bytes were told. */

static ngx_int_t
ngx_thrift_exchange_go_on(ngx_thrift_connection_t *conn, ngx_int_t rc,
    uint64_t length)
{
    ngx_thrift_message_t  *m;

    m = &conn->message;

    if (conn->reading == NULL && !conn->stray && m->wire.head.size != 0
        && ngx_thrift_exchange_match(conn) != NGX_OK)
    {
        return NGX_DONE;
    }

    if (conn->reading) {
        ngx_thrift_attempt_received(conn->reading, m->wire.length - length);
    }

    switch (rc) {

    case NGX_OK:
        return ngx_thrift_exchange_whole(conn);

    case NGX_ERROR:
        return ngx_thrift_exchange_malformed(conn, m->wire.error.text);

    case NGX_ABORT:
        ngx_thrift_connection_fail(conn, conn->reading, NGX_ERROR);
        return NGX_DONE;

    default: /* NGX_AGAIN */
        return NGX_AGAIN;
    }
}


/* What follows cannot be read. */

static ngx_int_t
ngx_thrift_exchange_malformed(ngx_thrift_connection_t *conn, const char *why)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = conn->reading ? conn->reading
                            : ngx_thrift_connection_first(conn);

    ngx_thrift_connection_fail(conn, attempt,
                               ngx_thrift_attempt_malformed(attempt, why));

    return NGX_DONE;
}


/* Whose reply has begun?  NGX_DONE: nobody's, and the connection has failed. */

static ngx_int_t
ngx_thrift_exchange_match(ngx_thrift_connection_t *conn)
{
    int32_t                seqid;
    ngx_thrift_attempt_t  *attempt;

    seqid = conn->message.wire.head.seqid;
    attempt = ngx_thrift_exchange_find(conn, seqid);

    if (attempt == NULL) {

        if (ngx_thrift_seqids_know(&conn->seqids, seqid)) {
            return ngx_thrift_exchange_stray(conn);
        }

        attempt = ngx_thrift_exchange_next(conn);

        if (attempt == NULL
            || !ngx_thrift_attempt_takes(attempt, &conn->message.wire.head))
        {
            return ngx_thrift_exchange_malformed(conn, "its seqid is wrong");
        }
    }

    ngx_thrift_exchange_set_reading(conn, attempt);

    return NGX_OK;
}


static void
ngx_thrift_exchange_set_reading(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    conn->reading = attempt;

    if (attempt->state == NGX_THRIFT_ATTEMPT_SENT) {
        ngx_thrift_attempt_begun(attempt);
    }
}


/* Servers may answer in any order; most keep it. */

static ngx_thrift_attempt_t *
ngx_thrift_exchange_find(ngx_thrift_connection_t *conn, int32_t seqid)
{
    ngx_thrift_attempt_t  *attempt;

    for (attempt = ngx_thrift_connection_first(conn);
         attempt != conn->unsent;
         attempt = ngx_thrift_connection_behind(attempt))
    {
        if (attempt->seqid == seqid) {
            return attempt;
        }
    }

    return NULL;
}


/*
 * The attempt that is answered next, whatever the reply bears: where seqids do
 * not count, by order; else if no other waits.
 */

static ngx_thrift_attempt_t *
ngx_thrift_exchange_next(ngx_thrift_connection_t *conn)
{
    if (conn->nabandoned == 0
        && (!conn->pool->check_seqid || ngx_thrift_exchange_alone(conn)))
    {
        return ngx_thrift_connection_first(conn);
    }

    return NULL;
}


/* Is there one reply to come? */

static ngx_uint_t
ngx_thrift_exchange_alone(ngx_thrift_connection_t *conn)
{
    return conn->nabandoned == 0 && conn->nattempts == conn->nunsent + 1;
}


/* A reply to an earlier call; NGX_DONE: the connection has failed. */

static ngx_int_t
ngx_thrift_exchange_stray(ngx_thrift_connection_t *conn)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    if (conn->nabandoned) {

        if (--conn->nabandoned == 0 && conn->state == NGX_THRIFT_OPEN) {
            conn->ended = NGX_THRIFT_STATUS_CLOSED_ERROR;
        }

    } else if (conn->nrepeated++ == NGX_THRIFT_EXCHANGE_REPEATED) {

        /* a server that does so for ever would be read from for ever */

        return ngx_thrift_exchange_malformed(conn,
                                             "it answers an earlier call");

    } else if (conn->nrepeated == 1) {
        ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_REPLY,
                             attempt->call->log, 0,
                             "upstream sent another reply to an earlier call");

        ngx_thrift_connection_cut(conn);
    }

    conn->stray = 1;

    /* whichever it answers */

    if (conn->message.wire.head.type == NTHRIFT_EXCEPTION) {
        conn->doubtful = 1;
        conn->doubt = conn->seqids.total;
        ngx_thrift_pipeline_update(conn);
    }

    if (attempt->state == NGX_THRIFT_ATTEMPT_READING) {
        attempt->state = NGX_THRIFT_ATTEMPT_SENT;
    }

    ngx_thrift_message_drop(&conn->message);

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_exchange_whole(ngx_thrift_connection_t *conn)
{
    ngx_thrift_attempt_t  *attempt;

    if (conn->stray) {
        ngx_thrift_exchange_over(conn);
        ngx_thrift_exchange_strayed(conn);
        return NGX_OK;
    }

    attempt = conn->reading;

    ngx_thrift_message_move(&attempt->reply, &conn->message);
    ngx_thrift_message_start(&conn->message);

    return ngx_thrift_exchange_answered(conn, attempt);
}


/* The attempt has its reply.  NGX_DONE: as ngx_thrift_exchange_message(). */

static ngx_int_t
ngx_thrift_exchange_answered(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *next;

    next = ngx_thrift_connection_behind(attempt);

    if (next != conn->unsent) {
        ngx_thrift_exchange_prefetch(conn, next);
    }

    conn->reading = NULL;

    ngx_thrift_exchange_over(conn);

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui answered: %s, %uL bytes",
                   attempt->call->number, attempt->number,
                   nthrift_head_type_name(attempt->reply.wire.head.type),
                   attempt->reply.wire.length);

    /* a handler may keep what has come to its own call */

    ngx_thrift_message_settle(&attempt->reply, attempt->call->outbound
                                               ? NULL : attempt->call->pool);

    rc = ngx_thrift_attempt_check(attempt);

    /* those of pinned clients, too; ngx_thrift_blame.c judges exceptions */

    if (rc == NGX_OK && attempt->reply.wire.head.type == NTHRIFT_REPLY) {
        ngx_thrift_address_answers(conn->server->address);
    }

    if (!conn->begun) {
        ngx_thrift_input_close(&conn->in);

    } else if (ngx_thrift_exchange_alone(conn)) {
        ngx_thrift_exchange_surplus(conn, attempt, rc);
    }

    if (ngx_thrift_connection_done(conn, attempt, rc) == NGX_DONE
        || !ngx_thrift_connection_waits(conn))
    {
        return NGX_DONE;
    }

    return NGX_OK;
}


/* All of a message was read. */

static void
ngx_thrift_exchange_over(ngx_thrift_connection_t *conn)
{
    if (!ngx_thrift_input_pending(&conn->in)) {
        conn->begun = 0;
    }

    if (conn->timer.set) {
        ngx_thrift_timer_clear(&conn->timer);
        ngx_thrift_exchange_arm(conn);
    }
}


/* Something follows the only reply that was to come. */

static void
ngx_thrift_exchange_surplus(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_connection_cut(conn);

    if (rc == NGX_OK) {
        ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_REPLY,
                             attempt->call->log, 0,
                             "upstream sent more than one reply");
    }
}


/* The reply that nobody waits for is over: the next one, in its own time. */

static void
ngx_thrift_exchange_strayed(ngx_thrift_connection_t *conn)
{
    conn->stray = 0;

    ngx_thrift_message_start(&conn->message);

    if (conn->begun && conn->limit == 1) {
        ngx_thrift_attempt_begun(ngx_thrift_connection_first(conn));
    }
}
