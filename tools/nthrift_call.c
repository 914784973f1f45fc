/*
 * nthrift_call.c: "nthrift call", which makes one call and prints the reply or
 * the exception as JSON: what curl is for HTTP.  Here are the command line,
 * the search for the method, and what is printed; nthrift_call.h lists the
 * other rooms.
 *
 * Nothing but JSON goes to standard output.
 */

#include "nthrift.h"
#include "nthrift_call.h"
#include "nthrift_encode.h"

#include "idl/suggest.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>


#define CALL_BLOCK     (256 * 1024)     /* bytes: of the arena's blocks */
#define CALL_ERROR     1024             /* bytes: of an error's text */

#define CALL_TIMEOUT   10               /* seconds: --timeout */
#define CALL_SHORTEST  0.001
#define CALL_LONGEST   1000000
#define CALL_SEQID     1                /* --seqid */

/* --max-size, in bytes: what Apache's libraries allow for a frame. */

#define CALL_MAX_SIZE  16384000

/* Arguments of "%.*s" */

#define call_str(s)    (int) (s)->len, (const char *) (s)->data


typedef struct {
    char           *words[3];           /* address, method, JSON */
    int             n_words;
    char           *idl;
    nthrift_str_t  *dirs;
    size_t          n_dirs;
    int             negative_ids;
    int             multiplexed;
    int             verbose;
    int             help;
    unsigned        transport;
    unsigned        protocol;
    double          timeout;            /* seconds */
    int32_t         seqid;
    uint32_t        max_size;
} call_args_t;


static const char  call_usage[] =
    "usage: nthrift call [options] HOST:PORT Service.method [JSON]"
    " --idl FILE\n"
    "\n"
    "HOST:PORT       also [::1]:PORT and unix:/path\n"
    "JSON            the arguments, an object by name or an array by place;\n"
    "                - reads them from standard input\n"
    "\n"
    "--idl FILE      the .thrift file that has the service\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "--framed        framed transport (default)\n"
    "--unframed      buffered transport\n"
    "--binary        binary protocol (default)\n"
    "--compact       compact protocol\n"
    "--multiplexed   send \"Service:method\" as the name\n"
    "--seqid N       default 1\n"
    "--timeout N     seconds, for all of it; default 10\n"
    "--max-size N    bytes of a message; default 16384000\n"
    "-v              say what is sent and received, and the time\n"
    "\n"
    "Exit codes: 0 a result, 1 an exception, 2 the command line, the IDL or\n"
    "the arguments are wrong, 3 no connection or no proper reply.\n";


void
nthrift_call_say(const char *fmt, ...)
{
    va_list  args;

    fputs("nthrift: ", stderr);

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fputc('\n', stderr);
}


void *
nthrift_call_malloc(size_t size)
{
    void  *p;

    p = malloc((size != 0) ? size : 1);

    if (p == NULL) {
        nthrift_call_say("not enough memory");
        exit(NTHRIFT_CALL_FAILED);
    }

    return p;
}


char *
nthrift_call_strndup(const void *data, size_t len)
{
    char  *p;

    p = nthrift_call_malloc(len + 1);

    memcpy(p, data, len);
    p[len] = '\0';

    return p;
}


/* The command line */

static void
call_add_dir(call_args_t *args, char *dir)
{
    args->dirs[args->n_dirs].data = (uint8_t *) dir;
    args->dirs[args->n_dirs].len = strlen(dir);
    args->n_dirs++;
}


/* An option without a value: 1 if it is one. */

static int
call_parse_flag(call_args_t *args, const char *arg)
{
    if (strcmp(arg, "--framed") == 0) {
        args->transport = NTHRIFT_FRAMED;

    } else if (strcmp(arg, "--unframed") == 0) {
        args->transport = NTHRIFT_UNFRAMED;

    } else if (strcmp(arg, "--binary") == 0) {
        args->protocol = NTHRIFT_BINARY;

    } else if (strcmp(arg, "--compact") == 0) {
        args->protocol = NTHRIFT_COMPACT;

    } else if (strcmp(arg, "--multiplexed") == 0) {
        args->multiplexed = 1;

    } else if (strcmp(arg, "--negative-ids") == 0) {
        args->negative_ids = 1;

    } else if (strcmp(arg, "-v") == 0) {
        args->verbose = 1;

    } else if (strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0) {
        args->help = 1;

    } else {
        return 0;
    }

    return 1;
}


/* A whole number from `min` to `max`: 0, or -1. */

static int
call_parse_number(const char *text, long long min, long long max,
    long long *value)
{
    char  *end;

    *value = strtoll(text, &end, 10);

    return (end != text && *end == '\0' && *value >= min && *value <= max)
           ? 0 : -1;
}


static int
call_parse_timeout(const char *text, double *value)
{
    char  *end;

    *value = strtod(text, &end);

    return (end != text && *end == '\0' && *value >= CALL_SHORTEST
            && *value <= CALL_LONGEST) ? 0 : -1;
}


/* An option with a value: 1; 0 if it is none; -1 if its value is wrong. */

static int
call_parse_option(call_args_t *args, const char *name, char *value)
{
    int        rc;
    long long  n;

    rc = 0;
    n = 0;

    if (strcmp(name, "--idl") == 0) {
        args->idl = value;

    } else if (strcmp(name, "-I") == 0) {
        call_add_dir(args, value);

    } else if (strcmp(name, "--timeout") == 0) {
        rc = call_parse_timeout(value, &args->timeout);

    } else if (strcmp(name, "--seqid") == 0) {
        rc = call_parse_number(value, INT32_MIN, INT32_MAX, &n);
        args->seqid = (int32_t) n;

    } else if (strcmp(name, "--max-size") == 0) {
        rc = call_parse_number(value, 1, NTHRIFT_MAX_FRAME, &n);
        args->max_size = (uint32_t) n;

    } else {
        return 0;
    }

    if (rc != 0) {
        nthrift_call_say("%s: \"%s\" is not possible", name, value);
        return -1;
    }

    return 1;
}


/* The option argv[i]; the next to look at, or -1. */

static int
call_parse_dash(call_args_t *args, int i, int argc, char **argv)
{
    int  rc;

    if (call_parse_flag(args, argv[i])) {
        return i + 1;
    }

    if (strncmp(argv[i], "-I", 2) == 0 && argv[i][2] != '\0') {
        call_add_dir(args, argv[i] + 2);
        return i + 1;
    }

    rc = (i + 1 < argc) ? call_parse_option(args, argv[i], argv[i + 1]) : 0;

    if (rc == 0) {
        nthrift_call_say("%s: no such option, or its value is missing",
                         argv[i]);
    }

    return (rc == 1) ? i + 2 : -1;
}


/* Options and words come in any order. */

static int
call_parse(call_args_t *args, int argc, char **argv)
{
    int  i;

    i = 2;

    while (i < argc) {
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            i = call_parse_dash(args, i, argc, argv);

            if (i < 0) {
                return -1;
            }

            continue;
        }

        if (args->n_words == 3) {
            nthrift_call_say("too many arguments: \"%s\"", argv[i]);
            return -1;
        }

        args->words[args->n_words++] = argv[i++];
    }

    if (args->help || (args->n_words >= 2 && args->idl != NULL)) {
        return 0;
    }

    fputs(call_usage, stderr);

    return -1;
}


/* The method */

static void
call_say_unknown(const char *what, const nthrift_str_t *of,
    const char *no, const nthrift_str_t *name, const nthrift_str_t *best)
{
    if (best == NULL) {
        nthrift_call_say("%s%.*s has no %s \"%.*s\"", what, call_str(of), no,
                         call_str(name));
        return;
    }

    nthrift_call_say("%s%.*s has no %s \"%.*s\" (did you mean \"%.*s\"?)",
                     what, call_str(of), no, call_str(name), call_str(best));
}


/* "Service.method", "file.Service.method": 0, or -1. */

static int
call_find_method(nthrift_call_t *call, const nthrift_idl_program_t *program,
    const char *text, const nthrift_idl_service_t **service)
{
    const char     *dot;
    nthrift_str_t   name;

    dot = strrchr(text, '.');

    if (dot == NULL || dot == text || dot[1] == '\0') {
        nthrift_call_say("\"%s\": Service.method expected", text);
        return -1;
    }

    name.data = (uint8_t *) text;
    name.len = (size_t) (dot - text);

    *service = nthrift_idl_service(program, &name);

    if (*service == NULL) {
        call_say_unknown("", &program->path, "service", &name,
                         nthrift_suggest_visible(program, &name,
                                                 nthrift_suggest_service));
        return -1;
    }

    name.data = (uint8_t *) dot + 1;
    name.len = strlen(dot + 1);

    call->method = nthrift_idl_method(*service, &name);

    if (call->method == NULL) {
        call_say_unknown("service ", &(*service)->def.name, "method", &name,
                         nthrift_suggest_method(*service, &name));
        return -1;
    }

    return 0;
}


/* The name as it is sent. */

static int
call_name(nthrift_call_t *call, nthrift_arena_t *arena,
    const nthrift_idl_service_t *service, int multiplexed)
{
    uint8_t              *p;
    nthrift_str_t        *name;
    const nthrift_str_t  *prefix;

    prefix = &service->def.name;
    name = &call->head.name;
    *name = call->method->name;

    if (multiplexed) {
        name->len += prefix->len + 1;
        name->data = p = nthrift_arena_alloc(arena, name->len);

        if (p == NULL) {
            nthrift_call_say("not enough memory");
            return -1;
        }

        memcpy(p, prefix->data, prefix->len);
        p[prefix->len] = ':';
        memcpy(p + prefix->len + 1, call->method->name.data,
               call->method->name.len);
    }

    if (name->len > NTHRIFT_MAX_NAME) {
        nthrift_call_say("the name is longer than %d bytes", NTHRIFT_MAX_NAME);
        return -1;
    }

    return 0;
}


/* The arguments */

static json_t *
call_read_json(const char *text)
{
    size_t        flags;
    json_t       *json;
    json_error_t  error;

    flags = JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES;

    json = (strcmp(text, "-") == 0) ? json_loadf(stdin, flags, &error)
                                    : json_loads(text, flags, &error);

    if (json == NULL) {
        nthrift_call_say("JSON:%d:%d: %s", error.line, error.column,
                         error.text);
    }

    return json;
}


static int
call_encode(nthrift_call_t *call, nthrift_write_t *w, const char *text)
{
    int      rc;
    char     error[CALL_ERROR];
    json_t  *json;

    json = call_read_json(text);
    if (json == NULL) {
        return -1;
    }

    rc = nthrift_encode_args(w, call->method, json, error, sizeof(error));

    if (rc != 0) {
        nthrift_call_say("%s", error);
    }

    json_decref(json);

    call->body.data = w->data;
    call->body.len = w->len;

    return rc;
}


/* The end */

static int
call_print(nthrift_decode_t *d, int rc)
{
    int  failed;

    if (d->json == NULL) {
        return rc;
    }

    failed = json_dumpf(d->json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY
                        | JSON_REAL_PRECISION(d->precision));

    json_decref(d->json);

    if (failed != 0 || fputc('\n', stdout) == EOF || fflush(stdout) != 0) {
        nthrift_call_say("cannot write");
        return NTHRIFT_CALL_FAILED;
    }

    return rc;
}


static int
call_run(const call_args_t *args, nthrift_arena_t *arena, nthrift_call_t *call)
{
    int                           rc;
    nthrift_write_t               body;
    nthrift_decode_t              d;
    nthrift_idl_program_t        *program;
    const nthrift_idl_service_t  *service;

    if (nthrift_load(arena, args->dirs, args->n_dirs, args->negative_ids,
                     args->idl, &program) != 0
        || call_find_method(call, program, args->words[1], &service) != 0
        || call_name(call, arena, service, args->multiplexed) != 0)
    {
        return NTHRIFT_CALL_USAGE;
    }

    call->head.type = call->method->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;

    nthrift_write_open(&body, args->protocol, args->max_size);

    rc = call_encode(call, &body, (args->n_words > 2) ? args->words[2] : "{}");

    if (rc != 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else {
        rc = nthrift_exchange(call, arena, &d);
        rc = call_print(&d, rc);
    }

    nthrift_write_close(&body);

    return rc;
}


static int
call_start(const call_args_t *args)
{
    int               rc;
    const char       *error;
    nthrift_call_t    call;
    nthrift_arena_t  *arena;

    memset(&call, 0, sizeof(nthrift_call_t));

    error = nthrift_socket_parse(&call.address, args->words[0]);

    if (error != NULL) {
        nthrift_call_say("\"%s\": %s", args->words[0], error);
        return NTHRIFT_CALL_USAGE;
    }

    call.where = args->words[0];
    call.head.transport = (uint8_t) args->transport;
    call.head.protocol = (uint8_t) args->protocol;
    call.head.seqid = args->seqid;
    call.timeout = (int64_t) (args->timeout * 1000000 + 0.5);
    call.max_size = args->max_size;
    call.verbose = args->verbose;

    arena = nthrift_arena_create(CALL_BLOCK, 0);
    if (arena == NULL) {
        nthrift_call_say("not enough memory");
        return NTHRIFT_CALL_FAILED;
    }

    rc = call_run(args, arena, &call);

    nthrift_arena_destroy(arena);

    return rc;
}


int
nthrift_call(int argc, char **argv)
{
    int          rc;
    call_args_t  args;

    json_set_alloc_funcs(nthrift_call_malloc, free);

    memset(&args, 0, sizeof(call_args_t));

    args.transport = NTHRIFT_FRAMED;
    args.protocol = NTHRIFT_BINARY;
    args.timeout = CALL_TIMEOUT;
    args.seqid = CALL_SEQID;
    args.max_size = CALL_MAX_SIZE;
    args.dirs = nthrift_call_malloc((size_t) argc * sizeof(nthrift_str_t));

    if (call_parse(&args, argc, argv) != 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else if (args.help) {
        fputs(call_usage, stdout);
        rc = NTHRIFT_CALL_OK;

    } else {
        rc = call_start(&args);
    }

    free(args.dirs);

    return rc;
}
