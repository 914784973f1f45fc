/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_http.h: a message in the body of an HTTP request, and its reply in
 * the body of the response, as Apache's THttpClient has it.
 *
 * Sources: RFC 9112; lib/cpp THttpClient.cpp, lib/py THttpClient.py.
 */

#ifndef NTHRIFT_TOOL_HTTP_H
#define NTHRIFT_TOOL_HTTP_H

#include "nthrift_option.h"
#include "nthrift_stream.h"


typedef struct {
    unsigned         status;        /* 200 */
    nthrift_str_t    reason;        /* "OK"; points into `data` */
    uint8_t         *data;          /* head and body; free() */
    size_t           len;
    size_t           size;
    nthrift_str_t    body;          /* in `data` */
} nthrift_http_response_t;


/*
 * Reads a URL, "http://HOST[:PORT]/PATH" or "https://...": what tls->on
 * becomes, and `*path`, which is in `url`.  NULL, or what is wrong.
 */
const char *nthrift_http_parse(const char *url,
    nthrift_socket_address_t *address, unsigned *tls, const char **path);

/* 1 if it begins as one. */
int nthrift_http_is_url(const char *text);

/*
 * The request of `body_len` bytes `body`, or, if that is NULL, one that gets
 * `path`: to be freed.  `type` is of what is sent, or wanted; `headers` are
 * NAME=VALUE, checked by nthrift_http_check_headers().
 */
uint8_t *nthrift_http_request(const nthrift_socket_address_t *address,
    const char *path, const char *type, const nthrift_option_list_t *headers,
    const uint8_t *body, size_t body_len, size_t *len);

/*
 * A request on a connection that stays, up to the length that stands behind
 * "Content-Length: ": to be freed.
 */
uint8_t *nthrift_http_post(const nthrift_socket_address_t *address,
    const char *path, const char *type, const nthrift_option_list_t *headers,
    size_t *len);

/* The type of a message in that protocol. */
const char *nthrift_http_type(unsigned protocol);

/* What the head of a response says of its end. */
typedef struct {
    unsigned             chunked;
    unsigned             has_length;
    unsigned long long   length;
    unsigned             has_connection;
    unsigned             closes;        /* if so: "Connection: close" */
} nthrift_http_end_t;

/* Takes a line of the head; those that say nothing of that change nothing. */
void nthrift_http_header(nthrift_http_end_t *end, const char *line,
    size_t len);

/* NULL, or what is wrong with one. */
const char *nthrift_http_check_headers(const nthrift_option_list_t *headers);

/*
 * Reads a response, of at most `max` bytes.  0; -1 and s->error, or
 * NTHRIFT_SOCKET_LATE.  r->data is to be freed, whatever became of it.
 */
int nthrift_http_receive(nthrift_stream_t *s, nthrift_http_response_t *r,
    size_t max);


#endif /* NTHRIFT_TOOL_HTTP_H */
