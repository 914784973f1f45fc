/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_budget.h.  Called by ngx_thrift_retry.c.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_BUDGET_ATTEMPT  100      /* hundredths */


static void ngx_thrift_budget_change(ngx_thrift_budget_t *budget, ngx_int_t n);
static void ngx_thrift_budget_pass(ngx_thrift_budget_part_t *part,
    ngx_msec_t now) nthrift_noinline;
static ngx_int_t ngx_thrift_budget_sum(ngx_thrift_budget_t *budget);
static ngx_int_t ngx_thrift_budget_sum_part(ngx_thrift_budget_part_t *part,
    ngx_msec_t now);


void
ngx_thrift_budget_share(ngx_thrift_budget_t *budget,
    ngx_thrift_budget_part_t *parts, ngx_uint_t nparts, ngx_uint_t own)
{
    budget->parts = parts;
    budget->nparts = nparts;
    budget->own = own;
}


void
ngx_thrift_budget_add(ngx_thrift_budget_t *budget, ngx_uint_t percent)
{
    ngx_thrift_budget_change(budget, percent);
}


static void
ngx_thrift_budget_change(ngx_thrift_budget_t *budget, ngx_int_t n)
{
    ngx_msec_t                 now;
    ngx_thrift_budget_part_t  *part;

    part = budget->parts ? &budget->parts[budget->own] : &budget->alone;
    now = ngx_current_msec / 1000;

    if (now != part->second) {
        ngx_thrift_budget_pass(part, now);
    }

    part->seconds[now % NGX_THRIFT_BUDGET_WINDOW] += n;
}


/* Those that have left the window are forgotten. */

static void
ngx_thrift_budget_pass(ngx_thrift_budget_part_t *part, ngx_msec_t now)
{
    ngx_uint_t  n;

    n = ngx_min(now - part->second, NGX_THRIFT_BUDGET_WINDOW);

    for ( /* void */ ; n; n--) {
        part->seconds[(now - n + 1) % NGX_THRIFT_BUDGET_WINDOW] = 0;
    }

    part->second = now;
}


ngx_uint_t
ngx_thrift_budget_has(ngx_thrift_budget_t *budget, ngx_uint_t min)
{
    ngx_int_t  more;

    more = min * NGX_THRIFT_BUDGET_WINDOW * NGX_THRIFT_BUDGET_ATTEMPT;

    return ngx_thrift_budget_sum(budget) + more >= NGX_THRIFT_BUDGET_ATTEMPT;
}


static ngx_int_t
ngx_thrift_budget_sum(ngx_thrift_budget_t *budget)
{
    ngx_int_t   sum;
    ngx_uint_t  i;
    ngx_msec_t  now;

    now = ngx_current_msec / 1000;

    if (budget->parts == NULL) {
        return ngx_thrift_budget_sum_part(&budget->alone, now);
    }

    sum = 0;

    for (i = 0; i < budget->nparts; i++) {
        sum += ngx_thrift_budget_sum_part(&budget->parts[i], now);
    }

    return sum;
}


/*
 * Its worker may have changed nothing since long, and the clock that it looks
 * at may be a little ahead.
 */

static ngx_int_t
ngx_thrift_budget_sum_part(ngx_thrift_budget_part_t *part, ngx_msec_t now)
{
    ngx_int_t   sum;
    ngx_msec_t  second, last;

    sum = 0;
    last = part->second;

    if ((ngx_msec_int_t) (last - now) > 0) {
        now = last;
    }

    for (second = now - NGX_THRIFT_BUDGET_WINDOW + 1;
         (ngx_msec_int_t) (last - second) >= 0;
         second++)
    {
        sum += part->seconds[second % NGX_THRIFT_BUDGET_WINDOW];
    }

    return sum;
}


void
ngx_thrift_budget_take(ngx_thrift_budget_t *budget)
{
    ngx_thrift_budget_change(budget, -NGX_THRIFT_BUDGET_ATTEMPT);
}
