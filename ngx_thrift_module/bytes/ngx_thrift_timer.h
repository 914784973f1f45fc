/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A deadline that moves with every call and costs nothing to move later: the
 * event stays in nginx's timer tree at its old time, and when it fires early
 * it is set again.  A deadline that moves earlier is exact.
 */

#ifndef _NGX_THRIFT_TIMER_H_INCLUDED_
#define _NGX_THRIFT_TIMER_H_INCLUDED_


typedef void (*ngx_thrift_timer_pt)(void *data);

/* What moving a deadline touches comes first: 64 bytes. */

typedef struct {
    ngx_msec_t            deadline;     /* on ngx_current_msec's scale */
    ngx_uint_t            set;          /* a deadline is pending */
    ngx_event_t           event;
    ngx_thrift_timer_pt   handler;
    void                 *data;
} ngx_thrift_timer_t;


/*
 * `handler` is called with `data` once a deadline has passed.  A cancelable
 * timer does not keep an exiting worker alive.  `log` NULL: the cycle's.
 */
void ngx_thrift_timer_init(ngx_thrift_timer_t *timer,
    ngx_thrift_timer_pt handler, void *data, ngx_log_t *log,
    ngx_uint_t cancelable);

/* Replaces the deadline.  A time without deadline: ngx_thrift_timer_clear. */
void ngx_thrift_timer_set(ngx_thrift_timer_t *timer, ngx_msec_t deadline);

/* No deadline; the event may stay in the tree. */
#define ngx_thrift_timer_clear(timer)  (timer)->set = 0

/* Leaves the tree: must be called before the timer's memory goes away. */
void ngx_thrift_timer_close(ngx_thrift_timer_t *timer);

/* The earlier one of two points in time. */
#define ngx_thrift_earlier(a, b)                                              \
    ((ngx_msec_int_t) ((a) - (b)) < 0 ? (a) : (b))


#endif /* _NGX_THRIFT_TIMER_H_INCLUDED_ */
