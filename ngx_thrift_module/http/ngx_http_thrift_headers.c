/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Info headers of calls that come by http: the trace of the request, and what
 * thrift_call_header says.  Called for each call that is handed over.
 */

#include "ngx_http_thrift.h"


/* Of a trace's headers; what is longer stays behind. */

#define NGX_HTTP_THRIFT_HEADER  1024        /* bytes */


typedef struct {
    ngx_str_t                 name;
    ngx_http_complex_value_t  value;
    ngx_str_t                 text;         /* of the directive, ... */
    u_char                   *file_name;    /* ... which stands there */
    ngx_uint_t                line;
    ngx_uint_t                checked;
} ngx_http_thrift_header_t;


static void ngx_http_thrift_headers_check_value(ngx_conf_t *cf,
    ngx_http_thrift_header_t *header);
static ngx_uint_t ngx_http_thrift_headers_known(ngx_conf_t *cf,
    ngx_str_t *name);
static ngx_int_t ngx_http_thrift_headers_trace(ngx_http_request_t *r,
    ngx_array_t *configured, ngx_array_t *headers);
static void ngx_http_thrift_headers_find(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
static ngx_uint_t ngx_http_thrift_headers_has(ngx_array_t *configured,
    ngx_str_t *name);
static ngx_int_t ngx_http_thrift_headers_push(ngx_array_t *headers,
    ngx_str_t *name, ngx_str_t *value);


char *
ngx_http_thrift_call_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_thrift_loc_conf_t  *tlcf = conf;

    ngx_str_t                         *value;
    ngx_http_thrift_header_t          *header;
    ngx_http_compile_complex_value_t   ccv;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    if (value[1].data[value[1].len - 1] == ':') {
        return "has a name that ends with \":\"";
    }

    if (tlcf->headers == NULL) {
        tlcf->headers = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_http_thrift_header_t));
        if (tlcf->headers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_thrift_headers_has(tlcf->headers, &value[1])) {
        return "has the same name twice";
    }

    header = ngx_array_push(tlcf->headers);
    if (header == NULL) {
        return NGX_CONF_ERROR;
    }

    header->name = value[1];
    header->text = value[2];
    header->file_name = cf->conf_file->file.name.data;
    header->line = cf->conf_file->line;
    header->checked = 0;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &header->value;

    return (ngx_http_compile_complex_value(&ccv) == NGX_OK) ? NGX_CONF_OK
                                                            : NGX_CONF_ERROR;
}


/*
 * nginx refuses variables that nobody has, but does not say where they are
 * written.
 */

void
ngx_http_thrift_headers_check(ngx_conf_t *cf, ngx_array_t *headers)
{
    ngx_uint_t                 i;
    ngx_http_thrift_header_t  *header;

    header = headers ? headers->elts : NULL;

    for (i = 0; header && i < headers->nelts; i++) {
        if (!header[i].checked) {
            header[i].checked = 1;
            ngx_http_thrift_headers_check_value(cf, &header[i]);
        }
    }
}


/* "$name", "${name}"; "$1" is a part of what a regular expression has found. */

static void
ngx_http_thrift_headers_check_value(ngx_conf_t *cf,
    ngx_http_thrift_header_t *header)
{
    u_char     *p, *last;
    ngx_str_t   name;

    p = header->text.data;
    last = p + header->text.len;

    while (p < last) {

        if (*p++ != '$') {
            continue;
        }

        p += (p < last && *p == '{');
        name.data = p;

        while (p < last && (*p == '_' || (*p >= '0' && *p <= '9')
                            || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')))
        {
            p++;
        }

        name.len = p - name.data;

        if (name.len && (*name.data < '0' || *name.data > '9')
            && !ngx_http_thrift_headers_known(cf, &name))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "no variable \"$%V\" is defined in %s:%ui", &name,
                          header->file_name, header->line);
        }
    }
}


static ngx_uint_t
ngx_http_thrift_headers_known(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_hash_key_t             *key;
    ngx_http_variable_t        *prefix;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        if (key[i].key.len == name->len
            && ngx_strncasecmp(key[i].key.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    prefix = cmcf->prefix_variables.elts;

    for (i = 0; i < cmcf->prefix_variables.nelts; i++) {
        if (prefix[i].name.len <= name->len
            && ngx_strncasecmp(prefix[i].name.data, name->data,
                               prefix[i].name.len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_array_t *
ngx_http_thrift_headers(ngx_http_request_t *r)
{
    ngx_str_t                    value;
    ngx_uint_t                   i;
    ngx_array_t                 *headers;
    ngx_http_thrift_header_t    *header;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);
    headers = ngx_array_create(r->pool, 4, sizeof(ngx_keyval_t));

    if (headers == NULL
        || ngx_http_thrift_headers_trace(r, tlcf->headers, headers) != NGX_OK)
    {
        return NULL;
    }

    header = tlcf->headers ? tlcf->headers->elts : NULL;

    for (i = 0; header && i < tlcf->headers->nelts; i++) {

        if (ngx_http_complex_value(r, &header[i].value, &value) != NGX_OK
            || ngx_http_thrift_headers_push(headers, &header[i].name, &value)
               != NGX_OK)
        {
            return NULL;
        }
    }

    return headers;
}


/* The state says nothing without the trace. */

static ngx_int_t
ngx_http_thrift_headers_trace(ngx_http_request_t *r, ngx_array_t *configured,
    ngx_array_t *headers)
{
    ngx_str_t  parent = ngx_string("traceparent");
    ngx_str_t  state = ngx_string("tracestate");

    ngx_str_t  value;

    if (ngx_http_thrift_headers_has(configured, &parent)) {
        return NGX_OK;
    }

    ngx_http_thrift_headers_find(r, &parent, &value);

    if (value.len == 0) {
        return NGX_OK;
    }

    if (ngx_http_thrift_headers_push(headers, &parent, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_thrift_headers_has(configured, &state)) {
        return NGX_OK;
    }

    ngx_http_thrift_headers_find(r, &state, &value);

    return ngx_http_thrift_headers_push(headers, &state, &value);
}


/* Of several there is none: which one would hold is not said. */

static void
ngx_http_thrift_headers_find(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    ngx_str_null(value);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len != name->len
                || ngx_strncasecmp(h[i].key.data, name->data, name->len) != 0)
            {
                continue;
            }

            if (value->data || h[i].value.len > NGX_HTTP_THRIFT_HEADER) {
                value->len = 0;
                return;
            }

            *value = h[i].value;
        }
    }
}


static ngx_uint_t
ngx_http_thrift_headers_has(ngx_array_t *configured, ngx_str_t *name)
{
    ngx_uint_t                 i;
    ngx_http_thrift_header_t  *header;

    if (configured == NULL) {
        return 0;
    }

    header = configured->elts;

    for (i = 0; i < configured->nelts; i++) {
        if (header[i].name.len == name->len
            && ngx_strncasecmp(header[i].name.data, name->data, name->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* One without a value is none. */

static ngx_int_t
ngx_http_thrift_headers_push(ngx_array_t *headers, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_keyval_t  *header;

    if (value->len == 0) {
        return NGX_OK;
    }

    header = ngx_array_push(headers);
    if (header == NULL) {
        return NGX_ERROR;
    }

    header->key = *name;
    header->value = *value;

    return NGX_OK;
}
