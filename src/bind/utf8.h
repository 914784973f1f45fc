/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/utf8.h: whether bytes are UTF-8, strictly: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 *
 * Source: The Unicode Standard 15.0, table 3-7.
 */

#ifndef NTHRIFT_UTF8_H
#define NTHRIFT_UTF8_H

#include "base/base.h"


/* Text that comes in pieces; all zeros before the first one. */

typedef struct {
    uint8_t   bytes[4];         /* the beginning of a character */
    uint8_t   have;
} nthrift_utf8_t;


/*
 * Returns `last`, or the first byte of the first character that is wrong or
 * not whole.
 */
const uint8_t *nthrift_utf8_check(const uint8_t *p, const uint8_t *last);

/*
 * One piece of a text.  NTHRIFT_OK: good so far, and if u->have is 0 the text
 * may end here; NTHRIFT_ERROR: wrong.
 */
int nthrift_utf8_read(nthrift_utf8_t *u, const uint8_t *p,
    const uint8_t *last);


#endif /* NTHRIFT_UTF8_H */
