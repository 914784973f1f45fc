/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/protocol.c: the table of the protocols.  The rows' constants are in
 * the headers of their protocols.
 */

#include "bind/protocol.h"

#include "bind/put_binary.h"
#include "bind/put_compact.h"
#include "bind/token_binary.h"
#include "bind/token_compact.h"


const nthrift_bind_protocol_t  nthrift_bind_protocols[NTHRIFT_PROTOCOLS] = {
    [NTHRIFT_BINARY] = { &nthrift_token_binary, &nthrift_put_binary },
    [NTHRIFT_COMPACT] = { &nthrift_token_compact, &nthrift_put_compact }
};
