/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/wire.c: see wire.h.  Layouts are those of Apache's
 * doc/specs/thrift-binary-protocol.md and thrift-compact-protocol.md.
 */

#include "wire.h"

#include <string.h>


#define BINARY_VERSION       0x80010000U
#define BINARY_MASK          0xffff0000U

#define COMPACT_ID           0x82
#define COMPACT_VERSION      1
#define COMPACT_VERSION_MASK 0x1f
#define COMPACT_TYPE_SHIFT   5
#define COMPACT_I32          5
#define COMPACT_I64          6
#define COMPACT_BINARY       8

#define VARINT32_MAX         5  /* bytes */
#define VARINT64_MAX        10


int
wire_detect(const uint8_t *p, size_t n, wire_format_t *format)
{
    format->framed = 0;

    if (n == 0) {
        return WIRE_AGAIN;
    }

    if (p[0] < 0x80) {
        if (n <= WIRE_FRAME) {
            return WIRE_AGAIN;
        }

        format->framed = 1;
        p += WIRE_FRAME;
    }

    switch (p[0]) {

    case BINARY_VERSION >> 24:
        format->protocol = WIRE_BINARY;
        return WIRE_OK;

    case COMPACT_ID:
        format->protocol = WIRE_COMPACT;
        return WIRE_OK;

    default:
        return WIRE_ERROR;
    }
}


static int
read_be32(wire_reader_t *r, uint32_t *n)
{
    if (r->last - r->p < 4) {
        return WIRE_AGAIN;
    }

    *n = wire_get32(r->p);
    r->p += 4;

    return WIRE_OK;
}


static int
read_varint64(wire_reader_t *r, unsigned max, uint64_t *n)
{
    uint8_t   ch;
    unsigned  i;

    *n = 0;

    for (i = 0; i < max; i++) {
        if (r->p == r->last) {
            return WIRE_AGAIN;
        }

        ch = *r->p++;
        *n |= (uint64_t) (ch & 0x7f) << (7 * i);

        if (ch < 0x80) {
            return i + 1 < VARINT64_MAX || ch <= 1 ? WIRE_OK : WIRE_ERROR;
        }
    }

    return WIRE_ERROR;
}


static int
read_varint(wire_reader_t *r, uint32_t *n)
{
    int       rc;
    uint64_t  v;

    rc = read_varint64(r, VARINT32_MAX, &v);
    *n = (uint32_t) v;

    if (rc == WIRE_OK && v > UINT32_MAX) {
        return WIRE_ERROR;
    }

    return rc;
}


int
wire_read_string(wire_reader_t *r, wire_str_t *s)
{
    int  rc;

    if (r->protocol == WIRE_BINARY) {
        rc = read_be32(r, &s->len);

    } else {
        rc = read_varint(r, &s->len);
    }

    if (rc != WIRE_OK) {
        return rc;
    }

    if (s->len > INT32_MAX) {
        return WIRE_ERROR;
    }

    if ((size_t) (r->last - r->p) < s->len) {
        return WIRE_AGAIN;
    }

    s->data = r->p;
    r->p += s->len;

    return WIRE_OK;
}


int
wire_read_i32(wire_reader_t *r, int32_t *value)
{
    int       rc;
    uint32_t  n;

    if (r->protocol == WIRE_BINARY) {
        rc = read_be32(r, &n);

    } else {
        rc = read_varint(r, &n);
        n = rc == WIRE_OK ? (n >> 1) ^ (0 - (n & 1)) : 0;
    }

    if (rc == WIRE_OK) {
        *value = (int32_t) n;
    }

    return rc;
}


int
wire_read_i64(wire_reader_t *r, int64_t *value)
{
    int       rc;
    uint64_t  n;

    if (r->protocol == WIRE_COMPACT) {
        rc = read_varint64(r, VARINT64_MAX, &n);

        if (rc == WIRE_OK) {
            *value = (int64_t) ((n >> 1) ^ (0 - (n & 1)));
        }

        return rc;
    }

    if (r->last - r->p < 8) {
        return WIRE_AGAIN;
    }

    n = (uint64_t) wire_get32(r->p) << 32 | wire_get32(r->p + 4);
    *value = (int64_t) n;
    r->p += 8;

    return WIRE_OK;
}


static int
read_head_binary(wire_reader_t *r, wire_head_t *head)
{
    int       rc;
    uint32_t  version, seqid;

    rc = read_be32(r, &version);
    if (rc != WIRE_OK) {
        return rc;
    }

    if ((version & BINARY_MASK) != BINARY_VERSION) {
        return WIRE_ERROR;
    }

    head->type = version & 0xff;

    rc = wire_read_string(r, &head->name);
    if (rc != WIRE_OK) {
        return rc;
    }

    rc = read_be32(r, &seqid);
    if (rc != WIRE_OK) {
        return rc;
    }

    head->seqid = (int32_t) seqid;

    return WIRE_OK;
}


static int
read_head_compact(wire_reader_t *r, wire_head_t *head)
{
    int       rc;
    uint32_t  seqid;

    if (r->last - r->p < 2) {
        return WIRE_AGAIN;
    }

    if (r->p[0] != COMPACT_ID
        || (r->p[1] & COMPACT_VERSION_MASK) != COMPACT_VERSION)
    {
        return WIRE_ERROR;
    }

    head->type = r->p[1] >> COMPACT_TYPE_SHIFT;
    r->p += 2;

    rc = read_varint(r, &seqid);
    if (rc != WIRE_OK) {
        return rc;
    }

    head->seqid = (int32_t) seqid;

    return wire_read_string(r, &head->name);
}


int
wire_read_head(wire_reader_t *r, wire_head_t *head)
{
    r->id = 0;

    if (r->protocol == WIRE_BINARY) {
        return read_head_binary(r, head);
    }

    return read_head_compact(r, head);
}


static int
read_field_binary(wire_reader_t *r, wire_field_t *field)
{
    field->type = *r->p++;

    if (field->type == WIRE_STOP) {
        return WIRE_OK;
    }

    if (field->type != WIRE_I32 && field->type != WIRE_I64
        && field->type != WIRE_STRING)
    {
        return WIRE_ERROR;
    }

    if (r->last - r->p < 2) {
        return WIRE_AGAIN;
    }

    field->id = (int16_t) (r->p[0] << 8 | r->p[1]);
    r->p += 2;

    return WIRE_OK;
}


static int
read_field_compact(wire_reader_t *r, wire_field_t *field)
{
    int      rc;
    uint8_t  ch;
    int32_t  id;

    ch = *r->p++;

    switch (ch & 0x0f) {

    case WIRE_STOP:
        field->type = WIRE_STOP;
        return ch == 0 ? WIRE_OK : WIRE_ERROR;

    case COMPACT_I32:
        field->type = WIRE_I32;
        break;

    case COMPACT_I64:
        field->type = WIRE_I64;
        break;

    case COMPACT_BINARY:
        field->type = WIRE_STRING;
        break;

    default:
        return WIRE_ERROR;
    }

    if (ch >> 4) {
        r->id += ch >> 4;

    } else {
        rc = wire_read_i32(r, &id);
        if (rc != WIRE_OK) {
            return rc;
        }

        r->id = (int16_t) id;
    }

    field->id = r->id;

    return WIRE_OK;
}


int
wire_read_field(wire_reader_t *r, wire_field_t *field)
{
    if (r->p == r->last) {
        return WIRE_AGAIN;
    }

    field->id = 0;

    if (r->protocol == WIRE_BINARY) {
        return read_field_binary(r, field);
    }

    return read_field_compact(r, field);
}


static uint8_t *
write_varint(uint8_t *p, uint64_t n)
{
    while (n > 0x7f) {
        *p++ = (uint8_t) (n | 0x80);
        n >>= 7;
    }

    *p++ = (uint8_t) n;

    return p;
}


uint8_t *
wire_write_head(uint8_t *p, wire_protocol_e protocol, const wire_head_t *head)
{
    if (protocol == WIRE_BINARY) {
        p = wire_put32(p, BINARY_VERSION | (uint32_t) head->type);
        p = wire_put32(p, head->name.len);

    } else {
        *p++ = COMPACT_ID;
        *p++ = (uint8_t) (head->type << COMPACT_TYPE_SHIFT | COMPACT_VERSION);
        p = write_varint(p, (uint32_t) head->seqid);
        p = write_varint(p, head->name.len);
    }

    memcpy(p, head->name.data, head->name.len);
    p += head->name.len;

    if (protocol == WIRE_BINARY) {
        p = wire_put32(p, (uint32_t) head->seqid);
    }

    return p;
}


static uint8_t
compact_type(int type)
{
    switch (type) {

    case WIRE_I32:
        return COMPACT_I32;

    case WIRE_I64:
        return COMPACT_I64;

    default:
        return COMPACT_BINARY;
    }
}


uint8_t *
wire_write_field(uint8_t *p, wire_protocol_e protocol,
    const wire_field_t *field, int16_t before)
{
    int       step;
    uint8_t   type;
    uint16_t  n;

    n = (uint16_t) field->id;

    if (protocol == WIRE_BINARY) {
        *p++ = (uint8_t) field->type;
        *p++ = (uint8_t) (n >> 8);
        *p++ = (uint8_t) n;

        return p;
    }

    step = field->id - before;
    type = compact_type(field->type);

    if (step >= 1 && step <= 15) {
        *p++ = (uint8_t) (step << 4 | type);
        return p;
    }

    *p++ = type;

    return write_varint(p, (uint32_t) n << 1);  /* zigzag of id >= 0 */
}


uint8_t *
wire_write_i32(uint8_t *p, wire_protocol_e protocol, int32_t value)
{
    uint32_t  n;

    n = (uint32_t) value;

    if (protocol == WIRE_BINARY) {
        return wire_put32(p, n);
    }

    return write_varint(p, (uint32_t) (n << 1 ^ (0 - (n >> 31))));
}


uint8_t *
wire_write_i64(uint8_t *p, wire_protocol_e protocol, int64_t value)
{
    uint64_t  n;

    n = (uint64_t) value;

    if (protocol == WIRE_BINARY) {
        p = wire_put32(p, (uint32_t) (n >> 32));
        return wire_put32(p, (uint32_t) n);
    }

    return write_varint(p, n << 1 ^ (0 - (n >> 63)));
}


uint8_t *
wire_write_string(uint8_t *p, wire_protocol_e protocol, int16_t id,
    uint32_t len)
{
    wire_field_t  field;

    field.type = WIRE_STRING;
    field.id = id;

    p = wire_write_field(p, protocol, &field, 0);

    return protocol == WIRE_BINARY ? wire_put32(p, len) : write_varint(p, len);
}
