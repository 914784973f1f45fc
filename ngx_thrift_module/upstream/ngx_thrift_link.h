/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How connections to servers are made, before anything is spoken on them: from
 * which address, with which options, and with whose PROXY protocol header.
 */

#ifndef _NGX_THRIFT_LINK_H_INCLUDED_
#define _NGX_THRIFT_LINK_H_INCLUDED_


/* Of all connections of a pool. */

typedef struct {
    ngx_addr_t            *local;           /* NULL: any address */
    ngx_uint_t             transparent;     /* it need not be the machine's */
    ngx_uint_t             keepalive;       /* SO_KEEPALIVE */
    ngx_uint_t             proxy_protocol;  /* each connection is one client's,
                                               and begins with its address */
} ngx_thrift_link_t;


/*
 * What a call says of its connection where the pool leaves it open, as it has
 * variables.  A connection is used by calls that say the same only.
 */

typedef struct {
    ngx_addr_t            *local;           /* NULL: the pool's */
    ngx_str_t              name;            /* of the server, for TLS; NULL:
                                               the pool's */
    ngx_str_t              certificate;     /* empty: the pool's */
    ngx_str_t              certificate_key;
} ngx_thrift_identity_t;


/*
 * Sets what ngx_event_connect_peer() is to do besides connecting: for an
 * attempt, and for any connection of a pool.
 */
void ngx_thrift_link_prepare(ngx_thrift_attempt_t *attempt);
void ngx_thrift_link_set(ngx_thrift_link_t *link, ngx_peer_connection_t *peer);

/*
 * Goes on with what comes between a connection that its server has accepted and
 * its first call: PROXY protocol, and TLS.  NGX_OK: nothing more; NGX_AGAIN: it
 * is called again when something has come; NGX_DECLINED: it failed, and the log
 * says why; NGX_ERROR: no memory, or no certificate of our own.  When it fails
 * with something of the client whose call has opened it, a name, a certificate
 * or its address, attempt->unproven says so.
 */
ngx_int_t ngx_thrift_link_open(ngx_thrift_connection_t *conn);


#endif /* _NGX_THRIFT_LINK_H_INCLUDED_ */
