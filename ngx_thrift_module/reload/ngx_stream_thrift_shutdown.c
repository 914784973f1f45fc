/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_shutdown.h.
 *
 *   QUIT --> nginx tells all sessions, which have marked themselves as idle
 *              |
 *            session_run() --> _stops(): reads no more, unless it stays
 *              |               calls in flight are answered
 *            session_run() --> _next()
 *                                |
 *                   another configuration is there     none is: nginx ends
 *                                |                               |
 *                  can it go?  --+-- no: it stays, and           |
 *                                |   reads on                    |
 *                  is there room in the channel?                 |
 *                     no: it waits, and reads on                 |
 *                                |                               |
 *                          handover, with what is unread    what has arrived
 *                                                           is served: closed
 *
 * Those who stay do so until they leave, until they have been idle for
 * thrift_shutdown_idle, until nginx ends, or until another reload lets them go.
 * No turn of the event loop hands over more than some: others have calls here.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_SHUTDOWN_TURN  32     /* connections */
#define NGX_STREAM_THRIFT_SHUTDOWN_LOOK  1000   /* milliseconds */


static void ngx_stream_thrift_shutdown_told(void);
static void ngx_stream_thrift_shutdown_look(void *data);
static ngx_uint_t ngx_stream_thrift_shutdown_fate(
    ngx_stream_thrift_session_t *ts);
static ngx_uint_t ngx_stream_thrift_shutdown_has_room(void);
static ngx_uint_t ngx_stream_thrift_shutdown_is_quiet(
    ngx_stream_thrift_session_t *ts);
static ngx_int_t ngx_stream_thrift_shutdown_go(
    ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_shutdown_wait(ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_shutdown_go_on(void);
static void ngx_stream_thrift_shutdown_event(ngx_event_t *ev);
static void ngx_stream_thrift_shutdown_stay(ngx_stream_thrift_session_t *ts,
    ngx_uint_t fate);
static ngx_uint_t ngx_stream_thrift_shutdown_is_unread(
    ngx_stream_thrift_session_t *ts);
static ngx_int_t ngx_stream_thrift_shutdown_end(
    ngx_stream_thrift_session_t *ts);
static void ngx_stream_thrift_shutdown_ask(void);
static void ngx_stream_thrift_shutdown_report(ngx_uint_t now);


static struct {
    ngx_stream_thrift_main_conf_t  *main;

    ngx_queue_t                     waiting;    /* for room in the channel */
    ngx_queue_t                     staying;
    ngx_uint_t                      nstaying;

    ngx_uint_t                      turn;       /* gone in this one */
    ngx_event_t                     event;      /* the next one */

    ngx_thrift_timer_t              timer;
    ngx_uint_t                      newest;     /* when last looked at */
    ngx_uint_t                      ended;

    ngx_uint_t                      told;
    ngx_uint_t                      count[NGX_STREAM_THRIFT_FATES];
} ngx_stream_thrift_shutdown;


ngx_int_t
ngx_stream_thrift_shutdown_open(ngx_cycle_t *cycle,
    ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_event_t  *ev;

    ngx_stream_thrift_shutdown.main = tmcf;

    ngx_queue_init(&ngx_stream_thrift_shutdown.waiting);
    ngx_queue_init(&ngx_stream_thrift_shutdown.staying);

    ev = &ngx_stream_thrift_shutdown.event;

    ev->handler = ngx_stream_thrift_shutdown_event;
    ev->log = cycle->log;

    ngx_thrift_timer_init(&ngx_stream_thrift_shutdown.timer,
                          ngx_stream_thrift_shutdown_look, NULL, cycle->log,
                          1);

    ngx_stream_thrift_handover_init(cycle);

    return ngx_stream_thrift_channel_open(cycle,
                                          ngx_stream_thrift_handover_receive,
                                          ngx_stream_thrift_shutdown_told);
}


void
ngx_stream_thrift_shutdown_close(void)
{
    ngx_stream_thrift_shutdown_report(1);
}


/* In nginx's loop over all connections: the sessions are told too. */

static void
ngx_stream_thrift_shutdown_told(void)
{
    ngx_stream_thrift_shutdown.told = 1;
    ngx_stream_thrift_shutdown.newest = ngx_stream_thrift_channel_newest();
    ngx_stream_thrift_shutdown.ended = ngx_stream_thrift_channel_ended();

    ngx_thrift_timer_set(&ngx_stream_thrift_shutdown.timer,
                         ngx_current_msec + NGX_STREAM_THRIFT_SHUTDOWN_LOOK);

    ngx_post_event(&ngx_stream_thrift_shutdown.event,
                   &ngx_posted_next_events);
}


/* A worker that shuts down is not told of what comes after that. */

static void
ngx_stream_thrift_shutdown_look(void *data)
{
    ngx_uint_t  newest, ended;

    newest = ngx_stream_thrift_channel_newest();
    ended = ngx_stream_thrift_channel_ended();

    if (newest != ngx_stream_thrift_shutdown.newest
        || ended != ngx_stream_thrift_shutdown.ended)
    {
        ngx_stream_thrift_shutdown.newest = newest;
        ngx_stream_thrift_shutdown.ended = ended;

        ngx_stream_thrift_shutdown_ask();
    }

    ngx_stream_thrift_shutdown_report(1);

    ngx_thrift_timer_set(&ngx_stream_thrift_shutdown.timer,
                         ngx_current_msec + NGX_STREAM_THRIFT_SHUTDOWN_LOOK);
}


static ngx_uint_t
ngx_stream_thrift_shutdown_fate(ngx_stream_thrift_session_t *ts)
{
    if (ngx_stream_thrift_channel_ended()) {
        return NGX_STREAM_THRIFT_ENDS;
    }

    switch (ngx_stream_thrift_channel_wish()) {

    case NGX_STREAM_THRIFT_GONE:
        return NGX_STREAM_THRIFT_ENDS;

    case NGX_STREAM_THRIFT_KEEP:
        return NGX_STREAM_THRIFT_STAYS_OFF;
    }

    if (ts->stays == NGX_STREAM_THRIFT_STAYS_UNABLE) {
        return NGX_STREAM_THRIFT_STAYS_UNABLE;
    }

#if (NGX_SSL)
    if (ts->connection->ssl) {
        return NGX_STREAM_THRIFT_STAYS_TLS;
    }
#endif

    if (ngx_thrift_pool_has_state(&ts->client)
        || ngx_thrift_pool_has_state(&ts->handlers)
        || ts->headers.len)
    {
        return NGX_STREAM_THRIFT_STAYS_PINNED;
    }

    return NGX_STREAM_THRIFT_GOES;
}


ngx_uint_t
ngx_stream_thrift_shutdown_stops(ngx_stream_thrift_session_t *ts)
{
    /* one call that http has taken already, and that is all */

    if (ts->door) {
        return 0;
    }

    switch (ngx_stream_thrift_shutdown_fate(ts)) {

    case NGX_STREAM_THRIFT_GOES:
        return ngx_stream_thrift_shutdown_has_room()
               && ngx_stream_thrift_handover_fits(ts);

    case NGX_STREAM_THRIFT_ENDS:
        return ts->last && !ngx_stream_thrift_shutdown_is_unread(ts);

    default:
        return 0;
    }
}


ngx_int_t
ngx_stream_thrift_shutdown_next(ngx_stream_thrift_session_t *ts)
{
    ngx_uint_t  fate;

    if (ts->door) {
        return NGX_DECLINED;
    }

    fate = ngx_stream_thrift_shutdown_fate(ts);

    switch (fate) {

    case NGX_STREAM_THRIFT_GOES:
        return ngx_stream_thrift_shutdown_go(ts);

    case NGX_STREAM_THRIFT_ENDS:
        return ngx_stream_thrift_shutdown_end(ts);

    default:
        ngx_stream_thrift_shutdown_stay(ts, fate);
        return NGX_DECLINED;
    }
}


static ngx_uint_t
ngx_stream_thrift_shutdown_has_room(void)
{
    return !ngx_stream_thrift_channel_busy()
           && ngx_stream_thrift_shutdown.turn
              < NGX_STREAM_THRIFT_SHUTDOWN_TURN;
}


static ngx_uint_t
ngx_stream_thrift_shutdown_is_quiet(ngx_stream_thrift_session_t *ts)
{
    return ts->ncalls == 0 && ts->out == NULL && !ts->eof && !ts->closing;
}


static ngx_int_t
ngx_stream_thrift_shutdown_go(ngx_stream_thrift_session_t *ts)
{
    ngx_stream_thrift_shutdown_forget(ts);

    if (!ngx_stream_thrift_shutdown_is_quiet(ts)) {
        return NGX_DECLINED;
    }

    if (!ngx_stream_thrift_shutdown_has_room()) {
        ngx_stream_thrift_shutdown_wait(ts);
        return NGX_DECLINED;
    }

    if (!ngx_stream_thrift_handover_fits(ts)) {
        return NGX_DECLINED;
    }

    if (!ngx_stream_thrift_handover_is_ours(ts)
        || ngx_stream_thrift_handover_send(ts,
                                           ngx_stream_thrift_shutdown_go_on)
           != NGX_OK)
    {
        ngx_stream_thrift_shutdown_stay(ts, NGX_STREAM_THRIFT_STAYS_UNABLE);
        return NGX_DECLINED;
    }

    ngx_stream_thrift_shutdown.count[NGX_STREAM_THRIFT_GOES]++;
    ngx_thrift_count_client(ngx_stream_thrift_shutdown.main->status,
                            NGX_THRIFT_STATUS_HANDED_OVER);

    if (ngx_stream_thrift_shutdown.turn++ == 0) {
        ngx_post_event(&ngx_stream_thrift_shutdown.event,
                       &ngx_posted_next_events);
    }

    return NGX_DONE;
}


static void
ngx_stream_thrift_shutdown_wait(ngx_stream_thrift_session_t *ts)
{
    ngx_queue_insert_tail(&ngx_stream_thrift_shutdown.waiting, &ts->link);
    ts->linked = 1;
}


/* There is room again. */

static void
ngx_stream_thrift_shutdown_go_on(void)
{
    ngx_queue_t                  *q, *waiting;
    ngx_stream_thrift_session_t  *ts;

    waiting = &ngx_stream_thrift_shutdown.waiting;

    while (!ngx_queue_empty(waiting) && ngx_stream_thrift_shutdown_has_room()) {
        q = ngx_queue_head(waiting);
        ts = ngx_queue_data(q, ngx_stream_thrift_session_t, link);

        ngx_stream_thrift_shutdown_forget(ts);
        ngx_stream_thrift_session_run(ts);
    }

    ngx_stream_thrift_shutdown_report(0);
}


static void
ngx_stream_thrift_shutdown_event(ngx_event_t *ev)
{
    ngx_stream_thrift_shutdown.turn = 0;
    ngx_stream_thrift_shutdown_go_on();
}


static void
ngx_stream_thrift_shutdown_stay(ngx_stream_thrift_session_t *ts,
    ngx_uint_t fate)
{
    if (ts->stays == fate) {
        return;
    }

    ngx_stream_thrift_shutdown_forget(ts);

    ts->stays = fate;
    ts->linked = 1;

    ngx_queue_insert_tail(&ngx_stream_thrift_shutdown.staying, &ts->link);

    ngx_stream_thrift_shutdown.nstaying++;
    ngx_stream_thrift_shutdown.count[fate]++;

    /* thrift_shutdown_idle counts from now on, and reading goes on */

    ngx_thrift_timer_clear(&ts->timer);
    ngx_post_event(&ts->flush, &ngx_posted_next_events);
}


static ngx_uint_t
ngx_stream_thrift_shutdown_is_unread(ngx_stream_thrift_session_t *ts)
{
    return ts->reading || ngx_thrift_input_pending(&ts->in) || ts->preread;
}


/* Closed at once, unless the client has sent more, which would be a reset. */

static ngx_int_t
ngx_stream_thrift_shutdown_end(ngx_stream_thrift_session_t *ts)
{
    ngx_stream_thrift_shutdown_forget(ts);

    if (!ngx_stream_thrift_shutdown_is_quiet(ts)
        || !ngx_stream_thrift_shutdown_stops(ts))
    {
        return NGX_DECLINED;
    }

    ngx_stream_thrift_shutdown.count[NGX_STREAM_THRIFT_ENDS]++;
    ngx_thrift_count_client(ngx_stream_thrift_shutdown.main->status,
                            NGX_THRIFT_STATUS_TOLD_TO_GO);

    if (ts->connection->read->ready) {
        ngx_stream_thrift_session_end(ts);

    } else {
        ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
    }

    return NGX_DONE;
}


void
ngx_stream_thrift_shutdown_forget(ngx_stream_thrift_session_t *ts)
{
    if (ts->linked) {
        ngx_queue_remove(&ts->link);
        ts->linked = 0;
    }

    if (ts->stays) {
        ts->stays = 0;
        ngx_stream_thrift_shutdown.nstaying--;
    }
}


/* Those who stay may have to do so no longer. */

static void
ngx_stream_thrift_shutdown_ask(void)
{
    ngx_queue_t                  *q, *staying, all;
    ngx_stream_thrift_session_t  *ts;

    staying = &ngx_stream_thrift_shutdown.staying;

    if (ngx_queue_empty(staying)) {
        return;
    }

    ngx_queue_init(&all);
    ngx_queue_add(&all, staying);
    ngx_queue_init(staying);

    while (!ngx_queue_empty(&all)) {
        q = ngx_queue_head(&all);
        ts = ngx_queue_data(q, ngx_stream_thrift_session_t, link);

        ngx_queue_remove(q);
        ngx_queue_insert_tail(staying, q);

        ngx_stream_thrift_session_run(ts);
    }
}


/*
 * One line when all is decided, or after a while what is; then another when the
 * rest is.
 */

static void
ngx_stream_thrift_shutdown_report(ngx_uint_t now)
{
    ngx_uint_t  *n, stay, busy, i;

    if (!ngx_stream_thrift_shutdown.told) {
        return;
    }

    n = ngx_stream_thrift_shutdown.count;

    stay = 0;

    for (i = NGX_STREAM_THRIFT_STAYS_TLS; i < NGX_STREAM_THRIFT_FATES; i++) {
        stay += n[i];
    }

    busy = ngx_stream_thrift_shutdown.main->nsessions
           - ngx_stream_thrift_shutdown.nstaying;

    if ((busy && !now)
        || n[NGX_STREAM_THRIFT_GOES] + n[NGX_STREAM_THRIFT_ENDS] + stay == 0)
    {
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "thrift clients of generation %ui: %ui handed over, "
                  "%ui closed, %ui stay (%ui TLS, %ui pinned, "
                  "%ui thrift_handover off, %ui other), %ui busy",
                  ngx_stream_thrift_channel_generation(),
                  n[NGX_STREAM_THRIFT_GOES], n[NGX_STREAM_THRIFT_ENDS], stay,
                  n[NGX_STREAM_THRIFT_STAYS_TLS],
                  n[NGX_STREAM_THRIFT_STAYS_PINNED],
                  n[NGX_STREAM_THRIFT_STAYS_OFF],
                  n[NGX_STREAM_THRIFT_STAYS_UNABLE], busy);

    ngx_memzero(n, sizeof(ngx_stream_thrift_shutdown.count));
}
