/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen.c: "nthrift gen": C headers for handlers, one for each file of
 * an IDL and what it includes.  All are made before the first is written.
 */

#include "nthrift.h"
#include "nthrift_gen.h"

#include <stdlib.h>


/* Where a program is included first, for messages about its file. */

static const nthrift_idl_include_t *
gen_include(const nthrift_idl_program_t *first,
    const nthrift_idl_program_t *program, const nthrift_idl_program_t **where)
{
    const nthrift_idl_include_t  *inc;

    for ( /* void */ ; first != NULL; first = first->next) {
        for (inc = first->includes; inc != NULL; inc = inc->next) {
            if (inc->program == program) {
                *where = first;
                return inc;
            }
        }
    }

    return NULL;
}


/* Two headers would have one name, or one that includes cannot tell. */

static void
gen_same_file(nthrift_gen_t *gen, const nthrift_idl_program_t *first,
    const nthrift_idl_program_t *program, const nthrift_idl_program_t *other)
{
    nthrift_idl_pos_t             pos;
    const nthrift_idl_include_t  *inc;
    const nthrift_idl_program_t  *where;

    inc = gen_include(first, program, &where);

    if (inc != NULL) {
        pos = inc->pos;

    } else {
        where = program;
        pos.line = 1;
        pos.column = 1;
    }

    (void) nthrift_report_error(gen->report, where, pos,
                                "the headers of %s and %s would take each "
                                "other's place; rename one of the files",
                                (char *) other->path.data,
                                (char *) program->path.data);
}


static int
gen_check_files(nthrift_gen_t *gen, const nthrift_idl_program_t *first)
{
    int                           rc;
    nthrift_str_t                 guard;
    nthrift_map_t                 files;
    const nthrift_idl_program_t  *program;

    nthrift_map_init(&files, gen->arena, 0);

    for (program = first; program != NULL; program = program->next) {
        guard.data = (uint8_t *) nthrift_gen_guard(gen, program);
        guard.len = strlen((char *) guard.data);

        rc = nthrift_map_add(&files, &guard, (void *) program);

        if (rc == NTHRIFT_ERROR) {
            return nthrift_report_memory(gen->report);
        }

        if (rc == NTHRIFT_DECLINED) {
            gen_same_file(gen, first, program,
                          nthrift_map_find(&files, &guard));
        }
    }

    return NTHRIFT_OK;
}


static int
gen_write(nthrift_gen_t *gen, char *dir, const nthrift_idl_program_t *first,
    const nthrift_str_t *texts)
{
    const char                   *name;
    const nthrift_idl_program_t  *program;

    for (program = first; program != NULL; program = program->next, texts++) {
        name = nthrift_gen_format(gen, "%s.h",
                                  nthrift_gen_source(gen, program)->label);

        if (nthrift_gen_file(dir, name, texts) != 0) {
            return -1;
        }
    }

    return 0;
}


static void
gen_free(nthrift_str_t *texts, size_t n)
{
    while (n != 0) {
        free(texts[--n].data);
    }
}


/*
 * Makes the texts of all headers.  Where names of two files are the same, what
 * they begin with is changed, and `again` set.
 */

static size_t
gen_make(nthrift_gen_t *gen, const nthrift_loader_t *loader,
    nthrift_str_t *texts)
{
    size_t                        n;
    const nthrift_idl_program_t  *program;

    gen->again = 0;
    gen->order = NULL;
    gen->values = 0;
    gen->blamed = NULL;

    nthrift_schema_init(&gen->schemas, gen->arena);
    nthrift_map_init(&gen->names, gen->arena, 0);
    nthrift_map_init(&gen->nodes, gen->arena, 0);
    nthrift_map_init(&gen->containers, gen->arena, 0);

    n = 0;

    if (gen_check_files(gen, loader->programs) == NTHRIFT_OK) {
        nthrift_gen_order(gen, loader->programs);

        for (program = loader->programs; program; program = program->next) {
            nthrift_gen_header(gen, program, &texts[n++]);
        }
    }

    return n;
}


/* A report that nobody reads: of headers that are made again. */

static void
gen_draft(nthrift_report_t *draft, const nthrift_report_t *report)
{
    *draft = *report;

    draft->first = NULL;
    draft->errors = 0;
    draft->warnings = 0;
}


int
nthrift_gen(nthrift_loader_t *loader, char *dir,
    const nthrift_str_t *prefixes, size_t n_prefixes)
{
    int                rc;
    size_t             n;
    nthrift_gen_t      gen;
    nthrift_str_t     *texts;
    nthrift_report_t   draft;

    memset(&gen, 0, sizeof(nthrift_gen_t));

    gen.arena = loader->arena;

    texts = nthrift_gen_alloc(&gen, loader->n_files * sizeof(nthrift_str_t));

    if (nthrift_gen_sources(&gen, loader, prefixes, n_prefixes) != 0) {
        return -1;
    }

    /* each time one file more has a prefix, at least */

    do {
        gen_draft(&draft, &loader->report);
        gen.report = &draft;

        n = gen_make(&gen, loader, texts);

        if (gen.again || draft.errors != 0) {
            gen_free(texts, n);
            n = 0;
        }

    } while (gen.again);

    gen.report = &loader->report;

    if (draft.errors != 0) {
        n = gen_make(&gen, loader, texts);
    }

    if (draft.no_memory) {
        gen.report->no_memory = 1;
    }

    rc = -1;

    if (gen.report->errors == 0 && !gen.report->no_memory) {
        rc = gen_write(&gen, dir, loader->programs, texts);
    }

    gen_free(texts, n);

    return rc;
}
