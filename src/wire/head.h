/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/head.h: the head of a message, read and written in every transport and
 * protocol.
 *
 * Sources: doc/specs/thrift-binary-protocol.md, thrift-compact-protocol.md,
 * lib/cpp TBinaryProtocol.tcc and TCompactProtocol.tcc.
 */

#ifndef NTHRIFT_HEAD_H
#define NTHRIFT_HEAD_H

#include "wire/wire.h"


/*
 * Reads the head that begins at `p`, length word included.  The bytes of a
 * head must be contiguous; head->name points into them.
 *
 * Returns NTHRIFT_OK with head->size bytes read; NTHRIFT_AGAIN when the head
 * is not whole (nothing is consumed: call again with all its bytes; a head is
 * at most NTHRIFT_MAX_HEAD bytes, and with a THeader as many more as that may
 * have by rules->max_header); NTHRIFT_ERROR when it is none: nothing
 * after it can be trusted.  Refused are: what nthrift_frame_read() refuses, a
 * bad version, a name that is empty (but see rules->unnamed), longer than
 * NTHRIFT_MAX_NAME or that leaves its frame, a varint of more than 5 bytes.
 */
int nthrift_head_read(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err);

/* The same, by the tables alone: what that takes a short cut for, too. */
int nthrift_head_read_any(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
    nthrift_noinline;

/*
 * The bytes that nthrift_head_write() will write for `head`, length word
 * included; head->lax, ->frame, ->size and ->header are not looked at: a binary
 * head is written strict, as every library does, but for head->write_lax.  With
 * head->packed there is no head of a protocol: that is a part of the body then.
 */
size_t nthrift_head_size(const nthrift_head_t *head);

/*
 * The length word that nthrift_head_write() will write before `head` and a
 * body of `body` bytes, both of which it counts; 0: none, the message is not
 * framed.  head->frame and ->size are not looked at.
 */
uint32_t nthrift_head_frame(const nthrift_head_t *head, size_t body);

/*
 * Writes the head for a body of `body` bytes; for a framed message the length
 * word counts head and body.  Needs nthrift_head_size() bytes at `p`; returns
 * the byte behind the head.
 */
uint8_t *nthrift_head_write(uint8_t *p, const nthrift_head_t *head,
    size_t body);

/*
 * Makes `head`, which was written so at `p`, the same as one that was read from
 * there, but for its name, which stays where it is.
 */
void nthrift_head_set(nthrift_head_t *head, uint8_t *p, size_t body);

/* The bytes that a message with this head may have by `rules`. */
uint64_t nthrift_head_most(const nthrift_head_t *head,
    const nthrift_rules_t *rules);

/*
 * Gives the message whose head was read from `p` (as `old` says) the seqid
 * `seqid`, in place, when that takes as many bytes as the old one did.
 * Returns NTHRIFT_OK, or NTHRIFT_DECLINED with nothing changed, as always where
 * there is a THeader.
 */
int nthrift_head_patch_seqid(uint8_t *p, const nthrift_head_t *old,
    int32_t seqid);

/* "REPLY" and so on, or "unknown"; constant strings. */
const char *nthrift_head_type_name(unsigned type);


#endif /* NTHRIFT_HEAD_H */
