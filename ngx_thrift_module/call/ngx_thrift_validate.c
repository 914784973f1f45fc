/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "validate": what thrift_validate schema adds to the structural walk
 * that every body has had, and what a handler's arguments must pass always.
 * What the bytes mean is src/bind/'s.
 */

#include "ngx_thrift.h"


/* What is done with what a check has found. */

typedef ngx_int_t (*ngx_thrift_validate_done_pt)(ngx_thrift_call_t *call,
    ngx_int_t rc, ngx_uint_t told, ngx_str_t *why);


/* The check of a large body. */

typedef struct {
    ngx_thrift_slice_t            slice;
    nthrift_check_rules_t         rules;
    ngx_thrift_validate_done_pt   done;

    ngx_thrift_block_t           *memory;   /* of the check */
    nthrift_bytes_t               bytes;
    ngx_thrift_message_rest_t     rest;     /* behind those in `bytes` */
    nthrift_check_error_t         error;
    u_char                        path[NGX_THRIFT_MAX_PATH];
} ngx_thrift_validate_slice_t;


static ngx_int_t ngx_thrift_validate_body(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_validate_done(ngx_thrift_call_t *call,
    ngx_int_t rc, ngx_uint_t told, ngx_str_t *why);
static ngx_int_t ngx_thrift_verify_done(ngx_thrift_call_t *call, ngx_int_t rc,
    ngx_uint_t told, ngx_str_t *why);
static ngx_int_t ngx_thrift_validate_start(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m, const nthrift_check_rules_t *rules,
    const nthrift_schema_t *schema, ngx_thrift_validate_done_pt done);
static ngx_int_t ngx_thrift_validate_slice_part(ngx_thrift_slice_t *slice,
    size_t size);
static ngx_int_t ngx_thrift_validate_slice_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static void ngx_thrift_validate_slice_free(ngx_thrift_slice_t *slice);
static void ngx_thrift_validate_why(ngx_thrift_call_t *call,
    nthrift_check_error_t *error, ngx_str_t *why);
static ngx_int_t ngx_thrift_validate_text(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_validate_drops(ngx_thrift_call_t *call,
    ngx_uint_t told);
static ngx_uint_t ngx_thrift_validate_has_result(ngx_thrift_call_t *call);
static ngx_uint_t ngx_thrift_validate_is_large(ngx_thrift_message_t *reply);
static ngx_uint_t ngx_thrift_validate_nothing(ngx_thrift_call_t *call);


ngx_int_t
ngx_thrift_validate(ngx_thrift_call_t *call)
{
    ngx_thrift_target_t  *target;

    target = call->target;

    if (target->unknown) {
        return ngx_thrift_route_unknown(call);
    }

    if (target->args == NULL) {
        return NGX_OK;
    }

    if (ngx_thrift_validate_nothing(call)) {
        call->checked = 1;
        call->fits = 1;
        return NGX_OK;
    }

    return ngx_thrift_text_read(call, ngx_thrift_validate_body);
}


/* A call that is text was read: what it says is checked. */

static ngx_int_t
ngx_thrift_validate_body(ngx_thrift_call_t *call)
{
    ngx_int_t                   rc;
    ngx_str_t                   why;
    ngx_uint_t                  told;
    ngx_thrift_target_t        *target;
    ngx_thrift_message_t       *m;
    nthrift_check_rules_t       rules;
    ngx_thrift_message_conf_t  *messages;

    told = 0;
    target = call->target;
    messages = call->conf->messages;
    m = call->binary ? call->binary : &call->request;

    rules = messages->check;
    rules.fields = (uint8_t) call->conf->unknown_fields;

    if (ngx_thrift_slice_is_due(m)) {
        call->log->action = "checking arguments";

        return ngx_thrift_validate_start(call, m, &rules,
                                         target->args,
                                         ngx_thrift_validate_done);
    }

    rc = ngx_thrift_validate_check(call, m, &rules, *messages->check_memory,
                                   target->args, &told, &why);

    return ngx_thrift_validate_done(call, rc, told, &why);
}


static ngx_int_t
ngx_thrift_validate_done(ngx_thrift_call_t *call, ngx_int_t rc,
    ngx_uint_t told, ngx_str_t *why)
{
    if (rc == NGX_OK) {

        call->fits = 1;

        /* there are servers that fail on it, and read on behind it */

        call->checked |= !(told & (NTHRIFT_CHECK_ENUM|NTHRIFT_CHECK_TEXT));

        if (call->undeclared) {
            return ngx_thrift_validate_text(call);
        }

        return ngx_thrift_validate_drops(call, told) ? ngx_thrift_prune(call)
                                                     : NGX_OK;
    }

    return ngx_thrift_validate_refuse(call, why);
}


/* What is in its undeclared fields was not checked: they go, or it stays so. */

static ngx_int_t
ngx_thrift_validate_text(ngx_thrift_call_t *call)
{
    if (call->conf->unknown_fields == NTHRIFT_CHECK_DROP) {
        return ngx_thrift_text_prune(call);
    }

    call->checked = (call->conf->messages->trusted != 0);

    return NGX_OK;
}


ngx_int_t
ngx_thrift_validate_refuse(ngx_thrift_call_t *call, ngx_str_t *why)
{
    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client sent arguments that do not fit their definition: %V",
                  why);

    return ngx_thrift_error_set(call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "arguments do not fit their definition: %V",
                                why);
}


static ngx_uint_t
ngx_thrift_validate_drops(ngx_thrift_call_t *call, ngx_uint_t told)
{
    return call->conf->unknown_fields == NTHRIFT_CHECK_DROP
           && (told & NTHRIFT_CHECK_FIELD) != 0;
}


/* The walk has found that there is nothing, and nothing is asked for. */

static ngx_uint_t
ngx_thrift_validate_nothing(ngx_thrift_call_t *call)
{
    return call->conf->messages->rules.validate
           && call->request.wire.skip.fields == 0
           && call->target->args->required == 0;
}


static ngx_uint_t
ngx_thrift_validate_has_result(ngx_thrift_call_t *call)
{
    return call->conf->messages->schema && call->target->result
           && call->reply->wire.head.type == NTHRIFT_REPLY;
}


static ngx_uint_t
ngx_thrift_validate_is_large(ngx_thrift_message_t *reply)
{
    return ngx_thrift_is_text(reply) ? ngx_thrift_slice_text_is_due(reply)
                                     : ngx_thrift_slice_is_due(reply);
}


ngx_uint_t
ngx_thrift_verify_due(ngx_thrift_call_t *call)
{
    return call->reply && ngx_thrift_validate_has_result(call)
           && ngx_thrift_validate_is_large(call->reply);
}


ngx_int_t
ngx_thrift_verify(ngx_thrift_call_t *call)
{
    call->log->action = "checking reply from upstream";

    return ngx_thrift_is_text(call->reply)
           ? ngx_thrift_text_verify(call)
           : ngx_thrift_verify_message(call, call->reply);
}


ngx_int_t
ngx_thrift_verify_message(ngx_thrift_call_t *call, ngx_thrift_message_t *m)
{
    return ngx_thrift_validate_start(call, m,
                                     &call->conf->messages->check_reply,
                                     call->target->result,
                                     ngx_thrift_verify_done);
}


static ngx_int_t
ngx_thrift_verify_done(ngx_thrift_call_t *call, ngx_int_t rc, ngx_uint_t told,
    ngx_str_t *why)
{
    return (rc == NGX_OK) ? NGX_OK : ngx_thrift_validate_misfit(call, why);
}


ngx_int_t
ngx_thrift_validate_misfit(ngx_thrift_call_t *call, ngx_str_t *why)
{
    ngx_thrift_pool_tell(call->attempt->pool, NGX_THRIFT_POOL_REPLY, call->log,
                         0,
                         "upstream sent reply that does not fit its "
                         "definition: %V",
                         why);

    call->reply = NULL;

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                "upstream sent a reply that does not fit "
                                "its definition: %V", why);
}


ngx_int_t
ngx_thrift_validate_reply(ngx_thrift_call_t *call, ngx_str_t *why)
{
    ngx_thrift_message_conf_t  *messages;

    if (!ngx_thrift_validate_has_result(call)
        || call->reply->wire.head.packed
        || ngx_thrift_validate_is_large(call->reply))
    {
        return NGX_OK;
    }

    if (ngx_thrift_is_text(call->reply)) {
        return ngx_thrift_text_check(call, why);
    }

    messages = call->conf->messages;

    return ngx_thrift_validate_check(call, call->reply, &messages->check_reply,
                                     *messages->check_memory,
                                     call->target->result, NULL, why);
}


ngx_int_t
ngx_thrift_validate_check(ngx_thrift_call_t *call, ngx_thrift_message_t *m,
    const nthrift_check_rules_t *rules, void *memory,
    const nthrift_schema_t *schema, ngx_uint_t *told, ngx_str_t *why)
{
    u_char                  path[NGX_THRIFT_MAX_PATH];
    nthrift_bytes_t         bytes;
    ngx_thrift_segment_t   *next;
    nthrift_check_error_t   error;

    error.text = NULL;
    error.path = path;
    error.size = NGX_THRIFT_MAX_PATH;
    error.len = 0;

    ngx_thrift_message_bytes(m, &bytes, &next);

    if (nthrift_check_body(rules, memory, m->wire.head.protocol, schema,
                           &bytes, &error)
        == NTHRIFT_OK)
    {
        if (told) {
            *told = error.told;
        }

        return NGX_OK;
    }

    ngx_thrift_validate_why(call, &error, why);

    return NGX_ERROR;
}


/* The same in parts, for the step that the call is in. */

static ngx_int_t
ngx_thrift_validate_start(ngx_thrift_call_t *call, ngx_thrift_message_t *m,
    const nthrift_check_rules_t *rules, const nthrift_schema_t *schema,
    ngx_thrift_validate_done_pt done)
{
    ngx_thrift_validate_slice_t  *check;

    check = ngx_palloc(call->pool, sizeof(ngx_thrift_validate_slice_t));
    if (check == NULL) {
        return NGX_ERROR;
    }

    check->memory = ngx_thrift_block_create(nthrift_check_size(rules));
    if (check->memory == NULL) {
        return NGX_ERROR;
    }

    check->slice.call = call;
    check->slice.part = ngx_thrift_validate_slice_part;
    check->slice.done = ngx_thrift_validate_slice_done;
    check->slice.free = ngx_thrift_validate_slice_free;

    check->rules = *rules;
    check->done = done;

    check->error.path = check->path;
    check->error.size = NGX_THRIFT_MAX_PATH;

    ngx_thrift_message_pieces(m, &check->bytes, &check->rest);

    if (nthrift_check_start(rules, ngx_thrift_block_start(check->memory),
                            m->wire.head.protocol, schema, &check->bytes,
                            &check->error)
        != NTHRIFT_OK)
    {
        ngx_thrift_block_unref(check->memory);
        return NGX_ERROR;
    }

    return ngx_thrift_slice_start(&check->slice);
}


static ngx_int_t
ngx_thrift_validate_slice_part(ngx_thrift_slice_t *slice, size_t size)
{
    ngx_thrift_validate_slice_t  *check;

    check = (ngx_thrift_validate_slice_t *) slice;

    return nthrift_check_part(&check->rules,
                              ngx_thrift_block_start(check->memory), size);
}


static ngx_int_t
ngx_thrift_validate_slice_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_str_t                     why;
    ngx_thrift_validate_slice_t  *check;

    check = (ngx_thrift_validate_slice_t *) slice;

    if (rc != NGX_OK) {
        ngx_thrift_validate_why(slice->call, &check->error, &why);
    }

    return check->done(slice->call, rc, check->error.told, &why);
}


static void
ngx_thrift_validate_slice_free(ngx_thrift_slice_t *slice)
{
    ngx_thrift_validate_slice_t  *check;

    check = (ngx_thrift_validate_slice_t *) slice;

    ngx_thrift_block_unref(check->memory);
}


/* What is wrong and where, in the call's memory. */

static void
ngx_thrift_validate_why(ngx_thrift_call_t *call, nthrift_check_error_t *error,
    ngx_str_t *why)
{
    u_char  *p;

    ngx_str_set(why, "no memory");

    p = ngx_pnalloc(call->pool, NGX_THRIFT_MAX_PATH + 128);

    if (p) {
        why->data = p;
        why->len = ngx_snprintf(p, NGX_THRIFT_MAX_PATH + 128, "%s%s%*s",
                                error->text, error->len ? " at " : "",
                                error->len, error->path)
                   - p;
    }
}


ngx_int_t
ngx_thrift_validate_argument(ngx_thrift_call_t *call,
    nthrift_find_path_t *path, ngx_str_t *text)
{
    u_char                 *last;
    ngx_str_t               why;
    nthrift_bytes_t         bytes;
    nthrift_find_value_t    value;
    ngx_thrift_message_t   *m;
    ngx_thrift_segment_t   *next;

    m = ngx_thrift_text_body(call, &why);
    if (m == NULL) {
        return NGX_DECLINED;
    }

    ngx_thrift_message_bytes(m, &bytes, &next);

    if (nthrift_find_value(m->wire.head.protocol, path, &bytes, &value)
        != NTHRIFT_OK)
    {
        return NGX_DECLINED;
    }

    if (value.type == NTHRIFT_STRING && value.text.data) {
        text->len = value.text.len;
        text->data = value.text.data;
        return NGX_OK;
    }

    text->data = ngx_pnalloc(call->pool, nthrift_find_size(&value));
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_message_bytes(m, &bytes, &next);

    last = nthrift_find_write(text->data, &value, &bytes);
    if (last == NULL) {
        return NGX_DECLINED;
    }

    text->len = last - text->data;

    return NGX_OK;
}
