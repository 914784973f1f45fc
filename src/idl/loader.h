/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/loader.h: from the name of a .thrift file to its checked model, with
 * all files that it includes.  The front door of idl/.
 *
 * The loader opens nothing itself: files are found and read through two
 * functions that are handed in, so that nginx, the command line tool and the
 * tests each do it in their way.
 *
 *     nthrift_loader_init(&loader, arena, &reader);
 *     rc = nthrift_loader_load(&loader, &path, &program);
 *     for (e = loader.report.first; e != NULL; e = e->next) ...
 *
 * One loader reads each file once, however many files include or name it.
 */

#ifndef NTHRIFT_IDL_LOADER_H
#define NTHRIFT_IDL_LOADER_H

#include "idl/report.h"


/* The limits' defaults; nthrift_loader_init() sets them in loader.limits. */

#define NTHRIFT_LOADER_FILE_SIZE    (16 * 1024 * 1024)  /* bytes of a file */
#define NTHRIFT_LOADER_FILES        1000    /* in all */
#define NTHRIFT_LOADER_INCLUDES     32      /* a includes b includes c ... */
#define NTHRIFT_LOADER_NESTING      64      /* of types, of values */
#define NTHRIFT_LOADER_INHERITANCE  32      /* a extends b extends c ... */
#define NTHRIFT_LOADER_NAME         1024    /* bytes of a name */
#define NTHRIFT_LOADER_ERRORS       10      /* that are reported */
#define NTHRIFT_LOADER_WARNINGS     10

/*
 * Values that are looked at through names of constants: constants that name
 * constants could make it a thousand million.
 */
#define NTHRIFT_LOADER_VALUES       1000000

/* Nesting, includes and inheritance never go beyond this: the C stack. */

#define NTHRIFT_LOADER_CEILING      256


/*
 * How files are found and read.  `path` is terminated by a 0 byte that its
 * length does not count.  What is given back is taken from `arena`.
 */

typedef struct {

    /*
     * Whether there is such a file, and its `id`: the same bytes for the same
     * file, whatever the path to it (realpath() gives such a name).
     * NTHRIFT_OK; NTHRIFT_DECLINED: there is none that can be read, and
     * `*error` is why, or stays NULL if there is none; NTHRIFT_ERROR: no
     * memory.
     */
    int           (*find)(void *data, nthrift_arena_t *arena,
                      const nthrift_str_t *path, nthrift_str_t *id,
                      const char **error);

    /*
     * The whole text.  NTHRIFT_OK; NTHRIFT_DECLINED: longer than `max` bytes;
     * NTHRIFT_ERROR: `*error` is why ("permission denied"), or NULL if there
     * is no memory.
     */
    int           (*read)(void *data, nthrift_arena_t *arena,
                      const nthrift_str_t *path, size_t max,
                      nthrift_str_t *text, const char **error);

    void           *data;
} nthrift_loader_reader_t;


typedef struct {
    size_t          file_size;
    uint32_t        files;
    uint32_t        includes;
    uint32_t        nesting;
    uint32_t        inheritance;
    uint32_t        name;
    uint32_t        values;
} nthrift_loader_limits_t;


typedef struct {
    nthrift_arena_t           *arena;
    nthrift_report_t           report;
    nthrift_loader_reader_t    reader;

    /* may be set between init and the first load */

    nthrift_str_t             *dirs;    /* for includes, tried in turn after
                                           the directory of the file */
    size_t                     n_dirs;
    nthrift_loader_limits_t    limits;
    uint64_t                   seed;    /* of maps: random is best */
    unsigned                   negative_ids:1;  /* --allow-neg-keys */

    /* what was read: by nthrift_idl_program_t.next, as met */

    nthrift_idl_program_t     *programs;

    /* the loader's own */

    nthrift_idl_program_t    **programs_end;
    nthrift_map_t              ids;
    uint32_t                   n_files;
    uint32_t                   depth;
    uint32_t                   n_values;
    nthrift_idl_type_t         base[NTHRIFT_IDL_N_BASE];
} nthrift_loader_t;


/*
 * A loader that reads nothing yet, with the limits' defaults.  The model and
 * the messages are taken from `arena` and live as long as it does.
 */
void nthrift_loader_init(nthrift_loader_t *loader, nthrift_arena_t *arena,
    const nthrift_loader_reader_t *reader);

/*
 * Loads the file at `path` (copied) and what it includes.  NTHRIFT_OK and the
 * program; or NTHRIFT_ERROR: loader->report has what is wrong, unless
 * report.no_memory is set.  A program that has errors is never given back.
 * A file that was loaded before is not read again, and what is wrong with it
 * not reported again.
 */
int nthrift_loader_load(nthrift_loader_t *loader, const nthrift_str_t *path,
    nthrift_idl_program_t **program);


#endif /* NTHRIFT_IDL_LOADER_H */
