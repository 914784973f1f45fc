/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/faults/message.c: the bytes of calls and replies.  A text begins with the
 * id of its call, and with its inverse.
 */

#include "faults.h"

#include <stdio.h>
#include <string.h>


#define ID_TEXT     17          /* bytes of "01234567.fedcba98" */
#define REPLY_TEXT  64
#define NAME        16
#define PAD          4


const char *
kind_name(kind_e kind)
{
    static const char  *names[] = { "get", "put", "tell" };

    return names[kind];
}


size_t
at_bytes(at_e at, size_t size)
{
    switch (at) {
    case AT_BEGIN:
        return 0;
    case AT_ONE:
        return 1;
    case AT_THREE:
        return 3;
    case AT_FOUR:
        return 4;
    case AT_FIVE:
        return 5;
    case AT_HALF:
        return size / 2;
    case AT_BUT_ONE:
        return size - 1;
    case AT_END:
    case AT_LAST:
        break;
    }

    return size;
}


/* --- writing ------------------------------------------------------------ */

static uint8_t *
write_head(uint8_t *p, wire_format_t format, int type, const char *name,
    int32_t seqid)
{
    wire_head_t  head;

    head.type = type;
    head.seqid = seqid;
    head.name.data = (const uint8_t *) name;
    head.name.len = (uint32_t) strlen(name);

    return wire_write_head(p + (format.framed ? WIRE_FRAME : 0),
                           format.protocol, &head);
}


static uint8_t *
write_id(uint8_t *p, uint32_t id)
{
    char  text[ID_TEXT + 1];

    snprintf(text, sizeof(text), "%08x.%08x", id, ~id);
    memcpy(p, text, ID_TEXT);

    return p + ID_TEXT;
}


static uint8_t *
write_filler(uint8_t *p, size_t n)
{
    memset(p, 'x', n);

    return p + n;
}


static void
end_message(buf_t *b, wire_format_t format, uint8_t *p)
{
    uint8_t  *start;

    *p++ = WIRE_STOP;

    start = b->data + b->len;
    b->len = (size_t) (p - b->data);

    if (format.framed) {
        wire_put32(start, (uint32_t) (p - start) - WIRE_FRAME);
    }
}


void
call_write(buf_t *b, uint32_t id)
{
    size_t           pad;
    call_t          *call;
    uint8_t         *p, *body;
    wire_protocol_e  protocol;

    call = &calls[id];
    protocol = call->format.protocol;
    pad = call->planned && call->place == PLACE_LARGE ? conf.pad : PAD;

    buf_reserve(b, pad + ID_TEXT + NAME + 2 * WIRE_OVERHEAD);

    body = write_head(b->data + b->len, call->format,
                      call->kind == KIND_TELL ? WIRE_ONEWAY : WIRE_CALL,
                      kind_name(call->kind), call->seqid);

    p = wire_write_string(body, protocol, 1, ID_TEXT);
    p = write_id(p, id);

    /* a short header in compact has the difference of ids */

    p = wire_write_string(p, protocol, protocol == WIRE_COMPACT ? 1 : 2,
                          (uint32_t) pad);
    p = write_filler(p, pad);

    call->body = (uint32_t) (p - body) + 1;

    end_message(b, call->format, p);
}


void
reply_write(buf_t *b, uint32_t id, wire_format_t format, int32_t seqid,
    const char *name)
{
    uint8_t  *p;

    buf_reserve(b, REPLY_TEXT + NAME + WIRE_OVERHEAD);

    p = write_head(b->data + b->len, format, WIRE_REPLY, name, seqid);
    p = wire_write_string(p, format.protocol, 0, REPLY_TEXT);
    p = write_id(p, id);
    p = write_filler(p, REPLY_TEXT - ID_TEXT);

    end_message(b, format, p);
}


/* --- reading ------------------------------------------------------------ */

static uint32_t
read_id(const wire_str_t *s)
{
    char      text[ID_TEXT + 1];
    uint32_t  id, inverse;

    if (s->len < ID_TEXT) {
        return NO_ID;
    }

    memcpy(text, s->data, ID_TEXT);
    text[ID_TEXT] = '\0';

    return sscanf(text, "%8x.%8x", &id, &inverse) == 2 && inverse == ~id
           && id < ncalls ? id : NO_ID;
}


static int
is_filler(const wire_str_t *s)
{
    uint32_t  i;

    for (i = ID_TEXT; i < s->len; i++) {
        if (s->data[i] != 'x') {
            return 0;
        }
    }

    return s->len == REPLY_TEXT;
}


/* Reads a head; a frame need not be there as a whole. */

static int
read_begin(const uint8_t *p, size_t n, message_t *m, wire_reader_t *r)
{
    int  rc;

    memset(m, 0, sizeof(message_t));
    m->id = NO_ID;

    rc = wire_detect(p, n, &m->format);
    if (rc != WIRE_OK) {
        return rc;
    }

    memset(r, 0, sizeof(wire_reader_t));
    r->protocol = m->format.protocol;
    r->p = p + (m->format.framed ? WIRE_FRAME : 0);
    r->last = p + n;

    rc = wire_read_head(r, &m->head);
    r->id = 0;

    return rc;
}


int
request_read(const uint8_t *p, size_t n, message_t *m)
{
    int             rc;
    wire_str_t      text;
    wire_field_t    field;
    wire_reader_t   r;
    const uint8_t  *body;

    rc = read_begin(p, n, m, &r);
    if (rc != WIRE_OK) {
        return rc;
    }

    body = r.p;

    rc = wire_read_field(&r, &field);
    if (rc != WIRE_OK) {
        return rc;
    }

    rc = field.type == WIRE_STRING ? wire_read_string(&r, &text) : WIRE_ERROR;
    if (rc != WIRE_OK) {
        return rc;
    }

    m->id = read_id(&text);
    if (m->id == NO_ID) {
        return WIRE_ERROR;
    }

    m->len = (size_t) (body - p) + calls[m->id].body;

    return m->format.framed && wire_get32(p) + WIRE_FRAME != m->len
           ? WIRE_ERROR : WIRE_OK;
}


static int
read_fields(wire_reader_t *r, message_t *m)
{
    int           rc;
    int32_t       code;
    wire_str_t    text;
    wire_field_t  field;

    for ( ;; ) {
        rc = wire_read_field(r, &field);

        if (rc != WIRE_OK || field.type == WIRE_STOP) {
            return rc;
        }

        if (field.type == WIRE_STRING && field.id == 0) {
            rc = wire_read_string(r, &text);
            m->id = rc == WIRE_OK ? read_id(&text) : NO_ID;
            m->intact = rc == WIRE_OK && is_filler(&text);

        } else if (field.type == WIRE_STRING) {
            rc = wire_read_string(r, &m->error);

        } else if (field.type == WIRE_I32) {
            rc = wire_read_i32(r, &code);
            m->code = rc == WIRE_OK ? code : 0;

        } else {
            return WIRE_ERROR;
        }

        if (rc != WIRE_OK) {
            return rc;
        }
    }
}


int
reply_read(const uint8_t *p, size_t n, message_t *m)
{
    int            rc;
    wire_reader_t  r;

    rc = read_begin(p, n, m, &r);
    if (rc != WIRE_OK) {
        return rc;
    }

    if (m->format.framed) {
        if ((size_t) (r.last - p) < WIRE_FRAME + wire_get32(p)) {
            return WIRE_AGAIN;
        }

        r.last = p + WIRE_FRAME + wire_get32(p);
    }

    rc = read_fields(&r, m);
    m->len = (size_t) (r.p - p);

    return m->format.framed && (rc == WIRE_AGAIN || r.p != r.last)
           ? WIRE_ERROR : rc;
}
