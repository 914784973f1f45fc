/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/reload/call.c: the bytes of calls and replies; see answer.h.
 */

#include "load.h"

#include <stdio.h>


#define FIELDS  (4 * 4 + VARIANTS)      /* whose headers and numbers are */
#define FIELD   8                       /* bytes at most */


static uint8_t *
write_i32(uint8_t *p, wire_protocol_e protocol, int16_t id, int16_t before,
    int32_t value)
{
    wire_field_t  field;

    field.type = WIRE_I32;
    field.id = id;

    p = wire_write_field(p, protocol, &field, before);

    return wire_write_i32(p, protocol, value);
}


static uint8_t *
write_string(uint8_t *p, wire_protocol_e protocol, int16_t id, int16_t before,
    uint32_t len)
{
    if (protocol == WIRE_COMPACT) {
        id -= before;           /* a short header is the difference */
    }

    return wire_write_string(p, protocol, id, len);
}


static uint8_t *
write_picks(uint8_t *p, wire_protocol_e protocol)
{
    int16_t  i, before;

    before = 4;

    for (i = 0; i < VARIANTS; i++) {
        p = write_i32(p, protocol, FIRST_PICK + i, before, i);
        before = FIRST_PICK + i;
    }

    return p;
}


static uint8_t *
write_head(uint8_t *p, wire_format_t format, int type, const char *name,
    size_t len, int32_t seqid)
{
    wire_head_t  head;

    head.type = type;
    head.seqid = seqid;
    head.name.data = (const uint8_t *) name;
    head.name.len = (uint32_t) len;

    return wire_write_head(p + (format.framed ? WIRE_FRAME : 0),
                           format.protocol, &head);
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
call_write(buf_t *b, wire_format_t format, const call_t *call)
{
    uint8_t     *p;
    const char  *name;

    buf_reserve(b, call->pad + FIELDS * FIELD + WIRE_OVERHEAD);

    name = call->hosted ? "hosted" : "passed";

    p = write_head(b->data + b->len, format, WIRE_CALL, name, strlen(name),
                   call->seqid);

    p = write_i32(p, format.protocol, 1, 0, (int32_t) call->id);
    p = write_i32(p, format.protocol, 2, 1, (int32_t) call->delay);
    p = write_i32(p, format.protocol, 3, 2, (int32_t) call->size);
    p = write_string(p, format.protocol, 4, 3, call->pad);

    fill(p, call->pad, call->id);

    p = write_picks(p + call->pad, format.protocol);

    end_message(b, format, p);
}


void
reply_write(buf_t *b, const message_t *call, const answer_t *answer)
{
    uint8_t   *p;
    uint32_t   size;

    size = (uint32_t) call->numbers[3];

    buf_reserve(b, size + call->head.name.len + WIRE_OVERHEAD);

    p = write_head(b->data + b->len, call->format, WIRE_REPLY,
                   (const char *) call->head.name.data, call->head.name.len,
                   call->head.seqid);

    p = wire_write_string(p, call->format.protocol, 0, size);

    answer_write(p, size, (uint32_t) call->numbers[1], answer);

    end_message(b, call->format, p + size);
}


static int
read_fields(wire_reader_t *r, message_t *m)
{
    int            rc;
    int32_t        n;
    wire_field_t   field;

    m->text_id = -1;
    r->id = 0;

    for ( ;; ) {
        rc = wire_read_field(r, &field);

        if (rc != WIRE_OK || field.type == WIRE_STOP) {
            return rc;
        }

        if (field.type == WIRE_STRING) {
            m->text_id = field.id;
            rc = wire_read_string(r, &m->text);

        } else {
            rc = field.type == WIRE_I32 ? wire_read_i32(r, &n) : WIRE_ERROR;

            if (rc == WIRE_OK && field.id >= 0 && field.id < 4) {
                m->numbers[field.id] = n;
            }
        }

        if (rc != WIRE_OK) {
            return rc;
        }
    }
}


int
message_read(const uint8_t *p, size_t n, message_t *m)
{
    int            rc;
    uint32_t       len;
    wire_reader_t  r;

    rc = wire_detect(p, n, &m->format);
    if (rc != WIRE_OK) {
        return rc;
    }

    memset(&r, 0, sizeof(wire_reader_t));
    r.protocol = m->format.protocol;
    r.p = p;
    r.last = p + n;

    if (m->format.framed) {
        len = wire_get32(p);
        r.p += WIRE_FRAME;

        if ((size_t) (r.last - r.p) < len) {
            return WIRE_AGAIN;
        }

        r.last = r.p + len;
    }

    rc = wire_read_head(&r, &m->head);

    if (rc == WIRE_OK) {
        rc = read_fields(&r, m);
    }

    m->len = (size_t) (r.p - p);

    return m->format.framed && (rc == WIRE_AGAIN || r.p != r.last)
           ? WIRE_ERROR : rc;
}
