/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_spark.c: see nthrift_spark.h.  For "nthrift top".
 */

#include "nthrift_spark.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>


#define SPARK_SAMPLES  64               /* of a report, at most */
#define SPARK_STEPS    8
#define SPARK_PART     0.99


typedef struct {
    size_t  n;
    double  seconds[SPARK_SAMPLES];
    double  rate[SPARK_SAMPLES];        /* calls per second */
    double  slow[SPARK_SAMPLES];        /* seconds; 0: no call */
} spark_t;


static const char *const  spark_blocks[] = {
    "\xe2\x96\x81", "\xe2\x96\x82", "\xe2\x96\x83", "\xe2\x96\x84",
    "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87", "\xe2\x96\x88"
};

static const char *const  spark_ascii[] = {
    ".", ":", "-", "=", "+", "*", "#", "@"
};


size_t
nthrift_spark_width(size_t columns, size_t used)
{
    size_t  width;

    if (columns < used + 2 * (1 + NTHRIFT_SPARK_MIN)) {
        return 0;
    }

    width = (columns - used) / 2 - 1;

    return (width < NTHRIFT_SPARK_MAX) ? width : NTHRIFT_SPARK_MAX;
}


void
nthrift_spark_head(FILE *out, size_t width)
{
    if (width != 0) {
        fprintf(out, " %-*s %-*s", (int) width, "calls/s", (int) width,
                "p99");
    }
}


/* What the terminal shows, by the first of these that is set. */

static int
spark_has_utf8(void)
{
    size_t       i;
    const char  *value;

    static const char *const  names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        value = getenv(names[i]);

        if (value != NULL && *value != '\0') {
            value = strrchr(value, '.');

            return value != NULL && (strncasecmp(value, ".utf-8", 6) == 0
                                     || strncasecmp(value, ".utf8", 5) == 0);
        }
    }

    return 0;
}


static void
spark_times(spark_t *s, const json_t *report)
{
    size_t         i, n;
    const json_t  *times;

    times = json_object_get(json_object_get(report, "history"), "times");
    n = json_array_size(times);

    s->n = (n == 0) ? 0 : n - 1;

    if (s->n > SPARK_SAMPLES) {
        s->n = 0;
    }

    for (i = 0; i < s->n; i++) {
        s->seconds[i] = json_number_value(json_array_get(times, i + 1))
                        - json_number_value(json_array_get(times, i));
    }
}


/* As nthrift_top.c does it of a whole report: see top_part(). */

static double
spark_slow(json_t *buckets, size_t i, double calls)
{
    double       n, rank, from, to;
    json_t      *value;
    const char  *key;

    rank = calls * SPARK_PART;
    from = 0;

    json_object_foreach(buckets, key, value) {
        n = json_number_value(json_array_get(value, i));
        to = (strcmp(key, "+Inf") == 0) ? from : strtod(key, NULL);

        if (n > 0 && rank <= n) {
            return from + (to - from) * rank / n;
        }

        rank -= n;
        from = to;
    }

    return from;
}


static void
spark_read(spark_t *s, const json_t *row)
{
    size_t       i;
    double       calls;
    json_t      *buckets, *value;
    const char  *key;

    buckets = json_object_get(json_object_get(row, "history"), "buckets");

    for (i = 0; i < s->n; i++) {
        calls = 0;

        json_object_foreach(buckets, key, value) {
            calls += json_number_value(json_array_get(value, i));
        }

        s->rate[i] = (s->seconds[i] > 0) ? calls / s->seconds[i] : 0;
        s->slow[i] = (calls > 0) ? spark_slow(buckets, i, calls) : 0;
    }
}


/* Of samples that share a column the largest one counts. */

static void
spark_print(FILE *out, size_t width, const double *values, size_t n,
    const char *const *steps)
{
    size_t  i, k, group, columns;
    double  most, value;

    group = (n + width - 1) / width;
    columns = (n == 0) ? 0 : (n + group - 1) / group;
    most = 0;

    for (i = 0; i < n; i++) {
        most = (values[i] > most) ? values[i] : most;
    }

    fprintf(out, " %*s", (int) (width - columns), "");

    /* the first column may have fewer of them */

    for (k = 0, i = 0; k < columns; k++) {
        value = 0;

        for ( /* void */ ; i < n - (columns - 1 - k) * group; i++) {
            value = (values[i] > value) ? values[i] : value;
        }

        fputs((value > 0) ? steps[(size_t) (value / most * (SPARK_STEPS - 1)
                                            + 0.5)]
                          : " ", out);
    }
}


void
nthrift_spark_row(FILE *out, size_t width, const json_t *row,
    const json_t *report)
{
    spark_t             s;
    const char *const  *steps;

    if (width == 0) {
        return;
    }

    steps = spark_has_utf8() ? spark_blocks : spark_ascii;

    spark_times(&s, report);
    spark_read(&s, row);

    spark_print(out, width, s.rate, s.n, steps);
    spark_print(out, width, s.slow, s.n, steps);
}
