/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a session's calls may hold: thrift_max_memory of the client, and of all
 * clients of the worker.  Called by ngx_stream_thrift_session.c, by calls
 * through their owner, and by ngx_stream_thrift_headers.c.
 */

#include "ngx_stream_thrift.h"


static ngx_uint_t ngx_stream_thrift_session_is_over_with(
    ngx_stream_thrift_session_t *ts, off_t n);
static ngx_uint_t ngx_stream_thrift_session_has_room(ngx_thrift_call_t *call);
static ngx_uint_t ngx_stream_thrift_session_pause(ngx_thrift_call_t *call,
    ngx_uint_t paused);
static ngx_uint_t ngx_stream_thrift_session_is_next(
    ngx_stream_thrift_session_t *ts, ngx_thrift_call_t *call);


void
ngx_stream_thrift_session_hold(ngx_thrift_call_t *call, off_t n)
{
    ngx_stream_thrift_session_t  *ts;

    ts = ngx_stream_thrift_get_call(call)->owner;

    call->held += n;
    ts->held += n;
    ts->main->held += n;

    if (n < 0 && (ts->blocked || ts->npaused) && !ts->running) {
        ngx_post_event(&ts->flush, &ngx_posted_events);
    }
}


void
ngx_stream_thrift_session_hold_headers(ngx_stream_thrift_session_t *ts,
    off_t n)
{
    ts->main->held += n;
}


ngx_uint_t
ngx_stream_thrift_session_may_hold_headers(ngx_stream_thrift_session_t *ts,
    off_t n)
{
    return !ngx_stream_thrift_session_is_over_with(ts, n);
}


ngx_uint_t
ngx_stream_thrift_session_is_over(ngx_stream_thrift_session_t *ts)
{
    return ngx_stream_thrift_session_is_over_with(ts, 0);
}


static ngx_uint_t
ngx_stream_thrift_session_is_over_with(ngx_stream_thrift_session_t *ts,
    off_t n)
{
    off_t  max;

    max = ts->conf->max_worker_memory;

    return max != 0
           && ts->main->held + n > max
           && ts->held + (off_t) ts->headers.len + n
              > max / (off_t) ts->main->nsessions;
}


ngx_uint_t
ngx_stream_thrift_session_may_hold(ngx_thrift_call_t *call, off_t n)
{
    return ngx_stream_thrift_session_has_room(call)
           && !ngx_stream_thrift_session_is_over_with(
                                  ngx_stream_thrift_get_call(call)->owner, n);
}


/*
 * A call takes what it needs unless others of its client hold too much already.
 * That which is answered next is not kept waiting by those behind it; a oneway
 * has no turn.
 */

static ngx_uint_t
ngx_stream_thrift_session_has_room(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_session_t  *ts;

    ts = ngx_stream_thrift_get_call(call)->owner;

    return ts->held - call->held <= ts->conf->max_memory
           || (!call->oneway && ngx_stream_thrift_session_is_next(ts, call));
}


ngx_uint_t
ngx_stream_thrift_session_may_begin(ngx_thrift_call_t *call)
{
    return ngx_stream_thrift_session_pause(call,
                               !ngx_stream_thrift_session_has_room(call));
}


/* The call that is answered next may always receive: nothing gets stuck. */

ngx_int_t
ngx_stream_thrift_session_may_receive(ngx_thrift_call_t *call,
    off_t received, ngx_uint_t shared)
{
    ngx_stream_thrift_session_t  *ts;

    ts = ngx_stream_thrift_get_call(call)->owner;

    if (!ngx_stream_thrift_session_pause(call,
                               !shared && ts->held > ts->conf->max_memory
                               && !ngx_stream_thrift_session_is_next(ts, call)))
    {
        return NGX_AGAIN;
    }

    /* with a small reply the call gives back more than that takes */

    return (received >= NGX_THRIFT_MESSAGE_LARGE
            && ngx_stream_thrift_session_is_over(ts))
           ? ngx_thrift_error_overloaded(call) : NGX_OK;
}


/* Whether the call goes on, or waits for others; returns whether it goes on. */

static ngx_uint_t
ngx_stream_thrift_session_pause(ngx_thrift_call_t *call, ngx_uint_t paused)
{
    ngx_stream_thrift_session_t  *ts;

    ts = ngx_stream_thrift_get_call(call)->owner;

    ts->npaused += paused;
    ts->npaused -= call->paused;

    call->paused = paused;

    return !paused;
}


/* Is it answered next? */

static ngx_uint_t
ngx_stream_thrift_session_is_next(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call)
{
    ngx_queue_t        *q;
    ngx_thrift_call_t  *before;

    for (q = ngx_queue_prev(&call->queue);
         q != ngx_queue_sentinel(&ts->calls);
         q = ngx_queue_prev(q))
    {
        before = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (!before->oneway) {
            return 0;
        }
    }

    return 1;
}


/*
 * Lets calls receive, or begin, that had to wait for others; until they are
 * asked they are paused, and time that runs out is not their server's.
 */

void
ngx_stream_thrift_session_unpause(ngx_stream_thrift_session_t *ts)
{
    ngx_queue_t        *q;
    ngx_thrift_call_t  *call;

    for (q = ngx_queue_head(&ts->calls);
         q != ngx_queue_sentinel(&ts->calls) && ts->npaused;
         q = ngx_queue_next(q))
    {
        call = ngx_queue_data(q, ngx_thrift_call_t, queue);

        if (!call->paused || call->ready) {
            continue;
        }

        if (ngx_thrift_attempt_resume(call)) {
            continue;
        }

        /* what it has to say at once is written by another run */

        ngx_thrift_call_again(call);

        if (call->ready) {
            ngx_post_event(&ts->flush, &ngx_posted_events);
        }
    }
}
