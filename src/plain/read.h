/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/read.h: what the files share that write the bodies of calls.  Private
 * to plain/.
 *
 *     read.c        JSON: structs and containers
 *     query.c       a query
 *     scalar.c      numbers and text of both
 *     default.c     what is not given
 */

#ifndef NTHRIFT_PLAIN_READ_H
#define NTHRIFT_PLAIN_READ_H

#include "bind/write.h"
#include "plain/error.h"

#include <jansson.h>


typedef struct {
    const nthrift_plain_rules_t  *rules;
    nthrift_arena_t              *arena;
    nthrift_write_t               w;
    uint32_t                      depth;    /* structs and containers open */
    uint32_t                      values;   /* that may still be written */
    nthrift_plain_error_t        *err;

    /*
     * What is given for the fields of the structs that are open: of each as
     * many as it has fields.  It moves when it grows.
     */
    json_t                      **given;
    size_t                        top;
    size_t                        size;
} nthrift_plain_read_t;


/* Begins a body of `protocol`, and clears `err`. */
void nthrift_plain_read_start(nthrift_plain_read_t *r,
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    unsigned protocol, nthrift_plain_error_t *err);

/* What was written, or why it was not: NTHRIFT_OK, or NTHRIFT_ERROR. */
int nthrift_plain_read_finish(nthrift_plain_read_t *r, nthrift_str_t *body);

/*
 * Before a value is written, and before one that has values in it:
 * NTHRIFT_ERROR, a limit is reached, or the body has no room.
 */
int nthrift_plain_read_count(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path);
int nthrift_plain_read_descend(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path);

/* A field of a struct at `up`, as a place. */
void nthrift_plain_read_path(nthrift_plain_path_t *path,
    const nthrift_plain_path_t *up, const nthrift_idl_field_t *field);

/* Fails unless a field that is missing may be. */
int nthrift_plain_read_missing(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field);

/*
 * Writes the head of a field, whose place is `path`.  Not for a bool: its head
 * and its value are one.
 */
int nthrift_plain_read_head(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field,
    int16_t *last);

/* Says that a struct has no such argument or field. */
int nthrift_plain_read_unknown(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_struct_t *st,
    const nthrift_str_t *name);


/* scalar.c */

/* The wire's type of a type of the IDL (nthrift_type_e). */
unsigned nthrift_plain_scalar_type(const nthrift_idl_type_t *type);

/* 1 for a type that has no values in it; it may be a typedef. */
int nthrift_plain_scalar_is(const nthrift_idl_type_t *type);

/* Writes a value whose type, behind typedefs, is a scalar. */
int nthrift_plain_scalar_read(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    json_t *json);

/*
 * The same for text without quotes around it, of which 0 ends it: a key of a
 * map that is an object, and a value of a query.
 */
int nthrift_plain_scalar_read_key(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const char *text);
int nthrift_plain_scalar_read_text(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const char *text);

/* "true" and "false": 1 and 0; -1: neither. */
int nthrift_plain_scalar_truth(const char *text);


/* default.c */

/*
 * Writes a field with its default.  The loader has checked that it fits its
 * type.
 */
int nthrift_plain_default_field(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field,
    int16_t *last);

/* Writes a value of the IDL as one of `type`. */
int nthrift_plain_default_value(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value);


#endif /* NTHRIFT_PLAIN_READ_H */
