/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift.c: the command line tool for .thrift files: the list of its
 * commands, those that are about files alone (check, dump, gen), and what all
 * of them share.
 *
 * It reads files for the loader, and prints what the loader has to say, in
 * the form that editors understand.  Exit codes: 0 all is well, 1 a file has
 * errors, 2 the command line has.
 */

#include "nthrift.h"
#include "nthrift_option.h"

#include "idl/suggest.h"

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
    tool_command_e          command;
    char                   *out;        /* -o: directory of headers */
    unsigned                quiet;      /* -w: no warnings */
    unsigned                negative_ids;
    nthrift_option_list_t   dirs;
    nthrift_option_list_t   prefixes;   /* --prefix: "FILE=NAME" */
    char                  **files;
    int                     n_files;
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

    loader->dirs = args->dirs.items;
    loader->n_dirs = args->dirs.n;
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

    args.dirs.items = dirs;
    args.dirs.n = n_dirs;
    args.negative_ids = (negative_ids != 0);

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


/* Loads all files; *program is the last one's, NULL if there are none. */

static int
tool_load(nthrift_loader_t *loader, const tool_args_t *args,
    nthrift_idl_program_t **program)
{
    int            i, rc;
    nthrift_str_t  path;

    rc = 0;
    *program = NULL;

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
        && nthrift_gen(&loader, args->out, args->prefixes.items,
                       args->prefixes.n)
           != 0)
    {
        rc = TOOL_WRONG;
    }

    tool_report(&loader.report, (int) args->quiet);

    if (rc == 0 && args->command == TOOL_DUMP
        && nthrift_dump(&loader, program, stdout) != 0)
    {
        fprintf(stderr, "nthrift: cannot write\n");
        rc = TOOL_WRONG;
    }

    nthrift_arena_destroy(arena);

    return rc;
}


static const char  tool_usage[] =
    "usage: nthrift COMMAND ...; nthrift COMMAND --help says more\n"
    "\n"
    "about .thrift files\n"
    "  check     says what is wrong with them\n"
    "  compat    says what of a new one breaks those who use the old one\n"
    "  list      lists their methods\n"
    "  describe  shows a service, a method or a type\n"
    "  dump      writes what a file says as JSON\n"
    "  openapi   writes an OpenAPI document of their services\n"
    "\n"
    "about servers\n"
    "  probe     finds out what a server speaks\n"
    "  call      makes one call\n"
    "  bench     makes many calls, and says how long they take\n"
    "  template  writes arguments for a call, to be filled in\n"
    "\n"
    "about a running nginx\n"
    "  tail      follows an access log, and shows rates, errors and times\n"
    "  top       shows what nginx has counted, now and then\n"
    "\n"
    "about handlers of nginx\n"
    "  new       makes a handler to begin with, and what it takes to run it\n"
    "  gen       writes C headers for them\n"
    "  run       calls methods of one, without nginx\n"
    "\n"
    "nthrift --version prints the version\n";


static const char  tool_file_usage[] =
    "usage: nthrift check [-w] [-I dir] [--negative-ids] FILE...\n"
    "       nthrift dump [-w] [-I dir] [--negative-ids] FILE\n"
    "       nthrift gen [-w] [-I dir] [--negative-ids] [-o dir]"
    " [--prefix FILE=NAME] FILE\n"
    "\n"
    "check   says what is wrong with .thrift files\n"
    "dump    writes what a .thrift file says as JSON\n"
    "gen     writes C headers for handlers of nginx\n"
    "\n"
    "-I dir          look for included files there, too\n"
    "-w              no warnings\n"
    "--negative-ids  keep field ids that are not positive\n"
    "-o dir          of headers; made if it is missing\n"
    "--prefix FILE=NAME  begin names in C of that file with NAME_\n";


/* check, dump, gen */

/* What is said of the words of the command line: 0, or -1. */

static int
tool_check_args(const tool_args_t *args, const char *command)
{
    if (args->n_files == 0) {
        nthrift_say("FILE is missing: nthrift %s FILE", command);
        return -1;
    }

    if (args->command != TOOL_CHECK && args->n_files > 1) {
        nthrift_say("too many arguments: \"%s\"", args->files[1]);
        return -1;
    }

    if (*args->out == '\0') {
        nthrift_say("-o: the directory is missing");
        return -1;
    }

    return 0;
}


static void
tool_args_init(tool_args_t *args, tool_command_e command, int argc)
{
    static char  here[] = ".";

    memset(args, 0, sizeof(tool_args_t));
    nthrift_option_list(&args->dirs, argc);
    nthrift_option_list(&args->prefixes, argc);

    args->command = command;
    args->out = here;
    args->files = nthrift_malloc((size_t) argc * sizeof(char *));
}


static void
tool_args_free(tool_args_t *args)
{
    free(args->dirs.items);
    free(args->prefixes.items);
    free(args->files);
}


static int
tool_file_command(tool_command_e command, int argc, char **argv)
{
    int          rc;
    unsigned     help;
    tool_args_t  args;

    nthrift_option_t  options[] = {
        { "-w", NTHRIFT_OPTION_SET, &args.quiet, 1, 0 },
        { "-I", NTHRIFT_OPTION_LIST, &args.dirs, 0, 0 },
        { "--negative-ids", NTHRIFT_OPTION_SET, &args.negative_ids, 1, 0 },
        { "--help", NTHRIFT_OPTION_SET, &help, 1, 0 },
        { "-h", NTHRIFT_OPTION_SET, &help, 1, 0 },
        { (command == TOOL_GEN) ? "-o" : NULL, NTHRIFT_OPTION_TEXT, &args.out,
          0, 0 },
        { "--prefix", NTHRIFT_OPTION_LIST, &args.prefixes, 0, 0 },
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    help = 0;
    tool_args_init(&args, command, argc);

    args.n_files = nthrift_option_parse(options, argc, argv, args.files, argc);

    if (args.n_files < 0) {
        rc = TOOL_USAGE;

    } else if (help) {
        fputs(tool_file_usage, stdout);
        rc = 0;

    } else {
        rc = (tool_check_args(&args, argv[1]) != 0) ? TOOL_USAGE
                                                    : tool_run(&args);
    }

    tool_args_free(&args);

    return rc;
}


static int
tool_check(int argc, char **argv)
{
    return tool_file_command(TOOL_CHECK, argc, argv);
}


static int
tool_dump(int argc, char **argv)
{
    return tool_file_command(TOOL_DUMP, argc, argv);
}


static int
tool_gen(int argc, char **argv)
{
    return tool_file_command(TOOL_GEN, argc, argv);
}


/* All commands */

typedef struct {
    const char  *name;
    int        (*run)(int argc, char **argv);
} tool_name_t;

static const tool_name_t  tool_names[] = {
    { "bench", nthrift_bench },
    { "call", nthrift_call },
    { "check", tool_check },
    { "compat", nthrift_compat },
    { "describe", nthrift_describe },
    { "dump", tool_dump },
    { "gen", tool_gen },
    { "list", nthrift_list },
    { "openapi", nthrift_openapi },
    { "new", nthrift_new },
    { "probe", nthrift_probe },
    { "run", nthrift_run },
    { "tail", nthrift_tail },
    { "template", nthrift_template },
    { "top", nthrift_top }
};

#define TOOL_NAMES  (sizeof(tool_names) / sizeof(tool_names[0]))


static int
tool_unknown(char *word)
{
    size_t             i;
    nthrift_str_t      name, names[TOOL_NAMES];
    nthrift_suggest_t  s;

    name.data = (uint8_t *) word;
    name.len = strlen(word);

    nthrift_suggest_init(&s, &name);

    for (i = 0; i < TOOL_NAMES; i++) {
        names[i].data = (uint8_t *) tool_names[i].name;
        names[i].len = strlen(tool_names[i].name);
        nthrift_suggest_try(&s, &names[i]);
    }

    if (s.best != NULL) {
        nthrift_say("%s: no such command (did you mean \"%.*s\"?)", word,
                    (int) s.best->len, (char *) s.best->data);

    } else {
        nthrift_say("%s: no such command; nthrift --help lists them", word);
    }

    return TOOL_USAGE;
}


int
main(int argc, char **argv)
{
    size_t       i;
    static char  help[] = "--help";

    if (argc < 2) {
        fputs(tool_usage, stderr);
        return TOOL_USAGE;
    }

    if (strcmp(argv[1], "help") == 0 && argc == 3) {
        argv[1] = argv[2];
        argv[2] = help;
    }

    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0
        || strcmp(argv[1], "help") == 0)
    {
        fputs(tool_usage, stdout);
        return 0;
    }

    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("nthrift " NTHRIFT_VERSION);
        return 0;
    }

    for (i = 0; i < TOOL_NAMES; i++) {
        if (strcmp(argv[1], tool_names[i].name) == 0) {
            return tool_names[i].run(argc, argv);
        }
    }

    return tool_unknown(argv[1]);
}
