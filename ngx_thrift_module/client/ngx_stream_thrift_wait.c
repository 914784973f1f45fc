/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a session waits for, how long, and how it ends: after the last reply,
 * by the client, or by a time that is over.  Called by
 * ngx_stream_thrift_session.c when nothing more can be done at once.
 *
 * Some calls outlive their client's connection, as oneways do: its session
 * stays, with all that they were given of it, until the last one has ended.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_LINGER   5000         /* milliseconds */
#define NGX_STREAM_THRIFT_RECHECK  3600000      /* a timeout that is off */
#define NGX_STREAM_THRIFT_DRAIN    4096         /* bytes, of what is dropped */


static ngx_msec_t ngx_stream_thrift_session_idle_timeout(
    ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_session_drain(ngx_connection_t *c);
static void ngx_stream_thrift_session_linger(ngx_event_t *rev);
static void ngx_stream_thrift_session_cancel(ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_session_leave(ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_session_left_event(ngx_event_t *ev);
static void ngx_stream_thrift_session_finalize(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status);


/* What is waited for, and how long. */

ngx_int_t
ngx_stream_thrift_session_wait(ngx_stream_thrift_session_t *ts)
{
    ngx_uint_t                     wait;
    ngx_msec_t                     timeout, from;
    ngx_connection_t              *c;
    ngx_stream_thrift_srv_conf_t  *conf;

    c = ts->connection;
    conf = ts->conf;
    from = ngx_current_msec;

    if (ts->out) {
        c->log->action = "sending reply to client";
        wait = NGX_STREAM_THRIFT_SENDING;
        timeout = conf->routes.server->conf->send_timeout;

    } else if (ts->reading) {
        c->log->action = "reading call from client";
        wait = NGX_STREAM_THRIFT_READING;
        timeout = conf->messages.read_timeout;
        from = ts->begun;

    } else {
        c->log->action = "waiting for call from client";
        wait = NGX_STREAM_THRIFT_IDLE;
        timeout = ngx_stream_thrift_session_idle_timeout(ts);
    }

    if (timeout == 0) {
        timeout = NGX_STREAM_THRIFT_RECHECK;
        from = ngx_current_msec;
    }

    if (ts->progress || ts->wait != wait || !ts->timer.set) {
        ts->wait = wait;
        ngx_thrift_timer_set(&ts->timer, from + timeout);
    }

    if (ngx_thrift_await_read(c->read) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_thrift_await_write(c->write);
}


static ngx_msec_t
ngx_stream_thrift_session_idle_timeout(ngx_stream_thrift_session_t *ts)
{
    ngx_msec_t  idle, shutdown;

    idle = ts->conf->idle_timeout;
    shutdown = (ngx_exiting && ts->stays) ? ts->conf->shutdown_idle : 0;

    return (idle && shutdown) ? ngx_min(idle, shutdown) : idle + shutdown;
}


void
ngx_stream_thrift_session_timeout(void *data)
{
    ngx_stream_thrift_session_t  *ts = data;

    ngx_connection_t              *c;
    ngx_stream_thrift_srv_conf_t  *conf;

    c = ts->connection;
    conf = ts->conf;

    switch (ts->wait) {

    case NGX_STREAM_THRIFT_LEFT:
        ngx_thrift_timer_set(&ts->timer,
                             ngx_current_msec + NGX_STREAM_THRIFT_RECHECK);
        return;

    case NGX_STREAM_THRIFT_LINGERING:
        ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
        return;

    case NGX_STREAM_THRIFT_SENDING:

        if (conf->routes.server->conf->send_timeout) {
            ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                          "client timed out");

            c->timedout = 1;
            ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
            return;
        }

        break;

    case NGX_STREAM_THRIFT_READING:

        if (conf->messages.read_timeout) {
            ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                          "client timed out in the middle of a call");

            /* calls before it are answered */

            ngx_stream_thrift_session_drop(ts);
            ts->closing = 1;
        }

        break;

    default: /* NGX_STREAM_THRIFT_IDLE */

        if (ngx_stream_thrift_session_idle_timeout(ts) && ts->ncalls == 0) {
            ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                          "client sent no call");

            /* no reply is on its way: nothing to linger for */

            ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
            return;
        }
    }

    ngx_stream_thrift_session_run(ts);
}


/* All is answered and nothing more will be read. */

void
ngx_stream_thrift_session_end(ngx_stream_thrift_session_t *ts)
{
    ngx_connection_t  *c;

    c = ts->connection;
    c->idle = 0;

    ngx_stream_thrift_shutdown_forget(ts);

    if (ts->eof) {

        if (ts->reading) {
            ngx_log_error(NGX_LOG_INFO, c->log, 0,
                          "client closed connection in the middle of a call");
        }

        ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
        return;
    }

    if (ts->door && ngx_stream_thrift_door_is_read(ts)) {
        ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
        return;
    }

    /*
     * Closing a socket with unread bytes resets the connection, and the last
     * reply could be lost with it: let the client close first.
     */

#if (NGX_SSL)

    if (c->ssl) {

        /* says that it closes; what comes after that is not deciphered */

        c->ssl->no_wait_shutdown = 1;

        if (ngx_ssl_shutdown(c) == NGX_AGAIN) {
            ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
            return;
        }
    }

#endif

    if (ngx_shutdown_socket(c->fd, NGX_WRITE_SHUTDOWN) == -1) {
        ngx_connection_error(c, ngx_socket_errno,
                             ngx_shutdown_socket_n " failed");
        ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
        return;
    }

    ts->wait = NGX_STREAM_THRIFT_LINGERING;
    ngx_thrift_timer_set(&ts->timer,
                         ngx_current_msec + NGX_STREAM_THRIFT_LINGER);

    c->log->action = "closing client connection";
    c->read->handler = ngx_stream_thrift_session_linger;

    ngx_stream_thrift_session_linger(c->read);
}


/*
 * With worker_shutdown_timeout, in a loop over all connections: what cannot be
 * written at once is lost.  What the client has sent is taken from the socket
 * first, or closing would reset the connection.
 */

void
ngx_stream_thrift_session_shut_down(ngx_stream_thrift_session_t *ts)
{
    ngx_queue_t        *q, *next;
    ngx_thrift_call_t  *call;

    ts->running = 1;

    for (q = ngx_queue_head(&ts->calls);
         q != ngx_queue_sentinel(&ts->calls);
         q = next)
    {
        next = ngx_queue_next(q);
        call = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (!call->ready) {
            ngx_thrift_call_shut_down(call);
        }
    }

    if (ts->left) {
        (void) ngx_stream_thrift_session_written(ts);

    } else if (ngx_stream_thrift_session_write(ts) == NGX_OK) {
        ngx_stream_thrift_session_drain(ts->connection);
    }

    ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
}


static void
ngx_stream_thrift_session_drain(ngx_connection_t *c)
{
    u_char      buffer[NGX_STREAM_THRIFT_DRAIN];
    ngx_uint_t  i;

    for (i = 0; i < NGX_THRIFT_TURN; i++) {
        if (c->recv(c, buffer, sizeof(buffer)) <= 0) {
            return;
        }
    }
}


static void
ngx_stream_thrift_session_linger(ngx_event_t *rev)
{
    u_char                        buffer[NGX_STREAM_THRIFT_DRAIN];
    ssize_t                       n;
    ngx_uint_t                    i;
    ngx_connection_t             *c;
    ngx_stream_thrift_session_t  *ts;

    c = rev->data;
    ts = c->data;

    for (i = 0; rev->ready && !c->close; i++) {

        if (i == NGX_THRIFT_TURN) {
            ngx_post_event(rev, &ngx_posted_next_events);
            return;
        }

        n = c->recv(c, buffer, sizeof(buffer));

        if (n == 0 || n == NGX_ERROR) {
            ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
            return;
        }
    }

    if (c->close || ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
    }
}


void
ngx_stream_thrift_session_close(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status)
{
    ts->running = 1;

    ngx_stream_thrift_session_cancel(ts);

    if (ts->reading) {
        ngx_stream_thrift_session_drop(ts);
    }

    ngx_thrift_input_close(&ts->in);

    if (ngx_queue_empty(&ts->calls)) {
        ngx_stream_thrift_session_finalize(ts, status);
        return;
    }

    ngx_stream_thrift_session_leave(ts);
}


/* All but those that go on without a client; these too if nginx has to end. */

static void
ngx_stream_thrift_session_cancel(ngx_stream_thrift_session_t *ts)
{
    ngx_queue_t        *q, *next;
    ngx_thrift_call_t  *call;

    for (q = ngx_queue_head(&ts->calls);
         q != ngx_queue_sentinel(&ts->calls);
         q = next)
    {
        next = ngx_queue_next(q);
        call = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (ts->connection->close) {
            ngx_thrift_call_cut(call);

        } else if (!ngx_thrift_call_outlives(call, 1)) {
            ngx_thrift_call_cancel(call);

        } else if (call->ready) {
            ngx_thrift_call_answered(call);
        }
    }
}


/* Nothing is read or written any more; the timer keeps the worker. */

static void
ngx_stream_thrift_session_leave(ngx_stream_thrift_session_t *ts)
{
    ngx_connection_t  *c;

    c = ts->connection;

    ngx_stream_thrift_shutdown_forget(ts);

    c->idle = 0;

    ts->left = 1;
    ts->running = 0;
    ts->out = NULL;
    ts->out_last = &ts->out;

    c->log->action = "waiting for calls of a client that left";
    c->read->handler = ngx_stream_thrift_session_left_event;
    c->write->handler = ngx_stream_thrift_session_left_event;

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

    /* the client may still be there */

    (void) ngx_shutdown_socket(c->fd, SHUT_RDWR);

    ts->wait = NGX_STREAM_THRIFT_LEFT;
    ngx_thrift_timer_set(&ts->timer,
                         ngx_current_msec + NGX_STREAM_THRIFT_RECHECK);
}


static void
ngx_stream_thrift_session_left_event(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;

    if (c->close) {
        ngx_stream_thrift_session_shut_down(c->data);
    }
}


void
ngx_stream_thrift_session_left_run(ngx_stream_thrift_session_t *ts)
{
    ts->running = 1;

    (void) ngx_stream_thrift_session_written(ts);

    ts->running = 0;

    if (ngx_queue_empty(&ts->calls)) {
        ngx_stream_thrift_session_finalize(ts, NGX_STREAM_OK);
    }
}


static void
ngx_stream_thrift_session_finalize(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status)
{
    ngx_stream_session_t  *s;

    ts->running = 1;

    ngx_stream_thrift_shutdown_forget(ts);
    ngx_thrift_pool_close_client(&ts->client);
    ngx_thrift_pool_close_client(&ts->handlers);
    ngx_thrift_timer_close(&ts->timer);

    if (ts->flush.posted) {
        ngx_delete_posted_event(&ts->flush);
    }

    ts->main->nsessions--;

    if (ngx_exiting && ts->main->nsessions == 0) {
        ngx_stream_thrift_close_pools(ts->main);
    }

    s = ts->session;
    s->received = ts->received;
    s->connection->data = s;

#if (NGX_SSL)
    if (s->connection->ssl) {
        s->connection->ssl->no_wait_shutdown = 1;

        /* not while a record is half written, nor to one that has left */

        if (ts->out || ts->left) {
            s->connection->error = 1;
        }
    }
#endif

    ngx_stream_thrift_log_quiet(s);
    ngx_stream_finalize_session(s, status);
}
