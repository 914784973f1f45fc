/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_report.h.  Called for requests of http{}; rows are read while
 * workers add to them, and a report that takes long has some of them earlier
 * than others.
 */

#include "ngx_thrift.h"


static ngx_uint_t ngx_thrift_report_has(ngx_thrift_report_t *report,
    ngx_thrift_status_row_t *row);


ngx_thrift_report_t *
ngx_thrift_report_create(ngx_thrift_status_t *status, ngx_pool_t *pool,
    ngx_uint_t format)
{
    ngx_thrift_report_t  *report;

    report = ngx_pcalloc(pool, sizeof(ngx_thrift_report_t));
    if (report == NULL) {
        return NULL;
    }

    report->status = status;
    report->alive = ngx_thrift_status_alive(status);
    report->format = format;
    report->next = (format >= NGX_THRIFT_REPORT_JSON)
                   ? ngx_thrift_report_json : ngx_thrift_prometheus;
    report->names.data = report->text;
    report->failures = status->data->failures->n;

    return report;
}


ngx_int_t
ngx_thrift_report_ask_history(void *data, ngx_pool_t *pool)
{
    ngx_thrift_report_t  *report = data;

    ngx_thrift_history_t  *history;

    history = report->status->data->history;

    if (history == NULL) {
        return NGX_OK;
    }

    report->history = ngx_palloc(pool, sizeof(ngx_thrift_history_times_t));
    if (report->history == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_history_times(history, report->history);

    return NGX_OK;
}


ngx_int_t
ngx_thrift_report_write(void *data, ngx_buf_t *b)
{
    ngx_thrift_report_t  *report = data;

    ngx_int_t  rc;

    report->rows = 0;

    do {
        rc = report->next(report, b);
    } while (rc == NGX_OK);

    return (rc == NGX_DONE) ? NGX_OK : NGX_AGAIN;
}


ngx_int_t
ngx_thrift_report_row(ngx_thrift_report_t *report, ngx_uint_t kind,
    ngx_thrift_status_row_t **row)
{
    ngx_thrift_status_row_t  *next;

    while (report->rows++ < NGX_THRIFT_REPORT_ROWS) {
        next = ngx_thrift_status_next(report->status, report->row);

        if (next == NULL
            || (next->kind == kind && ngx_thrift_report_has(report, next)))
        {
            *row = next;
            return NGX_OK;
        }

        report->row = next;
    }

    return NGX_BUSY;
}


/* Definitions may have many methods that nobody calls. */

static ngx_uint_t
ngx_thrift_report_has(ngx_thrift_report_t *report,
    ngx_thrift_status_row_t *row)
{
    ngx_uint_t                   i;
    ngx_thrift_status_server_t  *server;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        if (row->times.buckets[i]) {
            return 1;
        }
    }

    if (row->kind == NGX_THRIFT_STATUS_SERVER) {
        server = (ngx_thrift_status_server_t *) row;

        if (server->opened
            || ngx_thrift_count_sum(server->waiting, report->alive))
        {
            return 1;
        }
    }

    return ngx_thrift_count_sum(row->in_flight, report->alive) != 0;
}


void
ngx_thrift_report_next_part(ngx_thrift_report_t *report)
{
    report->part++;
    report->begun = 0;
    report->items = 0;
    report->row = NULL;
    report->peer = 0;
}


ngx_uint_t
ngx_thrift_report_fits(ngx_thrift_report_t *report, ngx_buf_t *b,
    ngx_uint_t lines)
{
    return (size_t) (b->end - b->last)
           >= lines * (report->names.len + NGX_THRIFT_REPORT_LINE);
}


/*
 * A backslash and a quote are escaped by both formats alike; what cannot stand
 * in both of them is written as "\x" and two digits.
 */

u_char *
ngx_thrift_report_name(u_char *p, ngx_str_t *name)
{
    u_char   *s, *last, *next;
    uint32_t  c;

    s = name->data;
    last = s + name->len;

    while (s < last) {
        next = s + 1;
        c = *s;

        if (c >= 0x80) {
            next = s;
            c = ngx_utf8_decode(&next, last - s);
        }

        if (c < 0x20 || c == 0x7f || c > 0x10ffff) {
            p = ngx_sprintf(p, "\\\\x%02xd", (uint32_t) *s++);
            continue;
        }

        if (c == '"' || c == '\\') {
            *p++ = '\\';
        }

        p = ngx_cpymem(p, s, next - s);
        s = next;
    }

    return p;
}


const char *
ngx_thrift_report_state(ngx_uint_t state)
{
    switch ((ngx_thrift_report_state_e) state) {

    case NGX_THRIFT_REPORT_UP:
        return "up";

    case NGX_THRIFT_REPORT_DOWN:
        return "down";

    case NGX_THRIFT_REPORT_UNAVAILABLE:
        return "unavail";

    case NGX_THRIFT_REPORT_UNHEALTHY:
        break;
    }

    return "unhealthy";
}


ngx_uint_t
ngx_thrift_report_workers(ngx_thrift_report_t *report)
{
    uint64_t    alive;
    ngx_uint_t  n;

    n = 0;

    for (alive = report->alive; alive; alive >>= 1) {
        n += alive & 1;
    }

    return n;
}
