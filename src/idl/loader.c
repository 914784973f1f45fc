/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/loader.c: reads a file, parses it, loads what it includes, resolves it;
 * in this order, so that an included file is complete before names are looked
 * up in it.  Includes are the only recursion, and their depth is limited.
 */

#include "idl/loader.h"

#include "idl/parser.h"
#include "idl/resolve.h"


static int  loader_file(nthrift_loader_t *loader,
    nthrift_idl_program_t *program);


void
nthrift_loader_init(nthrift_loader_t *loader, nthrift_arena_t *arena,
    const nthrift_loader_reader_t *reader)
{
    unsigned  i;

    memset(loader, 0, sizeof(nthrift_loader_t));

    loader->arena = arena;
    loader->reader = *reader;
    loader->programs_end = &loader->programs;

    loader->report.arena = arena;
    loader->report.max_errors = NTHRIFT_LOADER_ERRORS;
    loader->report.max_warnings = NTHRIFT_LOADER_WARNINGS;

    loader->limits.file_size = NTHRIFT_LOADER_FILE_SIZE;
    loader->limits.files = NTHRIFT_LOADER_FILES;
    loader->limits.includes = NTHRIFT_LOADER_INCLUDES;
    loader->limits.nesting = NTHRIFT_LOADER_NESTING;
    loader->limits.inheritance = NTHRIFT_LOADER_INHERITANCE;
    loader->limits.name = NTHRIFT_LOADER_NAME;
    loader->limits.values = NTHRIFT_LOADER_VALUES;

    for (i = 0; i < NTHRIFT_IDL_N_BASE; i++) {
        loader->base[i].kind = (nthrift_idl_kind_e) i;
        loader->base[i].real = &loader->base[i];
    }
}


static uint32_t
loader_ceiling(uint32_t limit)
{
    return (limit < NTHRIFT_LOADER_CEILING) ? limit : NTHRIFT_LOADER_CEILING;
}


/* "shop" of "dir/shop.thrift": what is before the names of its types. */

static void
loader_prefix(const nthrift_str_t *path, nthrift_str_t *prefix)
{
    size_t  i;

    *prefix = *path;

    for (i = path->len; i > 0; i--) {
        if (path->data[i - 1] == '/') {
            prefix->data = path->data + i;
            prefix->len = path->len - i;
            break;
        }
    }

    for (i = prefix->len; i > 0; i--) {
        if (prefix->data[i - 1] == '.') {
            prefix->len = i - 1;
            break;
        }
    }
}


/* A program that is not read yet; path and id are copied. */

static nthrift_idl_program_t *
loader_program(nthrift_loader_t *loader, const nthrift_str_t *path,
    const nthrift_str_t *id)
{
    nthrift_map_t          *maps[5];
    unsigned                i;
    nthrift_idl_program_t  *program;

    program = nthrift_arena_alloc(loader->arena,
                                  sizeof(nthrift_idl_program_t));
    if (program == NULL) {
        return NULL;
    }

    program->path.len = path->len;
    program->path.data = nthrift_arena_copy(loader->arena, path->data,
                                            path->len);
    program->id.len = id->len;
    program->id.data = nthrift_arena_copy(loader->arena, id->data, id->len);

    if (program->path.data == NULL || program->id.data == NULL) {
        return NULL;
    }

    loader_prefix(&program->path, &program->prefix);

    maps[0] = &program->types;
    maps[1] = &program->services;
    maps[2] = &program->consts;
    maps[3] = &program->prefixes;
    maps[4] = &program->scopes;

    for (i = 0; i < 5; i++) {
        nthrift_map_init(maps[i], loader->arena, loader->seed);
    }

    program->state = NTHRIFT_IDL_LOADING;
    program->order = ++loader->n_files;

    *loader->programs_end = program;
    loader->programs_end = &program->next;

    return program;
}


/*
 * Paths to look for a file under: from the directory of the including one,
 * then from each of the others.  DECLINED behind the last.
 */

static int
loader_path(nthrift_loader_t *loader, const nthrift_idl_program_t *program,
    const nthrift_str_t *name, size_t n, nthrift_str_t *path)
{
    uint8_t        *p;
    nthrift_str_t   dir;

    if (n == 0) {
        dir.data = program->path.data;
        dir.len = (size_t) (program->prefix.data - program->path.data);

    } else if (n <= loader->n_dirs && name->data[0] != '/') {
        dir = loader->dirs[n - 1];

    } else {
        return NTHRIFT_DECLINED;
    }

    if (name->data[0] == '/') {
        dir.len = 0;
    }

    p = nthrift_arena_alloc(loader->arena, dir.len + name->len + 2);
    if (p == NULL) {
        return nthrift_report_memory(&loader->report);
    }

    path->data = p;

    if (dir.len != 0) {
        memcpy(p, dir.data, dir.len);
        p += dir.len;

        if (p[-1] != '/') {
            *p++ = '/';
        }
    }

    memcpy(p, name->data, name->len);
    path->len = (size_t) (p - path->data) + name->len;

    return NTHRIFT_OK;
}


/*
 * Finds the file that an include names: DECLINED if there is none, and *error
 * says why the first that is there cannot be read.
 */

static int
loader_find(nthrift_loader_t *loader, const nthrift_idl_program_t *program,
    const nthrift_str_t *name, nthrift_str_t *path, nthrift_str_t *id,
    const char **error)
{
    int          rc;
    size_t       n;
    const char  *why;

    *error = NULL;

    if (name->len == 0 || memchr(name->data, '\0', name->len) != NULL) {
        return NTHRIFT_DECLINED;
    }

    for (n = 0; /* void */ ; n++) {
        rc = loader_path(loader, program, name, n, path);
        if (rc != NTHRIFT_OK) {
            return rc;
        }

        why = NULL;

        rc = loader->reader.find(loader->reader.data, loader->arena, path, id,
                                 &why);

        if (rc == NTHRIFT_ERROR) {
            return nthrift_report_memory(&loader->report);
        }

        if (*error == NULL) {
            *error = why;
        }

        if (rc == NTHRIFT_OK) {
            return NTHRIFT_OK;
        }
    }
}


/* "a.thrift" includes "b.thrift" includes "a.thrift". */

static int
loader_circle(nthrift_loader_t *loader, const nthrift_idl_program_t *program,
    const nthrift_idl_include_t *inc, const nthrift_idl_program_t *child)
{
    if (child == program) {
        return nthrift_report_error(&loader->report, program, inc->pos,
                                    "\"%.*s\" includes itself",
                                    nthrift_report_str(&inc->name));
    }

    return nthrift_report_error(&loader->report, program, inc->pos,
                                "\"%.*s\" includes \"%.*s\", which includes "
                                "this file: a circle",
                                nthrift_report_str(&program->path),
                                nthrift_report_str(&inc->name));
}


/* An included file that was not met before. */

static int
loader_include_new(nthrift_loader_t *loader, nthrift_idl_program_t *program,
    nthrift_idl_include_t *inc, const nthrift_str_t *path,
    const nthrift_str_t *id)
{
    if (loader->n_files >= loader->limits.files) {
        return nthrift_report_error(&loader->report, program, inc->pos,
                                    "more than %u files",
                                    (unsigned) loader->limits.files);
    }

    if (loader->depth >= loader_ceiling(loader->limits.includes)) {
        return nthrift_report_error(&loader->report, program, inc->pos,
                                    "includes are nested deeper than %u files",
                                    (unsigned) loader->depth);
    }

    inc->program = loader_program(loader, path, id);
    if (inc->program == NULL) {
        return nthrift_report_memory(&loader->report);
    }

    loader->depth++;

    (void) loader_file(loader, inc->program);

    loader->depth--;

    return NTHRIFT_OK;
}


static int
loader_include(nthrift_loader_t *loader, nthrift_idl_program_t *program,
    nthrift_idl_include_t *inc)
{
    int            rc;
    const char    *error;
    nthrift_str_t  path, id;

    rc = loader_find(loader, program, &inc->name, &path, &id, &error);

    if (rc == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (rc == NTHRIFT_DECLINED) {
        return nthrift_report_error(&loader->report, program, inc->pos,
                                    "cannot find \"%.*s\"%s%s",
                                    nthrift_report_str(&inc->name),
                                    (error != NULL) ? ": " : "",
                                    (error != NULL) ? error : "");
    }

    inc->program = nthrift_map_find(&loader->ids, &id);

    if (inc->program == NULL) {
        rc = loader_include_new(loader, program, inc, &path, &id);
        if (rc != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

    } else if (inc->program->state == NTHRIFT_IDL_LOADING) {
        return loader_circle(loader, program, inc, inc->program);
    }

    return (inc->program->state == NTHRIFT_IDL_LOADED) ? NTHRIFT_OK
                                                       : NTHRIFT_ERROR;
}


/* Notes which names the included file answers for. */

static int
loader_include_prefix(nthrift_loader_t *loader, nthrift_idl_program_t *program,
    nthrift_idl_include_t *inc)
{
    int                     rc;
    nthrift_idl_include_t  *same;

    rc = nthrift_map_add(&program->prefixes, &inc->program->prefix, inc);

    if (rc == NTHRIFT_ERROR) {
        return nthrift_report_memory(&loader->report);
    }

    if (rc == NTHRIFT_OK) {
        return NTHRIFT_OK;
    }

    same = nthrift_map_find(&program->prefixes, &inc->program->prefix);

    for ( ;; ) {
        if (same->program == inc->program) {
            inc->repeated = 1;

            nthrift_report_warning(&loader->report, program, inc->pos,
                                   "\"%.*s\" is included already",
                                   nthrift_report_str(&inc->name));
            return NTHRIFT_OK;
        }

        if (same->same == NULL) {
            same->same = inc;
            return NTHRIFT_OK;
        }

        same = same->same;
    }
}


static int
loader_includes(nthrift_loader_t *loader, nthrift_idl_program_t *program)
{
    int                     rc;
    nthrift_idl_include_t  *inc;

    rc = NTHRIFT_OK;

    for (inc = program->includes; inc != NULL; inc = inc->next) {
        if (loader_include(loader, program, inc) != NTHRIFT_OK
            || loader_include_prefix(loader, program, inc) != NTHRIFT_OK)
        {
            rc = NTHRIFT_ERROR;
        }
    }

    return rc;
}


/* Reads the text of a file; what is wrong with it is said of the file. */

static int
loader_read(nthrift_loader_t *loader, nthrift_idl_program_t *program,
    nthrift_str_t *text)
{
    int                 rc;
    const char         *error;
    nthrift_idl_pos_t   pos;

    error = NULL;
    pos.line = 0;
    pos.column = 0;

    rc = loader->reader.read(loader->reader.data, loader->arena,
                             &program->path, loader->limits.file_size, text,
                             &error);

    if (rc == NTHRIFT_OK && text->len <= UINT32_MAX) {
        return NTHRIFT_OK;
    }

    if (rc != NTHRIFT_ERROR) {
        return nthrift_report_error(&loader->report, program, pos,
                                    "the file is larger than %zu bytes",
                                    loader->limits.file_size);
    }

    if (error == NULL) {
        return nthrift_report_memory(&loader->report);
    }

    return nthrift_report_error(&loader->report, program, pos,
                                "cannot read: %s", error);
}


static int
loader_parse(nthrift_loader_t *loader, nthrift_idl_program_t *program,
    nthrift_idl_type_t **named)
{
    int                rc;
    nthrift_str_t      text;
    nthrift_parser_t   parser;

    if (loader_read(loader, program, &text) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    memset(&parser, 0, sizeof(nthrift_parser_t));

    parser.arena = loader->arena;
    parser.report = &loader->report;
    parser.program = program;
    parser.base = loader->base;
    parser.seed = loader->seed;
    parser.max_nesting = loader_ceiling(loader->limits.nesting);
    parser.negative_ids = loader->negative_ids;

    rc = nthrift_parser_file(&parser, &text, loader->limits.name);

    *named = parser.named;

    return rc;
}


static int
loader_resolve(nthrift_loader_t *loader, nthrift_idl_program_t *program,
    nthrift_idl_type_t *named)
{
    nthrift_resolve_t  r;

    r.arena = loader->arena;
    r.report = &loader->report;
    r.program = program;
    r.named = named;
    r.seed = loader->seed;
    r.max_inheritance = loader_ceiling(loader->limits.inheritance);
    r.max_nesting = loader_ceiling(loader->limits.nesting);
    r.max_values = loader->limits.values;
    r.n_values = &loader->n_values;

    return nthrift_resolve_program(&r);
}


/*
 * A file with a syntax error still has its includes loaded, for their own
 * errors; what depends on a file with errors is not resolved: it would only
 * repeat them.
 */

static int
loader_file(nthrift_loader_t *loader, nthrift_idl_program_t *program)
{
    int                  rc;
    nthrift_idl_type_t  *named;

    named = NULL;

    if (nthrift_map_add(&loader->ids, &program->id, program) != NTHRIFT_OK) {
        program->state = NTHRIFT_IDL_BROKEN;
        return nthrift_report_memory(&loader->report);
    }

    rc = loader_parse(loader, program, &named);

    if (loader_includes(loader, program) != NTHRIFT_OK) {
        rc = NTHRIFT_ERROR;
    }

    if (rc == NTHRIFT_OK) {
        rc = loader_resolve(loader, program, named);
    }

    program->state = (rc == NTHRIFT_OK) ? NTHRIFT_IDL_LOADED
                                        : NTHRIFT_IDL_BROKEN;

    return rc;
}


/* A file that is named, not included: found, or not, and read once. */

static nthrift_idl_program_t *
loader_root(nthrift_loader_t *loader, const nthrift_str_t *path)
{
    int                     rc;
    const char             *error;
    nthrift_str_t           id;
    nthrift_idl_pos_t       pos;
    nthrift_idl_program_t  *program;

    error = NULL;

    rc = loader->reader.find(loader->reader.data, loader->arena, path, &id,
                             &error);

    if (rc == NTHRIFT_ERROR) {
        return NULL;
    }

    if (rc == NTHRIFT_OK) {
        program = nthrift_map_find(&loader->ids, &id);
        if (program != NULL) {
            return program;
        }

        program = loader_program(loader, path, &id);
        if (program != NULL) {
            (void) loader_file(loader, program);
        }

        return program;
    }

    program = loader_program(loader, path, path);

    if (program != NULL) {
        pos.line = 0;
        pos.column = 0;

        program->state = NTHRIFT_IDL_BROKEN;

        (void) nthrift_report_error(&loader->report, program, pos,
                                    "%s%s", (error != NULL) ? "cannot read: "
                                                            : "no such file",
                                    (error != NULL) ? error : "");
    }

    return program;
}


int
nthrift_loader_load(nthrift_loader_t *loader, const nthrift_str_t *path,
    nthrift_idl_program_t **out)
{
    nthrift_str_t           name;
    nthrift_idl_program_t  *program;

    if (loader->ids.arena == NULL) {
        nthrift_map_init(&loader->ids, loader->arena, loader->seed);
    }

    *out = NULL;

    name.len = path->len;
    name.data = nthrift_arena_copy(loader->arena, path->data, path->len);
    if (name.data == NULL) {
        return nthrift_report_memory(&loader->report);
    }

    program = loader_root(loader, &name);
    if (program == NULL) {
        return nthrift_report_memory(&loader->report);
    }

    if (program->state != NTHRIFT_IDL_LOADED) {
        return NTHRIFT_ERROR;
    }

    *out = program;

    return NTHRIFT_OK;
}
