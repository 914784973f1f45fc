/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/fingerprint.h: whether two sides mean the same method: the definitions
 * that a handler was generated from, and those that a configuration loads.
 */

#ifndef NTHRIFT_FINGERPRINT_H
#define NTHRIFT_FINGERPRINT_H

#include "base/arena.h"
#include "bind/schema.h"


/*
 * A method's fingerprint: a hash (base/map.h) of its name, of whether it is
 * oneway, and of its arguments and result (NULL: oneway) with all structs
 * that can be met in them: ids, names, types and requiredness of fields, kinds
 * and names of structs, names of enums.  Not of default values, numbers of
 * enums, annotations, or the order in which things are written.
 *
 * `arena` is for the memory that this takes while it works; 0 when there is
 * none.  (A fingerprint itself is never 0.)
 */
uint64_t nthrift_fingerprint(nthrift_arena_t *arena, const nthrift_str_t *name,
    const nthrift_schema_t *args, const nthrift_schema_t *result);

/*
 * The first difference between what a handler has and what is loaded, of what
 * a fingerprint is made of but the method's name.  As what is to be said of
 * the method, for people, terminated: "argument \"b\" is i64 in the handler
 * and i32 in the IDL", "field \"country\" of struct Location is missing in
 * the handler", "returns string in the handler and void in the IDL".
 *
 * NTHRIFT_OK, and the text in buf[0 .. size), cut off if it is longer; `size`
 * is not 0.  NTHRIFT_DECLINED: they are the same.  NTHRIFT_ERROR: no memory in
 * `arena`.
 *
 * Tables of a handler that are not tables can do harm: to be called where a
 * crash is caught.
 */
int nthrift_fingerprint_difference(nthrift_arena_t *arena,
    const nthrift_schema_t *handler_args,
    const nthrift_schema_t *handler_result, const nthrift_schema_t *args,
    const nthrift_schema_t *result, char *buf, size_t size);


#endif /* NTHRIFT_FINGERPRINT_H */
