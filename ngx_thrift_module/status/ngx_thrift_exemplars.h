/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Of the times of a method's calls, one call in each bucket that has an id:
 * who sees a slow bucket can find a call of it in logs and in traces.  A row
 * has them from its first such call on.
 */

#ifndef _NGX_THRIFT_EXEMPLARS_H_INCLUDED_
#define _NGX_THRIFT_EXEMPLARS_H_INCLUDED_


#define NGX_THRIFT_EXEMPLARS_PART  4    /* of the zone at most: 1/4 */

/* Bytes of an id as text: a process, a dash, a number. */

#define NGX_THRIFT_CALL_ID         (16 + 1 + NGX_INT_T_LEN)

/* Bytes of an exemplar as text: two numbers, and a trace as digits. */

#define NGX_THRIFT_EXEMPLAR_LINE                                              \
    (sizeof(" # {call_id=\"-\",trace_id=\"\"} .000000 .000") - 1               \
     + 16 + 3 * NGX_INT64_LEN + 2 * NTHRIFT_TRACE_SIZE)


/* Of a call: what tells it from all others, as far as anybody has asked. */

typedef struct {
    uint64_t       process;             /* its id, */
    ngx_uint_t     number;
    u_char         trace[NTHRIFT_TRACE_SIZE];
    unsigned       named:1;             /* the id is known to others */
    unsigned       traced:1;            /* the trace is, and is sampled */
} ngx_thrift_call_id_t;


struct ngx_thrift_exemplar_s {
    ngx_atomic_t           turn;        /* odd: it is being written */
    ngx_thrift_call_id_t   id;
    uint64_t               took;        /* microseconds */
    time_t                 sec;
    ngx_uint_t             msec;
};


/* The call that `counted` is of has ended; takes the place of an older one. */
void ngx_thrift_exemplars_add(ngx_thrift_status_t *status,
    ngx_thrift_counted_t *counted, ngx_thrift_call_id_t *id) nthrift_noinline;

/*
 * Writes that of a bucket as OpenMetrics has it, in up to
 * NGX_THRIFT_EXEMPLAR_LINE bytes; or nothing.
 */
u_char *ngx_thrift_exemplars_write(ngx_thrift_status_method_t *method,
    ngx_uint_t bucket, u_char *p);

/*
 * An id as $thrift_call_id has it.  All of the NGX_THRIFT_CALL_ID bytes may be
 * written to; returns where the id ends.
 */
u_char *ngx_thrift_call_id_write(u_char *p, uint64_t process,
    ngx_uint_t number);


#endif /* _NGX_THRIFT_EXEMPLARS_H_INCLUDED_ */
