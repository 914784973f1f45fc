/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/decode.h: from a body to a struct in C, by the tables of both.  For
 * bodies that check.h has found to say what the schema says.
 */

#ifndef NTHRIFT_DECODE_H
#define NTHRIFT_DECODE_H

#include "base/arena.h"
#include "bind/bytes.h"
#include "bind/schema.h"


/*
 * Decodes the struct that begins at body->p into `*value`, which has
 * layout->size bytes of the arena's memory and is zeroed; NULL when there are
 * no bytes for it.  Fields that are not sent get the IDL's defaults, else
 * zero; those that are not declared are passed over.  Of a field that occurs
 * twice the last one counts.  A union whose field is not declared has none,
 * not even the one that is its default.
 *
 * Strings point into the body where they lie in one run, which must stay as
 * long as the value is used; else they are copied.  `max_depth` is that of
 * the check before.
 *
 * NTHRIFT_OK: body->p is behind the stop.  NTHRIFT_ERROR: err->text says what
 * is wrong: the body is not what was checked, or the arena gives no more
 * memory (see nthrift_decode_no_memory).
 */
int nthrift_decode_body(nthrift_arena_t *arena, unsigned protocol,
    const nthrift_layout_t *layout, uint32_t max_depth, nthrift_bytes_t *body,
    void **value, nthrift_error_t *err);

/* The text of an error that is the arena's: compared by its address. */
extern const char  nthrift_decode_no_memory[];


#endif /* NTHRIFT_DECODE_H */
