/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers of calls, for logs and for other services.  A call that comes without
 * a trace begins one; nothing of this is made before somebody asks for it.
 * Called by stream for variables, and by whoever makes calls for others.
 */

#include "ngx_stream_thrift.h"


static uint64_t ngx_stream_thrift_process_id(void);
static ngx_int_t ngx_stream_thrift_trace_read(ngx_stream_thrift_call_t *tc);
static void ngx_stream_thrift_trace_random(u_char *p, size_t n);
static ngx_uint_t ngx_stream_thrift_trace_decide(
    ngx_stream_thrift_call_t *tc);
static ngx_int_t ngx_stream_thrift_trace_hex(ngx_thrift_call_t *call,
    ngx_str_t *value, u_char *bytes, size_t n);


/* Debug lines say the same number of a call as its id ends with. */

ngx_int_t
ngx_stream_thrift_variable_call_id(ngx_thrift_call_t *call, ngx_str_t *value)
{
    u_char  *last;

    value->data = ngx_pnalloc(call->pool, NGX_THRIFT_CALL_ID);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    last = ngx_stream_thrift_trace_write_call_id(value->data,
                                            ngx_stream_thrift_get_call(call));
    value->len = last - value->data;

    return NGX_OK;
}


u_char *
ngx_stream_thrift_trace_write_call_id(u_char *p, ngx_stream_thrift_call_t *tc)
{
    tc->identified = 1;

    return ngx_thrift_call_id_write(p, ngx_stream_thrift_process_id(),
                                    tc->call.number);
}


ngx_uint_t
ngx_stream_thrift_trace_call_id(ngx_stream_thrift_call_t *tc,
    ngx_thrift_call_id_t *id)
{
    ngx_stream_thrift_trace_t  *trace;

    trace = &tc->trace;

    id->named = tc->identified;
    id->traced = tc->traced && (trace->own.flags & NTHRIFT_TRACE_SAMPLED);

    if (id->named) {
        id->process = ngx_stream_thrift_process_id();
        id->number = tc->call.number;
    }

    if (id->traced) {
        ngx_memcpy(id->trace, trace->own.trace, NTHRIFT_TRACE_SIZE);
    }

    return id->named || id->traced;
}


/* No other process has it, of this machine or of another one. */

static uint64_t
ngx_stream_thrift_process_id(void)
{
    static uint64_t   id;
    static ngx_pid_t  pid;

    if (pid != ngx_pid) {
        pid = ngx_pid;
        id = ngx_thrift_random_id();
    }

    return id;
}


void
ngx_stream_thrift_trace_follow(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_call_t *from)
{
    ngx_stream_thrift_trace_t  *trace;

    (void) ngx_stream_thrift_trace(from);
    (void) ngx_stream_thrift_trace_is_sampled(from);

    tc->traced = 1;
    tc->identified = from->identified;

    trace = &tc->trace;
    *trace = from->trace;

    ngx_memcpy(trace->parent, from->trace.own.span, NTHRIFT_SPAN_SIZE);
    trace->has_parent = 1;

    ngx_stream_thrift_trace_random(trace->own.span, NTHRIFT_SPAN_SIZE);
}


ngx_stream_thrift_trace_t *
ngx_stream_thrift_trace(ngx_stream_thrift_call_t *tc)
{
    ngx_stream_thrift_trace_t  *trace;

    trace = &tc->trace;

    if (tc->traced) {
        return trace;
    }

    tc->traced = 1;
    trace->decided = 0;
    trace->has_parent = 0;

    if (ngx_stream_thrift_trace_read(tc) != NGX_OK) {
        ngx_stream_thrift_trace_random(trace->own.trace, NTHRIFT_TRACE_SIZE);
        trace->own.flags = 0;
    }

    ngx_stream_thrift_trace_random(trace->own.span, NTHRIFT_SPAN_SIZE);

    return trace;
}


/* What the client says of it. */

static ngx_int_t
ngx_stream_thrift_trace_read(ngx_stream_thrift_call_t *tc)
{
    ngx_str_t      name = ngx_string("traceparent");
    nthrift_str_t  value;

    ngx_stream_thrift_trace_t  *trace;

    trace = &tc->trace;

    if (ngx_stream_thrift_find_header(&tc->call, &name, &value) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (nthrift_traceparent_read(&value, &trace->own) != NTHRIFT_OK) {
        ngx_log_debug1(NGX_LOG_DEBUG_STREAM, tc->call.log, 0,
                       "thrift call %ui: its \"traceparent\" is not valid",
                       tc->call.number);
        return NGX_DECLINED;
    }

    ngx_memcpy(trace->parent, trace->own.span, NTHRIFT_SPAN_SIZE);

    trace->has_parent = 1;
    trace->decided = 1;

    return NGX_OK;
}


/* Of a trace or of a span; one of zeros means that there is none. */

static void
ngx_stream_thrift_trace_random(u_char *p, size_t n)
{
    u_char    *last;
    uint64_t   id;

    for (last = p + n; p != last; p += sizeof(id)) {
        id = ngx_thrift_random_id();
        ngx_memcpy(p, &id, sizeof(id));
    }
}


/* A value that asks for the answer itself is told "no". */

ngx_uint_t
ngx_stream_thrift_trace_is_sampled(ngx_stream_thrift_call_t *tc)
{
    ngx_stream_thrift_trace_t  *trace;

    trace = ngx_stream_thrift_trace(tc);

    if (!trace->decided) {
        trace->decided = 1;

        if (ngx_stream_thrift_trace_decide(tc)) {
            trace->own.flags |= NTHRIFT_TRACE_SAMPLED;
        }
    }

    return trace->own.flags & NTHRIFT_TRACE_SAMPLED;
}


static ngx_uint_t
ngx_stream_thrift_trace_decide(ngx_stream_thrift_call_t *tc)
{
    ngx_str_t                       value;
    ngx_stream_complex_value_t     *sample;
    ngx_stream_thrift_call_conf_t  *tccf;

    tccf = (ngx_stream_thrift_call_conf_t *) tc->call.conf;
    sample = tccf->trace_sample;

    if (sample == NULL) {
        return 0;
    }

    if (sample->lengths == NULL) {

        /* "on" or "off" */

        return sample->value.len == sizeof("on") - 1;
    }

    return ngx_stream_thrift_is_set(tc, sample, &value)
           && !(value.len == 3 && ngx_strncmp(value.data, "off", 3) == 0);
}


ngx_uint_t
ngx_stream_thrift_is_set(ngx_stream_thrift_call_t *tc,
    ngx_stream_complex_value_t *condition, ngx_str_t *value)
{
    return ngx_stream_complex_value(ngx_stream_thrift_call_session(tc),
                                    condition, value)
           == NGX_OK
           && value->len != 0
           && !(value->len == 1 && value->data[0] == '0');
}


ngx_int_t
ngx_stream_thrift_variable_trace_id(ngx_thrift_call_t *call, ngx_str_t *value)
{
    ngx_stream_thrift_trace_t  *trace;

    trace = ngx_stream_thrift_trace(ngx_stream_thrift_get_call(call));

    return ngx_stream_thrift_trace_hex(call, value, trace->own.trace,
                                       NTHRIFT_TRACE_SIZE);
}


ngx_int_t
ngx_stream_thrift_variable_span_id(ngx_thrift_call_t *call, ngx_str_t *value)
{
    ngx_stream_thrift_trace_t  *trace;

    trace = ngx_stream_thrift_trace(ngx_stream_thrift_get_call(call));

    return ngx_stream_thrift_trace_hex(call, value, trace->own.span,
                                       NTHRIFT_SPAN_SIZE);
}


ngx_int_t
ngx_stream_thrift_variable_parent_span_id(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    ngx_stream_thrift_trace_t  *trace;

    trace = ngx_stream_thrift_trace(ngx_stream_thrift_get_call(call));

    return trace->has_parent
           ? ngx_stream_thrift_trace_hex(call, value, trace->parent,
                                         NTHRIFT_SPAN_SIZE)
           : NGX_DECLINED;
}


static ngx_int_t
ngx_stream_thrift_trace_hex(ngx_thrift_call_t *call, ngx_str_t *value,
    u_char *bytes, size_t n)
{
    value->len = 2 * n;
    value->data = ngx_pnalloc(call->pool, value->len);

    if (value->data == NULL) {
        return NGX_ERROR;
    }

    (void) nthrift_traceparent_write_hex(value->data, bytes, n);

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_variable_trace_sampled(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    static u_char  digits[] = "01";

    value->len = 1;
    value->data = digits + ngx_stream_thrift_trace_is_sampled(
                                            ngx_stream_thrift_get_call(call));

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_variable_traceparent(ngx_thrift_call_t *call,
    ngx_str_t *value)
{
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_thrift_get_call(call);

    (void) ngx_stream_thrift_trace_is_sampled(tc);

    value->len = NTHRIFT_TRACEPARENT_SIZE;
    value->data = ngx_pnalloc(call->pool, value->len);

    if (value->data == NULL) {
        return NGX_ERROR;
    }

    (void) nthrift_traceparent_write(value->data, &tc->trace.own);

    return NGX_OK;
}


char *
ngx_stream_thrift_trace_sample(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_str_t  *value;

    if (tccf->trace_sample != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    tccf->trace_sample = ngx_stream_thrift_compile(cf, &value[1]);

    if (tccf->trace_sample == NULL) {
        return NGX_CONF_ERROR;
    }

    if (tccf->trace_sample->lengths == NULL
        && ngx_strcmp(value[1].data, "on") != 0
        && ngx_strcmp(value[1].data, "off") != 0)
    {
        return ngx_stream_thrift_bad_value(cf, &value[1], "\"on\", \"off\" or "
                                           "a value with variables");
    }

    return NGX_CONF_OK;
}
