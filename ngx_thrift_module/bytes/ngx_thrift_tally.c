
/*
 * See ngx_thrift_tally.h.  Called for connections that are closed for what they
 * sent, and for what servers do wrong.
 */

#include "ngx_thrift.h"


static void ngx_thrift_tally_expire(void *data);


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
    }

    return tally->n++ < tally->max;
}


/* As long as there are more than may be written, all of them are counted. */

static void
ngx_thrift_tally_expire(void *data)
{
    ngx_thrift_tally_t  *tally = data;

    ngx_uint_t  n;

    if (tally->n <= tally->max) {
        return;
    }

    n = tally->n - tally->max;

    tally->n = tally->max;
    ngx_thrift_timer_set(&tally->timer, ngx_current_msec + tally->period);

    tally->more(tally->data, n);
}
