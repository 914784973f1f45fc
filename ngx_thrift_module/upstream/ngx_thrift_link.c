/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How connections are made: see ngx_thrift_link.h.  Called by
 * ngx_thrift_open.c before it connects, and when it has.
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_link_begin(ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_link_introduce(ngx_thrift_connection_t *conn);
static u_char *ngx_thrift_link_write_header(ngx_thrift_connection_t *conn,
    u_char *buf, u_char *last);


void
ngx_thrift_link_prepare(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_link_set(&attempt->pool->link, attempt->peer);

    if (attempt->identity && attempt->identity->local) {
        attempt->peer->local = attempt->identity->local;

        /* that nothing comes back there may be the client's own doing */

        attempt->unproven = 1;
    }
}


void
ngx_thrift_link_set(ngx_thrift_link_t *link, ngx_peer_connection_t *peer)
{
    peer->so_keepalive = link->keepalive;
    peer->local = link->local;

#if (NGX_HAVE_TRANSPARENT_PROXY)
    peer->transparent = link->transparent;
#endif
}


ngx_int_t
ngx_thrift_link_open(ngx_thrift_connection_t *conn)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    rc = ngx_thrift_link_begin(conn);

    if (rc == NGX_OK || rc == NGX_AGAIN) {
        return rc;
    }

    attempt = ngx_thrift_connection_first(conn);

    if (attempt && (attempt->identity || conn->pool->link.proxy_protocol)) {
        attempt->unproven = 1;
    }

    return rc;
}


static ngx_int_t
ngx_thrift_link_begin(ngx_thrift_connection_t *conn)
{
    ngx_int_t  rc;

#if (NGX_SSL)
    if (conn->connection->ssl) {
        return ngx_thrift_ssl_handshake(conn);
    }
#endif

    rc = ngx_thrift_link_introduce(conn);

#if (NGX_SSL)
    if (rc == NGX_OK) {
        return ngx_thrift_ssl_handshake(conn);
    }
#endif

    return rc;
}


static ngx_int_t
ngx_thrift_link_introduce(ngx_thrift_connection_t *conn)
{
    u_char                *last;
    ssize_t                n, size;
    ngx_connection_t      *c;
    u_char                 buf[NGX_PROXY_PROTOCOL_MAX_HEADER];

    if (!conn->pool->link.proxy_protocol) {
        return NGX_OK;
    }

    c = conn->connection;

    last = ngx_thrift_link_write_header(conn, buf, buf + sizeof(buf));

    if (last == NULL) {
        return NGX_ERROR;
    }

    size = last - buf;
    n = c->send(c, buf, size);

    if (n == size) {
        return NGX_OK;
    }

    /* the specification has the sender make sure of that */

    if (n != NGX_ERROR && conn->server) {
        ngx_thrift_pool_tell(conn->pool, NGX_THRIFT_POOL_OPEN, c->log, 0,
                             "could not send PROXY protocol header at once");
    }

    return NGX_DECLINED;
}


/* A connection that nobody's call has opened is not for anybody. */

static u_char *
ngx_thrift_link_write_header(ngx_thrift_connection_t *conn, u_char *buf,
    u_char *last)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_connection_first(conn);

    return attempt ? attempt->call->balancer->introduce(attempt, buf, last)
                   : ngx_cpymem(buf, "PROXY UNKNOWN" CRLF,
                                sizeof("PROXY UNKNOWN" CRLF) - 1);
}
