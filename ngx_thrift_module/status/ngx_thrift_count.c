/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_count.h.  Called by client/ for calls of clients, and by
 * upstream/ for attempts and connections.
 */

#include "ngx_thrift.h"


static void ngx_thrift_count_start(ngx_thrift_counted_t *counted);
static void ngx_thrift_count_stop(ngx_thrift_counted_t *counted);
static uint64_t ngx_thrift_count_now(void);
static void ngx_thrift_count_turn(ngx_event_t *ev);
static void ngx_thrift_count_time(ngx_thrift_status_times_t *times,
    uint64_t took);
static void ngx_thrift_count_handler(ngx_thrift_status_method_t *method,
    ngx_thrift_invocation_t *inv);
static ngx_uint_t ngx_thrift_count_outcome(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_count_failure(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_count_result(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc) nthrift_noinline;
static ngx_uint_t ngx_thrift_count_error(ngx_thrift_attempt_t *attempt);
static void ngx_thrift_count_finish(ngx_thrift_attempt_t *attempt,
    ngx_uint_t result);


#define ngx_thrift_count_add(value, n)                                        \
    (void) ngx_atomic_fetch_add(&(value), (ngx_atomic_int_t) (n))


const char *const  ngx_thrift_count_outcomes[] = {
    "success",
    "oneway",
    "declared_exception",
    "cancelled",
    "shutdown",
    "not_thrift",
    "malformed",
    "unknown_method",
    "overloaded",
    "returned",
    "timed_out",
    "upstream_failed",
    "internal_error",
    "exception"
};


const char *const  ngx_thrift_count_types[] = {
    "UNKNOWN",
    "UNKNOWN_METHOD",
    "INVALID_MESSAGE_TYPE",
    "WRONG_METHOD_NAME",
    "BAD_SEQUENCE_ID",
    "MISSING_RESULT",
    "INTERNAL_ERROR",
    "PROTOCOL_ERROR",
    "INVALID_TRANSFORM",
    "INVALID_PROTOCOL",
    "UNSUPPORTED_CLIENT_TYPE",
    "LOADSHEDDING",
    "other"
};


const char *const  ngx_thrift_count_results[] = {
    "answered",
    "oneway",
    "exception",
    "unreachable",
    "failed",
    "timed_out",
    "refused",
    "no_server",
    "given_up"
};


const char *const  ngx_thrift_count_closes[] = {
    "error",
    "server",
    "timeout",
    "idle",
    "not_kept",
    "room",
    "client",
    "exit",
    "given_up"
};


const char *const  ngx_thrift_count_fates[] = {
    "handed_over",
    "closed"
};


const uint64_t  ngx_thrift_count_ends[] = {
    100, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
    1000000, 5000000, 15000000, 30000000
};


const char *const  ngx_thrift_count_texts[] = {
    "0.0001", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
    "0.1", "0.25", "0.5", "1.0", "5.0", "15.0", "30.0", "+Inf"
};


typedef char  ngx_thrift_count_ends_agree[
    (sizeof(ngx_thrift_count_ends) / sizeof(uint64_t)
     == NGX_THRIFT_STATUS_BUCKETS - 1)
    ? 1 : -1];


/* Set: the clock was read in this turn of the event loop. */

static ngx_event_t  ngx_thrift_count_event;
static uint64_t     ngx_thrift_count_clock;     /* microseconds */


void
ngx_thrift_count_begin(ngx_thrift_counted_t *counted,
    ngx_thrift_status_row_t *row)
{
    counted->row = row;

    ngx_thrift_count_start(counted);
}


static void
ngx_thrift_count_start(ngx_thrift_counted_t *counted)
{
    counted->begun = 1;
    counted->start = ngx_thrift_count_now();

    if (ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        counted->row->in_flight[ngx_thrift_status_slot]++;
    }
}


static void
ngx_thrift_count_stop(ngx_thrift_counted_t *counted)
{
    counted->begun = 0;

    if (ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        counted->row->in_flight[ngx_thrift_status_slot]--;
    }
}


/*
 * nginx's own clock tells milliseconds, and most calls take less.  It is read
 * once for all that happens in a turn before its posted events.
 */

static uint64_t
ngx_thrift_count_now(void)
{
    ngx_event_t  *ev;

    ev = &ngx_thrift_count_event;

    if (ev->posted) {
        return ngx_thrift_count_clock;
    }

    ngx_thrift_count_clock = ngx_thrift_clock() / 1000;

    ev->handler = ngx_thrift_count_turn;
    ev->log = ngx_cycle->log;

    ngx_post_event(ev, &ngx_posted_events);

    return ngx_thrift_count_clock;
}


static void
ngx_thrift_count_turn(ngx_event_t *ev)
{
    /* ev->posted is 0: the clock is read again */
}


ngx_uint_t
ngx_thrift_count_bucket(uint64_t took)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS - 1; i++) {
        if (took <= ngx_thrift_count_ends[i]) {
            break;
        }
    }

    return i;
}


static void
ngx_thrift_count_time(ngx_thrift_status_times_t *times, uint64_t took)
{
    ngx_thrift_count_add(times->buckets[ngx_thrift_count_bucket(took)], 1);

    if (took) {
        ngx_thrift_count_add(times->sum, took);
    }
}


void
ngx_thrift_count_end(ngx_thrift_counted_t *counted, ngx_thrift_call_t *call)
{
    uint64_t                     took;
    ngx_thrift_status_row_t     *row;
    ngx_thrift_status_method_t  *method;

    row = counted->row;
    took = 0;

    if (counted->begun) {

        /* a handler may have held the event loop */

        if (call->invocation && ngx_thrift_count_event.posted) {
            ngx_delete_posted_event(&ngx_thrift_count_event);
        }

        took = ngx_thrift_count_now() - counted->start;

        ngx_thrift_count_stop(counted);
    }

    counted->row = NULL;
    counted->ended = row;
    counted->outcome = ngx_thrift_count_outcome(call);
    counted->took = took;

    method = (ngx_thrift_status_method_t *) row;

    ngx_thrift_count_add(method->outcomes[counted->outcome], 1);
    ngx_thrift_count_time(&row->times, took);
    ngx_thrift_count_add(row->received, call->request.wire.length);

    if (call->invocation) {
        ngx_thrift_count_handler(method, call->invocation);
    }

    if (call->outcome != NGX_THRIFT_CANCELLED
        && call->outcome != NGX_THRIFT_CUT)
    {
        ngx_thrift_count_add(row->sent, call->out_length);
    }
}


static void
ngx_thrift_count_handler(ngx_thrift_status_method_t *method,
    ngx_thrift_invocation_t *inv)
{
    ngx_thrift_count_time(&method->handler, ngx_thrift_invocation_time(inv));

    if (inv->holds) {
        ngx_thrift_count_add(method->holds, inv->holds);
        ngx_thrift_count_add(method->held, inv->held / 1000);
    }
}


void
ngx_thrift_count_drop(ngx_thrift_counted_t *counted)
{
    if (counted->row && counted->begun) {
        ngx_thrift_count_stop(counted);
    }

    counted->row = NULL;
}


static ngx_uint_t
ngx_thrift_count_outcome(ngx_thrift_call_t *call)
{
    switch ((ngx_thrift_outcome_e) call->outcome) {

    case NGX_THRIFT_SUCCESS:
        return NGX_THRIFT_STATUS_SUCCESS;

    case NGX_THRIFT_DECLARED:
        return NGX_THRIFT_STATUS_DECLARED;

    case NGX_THRIFT_SENT:
        return NGX_THRIFT_STATUS_SENT;

    case NGX_THRIFT_CANCELLED:
        return NGX_THRIFT_STATUS_CANCELLED;

    case NGX_THRIFT_CUT:
        return NGX_THRIFT_STATUS_SHUTDOWN;

    case NGX_THRIFT_REFUSED:
        return NGX_THRIFT_STATUS_NOT_THRIFT;

    case NGX_THRIFT_EXCEPTION:
    case NGX_THRIFT_FAILED:
        return ngx_thrift_count_failure(call);

    case NGX_THRIFT_PENDING:
        break;
    }

    return NGX_THRIFT_STATUS_INTERNAL;
}


static ngx_uint_t
ngx_thrift_count_failure(ngx_thrift_call_t *call)
{
    ngx_uint_t  type;

    if (!call->failed) {
        type = ngx_min((ngx_uint_t) call->exception,
                       NGX_THRIFT_STATUS_TYPES - 1);

        return NGX_THRIFT_STATUS_EXCEPTION + type;
    }

    switch (call->status) {

    case 400:
    case 413:
        return NGX_THRIFT_STATUS_MALFORMED;

    case 404:
        return NGX_THRIFT_STATUS_UNKNOWN_METHOD;

    case 429:
    case 503:
        return (call->conf->answer->kind == NGX_THRIFT_ANSWER_EXCEPTION)
               ? NGX_THRIFT_STATUS_RETURNED : NGX_THRIFT_STATUS_OVERLOADED;

    case 502:
        return NGX_THRIFT_STATUS_UPSTREAM;

    case 504:
        return NGX_THRIFT_STATUS_TIMED_OUT;

    default:
        return NGX_THRIFT_STATUS_INTERNAL;
    }
}


void
ngx_thrift_count_attempt(ngx_thrift_attempt_t *attempt,
    ngx_thrift_status_row_t *row)
{
    ngx_thrift_status_server_t  *server;

    /* it was on another one, which died in the pool */

    if (attempt->counts.row && attempt->counts.begun) {
        ngx_thrift_count_finish(attempt, NGX_THRIFT_STATUS_FAILED);
    }

    attempt->counts.row = row;

    if (row == NULL) {
        return;
    }

    ngx_thrift_count_start(&attempt->counts);

    server = (ngx_thrift_status_server_t *) row;

    if (attempt->reused) {
        ngx_thrift_count_add(server->reused, 1);
    }

    if (attempt->dialect.protocol
        != attempt->call->request.wire.head.protocol)
    {
        ngx_thrift_count_add(server->translated, 1);
    }

    if (attempt->number == 1) {
        return;
    }

    if (attempt->call->other) {
        ngx_thrift_count_add(server->hedges, 1);

    } else {
        ngx_thrift_count_add(server->retries, 1);
    }
}


void
ngx_thrift_count_done(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (attempt->pool && attempt->pool->row) {
        ngx_thrift_count_finish(attempt, ngx_thrift_count_result(attempt, rc));
    }
}


void
ngx_thrift_count_given_up(ngx_thrift_attempt_t *attempt, ngx_uint_t late)
{
    if (attempt->pool && attempt->pool->row) {
        ngx_thrift_count_finish(attempt, late ? NGX_THRIFT_STATUS_LATE
                                              : NGX_THRIFT_STATUS_GIVEN_UP);
    }
}


static ngx_uint_t
ngx_thrift_count_result(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        if (attempt->call->silent) {
            return NGX_THRIFT_STATUS_ANSWERED_ONEWAY;
        }

        return (attempt->reply.wire.head.type == NTHRIFT_EXCEPTION)
               ? NGX_THRIFT_STATUS_ANSWERED_EXCEPTION
               : NGX_THRIFT_STATUS_ANSWERED;

    case NGX_DECLINED:
        if (attempt->busy) {
            return NGX_THRIFT_STATUS_NO_SERVER;
        }

        if (attempt->timed_out) {
            return NGX_THRIFT_STATUS_LATE;
        }

        return attempt->sent ? NGX_THRIFT_STATUS_FAILED
                             : NGX_THRIFT_STATUS_UNREACHABLE;

    default: /* NGX_ERROR */
        return ngx_thrift_count_error(attempt);
    }
}


static ngx_uint_t
ngx_thrift_count_error(ngx_thrift_attempt_t *attempt)
{
    switch (attempt->call->status) {

    case 503:
        return NGX_THRIFT_STATUS_REFUSED;

    case 504:
        return NGX_THRIFT_STATUS_LATE;

    default:
        return NGX_THRIFT_STATUS_FAILED;
    }
}


/* Without a server it counts for the upstream's row. */

static void
ngx_thrift_count_finish(ngx_thrift_attempt_t *attempt, ngx_uint_t result)
{
    ngx_thrift_counted_t        *counted;
    ngx_thrift_status_row_t     *row;
    ngx_thrift_status_server_t  *server;

    counted = &attempt->counts;
    row = counted->row ? counted->row : attempt->pool->row;
    server = (ngx_thrift_status_server_t *) row;

    ngx_thrift_count_add(server->results[result], 1);

    if (counted->row && counted->begun) {
        ngx_thrift_count_time(&row->times,
                              ngx_thrift_count_now() - counted->start);
        ngx_thrift_count_add(row->sent, attempt->sent);
        ngx_thrift_count_add(row->received, attempt->received);

        ngx_thrift_count_stop(counted);

    } else {
        ngx_thrift_count_time(&row->times, 0);
    }

    counted->row = NULL;
}


void
ngx_thrift_count_waits(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_status_row_t     *row;
    ngx_thrift_status_server_t  *server;

    row = attempt->counts.row ? attempt->counts.row : attempt->pool->row;
    attempt->counts.waiting = row;

    server = (ngx_thrift_status_server_t *) row;

    if (row && ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        server->waiting[ngx_thrift_status_slot]++;
    }
}


void
ngx_thrift_count_waited(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_status_row_t     *row;
    ngx_thrift_status_server_t  *server;

    row = attempt->counts.waiting;
    server = (ngx_thrift_status_server_t *) row;

    if (row && ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        server->waiting[ngx_thrift_status_slot]--;
    }

    /* meanwhile its server may have become known */

    row = attempt->counts.row ? attempt->counts.row : row;

    if (row == NULL) {
        return;
    }

    server = (ngx_thrift_status_server_t *) row;

    ngx_thrift_count_add(server->waits, 1);
    ngx_thrift_count_add(server->waited, ngx_current_msec - attempt->waits);
}


void
ngx_thrift_count_opened(ngx_thrift_status_row_t *row)
{
    ngx_thrift_status_server_t  *server;

    server = (ngx_thrift_status_server_t *) row;

    if (row == NULL) {
        return;
    }

    ngx_thrift_count_add(server->opened, 1);

    if (ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        server->open[ngx_thrift_status_slot]++;
    }
}


void
ngx_thrift_count_idle(ngx_thrift_status_row_t *row, ngx_uint_t idle)
{
    ngx_thrift_status_server_t  *server;

    server = (ngx_thrift_status_server_t *) row;

    if (row && ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        server->idle[ngx_thrift_status_slot] += idle ? 1 : -1;
    }
}


void
ngx_thrift_count_closed(ngx_thrift_status_row_t *row,
    ngx_thrift_status_closed_e reason)
{
    ngx_thrift_status_server_t  *server;

    server = (ngx_thrift_status_server_t *) row;

    if (row == NULL) {
        return;
    }

    ngx_thrift_count_add(server->closed[reason], 1);

    if (ngx_thrift_status_slot != NGX_THRIFT_STATUS_SLOTS) {
        server->open[ngx_thrift_status_slot]--;
    }
}


void
ngx_thrift_count_client(ngx_thrift_status_t *status,
    ngx_thrift_status_fate_e fate)
{
    if (status) {
        ngx_thrift_count_add(status->data->clients[fate], 1);
    }
}


ngx_uint_t
ngx_thrift_count_sum(ngx_thrift_status_gauge_t gauge, uint64_t alive)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < NGX_THRIFT_STATUS_SLOTS; i++) {
        n += (alive >> i & 1) ? gauge[i] : 0;
    }

    return n;
}
