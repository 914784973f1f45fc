/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/text.h: values that JSON has only as text, for all that read or write
 * them.
 */

#ifndef NTHRIFT_PLAIN_TEXT_H
#define NTHRIFT_PLAIN_TEXT_H

#include "base/base.h"


#define NTHRIFT_PLAIN_UUID  36          /* "8-4-4-4-12" hexadecimal digits */


/* Bytes of base64 text for `len` bytes, padding included. */

static inline size_t
nthrift_plain_text_base64_size(size_t len)
{
    return (len + 2) / 3 * 4;
}


/* Writes nthrift_plain_text_base64_size() bytes (RFC 4648, section 4). */
void nthrift_plain_text_base64_write(char *p, const uint8_t *data, size_t len);

/*
 * Reads base64 with or without its padding, also with the letters for URLs
 * (RFC 4648, section 5); `data` has room for len / 4 * 3 + 3 bytes.  Returns 0
 * and the number of bytes in `*n`, or -1: it is none.
 */
int nthrift_plain_text_base64_read(const char *p, size_t len, uint8_t *data,
    size_t *n);

/* Writes NTHRIFT_PLAIN_UUID characters. */
void nthrift_plain_text_uuid_write(char *p, const uint8_t *uuid);

/* Reads them, in braces or without.  Returns 0, or -1: it is none. */
int nthrift_plain_text_uuid_read(const char *p, size_t len, uint8_t *uuid);


#endif /* NTHRIFT_PLAIN_TEXT_H */
