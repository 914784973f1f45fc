/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_detect.h.  Called by ngx_thrift_dialect.c for calls, by
 * ngx_thrift_health.c for checks and by ngx_thrift_warm.c for connections that
 * are opened ahead; each question is an ngx_thrift_check.c.
 */

#include "ngx_thrift.h"


/* A dialect as other workers read it; not 0. */

#define ngx_thrift_detect_number(check)                                       \
    ((check)->transport << 8 | (check)->protocol)


typedef struct {
    ngx_rbtree_node_t            node;
    ngx_queue_t                  queue;
    ngx_thrift_detect_t         *detect;
    ngx_thrift_check_t          *check;     /* on its way, or NULL */
    ngx_uint_t                   dialect;   /* asked in, while it is */
    ngx_uint_t                   tried;     /* so many */
    ngx_uint_t                   known;     /* number of the one it speaks, from
                                               1; 0: unknown */
    ngx_uint_t                   mute;      /* it has answered in none */
    ngx_msec_t                   asked;     /* when, last */
    ngx_thrift_shared_server_t  *shared;    /* NULL: none is */
    ngx_queue_t                  waiting;   /* ngx_thrift_detect_wait_t */
    ngx_str_t                    name;
    socklen_t                    socklen;
    ngx_sockaddr_t               sockaddr;
} ngx_thrift_detect_server_t;


static void ngx_thrift_detect_init_lines(ngx_thrift_refusals_t *lines,
    ngx_uint_t level, const char *what, ngx_thrift_pool_t *pool);
static ngx_thrift_detect_server_t *ngx_thrift_detect_find(
    ngx_thrift_detect_t *detect, struct sockaddr *sockaddr, socklen_t socklen);
static ngx_thrift_detect_server_t *ngx_thrift_detect_create(
    ngx_thrift_detect_t *detect, struct sockaddr *sockaddr, socklen_t socklen,
    ngx_str_t *name);
static void ngx_thrift_detect_free(ngx_thrift_detect_server_t *server);
static ngx_int_t ngx_thrift_detect_compare(struct sockaddr *one,
    socklen_t one_len, struct sockaddr *two, socklen_t two_len);
static void ngx_thrift_detect_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_uint_t ngx_thrift_detect_known(ngx_thrift_detect_server_t *server);
static ngx_uint_t ngx_thrift_detect_is_due(ngx_thrift_detect_server_t *server);
static void ngx_thrift_detect_begin(ngx_thrift_detect_server_t *server);
static void ngx_thrift_detect_ask(ngx_thrift_detect_server_t *server);
static void ngx_thrift_detect_done(void *data, ngx_int_t rc, const char *why,
    ngx_err_t err);
static void ngx_thrift_detect_answered(ngx_thrift_detect_server_t *server);
static void ngx_thrift_detect_tell(ngx_thrift_detect_server_t *server,
    ngx_int_t rc, const char *why, ngx_err_t err);


void
ngx_thrift_detect_init(ngx_thrift_detect_t *detect, ngx_thrift_pool_t *pool,
    ngx_str_t *name)
{
    ngx_uint_t                i;
    ngx_thrift_check_conf_t  *check;

    static const struct {
        ngx_uint_t  transport;
        ngx_uint_t  protocol;
    } dialects[NGX_THRIFT_DETECT_DIALECTS] = {
        { NTHRIFT_UNFRAMED, NTHRIFT_BINARY },
        { NTHRIFT_UNFRAMED, NTHRIFT_COMPACT },
        { NTHRIFT_FRAMED, NTHRIFT_BINARY },
        { NTHRIFT_FRAMED, NTHRIFT_COMPACT },
        { NTHRIFT_UNFRAMED, NTHRIFT_JSON },
        { NTHRIFT_FRAMED, NTHRIFT_JSON }
    };

    detect->pool = pool;
    detect->n = 0;

    for (i = 0; i < NGX_THRIFT_DETECT_DIALECTS; i++) {

        if ((pool->transport != NTHRIFT_TRANSPORT_AUTO
             && pool->transport != dialects[i].transport)
            || (pool->protocol != NTHRIFT_PROTOCOL_AUTO
                && pool->protocol != dialects[i].protocol)
            || (pool->protocol == NTHRIFT_PROTOCOL_AUTO
                && nthrift_protocols[dialects[i].protocol]->text))
        {
            continue;
        }

        check = &detect->dialects[detect->n++];

        check->pool = pool;
        check->transport = dialects[i].transport;
        check->protocol = dialects[i].protocol;
        check->name = *name;
        check->replies = 0;
        check->timeout = NGX_THRIFT_DETECT_TIMEOUT;
        check->done = ngx_thrift_detect_done;
    }

    ngx_thrift_detect_init_lines(&detect->spoken, NGX_LOG_NOTICE,
                                 "what a server speaks, of upstream", pool);
    ngx_thrift_detect_init_lines(&detect->mute, NGX_LOG_WARN,
                                 "a server that answers in nothing, of "
                                 "upstream", pool);

    ngx_rbtree_init(&detect->tree, &detect->sentinel,
                    ngx_thrift_detect_insert);
    ngx_queue_init(&detect->servers);
}


static void
ngx_thrift_detect_init_lines(ngx_thrift_refusals_t *lines, ngx_uint_t level,
    const char *what, ngx_thrift_pool_t *pool)
{
    ngx_thrift_refusals_init(lines, NGX_THRIFT_DETECT_LINES,
                             NGX_THRIFT_DETECT_PERIOD, level, what,
                             &pool->name);

    lines->repeats = 1;
}


void
ngx_thrift_detect_stop(ngx_thrift_detect_t *detect)
{
    ngx_queue_t                 *q;
    ngx_thrift_detect_server_t  *server;

    while (!ngx_queue_empty(&detect->servers)) {
        q = ngx_queue_head(&detect->servers);
        server = ngx_queue_data(q, ngx_thrift_detect_server_t, queue);

        if (server->check) {
            ngx_thrift_check_cancel(server->check);
        }

        ngx_thrift_detect_free(server);
    }
}


ngx_int_t
ngx_thrift_detect(ngx_thrift_detect_t *detect, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name, ngx_thrift_dialect_t *dialect,
    ngx_thrift_detect_wait_t *wait)
{
    ngx_thrift_check_conf_t     *check;
    ngx_thrift_detect_server_t  *server;

    server = ngx_thrift_detect_find(detect, sockaddr, socklen);

    if (server == NULL) {
        server = ngx_thrift_detect_create(detect, sockaddr, socklen, name);

        if (server == NULL) {
            return NGX_DECLINED;
        }
    }

    if (ngx_thrift_detect_known(server)) {
        check = &detect->dialects[server->known - 1];

        dialect->transport = check->transport;
        dialect->protocol = check->protocol;

        return NGX_OK;
    }

    if (server->check == NULL && ngx_thrift_detect_is_due(server)) {
        ngx_thrift_detect_begin(server);
    }

    if (server->check == NULL || server->mute) {
        return NGX_DECLINED;
    }

    if (wait) {
        ngx_queue_insert_tail(&server->waiting, &wait->queue);
    }

    return NGX_AGAIN;
}


void
ngx_thrift_detect_leave(ngx_thrift_detect_wait_t *wait)
{
    ngx_queue_remove(&wait->queue);
}


void
ngx_thrift_detect_doubt(ngx_thrift_detect_t *detect,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_thrift_detect_server_t  *server;

    server = ngx_thrift_detect_find(detect, sockaddr, socklen);

    if (server && server->check == NULL && server->known
        && ngx_current_msec - server->asked >= NGX_THRIFT_DETECT_AGAIN)
    {
        ngx_thrift_detect_begin(server);
    }
}


static ngx_thrift_detect_server_t *
ngx_thrift_detect_find(ngx_thrift_detect_t *detect, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    ngx_int_t                    rc;
    ngx_rbtree_node_t           *node;
    ngx_thrift_detect_server_t  *server;

    node = detect->tree.root;

    while (node != detect->tree.sentinel) {
        server = (ngx_thrift_detect_server_t *) node;

        rc = ngx_thrift_detect_compare(sockaddr, socklen,
                                       &server->sockaddr.sockaddr,
                                       server->socklen);
        if (rc == 0) {
            return server;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static ngx_thrift_detect_server_t *
ngx_thrift_detect_create(ngx_thrift_detect_t *detect,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name)
{
    ngx_queue_t                 *q;
    ngx_thrift_detect_server_t  *server;

    if (ngx_exiting) {
        return NULL;
    }

    if (detect->nservers == NGX_THRIFT_DETECT_SERVERS) {
        q = ngx_queue_head(&detect->servers);
        server = ngx_queue_data(q, ngx_thrift_detect_server_t, queue);

        if (server->check) {
            return NULL;
        }

        ngx_thrift_detect_free(server);
    }

    server = ngx_calloc(sizeof(ngx_thrift_detect_server_t) + name->len,
                        ngx_cycle->log);
    if (server == NULL) {
        return NULL;
    }

    server->detect = detect;
    server->name.len = name->len;
    server->name.data = (u_char *) (server + 1);
    ngx_memcpy(server->name.data, name->data, name->len);

    server->socklen = socklen;
    ngx_memcpy(&server->sockaddr, sockaddr, socklen);

    ngx_queue_init(&server->waiting);

    if (detect->pool->shared) {
        server->shared = ngx_thrift_shared_server(detect->pool->shared,
                                                  sockaddr, socklen);
    }

    ngx_rbtree_insert(&detect->tree, &server->node);
    ngx_queue_insert_tail(&detect->servers, &server->queue);
    detect->nservers++;

    return server;
}


static void
ngx_thrift_detect_free(ngx_thrift_detect_server_t *server)
{
    ngx_thrift_detect_t  *detect;

    detect = server->detect;

    if (server->shared) {
        ngx_thrift_shared_leave(detect->pool->shared, server->shared);
    }

    ngx_rbtree_delete(&detect->tree, &server->node);
    ngx_queue_remove(&server->queue);
    detect->nservers--;

    ngx_free(server);
}


static ngx_int_t
ngx_thrift_detect_compare(struct sockaddr *one, socklen_t one_len,
    struct sockaddr *two, socklen_t two_len)
{
    return ngx_memn2cmp((u_char *) one, (u_char *) two, one_len, two_len);
}


static void
ngx_thrift_detect_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t           **place;
    ngx_thrift_detect_server_t   *one, *two;

    one = (ngx_thrift_detect_server_t *) node;

    for ( ;; ) {
        two = (ngx_thrift_detect_server_t *) temp;

        place = (ngx_thrift_detect_compare(&one->sockaddr.sockaddr,
                                           one->socklen,
                                           &two->sockaddr.sockaddr,
                                           two->socklen)
                 < 0)
                ? &temp->left : &temp->right;

        if (*place == sentinel) {
            break;
        }

        temp = *place;
    }

    *place = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


/* Here, or in another worker, whose configuration may be another one. */

static ngx_uint_t
ngx_thrift_detect_known(ngx_thrift_detect_server_t *server)
{
    ngx_uint_t            i, shared;
    ngx_thrift_detect_t  *detect;

    if (server->known || server->shared == NULL) {
        return server->known;
    }

    detect = server->detect;
    shared = server->shared->dialect;

    for (i = 0; i < detect->n; i++) {
        if (shared == ngx_thrift_detect_number(&detect->dialects[i])) {
            server->known = i + 1;
        }
    }

    return server->known;
}


static ngx_uint_t
ngx_thrift_detect_is_due(ngx_thrift_detect_server_t *server)
{
    return !ngx_exiting
           && (!server->mute
               || ngx_current_msec - server->asked >= NGX_THRIFT_DETECT_AGAIN);
}


static void
ngx_thrift_detect_begin(ngx_thrift_detect_server_t *server)
{
    ngx_thrift_detect_t  *detect;

    detect = server->detect;

    server->asked = ngx_current_msec;
    server->dialect = detect->latest;
    server->tried = 0;

    ngx_queue_remove(&server->queue);
    ngx_queue_insert_tail(&detect->servers, &server->queue);

    ngx_thrift_detect_ask(server);
}


static void
ngx_thrift_detect_ask(ngx_thrift_detect_server_t *server)
{
    ngx_int_t                 rc;
    ngx_err_t                 err;
    ngx_thrift_check_conf_t  *dialect;

    dialect = &server->detect->dialects[server->dialect];

    server->tried++;
    server->check = ngx_thrift_check_start(dialect,
                                           &server->sockaddr.sockaddr,
                                           server->socklen, &server->name,
                                           server, &rc);
    err = ngx_socket_errno;

    if (server->check == NULL) {
        ngx_thrift_detect_tell(server, (rc == NGX_DECLINED) ? rc : NGX_OK,
                               "connect() failed", err);
    }
}


static void
ngx_thrift_detect_done(void *data, ngx_int_t rc, const char *why,
    ngx_err_t err)
{
    ngx_thrift_detect_server_t  *server = data;

    ngx_thrift_detect_t  *detect;

    detect = server->detect;
    server->check = NULL;

    if (rc == NGX_OK) {
        ngx_thrift_detect_answered(server);
        ngx_thrift_detect_tell(server, NGX_OK, NULL, 0);
        return;
    }

    if (rc != NGX_DECLINED || ngx_exiting) {
        ngx_thrift_detect_tell(server,
                               (rc == NGX_BUSY) ? NGX_DECLINED : NGX_OK,
                               why, err);
        return;
    }

    if (server->tried < detect->n) {

        /* the one that others answer in was the first */

        if (server->tried == 1) {
            server->dialect = (detect->latest == 0) ? 1 : 0;

        } else {
            server->dialect++;
            server->dialect += (server->dialect == detect->latest);
        }

        ngx_thrift_detect_ask(server);
        return;
    }

    if (!server->known && !server->mute) {
        server->mute = 1;

        if (ngx_thrift_refusals_add(&detect->mute, ngx_cycle->log)) {
            ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                          "server %V of upstream \"%V\" answers in none of "
                          "the transports and protocols that "
                          "\"thrift_upstream_detect\" tries", &server->name,
                          &detect->pool->name);
        }
    }

    ngx_thrift_detect_tell(server, NGX_OK, NULL, 0);
}


static void
ngx_thrift_detect_answered(ngx_thrift_detect_server_t *server)
{
    ngx_uint_t                known;
    ngx_thrift_detect_t      *detect;
    ngx_thrift_check_conf_t  *dialect;

    detect = server->detect;
    dialect = &detect->dialects[server->dialect];
    known = server->known;

    server->known = server->dialect + 1;
    server->mute = 0;
    detect->latest = server->dialect;

    if (server->shared) {
        server->shared->dialect = ngx_thrift_detect_number(dialect);
    }

    if (server->known != known
        && ngx_thrift_refusals_add(&detect->spoken, ngx_cycle->log))
    {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "server %V of upstream \"%V\" speaks %s %s",
                      &server->name, &detect->pool->name,
                      nthrift_transport_name(dialect->transport),
                      nthrift_protocol_name(dialect->protocol));
    }
}


/* Who is told may ask again, and the server may go. */

static void
ngx_thrift_detect_tell(ngx_thrift_detect_server_t *server, ngx_int_t rc,
    const char *why, ngx_err_t err)
{
    ngx_queue_t                waiting, *q;
    ngx_thrift_detect_wait_t  *wait;

    if (ngx_queue_empty(&server->waiting)) {
        return;
    }

    ngx_queue_init(&waiting);
    ngx_queue_add(&waiting, &server->waiting);
    ngx_queue_init(&server->waiting);

    while (!ngx_queue_empty(&waiting)) {
        q = ngx_queue_head(&waiting);
        ngx_queue_remove(q);

        wait = ngx_queue_data(q, ngx_thrift_detect_wait_t, queue);
        wait->done(wait, rc, why, err);
    }
}
