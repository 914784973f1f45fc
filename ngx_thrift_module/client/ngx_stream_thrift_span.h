/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call as a span of OpenTelemetry, in its JSON: $thrift_span, and what
 * thrift_span_log writes.
 */

#ifndef _NGX_STREAM_THRIFT_SPAN_H_INCLUDED_
#define _NGX_STREAM_THRIFT_SPAN_H_INCLUDED_


/* Writes a constant text, and returns where it ends. */
#define ngx_stream_thrift_span_put(p, text)                                   \
    ngx_cpymem(p, text, sizeof(text) - 1)


/* What of a call has to be looked up, and escaped. */

typedef struct {
    ngx_str_t    names;         /* of service and method, and attributes with
                                   them */
    ngx_str_t    client;
    ngx_str_t    servers;
    ngx_str_t    text;          /* of an exception */
    ngx_uint_t   call_id;       /* it says that, too */
    size_t       size;          /* bytes that it takes at most */
} ngx_stream_thrift_span_t;


/*
 * NGX_ERROR: no memory.  The call's id is said if others are told of it, or the
 * status zone is, of a call that has failed; else its trace is enough.
 */
ngx_int_t ngx_stream_thrift_span_collect(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_t *span);

/* Writes `span->size` bytes at most, and returns where they end. */
u_char *ngx_stream_thrift_span_write(u_char *p, ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_t *span);

/* See ngx_stream_thrift_variables.c. */
ngx_int_t ngx_stream_thrift_variable_span(ngx_thrift_call_t *call,
    ngx_str_t *value);


#endif /* _NGX_STREAM_THRIFT_SPAN_H_INCLUDED_ */
