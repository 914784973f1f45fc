/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/message.h: one message from its first byte to its last: frame, head
 * and body put together.  This is what a connection reads with.
 */

#ifndef NTHRIFT_MESSAGE_H
#define NTHRIFT_MESSAGE_H

#include "wire/skip.h"


typedef struct {
    nthrift_head_t   head;      /* valid once head.size != 0 */
    uint64_t         length;    /* bytes consumed so far, length word
                                   included */
    nthrift_error_t  error;     /* first thing wrong with this message */
    uint8_t          state;     /* private to message.c */
    nthrift_skip_t   skip;      /* last: see below */
} nthrift_message_t;

/* Bytes from its beginning that are of use when it is whole, or empty. */

#define NTHRIFT_MESSAGE_TOLD  offsetof(nthrift_message_t, skip.have)


/* Begins a message; `m` need not be cleared. */
void nthrift_message_start(nthrift_message_t *m);

/*
 * Reads on in [*p, last) and moves *p behind what was consumed.  Until the
 * head is whole nothing is consumed, and the caller must keep its bytes
 * contiguous: call again with the same bytes and more.  After that, bytes may
 * come in pieces of any size, and *p == last with NTHRIFT_AGAIN.  The `levels`
 * (rules->max_depth of them) that are given when the head becomes whole are
 * used from then on, until others take their place.
 *
 * NTHRIFT_OK     the message is whole and *p is behind it.  m->error.text is
 *                NULL, or says what is wrong with its body: it is malformed,
 *                does not end where its frame ends, or breaks a limit, but it
 *                came in a frame whose rest was passed over; the next message
 *                begins at *p.
 * NTHRIFT_AGAIN  more bytes.
 * NTHRIFT_ERROR  m->error says what is wrong and nothing after it can be
 *                trusted; m->head.size tells whether a head was read.
 *
 * With rules->validate == 0 a framed body is counted, not walked; an unframed
 * one is walked always, there is no other way to find its end.  A payload that
 * is packed is counted, too: see head.packed.
 */
static inline int nthrift_message_read(nthrift_message_t *m,
    const nthrift_rules_t *rules, nthrift_skip_level_t *levels,
    const uint8_t **p, const uint8_t *last);

/* The same: what was consumed is by what m->length has grown. */
int nthrift_message_read_on(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t *p, const uint8_t *last);

/*
 * 1 when the bytes from here to the end of the message are no longer needed
 * by anyone: it is known to be wrong and its rest is being passed over.
 */
int nthrift_message_discards(const nthrift_message_t *m);

/*
 * 1 when `levels` are needed for what is still to come, and will be kept until
 * then: whoever has lent them only for a while lends others, as many.
 */
int nthrift_message_has_levels(const nthrift_message_t *m);
void nthrift_message_move_levels(nthrift_message_t *m,
    nthrift_skip_level_t *levels);

/* The bytes still to come of a message that is not whole; 0: unknown. */
uint64_t nthrift_message_left(const nthrift_message_t *m);


static inline int
nthrift_message_read(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t **p, const uint8_t *last)
{
    int       rc;
    uint64_t  length;

    length = m->length;

    rc = nthrift_message_read_on(m, rules, levels, *p, last);

    *p += m->length - length;

    return rc;
}


#endif /* NTHRIFT_MESSAGE_H */
