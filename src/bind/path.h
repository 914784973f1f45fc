/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/path.h: where in a body something is wrong, as check.h describes it.
 * Private to check.c and json_read.c.
 */

#ifndef NTHRIFT_PATH_H
#define NTHRIFT_PATH_H

#include "bind/check.h"


/* Adds to the path as much as there is room for. */
void nthrift_path_add(nthrift_check_error_t *err, const void *text,
    size_t len);

/* A field by its name, or by its id. */
void nthrift_path_add_name(nthrift_check_error_t *err,
    const nthrift_str_t *name);
void nthrift_path_add_id(nthrift_check_error_t *err, int16_t id);

/* An element, and what is in a map. */
void nthrift_path_add_index(nthrift_check_error_t *err, uint32_t index);
void nthrift_path_add_pair(nthrift_check_error_t *err);


#endif /* NTHRIFT_PATH_H */
