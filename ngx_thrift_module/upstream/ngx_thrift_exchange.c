/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What goes over a connection to a server: attempts.  Their replies are read by
 * ngx_thrift_exchange_read.c.
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
 * Called by ngx_thrift_connection.c when its socket can be written.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_EXCHANGE_SEQID  4        /* bytes by which those of a compact
                                               message's seqids may differ */

#define NGX_THRIFT_EXCHANGE_BATCH  16384    /* bytes that are sent together */
#define NGX_THRIFT_EXCHANGE_LAST   4096     /* and of the last one of them */

#define NGX_THRIFT_EXCHANGE_LARGE  131072   /* bytes of large ones that are sent
                                               together, but for the last */
#define NGX_THRIFT_EXCHANGE_PARTS  16       /* and their number */


/* A large attempt, one of those that are sent together. */

typedef struct {
    ngx_thrift_attempt_t  *attempt;
    ngx_chain_t           *last;
    size_t                 size;            /* bytes that are to be sent */
} ngx_thrift_exchange_part_t;


static ngx_uint_t ngx_thrift_exchange_is_due(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_exchange_may_send(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_write(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_write_some(ngx_thrift_connection_t *conn);
static size_t ngx_thrift_exchange_gather(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_exchange_write_batch(ngx_thrift_connection_t *conn,
    size_t size);
static ngx_int_t ngx_thrift_exchange_written(ngx_thrift_connection_t *conn,
    size_t n);
static ngx_inline void ngx_thrift_exchange_set_sent(
    ngx_thrift_connection_t *conn, ngx_thrift_attempt_t *attempt);
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
    ngx_thrift_call_t *call) nthrift_noinline;


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
    if (conn->unsent == NULL) {
        return 0;
    }

    if (conn->state == NGX_THRIFT_DRAINING) {
        return ngx_thrift_connection_half_sent(conn);
    }

    return conn->state == NGX_THRIFT_OPEN
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


void
ngx_thrift_exchange_arm(ngx_thrift_connection_t *conn)
{
    if (conn->unsent && !conn->connection->write->ready) {
        ngx_thrift_connection_arm(conn,
                                  conn->unsent->call->conf->send_timeout);

    } else if (!conn->begun) {
        ngx_thrift_timer_clear(&conn->timer);
    }
}


ngx_int_t
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

        ngx_thrift_exchange_set_sent(conn, attempt);
    }

    return sent;
}


/* The first unsent one was, whatever becomes of those behind it. */

static ngx_inline void
ngx_thrift_exchange_set_sent(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    attempt->state = NGX_THRIFT_ATTEMPT_SENT;

    conn->unsent = ngx_thrift_connection_behind(attempt);
    conn->nunsent--;
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
            ngx_thrift_exchange_set_sent(conn, attempt);
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
    attempt->call->log->action = "reading reply from upstream";

    ngx_thrift_exchange_set_sent(conn, attempt);
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

    /* else it is our own shortage */

    ngx_thrift_connection_fail(conn, attempt,
                               error ? ngx_thrift_attempt_lost(attempt)
                                     : NGX_ERROR);

    return NGX_DONE;
}


/* As ngx_thrift_attempt_write(), for one of which nothing was sent. */

static ssize_t
ngx_thrift_exchange_start(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, u_char *p, u_char *last)
{
    if (conn->client) {
        conn->stateful = 1;
    }

    if (!attempt->call->checked) {
        conn->unchecked = 1;
    }

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
