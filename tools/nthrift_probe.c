/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_probe.c: "nthrift probe", which finds out what a server speaks: a
 * call is made in each transport and protocol, in HTTP and over TLS, each on
 * a connection of its own, one after the other.
 *
 * The call is one of a method that no server has, so that nothing happens
 * there: the exception that says so is the answer.
 */

#include "nthrift.h"
#include "nthrift_call.h"
#include "nthrift_json.h"
#include "nthrift_target.h"

#include "plain/plain.h"
#include "wire/exception.h"
#include "wire/protocol.h"
#include "wire/transport.h"

#include <stdlib.h>


#define PROBE_BLOCK     (256 * 1024)    /* bytes: of the arena's blocks */
#define PROBE_TIMEOUT   1               /* seconds, for each call */
#define PROBE_SEQID     1
#define PROBE_MAX_SIZE  16384000        /* bytes of a reply */
#define PROBE_TEXT      80              /* bytes: of an exception's text */
#define PROBE_VALUES    100000
#define PROBE_WORDS     3

/* Exit codes */

#define PROBE_OK        0
#define PROBE_NOTHING   1
#define PROBE_USAGE     2
#define PROBE_FAILED    3


/* A way to call; `http`: transport is none of ours. */

typedef struct {
    const char  *name;
    const char  *options;       /* of nthrift call */
    uint8_t      http;
    uint8_t      transport;
    uint8_t      protocol;
    uint8_t      lax;
} probe_dialect_t;


static const probe_dialect_t  probe_dialects[] = {
    { "framed binary", "", 0, NTHRIFT_FRAMED, NTHRIFT_BINARY, 0 },
    { "framed compact", " --compact", 0, NTHRIFT_FRAMED, NTHRIFT_COMPACT, 0 },
    { "unframed binary", " --unframed", 0, NTHRIFT_UNFRAMED, NTHRIFT_BINARY,
      0 },
    { "unframed compact", " --unframed --compact", 0, NTHRIFT_UNFRAMED,
      NTHRIFT_COMPACT, 0 },
    { "THeader binary", " --theader", 0, NTHRIFT_HEADER, NTHRIFT_BINARY, 0 },
    { "THeader compact", " --theader --compact", 0, NTHRIFT_HEADER,
      NTHRIFT_COMPACT, 0 },
    { "framed JSON", " --json-protocol", 0, NTHRIFT_FRAMED, NTHRIFT_JSON, 0 },
    { "unframed JSON", " --unframed --json-protocol", 0, NTHRIFT_UNFRAMED,
      NTHRIFT_JSON, 0 },
    { "HTTP binary", "", 1, NTHRIFT_UNFRAMED, NTHRIFT_BINARY, 0 },
    { "HTTP compact", " --compact", 1, NTHRIFT_UNFRAMED, NTHRIFT_COMPACT, 0 },
    { "HTTP JSON", " --json-protocol", 1, NTHRIFT_UNFRAMED, NTHRIFT_JSON, 0 },
    { "framed lax binary", " --lax", 0, NTHRIFT_FRAMED, NTHRIFT_BINARY, 1 },
    { "unframed lax binary", " --unframed --lax", 0, NTHRIFT_UNFRAMED,
      NTHRIFT_BINARY, 1 }
};

#define PROBE_DIALECTS  (sizeof(probe_dialects) / sizeof(probe_dialects[0]))

/* Of those above, the ones that only servers want which know no others. */

#define PROBE_LAX  11


typedef struct {
    nthrift_target_options_t   target;
    nthrift_stream_tls_t       tls;
    nthrift_option_list_t      headers;
    char                      *words[PROBE_WORDS];  /* address, service or
                                                       method, JSON */
    unsigned                   verbose;
    double                     timeout;
} probe_args_t;

/* What the server is, where nothing answers; the last one seen is said. */

typedef enum {
    PROBE_SILENT = 0,           /* no byte in time */
    PROBE_CLOSES,
    PROBE_STRANGE,
    PROBE_FOREIGN,              /* something that has a name: p->seen */
    PROBE_STATUS,               /* HTTP, with a status: p->seen */
    PROBE_PLAIN,                /* it has no TLS */
    PROBE_CERTIFICATE           /* it wants one of its client */
} probe_seen_e;

/* What was found out. */

typedef enum {
    PROBE_NO = 0,
    PROBE_YES,                  /* as it was called */
    PROBE_MAYBE                 /* an exception that says nothing of names */
} probe_e;

typedef struct {
    const probe_args_t          *args;
    nthrift_arena_t             *arena;
    nthrift_outgoing_t           call;          /* what all have */
    const char                  *path;          /* of HTTP */
    unsigned                     is_url;
    nthrift_str_t                service;       /* empty: unknown */
    const nthrift_idl_method_t  *method;        /* NULL: none is given */
    nthrift_plain_method_t       plain;
    unsigned                     unreached;
    char                         why[NTHRIFT_ANSWER_ERROR];     /* it is */
    unsigned                     multiplexed;   /* 1: names are "S:m" */
    probe_seen_e                 what;
    char                         seen[NTHRIFT_ANSWER_ERROR];
    unsigned                     n;             /* dialects that answer */
    const probe_dialect_t       *first;
    unsigned                     first_multiplexed;
} probe_t;


static const char  probe_usage[] =
    "usage: nthrift probe [options] ADDRESS [Service[.method [JSON]]]\n"
    "\n"
    "finds out which transports and protocols a server speaks, also in HTTP\n"
    "and over TLS\n"
    "\n"
    "ADDRESS         HOST:PORT, [::1]:PORT, unix:/path,\n"
    "                http://HOST[:PORT]/path or https://HOST[:PORT]/path\n"
    "Service         for servers of multiplexed calls\n"
    "Service.method  is called with JSON, and needs --idl; without, a method\n"
    "                is called that no server has\n"
    "\n"
    "--idl FILE      the .thrift file that has the service\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "--timeout N     seconds, for each call; default 1\n"
    "--header N=V    a header of HTTP\n"
    "--tls           TLS only\n"
    "--ca FILE, --cert FILE, --key FILE, --tls-name NAME, --insecure\n"
    "                as for nthrift call; without --ca, certificates are not\n"
    "                verified\n"
    "-v              say why the others do not answer\n"
    "\n"
    "Exit codes: 0 something answers, 1 nothing does, 2 the command line is\n"
    "wrong, 3 no connection.\n";


static const nthrift_str_t  probe_name = nthrift_string("nthrift_probe");


/* One call */

/* The body: 0, or -1 and it is said why. */

static int
probe_body(probe_t *p, const probe_dialect_t *d, nthrift_str_t *body)
{
    const char             *error;
    nthrift_str_t           text;
    nthrift_plain_error_t   err;
    nthrift_plain_rules_t   rules;

    if (p->method == NULL) {
        body->data = (uint8_t *) ((d->protocol == NTHRIFT_JSON) ? "{}]" : "");
        body->len = (d->protocol == NTHRIFT_JSON) ? 3 : 1;
        return 0;
    }

    memset(&rules, 0, sizeof(nthrift_plain_rules_t));

    rules.max_depth = NTHRIFT_MAX_DEPTH;
    rules.max_values = PROBE_VALUES;
    rules.max_size = PROBE_MAX_SIZE;

    text.data = (uint8_t *) p->args->words[2];
    text.len = (text.data != NULL) ? strlen(p->args->words[2]) : 0;

    if (nthrift_plain_read(&rules, p->arena, &p->plain, &text,
                           (d->protocol == NTHRIFT_JSON) ? NTHRIFT_BINARY
                                                         : d->protocol,
                           body, &err) != NTHRIFT_OK)
    {
        nthrift_say("%s", err.text);
        return -1;
    }

    if (d->protocol == NTHRIFT_JSON
        && nthrift_json_encode(p->arena, p->method->args, body, &error) != 0)
    {
        nthrift_say("arguments: %s", error);
        return -1;
    }

    return 0;
}


/* "Service:method" */

static int
probe_multiplex(probe_t *p, nthrift_str_t *name)
{
    size_t                len;
    uint8_t              *data;
    const nthrift_str_t  *service;

    service = (p->service.len != 0) ? &p->service : &probe_name;
    len = service->len + 1 + name->len;
    data = nthrift_arena_alloc(p->arena, len);

    if (data == NULL || len > NTHRIFT_MAX_NAME) {
        nthrift_say("the service's name is too long");
        return -1;
    }

    memcpy(data, service->data, service->len);
    data[service->len] = ':';
    memcpy(data + service->len + 1, name->data, name->len);

    name->data = data;
    name->len = len;

    return 0;
}


static int
probe_prepare(probe_t *p, const probe_dialect_t *d, nthrift_outgoing_t *call)
{
    *call = p->call;

    call->head.type = NTHRIFT_CALL;
    call->head.transport = d->transport;
    call->head.protocol = d->protocol;
    call->head.write_lax = d->lax;
    call->head.seqid = PROBE_SEQID;
    call->method = (p->method != NULL) ? p->method->name : probe_name;
    call->head.name = call->method;
    call->path = d->http ? p->path : NULL;

    if (p->multiplexed && probe_multiplex(p, &call->head.name) != 0) {
        return -1;
    }

    return probe_body(p, d, &call->body);
}


/* The exception of an answer, for people; its type. */

static int32_t
probe_exception(const nthrift_answer_t *a, char *buf, size_t size)
{
    size_t          i, n;
    int32_t         type;
    const char     *name;
    nthrift_str_t   text;

    type = NTHRIFT_EXC_UNKNOWN;
    memset(&text, 0, sizeof(nthrift_str_t));

    nthrift_exception_read(a->head.protocol, a->body.data,
                           a->body.data + a->body.len, &text, &type);

    name = nthrift_exception_type_name(type);
    n = (size_t) snprintf(buf, size, "%s \"",
                          (name != NULL) ? name : "exception");

    for (i = 0; i < text.len && i < PROBE_TEXT && n + 2 < size; i++) {

        /* of a text in JSON the escapes that people would stumble over */

        if (a->head.protocol == NTHRIFT_JSON && text.data[i] == '\\'
            && i + 1 < text.len && strchr("\"\\/", text.data[i + 1]) != NULL)
        {
            i++;
        }

        buf[n++] = (text.data[i] >= 0x20 && text.data[i] < 0x7f)
                   ? (char) text.data[i] : '?';
    }

    buf[n++] = '"';
    buf[n] = '\0';

    return type;
}


/* What an answer means, and what is said of it. */

static probe_e
probe_judge(const probe_t *p, const nthrift_answer_t *a, char *buf,
    size_t size)
{
    int32_t  type;

    if (a->head.size == 0) {
        snprintf(buf, size, "%s", a->error);
        return PROBE_NO;
    }

    if (a->head.type == NTHRIFT_REPLY) {
        snprintf(buf, size, "a reply");
        return PROBE_YES;
    }

    if (a->head.type != NTHRIFT_EXCEPTION) {
        snprintf(buf, size, "%s", a->error);
        return PROBE_NO;
    }

    type = probe_exception(a, buf, size);

    /* a method that is known to be there has been called by another name */

    return (type == NTHRIFT_EXC_UNKNOWN_METHOD && p->method == NULL)
           ? PROBE_YES : PROBE_MAYBE;
}


static void
probe_saw(probe_t *p, probe_seen_e what, const char *text, size_t len)
{
    if (what >= p->what) {
        p->what = what;
        snprintf(p->seen, sizeof(p->seen), "%.*s", (int) len, text);
    }
}


/* What is no answer may tell what the server is. */

static void
probe_see(probe_t *p, const nthrift_answer_t *a)
{
    const char                *end, *text;
    static const char          malformed[] = "malformed reply: ";
    static const char          foreign[] = " instead of Thrift";
    static const char          status[] = "HTTP status ";

    text = strstr(a->error, status);

    if (text != NULL) {
        text += sizeof(status) - 1;
        probe_saw(p, PROBE_STATUS, text, strlen(text));
        return;
    }

    text = strstr(a->error, malformed);
    end = (text != NULL) ? strstr(text, foreign) : NULL;

    if (end != NULL) {
        text += sizeof(malformed) - 1;
        probe_saw(p, PROBE_FOREIGN, text, (size_t) (end - text));

    } else if (strstr(a->error, "certificate required") != NULL) {
        probe_saw(p, PROBE_CERTIFICATE, "", 0);

    } else if (strstr(a->error, "wrong version number") != NULL) {
        probe_saw(p, PROBE_PLAIN, "", 0);

    } else if (a->kind == NTHRIFT_ANSWER_STRANGE) {
        probe_saw(p, PROBE_STRANGE, "", 0);

    } else if (a->kind == NTHRIFT_ANSWER_CLOSED) {
        probe_saw(p, PROBE_CLOSES, "", 0);
    }
}


static probe_e
probe_call(probe_t *p, const probe_dialect_t *d, char *buf, size_t size)
{
    probe_e           found;
    nthrift_outgoing_t    call;
    nthrift_answer_t  a;

    if (probe_prepare(p, d, &call) != 0) {
        exit(PROBE_USAGE);
    }

    (void) nthrift_exchange(&call, &a);

    if (a.kind == NTHRIFT_ANSWER_UNREACHED) {
        p->unreached = 1;
        strcpy(p->why, a.error);
    }

    found = probe_judge(p, &a, buf, size);

    if (found == PROBE_NO) {
        probe_see(p, &a);
    }

    nthrift_answer_free(&a);

    return found;
}


/* All of them */

static void
probe_found(probe_t *p, const probe_dialect_t *d, unsigned multiplexed,
    const char *text)
{
    printf("%s%s%s: %s\n", d->name, multiplexed ? ", multiplexed" : "",
           p->call.tls.on ? ", TLS" : "", text);
    fflush(stdout);

    if (p->n++ == 0) {
        p->first = d;
        p->first_multiplexed = multiplexed;
    }
}


/* What servers of multiplexed calls say to others, and of services. */

static int
probe_says_multiplexed(const char *text)
{
    return strstr(text, "ultiplex") != NULL
           || strstr(text, "nknown service") != NULL
           || strstr(text, "ervice name not found") != NULL;
}


/*
 * An exception to a call that was not multiplexed: the server may expect
 * another name.
 */

static void
probe_again(probe_t *p, const probe_dialect_t *d, const char *text)
{
    char     other[NTHRIFT_ANSWER_ERROR];
    probe_e  found;

    p->multiplexed = 1;
    found = probe_call(p, d, other, sizeof(other));
    p->multiplexed = 0;

    if (found == PROBE_YES || probe_says_multiplexed(text)
        || probe_says_multiplexed(other))
    {
        probe_found(p, d, 1, (found != PROBE_NO) ? other : text);

    } else {
        probe_found(p, d, 0, text);
    }
}


/* One dialect, as p->multiplexed says. */

static void
probe_dialect(probe_t *p, const probe_dialect_t *d)
{
    char     text[NTHRIFT_ANSWER_ERROR];
    probe_e  found;

    found = probe_call(p, d, text, sizeof(text));

    if (found == PROBE_MAYBE && !p->multiplexed) {
        probe_again(p, d, text);

    } else if (found != PROBE_NO) {
        probe_found(p, d, p->multiplexed, text);

    } else if (p->args->verbose) {
        nthrift_say("%s%s%s: %s", d->name,
                    p->multiplexed ? ", multiplexed" : "",
                    p->call.tls.on ? ", TLS" : "", text);
    }
}


/* Dialects from `from` on, up to `to`. */

static void
probe_some(probe_t *p, size_t from, size_t to)
{
    size_t  i;

    for (i = from; i < to && !p->unreached; i++) {
        if (!p->is_url || probe_dialects[i].http) {
            probe_dialect(p, &probe_dialects[i]);
        }
    }
}


/* What is rare is tried where nothing else answers. */

static void
probe_all(probe_t *p)
{
    probe_some(p, 0, PROBE_LAX);

    if (p->n == 0) {
        p->multiplexed = 1;
        probe_some(p, 0, PROBE_LAX);
        p->multiplexed = 0;
    }

    if (p->n == 0) {
        probe_some(p, PROBE_LAX, PROBE_DIALECTS);
    }
}


/* Whether there is TLS at all. */

static int
probe_handshake(probe_t *p)
{
    int               rc;
    nthrift_stream_t  s;

    rc = nthrift_stream_open(&s, &p->call.address,
                             nthrift_socket_time() + p->call.timeout);

    if (rc == 0) {
        rc = nthrift_stream_secure(&s, &p->call.address, &p->call.tls);
    }

    if (rc != 0 && p->args->verbose) {
        nthrift_say("TLS: %s", (rc == NTHRIFT_SOCKET_LATE) ? "no handshake"
                                                           : s.error);
    }

    nthrift_stream_close(&s);

    return rc;
}


/* The end */

static void
probe_say_conf(const probe_t *p)
{
    const probe_dialect_t  *d;

    d = p->first;

    if (d->http) {
        printf("\nnginx has no thrift_upstream_transport for HTTP; nthrift "
               "call%s%s %s\n", d->options,
               p->first_multiplexed ? " --multiplexed" : "", p->call.where);
        return;
    }

    printf("\nin nginx.conf, beside the server of an upstream:\n\n"
           "    thrift_upstream_transport   %s;\n"
           "    thrift_upstream_protocol    %s;\n"
           "    thrift_upstream_multiplexed %s;\n",
           nthrift_transport_name(d->transport),
           d->lax ? "lax" : nthrift_protocol_name(d->protocol),
           p->first_multiplexed ? "on" : "off");

    if (p->call.tls.on) {
        printf("    thrift_ssl                  on;\n");
    }

    printf("\non the command line: nthrift call%s%s%s%s\n", d->options,
           p->first_multiplexed ? " --multiplexed" : "",
           p->call.tls.on ? " --tls" : "",
           (p->call.tls.on && p->call.tls.insecure) ? " --insecure" : "");
}


/* The server, for people: constants but for what it has said itself. */

static void
probe_describe(const probe_t *p, char *text, size_t size)
{
    switch (p->what) {

    case PROBE_SILENT:
        snprintf(text, size, "says nothing within %g s", p->args->timeout);
        break;

    case PROBE_CLOSES:
        snprintf(text, size, "closes the connection");
        break;

    case PROBE_STRANGE:
        snprintf(text, size, "speaks another protocol");
        break;

    case PROBE_FOREIGN:
        snprintf(text, size, "speaks %s", p->seen);
        break;

    case PROBE_STATUS:
        snprintf(text, size, "speaks HTTP, with status %s for POST %s",
                 p->seen, p->path);
        break;

    case PROBE_PLAIN:
        snprintf(text, size, "has no TLS");
        break;

    case PROBE_CERTIFICATE:
        snprintf(text, size, "wants a certificate of its client: --cert FILE "
                 "--key FILE");
        break;
    }
}


static void
probe_say_nothing(const probe_t *p)
{
    char      text[NTHRIFT_ANSWER_ERROR + 128];
    unsigned  nameless, tls;

    probe_describe(p, text, sizeof(text));

    /* who knows Thrift, and nobody else, may miss it */

    nameless = (p->service.len == 0
                && (p->what == PROBE_CLOSES || p->what == PROBE_SILENT));

    tls = (p->call.tls.on && p->what < PROBE_PLAIN);

    nthrift_say("%s: nothing answers: the server %s%s%s%s", p->call.where, text,
                tls ? ", over TLS" : "",
                nameless ? "; one of multiplexed calls may want the name of a "
                           "service" : "",
                p->args->verbose ? "" : " (-v says more)");
}


static int
probe_run(probe_t *p)
{
    unsigned  tls;

    tls = p->call.tls.on;

    probe_all(p);

    if (p->n == 0 && !p->unreached && !tls && !p->is_url) {
        p->call.tls.on = 1;

        if (probe_handshake(p) == 0) {
            p->what = PROBE_SILENT;
            probe_all(p);

        } else {
            p->call.tls.on = 0;
        }
    }

    if (p->unreached && p->n == 0) {
        nthrift_say("%s", p->why);
        return PROBE_FAILED;
    }

    if (p->n == 0) {
        probe_say_nothing(p);
        return PROBE_NOTHING;
    }

    probe_say_conf(p);

    return PROBE_OK;
}


/* The beginning */

/* "Service" or "Service.method": 0, or -1. */

static int
probe_target(probe_t *p)
{
    char                         *word;
    nthrift_schema_set_t          set;
    nthrift_idl_program_t        *program;
    const nthrift_idl_service_t  *service;

    word = p->args->words[1];

    if (word == NULL) {
        return 0;
    }

    if (strchr(word, '.') == NULL) {
        p->service.data = (uint8_t *) word;
        p->service.len = strlen(word);
        return 0;
    }

    if (p->args->target.idl == NULL) {
        nthrift_say("--idl is missing: the .thrift file that has %s", word);
        return -1;
    }

    if (nthrift_target_load(&p->args->target, p->arena, p->args->target.idl,
                            &program) != 0
        || nthrift_target_method(program, word, &service, &p->method) != 0)
    {
        return -1;
    }

    if (p->method->oneway) {
        nthrift_say("%s is oneway: it has no answer", word);
        return -1;
    }

    p->service = service->def.name;

    nthrift_schema_init(&set, p->arena);

    return nthrift_plain_method_init(&p->plain, &set, p->method);
}


static int
probe_address(probe_t *p)
{
    char         *word;
    unsigned      tls;
    const char   *error;

    word = p->args->words[0];
    p->call.where = word;
    p->path = "/";

    if (nthrift_http_is_url(word)) {
        p->is_url = 1;
        error = nthrift_http_parse(word, &p->call.address, &tls, &p->path);
        p->call.tls.on |= tls;

    } else {
        error = nthrift_socket_parse(&p->call.address, word);
    }

    if (error != NULL) {
        nthrift_say("\"%s\": %s", word, error);
        return -1;
    }

    error = nthrift_http_check_headers(&p->args->headers);

    if (error != NULL) {
        nthrift_say("--header: %s", error);
        return -1;
    }

    return 0;
}


static int
probe_start(const probe_args_t *args)
{
    int      rc;
    probe_t  p;

    memset(&p, 0, sizeof(probe_t));

    p.args = args;
    p.call.tls = args->tls;
    p.call.tls.insecure |= (args->tls.ca == NULL);
    p.call.headers = args->headers;
    p.call.timeout = (int64_t) (args->timeout * 1000000 + 0.5);
    p.call.max_size = PROBE_MAX_SIZE;

    p.arena = nthrift_arena_create(PROBE_BLOCK, 0);

    if (p.arena == NULL) {
        nthrift_say("not enough memory");
        return PROBE_FAILED;
    }

    rc = (probe_address(&p) == 0 && probe_target(&p) == 0) ? probe_run(&p)
                                                           : PROBE_USAGE;
    nthrift_arena_destroy(p.arena);

    return rc;
}


int
nthrift_probe(int argc, char **argv)
{
    int           rc, n;
    probe_args_t  args;

    nthrift_option_t  options[] = {
        { "--timeout", NTHRIFT_OPTION_SECONDS, &args.timeout, 0, 0 },
        { "--header", NTHRIFT_OPTION_LIST, &args.headers, 0, 0 },
        { "-v", NTHRIFT_OPTION_COUNT, &args.verbose, 0, 0 },
        nthrift_target_tls(&args.tls),
        nthrift_target_options(&args.target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&args, 0, sizeof(probe_args_t));
    nthrift_target_init(&args.target, argc);
    nthrift_option_list(&args.headers, argc);

    args.timeout = PROBE_TIMEOUT;

    n = nthrift_option_parse(options, argc, argv, args.words, PROBE_WORDS);

    if (n < 0) {
        rc = PROBE_USAGE;

    } else if (args.target.help) {
        fputs(probe_usage, stdout);
        rc = PROBE_OK;

    } else if (n == 0) {
        fputs(probe_usage, stderr);
        rc = PROBE_USAGE;

    } else {
        rc = probe_start(&args);
    }

    nthrift_target_free(&args.target);
    free(args.headers.items);

    return rc;
}
