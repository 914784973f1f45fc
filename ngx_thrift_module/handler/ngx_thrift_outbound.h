/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Outbound calls: what handlers call themselves, through upstreams.
 */

#ifndef _NGX_THRIFT_OUTBOUND_H_INCLUDED_
#define _NGX_THRIFT_OUTBOUND_H_INCLUDED_


struct ngx_thrift_outbound_s {
    ngx_queue_t               queue;        /* of its invocation */
    ngx_thrift_invocation_t  *invocation;
    ngx_thrift_call_t        *call;         /* NULL: could not be made */
    ngx_thrift_target_t       target;       /* the call's */
    ngx_thrift_dialect_t      dialect;      /* thrift_upstream_... */
    unsigned                  multiplexed;  /* 1: names are Service:method */

    const nthrift_method_t   *method;
    nthrift_answer_pt         fn;           /* NULL: nobody wants to know */
    void                     *data;

    nthrift_failure_t         failure;
    unsigned                  failed:1;     /* it is set */
    unsigned                  answered:1;
    unsigned                  delivered:1;
};


/* nthrift_call_upstream(). */
int ngx_thrift_outbound_call(ngx_thrift_invocation_t *inv,
    const char *upstream, const nthrift_method_t *method, const void *args,
    nthrift_answer_pt fn, void *data);

/* The step "reply" of an outbound call: it is its invocation's to take. */
ngx_int_t ngx_thrift_outbound_answer(ngx_thrift_call_t *call);

/* Calls back for those that were answered. */
void ngx_thrift_outbound_deliver(ngx_thrift_invocation_t *inv);

/* Gives up those on their way, and lets go of the answers. */
void ngx_thrift_outbound_close_all(ngx_thrift_invocation_t *inv);

/* The memory that checking answers takes; in a worker, before the first. */
ngx_int_t ngx_thrift_outbound_init(ngx_cycle_t *cycle);


#endif /* _NGX_THRIFT_OUTBOUND_H_INCLUDED_ */
