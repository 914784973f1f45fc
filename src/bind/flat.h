/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/flat.h: the check of check.h for what most bodies are: fields that are
 * declared and have no levels, in one run.  It says of a body that it is good,
 * or nothing.  Private to check.c.
 */

#ifndef NTHRIFT_FLAT_H
#define NTHRIFT_FLAT_H

#include "bind/check.h"


/*
 * As nthrift_check_body(), where nothing is to be told.  NTHRIFT_OK, and
 * body->p is behind its stop; NTHRIFT_DECLINED: it is another body, or wrong;
 * body->p is where it was.
 */
int nthrift_flat_check(const nthrift_check_rules_t *rules, unsigned protocol,
    const nthrift_schema_t *st, nthrift_bytes_t *body);


#endif /* NTHRIFT_FLAT_H */
