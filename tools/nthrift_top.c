/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_top.c: "nthrift top": asks a location with "thrift_status json" now
 * and then, and shows what has happened in between by method and by server of
 * an upstream.  docs/status.md has the schema.
 */

#include "nthrift.h"
#include "nthrift_http.h"
#include "nthrift_screen.h"
#include "nthrift_spark.h"
#include "nthrift_target.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>


#define TOP_INTERVAL  2                     /* seconds: -i */
#define TOP_TIMEOUT   5                     /* seconds, of an answer */
#define TOP_SIZE      (256 * 1024 * 1024)   /* bytes of it */
#define TOP_BUCKETS   64
#define TOP_TEXT      512
#define TOP_METHOD    100                   /* columns of a line */
#define TOP_SERVER    118

#define TOP_OK        0
#define TOP_USAGE     2
#define TOP_FAILED    3


typedef struct {
    char                      *words[1];
    nthrift_stream_tls_t       tls;
    nthrift_option_list_t      headers;
    double                     interval;        /* seconds */
    long long                  count;           /* reports; 0: no limit */
    unsigned                   plain;
    unsigned                   help;
    char                      *sort;
} top_options_t;

/* A line of a table: the difference of two reports. */

typedef struct {
    const char                *names[3];
    double                     calls;
    double                     failed;
    double                     declared;
    double                     in_flight;
    double                     waits;
    double                     p50;             /* milliseconds */
    double                     p99;
    double                     open;
    double                     idle;
    const char                *state;
    const json_t              *report;
} top_row_t;

typedef struct {
    const top_options_t       *options;
    nthrift_socket_address_t   address;
    const char                *path;
    nthrift_stream_tls_t       tls;
    char                      *history;         /* the path, with a query */
    json_t                    *before;          /* reports; or NULL */
    json_t                    *now;
    double                     seconds;         /* in between */
    char                       error[TOP_TEXT];     /* of the last request */
    int                        failures;        /* are shown */
    nthrift_screen_t           screen;
} top_t;


static const char  top_usage[] =
    "usage: nthrift top [options] URL\n"
    "\n"
    "Asks a location of nginx with \"thrift_status json\" and shows rates,\n"
    "errors and times by method and by server.  Without a terminal it prints\n"
    "one report.\n"
    "\n"
    "-i SECONDS      between two reports; default 2\n"
    "-n N            reports, then end\n"
    "--sort KEY      calls, errors, time (p99) or name; default calls\n"
    "--plain         no terminal: each report behind the one before\n"
    "--header N=V    a header of the request, as Authorization\n"
    "--tls, --ca FILE, --cert FILE, --key FILE, --tls-name N, --insecure\n"
    "                as for nthrift call\n"
    "\n"
    "Keys: c, e, t, n sort; f shows failures; space stops and goes on; q"
    " ends.\n";


/* What did not go as it should, of "calls" and of "attempts": docs/status.md */

static const char *const  top_fine[] = {
    "success", "oneway", "declared_exception", "cancelled", "shutdown",
    "answered", "exception", "given_up", NULL
};


/* Reports; what is wrong is in t->error */

static int
top_request(top_t *t, nthrift_http_response_t *r)
{
    int                rc;
    size_t             len;
    uint8_t           *request;
    nthrift_stream_t   s;

    rc = nthrift_stream_open(&s, &t->address, nthrift_socket_time()
                                              + TOP_TIMEOUT * 1000000);

    if (rc == 0 && t->tls.on) {
        rc = nthrift_stream_secure(&s, &t->address, &t->tls);
    }

    if (rc == 0) {
        request = nthrift_http_request(&t->address, t->history,
                                       "application/json",
                                       &t->options->headers, NULL, 0, &len);
        rc = nthrift_stream_send(&s, request, len);
        free(request);
    }

    if (rc == 0) {
        rc = nthrift_http_receive(&s, r, TOP_SIZE);
    }

    nthrift_stream_close(&s);

    if (rc != 0) {
        snprintf(t->error, TOP_TEXT, "%s: %.200s", t->options->words[0],
                 (rc == NTHRIFT_SOCKET_LATE) ? "no answer in time" : s.error);
    }

    return rc;
}


static int
top_parse(top_t *t, const nthrift_http_response_t *r, json_t **report)
{
    json_error_t  error;

    if (r->status != 200) {
        snprintf(t->error, TOP_TEXT, "%s: HTTP status %u",
                 t->options->words[0], r->status);
        return -1;
    }

    *report = json_loadb((char *) r->body.data, r->body.len, 0, &error);

    if (json_integer_value(json_object_get(*report, "version")) == 1) {
        return 0;
    }

    json_decref(*report);
    *report = NULL;

    snprintf(t->error, TOP_TEXT, "%s: no report of \"thrift_status json\" "
             "(one of \"html\" has it behind ?format=json)",
             t->options->words[0]);

    return -1;
}


static int
top_get(top_t *t, json_t **report)
{
    int                      rc;
    nthrift_http_response_t  r;

    memset(&r, 0, sizeof(nthrift_http_response_t));
    t->error[0] = '\0';

    rc = top_request(t, &r);

    if (rc == 0) {
        rc = top_parse(t, &r, report);
    }

    free(r.data);

    return rc;
}


static double
top_number(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}


static const char *
top_string(const json_t *o, const char *key)
{
    const char  *s;

    s = json_string_value(json_object_get(o, key));

    return (s != NULL) ? s : "";
}


/* The same row in the report before: rows stand in no order. */

static const json_t *
top_before(const top_t *t, const char *table, const json_t *row,
    const char *const *keys)
{
    size_t         i, k;
    const json_t  *rows, *other;

    rows = json_object_get(t->before, table);

    for (i = 0; i < json_array_size(rows); i++) {
        other = json_array_get(rows, i);

        for (k = 0; keys[k] != NULL; k++) {
            if (strcmp(top_string(row, keys[k]), top_string(other, keys[k]))
                != 0)
            {
                break;
            }
        }

        if (keys[k] == NULL) {
            return other;
        }
    }

    return NULL;
}


static double
top_more(const json_t *now, const json_t *before, const char *key)
{
    double  n;

    n = top_number(now, key) - top_number(before, key);

    /* counted from the beginning again */

    return (n >= 0) ? n : top_number(now, key);
}


static int
top_is_fine(const char *outcome)
{
    size_t  i;

    for (i = 0; top_fine[i] != NULL; i++) {
        if (strcmp(outcome, top_fine[i]) == 0) {
            return 1;
        }
    }

    return 0;
}


/* Outcomes of calls or attempts, and exceptions by type. */

static void
top_outcomes(top_row_t *row, json_t *now, const json_t *before, int exceptions)
{
    double       n;
    json_t      *value;
    const char  *key;

    json_object_foreach(now, key, value) {
        n = top_more(now, before, key);

        row->calls += n;
        row->failed += (exceptions || !top_is_fine(key)) ? n : 0;
        row->declared += (strcmp(key, "declared_exception") == 0) ? n : 0;
    }
}


/*
 * What the given part of calls took at most, in milliseconds: calls of a bucket
 * are taken to be equally far apart.  -1: there were none.
 */

static double
top_part(json_t *now, const json_t *before, double part)
{
    double       sum, rank, n, from, to;
    json_t      *value;
    const char  *key;

    sum = 0;

    json_object_foreach(now, key, value) {
        sum += top_more(now, before, key);
    }

    if (sum <= 0) {
        return -1;
    }

    rank = sum * part;
    from = 0;
    to = 0;

    json_object_foreach(now, key, value) {
        n = top_more(now, before, key);
        to = (strcmp(key, "+Inf") == 0) ? from : strtod(key, NULL);

        if (rank <= n) {
            break;
        }

        rank -= n;
        from = to;
    }

    n = top_more(now, before, key);

    return (from + ((n > 0) ? (to - from) * rank / n : 0)) * 1000;
}


static void
top_times(top_row_t *row, const json_t *now, const json_t *before)
{
    json_t        *buckets;
    const json_t  *others;

    buckets = json_object_get(json_object_get(now, "seconds"), "buckets");
    others = json_object_get(json_object_get(before, "seconds"), "buckets");

    row->p50 = top_part(buckets, others, 0.5);
    row->p99 = top_part(buckets, others, 0.99);
}


/* Tables */

static const char *const  top_method_keys[] = {
    "server", "service", "method", NULL
};

static const char *const  top_server_keys[] = { "upstream", "server", NULL };


static void
top_method(const top_t *t, const json_t *now, top_row_t *row)
{
    const json_t  *before;

    memset(row, 0, sizeof(top_row_t));
    before = top_before(t, "methods", now, top_method_keys);

    row->names[0] = top_string(now, "server");
    row->names[1] = top_string(now, "service");
    row->names[2] = top_string(now, "method");
    row->in_flight = top_number(now, "in_flight");
    row->report = now;

    top_outcomes(row, json_object_get(now, "calls"),
                 json_object_get(before, "calls"), 0);
    top_outcomes(row, json_object_get(now, "exceptions"),
                 json_object_get(before, "exceptions"), 1);
    top_times(row, now, before);
}


static const char *
top_state(const top_t *t, const json_t *server)
{
    size_t         i;
    const json_t  *servers, *other;

    servers = json_object_get(t->now, "servers");

    for (i = 0; i < json_array_size(servers); i++) {
        other = json_array_get(servers, i);

        if (strcmp(top_string(server, "upstream"),
                   top_string(other, "upstream")) == 0
            && strcmp(top_string(server, "server"),
                      top_string(other, "server")) == 0)
        {
            return top_string(other, "state");
        }
    }

    return "-";
}


static void
top_server(const top_t *t, const json_t *now, top_row_t *row)
{
    const json_t  *before, *connections;

    memset(row, 0, sizeof(top_row_t));
    before = top_before(t, "upstreams", now, top_server_keys);
    connections = json_object_get(now, "connections");

    row->names[0] = top_string(now, "upstream");
    row->names[1] = top_string(now, "server");
    row->names[2] = "";
    row->state = top_state(t, now);
    row->report = now;
    row->in_flight = top_number(now, "in_flight");
    row->waits = top_more(now, before, "waits");
    row->open = top_number(connections, "open");
    row->idle = top_number(connections, "idle");

    top_outcomes(row, json_object_get(now, "attempts"),
                 json_object_get(before, "attempts"), 0);
    top_times(row, now, before);
}


static char  top_sort_key;


static int
top_compare(const void *a, const void *b)
{
    int               k, rc;
    double            x, y;
    const top_row_t  *l, *r;

    l = a;
    r = b;

    x = (top_sort_key == 'e') ? l->failed : (top_sort_key == 't') ? l->p99
        : (top_sort_key == 'n') ? 0 : l->calls;
    y = (top_sort_key == 'e') ? r->failed : (top_sort_key == 't') ? r->p99
        : (top_sort_key == 'n') ? 0 : r->calls;

    if (x < y || x > y) {
        return (x < y) ? 1 : -1;
    }

    for (k = 0, rc = 0; k < 3 && rc == 0; k++) {
        rc = strcmp(l->names[k], r->names[k]);
    }

    return rc;
}


static void
top_ms(FILE *out, double ms)
{
    if (ms < 0) {
        fprintf(out, " %8s", "-");

    } else {
        fprintf(out, " %8.1f", ms);
    }
}


static void
top_print_rate(top_t *t, const top_row_t *row)
{
    fprintf(t->screen.out, " %9.1f %6.2f", row->calls / t->seconds,
            (row->calls > 0) ? row->failed * 100 / row->calls : 0);
}


/* Of the charts behind a line. */

static size_t
top_width(const top_t *t, size_t used)
{
    return nthrift_spark_width(nthrift_screen_columns(&t->screen), used);
}


static void
top_print_method(top_t *t, const top_row_t *row)
{
    char  name[TOP_TEXT];

    snprintf(name, sizeof(name), "%s.%s", row->names[1], row->names[2]);

    nthrift_screen_name(&t->screen, name, 34);
    fputc(' ', t->screen.out);
    nthrift_screen_name(&t->screen, row->names[0], 16);
    top_print_rate(t, row);
    fprintf(t->screen.out, " %6.2f",
            (row->calls > 0) ? row->declared * 100 / row->calls : 0);
    fprintf(t->screen.out, " %6.0f", row->in_flight);
    top_ms(t->screen.out, row->p50);
    top_ms(t->screen.out, row->p99);
    nthrift_spark_row(t->screen.out, top_width(t, TOP_METHOD), row->report,
                      t->now);
    fputc('\n', t->screen.out);
}


static void
top_print_server(top_t *t, const top_row_t *row)
{
    size_t  width;

    nthrift_screen_name(&t->screen, row->names[1], 34);
    fputc(' ', t->screen.out);
    nthrift_screen_name(&t->screen, row->names[0], 16);
    top_print_rate(t, row);
    fprintf(t->screen.out, " %6.0f", row->in_flight);
    top_ms(t->screen.out, row->p50);
    top_ms(t->screen.out, row->p99);
    fprintf(t->screen.out, " %6.0f %6.0f %8.1f  ", row->open, row->idle,
            row->waits / t->seconds);
    width = top_width(t, TOP_SERVER);
    nthrift_screen_name(&t->screen, row->state, width ? 10 : -10);
    nthrift_spark_row(t->screen.out, width, row->report, t->now);
    fputc('\n', t->screen.out);
}


static void
top_table(top_t *t, const char *table,
    void (*fill)(const top_t *t, const json_t *now, top_row_t *row),
    void (*print)(top_t *t, const top_row_t *row))
{
    size_t         i, n;
    top_row_t     *rows;
    const json_t  *all;

    all = json_object_get(t->now, table);
    n = json_array_size(all);
    rows = nthrift_malloc((n + 1) * sizeof(top_row_t));

    for (i = 0; i < n; i++) {
        fill(t, json_array_get(all, i), &rows[i]);
    }

    top_sort_key = t->screen.sort;
    qsort(rows, n, sizeof(top_row_t), top_compare);

    for (i = 0; i < n; i++) {
        print(t, &rows[i]);
    }

    free(rows);
}


static void
top_failures(top_t *t)
{
    char           when[16];
    size_t         i;
    time_t         at;
    const json_t  *all, *f;

    all = json_object_get(t->now, "failures");

    fprintf(t->screen.out, "\n%-8s %-34s %-16s %8s  %s\n", "failed", "method",
            "server", "ms", "why");

    for (i = 0; i < json_array_size(all); i++) {
        f = json_array_get(all, i);
        at = (time_t) top_number(f, "time");
        (void) strftime(when, sizeof(when), "%H:%M:%S", localtime(&at));

        fprintf(t->screen.out, "%s ", when);
        nthrift_screen_name(&t->screen, top_string(f, "method"), 34);
        fputc(' ', t->screen.out);
        nthrift_screen_name(&t->screen, top_string(f, "upstream_server"), 16);
        fprintf(t->screen.out, " %8.1f  ", top_number(f, "seconds") * 1000);
        nthrift_screen_name(&t->screen, top_string(f, "outcome"), 18);
        fputc(' ', t->screen.out);
        nthrift_screen_name(&t->screen, top_string(f, "text"), -100);
        fputc('\n', t->screen.out);

        if (top_string(f, "arguments")[0] != '\0') {
            fprintf(t->screen.out, "%-9s", "");
            nthrift_screen_name(&t->screen, top_string(f, "arguments"), -1024);
            fputc('\n', t->screen.out);
        }
    }
}


static void
top_show(top_t *t)
{
    char           when[16];
    FILE          *out;
    size_t         width;
    time_t         at;
    const json_t  *zone;

    nthrift_screen_begin(&t->screen);
    out = t->screen.out;

    at = (time_t) top_number(t->now, "time");
    zone = json_object_get(t->now, "zone");
    (void) strftime(when, sizeof(when), "%H:%M:%S", localtime(&at));

    fprintf(out, "%s%s  %s  %.0f workers  zone \"%s\" %.0f%% full\n", when,
            t->screen.paused ? "  stopped" : "", t->options->words[0],
            top_number(t->now, "workers"), top_string(zone, "name"),
            (top_number(zone, "size") > 0)
            ? 100 - top_number(zone, "free") * 100 / top_number(zone, "size")
            : 0);

    if (t->error[0] != '\0') {
        fprintf(out, "%s\n", t->error);
    }

    fprintf(out, "\n%-34s %-16s %9s %6s %6s %6s %8s %8s", "method", "server",
            "calls/s", "fail %", "decl %", "now", "p50 ms", "p99 ms");
    nthrift_spark_head(out, top_width(t, TOP_METHOD));
    fputc('\n', out);
    top_table(t, "methods", top_method, top_print_method);

    width = top_width(t, TOP_SERVER);
    fprintf(out, "\n%-34s %-16s %9s %6s %6s %8s %8s %6s %6s %8s  %-*s",
            "server", "upstream", "tries/s", "fail %", "now", "p50 ms",
            "p99 ms", "open", "idle", "waits/s", width ? 10 : 0, "state");
    nthrift_spark_head(out, width);
    fputc('\n', out);
    top_table(t, "upstreams", top_server, top_print_server);

    if (t->failures || t->screen.plain) {
        top_failures(t);
    }

    if (t->screen.plain) {
        fputc('\n', out);
    }

    nthrift_screen_show(&t->screen);
}


/* One more report; the one before it stays when there is none. */

static void
top_ask(top_t *t)
{
    json_t  *report;

    if (t->screen.paused || top_get(t, &report) != 0) {
        return;
    }

    json_decref(t->before);
    t->before = t->now;
    t->now = report;
    t->seconds = top_number(t->now, "time") - top_number(t->before, "time");

    if (t->seconds <= 0) {
        t->seconds = t->options->interval;
    }
}


static void
top_key(top_t *t, int key)
{
    if (key == 'f') {
        t->failures = !t->failures;
        return;
    }

    nthrift_screen_key(&t->screen, key);
}


static void
top_follow(top_t *t)
{
    int        key;
    int64_t    next;
    long long  shown;

    shown = 0;
    next = nthrift_socket_time();

    for ( ;; ) {
        next += (int64_t) (t->options->interval * 1000000);

        do {
            key = nthrift_screen_wait(&t->screen,
                      (int) ((next - nthrift_socket_time()) / 1000) + 1, -1);

            if (key == NTHRIFT_SCREEN_END) {
                return;
            }

            if (key != 0) {
                top_key(t, key);
                top_show(t);
            }

        } while (nthrift_socket_time() < next);

        top_ask(t);
        top_show(t);
        shown++;

        if (shown == t->options->count
            || (t->screen.plain && !t->options->plain
                && t->options->count == 0))
        {
            return;
        }
    }
}


/* Where samples are asked for, too. */

static char *
top_history(const top_t *t)
{
    char    *path;
    size_t   size;

    size = strlen(t->path) + sizeof("?history=1");
    path = nthrift_malloc(size);

    snprintf(path, size, "%s%chistory=1", t->path,
             (strchr(t->path, '?') != NULL) ? '&' : '?');

    return path;
}


static int
top_run(const top_options_t *o)
{
    int          rc;
    top_t        t;
    unsigned     tls;
    const char  *error;

    memset(&t, 0, sizeof(top_t));

    t.options = o;
    t.tls = o->tls;

    error = nthrift_http_is_url(o->words[0])
            ? nthrift_http_parse(o->words[0], &t.address, &tls, &t.path)
            : "a URL expected, http://HOST[:PORT]/path of \"thrift_status "
              "json\"";

    if (error != NULL) {
        nthrift_say("\"%s\": %s", o->words[0], error);
        return TOP_USAGE;
    }

    t.tls.on |= tls;
    t.history = top_history(&t);

    top_ask(&t);

    if (t.now == NULL) {
        nthrift_say("%s", t.error);
        free(t.history);
        return TOP_FAILED;
    }

    nthrift_screen_open(&t.screen, o->plain, o->sort);

    if (!t.screen.plain) {
        t.seconds = 1e9;
        top_show(&t);
    }

    top_follow(&t);
    nthrift_screen_close(&t.screen);

    rc = TOP_OK;

    if (t.error[0] != '\0') {
        nthrift_say("%s", t.error);
        rc = TOP_FAILED;
    }

    json_decref(t.before);
    json_decref(t.now);
    free(t.history);

    return rc;
}


static int
top_check(const top_options_t *o, int n)
{
    const char  *error;

    if (n == 0) {
        nthrift_say("URL is missing: nthrift top http://HOST[:PORT]/path");
        return -1;
    }

    if (nthrift_screen_check(o->sort) != 0) {
        return -1;
    }

    error = nthrift_http_check_headers(&o->headers);

    if (error != NULL) {
        nthrift_say("--header: %s", error);
        return -1;
    }

    return 0;
}


int
nthrift_top(int argc, char **argv)
{
    int            rc, n;
    top_options_t  o;

    nthrift_option_t  options[] = {
        { "-i", NTHRIFT_OPTION_SECONDS, &o.interval, 0, 0 },
        { "-n", NTHRIFT_OPTION_NUMBER, &o.count, 1, INT32_MAX },
        { "--sort", NTHRIFT_OPTION_TEXT, &o.sort, 0, 0 },
        { "--plain", NTHRIFT_OPTION_SET, &o.plain, 1, 0 },
        { "--header", NTHRIFT_OPTION_LIST, &o.headers, 0, 0 },
        nthrift_target_tls(&o.tls),
        { "--help", NTHRIFT_OPTION_SET, &o.help, 1, 0 },
        { "-h", NTHRIFT_OPTION_SET, &o.help, 1, 0 },
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&o, 0, sizeof(top_options_t));
    nthrift_option_list(&o.headers, argc);
    o.interval = TOP_INTERVAL;

    n = nthrift_option_parse(options, argc, argv, o.words, 1);

    if (n < 0) {
        rc = TOP_USAGE;

    } else if (o.help) {
        fputs(top_usage, stdout);
        rc = TOP_OK;

    } else {
        rc = (top_check(&o, n) != 0) ? TOP_USAGE : top_run(&o);
    }

    free(o.headers.items);

    return rc;
}
