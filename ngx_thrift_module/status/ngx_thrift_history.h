/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What was counted until when: a sample of the numbers of a row every ten
 * seconds, for the charts of who has not looked before.  One of the workers
 * takes it; who counts knows nothing of it.
 *
 * A row has samples from its first call on, as long as there is room in the
 * part of the zone that may be used for them; all methods together have theirs
 * from the beginning.
 */

#ifndef _NGX_THRIFT_HISTORY_H_INCLUDED_
#define _NGX_THRIFT_HISTORY_H_INCLUDED_


#define NGX_THRIFT_HISTORY_SECONDS  10
#define NGX_THRIFT_HISTORY_SAMPLES  31  /* of five minutes */
#define NGX_THRIFT_HISTORY_SLOTS    32  /* one more, which is being written */
#define NGX_THRIFT_HISTORY_PART     8   /* of the zone at most: 1/8 */


/* Numbers overflow; the differences of two samples do not. */

typedef struct {
    uint32_t               failed;
    uint32_t               buckets[NGX_THRIFT_STATUS_BUCKETS];
} ngx_thrift_sample_t;


typedef struct {
    volatile uint32_t      number;  /* of the sample; 0: there is none */
    ngx_thrift_sample_t    sample;
} ngx_thrift_history_slot_t;


struct ngx_thrift_history_slots_s {
    uint32_t                   first;   /* what was counted before it is 0 */
    ngx_thrift_history_slot_t  slots[NGX_THRIFT_HISTORY_SLOTS];
};


struct ngx_thrift_history_s {
    ngx_atomic_t           number;  /* of the latest, which may have only been
                                       begun */
    ngx_uint_t             full;    /* a row had no room */
    size_t                 size;    /* bytes of all samples */
    uint64_t               taken[NGX_THRIFT_HISTORY_SLOTS]; /* microseconds */
    ngx_thrift_history_slots_t  total;
};


/* Which samples there are when a report is begun, the oldest first. */

typedef struct {
    ngx_uint_t             n;
    uint64_t               now;     /* milliseconds since 1970 */
    uint32_t               numbers[NGX_THRIFT_HISTORY_SAMPLES];
    uint64_t               ago[NGX_THRIFT_HISTORY_SAMPLES];     /* us */
    ngx_thrift_sample_t    total;   /* of methods that were asked for so far */
} ngx_thrift_history_times_t;


/* In a new zone of so many bytes: leaves data->history NULL if it is small. */
void ngx_thrift_history_init(ngx_thrift_status_data_t *data, size_t size);

/* In a worker. */
void ngx_thrift_history_open(ngx_thrift_status_t *status);
void ngx_thrift_history_close(void);

void ngx_thrift_history_times(ngx_thrift_history_t *history,
    ngx_thrift_history_times_t *times);

/*
 * Writes what was counted between one sample and the next, and since the last
 * one, to `counted`, of times->n.  Without a row: of all methods that this was
 * called for before.  NGX_DECLINED: the row has no samples.
 */
ngx_int_t ngx_thrift_history_get(ngx_thrift_history_t *history,
    ngx_thrift_history_times_t *times, ngx_thrift_status_row_t *row,
    ngx_thrift_sample_t *counted);

/* Is there anything in that bucket of one of them? */
ngx_uint_t ngx_thrift_history_has(ngx_thrift_sample_t *counted, ngx_uint_t n,
    ngx_uint_t bucket);


#endif /* _NGX_THRIFT_HISTORY_H_INCLUDED_ */
