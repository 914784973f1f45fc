/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_check.h.  Called by ngx_thrift_health.c, which decides when
 * which server is checked, and what follows from it.
 */

#include "ngx_thrift.h"


static ngx_thrift_check_t *ngx_thrift_check_create(
    ngx_thrift_check_conf_t *conf, ngx_connection_t *c, ngx_str_t *name,
    void *data);
static ngx_int_t ngx_thrift_check_write_call(ngx_thrift_check_t *check,
    ngx_pool_t *pool);
static void ngx_thrift_check_event(ngx_event_t *ev);
static void ngx_thrift_check_timeout(void *data);
static ngx_int_t ngx_thrift_check_open(ngx_thrift_check_t *check);
static const char *ngx_thrift_check_unopened(ngx_thrift_check_t *check);
static ngx_int_t ngx_thrift_check_send(ngx_thrift_check_t *check);
static ngx_int_t ngx_thrift_check_read(ngx_thrift_check_t *check);
static ngx_int_t ngx_thrift_check_received(ngx_thrift_check_t *check);
static ngx_int_t ngx_thrift_check_judge(ngx_thrift_check_t *check);
static ngx_int_t ngx_thrift_check_end(ngx_thrift_check_t *check, ngx_int_t rc,
    const char *why, ngx_err_t err);


ngx_thrift_check_t *
ngx_thrift_check_start(ngx_thrift_check_conf_t *conf,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name, void *data,
    ngx_int_t *rc)
{
    ngx_log_t               log;
    ngx_thrift_check_t     *check;
    ngx_peer_connection_t   peer;

    *rc = NGX_ERROR;

    if (ngx_thrift_pool_make_room(0) != NGX_OK) {
        return NULL;
    }

    ngx_memzero(&peer, sizeof(ngx_peer_connection_t));

    /* what fails is told once, by who has asked */

    log = *ngx_cycle->log;
    log.log_level = NGX_LOG_ALERT;

    peer.sockaddr = sockaddr;
    peer.socklen = socklen;
    peer.name = name;
    peer.get = ngx_event_get_peer;
    peer.log = &log;
    peer.log_error = NGX_ERROR_INFO;
    peer.type = SOCK_STREAM;

    ngx_thrift_link_set(&conf->pool->link, &peer);

    *rc = ngx_event_connect_peer(&peer);

    if (*rc != NGX_OK && *rc != NGX_AGAIN) {

        if (ngx_thrift_open_lacks_port(sockaddr, socklen, ngx_socket_errno)) {
            *rc = NGX_ERROR;
        }

        return NULL;
    }

    check = ngx_thrift_check_create(conf, peer.connection, name, data);

    if (check == NULL) {
        ngx_close_connection(peer.connection);
        *rc = NGX_ERROR;
        return NULL;
    }

    ngx_thrift_timer_set(&check->conn.timer, ngx_current_msec + conf->timeout);

    if (*rc == NGX_OK) {
        ngx_post_event(peer.connection->write, &ngx_posted_events);
    }

    return check;
}


static ngx_thrift_check_t *
ngx_thrift_check_create(ngx_thrift_check_conf_t *conf, ngx_connection_t *c,
    ngx_str_t *name, void *data)
{
    ngx_pool_t               *pool;
    ngx_thrift_check_t       *check;
    ngx_thrift_connection_t  *conn;

    pool = ngx_create_pool(sizeof(ngx_pool_t) + sizeof(ngx_thrift_check_t)
                           + NTHRIFT_MAX_HEAD, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    check = ngx_pcalloc(pool, sizeof(ngx_thrift_check_t));

    if (check == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    check->conf = conf;
    check->data = data;

    if (ngx_thrift_check_write_call(check, pool) != NGX_OK) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    conn = &check->conn;

    conn->connection = c;
    conn->pool = conf->pool;
    conn->name = *name;
    conn->log = *ngx_cycle->log;
    conn->log.log_level = NGX_LOG_ALERT;

    ngx_queue_init(&conn->attempts);
    ngx_thrift_timer_init(&conn->timer, ngx_thrift_check_timeout, check, NULL,
                          1);

    c->pool = pool;
    c->data = check;
    c->log = &conn->log;
    c->read->log = &conn->log;
    c->write->log = &conn->log;
    c->read->handler = ngx_thrift_check_event;
    c->write->handler = ngx_thrift_check_event;

    /* nginx tells of the end of the worker then */

    c->idle = 1;

    return check;
}


static ngx_int_t
ngx_thrift_check_write_call(ngx_thrift_check_t *check, ngx_pool_t *pool)
{
    nthrift_head_t            head;
    nthrift_rules_t          *rules;
    const nthrift_str_t      *empty;
    ngx_thrift_check_conf_t  *conf;

    conf = check->conf;

    ngx_memzero(&head, sizeof(nthrift_head_t));

    check->seqid = (ngx_thrift_random() & 0x7fffffff) | 1;

    head.transport = conf->transport;
    head.protocol = conf->protocol;
    head.write_lax = (uint8_t) conf->pool->lax;
    head.type = NTHRIFT_CALL;
    head.seqid = check->seqid;
    head.name.len = conf->name.len;
    head.name.data = conf->name.data;

    empty = &nthrift_protocols[head.protocol]->empty;

    check->pos = ngx_pnalloc(pool, nthrift_head_size(&head) + empty->len);

    if (check->pos == NULL) {
        return NGX_ERROR;
    }

    /* no arguments */

    check->end = nthrift_head_write(check->pos, &head, empty->len);
    check->end = ngx_cpymem(check->end, empty->data, empty->len);

    rules = &check->rules;

    rules->transport = conf->transport;
    rules->protocol = conf->protocol;
    rules->lax = (uint8_t) conf->pool->lax;
    rules->validate = 1;
    rules->unnamed = 1;
    rules->max_depth = NGX_THRIFT_CHECK_DEPTH;
    rules->max_frame = NGX_THRIFT_CHECK_REPLY;
    rules->max_header = NGX_THRIFT_CHECK_HEADER;
    rules->max_message = NGX_THRIFT_CHECK_REPLY;

    nthrift_message_start(&check->message);
    check->last = check->in;

    return NGX_OK;
}


void
ngx_thrift_check_cancel(ngx_thrift_check_t *check)
{
    ngx_uint_t         owed;
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = check->conn.connection;
    pool = c->pool;
    owed = check->conn.owed;

    ngx_thrift_timer_close(&check->conn.timer);

#if (NGX_SSL)
    ngx_thrift_ssl_close(&check->conn);
#endif

    if (owed) {
        ngx_thrift_linger_close(c);

    } else {
        ngx_close_connection(c);
    }

    ngx_destroy_pool(pool);
}


static void
ngx_thrift_check_event(ngx_event_t *ev)
{
    ngx_int_t            rc;
    ngx_connection_t    *c;
    ngx_thrift_check_t  *check;

    c = ev->data;
    check = c->data;

    if (c->close) {
        (void) ngx_thrift_check_end(check, NGX_ERROR, NULL, 0);
        return;
    }

#if (NGX_SSL)

    /* of an error reading will tell */

    if (check->conn.record.len) {
        (void) ngx_thrift_ssl_flush(&check->conn);
    }

#endif

    rc = NGX_OK;

    if (check->conn.state == NGX_THRIFT_OPENING) {
        rc = ngx_thrift_check_open(check);
    }

    if (rc == NGX_OK && check->pos != check->end) {
        rc = ngx_thrift_check_send(check);
    }

    if (rc == NGX_OK) {
        (void) ngx_thrift_check_read(check);
    }
}


static void
ngx_thrift_check_timeout(void *data)
{
    ngx_thrift_check_t  *check = data;

    if (check->conn.state == NGX_THRIFT_OPENING) {
        (void) ngx_thrift_check_end(check, NGX_BUSY,
                                    "it could not be reached in time",
                                    NGX_ETIMEDOUT);
        return;
    }

    (void) ngx_thrift_check_end(check, NGX_DECLINED,
                                "it did not answer in time", 0);
}


/* NGX_OK: it is open; NGX_AGAIN: not yet; NGX_DONE: it has ended. */

static ngx_int_t
ngx_thrift_check_open(ngx_thrift_check_t *check)
{
    ngx_int_t          rc;
    ngx_err_t          err;
    ngx_connection_t  *c;

    c = check->conn.connection;

#if (NGX_SSL)
    if (c->ssl == NULL)
#endif
    {
        if (!c->write->ready && !c->read->ready) {
            return NGX_AGAIN;
        }

        err = ngx_thrift_input_error(c);

        if (err) {
            return ngx_thrift_check_end(check, NGX_BUSY,
                                        "connect() failed", err);
        }
    }

    rc = ngx_thrift_link_open(&check->conn);

    switch (rc) {

    case NGX_OK:
        check->conn.state = NGX_THRIFT_OPEN;
        return NGX_OK;

    case NGX_AGAIN:
        return NGX_AGAIN;

    case NGX_DECLINED:
        return ngx_thrift_check_end(check, NGX_BUSY,
                                    ngx_thrift_check_unopened(check), 0);

    default:
        return ngx_thrift_check_end(check, NGX_ERROR, NULL, 0);
    }
}


static const char *
ngx_thrift_check_unopened(ngx_thrift_check_t *check)
{
#if (NGX_SSL)

    long               rc;
    ngx_connection_t  *c;

    c = check->conn.connection;

    if (c->ssl && check->conf->pool->ssl.verify) {
        rc = SSL_get_verify_result(c->ssl->connection);

        if (rc != X509_V_OK) {
            return X509_verify_cert_error_string(rc);
        }
    }

    if (c->ssl) {
        return c->ssl->handshaked ? "its SSL certificate has another name"
                                  : "SSL handshake failed";
    }

#else

    (void) check;

#endif

    return "could not send PROXY protocol header";
}


static ngx_int_t
ngx_thrift_check_send(ngx_thrift_check_t *check)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = check->conn.connection;

    while (check->pos != check->end) {
        n = c->send(c, check->pos, check->end - check->pos);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            return ngx_thrift_check_end(check, NGX_DECLINED,
                                        "it does not take the call", 0);
        }

        check->pos += n;
        check->conn.owed = 1;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return ngx_thrift_check_end(check, NGX_ERROR, NULL, 0);
    }

    return (check->pos == check->end) ? NGX_OK : NGX_AGAIN;
}


static ngx_int_t
ngx_thrift_check_read(ngx_thrift_check_t *check)
{
    ssize_t            n;
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = check->conn.connection;

    for ( ;; ) {
        n = c->recv(c, check->last,
                    check->in + NGX_THRIFT_CHECK_BUFFER - check->last);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0 || n == NGX_ERROR) {
            return ngx_thrift_check_end(check, NGX_DECLINED,
                                   "it closed the connection without an answer",
                                   0);
        }

        check->last += n;

        rc = ngx_thrift_check_received(check);

        if (rc != NGX_AGAIN) {
            return rc;
        }
    }

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return ngx_thrift_check_end(check, NGX_ERROR, NULL, 0);
    }

    return NGX_AGAIN;
}


/* Of a long body only so much is kept as is read at a time. */

static ngx_int_t
ngx_thrift_check_received(ngx_thrift_check_t *check)
{
    int             rc;
    const uint8_t  *p;

    p = check->in;

    rc = nthrift_message_read(&check->message, &check->rules, check->levels,
                              &p, check->last);

    if (rc == NTHRIFT_AGAIN) {

        if (p == check->last) {
            check->last = check->in;
        }

        return NGX_AGAIN;
    }

    if (rc != NTHRIFT_OK || check->message.error.text) {
        return ngx_thrift_check_end(check, NGX_DECLINED,
                                    check->message.error.text, 0);
    }

    return ngx_thrift_check_judge(check);
}


static ngx_int_t
ngx_thrift_check_judge(ngx_thrift_check_t *check)
{
    const char      *why;
    nthrift_head_t  *head;

    head = &check->message.head;
    why = NULL;

    check->conn.owed = 0;

    if (head->type != NTHRIFT_REPLY && head->type != NTHRIFT_EXCEPTION) {
        why = "its answer is neither a REPLY nor an EXCEPTION";

    } else if (head->type == NTHRIFT_EXCEPTION && check->conf->replies) {
        why = "it answered with an exception";

    } else if (head->seqid != check->seqid && check->conf->pool->check_seqid
               && (head->type != NTHRIFT_EXCEPTION || head->seqid != 0))
    {
        why = "its answer has another seqid";
    }

    return ngx_thrift_check_end(check, why ? NGX_DECLINED : NGX_OK, why, 0);
}


static ngx_int_t
ngx_thrift_check_end(ngx_thrift_check_t *check, ngx_int_t rc, const char *why,
    ngx_err_t err)
{
    void                     *data;
    ngx_thrift_check_conf_t  *conf;

    conf = check->conf;
    data = check->data;

    ngx_thrift_check_cancel(check);

    conf->done(data, rc, why, err);

    return NGX_DONE;
}
