/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/openapi.h: what the files share that write an OpenAPI document.
 * Private to plain/.
 *
 *     openapi.c             the document: paths, operations, answers
 *     openapi_schema.c      types of the IDL as schemas, and values
 */

#ifndef NTHRIFT_PLAIN_OPENAPI_H
#define NTHRIFT_PLAIN_OPENAPI_H

#include "base/map.h"
#include "plain/value.h"


/* A definition that has a schema of its own, in the order they are met. */

typedef struct nthrift_plain_component_s  nthrift_plain_component_t;

struct nthrift_plain_component_s {
    nthrift_plain_component_t  *next;
    const nthrift_idl_def_t    *def;
    nthrift_str_t               name;       /* no other one has it */
};


typedef struct {
    const nthrift_plain_openapi_t  *options;
    nthrift_plain_value_t           v;          /* the JSON */
    nthrift_map_t                   defs;       /* by address */
    nthrift_map_t                   names;
    nthrift_plain_component_t      *first;
    nthrift_plain_component_t     **end;
} nthrift_plain_document_t;


/*
 * JSON, piece by piece; a comma is written where one is needed.  Names are of
 * letters alone; text may be anything, of which what is not UTF-8 is "?".
 */
void nthrift_plain_openapi_open(nthrift_plain_document_t *d, const char *json);
void nthrift_plain_openapi_close(nthrift_plain_document_t *d,
    const char *json);
void nthrift_plain_openapi_name(nthrift_plain_document_t *d,
    const char *name);
void nthrift_plain_openapi_key(nthrift_plain_document_t *d,
    const nthrift_str_t *name);
void nthrift_plain_openapi_text(nthrift_plain_document_t *d,
    const nthrift_str_t *text);
void nthrift_plain_openapi_pair(nthrift_plain_document_t *d, const char *name,
    const char *value);

/* "description", unless there is none. */
void nthrift_plain_openapi_doc(nthrift_plain_document_t *d,
    const nthrift_str_t *doc);

/* "deprecated", if an annotation says so. */
void nthrift_plain_openapi_deprecated(nthrift_plain_document_t *d,
    nthrift_idl_annotation_t *annotations);


/* The schema of a type, an object; names of definitions are noted. */
void nthrift_plain_openapi_type(nthrift_plain_document_t *d,
    const nthrift_idl_type_t *type);

/* The schema of a field: its type with its comment and its default. */
void nthrift_plain_openapi_field(nthrift_plain_document_t *d,
    const nthrift_idl_field_t *field);

/* Members of an object whose members are the fields of a struct. */
void nthrift_plain_openapi_fields(nthrift_plain_document_t *d,
    const nthrift_idl_struct_t *st);

/* The schemas of all definitions that were noted, and of those in them. */
void nthrift_plain_openapi_components(nthrift_plain_document_t *d);

/* A constant: the value, or null if it goes beyond the limits. */
void nthrift_plain_openapi_value(nthrift_plain_document_t *d,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value);

/* A reference to the schema of a definition. */
void nthrift_plain_openapi_reference(nthrift_plain_document_t *d,
    const nthrift_idl_def_t *def);


#endif /* NTHRIFT_PLAIN_OPENAPI_H */
