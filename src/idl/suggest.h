/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/suggest.h: "did you mean ...?", the nearest of some names.
 *
 *     nthrift_suggest_init(&s, &wrong);
 *     for (every name) {
 *         nthrift_suggest_try(&s, &name);
 *     }
 *     if (s.best != NULL) ...
 */

#ifndef NTHRIFT_IDL_SUGGEST_H
#define NTHRIFT_IDL_SUGGEST_H

#include "idl/model.h"


/* Names longer than this, in bytes, have no neighbours. */

#define NTHRIFT_SUGGEST_LEN  64

typedef struct {
    const nthrift_str_t  *wrong;
    const nthrift_str_t  *best;     /* or NULL; as it was handed in */
    unsigned              distance; /* of the best: 1 and more */
} nthrift_suggest_t;


/* Starts a search for names near `wrong`, which is not copied. */
void nthrift_suggest_init(nthrift_suggest_t *s, const nthrift_str_t *wrong);

/*
 * Takes `name` if it is nearer than the best so far and near enough: one
 * letter of three wrong, missing, too many or exchanged with its neighbour;
 * or equal but for the case of letters.  `name` is not copied.
 */
void nthrift_suggest_try(nthrift_suggest_t *s, const nthrift_str_t *name);

/*
 * Letters that must be changed, added, removed, or exchanged with their
 * neighbour, to make `b` of `a` ("optimal string alignment"); max + 1 if it
 * is more than `max` or if one is longer than NTHRIFT_SUGGEST_LEN.
 */
unsigned nthrift_suggest_distance(const nthrift_str_t *a,
    const nthrift_str_t *b, unsigned max);

/*
 * The name of a method of `service`, own or inherited, that is nearest to
 * `wrong`; the same for the fields of a struct, the values of an enum, and the
 * services, types and constants that `program` defines; and for the words of
 * the language that stand for types.  NULL if none is near.
 */
const nthrift_str_t *nthrift_suggest_method(
    const nthrift_idl_service_t *service, const nthrift_str_t *wrong);
const nthrift_str_t *nthrift_suggest_field(const nthrift_idl_struct_t *st,
    const nthrift_str_t *wrong);
const nthrift_str_t *nthrift_suggest_item(const nthrift_idl_enum_t *en,
    const nthrift_str_t *wrong);
const nthrift_str_t *nthrift_suggest_service(
    const nthrift_idl_program_t *program, const nthrift_str_t *wrong);
const nthrift_str_t *nthrift_suggest_type(
    const nthrift_idl_program_t *program, const nthrift_str_t *wrong);
const nthrift_str_t *nthrift_suggest_base(const nthrift_str_t *wrong);
const nthrift_str_t *nthrift_suggest_const(
    const nthrift_idl_program_t *program, const nthrift_str_t *wrong);

/*
 * For a name with or without a prefix: the nearest of what `find` (one of
 * the last three) finds in the program or in the included file of that prefix.
 * The name found has no prefix.
 */
const nthrift_str_t *nthrift_suggest_visible(
    const nthrift_idl_program_t *program, const nthrift_str_t *wrong,
    const nthrift_str_t *(*find)(const nthrift_idl_program_t *program,
                                 const nthrift_str_t *wrong));


#endif /* NTHRIFT_IDL_SUGGEST_H */
