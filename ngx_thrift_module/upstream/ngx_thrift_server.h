/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The servers that connections lead to: an address, in a dialect.
 */

#ifndef _NGX_THRIFT_SERVER_H_INCLUDED_
#define _NGX_THRIFT_SERVER_H_INCLUDED_


/* What is spoken on a connection. */

typedef struct {
    unsigned               transport;   /* nthrift_transport_e */
    unsigned               protocol;    /* nthrift_protocol_e */
    ngx_str_t              identity;    /* ngx_thrift_identity_t; empty: the
                                           pool's */
} ngx_thrift_dialect_t;


/* Servers, found by address and dialect; of different pools in a client's. */

typedef struct {
    ngx_rbtree_t           tree;        /* ngx_thrift_server_t */
    ngx_rbtree_node_t      sentinel;
} ngx_thrift_servers_t;


/* Those of a pool that were found last: most calls need none but these. */

#define NGX_THRIFT_SERVERS_RECENT  8    /* a power of 2 */


/*
 * The connections to one address in one dialect, either everybody's or one
 * client's.  It lives as long as one of them does.
 */

typedef struct {
    ngx_rbtree_node_t      node;
    ngx_thrift_servers_t  *servers;     /* the pool's, or a client's */
    ngx_thrift_pool_t     *pool;
    ngx_thrift_address_t  *address;
    ngx_thrift_dialect_t   dialect;
    ngx_queue_t            idle;        /* last used first */
    ngx_queue_t            takers;      /* busy ones that take one more */
    ngx_thrift_connection_t  *latest;   /* of them, that took one last */
    ngx_uint_t             nconns;      /* idle and busy */
    socklen_t              socklen;
    ngx_sockaddr_t         sockaddr;
} ngx_thrift_server_t;


void ngx_thrift_server_init_all(ngx_thrift_servers_t *servers);

/* Makes the key that a server is found by, in a place of the caller's. */
void ngx_thrift_server_key(ngx_thrift_server_t *key, ngx_thrift_pool_t *pool,
    struct sockaddr *sockaddr, socklen_t socklen,
    ngx_thrift_dialect_t *dialect);

/* That of the server which the attempt is to have a connection to. */
void ngx_thrift_server_key_of(ngx_thrift_server_t *key,
    ngx_thrift_attempt_t *attempt);

/* The server of that key, or NULL. */
ngx_thrift_server_t *ngx_thrift_server_find(ngx_thrift_servers_t *servers,
    ngx_thrift_server_t *key);

/*
 * The pool's server for everybody that the attempt is to have a connection to,
 * or NULL; without a key, when it is one of those that were found last.
 */
ngx_thrift_server_t *ngx_thrift_server_find_recent(
    ngx_thrift_attempt_t *attempt);

/* The same with a key: it is one of those that were found last then. */
ngx_thrift_server_t *ngx_thrift_server_search(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;

/* The same as the first, made if there is none; NULL: no memory. */
ngx_thrift_server_t *ngx_thrift_server_get(ngx_thrift_servers_t *servers,
    ngx_thrift_server_t *key);

/* A connection is the server's, or is no more; the last one takes it along. */
void ngx_thrift_server_join(ngx_thrift_server_t *server,
    ngx_thrift_connection_t *conn);
void ngx_thrift_server_leave(ngx_thrift_connection_t *conn);


#endif /* _NGX_THRIFT_SERVER_H_INCLUDED_ */
