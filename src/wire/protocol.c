/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/protocol.c: the table of the protocols.  The rows are in their files.
 */

#include "wire/protocol.h"


const nthrift_protocol_t *const  nthrift_protocols[NTHRIFT_PROTOCOLS] = {
    [NTHRIFT_BINARY] = &nthrift_binary,
    [NTHRIFT_COMPACT] = &nthrift_compact,
    [NTHRIFT_JSON] = &nthrift_json
};


const char *
nthrift_protocol_name(unsigned protocol)
{
    return (protocol != NTHRIFT_PROTOCOL_AUTO)
           ? nthrift_protocols[protocol]->name : "unknown";
}


int
nthrift_protocol_version_error(const nthrift_protocol_t *protocol,
    uint8_t byte, nthrift_error_t *err)
{
    int  foreign;

    foreign = protocol->foreign_error != NULL
              && (byte & protocol->version_mask) == protocol->foreign;

    return nthrift_error_set(err, foreign ? protocol->foreign_error
                                          : protocol->version_error);
}
