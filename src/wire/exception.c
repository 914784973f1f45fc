/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/exception.c: TApplicationException, by which a call is told that it
 * failed.  Written where the proxy itself answers, read where a reply is
 * logged; the bytes are the protocol's (protocol.h).
 *
 * Source: lib/cpp TApplicationException.{h,cpp}.
 */

#include "wire/exception.h"
#include "wire/protocol.h"


size_t
nthrift_exception_size(unsigned protocol, const nthrift_str_t *text,
    int32_t type)
{
    return nthrift_protocols[protocol]->exception_size(text, type);
}


uint8_t *
nthrift_exception_write(uint8_t *p, unsigned protocol,
    const nthrift_str_t *text, int32_t type)
{
    return nthrift_protocols[protocol]->exception_write(p, text, type);
}


void
nthrift_exception_read(unsigned protocol, const uint8_t *p,
    const uint8_t *last, nthrift_str_t *text, int32_t *type)
{
    nthrift_protocols[protocol]->exception_read(p, last, text, type);
}


const char *
nthrift_exception_type_name(int32_t type)
{
    static const char *const  names[] = {
        "UNKNOWN",
        "UNKNOWN_METHOD",
        "INVALID_MESSAGE_TYPE",
        "WRONG_METHOD_NAME",
        "BAD_SEQUENCE_ID",
        "MISSING_RESULT",
        "INTERNAL_ERROR",
        "PROTOCOL_ERROR",
        "INVALID_TRANSFORM",
        "INVALID_PROTOCOL",
        "UNSUPPORTED_CLIENT_TYPE"
    };

    if (type < 0 || type > NTHRIFT_EXC_UNSUPPORTED_CLIENT_TYPE) {
        return NULL;
    }

    return names[type];
}
