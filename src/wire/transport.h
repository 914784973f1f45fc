/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/transport.h: what a transport brings to wire/, and the table of all of
 * them: rows as in protocol.h.
 *
 *     frame.c      read ----------> does such a message begin here?
 *     head.c       length_size,
 *                  header_read ---> where its head begins
 *                  header_check --> what stands before it, once all is there
 *                  header_size,
 *                  write ---------> what stands before a head
 *     message.c    (head->frame) -> where it ends
 *
 * A new one is an addition:
 *
 *     wire/wire.h        its number; rows are asked in the order of numbers
 *     wire/<name>.c      the functions, and the row at its end
 *     wire/frame.c       the row's place in the table
 *     directives.md      its name: thrift_transport
 */

#ifndef NTHRIFT_TRANSPORT_H
#define NTHRIFT_TRANSPORT_H

#include "wire/wire.h"


typedef struct {
    const char  *name;              /* "framed" */

    /* What is said of its message where another one is expected: which. */

    const char  *unexpected[NTHRIFT_TRANSPORTS];

    /*
     * Bytes that stand before a message's head and tell its length, which
     * is head->frame then.  0: there are none, head->frame is 0, and a
     * message ends where its struct does.
     */
    size_t       length_size;

    /*
     * Tells if a message of this transport begins with these 1 .. 8 bytes,
     * the first of which can be a length's if there is one, and cannot if
     * there is none.  NTHRIFT_DECLINED: no; else as nthrift_frame_read().
     */
    int        (*read)(const nthrift_rules_t *rules, const uint8_t *p,
                     size_t n, nthrift_head_t *head, nthrift_error_t *err);

    /*
     * What stands between the length word and the head of the protocol, for
     * transports whose `read` leaves head->protocol to it; NULL: nothing.
     * `last` is not behind the frame.  Returns the bytes read, NTHRIFT_AGAIN or
     * NTHRIFT_ERROR, as nthrift_head_read() does.
     */
    int        (*header_read)(const nthrift_rules_t *rules, const uint8_t *p,
                     const uint8_t *last, nthrift_head_t *head,
                     nthrift_error_t *err);

    /*
     * The rest of what stands there, from `p` behind the length word, when the
     * head of the protocol was read: a header may be large, and its message
     * come byte by byte.
     */
    int        (*header_check)(const uint8_t *p, nthrift_head_t *head,
                     nthrift_error_t *err);

    /* Its bytes as they would be written; NULL: there are none. */

    size_t     (*header_size)(const nthrift_head_t *head);

    /* It was written at `p`, length word included: so it stands in `head`. */

    void       (*header_set)(nthrift_head_t *head, uint8_t *p);

    /*
     * Writes `length_size` bytes, which count `len`: all that is behind them;
     * and what `header_size` tells.  Returns the byte behind.
     */
    uint8_t   *(*write)(uint8_t *p, const nthrift_head_t *head, uint32_t len);
} nthrift_transport_t;


extern const nthrift_transport_t  nthrift_theader;


/* By nthrift_transport_e; NULL for NTHRIFT_TRANSPORT_AUTO. */

extern const nthrift_transport_t *const
    nthrift_transports[NTHRIFT_TRANSPORTS];

/* "framed" and so on; "unknown" for NTHRIFT_TRANSPORT_AUTO. */
const char *nthrift_transport_name(unsigned transport);


#endif /* NTHRIFT_TRANSPORT_H */
