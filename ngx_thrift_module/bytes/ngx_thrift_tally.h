/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lines that others can write as often as they like: so many are written in a
 * period, and the rest is counted.
 */

#ifndef _NGX_THRIFT_TALLY_H_INCLUDED_
#define _NGX_THRIFT_TALLY_H_INCLUDED_


/* The period is over, in which there were `n` more; it had `seconds`. */

typedef void (*ngx_thrift_tally_pt)(void *data, ngx_uint_t n,
    ngx_uint_t seconds);


typedef struct {
    ngx_uint_t            max;          /* written in a period */
    ngx_msec_t            period;
    ngx_uint_t            n;            /* in this one, written or not */
    ngx_thrift_tally_pt   more;
    void                 *data;
    ngx_thrift_timer_t    timer;        /* set: a period has begun */
    ngx_queue_t           queue;        /* of those, in this worker */
} ngx_thrift_tally_t;


/*
 * `max` lines are written in a period, in milliseconds, which the first of them
 * begins.  At the end of one that had others, more() is called with `data`.
 */
void ngx_thrift_tally_init(ngx_thrift_tally_t *tally, ngx_uint_t max,
    ngx_msec_t period, ngx_thrift_tally_pt more, void *data);

/* Counts one; may it be written? */
ngx_uint_t ngx_thrift_tally_add(ngx_thrift_tally_t *tally);

/* Would the next one be counted only? */
#define ngx_thrift_tally_is_full(tally)                                       \
    ((tally)->timer.set && (tally)->n >= (tally)->max)

/* The tally's memory goes away. */
void ngx_thrift_tally_destroy(ngx_thrift_tally_t *tally);

/* The worker ends: what was counted so far is told. */
void ngx_thrift_tally_tell_all(void);


#endif /* _NGX_THRIFT_TALLY_H_INCLUDED_ */
