/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Info headers.  Those of a call are found where it was received.  fbthrift's
 * clients send some of them once, for all calls of their connection: they are
 * kept here, and servers get them with each call, as its own, since clients
 * share connections.  Called by the session, by the step "pass" for the headers
 * that a server gets, and by stream for variables.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_HEADER  (sizeof("thrift_header_") - 1)


/* Persistent headers of a connection, of thrift_max_header_size at most. */

#define NGX_STREAM_THRIFT_PERSISTENT  64


typedef struct {
    nthrift_str_t                name;
    ngx_stream_complex_value_t   value;
} ngx_stream_thrift_header_t;


/* Their values, for one call. */

typedef struct {
    ngx_array_t                 *conf;      /* ngx_stream_thrift_header_t */
    nthrift_str_t               *values;
} ngx_stream_thrift_set_headers_t;


static ngx_int_t ngx_stream_thrift_header_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);
static ngx_uint_t ngx_stream_thrift_header_is(nthrift_str_t *header,
    u_char *name, size_t len);
static const char *ngx_stream_thrift_keep_headers(
    ngx_stream_thrift_session_t *ts, const nthrift_str_t *info);
static ngx_uint_t ngx_stream_thrift_kept_headers(
    nthrift_str_t names[], nthrift_str_t values[], const nthrift_str_t *info,
    ngx_uint_t n, ngx_uint_t persistent);
static ngx_int_t ngx_stream_thrift_replace_headers(
    ngx_stream_thrift_session_t *ts, u_char *data, size_t len);
static void ngx_stream_thrift_drop_headers(void *data);
static void ngx_stream_thrift_add_call_headers(ngx_thrift_headers_t *list,
    const nthrift_str_t *kept, const nthrift_str_t *info);
static ngx_int_t ngx_stream_thrift_header_values(ngx_thrift_call_t *call,
    ngx_stream_thrift_set_headers_t *set);
static void ngx_stream_thrift_add_set_headers(ngx_thrift_headers_t *list,
    ngx_stream_thrift_set_headers_t *set, const nthrift_str_t *info);
static ngx_uint_t ngx_stream_thrift_header_is_set(
    ngx_stream_thrift_set_headers_t *set, nthrift_str_t *name);


ngx_int_t
ngx_stream_thrift_add_headers(ngx_conf_t *cf)
{
    ngx_str_t               name = ngx_string("thrift_header_");
    ngx_stream_variable_t  *var;

    /* a log gets the beginning of a long one, others get all of it */

    var = ngx_stream_add_variable(cf, &name, NGX_STREAM_VAR_PREFIX
                                             |NGX_STREAM_VAR_NOCACHEABLE);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = ngx_stream_thrift_header_variable;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_header_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *variable = (ngx_str_t *) data;

    ngx_str_t           name;
    nthrift_str_t       value;
    ngx_thrift_call_t  *call;

    call = ngx_stream_thrift_call_of(s);

    name.data = variable->data + NGX_STREAM_THRIFT_HEADER;
    name.len = variable->len - NGX_STREAM_THRIFT_HEADER;

    if (call == NULL
        || ngx_stream_thrift_find_header(call, &name, &value) != NGX_OK)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = value.data;
    v->len = value.len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    if (ngx_stream_thrift_get_call(call)->logging) {
        v->len = ngx_min(v->len, NGX_STREAM_THRIFT_MAX_VALUE);
    }

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_find_header(ngx_thrift_call_t *call, ngx_str_t *name,
    nthrift_str_t *value)
{
    ngx_int_t               rc;
    nthrift_str_t           header, found;
    nthrift_theader_info_t  walk;

    rc = NGX_DECLINED;

    if (call->headers.len == 0) {
        return rc;
    }

    nthrift_theader_info_start(&walk, &call->headers);

    while (nthrift_theader_info_next(&walk, &header, &found) == NTHRIFT_OK) {
        if (ngx_stream_thrift_header_is(&header, name->data, name->len)) {
            *value = found;
            rc = NGX_OK;
        }
    }

    return rc;
}


/* As nginx does it with $http_NAME. */

static ngx_uint_t
ngx_stream_thrift_header_is(nthrift_str_t *header, u_char *name, size_t len)
{
    u_char  c;
    size_t  i;

    if (header->len != len) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        c = ngx_tolower(header->data[i]);

        if (name[i] != ((c == '-') ? '_' : c)) {
            return 0;
        }
    }

    return 1;
}


const char *
ngx_stream_thrift_take_headers(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call)
{
    ngx_int_t              rc;
    const char            *error;
    nthrift_str_t         *info;
    ngx_thrift_headers_t   list;

    info = &call->request.wire.head.info;

    call->headers = *info;

    if (ngx_thrift_headers_persist(info)) {
        error = ngx_stream_thrift_keep_headers(ts, info);

        if (error) {
            call->headers.len = 0;
            return error;
        }
    }

    if (ts->headers.len == 0) {
        return NULL;
    }

    ngx_thrift_headers_start(&list);
    ngx_stream_thrift_add_call_headers(&list, &ts->headers, info);

    rc = ngx_thrift_headers_write(&list, &call->headers, call->pool);

    if (rc == NGX_OK) {
        ngx_stream_thrift_add_call_headers(&list, &ts->headers, info);
        call->owner->hold(call, (off_t) call->headers.len);
        return NULL;
    }

    return (rc == NGX_ERROR) ? "no memory for headers" : "too many headers";
}


/* What is said later holds, and a call's own before what is persistent. */

static void
ngx_stream_thrift_add_call_headers(ngx_thrift_headers_t *list,
    const nthrift_str_t *kept, const nthrift_str_t *info)
{
    nthrift_str_t           name, value;
    nthrift_theader_info_t  walk;

    nthrift_theader_info_start(&walk, kept);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        ngx_thrift_headers_add(list, &name, &value);
    }

    nthrift_theader_info_start(&walk, info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        if (!walk.persistent) {
            ngx_thrift_headers_add(list, &name, &value);
        }
    }
}


/* Puts those of `info` that are persistent in place of others of their name. */

static const char *
ngx_stream_thrift_keep_headers(ngx_stream_thrift_session_t *ts,
    const nthrift_str_t *info)
{
    u_char         *data, *p;
    size_t          size;
    ngx_uint_t      i, n;
    nthrift_str_t   names[NGX_STREAM_THRIFT_PERSISTENT];
    nthrift_str_t   values[NGX_STREAM_THRIFT_PERSISTENT];

    n = ngx_stream_thrift_kept_headers(names, values, &ts->headers, 0, 0);
    n = ngx_stream_thrift_kept_headers(names, values, info, n, 1);

    size = nthrift_theader_block_size(n);

    for (i = 0; i < n && n <= NGX_STREAM_THRIFT_PERSISTENT; i++) {
        size += nthrift_theader_pair_size(&names[i], &values[i]);
    }

    if (n > NGX_STREAM_THRIFT_PERSISTENT || size > ts->conf->max_header_size) {
        return "too many persistent headers";
    }

    if (!ngx_stream_thrift_session_may_hold_headers(ts,
                                    (off_t) size - (off_t) ts->headers.len))
    {
        return "persistent headers, and calls hold too much memory";
    }

    data = ngx_alloc(size, ts->connection->log);

    if (data == NULL) {
        return "no memory for headers";
    }

    p = nthrift_theader_block_write(data, n);

    for (i = 0; i < n; i++) {
        p = nthrift_theader_pair_write(p, &names[i], &values[i]);
    }

    if (ngx_stream_thrift_replace_headers(ts, data, p - data) != NGX_OK) {
        ngx_free(data);
        return "no memory for headers";
    }

    return NULL;
}


/* The session owns `data`, unless it is an error. */

static ngx_int_t
ngx_stream_thrift_replace_headers(ngx_stream_thrift_session_t *ts,
    u_char *data, size_t len)
{
    ngx_pool_cleanup_t  *cln;

    if (ts->headers.data == NULL) {
        cln = ngx_pool_cleanup_add(ts->connection->pool, 0);

        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->handler = ngx_stream_thrift_drop_headers;
        cln->data = ts;
    }

    ngx_stream_thrift_drop_headers(ts);

    ts->headers.data = data;
    ts->headers.len = len;

    ngx_stream_thrift_session_hold_headers(ts, (off_t) len);

    return NGX_OK;
}


/* How many there are, with `n` others; the place behind the last is not one. */

static ngx_uint_t
ngx_stream_thrift_kept_headers(nthrift_str_t names[], nthrift_str_t values[],
    const nthrift_str_t *info, ngx_uint_t n, ngx_uint_t persistent)
{
    ngx_uint_t              i;
    nthrift_str_t           name, value;
    nthrift_theader_info_t  walk;

    nthrift_theader_info_start(&walk, info);

    while (n <= NGX_STREAM_THRIFT_PERSISTENT
           && nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK)
    {
        if (walk.persistent != persistent) {
            continue;
        }

        for (i = 0; i < n && !nthrift_str_equal(&names[i], &name); i++) {
            /* void */
        }

        if (i == NGX_STREAM_THRIFT_PERSISTENT) {
            return i + 1;
        }

        names[i] = name;
        values[i] = value;

        n += (i == n);
    }

    return n;
}


static void
ngx_stream_thrift_drop_headers(void *data)
{
    ngx_stream_thrift_session_t  *ts = data;

    if (ts->headers.data) {
        ngx_stream_thrift_session_hold_headers(ts, -(off_t) ts->headers.len);

        ngx_free(ts->headers.data);
        ts->headers.data = NULL;
        ts->headers.len = 0;
    }
}


ngx_int_t
ngx_stream_thrift_headers(ngx_thrift_call_t *call, nthrift_str_t *info)
{
    ngx_int_t                         rc;
    ngx_thrift_headers_t              list;
    ngx_stream_thrift_set_headers_t   set;

    set.conf = ((ngx_stream_thrift_call_conf_t *) call->conf)->headers;

    if (set.conf == NULL) {
        *info = call->headers;
        return NGX_OK;
    }

    if (ngx_stream_thrift_header_values(call, &set) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_thrift_headers_start(&list);
    ngx_stream_thrift_add_set_headers(&list, &set, &call->headers);

    rc = ngx_thrift_headers_write(&list, info, call->pool);

    if (rc == NGX_OK) {
        ngx_stream_thrift_add_set_headers(&list, &set, &call->headers);
        call->owner->hold(call, (off_t) info->len);
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (list.n == 0) {
        return NGX_OK;
    }

    /* all that is long of them is the client's */

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "headers of the call are too large: %uz bytes", list.size);

    return ngx_thrift_error_set(call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "headers are too large");
}


static ngx_int_t
ngx_stream_thrift_header_values(ngx_thrift_call_t *call,
    ngx_stream_thrift_set_headers_t *set)
{
    ngx_str_t                    value;
    ngx_uint_t                   i;
    ngx_stream_session_t        *s;
    ngx_stream_thrift_header_t  *header;

    s = ngx_stream_thrift_call_session(ngx_stream_thrift_get_call(call));
    header = set->conf->elts;

    set->values = ngx_palloc(call->pool,
                             set->conf->nelts * sizeof(nthrift_str_t));
    if (set->values == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < set->conf->nelts; i++) {
        if (ngx_stream_complex_value(s, &header[i].value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        set->values[i].data = value.data;
        set->values[i].len = ngx_min(value.len, NTHRIFT_MAX_HEADER);
    }

    return NGX_OK;
}


/* An empty value: the header does not go to the server. */

static void
ngx_stream_thrift_add_set_headers(ngx_thrift_headers_t *list,
    ngx_stream_thrift_set_headers_t *set, const nthrift_str_t *info)
{
    ngx_uint_t                   i;
    nthrift_str_t                name, value;
    nthrift_theader_info_t       walk;
    ngx_stream_thrift_header_t  *header;

    nthrift_theader_info_start(&walk, info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        if (!ngx_stream_thrift_header_is_set(set, &name)) {
            ngx_thrift_headers_add(list, &name, &value);
        }
    }

    header = set->conf->elts;

    for (i = 0; i < set->conf->nelts; i++) {
        if (set->values[i].len) {
            ngx_thrift_headers_add(list, &header[i].name, &set->values[i]);
        }
    }
}


static ngx_uint_t
ngx_stream_thrift_header_is_set(ngx_stream_thrift_set_headers_t *set,
    nthrift_str_t *name)
{
    ngx_uint_t                   i;
    ngx_stream_thrift_header_t  *header;

    header = set->conf->elts;

    for (i = 0; i < set->conf->nelts; i++) {
        if (header[i].name.len == name->len
            && ngx_strncasecmp(header[i].name.data, name->data, name->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


char *
ngx_stream_thrift_set_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_str_t                   *value;
    ngx_stream_thrift_header_t  *header;

    value = cf->args->elts;

    if (value[1].len == 0 || value[1].len > NTHRIFT_MAX_NAME) {
        return ngx_stream_thrift_bad_value(cf, &value[1],
                                           "a header's name and its value");
    }

    if (value[1].data[value[1].len - 1] == ':') {
        return ngx_stream_thrift_bad_value(cf, &value[1],
                                           "a header's name, without \":\"");
    }

    if (tccf->headers == NGX_CONF_UNSET_PTR) {
        tccf->headers = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_stream_thrift_header_t));
        if (tccf->headers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    header = ngx_array_push(tccf->headers);
    if (header == NULL) {
        return NGX_CONF_ERROR;
    }

    header->name.data = value[1].data;
    header->name.len = value[1].len;

    return (ngx_stream_thrift_compile_at(cf, &value[2], &header->value)
            == NGX_OK) ? NGX_CONF_OK : NGX_CONF_ERROR;
}
