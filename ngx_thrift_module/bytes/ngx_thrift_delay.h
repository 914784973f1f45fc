/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is due after the same time stands in one queue, in the order in which it
 * began, which is that of when it is due: an entry costs none in nginx's tree
 * of timers.
 */

#ifndef _NGX_THRIFT_DELAY_H_INCLUDED_
#define _NGX_THRIFT_DELAY_H_INCLUDED_


/* An entry; part of what waits. */

typedef struct {
    ngx_queue_t           queue;
    ngx_msec_t            due;
    ngx_uint_t            set;          /* it stands in a queue */
} ngx_thrift_delay_t;


/* It is due, and stands in no queue any more. */

typedef void (*ngx_thrift_delay_pt)(ngx_thrift_delay_t *delay);


/* One for each time, and handler, that the configuration has; in a worker. */

typedef struct {
    ngx_msec_t            time;         /* milliseconds */
    ngx_thrift_delay_pt   handler;
    ngx_queue_t           entries;
    ngx_thrift_timer_t    timer;        /* of the first one, or earlier */
} ngx_thrift_delays_t;


/* An empty queue; handler() is called with each entry that is due. */
void ngx_thrift_delay_init(ngx_thrift_delays_t *delays, ngx_msec_t time,
    ngx_thrift_delay_pt handler);

/* The queue's memory goes away. */
#define ngx_thrift_delay_destroy(delays)                                      \
    ngx_thrift_timer_close(&(delays)->timer)

/*
 * delays->handler() is called delays->time after `start`, which is not before
 * that of the entry that was started last.
 */
void ngx_thrift_delay_start(ngx_thrift_delays_t *delays,
    ngx_thrift_delay_t *delay, ngx_msec_t start);

/* It is not, if it was to be. */
void ngx_thrift_delay_stop(ngx_thrift_delay_t *delay);


#endif /* _NGX_THRIFT_DELAY_H_INCLUDED_ */
