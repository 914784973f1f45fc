/*
 * nthrift_compat.c: "nthrift compat": what of a file breaks those who still
 * use the one that it replaces.  Exit codes: 0 nothing does, 1 something does,
 * 2 nothing was compared.
 */

#include "nthrift.h"

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
    int             files;
    int             quiet;              /* -w: no warnings */
    int             negative_ids;
    int             help;
    int             breaks;             /* an error was found */
} compat_tool_t;


static int
compat_usage(FILE *out, int rc)
{
    fputs("usage: nthrift compat [options] OLD NEW\n"
          "\n"
          "says what breaks clients and servers that still use OLD when others"
          " use NEW\n"
          "\n"
          "-I dir             look for included files there, too\n"
          "--old-include dir  the same for OLD only\n"
          "--new-include dir  the same for NEW only\n"
          "-w                 no warnings\n"
          "--negative-ids     keep field ids that are not positive\n"
          "--help             list the options\n"
          "\n"
          "exit codes: 0 nothing breaks, 1 something does, 2 the files could"
          " not be compared\n", out);

    return rc;
}


static void
compat_add_dir(compat_side_t *side, char *dir)
{
    side->dirs[side->n_dirs].data = (uint8_t *) dir;
    side->dirs[side->n_dirs].len = strlen(dir);
    side->n_dirs++;
}


static void
compat_add_dirs(compat_tool_t *tool, char *dir)
{
    compat_add_dir(&tool->sides[0], dir);
    compat_add_dir(&tool->sides[1], dir);
}


static int
compat_add_file(compat_tool_t *tool, char *file)
{
    if (tool->files == 2) {
        return -1;
    }

    tool->sides[tool->files++].file = file;

    return 0;
}


/* An option, with its value if there is another word; how many were taken. */

static int
compat_option(compat_tool_t *tool, char *arg, char *value)
{
    if (strcmp(arg, "-w") == 0) {
        tool->quiet = 1;
        return 1;
    }

    if (strcmp(arg, "--negative-ids") == 0) {
        tool->negative_ids = 1;
        return 1;
    }

    if (strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0) {
        tool->help = 1;
        return 1;
    }

    if (strncmp(arg, "-I", 2) == 0 && arg[2] != '\0') {
        compat_add_dirs(tool, arg + 2);
        return 1;
    }

    if (value == NULL) {
        return -1;
    }

    if (strcmp(arg, "-I") == 0) {
        compat_add_dirs(tool, value);

    } else if (strcmp(arg, "--old-include") == 0) {
        compat_add_dir(&tool->sides[0], value);

    } else if (strcmp(arg, "--new-include") == 0) {
        compat_add_dir(&tool->sides[1], value);

    } else {
        return -1;
    }

    return 2;
}


static int
compat_parse_args(compat_tool_t *tool, int argc, char **argv)
{
    int  i, n, options;

    options = 1;

    for (i = 2; i < argc; i += n) {
        n = 1;

        if (!options || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (compat_add_file(tool, argv[i]) != 0) {
                return -1;
            }

        } else if (strcmp(argv[i], "--") == 0) {
            options = 0;

        } else {
            n = compat_option(tool, argv[i], argv[i + 1]);

            if (n < 0) {
                return -1;
            }
        }
    }

    return (tool->files == 2 || tool->help) ? 0 : -1;
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

        rc |= nthrift_load(arena, side->dirs, side->n_dirs, tool->negative_ids,
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
compat_start(compat_tool_t *tool, int argc, char **argv)
{
    int               rc;
    nthrift_arena_t  *arena;

    if (compat_parse_args(tool, argc, argv) != 0) {
        return compat_usage(stderr, COMPAT_FAILED);
    }

    if (tool->help) {
        return compat_usage(stdout, 0);
    }

    arena = nthrift_arena_create(COMPAT_BLOCK, 0);
    if (arena == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        return COMPAT_FAILED;
    }

    rc = compat_run(tool, arena);

    nthrift_arena_destroy(arena);

    return rc;
}


int
nthrift_compat(int argc, char **argv)
{
    int            rc;
    compat_tool_t  tool;

    memset(&tool, 0, sizeof(compat_tool_t));

    tool.sides[0].dirs = calloc((size_t) argc, sizeof(nthrift_str_t));
    tool.sides[1].dirs = calloc((size_t) argc, sizeof(nthrift_str_t));

    if (tool.sides[0].dirs == NULL || tool.sides[1].dirs == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        rc = COMPAT_FAILED;

    } else {
        rc = compat_start(&tool, argc, argv);
    }

    free(tool.sides[0].dirs);
    free(tool.sides[1].dirs);

    return rc;
}
