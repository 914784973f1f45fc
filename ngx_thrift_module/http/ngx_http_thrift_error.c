/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a gateway says when there is no reply to show: the JSON of a
 * TApplicationException, as docs/json.md has it.
 */

#include "ngx_http_thrift.h"


#define NGX_HTTP_THRIFT_ERROR                                                 \
    "{\"exception\":{\"type\":\"TApplicationException\",\"code\":%D,"         \
    "\"name\":\"%s\",\"message\":\""


ngx_int_t
ngx_http_thrift_send_error(ngx_http_request_t *r, ngx_uint_t status,
    int32_t type, ngx_str_t *text)
{
    ngx_str_t                 json;
    ngx_http_complex_value_t  cv;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "client called by JSON: %V", text);

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value = ngx_http_thrift_error_json(r, type, text);

    if (cv.value.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&json, "application/json");

    return ngx_http_send_response(r, status, &json, &cv);
}


ngx_str_t
ngx_http_thrift_error_json(ngx_http_request_t *r, int32_t type,
    ngx_str_t *text)
{
    u_char      *p;
    size_t       size;
    ngx_str_t    json;
    const char  *name;

    ngx_str_null(&json);

    name = nthrift_exception_type_name(type);

    size = sizeof(NGX_HTTP_THRIFT_ERROR) + NGX_INT32_LEN + ngx_strlen(name)
           + text->len + ngx_escape_json(NULL, text->data, text->len)
           + sizeof("\"}}") - 1;

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return json;
    }

    json.data = p;

    p = ngx_sprintf(p, NGX_HTTP_THRIFT_ERROR, type, name);
    p = (u_char *) ngx_escape_json(p, text->data, text->len);
    p = ngx_cpymem(p, "\"}}", sizeof("\"}}") - 1);

    json.len = p - json.data;

    return json;
}
