/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The text formats of Prometheus: 0.0.4, which all versions read, and
 * OpenMetrics 1.0.  Called for each piece of a report.
 *
 *     part: a family of metrics --- its head, and then rows or servers
 */

#include "ngx_thrift.h"


/* What a family is about, beside the kinds of rows. */

#define NGX_THRIFT_PROMETHEUS_PEER  NGX_THRIFT_STATUS_KINDS
#define NGX_THRIFT_PROMETHEUS_ZONE  (NGX_THRIFT_STATUS_KINDS + 1)


typedef struct ngx_thrift_family_s  ngx_thrift_family_t;

typedef u_char *(*ngx_thrift_family_pt)(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);

struct ngx_thrift_family_s {
    const char            *name;        /* behind "nginx_thrift_" */
    const char            *type;
    const char            *unit;        /* or "" */
    const char            *help;
    ngx_uint_t             about;
    ngx_uint_t             lines;       /* at most, of one row */
    ngx_thrift_family_pt   write;
    size_t                 offset;      /* of its number in the row */
};


static ngx_int_t ngx_thrift_prometheus_begin(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_buf_t *b);
static ngx_int_t ngx_thrift_prometheus_row(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_buf_t *b);
static ngx_int_t ngx_thrift_prometheus_peer(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_buf_t *b);
static void ngx_thrift_prometheus_names(ngx_thrift_report_t *report,
    ngx_uint_t kind, ngx_str_t *names);
static u_char *ngx_thrift_prometheus_line(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, const char *suffix, const char *extra,
    uint64_t value, u_char *p);
static u_char *ngx_thrift_prometheus_number(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_milliseconds(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_gauge(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_times(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_exemplar(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_uint_t bucket, u_char *p);
static u_char *ngx_thrift_prometheus_closes(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_handler(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_calls(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_attempts(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_connections(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_generation(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_clients(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_rows(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_full(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);
static u_char *ngx_thrift_prometheus_workers(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p);


#define ngx_thrift_of_row(field)                                              \
    offsetof(ngx_thrift_status_row_t, field)
#define ngx_thrift_of_method(field)                                           \
    offsetof(ngx_thrift_status_method_t, field)
#define ngx_thrift_of_server(field)                                           \
    offsetof(ngx_thrift_status_server_t, field)


static const ngx_thrift_family_t  ngx_thrift_families[] = {

    { "calls", "counter", "", "Calls of clients by what became of them.",
      NGX_THRIFT_STATUS_METHOD, NGX_THRIFT_STATUS_OUTCOMES,
      ngx_thrift_prometheus_calls, 0 },

    { "call_duration_seconds", "histogram", "seconds",
      "Time from a whole call to its reply.",
      NGX_THRIFT_STATUS_METHOD, NGX_THRIFT_STATUS_BUCKETS + 2,
      ngx_thrift_prometheus_times, ngx_thrift_of_row(times) },

    { "calls_in_flight", "gauge", "", "Calls that have no reply yet.",
      NGX_THRIFT_STATUS_METHOD, 1,
      ngx_thrift_prometheus_gauge, ngx_thrift_of_row(in_flight) },

    { "received_bytes", "counter", "bytes", "Bytes of calls.",
      NGX_THRIFT_STATUS_METHOD, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_row(received) },

    { "sent_bytes", "counter", "bytes", "Bytes of replies.",
      NGX_THRIFT_STATUS_METHOD, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_row(sent) },

    { "handler_duration_seconds", "histogram", "seconds",
      "Time that a handler's code ran for a call.",
      NGX_THRIFT_STATUS_METHOD, NGX_THRIFT_STATUS_BUCKETS + 2,
      ngx_thrift_prometheus_handler, ngx_thrift_of_method(handler) },

    { "event_loop_holds", "counter", "",
      "Times that a handler held the event loop for too long.",
      NGX_THRIFT_STATUS_METHOD, 1,
      ngx_thrift_prometheus_handler, ngx_thrift_of_method(holds) },

    { "event_loop_hold_seconds", "counter", "seconds",
      "Time that they took.",
      NGX_THRIFT_STATUS_METHOD, 1,
      ngx_thrift_prometheus_handler, ngx_thrift_of_method(held) },

    { "upstream_attempts", "counter", "",
      "Attempts of calls with servers by what became of them.",
      NGX_THRIFT_STATUS_SERVER, NGX_THRIFT_STATUS_RESULTS,
      ngx_thrift_prometheus_attempts, 0 },

    { "upstream_attempt_duration_seconds", "histogram", "seconds",
      "Time from a connection to a reply.",
      NGX_THRIFT_STATUS_SERVER, NGX_THRIFT_STATUS_BUCKETS + 2,
      ngx_thrift_prometheus_times, ngx_thrift_of_row(times) },

    { "upstream_attempts_in_flight", "gauge", "",
      "Attempts that have a connection, and no reply yet.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_gauge, ngx_thrift_of_row(in_flight) },

    { "upstream_retries", "counter", "",
      "Attempts that came after another one had failed.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_server(retries) },

    { "upstream_hedges", "counter", "",
      "Attempts that came beside another one.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_server(hedges) },

    { "upstream_translated", "counter", "",
      "Attempts with a server of another protocol than the client's.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_server(translated) },

    { "upstream_waiting", "gauge", "",
      "Attempts that wait for a connection or a server.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_gauge, ngx_thrift_of_server(waiting) },

    { "upstream_waits", "counter", "",
      "Attempts that have waited for a connection or a server.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_server(waits) },

    { "upstream_wait_seconds", "counter", "seconds",
      "Time that they have waited.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_milliseconds, ngx_thrift_of_server(waited) },

    { "upstream_sent_bytes", "counter", "bytes", "Bytes sent to servers.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_row(sent) },

    { "upstream_received_bytes", "counter", "bytes",
      "Bytes of replies of servers.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_row(received) },

    { "upstream_connections", "gauge", "", "Open connections to servers.",
      NGX_THRIFT_STATUS_SERVER, 2,
      ngx_thrift_prometheus_connections, 0 },

    { "upstream_connections_opened", "counter", "",
      "Connections that were opened.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_server(opened) },

    { "upstream_connections_reused", "counter", "",
      "Attempts on connections that others have used.",
      NGX_THRIFT_STATUS_SERVER, 1,
      ngx_thrift_prometheus_number, ngx_thrift_of_server(reused) },

    { "upstream_connections_closed", "counter", "",
      "Connections that were closed, by the reason.",
      NGX_THRIFT_STATUS_SERVER, NGX_THRIFT_STATUS_CLOSED_REASONS,
      ngx_thrift_prometheus_closes, 0 },

    { "upstream_server_state", "gauge", "",
      "State of a server: 1 up, 3 down, 4 failed, 6 failed checks.",
      NGX_THRIFT_PROMETHEUS_PEER, 1, NULL, 0 },

    { "generation", "gauge", "",
      "Which configuration answers: 1, and one more with each reload.",
      NGX_THRIFT_PROMETHEUS_ZONE, 1, ngx_thrift_prometheus_generation, 0 },

    { "reload_clients", "counter", "",
      "Clients of workers that shut down, by what became of them.",
      NGX_THRIFT_PROMETHEUS_ZONE, 2, ngx_thrift_prometheus_clients, 0 },

    { "status_rows", "gauge", "",
      "Names in the zone.",
      NGX_THRIFT_PROMETHEUS_ZONE, 1, ngx_thrift_prometheus_rows, 0 },

    { "status_full", "gauge", "",
      "Whether the zone had no room for a name.",
      NGX_THRIFT_PROMETHEUS_ZONE, 1, ngx_thrift_prometheus_full, 0 },

    { "workers", "gauge", "",
      "Worker processes that count.",
      NGX_THRIFT_PROMETHEUS_ZONE, 1, ngx_thrift_prometheus_workers, 0 }
};


#define NGX_THRIFT_FAMILIES                                                   \
    (sizeof(ngx_thrift_families) / sizeof(ngx_thrift_family_t))


ngx_int_t
ngx_thrift_prometheus(ngx_thrift_report_t *report, ngx_buf_t *b)
{
    const ngx_thrift_family_t  *family;

    if (report->part == NGX_THRIFT_FAMILIES) {

        if (report->format == NGX_THRIFT_REPORT_OPENMETRICS) {
            report->names.len = 0;

            if (!ngx_thrift_report_fits(report, b, 1)) {
                return NGX_BUSY;
            }

            b->last = ngx_cpymem(b->last, "# EOF\n", sizeof("# EOF\n") - 1);
        }

        return NGX_DONE;
    }

    family = &ngx_thrift_families[report->part];

    if (!report->begun) {
        return ngx_thrift_prometheus_begin(report, family, b);
    }

    if (family->about == NGX_THRIFT_PROMETHEUS_PEER) {
        return ngx_thrift_prometheus_peer(report, family, b);
    }

    return ngx_thrift_prometheus_row(report, family, b);
}


static ngx_int_t
ngx_thrift_prometheus_begin(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_buf_t *b)
{
    u_char      *p;
    const char  *total;

    report->names.len = 0;

    if (!ngx_thrift_report_fits(report, b, 5)) {
        return NGX_BUSY;
    }

    total = (report->format == NGX_THRIFT_REPORT_PROMETHEUS
             && ngx_strcmp(family->type, "counter") == 0) ? "_total" : "";

    p = ngx_sprintf(b->last, "# HELP nginx_thrift_%s%s %s\n"
                    "# TYPE nginx_thrift_%s%s %s\n", family->name, total,
                    family->help, family->name, total, family->type);

    if (report->format == NGX_THRIFT_REPORT_OPENMETRICS && *family->unit) {
        p = ngx_sprintf(p, "# UNIT nginx_thrift_%s %s\n", family->name,
                        family->unit);
    }

    if (family->about == NGX_THRIFT_PROMETHEUS_ZONE) {
        p = family->write(report, family, p);
        ngx_thrift_report_next_part(report);

    } else {
        report->begun = 1;
    }

    b->last = p;

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_prometheus_row(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_buf_t *b)
{
    ngx_thrift_status_row_t  *row, *before;

    if (ngx_thrift_report_row(report, family->about, &row) != NGX_OK) {
        return NGX_BUSY;
    }

    before = report->row;

    if (row == NULL) {
        ngx_thrift_report_next_part(report);
        return NGX_OK;
    }

    ngx_thrift_prometheus_names(report, family->about, row->names);

    if (!ngx_thrift_report_fits(report, b, family->lines)) {
        report->row = before;
        return NGX_BUSY;
    }

    report->row = row;
    b->last = family->write(report, family, b->last);

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_prometheus_peer(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_buf_t *b)
{
    ngx_str_t                  names[2];
    ngx_thrift_report_peer_t  *peer;

    if (report->peer == report->npeers) {
        ngx_thrift_report_next_part(report);
        return NGX_OK;
    }

    peer = &report->peers[report->peer];

    names[0] = *peer->upstream;
    names[0].len = ngx_min(names[0].len, NGX_THRIFT_STATUS_NAME);
    names[1] = peer->server;
    names[1].len = ngx_min(names[1].len, NGX_THRIFT_STATUS_NAME);

    ngx_thrift_prometheus_names(report, NGX_THRIFT_STATUS_SERVER, names);

    if (!ngx_thrift_report_fits(report, b, 1)) {
        return NGX_BUSY;
    }

    report->peer++;
    b->last = ngx_thrift_prometheus_line(report, family, "", "", peer->state,
                                         b->last);

    return NGX_OK;
}


static void
ngx_thrift_prometheus_names(ngx_thrift_report_t *report, ngx_uint_t kind,
    ngx_str_t *names)
{
    u_char  *p;

    p = report->names.data;

    if (kind == NGX_THRIFT_STATUS_METHOD) {
        p = ngx_sprintf(p, "server_zone=\"");
        p = ngx_thrift_report_name(p, &names[0]);
        p = ngx_sprintf(p, "\",thrift_service=\"");
        p = ngx_thrift_report_name(p, &names[1]);
        p = ngx_sprintf(p, "\",thrift_method=\"");
        p = ngx_thrift_report_name(p, &names[2]);

    } else {
        p = ngx_sprintf(p, "upstream=\"");
        p = ngx_thrift_report_name(p, &names[0]);
        p = ngx_sprintf(p, "\",server=\"");
        p = ngx_thrift_report_name(p, &names[1]);
    }

    *p++ = '"';

    report->names.len = p - report->names.data;
}


static u_char *
ngx_thrift_prometheus_line(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, const char *suffix, const char *extra,
    uint64_t value, u_char *p)
{
    return ngx_sprintf(p, "nginx_thrift_%s%s{%V%s} %uL\n", family->name,
                       suffix, &report->names, extra, value);
}


static u_char *
ngx_thrift_prometheus_number(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    ngx_atomic_t  *n;

    n = (ngx_atomic_t *) ((u_char *) report->row + family->offset);

    return ngx_thrift_prometheus_line(report, family, "_total", "", *n, p);
}


static u_char *
ngx_thrift_prometheus_milliseconds(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    uint64_t       n;
    ngx_atomic_t  *value;

    value = (ngx_atomic_t *) ((u_char *) report->row + family->offset);
    n = *value;

    return ngx_sprintf(p, "nginx_thrift_%s_total{%V} %uL.%03uL\n",
                       family->name, &report->names, n / 1000, n % 1000);
}


static u_char *
ngx_thrift_prometheus_gauge(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    ngx_thrift_status_gauge_t  *gauge;

    gauge = (ngx_thrift_status_gauge_t *) ((u_char *) report->row
                                           + family->offset);

    return ngx_thrift_prometheus_line(report, family, "", "",
                                      ngx_thrift_count_sum(*gauge,
                                                           report->alive), p);
}


static u_char *
ngx_thrift_prometheus_times(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    u_char                      extra[sizeof(",le=\"0.0001\"")];
    uint64_t                    n, sum;
    ngx_uint_t                  i;
    ngx_thrift_status_times_t  *times;

    times = (ngx_thrift_status_times_t *)
                ((u_char *) report->row + family->offset);
    sum = times->sum;
    n = 0;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        n += times->buckets[i];

        (void) ngx_sprintf(extra, ",le=\"%s\"%Z", ngx_thrift_count_texts[i]);

        p = ngx_thrift_prometheus_line(report, family, "_bucket",
                                       (char *) extra, n, p);
        p = ngx_thrift_prometheus_exemplar(report, family, i, p);
    }

    p = ngx_sprintf(p, "nginx_thrift_%s_sum{%V} %uL.%06uL\n", family->name,
                    &report->names, sum / 1000000, sum % 1000000);

    return ngx_thrift_prometheus_line(report, family, "_count", "", n, p);
}


/* Behind the line that was written, if the format knows of such. */

static u_char *
ngx_thrift_prometheus_exemplar(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, ngx_uint_t bucket, u_char *p)
{
    if (report->format != NGX_THRIFT_REPORT_OPENMETRICS
        || family->about != NGX_THRIFT_STATUS_METHOD
        || family->offset != ngx_thrift_of_row(times))
    {
        return p;
    }

    p--;

    p = ngx_thrift_exemplars_write((ngx_thrift_status_method_t *) report->row,
                                   bucket, p);
    *p++ = '\n';

    return p;
}


/* All of them that are not 0, and successes. */

static u_char *
ngx_thrift_prometheus_calls(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    u_char                       extra[NGX_THRIFT_REPORT_LINE];
    uint64_t                     n;
    ngx_uint_t                   i, outcome;
    const char                  *type, *success;
    ngx_thrift_status_method_t  *method;

    method = (ngx_thrift_status_method_t *) report->row;

    for (i = 0; i < NGX_THRIFT_STATUS_OUTCOMES; i++) {
        n = method->outcomes[i];

        if (n == 0 && i != NGX_THRIFT_STATUS_SUCCESS) {
            continue;
        }

        outcome = ngx_min(i, NGX_THRIFT_STATUS_EXCEPTION);
        type = (i >= NGX_THRIFT_STATUS_EXCEPTION)
               ? ngx_thrift_count_types[i - NGX_THRIFT_STATUS_EXCEPTION] : "";
        success = (i <= NGX_THRIFT_STATUS_SENT) ? "true" : "false";

        (void) ngx_sprintf(extra, ",thrift_success=\"%s\",outcome=\"%s\","
                           "thrift_exception_type=\"%s\"%Z", success,
                           ngx_thrift_count_outcomes[outcome], type);

        p = ngx_thrift_prometheus_line(report, family, "_total",
                                       (char *) extra, n, p);
    }

    return p;
}


/* Nothing is said of methods that no handler answers. */

static u_char *
ngx_thrift_prometheus_handler(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    uint64_t                     n;
    ngx_uint_t                   i;
    ngx_thrift_status_method_t  *method;

    method = (ngx_thrift_status_method_t *) report->row;
    n = 0;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        n += method->handler.buckets[i];
    }

    if (n == 0) {
        return p;
    }

    if (family->offset == ngx_thrift_of_method(handler)) {
        return ngx_thrift_prometheus_times(report, family, p);
    }

    if (family->offset == ngx_thrift_of_method(holds)) {
        return ngx_thrift_prometheus_number(report, family, p);
    }

    n = method->held;

    return ngx_sprintf(p, "nginx_thrift_%s_total{%V} %uL.%06uL\n",
                       family->name, &report->names, n / 1000000, n % 1000000);
}


static u_char *
ngx_thrift_prometheus_closes(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    u_char                       extra[NGX_THRIFT_REPORT_LINE];
    ngx_uint_t                   i;
    ngx_thrift_status_server_t  *server;

    server = (ngx_thrift_status_server_t *) report->row;

    for (i = 0; i < NGX_THRIFT_STATUS_CLOSED_REASONS; i++) {
        (void) ngx_sprintf(extra, ",reason=\"%s\"%Z",
                           ngx_thrift_count_closes[i]);

        p = ngx_thrift_prometheus_line(report, family, "_total",
                                       (char *) extra, server->closed[i], p);
    }

    return p;
}


static u_char *
ngx_thrift_prometheus_attempts(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    u_char                       extra[NGX_THRIFT_REPORT_LINE];
    uint64_t                     n;
    ngx_uint_t                   i;
    ngx_thrift_status_server_t  *server;

    server = (ngx_thrift_status_server_t *) report->row;

    for (i = 0; i < NGX_THRIFT_STATUS_RESULTS; i++) {
        n = server->results[i];

        if (n == 0 && i != NGX_THRIFT_STATUS_ANSWERED) {
            continue;
        }

        (void) ngx_sprintf(extra, ",outcome=\"%s\"%Z",
                           ngx_thrift_count_results[i]);

        p = ngx_thrift_prometheus_line(report, family, "_total",
                                       (char *) extra, n, p);
    }

    return p;
}


static u_char *
ngx_thrift_prometheus_connections(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    ngx_uint_t                   open, idle;
    ngx_thrift_status_server_t  *server;

    server = (ngx_thrift_status_server_t *) report->row;

    open = ngx_thrift_count_sum(server->open, report->alive);
    idle = ngx_thrift_count_sum(server->idle, report->alive);

    /* one may have become idle in between */

    p = ngx_thrift_prometheus_line(report, family, "", ",state=\"busy\"",
                                   open - ngx_min(open, idle), p);

    return ngx_thrift_prometheus_line(report, family, "", ",state=\"idle\"",
                                      idle, p);
}


static u_char *
ngx_thrift_prometheus_generation(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    return ngx_sprintf(p, "nginx_thrift_%s %ui\n", family->name,
                       report->generation);
}


static u_char *
ngx_thrift_prometheus_clients(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_THRIFT_STATUS_FATES; i++) {
        p = ngx_sprintf(p, "nginx_thrift_%s_total{fate=\"%s\"} %uA\n",
                        family->name, ngx_thrift_count_fates[i],
                        report->status->data->clients[i]);
    }

    return p;
}


static u_char *
ngx_thrift_prometheus_rows(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    return ngx_sprintf(p, "nginx_thrift_%s %ui\n", family->name,
                       report->status->data->nrows);
}


static u_char *
ngx_thrift_prometheus_full(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    return ngx_sprintf(p, "nginx_thrift_%s %ui\n", family->name,
                       report->status->data->full);
}


static u_char *
ngx_thrift_prometheus_workers(ngx_thrift_report_t *report,
    const ngx_thrift_family_t *family, u_char *p)
{
    return ngx_sprintf(p, "nginx_thrift_%s %ui\n", family->name,
                       ngx_thrift_report_workers(report));
}
