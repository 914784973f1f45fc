/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/protocol.h: what a protocol brings to wire/, and the table of all of
 * them.  A protocol is a row: its functions and what else differs are named
 * there, and nobody compares numbers of protocols.  One is chosen once a
 * message (or once a piece of its body), never for a field.
 *
 *     frame.c      first, version --> which protocol is it?
 *     head.c       head_... --------> method, type, seqid; and back
 *     skip.c       walk ------------> where its body ends
 *     message.c    walk_flat -------> the same, of a simple one
 *     exception.c  exception_... ---> TApplicationException; and back
 *
 * A new one is an addition:
 *
 *     wire/wire.h        its number
 *     wire/<name>.c      the functions, and the row at its end; the walk is
 *                        made by walk.h of what a field and an element are
 *     wire/protocol.c    the row's place in the table
 *     bind/              what bind/protocol.h says
 *     directives.md      its name: thrift_protocol
 */

#ifndef NTHRIFT_PROTOCOL_H
#define NTHRIFT_PROTOCOL_H

#include "wire/skip.h"


typedef size_t (*nthrift_walk_flat_pt)(nthrift_skip_t *w, const uint8_t *p,
    const uint8_t *last);


typedef struct {
    const char  *name;              /* "binary" */

    /*
     * What tells its messages: their first byte, 0x40 at least, and what the
     * bits `version_mask` of the second one are.  frame.c looks for both, with
     * a length word before them and without one, and says `version_error`
     * when only the first is right, or `foreign_error` of the version
     * `foreign`.
     */
    uint8_t      first;
    uint8_t      version;
    uint8_t      version_mask;
    const char  *version_error;
    uint8_t      foreign;
    const char  *foreign_error;

    /* 1: it is text, and read where rules->text or ->protocol says so. */

    uint8_t      text;

    /* Its number in a THeader (doc/specs/HeaderFormat.md). */

    uint8_t      header_id;

    /* What is said of its message where another protocol is expected: which. */

    const char  *unexpected[NTHRIFT_PROTOCOLS];

    /*
     * The head behind the length word; two bytes are known to be there, but
     * where head->lax says that they are not what `first` and `version` say.
     * `limit` is the number of bytes that its frame holds.  Sets head->type,
     * ->seqid and ->name.  Returns the bytes read, NTHRIFT_AGAIN or
     * NTHRIFT_ERROR, as nthrift_head_read() does.
     */
    int        (*head_read)(const uint8_t *p, const uint8_t *last,
                     uint64_t limit, nthrift_head_t *head,
                     nthrift_error_t *err);

    /* The bytes that head_write() writes, which returns the byte behind. */

    size_t     (*head_size)(const nthrift_head_t *head);
    uint8_t   *(*head_write)(uint8_t *p, const nthrift_head_t *head);

    /*
     * nthrift_head_patch_seqid() of a head that was read: `size` bytes behind
     * the length word.
     */
    int        (*head_patch)(uint8_t *p, size_t size, int32_t seqid);

    /* The walk of skip.c, to be written with walk.h. */

    int        (*walk)(nthrift_skip_t *w, const uint8_t **p,
                     const uint8_t *last);

    /*
     * The same for what most bodies are: values without levels, all of them in
     * [p, last).  Sets w->fields and ->first, and returns the bytes of the
     * body, or 0: it is another one, and walked over.  NULL: there is none.
     */
    nthrift_walk_flat_pt  walk_flat;

    /* The body that says nothing: a struct without fields. */

    nthrift_str_t  empty;

    /* As in exception.h. */

    size_t     (*exception_size)(const nthrift_str_t *text, int32_t type);
    uint8_t   *(*exception_write)(uint8_t *p, const nthrift_str_t *text,
                     int32_t type);
    void       (*exception_read)(const uint8_t *p, const uint8_t *last,
                     nthrift_str_t *text, int32_t *type);
} nthrift_protocol_t;


extern const nthrift_protocol_t  nthrift_binary;
extern const nthrift_protocol_t  nthrift_compact;
extern const nthrift_protocol_t  nthrift_json;


/* By nthrift_protocol_e; NULL for NTHRIFT_PROTOCOL_AUTO. */

extern const nthrift_protocol_t *const  nthrift_protocols[NTHRIFT_PROTOCOLS];


/*
 * The second byte of a message is not the protocol's: says why, and returns
 * NTHRIFT_ERROR.
 */
int nthrift_protocol_version_error(const nthrift_protocol_t *protocol,
    uint8_t byte, nthrift_error_t *err);

/* "binary" and so on; "unknown" for NTHRIFT_PROTOCOL_AUTO. */
const char *nthrift_protocol_name(unsigned protocol);


#define NTHRIFT_PROTOCOL_NO_NAME  "empty method name"


/*
 * For head_read(): a name of `len` bytes, in a head that has `rest` others, in
 * a frame of `limit` bytes.  NTHRIFT_OK, or NTHRIFT_ERROR: it cannot be one.
 * Of which types it may be empty is judged later (head.c).
 */

static inline int
nthrift_protocol_check_name(const nthrift_head_t *head, uint64_t len,
    uint64_t rest, uint64_t limit, nthrift_error_t *err)
{
    if (len == 0 && !head->unnamed) {
        return nthrift_error_set(err, NTHRIFT_PROTOCOL_NO_NAME);
    }

    if (len > NTHRIFT_MAX_NAME) {
        return nthrift_error_set(err, "too long method name");
    }

    if (rest > limit || len > limit - rest) {
        return nthrift_error_set(err, "method name longer than its frame");
    }

    return NTHRIFT_OK;
}


#endif /* NTHRIFT_PROTOCOL_H */
