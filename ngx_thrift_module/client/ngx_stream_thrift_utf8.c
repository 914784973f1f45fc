/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Names, texts and headers are whatever a client or a server has sent.  nginx's
 * "escape=json" leaves bytes that are no UTF-8 as they are, and who reads such
 * a line takes it for none.  Here they become "\xff".  Called by stream, for a
 * variable that is made for each one that stands in the configuration.
 */

#include "ngx_stream_thrift.h"

#include "bind/utf8.h"


#define NGX_STREAM_THRIFT_UTF8      (sizeof("thrift_utf8_") - 1)
#define NGX_STREAM_THRIFT_PREFIX    (sizeof("thrift_") - 1)


static ngx_int_t ngx_stream_thrift_add_utf8(ngx_conf_t *cf, ngx_str_t *name);
static ngx_int_t ngx_stream_thrift_utf8_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);
static u_char *ngx_stream_thrift_utf8_write(u_char *p, const u_char *from,
    const u_char *last);


ngx_int_t
ngx_stream_thrift_init_utf8(ngx_conf_t *cf)
{
    ngx_str_t                     name;
    ngx_uint_t                    i;
    ngx_stream_variable_t        *v;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    /* what is added stands behind, and may move all of them */

    for (i = 0; i < cmcf->variables.nelts; i++) {
        v = cmcf->variables.elts;
        name = v[i].name;

        if (name.len > NGX_STREAM_THRIFT_UTF8
            && ngx_strncmp(name.data, "thrift_utf8_", NGX_STREAM_THRIFT_UTF8)
               == 0
            && ngx_stream_thrift_add_utf8(cf, &name) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* The other one is used by it: if nobody knows that, nginx says so. */

static ngx_int_t
ngx_stream_thrift_add_utf8(ngx_conf_t *cf, ngx_str_t *name)
{
    size_t                  rest;
    u_char                 *p;
    ngx_int_t               index;
    ngx_str_t               other;
    ngx_stream_variable_t  *var;

    rest = name->len - NGX_STREAM_THRIFT_UTF8;

    other.len = NGX_STREAM_THRIFT_PREFIX + rest;
    other.data = ngx_pnalloc(cf->pool, other.len);

    if (other.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(other.data, "thrift_", NGX_STREAM_THRIFT_PREFIX);
    ngx_memcpy(p, name->data + NGX_STREAM_THRIFT_UTF8, rest);

    index = ngx_stream_get_variable_index(cf, &other);

    if (index == NGX_ERROR) {
        return NGX_ERROR;
    }

    var = ngx_stream_add_variable(cf, name, NGX_STREAM_VAR_NOCACHEABLE);

    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = ngx_stream_thrift_utf8_variable;
    var->data = (uintptr_t) index;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_utf8_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    u_char                       *p, *last;
    ngx_stream_variable_value_t  *value;

    value = ngx_stream_get_flushed_variable(s, (ngx_uint_t) data);

    if (value == NULL || value->not_found) {
        v->not_found = 1;
        return NGX_OK;
    }

    *v = *value;
    v->no_cacheable = 0;

    last = value->data + value->len;

    if (nthrift_utf8_check(value->data, last) == last) {
        return NGX_OK;
    }

    p = ngx_pnalloc(s->connection->pool, value->len * (sizeof("\\xff") - 1));
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;
    v->len = ngx_stream_thrift_utf8_write(p, value->data, last) - p;

    return NGX_OK;
}


static u_char *
ngx_stream_thrift_utf8_write(u_char *p, const u_char *from, const u_char *last)
{
    const u_char  *wrong;

    for ( ;; ) {
        wrong = nthrift_utf8_check(from, last);

        p = ngx_cpymem(p, from, wrong - from);

        if (wrong == last) {
            return p;
        }

        p = ngx_sprintf(p, "\\x%02xi", (ngx_uint_t) *wrong);
        from = wrong + 1;
    }
}
