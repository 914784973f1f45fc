/*
 * nthrift.c: the command line tool for .thrift files.
 *
 *     nthrift check [-w] [-I dir] FILE...    says what is wrong with them
 *     nthrift dump [-w] [-I dir] FILE        writes the resolved model
 *     nthrift gen [-w] [-I dir] [-o dir] FILE    writes C headers
 *     nthrift call HOST:PORT Service.method  calls it: see nthrift_call.c
 *     nthrift compat OLD NEW                 compares: see nthrift_compat.c
 *     nthrift openapi FILE...                OpenAPI: see nthrift_openapi.c
 *     nthrift probe HOST:PORT                tries it: see nthrift_probe.c
 *
 * It reads files for the loader, and prints what the loader has to say, in
 * the form that editors understand.  Exit codes: 0 all is well, 1 a file has
 * errors, 2 the command line has.
 */

#include "nthrift.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>


#define TOOL_BLOCK  (256 * 1024)        /* bytes: of the arena's blocks */
#define TOOL_READ   (64 * 1024)         /* bytes: read at once */
#define TOOL_ERRORS 1000                /* that are printed */

#define TOOL_WRONG  1
#define TOOL_USAGE  2
#define TOOL_FAILED 3


typedef enum {
    TOOL_CHECK = 0,
    TOOL_DUMP,
    TOOL_GEN
} tool_command_e;


typedef struct {
    tool_command_e   command;
    char            *out;               /* -o: directory of headers */
    int              quiet;             /* -w: no warnings */
    int              negative_ids;
    nthrift_str_t   *dirs;
    size_t           n_dirs;
    char           **prefixes;          /* --prefix: "FILE=NAME" */
    size_t           n_prefixes;
    char           **files;
    int              n_files;
} tool_args_t;


void
nthrift_say(const char *fmt, ...)
{
    va_list  args;

    fputs("nthrift: ", stderr);

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputc('\n', stderr);
}


void *
nthrift_malloc(size_t size)
{
    void  *p;

    p = malloc((size != 0) ? size : 1);

    if (p == NULL) {
        nthrift_say("not enough memory");
        exit(TOOL_FAILED);
    }

    return p;
}


int
nthrift_print(const nthrift_str_t *text)
{
    if (fwrite(text->data, 1, text->len, stdout) != text->len
        || fputc('\n', stdout) == EOF || fflush(stdout) != 0)
    {
        nthrift_say("cannot write");
        return -1;
    }

    return 0;
}


static int
tool_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id, const char **error)
{
    char         *real;
    struct stat   st;

    (void) data;

    real = realpath((const char *) path->data, NULL);

    if (real == NULL || stat(real, &st) != 0) {
        if (errno != ENOENT) {
            *error = strerror(errno);
        }

        free(real);

        return (errno == ENOMEM) ? NTHRIFT_ERROR : NTHRIFT_DECLINED;
    }

    if (S_ISDIR(st.st_mode)) {
        *error = "is a directory";
        free(real);
        return NTHRIFT_DECLINED;
    }

    id->len = strlen(real);
    id->data = nthrift_arena_copy(arena, (uint8_t *) real, id->len);

    free(real);

    return (id->data != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


/* Reads to the end of what may be a pipe, up to a byte more than `max`. */

static int
tool_read_all(FILE *f, size_t max, uint8_t **buf, size_t *len)
{
    size_t    n, size;
    uint8_t  *p;

    size = 0;
    *buf = NULL;
    *len = 0;

    do {
        if (size - *len < TOOL_READ) {
            size = size * 2 + TOOL_READ;

            p = realloc(*buf, size);
            if (p == NULL) {
                return -1;
            }

            *buf = p;
        }

        n = fread(*buf + *len, 1, TOOL_READ, f);
        *len += n;

    } while (n != 0 && *len <= max);

    return ferror(f) ? -1 : 0;
}


static int
tool_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    int       rc;
    FILE     *f;
    uint8_t  *buf;

    (void) data;

    f = fopen((const char *) path->data, "rb");
    if (f == NULL) {
        *error = strerror(errno);
        return NTHRIFT_ERROR;
    }

    errno = ENOMEM;

    if (tool_read_all(f, max, &buf, &text->len) != 0) {
        *error = strerror(errno);
        rc = NTHRIFT_ERROR;

    } else if (text->len > max) {
        rc = NTHRIFT_DECLINED;

    } else {
        text->data = nthrift_arena_copy(arena, buf, text->len);
        rc = (text->data != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;
    }

    free(buf);
    fclose(f);

    return rc;
}


static void
tool_print(const nthrift_report_entry_t *entry)
{
    static const char *const  words[] = { "error", "warning" };

    fprintf(stderr, "%s:", (const char *) entry->program->path.data);

    if (entry->pos.line != 0) {
        fprintf(stderr, "%u:%u:", (unsigned) entry->pos.line,
                (unsigned) entry->pos.column);
    }

    fprintf(stderr, " %s: %.*s\n", words[entry->kind], (int) entry->text.len,
            (const char *) entry->text.data);
}


static void
tool_report(const nthrift_report_t *report, int quiet)
{
    const nthrift_report_entry_t  *entry;

    for (entry = report->first; entry != NULL; entry = entry->next) {
        if (entry->kind == NTHRIFT_REPORT_ERROR || !quiet) {
            tool_print(entry);
        }
    }

    if (report->errors > report->max_errors) {
        fprintf(stderr, "nthrift: %u more errors\n",
                (unsigned) (report->errors - report->max_errors));
    }

    if (report->warnings > report->max_warnings && !quiet) {
        fprintf(stderr, "nthrift: %u more warnings\n",
                (unsigned) (report->warnings - report->max_warnings));
    }

    if (report->no_memory) {
        fprintf(stderr, "nthrift: not enough memory\n");
    }
}


uint64_t
nthrift_seed(void)
{
    FILE      *f;
    uint64_t   seed;

    seed = 0;

    f = fopen("/dev/urandom", "rb");
    if (f != NULL) {
        (void) !fread(&seed, sizeof(seed), 1, f);
        fclose(f);
    }

    return seed;
}


static void
tool_loader(nthrift_loader_t *loader, nthrift_arena_t *arena,
    const tool_args_t *args)
{
    nthrift_loader_reader_t  reader;

    reader.find = tool_find;
    reader.read = tool_read;
    reader.data = NULL;

    nthrift_loader_init(loader, arena, &reader);

    loader->dirs = args->dirs;
    loader->n_dirs = args->n_dirs;
    loader->seed = nthrift_seed();

    if (args->negative_ids) {
        loader->negative_ids = 1;
    }
}


int
nthrift_load_all(nthrift_arena_t *arena, nthrift_str_t *dirs, size_t n_dirs,
    int negative_ids, char **files, size_t n, nthrift_idl_program_t **programs)
{
    int                rc;
    size_t             i;
    tool_args_t        args;
    nthrift_str_t      path;
    nthrift_loader_t  *loader;

    /* the model points into its loader */

    loader = nthrift_arena_alloc(arena, sizeof(nthrift_loader_t));
    if (loader == NULL) {
        nthrift_say("not enough memory");
        return -1;
    }

    memset(&args, 0, sizeof(tool_args_t));

    args.dirs = dirs;
    args.n_dirs = n_dirs;
    args.negative_ids = negative_ids;

    tool_loader(loader, arena, &args);

    rc = 0;

    for (i = 0; i < n; i++) {
        path.data = (uint8_t *) files[i];
        path.len = strlen(files[i]);

        if (nthrift_loader_load(loader, &path, &programs[i]) != NTHRIFT_OK) {
            rc = -1;
        }
    }

    tool_report(&loader->report, 1);

    return rc;
}


int
nthrift_load(nthrift_arena_t *arena, nthrift_str_t *dirs, size_t n_dirs,
    int negative_ids, char *file, nthrift_idl_program_t **program)
{
    return nthrift_load_all(arena, dirs, n_dirs, negative_ids, &file, 1,
                            program);
}


/* Loads all files; *program is the last one's. */

static int
tool_load(nthrift_loader_t *loader, const tool_args_t *args,
    nthrift_idl_program_t **program)
{
    int            i, rc;
    nthrift_str_t  path;

    rc = 0;

    for (i = 0; i < args->n_files; i++) {
        path.data = (uint8_t *) args->files[i];
        path.len = strlen(args->files[i]);

        if (nthrift_loader_load(loader, &path, program) != NTHRIFT_OK) {
            rc = TOOL_WRONG;
        }
    }

    if (nthrift_annotation_check(loader->programs, &loader->report)
        != NTHRIFT_OK)
    {
        rc = TOOL_WRONG;
    }

    return rc;
}


static int
tool_run(const tool_args_t *args)
{
    int                     rc;
    nthrift_arena_t        *arena;
    nthrift_loader_t        loader;
    nthrift_idl_program_t  *program;

    arena = nthrift_arena_create(TOOL_BLOCK, 0);
    if (arena == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        return TOOL_WRONG;
    }

    tool_loader(&loader, arena, args);
    loader.report.max_errors = TOOL_ERRORS;

    rc = tool_load(&loader, args, &program);

    if (rc == 0 && args->command == TOOL_GEN
        && nthrift_gen(&loader, args->out, args->prefixes, args->n_prefixes)
           != 0)
    {
        rc = TOOL_WRONG;
    }

    tool_report(&loader.report, args->quiet);

    if (rc == 0 && args->command == TOOL_DUMP
        && nthrift_dump(&loader, program, stdout) != 0)
    {
        fprintf(stderr, "nthrift: cannot write\n");
        rc = TOOL_WRONG;
    }

    nthrift_arena_destroy(arena);

    return rc;
}


static int
tool_usage(FILE *out, int rc)
{
    fputs("usage: nthrift check [-w] [-I dir] [--negative-ids] FILE...\n"
          "       nthrift dump [-w] [-I dir] [--negative-ids] FILE\n"
          "       nthrift gen [-w] [-I dir] [--negative-ids] [-o dir]"
          " [--prefix FILE=NAME] FILE\n"
          "       nthrift call [options] ADDRESS Service.method [JSON]"
          " --idl FILE\n"
          "       nthrift compat [options] OLD NEW\n"
          "       nthrift openapi [options] FILE...\n"
          "       nthrift probe [options] ADDRESS [Service]\n"
          "\n"
          "check   says what is wrong with .thrift files\n"
          "dump    writes what a .thrift file says as JSON\n"
          "gen     writes C headers for handlers of nginx\n"
          "call    makes one call: see nthrift call --help\n"
          "compat  says what breaks who uses an older file: see nthrift compat"
          " --help\n"
          "openapi writes an OpenAPI document: see nthrift openapi --help\n"
          "probe   finds out what a server speaks: see nthrift probe --help\n"
          "\n"
          "-I dir          look for included files there, too\n"
          "-w              no warnings\n"
          "--negative-ids  keep field ids that are not positive\n"
          "-o dir          of headers; made if it is missing\n"
          "--prefix FILE=NAME  begin names in C of that file with NAME_\n",
          out);

    return rc;
}


static void
tool_add_dir(tool_args_t *args, char *dir)
{
    args->dirs[args->n_dirs].data = (uint8_t *) dir;
    args->dirs[args->n_dirs].len = strlen(dir);
    args->n_dirs++;
}


/* Options and files may come in any order; behind "--" all are files. */

static int
tool_parse_args(tool_args_t *args, int argc, char **argv)
{
    int    i, options;
    char  *arg;

    options = 1;

    for (i = 2; i < argc; i++) {
        arg = argv[i];

        if (!options || arg[0] != '-' || arg[1] == '\0') {
            args->files[args->n_files++] = arg;

        } else if (strcmp(arg, "--") == 0) {
            options = 0;

        } else if (strcmp(arg, "-w") == 0) {
            args->quiet = 1;

        } else if (strcmp(arg, "--negative-ids") == 0) {
            args->negative_ids = 1;

        } else if (args->command == TOOL_GEN && strcmp(arg, "-o") == 0
                   && i + 1 < argc)
        {
            args->out = argv[++i];

        } else if (args->command == TOOL_GEN && strcmp(arg, "--prefix") == 0
                   && i + 1 < argc)
        {
            args->prefixes[args->n_prefixes++] = argv[++i];

        } else if (strcmp(arg, "-I") == 0 && i + 1 < argc) {
            tool_add_dir(args, argv[++i]);

        } else if (strncmp(arg, "-I", 2) == 0 && arg[2] != '\0') {
            tool_add_dir(args, arg + 2);

        } else {
            return -1;
        }
    }

    if (args->command != TOOL_CHECK && args->n_files > 1) {
        return -1;
    }

    return (args->n_files == 0 || *args->out == '\0') ? -1 : 0;
}


static int
tool_command(const char *word, tool_command_e *command)
{
    int                       i;
    static const char *const  words[] = { "check", "dump", "gen" };

    for (i = TOOL_CHECK; i <= TOOL_GEN; i++) {
        if (strcmp(word, words[i]) == 0) {
            *command = (tool_command_e) i;
            return 0;
        }
    }

    return -1;
}


int
main(int argc, char **argv)
{
    int          rc;
    tool_args_t  args;
    static char  here[] = ".";

    if (argc == 2 && (strcmp(argv[1], "-h") == 0
                      || strcmp(argv[1], "--help") == 0))
    {
        return tool_usage(stdout, 0);
    }

    if (argc >= 2 && strcmp(argv[1], "call") == 0) {
        return nthrift_call(argc, argv);
    }

    if (argc >= 2 && strcmp(argv[1], "compat") == 0) {
        return nthrift_compat(argc, argv);
    }

    if (argc >= 2 && strcmp(argv[1], "openapi") == 0) {
        return nthrift_openapi(argc, argv);
    }

    if (argc >= 2 && strcmp(argv[1], "probe") == 0) {
        return nthrift_probe(argc, argv);
    }

    if (argc < 3) {
        return tool_usage(stderr, TOOL_USAGE);
    }

    memset(&args, 0, sizeof(tool_args_t));

    if (tool_command(argv[1], &args.command) != 0) {
        return tool_usage(stderr, TOOL_USAGE);
    }

    args.out = here;
    args.dirs = calloc((size_t) argc, sizeof(nthrift_str_t));
    args.files = calloc((size_t) argc, sizeof(char *));
    args.prefixes = calloc((size_t) argc, sizeof(char *));

    if (args.dirs == NULL || args.files == NULL || args.prefixes == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        rc = TOOL_WRONG;

    } else if (tool_parse_args(&args, argc, argv) != 0) {
        rc = tool_usage(stderr, TOOL_USAGE);

    } else {
        rc = tool_run(&args);
    }

    free(args.dirs);
    free(args.files);
    free(args.prefixes);

    return rc;
}
