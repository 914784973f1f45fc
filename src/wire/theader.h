/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/theader.h: THeader, what Apache's THeaderTransport and fbthrift's
 * header channel put before a message: a number, flags, what was done to the
 * payload, and info headers, which are names and values.
 *
 *     u32      length word: the bytes that follow
 *     u16      0x0fff
 *     u16      flags                                   head->flags
 *     u32      seqid                                   head->sequence
 *     u16      size of what follows up to the payload, in words of 32 bits
 *     varint   protocol
 *     varint   number of transforms, and each of them  head->packed
 *              info blocks                             head->info
 *              zeros up to a whole word
 *     payload  a message of that protocol, with a head and a seqid of its own
 *
 * An info block is a varint that says of which kind it is, one that says how
 * many pairs it has, and the pairs: name and value, each with its length before
 * it.  Blocks of an unknown kind end the info, as they do in all libraries.
 *
 * Sources: doc/specs/HeaderFormat.md, lib/cpp THeaderTransport.cpp, lib/py
 * THeaderTransport.py; fbthrift's thrift/lib/cpp/transport/THeader.cpp.
 */

#ifndef NTHRIFT_THEADER_H
#define NTHRIFT_THEADER_H

#include "wire/wire.h"


/*
 * head->flags: the client takes replies in any order, and tells them by their
 * seqids (fbthrift).
 */

#define NTHRIFT_HEADER_OUT_OF_ORDER  0x01


/*
 * The most that head->info may have: beside it are numbers of two bytes each
 * at most, and zeros.
 */

#define NTHRIFT_MAX_INFO  (NTHRIFT_MAX_HEADER - 8)


/* One after the other. */

typedef struct {
    const uint8_t  *p;
    const uint8_t  *last;
    uint32_t        left;           /* pairs of this block */
    uint8_t         persistent;     /* of fbthrift: they stand for all messages
                                       of the connection that follow, too */
} nthrift_theader_info_t;


/* `info` is head->info of a head that was read, or what was written below. */
void nthrift_theader_info_start(nthrift_theader_info_t *walk,
    const nthrift_str_t *info);

/* The next pair, which lies in the info, or NTHRIFT_DECLINED: that was all. */
int nthrift_theader_info_next(nthrift_theader_info_t *walk,
    nthrift_str_t *name, nthrift_str_t *value);

/*
 * Writes a block of `n` pairs, none of which is persistent: first its
 * beginning, then each pair.  They return the byte behind.
 */
size_t nthrift_theader_block_size(uint32_t n);
uint8_t *nthrift_theader_block_write(uint8_t *p, uint32_t n);
size_t nthrift_theader_pair_size(const nthrift_str_t *name,
    const nthrift_str_t *value);
uint8_t *nthrift_theader_pair_write(uint8_t *p, const nthrift_str_t *name,
    const nthrift_str_t *value);


#endif /* NTHRIFT_THEADER_H */
