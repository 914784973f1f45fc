
/*
 * See ngx_thrift_budget.h.  Called by ngx_thrift_retry.c.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_BUDGET_ATTEMPT  100      /* hundredths */


static ngx_int_t *ngx_thrift_budget_now(ngx_thrift_budget_t *budget);


void
ngx_thrift_budget_add(ngx_thrift_budget_t *budget, ngx_uint_t percent)
{
    *ngx_thrift_budget_now(budget) += percent;
    budget->sum += percent;
}


ngx_uint_t
ngx_thrift_budget_has(ngx_thrift_budget_t *budget, ngx_uint_t min)
{
    ngx_int_t  more;

    (void) ngx_thrift_budget_now(budget);

    more = min * NGX_THRIFT_BUDGET_WINDOW * NGX_THRIFT_BUDGET_ATTEMPT;

    return budget->sum + more >= NGX_THRIFT_BUDGET_ATTEMPT;
}


void
ngx_thrift_budget_take(ngx_thrift_budget_t *budget)
{
    *ngx_thrift_budget_now(budget) -= NGX_THRIFT_BUDGET_ATTEMPT;
    budget->sum -= NGX_THRIFT_BUDGET_ATTEMPT;
}


/* What this second counts; those that have left the window are forgotten. */

static ngx_int_t *
ngx_thrift_budget_now(ngx_thrift_budget_t *budget)
{
    ngx_int_t   *second;
    ngx_uint_t   n;
    ngx_msec_t   now;

    now = ngx_current_msec / 1000;

    n = ngx_min(now - budget->second, NGX_THRIFT_BUDGET_WINDOW);
    budget->second = now;

    for ( /* void */ ; n; n--) {
        second = &budget->seconds[(now - n + 1) % NGX_THRIFT_BUDGET_WINDOW];

        budget->sum -= *second;
        *second = 0;
    }

    return &budget->seconds[now % NGX_THRIFT_BUDGET_WINDOW];
}
