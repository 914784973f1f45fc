/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/head.c: the head of a message: who is called, how, and under which
 * number.  The second step of a call, behind frame.c; what differs between
 * protocols and transports is in their rows (protocol.h, transport.h).  It
 * judges neither the name nor the type: that is routing.
 */

#include "wire/common.h"
#include "wire/frame.h"
#include "wire/protocol.h"
#include "wire/transport.h"


#define HEAD_TOO_SHORT  "frame too short for a message"


static size_t
head_length_size(const nthrift_head_t *head)
{
    return nthrift_transports[head->transport]->length_size;
}


/* Bytes that are written before the head of the protocol. */

static size_t
head_before(const nthrift_head_t *head)
{
    const nthrift_transport_t  *row;

    row = nthrift_transports[head->transport];

    return (row->header_size == NULL)
           ? row->length_size : row->length_size + row->header_size(head);
}


/* What tells the protocol stands behind the length word. */

static nthrift_noinline int
head_read_header(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    int  n;

    if ((uint64_t) (last - p) > head->frame) {
        last = p + head->frame;
    }

    n = nthrift_transports[head->transport]->header_read(rules, p, last, head,
                                                         err);

    if (n == NTHRIFT_AGAIN && (uint64_t) (last - p) == head->frame) {
        return nthrift_error_set(err, HEAD_TOO_SHORT);
    }

    return n;
}


/*
 * Reads the head behind `before` bytes of the frame, and never behind that:
 * there a head that needs more bytes will not get them.
 */

static int
head_read_protocol(const uint8_t *p, const uint8_t *last,
    nthrift_head_t *head, nthrift_error_t *err)
{
    int       n;
    uint64_t  limit;

    limit = UINT64_MAX;

    if (head->frame != 0) {
        limit = head->frame - head->header;

        if ((uint64_t) (last - p) > limit) {
            last = p + limit;
        }
    }

    n = nthrift_protocols[head->protocol]->head_read(p, last, limit, head,
                                                     err);

    if (n == NTHRIFT_AGAIN && (uint64_t) (last - p) == limit) {
        return nthrift_error_set(err, HEAD_TOO_SHORT);
    }

    return n;
}


/* A message with a header, whose head begins behind its length word. */

static nthrift_noinline int
head_read_with_header(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    int     n, header;

    header = head_read_header(rules, p, last, head, err);

    if (header < 0) {
        return header;
    }

    n = head->packed ? 0 : head_read_protocol(p + header, last, head, err);

    if (n < 0) {
        return n;
    }

    if (nthrift_transports[head->transport]->header_check(p, head, err)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return header + n;
}


int
nthrift_head_read(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    return (nthrift_common_read_head(rules, p, last, head) == NTHRIFT_OK)
           ? NTHRIFT_OK : nthrift_head_read_any(rules, p, last, head, err);
}


int
nthrift_head_read_any(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    int     n;
    size_t  size;

    n = nthrift_frame_read(rules, p, last, head, err);

    if (n != NTHRIFT_OK) {
        return n;
    }

    /* the table says the same, but later than `frame` does */

    size = (head->frame != 0) ? NTHRIFT_LENGTH_SIZE : 0;
    head->unnamed = rules->unnamed;

    n = (head->protocol == NTHRIFT_PROTOCOL_AUTO)
        ? head_read_with_header(rules, p + size, last, head, err)
        : head_read_protocol(p + size, last, head, err);

    if (n < 0) {
        return n;
    }

    if (head->name.len == 0 && head->type != NTHRIFT_EXCEPTION
        && !head->packed)
    {
        return nthrift_error_set(err, NTHRIFT_PROTOCOL_NO_NAME);
    }

    head->size = (uint32_t) size + (uint32_t) n;

    return NTHRIFT_OK;
}


size_t
nthrift_head_size(const nthrift_head_t *head)
{
    size_t  n;

    n = head_before(head);

    return head->packed
           ? n : n + nthrift_protocols[head->protocol]->head_size(head);
}


uint32_t
nthrift_head_frame(const nthrift_head_t *head, size_t body)
{
    size_t  n;

    n = head_length_size(head);

    return (n != 0) ? (uint32_t) (nthrift_head_size(head) - n + body) : 0;
}


uint8_t *
nthrift_head_write(uint8_t *p, const nthrift_head_t *head, size_t body)
{
    p = nthrift_transports[head->transport]->write(p, head,
                                             nthrift_head_frame(head, body));

    return head->packed
           ? p : nthrift_protocols[head->protocol]->head_write(p, head);
}


void
nthrift_head_set(nthrift_head_t *head, uint8_t *p, size_t body)
{
    const nthrift_transport_t  *row;

    row = nthrift_transports[head->transport];

    head->lax = 0;
    head->size = (uint32_t) nthrift_head_size(head);
    head->frame = nthrift_head_frame(head, body);
    head->header = 0;

    if (row->header_set == NULL) {
        head->info.len = 0;
        return;
    }

    row->header_set(head, p);
}


uint64_t
nthrift_head_most(const nthrift_head_t *head, const nthrift_rules_t *rules)
{
    size_t    n;
    uint64_t  most;

    n = head_length_size(head);
    most = (uint64_t) rules->max_frame + n;

    return (n != 0 && most < rules->max_message) ? most : rules->max_message;
}


int
nthrift_head_patch_seqid(uint8_t *p, const nthrift_head_t *old, int32_t seqid)
{
    size_t  n;

    if (old->header != 0) {
        return NTHRIFT_DECLINED;
    }

    n = head_length_size(old);

    return nthrift_protocols[old->protocol]->head_patch(p + n, old->size - n,
                                                        seqid);
}


const char *
nthrift_head_type_name(unsigned type)
{
    static const char *const  names[] = {
        "unknown", "CALL", "REPLY", "EXCEPTION", "ONEWAY"
    };

    return (type <= NTHRIFT_ONEWAY) ? names[type] : names[0];
}
