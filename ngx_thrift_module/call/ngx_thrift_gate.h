/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How many calls are answered at once: thrift_max_concurrent.  There is a gate
 * for each directive, in each worker; the calls of all that inherit it go
 * through it.  With a zone its places are those of all workers.  A call has its
 * place from when it was checked until its answer is there; the others wait, in
 * turn.
 */

#ifndef _NGX_THRIFT_GATE_H_INCLUDED_
#define _NGX_THRIFT_GATE_H_INCLUDED_


#define NGX_THRIFT_GATE_QUEUE    100        /* calls that wait */
#define NGX_THRIFT_GATE_TIMEOUT  1000       /* milliseconds, of waiting */


struct ngx_thrift_gate_s {
    ngx_thrift_places_t    places;      /* of calls that are answered now */
    ngx_thrift_turns_t     turns;       /* of those that wait ... */
    ngx_thrift_delays_t    delays;      /* ... so long; 0: without a limit */
    ngx_event_t            event;       /* posted: there is a place */
    ngx_thrift_timer_t     timer;       /* while some wait for what other
                                           workers give back */
    ngx_str_t              name;        /* where its directive stands */
    ngx_thrift_refusals_t  refusals;
};


/* `queue` is how many may wait. */
ngx_int_t ngx_thrift_gate_init(ngx_conf_t *cf, ngx_thrift_gate_t *gate,
    ngx_uint_t max, ngx_uint_t queue, ngx_msec_t timeout);

/* The step, and its cancel. */
ngx_int_t ngx_thrift_gate_enter(ngx_thrift_call_t *call);
ngx_int_t ngx_thrift_gate_cancel(ngx_thrift_call_t *call, ngx_uint_t reason);

/* Of a call that has a place: its answer is there, or nobody waits for it. */
void ngx_thrift_gate_leave(ngx_thrift_call_t *call) nthrift_noinline;


#endif /* _NGX_THRIFT_GATE_H_INCLUDED_ */
