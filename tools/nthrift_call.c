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
#include "nthrift_json.h"
#include "nthrift_target.h"

#include "plain/plain.h"
#include "wire/theader.h"

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
    unsigned                   lax;             /* 1: binary without version */
    unsigned                   multiplexed;
    unsigned                   long_strings;
    unsigned                   verbose;
    nthrift_stream_tls_t       tls;
    nthrift_option_list_t      headers;
    double                     timeout;         /* seconds */
    long long                  seqid;
    long long                  max_size;
} call_args_t;


/* All that a call is made of. */

typedef struct {
    const call_args_t         *args;
    nthrift_arena_t           *arena;
    nthrift_plain_rules_t      rules;
    nthrift_plain_method_t     method;
    nthrift_call_t             call;
} call_t;


static const char  call_usage[] =
    "usage: nthrift call [options] ADDRESS Service.method [JSON] --idl FILE\n"
    "\n"
    "ADDRESS         HOST:PORT, [::1]:PORT, unix:/path,\n"
    "                http://HOST[:PORT]/path or https://HOST[:PORT]/path\n"
    "JSON            the arguments, an object by name or an array by place;\n"
    "                @FILE reads them from a file, - from standard input\n"
    "\n"
    "--idl FILE      the .thrift file that has the service\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "--framed        framed transport (default)\n"
    "--unframed      buffered transport\n"
    "--theader       framed, with a THeader\n"
    "--binary        binary protocol (default)\n"
    "--lax           the same without a version, for old servers\n"
    "--compact       compact protocol\n"
    "--json          JSON protocol\n"
    "--multiplexed   send \"Service:method\" as the name\n"
    "--header N=V    a header of HTTP, or of a THeader\n"
    "--tls           TLS; with https:// always\n"
    "--ca FILE       certificates to trust; default: those of the system\n"
    "--cert FILE     the client's certificate\n"
    "--key FILE      and its key, if it is not in the same file\n"
    "--tls-name N    name in the server's certificate; default: HOST\n"
    "--insecure      do not verify the certificate\n"
    "--seqid N       default 1\n"
    "--timeout N     seconds, for all of it; default 10\n"
    "--max-size N    bytes of a message; default 16384000\n"
    "--long-strings  print 64-bit numbers as strings\n"
    "-v              say what is sent and received, and the time\n"
    "-vv             and show the bytes\n"
    "\n"
    "Exit codes: 0 a result, 1 an exception, 2 the command line, the IDL or\n"
    "the arguments are wrong, 3 no connection or no proper reply.\n";


/* The name as it is sent. */

static int
call_name(nthrift_call_t *call, nthrift_arena_t *arena,
    const nthrift_idl_service_t *service, unsigned multiplexed)
{
    uint8_t              *p;
    nthrift_str_t        *name;
    const nthrift_str_t  *prefix;

    prefix = &service->def.name;
    name = &call->head.name;
    *name = call->method;

    if (multiplexed) {
        name->len += prefix->len + 1;
        name->data = p = nthrift_arena_alloc(arena, name->len);

        if (p == NULL) {
            nthrift_say("not enough memory");
            return -1;
        }

        memcpy(p, prefix->data, prefix->len);
        p[prefix->len] = ':';
        memcpy(p + prefix->len + 1, call->method.data,
               call->method.len);
    }

    if (name->len > NTHRIFT_MAX_NAME) {
        nthrift_say("the name is longer than %d bytes", NTHRIFT_MAX_NAME);
        return -1;
    }

    return 0;
}


/* The arguments */

/* All of a file, in the arena. */

static int
call_read(nthrift_arena_t *arena, FILE *f, const char *name,
    nthrift_str_t *text)
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

        n = fread(text->data + text->len, 1, size - text->len, f);
        text->len += n;

    } while (n != 0 && text->len <= NTHRIFT_MAX_FRAME);

    if (ferror(f)) {
        nthrift_say("cannot read %s: %s", name, strerror(errno));
        return -1;
    }

    return 0;
}


/* The JSON that a word stands for: itself, "-", or "@FILE". */

static int
call_text(nthrift_arena_t *arena, char *word, nthrift_str_t *text)
{
    int    rc;
    FILE  *f;

    memset(text, 0, sizeof(nthrift_str_t));

    if (word == NULL) {
        return 0;
    }

    if (strcmp(word, "-") == 0) {
        return call_read(arena, stdin, "standard input", text);
    }

    if (word[0] != '@') {
        text->data = (uint8_t *) word;
        text->len = strlen(word);
        return 0;
    }

    f = fopen(word + 1, "rb");

    if (f == NULL) {
        nthrift_say("cannot open %s: %s", word + 1, strerror(errno));
        return -1;
    }

    rc = call_read(arena, f, word + 1, text);
    fclose(f);

    return rc;
}


static int
call_encode(call_t *c)
{
    unsigned               protocol;
    const char            *error;
    nthrift_str_t          text;
    nthrift_plain_error_t  err;

    if (call_text(c->arena, c->args->words[2], &text) != 0) {
        return -1;
    }

    protocol = c->call.head.protocol;

    if (nthrift_plain_read(&c->rules, c->arena, &c->method, &text,
                           (protocol == NTHRIFT_JSON) ? NTHRIFT_BINARY
                                                      : protocol,
                           &c->call.body, &err)
        != NTHRIFT_OK)
    {
        nthrift_say("%s%s", err.text, (err.kind == NTHRIFT_PLAIN_SIZE)
                                      ? " (--max-size)" : "");
        return -1;
    }

    if (protocol == NTHRIFT_JSON
        && nthrift_json_encode(c->arena, c->method.idl->args, &c->call.body,
                               &error) != 0)
    {
        nthrift_say("arguments: %s", error);
        return -1;
    }

    return 0;
}


/* The end */

static int
call_print(call_t *c, const nthrift_plain_reply_t *reply)
{
    nthrift_str_t  text;

    if (nthrift_plain_indent(c->arena, &reply->text, &text) != NTHRIFT_OK) {
        nthrift_say("not enough memory");
        return -1;
    }

    if (nthrift_print(&text) != 0) {
        return -1;
    }

    if (reply->base64 != 0) {
        nthrift_say("%u of the strings are not UTF-8, and are shown as base64",
                    (unsigned) reply->base64);
    }

    return 0;
}


static int
call_show(call_t *c, const nthrift_answer_t *a)
{
    unsigned               protocol;
    const char            *error;
    nthrift_str_t          body;
    nthrift_plain_error_t  err;
    nthrift_plain_rules_t  rules;
    nthrift_plain_reply_t  reply;

    /* the bytes are limited, and JSON by them */

    rules = c->rules;
    rules.max_size = SIZE_MAX / 2;

    body = a->body;
    protocol = a->head.protocol;

    if (protocol == NTHRIFT_JSON && a->head.type == NTHRIFT_REPLY) {
        if (nthrift_json_decode(c->arena, c->method.idl->result, &body, &error)
            != 0)
        {
            nthrift_say("%s: the reply does not fit the IDL: %s",
                        c->call.where, error);
            return NTHRIFT_CALL_FAILED;
        }

        protocol = NTHRIFT_BINARY;
    }

    if (nthrift_plain_reply(&rules, c->arena, &c->method, protocol,
                            a->head.type, body.data, body.data + body.len,
                            &reply, &err)
        != NTHRIFT_OK)
    {
        nthrift_say("%s: the reply does not fit the IDL: %s", c->call.where,
                    err.text);
        return NTHRIFT_CALL_FAILED;
    }

    if (call_print(c, &reply) != 0) {
        return NTHRIFT_CALL_FAILED;
    }

    return (reply.kind >= NTHRIFT_PLAIN_DECLARED) ? NTHRIFT_CALL_EXCEPTION
                                                  : NTHRIFT_CALL_OK;
}


static int
call_make(call_t *c)
{
    int               rc;
    nthrift_answer_t  a;

    if (nthrift_exchange(&c->call, &a) != 0) {
        nthrift_say("%s%s%s%s", a.error, (*a.hint != '\0') ? " (" : "", a.hint,
                    (*a.hint != '\0') ? ")" : "");
        rc = NTHRIFT_CALL_FAILED;

    } else if (a.kind == NTHRIFT_ANSWER_NONE) {
        rc = NTHRIFT_CALL_OK;

    } else {
        rc = call_show(c, &a);
    }

    nthrift_answer_free(&a);

    return rc;
}


/* The beginning */

/* Headers as those of a THeader. */

static int
call_info(call_t *c)
{
    size_t                        i, size;
    uint8_t                      *p;
    nthrift_str_t                *pair;
    const nthrift_option_list_t  *headers;

    headers = &c->args->headers;

    if (headers->n == 0) {
        return 0;
    }

    size = nthrift_theader_block_size((uint32_t) headers->n);
    pair = nthrift_malloc(headers->n * 2 * sizeof(nthrift_str_t));

    for (i = 0; i < headers->n; i++) {
        p = memchr(headers->items[i].data, '=', headers->items[i].len);

        pair[2 * i].data = headers->items[i].data;
        pair[2 * i].len = (size_t) (p - headers->items[i].data);
        pair[2 * i + 1].data = p + 1;
        pair[2 * i + 1].len = headers->items[i].len - pair[2 * i].len - 1;

        size += nthrift_theader_pair_size(&pair[2 * i], &pair[2 * i + 1]);
    }

    p = (size <= NTHRIFT_MAX_INFO) ? nthrift_arena_alloc(c->arena, size)
                                   : NULL;

    if (p == NULL) {
        nthrift_say("--header: larger than a THeader can be");
        free(pair);
        return -1;
    }

    c->call.head.info.data = p;
    c->call.head.info.len = size;

    p = nthrift_theader_block_write(p, (uint32_t) headers->n);

    for (i = 0; i < headers->n; i++) {
        p = nthrift_theader_pair_write(p, &pair[2 * i], &pair[2 * i + 1]);
    }

    free(pair);

    return 0;
}



static int
call_prepare(call_t *c)
{
    nthrift_schema_set_t          set;
    nthrift_idl_program_t        *program;
    const nthrift_idl_method_t   *method;
    const nthrift_idl_service_t  *service;

    if (nthrift_target_load(&c->args->target, c->arena, c->args->target.idl,
                            &program) != 0
        || nthrift_target_method(program, c->args->words[1], &service, &method)
           != 0)
    {
        return -1;
    }

    nthrift_schema_init(&set, c->arena);

    if (nthrift_plain_method_init(&c->method, &set, method) != NTHRIFT_OK) {
        nthrift_say("not enough memory");
        return -1;
    }

    if (c->call.head.transport == NTHRIFT_HEADER && call_info(c) != 0) {
        return -1;
    }

    c->call.method = method->name;
    c->call.head.type = method->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;

    return call_name(&c->call, c->arena, service, c->args->multiplexed);
}


/* Where it goes: 0, or -1. */

static int
call_address(call_t *c)
{
    unsigned      tls;
    const char   *error;
    const char   *word;

    word = c->args->words[0];
    c->call.where = word;

    if (!nthrift_http_is_url(word)) {
        error = nthrift_socket_parse(&c->call.address, word);

        if (error == NULL && c->args->headers.n != 0
            && c->call.head.transport != NTHRIFT_HEADER)
        {
            error = "--header is for http://, https:// and --theader";
        }

    } else {
        error = nthrift_http_parse(word, &c->call.address, &tls,
                                   &c->call.path);
        c->call.tls.on |= tls;
        c->call.head.transport = NTHRIFT_UNFRAMED;

        if (error == NULL && c->args->transport != 0
            && c->args->transport != NTHRIFT_UNFRAMED)
        {
            error = (c->args->transport == NTHRIFT_FRAMED)
                    ? "--framed is not possible in HTTP"
                    : "--theader is not possible in HTTP";
        }
    }

    if (error == NULL && c->call.head.transport == NTHRIFT_HEADER
        && c->call.head.protocol == NTHRIFT_JSON)
    {
        error = "--theader has no JSON";
    }

    if (error != NULL) {
        nthrift_say("\"%s\": %s", word, error);
        return -1;
    }

    error = nthrift_http_check_headers(&c->args->headers);

    if (error != NULL) {
        nthrift_say("--header: %s", error);
        return -1;
    }

    return 0;
}


static void
call_init(call_t *c, const call_args_t *args)
{
    memset(c, 0, sizeof(call_t));

    c->args = args;

    c->rules.max_depth = NTHRIFT_MAX_DEPTH;
    c->rules.max_values = CALL_MAX_VALUES;
    c->rules.max_size = (size_t) args->max_size;
    c->rules.seed = nthrift_seed();
    c->rules.long_strings = (uint8_t) args->long_strings;

    c->call.tls = args->tls;
    c->call.tls.on |= (args->tls.ca != NULL || args->tls.cert != NULL
                       || args->tls.name != NULL || args->tls.insecure);
    c->call.headers = args->headers;
    c->call.head.transport = (uint8_t) ((args->transport != 0)
                                        ? args->transport : NTHRIFT_FRAMED);
    c->call.head.protocol = (uint8_t) args->protocol;
    c->call.head.write_lax = (uint8_t) args->lax;
    c->call.head.seqid = (int32_t) args->seqid;
    c->call.timeout = (int64_t) (args->timeout * 1000000 + 0.5);
    c->call.max_size = (uint32_t) args->max_size;
    c->call.verbose = args->verbose;
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
        nthrift_say("%s is missing: nthrift call ADDRESS Service.method [JSON] "
                    "--idl FILE", (n == 0) ? "ADDRESS" : "Service.method");
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
    int     rc;
    call_t  c;

    call_init(&c, args);

    if (call_address(&c) != 0) {
        return NTHRIFT_CALL_USAGE;
    }

    c.arena = nthrift_arena_create(CALL_BLOCK, 0);

    if (c.arena == NULL) {
        nthrift_say("not enough memory");
        return NTHRIFT_CALL_FAILED;
    }

    rc = (call_prepare(&c) == 0 && call_encode(&c) == 0) ? call_make(&c)
                                                         : NTHRIFT_CALL_USAGE;

    nthrift_arena_destroy(c.arena);

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
        { "--json", NTHRIFT_OPTION_SET, &args.protocol, NTHRIFT_JSON, 0 },
        { "--lax", NTHRIFT_OPTION_SET, &args.lax, 1, 0 },
        { "--theader", NTHRIFT_OPTION_SET, &args.transport, NTHRIFT_HEADER,
          0 },
        { "--multiplexed", NTHRIFT_OPTION_SET, &args.multiplexed, 1, 0 },
        { "--long-strings", NTHRIFT_OPTION_SET, &args.long_strings, 1, 0 },
        { "--header", NTHRIFT_OPTION_LIST, &args.headers, 0, 0 },
        nthrift_target_tls(&args.tls),
        { "-v", NTHRIFT_OPTION_COUNT, &args.verbose, 0, 0 },
        { "-vv", NTHRIFT_OPTION_SET, &args.verbose, 2, 0 },
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
    nthrift_option_list(&args.headers, argc);

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
    free(args.headers.items);

    return rc;
}
