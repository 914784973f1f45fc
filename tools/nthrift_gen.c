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
                                "the headers of %.*s and %.*s would take each "
                                "other's place; rename one of the files",
                                2 * NTHRIFT_REPORT_QUOTE,
                                (char *) other->path.data,
                                2 * NTHRIFT_REPORT_QUOTE,
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
        name = nthrift_gen_format(gen, "%.*s.h",
                                  nthrift_gen_str(&program->prefix));

        if (nthrift_gen_file(dir, name, texts) != 0) {
            return -1;
        }
    }

    return 0;
}


int
nthrift_gen(nthrift_loader_t *loader, char *dir)
{
    int                           rc;
    size_t                        n;
    nthrift_gen_t                 gen;
    nthrift_str_t                *texts;
    const nthrift_idl_program_t  *program;

    memset(&gen, 0, sizeof(nthrift_gen_t));

    gen.arena = loader->arena;
    gen.report = &loader->report;

    nthrift_schema_init(&gen.schemas, gen.arena);
    nthrift_map_init(&gen.names, gen.arena, 0);
    nthrift_map_init(&gen.nodes, gen.arena, 0);
    nthrift_map_init(&gen.containers, gen.arena, 0);

    texts = nthrift_gen_alloc(&gen, loader->n_files * sizeof(nthrift_str_t));
    n = 0;

    if (gen_check_files(&gen, loader->programs) == NTHRIFT_OK) {
        nthrift_gen_order(&gen, loader->programs);

        for (program = loader->programs; program; program = program->next) {
            nthrift_gen_header(&gen, program, &texts[n++]);
        }
    }

    rc = -1;

    if (gen.report->errors == 0 && !gen.report->no_memory) {
        rc = gen_write(&gen, dir, loader->programs, texts);
    }

    while (n != 0) {
        free(texts[--n].data);
    }

    return rc;
}
