/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lazy deadlines: see ngx_thrift_timer.h.  Used by client sessions (idle,
 * receive and send times) and by upstream connections (connect, send, call and
 * idle times), so that a call normally leaves nginx's timer tree alone.
 */

#include "ngx_thrift.h"


static void ngx_thrift_timer_handler(ngx_event_t *ev);


void
ngx_thrift_timer_init(ngx_thrift_timer_t *timer, ngx_thrift_timer_pt handler,
    void *data, ngx_log_t *log, ngx_uint_t cancelable)
{
    ngx_memzero(timer, sizeof(ngx_thrift_timer_t));

    timer->event.handler = ngx_thrift_timer_handler;
    timer->event.data = timer;
    timer->event.log = log;
    timer->event.cancelable = cancelable;
    timer->handler = handler;
    timer->data = data;
}


void
ngx_thrift_timer_set(ngx_thrift_timer_t *timer, ngx_msec_t deadline)
{
    ngx_msec_int_t  left;

    if (timer->event.log == NULL) {
        timer->event.log = ngx_cycle->log;
    }

    timer->deadline = deadline;
    timer->set = 1;

    if (timer->event.timer_set) {

        if ((ngx_msec_int_t) (timer->event.timer.key - deadline) <= 0) {
            return;
        }

        /* ngx_add_timer() would keep a key less than 300ms away */

        ngx_del_timer(&timer->event);
    }

    left = (ngx_msec_int_t) (deadline - ngx_current_msec);

    ngx_add_timer(&timer->event, (left > 0) ? (ngx_msec_t) left : 0);
}


void
ngx_thrift_timer_close(ngx_thrift_timer_t *timer)
{
    timer->set = 0;

    if (timer->event.timer_set) {
        ngx_del_timer(&timer->event);
    }
}


static void
ngx_thrift_timer_handler(ngx_event_t *ev)
{
    ngx_thrift_timer_t  *timer = ev->data;

    if (!timer->set) {
        return;
    }

    if ((ngx_msec_int_t) (timer->deadline - ngx_current_msec) > 0) {
        ngx_add_timer(ev, timer->deadline - ngx_current_msec);
        return;
    }

    timer->set = 0;

    timer->handler(timer->data);
}
