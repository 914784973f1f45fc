/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_history.h.  A timer of each worker asks whether the next
 * sample is due, and the first one takes it: rows are read while others add to
 * them, so many in a turn of the event loop.  One that is killed in the middle
 * of it leaves a gap: a row's numbers are of a sample if they have its number.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_HISTORY_ROWS  1024   /* that are looked at in a turn */

#define NGX_THRIFT_HISTORY_USEC                                               \
    ((uint64_t) NGX_THRIFT_HISTORY_SECONDS * 1000000)


/* A sample that this worker takes. */

typedef struct {
    volatile ngx_cycle_t      *cycle;   /* whose zone it is */
    ngx_thrift_status_t       *status;
    ngx_thrift_status_row_t   *row;     /* the latest that it has */
    uint32_t                   number;  /* 0: none is being taken */
    ngx_thrift_sample_t        total;
    ngx_event_t                event;
} ngx_thrift_history_taken_t;


static uint64_t ngx_thrift_history_now(void);
static void ngx_thrift_history_wait(ngx_event_t *ev);
static void ngx_thrift_history_turn(ngx_event_t *ev);
static ngx_uint_t ngx_thrift_history_begin(ngx_thrift_history_taken_t *taken);
static ngx_int_t ngx_thrift_history_rows(ngx_thrift_history_taken_t *taken);
static void ngx_thrift_history_row(ngx_thrift_history_taken_t *taken,
    ngx_thrift_status_row_t *row);
static ngx_thrift_history_slots_t *ngx_thrift_history_create(
    ngx_thrift_status_t *status, uint32_t first);
static void ngx_thrift_history_at(ngx_thrift_history_slots_t *slots,
    uint32_t number, ngx_thrift_sample_t *sample);
static void ngx_thrift_history_put(ngx_thrift_history_slots_t *slots,
    uint32_t number, ngx_thrift_sample_t *sample);
static ngx_int_t ngx_thrift_history_read(ngx_thrift_history_slots_t *slots,
    uint32_t number, ngx_thrift_sample_t *sample);
static void ngx_thrift_history_count(ngx_thrift_status_row_t *row,
    ngx_thrift_sample_t *sample);
static uint32_t ngx_thrift_history_calls(ngx_thrift_sample_t *sample);
static void ngx_thrift_history_add(ngx_thrift_sample_t *sum,
    ngx_thrift_sample_t *sample);
static void ngx_thrift_history_subtract(ngx_thrift_sample_t *sum,
    ngx_thrift_sample_t *sample);


static ngx_thrift_history_taken_t  ngx_thrift_history_taken;
static ngx_connection_t            ngx_thrift_history_ident;  /* timers log
                                                                 its fd */


void
ngx_thrift_history_init(ngx_thrift_status_data_t *data, size_t size)
{
    uint64_t               now;
    uint32_t               number;
    ngx_thrift_sample_t    nothing;
    ngx_thrift_history_t  *history;

    if (sizeof(ngx_thrift_history_t) > size / NGX_THRIFT_HISTORY_PART) {
        return;
    }

    history = ngx_thrift_status_take(data, sizeof(ngx_thrift_history_t));
    if (history == NULL) {
        return;
    }

    ngx_memzero(history, sizeof(ngx_thrift_history_t));
    ngx_memzero(&nothing, sizeof(ngx_thrift_sample_t));

    now = ngx_thrift_history_now();
    number = 1 + now / NGX_THRIFT_HISTORY_USEC;

    history->size = sizeof(ngx_thrift_history_t);
    history->number = number;
    history->taken[number % NGX_THRIFT_HISTORY_SLOTS] = now;

    ngx_thrift_history_put(&history->total, number, &nothing);

    data->history = history;
}


/* Cancelable: a worker that has nothing else to do does not stay for it. */

void
ngx_thrift_history_open(ngx_thrift_status_t *status)
{
    ngx_event_t                 *ev;
    ngx_thrift_history_taken_t  *taken;

    if (status->data->history == NULL) {
        return;
    }

    taken = &ngx_thrift_history_taken;
    ev = &taken->event;

    taken->cycle = ngx_cycle;
    taken->status = status;

    ngx_thrift_history_ident.fd = (ngx_socket_t) -1;

    ev->handler = ngx_thrift_history_turn;
    ev->data = &ngx_thrift_history_ident;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_thrift_history_wait(ev);
}


void
ngx_thrift_history_close(void)
{
    ngx_event_t  *ev;

    ev = &ngx_thrift_history_taken.event;

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }
}


static uint64_t
ngx_thrift_history_now(void)
{
    return ngx_thrift_clock() / 1000;
}


static void
ngx_thrift_history_wait(ngx_event_t *ev)
{
    uint64_t  left;

    left = NGX_THRIFT_HISTORY_USEC
           - ngx_thrift_history_now() % NGX_THRIFT_HISTORY_USEC;

    ngx_add_timer(ev, (ngx_msec_t) (left / 1000 + 1));
}


static void
ngx_thrift_history_turn(ngx_event_t *ev)
{
    ngx_thrift_history_taken_t  *taken;

    taken = &ngx_thrift_history_taken;

    /* without a master a reload leaves the process as it is, not the zone */

    if (taken->cycle != ngx_cycle) {
        return;
    }

    if (taken->number == 0 && !ngx_thrift_history_begin(taken)) {
        ngx_thrift_history_wait(ev);
        return;
    }

    if (ngx_thrift_history_rows(taken) == NGX_AGAIN) {
        ngx_post_event(ev, &ngx_posted_next_events);
        return;
    }

    ngx_thrift_history_put(&taken->status->data->history->total, taken->number,
                           &taken->total);

    taken->number = 0;

    ngx_thrift_history_wait(ev);
}


/* 0: the latest has been taken, or another worker does it. */

static ngx_uint_t
ngx_thrift_history_begin(ngx_thrift_history_taken_t *taken)
{
    uint64_t               now;
    uint32_t               number;
    ngx_atomic_uint_t      latest;
    ngx_thrift_history_t  *history;

    history = taken->status->data->history;

    now = ngx_thrift_history_now();
    number = 1 + now / NGX_THRIFT_HISTORY_USEC;
    latest = history->number;

    if (latest >= number
        || !ngx_atomic_cmp_set(&history->number, latest, number))
    {
        return 0;
    }

    history->taken[number % NGX_THRIFT_HISTORY_SLOTS] = now;

    taken->number = number;
    taken->row = NULL;

    ngx_memzero(&taken->total, sizeof(ngx_thrift_sample_t));

    return 1;
}


static ngx_int_t
ngx_thrift_history_rows(ngx_thrift_history_taken_t *taken)
{
    ngx_uint_t                i;
    ngx_thrift_status_row_t  *row;

    for (i = 0; i < NGX_THRIFT_HISTORY_ROWS; i++) {
        row = ngx_thrift_status_next(taken->status, taken->row);

        if (row == NULL) {
            return NGX_OK;
        }

        ngx_thrift_history_row(taken, row);

        taken->row = row;
    }

    return NGX_AGAIN;
}


static void
ngx_thrift_history_row(ngx_thrift_history_taken_t *taken,
    ngx_thrift_status_row_t *row)
{
    ngx_thrift_sample_t  sample;

    ngx_thrift_history_count(row, &sample);

    if (row->kind == NGX_THRIFT_STATUS_METHOD) {
        ngx_thrift_history_add(&taken->total, &sample);
    }

    if (row->history == NULL && ngx_thrift_history_calls(&sample)) {
        row->history = ngx_thrift_history_create(taken->status, taken->number);
    }

    if (row->history) {
        ngx_thrift_history_put(row->history, taken->number, &sample);
    }
}


/*
 * Only the worker that takes a sample asks for it: that two of them do so for
 * the same row at a time would need one that was held for ten seconds, and
 * costs no more than the memory of one.
 */

static ngx_thrift_history_slots_t *
ngx_thrift_history_create(ngx_thrift_status_t *status, uint32_t first)
{
    size_t                       size;
    ngx_thrift_history_t        *history;
    ngx_thrift_history_slots_t  *slots;

    history = status->data->history;
    size = sizeof(ngx_thrift_history_slots_t);

    if (history->full) {
        return NULL;
    }

    ngx_shmtx_lock(&status->slab->mutex);

    slots = (history->size + size
             <= status->zone->shm.size / NGX_THRIFT_HISTORY_PART)
            ? ngx_thrift_status_take(status->data, size) : NULL;

    if (slots) {
        history->size += size;
        ngx_memzero(slots, size);
        slots->first = first;

    } else {
        history->full = 1;
    }

    ngx_shmtx_unlock(&status->slab->mutex);

    ngx_memory_barrier();

    return slots;
}


static void
ngx_thrift_history_put(ngx_thrift_history_slots_t *slots, uint32_t number,
    ngx_thrift_sample_t *sample)
{
    ngx_thrift_history_slot_t  *slot;

    slot = &slots->slots[number % NGX_THRIFT_HISTORY_SLOTS];

    slot->number = 0;
    ngx_memory_barrier();

    slot->sample = *sample;
    ngx_memory_barrier();

    slot->number = number;
}


/* NGX_DECLINED: it is missing, and `sample` is left as it is. */

static ngx_int_t
ngx_thrift_history_read(ngx_thrift_history_slots_t *slots, uint32_t number,
    ngx_thrift_sample_t *sample)
{
    ngx_thrift_sample_t         copy;
    ngx_thrift_history_slot_t  *slot;

    slot = &slots->slots[number % NGX_THRIFT_HISTORY_SLOTS];

    if (slot->number != number) {
        return NGX_DECLINED;
    }

    ngx_memory_barrier();

    copy = slot->sample;

    ngx_memory_barrier();

    if (slot->number != number) {
        return NGX_DECLINED;
    }

    *sample = copy;

    return NGX_OK;
}


/* Each call, or attempt, is in one of the buckets. */

static void
ngx_thrift_history_count(ngx_thrift_status_row_t *row,
    ngx_thrift_sample_t *sample)
{
    ngx_uint_t                   i;
    ngx_thrift_status_method_t  *method;
    ngx_thrift_status_server_t  *server;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        sample->buckets[i] = (uint32_t) row->times.buckets[i];
    }

    sample->failed = 0;

    if (row->kind == NGX_THRIFT_STATUS_METHOD) {
        method = (ngx_thrift_status_method_t *) row;

        for (i = NGX_THRIFT_STATUS_SHUTDOWN + 1;
             i < NGX_THRIFT_STATUS_OUTCOMES;
             i++)
        {
            sample->failed += (uint32_t) method->outcomes[i];
        }

        return;
    }

    server = (ngx_thrift_status_server_t *) row;

    for (i = NGX_THRIFT_STATUS_ANSWERED_EXCEPTION + 1;
         i < NGX_THRIFT_STATUS_GIVEN_UP;
         i++)
    {
        sample->failed += (uint32_t) server->results[i];
    }
}


static uint32_t
ngx_thrift_history_calls(ngx_thrift_sample_t *sample)
{
    uint32_t    calls;
    ngx_uint_t  i;

    calls = 0;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        calls |= sample->buckets[i];
    }

    return calls;
}


static void
ngx_thrift_history_add(ngx_thrift_sample_t *sum, ngx_thrift_sample_t *sample)
{
    ngx_uint_t  i;

    sum->failed += sample->failed;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        sum->buckets[i] += sample->buckets[i];
    }
}


static void
ngx_thrift_history_subtract(ngx_thrift_sample_t *sum,
    ngx_thrift_sample_t *sample)
{
    ngx_uint_t  i;

    sum->failed -= sample->failed;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        sum->buckets[i] -= sample->buckets[i];
    }
}


/* A sample is there when that of all rows together is, which is the last. */

void
ngx_thrift_history_times(ngx_thrift_history_t *history,
    ngx_thrift_history_times_t *times)
{
    uint64_t             now;
    uint32_t             number, last;
    ngx_uint_t           n;
    ngx_time_t          *tp;
    ngx_thrift_sample_t  sample;

    tp = ngx_timeofday();
    times->now = (uint64_t) tp->sec * 1000 + tp->msec;

    now = ngx_thrift_history_now();
    last = (uint32_t) history->number;
    n = 0;

    number = (last < NGX_THRIFT_HISTORY_SAMPLES)
             ? 1 : last - NGX_THRIFT_HISTORY_SAMPLES + 1;

    for ( /* void */ ; number <= last; number++) {
        if (ngx_thrift_history_read(&history->total, number, &sample)
            == NGX_OK)
        {
            times->numbers[n] = number;
            times->ago[n] = now - history->taken[number
                                                 % NGX_THRIFT_HISTORY_SLOTS];
            n++;
        }
    }

    times->n = n;

    ngx_memzero(&times->total, sizeof(ngx_thrift_sample_t));
}


/* From the latest to the first. */

ngx_int_t
ngx_thrift_history_get(ngx_thrift_history_t *history,
    ngx_thrift_history_times_t *times, ngx_thrift_status_row_t *row,
    ngx_thrift_sample_t *counted)
{
    ngx_uint_t                   i;
    ngx_thrift_sample_t          now, sample;
    ngx_thrift_history_slots_t  *slots;

    if (row) {
        ngx_thrift_history_count(row, &now);
        slots = row->history;

        if (row->kind == NGX_THRIFT_STATUS_METHOD) {
            ngx_thrift_history_add(&times->total, &now);
        }

    } else {
        now = times->total;
        slots = &history->total;
    }

    if (slots == NULL && history->full) {
        return NGX_DECLINED;
    }

    for (i = times->n; i-- > 0; /* void */ ) {
        sample = now;
        ngx_thrift_history_at(slots, times->numbers[i], &sample);

        counted[i] = now;
        ngx_thrift_history_subtract(&counted[i], &sample);

        now = sample;
    }

    return NGX_OK;
}


/* What is missing in the middle stays as it was behind it. */

static void
ngx_thrift_history_at(ngx_thrift_history_slots_t *slots, uint32_t number,
    ngx_thrift_sample_t *sample)
{
    if (slots == NULL || number < slots->first) {
        ngx_memzero(sample, sizeof(ngx_thrift_sample_t));
        return;
    }

    (void) ngx_thrift_history_read(slots, number, sample);
}


ngx_uint_t
ngx_thrift_history_has(ngx_thrift_sample_t *counted, ngx_uint_t n,
    ngx_uint_t bucket)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (counted[i].buckets[bucket]) {
            return 1;
        }
    }

    return 0;
}
