/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/exception.h: TApplicationException, the body of an EXCEPTION message:
 * struct { 1: string message, 2: i32 type }.
 */

#ifndef NTHRIFT_EXCEPTION_H
#define NTHRIFT_EXCEPTION_H

#include "wire/wire.h"


/* Bytes that nthrift_exception_write() will write. */
size_t nthrift_exception_size(unsigned protocol, const nthrift_str_t *text,
    int32_t type);

/*
 * Writes the body; both fields always, as C++ does.  The text has at most
 * INT32_MAX bytes.  Returns the byte behind it; exactly
 * nthrift_exception_size() bytes are written.
 */
uint8_t *nthrift_exception_write(uint8_t *p, unsigned protocol,
    const nthrift_str_t *text, int32_t type);

/*
 * Reads a body that a walk has found well formed, as far as [p, last) holds
 * it: `*type` and `*text` (pointing into the bytes; its visible part when it
 * is cut off) are set when met and else left as they were.  A missing type
 * stays what the caller set (Node servers send none); unknown fields are
 * passed over as far as they are scalars or strings, and end the reading
 * otherwise.  Never reads behind `last`.
 */
void nthrift_exception_read(unsigned protocol, const uint8_t *p,
    const uint8_t *last, nthrift_str_t *text, int32_t *type);

/* "UNKNOWN_METHOD" and so on; NULL for a number that has no name. */
const char *nthrift_exception_type_name(int32_t type);


#endif /* NTHRIFT_EXCEPTION_H */
