/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_openapi.c: "nthrift openapi", which writes what thrift_gateway
 * offers of .thrift files as an OpenAPI 3.1 document.
 */

#include "nthrift.h"
#include "nthrift_target.h"

#include "plain/plain.h"

#include <stdlib.h>


#define OPENAPI_BLOCK   (256 * 1024)    /* bytes: of the arena's blocks */
#define OPENAPI_VALUES  100000          /* in one default */

/* The gateway's status of declared exceptions: docs/http.md. */

#define OPENAPI_DECLARED  422

#define OPENAPI_OK      0
#define OPENAPI_WRONG   1
#define OPENAPI_USAGE   2


typedef struct {
    nthrift_target_options_t   target;
    char                      *title;
    char                      *version;
    char                      *server;
    unsigned                   long_strings;
} openapi_t;


static const char  openapi_usage[] =
    "usage: nthrift openapi [options] FILE...\n"
    "\n"
    "writes what thrift_gateway offers of the services in .thrift files as an\n"
    "OpenAPI 3.1 document\n"
    "\n"
    "-I dir           look for included files there, too\n"
    "--negative-ids   keep field ids that are not positive\n"
    "--title TEXT     default: the first file's name\n"
    "--version TEXT   of the interface; default 0\n"
    "--server URL     where paths begin: the location of thrift_gateway\n"
    "--long-strings   64-bit numbers are strings\n";


static nthrift_str_t
openapi_text(char *text)
{
    nthrift_str_t  s;

    s.data = (uint8_t *) text;
    s.len = (text != NULL) ? strlen(text) : 0;

    return s;
}


static size_t
openapi_count(nthrift_idl_program_t **programs, size_t n)
{
    size_t              i, services;
    nthrift_idl_def_t  *def;

    services = 0;

    for (i = 0; i < n; i++) {
        for (def = programs[i]->defs; def != NULL; def = def->next) {
            services += (def->kind == NTHRIFT_IDL_DEF_SERVICE);
        }
    }

    return services;
}


/* "Users", or "shop.Users" for another one. */

static void
openapi_name(nthrift_arena_t *arena, const nthrift_plain_openapi_t *o,
    nthrift_plain_service_t *service)
{
    size_t                         i, len;
    const nthrift_idl_def_t       *def;

    def = &service->idl->def;
    service->name = def->name;

    for (i = 0; i < o->n; i++) {
        if (!nthrift_str_equal(&o->services[i].name, &def->name)) {
            continue;
        }

        len = def->program->prefix.len + 1 + def->name.len;

        service->name.len = len;
        service->name.data = nthrift_arena_alloc(arena, len + 1);

        if (service->name.data != NULL) {
            snprintf((char *) service->name.data, len + 1, "%.*s.%.*s",
                     (int) def->program->prefix.len,
                     (char *) def->program->prefix.data, (int) def->name.len,
                     (char *) def->name.data);
        }

        return;
    }
}


static int
openapi_services(nthrift_arena_t *arena, nthrift_plain_openapi_t *o,
    nthrift_idl_program_t **programs, size_t n)
{
    size_t                    i;
    nthrift_idl_def_t        *def;
    nthrift_plain_service_t  *services;

    services = nthrift_arena_alloc(arena, openapi_count(programs, n)
                                          * sizeof(nthrift_plain_service_t));
    if (services == NULL) {
        nthrift_say("not enough memory");
        return -1;
    }

    o->services = services;

    for (i = 0; i < n; i++) {
        for (def = programs[i]->defs; def != NULL; def = def->next) {
            if (def->kind == NTHRIFT_IDL_DEF_SERVICE) {
                services[o->n].idl = (nthrift_idl_service_t *) def;
                openapi_name(arena, o, &services[o->n]);
                o->n++;
            }
        }
    }

    return 0;
}


static int
openapi_write(const openapi_t *args, nthrift_arena_t *arena,
    const nthrift_plain_openapi_t *o)
{
    nthrift_str_t          text, out;
    nthrift_plain_error_t  err;
    nthrift_plain_rules_t  rules;

    memset(&rules, 0, sizeof(nthrift_plain_rules_t));

    rules.max_depth = NTHRIFT_MAX_DEPTH;
    rules.max_values = OPENAPI_VALUES;
    rules.max_size = SIZE_MAX / 2;
    rules.seed = nthrift_seed();
    rules.long_strings = (uint8_t) args->long_strings;

    if (nthrift_plain_openapi(&rules, arena, o, &text, &err) != NTHRIFT_OK
        || nthrift_plain_indent(arena, &text, &out) != NTHRIFT_OK)
    {
        nthrift_say("not enough memory");
        return -1;
    }

    return nthrift_print(&out);
}


static int
openapi_run(const openapi_t *args, nthrift_arena_t *arena, char **files,
    size_t n)
{
    nthrift_plain_openapi_t    o;
    nthrift_idl_program_t    **programs;

    memset(&o, 0, sizeof(nthrift_plain_openapi_t));

    o.declared = OPENAPI_DECLARED;
    o.title = openapi_text(args->title);
    o.version = openapi_text(args->version);
    o.server = openapi_text(args->server);

    programs = nthrift_malloc(n * sizeof(nthrift_idl_program_t *));

    if (nthrift_load_all(arena, args->target.dirs.items, args->target.dirs.n,
                         (int) args->target.negative_ids, files, n, programs)
        != 0
        || openapi_services(arena, &o, programs, n) != 0
        || openapi_write(args, arena, &o) != 0)
    {
        free(programs);
        return OPENAPI_WRONG;
    }

    free(programs);

    return OPENAPI_OK;
}


int
nthrift_openapi(int argc, char **argv)
{
    int                rc, n;
    char             **files;
    openapi_t          args;
    nthrift_arena_t   *arena;

    nthrift_option_t  options[] = {
        { "--title", NTHRIFT_OPTION_TEXT, &args.title, 0, 0 },
        { "--version", NTHRIFT_OPTION_TEXT, &args.version, 0, 0 },
        { "--server", NTHRIFT_OPTION_TEXT, &args.server, 0, 0 },
        { "--long-strings", NTHRIFT_OPTION_SET, &args.long_strings, 1, 0 },
        nthrift_target_files(&args.target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&args, 0, sizeof(openapi_t));
    nthrift_target_init(&args.target, argc);

    files = nthrift_malloc((size_t) argc * sizeof(char *));
    arena = nthrift_arena_create(OPENAPI_BLOCK, 0);
    n = nthrift_option_parse(options, argc, argv, files, argc);

    if (n < 0) {
        rc = OPENAPI_USAGE;

    } else if (args.target.help) {
        fputs(openapi_usage, stdout);
        rc = OPENAPI_OK;

    } else if (n == 0) {
        fputs(openapi_usage, stderr);
        rc = OPENAPI_USAGE;

    } else if (arena == NULL) {
        nthrift_say("not enough memory");
        rc = OPENAPI_WRONG;

    } else {
        rc = openapi_run(&args, arena, files, (size_t) n);
    }

    if (arena != NULL) {
        nthrift_arena_destroy(arena);
    }

    nthrift_target_free(&args.target);
    free(files);

    return rc;
}
