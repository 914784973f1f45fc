/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl_files.h: an input of idl_fuzz.c and compat_fuzz.c: one or more files.  A
 * line "//// name" begins the next one; the first one is "main.thrift".
 */

#ifndef IDL_FILES_H
#define IDL_FILES_H

#include "idl/loader.h"

#include <stdlib.h>


#define FUZZ_FILES  16

#define fuzz_assert(cond)  do { if (!(cond)) { abort(); } } while (0)


typedef struct {
    nthrift_str_t  name;
    nthrift_str_t  text;
} fuzz_file_t;

typedef struct {
    fuzz_file_t  files[FUZZ_FILES];
    size_t       n;
} fuzz_input_t;


static void
fuzz_split(fuzz_input_t *in, const uint8_t *data, size_t size)
{
    const uint8_t         *p, *last, *line, *eol;
    static nthrift_str_t   main_name = nthrift_string("main.thrift");

    in->n = 1;
    in->files[0].name = main_name;
    in->files[0].text.data = (uint8_t *) data;
    in->files[0].text.len = size;

    last = data + size;

    for (p = data; p < last; p = eol + 1) {
        line = p;

        eol = memchr(p, '\n', (size_t) (last - p));
        if (eol == NULL) {
            break;
        }

        if (eol - line > 5 && memcmp(line, "//// ", 5) == 0
            && in->n < FUZZ_FILES)
        {
            in->files[in->n - 1].text.len =
                (size_t) (line - in->files[in->n - 1].text.data);

            in->files[in->n].name.data = (uint8_t *) line + 5;
            in->files[in->n].name.len = (size_t) (eol - line - 5);
            in->files[in->n].text.data = (uint8_t *) eol + 1;
            in->files[in->n].text.len = (size_t) (last - eol - 1);
            in->n++;
        }
    }
}


static const fuzz_file_t *
fuzz_file(const fuzz_input_t *in, const nthrift_str_t *path)
{
    size_t  i;

    for (i = 0; i < in->n; i++) {
        if (nthrift_str_equal(&in->files[i].name, path)) {
            return &in->files[i];
        }
    }

    return NULL;
}


static int
fuzz_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id, const char **error)
{
    (void) error;
    (void) arena;

    fuzz_assert(path->data[path->len] == '\0');

    if (fuzz_file(data, path) == NULL) {
        return NTHRIFT_DECLINED;
    }

    *id = *path;

    return NTHRIFT_OK;
}


static int
fuzz_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    uint8_t            *p;
    const fuzz_file_t  *file;

    (void) error;

    file = fuzz_file(data, path);

    if (file->text.len > max) {
        return NTHRIFT_DECLINED;
    }

    /* exact blocks: a byte too far is found */

    p = arena->alloc(arena->data, file->text.len);
    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    memcpy(p, file->text.data, file->text.len);
    text->data = p;
    text->len = file->text.len;

    return NTHRIFT_OK;
}


#endif /* IDL_FILES_H */
