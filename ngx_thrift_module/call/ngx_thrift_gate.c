/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "admit": see ngx_thrift_gate.h.
 *
 *     enter ----------------------------> has a place --> leave
 *       |                                     ^             |
 *       +-> waits: for its turn --------------+ <-----------+  posted
 *             |       |       |
 *             |       |       +--> out of time: refused
 *             |       +----------> another client has fewer: refused
 *             +------------------> cancel
 *
 * Who comes when somebody waits does not overtake.  A place that gets free is
 * given away by an event, not from within the call that had it: a call that
 * is answered at once would end within the one before it.  Where the places are
 * those of all workers, a timer looks for them while calls wait.
 */

#include "ngx_thrift.h"


/* A call that waits; in its pool. */

struct ngx_thrift_gate_wait_s {
    ngx_thrift_turn_t     turn;
    ngx_thrift_delay_t    delay;
    ngx_thrift_gate_t    *gate;
    ngx_thrift_call_t    *call;
};


static void ngx_thrift_gate_cleanup(void *data);
static ngx_int_t ngx_thrift_gate_wait(ngx_thrift_gate_t *gate,
    ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_gate_make_room(ngx_thrift_gate_t *gate,
    ngx_thrift_call_t *call);
static void ngx_thrift_gate_end(ngx_thrift_gate_wait_t *wait);
static void ngx_thrift_gate_forget(ngx_thrift_gate_wait_t *wait);
static void ngx_thrift_gate_changed(ngx_thrift_gate_t *gate);
static ngx_thrift_call_t *ngx_thrift_gate_next(ngx_thrift_gate_t *gate);
static void ngx_thrift_gate_event(ngx_event_t *ev);
static void ngx_thrift_gate_look(void *data);
static void ngx_thrift_gate_expire(ngx_thrift_delay_t *delay);
static ngx_int_t ngx_thrift_gate_refuse(ngx_thrift_gate_t *gate,
    ngx_thrift_call_t *call, const char *why);


ngx_int_t
ngx_thrift_gate_init(ngx_conf_t *cf, ngx_thrift_gate_t *gate, ngx_uint_t max,
    ngx_uint_t queue, ngx_msec_t timeout)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(gate, sizeof(ngx_thrift_gate_t));

    gate->places.max = max;

    ngx_thrift_turns_init(&gate->turns, queue);
    ngx_thrift_delay_init(&gate->delays, timeout, ngx_thrift_gate_expire);

    gate->event.handler = ngx_thrift_gate_event;
    gate->event.data = gate;

    ngx_thrift_timer_init(&gate->timer, ngx_thrift_gate_look, gate, NULL, 1);

    cln->handler = ngx_thrift_gate_cleanup;
    cln->data = gate;

    return ngx_thrift_refusals_add_limit(cf, &gate->refusals,
                                 "limited by \"thrift_max_concurrent\" in",
                                 &gate->name);
}


static void
ngx_thrift_gate_cleanup(void *data)
{
    ngx_thrift_gate_t  *gate = data;

    ngx_thrift_delay_destroy(&gate->delays);
    ngx_thrift_timer_close(&gate->timer);

    if (gate->event.posted) {
        ngx_delete_posted_event(&gate->event);
    }
}


ngx_int_t
ngx_thrift_gate_enter(ngx_thrift_call_t *call)
{
    ngx_thrift_gate_t  *gate;

    gate = call->conf->gate;

    if (gate == NULL) {
        return NGX_OK;
    }

    if (gate->turns.n == 0 && ngx_thrift_places_take(&gate->places) == NGX_OK) {
        call->gate = gate;
        return NGX_OK;
    }

    return ngx_thrift_gate_wait(gate, call);
}


static ngx_int_t
ngx_thrift_gate_wait(ngx_thrift_gate_t *gate, ngx_thrift_call_t *call)
{
    ngx_thrift_gate_wait_t  *wait;

    if (ngx_thrift_turns_are_full(&gate->turns)
        && ngx_thrift_gate_make_room(gate, call) != NGX_OK)
    {
        return ngx_thrift_gate_refuse(gate, call,
                                      gate->turns.max
                                          ? "too many calls are waiting"
                                          : "too many calls at once");
    }

    wait = ngx_palloc(call->pool, sizeof(ngx_thrift_gate_wait_t));
    if (wait == NULL) {
        return NGX_ERROR;
    }

    if (ngx_thrift_turns_add(&gate->turns, &wait->turn, call->client)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    wait->gate = gate;
    wait->call = call;
    wait->delay.set = 0;

    if (gate->delays.time) {
        ngx_thrift_delay_start(&gate->delays, &wait->delay, ngx_current_msec);
    }

    ngx_thrift_gate_changed(gate);

    gate->event.log = ngx_cycle->log;

    call->wait = wait;
    call->queued -= ngx_current_msec;
    call->log->action = "waiting for its turn";

    return NGX_AGAIN;
}


/* NGX_BUSY: there is none, and no client has many more in the queue. */

static ngx_int_t
ngx_thrift_gate_make_room(ngx_thrift_gate_t *gate, ngx_thrift_call_t *call)
{
    ngx_int_t                rc;
    ngx_thrift_turn_t       *turn;
    ngx_thrift_call_t       *other;
    ngx_thrift_gate_wait_t  *wait;

    turn = ngx_thrift_turns_yields(&gate->turns, call->client);

    if (turn == NULL) {
        return NGX_BUSY;
    }

    wait = ngx_queue_data(turn, ngx_thrift_gate_wait_t, turn);
    other = wait->call;

    ngx_thrift_gate_forget(wait);

    rc = ngx_thrift_gate_refuse(gate, other, "too many calls are waiting");

    other->resume(other, rc);

    return NGX_OK;
}


/* It does not wait any more. */

static void
ngx_thrift_gate_forget(ngx_thrift_gate_wait_t *wait)
{
    ngx_thrift_turns_remove(&wait->gate->turns, &wait->turn);
    ngx_thrift_gate_end(wait);
}


static void
ngx_thrift_gate_end(ngx_thrift_gate_wait_t *wait)
{
    ngx_thrift_delay_stop(&wait->delay);

    ngx_thrift_gate_changed(wait->gate);

    wait->call->queued += ngx_current_msec;
    wait->call->wait = NULL;
}


/* Others have to know how many wait, and those to be woken. */

static void
ngx_thrift_gate_changed(ngx_thrift_gate_t *gate)
{
    if (gate->places.counts == NULL) {
        return;
    }

    ngx_thrift_places_tell(&gate->places, gate->turns.n);

    if (gate->turns.n == 0) {
        ngx_thrift_timer_clear(&gate->timer);

    } else if (!gate->timer.set) {
        ngx_thrift_timer_set(&gate->timer,
                             ngx_current_msec + NGX_THRIFT_PLACES_LOOK);
    }
}


ngx_int_t
ngx_thrift_gate_cancel(ngx_thrift_call_t *call, ngx_uint_t reason)
{
    if (call->wait) {
        ngx_thrift_gate_forget(call->wait);
    }

    return NGX_OK;
}


void
ngx_thrift_gate_leave(ngx_thrift_call_t *call)
{
    ngx_thrift_gate_t  *gate;

    gate = call->gate;

    call->gate = NULL;
    ngx_thrift_places_give_back(&gate->places);

    if (gate->turns.n) {
        ngx_post_event(&gate->event, &ngx_posted_events);
    }
}


/* Gives a place to the call whose turn it is; NULL: there is none of either. */

static ngx_thrift_call_t *
ngx_thrift_gate_next(ngx_thrift_gate_t *gate)
{
    ngx_thrift_call_t       *call;
    ngx_thrift_turn_t       *turn;
    ngx_thrift_gate_wait_t  *wait;

    if (gate->turns.n == 0 || ngx_thrift_places_take(&gate->places) != NGX_OK) {
        return NULL;
    }

    turn = ngx_thrift_turns_next(&gate->turns, 1);

    wait = ngx_queue_data(turn, ngx_thrift_gate_wait_t, turn);
    call = wait->call;

    ngx_thrift_gate_end(wait);

    call->log->action = NULL;
    call->gate = gate;

    return call;
}


/* Calls that end at once make room again: for some of them, then for others. */

static void
ngx_thrift_gate_event(ngx_event_t *ev)
{
    ngx_thrift_gate_t  *gate = ev->data;

    ngx_uint_t          i;
    ngx_thrift_call_t  *call;

    for (i = 0; /* void */; i++) {

        if (i == NGX_THRIFT_TURN) {

            if (ev->posted) {
                ngx_delete_posted_event(ev);
            }

            ngx_post_event(ev, &ngx_posted_next_events);
            return;
        }

        call = ngx_thrift_gate_next(gate);

        if (call == NULL) {
            return;
        }

        call->resume(call, NGX_OK);
    }
}


static void
ngx_thrift_gate_look(void *data)
{
    ngx_thrift_gate_t  *gate = data;

    ngx_thrift_gate_changed(gate);
    ngx_thrift_gate_event(&gate->event);
}


static void
ngx_thrift_gate_expire(ngx_thrift_delay_t *delay)
{
    ngx_int_t                rc;
    ngx_thrift_call_t       *call;
    ngx_thrift_gate_wait_t  *wait;

    wait = ngx_queue_data(delay, ngx_thrift_gate_wait_t, delay);
    call = wait->call;

    ngx_thrift_gate_forget(wait);

    rc = ngx_thrift_gate_refuse(call->conf->gate, call,
                                "its turn did not come in time");

    call->resume(call, rc);
}


/* Fails the call.  Returns NGX_ERROR. */

static ngx_int_t
ngx_thrift_gate_refuse(ngx_thrift_gate_t *gate, ngx_thrift_call_t *call,
    const char *why)
{
    if (ngx_thrift_refusals_add(&gate->refusals, call->log)) {
        ngx_log_error(NGX_LOG_INFO, call->log, 0,
                      "calls are limited by \"thrift_max_concurrent\" in %V: "
                      "%s", &gate->name, why);
    }

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: %s", why);
}
