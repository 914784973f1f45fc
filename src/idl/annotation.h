/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/annotation.h: the annotations that have a meaning for us.  Others whose
 * names begin with "nthrift.", and these of anything else, are errors; all
 * other annotations are let be.
 *
 * Of methods:
 *
 *     nthrift.timeout     a time as nginx writes it: "300ms", "1m 30s", "5"
 *     nthrift.idempotent  "true", "1" or "false"
 *     nthrift.stateful    likewise
 *
 * Of fields, and arguments:
 *
 *     nthrift.secret      likewise
 */

#ifndef NTHRIFT_IDL_ANNOTATION_H
#define NTHRIFT_IDL_ANNOTATION_H

#include "idl/report.h"


/* A value that the annotations of a method do not say. */

#define NTHRIFT_ANNOTATION_UNSET  (-1)


typedef struct {
    int64_t  timeout;       /* milliseconds; 0: none */
    int      idempotent;    /* 0 or 1 */
    int      stateful;
} nthrift_annotation_t;


/*
 * Reads what the annotations of a method say.  NTHRIFT_ERROR: a value is
 * wrong, and *bad is the annotation that has it; the first one is found.
 */
int nthrift_annotation_read(const nthrift_idl_method_t *method,
    nthrift_annotation_t *a, const nthrift_idl_annotation_t **bad);

/* 1: the value of the field is shown to nobody. */
int nthrift_annotation_is_secret(const nthrift_idl_field_t *field);

/*
 * Reports each annotation of ours that is unknown, out of place or has a wrong
 * value in these files (by `next`), which are parsed.  NTHRIFT_ERROR: there
 * was one.
 */
int nthrift_annotation_check(const nthrift_idl_program_t *programs,
    nthrift_report_t *report);


#endif /* NTHRIFT_IDL_ANNOTATION_H */
