/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_delay.h.  Used for the deadlines of calls, and for what is due
 * for attempts.
 */

#include "ngx_thrift.h"


static void ngx_thrift_delay_handler(void *data);


void
ngx_thrift_delay_init(ngx_thrift_delays_t *delays, ngx_msec_t time,
    ngx_thrift_delay_pt handler)
{
    delays->time = time;
    delays->handler = handler;

    ngx_queue_init(&delays->entries);

    /* a session's timer keeps an exiting worker alive while it has calls */

    ngx_thrift_timer_init(&delays->timer, ngx_thrift_delay_handler, delays,
                          NULL, 1);
}


void
ngx_thrift_delay_start(ngx_thrift_delays_t *delays, ngx_thrift_delay_t *delay,
    ngx_msec_t start)
{
    delay->due = start + delays->time;
    delay->set = 1;

    ngx_queue_insert_tail(&delays->entries, &delay->queue);

    if (!delays->timer.set) {
        ngx_thrift_timer_set(&delays->timer, delay->due);
    }
}


void
ngx_thrift_delay_stop(ngx_thrift_delay_t *delay)
{
    if (delay->set) {
        delay->set = 0;
        ngx_queue_remove(&delay->queue);
    }
}


static void
ngx_thrift_delay_handler(void *data)
{
    ngx_thrift_delays_t  *delays = data;

    ngx_queue_t         *q;
    ngx_thrift_delay_t  *delay;

    while (!ngx_queue_empty(&delays->entries)) {
        q = ngx_queue_head(&delays->entries);
        delay = ngx_queue_data(q, ngx_thrift_delay_t, queue);

        if ((ngx_msec_int_t) (delay->due - ngx_current_msec) > 0) {
            ngx_thrift_timer_set(&delays->timer, delay->due);
            return;
        }

        ngx_thrift_delay_stop(delay);
        delays->handler(delay);
    }
}
