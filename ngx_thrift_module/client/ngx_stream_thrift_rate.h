/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How many calls with the same key, say the client's address, may come in a
 * second: thrift_limit_zone, thrift_limit_rate.
 */

#ifndef _NGX_STREAM_THRIFT_RATE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_RATE_H_INCLUDED_


/* What became of a call: $thrift_limit_status. */

typedef enum {
    NGX_STREAM_THRIFT_RATE_NONE = 0,
    NGX_STREAM_THRIFT_RATE_PASSED,
    NGX_STREAM_THRIFT_RATE_DELAYED,
    NGX_STREAM_THRIFT_RATE_REJECTED,
    NGX_STREAM_THRIFT_RATE_DELAYED_DRY_RUN,
    NGX_STREAM_THRIFT_RATE_REJECTED_DRY_RUN
} ngx_stream_thrift_rate_status_e;


#define NGX_STREAM_THRIFT_RATES  8      /* of one call, at most */


/* One thrift_limit_rate; in thousandths of a call, as nginx counts requests. */

typedef struct {
    ngx_shm_zone_t  *zone;
    ngx_uint_t       burst;
    ngx_uint_t       delay;
} ngx_stream_thrift_rate_t;


/*
 * Counts the call by all limits of its configuration, and sets how long it has
 * to wait.  NGX_ERROR: it comes too fast, and its error is set.
 */
ngx_int_t ngx_stream_thrift_rate(ngx_stream_thrift_call_t *tc);

/* The text of a status; NULL: there is none. */
const char *ngx_stream_thrift_rate_status(ngx_uint_t status);

/* The directives. */
char *ngx_stream_thrift_limit_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_limit_rate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_STREAM_THRIFT_RATE_H_INCLUDED_ */
