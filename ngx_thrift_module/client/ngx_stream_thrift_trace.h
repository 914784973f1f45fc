/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What tells a call from all others: $thrift_call_id; and to which trace it
 * belongs: $thrift_trace_id and the like, thrift_trace_sample.
 */

#ifndef _NGX_STREAM_THRIFT_TRACE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_TRACE_H_INCLUDED_


/* Of a call, once it is `traced`. */

typedef struct {
    nthrift_traceparent_t    own;           /* its span is this call's */
    u_char                   parent[NTHRIFT_SPAN_SIZE];
    unsigned                 has_parent:1;
    unsigned                 decided:1;     /* is it sampled? */
} ngx_stream_thrift_trace_t;


/* That of the call, which is made when this is called first. */
ngx_stream_thrift_trace_t *ngx_stream_thrift_trace(
    ngx_stream_thrift_call_t *tc);

/* Whether its spans are to be kept. */
ngx_uint_t ngx_stream_thrift_trace_is_sampled(ngx_stream_thrift_call_t *tc);

/*
 * Is the value, which is put into `value`, neither empty nor "0": what nginx's
 * own "if=" asks?
 */
ngx_uint_t ngx_stream_thrift_is_set(ngx_stream_thrift_call_t *tc,
    ngx_stream_complex_value_t *condition, ngx_str_t *value);

/* A call that is made for another one belongs to its trace. */
void ngx_stream_thrift_trace_follow(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_call_t *from);

/*
 * What was told to others of the call: its id, and a trace that is sampled.
 * 0: nothing.
 */
ngx_uint_t ngx_stream_thrift_trace_call_id(ngx_stream_thrift_call_t *tc,
    ngx_thrift_call_id_t *id);

/* Writes the id, which others are told of now: NGX_THRIFT_CALL_ID bytes. */
u_char *ngx_stream_thrift_trace_write_call_id(u_char *p,
    ngx_stream_thrift_call_t *tc);

/* The directive "thrift_trace_sample". */
char *ngx_stream_thrift_trace_sample(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Variables, see ngx_stream_thrift_variables.c. */
ngx_int_t ngx_stream_thrift_variable_call_id(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_trace_id(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_span_id(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_parent_span_id(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_trace_sampled(ngx_thrift_call_t *call,
    ngx_str_t *value);
ngx_int_t ngx_stream_thrift_variable_traceparent(ngx_thrift_call_t *call,
    ngx_str_t *value);


#endif /* _NGX_STREAM_THRIFT_TRACE_H_INCLUDED_ */
