/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_request.h: a call as the command line says it, ready to be sent, for
 * the commands that take ADDRESS Service.method [JSON].
 */

#ifndef NTHRIFT_TOOL_REQUEST_H
#define NTHRIFT_TOOL_REQUEST_H

#include "nthrift_body.h"
#include "nthrift_call.h"
#include "nthrift_target.h"


#define NTHRIFT_REQUEST_WORDS  3        /* address, method, JSON */


typedef struct {
    nthrift_target_options_t   target;
    char                      *words[NTHRIFT_REQUEST_WORDS];
    unsigned                   transport;       /* 0: not said */
    unsigned                   protocol;
    unsigned                   lax;             /* 1: binary without version */
    unsigned                   multiplexed;
    unsigned                   long_strings;
    nthrift_stream_tls_t       tls;
    nthrift_option_list_t      headers;
    double                     timeout;         /* seconds */
    long long                  seqid;
    long long                  max_size;
} nthrift_request_options_t;


/* Words to put in a table of options. */

#define nthrift_request_options(o)                                            \
    { "--framed", NTHRIFT_OPTION_SET, &(o)->transport, NTHRIFT_FRAMED, 0 },   \
    { "--unframed", NTHRIFT_OPTION_SET, &(o)->transport, NTHRIFT_UNFRAMED,    \
      0 },                                                                    \
    { "--theader", NTHRIFT_OPTION_SET, &(o)->transport, NTHRIFT_HEADER, 0 },  \
    { "--binary", NTHRIFT_OPTION_SET, &(o)->protocol, NTHRIFT_BINARY, 0 },    \
    { "--compact", NTHRIFT_OPTION_SET, &(o)->protocol, NTHRIFT_COMPACT, 0 },  \
    { "--json", NTHRIFT_OPTION_SET, &(o)->protocol, NTHRIFT_JSON, 0 },        \
    { "--json-protocol", NTHRIFT_OPTION_SET, &(o)->protocol, NTHRIFT_JSON,    \
      0 },                                                                    \
    { "--lax", NTHRIFT_OPTION_SET, &(o)->lax, 1, 0 },                         \
    { "--multiplexed", NTHRIFT_OPTION_SET, &(o)->multiplexed, 1, 0 },         \
    { "--header", NTHRIFT_OPTION_LIST, &(o)->headers, 0, 0 },                 \
    nthrift_target_tls(&(o)->tls),                                            \
    { "--timeout", NTHRIFT_OPTION_SECONDS, &(o)->timeout, 0, 0 },             \
    { "--max-size", NTHRIFT_OPTION_NUMBER, &(o)->max_size, 1,                 \
      NTHRIFT_MAX_FRAME },                                                    \
    nthrift_target_options(&(o)->target)


typedef struct {
    const nthrift_request_options_t  *options;
    nthrift_body_t                    body;
    nthrift_outgoing_t                    call;
} nthrift_request_t;


void nthrift_request_init(nthrift_request_options_t *o, int argc);
void nthrift_request_free(nthrift_request_options_t *o);

/* Says what is missing of `n` words, if anything is: -1. */
int nthrift_request_check(const nthrift_request_options_t *o, int n,
    const char *command, const char *usage);

/*
 * Returns an exit code: NTHRIFT_CALL_OK; or _USAGE or _FAILED, and it is said
 * what is wrong.  Destroyed in any case.
 */
int nthrift_request_create(nthrift_request_t *r,
    const nthrift_request_options_t *o);
void nthrift_request_destroy(nthrift_request_t *r);


#endif /* NTHRIFT_TOOL_REQUEST_H */
