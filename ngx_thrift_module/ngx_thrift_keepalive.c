
/*
 * The pool of idle upstream connections.  Called by ngx_thrift_pass.c, which
 * takes a connection when a whole call is in hand and parks it when the call
 * is answered.  A connection is in the pool or has a call, never both.
 */

#include "ngx_thrift.h"


/*
 * A worker that shuts down keeps connections for the clients that stay, but
 * not for long: the client that stays may be this or another such worker, at
 * the other end of one, and would wait for it.
 */

#define NGX_THRIFT_KEEPALIVE_EXITING  1000      /* milliseconds */

/*
 * A connection over the limit is closed after this time without a call, or at
 * once when less than this part of the worker's connections is free: nginx
 * itself stops accepting at an eighth.
 */

#define NGX_THRIFT_KEEPALIVE_SURPLUS  5000      /* milliseconds */
#define NGX_THRIFT_KEEPALIVE_FREE     4


static ngx_uint_t ngx_thrift_keepalive_take(ngx_thrift_upstream_t *u,
    struct sockaddr *sockaddr, socklen_t socklen);
static ngx_uint_t ngx_thrift_keepalive_scarce(void);
static void ngx_thrift_keepalive_shrink(void *data);
static void ngx_thrift_keepalive_remove(ngx_thrift_upstream_t *u);
static ngx_int_t ngx_thrift_keepalive_alive(ngx_connection_t *c);
static void ngx_thrift_keepalive_event(ngx_event_t *ev);
static void ngx_thrift_keepalive_dummy(ngx_event_t *ev);


void
ngx_thrift_keepalive_init(ngx_thrift_pool_t *pool)
{
    ngx_queue_init(&pool->idle);
    pool->nidle = 0;

    ngx_thrift_timer_init(&pool->shrink, ngx_thrift_keepalive_shrink, pool,
                          ngx_cycle->log, 1);
}


void
ngx_thrift_client_init(ngx_thrift_client_t *client)
{
    ngx_queue_init(&client->idle);
}


void
ngx_thrift_client_close(ngx_thrift_client_t *client)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&client->idle)) {
        q = ngx_queue_head(&client->idle);
        ngx_thrift_keepalive_drop(ngx_queue_data(q, ngx_thrift_upstream_t,
                                                 kept));
    }
}


ngx_thrift_upstream_t *
ngx_thrift_keepalive_get(ngx_thrift_pool_t *pool, ngx_thrift_client_t *client,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_queue_t            *q, *next;
    ngx_thrift_upstream_t  *u;

    /* its own ones first: calls on one connection keep their order */

    for (q = ngx_queue_head(&client->idle);
         q != ngx_queue_sentinel(&client->idle);
         q = next)
    {
        next = ngx_queue_next(q);
        u = ngx_queue_data(q, ngx_thrift_upstream_t, kept);

        if (u->pool == pool && ngx_thrift_keepalive_take(u, sockaddr, socklen))
        {
            return u;
        }
    }

    for (q = ngx_queue_head(&pool->idle);
         q != ngx_queue_sentinel(&pool->idle);
         q = next)
    {
        next = ngx_queue_next(q);
        u = ngx_queue_data(q, ngx_thrift_upstream_t, queue);

        if (u->client == NULL
            && ngx_thrift_keepalive_take(u, sockaddr, socklen))
        {
            return u;
        }
    }

    return NULL;
}


/* 0: it leads elsewhere, or was dead and is closed. */

static ngx_uint_t
ngx_thrift_keepalive_take(ngx_thrift_upstream_t *u, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    if (u->socklen != socklen
        || ngx_memcmp(u->sockaddr, sockaddr, socklen) != 0)
    {
        return 0;
    }

    ngx_thrift_keepalive_remove(u);

    if (ngx_thrift_keepalive_alive(u->connection) == NGX_OK) {
        return 1;
    }

    ngx_thrift_upstream_close(u);

    return 0;
}


void
ngx_thrift_keepalive_put(ngx_thrift_pool_t *pool, ngx_thrift_upstream_t *u)
{
    ngx_msec_t         timeout;
    ngx_connection_t  *c;

    c = u->connection;

    if (pool->max == 0
        || u->spoiled
        || c->read->eof || c->read->error || c->write->error
        || c->read->timedout || c->write->timedout
        || (pool->lifetime != 0
            && ngx_current_msec - c->start_time > pool->lifetime)
        || ngx_handle_read_event(c->read, 0) != NGX_OK)
    {
        ngx_thrift_upstream_close(u);
        return;
    }

    ngx_queue_insert_head(&pool->idle, &u->queue);
    pool->nidle++;
    u->pool = pool;
    u->since = ngx_current_msec;

    if (u->client) {
        ngx_queue_insert_head(&u->client->idle, &u->kept);
    }

    timeout = pool->timeout;

    if (ngx_exiting) {
        timeout = ngx_min(timeout, NGX_THRIFT_KEEPALIVE_EXITING);
    }

    ngx_thrift_timer_set(&u->timer, ngx_current_msec + timeout);

    c->idle = 1;
    c->read->handler = ngx_thrift_keepalive_event;
    c->write->handler = ngx_thrift_keepalive_dummy;

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }

    if (pool->nidle > pool->max
        && (!pool->shrink.set || ngx_thrift_keepalive_scarce()))
    {
        ngx_thrift_keepalive_shrink(pool);
    }
}


static ngx_uint_t
ngx_thrift_keepalive_scarce(void)
{
    return ngx_cycle->free_connection_n
           < ngx_cycle->connection_n / NGX_THRIFT_KEEPALIVE_FREE;
}


/* Closes what is over the limit, the connections used least recently first. */

static void
ngx_thrift_keepalive_shrink(void *data)
{
    ngx_thrift_pool_t  *pool = data;

    ngx_msec_t              end;
    ngx_queue_t            *q;
    ngx_thrift_upstream_t  *u;

    while (pool->nidle > pool->max) {
        q = ngx_queue_last(&pool->idle);
        u = ngx_queue_data(q, ngx_thrift_upstream_t, queue);
        end = u->since + NGX_THRIFT_KEEPALIVE_SURPLUS;

        if ((ngx_msec_int_t) (end - ngx_current_msec) > 0
            && !ngx_thrift_keepalive_scarce())
        {
            ngx_thrift_timer_set(&pool->shrink, end);
            return;
        }

        ngx_thrift_keepalive_drop(u);
    }
}


void
ngx_thrift_keepalive_close(ngx_thrift_pool_t *pool)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&pool->idle)) {
        q = ngx_queue_head(&pool->idle);
        ngx_thrift_keepalive_drop(ngx_queue_data(q, ngx_thrift_upstream_t,
                                                 queue));
    }
}


void
ngx_thrift_keepalive_drop(ngx_thrift_upstream_t *u)
{
    ngx_thrift_keepalive_remove(u);
    ngx_thrift_upstream_close(u);
}


static void
ngx_thrift_keepalive_remove(ngx_thrift_upstream_t *u)
{
    ngx_connection_t  *c;

    ngx_queue_remove(&u->queue);
    u->pool->nidle--;
    u->pool = NULL;

    if (u->client) {
        ngx_queue_remove(&u->kept);
    }

    c = u->connection;
    c->idle = 0;

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }
}


/*
 * An idle connection must have nothing to read: bytes are an answer that
 * nobody waits for, an end means the peer will not answer.  The kernel is
 * asked, since an event for it may not have been taken up yet.
 */

static ngx_int_t
ngx_thrift_keepalive_alive(ngx_connection_t *c)
{
    char  byte[1];
    int   n;

    n = recv(c->fd, byte, 1, MSG_PEEK);

    return (n == -1 && ngx_socket_errno == NGX_EAGAIN) ? NGX_OK : NGX_ERROR;
}


static void
ngx_thrift_keepalive_event(ngx_event_t *ev)
{
    ngx_connection_t       *c;
    ngx_thrift_upstream_t  *u;

    c = ev->data;
    u = c->data;

    if (!c->close && ngx_thrift_keepalive_alive(c) == NGX_OK) {
        ev->ready = 0;

        if (ngx_handle_read_event(ev, 0) == NGX_OK) {
            return;
        }
    }

    ngx_thrift_keepalive_drop(u);
}


static void
ngx_thrift_keepalive_dummy(ngx_event_t *ev)
{
    ngx_log_debug0(NGX_LOG_DEBUG_EVENT, ev->log, 0, "thrift idle upstream");
}
