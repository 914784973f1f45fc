/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What was counted, as text, for ngx_http_thrift_module.so: this file is all
 * that it knows of it.  A report is written in pieces, so that other events
 * come in between however much there is.
 */

#ifndef _NGX_THRIFT_REPORT_H_INCLUDED_
#define _NGX_THRIFT_REPORT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Bytes of a piece; what is said of a row of the longest names fits in.  To
 * write one takes a fraction of a millisecond.
 */

#define NGX_THRIFT_REPORT_PIECE  65536


typedef enum {
    NGX_THRIFT_REPORT_PROMETHEUS = 0,   /* its text format 0.0.4 */
    NGX_THRIFT_REPORT_OPENMETRICS,
    NGX_THRIFT_REPORT_JSON,
    NGX_THRIFT_REPORT_SPARSE            /* JSON without counters that are 0 */
} ngx_thrift_report_format_e;


typedef struct {
    size_t       size;      /* of this struct: its version */

    /* Is anything counted? */
    ngx_uint_t  (*has)(ngx_cycle_t *cycle);

    /* Begins with a report; NULL: no memory. */
    void       *(*create)(ngx_cycle_t *cycle, ngx_pool_t *pool,
                    ngx_uint_t format);

    /*
     * Writes on to an empty buffer of NGX_THRIFT_REPORT_PIECE bytes.  NGX_OK:
     * that is all of it; NGX_AGAIN: there is more, and maybe nothing so far.
     */
    ngx_int_t   (*write)(void *report, ngx_buf_t *b);

    /* JSON is to have what was counted before, too.  NGX_ERROR: no memory. */
    ngx_int_t   (*ask_history)(void *report, ngx_pool_t *pool);

    /* Where a server of ngx_thrift_doors_t listens; empty: nowhere. */
    void        (*address)(void *server, ngx_str_t *address);
} ngx_thrift_reports_t;


/* NULL in ngx_http_thrift_module.so when that is loaded first, or alone. */

extern const ngx_thrift_reports_t  ngx_stream_thrift_reports
    __attribute__((weak));


#endif /* _NGX_THRIFT_REPORT_H_INCLUDED_ */
