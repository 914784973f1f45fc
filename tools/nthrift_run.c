/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_run.c: "nthrift run", which loads a handler and calls its methods
 * without nginx: in the host of tools/host/, whose clock moves on as soon as
 * nothing else is to be done.  Calls that the handler makes itself go to the
 * addresses that --upstream names, by nthrift_exchange().
 */

#include "nthrift.h"
#include "nthrift_body.h"
#include "nthrift_call.h"
#include "nthrift_target.h"

#include "host/host.h"
#include "wire/exception.h"
#include "wire/head.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>


#define RUN_BLOCK     (256 * 1024)      /* bytes: of the arena's blocks */
#define RUN_TEXT      512               /* bytes: of a message of the host */
#define RUN_SERVICE   256               /* bytes: of a service's name */
#define RUN_MAX_SIZE  16384000          /* bytes: of arguments and replies */
#define RUN_TIMEOUT   60                /* seconds: --timeout */
#define RUN_STEP      1                 /* milliseconds that pass at once */


typedef struct {
    nthrift_target_options_t   target;
    nthrift_option_list_t      args;
    nthrift_option_list_t      variables;
    nthrift_option_list_t      upstreams;
    double                     timeout;         /* seconds */
    long long                  memory;
    unsigned                   long_strings;
    unsigned                   quiet;
    char                     **words;
    int                        n;
} run_options_t;

typedef struct {
    const run_options_t       *options;
    nthrift_idl_program_t     *program;
    nthrift_arena_t           *arena;
    host_t                    *host;
    nthrift_answer_t           answer;          /* of the last call to an
                                                   upstream */
    nthrift_failure_t          failure;         /* that it was */
    char                       service[RUN_SERVICE];
} run_t;


static const char  run_usage[] =
    "usage: nthrift run [options] HANDLER.so Service.method [JSON]"
    " [Service.method [JSON]]... --idl FILE\n"
    "\n"
    "JSON            the arguments: an object by name or an array by place;\n"
    "                @FILE reads them from a file, - from standard input\n"
    "\n"
    "--idl FILE      the .thrift file that has the service\n"
    "-I dir          look for included files there, too\n"
    "--negative-ids  keep field ids that are not positive\n"
    "--arg KEY=VALUE  a parameter as of the directive thrift_handler\n"
    "--variable NAME=VALUE  a variable of nginx's\n"
    "--upstream NAME=ADDRESS  where calls to that upstream go, framed and\n"
    "                binary; others fail\n"
    "--timeout N     seconds that a call has; default 60\n"
    "--memory N      bytes that a call may take; default 1048576\n"
    "--long-strings  print 64-bit numbers as strings\n"
    "-q              do not print the handler's log\n"
    "\n"
    "Timers do not wait: time passes when nothing else is to be done.\n"
    "Exit codes: 0 all have a result, 1 one has an exception, 2 the command\n"
    "line, the IDL or the arguments are wrong, 3 the handler is.\n";


/* Calls to upstreams */

/* "NAME=ADDRESS" of that name: the address, or NULL. */

static const char *
run_address(const run_t *run, const char *upstream)
{
    size_t                  i, len;
    const nthrift_str_t    *item;

    len = strlen(upstream);

    for (i = 0; i < run->options->upstreams.n; i++) {
        item = &run->options->upstreams.items[i];

        if (item->len > len && memcmp(item->data, upstream, len) == 0
            && item->data[len] == '=')
        {
            return (const char *) item->data + len + 1;
        }
    }

    return NULL;
}


static void
run_failed(run_t *run, host_answer_t *answer, int32_t type, bool remote,
    const char *text, size_t len)
{
    run->failure.type = type;
    run->failure.remote = remote;
    run->failure.text = nthrift_str_of(text, len);

    answer->failure = &run->failure;
}


static int
run_exchange(run_t *run, const char *where, const nthrift_method_t *method,
    const uint8_t *args, size_t size)
{
    nthrift_outgoing_t  call;

    memset(&call, 0, sizeof(nthrift_outgoing_t));

    if (nthrift_socket_parse(&call.address, where) != NULL) {
        snprintf(run->answer.error, sizeof(run->answer.error),
                 "\"%s\" is no address", where);
        return -1;
    }

    call.where = where;
    call.head.transport = NTHRIFT_FRAMED;
    call.head.protocol = NTHRIFT_BINARY;
    call.head.type = method->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;
    call.head.seqid = 1;
    call.method = nthrift_str_of(method->name, strlen(method->name));
    call.head.name = call.method;
    call.body = nthrift_str_of(args, size);
    call.timeout = (int64_t) (run->options->timeout * 1000000);
    call.max_size = RUN_MAX_SIZE;

    return nthrift_exchange(&call, &run->answer);
}


/* A host_upstream_pt: the answer is copied before the next call. */

static void
run_upstream(void *data, const char *upstream, const nthrift_method_t *method,
    const uint8_t *args, size_t size, host_answer_t *answer)
{
    int32_t            type;
    run_t             *run;
    const char        *where;
    nthrift_str_t      text;
    nthrift_answer_t  *a;

    run = data;
    a = &run->answer;

    nthrift_answer_free(a);
    memset(a, 0, sizeof(nthrift_answer_t));

    where = run_address(run, upstream);

    if (where == NULL) {
        nthrift_say("the handler calls upstream \"%s\": --upstream "
                    "%s=HOST:PORT would say where that is", upstream,
                    upstream);
        run_failed(run, answer, NTHRIFT_EXC_INTERNAL_ERROR, false,
                   "no such upstream", 16);
        return;
    }

    if (run_exchange(run, where, method, args, size) != 0) {
        run_failed(run, answer, NTHRIFT_EXC_INTERNAL_ERROR, false, a->error,
                   strlen(a->error));
        return;
    }

    if (a->kind == NTHRIFT_ANSWER_REPLY && a->head.type == NTHRIFT_EXCEPTION) {
        text.len = 0;
        text.data = NULL;
        type = NTHRIFT_EXC_UNKNOWN;

        nthrift_exception_read(NTHRIFT_BINARY, a->body.data,
                               a->body.data + a->body.len, &text, &type);
        run_failed(run, answer, type, true, (char *) text.data, text.len);
        return;
    }

    answer->body = a->body.data;
    answer->size = a->body.len;
}


/* One call */

static int
run_reply(nthrift_body_t *body, const host_result_t *result)
{
    nthrift_str_t    data;
    nthrift_head_t   head;
    nthrift_rules_t  rules;
    nthrift_error_t  error;

    memset(&rules, 0, sizeof(nthrift_rules_t));

    rules.transport = NTHRIFT_UNFRAMED;
    rules.protocol = NTHRIFT_BINARY;
    error.text = NULL;

    if (nthrift_head_read(&rules, result->reply, result->reply + result->size,
                          &head, &error)
        != NTHRIFT_OK)
    {
        nthrift_say("the reply is malformed");
        return NTHRIFT_CALL_FAILED;
    }

    data.data = (uint8_t *) result->reply + head.size;
    data.len = result->size - head.size;

    return nthrift_body_show(body, NTHRIFT_BINARY, head.type, &data);
}


/* What became of it. */

static int
run_result(nthrift_body_t *body, const host_result_t *result)
{
    switch (result->end) {

    case HOST_REPLIED:
    case HOST_FAILED:
        return (result->reply != NULL) ? run_reply(body, result)
               : (result->end == HOST_FAILED) ? NTHRIFT_CALL_EXCEPTION
                                              : NTHRIFT_CALL_OK;

    case HOST_DONE:
        return NTHRIFT_CALL_OK;

    case HOST_CANCELLED:
        if (result->reply != NULL) {
            return run_reply(body, result);
        }
        break;

    case HOST_OPEN:
        break;
    }

    nthrift_say("no reply to %.*s within its time (--timeout)",
                (int) body->method.idl->name.len,
                (char *) body->method.idl->name.data);

    return NTHRIFT_CALL_FAILED;
}


/* What is said when the handler ends the process, or is its end. */

static char    run_end[RUN_TEXT];
static size_t  run_end_len;


static void
run_exited(void)
{
    ssize_t  n;

    n = write(STDERR_FILENO, run_end, run_end_len);

    (void) n;
}


/* The next signal of that kind, which is raised by the same, is the end. */

static void
run_crashed(int signo)
{
    (void) signo;

    run_exited();
}


static void
run_watch(void)
{
    size_t                   i;
    struct sigaction         act, old;
    static const int         signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                                           SIGABRT };

    memset(&act, 0, sizeof(act));
    act.sa_handler = run_crashed;
    act.sa_flags = SA_RESETHAND;

    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {

        /* a sanitizer has its own, and says more */

        if (sigaction(signals[i], NULL, &old) == 0
            && old.sa_handler == SIG_DFL)
        {
            (void) sigaction(signals[i], &act, NULL);
        }
    }

    (void) atexit(run_exited);
}


static void
run_says_at_end(const nthrift_str_t *service, const nthrift_str_t *method)
{
    int  n;

    n = (method == NULL) ? 0
        : snprintf(run_end, sizeof(run_end), "nthrift: the handler has "
                   "crashed, or ended the process, in %.*s.%.*s\n",
                   (int) service->len, (char *) service->data,
                   (int) method->len, (char *) method->data);

    run_end_len = (n < (int) sizeof(run_end)) ? (size_t) n
                                              : sizeof(run_end) - 1;
}


static int
run_call(run_t *run, nthrift_body_t *body, const nthrift_str_t *data)
{
    int              rc;
    long long        left;
    host_call_t     *call;
    host_request_t   request;

    memset(&request, 0, sizeof(host_request_t));

    request.method = body->method.idl->name;
    request.seqid = 1;
    request.protocol = NTHRIFT_BINARY;
    request.oneway = body->method.idl->oneway;
    request.body = data->data;
    request.size = data->len;

    call = host_call(run->host, &request);

    if (call == NULL) {
        nthrift_say("the handler refuses %.*s: it does not implement it, or "
                    "was made of another IDL than %s",
                    (int) body->method.idl->name.len,
                    (char *) body->method.idl->name.data,
                    run->options->target.idl);
        return NTHRIFT_CALL_FAILED;
    }

    left = (long long) (run->options->timeout * 1000) + 1;

    for ( /* void */ ; left > 0; left -= RUN_STEP) {
        host_advance(run->host, 0);

        if (host_result(call)->end != HOST_OPEN) {
            break;
        }

        host_advance(run->host, RUN_STEP);
    }

    rc = run_result(body, host_result(call));

    host_free(call);

    return rc;
}


/* The handler */

/* "KEY=VALUE" of options, as pairs that are ended by 0 bytes. */

static nthrift_arg_t *
run_pairs(const nthrift_option_list_t *list, const char *option)
{
    char           *equals;
    size_t          i;
    nthrift_arg_t  *pairs;

    pairs = nthrift_malloc(list->n * sizeof(nthrift_arg_t));

    for (i = 0; i < list->n; i++) {
        equals = strchr((char *) list->items[i].data, '=');

        if (equals == NULL || equals == (char *) list->items[i].data) {
            nthrift_say("%s: \"%s\" must be NAME=VALUE", option,
                        (char *) list->items[i].data);
            free(pairs);
            return NULL;
        }

        *equals = '\0';
        pairs[i].key = (char *) list->items[i].data;
        pairs[i].value = equals + 1;
    }

    return pairs;
}


/* The service whose handler runs; another one than before is another host. */

static int
run_open(run_t *run, const nthrift_str_t *service, host_options_t *options)
{
    char  path[4096], text[RUN_TEXT];

    if (run->host != NULL && strlen(run->service) == service->len
        && memcmp(run->service, service->data, service->len) == 0)
    {
        return 0;
    }

    if (run->host != NULL) {
        host_close(run->host);
        run->host = NULL;
    }

    /* a name without "/" would be looked for where libraries are */

    snprintf(run->service, sizeof(run->service), "%.*s", (int) service->len,
             (char *) service->data);
    snprintf(path, sizeof(path), "%s%s",
             (strchr(run->options->words[0], '/') == NULL) ? "./" : "",
             run->options->words[0]);

    run->host = host_open(path, run->service, options, text, sizeof(text));

    if (run->host == NULL) {
        nthrift_say("%s cannot be used for %s: %s", run->options->words[0],
                    run->service, text);
        return -1;
    }

    if (host_start(run->host) != NTHRIFT_OK) {
        nthrift_say("the handler's start hook has failed%s",
                    run->options->quiet ? "" : ": see above");
        return -1;
    }

    return 0;
}


/* Is the word JSON, or the next method? */

static int
run_is_json(const char *word)
{
    return word != NULL && strchr("{[@-", *word) != NULL;
}


/* words[i] and maybe the next one: how many they are, and *rc. */

static int
run_word(run_t *run, int i, host_options_t *options, int *rc)
{
    int                           n;
    char                         *json;
    nthrift_str_t                 data;
    nthrift_body_t                body;
    const nthrift_idl_method_t   *method;
    const nthrift_idl_service_t  *service;

    n = (i + 1 < run->options->n && run_is_json(run->options->words[i + 1]))
        ? 2 : 1;
    json = (n == 2) ? run->options->words[i + 1] : NULL;

    nthrift_body_init(&body, run->arena, run->options->words[0], RUN_MAX_SIZE,
                      run->options->long_strings);

    if (nthrift_target_method(run->program, run->options->words[i], &service,
                              &method) != 0
        || nthrift_body_method(&body, method) != 0
        || nthrift_body_write(&body, json, NTHRIFT_BINARY, &data) != 0)
    {
        *rc = NTHRIFT_CALL_USAGE;

    } else if (run_open(run, &service->def.name, options) != 0) {
        *rc = NTHRIFT_CALL_FAILED;

    } else {
        run_says_at_end(&service->def.name, &method->name);
        *rc = run_call(run, &body, &data);
        run_says_at_end(NULL, NULL);
    }

    return n;
}


/* All calls, up to one that cannot be made; the worst exit code. */

static int
run_words(run_t *run, host_options_t *options)
{
    int  i, rc, worst;

    worst = NTHRIFT_CALL_OK;

    run_watch();

    for (i = 1; i < run->options->n && worst < NTHRIFT_CALL_USAGE; /* void */ )
    {
        i += run_word(run, i, options, &rc);
        worst = (rc > worst) ? rc : worst;
    }

    if (run->host != NULL) {
        host_close(run->host);
    }

    return worst;
}


static int
run_start(const run_options_t *o)
{
    int              rc;
    run_t            run;
    host_options_t   options;
    nthrift_arg_t   *args, *variables;

    memset(&run, 0, sizeof(run_t));
    memset(&options, 0, sizeof(host_options_t));

    run.options = o;
    run.arena = nthrift_arena_create(RUN_BLOCK, 0);

    if (run.arena == NULL) {
        nthrift_say("not enough memory");
        return NTHRIFT_CALL_FAILED;
    }

    args = run_pairs(&o->args, "--arg");
    variables = run_pairs(&o->variables, "--variable");
    rc = NTHRIFT_CALL_USAGE;

    options.args = args;
    options.n_args = o->args.n;
    options.variables = variables;
    options.n_variables = o->variables.n;
    options.memory = (size_t) o->memory;
    options.timeout = (uint32_t) (o->timeout * 1000);
    options.verbose = !o->quiet;
    options.upstream = run_upstream;
    options.data = &run;

    if (args != NULL && variables != NULL
        && nthrift_target_load(&o->target, run.arena, o->target.idl,
                               &run.program)
           == 0)
    {
        rc = run_words(&run, &options);
    }

    nthrift_answer_free(&run.answer);
    nthrift_arena_destroy(run.arena);
    free(args);
    free(variables);

    return rc;
}


static int
run_check(const run_options_t *o)
{
    int                       i;
    static const char *const  missing[] = { "HANDLER.so", "Service.method" };

    if (o->n < 2) {
        nthrift_say("%s is missing: nthrift run HANDLER.so Service.method "
                    "[JSON] --idl FILE", missing[o->n]);
        return -1;
    }

    if (o->target.idl == NULL) {
        nthrift_say("--idl is missing: the .thrift file that has %s",
                    o->words[1]);
        return -1;
    }

    /* as thrift_handler has it, before anything is called */

    for (i = 1; i < o->n; i++) {
        if (!run_is_json(o->words[i]) && strchr(o->words[i], '=') != NULL) {
            nthrift_say("\"%s\": Service.method expected (did you mean "
                        "\"--arg %s\"?)", o->words[i], o->words[i]);
            return -1;
        }
    }

    return 0;
}


int
nthrift_run(int argc, char **argv)
{
    int            rc;
    run_options_t  o;

    nthrift_option_t  options[] = {
        { "--arg", NTHRIFT_OPTION_LIST, &o.args, 0, 0 },
        { "--variable", NTHRIFT_OPTION_LIST, &o.variables, 0, 0 },
        { "--upstream", NTHRIFT_OPTION_LIST, &o.upstreams, 0, 0 },
        { "--timeout", NTHRIFT_OPTION_SECONDS, &o.timeout, 0, 0 },
        { "--memory", NTHRIFT_OPTION_NUMBER, &o.memory, 1, INT32_MAX },
        { "--long-strings", NTHRIFT_OPTION_SET, &o.long_strings, 1, 0 },
        { "-q", NTHRIFT_OPTION_SET, &o.quiet, 1, 0 },
        nthrift_target_options(&o.target),
        { NULL, NTHRIFT_OPTION_SET, NULL, 0, 0 }
    };

    memset(&o, 0, sizeof(run_options_t));
    nthrift_target_init(&o.target, argc);
    nthrift_option_list(&o.args, argc);
    nthrift_option_list(&o.variables, argc);
    nthrift_option_list(&o.upstreams, argc);

    o.timeout = RUN_TIMEOUT;
    o.memory = 1024 * 1024;
    o.words = nthrift_malloc((size_t) argc * sizeof(char *));
    o.n = nthrift_option_parse(options, argc, argv, o.words, argc);

    if (o.n < 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else if (o.target.help) {
        fputs(run_usage, stdout);
        rc = NTHRIFT_CALL_OK;

    } else if (run_check(&o) != 0) {
        rc = NTHRIFT_CALL_USAGE;

    } else {
        rc = run_start(&o);
    }

    nthrift_target_free(&o.target);
    free(o.args.items);
    free(o.variables.items);
    free(o.upstreams.items);
    free(o.words);

    return rc;
}
