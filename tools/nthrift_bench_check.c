/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_bench_check.c: what a reply is: the answer to its call, a result as
 * the IDL has it, and, with --expect, the one that is expected.
 */

#include "nthrift.h"
#include "nthrift_bench.h"
#include "nthrift_json.h"

#include "bind/check.h"
#include "wire/exception.h"

#include <stdlib.h>


#define CHECK_PATH   80                 /* bytes: of a field's place */
#define CHECK_BLOCK  (64 * 1024)        /* bytes: of the arena's blocks */
#define CHECK_SHOWN  60                 /* bytes of a text that is shown */


static void
check_rules(nthrift_check_rules_t *rules, const nthrift_request_t *r)
{
    memset(rules, 0, sizeof(nthrift_check_rules_t));

    rules->max_depth = NTHRIFT_MAX_DEPTH;
    rules->max_required = r->body.method.max_required;
    rules->uuids = 1;
    rules->reply = 1;
}


int
nthrift_bench_check_init(nthrift_bench_check_t *c, nthrift_request_t *request,
    char *expect)
{
    json_error_t            error;
    nthrift_check_rules_t   rules;

    memset(c, 0, sizeof(nthrift_bench_check_t));
    check_rules(&rules, request);

    c->request = request;
    c->memory = nthrift_malloc(nthrift_check_size(&rules));

    if (expect == NULL) {
        return 0;
    }

    c->expect = (expect[0] == '@')
                ? json_load_file(expect + 1, JSON_DECODE_ANY, &error)
                : json_loads(expect, JSON_DECODE_ANY, &error);

    if (c->expect == NULL) {
        nthrift_say("--expect: no JSON: %s", error.text);
        return -1;
    }

    return 0;
}


void
nthrift_bench_check_free(nthrift_bench_check_t *c)
{
    json_decref(c->expect);
    free(c->memory);
    free(c->good.data);
}


/* Bytes of others, as far as they can be shown. */

static void
check_show(char *to, const nthrift_str_t *s)
{
    size_t  i, n;

    n = (s->len < CHECK_SHOWN) ? s->len : CHECK_SHOWN;

    for (i = 0; i < n; i++) {
        to[i] = (s->data[i] >= 0x20 && s->data[i] < 0x7f) ? (char) s->data[i]
                                                          : '?';
    }

    to[n] = '\0';
}


static nthrift_bench_end_e
check_exception(unsigned protocol, const nthrift_str_t *body,
    char text[NTHRIFT_BENCH_TEXT])
{
    char           shown[CHECK_SHOWN + 1];
    int32_t        type;
    const char    *name;
    nthrift_str_t  message;

    type = NTHRIFT_EXC_UNKNOWN;
    message.len = 0;
    message.data = NULL;

    nthrift_exception_read(protocol, body->data, body->data + body->len,
                           &message, &type);

    name = nthrift_exception_type_name(type);
    check_show(shown, &message);

    if (name != NULL) {
        snprintf(text, NTHRIFT_BENCH_TEXT, "%s \"%s\"", name, shown);

    } else {
        snprintf(text, NTHRIFT_BENCH_TEXT, "exception %d \"%s\"", (int) type,
                 shown);
    }

    return NTHRIFT_BENCH_EXCEPTION;
}


/* The exception of a method, by its id; or NULL. */

static const nthrift_idl_field_t *
check_field(const nthrift_idl_struct_t *result, int id)
{
    size_t  i;

    for (i = 0; i < result->n; i++) {
        if (result->fields[i]->id == id) {
            return result->fields[i];
        }
    }

    return NULL;
}


static int
check_is_expected(nthrift_bench_check_t *c, unsigned protocol,
    const nthrift_str_t *body)
{
    int                     same;
    json_t                 *json;
    nthrift_arena_t        *arena;
    nthrift_plain_error_t   err;
    nthrift_plain_reply_t   reply;

    same = 0;
    arena = nthrift_arena_create(CHECK_BLOCK, 0);

    if (arena != NULL
        && nthrift_plain_reply(&c->request->body.rules, arena,
                               &c->request->body.method, protocol,
                               NTHRIFT_REPLY, body->data,
                               body->data + body->len, &reply, &err)
           == NTHRIFT_OK)
    {
        json = json_loadb((char *) reply.text.data, reply.text.len,
                          JSON_DECODE_ANY, NULL);
        same = (json != NULL && json_equal(json, c->expect));
        json_decref(json);
    }

    if (arena != NULL) {
        nthrift_arena_destroy(arena);
    }

    return same;
}


/* What is expected once is expected again: its bytes are kept. */

static int
check_expected(nthrift_bench_check_t *c, unsigned protocol,
    const nthrift_str_t *body)
{
    if (c->expect == NULL || nthrift_str_equal(&c->good, body)) {
        return 1;
    }

    if (!check_is_expected(c, protocol, body)) {
        return 0;
    }

    if (c->size < body->len) {
        free(c->good.data);
        c->good.data = nthrift_malloc(body->len);
        c->size = body->len;
    }

    memcpy(c->good.data, body->data, body->len);
    c->good.len = body->len;

    return 1;
}


static nthrift_bench_end_e
check_result(nthrift_bench_check_t *c, unsigned protocol, int id,
    const nthrift_str_t *body, char text[NTHRIFT_BENCH_TEXT])
{
    uint8_t                      path[CHECK_PATH];
    nthrift_bytes_t              bytes;
    nthrift_check_error_t        err;
    nthrift_check_rules_t        rules;
    const nthrift_idl_field_t   *field;
    const nthrift_idl_method_t  *method;

    memset(&err, 0, sizeof(nthrift_check_error_t));

    err.path = path;
    err.size = sizeof(path);

    check_rules(&rules, c->request);
    nthrift_bytes_init(&bytes, body->data, body->data + body->len, NULL, NULL);

    method = c->request->body.method.idl;

    if (nthrift_check_body(&rules, c->memory, protocol,
                           c->request->body.method.result, &bytes, &err)
        != NTHRIFT_OK)
    {
        snprintf(text, NTHRIFT_BENCH_TEXT, "does not fit the IDL: %s%s%.*s",
                 err.text, (err.len != 0) ? " in " : "", (int) err.len, path);
        return NTHRIFT_BENCH_ERROR;
    }

    field = (id > 0) ? check_field(method->result, id) : NULL;

    if (field != NULL) {
        snprintf(text, NTHRIFT_BENCH_TEXT, "%.*s",
                 (int) field->name.len, (char *) field->name.data);
        return NTHRIFT_BENCH_EXCEPTION;
    }

    if (!check_expected(c, protocol, body)) {
        snprintf(text, NTHRIFT_BENCH_TEXT, "another result than --expect");
        return NTHRIFT_BENCH_WRONG;
    }

    return NTHRIFT_BENCH_RESULT;
}


/* As binary, whose first field has its id behind its type. */

static nthrift_bench_end_e
check_json(nthrift_bench_check_t *c, const nthrift_str_t *json,
    char text[NTHRIFT_BENCH_TEXT])
{
    int                   first;
    const char           *error;
    nthrift_str_t         body;
    nthrift_arena_t      *arena;
    nthrift_bench_end_e   end;

    body = *json;
    arena = nthrift_arena_create(CHECK_BLOCK, 0);

    if (arena == NULL) {
        snprintf(text, NTHRIFT_BENCH_TEXT, "not enough memory");
        return NTHRIFT_BENCH_ERROR;
    }

    if (nthrift_json_decode(arena, c->request->body.method.idl->result, &body,
                            &error)
        == 0)
    {
        first = (body.len > 3) ? body.data[1] << 8 | body.data[2] : 0;
        end = check_result(c, NTHRIFT_BINARY, first, &body, text);

    } else {
        snprintf(text, NTHRIFT_BENCH_TEXT, "does not fit the IDL: %s", error);
        end = NTHRIFT_BENCH_ERROR;
    }

    nthrift_arena_destroy(arena);

    return end;
}


nthrift_bench_end_e
nthrift_bench_check_reply(nthrift_bench_check_t *c, const nthrift_head_t *head,
    int first, int32_t seqid, const uint8_t *data, size_t len,
    char text[NTHRIFT_BENCH_TEXT])
{
    char           shown[CHECK_SHOWN + 1];
    nthrift_str_t  body;

    if (head->seqid != seqid) {
        snprintf(text, NTHRIFT_BENCH_TEXT, "the reply to another call");
        return NTHRIFT_BENCH_ERROR;
    }

    if (head->packed != NTHRIFT_PLAIN) {
        snprintf(text, NTHRIFT_BENCH_TEXT, "a reply that is transformed");
        return NTHRIFT_BENCH_ERROR;
    }

    body.data = (uint8_t *) data + head->size;
    body.len = len - head->size;

    if (head->type == NTHRIFT_EXCEPTION) {
        return check_exception(head->protocol, &body, text);
    }

    if (head->type != NTHRIFT_REPLY
        || !nthrift_str_equal(&head->name, &c->request->call.method))
    {
        check_show(shown, &head->name);
        snprintf(text, NTHRIFT_BENCH_TEXT, "a message of type %u, \"%s\", in "
                 "place of the reply", head->type, shown);
        return NTHRIFT_BENCH_ERROR;
    }

    return (head->protocol == NTHRIFT_JSON)
           ? check_json(c, &body, text)
           : check_result(c, head->protocol, first, &body, text);
}
