/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The error that ends a call.  Called by every room that a call goes through;
 * "reply" makes the exception of it.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_MAX_TEXT    512  /* bytes of an exception's message */
#define NGX_THRIFT_LIMIT_TEXT  80   /* bytes of what is said of a limit */


/* Of calls that the worker has no memory for. */

static ngx_thrift_refusals_t  ngx_thrift_error_refusals;


ngx_int_t
ngx_thrift_error_set(ngx_thrift_call_t *call, ngx_int_t exception,
    ngx_uint_t status, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    if (call->failed) {
        return NGX_ERROR;
    }

    call->failed = 1;
    call->exception = exception;
    call->status = status;

    p = ngx_pnalloc(call->pool, NGX_THRIFT_MAX_TEXT);
    if (p == NULL) {
        return NGX_ERROR;
    }

    call->text.data = p;

    va_start(args, fmt);
    p = ngx_vslprintf(p, p + NGX_THRIFT_MAX_TEXT, fmt, args);
    va_end(args);

    call->text.len = p - call->text.data;

    return NGX_ERROR;
}


void
ngx_thrift_error_clear(ngx_thrift_call_t *call)
{
    call->failed = 0;
    call->exception = 0;
    call->status = 0;
    call->text.len = 0;
}


ngx_int_t
ngx_thrift_error_overloaded(ngx_thrift_call_t *call)
{
    ngx_thrift_refusals_t  *refusals;

    refusals = &ngx_thrift_error_refusals;

    if (refusals->what == NULL) {
        ngx_thrift_refusals_init(refusals, NGX_THRIFT_REFUSALS,
                                 NGX_THRIFT_REFUSALS_PERIOD, NGX_LOG_NOTICE,
                                 "calls hold too much memory in this worker",
                                 NULL);
    }

    if (ngx_thrift_refusals_add(refusals, call->log)) {
        ngx_log_error(NGX_LOG_INFO, call->log, 0, "%s", refusals->what);
    }

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: calls hold too much memory");
}


const char *
ngx_thrift_error_limit(ngx_thrift_call_t *call, const char *text)
{
    u_char                 *p;
    uint64_t                bytes;
    const nthrift_rules_t  *rules;

    rules = &call->conf->messages->rules;

    p = ngx_pnalloc(call->pool, NGX_THRIFT_LIMIT_TEXT);
    if (p == NULL) {
        return "";
    }

    if (ngx_strcmp(text, "too many levels of nesting") == 0) {
        ngx_sprintf(p, " (thrift_max_depth is %ui)%Z",
                    (ngx_uint_t) rules->max_depth);
        return (const char *) p;
    }

    bytes = (ngx_strcmp(text, "frame larger than allowed") == 0)
            ? rules->max_frame : rules->max_message;

    if (ngx_strstr(text, " larger than allowed") == NULL) {
        return "";
    }

    if (ngx_strcmp(text, "THeader larger than allowed") == 0) {
        ngx_sprintf(p, " (thrift_max_header_size allows %uL bytes)%Z",
                    (uint64_t) rules->max_header);
        return (const char *) p;
    }

    ngx_sprintf(p, " (thrift_max_message_size allows %uL bytes)%Z", bytes);

    return (const char *) p;
}


ngx_int_t
ngx_thrift_error_timed_out(ngx_thrift_call_t *call)
{
    ngx_msec_t  time;

    /* "thrift_timeout" as it is written; of other limits, what was measured */

    time = ngx_current_msec + ngx_thrift_watch_behind() - call->start;

    if (call->timed) {
        time = ngx_min(time, call->deadline - call->start);
    }

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 504,
                                "timed out after %Mms %s", time,
                                call->log->action);
}
