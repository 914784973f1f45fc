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
#include "nthrift_target.h"

#include <errno.h>
#include <stdlib.h>


#define CALL_BLOCK     (256 * 1024)     /* bytes: of the arena's blocks */
#define CALL_READ      (64 * 1024)      /* bytes: of standard input, at first */

#define CALL_TIMEOUT   10               /* seconds: --timeout */
#define CALL_SEQID     1                /* --seqid */
#define CALL_WORDS     3

/* --max-size, in bytes: what Apache's libraries allow for a frame. */

#define CALL_MAX_SIZE  16384000

/* Values in arguments, and in a reply: each takes memory. */

#define CALL_MAX_VALUES  4000000


typedef struct {
    nthrift_target_options_t   target;
    char                      *words[CALL_WORDS];   /* address, method, JSON */
    unsigned                   transport;
    unsigned                   protocol;
    unsigned                   multiplexed;
    unsigned                   long_strings;
    unsigned                   verbose;
    double                     timeout;         /* seconds */
    long long                  seqid;
    long long                  max_size;
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
            nthrift_say("not enough memory");
            return -1;
        }

        memcpy(p, prefix->data, prefix->len);
        p[prefix->len] = ':';
        memcpy(p + prefix->len + 1, call->method.idl->name.data,
               call->method.idl->name.len);
    }

    if (name->len > NTHRIFT_MAX_NAME) {
        nthrift_say("the name is longer than %d bytes", NTHRIFT_MAX_NAME);
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
                nthrift_say("not enough memory");
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
        nthrift_say("cannot read standard input: %s", strerror(errno));
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

    nthrift_say("%s%s", err.text, (err.kind == NTHRIFT_PLAIN_SIZE)
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
        nthrift_say("not enough memory");
        return -1;
    }

    if (nthrift_print(&text) != 0) {
        return -1;
    }

    if (reply->base64 != 0) {
        nthrift_say("%u of the strings are not UTF-8, and are shown as "
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

    if (nthrift_target_load(&args->target, arena, args->target.idl, &program)
        != 0
        || nthrift_target_method(program, args->words[1], &service, &method)
           != 0)
    {
        return -1;
    }

    nthrift_schema_init(&set, arena);

    if (nthrift_plain_method_init(&call->method, &set, method) != NTHRIFT_OK) {
        nthrift_say("not enough memory");
        return -1;
    }

    call->head.type = method->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;

    return call_name(call, arena, service, (int) args->multiplexed);
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


/* Says what is missing, if anything is. */

static int
call_check(const call_args_t *args, int n)
{
    if (n == 0 && args->target.idl == NULL) {
        fputs(call_usage, stderr);
        return -1;
    }

    if (n < 2) {
        nthrift_say("%s is missing: nthrift call HOST:PORT Service.method "
                    "[JSON] --idl FILE", (n == 0) ? "HOST:PORT"
                                                  : "Service.method");
        return -1;
    }

    if (args->target.idl == NULL) {
        nthrift_say("--idl is missing: the .thrift file that has %s",
                    args->words[1]);
        return -1;
    }

    return 0;
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
        nthrift_say("\"%s\": %s", args->words[0], error);
        return NTHRIFT_CALL_USAGE;
    }

    call.where = args->words[0];
    call.head.transport = (uint8_t) args->transport;
    call.head.protocol = (uint8_t) args->protocol;
    call.head.seqid = (int32_t) args->seqid;
    call.timeout = (int64_t) (args->timeout * 1000000 + 0.5);
    call.max_size = (uint32_t) args->max_size;
    call.verbose = (int) args->verbose;
    call.rules.max_depth = NTHRIFT_MAX_DEPTH;
    call.rules.max_values = CALL_MAX_VALUES;
    call.rules.max_size = (size_t) args->max_size;
    call.rules.seed = nthrift_seed();
    call.rules.long_strings = (uint8_t) args->long_strings;

    arena = nthrift_arena_create(CALL_BLOCK, 0);
    if (arena == NULL) {
        nthrift_say("not enough memory");
        return NTHRIFT_CALL_FAILED;
    }

    rc = call_run(args, arena, &call);

    nthrift_arena_destroy(arena);

    return rc;
}


int
nthrift_call(int argc, char **argv)
{
    int          rc, n;
    call_args_t  args;

    nthrift_option_t  options[] = {
        { "--framed", NTHRIFT_OPTION_SET, &args.transport, NTHRIFT_FRAMED, 0 },
        { "--unframed", NTHRIFT_OPTION_SET, &args.transport, NTHRIFT_UNFRAMED,
          0 },
        { "--binary", NTHRIFT_OPTION_SET, &args.protocol, NTHRIFT_BINARY, 0 },
        { "--compact", NTHRIFT_OPTION_SET, &args.protocol, NTHRIFT_COMPACT,
          0 },
        { "--multiplexed", NTHRIFT_OPTION_SET, &args.multiplexed, 1, 0 },
        { "--long-strings", NTHRIFT_OPTION_SET, &args.long_strings, 1, 0 },
        { "-v", NTHRIFT_OPTION_COUNT, &args.verbose, 0, 0 },
        { "--timeout", NTHRIFT_OPTION_SECONDS, &args.timeout, 0, 0 },
        { "--seqid", NTHRIFT_OPTION_NUMBER, &args.seqid, INT32_MIN,
          INT32_MAX },
        { "--max-size", NTHRIFT_OPTION_NUMBER, &args.max_size, 1,
          NTHRIFT_MAX_FRAME },
        nthrift_target_options(&args.target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&args, 0, sizeof(call_args_t));
    nthrift_target_init(&args.target, argc);

    args.transport = NTHRIFT_FRAMED;
    args.protocol = NTHRIFT_BINARY;
    args.timeout = CALL_TIMEOUT;
    args.seqid = CALL_SEQID;
    args.max_size = CALL_MAX_SIZE;

    n = nthrift_option_parse(options, argc, argv, args.words, CALL_WORDS);

    if (n < 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else if (args.target.help) {
        fputs(call_usage, stdout);
        rc = NTHRIFT_CALL_OK;

    } else if (call_check(&args, n) != 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else {
        rc = call_start(&args);
    }

    nthrift_target_free(&args.target);

    return rc;
}
