/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/protocol.h: what a protocol brings to bind/, and the table of all of
 * them.  What it brings are constants that disappear into the loops: each of
 * those is there once for each protocol, and is chosen once a body.
 *
 *     token_<name>.h --+--> check.c    check_<name>
 *                      +--> prune.c    prune_<name>
 *                      +--> find.c     find_<name>
 *                      +--> decode.c   decode_body_<name>
 *                      `--> nthrift_bind_protocols: the tools
 *     put_<name>.h ----+--> encode.c   encode_body_<name>
 *                      `--> nthrift_bind_protocols: write.c
 *
 * A new one is an addition: both headers, a row here, and in each of the files
 * its functions and their place in the table behind them.  In wire/ it brings
 * what wire/protocol.h says.
 *
 * A protocol that is text has no row and no tokens: json_read.h says why.  Its
 * bodies are read into binary ones, and written from others.
 */

#ifndef NTHRIFT_BIND_PROTOCOL_H
#define NTHRIFT_BIND_PROTOCOL_H

#include "bind/put.h"
#include "bind/token.h"


/* For those who read or write a value at a time and are not in a hurry. */

typedef struct {
    const nthrift_token_protocol_t  *token;
    const nthrift_put_protocol_t    *put;
} nthrift_bind_protocol_t;


/* By nthrift_protocol_e; of NTHRIFT_PROTOCOL_AUTO and of text it is empty. */

extern const nthrift_bind_protocol_t
    nthrift_bind_protocols[NTHRIFT_PROTOCOLS];


#endif /* NTHRIFT_BIND_PROTOCOL_H */
