/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_status html: the page, which asks for its numbers at its own location,
 * with the query "format=json".  It is the same text for everybody: nothing is
 * put into it, and its policy names the only script and style that may be used
 * by their hashes.
 */

#include "ngx_http_thrift.h"

#include "page/ngx_http_thrift_page_text.h"


#define NGX_HTTP_THRIFT_POLICY                                                \
    "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; "     \
    "connect-src 'self'; img-src data:; base-uri 'none'; "                    \
    "form-action 'none'; frame-ancestors 'none'; "                            \
    "require-trusted-types-for 'script'; trusted-types 'none'"


static ngx_int_t ngx_http_thrift_page_add(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);


char *
ngx_http_thrift_page_init(ngx_conf_t *cf, ngx_http_thrift_loc_conf_t *tlcf)
{
    size_t  size;

    size = sizeof(NGX_HTTP_THRIFT_POLICY)
           + ngx_strlen(ngx_http_thrift_page_script)
           + ngx_strlen(ngx_http_thrift_page_style);

    tlcf->policy.data = ngx_pnalloc(cf->pool, size);
    if (tlcf->policy.data == NULL) {
        return NGX_CONF_ERROR;
    }

    tlcf->policy.len = ngx_snprintf(tlcf->policy.data, size,
                                    NGX_HTTP_THRIFT_POLICY,
                                    ngx_http_thrift_page_script,
                                    ngx_http_thrift_page_style)
                       - tlcf->policy.data;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_thrift_page_asks(ngx_http_request_t *r, const char *name,
    const char *wanted)
{
    ngx_str_t  value;

    return ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &value) == NGX_OK
           && value.len == ngx_strlen(wanted)
           && ngx_strncmp(value.data, wanted, value.len) == 0;
}


ngx_int_t
ngx_http_thrift_page_handler(ngx_http_request_t *r)
{
    ngx_str_t                    type, nosniff, referrer, cache;
    ngx_http_complex_value_t     cv;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    ngx_str_set(&type, "text/html");
    ngx_str_set(&nosniff, "nosniff");
    ngx_str_set(&referrer, "no-referrer");
    ngx_str_set(&cache, "no-cache");

    if (ngx_http_thrift_page_add(r, "Content-Security-Policy", &tlcf->policy)
        != NGX_OK
        || ngx_http_thrift_page_add(r, "X-Content-Type-Options", &nosniff)
           != NGX_OK
        || ngx_http_thrift_page_add(r, "Referrer-Policy", &referrer) != NGX_OK
        || ngx_http_thrift_page_add(r, "Cache-Control", &cache) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&r->headers_out.charset, "utf-8");

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));

    cv.value.data = (u_char *) ngx_http_thrift_page_text;
    cv.value.len = ngx_http_thrift_page_size;

    return ngx_http_send_response(r, NGX_HTTP_OK, &type, &cv);
}


static ngx_int_t
ngx_http_thrift_page_add(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return NGX_OK;
}
