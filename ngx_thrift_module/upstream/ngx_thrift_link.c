
/*
 * How connections are made: see ngx_thrift_link.h.  Called by
 * ngx_thrift_connection.c before it connects, and when it has.
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_link_introduce(ngx_thrift_connection_t *conn);


void
ngx_thrift_link_prepare(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_link_t      *link;
    ngx_peer_connection_t  *peer;

    peer = attempt->peer;
    link = &attempt->pool->link;

    peer->so_keepalive = link->keepalive;
    peer->local = link->local;

    if (attempt->identity && attempt->identity->local) {
        peer->local = attempt->identity->local;
    }

#if (NGX_HAVE_TRANSPARENT_PROXY)
    peer->transparent = link->transparent;
#endif
}


ngx_int_t
ngx_thrift_link_open(ngx_thrift_connection_t *conn)
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
    ngx_thrift_attempt_t  *attempt;
    u_char                 buf[NGX_PROXY_PROTOCOL_MAX_HEADER];

    if (!conn->pool->link.proxy_protocol) {
        return NGX_OK;
    }

    c = conn->connection;
    attempt = ngx_thrift_connection_first(conn);

    if (attempt == NULL) {
        return NGX_DECLINED;
    }

    last = attempt->call->balancer->introduce(attempt, buf, buf + sizeof(buf));

    if (last == NULL) {
        return NGX_ERROR;
    }

    size = last - buf;
    n = c->send(c, buf, size);

    if (n == size) {
        return NGX_OK;
    }

    /* the specification has the sender make sure of that */

    if (n != NGX_ERROR) {
        ngx_log_error(ngx_thrift_pool_level(conn->pool), c->log, 0,
                      "could not send PROXY protocol header at once");
    }

    return NGX_DECLINED;
}
