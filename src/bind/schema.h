/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/schema.h: makes the tables of table.h from the model, when a
 * configuration is read or code is generated.
 *
 * What somebody else wants to know of a field (where it is in a C struct)
 * belongs in an array beside `fields`, of the same order: see layouts.
 */

#ifndef NTHRIFT_SCHEMA_H
#define NTHRIFT_SCHEMA_H

#include "bind/table.h"
#include "idl/model.h"
#include "wire/wire.h"


/* The field of that id, or NULL. */

const nthrift_schema_field_t *nthrift_schema_search(const nthrift_schema_t *st,
    int16_t id);


static inline const nthrift_schema_field_t *
nthrift_schema_field(const nthrift_schema_t *st, int16_t id)
{
    uint32_t  place;

    if ((uint16_t) id < st->n_index) {
        place = st->index[id];
        return (place != 0) ? &st->fields[place - 1] : NULL;
    }

    return nthrift_schema_search(st, id);
}


/*
 * How many fields a union or a result may have, when it ends after so many
 * that are declared and that are not; other structs may have any.  NULL: it is
 * right; or what is wrong, a constant.
 */

static inline const char *
nthrift_schema_miscounted(const nthrift_schema_t *st, uint32_t known,
    uint32_t unknown)
{
    if (st->what < NTHRIFT_SCHEMA_UNION || known + unknown == 1) {
        return NULL;
    }

    if (st->what == NTHRIFT_SCHEMA_UNION) {
        return (known + unknown == 0) ? "union without a field"
                                      : "union with more than one field";
    }

    if (known > 1) {
        return "result with more than one field";
    }

    return (st->returns && known + unknown == 0) ? "result without a value"
                                                 : NULL;
}


/* What an EXCEPTION says: TApplicationException, see wire/exception.h. */

extern const nthrift_schema_t  nthrift_schema_exception;


/* The nthrift_type_e of a type that has no typedef before it. */

unsigned nthrift_schema_wire_type(nthrift_idl_kind_e kind);

/* 1 if the enum has that number. */

int nthrift_schema_enum_has(const nthrift_schema_enum_t *en, int32_t number);


/*
 * Tables that were built so far: one for each struct of the model, however
 * often it is named, and all that it names.  One set for all methods of a
 * configuration saves memory.
 */

typedef struct {
    nthrift_arena_t               *arena;
    nthrift_map_t                  memo;        /* by address in the model */
    uint32_t                       max_required;    /* the most that a table
                                                       has: see check.h */
    void                          *structs;     /* still to be filled */
    void                          *types;
} nthrift_schema_set_t;


/*
 * An empty set on `arena`; allocates nothing.  Models that it is used with,
 * and the loaders they came from (which hold the types without a name), stay
 * until the last table is built.
 */

void nthrift_schema_init(nthrift_schema_set_t *set, nthrift_arena_t *arena);

/*
 * The table of `st`, and those of all structs that can be met in it.  NULL:
 * no memory, and the set must not be used again.  Tables live as long as the
 * arena; names point into the model.  Fields whose id is no i16 can never be
 * on the wire and are left out.
 */
const nthrift_schema_t *nthrift_schema_build(nthrift_schema_set_t *set,
    const nthrift_idl_struct_t *st);


#endif /* NTHRIFT_SCHEMA_H */
