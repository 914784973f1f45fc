/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_span_log: calls as spans, for a collector of OpenTelemetry.
 */

#ifndef _NGX_STREAM_THRIFT_SPAN_LOG_H_INCLUDED_
#define _NGX_STREAM_THRIFT_SPAN_LOG_H_INCLUDED_


/* Of a server{}. */

struct ngx_stream_thrift_span_log_s {
    ngx_open_file_t             *file;      /* NULL: "off", until it is
                                               merged: it is none then */
    ngx_stream_complex_value_t  *filter;    /* "if"; NULL: those that are
                                               sampled */
};


/* The directive. */
char *ngx_stream_thrift_span_log_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* A call has ended: a client's, or one that a handler has made. */
void ngx_stream_thrift_span_log(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_log_t *log) nthrift_noinline;

/* Writes what is left of all files.  Called when a worker exits. */
void ngx_stream_thrift_span_log_close(ngx_stream_thrift_main_conf_t *tmcf);

/*
 * The configuration is an old one, in a process without workers: calls of its
 * connections go on being written, until its memory is freed.
 */
void ngx_stream_thrift_span_log_leave(ngx_stream_thrift_main_conf_t *tmcf);


#endif /* _NGX_STREAM_THRIFT_SPAN_LOG_H_INCLUDED_ */
