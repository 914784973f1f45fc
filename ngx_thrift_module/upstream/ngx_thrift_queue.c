/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_queue.h.  Called by ngx_thrift_pass.c for its attempts, and by
 * the rooms of connections when one gets free.
 */

#include "ngx_thrift.h"


/* How often it looks if a server has fewer calls: other workers do not tell. */

#define NGX_THRIFT_QUEUE_LOOK  2        /* milliseconds */

/*
 * Where servers may have fewer calls than there are workers, one whose call has
 * ended has no other one for so long: the others look.
 */

#define NGX_THRIFT_QUEUE_TURN  10       /* milliseconds */

/*
 * Calls of one client that get connections at the same time, before it is the
 * next client's turn: they are answered together, and written so.  Where a
 * limit is waited for, and not the moment, there is one.
 */

#define NGX_THRIFT_QUEUE_ROW   16


/*
 * So many wait, and the queue moves: no client has more than one in it.  It
 * does when somebody was served in that time.
 */

#define NGX_THRIFT_QUEUE_CROWD  64
#define NGX_THRIFT_QUEUE_MOVES  50      /* milliseconds */


static ngx_int_t ngx_thrift_queue_try(ngx_thrift_attempt_t *attempt,
    ngx_uint_t turn);
static ngx_int_t ngx_thrift_queue_try_new(ngx_thrift_attempt_t *attempt,
    ngx_uint_t turn) nthrift_noinline;
static ngx_inline ngx_int_t ngx_thrift_queue_take(
    ngx_thrift_attempt_t *attempt, ngx_thrift_connection_t *conn);
static ngx_int_t ngx_thrift_queue_open(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_int_t ngx_thrift_queue_wait(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_int_t ngx_thrift_queue_add(ngx_thrift_attempt_t *attempt,
    ngx_thrift_turns_t *waiting, char *action);
static void ngx_thrift_queue_end(ngx_thrift_attempt_t *attempt);
static void ngx_thrift_queue_hold(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_queue_moves(ngx_thrift_address_t *address);
static ngx_thrift_client_t *ngx_thrift_queue_held(
    ngx_thrift_attempt_t *attempt);
static void ngx_thrift_queue_under_way(ngx_thrift_attempt_t *attempt);
static void ngx_thrift_queue_placed(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static void ngx_thrift_queue_release(ngx_thrift_client_t *client);
static void ngx_thrift_queue_invite(ngx_thrift_address_t *address,
    ngx_thrift_client_t *client);
static void ngx_thrift_queue_pinned(ngx_thrift_attempt_t *attempt,
    ngx_thrift_connection_t *conn);
static void ngx_thrift_queue_arm(ngx_thrift_address_t *address);
static void ngx_thrift_queue_tick(void *data);
static ngx_uint_t ngx_thrift_queue_sleeps(void);
static void ngx_thrift_queue_look(ngx_thrift_address_t *address);
static void ngx_thrift_queue_serve(ngx_event_t *ev);
static ngx_uint_t ngx_thrift_queue_has_turn(ngx_thrift_pool_t *pool);
static void ngx_thrift_queue_look_for_server(void *data);
static void ngx_thrift_queue_arm_server(ngx_thrift_pool_t *pool);
static void ngx_thrift_queue_serve_server(ngx_event_t *ev);
static ngx_thrift_attempt_t *ngx_thrift_queue_first(
    ngx_thrift_turns_t *waiting);
static ngx_thrift_attempt_t *ngx_thrift_queue_attempt(ngx_thrift_turn_t *turn);
static void *ngx_thrift_queue_owner(ngx_thrift_attempt_t *attempt);


void
ngx_thrift_queue_init(ngx_thrift_address_t *address)
{
    ngx_thrift_turns_init(&address->waiting, 0);
    ngx_queue_init(&address->held);

    ngx_thrift_timer_init(&address->timer, ngx_thrift_queue_tick, address,
                          NULL, 1);

    address->event.handler = ngx_thrift_queue_serve;
    address->event.data = address;
    address->event.log = ngx_cycle->log;
}


void
ngx_thrift_queue_init_pool(ngx_thrift_pool_t *pool)
{
    ngx_thrift_turns_init(&pool->full, 0);

    ngx_thrift_timer_init(&pool->full_timer, ngx_thrift_queue_look_for_server,
                          pool, NULL, 1);

    pool->full_event.handler = ngx_thrift_queue_serve_server;
    pool->full_event.data = pool;
}


ngx_int_t
ngx_thrift_queue_enter(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    rc = ngx_thrift_queue_try(attempt, 0);

    if (rc == NGX_BUSY) {
        return ngx_thrift_queue_wait(attempt);
    }

    if (attempt->address && attempt->address->guest) {
        attempt->address->nguest++;
    }

    return rc;
}


ngx_uint_t
ngx_thrift_queue_is_behind(ngx_thrift_attempt_t *attempt, ngx_uint_t turn)
{
    ngx_thrift_address_t  *address;

    address = attempt->address;

    if (turn || address->waiting.n == 0) {
        return 0;
    }

    return address->guest == NULL
           || address->guest != attempt->call->client
           || address->nguest >= NGX_THRIFT_QUEUE_ROW;
}


/* NGX_BUSY: there is no connection for it now; `turn`: it is its turn. */

static ngx_int_t
ngx_thrift_queue_try(ngx_thrift_attempt_t *attempt, ngx_uint_t turn)
{
    ngx_thrift_connection_t  *conn;

    conn = ngx_thrift_pick_get(attempt, turn);

    return conn ? ngx_thrift_queue_take(attempt, conn)
                : ngx_thrift_queue_try_new(attempt, turn);
}


/* There is none: may one be opened, or are those that are busy for it? */

static ngx_int_t
ngx_thrift_queue_try_new(ngx_thrift_attempt_t *attempt, ngx_uint_t turn)
{
    ngx_int_t                 rc;
    ngx_thrift_connection_t  *conn;

    if (attempt->address == NULL) {
        return NGX_ERROR;
    }

    /* else it is counted as the connection's */

    if (!attempt->counts.begun) {
        attempt->counts.row = attempt->address->row;
    }

    if (ngx_thrift_queue_is_behind(attempt, turn)
        || ngx_thrift_address_is_full(attempt->address))
    {
        return NGX_BUSY;
    }

    rc = ngx_thrift_address_place(attempt);

    if (rc == NGX_OK) {
        return ngx_thrift_queue_open(attempt);
    }

    conn = ngx_thrift_pick_share(attempt);

    return conn ? ngx_thrift_queue_take(attempt, conn) : rc;
}


static ngx_inline ngx_int_t
ngx_thrift_queue_take(ngx_thrift_attempt_t *attempt,
    ngx_thrift_connection_t *conn)
{
    ngx_thrift_connection_add(conn, attempt);

    if (conn->state == NGX_THRIFT_OPEN) {
        attempt->call->balancer->connected(attempt);
    }

    ngx_thrift_queue_under_way(attempt);

    return NGX_AGAIN;
}


static ngx_int_t
ngx_thrift_queue_open(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t  rc;

    attempt->call->log->action = "connecting to upstream";

    rc = ngx_thrift_open(attempt);

    if (rc != NGX_OK) {
        ngx_thrift_address_give_back(attempt);
        return rc;
    }

    ngx_thrift_queue_under_way(attempt);

    return NGX_AGAIN;
}


static ngx_int_t
ngx_thrift_queue_wait(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t              rc;
    ngx_thrift_address_t  *address;

    address = attempt->address;

    /* where only the moment is waited for, no call is one too many */

    address->waiting.max = ngx_thrift_address_max(attempt)
                           ? attempt->pool->queue : NGX_MAX_INT32_VALUE;

    rc = ngx_thrift_queue_add(attempt, &address->waiting,
                              "waiting for a connection to upstream");

    if (rc == NGX_AGAIN) {
        ngx_thrift_address_tell(address);
        ngx_thrift_queue_arm(address);
        ngx_thrift_queue_hold(attempt);
    }

    return rc;
}


/*
 * Is it one of many, its client's further calls wait where they are; but not
 * for a hedge, nor again when the latest one has waited in vain, for their time
 * does not run.
 */

static void
ngx_thrift_queue_hold(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_client_t   *client;
    ngx_thrift_address_t  *address;

    client = attempt->call->client;
    address = attempt->address;

    if (client == NULL || client->event == NULL || client->crowd
        || client->unserved || attempt->call->other || address->max
        || address->waiting.n < NGX_THRIFT_QUEUE_CROWD
        || !ngx_thrift_queue_moves(address))
    {
        return;
    }

    client->crowd = address;
    ngx_queue_insert_tail(&address->held, &client->held);

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui holds back those behind it",
                   attempt->call->number);
}


static ngx_uint_t
ngx_thrift_queue_moves(ngx_thrift_address_t *address)
{
    return ngx_current_msec - address->served <= NGX_THRIFT_QUEUE_MOVES;
}


/* The attempt's client, if it is held back for it; or NULL. */

static ngx_thrift_client_t *
ngx_thrift_queue_held(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_client_t  *client;

    client = attempt->call->client;

    return (client && client->crowd && client->crowd == attempt->address)
           ? client : NULL;
}


/* It is on a connection. */

static void
ngx_thrift_queue_under_way(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (call->other || ngx_thrift_pin_wanted(call)) {
        ngx_thrift_queue_placed(attempt);
    }
}


/*
 * For a client to be pinned, it is the one.  Where it is one of its call's two,
 * and the other one waits, nothing is held back for that any more.
 */

static void
ngx_thrift_queue_placed(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t     *call;
    ngx_thrift_client_t   *held;
    ngx_thrift_attempt_t  *other;

    call = attempt->call;

    ngx_thrift_pin(attempt);

    if (call->other == NULL) {
        return;
    }

    other = (call->attempt == attempt) ? call->other : call->attempt;
    held = ngx_thrift_queue_held(other);

    if (held && other->turn.line) {
        ngx_thrift_queue_release(held);
    }
}


/* Its further calls are read, soon. */

static void
ngx_thrift_queue_release(ngx_thrift_client_t *client)
{
    client->crowd = NULL;
    ngx_queue_remove(&client->held);

    ngx_post_event(client->event, &ngx_posted_events);
}


/* The client's turn goes on with calls that are not read yet: now. */

static void
ngx_thrift_queue_invite(ngx_thrift_address_t *address,
    ngx_thrift_client_t *client)
{
    ngx_event_t  *ev;

    ev = client->event;

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    address->guest = client;
    address->nguest = 1;

    ev->handler(ev);

    address->guest = NULL;
}


/* NGX_AGAIN, or NGX_ERROR: it is refused. */

static ngx_int_t
ngx_thrift_queue_add(ngx_thrift_attempt_t *attempt,
    ngx_thrift_turns_t *waiting, char *action)
{
    void               *owner;
    ngx_thrift_pool_t  *pool;
    ngx_thrift_turn_t  *yields;

    pool = attempt->pool;
    owner = ngx_thrift_queue_owner(attempt);

    yields = NULL;

    if (ngx_thrift_turns_are_full(waiting)) {
        yields = ngx_thrift_turns_yields(waiting, owner);

        if (yields == NULL) {
            return ngx_thrift_queue_refuse(attempt,
                                           "too many calls wait for upstream");
        }
    }

    if (ngx_thrift_turns_add(waiting, &attempt->turn, owner) != NGX_OK) {
        return NGX_ERROR;
    }

    attempt->call->log->action = action;
    attempt->waits = ngx_current_msec;

    ngx_thrift_count_waits(attempt);

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift call %ui: attempt %ui is %s, with %ui others",
                   attempt->call->number, attempt->number, action,
                   waiting->n - 1);

    if (pool->queue_delays) {
        ngx_thrift_delay_start(pool->queue_delays, &attempt->patience,
                               ngx_current_msec);
    }

    if (ngx_thrift_pin_wanted(attempt->call)) {
        ngx_queue_insert_tail(&attempt->call->client->waiting,
                              &attempt->follows);
    }

    /* those who have most calls there have one fewer */

    if (yields) {
        attempt = ngx_thrift_queue_attempt(yields);

        ngx_thrift_queue_leave(attempt);
        attempt->done(attempt,
                      ngx_thrift_queue_refuse(attempt, "too many calls wait "
                                                       "for upstream"));
    }

    return NGX_AGAIN;
}


ngx_int_t
ngx_thrift_queue_refuse(ngx_thrift_attempt_t *attempt, const char *why)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (ngx_thrift_refusals_add(&attempt->pool->overloads, call->log)) {
        ngx_log_error(NGX_LOG_INFO, call->log, 0, "%s", why);
    }

    attempt->blameless = 1;

    /* it was to wait for any server: the next one is none */

    if (attempt->full && !attempt->busy) {
        ngx_thrift_retry_found_none(attempt);
    }

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: %s", why);
}


void
ngx_thrift_queue_expire(ngx_thrift_delay_t *patience)
{
    ngx_thrift_attempt_t  *attempt;

    attempt = (ngx_thrift_attempt_t *)
                  ((u_char *) patience - offsetof(ngx_thrift_attempt_t,
                                                  patience));
    ngx_thrift_queue_leave(attempt);

    attempt->done(attempt,
                  ngx_thrift_queue_refuse(attempt,
                                          "no connection to upstream got free "
                                          "in time"));
}


void
ngx_thrift_queue_leave(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_client_t  *held;

    if (attempt->turn.line == NULL) {
        return;
    }

    held = ngx_thrift_queue_held(attempt);

    if (held) {
        held->unserved = 1;
    }

    ngx_thrift_queue_end(attempt);

    if (attempt->address == NULL) {
        ngx_thrift_turns_remove(&attempt->pool->full, &attempt->turn);
        ngx_thrift_queue_tell(attempt->pool);
        return;
    }

    ngx_thrift_turns_remove(&attempt->address->waiting, &attempt->turn);
    ngx_thrift_address_tell(attempt->address);
    ngx_thrift_address_check(attempt->address);
}


/* It waits no more; its turn is taken off by the caller. */

static void
ngx_thrift_queue_end(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_client_t  *client;

    ngx_thrift_delay_stop(&attempt->patience);

    client = ngx_thrift_queue_held(attempt);

    if (client) {
        ngx_thrift_queue_release(client);
    }

    attempt->call->queued += ngx_current_msec - attempt->waits;
    ngx_thrift_count_waited(attempt);

    if (ngx_thrift_pin_wanted(attempt->call)) {
        ngx_queue_remove(&attempt->follows);
    }
}


/* The attempt may still be in the queue: whoever serves it sees to that. */

void
ngx_thrift_queue_follow(ngx_thrift_attempt_t *attempt)
{
    ngx_queue_t           *q, *next;
    ngx_thrift_client_t   *client;
    ngx_thrift_attempt_t  *other;

    client = attempt->call->client;

    for (q = ngx_queue_head(&client->waiting);
         q != ngx_queue_sentinel(&client->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        other = ngx_queue_data(q, ngx_thrift_attempt_t, follows);

        if (other != attempt
            && ngx_thrift_pin_find(other) == attempt->connection)
        {
            ngx_thrift_queue_leave(other);
            ngx_thrift_queue_pinned(other, attempt->connection);
        }
    }
}


/* The server that was chosen for it is not needed. */

static void
ngx_thrift_queue_pinned(ngx_thrift_attempt_t *attempt,
    ngx_thrift_connection_t *conn)
{
    const ngx_thrift_balancer_t  *balancer;

    balancer = attempt->call->balancer;
    balancer->untried(attempt);

    if (balancer->pinned(attempt, &conn->name) != NGX_OK) {
        attempt->done(attempt, NGX_ERROR);
        return;
    }

    ngx_thrift_connection_add(conn, attempt);
}


void
ngx_thrift_queue_wake(ngx_thrift_address_t *address)
{
    if (address->waiting.n) {
        ngx_post_event(&address->event, &ngx_posted_events);
    }
}


void
ngx_thrift_queue_ended(ngx_thrift_address_t *address)
{
    address->nattempts--;
    address->nended++;

    if (address->shared) {
        ngx_thrift_address_tell_calls(address);
    }

    if (address->waiting.n && address->window) {
        ngx_thrift_queue_wake(address);
    }
}


void
ngx_thrift_queue_idle(ngx_thrift_address_t *address)
{
    /* others may need it: in an event, for it is not closed under its user */

    if (address->waiting.n || address->shared) {
        ngx_post_event(&address->event, &ngx_posted_events);
    }
}


static void
ngx_thrift_queue_arm(ngx_thrift_address_t *address)
{
    if (!address->timer.set) {
        address->served = ngx_current_msec;
        address->nended = 0;
        address->nslow = 0;
        address->nanswered = 0;
        address->since = ngx_current_msec;
        ngx_thrift_timer_set(&address->timer, ngx_current_msec
                                              + NGX_THRIFT_ADDRESS_GROWTH);
    }
}


/* Some wait: for slow calls, or because this worker itself is slow. */

static void
ngx_thrift_queue_tick(void *data)
{
    ngx_thrift_address_t  *address = data;

    ngx_msec_t    late, waits;
    ngx_queue_t  *q;

    if (address->waiting.n == 0) {
        ngx_thrift_queue_look(address);
        return;
    }

    late = ngx_current_msec - address->timer.deadline;

    if (late >= NGX_THRIFT_ADDRESS_GROWTH) {
        address->late = ngx_current_msec;
    }

    waits = ngx_current_msec - ngx_thrift_queue_first(&address->waiting)->waits;

    ngx_thrift_address_adapt(address, NGX_THRIFT_ADDRESS_GROWTH + late, waits,
                             ngx_thrift_queue_sleeps()
                             && ngx_current_msec - address->late
                                >= NGX_THRIFT_ADDRESS_STEADY);

    while (!ngx_thrift_queue_moves(address)
           && !ngx_queue_empty(&address->held))
    {
        q = ngx_queue_head(&address->held);
        ngx_thrift_queue_release(ngx_queue_data(q, ngx_thrift_client_t, held));
    }

    ngx_thrift_queue_wake(address);
    ngx_thrift_timer_set(&address->timer, ngx_current_msec
                                          + NGX_THRIFT_ADDRESS_GROWTH);
}


/*
 * Has the worker waited for events lately?  If not, it is what calls wait for:
 * how late it is with timers does not tell, for a turn of its is short.
 */

static ngx_uint_t
ngx_thrift_queue_sleeps(void)
{
#ifdef RUSAGE_THREAD

    struct rusage      usage;
    static long        switches;
    static ngx_msec_t  slept;

    if (getrusage(RUSAGE_THREAD, &usage) == -1) {
        return 1;
    }

    if (usage.ru_nvcsw != switches) {
        switches = usage.ru_nvcsw;
        slept = ngx_current_msec;
    }

    return ngx_current_msec - slept < NGX_THRIFT_ADDRESS_ASLEEP;

#else

    return 1;

#endif
}


static void
ngx_thrift_queue_serve(ngx_event_t *ev)
{
    ngx_thrift_address_t  *address = ev->data;

    ngx_int_t              rc;
    ngx_thrift_client_t   *held;
    ngx_thrift_attempt_t  *attempt;

    (void) ngx_thrift_address_yield(address);

    for ( ;; ) {
        attempt = ngx_thrift_queue_first(&address->waiting);

        if (attempt == NULL) {
            break;
        }

        rc = ngx_thrift_queue_try(attempt, 1);

        if (rc == NGX_BUSY) {
            break;
        }

        held = ngx_thrift_queue_held(attempt);

        ngx_thrift_queue_end(attempt);
        (void) ngx_thrift_turns_next(&address->waiting,
                                     address->max ? 1 : NGX_THRIFT_QUEUE_ROW);

        if (rc == NGX_AGAIN) {
            address->served = ngx_current_msec;

            if (attempt->call->client) {
                attempt->call->client->unserved = 0;
            }

            if (held) {
                ngx_thrift_queue_invite(address, held);
            }

        } else {
            attempt->done(attempt, rc);
        }
    }

    ngx_thrift_turns_end_row(&address->waiting);

    address->growth = 0;

    ngx_thrift_address_tell(address);
    ngx_thrift_queue_look(address);
    ngx_thrift_pool_tidy(address->pool);
    ngx_thrift_address_free_unused(address);
}


/* Do other workers need what is idle here?  They cannot tell. */

static void
ngx_thrift_queue_look(ngx_thrift_address_t *address)
{
    if (ngx_thrift_address_yield(address) && !address->timer.set) {
        ngx_thrift_timer_set(&address->timer, ngx_current_msec
                                              + NGX_THRIFT_ADDRESS_LOOK);
    }
}


ngx_int_t
ngx_thrift_queue_wait_server(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t           rc;
    ngx_thrift_pool_t  *pool;

    pool = attempt->pool;

    if (pool->waits == 0) {
        return NGX_BUSY;
    }

    pool->full.max = pool->waits;

    rc = ngx_thrift_queue_add(attempt, &pool->full,
                              "waiting for an upstream server");

    if (rc == NGX_AGAIN) {
        ngx_thrift_queue_tell(pool);

        if (!pool->full_timer.set) {
            ngx_thrift_queue_arm_server(pool);
        }
    }

    return rc;
}


void
ngx_thrift_queue_wake_server(ngx_thrift_pool_t *pool)
{
    if (pool->full.n) {
        pool->full_event.log = ngx_cycle->log;
        ngx_post_event(&pool->full_event, &ngx_posted_events);
    }
}


void
ngx_thrift_queue_yield(ngx_thrift_pool_t *pool)
{
    ngx_thrift_shared_t  *shared;

    shared = pool->shared;

    ngx_thrift_queue_tell(pool);

    if (shared && ngx_thrift_shared_others_wait(shared, shared->data->full)) {
        pool->yielded = ngx_current_msec;
    }
}


ngx_uint_t
ngx_thrift_queue_may_choose(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_pool_t    *pool;
    ngx_thrift_shared_t  *shared;

    pool = attempt->pool;
    shared = pool->shared;

    if (pool->places == 0 || shared == NULL || ngx_thrift_queue_has_turn(pool)
        || !ngx_thrift_shared_others_wait(shared, shared->data->full))
    {
        return 1;
    }

    attempt->full = 1;

    return 0;
}


/*
 * May it have one more while calls wait in other workers, too?  What clients
 * keep, of whichever worker they are, is nobody's part.
 */

static ngx_uint_t
ngx_thrift_queue_has_turn(ngx_thrift_pool_t *pool)
{
    ngx_uint_t                 held, kept, part;
    ngx_thrift_shared_data_t  *data;

    data = pool->shared->data;
    held = pool->nheld - pool->nkept;
    kept = ngx_thrift_shared_sum(data, data->kept);

    part = ngx_thrift_shared_part(pool->shared,
                                  pool->places - ngx_min(pool->places, kept),
                                  data->full, data->held);
    if (part) {
        return held < part;
    }

    return held == 0
           && ngx_current_msec - pool->yielded >= NGX_THRIFT_QUEUE_TURN;
}


/* Calls of other workers may have been answered. */

static void
ngx_thrift_queue_look_for_server(void *data)
{
    ngx_thrift_pool_t  *pool = data;

    if (pool->full.n) {
        ngx_thrift_queue_wake_server(pool);
        ngx_thrift_queue_arm_server(pool);
    }
}


static void
ngx_thrift_queue_arm_server(ngx_thrift_pool_t *pool)
{
    ngx_thrift_timer_set(&pool->full_timer, ngx_current_msec
                                            + NGX_THRIFT_QUEUE_LOOK);
}


void
ngx_thrift_queue_tell(ngx_thrift_pool_t *pool)
{
    ngx_thrift_shared_t  *shared;

    shared = pool->shared;

    if (shared) {
        ngx_thrift_shared_tell(shared, shared->data->kept, pool->nkept);
        ngx_thrift_shared_tell(shared, shared->data->held,
                               pool->nheld - pool->nkept);
        ngx_thrift_shared_tell(shared, shared->data->full, pool->full.n);
    }
}


static void
ngx_thrift_queue_serve_server(ngx_event_t *ev)
{
    ngx_thrift_pool_t  *pool = ev->data;

    ngx_int_t              rc;
    ngx_thrift_attempt_t  *attempt;

    for ( ;; ) {
        attempt = ngx_thrift_queue_first(&pool->full);

        if (attempt == NULL) {
            return;
        }

        rc = ngx_thrift_queue_may_choose(attempt)
             ? attempt->call->balancer->get(attempt) : NGX_BUSY;

        if (rc == NGX_BUSY && attempt->full) {
            return;
        }

        ngx_thrift_queue_end(attempt);
        (void) ngx_thrift_turns_next(&pool->full, 1);
        ngx_thrift_queue_tell(pool);

        ngx_thrift_pass_chosen(attempt, rc);
    }
}


static ngx_thrift_attempt_t *
ngx_thrift_queue_first(ngx_thrift_turns_t *waiting)
{
    ngx_thrift_turn_t  *turn;

    turn = ngx_thrift_turns_first(waiting);

    return turn ? ngx_thrift_queue_attempt(turn) : NULL;
}


static ngx_thrift_attempt_t *
ngx_thrift_queue_attempt(ngx_thrift_turn_t *turn)
{
    return (ngx_thrift_attempt_t *)
               ((u_char *) turn - offsetof(ngx_thrift_attempt_t, turn));
}


/* Whose line it stands in; calls without a client have one together. */

static void *
ngx_thrift_queue_owner(ngx_thrift_attempt_t *attempt)
{
    return attempt->call->client ? (void *) attempt->call->client
                                 : (void *) attempt->pool;
}
