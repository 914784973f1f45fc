
/*
 * Connections to servers: opened, written to, read from, closed.  What a call
 * is, and what becomes of it, is known to its attempt only.
 *
 *     pass --- add ---> queue ... end of turn --- send ---> SENT
 *                                                             |
 *     pass <-- done --- check <--- whole <--- match seqid <--- recv
 *
 * Each attempt goes out under a seqid that is drawn at random and is none of
 * those before it: a client cannot know it, and a late or second answer to an
 * earlier call is known for what it is.
 *
 * A connection carries one attempt at a time.  Of those that a client is pinned
 * to, the others wait in its queue.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_CONNECTION_SEQID  4      /* bytes by which those of a compact
                                               message's seqids may differ */


static ngx_int_t ngx_thrift_connection_refuse(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_connection_connect(ngx_thrift_attempt_t *attempt);
static ngx_thrift_connection_t *ngx_thrift_connection_create(
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_connection_init(ngx_thrift_connection_t *conn,
    ngx_connection_t *c, ngx_thrift_attempt_t *attempt);
static void ngx_thrift_connection_log_with(ngx_thrift_connection_t *conn,
    ngx_thrift_call_t *call);
static u_char *ngx_thrift_connection_log(ngx_log_t *log, u_char *buf,
    size_t len);
static void ngx_thrift_connection_next(ngx_thrift_connection_t *conn);
static ngx_thrift_attempt_t *ngx_thrift_connection_first(
    ngx_thrift_connection_t *conn);
static void ngx_thrift_connection_arm(ngx_thrift_connection_t *conn,
    ngx_msec_t timeout);
static void ngx_thrift_connection_write_event(ngx_event_t *wev);
static void ngx_thrift_connection_read_event(ngx_event_t *rev);
static void ngx_thrift_connection_timeout(void *data);
static ngx_int_t ngx_thrift_connection_test(ngx_thrift_connection_t *conn);
static void ngx_thrift_connection_send(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_connection_write(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_connection_start(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static int32_t ngx_thrift_connection_draw_seqid(
    ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_connection_knows(ngx_thrift_connection_t *conn,
    int32_t seqid);
static void ngx_thrift_connection_read(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_connection_recv(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_connection_message(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_connection_match(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_connection_whole(ngx_thrift_connection_t *conn);
static void ngx_thrift_connection_strayed(ngx_thrift_connection_t *conn);
static void ngx_thrift_connection_done(ngx_thrift_connection_t *conn,
    ngx_int_t rc);
static void ngx_thrift_connection_fail(ngx_thrift_connection_t *conn,
    ngx_int_t rc);
static void ngx_thrift_connection_abandon(ngx_thrift_connection_t *conn);
static void ngx_thrift_connection_go_on(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_connection_keep(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_connection_put(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_connection_detach(ngx_thrift_attempt_t *attempt);


ngx_int_t
ngx_thrift_connection_open(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                 rc;
    ngx_connection_t         *c;
    ngx_event_get_peer_pt     get;
    ngx_peer_connection_t    *peer;
    ngx_thrift_connection_t  *conn;

    peer = attempt->peer;

    if (ngx_thrift_pool_make_room() != NGX_OK) {
        return ngx_thrift_connection_refuse(attempt);
    }

    /* the balancer has chosen */

    get = peer->get;

    peer->cached = 0;
    peer->connection = NULL;
    peer->get = ngx_event_get_peer;

    rc = ngx_thrift_connection_connect(attempt);

    peer->get = get;

    if (rc == NGX_ERROR || rc == NGX_DECLINED) {
        return rc;
    }

    conn = ngx_thrift_connection_create(attempt);
    if (conn == NULL) {
        return NGX_ERROR;
    }

    c = conn->connection;

    if (c->type == SOCK_STREAM && ngx_tcp_nodelay(c) != NGX_OK) {
        ngx_thrift_connection_close(conn);
        return NGX_ERROR;
    }

    ngx_thrift_connection_add(conn, attempt);
    ngx_thrift_connection_arm(conn, attempt->call->conf->connect_timeout);

    return NGX_OK;
}


/* There is no room for one; the log says so once a second. */

static ngx_int_t
ngx_thrift_connection_refuse(ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t     level;
    static time_t  said;

    level = (said == ngx_time()) ? NGX_LOG_INFO : NGX_LOG_WARN;
    said = ngx_time();

    ngx_log_error(level, attempt->call->log, 0,
                  "too few of %ui worker_connections are left",
                  ngx_cycle->connection_n);

    attempt->blameless = 1;

    return ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: too few connections are left");
}


/* What nginx itself writes when it fails at once is not too much, either. */

static ngx_int_t
ngx_thrift_connection_connect(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t   rc;
    ngx_log_t  *log;
    ngx_uint_t  level;

    log = attempt->peer->log;
    level = log->log_level;

    if (ngx_thrift_tally_is_full(&attempt->pool->errors)
        && level <= NGX_LOG_INFO)
    {
        log->log_level = ngx_min(level, NGX_LOG_ALERT);
    }

    rc = ngx_event_connect_peer(attempt->peer);

    log->log_level = level;

    if (rc == NGX_DECLINED) {
        (void) ngx_thrift_pool_level(attempt->pool);
    }

    return rc;
}


/* Wraps what ngx_event_connect_peer() has made, or closes it. */

static ngx_thrift_connection_t *
ngx_thrift_connection_create(ngx_thrift_attempt_t *attempt)
{
    ngx_pool_t               *pool;
    ngx_connection_t         *c;
    ngx_thrift_connection_t  *conn;

    c = attempt->peer->connection;
    attempt->peer->connection = NULL;

    pool = ngx_create_pool(sizeof(ngx_pool_t)
                           + sizeof(ngx_thrift_connection_t)
                           + NGX_SOCKADDR_STRLEN,
                           ngx_cycle->log);
    if (pool == NULL) {
        ngx_close_connection(c);
        return NULL;
    }

    c->pool = pool;

    conn = ngx_pcalloc(pool, sizeof(ngx_thrift_connection_t));

    if (conn == NULL || ngx_thrift_connection_init(conn, c, attempt) != NGX_OK)
    {
        ngx_close_connection(c);
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift connection %uA opens: fd %d", c->number, c->fd);

    return conn;
}


static ngx_int_t
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

    ngx_thrift_connection_log_with(conn, attempt->call);

    ngx_queue_init(&conn->attempts);
    ngx_thrift_input_init(&conn->in, attempt->call->conf->messages->blocks);

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

    return ngx_thrift_pool_add(attempt->pool, conn, attempt->peer,
                               &attempt->dialect);
}


/*
 * Lines of a connection are written where those of its latest call are, and
 * have the number of the client's connection while it carries that call.
 */

static void
ngx_thrift_connection_log_with(ngx_thrift_connection_t *conn,
    ngx_thrift_call_t *call)
{
    ngx_log_t  *log;

    log = call->log;

    conn->log.connection = log->connection;
    conn->log.log_level = log->log_level;
    conn->log.file = log->file;
    conn->log.writer = log->writer;
    conn->log.wdata = log->wdata;
    conn->log.next = log->next;
}


/* They tell of the call that it carries, if there is one. */

static u_char *
ngx_thrift_connection_log(ngx_log_t *log, u_char *buf, size_t len)
{
    ngx_log_t                *clog;
    ngx_thrift_attempt_t     *attempt;
    ngx_thrift_connection_t  *conn;

    conn = log->data;
    attempt = ngx_thrift_connection_first(conn);

    if (attempt) {
        clog = attempt->call->log;
        return clog->handler(clog, buf, len);
    }

    return ngx_snprintf(buf, len, " while keeping idle connection, "
                        "upstream: \"%V\"", &conn->name);
}


void
ngx_thrift_connection_close(ngx_thrift_connection_t *conn)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = conn->connection;
    pool = c->pool;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift connection %uA is closed", c->number);

    ngx_thrift_pin_lost(conn);
    ngx_thrift_connection_let_go(conn);
    ngx_thrift_pool_remove(conn);
    ngx_thrift_message_release(&conn->message);
    ngx_thrift_timer_close(&conn->timer);
    ngx_thrift_input_close(&conn->in);

    ngx_close_connection(c);
    ngx_destroy_pool(pool);
}


void
ngx_thrift_connection_add(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_connection_t  *c;

    c = conn->connection;

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui on connection %uA",
                   attempt->call->number, attempt->number, c->number);

    ngx_thrift_connection_log_with(conn, attempt->call);

    attempt->connection = conn;
    attempt->state = NGX_THRIFT_ATTEMPT_QUEUED;
    attempt->reused = (conn->total != 0);

    c->log_error = ngx_thrift_tally_is_full(&conn->pool->errors)
                   ? NGX_ERROR_INFO : NGX_ERROR_ERR;

    attempt->peer->connection = c;

    ngx_queue_insert_tail(&conn->attempts, &attempt->queue);

    if (conn->state != NGX_THRIFT_OPENING || c->write->ready) {
        ngx_thrift_connection_next(conn);
    }
}


/* The first attempt on it is sent, or told that it has failed, soon. */

static void
ngx_thrift_connection_next(ngx_thrift_connection_t *conn)
{
    ngx_post_event(conn->connection->write, &ngx_posted_events);
}


void
ngx_thrift_connection_remove(ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t                first;
    ngx_thrift_connection_t  *conn;

    conn = attempt->connection;
    first = (attempt == ngx_thrift_connection_first(conn));

    ngx_thrift_connection_detach(attempt);

    if (!first) {
        return;
    }

    if (attempt->sent || conn->state != NGX_THRIFT_OPEN) {
        ngx_thrift_connection_abandon(conn);
        return;
    }

    ngx_thrift_connection_go_on(conn, NULL);
}


/* The attempt goes its own way. */

static void
ngx_thrift_connection_detach(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_connection_t  *conn;

    conn = attempt->connection;

    if (conn->reading == attempt) {
        conn->reading = NULL;
    }

    ngx_queue_remove(&attempt->queue);

    attempt->connection = NULL;
    attempt->peer->connection = NULL;

    conn->log.connection = conn->connection->number;
}


static ngx_thrift_attempt_t *
ngx_thrift_connection_first(ngx_thrift_connection_t *conn)
{
    if (ngx_queue_empty(&conn->attempts)) {
        return NULL;
    }

    return ngx_queue_data(ngx_queue_head(&conn->attempts),
                          ngx_thrift_attempt_t, queue);
}


/* The next thing must happen in `timeout`; 0: whenever it does. */

static void
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

    if (conn->state == NGX_THRIFT_LOST) {
        ngx_thrift_connection_fail(conn, NGX_DECLINED);
        return;
    }

    if (conn->state == NGX_THRIFT_OPENING
        && ngx_thrift_connection_test(conn) != NGX_OK)
    {
        return;
    }

    if (!ngx_queue_empty(&conn->attempts)) {
        ngx_thrift_connection_send(conn);
    }
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

        if (c->close || !ngx_thrift_connection_alive(conn)) {
            ngx_thrift_connection_close(conn);
        }

        return;
    }

    if (c->close) {
        attempt->blameless = 1;
        ngx_thrift_connection_fail(conn,
            ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR,
                                 502, "proxy is shutting down"));
        return;
    }

    if (conn->state == NGX_THRIFT_OPENING) {

        if (ngx_thrift_connection_test(conn) == NGX_OK) {
            ngx_thrift_connection_send(conn);
        }

        return;
    }

    if (attempt->state == NGX_THRIFT_ATTEMPT_QUEUED) {

        /* it died in the pool, in the turn in which it was taken */

        if (attempt->reused && attempt->sent == 0
            && !ngx_thrift_connection_alive(conn))
        {
            ngx_thrift_connection_fail(conn, NGX_DECLINED);
            return;
        }

        /* what comes before all is sent is not read yet */

        if (ngx_handle_read_event(rev, 0) != NGX_OK) {
            ngx_thrift_connection_fail(conn, NGX_ERROR);
        }

        return;
    }

    ngx_thrift_connection_read(conn);
}


ngx_uint_t
ngx_thrift_connection_alive(ngx_thrift_connection_t *conn)
{
    char               byte[1];
    int                n;
    ngx_connection_t  *c;

    c = conn->connection;

    n = recv(c->fd, byte, 1, MSG_PEEK);

    if (n != -1 || ngx_socket_errno != NGX_EAGAIN) {
        return 0;
    }

    c->read->ready = 0;

    return ngx_handle_read_event(c->read, 0) == NGX_OK;
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

    attempt = ngx_thrift_connection_first(conn);

    ngx_thrift_attempt_timed_out(attempt);

    rc = (conn->state == NGX_THRIFT_OPENING)
         ? NGX_DECLINED : ngx_thrift_error_timed_out(attempt->call);

    ngx_thrift_connection_fail(conn, rc);
}


/* Is it open now; NGX_ERROR: it could not be opened, and is gone. */

static ngx_int_t
ngx_thrift_connection_test(ngx_thrift_connection_t *conn)
{
    ngx_err_t              err;
    ngx_connection_t      *c;
    ngx_thrift_attempt_t  *attempt;

    c = conn->connection;

    if (!c->write->ready && !c->read->ready) {
        return NGX_AGAIN;
    }

    err = ngx_thrift_input_error(c);

    if (err) {
        ngx_log_error(ngx_thrift_pool_level(conn->pool), c->log, err,
                      "connect() failed");
        ngx_thrift_connection_fail(conn, NGX_DECLINED);
        return NGX_ERROR;
    }

    conn->state = NGX_THRIFT_OPEN;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift connection %uA is open", c->number);

    ngx_thrift_timer_clear(&conn->timer);

    attempt = ngx_thrift_connection_first(conn);
    attempt->call->balancer->connected(attempt);

    return NGX_OK;
}


static void
ngx_thrift_connection_send(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    if (attempt->state != NGX_THRIFT_ATTEMPT_QUEUED) {
        return;
    }

    rc = ngx_thrift_connection_write(conn, attempt);

    if (rc == NGX_OK) {
        ngx_thrift_timer_clear(&conn->timer);

        rc = ngx_thrift_attempt_sent(attempt);

        if (rc == NGX_DONE) {
            ngx_thrift_connection_done(conn, NGX_OK);
            return;
        }
    }

    if (rc == NGX_OK) {
        ngx_thrift_connection_read(conn);

    } else if (rc != NGX_AGAIN) {
        ngx_thrift_connection_fail(conn, rc);
    }
}


/* NGX_AGAIN: the rest follows when the server takes it. */

static ngx_int_t
ngx_thrift_connection_write(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    off_t              sent;
    ngx_chain_t       *out;
    ngx_connection_t  *c;

    c = conn->connection;

    if (attempt->out == NULL
        && ngx_thrift_connection_start(conn, attempt) != NGX_OK)
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
ngx_thrift_connection_start(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    conn->stateful = (conn->client != NULL);

    attempt->seqid = ngx_thrift_connection_draw_seqid(conn);

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

    conn->rules.max_frame += NGX_THRIFT_CONNECTION_SEQID;
    conn->rules.max_message += NGX_THRIFT_CONNECTION_SEQID;

    ngx_thrift_message_start(&conn->message);

    return NGX_OK;
}


static int32_t
ngx_thrift_connection_draw_seqid(ngx_thrift_connection_t *conn)
{
    int32_t  seqid;

    do {
        seqid = ngx_thrift_random() & 0x7fffffff;
    } while (seqid == 0 || ngx_thrift_connection_knows(conn, seqid));

    conn->total++;
    conn->seqids[conn->total % NGX_THRIFT_SEQIDS] = seqid;

    return seqid;
}


/* Is it the seqid of one of the latest attempts? */

static ngx_uint_t
ngx_thrift_connection_knows(ngx_thrift_connection_t *conn, int32_t seqid)
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


static void
ngx_thrift_connection_read(ngx_thrift_connection_t *conn)
{
    ngx_int_t   rc;
    ngx_uint_t  n;

    for (n = 0; n < NGX_THRIFT_TURN; n++) {

        rc = NGX_AGAIN;

        if (ngx_thrift_input_pending(&conn->in)) {
            rc = ngx_thrift_connection_message(conn);
        }

        if (rc == NGX_AGAIN) {

            if (n != 0 && ngx_thrift_input_exhausted()) {
                break;
            }

            rc = ngx_thrift_connection_recv(conn);
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
ngx_thrift_connection_recv(ngx_thrift_connection_t *conn)
{
    ssize_t                n;
    ngx_int_t              rc;
    ngx_uint_t             level;
    ngx_connection_t      *c;
    ngx_thrift_conf_t     *conf;
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

        return (ngx_handle_read_event(c->read, 0) == NGX_OK) ? NGX_AGAIN
                                                             : NGX_ERROR;
    }

    level = ngx_thrift_pool_level(conn->pool);

    /* of an error recv() has told */

    if (n == 0) {
        ngx_log_error(level, attempt->call->log, 0,
                      "upstream prematurely closed connection");
    }

    return ngx_thrift_attempt_lost(attempt);
}


/*
 * Reads on in a reply.  NGX_AGAIN: more bytes; NGX_DONE: it was the last one,
 * and the connection may be gone.
 */

static ngx_int_t
ngx_thrift_connection_message(ngx_thrift_connection_t *conn)
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
        && ngx_thrift_connection_match(conn) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conn->reading) {
        ngx_thrift_attempt_received(conn->reading, m->wire.length - length);
    }

    switch (rc) {

    case NGX_OK:
        return ngx_thrift_connection_whole(conn);

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
ngx_thrift_connection_match(ngx_thrift_connection_t *conn)
{
    int32_t                seqid;
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);
    seqid = conn->message.wire.head.seqid;

    if (seqid == attempt->seqid) {
        conn->reading = attempt;
        return NGX_OK;
    }

    if (!ngx_thrift_connection_knows(conn, seqid)) {

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
ngx_thrift_connection_whole(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    if (conn->stray) {
        ngx_thrift_connection_strayed(conn);
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
ngx_thrift_connection_strayed(ngx_thrift_connection_t *conn)
{
    conn->stray = 0;

    ngx_thrift_timer_clear(&conn->timer);
    ngx_thrift_message_start(&conn->message);

    if (ngx_thrift_input_pending(&conn->in)) {
        ngx_thrift_attempt_begun(ngx_thrift_connection_first(conn));
    }
}


/* The first attempt has come to an end, and the connection can go on. */

static void
ngx_thrift_connection_done(ngx_thrift_connection_t *conn, ngx_int_t rc)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    ngx_thrift_connection_detach(attempt);

    if ((rc == NGX_OK && !attempt->closes)
        || (conn->client && attempt->state == NGX_THRIFT_ATTEMPT_ANSWERED))
    {
        ngx_thrift_connection_go_on(conn, attempt);

    } else {
        ngx_thrift_connection_abandon(conn);
    }

    attempt->done(attempt, rc);
}


/* The connection fails, and what is on it with it. */

static void
ngx_thrift_connection_fail(ngx_thrift_connection_t *conn, ngx_int_t rc)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui fails with connection %uA: %i",
                   attempt->call->number, attempt->number,
                   conn->connection->number, rc);

    /* elsewhere the client's state would not be there */

    if (rc == NGX_DECLINED && conn->stateful) {
        rc = ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR,
                                  502, "the client's connection to upstream "
                                  "was lost");
    }

    ngx_thrift_connection_detach(attempt);
    ngx_thrift_connection_abandon(conn);

    attempt->done(attempt, rc);
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

    ngx_thrift_timer_clear(&conn->timer);
    ngx_thrift_pin_lost(conn);
    ngx_thrift_connection_next(conn);
}


/*
 * It is ready for the next attempt, or idle: `attempt` was the last, NULL:
 * nothing was sent since it was taken.
 */

static void
ngx_thrift_connection_go_on(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_connection_t  *c;

    c = conn->connection;

    ngx_thrift_timer_clear(&conn->timer);

    if (conn->state != NGX_THRIFT_OPEN
        || c->read->eof || c->read->error || c->write->error
        || ngx_handle_read_event(c->read, 0) != NGX_OK)
    {
        ngx_thrift_connection_abandon(conn);
        return;
    }

    if (!ngx_queue_empty(&conn->attempts)) {
        ngx_thrift_connection_next(conn);
        return;
    }

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }

    if (ngx_thrift_connection_put(conn, attempt) != NGX_OK) {
        ngx_thrift_connection_close(conn);
    }
}


static ngx_int_t
ngx_thrift_connection_put(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    if (attempt) {
        ngx_thrift_connection_keep(conn, attempt);
    }

    if (conn->client) {
        return NGX_OK;
    }

    if (attempt == NULL) {
        return ngx_thrift_pool_put_back(conn);
    }

    call = attempt->call;

    conn->unchecked |= !call->checked;
    conn->doubtful = ngx_thrift_attempt_leaves_doubt(attempt);
    conn->ordered = (call->silent && call->client && call->client->ordered);

    if (!conn->unchecked && !conn->doubtful) {
        return ngx_thrift_pool_put(conn, NULL);
    }

    return call->client ? ngx_thrift_pool_put(conn, call->client)
                        : NGX_DECLINED;
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
