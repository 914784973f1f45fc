/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The step "fault".  A call that is delayed has its place at the gate, as one
 * of a slow server has; its time runs.
 */

#include "ngx_thrift.h"


static ngx_int_t ngx_thrift_fault_end(ngx_thrift_call_t *call);


ngx_int_t
ngx_thrift_fault(ngx_thrift_call_t *call)
{
    ngx_thrift_fault_t  *fault;

    fault = call->conf->fault;

    if (fault == NULL || !ngx_thrift_chance(fault->share)) {
        return NGX_OK;
    }

    if (fault->delay == 0) {
        return ngx_thrift_fault_end(call);
    }

    call->log->action = "delayed by \"thrift_fault\"";

    return ngx_thrift_sleep_start(call, fault->delay, ngx_thrift_fault_end);
}


static ngx_int_t
ngx_thrift_fault_end(ngx_thrift_call_t *call)
{
    ngx_int_t  exception;

    exception = call->conf->fault->exception;

    if (exception == NGX_CONF_UNSET) {
        return NGX_OK;
    }

    return ngx_thrift_error_set(call, exception, 503,
                                "aborted by \"thrift_fault\"");
}
