/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Servers in a tree, by address and dialect.  Called by ngx_thrift_pick.c
 * and ngx_thrift_pool.c: a pool has those with connections for everybody, a
 * client those with its own.
 */

#include "ngx_thrift.h"


static ngx_thrift_server_t **ngx_thrift_server_recent(
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_server_is_meant(ngx_thrift_server_t *server,
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_server_place(struct sockaddr *sockaddr,
    socklen_t socklen);
static ngx_inline ngx_int_t ngx_thrift_dialect_compare(
    ngx_thrift_dialect_t *one, ngx_thrift_dialect_t *two);
static ngx_uint_t ngx_thrift_server_hash(ngx_thrift_server_t *key);
static ngx_int_t ngx_thrift_server_compare(ngx_thrift_server_t *one,
    ngx_thrift_server_t *two);
static void ngx_thrift_server_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);


void
ngx_thrift_server_join(ngx_thrift_server_t *server,
    ngx_thrift_connection_t *conn)
{
    conn->server = server;
    server->nconns++;
}


void
ngx_thrift_server_leave(ngx_thrift_connection_t *conn)
{
    ngx_thrift_server_t  *server, **recent;

    server = conn->server;
    conn->server = NULL;

    if (conn->takes) {
        conn->takes = 0;
        ngx_queue_remove(&conn->taker);
    }

    if (server->latest == conn) {
        server->latest = NULL;
    }

    if (--server->nconns == 0) {
        recent = &server->pool->recent[ngx_thrift_server_place(
                                           &server->sockaddr.sockaddr,
                                           server->socklen)];
        if (*recent == server) {
            *recent = NULL;
        }

        ngx_rbtree_delete(&server->servers->tree, &server->node);
        ngx_free(server);
    }
}


ngx_thrift_server_t *
ngx_thrift_server_get(ngx_thrift_servers_t *servers, ngx_thrift_server_t *key)
{
    ngx_str_t            *identity;
    ngx_thrift_server_t  *server;

    server = ngx_thrift_server_find(servers, key);

    if (server) {
        return server;
    }

    identity = &key->dialect.identity;

    server = ngx_alloc(sizeof(ngx_thrift_server_t) + identity->len,
                       ngx_cycle->log);
    if (server == NULL) {
        return NULL;
    }

    *server = *key;

    if (identity->len) {
        server->dialect.identity.data = (u_char *) (server + 1);
        ngx_memcpy(server + 1, identity->data, identity->len);
    }

    server->servers = servers;
    server->nconns = 0;
    server->latest = NULL;
    ngx_queue_init(&server->idle);
    ngx_queue_init(&server->takers);

    ngx_rbtree_insert(&servers->tree, &server->node);

    return server;
}


ngx_thrift_server_t *
ngx_thrift_server_find(ngx_thrift_servers_t *servers, ngx_thrift_server_t *key)
{
    ngx_int_t           rc;
    ngx_rbtree_node_t  *node, *sentinel;

    node = servers->tree.root;
    sentinel = servers->tree.sentinel;

    while (node != sentinel) {
        rc = ngx_thrift_server_compare(key, (ngx_thrift_server_t *) node);

        if (rc == 0) {
            return (ngx_thrift_server_t *) node;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


ngx_thrift_server_t *
ngx_thrift_server_find_recent(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_server_t  *server;

    server = *ngx_thrift_server_recent(attempt);

    return (server && ngx_thrift_server_is_meant(server, attempt))
           ? server : ngx_thrift_server_search(attempt);
}


ngx_thrift_server_t *
ngx_thrift_server_search(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_pool_t    *pool;
    ngx_thrift_server_t   key, *server;

    pool = attempt->pool;

    ngx_thrift_server_key_of(&key, attempt);

    server = ngx_thrift_server_find(&pool->servers, &key);

    if (server) {
        *ngx_thrift_server_recent(attempt) = server;
    }

    return server;
}


/* Where it stands among those that were found last, if it is one. */

static ngx_thrift_server_t **
ngx_thrift_server_recent(ngx_thrift_attempt_t *attempt)
{
    ngx_peer_connection_t  *peer;

    peer = attempt->peer;

    return &attempt->pool->recent[ngx_thrift_server_place(peer->sockaddr,
                                                          peer->socklen)];
}


static ngx_uint_t
ngx_thrift_server_is_meant(ngx_thrift_server_t *server,
    ngx_thrift_attempt_t *attempt)
{
    ngx_peer_connection_t  *peer;

    peer = attempt->peer;

    return server->socklen == peer->socklen
           && ngx_memcmp(&server->sockaddr, peer->sockaddr, peer->socklen) == 0
           && ngx_thrift_dialect_compare(&server->dialect, &attempt->dialect)
              == 0;
}


/* By what differs between most: the ends of port and address. */

static ngx_uint_t
ngx_thrift_server_place(struct sockaddr *sockaddr, socklen_t socklen)
{
    u_char  *p;

    p = (u_char *) sockaddr;

    return (socklen < sizeof(struct sockaddr_in))
           ? 0 : (p[3] ^ p[7]) & (NGX_THRIFT_SERVERS_RECENT - 1);
}


void
ngx_thrift_server_key(ngx_thrift_server_t *key, ngx_thrift_pool_t *pool,
    struct sockaddr *sockaddr, socklen_t socklen,
    ngx_thrift_dialect_t *dialect)
{
    key->pool = pool;
    key->dialect = *dialect;
    key->socklen = socklen;
    ngx_memcpy(&key->sockaddr, sockaddr, socklen);

    key->node.key = ngx_thrift_server_hash(key);
}


void
ngx_thrift_server_key_of(ngx_thrift_server_t *key,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_server_key(key, attempt->pool, attempt->peer->sockaddr,
                          attempt->peer->socklen, &attempt->dialect);
}


static ngx_uint_t
ngx_thrift_server_hash(ngx_thrift_server_t *key)
{
    ngx_uint_t  hash;

    hash = ngx_hash_key((u_char *) &key->sockaddr, key->socklen);
    hash ^= ngx_hash_key(key->dialect.identity.data, key->dialect.identity.len);

    return hash ^ key->dialect.transport << 4 ^ key->dialect.protocol;
}


static ngx_int_t
ngx_thrift_server_compare(ngx_thrift_server_t *one, ngx_thrift_server_t *two)
{
    ngx_int_t  rc;

    if (one->node.key != two->node.key) {
        return (one->node.key < two->node.key) ? -1 : 1;
    }

    if (one->pool != two->pool) {
        return (one->pool < two->pool) ? -1 : 1;
    }

    rc = ngx_thrift_dialect_compare(&one->dialect, &two->dialect);

    if (rc != 0) {
        return rc;
    }

    return ngx_memn2cmp((u_char *) &one->sockaddr, (u_char *) &two->sockaddr,
                        one->socklen, two->socklen);
}


static ngx_inline ngx_int_t
ngx_thrift_dialect_compare(ngx_thrift_dialect_t *one,
    ngx_thrift_dialect_t *two)
{
    if (one->transport != two->transport) {
        return (one->transport < two->transport) ? -1 : 1;
    }

    if (one->protocol != two->protocol) {
        return (one->protocol < two->protocol) ? -1 : 1;
    }

    if (one->identity.len == 0 && two->identity.len == 0) {
        return 0;
    }

    return ngx_memn2cmp(one->identity.data, two->identity.data,
                        one->identity.len, two->identity.len);
}


void
ngx_thrift_server_init_all(ngx_thrift_servers_t *servers)
{
    ngx_rbtree_init(&servers->tree, &servers->sentinel,
                    ngx_thrift_server_insert);
}


static void
ngx_thrift_server_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t  **p;

    for ( ;; ) {
        p = (ngx_thrift_server_compare((ngx_thrift_server_t *) node,
                                       (ngx_thrift_server_t *) temp) < 0)
            ? &temp->left : &temp->right;

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}
