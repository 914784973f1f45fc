/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * TLS towards servers: handshake, sessions, sending.  Called by
 * ngx_thrift_connection.c; receiving is nginx's own.
 *
 * OpenSSL writes whole records.  One that it could not write is encrypted by
 * then, and has to be the next one: nothing can be taken back of what it was
 * given.  So what it was given counts as sent, as for a socket what the kernel
 * has taken, and it is kept here until it was written.
 */

#include "ngx_thrift.h"


#if (NGX_SSL)

#define NGX_THRIFT_SSL_RECORD  16384        /* bytes, RFC 8446, section 5.1 */

#define NGX_THRIFT_SSL_SESSIONS  256        /* of a pool; variables may name
                                               many addresses */

typedef struct {
    ngx_queue_t         queue;              /* last used first */
    ngx_ssl_session_t  *session;
    socklen_t           socklen;
    ngx_sockaddr_t      sockaddr;
} ngx_thrift_ssl_session_t;


static void ngx_thrift_ssl_failed(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_ssl_begin(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_ssl_start(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_ssl_start_session(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_ssl_load_certificate(
    ngx_thrift_connection_t *conn, ngx_thrift_identity_t *identity);
static ngx_int_t ngx_thrift_ssl_set_name(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_ssl_set_certificate(ngx_thrift_connection_t *conn,
    ngx_thrift_identity_t *identity);
static ngx_int_t ngx_thrift_ssl_finish(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_ssl_verify(ngx_thrift_connection_t *conn);
static void ngx_thrift_ssl_save_session(ngx_connection_t *c);
static ngx_thrift_ssl_session_t *ngx_thrift_ssl_find_session(
    ngx_thrift_connection_t *conn);
static ngx_thrift_ssl_session_t *ngx_thrift_ssl_create_session(
    ngx_thrift_connection_t *conn);
static void ngx_thrift_ssl_free_session(ngx_thrift_ssl_t *ssl);
static ssize_t ngx_thrift_ssl_send(ngx_connection_t *c, u_char *buf,
    size_t size);
static ngx_int_t ngx_thrift_ssl_keep(ngx_thrift_connection_t *conn, u_char *buf,
    size_t size);
static ngx_chain_t *ngx_thrift_ssl_send_chain(ngx_connection_t *c,
    ngx_chain_t *in, off_t limit);
static ngx_chain_t *ngx_thrift_ssl_behind(ngx_chain_t *in, size_t n);
static size_t ngx_thrift_ssl_gather(ngx_chain_t *in);


static u_char  ngx_thrift_ssl_record[NGX_THRIFT_SSL_RECORD];


void
ngx_thrift_ssl_init(ngx_thrift_ssl_t *ssl)
{
    ngx_queue_init(&ssl->sessions);
}


void
ngx_thrift_ssl_destroy(ngx_thrift_ssl_t *ssl)
{
    while (!ngx_queue_empty(&ssl->sessions)) {
        ngx_thrift_ssl_free_session(ssl);
    }
}


ngx_int_t
ngx_thrift_ssl_handshake(ngx_thrift_connection_t *conn)
{
    ngx_int_t             rc;
    ngx_event_handler_pt  read, write;
    ngx_connection_t     *c;

    c = conn->connection;

    if (conn->pool->ssl.context == NULL) {
        return NGX_OK;
    }

    if (c->ssl == NULL && ngx_thrift_ssl_begin(conn) != NGX_OK) {
        return NGX_ERROR;
    }

    /* its handlers stay its own */

    read = c->read->handler;
    write = c->write->handler;

    rc = ngx_ssl_handshake(c);

    c->read->handler = read;
    c->write->handler = write;

    if (rc == NGX_OK) {
        return ngx_thrift_ssl_finish(conn);
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_thrift_ssl_failed(conn);

    return NGX_DECLINED;
}


/* The log has it; whoever checks a server tells that it has failed. */

static void
ngx_thrift_ssl_failed(ngx_thrift_connection_t *conn)
{
    if (conn->server) {
        (void) ngx_thrift_pool_level(conn->pool, NGX_THRIFT_POOL_OPEN);
    }
}


/* A name, or a certificate, of a call's variables may be none. */

static ngx_int_t
ngx_thrift_ssl_begin(ngx_thrift_connection_t *conn)
{
    ngx_int_t   rc;
    ngx_uint_t  level;

    level = ngx_thrift_pool_hush(conn->pool, NGX_THRIFT_POOL_OPEN, &conn->log);

    rc = ngx_thrift_ssl_start(conn);

    conn->log.log_level = level;

    if (rc != NGX_OK) {
        ngx_thrift_ssl_failed(conn);
    }

    return rc;
}


static ngx_int_t
ngx_thrift_ssl_start(ngx_thrift_connection_t *conn)
{
    ngx_connection_t       *c;
    ngx_thrift_ssl_t       *ssl;
    ngx_thrift_attempt_t   *attempt;
    ngx_thrift_identity_t  *identity;

    c = conn->connection;
    ssl = &conn->pool->ssl;
    identity = NULL;

    /* it may be opened before there is a call for it */

    attempt = ngx_thrift_connection_first(conn);

    if (attempt) {
        identity = attempt->identity;
        attempt->call->log->action = "SSL handshaking to upstream";
    }

    if (ngx_ssl_create_connection(ssl->context, c, NGX_SSL_CLIENT) != NGX_OK) {
        return NGX_ERROR;
    }

    (void) SSL_set_mode(c->ssl->connection,
                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    conn->ssl_name = ssl->name;

    if (identity
        && ngx_thrift_ssl_set_certificate(conn, identity) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ssl->server_name && ngx_thrift_ssl_set_name(conn) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a check is none of its server's connections */

    return (ssl->session_reuse && conn->server)
           ? ngx_thrift_ssl_start_session(conn) : NGX_OK;
}


/* What the call's variables say, and not the pool. */

static ngx_int_t
ngx_thrift_ssl_set_certificate(ngx_thrift_connection_t *conn,
    ngx_thrift_identity_t *identity)
{
    ngx_connection_t  *c;

    c = conn->connection;

    if (identity->name.data) {
        conn->ssl_name.len = identity->name.len;
        conn->ssl_name.data = ngx_pnalloc(c->pool, identity->name.len + 1);

        if (conn->ssl_name.data == NULL) {
            return NGX_ERROR;
        }

        *ngx_cpymem(conn->ssl_name.data, identity->name.data,
                    identity->name.len) = '\0';
    }

    if (identity->certificate.len == 0) {
        return NGX_OK;
    }

    return ngx_thrift_ssl_load_certificate(conn, identity);
}


/* nginx itself would log it as it is, and a key, too. */

static ngx_int_t
ngx_thrift_ssl_load_certificate(ngx_thrift_connection_t *conn,
    ngx_thrift_identity_t *identity)
{
    ngx_int_t          rc;
    ngx_uint_t         level, is_data;
    ngx_connection_t  *c;

    c = conn->connection;
    level = c->log->log_level;

    is_data = ngx_thrift_ssl_is_data(&identity->certificate)
              || ngx_thrift_ssl_is_data(&identity->certificate_key);

    if (is_data) {
        c->log->log_level = ngx_min(level, NGX_LOG_ALERT);
    }

    rc = ngx_ssl_connection_certificate(c, c->pool, &identity->certificate,
                                        &identity->certificate_key,
#if (NGX_THRIFT_SSL_CACHE)
                                        conn->pool->ssl.cache,
#endif
                                        conn->pool->ssl.passwords);

    c->log->log_level = level;

    if (rc != NGX_OK && is_data) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "cannot load certificate \"data:...\", or its key");
    }

    return rc;
}


/* RFC 6066: literal addresses are not permitted in it. */

static ngx_int_t
ngx_thrift_ssl_set_name(ngx_thrift_connection_t *conn)
{
    u_char             text[NGX_THRIFT_ESCAPE_SIZE], *last;
    ngx_str_t         *name;
    ngx_connection_t  *c;

    c = conn->connection;
    name = &conn->ssl_name;

    if (name->len == 0 || *name->data == '['
        || ngx_inet_addr(name->data, name->len) != INADDR_NONE)
    {
        return NGX_OK;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift upstream SSL server name: \"%s\"", name->data);

    if (SSL_set_tlsext_host_name(c->ssl->connection, (char *) name->data)
        == 0)
    {
        last = ngx_thrift_escape(text, text + sizeof(text), name->data,
                                 name->len);

        ngx_ssl_error(NGX_LOG_ERR, c->log, 0,
                      "SSL_set_tlsext_host_name(\"%*s\") failed",
                      (size_t) (last - text), text);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Sessions are the pool's, one for each address, and not those of the
 * balancer's servers: between calls none is held, and for a client that is
 * pinned there is none, but TLS 1.3 brings sessions whenever it likes.
 */

static ngx_int_t
ngx_thrift_ssl_start_session(ngx_thrift_connection_t *conn)
{
    ngx_thrift_ssl_session_t  *session;

    conn->connection->ssl->save_session = ngx_thrift_ssl_save_session;

    session = ngx_thrift_ssl_find_session(conn);

    return session ? ngx_ssl_set_session(conn->connection, session->session)
                   : NGX_OK;
}


static void
ngx_thrift_ssl_save_session(ngx_connection_t *c)
{
    ngx_ssl_session_t         *new;
    ngx_thrift_connection_t   *conn;
    ngx_thrift_ssl_session_t  *session;

    conn = c->data;

    session = ngx_thrift_ssl_find_session(conn);

    if (session == NULL) {
        session = ngx_thrift_ssl_create_session(conn);
    }

    new = session ? ngx_ssl_get_session(c) : NULL;

    if (new == NULL) {
        return;
    }

    if (session->session) {
        ngx_ssl_free_session(session->session);
    }

    session->session = new;
}


/* That of the connection's server, which is the first then; or NULL. */

static ngx_thrift_ssl_session_t *
ngx_thrift_ssl_find_session(ngx_thrift_connection_t *conn)
{
    ngx_queue_t               *q, *sessions;
    ngx_thrift_server_t       *server;
    ngx_thrift_ssl_session_t  *session;

    server = conn->server;
    sessions = &conn->pool->ssl.sessions;

    for (q = ngx_queue_head(sessions);
         q != ngx_queue_sentinel(sessions);
         q = ngx_queue_next(q))
    {
        session = ngx_queue_data(q, ngx_thrift_ssl_session_t, queue);

        if (ngx_memn2cmp((u_char *) &session->sockaddr,
                         (u_char *) &server->sockaddr,
                         session->socklen, server->socklen)
            == 0)
        {
            ngx_queue_remove(q);
            ngx_queue_insert_head(sessions, q);

            return session;
        }
    }

    return NULL;
}


/* When there are too many, the one that was used least recently goes. */

static ngx_thrift_ssl_session_t *
ngx_thrift_ssl_create_session(ngx_thrift_connection_t *conn)
{
    ngx_thrift_ssl_t          *ssl;
    ngx_thrift_server_t       *server;
    ngx_thrift_ssl_session_t  *session;

    ssl = &conn->pool->ssl;
    server = conn->server;

    if (ssl->nsessions == NGX_THRIFT_SSL_SESSIONS) {
        ngx_thrift_ssl_free_session(ssl);
    }

    session = ngx_calloc(sizeof(ngx_thrift_ssl_session_t), ngx_cycle->log);
    if (session == NULL) {
        return NULL;
    }

    session->socklen = server->socklen;
    ngx_memcpy(&session->sockaddr, &server->sockaddr, server->socklen);

    ngx_queue_insert_head(&ssl->sessions, &session->queue);
    ssl->nsessions++;

    return session;
}


static void
ngx_thrift_ssl_free_session(ngx_thrift_ssl_t *ssl)
{
    ngx_queue_t               *q;
    ngx_thrift_ssl_session_t  *session;

    q = ngx_queue_last(&ssl->sessions);
    session = ngx_queue_data(q, ngx_thrift_ssl_session_t, queue);

    ngx_queue_remove(q);
    ssl->nsessions--;

    if (session->session) {
        ngx_ssl_free_session(session->session);
    }

    ngx_free(session);
}


static ngx_int_t
ngx_thrift_ssl_finish(ngx_thrift_connection_t *conn)
{
    ngx_connection_t  *c;

    c = conn->connection;

    if (conn->pool->ssl.verify && ngx_thrift_ssl_verify(conn) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift connection %uA: %s%s", c->number,
                   SSL_get_version(c->ssl->connection),
                   SSL_session_reused(c->ssl->connection) ? ", reused" : "");

    c->send = ngx_thrift_ssl_send;
    c->send_chain = ngx_thrift_ssl_send_chain;

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_ssl_verify(ngx_thrift_connection_t *conn)
{
    long               rc;
    u_char             name[NGX_THRIFT_ESCAPE_SIZE], *last;
    ngx_connection_t  *c;

    c = conn->connection;

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc == X509_V_OK && ngx_ssl_check_host(c, &conn->ssl_name) == NGX_OK) {
        return NGX_OK;
    }

    if (conn->server == NULL) {
        return NGX_ERROR;
    }

    if (rc != X509_V_OK) {
        ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_OPEN, c->log, 0,
                             "upstream SSL certificate verify error: (%l:%s)",
                             rc, X509_verify_cert_error_string(rc));

    } else {
        last = ngx_thrift_escape(name, name + sizeof(name),
                                 conn->ssl_name.data, conn->ssl_name.len);

        ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_OPEN, c->log, 0,
                             "upstream SSL certificate does not match \"%*s\"",
                             (size_t) (last - name), name);
    }

    return NGX_ERROR;
}


ngx_uint_t
ngx_thrift_ssl_alive(ngx_connection_t *c)
{
    u_char  byte[1];

    /* why it ended between calls is of no interest */

    c->log_error = NGX_ERROR_INFO;

    return c->recv(c, byte, 1) == NGX_AGAIN
           && ngx_handle_read_event(c->read, 0) == NGX_OK;
}


/* As many bytes of one record as there are, or none. */

static ssize_t
ngx_thrift_ssl_send(ngx_connection_t *c, u_char *buf, size_t size)
{
    ssize_t                   n;
    ngx_int_t                 rc;
    ngx_thrift_connection_t  *conn;

    conn = c->data;

    rc = ngx_thrift_ssl_flush(conn);

    if (rc != NGX_OK) {
        return rc;
    }

    size = ngx_min(size, NGX_THRIFT_SSL_RECORD);

    n = ngx_ssl_write(c, buf, size);

    if (n != NGX_AGAIN) {
        return n;
    }

    /* whatever it waits for */

    c->write->ready = 0;

    if (ngx_thrift_ssl_keep(conn, buf, size) != NGX_OK) {
        return NGX_ERROR;
    }

    c->sent += size;

    return size;
}


static ngx_int_t
ngx_thrift_ssl_keep(ngx_thrift_connection_t *conn, u_char *buf, size_t size)
{
    conn->record.data = ngx_alloc(size, conn->connection->log);

    if (conn->record.data == NULL) {
        conn->connection->write->error = 1;
        return NGX_ERROR;
    }

    conn->record.len = size;
    ngx_memcpy(conn->record.data, buf, size);

    return NGX_OK;
}


ngx_int_t
ngx_thrift_ssl_flush(ngx_thrift_connection_t *conn)
{
    off_t              sent;
    ssize_t            n;
    ngx_connection_t  *c;

    c = conn->connection;

    if (conn->record.len == 0) {
        return NGX_OK;
    }

    /* it was told of when it happened */

    if (c->write->error) {
        return NGX_ERROR;
    }

    /* it was counted when it was taken */

    sent = c->sent;

    n = ngx_ssl_write(c, conn->record.data, conn->record.len);

    c->sent = sent;

    if (n == NGX_AGAIN) {
        c->write->ready = 0;
        return NGX_AGAIN;
    }

    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    ngx_free(conn->record.data);
    ngx_str_null(&conn->record);

    return ngx_handle_write_event(c->write, 0);
}


/* Small buffers go out in one record. */

static ngx_chain_t *
ngx_thrift_ssl_send_chain(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    size_t      size;
    ssize_t     n;
    ngx_buf_t  *b;

    in = ngx_thrift_ssl_behind(in, 0);

    while (in && c->write->ready) {
        b = in->buf;
        size = b->last - b->pos;

        if (in->next == NULL || size >= NGX_THRIFT_SSL_RECORD) {
            n = c->send(c, b->pos, size);

        } else {
            size = ngx_thrift_ssl_gather(in);
            n = c->send(c, ngx_thrift_ssl_record, size);
        }

        if (n == NGX_ERROR) {
            return NGX_CHAIN_ERROR;
        }

        if (n == NGX_AGAIN) {
            break;
        }

        in = ngx_thrift_ssl_behind(in, n);
    }

    return in;
}


/* `n` bytes of it are gone: what is left. */

static ngx_chain_t *
ngx_thrift_ssl_behind(ngx_chain_t *in, size_t n)
{
    size_t      size;
    ngx_buf_t  *b;

    for ( /* void */ ; in; in = in->next) {
        b = in->buf;
        size = ngx_min(n, (size_t) (b->last - b->pos));

        b->pos += size;
        n -= size;

        if (b->pos != b->last) {
            break;
        }
    }

    return in;
}


static size_t
ngx_thrift_ssl_gather(ngx_chain_t *in)
{
    size_t   size;
    u_char  *p, *last;

    p = ngx_thrift_ssl_record;
    last = p + NGX_THRIFT_SSL_RECORD;

    for ( /* void */ ; in && p < last; in = in->next) {
        size = ngx_min(in->buf->last - in->buf->pos, last - p);
        p = ngx_cpymem(p, in->buf->pos, size);
    }

    return p - ngx_thrift_ssl_record;
}


void
ngx_thrift_ssl_close(ngx_thrift_connection_t *conn)
{
    ngx_connection_t  *c;

    c = conn->connection;

    if (c->ssl == NULL) {
        return;
    }

    /* an alert cannot go before a record that was not sent */

    if (conn->record.len) {
        ngx_free(conn->record.data);
        c->ssl->no_send_shutdown = 1;
    }

    c->ssl->no_wait_shutdown = 1;

    if (ngx_ssl_shutdown(c) == NGX_AGAIN) {

        /* nothing can be sent: without saying goodbye, then */

        c->ssl->no_send_shutdown = 1;
        (void) ngx_ssl_shutdown(c);
    }
}

#endif
