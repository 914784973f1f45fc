/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/body.c: bodies that have tables: arguments and results, of the
 * hosted methods and of calls to upstreams.
 */

#include "host_private.h"

#include "bind/check.h"
#include "bind/decode.h"
#include "bind/encode.h"
#include "wire/head.h"


#define BODY_REQUIRED  1024         /* required fields of a struct */
#define BODY_MESSAGE   (64 * 1024 * 1024)
#define BODY_PATH      128
#define BODY_TEXT      512          /* bytes: of what is said of one */


/* Checked as nginx checks it. */

const char *
host_body_check(unsigned protocol, const nthrift_schema_t *schema,
    const uint8_t *data, size_t size)
{
    int                      rc;
    void                    *memory;
    uint8_t                  path[BODY_PATH];
    nthrift_bytes_t          body;
    nthrift_check_error_t    wrong;
    nthrift_check_rules_t    rules;

    rules.max_depth = HOST_DEPTH;
    rules.undeclared_depth = 0;
    rules.max_required = BODY_REQUIRED;
    rules.enums = 0;            /* as nginx where it is told so */
    rules.utf8 = 0;
    rules.uuids = 0;
    rules.reply = 0;
    rules.fields = NTHRIFT_CHECK_PASS;

    wrong.path = path;
    wrong.size = sizeof(path);

    memory = malloc(nthrift_check_size(&rules));
    if (memory == NULL) {
        return "no memory";
    }

    nthrift_bytes_init(&body, data, data + size, NULL, NULL);
    rc = nthrift_check_body(&rules, memory, protocol, schema, &body, &wrong);
    free(memory);

    return (rc == NTHRIFT_OK) ? NULL : wrong.text;
}


/* Checked, then decoded into the call's memory. */

static const char *
body_read(host_call_t *call, unsigned protocol, const nthrift_layout_t *layout,
    const uint8_t *data, size_t size, void **value)
{
    int               rc;
    const char       *why;
    nthrift_bytes_t   body;
    nthrift_error_t   err = { NULL };

    why = host_body_check(protocol, layout->schema, data, size);

    if (why != NULL) {
        return why;
    }

    nthrift_bytes_init(&body, data, data + size, NULL, NULL);
    rc = nthrift_decode_body(call->arena, protocol, layout, HOST_DEPTH, &body,
                             value, &err);

    return (rc == NTHRIFT_OK) ? NULL : err.text;
}


const char *
host_body_args(host_call_t *call, const host_request_t *request)
{
    void        *value;
    const char  *why;

    /* strings of the arguments point into it */

    call->message = malloc(request->size);
    if (call->message == NULL) {
        return "no memory";
    }

    memcpy(call->message, request->body, request->size);

    why = body_read(call, request->protocol, call->method->args,
                    call->message, request->size, &value);

    if (why == NULL) {
        call->args = value;
    }

    return why;
}


/* An nthrift_write_grow_pt: the buffer is the writer's own. */

static uint8_t *
body_grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    uint8_t  *p;

    (void) owner;
    (void) len;

    *size = (*size > 2 * len) ? *size : 2 * len;

    p = realloc(data, *size);

    return p;
}


/* What could not be written, as nginx logs it. */

static const char *
body_unwritten(host_call_t *call, const nthrift_method_t *method,
    const char *what, const nthrift_write_t *w)
{
    char  *text;

    text = nthrift_arena_alloc(call->arena, BODY_TEXT);

    if (text == NULL) {
        return w->error;
    }

    (void) snprintf(text, BODY_TEXT, "%s of \"%s\": %s%s%.*s%s", what,
                    method->name, w->error,
                    (w->path_len != 0) ? ", in field \"" : "",
                    (int) w->path_len,
                    w->path + NTHRIFT_WRITE_PATH - w->path_len,
                    (w->path_len != 0) ? "\"" : "");

    return text;
}


const char *
host_body_reply(host_call_t *call, const void *result)
{
    uint8_t          *p;
    nthrift_head_t    head;
    nthrift_write_t   w;

    if (call->method->result == NULL) {
        return "handler replied to a oneway method";
    }

    nthrift_write_init(&w, call->protocol, NULL, 0, BODY_MESSAGE, body_grow,
                       NULL);

    if (nthrift_encode_body(&w, call->method->result, result) != NTHRIFT_OK) {
        free(w.data);
        return body_unwritten(call, call->method, "reply", &w);
    }

    if (call->info.oneway) {
        free(w.data);
        return NULL;
    }

    host_wire_head(call, NTHRIFT_REPLY, &head);

    p = malloc(nthrift_head_size(&head) + w.len);

    if (p == NULL) {
        free(w.data);
        return "no memory";
    }

    call->result.reply = p;
    call->result.size = nthrift_head_size(&head) + w.len;

    p = nthrift_head_write(p, &head, w.len);
    memcpy(p, w.data, w.len);
    free(w.data);

    return NULL;
}


/* Arguments of a call to an upstream, in binary, in the call's memory. */

const char *
host_body_outbound(host_call_t *call, const nthrift_method_t *method,
    const void *args, uint8_t **body, size_t *size)
{
    nthrift_write_t  w;

    nthrift_write_init(&w, NTHRIFT_BINARY, NULL, 0, BODY_MESSAGE, body_grow,
                       NULL);

    if (nthrift_encode_body(&w, method->args, args) != NTHRIFT_OK) {
        free(w.data);
        return body_unwritten(call, method, "arguments", &w);
    }

    *body = nthrift_arena_copy(call->arena, w.data, w.len);
    *size = w.len;
    free(w.data);

    return (*body != NULL) ? NULL : "no memory";
}


/* NULL and no result for a oneway. */

const char *
host_body_answer(host_call_t *call, const nthrift_method_t *method,
    const host_answer_t *answer, void **result)
{
    uint8_t  *data;

    *result = NULL;

    if (method->oneway) {
        return NULL;
    }

    data = nthrift_arena_copy(call->arena, answer->body, answer->size);

    if (data == NULL) {
        return "no memory";
    }

    return body_read(call, NTHRIFT_BINARY, method->result, data, answer->size,
                     result);
}
