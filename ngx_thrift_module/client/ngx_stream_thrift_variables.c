/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The variables of a call, described by a table: a name, and the function that
 * writes it.  Usable wherever stream evaluates variables with a call's own
 * session: log_format, map, split_clients, hash, thrift_pass, thrift_return.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_PREFIX   (sizeof("thrift_") - 1)
#define NGX_STREAM_THRIFT_UNKNOWN  256      /* bytes of what may be meant */


typedef ngx_int_t (*ngx_stream_thrift_value_pt)(ngx_thrift_call_t *call,
    ngx_str_t *value);

typedef struct {
    ngx_str_t                    name;
    ngx_stream_thrift_value_pt   handler;
    ngx_uint_t                   flags;
} ngx_stream_thrift_variable_t;


static ngx_uint_t ngx_stream_thrift_variable_is_ours(ngx_str_t *name);
static ngx_uint_t ngx_stream_thrift_variable_is_known(
    ngx_stream_core_main_conf_t *cmcf, ngx_str_t *name);
static void ngx_stream_thrift_unknown_variable(ngx_conf_t *cf,
    ngx_stream_core_main_conf_t *cmcf, ngx_str_t *name);
static ngx_int_t ngx_stream_thrift_add_generation(ngx_conf_t *cf);
static ngx_int_t ngx_stream_thrift_variable_generation(
    ngx_stream_session_t *s, ngx_stream_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_stream_thrift_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_stream_thrift_number(ngx_thrift_call_t *call,
    ngx_str_t *value, const char *fmt, ...);
static ngx_int_t ngx_stream_thrift_constant(ngx_str_t *value,
    const char *text);
static ngx_int_t ngx_stream_thrift_variable_type(ngx_thrift_call_t *call,
    ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_seqid(ngx_thrift_call_t *call,
    ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_protocol(ngx_thrift_call_t *call,
    ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_transport(ngx_thrift_call_t *call,
    ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_call_time(ngx_thrift_call_t *call,
    ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_start_nanoseconds(
    ngx_thrift_call_t *call, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_end_nanoseconds(
    ngx_thrift_call_t *call, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_queue_time(ngx_thrift_call_t *call,
    ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_handler_cpu_time(
    ngx_thrift_call_t *call, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_handler_time(
    ngx_thrift_call_t *call, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_attempts(ngx_thrift_call_t *call,
    ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_limit_status(
    ngx_thrift_call_t *call, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_request_length(
    ngx_thrift_call_t *call, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_variable_reply_length(
    ngx_thrift_call_t *call, ngx_str_t *value);


/* What is not known before the call has ended is not kept. */

static ngx_stream_thrift_variable_t  ngx_stream_thrift_variables[] = {

    { ngx_string("thrift_service"),
      ngx_stream_thrift_variable_service, 0 },

    { ngx_string("thrift_method"),
      ngx_stream_thrift_variable_method, 0 },

    { ngx_string("thrift_type"),
      ngx_stream_thrift_variable_type, 0 },

    { ngx_string("thrift_seqid"),
      ngx_stream_thrift_variable_seqid, 0 },

    { ngx_string("thrift_protocol"),
      ngx_stream_thrift_variable_protocol, 0 },

    { ngx_string("thrift_transport"),
      ngx_stream_thrift_variable_transport, 0 },

    { ngx_string("thrift_call_id"),
      ngx_stream_thrift_variable_call_id, 0 },

    { ngx_string("thrift_trace_id"),
      ngx_stream_thrift_variable_trace_id, 0 },

    { ngx_string("thrift_span_id"),
      ngx_stream_thrift_variable_span_id, 0 },

    { ngx_string("thrift_span"),
      ngx_stream_thrift_variable_span, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_parent_span_id"),
      ngx_stream_thrift_variable_parent_span_id, 0 },

    { ngx_string("thrift_trace_sampled"),
      ngx_stream_thrift_variable_trace_sampled, 0 },

    { ngx_string("thrift_traceparent"),
      ngx_stream_thrift_variable_traceparent, 0 },

    { ngx_string("thrift_status"),
      ngx_stream_thrift_variable_status, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_exception"),
      ngx_stream_thrift_variable_exception, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_call_time"),
      ngx_stream_thrift_variable_call_time, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_start_nanoseconds"),
      ngx_stream_thrift_variable_start_nanoseconds,
      NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_end_nanoseconds"),
      ngx_stream_thrift_variable_end_nanoseconds, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_queue_time"),
      ngx_stream_thrift_variable_queue_time, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_handler_time"),
      ngx_stream_thrift_variable_handler_time, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_handler_cpu_time"),
      ngx_stream_thrift_variable_handler_cpu_time,
      NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_attempts"),
      ngx_stream_thrift_variable_attempts, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_limit_status"),
      ngx_stream_thrift_variable_limit_status, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_string("thrift_request_length"),
      ngx_stream_thrift_variable_request_length, 0 },

    { ngx_string("thrift_reply_length"),
      ngx_stream_thrift_variable_reply_length, NGX_STREAM_VAR_NOCACHEABLE },

    { ngx_null_string, NULL, 0 }
};


ngx_int_t
ngx_stream_thrift_add_variables(ngx_conf_t *cf)
{
    ngx_stream_variable_t         *var;
    ngx_stream_thrift_variable_t  *v;

    for (v = ngx_stream_thrift_variables; v->name.len; v++) {

        var = ngx_stream_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = ngx_stream_thrift_variable;
        var->data = (uintptr_t) v->handler;
    }

    if (ngx_stream_thrift_add_generation(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_add_headers(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_add_arguments(cf);
}


/* The only one that is there without a call. */

static ngx_int_t
ngx_stream_thrift_add_generation(ngx_conf_t *cf)
{
    ngx_str_t               name = ngx_string("thrift_generation");
    ngx_stream_variable_t  *var;

    var = ngx_stream_add_variable(cf, &name, 0);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = ngx_stream_thrift_variable_generation;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_variable_generation(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    u_char  *p;

    p = ngx_pnalloc(s->connection->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;
    v->len = ngx_sprintf(p, "%ui", ngx_stream_thrift_channel_generation()) - p;

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    ngx_int_t                    rc;
    ngx_str_t                    value;
    ngx_thrift_call_t           *call;
    ngx_stream_thrift_value_pt   handler;

    call = ngx_stream_thrift_call_of(s);

    if (call == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    handler = (ngx_stream_thrift_value_pt) data;

    rc = handler(call, &value);

    if (rc == NGX_DECLINED) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    v->len = value.len;
    v->data = value.data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_number(ngx_thrift_call_t *call, ngx_str_t *value,
    const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_pnalloc(call->pool, 2 * NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    va_start(args, fmt);
    p = ngx_vslprintf(p, p + 2 * NGX_INT64_LEN, fmt, args);
    va_end(args);

    value->len = p - value->data;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_constant(ngx_str_t *value, const char *text)
{
    value->len = ngx_strlen(text);
    value->data = (u_char *) text;

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_variable_service(ngx_thrift_call_t *call, ngx_str_t *value)
{
    if (call->target && call->target->service.len) {
        *value = call->target->service;
        return NGX_OK;
    }

    value->len = call->prefix.len;
    value->data = call->prefix.data;

    return value->len ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_stream_thrift_variable_method(ngx_thrift_call_t *call, ngx_str_t *value)
{
    value->len = call->method.len;
    value->data = call->method.data;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_variable_type(ngx_thrift_call_t *call, ngx_str_t *value)
{
    return ngx_stream_thrift_constant(value,
                        nthrift_head_type_name(call->request.wire.head.type));
}


static ngx_int_t
ngx_stream_thrift_variable_seqid(ngx_thrift_call_t *call, ngx_str_t *value)
{
    return ngx_stream_thrift_number(call, value, "%D",
                                    call->request.wire.head.seqid);
}


static ngx_int_t
ngx_stream_thrift_variable_protocol(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    nthrift_head_t  *head;

    head = &call->request.wire.head;

    return ngx_stream_thrift_constant(value,
                    head->lax ? "lax" : nthrift_protocol_name(head->protocol));
}


static ngx_int_t
ngx_stream_thrift_variable_transport(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    return ngx_stream_thrift_constant(value,
                nthrift_transport_name(call->request.wire.head.transport));
}


ngx_int_t
ngx_stream_thrift_variable_status(ngx_thrift_call_t *call, ngx_str_t *value)
{
    static const char  *names[] = {
        "pending", "success", "declared", "exception", "sent", "failed",
        "cancelled", "cut", "refused"
    };

    return ngx_stream_thrift_constant(value, names[call->outcome]);
}


ngx_int_t
ngx_stream_thrift_variable_exception(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    u_char      *p;
    size_t       len;
    ngx_str_t    text;
    const char  *name;

    if (call->outcome == NGX_THRIFT_REFUSED) {
        *value = call->text;
        return NGX_OK;
    }

    if (call->outcome != NGX_THRIFT_EXCEPTION && !call->failed) {
        return NGX_DECLINED;
    }

    text.data = call->text.data;
    text.len = ngx_min(call->text.len, NGX_STREAM_THRIFT_MAX_VALUE);

    len = NGX_INT32_LEN + sizeof("INVALID_MESSAGE_TYPE_______: ") + text.len;

    p = ngx_pnalloc(call->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    name = nthrift_exception_type_name(call->exception);

    if (name) {
        p = ngx_snprintf(p, len, "%s: %V", name, &text);

    } else {
        p = ngx_snprintf(p, len, "%i: %V", call->exception, &text);
    }

    value->len = p - value->data;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_variable_call_time(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    ngx_msec_int_t  ms;

    ms = (ngx_msec_int_t) (ngx_current_msec + ngx_thrift_watch_behind()
                           - call->start);
    ms = ngx_max(ms, 0);

    return ngx_stream_thrift_number(call, value, "%T.%03M",
                                    (time_t) ms / 1000, ms % 1000);
}


static ngx_int_t
ngx_stream_thrift_variable_start_nanoseconds(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    return ngx_stream_thrift_number(call, value, "%uL",
                                    ngx_stream_thrift_nanoseconds()
                                    - ngx_stream_thrift_since(call));
}


/* Where calls are counted, one knows it better than nginx's clock. */

uint64_t
ngx_stream_thrift_since(ngx_thrift_call_t *call)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_thrift_get_call(call);

    if (tc->counted.start) {
        return ngx_thrift_clock() - tc->counted.start * 1000;
    }

    return (uint64_t) (ngx_current_msec + ngx_thrift_watch_behind()
                       - call->start) * 1000000;
}


static ngx_int_t
ngx_stream_thrift_variable_end_nanoseconds(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    return ngx_stream_thrift_number(call, value, "%uL",
                                    ngx_stream_thrift_nanoseconds());
}


uint64_t
ngx_stream_thrift_nanoseconds(void)
{
    struct timespec  now;

    (void) clock_gettime(CLOCK_REALTIME, &now);

    return (uint64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}


static ngx_int_t
ngx_stream_thrift_variable_queue_time(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    return ngx_stream_thrift_number(call, value, "%T.%03M",
                                    (time_t) (call->queued / 1000),
                                    call->queued % 1000);
}


static ngx_int_t
ngx_stream_thrift_variable_handler_time(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    uint64_t  ran;

    ran = call->invocation ? ngx_thrift_invocation_time(call->invocation) : 0;

    return ngx_stream_thrift_number(call, value, "%uL.%06uL", ran / 1000000,
                                    ran % 1000000);
}


static ngx_int_t
ngx_stream_thrift_variable_handler_cpu_time(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    uint64_t  cpu;

    cpu = call->invocation ? ngx_thrift_invocation_cpu_time(call->invocation)
                           : 0;

    return ngx_stream_thrift_number(call, value, "%uL.%06uL", cpu / 1000000,
                                    cpu % 1000000);
}


/* Whatever is written in the configuration is indexed. */

ngx_uint_t
ngx_stream_thrift_asks_cpu_time(ngx_cycle_t *cycle)
{
    ngx_str_t                     name = ngx_string("thrift_handler_cpu_time");
    ngx_uint_t                    i;
    ngx_stream_variable_t        *var;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_stream_core_module);
    var = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (var[i].name.len == name.len
            && ngx_memcmp(var[i].name.data, name.data, name.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_stream_thrift_variable_attempts(ngx_thrift_call_t *call, ngx_str_t *value)
{
    ngx_array_t  *states;

    states = ngx_stream_thrift_call_states(ngx_stream_thrift_get_call(call));

    return ngx_stream_thrift_number(call, value, "%ui",
                                    states ? states->nelts : 0);
}


static ngx_int_t
ngx_stream_thrift_variable_limit_status(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    const char  *text;

    text = ngx_stream_thrift_rate_status(
                                ngx_stream_thrift_get_call(call)->rate_status);

    return text ? ngx_stream_thrift_constant(value, text) : NGX_DECLINED;
}


static ngx_int_t
ngx_stream_thrift_variable_request_length(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    return ngx_stream_thrift_number(call, value, "%uL",
                                    call->request.wire.length + call->pruned);
}


static ngx_int_t
ngx_stream_thrift_variable_reply_length(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    return ngx_stream_thrift_number(call, value, "%uz", call->out_length);
}


/*
 * nginx refuses variables that nobody has, but does not say where they are
 * written.  One that is none of ours may still be added by a module that comes
 * later: it is only told of.
 */

ngx_int_t
ngx_stream_thrift_check_variables(ngx_conf_t *cf)
{
    ngx_uint_t                    i;
    ngx_stream_variable_t        *v;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (ngx_stream_thrift_variable_is_known(cmcf, &v[i].name)) {
            continue;
        }

        ngx_stream_thrift_unknown_variable(cf, cmcf, &v[i].name);

        if (ngx_stream_thrift_variable_is_ours(&v[i].name)) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_stream_thrift_variable_is_ours(ngx_str_t *name)
{
    return name->len > NGX_STREAM_THRIFT_PREFIX
           && ngx_strncmp(name->data, "thrift_", NGX_STREAM_THRIFT_PREFIX)
              == 0;
}


static ngx_uint_t
ngx_stream_thrift_variable_is_known(ngx_stream_core_main_conf_t *cmcf,
    ngx_str_t *name)
{
    ngx_uint_t              i;
    ngx_hash_key_t         *key;
    ngx_stream_variable_t  *prefix;

    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        if (key[i].key.len == name->len
            && ngx_strncmp(key[i].key.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    prefix = cmcf->prefix_variables.elts;

    for (i = 0; i < cmcf->prefix_variables.nelts; i++) {
        if (prefix[i].name.len <= name->len
            && ngx_strncmp(prefix[i].name.data, name->data,
                           prefix[i].name.len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_stream_thrift_unknown_variable(ngx_conf_t *cf,
    ngx_stream_core_main_conf_t *cmcf, ngx_str_t *name)
{
    size_t                      prefix;
    u_char                     *p, text[2 * NGX_STREAM_THRIFT_UNKNOWN];
    ngx_uint_t                  i, n, ours;
    nthrift_str_t               wrong, *known;
    ngx_hash_key_t             *key;
    nthrift_suggest_t           suggest;
    ngx_stream_thrift_where_t   where;

    /* names without "thrift_", which all of ours have */

    ours = ngx_stream_thrift_variable_is_ours(name);
    prefix = ours ? NGX_STREAM_THRIFT_PREFIX : 0;

    wrong.len = name->len - prefix;
    wrong.data = name->data + prefix;

    nthrift_suggest_init(&suggest, &wrong);

    key = cmcf->variables_keys->keys.elts;
    n = cmcf->variables_keys->keys.nelts;

    known = ngx_palloc(cf->temp_pool, n * sizeof(nthrift_str_t));

    for (i = 0; known && i < n; i++) {
        if (!ours || ngx_stream_thrift_variable_is_ours(&key[i].key)) {
            known[i].len = key[i].key.len - prefix;
            known[i].data = key[i].key.data + prefix;

            nthrift_suggest_try(&suggest, &known[i]);
        }
    }

    p = text;

    if (suggest.best) {
        p = ngx_slprintf(p, text + NGX_STREAM_THRIFT_UNKNOWN,
                         " (did you mean \"$%*s%*s\"?)", prefix, name->data,
                         suggest.best->len, suggest.best->data);
    }

    if (ngx_stream_thrift_find_variable(cf, name, &where) == NGX_OK) {
        p = ngx_slprintf(p, text + sizeof(text), " in %V:%ui", &where.file,
                         where.line);
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "no variable \"$%V\" is defined"
                  "%*s", name, (size_t) (p - text), text);
}
