/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/idl.h: what tests of src/idl/ share: files in memory, and a loader
 * that reads them.
 */

#ifndef UNIT_IDL_H
#define UNIT_IDL_H

#include "unit.h"

#include "idl/loader.h"
#include "idl/suggest.h"


#define TEST_BLOCK   4096
#define TEST_FILES   40


/* Files in memory: find() and read() of the loader. */

typedef struct {
    const char       *name;
    const char       *text;
    size_t            len;      /* 0: up to the end of the text */
} test_file_t;

typedef struct {
    test_file_t       files[TEST_FILES];
    size_t            n;
    unsigned          reads;
    const char       *error;    /* read() fails with it */
    int               guard;    /* texts end at an unreadable page */
} test_files_t;

typedef struct {
    nthrift_arena_t         *arena;
    nthrift_loader_t         loader;
    nthrift_idl_program_t   *program;
    int                      rc;
} test_t;


static inline nthrift_str_t
str(const char *s)
{
    nthrift_str_t  v;

    v.data = (uint8_t *) s;
    v.len = strlen(s);

    return v;
}


static inline int
same(const nthrift_str_t *s, const char *expected)
{
    return s->len == strlen(expected)
           && (s->len == 0 || memcmp(s->data, expected, s->len) == 0);
}


static inline const test_file_t *
test_file(const test_files_t *files, const nthrift_str_t *path)
{
    size_t  i;

    for (i = 0; i < files->n; i++) {
        if (same(path, files->files[i].name)) {
            return &files->files[i];
        }
    }

    return NULL;
}


static inline int
test_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id, const char **error)
{
    (void) error;
    (void) arena;

    if (test_file(data, path) == NULL) {
        return NTHRIFT_DECLINED;
    }

    *id = *path;

    return NTHRIFT_OK;
}


static inline int
test_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    test_files_t       *files = data;
    const test_file_t  *file;

    file = test_file(files, path);
    files->reads++;

    if (files->error != NULL) {
        *error = files->error;
        return NTHRIFT_ERROR;
    }

    text->len = (file->len != 0) ? file->len : strlen(file->text);

    if (text->len > max) {
        return NTHRIFT_DECLINED;
    }

    if (files->guard) {
        text->data = unit_guard(file->text, text->len);
        return NTHRIFT_OK;
    }

    text->data = nthrift_arena_copy(arena, (const uint8_t *) file->text,
                                    text->len);

    return (text->data != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


static inline void
test_open(test_t *t, test_files_t *files)
{
    nthrift_loader_reader_t  reader;

    reader.find = test_find;
    reader.read = test_read;
    reader.data = files;

    t->arena = nthrift_arena_create(TEST_BLOCK, 0);
    nthrift_loader_init(&t->loader, t->arena, &reader);
}


static inline void
test_load(test_t *t, const char *name)
{
    nthrift_str_t  path;

    path = str(name);
    t->rc = nthrift_loader_load(&t->loader, &path, &t->program);
}


static inline void
test_close(test_t *t)
{
    nthrift_arena_destroy(t->arena);
}


/* One file of which the text is given. */

static inline void
test_text(test_t *t, const char *text)
{
    static test_files_t  files;

    memset(&files, 0, sizeof(files));

    files.files[0].name = "a.thrift";
    files.files[0].text = text;
    files.n = 1;

    test_open(t, &files);
    test_load(t, "a.thrift");
}


/* The first error's text, or "". */

static inline const char *
test_error(const test_t *t)
{
    const nthrift_report_entry_t  *entry;

    for (entry = t->loader.report.first; entry != NULL; entry = entry->next) {
        if (entry->kind == NTHRIFT_REPORT_ERROR) {
            return (const char *) entry->text.data;
        }
    }

    return "";
}


static inline nthrift_idl_struct_t *
test_struct(const test_t *t, const char *name)
{
    nthrift_str_t  s;

    s = str(name);

    return (nthrift_idl_struct_t *) nthrift_idl_type(t->program, &s);
}


static inline nthrift_idl_service_t *
test_service(const test_t *t, const char *name)
{
    nthrift_str_t  s;

    s = str(name);

    return nthrift_idl_service(t->program, &s);
}


static inline nthrift_idl_const_t *
test_const(const test_t *t, const char *name)
{
    nthrift_str_t  s;

    s = str(name);

    return nthrift_idl_const(t->program, &s);
}


#endif /* UNIT_IDL_H */
