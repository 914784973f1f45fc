/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_new.c: "nthrift new", which makes a directory with all that a handler
 * of a service needs: its source with a function for each method, a Makefile,
 * an nginx.conf, and a test that calls each method as nginx serves it.  What
 * they say is in nthrift_new_text.c.
 *
 * Nothing is ever overwritten: when one of the files is there, none is made.
 */

#include "nthrift.h"
#include "nthrift_new.h"
#include "nthrift_target.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>


#define NEW_BLOCK    (256 * 1024)       /* bytes: of the arena's blocks */
#define NEW_PORT     9090

#define NEW_OK       0
#define NEW_WRONG    1
#define NEW_USAGE    2

/* Where nginx, its modules and header files are, unless beside the tool. */

#define NEW_MODULES  "/usr/lib/nginx/modules"
#define NEW_STREAM   NEW_MODULES "/ngx_stream_module.so"
#define NEW_MODULE   "ngx_stream_thrift_module.so"


typedef struct {
    nthrift_target_options_t   target;
    char                      *dir;             /* NULL: the service's name */
    char                      *words[1];
    long long                  port;
} new_options_t;

typedef struct {
    const char                *name;
    void                     (*write)(nthrift_new_t *p);
    unsigned                   mode;
} new_file_t;


static const char  new_usage[] =
    "usage: nthrift new [options] SERVICE\n"
    "\n"
    "Makes a directory with a handler for nginx: source, Makefile, nginx.conf\n"
    "and a test.  No file is overwritten.\n"
    "\n"
    "--idl FILE      the .thrift file that has the service; by default a\n"
    "                small one is made, too\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "-o dir          the directory; the service's name in lower case by"
    " default\n"
    "--port N        of 127.0.0.1, that nginx listens on; default 9090\n";


/* Paths */

/* The directory, with those above it: 0, or -1. */

static int
new_make_dir(char *dir)
{
    char  *p;

    for (p = dir + 1; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            (void) mkdir(dir, 0777);
            *p = '/';
        }
    }

    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        nthrift_say("cannot make %s: %s", dir, strerror(errno));
        return -1;
    }

    return 0;
}


/* The way from one directory to a file, both without links and "..". */

static char *
new_relative(nthrift_gen_t *gen, const char *dir, const char *file)
{
    size_t       i, slash;
    const char  *p, *up;

    slash = 0;

    for (i = 0; dir[i] != '\0' && dir[i] == file[i]; i++) {
        if (dir[i] == '/') {
            slash = i;
        }
    }

    if (dir[i] == '\0' && file[i] == '/') {
        return nthrift_gen_format(gen, "%s", file + i + 1);
    }

    if (slash == 0) {
        return nthrift_gen_format(gen, "%s", file);
    }

    up = "../";

    for (p = dir + slash + 1; *p != '\0'; p++) {
        if (*p == '/') {
            up = nthrift_gen_format(gen, "%s../", up);
        }
    }

    return nthrift_gen_format(gen, "%s%s", up, file + slash + 1);
}


/* Beside the tool: "..", with what follows, if it is there; else `other`. */

static const char *
new_beside(nthrift_gen_t *gen, const char *tool, const char *path,
    const char *file, const char *other)
{
    int          len;
    char        *found, *real;
    const char  *slash;

    slash = strrchr(tool, '/');
    len = (slash != NULL) ? (int) (slash - tool) : 0;
    found = nthrift_gen_format(gen, "%.*s/%s", len, tool, path);

    if (len == 0
        || access(nthrift_gen_format(gen, "%s/%s", found, file), R_OK) != 0)
    {
        return other;
    }

    real = realpath(found, NULL);
    found = nthrift_gen_format(gen, "%s", (real != NULL) ? real : found);
    free(real);

    return found;
}


/* Where what the project needs is on this machine. */

static void
new_find(nthrift_new_t *p)
{
    char         tool[PATH_MAX];
    ssize_t      n;
    const char  *include, *modules;

    n = readlink("/proc/self/exe", tool, sizeof(tool) - 1);
    tool[(n > 0) ? n : 0] = '\0';

    p->tool = (n > 0) ? nthrift_gen_format(&p->gen, "%s", tool) : "nthrift";

    include = new_beside(&p->gen, tool, "../include/nthrift",
                         "nthrift_handler.h", "/usr/local/include/nthrift");
    p->include = new_beside(&p->gen, tool, "../src", "nthrift_handler.h",
                            include);

    modules = new_beside(&p->gen, tool, ".", NEW_MODULE, NEW_MODULES);
    p->module = nthrift_gen_format(&p->gen, "%s/" NEW_MODULE, modules);
    p->stream = (access(NEW_STREAM, R_OK) == 0) ? NEW_STREAM : NULL;
}


/* Files */

static const new_file_t  new_files[] = {
    { "%s.thrift", nthrift_new_idl, 0666 },
    { "%s.c", nthrift_new_source, 0666 },
    { "Makefile", nthrift_new_makefile, 0666 },
    { "nginx.conf", nthrift_new_conf, 0666 },
    { "test", nthrift_new_test, 0777 },
    { ".gitignore", nthrift_new_ignore, 0666 }
};

#define NEW_FILES  (sizeof(new_files) / sizeof(new_files[0]))


static const char *
new_path(nthrift_new_t *p, const char *dir, const new_file_t *file)
{
    if (strchr(file->name, '%') == NULL) {
        return nthrift_gen_format(&p->gen, "%s/%s", dir, file->name);
    }

    return nthrift_gen_format(&p->gen, "%s/%s%s", dir, p->name,
                              strchr(file->name, '.'));
}


/* Those that are there: -1, and they are said. */

static int
new_check(nthrift_new_t *p, const char *dir, size_t first)
{
    int          rc;
    size_t       i;
    const char  *path;

    rc = 0;

    for (i = first; i < NEW_FILES; i++) {
        path = new_path(p, dir, &new_files[i]);

        if (access(path, F_OK) == 0) {
            nthrift_say("%s is there already; nothing is overwritten (-o "
                        "names another directory)", path);
            rc = -1;
        }
    }

    return rc;
}


static int
new_write(nthrift_new_t *p, const char *path, const new_file_t *file)
{
    int    fd;
    FILE  *f;

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
              (mode_t) file->mode);
    f = (fd != -1) ? fdopen(fd, "w") : NULL;

    if (f == NULL) {
        nthrift_say("cannot make %s: %s", path, strerror(errno));
        return -1;
    }

    p->gen.out = f;
    file->write(p);

    if (fclose(f) != 0) {
        nthrift_say("cannot write %s: %s", path, strerror(errno));
        return -1;
    }

    puts(path);

    return 0;
}


static int
new_write_all(nthrift_new_t *p, const char *dir, size_t first)
{
    size_t  i;

    for (i = first; i < NEW_FILES; i++) {
        if (new_write(p, new_path(p, dir, &new_files[i]), &new_files[i]) != 0)
        {
            return -1;
        }
    }

    return 0;
}


/* The service */

/* A service that is not in the file itself has its headers elsewhere. */

static int
new_service(nthrift_new_t *p, nthrift_idl_program_t *program,
    const char *name)
{
    uint32_t                      n;
    nthrift_loader_t              loader;
    const nthrift_idl_program_t  *other;

    if (nthrift_target_service(program, name, &p->service) != 0) {
        return -1;
    }

    if (p->service->def.program != program) {
        nthrift_say("%s is defined in %s: --idl %s", name,
                    (char *) p->service->def.program->path.data,
                    (char *) p->service->def.program->path.data);
        return -1;
    }

    for (n = 0, other = program; other != NULL; other = other->next) {
        n++;
    }

    memset(&loader, 0, sizeof(nthrift_loader_t));

    loader.programs = program;
    loader.n_files = n;

    (void) nthrift_gen_sources(&p->gen, &loader, NULL, 0);

    p->header = nthrift_gen_source(&p->gen, program)->label;
    p->base = nthrift_gen_name(&p->gen, &p->service->def);

    return 0;
}


/* Letters of a service's name, for files and functions. */

static int
new_name(nthrift_new_t *p, const char *service)
{
    char        *q;
    const char  *dot;

    dot = strrchr(service, '.');

    if (dot != NULL && strcmp(dot, ".thrift") == 0) {
        nthrift_say("\"%s\" is no name of a service (did you mean \"nthrift "
                    "new SERVICE --idl %s\"?)", service, service);
        return -1;
    }

    service = (dot != NULL) ? dot + 1 : service;
    q = nthrift_gen_format(&p->gen, "%s", service);
    p->name = q;

    for ( /* void */ ; *q != '\0'; q++) {
        if (!isalnum((unsigned char) *q) && *q != '_') {
            nthrift_say("\"%s\" is no name of a service", service);
            return -1;
        }

        *q = (char) tolower((unsigned char) *q);
    }

    if (p->name[0] == '\0' || isdigit((unsigned char) p->name[0])) {
        nthrift_say("\"%s\" is no name of a service", service);
        return -1;
    }

    p->title = service;

    return 0;
}


/* Where the definitions are, seen from the project. */

static int
new_idl(nthrift_new_t *p, const new_options_t *o, char *dir)
{
    size_t   i;
    char    *from, *to;

    from = realpath(dir, NULL);
    to = realpath(o->target.idl, NULL);

    if (from == NULL || to == NULL) {
        nthrift_say("cannot find %s: %s", (from == NULL) ? dir : o->target.idl,
                    strerror(errno));
        free(from);
        free(to);
        return -1;
    }

    p->idl = new_relative(&p->gen, from, to);
    free(to);

    for (i = 0; i < o->target.dirs.n; i++) {
        to = realpath((char *) o->target.dirs.items[i].data, NULL);

        if (to != NULL) {
            p->dirs[p->n_dirs++] = new_relative(&p->gen, from, to);
            free(to);
        }
    }

    free(from);

    return 0;
}


/* Does somebody listen on the port of 127.0.0.1 that nginx is to have? */

static int
new_port_is_taken(int port)
{
    int                 fd, on, taken;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1) {
        return 0;
    }

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_port = htons((uint16_t) port);
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    /* as nginx has it: connections that were closed do not count */

    on = 1;
    (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));

    taken = (bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1
             && errno == EADDRINUSE);

    close(fd);

    return taken;
}


static int
new_make(nthrift_new_t *p, const new_options_t *o)
{
    char    *dir, *path;
    size_t   first;

    dir = nthrift_gen_format(&p->gen, "%s", (o->dir != NULL) ? o->dir
                                                             : p->name);
    first = (o->target.idl != NULL) ? 1 : 0;

    if (new_check(p, dir, first) != 0 || new_make_dir(dir) != 0) {
        return NEW_WRONG;
    }

    if (o->target.idl != NULL && new_idl(p, o, dir) != 0) {
        return NEW_WRONG;
    }

    if (new_write_all(p, dir, first) != 0) {
        return NEW_WRONG;
    }

    if (new_port_is_taken(p->port)) {
        printf("\n127.0.0.1:%d is in use: \"listen\" in %s/nginx.conf can have "
               "another port\n", p->port, dir);
    }

    path = nthrift_gen_format(&p->gen, "cd %s && make test", dir);
    printf("\nTo try it:  %s\n", path);

    return NEW_OK;
}


/*
 * Without a file the definitions are those that are written: a service of one
 * method, which the text of nthrift_new_idl() has as well.
 */

static int
new_load(nthrift_new_t *p, const new_options_t *o)
{
    nthrift_idl_program_t  *program;

    if (o->target.idl == NULL) {
        p->idl = nthrift_gen_format(&p->gen, "%s.thrift", p->name);
        p->header = p->name;
        p->base = p->title;
        return 0;
    }

    if (nthrift_target_load(&o->target, p->gen.arena, o->target.idl, &program)
        != 0)
    {
        return -1;
    }

    return new_service(p, program, o->words[0]);
}


static int
new_run(const new_options_t *o)
{
    int               rc;
    nthrift_new_t     p;
    nthrift_report_t  report;

    memset(&p, 0, sizeof(nthrift_new_t));
    memset(&report, 0, sizeof(nthrift_report_t));

    p.port = (int) o->port;
    p.gen.report = &report;
    p.gen.arena = nthrift_arena_create(NEW_BLOCK, 0);
    p.dirs = nthrift_malloc((o->target.dirs.n + 1) * sizeof(char *));

    if (p.gen.arena == NULL) {
        nthrift_say("not enough memory");
        free(p.dirs);
        return NEW_WRONG;
    }

    new_find(&p);

    rc = (new_name(&p, o->words[0]) != 0) ? NEW_USAGE
         : (new_load(&p, o) != 0) ? NEW_WRONG : new_make(&p, o);

    nthrift_arena_destroy(p.gen.arena);
    free(p.dirs);

    return rc;
}


int
nthrift_new(int argc, char **argv)
{
    int            rc, n;
    new_options_t  o;

    nthrift_option_t  options[] = {
        { "-o", NTHRIFT_OPTION_TEXT, &o.dir, 0, 0 },
        { "--port", NTHRIFT_OPTION_NUMBER, &o.port, 1, 65535 },
        nthrift_target_options(&o.target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&o, 0, sizeof(new_options_t));
    nthrift_target_init(&o.target, argc);

    o.port = NEW_PORT;
    n = nthrift_option_parse(options, argc, argv, o.words, 1);

    if (n < 0) {
        rc = NEW_USAGE;

    } else if (o.target.help) {
        fputs(new_usage, stdout);
        rc = NEW_OK;

    } else if (n == 0) {
        nthrift_say("SERVICE is missing: nthrift new SERVICE [--idl FILE]");
        rc = NEW_USAGE;

    } else {
        rc = new_run(&o);
    }

    nthrift_target_free(&o.target);

    return rc;
}
