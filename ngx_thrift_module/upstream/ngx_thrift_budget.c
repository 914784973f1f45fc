/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_budget.h.  Called by ngx_thrift_retry.c.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_BUDGET_ATTEMPT  100      /* hundredths */


static void ngx_thrift_budget_change(ngx_thrift_budget_t *budget, ngx_int_t n);
static ngx_int_t ngx_thrift_budget_others(ngx_thrift_budget_t *budget);
static ngx_int_t *ngx_thrift_budget_now(ngx_thrift_budget_t *budget);
static void ngx_thrift_budget_pass(ngx_thrift_budget_t *budget,
    ngx_msec_t now) nthrift_noinline;


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
    ngx_thrift_budget_part_t  *part;

    *ngx_thrift_budget_now(budget) += n;
    budget->sum += n;

    if (budget->parts) {
        part = &budget->parts[budget->own];

        part->second = budget->second;
        part->sum = budget->sum;
    }
}


ngx_uint_t
ngx_thrift_budget_has(ngx_thrift_budget_t *budget, ngx_uint_t min)
{
    ngx_int_t  more;

    (void) ngx_thrift_budget_now(budget);

    more = min * NGX_THRIFT_BUDGET_WINDOW * NGX_THRIFT_BUDGET_ATTEMPT;

    return budget->sum + ngx_thrift_budget_others(budget) + more
           >= NGX_THRIFT_BUDGET_ATTEMPT;
}


/* A part in which nothing was for a whole window is empty. */

static ngx_int_t
ngx_thrift_budget_others(ngx_thrift_budget_t *budget)
{
    ngx_int_t                  sum;
    ngx_uint_t                 i;
    ngx_thrift_budget_part_t  *part;

    sum = 0;

    for (i = 0; budget->parts && i < budget->nparts; i++) {
        part = &budget->parts[i];

        if (i != budget->own
            && ngx_current_msec / 1000 - part->second
               < NGX_THRIFT_BUDGET_WINDOW)
        {
            sum += part->sum;
        }
    }

    return sum;
}


void
ngx_thrift_budget_take(ngx_thrift_budget_t *budget)
{
    ngx_thrift_budget_change(budget, -NGX_THRIFT_BUDGET_ATTEMPT);
}


/* What this second counts. */

static ngx_int_t *
ngx_thrift_budget_now(ngx_thrift_budget_t *budget)
{
    ngx_msec_t  now;

    now = ngx_current_msec / 1000;

    if (now != budget->second) {
        ngx_thrift_budget_pass(budget, now);
    }

    return &budget->seconds[budget->place];
}


/* Those that have left the window are forgotten. */

static void
ngx_thrift_budget_pass(ngx_thrift_budget_t *budget, ngx_msec_t now)
{
    ngx_int_t   *second;
    ngx_uint_t   n;

    n = ngx_min(now - budget->second, NGX_THRIFT_BUDGET_WINDOW);
    budget->second = now;

    for ( /* void */ ; n; n--) {
        second = &budget->seconds[(now - n + 1) % NGX_THRIFT_BUDGET_WINDOW];

        budget->sum -= *second;
        *second = 0;
    }

    budget->place = now % NGX_THRIFT_BUDGET_WINDOW;
}
