/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_http.c: see nthrift_http.h.  A response ends where its length says,
 * with its last chunk, or with the connection.
 */

#include "nthrift.h"
#include "nthrift_http.h"

#include "wire/wire.h"

#include <stdlib.h>
#include <strings.h>


#define HTTP_READ  (64 * 1024)          /* bytes: read at once */
#define HTTP_HEAD  (64 * 1024)          /* bytes: of a response's head */
#define HTTP_VALUE 64                   /* bytes: of a header that is read */


#define HTTP_TOO_LARGE  "body of the HTTP response larger than --max-size"


/* URLs */

int
nthrift_http_is_url(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0
           || strncasecmp(text, "https://", 8) == 0;
}


/* "HOST", "HOST:PORT", "[HOST]:PORT", with a port in any case. */

static const char *
http_parse_host(const char *text, size_t len, unsigned tls,
    nthrift_socket_address_t *address)
{
    char         host[NTHRIFT_SOCKET_HOST + 16];
    const char  *colon, *bracket;

    if (len >= NTHRIFT_SOCKET_HOST) {
        return "the host is too long";
    }

    memcpy(host, text, len);
    host[len] = '\0';

    colon = strrchr(host, ':');
    bracket = strrchr(host, ']');

    if (colon == NULL || (bracket != NULL && bracket > colon)) {
        strcat(host, tls ? ":443" : ":80");
    }

    return nthrift_socket_parse(address, host);
}


const char *
nthrift_http_parse(const char *url, nthrift_socket_address_t *address,
    unsigned *tls, const char **path)
{
    size_t       len;
    const char  *host;

    *tls = (strncasecmp(url, "https://", 8) == 0);
    host = url + (*tls ? 8 : 7);

    len = strcspn(host, "/?#");
    *path = (host[len] == '\0') ? "/" : host + len;

    if (**path != '/') {
        return "a path is expected before \"?\" and \"#\"";
    }

    if ((*path)[strcspn(*path, " \r\n\t#")] != '\0') {
        return "blanks and \"#\" are not possible";
    }

    if (memchr(host, '@', len) != NULL) {
        return "a name and a password in the URL are not possible: --header "
               "\"Authorization=Basic ...\"";
    }

    return http_parse_host(host, len, *tls, address);
}


/* Requests */

const char *
nthrift_http_type(unsigned protocol)
{
    return (protocol == NTHRIFT_JSON) ? "application/vnd.apache.thrift.json"
                                      : "application/x-thrift";
}


const char *
nthrift_http_check_headers(const nthrift_option_list_t *headers)
{
    size_t       i, n;
    const char  *text;

    for (i = 0; i < headers->n; i++) {
        text = (const char *) headers->items[i].data;
        n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789!#$%&'*+-.^_`|~");

        if (n == 0 || text[n] != '=') {
            return "NAME=VALUE expected";
        }

        if (text[n + strcspn(text + n, "\r\n")] != '\0') {
            return "a value has no line feeds";
        }
    }

    return NULL;
}


static int
http_has_header(const nthrift_option_list_t *headers, const char *name)
{
    size_t  i, len;

    len = strlen(name);

    for (i = 0; i < headers->n; i++) {
        if (headers->items[i].len > len && headers->items[i].data[len] == '='
            && strncasecmp((const char *) headers->items[i].data, name, len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
http_write_host(FILE *out, const nthrift_socket_address_t *address)
{
    const char  *format;

    if (address->port[0] == '\0') {
        fputs("Host: localhost\r\n", out);
        return;
    }

    format = (strchr(address->host, ':') != NULL) ? "Host: [%s]:%s\r\n"
                                                  : "Host: %s:%s\r\n";

    fprintf(out, format, address->host, address->port);
}


static void
http_write_headers(FILE *out, const char *type,
    const nthrift_option_list_t *headers)
{
    size_t       i;
    const char  *text, *equals;

    if (!http_has_header(headers, "Content-Type")) {
        fprintf(out, "Content-Type: %s\r\n", type);
    }

    if (!http_has_header(headers, "Accept")) {
        fprintf(out, "Accept: %s\r\n", type);
    }

    if (!http_has_header(headers, "User-Agent")) {
        fputs("User-Agent: nthrift\r\n", out);
    }

    for (i = 0; i < headers->n; i++) {
        text = (const char *) headers->items[i].data;
        equals = strchr(text, '=');

        fprintf(out, "%.*s: %s\r\n", (int) (equals - text), text, equals + 1);
    }
}


/* All but what is said of the body, and of the connection. */

static void
http_write_request(FILE *out, const nthrift_socket_address_t *address,
    const char *path, const char *type, const nthrift_option_list_t *headers,
    const char *method)
{
    fprintf(out, "%s %s HTTP/1.1\r\n", method, path);

    if (!http_has_header(headers, "Host")) {
        http_write_host(out, address);
    }

    http_write_headers(out, type, headers);
}


static FILE *
http_open(char **data, size_t *len)
{
    FILE  *out;

    *data = NULL;
    out = open_memstream(data, len);

    if (out == NULL) {
        nthrift_say("not enough memory");
        exit(1);
    }

    return out;
}


static void
http_close(FILE *out)
{
    if (fclose(out) != 0) {
        nthrift_say("not enough memory");
        exit(1);
    }
}


uint8_t *
nthrift_http_request(const nthrift_socket_address_t *address, const char *path,
    const char *type, const nthrift_option_list_t *headers,
    const uint8_t *body, size_t body_len, size_t *len)
{
    char  *data;
    FILE  *out;

    out = http_open(&data, len);

    http_write_request(out, address, path, type, headers,
                       (body != NULL) ? "POST" : "GET");

    if (body != NULL) {
        fprintf(out, "Content-Length: %zu\r\n", body_len);
    }

    fputs("Connection: close\r\n\r\n", out);

    if (body != NULL) {
        fwrite(body, 1, body_len, out);
    }

    http_close(out);

    return (uint8_t *) data;
}


uint8_t *
nthrift_http_post(const nthrift_socket_address_t *address, const char *path,
    const char *type, const nthrift_option_list_t *headers, size_t *len)
{
    char  *data;
    FILE  *out;

    out = http_open(&data, len);

    http_write_request(out, address, path, type, headers, "POST");
    fputs("Content-Length: ", out);

    http_close(out);

    return (uint8_t *) data;
}


/* Responses */

/* Receives some more: the bytes, 0 at the end, or as the stream does. */

static ssize_t
http_receive(nthrift_stream_t *s, nthrift_http_response_t *r)
{
    ssize_t   n;
    uint8_t  *data;

    if (r->size - r->len < HTTP_READ) {
        r->size = r->size * 2 + HTTP_READ;
        data = nthrift_malloc(r->size);

        if (r->len != 0) {
            memcpy(data, r->data, r->len);
        }

        free(r->data);
        r->data = data;
    }

    n = nthrift_stream_receive(s, r->data + r->len, HTTP_READ);

    if (n > 0) {
        r->len += (size_t) n;
    }

    return n;
}


static int
http_fail(nthrift_stream_t *s, const char *text)
{
    snprintf(s->error, sizeof(s->error), "%s", text);

    return -1;
}


/* Receives until there is more than `len`: 0, or -1. */

static int
http_need(nthrift_stream_t *s, nthrift_http_response_t *r, size_t len)
{
    ssize_t  n;

    while (r->len < len) {
        n = http_receive(s, r);

        if (n == 0) {
            return http_fail(s, "connection closed within an HTTP response");
        }

        if (n < 0) {
            return (int) n;
        }
    }

    return 0;
}


/* The bytes of a line from `at` on, its end not included; or -1. */

static ssize_t
http_line(nthrift_stream_t *s, nthrift_http_response_t *r, size_t at,
    size_t *next)
{
    int       rc;
    uint8_t  *end;

    for ( ;; ) {
        end = (r->len > at) ? memchr(r->data + at, '\n', r->len - at) : NULL;

        if (end != NULL) {
            break;
        }

        if (r->len - at > HTTP_HEAD) {
            return http_fail(s, "too long line of an HTTP response");
        }

        rc = http_need(s, r, r->len + 1);

        if (rc != 0) {
            return rc;
        }
    }

    *next = (size_t) (end - r->data) + 1;

    if (end != r->data + at && end[-1] == '\r') {
        end--;
    }

    return end - (r->data + at);
}


/* "HTTP/1.1 200 OK" */

static int
http_status(nthrift_stream_t *s, nthrift_http_response_t *r, size_t at,
    size_t len)
{
    size_t          i;
    const uint8_t  *p;

    p = r->data + at;

    if (len < 12 || memcmp(p, "HTTP/1.", 7) != 0 || p[8] != ' ') {
        return http_fail(s, "no HTTP response");
    }

    r->status = 0;

    for (i = 9; i < 12; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return http_fail(s, "no HTTP response");
        }

        r->status = r->status * 10 + (p[i] - '0');
    }

    return 0;
}


typedef struct {
    nthrift_http_end_t   end;
    size_t               reason;        /* where "OK" is */
    size_t               reason_len;
} http_head_t;


void
nthrift_http_header(nthrift_http_end_t *end, const char *line, size_t len)
{
    char    text[HTTP_VALUE];
    size_t  n;

    n = (len < sizeof(text)) ? len : sizeof(text) - 1;
    memcpy(text, line, n);
    text[n] = '\0';

    if (strncasecmp(text, "Content-Length:", 15) == 0) {
        end->has_length = 1;
        end->length = strtoull(text + 15, NULL, 10);

    } else if (strncasecmp(text, "Transfer-Encoding:", 18) == 0
               && strcasestr(text + 18, "chunked") != NULL)
    {
        end->chunked = 1;

    } else if (strncasecmp(text, "Connection:", 11) == 0) {
        end->has_connection = 1;
        end->closes = (strcasestr(text + 11, "close") != NULL);
    }
}


/* The head of a response, behind those with a status below 200. */

static int
http_head(nthrift_stream_t *s, nthrift_http_response_t *r, http_head_t *head,
    size_t *at)
{
    int      rc;
    size_t   next, line, len;
    ssize_t  n;

    do {
        line = *at;
        n = http_line(s, r, line, &next);
        rc = (n < 0) ? (int) n : http_status(s, r, line, (size_t) n);

        if (rc != 0) {
            return rc;
        }

        len = (size_t) n;

        memset(head, 0, sizeof(http_head_t));

        for (*at = next; ; *at = next) {
            n = http_line(s, r, *at, &next);

            if (n < 0) {
                return (int) n;
            }

            if (n == 0) {
                break;
            }

            if (next > HTTP_HEAD) {
                return http_fail(s, "too long head of an HTTP response");
            }

            nthrift_http_header(&head->end, (const char *) r->data + *at,
                                (size_t) n);
        }

        *at = next;

    } while (r->status < 200);

    head->reason = (len > 13) ? line + 13 : line + len;
    head->reason_len = (len > 13) ? len - 13 : 0;

    return 0;
}


/* Chunks become one body, which begins at `at`. */

static int
http_chunks(nthrift_stream_t *s, nthrift_http_response_t *r, size_t at,
    size_t max)
{
    int                  rc;
    char                *end;
    size_t               to, next, begin;
    ssize_t              n;
    unsigned long long   size;

    to = at;
    begin = at;

    for ( ;; ) {
        n = http_line(s, r, at, &next);

        if (n < 0) {
            return (int) n;
        }

        size = strtoull((char *) r->data + at, &end, 16);

        if (n == 0 || end == (char *) r->data + at) {
            return http_fail(s, "malformed chunk of an HTTP response");
        }

        if (size == 0) {
            r->body.len = to;
            return 0;
        }

        if (size > max - (to - begin)) {
            return http_fail(s, HTTP_TOO_LARGE);
        }

        rc = http_need(s, r, next + (size_t) size + 2);

        if (rc != 0) {
            return rc;
        }

        memmove(r->data + to, r->data + next, (size_t) size);

        to += (size_t) size;
        at = next + (size_t) size + 2;
    }
}


static int
http_body(nthrift_stream_t *s, nthrift_http_response_t *r,
    const http_head_t *head, size_t at, size_t max)
{
    int      rc;
    ssize_t  n;

    if (head->end.chunked) {
        return http_chunks(s, r, at, max);
    }

    if (head->end.has_length) {
        if (head->end.length > max) {
            return http_fail(s, HTTP_TOO_LARGE);
        }

        rc = http_need(s, r, at + (size_t) head->end.length);
        r->body.len = at + (size_t) head->end.length;

        return rc;
    }

    do {
        if (r->len - at > max) {
            return http_fail(s, HTTP_TOO_LARGE);
        }

        n = http_receive(s, r);

    } while (n > 0);

    r->body.len = r->len;

    return (int) n;
}


int
nthrift_http_receive(nthrift_stream_t *s, nthrift_http_response_t *r,
    size_t max)
{
    int          rc;
    size_t       at;
    http_head_t  head;

    memset(r, 0, sizeof(nthrift_http_response_t));

    at = 0;
    rc = http_head(s, r, &head, &at);

    if (rc == 0 && r->status != 204 && r->status != 304) {
        rc = http_body(s, r, &head, at, max);

    } else if (rc == 0) {
        r->body.len = at;
    }

    if (rc != 0) {
        return rc;
    }

    r->body.data = r->data + at;
    r->body.len -= at;
    r->reason.data = r->data + head.reason;
    r->reason.len = head.reason_len;

    return 0;
}
