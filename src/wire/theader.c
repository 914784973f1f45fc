/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/theader.c: THeader: see theader.h.  A row of transport.h, called by
 * head.c for the messages that have one; what it tells is in the head.  It
 * checks that everything lies where it should, and judges no name or value.
 */

#include "wire/theader.h"
#include "wire/binary.h"
#include "wire/compact.h"
#include "wire/frame.h"
#include "wire/protocol.h"
#include "wire/transport.h"


#define THEADER_MAGIC      0x0fff

/* Kinds of info blocks; the second one is fbthrift's. */

#define THEADER_PADDING    0
#define THEADER_PAIRS      1
#define THEADER_PERSISTENT 2

/* Transforms. */

#define THEADER_NONE       0
#define THEADER_ZLIB       1

/* Nobody has as many. */

#define THEADER_TRANSFORMS 16

/* Two numbers of a byte each. */

#define THEADER_LEAST      2

#define THEADER_WORD       4


/* A number of 32 bits that must not leave the header. */

static int
theader_read_number(const uint8_t **p, const uint8_t *last, uint32_t *value,
    nthrift_error_t *err)
{
    int       n;
    uint64_t  v;

    n = nthrift_compact_varint_read(*p, last, NTHRIFT_COMPACT_VARINT32, &v);

    if (n < 0 || v > UINT32_MAX) {
        return nthrift_error_set(err, (n == NTHRIFT_AGAIN)
                                      ? "THeader ends in the middle of a number"
                                      : "too long number in THeader");
    }

    *p += n;
    *value = (uint32_t) v;

    return NTHRIFT_OK;
}


static int
theader_read_protocol(const nthrift_rules_t *rules, const uint8_t **p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    int                        i;
    uint32_t                   id;
    const nthrift_protocol_t  *row;

    if (theader_read_number(p, last, &id, err) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    for (i = NTHRIFT_PROTOCOL_AUTO + 1; i < NTHRIFT_PROTOCOLS; i++) {
        row = nthrift_protocols[i];

        if (row->header_id == id
            && (!row->text || rules->text || rules->protocol == i))
        {
            head->protocol = (uint8_t) i;
            return nthrift_frame_check_protocol(rules, i, err);
        }
    }

    return nthrift_error_set(err, "THeader of an unknown protocol");
}


/* "None" may be named; zlib twice is none that anybody sends. */

static int
theader_read_transforms(const uint8_t **p, const uint8_t *last,
    nthrift_head_t *head, nthrift_error_t *err)
{
    uint32_t  n, id;

    head->packed = NTHRIFT_PLAIN;

    if (theader_read_number(p, last, &n, err) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (n > THEADER_TRANSFORMS) {
        return nthrift_error_set(err, "too many transforms in THeader");
    }

    for ( /* void */ ; n != 0; n--) {
        if (theader_read_number(p, last, &id, err) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        if (id != THEADER_NONE) {
            head->packed = (id == THEADER_ZLIB
                            && head->packed == NTHRIFT_PLAIN)
                           ? NTHRIFT_ZLIB : NTHRIFT_PACKED_UNKNOWN;
        }
    }

    return NTHRIFT_OK;
}


static int
theader_read_string(const uint8_t **p, const uint8_t *last,
    nthrift_error_t *err)
{
    uint32_t  len;

    if (theader_read_number(p, last, &len, err) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (len > (size_t) (last - *p)) {
        return nthrift_error_set(err, "info header longer than its THeader");
    }

    *p += len;

    return NTHRIFT_OK;
}


static int
theader_read_block(const uint8_t **p, const uint8_t *last,
    nthrift_error_t *err)
{
    uint32_t  n;

    if (theader_read_number(p, last, &n, err) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    for ( /* void */ ; n != 0; n--) {
        if (theader_read_string(p, last, err) != NTHRIFT_OK
            || theader_read_string(p, last, err) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


/* Its blocks, which begin where those before them end. */

static int
theader_header_check(const uint8_t *p, nthrift_head_t *head,
    nthrift_error_t *err)
{
    uint32_t        kind;
    const uint8_t  *start, *last;

    last = p + head->header;

    start = head->info.data;
    p = start;

    while (p != last) {
        if (theader_read_number(&p, last, &kind, err) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        if (kind != THEADER_PAIRS && kind != THEADER_PERSISTENT) {
            break;
        }

        if (theader_read_block(&p, last, err) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        head->info.len = (size_t) (p - start);
    }

    return NTHRIFT_OK;
}


/* What the protocol's own reader takes for granted. */

static int
theader_check_payload(const uint8_t *p, const uint8_t *last,
    const nthrift_head_t *head, nthrift_error_t *err)
{
    const nthrift_protocol_t  *row;

    row = nthrift_protocols[head->protocol];

    if (last - p < 2) {
        return NTHRIFT_AGAIN;
    }

    if (p[0] != row->first) {
        return nthrift_error_set(err,
                             "payload in another protocol than its THeader "
                             "says");
    }

    if ((p[1] & row->version_mask) != row->version) {
        return nthrift_protocol_version_error(row, p[1], err);
    }

    return NTHRIFT_OK;
}


/* Its size, from behind the length word; all that is fixed is there. */

static int
theader_read_fixed(const nthrift_rules_t *rules, const uint8_t *p,
    nthrift_head_t *head, nthrift_error_t *err)
{
    uint32_t  size;

    head->flags = (uint16_t) nthrift_binary_get16(p + 2);
    head->sequence = nthrift_binary_get32(p + 4);

    size = (uint32_t) (uint16_t) nthrift_binary_get16(p + 8) * THEADER_WORD;

    if (size > rules->max_header) {
        return nthrift_error_set(err, "THeader larger than allowed");
    }

    if (size < THEADER_LEAST) {
        return nthrift_error_set(err, "THeader without protocol");
    }

    if (head->frame < NTHRIFT_HEADER_FIXED + size) {
        return nthrift_error_set(err, "THeader longer than its frame");
    }

    head->header = NTHRIFT_HEADER_FIXED + size;

    return NTHRIFT_OK;
}


static int
theader_header_read(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    int             rc;
    const uint8_t  *end;

    if (last - p < NTHRIFT_HEADER_FIXED) {
        return NTHRIFT_AGAIN;
    }

    if (theader_read_fixed(rules, p, head, err) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if ((size_t) (last - p) < head->header) {
        return NTHRIFT_AGAIN;
    }

    end = p + head->header;
    p += NTHRIFT_HEADER_FIXED;

    if (theader_read_protocol(rules, &p, end, head, err) != NTHRIFT_OK
        || theader_read_transforms(&p, end, head, err) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    head->info.data = (uint8_t *) p;
    head->info.len = 0;

    if (head->packed) {
        head->type = 0;
        head->seqid = (int32_t) head->sequence;
        head->name.data = (uint8_t *) end;
        head->name.len = 0;

        return (int) head->header;
    }

    rc = theader_check_payload(end, last, head, err);

    return (rc == NTHRIFT_OK) ? (int) head->header : rc;
}


static int
theader_read(const nthrift_rules_t *rules, const uint8_t *p, size_t n,
    nthrift_head_t *head, nthrift_error_t *err)
{
    if (n < NTHRIFT_LENGTH_SIZE + 2) {
        return NTHRIFT_AGAIN;
    }

    if ((uint16_t) nthrift_binary_get16(p + NTHRIFT_LENGTH_SIZE)
        != THEADER_MAGIC)
    {
        return NTHRIFT_DECLINED;
    }

    if (nthrift_frame_check_transport(rules, NTHRIFT_HEADER, err)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (rules->max_header == 0) {
        return nthrift_error_set(err,
                                 "THeader transport, which is not allowed");
    }

    head->transport = NTHRIFT_HEADER;
    head->protocol = NTHRIFT_PROTOCOL_AUTO;
    head->lax = 0;
    head->write_lax = 0;
    head->packed = NTHRIFT_PLAIN;
    head->frame = nthrift_binary_get32(p);
    head->header = 0;
    head->info.len = 0;

    return NTHRIFT_OK;
}


/* What its size counts, without the zeros. */

static size_t
theader_counted(const nthrift_head_t *head)
{
    return THEADER_LEAST + (head->packed ? 1 : 0) + head->info.len;
}


static size_t
theader_round(size_t n)
{
    return (n + THEADER_WORD - 1) / THEADER_WORD * THEADER_WORD;
}


static size_t
theader_header_size(const nthrift_head_t *head)
{
    return NTHRIFT_HEADER_FIXED + theader_round(theader_counted(head));
}


static void
theader_header_set(nthrift_head_t *head, uint8_t *p)
{
    head->header = (uint32_t) theader_header_size(head);

    head->info.data = p + NTHRIFT_LENGTH_SIZE + NTHRIFT_HEADER_FIXED
                      + theader_counted(head) - head->info.len;
}


static uint8_t *
theader_write(uint8_t *p, const nthrift_head_t *head, uint32_t len)
{
    size_t  n, size;

    n = theader_counted(head);
    size = theader_round(n);

    p = nthrift_binary_put32(p, len);
    p = nthrift_binary_put16(p, THEADER_MAGIC);
    p = nthrift_binary_put16(p, head->flags);
    p = nthrift_binary_put32(p, head->sequence);
    p = nthrift_binary_put16(p, (uint16_t) (size / THEADER_WORD));

    *p++ = nthrift_protocols[head->protocol]->header_id;

    if (head->packed) {
        *p++ = 1;
        *p++ = THEADER_ZLIB;

    } else {
        *p++ = 0;
    }

    if (head->info.len != 0) {
        memcpy(p, head->info.data, head->info.len);
        p += head->info.len;
    }

    memset(p, 0, size - n);

    return p + (size - n);
}


void
nthrift_theader_info_start(nthrift_theader_info_t *walk,
    const nthrift_str_t *info)
{
    walk->p = (info->len != 0) ? info->data : NULL;
    walk->last = (info->len != 0) ? info->data + info->len : NULL;
    walk->left = 0;
    walk->persistent = 0;
}


/* It was read once, and is known to be whole. */

static uint32_t
theader_info_number(nthrift_theader_info_t *walk)
{
    int       n;
    uint64_t  value;

    value = 0;

    n = nthrift_compact_varint_read(walk->p, walk->last,
                                    NTHRIFT_COMPACT_VARINT32, &value);
    walk->p += (n > 0) ? n : 0;

    return (uint32_t) value;
}


static void
theader_info_string(nthrift_theader_info_t *walk, nthrift_str_t *s)
{
    s->len = theader_info_number(walk);
    s->data = (uint8_t *) walk->p;

    walk->p += s->len;
}


int
nthrift_theader_info_next(nthrift_theader_info_t *walk, nthrift_str_t *name,
    nthrift_str_t *value)
{
    while (walk->left == 0) {
        if (walk->p == walk->last) {
            return NTHRIFT_DECLINED;
        }

        walk->persistent = (theader_info_number(walk) == THEADER_PERSISTENT);
        walk->left = theader_info_number(walk);
    }

    walk->left--;

    theader_info_string(walk, name);
    theader_info_string(walk, value);

    return NTHRIFT_OK;
}


size_t
nthrift_theader_block_size(uint32_t n)
{
    return 1 + nthrift_compact_varint_size(n);
}


uint8_t *
nthrift_theader_block_write(uint8_t *p, uint32_t n)
{
    *p++ = THEADER_PAIRS;

    return nthrift_compact_varint_write(p, n);
}


size_t
nthrift_theader_pair_size(const nthrift_str_t *name,
    const nthrift_str_t *value)
{
    return nthrift_compact_varint_size((uint32_t) name->len) + name->len
           + nthrift_compact_varint_size((uint32_t) value->len) + value->len;
}


static uint8_t *
theader_write_string(uint8_t *p, const nthrift_str_t *s)
{
    p = nthrift_compact_varint_write(p, s->len);

    if (s->len != 0) {
        memcpy(p, s->data, s->len);
    }

    return p + s->len;
}


uint8_t *
nthrift_theader_pair_write(uint8_t *p, const nthrift_str_t *name,
    const nthrift_str_t *value)
{
    return theader_write_string(theader_write_string(p, name), value);
}


const nthrift_transport_t  nthrift_theader = {
    .name = "header",

    .unexpected = {
        [NTHRIFT_UNFRAMED] =
            "message with THeader where an unframed one is expected",
        [NTHRIFT_FRAMED] =
            "message with THeader where a framed one is expected"
    },

    .length_size = NTHRIFT_LENGTH_SIZE,

    .read = theader_read,
    .header_read = theader_header_read,
    .header_check = theader_header_check,
    .header_size = theader_header_size,
    .header_set = theader_header_set,
    .write = theader_write
};
