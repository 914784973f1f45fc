/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_request.c: see nthrift_request.h.
 */

#include "nthrift.h"
#include "nthrift_request.h"

#include "wire/theader.h"

#include <stdlib.h>


#define REQUEST_BLOCK     (256 * 1024)  /* bytes: of the arena's blocks */

#define REQUEST_TIMEOUT   10            /* seconds: --timeout */
#define REQUEST_SEQID     1             /* --seqid */

/* --max-size, in bytes: what Apache's libraries allow for a frame. */

#define REQUEST_MAX_SIZE  16384000


void
nthrift_request_init(nthrift_request_options_t *o, int argc)
{
    memset(o, 0, sizeof(nthrift_request_options_t));
    nthrift_target_init(&o->target, argc);
    nthrift_option_list(&o->headers, argc);

    o->protocol = NTHRIFT_BINARY;
    o->timeout = REQUEST_TIMEOUT;
    o->seqid = REQUEST_SEQID;
    o->max_size = REQUEST_MAX_SIZE;
}


void
nthrift_request_free(nthrift_request_options_t *o)
{
    nthrift_target_free(&o->target);
    free(o->headers.items);
}


int
nthrift_request_check(const nthrift_request_options_t *o, int n,
    const char *command, const char *usage)
{
    if (n == 0 && o->target.idl == NULL) {
        fputs(usage, stderr);
        return -1;
    }

    if (n < 2) {
        nthrift_say("%s is missing: nthrift %s ADDRESS Service.method [JSON] "
                    "--idl FILE", (n == 0) ? "ADDRESS" : "Service.method",
                    command);
        return -1;
    }

    if (o->target.idl == NULL) {
        nthrift_say("--idl is missing: the .thrift file that has %s",
                    o->words[1]);
        return -1;
    }

    return 0;
}


/* The name as it is sent. */

static int
request_name(nthrift_outgoing_t *call, nthrift_arena_t *arena,
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


/* Headers as those of a THeader. */

static int
request_info(nthrift_request_t *r)
{
    size_t                        i, size;
    uint8_t                      *p;
    nthrift_str_t                *pair;
    const nthrift_option_list_t  *headers;

    headers = &r->options->headers;

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

    p = (size <= NTHRIFT_MAX_INFO) ? nthrift_arena_alloc(r->body.arena, size)
                                   : NULL;

    if (p == NULL) {
        nthrift_say("--header: larger than a THeader can be");
        free(pair);
        return -1;
    }

    r->call.head.info.data = p;
    r->call.head.info.len = size;

    p = nthrift_theader_block_write(p, (uint32_t) headers->n);

    for (i = 0; i < headers->n; i++) {
        p = nthrift_theader_pair_write(p, &pair[2 * i], &pair[2 * i + 1]);
    }

    free(pair);

    return 0;
}


static int
request_prepare(nthrift_request_t *r)
{
    nthrift_idl_program_t        *program;
    const nthrift_idl_method_t   *method;
    const nthrift_idl_service_t  *service;

    if (nthrift_target_load(&r->options->target, r->body.arena,
                            r->options->target.idl, &program) != 0
        || nthrift_target_method(program, r->options->words[1], &service,
                                 &method)
           != 0)
    {
        return -1;
    }

    if (nthrift_body_method(&r->body, method) != 0) {
        return -1;
    }

    if (r->call.head.transport == NTHRIFT_HEADER && request_info(r) != 0) {
        return -1;
    }

    r->call.method = method->name;
    r->call.head.type = method->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;

    return request_name(&r->call, r->body.arena, service,
                        r->options->multiplexed);
}


/* Where it goes: 0, or -1. */

static int
request_address(nthrift_request_t *r)
{
    unsigned      tls;
    const char   *error;
    const char   *word;

    word = r->options->words[0];
    r->call.where = word;

    if (!nthrift_http_is_url(word)) {
        error = nthrift_socket_parse(&r->call.address, word);

        if (error == NULL && r->options->headers.n != 0
            && r->call.head.transport != NTHRIFT_HEADER)
        {
            error = "--header is for http://, https:// and --theader";
        }

    } else {
        error = nthrift_http_parse(word, &r->call.address, &tls,
                                   &r->call.path);
        r->call.tls.on |= tls;
        r->call.head.transport = NTHRIFT_UNFRAMED;

        if (error == NULL && r->options->transport != 0
            && r->options->transport != NTHRIFT_UNFRAMED)
        {
            error = (r->options->transport == NTHRIFT_FRAMED)
                    ? "--framed is not possible in HTTP"
                    : "--theader is not possible in HTTP";
        }
    }

    if (error == NULL && r->call.head.transport == NTHRIFT_HEADER
        && r->call.head.protocol == NTHRIFT_JSON)
    {
        error = "--theader has no JSON";
    }

    if (error != NULL) {
        nthrift_say("\"%s\": %s", word, error);
        return -1;
    }

    error = nthrift_http_check_headers(&r->options->headers);

    if (error != NULL) {
        nthrift_say("--header: %s", error);
        return -1;
    }

    return 0;
}


static void
request_start(nthrift_request_t *r, const nthrift_request_options_t *o)
{
    memset(r, 0, sizeof(nthrift_request_t));

    r->options = o;

    r->call.tls = o->tls;
    r->call.tls.on |= (o->tls.ca != NULL || o->tls.cert != NULL
                       || o->tls.name != NULL || o->tls.insecure);
    r->call.headers = o->headers;
    r->call.head.transport = (uint8_t) ((o->transport != 0)
                                        ? o->transport : NTHRIFT_FRAMED);
    r->call.head.protocol = (uint8_t) o->protocol;
    r->call.head.write_lax = (uint8_t) o->lax;
    r->call.head.seqid = (int32_t) o->seqid;
    r->call.timeout = (int64_t) (o->timeout * 1000000 + 0.5);
    r->call.max_size = (uint32_t) o->max_size;
}


int
nthrift_request_create(nthrift_request_t *r,
    const nthrift_request_options_t *o)
{
    nthrift_arena_t  *arena;

    request_start(r, o);

    if (request_address(r) != 0) {
        return NTHRIFT_CALL_USAGE;
    }

    arena = nthrift_arena_create(REQUEST_BLOCK, 0);

    if (arena == NULL) {
        nthrift_say("not enough memory");
        return NTHRIFT_CALL_FAILED;
    }

    nthrift_body_init(&r->body, arena, r->call.where, (size_t) o->max_size,
                      o->long_strings);

    if (request_prepare(r) != 0
        || nthrift_body_write(&r->body, o->words[2], r->call.head.protocol,
                              &r->call.body)
           != 0)
    {
        return NTHRIFT_CALL_USAGE;
    }

    return NTHRIFT_CALL_OK;
}


void
nthrift_request_destroy(nthrift_request_t *r)
{
    if (r->body.arena != NULL) {
        nthrift_arena_destroy(r->body.arena);
    }
}
