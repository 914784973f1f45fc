/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_exchange.c: one message there and one back, framed or not, or in
 * HTTP.  Whoever calls has made the message's body; what comes back is read by
 * src/wire/ and checked to be the answer to this call.
 */

#include "nthrift.h"
#include "nthrift_call.h"

#include "wire/head.h"
#include "wire/message.h"
#include "wire/protocol.h"
#include "wire/theader.h"
#include "wire/transport.h"

#include <stdarg.h>
#include <stdlib.h>


#define EXCHANGE_READ  (64 * 1024)      /* bytes: read at once */
#define EXCHANGE_NAME  64               /* bytes: of a name in a message */
#define EXCHANGE_TEXT  200              /* bytes: of a body that is text */
#define EXCHANGE_LINE  16               /* bytes in a line of a dump */
#define EXCHANGE_DUMP  65536            /* bytes that are dumped, at most */

#define EXCHANGE_PROBE                                                        \
    "nthrift probe tries other transports and protocols, HTTP and TLS"

#define exchange_ms(us)  ((double) (us) / 1000)


typedef struct {
    const nthrift_outgoing_t   *call;
    nthrift_answer_t       *a;
    nthrift_stream_t        stream;
    int64_t                 start;      /* microseconds */
    uint8_t                *data;       /* of the reply, from its beginning */
    size_t                  len;
    size_t                  size;
    nthrift_rules_t         rules;
    nthrift_message_t       message;
    nthrift_skip_level_t    levels[NTHRIFT_MAX_DEPTH];
} exchange_t;


/* What is said */

static int __attribute__((format(printf, 3, 4)))
exchange_fail(exchange_t *x, nthrift_answer_e kind, const char *fmt, ...)
{
    int      n;
    va_list  args;

    n = snprintf(x->a->error, sizeof(x->a->error), "%s: ", x->call->where);

    if (n < 0 || n >= (int) sizeof(x->a->error)) {
        n = 0;
    }

    va_start(args, fmt);
    vsnprintf(x->a->error + n, sizeof(x->a->error) - (size_t) n, fmt, args);
    va_end(args);

    x->a->kind = kind;

    return -1;
}


static int
exchange_late(exchange_t *x, const char *what)
{
    if (strcmp(what, "no reply") == 0) {
        x->a->hint = EXCHANGE_PROBE;
    }

    return exchange_fail(x, NTHRIFT_ANSWER_LATE, "%s within %g s", what,
                         (double) x->call->timeout / 1000000);
}


/* "framed binary", "HTTP binary" */

static const char *
exchange_transport(const nthrift_outgoing_t *call)
{
    return (call->path != NULL) ? "HTTP"
                                : nthrift_transport_name(call->head.transport);
}


/* A name that came over the wire, for a terminal. */

static const char *
exchange_name(char *buf, const nthrift_str_t *name)
{
    size_t  i, len;

    len = (name->len < EXCHANGE_NAME) ? name->len : EXCHANGE_NAME - 1;

    for (i = 0; i < len; i++) {
        buf[i] = (name->data[i] >= 0x20 && name->data[i] < 0x7f)
                 ? (char) name->data[i] : '?';
    }

    buf[len] = '\0';

    return buf;
}


static void
exchange_dump_line(char mark, const uint8_t *data, size_t at, size_t n)
{
    size_t  i;

    fprintf(stderr, "%c %06zx ", mark, at);

    for (i = 0; i < EXCHANGE_LINE; i++) {
        if (i < n) {
            fprintf(stderr, " %02x", data[at + i]);
        } else {
            fputs("   ", stderr);
        }
    }

    fputs("  ", stderr);

    for (i = 0; i < n; i++) {
        fputc((data[at + i] >= 0x20 && data[at + i] < 0x7f) ? data[at + i]
                                                            : '.', stderr);
    }

    fputc('\n', stderr);
}


/* -vv: `mark` is '>' for what is sent, '<' for what is received. */

static void
exchange_dump(const exchange_t *x, char mark, const uint8_t *data, size_t len)
{
    size_t  at, n;

    if (x->call->verbose < 2) {
        return;
    }

    for (at = 0; at < len && at < EXCHANGE_DUMP; at += EXCHANGE_LINE) {
        n = (len - at < EXCHANGE_LINE) ? len - at : EXCHANGE_LINE;
        exchange_dump_line(mark, data, at, n);
    }

    if (at < len) {
        fprintf(stderr, "%c ... %zu bytes more\n", mark, len - at);
    }
}


/* The connection */

static int
exchange_connect(exchange_t *x)
{
    int  rc;

    rc = nthrift_stream_open(&x->stream, &x->call->address,
                             x->start + x->call->timeout);

    if (rc == NTHRIFT_SOCKET_LATE) {
        return exchange_late(x, "not connected");
    }

    if (rc != 0) {
        snprintf(x->a->error, sizeof(x->a->error), "cannot connect to %s: %s",
                 x->call->where, x->stream.error);
        x->a->kind = NTHRIFT_ANSWER_UNREACHED;
        return -1;
    }

    if (x->call->verbose) {
        nthrift_say("connected to %s in %.3f ms", x->call->where,
                    exchange_ms(nthrift_socket_time() - x->start));
    }

    return 0;
}


static const char *
exchange_secure_hint(const char *error)
{
    if (strcmp(error, "wrong version number") == 0
        || strcmp(error, "connection closed") == 0
        || strcmp(error, "unexpected eof while reading") == 0
        || strcmp(error, "packet length too long") == 0)
    {
        return "the port may not speak TLS";
    }

    return (strncmp(error, "certificate not verified", 24) == 0)
           ? "--ca FILE names certificates to trust, --insecure trusts all"
           : "";
}


static int
exchange_secure(exchange_t *x)
{
    int  rc;

    if (!x->call->tls.on) {
        return 0;
    }

    rc = nthrift_stream_secure(&x->stream, &x->call->address, &x->call->tls);

    if (rc == NTHRIFT_SOCKET_LATE) {
        x->a->hint = "the port may not speak TLS";
        return exchange_late(x, "no TLS handshake");
    }

    if (rc != 0) {
        x->a->hint = exchange_secure_hint(x->stream.error);
        return exchange_fail(x, NTHRIFT_ANSWER_STRANGE, "TLS: %s",
                             x->stream.error);
    }

    if (x->call->verbose) {
        nthrift_say("%s, %s", SSL_get_version(x->stream.ssl),
                    SSL_get_cipher_name(x->stream.ssl));
    }

    return 0;
}


/* Sending */

/* Head and body in one piece. */

static uint8_t *
exchange_message(const nthrift_outgoing_t *call, size_t *len)
{
    uint8_t  *data, *p;

    *len = nthrift_head_size(&call->head) + call->body.len;

    data = nthrift_malloc(*len);

    p = nthrift_head_write(data, &call->head, call->body.len);

    if (call->body.len != 0) {
        memcpy(p, call->body.data, call->body.len);
    }

    return data;
}


static uint8_t *
exchange_request(const nthrift_outgoing_t *call, size_t *len)
{
    size_t    size;
    uint8_t  *message, *request;

    message = exchange_message(call, &size);
    *len = size;

    if (call->path == NULL) {
        return message;
    }

    request = nthrift_http_request(&call->address, call->path,
                                   nthrift_http_type(call->head.protocol),
                                   &call->headers, message, size, len);
    free(message);

    return request;
}


static int
exchange_send(exchange_t *x)
{
    int       rc;
    size_t    len;
    uint8_t  *data;

    data = exchange_request(x->call, &len);
    rc = nthrift_stream_send(&x->stream, data, len);

    if (rc == 0 && x->call->verbose) {
        nthrift_say("sent %zu bytes: %s %s %s, %.*s, seqid %d", len,
                    exchange_transport(x->call),
                    nthrift_protocol_name(x->call->head.protocol),
                    nthrift_head_type_name(x->call->head.type),
                    (int) x->call->head.name.len,
                    (const char *) x->call->head.name.data,
                    (int) x->call->head.seqid);
        exchange_dump(x, '>', data, len);
    }

    free(data);

    if (rc == NTHRIFT_SOCKET_LATE) {
        return exchange_late(x, "the call is not sent");
    }

    if (rc != 0) {
        return exchange_fail(x, NTHRIFT_ANSWER_CLOSED, "cannot send: %s",
                             x->stream.error);
    }

    return 0;
}


/* Receiving */

static int
exchange_closed(exchange_t *x, const char *why)
{
    if (x->len == 0) {
        x->a->hint = EXCHANGE_PROBE;
        return exchange_fail(x, NTHRIFT_ANSWER_CLOSED,
                             "%s without a reply to %s %s %s call", why,
                             strchr("uH", *exchange_transport(x->call)) ? "an"
                                                                        : "a",
                             exchange_transport(x->call),
                             nthrift_protocol_name(x->call->head.protocol));
    }

    return exchange_fail(x, NTHRIFT_ANSWER_CLOSED,
                         "%s after %zu bytes of the reply", why, x->len);
}


/* Receives some more: 0, or -1. */

static int
exchange_receive(exchange_t *x)
{
    ssize_t   n;
    uint8_t  *data;

    if (x->size - x->len < EXCHANGE_READ) {
        x->size = x->size * 2 + EXCHANGE_READ;
        data = nthrift_malloc(x->size);

        if (x->len != 0) {
            memcpy(data, x->data, x->len);
        }

        free(x->data);
        x->data = data;
    }

    n = nthrift_stream_receive(&x->stream, x->data + x->len, EXCHANGE_READ);

    if (n == NTHRIFT_SOCKET_LATE) {
        return exchange_late(x, (x->len == 0) ? "no reply"
                                              : "not all of the reply");
    }

    if (n < 0) {
        return exchange_closed(x, x->stream.error);
    }

    if (n == 0) {
        return exchange_closed(x, "connection closed");
    }

    exchange_dump(x, '<', x->data + x->len, (size_t) n);
    x->len += (size_t) n;

    return 0;
}


/* What the first bytes are when they are no reply. */

static const char *
exchange_hint(const exchange_t *x)
{
    if (x->call->path == NULL && x->len >= 5
        && memcmp(x->data, "HTTP/", 5) == 0)
    {
        return "the port speaks HTTP: http:// before the address";
    }

    if (!x->call->tls.on && x->len >= 2 && x->data[0] == 0x15
        && x->data[1] == 0x03)
    {
        return "the port speaks TLS: --tls";
    }

    return "";
}


static int
exchange_malformed(exchange_t *x)
{
    x->a->hint = exchange_hint(x);

    return exchange_fail(x, NTHRIFT_ANSWER_STRANGE, "malformed reply: %s",
                         x->message.error.text);
}


static void
exchange_start(exchange_t *x, const nthrift_outgoing_t *call,
    nthrift_answer_t *a)
{
    memset(a, 0, sizeof(nthrift_answer_t));

    a->hint = "";

    x->call = call;
    x->a = a;
    x->start = nthrift_socket_time();
    x->data = NULL;
    x->len = 0;
    x->size = 0;

    memset(&x->stream, 0, sizeof(nthrift_stream_t));
    memset(&x->rules, 0, sizeof(nthrift_rules_t));

    x->stream.fd = -1;

    x->rules.transport = call->head.transport;
    x->rules.protocol = call->head.protocol;
    x->rules.lax = call->head.write_lax;
    x->rules.validate = 1;
    x->rules.max_header = NTHRIFT_MAX_HEADER;
    x->rules.max_depth = NTHRIFT_MAX_DEPTH;
    x->rules.max_frame = call->max_size;
    x->rules.max_message = (uint64_t) call->max_size + NTHRIFT_LENGTH_SIZE;

    nthrift_message_start(&x->message);
}


/* Reads until the message is whole and well formed: 0, or -1. */

static int
exchange_read(exchange_t *x)
{
    int             rc;
    size_t          used;
    const uint8_t  *p;

    used = 0;

    do {
        if (exchange_receive(x) != 0) {
            return -1;
        }

        p = x->data + used;

        rc = nthrift_message_read(&x->message, &x->rules, x->levels, &p,
                                  x->data + x->len);

        used = (size_t) (p - x->data);

        if (rc == NTHRIFT_ERROR || nthrift_message_discards(&x->message)) {
            return exchange_malformed(x);
        }

    } while (rc == NTHRIFT_AGAIN);

    return (x->message.error.text == NULL) ? 0 : exchange_malformed(x);
}


/* HTTP */

/* What a body says that is no message: its first line. */

static int
exchange_http_text(exchange_t *x, const nthrift_http_response_t *r,
    const char *what)
{
    int     status, text;
    char    name[EXCHANGE_NAME];
    size_t  n;

    for (n = 0; n < r->body.len && n < EXCHANGE_TEXT; n++) {
        if (r->body.data[n] < 0x20 || r->body.data[n] >= 0x7f) {
            break;
        }
    }

    text = (n > 3 && (n == r->body.len || n == EXCHANGE_TEXT
                      || r->body.data[n] == '\n' || r->body.data[n] == '\r'));
    status = (int) r->status;

    return exchange_fail(x, NTHRIFT_ANSWER_STRANGE,
                         "HTTP status %d %s%s%s%s%.*s", status,
                         exchange_name(name, &r->reason),
                         (*what != '\0') ? ", " : "", what,
                         text ? ": " : "", text ? (int) n : 0,
                         (const char *) r->body.data);
}


static int
exchange_http_body(exchange_t *x, const nthrift_http_response_t *r)
{
    int             rc;
    const uint8_t  *p;

    p = r->body.data;

    if (r->body.len == 0 && r->status == 200
        && x->call->head.type == NTHRIFT_ONEWAY)
    {
        return 0;
    }

    rc = (r->body.len != 0)
         ? nthrift_message_read(&x->message, &x->rules, x->levels, &p,
                                p + r->body.len)
         : NTHRIFT_AGAIN;

    if (rc == NTHRIFT_OK && x->message.error.text == NULL) {
        return 0;
    }

    if (r->status / 100 == 2 && r->body.len == 0) {
        return (x->call->head.type == NTHRIFT_ONEWAY) ? 0
               : exchange_http_text(x, r, "but no reply in its body");
    }

    if (r->status != 200) {
        return exchange_http_text(x, r, "");
    }

    if (x->message.error.text != NULL) {
        return exchange_http_text(x, r, x->message.error.text);
    }

    return exchange_http_text(x, r, "but the reply in its body is cut off");
}


static int
exchange_http(exchange_t *x)
{
    int                      rc;
    nthrift_http_response_t  r;

    rc = nthrift_http_receive(&x->stream, &r, x->call->max_size);

    x->data = r.data;
    x->len = r.len;

    if (r.len != 0) {
        exchange_dump(x, '<', r.data, r.len);
    }

    if (rc == NTHRIFT_SOCKET_LATE) {
        return exchange_late(x, (r.len == 0) ? "no reply"
                                             : "not all of the reply");
    }

    if (rc != 0 && r.len == 0) {
        return exchange_closed(x, "connection closed");
    }

    if (rc != 0) {
        x->a->hint = exchange_hint(x);
        return exchange_fail(x, NTHRIFT_ANSWER_STRANGE, "%s",
                             x->stream.error);
    }

    if (x->call->verbose) {
        nthrift_say("received HTTP status %u, %zu bytes", r.status,
                    r.body.len);
    }

    rc = exchange_http_body(x, &r);

    /* the message is all that is looked at from here on */

    if (rc == 0 && r.body.len != 0) {
        memmove(x->data, r.body.data, r.body.len);
    }

    x->len = r.body.len;

    return rc;
}


/* The reply */

/*
 * A reply has the name of the method alone.  Where the service of a
 * multiplexed call is unknown, exceptions come under the name as it was sent
 * (C++), or under that of the service (C).
 */

static int
exchange_is_name(const nthrift_outgoing_t *call, const nthrift_head_t *reply)
{
    size_t          len;
    const uint8_t  *colon;

    if (nthrift_str_equal(&reply->name, &call->method)) {
        return 1;
    }

    if (reply->type != NTHRIFT_EXCEPTION) {
        return 0;
    }

    colon = memchr(call->head.name.data, ':', call->head.name.len);
    len = (colon != NULL) ? (size_t) (colon - call->head.name.data) : 0;

    return nthrift_str_equal(&reply->name, &call->head.name)
           || (len != 0 && len == reply->name.len
               && memcmp(reply->name.data, call->head.name.data, len) == 0);
}


/* Whether the message answers the call. */

static int
exchange_check(exchange_t *x, const nthrift_head_t *reply)
{
    char  name[EXCHANGE_NAME];

    if (reply->type != NTHRIFT_REPLY && reply->type != NTHRIFT_EXCEPTION) {
        return exchange_fail(x, NTHRIFT_ANSWER_STRANGE,
                             "the reply is of type %u (%s)", reply->type,
                             nthrift_head_type_name(reply->type));
    }

    if (reply->seqid != x->call->head.seqid) {
        return exchange_fail(x, NTHRIFT_ANSWER_STRANGE,
                             "the reply has seqid %d instead of %d",
                             (int) reply->seqid, (int) x->call->head.seqid);
    }

    if (!exchange_is_name(x->call, reply)) {
        return exchange_fail(x, NTHRIFT_ANSWER_STRANGE,
                             "the reply is one of \"%s\" instead of \"%.*s\"",
                             exchange_name(name, &reply->name),
                             (int) x->call->method.len,
                             (const char *) x->call->method.data);
    }

    return 0;
}


/* -v: the headers of a THeader */

static void
exchange_say_info(const nthrift_head_t *head)
{
    char                     key[EXCHANGE_NAME], text[EXCHANGE_NAME];
    nthrift_str_t            name, value;
    nthrift_theader_info_t   walk;

    nthrift_theader_info_start(&walk, &head->info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        nthrift_say("header %s=%s", exchange_name(key, &name),
                    exchange_name(text, &value));
    }
}


static int
exchange_reply(exchange_t *x)
{
    size_t           length;
    nthrift_head_t  *head;
    nthrift_error_t  error;

    length = (size_t) x->message.length;

    if (x->call->verbose) {
        nthrift_say("received %zu bytes: %s, after %.3f ms", length,
                    nthrift_head_type_name(x->message.head.type),
                    exchange_ms(nthrift_socket_time() - x->start));
    }

    if (x->len != length) {
        nthrift_say("%s: %zu bytes more after the reply", x->call->where,
                    x->len - length);
    }

    /* once more: the bytes have moved since the head was read */

    head = &x->a->head;
    error.text = NULL;
    (void) nthrift_head_read(&x->rules, x->data, x->data + length, head,
                             &error);

    if (head->packed != NTHRIFT_PLAIN) {
        return exchange_fail(x, NTHRIFT_ANSWER_STRANGE,
                             "the reply is transformed, which was not asked "
                             "for");
    }

    if (x->call->verbose) {
        exchange_say_info(head);
    }

    x->a->body.data = x->data + head->size;
    x->a->body.len = length - head->size;

    return exchange_check(x, head);
}


static int
exchange_answer(exchange_t *x)
{
    int  rc;

    if (x->call->path == NULL && x->call->head.type == NTHRIFT_ONEWAY) {
        x->a->kind = NTHRIFT_ANSWER_NONE;
        return 0;
    }

    rc = (x->call->path != NULL) ? exchange_http(x) : exchange_read(x);

    if (rc != 0) {
        return rc;
    }

    if (x->call->head.type == NTHRIFT_ONEWAY) {
        x->a->kind = NTHRIFT_ANSWER_NONE;
        return 0;
    }

    return exchange_reply(x);
}


int
nthrift_exchange(const nthrift_outgoing_t *call, nthrift_answer_t *a)
{
    int         rc;
    exchange_t  x;

    exchange_start(&x, call, a);

    rc = exchange_connect(&x);

    if (rc == 0) {
        rc = exchange_secure(&x);
    }

    if (rc == 0) {
        rc = exchange_send(&x);
    }

    if (rc == 0) {
        rc = exchange_answer(&x);
    }

    nthrift_stream_close(&x.stream);

    a->data = x.data;
    a->took = nthrift_socket_time() - x.start;

    return rc;
}


void
nthrift_answer_free(nthrift_answer_t *a)
{
    free(a->data);
}
