/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A budget: what servers get beyond the calls of clients is a part of these, so
 * that attempts do not multiply an outage.
 *
 * Each call adds a percentage of an attempt, and each second some more; an
 * attempt takes one.  What is older than the window counts no more.
 *
 * Workers may have one together: each writes down its part, and reads those of
 * all when it wants an attempt.
 *
 * One client must not use it up for others.  As long as half of it is left,
 * whoever asks gets an attempt.  Then a client (an address) gets no more than
 * its share: what there was, divided by the clients that have asked lately.
 */

#ifndef _NGX_THRIFT_BUDGET_H_INCLUDED_
#define _NGX_THRIFT_BUDGET_H_INCLUDED_


#define NGX_THRIFT_BUDGET_WINDOW   10       /* seconds */

#define NGX_THRIFT_BUDGET_CLIENTS  8        /* that each worker remembers */


/* What it allows. */

typedef struct {
    ngx_uint_t    off;          /* there is no limit */
    ngx_uint_t    percent;      /* of calls */
    ngx_uint_t    min;          /* attempts per second on top of that */
} ngx_thrift_budget_conf_t;


/* One that has asked for attempts. */

typedef struct {
    volatile uint32_t     client;   /* 0: none */
    volatile uint32_t     span;     /* a half of the window: when it asked */
    volatile uint32_t     taken;    /* attempts: in that span, ... */
    volatile uint32_t     before;   /* ... and in the one before */
} ngx_thrift_budget_client_t;


/* A worker's part; in cache lines of its own, for the others read it. */

typedef struct {
    volatile ngx_msec_t   second;   /* the latest one in which anything was */
    volatile int32_t      seconds[NGX_THRIFT_BUDGET_WINDOW];
                                    /* what was added and taken in each, in
                                       hundredths of an attempt */
    u_char                padding[64 - sizeof(ngx_msec_t)
                                  - NGX_THRIFT_BUDGET_WINDOW * sizeof(int32_t)];

    ngx_thrift_budget_client_t  clients[NGX_THRIFT_BUDGET_CLIENTS];
} ngx_thrift_budget_part_t;


/* All zero in the beginning. */

typedef struct {
    ngx_thrift_budget_part_t   alone;   /* if it has none of those */
    ngx_thrift_budget_part_t  *parts;   /* of all workers, or NULL */
    ngx_uint_t                 nparts;
    ngx_uint_t                 own;     /* which is this one's */
} ngx_thrift_budget_t;


/* It is this worker's part of one that others have, with what was alone. */
void ngx_thrift_budget_share(ngx_thrift_budget_t *budget,
    ngx_thrift_budget_part_t *parts, ngx_uint_t nparts, ngx_uint_t own);


/* There is one call more. */
void ngx_thrift_budget_add(ngx_thrift_budget_t *budget, ngx_uint_t percent);

/* Is there enough for an attempt of this client (0: of none)? */
ngx_uint_t ngx_thrift_budget_has(ngx_thrift_budget_t *budget, ngx_uint_t min,
    uint32_t client);

/* There is one attempt more. */
void ngx_thrift_budget_take(ngx_thrift_budget_t *budget, uint32_t client);


#endif /* _NGX_THRIFT_BUDGET_H_INCLUDED_ */
