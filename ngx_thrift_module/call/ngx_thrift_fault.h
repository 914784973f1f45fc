/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults that calls are given on purpose, to see what their clients do then:
 * thrift_fault.
 */

#ifndef _NGX_THRIFT_FAULT_H_INCLUDED_
#define _NGX_THRIFT_FAULT_H_INCLUDED_


#define NGX_THRIFT_ALL  10000       /* of calls: hundredths of a per cent */

/* Is it one of so many out of NGX_THRIFT_ALL? */
#define ngx_thrift_chance(share)                                              \
    ((ngx_uint_t) ngx_random() % NGX_THRIFT_ALL < (ngx_uint_t) (share))


typedef struct {
    ngx_msec_t    delay;
    ngx_int_t     exception;        /* TApplicationException type;
                                       NGX_CONF_UNSET: it is answered */
    ngx_uint_t    share;            /* of calls, of NGX_THRIFT_ALL */
} ngx_thrift_fault_t;


/* The step; its cancel is ngx_thrift_sleep_cancel(). */
ngx_int_t ngx_thrift_fault(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_FAULT_H_INCLUDED_ */
