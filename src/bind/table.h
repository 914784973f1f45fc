/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/table.h: what the IDL says, as tables of plain constants: what a struct
 * is on the wire (schema), and where its values are in C (layout).  Schemas
 * are built from the model when a configuration is read (schema.h), or written
 * out by "nthrift gen" together with layouts; whoever reads with them cannot
 * tell and changes nothing in them.
 *
 *     struct -> fields -> type -> key, elem: types
 *                              -> st: struct (a circle in recursive types)
 *                              -> en: enum
 *
 * A layout stands beside a schema and has its shape: the fields of both are in
 * the same order.  This file is C and C++, for generated code includes it.
 */

#ifndef NTHRIFT_TABLE_H
#define NTHRIFT_TABLE_H

#include "base/base.h"


typedef struct nthrift_schema_s        nthrift_schema_t;
typedef struct nthrift_schema_type_s   nthrift_schema_type_t;
typedef struct nthrift_schema_field_s  nthrift_schema_field_t;
typedef struct nthrift_schema_enum_s   nthrift_schema_enum_t;

typedef struct nthrift_layout_s        nthrift_layout_t;
typedef struct nthrift_layout_type_s   nthrift_layout_type_t;
typedef struct nthrift_layout_field_s  nthrift_layout_field_t;


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


/* Of a field: nthrift_idl_req_e */

#define NTHRIFT_SCHEMA_DEFAULT   0
#define NTHRIFT_SCHEMA_REQUIRED  1
#define NTHRIFT_SCHEMA_OPTIONAL  2


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
    uint8_t                        req;         /* NTHRIFT_SCHEMA_REQUIRED.. */
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


/*
 * Values in C, by the type on the wire:
 *
 *     bool                bool
 *     i8 .. i64, double   int8_t .. int64_t, double; an enum is an int32_t
 *     string, binary      nthrift_str_t
 *     uuid                16 bytes (nthrift_uuid_t)
 *     list, set           { size_t n; const T *items; }
 *     map                 { size_t n; const entry *items; }, where an entry is
 *                         a struct { key; value }
 *     struct              itself; or, where `pointer` is set, a pointer to it,
 *                         which is NULL when there is none
 */

struct nthrift_layout_type_s {
    uint32_t                       size;        /* bytes of the value */
    uint32_t                       second;      /* map: where the value begins
                                                   in an entry */
    uint32_t                       entry;       /* map: bytes of an entry */
    uint8_t                        pointer;     /* struct: 1, a pointer */
    const nthrift_layout_type_t   *key;         /* map */
    const nthrift_layout_type_t   *elem;        /* list, set, map: its value */
    const nthrift_layout_t        *st;          /* struct */
};


/* A field that has no "bool has_<name>" beside it. */

#define NTHRIFT_LAYOUT_ALWAYS  0xffffffff


struct nthrift_layout_field_s {
    uint32_t                       offset;      /* of the value */
    uint32_t                       has;         /* of its bool, or
                                                   NTHRIFT_LAYOUT_ALWAYS */
    nthrift_layout_type_t          type;
};


struct nthrift_layout_s {
    const nthrift_schema_t        *schema;
    const nthrift_layout_field_t  *fields;      /* as schema->fields */
    const void                    *defaults;    /* `size` bytes: a value with
                                                   the IDL's defaults; NULL:
                                                   all of it is zero */
    uint32_t                       size;        /* bytes of the struct */
    uint32_t                       which;       /* union: offset of the int16_t
                                                   that is the id of the field
                                                   in use, 0: none */
};


#endif /* NTHRIFT_TABLE_H */
