/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/compact.c: the compact protocol: a message's head, and an exception's
 * body.  head.c and exception.c come here by way of the row at the end; for
 * skip.c there is compact_walk.c.
 *
 * Source: doc/specs/thrift-compact-protocol.md, lib/cpp TCompactProtocol.tcc.
 */

#include "wire/compact.h"
#include "wire/protocol.h"


/* "protocol id, type << 5 | version", then seqid and name */

#define COMPACT_ID          0x82
#define COMPACT_VERSION     1
#define COMPACT_FBTHRIFT    2       /* its doubles are big-endian */


static int
compact_head_read(const uint8_t *p, const uint8_t *last,
    uint64_t limit, nthrift_head_t *head, nthrift_error_t *err)
{
    int       n, size;
    uint64_t  seqid, len;

    /* frame.c knew the protocol by the first two bytes */

    size = 2;
    n = nthrift_compact_varint_read(p + size, last, NTHRIFT_COMPACT_VARINT32,
                                    &seqid);
    if (n == NTHRIFT_ERROR) {
        return nthrift_error_set(err, "too long number for seqid");
    }

    if (n == NTHRIFT_AGAIN) {
        return NTHRIFT_AGAIN;
    }

    size += n;
    n = nthrift_compact_varint_read(p + size, last, NTHRIFT_COMPACT_VARINT32,
                                    &len);
    if (n == NTHRIFT_ERROR) {
        return nthrift_error_set(err, "too long number for length of "
                                      "method name");
    }

    if (n == NTHRIFT_AGAIN) {
        return NTHRIFT_AGAIN;
    }

    size += n;

    if (nthrift_protocol_check_name(head, len, (uint64_t) size, limit, err)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if ((uint64_t) (last - p) < (uint64_t) size + len) {
        return NTHRIFT_AGAIN;
    }

    head->type = p[1] >> 5;
    head->seqid = (int32_t) (uint32_t) seqid;
    head->name.len = (size_t) len;
    head->name.data = (uint8_t *) p + size;

    return size + (int) len;
}


static size_t
compact_head_size(const nthrift_head_t *head)
{
    return 2 + nthrift_compact_varint_size((uint32_t) head->seqid)
           + nthrift_compact_varint_size((uint32_t) head->name.len)
           + head->name.len;
}


static uint8_t *
compact_head_write(uint8_t *p, const nthrift_head_t *head)
{
    *p++ = COMPACT_ID;
    *p++ = (uint8_t) (head->type << 5 | COMPACT_VERSION);

    p = nthrift_compact_varint_write(p, (uint32_t) head->seqid);
    p = nthrift_compact_varint_write(p, (uint32_t) head->name.len);

    if (head->name.len != 0) {
        memcpy(p, head->name.data, head->name.len);
        p += head->name.len;
    }

    return p;
}


/*
 * A head that was read is known to have its seqid's end.  One that was
 * written longer than need be is left alone.
 */

static int
compact_head_patch(uint8_t *p, size_t size, int32_t seqid)
{
    size_t  n;

    (void) size;

    p += 2;

    for (n = 1; p[n - 1] >= 0x80; n++) { /* void */ }

    if (n != nthrift_compact_varint_size((uint32_t) seqid)) {
        return NTHRIFT_DECLINED;
    }

    (void) nthrift_compact_varint_write(p, (uint32_t) seqid);

    return NTHRIFT_OK;
}


/*
 * An exception's body: "1: string message, 2: i32 type" and the stop.  Its
 * size does not depend on the type: all that have a name take one byte, and
 * a number that would take more is written as 0, UNKNOWN.
 */

static size_t
compact_exception_size(const nthrift_str_t *text, int32_t type)
{
    (void) type;

    return 1 + nthrift_compact_varint_size((uint32_t) text->len) + text->len
           + 1 + 1 + 1;
}


static uint8_t *
compact_exception_write(uint8_t *p, const nthrift_str_t *text,
    int32_t type)
{
    if (nthrift_compact_zigzag(type) >= 0x80) {
        type = NTHRIFT_EXC_UNKNOWN;
    }

    *p++ = 1 << 4 | NTHRIFT_COMPACT_BINARY;
    p = nthrift_compact_varint_write(p, (uint32_t) text->len);

    if (text->len != 0) {
        memcpy(p, text->data, text->len);
        p += text->len;
    }

    *p++ = 1 << 4 | NTHRIFT_COMPACT_I32;
    *p++ = (uint8_t) nthrift_compact_zigzag(type);
    *p++ = NTHRIFT_COMPACT_STOP;

    return p;
}


/*
 * Reads what stands for a value: an integer, or a string's length.  Returns
 * its bytes, NTHRIFT_ERROR when it is cut off or cannot be passed over.
 */

static int
compact_exception_value(uint8_t type, const uint8_t *p, const uint8_t *last,
    uint64_t *value)
{
    int  n;

    switch (type) {

    case NTHRIFT_COMPACT_TRUE:
    case NTHRIFT_COMPACT_FALSE:
        return 0;

    case NTHRIFT_COMPACT_I8:
        n = 1;
        break;

    case NTHRIFT_COMPACT_DOUBLE:
        n = 8;
        break;

    case NTHRIFT_COMPACT_UUID:
        n = 16;
        break;

    case NTHRIFT_COMPACT_I16:
    case NTHRIFT_COMPACT_I32:
    case NTHRIFT_COMPACT_I64:
    case NTHRIFT_COMPACT_BINARY:
        n = nthrift_compact_varint_read(p, last, NTHRIFT_COMPACT_VARINT64,
                                        value);
        return (n > 0) ? n : NTHRIFT_ERROR;

    default:
        return NTHRIFT_ERROR;
    }

    return (n <= last - p) ? n : NTHRIFT_ERROR;
}


/* A field's head; `*id` is that of the field before, and then its own. */

static int
compact_exception_field(const uint8_t *p, const uint8_t *last, int16_t *id)
{
    int       n;
    uint64_t  value;

    if (p[0] >= 0x10) {
        *id = (int16_t) (*id + (p[0] >> 4));
        return 1;
    }

    n = nthrift_compact_varint_read(p + 1, last, NTHRIFT_COMPACT_VARINT32,
                                    &value);
    if (n < 0) {
        return NTHRIFT_ERROR;
    }

    *id = (int16_t) nthrift_compact_unzigzag((uint32_t) value);

    return 1 + n;
}


static void
compact_exception_read(const uint8_t *p, const uint8_t *last,
    nthrift_str_t *text, int32_t *type)
{
    int       n;
    size_t    rest;
    int16_t   id;
    uint8_t   field;
    uint64_t  value;

    id = 0;
    value = 0;

    while (p != last && (*p & 0x0f) != NTHRIFT_COMPACT_STOP) {
        field = *p & 0x0f;

        n = compact_exception_field(p, last, &id);

        if (n < 0) {
            return;
        }

        p += n;
        n = compact_exception_value(field, p, last, &value);

        if (n < 0) {
            return;
        }

        p += n;

        if (field == NTHRIFT_COMPACT_I32 && id == 2) {
            *type = (int32_t) nthrift_compact_unzigzag((uint32_t) value);
        }

        if (field != NTHRIFT_COMPACT_BINARY) {
            continue;
        }

        rest = (size_t) (last - p);

        if (id == 1) {
            text->data = (uint8_t *) p;
            text->len = (value < rest) ? (size_t) value : rest;
        }

        if (value > rest) {
            return;
        }

        p += value;
    }
}


const nthrift_protocol_t  nthrift_compact = {
    .name = "compact",

    .header_id = 2,

    .first = COMPACT_ID,
    .version = COMPACT_VERSION,
    .version_mask = 0x1f,
    .version_error = "unknown version of compact protocol",
    .foreign = COMPACT_FBTHRIFT,
    .foreign_error = "compact protocol of fbthrift, which is not supported",

    .unexpected = {
        [NTHRIFT_BINARY] = "compact message where a binary one is expected",
        [NTHRIFT_JSON] = "compact message where a JSON one is expected"
    },

    .head_read = compact_head_read,
    .head_size = compact_head_size,
    .head_write = compact_head_write,
    .head_patch = compact_head_patch,

    .walk = nthrift_compact_walk,

    .empty = nthrift_string("\0"),

    .exception_size = compact_exception_size,
    .exception_write = compact_exception_write,
    .exception_read = compact_exception_read
};
