/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_budget.h.  Called by ngx_thrift_retry.c and
 * ngx_thrift_hedge.c.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_BUDGET_ATTEMPT  100      /* hundredths */

#define NGX_THRIFT_BUDGET_SPAN     (1000 * NGX_THRIFT_BUDGET_WINDOW / 2)

#define NGX_THRIFT_BUDGET_SHARES   64       /* at most, however many ask */


/* What has become of it, and who has asked. */

typedef struct {
    ngx_uint_t    own;      /* attempts that the client has taken */
    ngx_uint_t    taken;    /* that all have, the client, too */
    ngx_uint_t    n;        /* clients */
    uint32_t      clients[NGX_THRIFT_BUDGET_SHARES];
} ngx_thrift_budget_shares_t;


static void ngx_thrift_budget_change(ngx_thrift_budget_t *budget, ngx_int_t n);
static ngx_thrift_budget_part_t *ngx_thrift_budget_part(
    ngx_thrift_budget_t *budget);
static void ngx_thrift_budget_pass(ngx_thrift_budget_part_t *part,
    ngx_msec_t now) nthrift_noinline;
static ngx_int_t ngx_thrift_budget_sum(ngx_thrift_budget_t *budget);
static ngx_int_t ngx_thrift_budget_sum_part(ngx_thrift_budget_part_t *part,
    ngx_msec_t now);
static ngx_thrift_budget_client_t *ngx_thrift_budget_ask(
    ngx_thrift_budget_t *budget, uint32_t client);
static ngx_uint_t ngx_thrift_budget_weight(ngx_thrift_budget_client_t *asked,
    uint32_t span);
static ngx_uint_t ngx_thrift_budget_is_shared(ngx_thrift_budget_t *budget,
    ngx_int_t left, uint32_t client);
static void ngx_thrift_budget_count(ngx_thrift_budget_part_t *part,
    ngx_thrift_budget_shares_t *shares, uint32_t client);
static void ngx_thrift_budget_count_client(ngx_thrift_budget_shares_t *shares,
    uint32_t client);


void
ngx_thrift_budget_share(ngx_thrift_budget_t *budget,
    ngx_thrift_budget_part_t *parts, ngx_uint_t nparts, ngx_uint_t own)
{
    parts[own] = budget->alone;

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

    part = ngx_thrift_budget_part(budget);
    now = ngx_current_msec / 1000;

    if (now != part->second) {
        ngx_thrift_budget_pass(part, now);
    }

    part->seconds[now % NGX_THRIFT_BUDGET_WINDOW] += n;
}


static ngx_thrift_budget_part_t *
ngx_thrift_budget_part(ngx_thrift_budget_t *budget)
{
    return budget->parts ? &budget->parts[budget->own] : &budget->alone;
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
ngx_thrift_budget_has(ngx_thrift_budget_t *budget, ngx_uint_t min,
    uint32_t client)
{
    ngx_int_t  left;

    if (client) {
        (void) ngx_thrift_budget_ask(budget, client);
    }

    left = ngx_thrift_budget_sum(budget)
           + min * NGX_THRIFT_BUDGET_WINDOW * NGX_THRIFT_BUDGET_ATTEMPT;

    return left >= NGX_THRIFT_BUDGET_ATTEMPT
           && (client == 0
               || ngx_thrift_budget_is_shared(budget, left, client));
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
ngx_thrift_budget_take(ngx_thrift_budget_t *budget, uint32_t client)
{
    ngx_thrift_budget_change(budget, -NGX_THRIFT_BUDGET_ATTEMPT);

    if (client) {
        ngx_thrift_budget_ask(budget, client)->taken++;
    }
}


/*
 * Who has asked, in this worker.  Where there is no room, the one that has
 * taken least is forgotten: it gets no less for it.
 */

static ngx_thrift_budget_client_t *
ngx_thrift_budget_ask(ngx_thrift_budget_t *budget, uint32_t client)
{
    uint32_t                     span;
    ngx_uint_t                   i;
    ngx_thrift_budget_part_t    *part;
    ngx_thrift_budget_client_t  *asked, *least;

    part = ngx_thrift_budget_part(budget);
    span = ngx_current_msec / NGX_THRIFT_BUDGET_SPAN;
    least = &part->clients[0];

    for (i = 0; i < NGX_THRIFT_BUDGET_CLIENTS; i++) {
        asked = &part->clients[i];

        if (asked->client == client) {

            if (asked->span != span) {
                asked->before = (span - asked->span == 1) ? asked->taken : 0;
                asked->taken = 0;
                asked->span = span;
            }

            return asked;
        }

        if (ngx_thrift_budget_weight(asked, span)
            < ngx_thrift_budget_weight(least, span))
        {
            least = asked;
        }
    }

    least->client = client;
    least->span = span;
    least->taken = 0;
    least->before = 0;

    return least;
}


/*
 * What it has taken lately, and one for that it has asked; 0: it has not.  The
 * clock of its worker may be a little ahead.
 */

static ngx_uint_t
ngx_thrift_budget_weight(ngx_thrift_budget_client_t *asked, uint32_t span)
{
    int32_t  age;

    age = span - asked->span;

    if (asked->client == 0 || age > 1) {
        return 0;
    }

    return 1 + asked->taken + (age == 1 ? 0 : asked->before);
}


/* Is another attempt of the client within its share, or nobody's loss? */

static ngx_uint_t
ngx_thrift_budget_is_shared(ngx_thrift_budget_t *budget, ngx_int_t left,
    uint32_t client)
{
    ngx_uint_t                  i, all;
    ngx_thrift_budget_shares_t  shares;

    shares.own = 0;
    shares.taken = 0;
    shares.n = 0;

    if (budget->parts == NULL) {
        ngx_thrift_budget_count(&budget->alone, &shares, client);

    } else {
        for (i = 0; i < budget->nparts; i++) {
            ngx_thrift_budget_count(&budget->parts[i], &shares, client);
        }
    }

    all = left / NGX_THRIFT_BUDGET_ATTEMPT + shares.taken;

    return 2 * left >= (ngx_int_t) (all * NGX_THRIFT_BUDGET_ATTEMPT)
           || (shares.own + 1) * shares.n <= all;
}


static void
ngx_thrift_budget_count(ngx_thrift_budget_part_t *part,
    ngx_thrift_budget_shares_t *shares, uint32_t client)
{
    uint32_t                     span;
    ngx_uint_t                   i, weight;
    ngx_thrift_budget_client_t  *asked;

    span = ngx_current_msec / NGX_THRIFT_BUDGET_SPAN;

    for (i = 0; i < NGX_THRIFT_BUDGET_CLIENTS; i++) {
        asked = &part->clients[i];
        weight = ngx_thrift_budget_weight(asked, span);

        if (weight == 0) {
            continue;
        }

        shares->taken += weight - 1;

        if (asked->client == client) {
            shares->own += weight - 1;
        }

        ngx_thrift_budget_count_client(shares, asked->client);
    }
}


/* It may have asked in several workers. */

static void
ngx_thrift_budget_count_client(ngx_thrift_budget_shares_t *shares,
    uint32_t client)
{
    ngx_uint_t  i;

    for (i = 0; i < shares->n; i++) {
        if (shares->clients[i] == client) {
            return;
        }
    }

    if (shares->n < NGX_THRIFT_BUDGET_SHARES) {
        shares->clients[shares->n++] = client;
    }
}
