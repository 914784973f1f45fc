/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/translate.h: the body of a message in another protocol: from its first
 * field to its stop, without a schema, in pieces of any size, into buffers of
 * any size, no byte read twice.
 *
 * What is refused, and with which sentence, is what skip.h says: a body is
 * translated to its end if and only if the walk over it ends, too.  What a
 * protocol lets its writers choose comes out in one form:
 *
 *   bool       a byte of the binary protocol is true unless it is 0, an element
 *              of the compact one is true if it is 1, as Apache's libraries
 *              read them; written are 1 and 0, and 1 and 2
 *   integers   compact numbers of more bits than their type has lose the upper
 *              ones, as in Apache's C++ library
 *   field ids  compact sums of more than 16 bits wrap, likewise; a difference
 *              is written where it is 1 .. 15
 *   empty      a list or map of nothing keeps its elements' types where both
 *              protocols have them; else they are STOP
 *
 * Sources: doc/specs/thrift-binary-protocol.md, thrift-compact-protocol.md.
 */

#ifndef NTHRIFT_TRANSLATE_H
#define NTHRIFT_TRANSLATE_H

#include "wire/skip.h"


/* At most so many bytes are written for what is read at once. */

#define NTHRIFT_TRANSLATE_ROOM   16

/* What waits for a buffer when the one before was full. */

#define NTHRIFT_TRANSLATE_SPILL  64


typedef struct nthrift_translate_s  nthrift_translate_t;

typedef int (*nthrift_translate_walk_pt)(nthrift_translate_t *t,
    const uint8_t **p, const uint8_t *last);


struct nthrift_translate_s {
    nthrift_skip_t              read;   /* levels of structs have the last
                                           field's id in `left` */
    nthrift_translate_walk_pt   walk;
    uint8_t                    *out;    /* while it goes on: the next byte */
    uint8_t                    *end;    /* and the first that may not be
                                           written */
    uint8_t                     from;   /* of `spill`, what waits */
    uint8_t                     to;
    uint8_t                     spill[NTHRIFT_TRANSLATE_SPILL];
};


/*
 * Begins a body in `protocol`, which is to be in protocol `to`.  The rest is as
 * in nthrift_skip_start().  NTHRIFT_DECLINED: it cannot be done.
 */
int nthrift_translate_start(nthrift_translate_t *t, unsigned protocol,
    unsigned to, nthrift_skip_level_t *levels, uint32_t max_depth,
    uint64_t budget);

/*
 * Goes on through [*p, last), and writes to [*out, end).  Returns NTHRIFT_OK
 * with *p behind the struct's stop, and all of it written; NTHRIFT_AGAIN with
 * *out == end: more room is needed; or else with *p == last: more bytes are;
 * NTHRIFT_ERROR with err->text set; afterwards it must be started again.
 */
int nthrift_translate_read(nthrift_translate_t *t, const uint8_t **p,
    const uint8_t *last, uint8_t **out, uint8_t *end, nthrift_error_t *err);


#endif /* NTHRIFT_TRANSLATE_H */
