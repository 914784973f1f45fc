/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls that are refused, and what else calls make the error log tell again and
 * again: a few in a period have a line each, and the others one together, with
 * their number.
 */

#ifndef _NGX_THRIFT_REFUSALS_H_INCLUDED_
#define _NGX_THRIFT_REFUSALS_H_INCLUDED_


/* A limit that others can come to as often as they like: lines in a period. */

#define NGX_THRIFT_REFUSALS         1
#define NGX_THRIFT_REFUSALS_PERIOD  10000       /* milliseconds */

/* Lines that are not of refused calls, in the same period. */

#define NGX_THRIFT_REPEATS          10


typedef struct {
    ngx_thrift_tally_t    tally;
    ngx_uint_t            level;        /* of the line for many */
    ngx_uint_t            repeats;      /* they are not refused, but ... */
    const char           *what;         /* ... this; else it refuses them ... */
    ngx_str_t            *name;         /* ... and which; NULL: there is one */
    ngx_log_t             log;          /* of the last one */
} ngx_thrift_refusals_t;


/*
 * Of calls that `what` refuses, the one called `name` (NULL: there is only
 * one): `max` have a line in a period, in milliseconds.  `level` is that of the
 * line for the others.  Both texts live as long as `refusals`.
 */
void ngx_thrift_refusals_init(ngx_thrift_refusals_t *refusals, ngx_uint_t max,
    ngx_msec_t period, ngx_uint_t level, const char *what, ngx_str_t *name);

/* The same for a limit, whose memory is of `cf`. */
ngx_int_t ngx_thrift_refusals_add_limit(ngx_conf_t *cf,
    ngx_thrift_refusals_t *refusals, const char *what, ngx_str_t *name);

/* The same for other lines, which `what` names, about `name`. */
void ngx_thrift_repeats_init(ngx_thrift_refusals_t *repeats,
    ngx_uint_t level, const char *what, ngx_str_t *name);

/* Counts one, of which `log` is; may it have a line of its own? */
ngx_uint_t ngx_thrift_refusals_add(ngx_thrift_refusals_t *refusals,
    ngx_log_t *log);

/* Its memory goes away. */
#define ngx_thrift_refusals_destroy(refusals)                                 \
    ngx_thrift_tally_destroy(&(refusals)->tally)


#endif /* _NGX_THRIFT_REFUSALS_H_INCLUDED_ */
