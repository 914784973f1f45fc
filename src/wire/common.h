/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/common.h: what most messages are: a binary head behind a length word,
 * and a body of simple values, all of it there.  For head.c and binary.c, whose
 * tables lead here, too, and for message.c, which reads such a message without
 * them.
 */

#ifndef NTHRIFT_COMMON_H
#define NTHRIFT_COMMON_H

#include "wire/binary.h"
#include "wire/head.h"
#include "wire/walk.h"


/* "i32 version | type, i32 name length", and "i32 seqid" behind the name */

#define NTHRIFT_COMMON_HEAD  (4 + 4 + 4)


/*
 * What most messages begin with, and all of it is there: a length, and a binary
 * head with its version.  NTHRIFT_DECLINED: it is something else, or wrong, as
 * the tables say.  A length that begins with 0 is not taken for that of TLS.
 */

static inline int
nthrift_common_read_head(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head)
{
    size_t    n;
    uint32_t  len, frame, version;

    n = (size_t) (last - p);

    if (n < NTHRIFT_LENGTH_SIZE + NTHRIFT_COMMON_HEAD) {
        return NTHRIFT_DECLINED;
    }

    frame = nthrift_binary_get32(p);
    version = nthrift_binary_get32(p + 4);

    if (frame > 0xffffff || version >> 16 != 0x8001
        || (rules->transport != NTHRIFT_TRANSPORT_AUTO
            && rules->transport != NTHRIFT_FRAMED)
        || (rules->protocol != NTHRIFT_PROTOCOL_AUTO
            && rules->protocol != NTHRIFT_BINARY))
    {
        return NTHRIFT_DECLINED;
    }

    len = nthrift_binary_get32(p + 8);

    if (len == 0 || len > NTHRIFT_MAX_NAME
        || frame <= NTHRIFT_COMMON_HEAD + len
        || n < NTHRIFT_LENGTH_SIZE + NTHRIFT_COMMON_HEAD + len)
    {
        return NTHRIFT_DECLINED;
    }

    head->transport = NTHRIFT_FRAMED;
    head->protocol = NTHRIFT_BINARY;
    head->lax = 0;
    head->write_lax = 0;
    head->unnamed = rules->unnamed;
    head->type = (uint8_t) version;
    head->packed = NTHRIFT_PLAIN;
    head->seqid = (int32_t) nthrift_binary_get32(p + 12 + len);
    head->frame = frame;
    head->size = NTHRIFT_LENGTH_SIZE + NTHRIFT_COMMON_HEAD + len;
    head->name.data = (uint8_t *) p + 12;
    head->name.len = len;
    head->header = 0;
    head->info.len = 0;

    return NTHRIFT_OK;
}


/* Bytes of the values that always have as many; 0 for the others. */

static const uint8_t  nthrift_common_fixed[NTHRIFT_UUID + 1] = {
    NTHRIFT_BINARY_FIXED
};


/*
 * walk_flat() of a binary body: see protocol.h.  Whatever is not simple, or not
 * right, is not flat.
 */

static inline size_t
nthrift_common_walk_flat(nthrift_skip_t *w, const uint8_t *p,
    const uint8_t *last)
{
    size_t          n, size;
    uint32_t        fields;
    const uint8_t  *start;

    start = p;

    for (fields = 0; p != last; fields++) {

        if (p[0] == NTHRIFT_STOP) {
            w->fields = (uint8_t) (fields < 2 ? fields : 2);
            w->first = fields ? nthrift_binary_get16(start + 1) : 0;

            return (size_t) (p + 1 - start);
        }

        n = (size_t) (last - p);

        if (n < NTHRIFT_BINARY_FIELD || p[0] > NTHRIFT_UUID) {
            return 0;
        }

        size = nthrift_binary_flat(nthrift_common_fixed, p[0],
                                   p + NTHRIFT_BINARY_FIELD,
                                   n - NTHRIFT_BINARY_FIELD);
        if (size == 0) {
            return 0;
        }

        p += NTHRIFT_BINARY_FIELD + size;
    }

    return 0;
}


#endif /* NTHRIFT_COMMON_H */
