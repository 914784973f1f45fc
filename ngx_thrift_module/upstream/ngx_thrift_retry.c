/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_retry.h.  Called by ngx_thrift_pass.c with what has become of
 * an attempt; whether a lost one may be sent again is asked by
 * ngx_thrift_attempt.c.
 */

#include "ngx_thrift.h"


/*
 * The pause before another round is drawn from 0 to this time, which is doubled
 * with each round: what failed together does not come back together.
 */

#define NGX_THRIFT_RETRY_PAUSE      25      /* milliseconds */
#define NGX_THRIFT_RETRY_MAX_PAUSE  1000

/* Lines about a budget that is used up. */

#define NGX_THRIFT_RETRY_REFUSALS         1
#define NGX_THRIFT_RETRY_REFUSALS_PERIOD  1000      /* milliseconds */


static ngx_uint_t ngx_thrift_retry_causes(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);
static ngx_uint_t ngx_thrift_retry_answered(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_uint_t ngx_thrift_retry_refused(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_retry_is_left(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_uint_t ngx_thrift_retry_has_time(ngx_thrift_attempt_t *attempt,
    ngx_msec_t pause);
static ngx_msec_t ngx_thrift_retry_draw_pause(ngx_thrift_attempt_t *attempt);


void
ngx_thrift_retry_init(ngx_thrift_pool_t *pool)
{
    ngx_thrift_refusals_init(&pool->retry_refusals, NGX_THRIFT_RETRY_REFUSALS,
                             NGX_THRIFT_RETRY_REFUSALS_PERIOD, NGX_LOG_WARN,
                             "retry budget of", &pool->name);
}


void
ngx_thrift_retry_found(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (call->tries++ == 0) {
        attempt->start = ngx_current_msec;

        ngx_thrift_budget_add(&attempt->pool->retries,
                              attempt->pool->retry.percent);
    }

    attempt->tried = 1;
}


/* A round without a server is a try, too: rounds have an end. */

void
ngx_thrift_retry_found_none(ngx_thrift_attempt_t *attempt)
{
    if (attempt->call->tries && !attempt->tried) {
        attempt->call->tries++;
    }

    attempt->busy = 1;
}


ngx_uint_t
ngx_thrift_retry_due(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    return ngx_thrift_retry_is_wanted(attempt, rc)
           && ngx_thrift_retry_is_left(attempt)
           && ngx_thrift_retry_affords(attempt);
}


ngx_uint_t
ngx_thrift_retry_is_wanted(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    return (ngx_thrift_retry_causes(attempt, rc)
            & attempt->call->conf->next_upstream)
           != 0;
}


ngx_uint_t
ngx_thrift_retry_affords(ngx_thrift_attempt_t *attempt)
{
    uint32_t            client;
    ngx_log_t          *log;
    ngx_uint_t          level;
    ngx_thrift_pool_t  *pool;

    pool = attempt->pool;
    log = attempt->call->log;

    if (attempt->sent == 0 || pool->retry.off) {
        return 1;
    }

    if (attempt->unaffordable) {
        return 0;
    }

    client = ngx_thrift_attempt_client(attempt);

    if (ngx_thrift_budget_has(&pool->retries, pool->retry.min, client)) {
        ngx_thrift_budget_take(&pool->retries, client);
        return 1;
    }

    attempt->unaffordable = 1;

    level = ngx_thrift_refusals_add(&pool->retry_refusals, log)
            ? NGX_LOG_WARN : NGX_LOG_INFO;

    ngx_log_error(level, log, 0, "retry budget of upstream \"%V\" is used up",
                  &pool->name);

    return 0;
}


/* The conditions of which one has to be set. */

static ngx_uint_t
ngx_thrift_retry_causes(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        return (attempt->reply.wire.head.type == NTHRIFT_EXCEPTION)
               ? ngx_thrift_retry_answered(attempt) : 0;

    case NGX_DECLINED:

        /* whatever let it come to this one lets it go on */

        if (attempt->busy) {
            return attempt->call->tries ? (ngx_uint_t) -1 : 0;
        }

        if (!attempt->timed_out && !attempt->late) {
            return NGX_THRIFT_RETRY_ERROR;
        }

        return attempt->sent ? NGX_THRIFT_RETRY_TIMEOUT
                             : NGX_THRIFT_RETRY_TIMEOUT|NGX_THRIFT_RETRY_ERROR;

    default: /* NGX_ERROR */

        if (attempt->busy && attempt->call->tries == 0) {
            return 0;
        }

        return ngx_thrift_retry_refused(attempt)
               ? NGX_THRIFT_RETRY_OVERLOADED : 0;
    }
}


/*
 * With an exception.  Servers of fbthrift say LOADSHEDDING for a call that they
 * have not begun; what others say by a text may come of what they call in turn.
 */

static ngx_uint_t
ngx_thrift_retry_answered(ngx_thrift_attempt_t *attempt)
{
    int32_t             type;
    ngx_str_t           text;
    ngx_uint_t          causes;
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (call->silent || ngx_thrift_pin_is_due(attempt)) {
        return 0;
    }

    ngx_thrift_reply_parse_exception(&attempt->reply, &type, &text);

    causes = 0;

    if (ngx_thrift_retry_repeats(call)) {
        causes = NGX_THRIFT_RETRY_EXCEPTION;

        if (text.len >= sizeof("overloaded") - 1
            && ngx_strncasecmp(text.data, (u_char *) "overloaded",
                               sizeof("overloaded") - 1) == 0)
        {
            causes |= NGX_THRIFT_RETRY_OVERLOADED;
        }
    }

    if (type == NTHRIFT_EXC_LOADSHEDDING && !call->oneway) {
        causes |= NGX_THRIFT_RETRY_OVERLOADED;
    }

    return causes;
}


/* There is no connection to its server for it now, or no place at any. */

static ngx_uint_t
ngx_thrift_retry_refused(ngx_thrift_attempt_t *attempt)
{
    return attempt->call->status == 503 && attempt->sent == 0;
}


/* Another server, or another round with all of them. */

static ngx_uint_t
ngx_thrift_retry_is_left(ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t  tries;
    ngx_msec_t  pause;

    tries = attempt->call->conf->next_upstream_tries;

    if (tries != 0 && attempt->call->tries >= tries) {
        return 0;
    }

    if (attempt->peer->tries != 0 && !attempt->busy) {
        return ngx_thrift_retry_has_time(attempt, 0);
    }

    if (tries == 0) {
        return 0;
    }

    pause = ngx_thrift_retry_draw_pause(attempt);

    if (!ngx_thrift_retry_has_time(attempt, pause)) {
        return 0;
    }

    attempt->pauses = 1;
    attempt->pause_time = pause;

    return 1;
}


static ngx_msec_t
ngx_thrift_retry_draw_pause(ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t  i;
    ngx_msec_t  pause;

    pause = NGX_THRIFT_RETRY_PAUSE;

    for (i = 0; i < attempt->round && pause < NGX_THRIFT_RETRY_MAX_PAUSE; i++)
    {
        pause *= 2;
    }

    pause = ngx_min(pause, NGX_THRIFT_RETRY_MAX_PAUSE);

    return ngx_thrift_random() % (pause + 1);
}


ngx_int_t
ngx_thrift_retry_pause(ngx_thrift_attempt_t *attempt,
    ngx_thrift_timer_pt handler)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (attempt->pause == NULL) {
        attempt->pause = ngx_palloc(call->pool, sizeof(ngx_thrift_timer_t));
        if (attempt->pause == NULL) {
            return NGX_ERROR;
        }

        /* a session's timer keeps an exiting worker alive while it has calls */

        ngx_thrift_timer_init(attempt->pause, handler, attempt, NULL, 1);
    }

    attempt->pauses = 0;
    attempt->round++;

    call->log->action = "waiting to try upstream again";

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: round %ui in %Mms", call->number,
                   attempt->round, attempt->pause_time);

    ngx_thrift_timer_set(attempt->pause,
                         ngx_current_msec + attempt->pause_time);

    return NGX_AGAIN;
}


/* Another attempt does not begin when the call's time is over. */

static ngx_uint_t
ngx_thrift_retry_has_time(ngx_thrift_attempt_t *attempt, ngx_msec_t pause)
{
    ngx_msec_t          timeout;
    ngx_thrift_call_t  *call;

    call = attempt->call;
    timeout = call->conf->next_upstream_timeout;

    if (call->timed
        && (ngx_msec_int_t) (call->deadline - ngx_current_msec - pause) <= 0)
    {
        return 0;
    }

    return timeout == 0
           || ngx_current_msec + pause - attempt->start < timeout;
}


ngx_uint_t
ngx_thrift_retry_repeats(ngx_thrift_call_t *call)
{
    return !call->oneway
           && (call->target->idempotent
               || (call->conf->next_upstream
                   & NGX_THRIFT_RETRY_NON_IDEMPOTENT));
}


ngx_uint_t
ngx_thrift_retry_retains(ngx_thrift_call_t *call)
{
    return ngx_thrift_retry_repeats(call)
           || (call->conf->next_upstream & NGX_THRIFT_RETRY_OVERLOADED);
}
