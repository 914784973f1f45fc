/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "pass".  A call comes here whole.  An attempt asks the balancer for
 * a server and goes on a connection to it, which is taken from the pool or
 * opened.  What has become of it is told; ngx_thrift_retry.c says if another
 * one is due.
 *
 *   balance -> try -> connection ... done        free
 *               ^                      |
 *               +------ retry ---------+-------- reply, or exception
 *
 * This room only decides: what is sent and read is the attempt's and its
 * connection's business.
 */

#include "ngx_thrift.h"


static void ngx_thrift_pass_done(ngx_thrift_attempt_t *attempt, ngx_int_t rc);
static ngx_int_t ngx_thrift_pass_afresh(ngx_thrift_attempt_t *attempt)
    nthrift_cold;
static void ngx_thrift_pass_go_on(ngx_thrift_attempt_t *attempt, ngx_int_t rc);
static ngx_inline ngx_int_t ngx_thrift_pass_follow(
    ngx_thrift_attempt_t *attempt, ngx_int_t rc);
static void ngx_thrift_pass_give_up(ngx_thrift_attempt_t *attempt,
    ngx_uint_t reason);
static void ngx_thrift_pass_round(void *data);
static void ngx_thrift_pass_take_off(ngx_thrift_attempt_t *attempt);
static ngx_inline ngx_int_t ngx_thrift_pass_try(ngx_thrift_attempt_t *attempt);
static ngx_inline ngx_int_t ngx_thrift_pass_attempt(
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_pass_pin(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_int_t ngx_thrift_pass_busy(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_inline ngx_int_t ngx_thrift_pass_connect(
    ngx_thrift_attempt_t *attempt, ngx_int_t rc);
static ngx_inline ngx_int_t ngx_thrift_pass_ready(
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_pass_detected(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);
static ngx_inline ngx_int_t ngx_thrift_pass_enter(
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_pass_translated(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);
static ngx_int_t ngx_thrift_pass_pinned(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);
static void ngx_thrift_pass_start_time(ngx_thrift_attempt_t *attempt);
static ngx_inline ngx_int_t ngx_thrift_pass_result(
    ngx_thrift_attempt_t *attempt, ngx_int_t rc);
static ngx_int_t ngx_thrift_pass_next(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc) nthrift_noinline;
static void ngx_thrift_pass_give_back(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);
static ngx_uint_t ngx_thrift_pass_failed(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc) nthrift_cold;
static ngx_int_t ngx_thrift_pass_end(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc) nthrift_cold;
static ngx_int_t ngx_thrift_pass_one_of_two(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);
static ngx_uint_t ngx_thrift_pass_state(ngx_thrift_attempt_t *attempt);


ngx_int_t
ngx_thrift_pass(ngx_thrift_call_t *call)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    attempt = ngx_thrift_attempt_create(call, ngx_thrift_pass_done);
    if (attempt == NULL) {
        return NGX_ERROR;
    }

    call->attempt = attempt;

    rc = call->balancer->balance(attempt);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_thrift_pass_try(attempt);
}


void
ngx_thrift_pass_balanced(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (rc == NGX_OK) {
        rc = ngx_thrift_pass_try(attempt);
    }

    call->resume(call, rc);
}


static void
ngx_thrift_pass_done(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_hedge_turn_to(attempt);

    if (rc == NGX_DECLINED && attempt->reused) {
        rc = ngx_thrift_pass_afresh(attempt);
    }

    ngx_thrift_pass_go_on(attempt, rc);
}


/* A connection died in the pool: the same server, over a new one. */

static ngx_int_t
ngx_thrift_pass_afresh(ngx_thrift_attempt_t *attempt)
{
    if ((attempt->sent && attempt->call->other)
        || !ngx_thrift_retry_affords(attempt))
    {
        return NGX_DECLINED;
    }

    ngx_thrift_attempt_renew(attempt);
    attempt->fresh = 1;

    return ngx_thrift_queue_enter(attempt);
}


void
ngx_thrift_pass_expire(ngx_thrift_delay_t *expiry)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    attempt = (ngx_thrift_attempt_t *)
                  ((u_char *) expiry - offsetof(ngx_thrift_attempt_t, expiry));

    ngx_thrift_hedge_turn_to(attempt);

    rc = ngx_thrift_attempt_expired(attempt);

    ngx_thrift_pass_take_off(attempt);
    ngx_thrift_pass_go_on(attempt, rc);
}


void
ngx_thrift_pass_hedge(ngx_thrift_delay_t *hedge)
{
    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    attempt = (ngx_thrift_attempt_t *)
                  ((u_char *) hedge - offsetof(ngx_thrift_attempt_t, hedge));

    attempt = ngx_thrift_hedge_create(attempt);

    if (attempt == NULL) {
        return;
    }

    ngx_thrift_dialect_set(attempt);
    ngx_thrift_pass_start_time(attempt);

    rc = ngx_thrift_pass_ready(attempt);

    if (rc != NGX_AGAIN) {
        ngx_thrift_pass_go_on(attempt, rc);
    }
}


/* The attempt has come to `rc`, in an event of its own. */

static void
ngx_thrift_pass_go_on(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    call->resume(call, ngx_thrift_pass_follow(attempt, rc));
}


/* Returns what the step does. */

static ngx_inline ngx_int_t
ngx_thrift_pass_follow(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (rc != NGX_AGAIN) {
        rc = ngx_thrift_pass_result(attempt, rc);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    return attempt->pauses
           ? ngx_thrift_retry_pause(attempt, ngx_thrift_pass_round)
           : ngx_thrift_pass_try(attempt);
}


ngx_int_t
ngx_thrift_pass_cancel(ngx_thrift_call_t *call, ngx_uint_t reason)
{
    if (call->other) {
        ngx_thrift_pass_give_up(call->attempt, reason);
        ngx_thrift_hedge_drop(call->attempt);
    }

    ngx_thrift_pass_give_up(call->attempt, reason);

    return NGX_OK;
}


static void
ngx_thrift_pass_give_up(ngx_thrift_attempt_t *attempt, ngx_uint_t reason)
{
    ngx_uint_t  state;

    state = NGX_PEER_NEXT;

    if (reason == NGX_THRIFT_CALL_EXPIRED) {
        ngx_thrift_attempt_timed_out(attempt);
        attempt->expired = 1;
        state = ngx_thrift_pass_state(attempt);
    }

    ngx_thrift_pass_take_off(attempt);
    ngx_thrift_count_given_up(attempt, reason == NGX_THRIFT_CALL_EXPIRED);

    attempt->call->balancer->free(attempt, state);

    if (attempt->pool) {
        ngx_thrift_queue_wake_server(attempt->pool);
    }
}


/* The pause is over: all servers may be tried again. */

static void
ngx_thrift_pass_round(void *data)
{
    ngx_thrift_attempt_t  *attempt = data;

    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    call = attempt->call;
    attempt->tried = 0;

    rc = call->balancer->balance(attempt);

    if (rc == NGX_OK) {
        rc = ngx_thrift_pass_try(attempt);
    }

    call->resume(call, rc);
}


/* Nobody waits for what becomes of the attempt any more. */

static void
ngx_thrift_pass_take_off(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_attempt_stop_delays(attempt);

    if (attempt->pause) {
        ngx_thrift_timer_clear(attempt->pause);
    }

    ngx_thrift_dialect_leave(attempt);

    if (attempt->connection) {
        (void) ngx_thrift_connection_remove(attempt);

    } else {
        ngx_thrift_queue_leave(attempt);
    }
}


/* One attempt after another, until one is on its way or no more may follow. */

static ngx_inline ngx_int_t
ngx_thrift_pass_try(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    for ( ;; ) {
        rc = ngx_thrift_pass_attempt(attempt);

        if (rc != NGX_AGAIN) {
            rc = ngx_thrift_pass_result(attempt, rc);
        }

        if (rc != NGX_DECLINED) {
            return rc;
        }

        if (attempt->pauses) {
            return ngx_thrift_retry_pause(attempt, ngx_thrift_pass_round);
        }
    }
}


static ngx_inline ngx_int_t
ngx_thrift_pass_attempt(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    call = attempt->call;
    call->log->action = "connecting to upstream";

    ngx_thrift_dialect_set(attempt);
    ngx_thrift_pass_start_time(attempt);

    if (ngx_thrift_pin_find(attempt)) {
        return ngx_thrift_pass_pin(attempt);
    }

    if (ngx_thrift_pin_is_lost(attempt)) {
        return ngx_thrift_pin_refuse(attempt);
    }

    rc = ngx_thrift_queue_may_choose(attempt)
         ? call->balancer->get(attempt) : NGX_BUSY;

    if (rc == NGX_BUSY) {
        rc = ngx_thrift_pass_busy(attempt);
    }

    return (rc == NGX_AGAIN) ? NGX_AGAIN : ngx_thrift_pass_connect(attempt, rc);
}


/* Its client is pinned. */

static ngx_int_t
ngx_thrift_pass_pin(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                 rc;
    ngx_thrift_connection_t  *conn;

    conn = ngx_thrift_pin_find(attempt);

    ngx_thrift_dialect_follow(attempt, conn);

    rc = ngx_thrift_dialect_prepare(attempt, ngx_thrift_pass_pinned);

    if (rc != NGX_OK) {
        return rc;
    }

    if (attempt->call->balancer->pinned(attempt, &conn->name) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_thrift_connection_add(conn, attempt);

    return NGX_AGAIN;
}


/* No server can take it now.  NGX_AGAIN: it waits for one. */

static ngx_int_t
ngx_thrift_pass_busy(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    rc = NGX_BUSY;
    call = attempt->call;

    /* its own oneways may hold the server that it would have */

    if (call->client && ngx_thrift_pool_let_go(call->client) != 0) {
        rc = call->balancer->get(attempt);
    }

    return (rc == NGX_BUSY && attempt->full)
           ? ngx_thrift_queue_wait_server(attempt) : rc;
}


/* Its own time begins; if its call was translated meanwhile, it has begun. */

static void
ngx_thrift_pass_start_time(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_delays_t  *deadlines;

    deadlines = attempt->call->conf->attempt_deadlines;

    if (deadlines && !attempt->expiry.set) {
        attempt->timed = 1;
        ngx_thrift_delay_start(deadlines, &attempt->expiry, ngx_current_msec);
    }
}


void
ngx_thrift_pass_chosen(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_pass_go_on(attempt, ngx_thrift_pass_connect(attempt, rc));
}


/* The balancer has said `rc`.  NGX_DECLINED: there is no server. */

static ngx_inline ngx_int_t
ngx_thrift_pass_connect(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (rc == NGX_BUSY) {
        ngx_thrift_retry_found_none(attempt);
        return NGX_DECLINED;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_thrift_retry_found(attempt);

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: attempt %ui with server %V",
                   call->number, attempt->number, attempt->peer->name);

    /* what others have left on a connection is no state of this client's */

    if (call->conf->balance == NGX_THRIFT_BALANCE_CONNECTION) {
        attempt->fresh = 1;
    }

    return ngx_thrift_pass_ready(attempt);
}


/* Its server is chosen.  A large call is translated before it has a place. */

static ngx_inline ngx_int_t
ngx_thrift_pass_ready(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    rc = ngx_thrift_dialect_detect(attempt, ngx_thrift_pass_detected);

    if (rc == NGX_OK) {
        rc = ngx_thrift_dialect_prepare(attempt, ngx_thrift_pass_translated);
    }

    return (rc == NGX_OK) ? ngx_thrift_pass_enter(attempt) : rc;
}


static ngx_int_t
ngx_thrift_pass_detected(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (rc == NGX_OK) {
        rc = ngx_thrift_pass_ready(attempt);
    }

    return ngx_thrift_pass_follow(attempt, rc);
}


static ngx_inline ngx_int_t
ngx_thrift_pass_enter(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_hedge_start(attempt);

    return ngx_thrift_queue_enter(attempt);
}


/* A large call was: it has a server, or was to go on the pinned connection. */

static ngx_int_t
ngx_thrift_pass_translated(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (rc == NGX_OK) {
        rc = ngx_thrift_pass_enter(attempt);
    }

    return ngx_thrift_pass_follow(attempt, rc);
}


static ngx_int_t
ngx_thrift_pass_pinned(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (rc == NGX_OK) {
        rc = ngx_thrift_pass_attempt(attempt);
    }

    return ngx_thrift_pass_follow(attempt, rc);
}


/*
 * Handles the result of an attempt that is not on its way any more; its server
 * goes back to the balancer.  Returns NGX_DECLINED when the attempt is the
 * call's next one, else what the step returns.
 */

static ngx_inline ngx_int_t
ngx_thrift_pass_result(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_attempt_stop_delays(attempt);

    ngx_thrift_pass_give_back(attempt, rc);

    /* of replies, none but an exception asks for another attempt */

    return (rc == NGX_OK && attempt->call->other == NULL
            && attempt->reply.wire.head.type != NTHRIFT_EXCEPTION)
           ? NGX_OK : ngx_thrift_pass_next(attempt, rc);
}


static ngx_int_t
ngx_thrift_pass_next(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (attempt->call->other) {
        return ngx_thrift_pass_one_of_two(attempt, rc);
    }

    if (!ngx_thrift_retry_due(attempt, rc)) {
        return ngx_thrift_pass_end(attempt, rc);
    }

    ngx_thrift_error_clear(attempt->call);
    ngx_thrift_attempt_renew(attempt);

    return NGX_DECLINED;
}


/* The call has another one on its way: one of them goes. */

static ngx_int_t
ngx_thrift_pass_one_of_two(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_call_t     *call;
    ngx_thrift_attempt_t  *other;

    call = attempt->call;

    if (rc == NGX_OK && !ngx_thrift_retry_is_wanted(attempt, rc)) {
        other = call->other;

        ngx_thrift_pass_give_up(other, NGX_THRIFT_CALL_LEFT);
        ngx_thrift_hedge_drop(other);

        return NGX_OK;
    }

    /* its error is not the call's, its reply only if nothing better comes */

    if (rc != NGX_OK) {
        ngx_thrift_error_clear(call);
        call->reply = NULL;
    }

    ngx_thrift_hedge_drop(attempt);

    return NGX_AGAIN;
}


static void
ngx_thrift_pass_give_back(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_uint_t          state;
    ngx_thrift_call_t  *call;

    call = attempt->call;

    ngx_thrift_count_done(attempt, rc);

    if (rc != NGX_OK) {
        state = ngx_thrift_pass_failed(attempt, rc);

    } else {
        state = call->silent ? 0 : ngx_thrift_blame_answered(attempt);
    }

    call->balancer->free(attempt, state);
    ngx_thrift_queue_wake_server(attempt->pool);
}


/* Returns what its server goes back with. */

static ngx_uint_t
ngx_thrift_pass_failed(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    if (rc == NGX_ERROR) {

        /* what has no error by now is our own shortage */

        (void) ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR,
                                    500, "internal error");
    }

    return ngx_thrift_pass_state(attempt);
}


/* No other attempt follows. */

static ngx_int_t
ngx_thrift_pass_end(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (ngx_thrift_attempt_restore(attempt) == NGX_OK) {
        ngx_thrift_error_clear(call);
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (attempt->timed_out) {
        return ngx_thrift_error_timed_out(call);
    }

    if (attempt->busy) {

        if (attempt->full) {
            return ngx_thrift_queue_refuse(attempt, "upstream servers have "
                                                    "too many calls");
        }

        if (ngx_thrift_refusals_add(&attempt->pool->refusals, call->log)) {
            ngx_log_error(NGX_LOG_ERR, call->log, 0, "no live upstreams");
        }

        return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                    "no live upstreams");
    }

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                attempt->lost
                                    ? "upstream closed connection "
                                      "before it replied"
                                    : "cannot connect to upstream");
}


/* What the server of an attempt that has failed goes back with. */

static ngx_uint_t
ngx_thrift_pass_state(ngx_thrift_attempt_t *attempt)
{
    if (attempt->blameless || attempt->call->status == 500
        || attempt->peer->sockaddr == NULL)
    {
        return NGX_PEER_NEXT;
    }

    /*
     * nothing of a client's was there to be answered; but how much time there
     * was for a connection is the call's, not the server's, and so is what it
     * brings into a handshake; and clients can fill a server's queue
     */

    if (attempt->sent == 0 && attempt->reused) {
        return NGX_PEER_NEXT;
    }

    if (attempt->sent == 0 && !attempt->expired && !attempt->unproven) {
        return NGX_PEER_FAILED;
    }

    return attempt->call->copied ? NGX_PEER_NEXT : ngx_thrift_blame(attempt);
}
