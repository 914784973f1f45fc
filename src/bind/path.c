/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/path.c: writes where in a body something is wrong: see path.h.
 */

#include "bind/path.h"

#include <stdio.h>


/* "[4294967295]" */

#define PATH_INDEX_SIZE  13

/* "-32768" */

#define PATH_ID_SIZE     7


void
nthrift_path_add(nthrift_check_error_t *err, const void *text, size_t len)
{
    size_t  dots;

    if (len > err->size - err->len) {
        len = err->size - err->len;
        memcpy(err->path + err->len, text, len);
        err->len = err->size;

        dots = (err->size < 3) ? err->size : 3;
        memcpy(err->path + err->size - dots, "...", dots);

    } else {
        memcpy(err->path + err->len, text, len);
        err->len += len;
    }
}


static void
path_add_field(nthrift_check_error_t *err, const void *text, size_t len)
{
    if (err->len != 0) {
        nthrift_path_add(err, ".", 1);
    }

    nthrift_path_add(err, text, len);
}


void
nthrift_path_add_name(nthrift_check_error_t *err, const nthrift_str_t *name)
{
    path_add_field(err, name->data, name->len);
}


void
nthrift_path_add_id(nthrift_check_error_t *err, int16_t id)
{
    int   n;
    char  text[PATH_ID_SIZE];

    n = snprintf(text, sizeof(text), "%d", id);

    path_add_field(err, text, (size_t) n);
}


void
nthrift_path_add_index(nthrift_check_error_t *err, uint32_t index)
{
    int   n;
    char  text[PATH_INDEX_SIZE];

    n = snprintf(text, sizeof(text), "[%u]", index);

    nthrift_path_add(err, text, (size_t) n);
}


void
nthrift_path_add_pair(nthrift_check_error_t *err)
{
    nthrift_path_add(err, "{}", 2);
}
