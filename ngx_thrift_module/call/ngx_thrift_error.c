
/*
 * The error that ends a call.  Called by every room that a call goes through;
 * "reply" makes the exception of it.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_MAX_TEXT  512    /* bytes of an exception's message */


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


ngx_int_t
ngx_thrift_error_timed_out(ngx_thrift_call_t *call)
{
    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 504,
                                "timed out after %Mms %s",
                                ngx_current_msec + ngx_thrift_watch_behind()
                                - call->start, call->log->action);
}
