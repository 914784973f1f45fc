/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_bench.h: what the files of "nthrift bench" share.
 *
 *     nthrift_bench.c         the command line, and what is printed meanwhile
 *     nthrift_bench_run.c     connections, calls, time
 *     nthrift_bench_http.c    responses that messages are in
 *     nthrift_bench_check.c   what a reply is
 *     nthrift_bench_report.c  what is printed in the end
 *     load/                   clock, histogram, schedule
 */

#ifndef NTHRIFT_TOOL_BENCH_H
#define NTHRIFT_TOOL_BENCH_H

#include "nthrift_request.h"

#include "load/measure.h"
#include "load/schedule.h"

#include <jansson.h>


#define NTHRIFT_BENCH_KINDS  32         /* of replies that are counted apart */
#define NTHRIFT_BENCH_TEXT   160        /* bytes: of the name of a kind */


typedef struct {
    nthrift_request_options_t   request;
    long long                   connections;
    long long                   calls;          /* 0: no limit */
    double                      duration;       /* seconds; 0: no limit */
    double                      warmup;         /* seconds */
    long long                   rate;           /* calls a second; 0: as
                                                   replies come */
    char                       *expect;         /* JSON, or NULL */
    char                       *format;         /* of the report, or NULL */
    unsigned                    json;           /* the same as a flag */
    unsigned                    quiet;
} nthrift_bench_options_t;


/* How calls end.  The worst one decides the exit code. */

typedef enum {
    NTHRIFT_BENCH_RESULT = 0,
    NTHRIFT_BENCH_EXCEPTION,            /* declared, or TApplicationException */
    NTHRIFT_BENCH_WRONG,                /* not what is expected */
    NTHRIFT_BENCH_ERROR                 /* none, or malformed */
} nthrift_bench_end_e;

typedef struct {
    nthrift_bench_end_e         end;
    char                        text[NTHRIFT_BENCH_TEXT];
    uint64_t                    n;
} nthrift_bench_kind_t;


/* What was measured. */

typedef struct {
    uint64_t                    begin;          /* nanoseconds */
    uint64_t                    last;           /* reply */
    uint64_t                    calls;          /* that have ended, ... */
    uint64_t                    results;        /* ... with a result */
    uint64_t                    started;
    uint64_t                    sent;           /* bytes */
    uint64_t                    received;
    uint64_t                    min;            /* nanoseconds */
    uint64_t                    sum;
    hist_t                      hist;
    nthrift_bench_kind_t        kinds[NTHRIFT_BENCH_KINDS];
    size_t                      n_kinds;
} nthrift_bench_result_t;


/* What replies are checked with: nthrift_bench_check.c. */

typedef struct {
    nthrift_request_t          *request;
    void                       *memory;         /* of nthrift_check_body() */
    json_t                     *expect;         /* or NULL */
    nthrift_str_t               good;           /* body that was as expected */
    size_t                      size;           /* that it has room for */
} nthrift_bench_check_t;


/* A response, as far as it has come. */

typedef struct {
    unsigned                    status;         /* 200 */
    unsigned                    closes;         /* the connection ends behind
                                                   it */
    size_t                      len;            /* of all of it */
    nthrift_str_t               body;
    const char                 *error;
} nthrift_bench_http_t;

typedef struct nthrift_bench_s  nthrift_bench_t;

struct nthrift_bench_s {
    const nthrift_bench_options_t  *options;
    nthrift_request_t              *request;
    nthrift_bench_check_t           check;
    nthrift_bench_result_t          result;
};


/* Prints how it goes, once a second; `passed` are nanoseconds. */
void nthrift_bench_progress(const nthrift_bench_t *b, uint64_t passed);

/* 0, or -1: it is said why. */
int nthrift_bench_run(nthrift_bench_t *b);

/* One more call has ended; results have no text. */
void nthrift_bench_count(nthrift_bench_result_t *result,
    nthrift_bench_end_e end, const char *text);

/* 0, or -1: --expect is wrong, and it is said how. */
int nthrift_bench_check_init(nthrift_bench_check_t *c,
    nthrift_request_t *request, char *expect);
void nthrift_bench_check_free(nthrift_bench_check_t *c);

/*
 * What a whole message is, which was found well formed, and begins at `data`;
 * `first` is the id of the first field in its body, or 0.  `text` says more,
 * unless it is a result.
 */
nthrift_bench_end_e nthrift_bench_check_reply(nthrift_bench_check_t *c,
    const nthrift_head_t *head, int first, int32_t seqid, const uint8_t *data,
    size_t len, char text[NTHRIFT_BENCH_TEXT]);

/*
 * Reads what has come of a response, which chunks of a body become one in;
 * `ended`: no more comes.  NTHRIFT_OK, _AGAIN, or _ERROR and r->error.
 */
int nthrift_bench_http_read(nthrift_bench_http_t *r, uint8_t *data, size_t len,
    unsigned ended, size_t max);

/* Prints the result; the exit code. */
int nthrift_bench_report(const nthrift_bench_t *b);


#endif /* NTHRIFT_TOOL_BENCH_H */
