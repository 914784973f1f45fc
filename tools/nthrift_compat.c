/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_compat.c: "nthrift compat": what of a file breaks those who still
 * use the one that it replaces.  Exit codes: 0 nothing does, 1 something does,
 * 2 nothing was compared.
 */

#include "nthrift.h"
#include "nthrift_option.h"

#include "idl/compat.h"

#include <stdlib.h>


#define COMPAT_BLOCK   (256 * 1024)     /* bytes: of the arena's blocks */

#define COMPAT_BREAKS  1
#define COMPAT_FAILED  2


/* A side: the file, and where its includes are looked for. */

typedef struct {
    char                   *file;
    nthrift_str_t          *dirs;
    size_t                  n_dirs;
    nthrift_idl_program_t  *program;
} compat_side_t;


typedef struct {
    compat_side_t   sides[2];           /* old, new */
    unsigned        quiet;              /* -w: no warnings */
    unsigned        negative_ids;
    unsigned        help;
    int             breaks;             /* an error was found */
} compat_tool_t;


static const char  compat_usage[] =
    "usage: nthrift compat [options] OLD NEW\n"
    "\n"
    "says what breaks clients and servers that still use OLD when others use"
    " NEW\n"
    "\n"
    "-I dir             look for included files there, too\n"
    "--old-include dir  the same for OLD only\n"
    "--new-include dir  the same for NEW only\n"
    "-w                 no warnings\n"
    "--negative-ids     keep field ids that are not positive\n"
    "--help             list the options\n"
    "\n"
    "exit codes: 0 nothing breaks, 1 something does, 2 the files could not be"
    " compared\n";


/* Adds what of a list is in this word of the command line. */

static void
compat_add_dirs(compat_side_t *side, const nthrift_option_list_t *list,
    const char *word)
{
    size_t       i;
    const char  *dir;

    for (i = 0; i < list->n; i++) {
        dir = (const char *) list->items[i].data;

        if (dir >= word && dir <= word + strlen(word)) {
            side->dirs[side->n_dirs++] = list->items[i];
        }
    }
}


/* The directories of a side and those of both, in the order they are given. */

static void
compat_dirs(compat_side_t *side, const nthrift_option_list_t *own,
    const nthrift_option_list_t *both, int argc, char **argv)
{
    int  i;

    side->dirs = nthrift_malloc((own->n + both->n) * sizeof(nthrift_str_t));

    for (i = 2; i < argc; i++) {
        compat_add_dirs(side, own, argv[i]);
        compat_add_dirs(side, both, argv[i]);
    }
}


static void
compat_print_place(const nthrift_compat_place_t *place)
{
    printf("%s", (const char *) place->program->path.data);

    if (place->pos.line != 0) {
        printf(":%u:%u", (unsigned) place->pos.line,
               (unsigned) place->pos.column);
    }
}


static void
compat_found(void *data, const nthrift_compat_finding_t *finding)
{
    compat_tool_t  *tool = data;

    static const char *const  words[] = { "error", "warning" };

    if (finding->level == NTHRIFT_COMPAT_ERROR) {
        tool->breaks = 1;

    } else if (tool->quiet) {
        return;
    }

    compat_print_place(&finding->now);
    printf(": %s: %s in ", words[finding->level], finding->text);
    compat_print_place(&finding->was);
    printf("; %s\n", finding->effect);
}


static int
compat_run(compat_tool_t *tool, nthrift_arena_t *arena)
{
    int               i, rc;
    compat_side_t    *side;
    nthrift_compat_t  compat;

    rc = 0;

    for (i = 0; i < 2; i++) {
        side = &tool->sides[i];

        rc |= nthrift_load(arena, side->dirs, side->n_dirs,
                           (int) tool->negative_ids,
                           side->file, &side->program);
    }

    if (rc != 0) {
        return COMPAT_FAILED;
    }

    nthrift_compat_init(&compat, arena, compat_found, tool);

    if (nthrift_compat_programs(&compat, tool->sides[0].program,
                                tool->sides[1].program)
        != NTHRIFT_OK
        || nthrift_compat_finish(&compat) != NTHRIFT_OK)
    {
        fprintf(stderr, "nthrift: not enough memory\n");
        return COMPAT_FAILED;
    }

    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "nthrift: cannot write\n");
        return COMPAT_FAILED;
    }

    return tool->breaks ? COMPAT_BREAKS : 0;
}


static int
compat_start(compat_tool_t *tool)
{
    int               rc;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(COMPAT_BLOCK, 0);
    if (arena == NULL) {
        nthrift_say("not enough memory");
        return COMPAT_FAILED;
    }

    rc = compat_run(tool, arena);

    nthrift_arena_destroy(arena);

    return rc;
}


int
nthrift_compat(int argc, char **argv)
{
    int                     rc, n;
    char                   *files[2];
    compat_tool_t           tool;
    nthrift_option_list_t   both, own[2];

    nthrift_option_t  options[] = {
        { "-I", NTHRIFT_OPTION_LIST, &both, 0, 0 },
        { "--old-include", NTHRIFT_OPTION_LIST, &own[0], 0, 0 },
        { "--new-include", NTHRIFT_OPTION_LIST, &own[1], 0, 0 },
        { "-w", NTHRIFT_OPTION_SET, &tool.quiet, 1, 0 },
        { "--negative-ids", NTHRIFT_OPTION_SET, &tool.negative_ids, 1, 0 },
        { "--help", NTHRIFT_OPTION_SET, &tool.help, 1, 0 },
        { "-h", NTHRIFT_OPTION_SET, &tool.help, 1, 0 },
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&tool, 0, sizeof(compat_tool_t));
    nthrift_option_list(&both, argc);
    nthrift_option_list(&own[0], argc);
    nthrift_option_list(&own[1], argc);

    n = nthrift_option_parse(options, argc, argv, files, 2);

    if (n < 0) {
        rc = COMPAT_FAILED;

    } else if (tool.help) {
        fputs(compat_usage, stdout);
        rc = 0;

    } else if (n < 2) {
        nthrift_say("%s is missing: nthrift compat OLD NEW",
                    (n == 0) ? "OLD" : "NEW");
        rc = COMPAT_FAILED;

    } else {
        tool.sides[0].file = files[0];
        tool.sides[1].file = files[1];

        compat_dirs(&tool.sides[0], &own[0], &both, argc, argv);
        compat_dirs(&tool.sides[1], &own[1], &both, argc, argv);

        rc = compat_start(&tool);
    }

    free(tool.sides[0].dirs);
    free(tool.sides[1].dirs);
    free(both.items);
    free(own[0].items);
    free(own[1].items);

    return rc;
}
