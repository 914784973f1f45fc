/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_bench_report.c: what "nthrift bench" prints in the end: for people,
 * or, with --format json, for programs (docs/nthrift.md has the names).
 */

#include "nthrift.h"
#include "nthrift_bench.h"


#define REPORT_ROWS   10        /* of the histogram */
#define REPORT_WIDTH  40        /* columns of its longest bar */


static const double  report_parts[] = {
    0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.999
};

#define REPORT_PARTS  (sizeof(report_parts) / sizeof(report_parts[0]))


static const char *const  report_ends[] = {
    [NTHRIFT_BENCH_RESULT] = "result",
    [NTHRIFT_BENCH_EXCEPTION] = "exception",
    [NTHRIFT_BENCH_WRONG] = "wrong",
    [NTHRIFT_BENCH_ERROR] = "error"
};


static double
report_ms(uint64_t ns)
{
    return (double) ns / 1000000;
}


static double
report_seconds(const nthrift_bench_result_t *r)
{
    return (r->last > r->begin) ? (double) (r->last - r->begin) / SECOND : 0;
}


static double
report_rate(const nthrift_bench_result_t *r)
{
    double  seconds;

    seconds = report_seconds(r);

    return (seconds > 0) ? (double) r->calls / seconds : 0;
}


/* What the rows of a histogram end at: the last one has all that is slower. */

static uint64_t
report_row(const nthrift_bench_result_t *r, unsigned row)
{
    uint64_t  most;

    if (row == REPORT_ROWS - 1) {
        return r->hist.max;
    }

    most = hist_value(&r->hist, 0.99);
    most = (most > r->min) ? most : r->min;

    return r->min + (most - r->min) / (REPORT_ROWS - 1) * (row + 1);
}


/* For people */

static void
report_histogram(const nthrift_bench_result_t *r)
{
    unsigned  row;
    uint64_t  n, before, most, counts[REPORT_ROWS];

    most = 1;
    before = 0;

    for (row = 0; row < REPORT_ROWS; row++) {
        n = (row == REPORT_ROWS - 1) ? r->hist.count
                                     : hist_count(&r->hist, report_row(r, row));
        counts[row] = n - before;
        before = n;
        most = (counts[row] > most) ? counts[row] : most;
    }

    puts("\ntimes, milliseconds");

    for (row = 0; row < REPORT_ROWS; row++) {
        printf("  %10.3f %10llu %.*s\n", report_ms(report_row(r, row)),
               (unsigned long long) counts[row],
               (int) (counts[row] * REPORT_WIDTH / most),
               "########################################");
    }
}


static void
report_latency(const nthrift_bench_result_t *r)
{
    size_t  i;

    if (r->hist.count == 0) {
        return;
    }

    printf("fastest   %.3f ms\nmean      %.3f ms\nslowest   %.3f ms\n",
           report_ms(r->min),
           report_ms(r->sum / r->hist.count), report_ms(r->hist.max));

    report_histogram(r);

    puts("\npercentiles, milliseconds");

    for (i = 0; i < REPORT_PARTS; i++) {
        printf("  %5.4g %% %10.3f\n", report_parts[i] * 100,
               report_ms(hist_value(&r->hist, report_parts[i])));
    }
}


static void
report_text(const nthrift_bench_t *b)
{
    size_t                         i;
    const nthrift_bench_result_t  *r;

    r = &b->result;

    printf("calls     %llu in %.3f s\nresults   %llu\n",
           (unsigned long long) r->calls, report_seconds(r),
           (unsigned long long) r->results);

    if (b->options->rate != 0) {
        printf("rate      %.1f/s of %lld/s\n", report_rate(r),
               b->options->rate);

    } else {
        printf("rate      %.1f/s\n", report_rate(r));
    }

    report_latency(r);

    if (r->n_kinds != 0) {
        puts("\nwithout a result");
    }

    for (i = 0; i < r->n_kinds; i++) {
        printf("  %10llu %s: %s\n", (unsigned long long) r->kinds[i].n,
               report_ends[r->kinds[i].end], r->kinds[i].text);
    }
}


/* For programs */

static json_t *
report_json_latency(const nthrift_bench_result_t *r)
{
    char     name[16];
    size_t   i;
    json_t  *o;

    o = json_object();

    if (r->hist.count == 0) {
        return o;
    }

    json_object_set_new(o, "min", json_real(report_ms(r->min)));
    json_object_set_new(o, "mean",
                        json_real(report_ms(r->sum / r->hist.count)));
    json_object_set_new(o, "max", json_real(report_ms(r->hist.max)));

    for (i = 0; i < REPORT_PARTS; i++) {
        snprintf(name, sizeof(name), "p%g", report_parts[i] * 100);
        json_object_set_new(o, name,
                            json_real(report_ms(hist_value(&r->hist,
                                                           report_parts[i]))));
    }

    return o;
}


static json_t *
report_json_histogram(const nthrift_bench_result_t *r)
{
    json_t    *rows;
    unsigned   row;
    uint64_t   n, before;

    rows = json_array();
    before = 0;

    for (row = 0; row < REPORT_ROWS && r->hist.count != 0; row++) {
        n = (row == REPORT_ROWS - 1) ? r->hist.count
                                     : hist_count(&r->hist, report_row(r, row));
        json_array_append_new(rows, json_pack("{s:f, s:I}", "to",
                                    report_ms(report_row(r, row)), "calls",
                                    (json_int_t) (n - before)));
        before = n;
    }

    return rows;
}


static json_t *
report_json_kinds(const nthrift_bench_result_t *r)
{
    size_t   i;
    json_t  *kinds;

    kinds = json_array();

    for (i = 0; i < r->n_kinds; i++) {
        json_array_append_new(kinds, json_pack("{s:s, s:s, s:I}", "kind",
                                    report_ends[r->kinds[i].end], "text",
                                    r->kinds[i].text, "calls",
                                    (json_int_t) r->kinds[i].n));
    }

    return kinds;
}


static void
report_json(const nthrift_bench_t *b)
{
    json_t                        *o;
    const nthrift_bench_result_t  *r;

    r = &b->result;

    o = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:I, s:I}",
                  "address", b->request->call.where,
                  "method", b->options->request.words[1],
                  "connections", (json_int_t) b->options->connections,
                  "target_rate", (json_int_t) b->options->rate,
                  "calls", (json_int_t) r->calls,
                  "results", (json_int_t) r->results,
                  "seconds", report_seconds(r), "rate", report_rate(r),
                  "sent", (json_int_t) r->sent,
                  "received", (json_int_t) r->received);

    json_object_set_new(o, "milliseconds", report_json_latency(r));
    json_object_set_new(o, "histogram", report_json_histogram(r));
    json_object_set_new(o, "without_result", report_json_kinds(r));

    (void) json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    puts("");
    json_decref(o);
}


void
nthrift_bench_count(nthrift_bench_result_t *r, nthrift_bench_end_e end,
    const char *text)
{
    size_t                 i;
    nthrift_bench_kind_t  *kind;

    r->calls++;

    if (end == NTHRIFT_BENCH_RESULT) {
        r->results++;
        return;
    }

    for (i = 0; i < r->n_kinds; i++) {
        kind = &r->kinds[i];

        if (kind->end == end && strcmp(kind->text, text) == 0) {
            kind->n++;
            return;
        }
    }

    if (r->n_kinds == NTHRIFT_BENCH_KINDS) {
        kind = &r->kinds[NTHRIFT_BENCH_KINDS - 1];
        kind->end = (end > kind->end) ? end : kind->end;
        snprintf(kind->text, sizeof(kind->text), "and others");
        kind->n++;
        return;
    }

    kind = &r->kinds[r->n_kinds++];

    kind->end = end;
    kind->n = 1;
    snprintf(kind->text, sizeof(kind->text), "%s", text);
}


int
nthrift_bench_report(const nthrift_bench_t *b)
{
    size_t               i;
    nthrift_bench_end_e  worst;

    if (b->options->json) {
        report_json(b);

    } else {
        report_text(b);
    }

    worst = NTHRIFT_BENCH_RESULT;

    for (i = 0; i < b->result.n_kinds; i++) {
        if (b->result.kinds[i].end > worst) {
            worst = b->result.kinds[i].end;
        }
    }

    return (worst == NTHRIFT_BENCH_RESULT && b->result.calls != 0)
           ? NTHRIFT_CALL_OK
           : (worst == NTHRIFT_BENCH_EXCEPTION) ? NTHRIFT_CALL_EXCEPTION
                                                : NTHRIFT_CALL_FAILED;
}
