/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen.h: what the files of "nthrift gen" share.  The rules of what is
 * written are in docs/nthrift.md, "gen"; each header is made like this:
 *
 *     nthrift_gen.c              the command: which headers there are
 *     nthrift_gen_header.c       one header, from its first line to its last
 *         nthrift_gen_type.c     enums, structs, unions, typedefs
 *         nthrift_gen_container.c     lists, sets and maps, and their names
 *         nthrift_gen_const.c    constants, what structs begin as
 *         nthrift_gen_value.c _image.c   their values
 *         nthrift_gen_table.c    schemas and layouts
 *         nthrift_gen_service.c  methods, and the macro of a handler
 *         nthrift_gen_method.c   functions of a method
 *     nthrift_gen_source.c       names of headers; prefixes of names
 *     nthrift_gen_order.c        which struct stands before which
 *     nthrift_gen_name.c _word.c names in C
 *     nthrift_gen_print.c        text, comments, long lines
 *     nthrift_gen_file.c         files that change only if they have to
 *
 * What is wrong is reported as by the loader, and goes on: nothing is written
 * to files when something was.  Where there is no memory the program ends.
 */

#ifndef NTHRIFT_GEN_H
#define NTHRIFT_GEN_H

#include "bind/fingerprint.h"
#include "bind/schema.h"
#include "idl/annotation.h"
#include "idl/loader.h"

#include <stdio.h>


/* Bytes of a name in C; that of a container has those of all types in it. */

#define NTHRIFT_GEN_NAME    4096

/* Values of defaults and constants, with all that they stand for. */

#define NTHRIFT_GEN_VALUES  1000000

/* Arguments of "%.*s" */

#define nthrift_gen_str(s)  (int) (s)->len, (const char *) (s)->data

/* Columns of a line, where there is a place to break it. */

#define NTHRIFT_GEN_COLUMNS  79


typedef struct nthrift_gen_node_s       nthrift_gen_node_t;
typedef struct nthrift_gen_container_s  nthrift_gen_container_t;

/* A file: see nthrift_gen_source.c. */

typedef struct {
    const char                   *label;    /* of its header, without ".h" */
    const char                   *prefix;   /* of names, or NULL */
    unsigned                      dirs;     /* in the label */
    int                           same;     /* as another's label */
    int                           fixed;    /* somebody wrote the prefix */
} nthrift_gen_source_t;

typedef struct {
    nthrift_arena_t              *arena;
    nthrift_report_t             *report;
    nthrift_gen_source_t         *sources;  /* by `order` of programs, from 1 */
    const nthrift_idl_program_t  *first;    /* named on the command line */
    int                           again;    /* names have got prefixes: all of
                                               it has to be made anew */
    nthrift_schema_set_t          schemas;
    nthrift_map_t                 names;    /* in C, of all headers */
    nthrift_map_t                 nodes;    /* structs by address */
    nthrift_map_t                 containers;   /* by their names */
    nthrift_gen_node_t           *order;    /* structs of all files */
    uint32_t                      values;   /* written so far */

    /* the header that is written */

    FILE                         *out;
    const nthrift_idl_program_t  *program;
    nthrift_gen_container_t      *types;    /* by next: inner ones first */
    nthrift_gen_container_t     **types_end;

    /* what in it: for messages about names */

    const void                   *owner;
    nthrift_idl_pos_t             pos;
    const void                   *blamed;   /* owner of the last message */
} nthrift_gen_t;


/* A struct, union or exception: see nthrift_gen_order.c. */

struct nthrift_gen_node_s {
    const nthrift_idl_struct_t   *st;       /* the key's bytes */
    nthrift_gen_node_t           *next;     /* in nthrift_gen_t.order */
    nthrift_gen_node_t           *below;    /* on the stack of circles */
    nthrift_gen_node_t           *from;     /* the walk came from there */
    size_t                        field;    /* and goes on here */
    uint32_t                      number;   /* as met, from 1 */
    uint32_t                      low;
    uint32_t                      circle;   /* the same for all in one */
    int                           defaults; /* 1: some value is not zero */
};


/* A type that elements of containers have, or a container. */

struct nthrift_gen_container_s {
    nthrift_gen_container_t      *next;
    const nthrift_idl_type_t     *type;     /* real */
    const char                   *name;     /* "list_i32" */
    const nthrift_idl_program_t  *program;  /* whose list it is in */
    nthrift_idl_pos_t             pos;      /* where it was met first */
};


/* nthrift_gen_print.c */

void *nthrift_gen_alloc(nthrift_gen_t *gen, size_t size);
char *nthrift_gen_format(nthrift_gen_t *gen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void nthrift_gen_print(nthrift_gen_t *gen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Lines that may be broken where a blank is, the next one `indent` columns
 * farther than the first; the beginning of a declaration; and a line of a
 * macro, with its backslash.
 */
void nthrift_gen_wrap(nthrift_gen_t *gen, int indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void nthrift_gen_declarator(nthrift_gen_t *gen, const char *type,
    const char *name);
void nthrift_gen_macro(nthrift_gen_t *gen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A doc comment of the IDL, or nothing; with a first line, or NULL. */
void nthrift_gen_doc(nthrift_gen_t *gen, int indent, const char *title,
    const nthrift_str_t *doc);

/* A text in quotes, as a C literal. */
void nthrift_gen_literal(FILE *out, const nthrift_str_t *s);


/* nthrift_gen_source.c */

/*
 * Names the headers of all programs.  `prefixes` are n times "FILE=NAME".
 * Returns 0, or -1 after it was said which of them is wrong.
 */
int nthrift_gen_sources(nthrift_gen_t *gen, const nthrift_loader_t *loader,
    const nthrift_str_t *prefixes, size_t n);

nthrift_gen_source_t *nthrift_gen_source(nthrift_gen_t *gen,
    const nthrift_idl_program_t *program);

/* "PREFIX_", or nothing: what names of the program begin with. */
const char *nthrift_gen_prefix(nthrift_gen_t *gen,
    const nthrift_idl_program_t *program);

/*
 * The same name is in two programs: lets names of both begin otherwise.  0: it
 * may not.
 */
int nthrift_gen_tell_apart(nthrift_gen_t *gen, const nthrift_idl_program_t *a,
    const nthrift_idl_program_t *b);


/* nthrift_gen_name.c */

/* What is written from here on belongs to `owner`, which stands at `pos`. */
void nthrift_gen_at(nthrift_gen_t *gen, const void *owner,
    nthrift_idl_pos_t pos);

/* An error at that place.  Always NTHRIFT_ERROR. */
int nthrift_gen_error(nthrift_gen_t *gen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Takes a name of C for the owner: an error if another one has it.  The same
 * for the declaration of a constant: its type and its name, which may end in
 * "[n]".
 */
void nthrift_gen_take(nthrift_gen_t *gen, const char *name);
void nthrift_gen_extern(nthrift_gen_t *gen, const char *type,
    const char *name);

/* "PREFIX_Name" of a definition, without what follows ("_t", "_init"). */
const char *nthrift_gen_name(nthrift_gen_t *gen, const nthrift_idl_def_t *def);

/* The same for what stands alone: a constant. */
const char *nthrift_gen_const(nthrift_gen_t *gen,
    const nthrift_idl_def_t *def);

/* A name that is a member of something in C. */
const char *nthrift_gen_word(nthrift_gen_t *gen, const nthrift_str_t *name);

/* "Color_RED" */
const char *nthrift_gen_item(nthrift_gen_t *gen,
    const nthrift_idl_item_t *item);

/* Letters, digits and "_" of a name. */
const char *nthrift_gen_plain(nthrift_gen_t *gen, const nthrift_str_t *name);


/* nthrift_gen_word.c: whether C, C++ or a header has the name already. */

int nthrift_gen_reserved(const char *name);
int nthrift_gen_begins(const char *name);
int nthrift_gen_function(const char *name);


/* nthrift_gen_order.c */

/* Puts all structs of the programs in order, from `first` on. */
void nthrift_gen_order(nthrift_gen_t *gen, const nthrift_idl_program_t *first);

/* 1 if the field is a pointer in C. */
int nthrift_gen_pointer(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field);

/* 1 if a value of the struct begins as something else than zeros. */
int nthrift_gen_defaults(nthrift_gen_t *gen, const nthrift_idl_struct_t *st);

/* Of the struct of a field or an element, or NULL. */
const nthrift_idl_struct_t *nthrift_gen_struct_of(
    const nthrift_idl_type_t *type);


/* nthrift_gen_container.c */

/* Looks at all types that the program names, for gen->types. */
void nthrift_gen_collect(nthrift_gen_t *gen);

/* Their typedefs; entries of maps; tables. */
void nthrift_gen_containers(nthrift_gen_t *gen);
void nthrift_gen_entries(nthrift_gen_t *gen);
void nthrift_gen_container_tables(nthrift_gen_t *gen);

/* "int32_t", "User_t", "nthrift_list_i32_t": as it is written in the IDL. */
const char *nthrift_gen_ctype(nthrift_gen_t *gen,
    const nthrift_idl_type_t *type);

/* What its tables are named by: "User", "i32", "list_User". */
const char *nthrift_gen_base(nthrift_gen_t *gen,
    const nthrift_idl_type_t *type);


/* nthrift_gen_type.c */

void nthrift_gen_enums(nthrift_gen_t *gen);
void nthrift_gen_forward(nthrift_gen_t *gen, const char *base);
void nthrift_gen_forwards(nthrift_gen_t *gen);
void nthrift_gen_typedefs(nthrift_gen_t *gen);
void nthrift_gen_structs(nthrift_gen_t *gen);

/* One struct, of which `base` is the name: "User", "Users_get_args". */
void nthrift_gen_struct(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const char *base);

/* The name of a field's member; whether it has a "has_" and its name. */
const char *nthrift_gen_member(nthrift_gen_t *gen,
    const nthrift_idl_struct_t *st, const nthrift_idl_field_t *field);
int nthrift_gen_has(const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field);

/* 0: no wire can carry its id, and C does not have it. */
int nthrift_gen_on_wire(const nthrift_idl_field_t *field);


/* nthrift_gen_table.c */

/* Declarations and definitions, for a struct and its base. */
void nthrift_gen_declare_tables(nthrift_gen_t *gen, const char *base);
void nthrift_gen_struct_tables(nthrift_gen_t *gen,
    const nthrift_idl_struct_t *st, const char *base);
void nthrift_gen_tables(nthrift_gen_t *gen);

/* Those of a type that elements have; `base` as nthrift_gen_base() says. */
void nthrift_gen_element_tables(nthrift_gen_t *gen,
    const nthrift_idl_type_t *type, const char *base);


/* nthrift_gen_const.c */

void nthrift_gen_consts(nthrift_gen_t *gen);
void nthrift_gen_inits(nthrift_gen_t *gen);
void nthrift_gen_copies(nthrift_gen_t *gen);

/* A struct's defaults, if it has some, and ..._init(). */
void nthrift_gen_init(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const char *base);

/* ..._copy() and ..._free(), behind its tables. */
void nthrift_gen_copy(nthrift_gen_t *gen, const char *base);


/* nthrift_gen_service.c, nthrift_gen_method.c */

void nthrift_gen_services(nthrift_gen_t *gen);
void nthrift_gen_method(nthrift_gen_t *gen,
    const nthrift_idl_method_t *method);
void nthrift_gen_method_inherited(nthrift_gen_t *gen,
    const nthrift_idl_service_t *service, const nthrift_idl_method_t *method);


/* nthrift_gen_header.c */

/* "NTHRIFT_GEN_MY_TYPES_H" of my.types.thrift */
const char *nthrift_gen_guard(nthrift_gen_t *gen,
    const nthrift_idl_program_t *program);

/* The text of a program's header, which free() frees. */
void nthrift_gen_header(nthrift_gen_t *gen,
    const nthrift_idl_program_t *program, nthrift_str_t *text);


/* nthrift_gen_file.c */

/*
 * Makes dir/name have that text, with `dir` and all above it; a file that has
 * it already is not touched.  Returns 0, or -1 after it was said why.
 */
int nthrift_gen_file(char *dir, const char *name, const nthrift_str_t *text);


#endif /* NTHRIFT_GEN_H */
