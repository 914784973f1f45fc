/*
 * nthrift_exchange.c: one message there and one back.  nthrift_call.c has made
 * the call; what comes back is read by wire/, checked to be the answer to this
 * call, and made JSON by src/plain/.
 *
 * It says itself what goes wrong.
 */

#include "nthrift.h"
#include "nthrift_call.h"

#include "wire/head.h"
#include "wire/message.h"
#include "wire/protocol.h"
#include "wire/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>


#define EXCHANGE_READ  (64 * 1024)      /* bytes: read at once */
#define EXCHANGE_NAME  64               /* bytes: of a name in a message */

#define exchange_ms(us)  ((double) (us) / 1000)


typedef struct {
    const nthrift_call_t   *call;
    int                     fd;
    int64_t                 start;      /* microseconds */
    int64_t                 deadline;
    uint8_t                *data;       /* of the reply, from its beginning */
    size_t                  len;
    size_t                  size;
    nthrift_rules_t         rules;
    nthrift_message_t       message;
    nthrift_skip_level_t    levels[NTHRIFT_MAX_DEPTH];
} exchange_t;


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


static int
exchange_late(const exchange_t *x, const char *what)
{
    nthrift_say("%s: %s within %g s", x->call->where, what,
                     (double) x->call->timeout / 1000000);

    return -1;
}


static int
exchange_connect(exchange_t *x)
{
    const char  *error;

    x->fd = nthrift_socket_connect(&x->call->address, x->deadline, &error);

    if (x->fd == NTHRIFT_SOCKET_LATE) {
        return exchange_late(x, "not connected");
    }

    if (x->fd < 0) {
        nthrift_say("cannot connect to %s: %s", x->call->where, error);
        return -1;
    }

    if (x->call->verbose) {
        nthrift_say("connected to %s in %.3f ms", x->call->where,
                         exchange_ms(nthrift_socket_time() - x->start));
    }

    return 0;
}


/* Head and body in one piece. */

static uint8_t *
exchange_message(const nthrift_call_t *call, size_t *len)
{
    uint8_t  *data, *p;

    *len = nthrift_head_size(&call->head) + call->body.len;

    data = nthrift_malloc(*len);

    p = nthrift_head_write(data, &call->head, call->body.len);
    memcpy(p, call->body.data, call->body.len);

    return data;
}


static int
exchange_send(exchange_t *x)
{
    int       rc;
    size_t    len;
    uint8_t  *data;

    data = exchange_message(x->call, &len);
    rc = nthrift_socket_send(x->fd, data, len, x->deadline);
    free(data);

    if (rc == NTHRIFT_SOCKET_LATE) {
        return exchange_late(x, "the call is not sent");
    }

    if (rc != 0) {
        nthrift_say("%s: cannot send: %s", x->call->where,
                         strerror(errno));
        return -1;
    }

    if (x->call->verbose) {
        nthrift_say("sent %zu bytes: %s %s %s, %.*s, seqid %d", len,
                         nthrift_transport_name(x->call->head.transport),
                         nthrift_protocol_name(x->call->head.protocol),
                         nthrift_head_type_name(x->call->head.type),
                         (int) x->call->head.name.len,
                         (const char *) x->call->head.name.data,
                         (int) x->call->head.seqid);
    }

    return 0;
}


static int
exchange_closed(const exchange_t *x, const char *why)
{
    if (x->len == 0) {
        nthrift_say("%s: %s without a reply to a %s %s call",
                         x->call->where, why,
                         nthrift_transport_name(x->call->head.transport),
                         nthrift_protocol_name(x->call->head.protocol));
        return -1;
    }

    nthrift_say("%s: %s after %zu bytes of the reply", x->call->where,
                     why, x->len);

    return -1;
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

    n = nthrift_socket_receive(x->fd, x->data + x->len, EXCHANGE_READ,
                               x->deadline);

    if (n == NTHRIFT_SOCKET_LATE) {
        return exchange_late(x, (x->len == 0) ? "no reply"
                                              : "not all of the reply");
    }

    if (n < 0) {
        return exchange_closed(x, strerror(errno));
    }

    if (n == 0) {
        return exchange_closed(x, "connection closed");
    }

    x->len += (size_t) n;

    return 0;
}


static int
exchange_malformed(const exchange_t *x)
{
    nthrift_say("%s: malformed reply: %s", x->call->where,
                     x->message.error.text);

    return -1;
}


static void
exchange_start(exchange_t *x, const nthrift_call_t *call)
{
    x->call = call;
    x->fd = -1;
    x->start = nthrift_socket_time();
    x->deadline = x->start + call->timeout;
    x->data = NULL;
    x->len = 0;
    x->size = 0;

    memset(&x->rules, 0, sizeof(nthrift_rules_t));

    x->rules.transport = call->head.transport;
    x->rules.protocol = call->head.protocol;
    x->rules.validate = 1;
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


/*
 * A reply has the name of the method alone.  Where the service of a
 * multiplexed call is unknown, exceptions come under the name as it was sent
 * (C++), or under that of the service (C).
 */

static int
exchange_is_name(const nthrift_call_t *call, const nthrift_head_t *reply)
{
    size_t          len;
    const uint8_t  *colon;

    if (nthrift_str_equal(&reply->name, &call->method.idl->name)) {
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
exchange_check(const exchange_t *x, const nthrift_head_t *reply)
{
    char  name[EXCHANGE_NAME];

    if (reply->type != NTHRIFT_REPLY && reply->type != NTHRIFT_EXCEPTION) {
        nthrift_say("%s: the reply is of type %u (%s)", x->call->where,
                         reply->type, nthrift_head_type_name(reply->type));
        return -1;
    }

    if (reply->seqid != x->call->head.seqid) {
        nthrift_say("%s: the reply has seqid %d instead of %d",
                         x->call->where, (int) reply->seqid,
                         (int) x->call->head.seqid);
        return -1;
    }

    if (!exchange_is_name(x->call, reply)) {
        nthrift_say("%s: the reply is one of \"%s\" instead of \"%.*s\"",
                         x->call->where, exchange_name(name, &reply->name),
                         (int) x->call->method.idl->name.len,
                         (const char *) x->call->method.idl->name.data);
        return -1;
    }

    return 0;
}


static int
exchange_show(const exchange_t *x, nthrift_arena_t *arena,
    const nthrift_head_t *head, nthrift_plain_reply_t *reply)
{
    nthrift_plain_error_t  err;
    nthrift_plain_rules_t  rules;

    /* the bytes are limited, and JSON by them */

    rules = x->call->rules;
    rules.max_size = SIZE_MAX / 2;

    if (nthrift_plain_reply(&rules, arena, &x->call->method,
                            head->protocol, head->type, x->data + head->size,
                            x->data + x->message.length, reply, &err)
        == NTHRIFT_OK)
    {
        return 0;
    }

    nthrift_say("%s: the reply does not fit the IDL: %s", x->call->where,
                     err.text);

    return -1;
}


static int
exchange_reply(exchange_t *x, nthrift_arena_t *arena,
    nthrift_plain_reply_t *reply)
{
    size_t           length;
    nthrift_head_t   head;
    nthrift_error_t  error;

    if (exchange_read(x) != 0) {
        return -1;
    }

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

    error.text = NULL;
    (void) nthrift_head_read(&x->rules, x->data, x->data + length, &head,
                             &error);

    if (exchange_check(x, &head) != 0) {
        return -1;
    }

    return exchange_show(x, arena, &head, reply);
}


int
nthrift_exchange(const nthrift_call_t *call, nthrift_arena_t *arena,
    nthrift_plain_reply_t *reply)
{
    int         rc;
    exchange_t  x;

    memset(reply, 0, sizeof(nthrift_plain_reply_t));

    exchange_start(&x, call);

    rc = exchange_connect(&x);

    if (rc == 0) {
        rc = exchange_send(&x);
    }

    if (rc == 0 && !call->method.idl->oneway) {
        rc = exchange_reply(&x, arena, reply);
    }

    if (x.fd >= 0) {
        close(x.fd);
    }

    free(x.data);

    if (rc != 0) {
        return NTHRIFT_CALL_FAILED;
    }

    return (reply->kind >= NTHRIFT_PLAIN_DECLARED) ? NTHRIFT_CALL_EXCEPTION
                                                   : NTHRIFT_CALL_OK;
}
