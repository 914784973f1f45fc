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

#include "idl/suggest.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>


#define CALL_BLOCK     (256 * 1024)     /* bytes: of the arena's blocks */
#define CALL_READ      (64 * 1024)      /* bytes: of standard input, at first */

#define CALL_TIMEOUT   10               /* seconds: --timeout */
#define CALL_SHORTEST  0.001
#define CALL_LONGEST   1000000
#define CALL_SEQID     1                /* --seqid */

/* --max-size, in bytes: what Apache's libraries allow for a frame. */

#define CALL_MAX_SIZE  16384000

/* Values in arguments, and in a reply: each takes memory. */

#define CALL_MAX_VALUES  4000000

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
    int             long_strings;
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
    "--long-strings  print 64-bit numbers as strings\n"
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

    } else if (strcmp(arg, "--long-strings") == 0) {
        args->long_strings = 1;

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
call_find_method(const nthrift_idl_program_t *program, const char *text,
    const nthrift_idl_service_t **service,
    const nthrift_idl_method_t **method)
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

    *method = nthrift_idl_method(*service, &name);

    if (*method == NULL) {
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
    *name = call->method.idl->name;

    if (multiplexed) {
        name->len += prefix->len + 1;
        name->data = p = nthrift_arena_alloc(arena, name->len);

        if (p == NULL) {
            nthrift_call_say("not enough memory");
            return -1;
        }

        memcpy(p, prefix->data, prefix->len);
        p[prefix->len] = ':';
        memcpy(p + prefix->len + 1, call->method.idl->name.data,
               call->method.idl->name.len);
    }

    if (name->len > NTHRIFT_MAX_NAME) {
        nthrift_call_say("the name is longer than %d bytes", NTHRIFT_MAX_NAME);
        return -1;
    }

    return 0;
}


/* The arguments */

/* All of standard input, in the arena. */

static int
call_read_stdin(nthrift_arena_t *arena, nthrift_str_t *text)
{
    size_t    n, size;
    uint8_t  *data;

    size = 0;

    do {
        if (size == text->len) {
            size = size * 2 + CALL_READ;
            data = nthrift_arena_alloc(arena, size);

            if (data == NULL) {
                nthrift_call_say("not enough memory");
                return -1;
            }

            if (text->len != 0) {
                memcpy(data, text->data, text->len);
            }

            text->data = data;
        }

        n = fread(text->data + text->len, 1, size - text->len, stdin);
        text->len += n;

    } while (n != 0 && text->len <= NTHRIFT_MAX_FRAME);

    if (ferror(stdin)) {
        nthrift_call_say("cannot read standard input: %s", strerror(errno));
        return -1;
    }

    return 0;
}


static int
call_encode(nthrift_call_t *call, nthrift_arena_t *arena, char *word)
{
    nthrift_str_t          text;
    nthrift_plain_error_t  err;

    memset(&text, 0, sizeof(nthrift_str_t));

    if (word != NULL && strcmp(word, "-") == 0) {
        if (call_read_stdin(arena, &text) != 0) {
            return -1;
        }

    } else if (word != NULL) {
        text.data = (uint8_t *) word;
        text.len = strlen(word);
    }

    if (nthrift_plain_read(&call->rules, arena, &call->method, &text,
                           call->head.protocol, &call->body, &err)
        == NTHRIFT_OK)
    {
        return 0;
    }

    nthrift_call_say("%s%s", err.text, (err.kind == NTHRIFT_PLAIN_SIZE)
                                       ? " (--max-size)" : "");

    return -1;
}


/* The end */

static int
call_print(const nthrift_plain_reply_t *reply, nthrift_arena_t *arena)
{
    nthrift_str_t  text;

    if (reply->text.len == 0) {
        return 0;
    }

    if (nthrift_plain_indent(arena, &reply->text, &text) != NTHRIFT_OK) {
        nthrift_call_say("not enough memory");
        return -1;
    }

    if (fwrite(text.data, 1, text.len, stdout) != text.len
        || fputc('\n', stdout) == EOF || fflush(stdout) != 0)
    {
        nthrift_call_say("cannot write");
        return -1;
    }

    if (reply->base64 != 0) {
        nthrift_call_say("%u of the strings are not UTF-8, and are shown as "
                         "base64", (unsigned) reply->base64);
    }

    return 0;
}


static int
call_prepare(const call_args_t *args, nthrift_arena_t *arena,
    nthrift_call_t *call)
{
    nthrift_schema_set_t          set;
    nthrift_idl_program_t        *program;
    const nthrift_idl_method_t   *method;
    const nthrift_idl_service_t  *service;

    if (nthrift_load(arena, args->dirs, args->n_dirs, args->negative_ids,
                     args->idl, &program) != 0
        || call_find_method(program, args->words[1], &service, &method) != 0)
    {
        return -1;
    }

    nthrift_schema_init(&set, arena);

    if (nthrift_plain_method_init(&call->method, &set, method) != NTHRIFT_OK) {
        nthrift_call_say("not enough memory");
        return -1;
    }

    call->head.type = method->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;

    return call_name(call, arena, service, args->multiplexed);
}


static int
call_run(const call_args_t *args, nthrift_arena_t *arena, nthrift_call_t *call)
{
    int                    rc;
    nthrift_plain_reply_t  reply;

    if (call_prepare(args, arena, call) != 0
        || call_encode(call, arena, args->words[2]) != 0)
    {
        return NTHRIFT_CALL_USAGE;
    }

    rc = nthrift_exchange(call, arena, &reply);

    if (rc != NTHRIFT_CALL_FAILED && call_print(&reply, arena) != 0) {
        return NTHRIFT_CALL_FAILED;
    }

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
    call.rules.max_depth = NTHRIFT_MAX_DEPTH;
    call.rules.max_values = CALL_MAX_VALUES;
    call.rules.max_size = args->max_size;
    call.rules.seed = nthrift_seed();
    call.rules.long_strings = (uint8_t) args->long_strings;

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
