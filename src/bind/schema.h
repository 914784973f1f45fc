/*
 * bind/schema.h: what the IDL says of a struct, as a table that bodies are
 * read with.  The tables are plain constants: they are built from the model
 * when a configuration is read, or written out by a code generator; whoever
 * reads with them cannot tell and changes nothing in them.
 *
 *     struct -> fields -> type -> key, elem: types
 *                              -> st: struct (a circle in recursive types)
 *                              -> en: enum
 *
 * What somebody else wants to know of a field (where it is in a C struct, how
 * it is freed) belongs in an array beside `fields`, of the same order.
 */

#ifndef NTHRIFT_SCHEMA_H
#define NTHRIFT_SCHEMA_H

#include "idl/model.h"
#include "wire/wire.h"


typedef struct nthrift_schema_s        nthrift_schema_t;
typedef struct nthrift_schema_type_s   nthrift_schema_type_t;
typedef struct nthrift_schema_field_s  nthrift_schema_field_t;
typedef struct nthrift_schema_enum_s   nthrift_schema_enum_t;


typedef enum {
    NTHRIFT_SCHEMA_STRUCT = 0,
    NTHRIFT_SCHEMA_EXCEPTION,
    NTHRIFT_SCHEMA_ARGS,            /* a call's body */
    NTHRIFT_SCHEMA_UNION,
    NTHRIFT_SCHEMA_RESULT           /* a reply's body */
} nthrift_schema_what_e;


/* Of a type */

#define NTHRIFT_SCHEMA_TEXT  0x01   /* a string, not binary */
#define NTHRIFT_SCHEMA_ENUM  0x02   /* an i32 that is an enum's number */


struct nthrift_schema_enum_s {
    nthrift_str_t                  name;
    const int32_t                 *numbers;     /* n, ascending, each once */
    uint32_t                       n;
};


/* What does not belong to a type is NULL. */

struct nthrift_schema_type_s {
    uint8_t                        type;        /* nthrift_type_e */
    uint8_t                        flags;
    const nthrift_schema_type_t   *key;         /* map */
    const nthrift_schema_type_t   *elem;        /* list, set, map: its value */
    const nthrift_schema_t        *st;
    const nthrift_schema_enum_t   *en;
};


struct nthrift_schema_field_s {
    nthrift_str_t                  name;
    nthrift_schema_type_t          type;
    int16_t                        id;
    uint8_t                        req;         /* nthrift_idl_req_e */
    uint16_t                       nth;         /* of the required ones, in
                                                   order of `fields`, from 0 */
};


struct nthrift_schema_s {
    nthrift_str_t                  name;        /* of args and results: the
                                                   method's */
    const nthrift_schema_field_t  *fields;      /* n, ascending ids */
    const uint16_t                *index;       /* by id from 0, n_index: place
                                                   in `fields` plus 1, or 0;
                                                   NULL if n_index is 0 */
    uint32_t                       n;
    uint32_t                       n_index;
    uint32_t                       required;    /* fields that are; 0 for
                                                   unions and results */
    uint8_t                        what;        /* nthrift_schema_what_e */
    uint8_t                        returns;     /* result: 1 unless void */
};


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
