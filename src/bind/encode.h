/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/encode.h: from a struct in C to a body, by the tables of both.
 */

#ifndef NTHRIFT_ENCODE_H
#define NTHRIFT_ENCODE_H

#include "bind/schema.h"
#include "bind/write.h"


/*
 * Writes the struct at `value`.  Of its fields those with "has_" are written
 * if that is set, others always; but a struct that is a NULL pointer, or a
 * union without a field, is left out where it is neither required nor said to
 * be there.  Of a union, the field that `which` names.
 *
 * NTHRIFT_OK, or NTHRIFT_ERROR and w->error says why: the writer's own error;
 * a union without a field or with one that it does not have; a struct that is
 * a NULL pointer; items or a string's data that are NULL while there should
 * be some; more than NTHRIFT_MAX_DEPTH levels of structs and containers (a
 * circle of pointers); a container or string of more than INT32_MAX items or
 * bytes; a result with more than one field, or with none unless the method is
 * void.  What was written by then is worth nothing.
 *
 * Values are not compared with what the IDL says of them: numbers of enums,
 * and whether a string is UTF-8.
 */
int nthrift_encode_body(nthrift_write_t *w, const nthrift_layout_t *layout,
    const void *value);


#endif /* NTHRIFT_ENCODE_H */
