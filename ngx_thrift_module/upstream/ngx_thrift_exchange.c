
/*
 * What goes over a connection to a server: attempts, and their replies.
 *
 *     pass --- add ---> queue ... end of turn --- send ---> SENT
 *                                                             |
 *     pass <-- done --- check <--- whole <--- match seqid <--- recv
 *
 * Each attempt goes out under a seqid that is drawn at random and is none of
 * those before it: a client cannot know it, and a late or second answer to an
 * earlier call is known for what it is.
 *
 * Called by ngx_thrift_connection.c when its socket can be written or read.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_EXCHANGE_SEQID  4        /* bytes by which those of a compact
                                               message's seqids may differ */


static ngx_int_t ngx_thrift_exchange_write(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_exchange_start(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static int32_t ngx_thrift_exchange_draw_seqid(
    ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_exchange_knows(ngx_thrift_connection_t *conn,
    int32_t seqid);
static ngx_int_t ngx_thrift_exchange_recv(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_rest(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_exchange_message(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_match(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_whole(ngx_thrift_connection_t *conn);
static void ngx_thrift_exchange_strayed(ngx_thrift_connection_t *conn);


void
ngx_thrift_exchange_send(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    if (attempt->state != NGX_THRIFT_ATTEMPT_QUEUED) {
        return;
    }

    rc = ngx_thrift_exchange_write(conn, attempt);

    if (rc == NGX_OK) {
        ngx_thrift_timer_clear(&conn->timer);

        rc = ngx_thrift_attempt_sent(attempt);

        if (rc == NGX_DONE) {
            ngx_thrift_connection_done(conn, NGX_OK);
            return;
        }
    }

    if (rc == NGX_OK) {
        ngx_thrift_exchange_read(conn);

    } else if (rc != NGX_AGAIN) {
        ngx_thrift_connection_fail(conn, rc);
    }
}


/* NGX_AGAIN: the rest follows when the server takes it. */

static ngx_int_t
ngx_thrift_exchange_write(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    off_t              sent;
    ngx_chain_t       *out;
    ngx_connection_t  *c;

    c = conn->connection;

    if (attempt->out == NULL
        && ngx_thrift_exchange_start(conn, attempt) != NGX_OK)
    {
        return NGX_ERROR;
    }

    sent = c->sent;

    out = ngx_thrift_output_send(c, attempt->out);

    attempt->sent += c->sent - sent;

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui sent %O%s",
                   attempt->call->number, attempt->number, attempt->sent,
                   out ? ", not all" : "");

    if (out == NGX_CHAIN_ERROR) {
        return ngx_thrift_attempt_lost(attempt);
    }

    attempt->out = out;

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (out == NULL) {
        return NGX_OK;
    }

    if (c->sent != sent || !conn->timer.set) {
        ngx_thrift_connection_arm(conn, attempt->call->conf->send_timeout);
    }

    /* what the server says before it has the call is not read yet */

    return (ngx_handle_read_event(c->read, 0) == NGX_OK) ? NGX_AGAIN
                                                         : NGX_ERROR;
}


static ngx_int_t
ngx_thrift_exchange_start(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    conn->stateful = (conn->client != NULL);

    attempt->seqid = ngx_thrift_exchange_draw_seqid(conn);

    if (ngx_thrift_attempt_write(attempt) != NGX_OK) {
        return NGX_ERROR;
    }

    /* another call's reply, which may come first, may have another protocol */

    conn->rules = call->conf->messages->rules;
    conn->rules.transport = NTHRIFT_TRANSPORT_AUTO;
    conn->rules.protocol = NTHRIFT_PROTOCOL_AUTO;
    conn->rules.lax = call->request.wire.head.lax;
    conn->rules.unnamed = 1;

    /* limits are for what the client gets, with a seqid that may be shorter */

    conn->rules.max_frame += NGX_THRIFT_EXCHANGE_SEQID;
    conn->rules.max_message += NGX_THRIFT_EXCHANGE_SEQID;

    ngx_thrift_message_start(&conn->message);

    return NGX_OK;
}


static int32_t
ngx_thrift_exchange_draw_seqid(ngx_thrift_connection_t *conn)
{
    int32_t  seqid;

    do {
        seqid = ngx_thrift_random() & 0x7fffffff;
    } while (seqid == 0 || ngx_thrift_exchange_knows(conn, seqid));

    conn->total++;
    conn->seqids[conn->total % NGX_THRIFT_SEQIDS] = seqid;

    return seqid;
}


/* Is it the seqid of one of the latest attempts? */

static ngx_uint_t
ngx_thrift_exchange_knows(ngx_thrift_connection_t *conn, int32_t seqid)
{
    ngx_uint_t  i, n;

    n = ngx_min(conn->total, NGX_THRIFT_SEQIDS);

    for (i = 0; i < n; i++) {
        if (conn->seqids[(conn->total - i) % NGX_THRIFT_SEQIDS] == seqid) {
            return 1;
        }
    }

    return 0;
}


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

        if (rc == NGX_AGAIN || rc == NGX_DONE) {
            return;
        }

        if (rc != NGX_OK) {
            ngx_thrift_connection_fail(conn, rc);
            return;
        }
    }

    ngx_post_event(conn->connection->read, &ngx_posted_next_events);
}


static ngx_int_t
ngx_thrift_exchange_recv(ngx_thrift_connection_t *conn)
{
    ssize_t                n;
    ngx_int_t              rc;
    ngx_uint_t             level;
    ngx_connection_t      *c;
    ngx_thrift_attempt_t  *attempt;

    c = conn->connection;
    attempt = ngx_thrift_connection_first(conn);

    n = NGX_AGAIN;

    if (c->read->ready) {
        rc = ngx_thrift_attempt_may_receive(attempt);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK) {
            n = ngx_thrift_input_recv(&conn->in, c);
        }
    }

    if (n > 0) {

        if (attempt->state == NGX_THRIFT_ATTEMPT_SENT && !conn->stray) {
            ngx_thrift_attempt_begun(attempt);
        }

        return NGX_OK;
    }

    if (n == NGX_AGAIN) {
        return ngx_thrift_exchange_rest(conn, attempt);
    }

    level = ngx_thrift_pool_level(conn->pool);

    /* of an error recv() has told */

    if (n == 0) {
        ngx_log_error(level, attempt->call->log, 0,
                      "upstream prematurely closed connection");
    }

    return ngx_thrift_attempt_lost(attempt);
}


/* Nothing is received for a while. */

static ngx_int_t
ngx_thrift_exchange_rest(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_event_t        *rev;
    ngx_thrift_conf_t  *conf;

    rev = conn->connection->read;

    ngx_thrift_message_rest(&conn->message, &conn->in);

    /* from its first byte to its last, but for the time that we wait */

    if (attempt->call->paused) {
        ngx_thrift_timer_clear(&conn->timer);

    } else if (attempt->state == NGX_THRIFT_ATTEMPT_READING
               && !conn->timer.set)
    {
        conf = attempt->call->conf;
        ngx_thrift_connection_arm(conn, conf->messages->read_timeout);
    }

    return (ngx_handle_read_event(rev, 0) == NGX_OK) ? NGX_AGAIN : NGX_ERROR;
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
    length = conn->reading ? m->wire.length : 0;
    pool = conn->reading ? conn->reading->call->pool : NULL;

    rc = ngx_thrift_message_read(m, &conn->rules, &conn->in, pool);

    if (conn->reading == NULL && !conn->stray && m->wire.head.size != 0
        && ngx_thrift_exchange_match(conn) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conn->reading) {
        ngx_thrift_attempt_received(conn->reading, m->wire.length - length);
    }

    switch (rc) {

    case NGX_OK:
        return ngx_thrift_exchange_whole(conn);

    case NGX_ERROR:
        return ngx_thrift_attempt_malformed(ngx_thrift_connection_first(conn),
                                            m->wire.error.text);

    case NGX_ABORT:
        return NGX_ERROR;

    default: /* NGX_AGAIN */
        return NGX_AGAIN;
    }
}


/* Whose reply has begun? */

static ngx_int_t
ngx_thrift_exchange_match(ngx_thrift_connection_t *conn)
{
    int32_t                seqid;
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);
    seqid = conn->message.wire.head.seqid;

    if (seqid == attempt->seqid) {
        conn->reading = attempt;
        return NGX_OK;
    }

    if (!ngx_thrift_exchange_knows(conn, seqid)) {

        if (ngx_thrift_attempt_takes(attempt, &conn->message.wire.head)) {
            conn->reading = attempt;
            return NGX_OK;
        }

        return ngx_thrift_attempt_malformed(attempt, "its seqid is wrong");
    }

    /* a server that does so for ever would be read from for ever */

    if (conn->state == NGX_THRIFT_DRAINING) {
        return ngx_thrift_attempt_malformed(attempt,
                                            "it answers an earlier call");
    }

    ngx_log_error(ngx_thrift_pool_level(conn->pool), attempt->call->log, 0,
                  "upstream sent another reply to an earlier call");

    conn->state = NGX_THRIFT_DRAINING;
    conn->stray = 1;

    attempt->state = NGX_THRIFT_ATTEMPT_SENT;
    ngx_thrift_message_drop(&conn->message);

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_exchange_whole(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    if (conn->stray) {
        ngx_thrift_exchange_strayed(conn);
        return NGX_OK;
    }

    attempt = conn->reading;

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui answered: %s, %uL bytes",
                   attempt->call->number, attempt->number,
                   nthrift_head_type_name(conn->message.wire.head.type),
                   conn->message.wire.length);

    ngx_thrift_message_move(&attempt->reply, &conn->message);

    rc = ngx_thrift_attempt_check(attempt);

    if (ngx_thrift_input_pending(&conn->in)) {
        conn->state = NGX_THRIFT_DRAINING;

        if (rc == NGX_OK) {
            ngx_log_error(ngx_thrift_pool_level(conn->pool),
                          attempt->call->log, 0,
                          "upstream sent more than one reply");
        }

    } else {
        ngx_thrift_input_close(&conn->in);
    }

    ngx_thrift_connection_done(conn, rc);

    return NGX_DONE;
}


/* The reply that nobody waits for is over: the next one, in its own time. */

static void
ngx_thrift_exchange_strayed(ngx_thrift_connection_t *conn)
{
    conn->stray = 0;

    ngx_thrift_timer_clear(&conn->timer);
    ngx_thrift_message_start(&conn->message);

    if (ngx_thrift_input_pending(&conn->in)) {
        ngx_thrift_attempt_begun(ngx_thrift_connection_first(conn));
    }
}
