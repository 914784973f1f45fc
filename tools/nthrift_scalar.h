/*
 * nthrift_scalar.h: what has no values in it, from JSON to bytes, and how an
 * error in the arguments is told.  Private to nthrift_encode.c and
 * nthrift_scalar.c.
 */

#ifndef NTHRIFT_TOOL_SCALAR_H
#define NTHRIFT_TOOL_SCALAR_H

#include "nthrift_write.h"

#include "idl/model.h"

#include <jansson.h>


/* Arguments of "%.*s" */

#define nthrift_scalar_str(s)  (int) (s)->len, (const char *) (s)->data


/* Where a value is: what is written of it, and what it is in. */

typedef enum {
    NTHRIFT_SCALAR_ROOT = 0,
    NTHRIFT_SCALAR_FIELD,           /* .name */
    NTHRIFT_SCALAR_INDEX,           /* [3] */
    NTHRIFT_SCALAR_KEY              /* {name} */
} nthrift_scalar_path_e;

typedef struct nthrift_scalar_path_s  nthrift_scalar_path_t;

struct nthrift_scalar_path_s {
    const nthrift_scalar_path_t  *up;
    nthrift_scalar_path_e         kind;
    nthrift_str_t                 name;
    size_t                        index;
};


typedef struct {
    nthrift_write_t              *w;
    unsigned                      depth;    /* structs and containers open */
    char                         *error;
    size_t                        size;     /* of error */
    size_t                        len;
} nthrift_scalar_t;


/* The wire's type of a type of the IDL (nthrift_type_e). */
unsigned nthrift_scalar_type(const nthrift_idl_type_t *type);

/* Notes the first and only error; returns -1. */
int nthrift_scalar_fail(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for a name that `of` does not have; `best` may be NULL. */
int nthrift_scalar_unknown(nthrift_scalar_t *e,
    const nthrift_scalar_path_t *path, const char *what,
    const nthrift_str_t *of, const nthrift_str_t *name,
    const nthrift_str_t *best);

/* Writes a value whose type is no struct and no container; 0, or -1. */
int nthrift_scalar_value(nthrift_scalar_t *e,
    const nthrift_scalar_path_t *path, const nthrift_idl_type_t *type,
    json_t *json);

/* Writes a key of a map that is an object; 0, or -1. */
int nthrift_scalar_key(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, const char *text);


#endif /* NTHRIFT_TOOL_SCALAR_H */
