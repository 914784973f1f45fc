/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/resolve.h: from names to what they stand for, and the rules that need
 * more than one definition to check.
 */

#ifndef NTHRIFT_IDL_RESOLVE_H
#define NTHRIFT_IDL_RESOLVE_H

#include "idl/report.h"


typedef struct {
    nthrift_arena_t        *arena;
    nthrift_report_t       *report;
    nthrift_idl_program_t  *program;
    nthrift_idl_type_t     *named;      /* all named types, by next_named */
    uint64_t                seed;       /* of maps */
    uint32_t                max_inheritance;
    uint32_t                max_nesting;
    uint32_t                max_values;
    uint32_t               *n_values;   /* looked at through names so far */
} nthrift_resolve_t;


/*
 * Resolves and checks a parsed program, whose included programs are loaded.
 * NTHRIFT_OK, or NTHRIFT_ERROR after errors were reported.
 */
int nthrift_resolve_program(nthrift_resolve_t *r);

/* service.c: methods and their results, parents, exceptions thrown */
int nthrift_service_resolve(nthrift_resolve_t *r,
    nthrift_idl_service_t *service);

/* check.c: whether constants and defaults fit their types */
int nthrift_check_const(nthrift_resolve_t *r, nthrift_idl_const_t *c);
int nthrift_check_fields(nthrift_resolve_t *r, nthrift_idl_struct_t *st,
    uint32_t order);

/* The fields of a struct: their indexes, repeated names and ids. */
int nthrift_resolve_fields(nthrift_resolve_t *r, nthrift_idl_struct_t *st);


#endif /* NTHRIFT_IDL_RESOLVE_H */
