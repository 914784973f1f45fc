/*
 * wire/head.c: the head of a message: who is called, how, and under which
 * number.  The second step of a call, behind frame.c; what differs between
 * the protocols is in binary.c and compact.c.  It judges neither the name
 * nor the type: that is routing.
 */

#include "wire/head.h"
#include "wire/binary.h"
#include "wire/compact.h"
#include "wire/frame.h"


static size_t
head_length_size(const nthrift_head_t *head)
{
    return (head->transport == NTHRIFT_FRAMED) ? NTHRIFT_LENGTH_SIZE : 0;
}


/*
 * Reads the head behind the length word, and never behind its frame: there a
 * head that needs more bytes will not get them.
 */

static int
head_read_protocol(const uint8_t *p, const uint8_t *last,
    nthrift_head_t *head, nthrift_error_t *err)
{
    int       n;
    uint64_t  limit;

    limit = UINT64_MAX;

    if (head->transport == NTHRIFT_FRAMED) {
        limit = head->frame;

        if ((uint64_t) (last - p) > limit) {
            last = p + limit;
        }
    }

    if (head->protocol == NTHRIFT_BINARY) {
        n = nthrift_binary_head_read(p, last, limit, head, err);

    } else {
        n = nthrift_compact_head_read(p, last, limit, head, err);
    }

    if (n == NTHRIFT_AGAIN && (uint64_t) (last - p) == limit) {
        return nthrift_error_set(err, "frame too short for a message");
    }

    return n;
}


int
nthrift_head_read(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    int     n;
    size_t  size;

    n = nthrift_frame_read(rules, p, last, head, err);

    if (n != NTHRIFT_OK) {
        return n;
    }

    size = head_length_size(head);
    n = head_read_protocol(p + size, last, head, err);

    if (n < 0) {
        return n;
    }

    head->size = (uint32_t) size + (uint32_t) n;

    return NTHRIFT_OK;
}


size_t
nthrift_head_size(const nthrift_head_t *head)
{
    size_t  n;

    if (head->protocol == NTHRIFT_BINARY) {
        n = nthrift_binary_head_size(head);

    } else {
        n = nthrift_compact_head_size(head);
    }

    return head_length_size(head) + n;
}


uint32_t
nthrift_head_frame(const nthrift_head_t *head, size_t body)
{
    if (head->transport != NTHRIFT_FRAMED) {
        return 0;
    }

    return (uint32_t) (nthrift_head_size(head) - NTHRIFT_LENGTH_SIZE + body);
}


uint8_t *
nthrift_head_write(uint8_t *p, const nthrift_head_t *head, size_t body)
{
    if (head->transport == NTHRIFT_FRAMED) {
        p = nthrift_frame_write(p, nthrift_head_frame(head, body));
    }

    if (head->protocol == NTHRIFT_BINARY) {
        return nthrift_binary_head_write(p, head);
    }

    return nthrift_compact_head_write(p, head);
}


int
nthrift_head_patch_seqid(uint8_t *p, const nthrift_head_t *old, int32_t seqid)
{
    if (old->protocol == NTHRIFT_BINARY) {
        /* with a version or without one, the seqid is last */
        (void) nthrift_binary_put32(p + old->size - 4, (uint32_t) seqid);
        return NTHRIFT_OK;
    }

    return nthrift_compact_head_patch(p + head_length_size(old), seqid);
}


const char *
nthrift_head_type_name(unsigned type)
{
    static const char *const  names[] = {
        "unknown", "CALL", "REPLY", "EXCEPTION", "ONEWAY"
    };

    return (type <= NTHRIFT_ONEWAY) ? names[type] : names[0];
}
