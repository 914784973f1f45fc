/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_hedge.h.  Called by ngx_thrift_pass.c, which puts attempts on
 * connections and takes them off.
 */

#include "ngx_thrift.h"


static void ngx_thrift_hedge_start_time(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_uint_t ngx_thrift_hedge_is_due(ngx_thrift_attempt_t *first);
static ngx_uint_t ngx_thrift_hedge_affords(ngx_thrift_attempt_t *first);


void
ngx_thrift_hedge_start(ngx_thrift_attempt_t *attempt)
{
    if (attempt->call->conf->hedges) {
        ngx_thrift_hedge_start_time(attempt);
    }
}


static void
ngx_thrift_hedge_start_time(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;
    ngx_thrift_conf_t  *conf;

    call = attempt->call;
    conf = call->conf;

    if (call->tries != 1 || !call->target->idempotent || call->oneway
        || ngx_thrift_pin_is_due(attempt))
    {
        return;
    }

    ngx_thrift_budget_add(&attempt->pool->hedges, conf->hedge_percent);

    attempt->timed = 1;
    ngx_thrift_delay_start(conf->hedges, &attempt->hedge, ngx_current_msec);
}


ngx_thrift_attempt_t *
ngx_thrift_hedge_create(ngx_thrift_attempt_t *first)
{
    uint32_t               client;
    ngx_thrift_call_t     *call;
    ngx_thrift_attempt_t  *attempt;

    call = first->call;

    if (!ngx_thrift_hedge_is_due(first)) {
        return NULL;
    }

    attempt = ngx_thrift_attempt_create(call, first->done);
    if (attempt == NULL) {
        return NULL;
    }

    attempt->number = first->number + 1;
    attempt->start = first->start;
    attempt->tried = 1;

    call->attempt = attempt;
    call->other = first;

    if (call->balancer->beside(attempt, first) != NGX_OK) {
        ngx_thrift_hedge_drop(attempt);
        return NULL;
    }

    call->tries++;

    if (first->peer->tries) {
        first->peer->tries--;
    }

    client = ngx_thrift_attempt_client(attempt);

    ngx_thrift_budget_take(&attempt->pool->hedges, client);
    ngx_thrift_budget_take(&attempt->pool->retries, client);

    ngx_log_debug3(NGX_LOG_DEBUG_EVENT, call->log, 0,
                   "thrift call %ui: attempt %ui, a hedge, with server %V",
                   call->number, attempt->number, attempt->peer->name);

    return attempt;
}


/* Nobody is helped when the reply is not taken now, wherever it comes from. */

static ngx_uint_t
ngx_thrift_hedge_is_due(ngx_thrift_attempt_t *first)
{
    return !first->call->paused
           && !ngx_thrift_deadline_passed(first->call)
           && ngx_thrift_hedge_affords(first);
}


/* All of all calls is no limit. */

static ngx_uint_t
ngx_thrift_hedge_affords(ngx_thrift_attempt_t *first)
{
    uint32_t            client;
    ngx_thrift_pool_t  *pool;

    pool = first->pool;
    client = ngx_thrift_attempt_client(first);

    return (first->call->conf->hedge_percent == 100
            || ngx_thrift_budget_has(&pool->hedges, 0, client))
           && (pool->retry.off
               || ngx_thrift_budget_has(&pool->retries, pool->retry.min,
                                        client));
}


void
ngx_thrift_hedge_turn_to(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (call->attempt != attempt) {
        call->other = call->attempt;
        call->attempt = attempt;
    }
}


void
ngx_thrift_hedge_drop(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t     *call;
    ngx_thrift_attempt_t  *other;

    call = attempt->call;
    other = (call->attempt == attempt) ? call->other : call->attempt;

    call->attempt = other;
    call->other = NULL;

    ngx_thrift_attempt_leave(attempt, other);
    ngx_thrift_attempt_free(attempt);
}
