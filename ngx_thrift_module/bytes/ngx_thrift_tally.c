/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_tally.h.  Called for connections that are closed for what they
 * sent, and for what servers do wrong.
 */

#include "ngx_thrift.h"


static void ngx_thrift_tally_expire(void *data);
static void ngx_thrift_tally_tell(ngx_thrift_tally_t *tally, ngx_msec_t time);
static void ngx_thrift_tally_stop(ngx_thrift_tally_t *tally);


/* next is NULL: there was none yet */

static ngx_queue_t  ngx_thrift_tallies;


void
ngx_thrift_tally_init(ngx_thrift_tally_t *tally, ngx_uint_t max,
    ngx_msec_t period, ngx_thrift_tally_pt more, void *data)
{
    tally->max = max;
    tally->period = period;
    tally->n = 0;
    tally->more = more;
    tally->data = data;

    ngx_thrift_timer_init(&tally->timer, ngx_thrift_tally_expire, tally, NULL,
                          1);
}


ngx_uint_t
ngx_thrift_tally_add(ngx_thrift_tally_t *tally)
{
    if (!tally->timer.set) {
        tally->n = 0;
        ngx_thrift_timer_set(&tally->timer, ngx_current_msec + tally->period);

        if (ngx_thrift_tallies.next == NULL) {
            ngx_queue_init(&ngx_thrift_tallies);
        }

        ngx_queue_insert_tail(&ngx_thrift_tallies, &tally->queue);
    }

    return tally->n++ < tally->max;
}


/* As long as there are more than may be written, all of them are counted. */

static void
ngx_thrift_tally_expire(void *data)
{
    ngx_thrift_tally_t  *tally = data;

    if (tally->n <= tally->max) {
        ngx_queue_remove(&tally->queue);
        return;
    }

    ngx_thrift_timer_set(&tally->timer, ngx_current_msec + tally->period);
    ngx_thrift_tally_tell(tally, tally->period);
}


static void
ngx_thrift_tally_tell(ngx_thrift_tally_t *tally, ngx_msec_t time)
{
    ngx_uint_t  n;

    n = tally->n - tally->max;
    tally->n = tally->max;

    tally->more(tally->data, n, ngx_max((time + 500) / 1000, 1));
}


void
ngx_thrift_tally_destroy(ngx_thrift_tally_t *tally)
{
    if (tally->timer.set) {
        ngx_thrift_tally_stop(tally);
    }

    ngx_thrift_timer_close(&tally->timer);
}


static void
ngx_thrift_tally_stop(ngx_thrift_tally_t *tally)
{
    tally->timer.set = 0;
    ngx_queue_remove(&tally->queue);
}


void
ngx_thrift_tally_tell_all(void)
{
    ngx_msec_t           left;
    ngx_queue_t         *all;
    ngx_thrift_tally_t  *tally;

    all = &ngx_thrift_tallies;

    while (all->next && !ngx_queue_empty(all)) {
        tally = ngx_queue_data(ngx_queue_head(all), ngx_thrift_tally_t, queue);

        ngx_thrift_tally_stop(tally);

        left = tally->timer.deadline - ngx_current_msec;

        if (tally->n > tally->max) {
            ngx_thrift_tally_tell(tally, tally->period
                                         - ngx_min(left, tally->period));
        }
    }
}
