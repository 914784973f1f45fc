/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/wire.c: messages.  What an adapter gets, what it replies with and
 * whether that is a reply, and the exceptions that answer for a handler.
 * Bodies that have tables: body.c.
 */

#include "host_private.h"

#include "wire/exception.h"
#include "wire/head.h"
#include "wire/message.h"


/* Of the call, or of its reply: as if it had come unframed. */

void
host_wire_head(const host_call_t *call, unsigned type, nthrift_head_t *head)
{
    memset(head, 0, sizeof(nthrift_head_t));

    head->transport = NTHRIFT_UNFRAMED;
    head->protocol = (uint8_t) call->protocol;
    head->type = (uint8_t) type;
    head->seqid = call->seqid;
    head->name = call->info.method;
}


static const char *
wire_walk(const host_request_t *request)
{
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[HOST_DEPTH];

    p = request->body;

    nthrift_skip_start(&w, request->protocol, levels, HOST_DEPTH,
                       request->size);

    switch (nthrift_skip_read(&w, &p, request->body + request->size, &err)) {

    case NTHRIFT_OK:
        return (p == request->body + request->size)
               ? NULL : "the body has more than its struct";

    case NTHRIFT_AGAIN:
        return "the body is cut off";

    default:
        return err.text;
    }
}


/*
 * What the method is called with.  The bytes are copied into a block of just
 * their size.
 */

const char *
host_wire_args(host_call_t *call, const host_request_t *request)
{
    uint8_t         *p;
    const char      *why;
    nthrift_raw_t   *raw;
    nthrift_head_t   head;

    why = wire_walk(request);

    if (why != NULL) {
        return why;
    }

    if (call->method != NULL) {
        return host_body_args(call, request);
    }

    host_wire_head(call, request->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL,
                   &head);

    raw = nthrift_arena_alloc(call->arena, sizeof(nthrift_raw_t));
    p = malloc(nthrift_head_size(&head) + request->size);

    if (raw == NULL || p == NULL) {
        free(p);
        return "no memory";
    }

    call->message = p;

    raw->data = p;
    raw->size = nthrift_head_size(&head) + request->size;
    raw->protocol = request->protocol;

    p = nthrift_head_write(p, &head, request->size);

    if (request->size != 0) {
        memcpy(p, request->body, request->size);
    }

    call->args = raw;

    return NULL;
}


/* Is it a whole reply to this call? */

static const char *
wire_check(const host_call_t *call, const uint8_t *data, size_t size)
{
    int                    rc;
    const uint8_t         *p;
    nthrift_rules_t        rules;
    nthrift_message_t      m;
    nthrift_skip_level_t   levels[NTHRIFT_MAX_DEPTH];

    memset(&rules, 0, sizeof(rules));
    rules.transport = NTHRIFT_UNFRAMED;
    rules.protocol = (uint8_t) call->protocol;
    rules.validate = 1;
    rules.max_depth = NTHRIFT_MAX_DEPTH;
    rules.max_frame = NTHRIFT_MAX_FRAME;
    rules.max_message = NTHRIFT_MAX_FRAME;

    p = data;
    nthrift_message_start(&m);
    rc = nthrift_message_read(&m, &rules, levels, &p, data + size);

    if (rc == NTHRIFT_ERROR || m.error.text != NULL) {
        return "handler's reply is malformed";
    }

    if (rc != NTHRIFT_OK || p != data + size) {
        return "handler's reply is not one message";
    }

    if (m.head.type != NTHRIFT_REPLY && m.head.type != NTHRIFT_EXCEPTION) {
        return "handler's reply is of another type";
    }

    if (m.head.seqid != call->seqid
        || !nthrift_str_equal(&m.head.name, &call->info.method))
    {
        return "handler's reply is to another call";
    }

    return NULL;
}


const char *
host_wire_reply_raw(host_call_t *call, const uint8_t *data, size_t size)
{
    uint8_t     *p;
    const char  *why;

    why = wire_check(call, data, size);

    if (why != NULL || call->info.oneway) {
        return why;
    }

    p = malloc(size);
    if (p == NULL) {
        return "no memory";
    }

    memcpy(p, data, size);
    call->result.reply = p;
    call->result.size = size;

    return NULL;
}


/* A oneway's client never sees it. */

void
host_wire_exception(host_call_t *call, int32_t type, const char *text,
    size_t len)
{
    size_t          body, size;
    uint8_t        *p;
    nthrift_str_t   str;
    nthrift_head_t  head;

    if (call->info.oneway) {
        return;
    }

    host_wire_head(call, NTHRIFT_EXCEPTION, &head);

    str = nthrift_str_of(text, len);
    body = nthrift_exception_size(call->protocol, &str, type);
    size = nthrift_head_size(&head) + body;

    p = malloc(size);
    if (p == NULL) {
        return;
    }

    call->result.reply = p;
    call->result.size = size;

    p = nthrift_head_write(p, &head, body);
    (void) nthrift_exception_write(p, call->protocol, &str, type);
}
