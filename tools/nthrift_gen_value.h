/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_value.h: a constant of C while it is written: for
 * nthrift_gen_value.c, nthrift_gen_image.c and nthrift_gen_const.c.
 *
 * A value is one text; arrays and structs that it points to are constants of
 * their own, which are defined before it.  The loader has checked that values
 * fit their types, and how deeply they nest; but a struct's value has the
 * defaults of its fields in it, and these have theirs: here it ends.
 */

#ifndef NTHRIFT_GEN_VALUE_H
#define NTHRIFT_GEN_VALUE_H

#include "nthrift_gen.h"


/* Defaults that are being written, one in the other. */

typedef struct nthrift_gen_frame_s  nthrift_gen_frame_t;

struct nthrift_gen_frame_s {
    const nthrift_idl_field_t  *field;
    const nthrift_gen_frame_t  *up;
};


/* One constant, with all that it points to. */

typedef struct {
    nthrift_gen_t              *gen;
    const char                 *base;       /* of the names of the others */
    unsigned                    n;          /* of them */
    unsigned                    depth;
    unsigned                    failed:1;   /* an error was reported */
    const nthrift_gen_frame_t  *frame;
} nthrift_gen_value_t;


/* A text that grows. */

typedef struct {
    FILE                       *out;
    char                       *text;
    size_t                      size;
    int                         designated; /* a member of a union is named,
                                               as C++ allows since C++20 */
} nthrift_gen_text_t;


void nthrift_gen_value_init(nthrift_gen_value_t *v, nthrift_gen_t *gen,
    const char *base);

/* Begins a text; ends it, as the value of a constant: "name" or "name[n]". */
void nthrift_gen_value_open(nthrift_gen_text_t *t);
void nthrift_gen_value_define(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const char *type, const char *name);

/* A name for what the constant points to. */
const char *nthrift_gen_value_name(nthrift_gen_value_t *v);

/*
 * NTHRIFT_OK if there may be one more value, one level deeper; the caller
 * takes it from v->depth again.  NTHRIFT_ERROR: there was an error.
 */
int nthrift_gen_value_enter(nthrift_gen_value_t *v);

/* What stands behind names of constants. */
const nthrift_idl_value_t *nthrift_gen_value_resolve(
    const nthrift_idl_value_t *value);

/* Of a bool, an integer, an enum. */
int64_t nthrift_gen_value_number(nthrift_idl_kind_e kind,
    const nthrift_idl_value_t *value);

/* Adds a value to the text. */
void nthrift_gen_value_write(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value);

/*
 * nthrift_gen_image.c: a struct, with the defaults of fields that `value` does
 * not have; NULL: with all of them.
 */
void nthrift_gen_image(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_struct_t *st, const nthrift_idl_value_t *value);


#endif /* NTHRIFT_GEN_VALUE_H */
