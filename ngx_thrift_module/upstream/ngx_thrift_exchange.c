/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What goes over a connection to a server: attempts, and their replies.
 *
 *     pass --- add ---> queue ... end of turn --- send ---> SENT
 *                                                             |
 *     pass <-- done --- check <--- whole <--- match seqid <--- recv
 *
 * Small attempts of one turn are written together and sent with one call, so
 * that nothing of a call that is given up is referred to by its connection.
 * Large ones are sent from where they lie, several of them with one call, too.
 *
 * Each attempt goes out under a seqid of its own (ngx_thrift_seqids.h).
 *
 * Called by ngx_thrift_connection.c when its socket can be written or read.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_EXCHANGE_SEQID  4        /* bytes by which those of a compact
                                               message's seqids may differ */

#define NGX_THRIFT_EXCHANGE_BATCH  16384    /* bytes that are sent together */
#define NGX_THRIFT_EXCHANGE_LAST   4096     /* and of the last one of them */

#define NGX_THRIFT_EXCHANGE_LARGE  131072   /* bytes of large ones that are sent
                                               together, but for the last */
#define NGX_THRIFT_EXCHANGE_PARTS  16       /* and their number */

#define NGX_THRIFT_EXCHANGE_REPEATED  8     /* replies that came already and are
                                               passed over */


/* A large attempt, one of those that are sent together. */

typedef struct {
    ngx_thrift_attempt_t  *attempt;
    ngx_chain_t           *last;
    size_t                 size;            /* bytes that are to be sent */
} ngx_thrift_exchange_part_t;


static ngx_uint_t ngx_thrift_exchange_is_due(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_exchange_may_send(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_write(ngx_thrift_connection_t *conn);
static void ngx_thrift_exchange_arm(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_give_up(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt) nthrift_cold;
static ngx_int_t ngx_thrift_exchange_write_some(ngx_thrift_connection_t *conn);
static size_t ngx_thrift_exchange_gather(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_write_batch(ngx_thrift_connection_t *conn,
    size_t size);
static ngx_int_t ngx_thrift_exchange_written(ngx_thrift_connection_t *conn,
    size_t n);
static ngx_int_t ngx_thrift_exchange_keep(ngx_thrift_attempt_t *attempt,
    u_char *p) nthrift_cold;
static ngx_int_t ngx_thrift_exchange_write_large(
    ngx_thrift_connection_t *conn) nthrift_noinline;
static ngx_uint_t ngx_thrift_exchange_join(ngx_thrift_connection_t *conn,
    ngx_thrift_exchange_part_t *parts);
static void ngx_thrift_exchange_set_part(ngx_thrift_exchange_part_t *part,
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_exchange_joins(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_exchange_part(ngx_thrift_exchange_part_t *part);
static void ngx_thrift_exchange_log_sent(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_exchange_sent(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_uint_t n);
static ngx_int_t ngx_thrift_exchange_broken(ngx_thrift_connection_t *conn)
    nthrift_cold;
static ssize_t ngx_thrift_exchange_start(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, u_char *p, u_char *last);
static void ngx_thrift_exchange_set_rules(ngx_thrift_connection_t *conn,
    ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_exchange_recv(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_rest(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_message(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_malformed(ngx_thrift_connection_t *conn,
    const char *why) nthrift_cold;
static ngx_int_t ngx_thrift_exchange_match(ngx_thrift_connection_t *conn);
static ngx_thrift_attempt_t *ngx_thrift_exchange_find(
    ngx_thrift_connection_t *conn, int32_t seqid);
static ngx_thrift_attempt_t *ngx_thrift_exchange_next(
    ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_exchange_alone(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_stray(ngx_thrift_connection_t *conn)
    nthrift_cold;
static ngx_int_t ngx_thrift_exchange_whole(ngx_thrift_connection_t *conn);
static void ngx_thrift_exchange_prefetch(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_exchange_strayed(ngx_thrift_connection_t *conn)
    nthrift_cold;


static u_char  ngx_thrift_exchange_batch[NGX_THRIFT_EXCHANGE_BATCH
                                         + NGX_THRIFT_EXCHANGE_LAST];


void
ngx_thrift_exchange_send(ngx_thrift_connection_t *conn)
{
    ngx_int_t  rc;

    while (ngx_thrift_exchange_may_send(conn)) {

        rc = ngx_thrift_exchange_write(conn);

        if (rc == NGX_DONE) {
            return;
        }

        if (rc == NGX_AGAIN) {
            break;
        }
    }

    if (ngx_thrift_connection_waits(conn) && ngx_thrift_exchange_is_due(conn))
    {
        ngx_thrift_exchange_read(conn);
    }
}


/* Or is all that can be done to wait for an event? */

static ngx_uint_t
ngx_thrift_exchange_is_due(ngx_thrift_connection_t *conn)
{
    ngx_event_t  *rev;

    rev = conn->connection->read;

    return rev->ready || conn->begun || !ngx_thrift_awaits(rev);
}


static ngx_uint_t
ngx_thrift_exchange_may_send(ngx_thrift_connection_t *conn)
{
    if (conn->state == NGX_THRIFT_DRAINING) {
        return ngx_thrift_connection_half_sent(conn);
    }

    return conn->unsent && conn->state == NGX_THRIFT_OPEN
           && (conn->limit > 1 || !ngx_thrift_connection_waits(conn));
}


/*
 * NGX_AGAIN: the rest follows when the server takes it, or never; NGX_DONE: the
 * connection may be gone.
 */

static ngx_int_t
ngx_thrift_exchange_write(ngx_thrift_connection_t *conn)
{
    off_t                  sent;
    ngx_int_t              n;
    ngx_connection_t      *c;
    ngx_thrift_attempt_t  *attempt;

    c = conn->connection;
    attempt = conn->unsent;
    sent = c->sent;

    n = c->write->ready ? ngx_thrift_exchange_write_some(conn) : 0;

    if (n == NGX_DECLINED) {
        return ngx_thrift_exchange_give_up(conn, attempt);
    }

    if (n == NGX_ERROR || ngx_thrift_await_write(c->write) != NGX_OK) {
        return ngx_thrift_exchange_broken(conn);
    }

    if (c->sent != sent || !conn->timer.set) {
        ngx_thrift_exchange_arm(conn);
    }

    if (n && ngx_thrift_exchange_sent(conn, attempt, n) == NGX_DONE) {
        return NGX_DONE;
    }

    if (c->write->ready) {
        return NGX_OK;
    }

    /* what the server says before it has the call is not read yet */

    if (!ngx_thrift_connection_waits(conn)
        && ngx_thrift_await_read(c->read) != NGX_OK)
    {
        return ngx_thrift_exchange_broken(conn);
    }

    return NGX_AGAIN;
}


/* What cannot be sent has to be taken in time; a reply has its own. */

static void
ngx_thrift_exchange_arm(ngx_thrift_connection_t *conn)
{
    if (conn->unsent && !conn->connection->write->ready) {
        ngx_thrift_connection_arm(conn,
                                  conn->unsent->call->conf->send_timeout);

    } else if (!conn->begun) {
        ngx_thrift_timer_clear(&conn->timer);
    }
}


/* The call fails, and its connection goes on if it can. */

static ngx_int_t
ngx_thrift_exchange_give_up(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    rc = ngx_thrift_connection_remove(attempt);

    attempt->done(attempt, NGX_ERROR);

    return rc;
}


/*
 * How many attempts have been sent now; NGX_ERROR: nothing can be sent;
 * NGX_DECLINED: the first of them cannot be written.
 */

static ngx_int_t
ngx_thrift_exchange_write_some(ngx_thrift_connection_t *conn)
{
    size_t  size;

    size = ngx_thrift_exchange_gather(conn);

    if (size) {
        return ngx_thrift_exchange_write_batch(conn, size);
    }

    return conn->unsent->out ? ngx_thrift_exchange_write_large(conn)
                             : NGX_DECLINED;
}


/* Writes attempts one behind the other, as long as they are small. */

static size_t
ngx_thrift_exchange_gather(ngx_thrift_connection_t *conn)
{
    u_char                *p;
    size_t                 size;
    ssize_t                n;
    ngx_thrift_attempt_t  *attempt;

    size = 0;
    p = ngx_thrift_exchange_batch;

    for (attempt = conn->unsent;
         attempt && attempt->out == NULL && size < NGX_THRIFT_EXCHANGE_BATCH;
         attempt = ngx_thrift_connection_behind(attempt))
    {
        n = ngx_thrift_exchange_start(conn, attempt, p + size,
                                      p + sizeof(ngx_thrift_exchange_batch));
        if (n <= 0) {
            break;
        }

        attempt->size = n;
        size += n;

        if (conn->limit == 1) {
            break;
        }
    }

    return size;
}


static ngx_int_t
ngx_thrift_exchange_write_batch(ngx_thrift_connection_t *conn, size_t size)
{
    ssize_t                n;
    ngx_int_t              sent;
    ngx_connection_t      *c;
    ngx_thrift_attempt_t  *attempt;

    c = conn->connection;
    attempt = conn->unsent;

    n = c->send(c, ngx_thrift_exchange_batch, size);

    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    sent = ngx_thrift_exchange_written(conn, (n > 0) ? n : 0);

    if (attempt->size == size) {
        ngx_thrift_exchange_log_sent(attempt);
        return sent;
    }

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift connection %uA sent %z of %uz", c->number, n, size);

    return sent;
}


/* `n` bytes of the batch are gone.  As ngx_thrift_exchange_write_some(). */

static ngx_int_t
ngx_thrift_exchange_written(ngx_thrift_connection_t *conn, size_t n)
{
    u_char                *p;
    ngx_int_t              sent;
    ngx_thrift_attempt_t  *attempt;

    p = ngx_thrift_exchange_batch;

    for (sent = 0; n; sent++) {
        attempt = conn->unsent;

        if (n < attempt->size) {
            attempt->sent = n;

            return (ngx_thrift_exchange_keep(attempt, p + n) == NGX_OK)
                   ? sent : NGX_ERROR;
        }

        attempt->sent = attempt->size;

        p += attempt->size;
        n -= attempt->size;

        conn->unsent = ngx_thrift_connection_behind(attempt);
        conn->nunsent--;
    }

    return sent;
}


/* A part of it was sent: the rest, which is at `p`, is sent later. */

static ngx_int_t
ngx_thrift_exchange_keep(ngx_thrift_attempt_t *attempt, u_char *p)
{
    size_t        size;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    size = attempt->size - attempt->sent;

    b = ngx_create_temp_buf(attempt->call->pool, size);
    cl = ngx_alloc_chain_link(attempt->call->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, p, size);

    cl->buf = b;
    cl->next = NULL;

    attempt->out = cl;

    return NGX_OK;
}


/*
 * The first one, whose message is large, or was sent in part, and large ones
 * that come next.  As ngx_thrift_exchange_write_some().
 */

static ngx_int_t
ngx_thrift_exchange_write_large(ngx_thrift_connection_t *conn)
{
    ngx_int_t                   sent;
    ngx_uint_t                  i, n;
    ngx_chain_t                *out;
    ngx_thrift_attempt_t       *attempt;
    ngx_thrift_exchange_part_t  parts[NGX_THRIFT_EXCHANGE_PARTS];

    n = ngx_thrift_exchange_join(conn, parts);

    out = ngx_thrift_output_send(conn->connection, conn->unsent->out);

    sent = 0;

    for (i = 0; i < n; i++) {
        attempt = parts[i].attempt;

        if (ngx_thrift_exchange_part(&parts[i])) {
            conn->unsent = ngx_thrift_connection_behind(attempt);
            conn->nunsent--;
            sent++;
        }

        ngx_thrift_exchange_log_sent(attempt);
    }

    /* what was sent before an error is told of first; it comes again */

    return (out == NGX_CHAIN_ERROR && sent == 0) ? NGX_ERROR : sent;
}


/* Makes one chain of several; returns how many. */

static ngx_uint_t
ngx_thrift_exchange_join(ngx_thrift_connection_t *conn,
    ngx_thrift_exchange_part_t *parts)
{
    size_t                 size;
    ngx_uint_t             n;
    ngx_thrift_attempt_t  *next;

    ngx_thrift_exchange_set_part(&parts[0], conn->unsent);

    size = parts[0].size;

    for (n = 1;
         n < NGX_THRIFT_EXCHANGE_PARTS && size < NGX_THRIFT_EXCHANGE_LARGE;
         n++)
    {
        next = ngx_thrift_connection_behind(parts[n - 1].attempt);

        if (next == NULL || !ngx_thrift_exchange_joins(conn, next)) {
            break;
        }

        ngx_thrift_exchange_set_part(&parts[n], next);
        parts[n - 1].last->next = next->out;

        size += parts[n].size;
    }

    return n;
}


static void
ngx_thrift_exchange_set_part(ngx_thrift_exchange_part_t *part,
    ngx_thrift_attempt_t *attempt)
{
    ngx_chain_t  *cl;

    part->attempt = attempt;
    part->size = 0;

    for (cl = attempt->out; cl; cl = cl->next) {
        part->last = cl;
        part->size += cl->buf->last - cl->buf->pos;
    }
}


/* Is it a large one, which can be sent behind another one? */

static ngx_uint_t
ngx_thrift_exchange_joins(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    u_char  *p;

#if (NGX_SSL)
    if (conn->connection->ssl) {
        return 0;
    }
#endif

    if (conn->limit == 1) {
        return 0;
    }

    p = ngx_thrift_exchange_batch;

    return attempt->out
           || (ngx_thrift_exchange_start(conn, attempt, p,
                                       p + sizeof(ngx_thrift_exchange_batch))
               == 0);
}


/* It is a chain of its own again.  Returns whether all of it was sent. */

static ngx_uint_t
ngx_thrift_exchange_part(ngx_thrift_exchange_part_t *part)
{
    size_t                 size;
    ngx_buf_t             *b;
    ngx_thrift_attempt_t  *attempt;

    attempt = part->attempt;
    part->last->next = NULL;

    while (attempt->out) {
        b = attempt->out->buf;

        if (b->pos != b->last) {
            break;
        }

        attempt->out = attempt->out->next;
    }

    size = part->size;
    ngx_thrift_exchange_set_part(part, attempt);

    attempt->sent += size - part->size;

    return part->size == 0;
}


static void
ngx_thrift_exchange_log_sent(ngx_thrift_attempt_t *attempt)
{
    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui sent %O%s",
                   attempt->call->number, attempt->number, attempt->sent,
                   (attempt->connection->unsent == attempt) ? ", not all" : "");
}


/* `n` were sent.  NGX_DONE: nothing is to be read, and none is left on it. */

static ngx_int_t
ngx_thrift_exchange_sent(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_uint_t n)
{
    ngx_thrift_attempt_t  *next;

    for ( /* void */ ; n; n--) {
        next = ngx_thrift_connection_behind(attempt);

        if (attempt == ngx_thrift_connection_first(conn)) {
            conn->waiting = ngx_current_msec;
        }

        if (ngx_thrift_attempt_sent(attempt) == NGX_DONE
            && ngx_thrift_connection_done(conn, attempt, NGX_OK) == NGX_DONE)
        {
            return NGX_DONE;
        }

        attempt = next;
    }

    return NGX_OK;
}


/* What is there by now may be its reply: servers need not read all of it. */

ngx_int_t
ngx_thrift_exchange_curtail(ngx_thrift_connection_t *conn)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = conn->unsent;

    if (attempt != ngx_thrift_connection_first(conn) || attempt->sent == 0
        || attempt->call->silent)
    {
        return NGX_DECLINED;
    }

    attempt->cut = 1;
    attempt->state = NGX_THRIFT_ATTEMPT_SENT;
    attempt->call->log->action = "reading reply from upstream";

    conn->unsent = ngx_thrift_connection_behind(attempt);
    conn->nunsent--;

    ngx_thrift_connection_cut(conn);
    ngx_thrift_exchange_arm(conn);
    ngx_thrift_input_retry(conn->connection);

    return NGX_OK;
}


/* Nothing can be sent any more; replies may have come. */

static ngx_int_t
ngx_thrift_exchange_broken(ngx_thrift_connection_t *conn)
{
    ngx_uint_t             error;
    ngx_thrift_attempt_t  *attempt;

    error = conn->connection->write->error;

    /* send() has told of it */

    if (error) {
        (void) ngx_thrift_pool_level(conn->pool, NGX_THRIFT_POOL_LOST);
    }

    if (ngx_thrift_connection_waits(conn)) {
        ngx_thrift_connection_cut(conn);
        return NGX_AGAIN;
    }

    if (error && ngx_thrift_exchange_curtail(conn) == NGX_OK) {
        return NGX_AGAIN;
    }

    attempt = ngx_thrift_connection_first(conn);

    ngx_thrift_connection_fail(conn, attempt,
                               ngx_thrift_attempt_lost(attempt));

    return NGX_DONE;
}


/* As ngx_thrift_attempt_write(), for one of which nothing was sent. */

static ssize_t
ngx_thrift_exchange_start(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, u_char *p, u_char *last)
{
    conn->stateful = (conn->client != NULL);
    conn->unchecked |= !attempt->call->checked;

    if (attempt->seqid == 0) {
        attempt->seqid = ngx_thrift_seqids_draw(&conn->seqids);
        attempt->ordinal = conn->seqids.total;
    }

    /* those that are on a connection at the same time have the same */

    if (attempt == ngx_thrift_connection_first(conn)) {
        ngx_thrift_exchange_set_rules(conn, attempt->call);
    }

    return ngx_thrift_attempt_write(attempt, p, last);
}


static void
ngx_thrift_exchange_set_rules(ngx_thrift_connection_t *conn,
    ngx_thrift_call_t *call)
{
    /* another call's reply, which may come first, may have another protocol */

    conn->rules = call->conf->messages->rules;
    conn->rules.transport = NTHRIFT_TRANSPORT_AUTO;
    conn->rules.protocol = NTHRIFT_PROTOCOL_AUTO;
    conn->rules.lax = call->request.wire.head.lax | conn->pool->lax;
    conn->rules.unnamed = 1;

    /* limits are for what the client gets, with a seqid that may be shorter */

    conn->rules.max_frame += NGX_THRIFT_EXCHANGE_SEQID;
    conn->rules.max_message += NGX_THRIFT_EXCHANGE_SEQID;
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

    /* where others wait behind it, a reply is read in any case */

    attempt = (conn->limit == 1) ? ngx_thrift_connection_first(conn)
                                 : conn->reading;

    if (attempt) {
        rc = ngx_thrift_attempt_may_receive(attempt, conn->limit > 1);

        if (rc == NGX_AGAIN) {
            return ngx_thrift_exchange_rest(conn);
        }

        if (rc == NGX_ERROR) {
            return ngx_thrift_exchange_give_up(conn, attempt);
        }
    }

    n = ngx_thrift_input_recv(&conn->in, c);

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
    length = conn->reading ? m->wire.length : 0;
    pool = conn->reading ? conn->reading->call->pool : NULL;

    rc = ngx_thrift_message_read(m, &conn->rules, &conn->in, pool);

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

    conn->reading = attempt;

    if (attempt->state == NGX_THRIFT_ATTEMPT_SENT) {
        ngx_thrift_attempt_begun(attempt);
    }

    return NGX_OK;
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
    return conn->nabandoned == 0
           && ngx_thrift_connection_behind(ngx_thrift_connection_first(conn))
              == conn->unsent;
}


/* A reply to an earlier call; NGX_DONE: the connection has failed. */

static ngx_int_t
ngx_thrift_exchange_stray(ngx_thrift_connection_t *conn)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    if (conn->nabandoned) {
        conn->nabandoned--;

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
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    conn->begun = ngx_thrift_input_pending(&conn->in);

    ngx_thrift_timer_clear(&conn->timer);
    ngx_thrift_exchange_arm(conn);

    if (conn->stray) {
        ngx_thrift_exchange_strayed(conn);
        return NGX_OK;
    }

    attempt = conn->reading;
    conn->reading = NULL;

    ngx_thrift_exchange_prefetch(conn, attempt);

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui answered: %s, %uL bytes",
                   attempt->call->number, attempt->number,
                   nthrift_head_type_name(conn->message.wire.head.type),
                   conn->message.wire.length);

    /* a handler may keep what has come to its own call */

    ngx_thrift_message_settle(&conn->message, attempt->call->outbound
                                              ? NULL : attempt->call->pool);

    ngx_thrift_message_move(&attempt->reply, &conn->message);
    ngx_thrift_message_start(&conn->message);

    rc = ngx_thrift_attempt_check(attempt);

    if (!conn->begun) {
        ngx_thrift_input_close(&conn->in);

    } else if (ngx_thrift_exchange_alone(conn)) {
        ngx_thrift_connection_cut(conn);

        if (rc == NGX_OK) {
            ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_REPLY,
                                 attempt->call->log, 0,
                                 "upstream sent more than one reply");
        }
    }

    if (ngx_thrift_connection_done(conn, attempt, rc) == NGX_DONE
        || !ngx_thrift_connection_waits(conn))
    {
        return NGX_DONE;
    }

    return NGX_OK;
}


/* The reply to the attempt behind is likely to be read next. */

static void
ngx_thrift_exchange_prefetch(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_attempt_t  *next;

    next = ngx_thrift_connection_behind(attempt);

    if (next == NULL || next == conn->unsent) {
        return;
    }

    ngx_thrift_prefetch(next->call, sizeof(ngx_thrift_call_t));

    next = ngx_thrift_connection_behind(next);

    if (next) {
        ngx_thrift_prefetch(next, sizeof(ngx_thrift_attempt_t));
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
