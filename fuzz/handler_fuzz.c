/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/handler_fuzz.c: a handler, in the host of tools/host/.  The input is a
 * script: calls with these bodies, answers of upstreams, time that passes,
 * clients that leave.  Whatever comes, each call has one end, a reply is a
 * whole message, and nothing is left when the worker stops.
 *
 * The handler is t/host/typed.c, or the one that HANDLER in the environment
 * names: build/host/fuzz/<name>.so, compiled with what the fuzzer is compiled
 * with.
 */

#include "fuzz.h"

#include "../tools/host/host.c"
#include "../tools/host/call.c"
#include "../tools/host/ticket.c"
#include "../tools/host/event.c"
#include "../tools/host/api.c"
#include "../tools/host/wire.c"
#include "../tools/host/body.c"


#define HANDLER_FILE    "build/host/fuzz/%s.so"
#define HANDLER_CALLS   16          /* open at a time */
#define HANDLER_NAMES   12


/*
 * The services that a handler may be of.  Of an adapter's: the methods, and a
 * handler that has tables of them, for nginx checks what an adapter gets.
 */

typedef struct {
    const char  *service;
    const char  *tables;
    const char  *methods[HANDLER_NAMES];
} handler_service_t;


static const handler_service_t  handler_services[] = {
    { "Test", "typed", { "low", "middle", "echo", "item", "about", "refuse",
                         "tell", "nope", "later" } },
    { "PingPong", "pingpong", { "ping", "add", "nope" } },
    { "Words", NULL, { "count", "longest", "nope" } },
    { "WeatherService", NULL, { NULL } },
    { "MyService", NULL, { NULL } },
    { "Gather", NULL, { NULL } },
    { NULL, NULL, { NULL } }
};


/* What is left of the input; an empty one gives zeros. */

typedef struct {
    const uint8_t  *p;
    const uint8_t  *last;
} handler_input_t;


static handler_input_t input;
static host_t         *host, *tables;
static char            handler_text[512];
static nthrift_str_t   names[HANDLER_NAMES];
static uint32_t        n_names;
static host_call_t    *calls[HANDLER_CALLS];


static uint8_t
handler_byte(handler_input_t *in)
{
    return (in->p != in->last) ? *in->p++ : 0;
}


/* A length of one byte, then so many bytes; or as many as there are. */

static nthrift_str_t
handler_bytes(handler_input_t *in)
{
    nthrift_str_t  s;

    s.len = handler_byte(in);

    if (s.len > (size_t) (in->last - in->p)) {
        s.len = (size_t) (in->last - in->p);
    }

    s.data = (uint8_t *) in->p;
    in->p += s.len;

    return s;
}


/* A host_upstream_pt: `data` is the input. */

static void
handler_upstream(void *data, const char *upstream,
    const nthrift_method_t *method, const uint8_t *args, size_t size,
    host_answer_t *answer)
{
    nthrift_str_t      s;
    handler_input_t   *in = data;

    static nthrift_failure_t  failure = {
        NTHRIFT_EXC_INTERNAL_ERROR, true, nthrift_string("failed")
    };

    (void) upstream;
    (void) method;
    (void) args;
    (void) size;

    answer->msec = handler_byte(in);

    if (answer->msec % 4 == 0) {
        answer->failure = &failure;
        return;
    }

    s = handler_bytes(in);
    answer->body = s.data;
    answer->size = s.len;
}


static void
handler_name(const char *name)
{
    names[n_names].data = (uint8_t *) name;
    names[n_names].len = strlen(name);
    n_names++;
}


static host_t *
handler_open(const char *name, const char *service,
    const host_options_t *options)
{
    char  path[256];

    (void) snprintf(path, sizeof(path), HANDLER_FILE, name);

    return host_open(path, service, options, handler_text,
                     sizeof(handler_text));
}


static void
handler_opened(const host_t *h)
{
    if (h == NULL) {
        fprintf(stderr, "%s\n", handler_text);
        exit(1);
    }
}


static void
handler_load(void)
{
    size_t                      i;
    const char                 *name;
    host_options_t              options;
    const nthrift_handler_t    *handler;
    const handler_service_t    *s;

    static const nthrift_arg_t  arg = { "name", "fuzzer" };

    memset(&options, 0, sizeof(options));
    options.args = &arg;
    options.n_args = 1;
    options.timeout = 500;
    options.upstream = handler_upstream;
    options.data = &input;

    name = getenv("HANDLER");

    for (s = handler_services; host == NULL && s->service != NULL; s++) {
        host = handler_open(name ? name : "typed", s->service, &options);
    }

    handler_opened(host);
    handler = host->handler;
    s--;

    for (i = 0; i < handler->n && i < HANDLER_NAMES; i++) {
        handler_name(handler->dispatch[i].method->name);
    }

    if (handler->raw == NULL) {
        return;
    }

    for (i = 0; i < HANDLER_NAMES && s->methods[i] != NULL; i++) {
        handler_name(s->methods[i]);
    }

    if (s->tables != NULL) {
        tables = handler_open(s->tables, s->service, &options);
        handler_opened(tables);
    }
}


/* Are these arguments that nginx lets pass? */

static bool
handler_fit(const host_request_t *request)
{
    uint32_t                   i;
    nthrift_str_t              name;
    const nthrift_method_t    *method;
    const nthrift_handler_t   *handler;

    if (tables == NULL) {
        return true;
    }

    handler = tables->handler;

    for (i = 0; i < handler->n; i++) {
        method = handler->dispatch[i].method;
        name.data = (uint8_t *) method->name;
        name.len = strlen(method->name);

        if (nthrift_str_equal(&name, &request->method)) {
            return host_body_check(request->protocol, method->args->schema,
                                   request->body, request->size)
                   == NULL;
        }
    }

    return true;
}


/* A result is a whole message of the call, or there is none. */

static void
handler_check(const host_call_t *call)
{
    const host_result_t  *r;

    r = host_result(call);

    switch (r->end) {

    case HOST_OPEN:
    case HOST_DONE:
        fuzz_check(r->reply == NULL);
        break;

    case HOST_REPLIED:
    case HOST_FAILED:
        fuzz_check((r->reply == NULL) == call->info.oneway);
        break;

    case HOST_CANCELLED:
        fuzz_check(r->reason == NTHRIFT_CANCEL_CLIENT
                   || r->reason == NTHRIFT_CANCEL_DEADLINE);
        break;
    }

    fuzz_check(call->ticket == NULL || host_ticket_find(call->ticket) == call);
}


static void
handler_call(handler_input_t *in, host_call_t **call)
{
    uint8_t          choice;
    host_request_t   request;
    nthrift_str_t    body;

    choice = handler_byte(in);

    memset(&request, 0, sizeof(request));
    request.protocol = (choice & 1) ? NTHRIFT_COMPACT : NTHRIFT_BINARY;
    request.oneway = (choice & 2) != 0;
    request.seqid = choice;

    request.method = names[handler_byte(in) % n_names];

    body = handler_bytes(in);
    request.body = body.data;
    request.size = body.len;

    if (handler_fit(&request)) {
        *call = host_call(host, &request);
    }
}


static void
handler_step(handler_input_t *in)
{
    uint8_t        choice;
    host_call_t  **call;

    choice = handler_byte(in);
    call = &calls[choice / 4 % HANDLER_CALLS];

    if (*call == NULL) {
        handler_call(in, call);

    } else if (choice % 4 == 0) {
        host_leave(*call);

    } else if (choice % 4 == 1) {
        handler_check(*call);
        host_free(*call);
        *call = NULL;
        return;

    } else {
        host_advance(host, handler_byte(in));
    }

    if (*call != NULL) {
        handler_check(*call);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t  i;

    if (host == NULL) {
        handler_load();
    }

    input.p = data;
    input.last = data + size;

    fuzz_check(host_start(host) == NTHRIFT_OK);

    while (input.p != input.last) {
        handler_step(&input);
    }

    host_advance(host, 2000);

    for (i = 0; i < HANDLER_CALLS; i++) {

        if (calls[i] == NULL) {
            continue;
        }

        /* time is over for whatever waited */

        fuzz_check(host_result(calls[i])->end != HOST_OPEN);
        handler_check(calls[i]);
        host_free(calls[i]);
        calls[i] = NULL;
    }

    host_stop(host);
    fuzz_check(host->events == NULL && host->calls == NULL);
    host_log_clear(host);

    return 0;
}
