/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_linger.h.  Called by ngx_thrift_connection.c when it closes a
 * connection, and by ngx_thrift_pool.c when a worker has few left.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_LINGER_BUFFER  16384     /* bytes */
#define NGX_THRIFT_LINGER_TURN    4         /* receptions in a row */


typedef struct {
    ngx_queue_t        queue;       /* the oldest is the first */
    ngx_connection_t  *connection;
    size_t             left;        /* bytes that may still be read */
} ngx_thrift_linger_t;


static ngx_int_t ngx_thrift_linger_start(ngx_connection_t *c);
static void ngx_thrift_linger_read(ngx_event_t *rev);
static ngx_int_t ngx_thrift_linger_drop(ngx_thrift_linger_t *linger);
static void ngx_thrift_linger_write(ngx_event_t *wev);
static void ngx_thrift_linger_finish(ngx_thrift_linger_t *linger);


static ngx_thrift_cache_t  ngx_thrift_linger_cache = {
    .size = sizeof(ngx_thrift_linger_t)
};

static ngx_queue_t  ngx_thrift_lingers;     /* of this worker */
static ngx_uint_t   ngx_thrift_linger_n;


void
ngx_thrift_linger_close(ngx_connection_t *c)
{
    if (c->read->eof || c->read->error || c->write->error || ngx_exiting
        || ngx_terminate || ngx_thrift_pool_scarce()
        || ngx_thrift_linger_start(c) != NGX_OK)
    {
        ngx_close_connection(c);
    }
}


static ngx_int_t
ngx_thrift_linger_start(ngx_connection_t *c)
{
    ngx_event_t          *rev, *wev;
    ngx_thrift_linger_t  *linger;

    rev = c->read;
    wev = c->write;

    if (ngx_shutdown_socket(c->fd, NGX_WRITE_SHUTDOWN) == -1
        || ngx_handle_read_event(rev, 0) != NGX_OK)
    {
        return NGX_ERROR;
    }

    linger = ngx_thrift_cache_get(&ngx_thrift_linger_cache);
    if (linger == NULL) {
        return NGX_ERROR;
    }

    if (ngx_thrift_lingers.next == NULL) {
        ngx_queue_init(&ngx_thrift_lingers);
    }

    if (ngx_thrift_linger_n == NGX_THRIFT_LINGER_MAX) {
        (void) ngx_thrift_linger_end();
    }

    ngx_thrift_linger_n++;
    ngx_queue_insert_tail(&ngx_thrift_lingers, &linger->queue);

    linger->connection = c;
    linger->left = NGX_THRIFT_LINGER_BYTES;

    c->data = linger;
    c->log = ngx_cycle->log;
    c->log_error = NGX_ERROR_INFO;
    c->pool = NULL;
    c->recv = ngx_recv;

    rev->log = c->log;
    rev->handler = ngx_thrift_linger_read;
    wev->log = c->log;
    wev->handler = ngx_thrift_linger_write;

    /* a worker that shuts down closes it, by its handler */

    c->idle = 1;

    ngx_add_timer(rev, NGX_THRIFT_LINGER_TIME);

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);
    }

    return NGX_OK;
}


static void
ngx_thrift_linger_read(ngx_event_t *rev)
{
    ngx_connection_t     *c;
    ngx_thrift_linger_t  *linger;

    c = rev->data;
    linger = c->data;

    if (c->close || rev->timedout
        || ngx_thrift_linger_drop(linger) != NGX_AGAIN
        || ngx_handle_read_event(rev, 0) != NGX_OK)
    {
        ngx_thrift_linger_finish(linger);
    }
}


/* NGX_AGAIN: more may come. */

static ngx_int_t
ngx_thrift_linger_drop(ngx_thrift_linger_t *linger)
{
    ssize_t            n;
    ngx_uint_t         i;
    ngx_connection_t  *c;
    static u_char      buf[NGX_THRIFT_LINGER_BUFFER];

    c = linger->connection;

    for (i = 0; i < NGX_THRIFT_LINGER_TURN && c->read->ready; i++) {

        n = c->recv(c, buf, ngx_min(linger->left, sizeof(buf)));

        if (n == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (n <= 0) {
            return NGX_OK;
        }

        linger->left -= n;

        if (linger->left == 0) {
            return NGX_OK;
        }
    }

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_next_events);
    }

    return NGX_AGAIN;
}


/* Nothing is written any more. */

static void
ngx_thrift_linger_write(ngx_event_t *wev)
{
    if (wev->active && (ngx_event_flags & NGX_USE_LEVEL_EVENT)) {
        (void) ngx_del_event(wev, NGX_WRITE_EVENT, 0);
    }
}


static void
ngx_thrift_linger_finish(ngx_thrift_linger_t *linger)
{
    ngx_thrift_linger_n--;
    ngx_queue_remove(&linger->queue);

    ngx_close_connection(linger->connection);
    ngx_thrift_cache_put(linger);
}


ngx_int_t
ngx_thrift_linger_end(void)
{
    ngx_queue_t  *q;

    if (ngx_thrift_linger_n == 0) {
        return NGX_DECLINED;
    }

    q = ngx_queue_head(&ngx_thrift_lingers);

    ngx_thrift_linger_finish(ngx_queue_data(q, ngx_thrift_linger_t, queue));

    return NGX_OK;
}
