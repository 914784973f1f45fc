/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The report as JSON: docs/status.md has its schema.  Called for each piece of
 * it.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_JSON_VERSION  1

/* As many lines as a row is counted for. */

#define NGX_THRIFT_JSON_LINES  16

/* Each byte may become five. */

#define NGX_THRIFT_JSON_FAILURE                                               \
    (NGX_THRIFT_REPORT_NAMES + 512                                            \
     + 5 * (NGX_THRIFT_FAILURES_SERVER + NGX_THRIFT_FAILURES_TEXT             \
            + NGX_THRIFT_EXCERPT_MAX))

#define NGX_THRIFT_JSON_ROW_WITH_HISTORY                                      \
    (NGX_THRIFT_REPORT_NAMES + NGX_THRIFT_JSON_LINES * NGX_THRIFT_REPORT_LINE \
     + NGX_THRIFT_REPORT_HISTORY)


typedef enum {
    NGX_THRIFT_JSON_HEAD = 0,
    NGX_THRIFT_JSON_METHODS,
    NGX_THRIFT_JSON_UPSTREAMS,
    NGX_THRIFT_JSON_SERVERS,
    NGX_THRIFT_JSON_FAILURES,
    NGX_THRIFT_JSON_HISTORY,
    NGX_THRIFT_JSON_END
} ngx_thrift_json_part_e;


static u_char *ngx_thrift_json_head(ngx_thrift_report_t *report, u_char *p);
static ngx_int_t ngx_thrift_json_begin(ngx_thrift_report_t *report,
    ngx_buf_t *b, const char *name);
static ngx_int_t ngx_thrift_json_rows(ngx_thrift_report_t *report,
    ngx_buf_t *b, ngx_uint_t kind);
static ngx_int_t ngx_thrift_json_peers(ngx_thrift_report_t *report,
    ngx_buf_t *b);
static ngx_int_t ngx_thrift_json_failures(ngx_thrift_report_t *report,
    ngx_buf_t *b);
static u_char *ngx_thrift_json_failure(ngx_thrift_failure_t *failure,
    ngx_str_t *arguments,
    u_char *p);
static u_char *ngx_thrift_json_history(ngx_thrift_report_t *report, u_char *p);
static u_char *ngx_thrift_json_samples(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_row_t *row);
static u_char *ngx_thrift_json_sampled(u_char *p, uint32_t *value,
    ngx_uint_t n);
static u_char *ngx_thrift_json_end(ngx_thrift_report_t *report, u_char *p);
static u_char *ngx_thrift_json_names(u_char *p, ngx_uint_t n,
    const char *const *keys, ngx_str_t *names);
static u_char *ngx_thrift_json_method(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_row_t *row);
static u_char *ngx_thrift_json_server(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_row_t *row);
static u_char *ngx_thrift_json_times(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_times_t *times);
static u_char *ngx_thrift_json_counters(ngx_thrift_report_t *report,
    u_char *p, const char *const *names, ngx_atomic_t *values, ngx_uint_t n);


static const char *const  ngx_thrift_json_method_keys[] = {
    "server", "service", "method"
};


static const char *const  ngx_thrift_json_server_keys[] = {
    "upstream", "server"
};


ngx_int_t
ngx_thrift_report_json(ngx_thrift_report_t *report, ngx_buf_t *b)
{
    /* at most what a row of names takes: each of these comes to less */

    report->names.len = NGX_THRIFT_REPORT_NAMES / NGX_THRIFT_JSON_LINES;

    if (!ngx_thrift_report_fits(report, b, NGX_THRIFT_JSON_LINES)
        || b->end - b->last < NGX_THRIFT_JSON_FAILURE
        || (report->history
            && (size_t) (b->end - b->last)
               < NGX_THRIFT_JSON_ROW_WITH_HISTORY))
    {
        return NGX_BUSY;
    }

    switch ((ngx_thrift_json_part_e) report->part) {

    case NGX_THRIFT_JSON_HEAD:
        b->last = ngx_thrift_json_head(report, b->last);
        ngx_thrift_report_next_part(report);
        return NGX_OK;

    case NGX_THRIFT_JSON_METHODS:
        return report->begun
               ? ngx_thrift_json_rows(report, b, NGX_THRIFT_STATUS_METHOD)
               : ngx_thrift_json_begin(report, b, "methods");

    case NGX_THRIFT_JSON_UPSTREAMS:
        return report->begun
               ? ngx_thrift_json_rows(report, b, NGX_THRIFT_STATUS_SERVER)
               : ngx_thrift_json_begin(report, b, "upstreams");

    case NGX_THRIFT_JSON_SERVERS:
        return report->begun ? ngx_thrift_json_peers(report, b)
                             : ngx_thrift_json_begin(report, b, "servers");

    case NGX_THRIFT_JSON_FAILURES:
        return report->begun ? ngx_thrift_json_failures(report, b)
                             : ngx_thrift_json_begin(report, b, "failures");

    case NGX_THRIFT_JSON_HISTORY:
        if (report->history) {
            b->last = ngx_thrift_json_history(report, b->last);
        }

        ngx_thrift_report_next_part(report);
        return NGX_OK;

    case NGX_THRIFT_JSON_END:
        break;
    }

    b->last = ngx_cpymem(b->last, "}\n", sizeof("}\n") - 1);

    return NGX_DONE;
}


static u_char *
ngx_thrift_json_head(ngx_thrift_report_t *report, u_char *p)
{
    ngx_str_t                  name;
    ngx_time_t                *now;
    ngx_thrift_status_data_t  *data;

    now = ngx_timeofday();
    data = report->status->data;
    name = report->status->zone->shm.name;
    name.len = ngx_min(name.len, NGX_THRIFT_STATUS_NAME);

    p = ngx_sprintf(p, "{\"version\":%d,\"time\":%T.%03M,\"workers\":%ui,"
                    "\"generation\":%ui,\"reload_clients\":{",
                    NGX_THRIFT_JSON_VERSION, now->sec, now->msec,
                    ngx_thrift_report_workers(report), report->generation);
    p = ngx_thrift_json_counters(report, p, ngx_thrift_count_fates,
                                 data->clients, NGX_THRIFT_STATUS_FATES);
    p = ngx_sprintf(p, "},\"zone\":{\"name\":\"");
    p = ngx_thrift_report_name(p, &name);

    return ngx_sprintf(p, "\",\"size\":%uz,\"free\":%uz,\"rows\":%ui,"
                       "\"full\":%s}", report->status->zone->shm.size,
                       (size_t) (data->end - data->free), data->nrows,
                       data->full ? "true" : "false");
}


static ngx_int_t
ngx_thrift_json_begin(ngx_thrift_report_t *report, ngx_buf_t *b,
    const char *name)
{
    b->last = ngx_sprintf(b->last, ",\n\"%s\":[", name);
    report->begun = 1;

    return NGX_OK;
}


static u_char *
ngx_thrift_json_end(ngx_thrift_report_t *report, u_char *p)
{
    ngx_thrift_report_next_part(report);

    *p++ = ']';

    return p;
}


static ngx_int_t
ngx_thrift_json_rows(ngx_thrift_report_t *report, ngx_buf_t *b,
    ngx_uint_t kind)
{
    u_char                   *p;
    ngx_thrift_status_row_t  *row;

    if (ngx_thrift_report_row(report, kind, &row) != NGX_OK) {
        return NGX_BUSY;
    }

    if (row == NULL) {
        b->last = ngx_thrift_json_end(report, b->last);
        return NGX_OK;
    }

    report->row = row;

    p = ngx_sprintf(b->last, "%s\n{", report->items++ ? "," : "");

    p = (kind == NGX_THRIFT_STATUS_METHOD)
        ? ngx_thrift_json_method(report, p, row)
        : ngx_thrift_json_server(report, p, row);

    if (report->history) {
        p = ngx_thrift_json_samples(report, p, row);
    }

    *p++ = '}';
    b->last = p;

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_json_peers(ngx_thrift_report_t *report, ngx_buf_t *b)
{
    u_char                    *p;
    ngx_str_t                  names[2];
    ngx_thrift_report_peer_t  *peer;

    if (report->peer == report->npeers) {
        b->last = ngx_thrift_json_end(report, b->last);
        return NGX_OK;
    }

    peer = &report->peers[report->peer++];

    names[0] = *peer->upstream;
    names[0].len = ngx_min(names[0].len, NGX_THRIFT_STATUS_NAME);
    names[1] = peer->server;
    names[1].len = ngx_min(names[1].len, NGX_THRIFT_STATUS_NAME);

    p = ngx_sprintf(b->last, "%s\n{", report->items++ ? "," : "");
    p = ngx_thrift_json_names(p, 2, ngx_thrift_json_server_keys, names);

    b->last = ngx_sprintf(p, "\"state\":\"%s\"}",
                          ngx_thrift_report_state(peer->state));

    return NGX_OK;
}


/* The latest first. */

static ngx_int_t
ngx_thrift_json_failures(ngx_thrift_report_t *report, ngx_buf_t *b)
{
    u_char                 *p, excerpt[NGX_THRIFT_EXCERPT_MAX];
    ngx_str_t               arguments;
    ngx_thrift_failure_t    failure;
    ngx_thrift_failures_t  *failures;

    failures = report->status->data->failures;

    if (report->peer == ngx_min(report->failures, failures->size)) {
        b->last = ngx_thrift_json_end(report, b->last);
        return NGX_OK;
    }

    report->peer++;

    if (ngx_thrift_failures_get(failures, report->failures - report->peer,
                                &failure, excerpt)
        == NGX_OK)
    {
        arguments.data = excerpt;
        arguments.len = report->status->arguments ? failure.arguments_len : 0;

        p = ngx_sprintf(b->last, "%s\n{", report->items++ ? "," : "");
        b->last = ngx_thrift_json_failure(&failure, &arguments, p);
    }

    return NGX_OK;
}


static u_char *
ngx_thrift_json_failure(ngx_thrift_failure_t *failure, ngx_str_t *arguments,
    u_char *p)
{
    ngx_str_t   text;
    ngx_uint_t  type;

    p = ngx_sprintf(p, "\"number\":%uL,\"time\":%T.%03ui,"
                    "\"seconds\":%uL.%06uL,", failure->number,
                    failure->sec, failure->msec, failure->took / 1000000,
                    failure->took % 1000000);

    p = ngx_thrift_json_names(p, 3, ngx_thrift_json_method_keys,
                              failure->row->names);

    type = ngx_min((ngx_uint_t) failure->exception,
                   NGX_THRIFT_STATUS_TYPES - 1);

    p = ngx_sprintf(p, "\"outcome\":\"%s\",\"exception\":\"%s\","
                    "\"upstream_server\":\"",
                    ngx_thrift_count_outcomes[ngx_min(failure->outcome,
                                                 NGX_THRIFT_STATUS_EXCEPTION)],
                    ngx_thrift_count_types[type]);

    text.data = failure->server;
    text.len = failure->server_len;
    p = ngx_thrift_report_name(p, &text);

    p = ngx_cpymem(p, "\",\"call_id\":\"", sizeof("\",\"call_id\":\"") - 1);

    if (failure->id.named) {
        p = ngx_thrift_call_id_write(p, failure->id.process,
                                     failure->id.number);
    }

    p = ngx_cpymem(p, "\",\"text\":\"", sizeof("\",\"text\":\"") - 1);

    text.data = failure->text;
    text.len = failure->text_len;
    p = ngx_thrift_report_name(p, &text);

    p = ngx_cpymem(p, "\",\"arguments\":\"",
                   sizeof("\",\"arguments\":\"") - 1);
    p = ngx_thrift_report_name(p, arguments);

    return ngx_cpymem(p, "\"}", 2);
}


/* Behind all rows: those of methods are summed up on the way. */

static u_char *
ngx_thrift_json_history(ngx_thrift_report_t *report, u_char *p)
{
    uint64_t                     msec;
    ngx_uint_t                   i;
    ngx_thrift_history_times_t  *times;

    times = report->history;

    p = ngx_sprintf(p, ",\n\"history\":{\"times\":[");

    for (i = 0; i < times->n; i++) {
        msec = times->now - times->ago[i] / 1000;
        p = ngx_sprintf(p, "%uL.%03uL,", msec / 1000, msec % 1000);
    }

    p = ngx_sprintf(p, "%uL.%03uL],", times->now / 1000, times->now % 1000);
    p = ngx_thrift_json_samples(report, p, NULL);

    *p++ = '}';

    return p;
}


/* Buckets that nothing fell into are left out. */

static u_char *
ngx_thrift_json_samples(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_row_t *row)
{
    u_char               *begin;
    ngx_uint_t            i;
    ngx_thrift_sample_t   counted[NGX_THRIFT_HISTORY_SAMPLES];

    begin = p;

    if (row) {
        p = ngx_cpymem(p, ",\"history\":{", sizeof(",\"history\":{") - 1);
    }

    if (ngx_thrift_history_get(report->status->data->history, report->history,
                               row, counted)
        != NGX_OK)
    {
        return begin;
    }

    p = ngx_cpymem(p, "\"failed\":", sizeof("\"failed\":") - 1);
    p = ngx_thrift_json_sampled(p, &counted[0].failed, report->history->n);
    p = ngx_cpymem(p, ",\"buckets\":{", sizeof(",\"buckets\":{") - 1);

    begin = p;

    for (i = 0; i < NGX_THRIFT_STATUS_BUCKETS; i++) {
        if (ngx_thrift_history_has(counted, report->history->n, i)) {
            p = ngx_sprintf(p, "%s\"%s\":", (p == begin) ? "" : ",",
                            ngx_thrift_count_texts[i]);
            p = ngx_thrift_json_sampled(p, &counted[0].buckets[i],
                                        report->history->n);
        }
    }

    p = ngx_cpymem(p, "}", 1);

    if (row) {
        *p++ = '}';
    }

    return p;
}


/* The same number of so many samples. */

static u_char *
ngx_thrift_json_sampled(u_char *p, uint32_t *value, ngx_uint_t n)
{
    ngx_uint_t  i;

    *p++ = '[';

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "%s%uD", i ? "," : "", *value);
        value += sizeof(ngx_thrift_sample_t) / sizeof(uint32_t);
    }

    *p++ = ']';

    return p;
}


static u_char *
ngx_thrift_json_names(u_char *p, ngx_uint_t n, const char *const *keys,
    ngx_str_t *names)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "\"%s\":\"", keys[i]);
        p = ngx_thrift_report_name(p, &names[i]);
        p = ngx_cpymem(p, "\",", 2);
    }

    return p;
}


static u_char *
ngx_thrift_json_method(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_row_t *row)
{
    uint64_t                     held;
    ngx_thrift_status_method_t  *method;

    method = (ngx_thrift_status_method_t *) row;

    p = ngx_thrift_json_names(p, 3, ngx_thrift_json_method_keys, row->names);

    p = ngx_sprintf(p, "\"in_flight\":%ui,\"received_bytes\":%uA,"
                    "\"sent_bytes\":%uA,\"calls\":{",
                    ngx_thrift_count_sum(row->in_flight, report->alive),
                    row->received, row->sent);

    p = ngx_thrift_json_counters(report, p, ngx_thrift_count_outcomes,
                                 method->outcomes, NGX_THRIFT_STATUS_EXCEPTION);

    p = ngx_cpymem(p, "},\"exceptions\":{", sizeof("},\"exceptions\":{") - 1);

    p = ngx_thrift_json_counters(report, p, ngx_thrift_count_types,
                                 &method->outcomes[NGX_THRIFT_STATUS_EXCEPTION],
                                 NGX_THRIFT_STATUS_TYPES);

    held = method->held;

    p = ngx_sprintf(p, "},\"handler\":{\"holds\":%uA,"
                    "\"hold_seconds\":%uL.%06uL,", method->holds,
                    held / 1000000, held % 1000000);

    p = ngx_thrift_json_times(report, p, &method->handler);
    p = ngx_cpymem(p, "},", 2);

    return ngx_thrift_json_times(report, p, &row->times);
}


static u_char *
ngx_thrift_json_server(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_row_t *row)
{
    ngx_uint_t                   i;
    ngx_atomic_uint_t            closed;
    ngx_thrift_status_server_t  *server;

    server = (ngx_thrift_status_server_t *) row;
    closed = 0;

    for (i = 0; i < NGX_THRIFT_STATUS_CLOSED_REASONS; i++) {
        closed += server->closed[i];
    }

    p = ngx_thrift_json_names(p, 2, ngx_thrift_json_server_keys, row->names);

    p = ngx_sprintf(p, "\"in_flight\":%ui,\"sent_bytes\":%uA,"
                    "\"received_bytes\":%uA,\"retries\":%uA,"
                    "\"hedges\":%uA,\"translated\":%uA,\"waiting\":%ui,"
                    "\"waits\":%uA,\"wait_seconds\":%uA.%03uA,\"connections\":{"
                    "\"open\":%ui,\"idle\":%ui,\"opened\":%uA,"
                    "\"reused\":%uA,\"closed\":%uA,\"closed_for\":{",
                    ngx_thrift_count_sum(row->in_flight, report->alive),
                    row->sent, row->received, server->retries, server->hedges,
                    server->translated,
                    ngx_thrift_count_sum(server->waiting, report->alive),
                    server->waits, server->waited / 1000,
                    server->waited % 1000,
                    ngx_thrift_count_sum(server->open, report->alive),
                    ngx_thrift_count_sum(server->idle, report->alive),
                    server->opened, server->reused, closed);

    p = ngx_thrift_json_counters(report, p, ngx_thrift_count_closes,
                                 server->closed,
                                 NGX_THRIFT_STATUS_CLOSED_REASONS);

    p = ngx_cpymem(p, "}},\"attempts\":{", sizeof("}},\"attempts\":{") - 1);

    p = ngx_thrift_json_counters(report, p, ngx_thrift_count_results,
                                 server->results, NGX_THRIFT_STATUS_RESULTS);

    p = ngx_cpymem(p, "},", 2);

    return ngx_thrift_json_times(report, p, &row->times);
}


/* How many took so long at most, but longer than those of the one before. */

static u_char *
ngx_thrift_json_times(ngx_thrift_report_t *report, u_char *p,
    ngx_thrift_status_times_t *times)
{
    uint64_t  sum;

    sum = times->sum;

    p = ngx_sprintf(p, "\"seconds\":{\"sum\":%uL.%06uL,\"buckets\":{",
                    sum / 1000000, sum % 1000000);

    p = ngx_thrift_json_counters(report, p, ngx_thrift_count_texts,
                                 times->buckets, NGX_THRIFT_STATUS_BUCKETS);

    return ngx_cpymem(p, "}}", 2);
}


static u_char *
ngx_thrift_json_counters(ngx_thrift_report_t *report, u_char *p,
    const char *const *names, ngx_atomic_t *values, ngx_uint_t n)
{
    u_char        *begin;
    ngx_uint_t     i;
    ngx_atomic_t   value;

    begin = p;

    for (i = 0; i < n; i++) {
        value = values[i];

        if (value == 0 && report->format == NGX_THRIFT_REPORT_SPARSE) {
            continue;
        }

        p = ngx_sprintf(p, "%s\"%s\":%uA", (p == begin) ? "" : ",", names[i],
                        value);
    }

    return p;
}
