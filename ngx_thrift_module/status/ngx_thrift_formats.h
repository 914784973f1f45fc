/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A report on its way: where it is in the zone.  For the rooms that write one.
 */

#ifndef _NGX_THRIFT_FORMATS_H_INCLUDED_
#define _NGX_THRIFT_FORMATS_H_INCLUDED_


/* Rows that are looked at for a piece; most may have nothing to say. */

#define NGX_THRIFT_REPORT_ROWS  4096

/* Bytes of the names of a row, once they are escaped, and what is around. */

#define NGX_THRIFT_REPORT_NAMES                                               \
    (NGX_THRIFT_STATUS_NAMES * (5 * NGX_THRIFT_STATUS_NAME + 20))

/* Bytes of a line without them. */

#define NGX_THRIFT_REPORT_LINE  (120 + NGX_THRIFT_EXEMPLAR_LINE)


/* Bytes of the samples of a row. */

#define NGX_THRIFT_REPORT_HISTORY                                             \
    ((NGX_THRIFT_STATUS_BUCKETS + 1)                                          \
     * (NGX_THRIFT_HISTORY_SAMPLES * (NGX_INT32_LEN + 1) + 16) + 64)


/* States of servers, numbered as in exporters of others for nginx. */

typedef enum {
    NGX_THRIFT_REPORT_UP = 1,
    NGX_THRIFT_REPORT_DOWN = 3,
    NGX_THRIFT_REPORT_UNAVAILABLE = 4,
    NGX_THRIFT_REPORT_UNHEALTHY = 6
} ngx_thrift_report_state_e;


/* A server of an upstream{}. */

typedef struct {
    ngx_str_t                  *upstream;
    ngx_str_t                   server;
    ngx_uint_t                  state;
} ngx_thrift_report_peer_t;


typedef struct ngx_thrift_report_s  ngx_thrift_report_t;

/* Writes a bit more.  NGX_DONE: that was all; NGX_BUSY: there is no room. */

typedef ngx_int_t (*ngx_thrift_report_next_pt)(ngx_thrift_report_t *report,
    ngx_buf_t *b);


struct ngx_thrift_report_s {
    ngx_thrift_status_t        *status;
    ngx_thrift_report_peer_t   *peers;
    ngx_uint_t                  npeers;
    uint64_t                    alive;      /* workers */
    ngx_uint_t                  generation; /* of the configuration */
    ngx_uint_t                  format;
    ngx_thrift_report_next_pt   next;

    ngx_uint_t                  part;       /* of the report, from 0 */
    ngx_uint_t                  begun;      /* its head is written */
    ngx_uint_t                  items;      /* of it so far */
    ngx_uint_t                  rows;       /* looked at for this piece */
    ngx_thrift_status_row_t    *row;        /* the latest */
    ngx_uint_t                  peer;       /* the next */
    uint64_t                    failures;   /* when the report was begun */
    ngx_thrift_history_times_t *history;    /* NULL: nobody asks for it */

    ngx_str_t                   names;      /* of the row, as they are
                                               written */
    u_char                      text[NGX_THRIFT_REPORT_NAMES];
};


/* Begins a report, in memory of the pool's; NULL: there is none. */
ngx_thrift_report_t *ngx_thrift_report_create(ngx_thrift_status_t *status,
    ngx_pool_t *pool, ngx_uint_t format);

/* Writes on: ngx_thrift_reports_t has it as "write". */
ngx_int_t ngx_thrift_report_write(void *report, ngx_buf_t *b);

/* Samples are wanted, too.  NGX_ERROR: no memory. */
ngx_int_t ngx_thrift_report_ask_history(void *report, ngx_pool_t *pool);

/*
 * The next row of that kind, behind report->row, for which anything was
 * counted; NULL at the end.  NGX_BUSY: that is enough for this piece.
 */
ngx_int_t ngx_thrift_report_row(ngx_thrift_report_t *report, ngx_uint_t kind,
    ngx_thrift_status_row_t **row);

/* Goes on to the next part. */
void ngx_thrift_report_next_part(ngx_thrift_report_t *report);

/* Is there room for as many lines, each with the names? */
ngx_uint_t ngx_thrift_report_fits(ngx_thrift_report_t *report, ngx_buf_t *b,
    ngx_uint_t lines);

/* A name between quotes: of any bytes, in printable ones. */
u_char *ngx_thrift_report_name(u_char *p, ngx_str_t *name);

/* The word for an ngx_thrift_report_state_e. */
const char *ngx_thrift_report_state(ngx_uint_t state);

/* How many workers there were when the report was begun. */
ngx_uint_t ngx_thrift_report_workers(ngx_thrift_report_t *report);

/* The formats: ngx_thrift_report_next_pt. */
ngx_int_t ngx_thrift_prometheus(ngx_thrift_report_t *report, ngx_buf_t *b);
ngx_int_t ngx_thrift_report_json(ngx_thrift_report_t *report, ngx_buf_t *b);


#endif /* _NGX_THRIFT_FORMATS_H_INCLUDED_ */
