/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_alarm.h.  Each lives in the memory of its invocation, and
 * ends with it; one that has fired is used again: a call may set one after
 * another for as long as it takes.
 */

#include "ngx_thrift.h"


typedef struct {
    ngx_thrift_timer_t        timer;
    ngx_queue_t               queue;
    ngx_thrift_invocation_t  *invocation;
    int                       number;
    nthrift_event_pt          fn;
    void                     *data;
} ngx_thrift_alarm_t;


static ngx_thrift_alarm_t *ngx_thrift_alarm_get(ngx_thrift_invocation_t *inv);
static void ngx_thrift_alarm_event(void *data);
static void ngx_thrift_alarm_close(ngx_thrift_alarm_t *alarm);


int
ngx_thrift_alarm_set(ngx_thrift_invocation_t *inv, uint32_t msec,
    nthrift_event_pt fn, void *data)
{
    ngx_thrift_alarm_t  *alarm;

    alarm = (inv->last != INT32_MAX) ? ngx_thrift_alarm_get(inv) : NULL;

    if (alarm == NULL) {
        ngx_thrift_invocation_error(inv, "no memory for a handler's timer");
        return NTHRIFT_ERROR;
    }

    alarm->invocation = inv;
    alarm->number = ++inv->last;
    alarm->fn = fn;
    alarm->data = data;

    ngx_queue_insert_tail(&inv->timers, &alarm->queue);
    inv->nalarms++;

    /* a session's timer keeps an exiting worker alive while it has calls */

    ngx_thrift_timer_init(&alarm->timer, ngx_thrift_alarm_event, alarm,
                          ngx_cycle->log, 1);
    ngx_thrift_timer_set(&alarm->timer,
                         ngx_current_msec + ngx_thrift_alarm_msec(msec));

    return alarm->number;
}


static ngx_thrift_alarm_t *
ngx_thrift_alarm_get(ngx_thrift_invocation_t *inv)
{
    ngx_queue_t  *q;

    if (ngx_queue_empty(&inv->fired)) {
        return ngx_thrift_invocation_alloc(inv, sizeof(ngx_thrift_alarm_t));
    }

    q = ngx_queue_head(&inv->fired);
    ngx_queue_remove(q);

    return ngx_queue_data(q, ngx_thrift_alarm_t, queue);
}


int
ngx_thrift_alarm_cancel(ngx_thrift_invocation_t *inv, int number)
{
    ngx_queue_t         *q;
    ngx_thrift_alarm_t  *alarm;

    for (q = ngx_queue_head(&inv->timers);
         q != ngx_queue_sentinel(&inv->timers);
         q = ngx_queue_next(q))
    {
        alarm = ngx_queue_data(q, ngx_thrift_alarm_t, queue);

        if (alarm->number == number) {
            ngx_thrift_alarm_close(alarm);
            return NTHRIFT_OK;
        }
    }

    return NTHRIFT_DECLINED;
}


static void
ngx_thrift_alarm_event(void *data)
{
    ngx_thrift_alarm_t  *alarm = data;

    void                     *arg;
    nthrift_event_pt          fn;
    ngx_thrift_watch_t        watch;
    ngx_thrift_invocation_t  *inv;

    inv = alarm->invocation;
    fn = alarm->fn;
    arg = alarm->data;

    ngx_thrift_alarm_close(alarm);

    ngx_thrift_invocation_enter(inv, &watch);
    fn(inv->ticket, arg);
    ngx_thrift_invocation_leave(inv, &watch);

    ngx_thrift_invocation_advance(inv);
}


static void
ngx_thrift_alarm_close(ngx_thrift_alarm_t *alarm)
{
    ngx_thrift_invocation_t  *inv;

    inv = alarm->invocation;

    ngx_queue_remove(&alarm->queue);
    ngx_queue_insert_head(&inv->fired, &alarm->queue);
    inv->nalarms--;

    ngx_thrift_timer_close(&alarm->timer);
}


void
ngx_thrift_alarm_close_all(ngx_thrift_invocation_t *inv)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&inv->timers)) {
        q = ngx_queue_head(&inv->timers);
        ngx_thrift_alarm_close(ngx_queue_data(q, ngx_thrift_alarm_t, queue));
    }
}
