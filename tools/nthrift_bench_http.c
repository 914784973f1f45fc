/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_bench_http.c: HTTP of "nthrift bench", on connections that stay: what
 * stands before each call, and responses as far as they have come.
 */

#include "nthrift.h"
#include "nthrift_bench.h"
#include "nthrift_http.h"

#include <stdlib.h>


#define HTTP_HEAD  (64 * 1024)         /* bytes: of a response's head */


static int
http_error(nthrift_bench_http_t *r, const char *text)
{
    r->error = text;

    return NTHRIFT_ERROR;
}


/* The end of the line at `at`, or len. */

static size_t
http_line(const uint8_t *data, size_t len, size_t at)
{
    const uint8_t  *end;

    end = memchr(data + at, '\n', len - at);

    return (end != NULL) ? (size_t) (end - data) : len;
}


/* "HTTP/1.1 200 OK" */

static int
http_status(nthrift_bench_http_t *r, const uint8_t *p, size_t len)
{
    size_t  i;

    if (len < 12 || memcmp(p, "HTTP/1.", 7) != 0 || p[8] != ' ') {
        return http_error(r, "no HTTP response");
    }

    r->closes = (p[7] == '0');
    r->status = 0;

    for (i = 9; i < 12; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return http_error(r, "no HTTP response");
        }

        r->status = r->status * 10 + (p[i] - '0');
    }

    return NTHRIFT_OK;
}


/* Lines from `*at` to an empty one. */

static int
http_head(nthrift_bench_http_t *r, nthrift_http_end_t *head,
    const uint8_t *data, size_t len, size_t *at)
{
    size_t  begin, end, first;

    memset(head, 0, sizeof(nthrift_http_end_t));

    first = *at;

    for (begin = first; ; begin = end + 1) {
        end = http_line(data, len, begin);

        if (end - first > HTTP_HEAD) {
            return http_error(r, "too long head of an HTTP response");
        }

        if (end == len) {
            return NTHRIFT_AGAIN;
        }

        if (begin == first) {
            if (http_status(r, data + begin, end - begin) != NTHRIFT_OK) {
                return NTHRIFT_ERROR;
            }

        } else if (end == begin || (end == begin + 1 && data[begin] == '\r')) {
            if (head->has_connection) {
                r->closes = head->closes;
            }

            *at = end + 1;
            return NTHRIFT_OK;

        } else {
            nthrift_http_header(head, (const char *) data + begin,
                                end - begin);
        }
    }
}


/*
 * The chunk at `*at`, which is behind it then; the last one is empty.  `room`
 * is how large it may be.
 */

static int
http_chunk(nthrift_bench_http_t *r, uint8_t *data, size_t len, size_t *at,
    size_t room, nthrift_str_t *chunk)
{
    char                *end;
    size_t               line;
    unsigned long long   size;

    line = http_line(data, len, *at);

    if (line == len) {
        return NTHRIFT_AGAIN;
    }

    /* a line feed ends the number */

    size = strtoull((char *) data + *at, &end, 16);

    if (end == (char *) data + *at) {
        return http_error(r, "malformed chunk of an HTTP response");
    }

    if (size > room) {
        return http_error(r, "body of the HTTP response larger than "
                             "--max-size");
    }

    *at = line + 1;

    chunk->data = data + *at;
    chunk->len = (size_t) size;

    if (size == 0) {
        return NTHRIFT_OK;
    }

    if (len - *at < 2 || len - *at - 2 < size) {
        return NTHRIFT_AGAIN;
    }

    *at += (size_t) size + 2;

    return NTHRIFT_OK;
}


/* Lines from `*at` to an empty one. */

static int
http_trailers(const uint8_t *data, size_t len, size_t *at)
{
    size_t  begin, line;

    do {
        begin = *at;
        line = http_line(data, len, begin);

        if (line == len) {
            return NTHRIFT_AGAIN;
        }

        *at = line + 1;

    } while (line - begin >= 2);

    return NTHRIFT_OK;
}


/* Moves the chunks at `at`, which all are there, together: r->body. */

static void
http_join(nthrift_bench_http_t *r, uint8_t *data, size_t len, size_t at)
{
    nthrift_str_t  chunk;

    r->body.len = 0;

    while (http_chunk(r, data, len, &at, len, &chunk) == NTHRIFT_OK
           && chunk.len != 0)
    {
        memmove(r->body.data + r->body.len, chunk.data, chunk.len);
        r->body.len += chunk.len;
    }
}


/*
 * A body in chunks at `at`.  What has come of it is gone over again when more
 * has, so that they are moved only when all are there.
 */

static int
http_chunks(nthrift_bench_http_t *r, uint8_t *data, size_t len, size_t at,
    size_t max)
{
    int            rc;
    size_t         first;
    nthrift_str_t  chunk;

    first = at;

    do {
        rc = http_chunk(r, data, len, &at, max, &chunk);
        if (rc != NTHRIFT_OK) {
            return rc;
        }

        max -= chunk.len;

    } while (chunk.len != 0);

    rc = http_trailers(data, len, &at);
    if (rc != NTHRIFT_OK) {
        return rc;
    }

    r->len = at;
    http_join(r, data, len, first);

    return NTHRIFT_OK;
}


int
nthrift_bench_http_read(nthrift_bench_http_t *r, uint8_t *data, size_t len,
    unsigned ended, size_t max)
{
    int                 rc;
    size_t              at;
    nthrift_http_end_t  head;

    memset(r, 0, sizeof(nthrift_bench_http_t));

    at = 0;

    do {
        rc = http_head(r, &head, data, len, &at);

        if (rc != NTHRIFT_OK) {
            return rc;
        }

    } while (r->status < 200);

    r->body.data = data + at;

    if (r->status == 204 || r->status == 304) {
        r->len = at;
        return NTHRIFT_OK;
    }

    if (head.chunked) {
        return http_chunks(r, data, len, at, max);
    }

    if ((head.has_length ? head.length : len - at) > max) {
        return http_error(r, "body of the HTTP response larger than "
                             "--max-size");
    }

    if (!head.has_length) {
        r->closes = 1;
        r->len = len;

    } else {
        r->len = at + (size_t) head.length;
    }

    r->body.len = r->len - at;

    if (head.has_length) {
        return (r->len <= len) ? NTHRIFT_OK : NTHRIFT_AGAIN;
    }

    return ended ? NTHRIFT_OK : NTHRIFT_AGAIN;
}
