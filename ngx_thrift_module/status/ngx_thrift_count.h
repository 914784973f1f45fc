/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is counted, and when.  All of this does nothing where there is no zone:
 * a row is NULL then.  A call costs one look at the clock when it begins and
 * one when it ends, shared with others in the same turn of the event loop, and
 * four additions; an attempt costs as many additions.
 */

#ifndef _NGX_THRIFT_COUNT_H_INCLUDED_
#define _NGX_THRIFT_COUNT_H_INCLUDED_


/* Of a call, or an attempt. */

typedef struct {
    ngx_thrift_status_row_t  *row;      /* NULL: it is not counted */
    uint64_t                  start;    /* microseconds */
    unsigned                  begun:1;  /* it is in flight */
    ngx_thrift_status_row_t  *waiting;  /* of an attempt that waits: where it
                                           is counted */

    ngx_thrift_status_row_t  *ended;    /* of a call that has: its row, */
    ngx_uint_t                outcome;  /* what became of it, */
    uint64_t                  took;     /* and the microseconds it took */
} ngx_thrift_counted_t;


/* Names of outcomes and results, in this order. */

extern const char *const  ngx_thrift_count_outcomes[];
extern const char *const  ngx_thrift_count_types[];
extern const char *const  ngx_thrift_count_results[];
extern const char *const  ngx_thrift_count_closes[];
extern const char *const  ngx_thrift_count_fates[];

/* The ends of all buckets but the last, in microseconds, and as text. */

extern const uint64_t     ngx_thrift_count_ends[];
extern const char *const  ngx_thrift_count_texts[];


/* A call has its row, and is on its way. */
void ngx_thrift_count_begin(ngx_thrift_counted_t *counted,
    ngx_thrift_status_row_t *row);

/* It has ended; one that never began has taken no time. */
void ngx_thrift_count_end(ngx_thrift_counted_t *counted,
    ngx_thrift_call_t *call) nthrift_noinline;

/* It is freed, and nothing is known of its end. */
void ngx_thrift_count_drop(ngx_thrift_counted_t *counted);

/* An attempt is on a connection to a server. */
void ngx_thrift_count_attempt(ngx_thrift_attempt_t *attempt,
    ngx_thrift_status_row_t *row);

/* What has become of it: `rc` is what its call is told. */
void ngx_thrift_count_done(ngx_thrift_attempt_t *attempt, ngx_int_t rc);

/* Nobody waits for it; `late`: its time is over. */
void ngx_thrift_count_given_up(ngx_thrift_attempt_t *attempt, ngx_uint_t late);

/* It waits for a place, and does so no more. */
void ngx_thrift_count_waits(ngx_thrift_attempt_t *attempt);
void ngx_thrift_count_waited(ngx_thrift_attempt_t *attempt);

/* A connection was opened, has become idle or busy, and was closed. */
void ngx_thrift_count_opened(ngx_thrift_status_row_t *row);
void ngx_thrift_count_idle(ngx_thrift_status_row_t *row, ngx_uint_t idle);
void ngx_thrift_count_closed(ngx_thrift_status_row_t *row,
    ngx_thrift_status_closed_e reason);

/* What a worker that shuts down has done with a client. */
void ngx_thrift_count_client(ngx_thrift_status_t *status,
    ngx_thrift_status_fate_e fate);

/* Of a time in microseconds. */
ngx_uint_t ngx_thrift_count_bucket(uint64_t took);

/* Of the workers in `alive`. */
ngx_uint_t ngx_thrift_count_sum(ngx_thrift_status_gauge_t gauge,
    uint64_t alive);


#endif /* _NGX_THRIFT_COUNT_H_INCLUDED_ */
