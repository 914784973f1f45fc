/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/model.h: what a set of .thrift files says, once it is read and checked.
 *
 * A program is one file.  Its definitions are structures that begin with
 * nthrift_idl_def_t; everything points to what it names, so that nothing has
 * to be looked up by name again.  All of it lives in the arena that the
 * loader was given and is never changed after nthrift_loader_load() returned.
 *
 *     program -> defs: const, typedef, enum, struct, service
 *                service -> methods -> args, throws, result (structs)
 *                struct -> fields -> type, default value
 *
 * Strings point into the text of the file where that is possible.  "Text
 * order" is the order of the file.
 */

#ifndef NTHRIFT_IDL_MODEL_H
#define NTHRIFT_IDL_MODEL_H

#include "base/arena.h"
#include "base/map.h"


typedef struct nthrift_idl_type_s        nthrift_idl_type_t;
typedef struct nthrift_idl_value_s       nthrift_idl_value_t;
typedef struct nthrift_idl_field_s       nthrift_idl_field_t;
typedef struct nthrift_idl_def_s         nthrift_idl_def_t;
typedef struct nthrift_idl_const_s       nthrift_idl_const_t;
typedef struct nthrift_idl_typedef_s     nthrift_idl_typedef_t;
typedef struct nthrift_idl_enum_s        nthrift_idl_enum_t;
typedef struct nthrift_idl_item_s        nthrift_idl_item_t;
typedef struct nthrift_idl_struct_s      nthrift_idl_struct_t;
typedef struct nthrift_idl_method_s      nthrift_idl_method_t;
typedef struct nthrift_idl_service_s     nthrift_idl_service_t;
typedef struct nthrift_idl_include_s     nthrift_idl_include_t;
typedef struct nthrift_idl_namespace_s   nthrift_idl_namespace_t;
typedef struct nthrift_idl_annotation_s  nthrift_idl_annotation_t;
typedef struct nthrift_idl_program_s     nthrift_idl_program_t;


/* Where something is written; both count from 1, the column in bytes. */

typedef struct {
    uint32_t  line;
    uint32_t  column;
} nthrift_idl_pos_t;


/* (name = "value"); a name may occur more than once.  Text order. */

struct nthrift_idl_annotation_s {
    nthrift_idl_annotation_t  *next;
    nthrift_idl_pos_t          pos;         /* of the name */
    nthrift_str_t              name;
    nthrift_str_t              value;       /* "1" where none is written */
};


/* Types */

typedef enum {
    NTHRIFT_IDL_VOID = 0,
    NTHRIFT_IDL_BOOL,
    NTHRIFT_IDL_I8,
    NTHRIFT_IDL_I16,
    NTHRIFT_IDL_I32,
    NTHRIFT_IDL_I64,
    NTHRIFT_IDL_DOUBLE,
    NTHRIFT_IDL_STRING,
    NTHRIFT_IDL_BINARY,
    NTHRIFT_IDL_UUID,
    NTHRIFT_IDL_LIST,
    NTHRIFT_IDL_SET,
    NTHRIFT_IDL_MAP,
    NTHRIFT_IDL_ENUM,
    NTHRIFT_IDL_STRUCT,             /* struct, union, exception */
    NTHRIFT_IDL_TYPEDEF,
    NTHRIFT_IDL_NAMED               /* only until names are resolved */
} nthrift_idl_kind_e;

#define NTHRIFT_IDL_N_BASE  (NTHRIFT_IDL_UUID + 1)

struct nthrift_idl_type_s {
    nthrift_idl_kind_e         kind;        /* as written */
    nthrift_idl_pos_t          pos;         /* 0 for types without a name */

    /*
     * What the type is after all typedefs: never NTHRIFT_IDL_TYPEDEF, the
     * type itself if it is none.  Elements of containers have their own;
     * followed through all typedefs, containers are at most twice as deep as
     * the loader's limit of nesting.
     */
    nthrift_idl_type_t        *real;

    nthrift_idl_type_t        *key;         /* map */
    nthrift_idl_type_t        *elem;        /* list, set, map (its value) */
    nthrift_idl_def_t         *def;         /* enum, struct, typedef */

    nthrift_str_t              name;        /* as written, "shop.User" */
    nthrift_str_t              cpp_type;    /* containers; may be empty */
    nthrift_idl_annotation_t  *annotations;

    nthrift_idl_type_t        *next_named;  /* the resolver's list */
};


/* Values of constants and defaults */

typedef enum {
    NTHRIFT_IDL_VALUE_INT = 0,
    NTHRIFT_IDL_VALUE_DOUBLE,
    NTHRIFT_IDL_VALUE_STRING,
    NTHRIFT_IDL_VALUE_LIST,         /* [...], also a set */
    NTHRIFT_IDL_VALUE_MAP,          /* {...}, also a struct */
    NTHRIFT_IDL_VALUE_CONST,        /* the name of a constant: ref */
    NTHRIFT_IDL_VALUE_ITEM,         /* the name of an enum's value: item */
    NTHRIFT_IDL_VALUE_NAMED         /* only until names are resolved */
} nthrift_idl_value_kind_e;

struct nthrift_idl_value_s {
    nthrift_idl_value_kind_e   kind;
    nthrift_idl_pos_t          pos;
    nthrift_idl_value_t       *next;        /* in the list or map around */

    union {
        int64_t                i;           /* true is 1, false is 0 */
        double                 d;
        nthrift_str_t          s;           /* escapes replaced; a name */

        struct {
            nthrift_idl_value_t  *first;    /* of a map: key, value, key ... */
            size_t                n;        /* elements or pairs */
        } list;
    } u;

    nthrift_idl_const_t       *ref;         /* VALUE_CONST */
    nthrift_idl_item_t        *item;        /* VALUE_ITEM, and VALUE_INT where
                                               an enum is declared */
};


/* Fields of structs, of argument lists and of results */

typedef enum {
    NTHRIFT_IDL_DEFAULT = 0,        /* neither word is written */
    NTHRIFT_IDL_REQUIRED,
    NTHRIFT_IDL_OPTIONAL
} nthrift_idl_req_e;

struct nthrift_idl_field_s {
    nthrift_idl_field_t       *next;        /* text order */
    nthrift_idl_pos_t          pos;         /* of the name */
    nthrift_str_t              name;
    nthrift_str_t              doc;         /* cleaned; empty: none */
    nthrift_idl_annotation_t  *annotations;
    int32_t                    id;          /* on the wire if it fits 16 bit */
    uint32_t                   index;       /* in its struct, text order */
    nthrift_idl_req_e          req;
    unsigned                   implicit:1;  /* the id was not written */
    unsigned                   reference:1; /* "&" */
    unsigned                   xsd_optional:1;
    unsigned                   xsd_nillable:1;
    nthrift_idl_type_t        *type;
    nthrift_idl_value_t       *value;       /* the default, or NULL */
    nthrift_idl_struct_t      *xsd_attrs;   /* or NULL */
};


/* Definitions */

typedef enum {
    NTHRIFT_IDL_DEF_CONST = 0,
    NTHRIFT_IDL_DEF_TYPEDEF,
    NTHRIFT_IDL_DEF_ENUM,
    NTHRIFT_IDL_DEF_STRUCT,
    NTHRIFT_IDL_DEF_SERVICE
} nthrift_idl_def_e;

struct nthrift_idl_def_s {
    nthrift_idl_def_e          kind;
    nthrift_idl_pos_t          pos;         /* of the name */
    uint32_t                   order;       /* in its program, from 1 */
    nthrift_idl_def_t         *next;        /* text order */
    nthrift_idl_program_t     *program;
    nthrift_str_t              name;
    nthrift_str_t              doc;         /* cleaned; empty: none */
    nthrift_idl_annotation_t  *annotations;
};

struct nthrift_idl_const_s {
    nthrift_idl_def_t          def;
    nthrift_idl_type_t        *type;
    nthrift_idl_value_t       *value;
    nthrift_idl_const_t       *last;        /* where the names of constants
                                               end: its value is no name */
    unsigned                   bad:1;       /* the checker found an error */
};

struct nthrift_idl_typedef_s {
    nthrift_idl_def_t          def;
    nthrift_idl_type_t        *type;        /* as written: may be a typedef */
    uint32_t                   depth;       /* of containers in it, through
                                               all typedefs: limited */

    /* the resolver's: the names in `type`, and its walk for circles */
    nthrift_idl_type_t        *names;       /* by next_named ... */
    nthrift_idl_type_t       **names_end;   /* ... up to what this points to */
    nthrift_idl_typedef_t     *from;
    unsigned                   state:2;
};

struct nthrift_idl_item_s {
    nthrift_idl_item_t        *next;        /* text order */
    nthrift_idl_pos_t          pos;
    nthrift_idl_enum_t        *parent;
    nthrift_str_t              name;
    nthrift_str_t              doc;
    nthrift_idl_annotation_t  *annotations;
    int32_t                    number;
    unsigned                   implicit:1;  /* the number was not written */
};

struct nthrift_idl_enum_s {
    nthrift_idl_def_t          def;
    nthrift_idl_item_t        *items;
    size_t                     n;
    nthrift_idl_item_t       **by_number;   /* n, ascending, then text order */
    nthrift_map_t              names;       /* empty if n is small */
};

typedef enum {
    NTHRIFT_IDL_KIND_STRUCT = 0,
    NTHRIFT_IDL_KIND_UNION,
    NTHRIFT_IDL_KIND_EXCEPTION,
    NTHRIFT_IDL_KIND_ARGS,          /* def.name is the method's */
    NTHRIFT_IDL_KIND_THROWS,
    NTHRIFT_IDL_KIND_RESULT,
    NTHRIFT_IDL_KIND_XSD_ATTRS
} nthrift_idl_struct_e;

struct nthrift_idl_struct_s {
    nthrift_idl_def_t          def;
    nthrift_idl_struct_e       what;
    unsigned                   xsd_all:1;
    size_t                     n;
    nthrift_idl_field_t       *first;       /* not for a result: see fields */
    nthrift_idl_field_t      **fields;      /* n, text order */
    nthrift_idl_field_t      **by_id;       /* n, ascending */
    nthrift_map_t              names;       /* empty if n is small */
};

struct nthrift_idl_method_s {
    nthrift_idl_method_t      *next;        /* text order */
    nthrift_idl_pos_t          pos;
    nthrift_idl_service_t     *service;     /* which defines it */
    nthrift_str_t              name;
    nthrift_str_t              doc;
    nthrift_idl_annotation_t  *annotations;
    uint32_t                   index;       /* in its service, text order */
    unsigned                   oneway:1;
    nthrift_idl_type_t        *returns;     /* NTHRIFT_IDL_VOID for void */
    nthrift_idl_struct_t      *args;
    nthrift_idl_struct_t      *throws;      /* no fields if nothing is thrown */

    /*
     * What a reply's body is: field 0 "success" unless the method is void,
     * then those of `throws`.  NULL for a oneway method: it has no reply.
     */
    nthrift_idl_struct_t      *result;
};

struct nthrift_idl_service_s {
    nthrift_idl_def_t          def;
    nthrift_str_t              extends;     /* as written; empty: none */
    nthrift_idl_pos_t          extends_pos;
    nthrift_idl_service_t     *parent;      /* or NULL */
    uint32_t                   depth;       /* 0 without a parent */
    nthrift_idl_method_t      *methods;     /* its own */
    size_t                     n;
    nthrift_map_t              names;       /* of its own methods */
};


/* Files */

struct nthrift_idl_include_s {
    nthrift_idl_include_t     *next;        /* text order */
    nthrift_idl_include_t     *same;        /* the next of the same prefix */
    nthrift_idl_pos_t          pos;
    nthrift_str_t              name;        /* as written */
    nthrift_idl_program_t     *program;
    unsigned                   repeated:1;  /* the same file as before */
};

struct nthrift_idl_namespace_s {
    nthrift_idl_namespace_t   *next;        /* text order; the last one of a
                                               scope holds */
    nthrift_str_t              scope;       /* "*", "cpp", "py.twisted" */
    nthrift_str_t              name;
    nthrift_idl_annotation_t  *annotations;
    const nthrift_str_t       *holds;       /* the resolver's: of the first of
                                               a scope, the last one's name */
};

typedef enum {
    NTHRIFT_IDL_LOADING = 0,
    NTHRIFT_IDL_LOADED,
    NTHRIFT_IDL_BROKEN              /* it, or what it includes, has errors */
} nthrift_idl_state_e;

struct nthrift_idl_program_s {
    nthrift_idl_program_t     *next;        /* in the loader, as met */
    nthrift_idl_state_e        state;
    uint32_t                   order;       /* in the loader, from 1 */
    uint32_t                   lines;
    nthrift_str_t              path;        /* as opened: for messages */
    nthrift_str_t              id;          /* the reader's name of the file */
    nthrift_str_t              prefix;      /* "shop" of "x/shop.thrift" */
    nthrift_str_t              doc;

    nthrift_idl_include_t     *includes;
    nthrift_idl_namespace_t   *namespaces;
    nthrift_idl_annotation_t  *cpp_includes;    /* `name` is empty */
    nthrift_idl_def_t         *defs;
    uint32_t                   n_defs;

    nthrift_map_t              types;       /* typedef, enum, struct */
    nthrift_map_t              services;
    nthrift_map_t              consts;
    nthrift_map_t              prefixes;    /* to nthrift_idl_include_t */
    nthrift_map_t              scopes;      /* to nthrift_idl_namespace_t */
};


/* Lookups.  All return NULL if there is none; none allocates. */

nthrift_idl_field_t *nthrift_idl_field_by_id(const nthrift_idl_struct_t *st,
    int32_t id);
nthrift_idl_field_t *nthrift_idl_field_by_name(const nthrift_idl_struct_t *st,
    const nthrift_str_t *name);

nthrift_idl_item_t *nthrift_idl_item_by_name(const nthrift_idl_enum_t *en,
    const nthrift_str_t *name);

/* The first value of that number in text order: numbers may repeat. */
nthrift_idl_item_t *nthrift_idl_item_by_number(const nthrift_idl_enum_t *en,
    int64_t number);

/* A method of the service, its own or inherited. */
nthrift_idl_method_t *nthrift_idl_method(const nthrift_idl_service_t *service,
    const nthrift_str_t *name);

/*
 * A name as `program` may write it: "User", or "shop.User" for the User of
 * an included shop.thrift.  Types are typedefs, enums, structs, unions and
 * exceptions; services have names of their own.
 */
nthrift_idl_def_t *nthrift_idl_type(const nthrift_idl_program_t *program,
    const nthrift_str_t *name);
nthrift_idl_service_t *nthrift_idl_service(
    const nthrift_idl_program_t *program, const nthrift_str_t *name);
nthrift_idl_const_t *nthrift_idl_const(const nthrift_idl_program_t *program,
    const nthrift_str_t *name);

/* The same for "Enum.VALUE" and "shop.Enum.VALUE". */
nthrift_idl_item_t *nthrift_idl_item(const nthrift_idl_program_t *program,
    const nthrift_str_t *name);

/* The last annotation of that name. */
nthrift_idl_annotation_t *nthrift_idl_annotation(
    nthrift_idl_annotation_t *first, const nthrift_str_t *name);

/* "struct", "union", "list", "service" ...: constants, for messages. */
const char *nthrift_idl_def_word(const nthrift_idl_def_t *def);
const char *nthrift_idl_kind_word(nthrift_idl_kind_e kind);


/*
 * Building, for the parser and the resolver.  NTHRIFT_ERROR: no memory.
 *
 * nthrift_idl_index_fields() fills `fields` (unless it is set), `by_id` and
 * `names`; nthrift_idl_index_items() `by_number` and `names`.  Of names that
 * repeat, the first is indexed and the second given back in `*twice`; the
 * same for ids in `*twice_id`.  Both are NULL if nothing repeats.
 */
int nthrift_idl_index_fields(nthrift_arena_t *arena, uint64_t seed,
    nthrift_idl_struct_t *st, nthrift_idl_field_t **twice,
    nthrift_idl_field_t **twice_id);
int nthrift_idl_index_items(nthrift_arena_t *arena, uint64_t seed,
    nthrift_idl_enum_t *en, nthrift_idl_item_t **twice);


#endif /* NTHRIFT_IDL_MODEL_H */
