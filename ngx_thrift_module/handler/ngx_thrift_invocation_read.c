/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a handler gets of a call: its arguments, decoded by the handler's own
 * tables, or as bytes for an adapter; and who calls.
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_invocation_decode(ngx_thrift_invocation_t *inv,
    const nthrift_layout_t *layout);
static ngx_thrift_message_t *ngx_thrift_invocation_request(
    ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_raw(ngx_thrift_invocation_t *inv);
static ngx_int_t ngx_thrift_invocation_copy(ngx_thrift_invocation_t *inv,
    nthrift_str_t *to, const void *data, size_t len);


ngx_int_t
ngx_thrift_invocation_read(ngx_thrift_invocation_t *inv)
{
    ngx_int_t  rc;

    rc = inv->method ? ngx_thrift_invocation_decode(inv, inv->method->args)
                     : ngx_thrift_invocation_raw(inv);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (inv->overloaded) {
        ngx_log_error(NGX_LOG_INFO, inv->call->log, 0, "%s", inv->refusal);

        return ngx_thrift_error_set(inv->call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                    "%s", inv->refusal);
    }

    ngx_log_error(NGX_LOG_INFO, inv->call->log, 0,
                  "client sent arguments that need more memory than "
                  "\"thrift_handler_memory\" allows: %uz bytes",
                  inv->call->conf->handler_memory);

    return ngx_thrift_error_set(inv->call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "arguments need too much memory");
}


/* NGX_DECLINED: no memory. */

static ngx_int_t
ngx_thrift_invocation_decode(ngx_thrift_invocation_t *inv,
    const nthrift_layout_t *layout)
{
    void                   *value;
    nthrift_bytes_t         bytes;
    nthrift_error_t         error;
    ngx_thrift_message_t   *request;
    ngx_thrift_segment_t   *next;

    error.text = NULL;

    request = ngx_thrift_invocation_request(inv);
    if (request == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_message_bytes(request, &bytes, &next);

    if (nthrift_decode_body(&inv->arena, inv->head.protocol, layout,
                            inv->rules->max_depth, &bytes, &value, &error)
        == NTHRIFT_OK)
    {
        inv->args = value;
        return NGX_OK;
    }

    if (error.text == NULL || error.text == nthrift_decode_no_memory) {
        return NGX_DECLINED;
    }

    /* with "thrift_validate off" nobody has looked at them before */

    ngx_log_error(NGX_LOG_INFO, inv->call->log, 0,
                  "client sent arguments that cannot be read: %s", error.text);

    return ngx_thrift_error_set(inv->call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "arguments cannot be read: %s", error.text);
}


/* What says the arguments; NULL: it cannot be read, the call's error is set. */

static ngx_thrift_message_t *
ngx_thrift_invocation_request(ngx_thrift_invocation_t *inv)
{
    ngx_str_t              why;
    ngx_thrift_message_t  *request;

    request = ngx_thrift_text_body(inv->call, &why);

    if (request == NULL) {
        ngx_log_error(NGX_LOG_INFO, inv->call->log, 0,
                      "client sent arguments that cannot be read: %V", &why);

        (void) ngx_thrift_error_set(inv->call, NTHRIFT_EXC_PROTOCOL_ERROR,
                                    400, "arguments cannot be read: %V", &why);
    }

    return request;
}


/* The whole message in one piece, as if it had come unframed; as above. */

static ngx_int_t
ngx_thrift_invocation_raw(ngx_thrift_invocation_t *inv)
{
    size_t           body;
    u_char          *p;
    nthrift_head_t   head;
    nthrift_raw_t   *raw;
    ngx_thrift_message_t   *request;

    request = ngx_thrift_invocation_request(inv);
    if (request == NULL) {
        return NGX_ERROR;
    }

    head = request->wire.head;
    head.transport = NTHRIFT_UNFRAMED;
    head.name = inv->call->method;

    body = request->wire.length - request->wire.head.size;

    raw = ngx_thrift_invocation_alloc(inv, sizeof(nthrift_raw_t));
    p = ngx_thrift_invocation_alloc(inv, nthrift_head_size(&head) + body);

    if (raw == NULL || p == NULL) {
        return NGX_DECLINED;
    }

    raw->data = p;
    raw->size = nthrift_head_size(&head) + body;
    raw->protocol = head.protocol;

    p = nthrift_head_write(p, &head, body);

    ngx_thrift_message_copy_body(request, p);

    inv->args = raw;

    return NGX_OK;
}


const nthrift_call_info_t *
ngx_thrift_invocation_info(ngx_thrift_invocation_t *inv)
{
    ngx_str_t             client, *service;
    nthrift_call_info_t  *info;

    info = &inv->info;

    if (inv->has_info) {
        return info;
    }

    inv->call->owner->client(inv->call, &client);

    service = &inv->call->target->service;

    info->seqid = inv->head.seqid;
    info->oneway = inv->oneway;

    if (ngx_thrift_invocation_copy(inv, &info->client, client.data, client.len)
        != NGX_OK
        || ngx_thrift_invocation_copy(inv, &info->service, service->data,
                                      service->len)
           != NGX_OK
        || ngx_thrift_invocation_copy(inv, &info->method, inv->head.name.data,
                                      inv->head.name.len)
           != NGX_OK)
    {
        return NULL;
    }

    inv->has_info = 1;

    return info;
}


static ngx_int_t
ngx_thrift_invocation_copy(ngx_thrift_invocation_t *inv, nthrift_str_t *to,
    const void *data, size_t len)
{
    to->data = ngx_thrift_invocation_keep(inv, data, len);
    to->len = len;

    return to->data ? NGX_OK : NGX_ERROR;
}
