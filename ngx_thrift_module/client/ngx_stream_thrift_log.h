/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The access log, once per call; thrift_outbound_log; and what error log lines
 * say of a call.
 */

#ifndef _NGX_STREAM_THRIFT_LOG_H_INCLUDED_
#define _NGX_STREAM_THRIFT_LOG_H_INCLUDED_


/* Runs stream's log phase for a call; the step. */
void ngx_stream_thrift_log_call(ngx_thrift_call_t *call);

/* Is there an access_log?  Once configurations are merged. */
ngx_uint_t ngx_stream_thrift_log_is_on(void **srv_conf);

/* The bytes of the call's reply, while it is logged; 0: none, or too early. */
off_t ngx_stream_thrift_log_sent(ngx_stream_thrift_call_t *tc);

/* What the call's session says of its time, its bytes and how it ended. */
void ngx_stream_thrift_log_session(ngx_stream_thrift_call_t *tc);

/* Of a server{}: stream's own configuration of logs, in an array of its own. */

typedef struct {
    void   *conf;           /* NULL: no directive */
    void  **srv_conf;
} ngx_stream_thrift_outbound_log_t;


/* The directive "thrift_outbound_log". */
char *ngx_stream_thrift_outbound_log_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* Of the server{} that `cf` merges.  NGX_ERROR: no memory. */
ngx_int_t ngx_stream_thrift_merge_outbound_log(ngx_conf_t *cf,
    ngx_stream_thrift_outbound_log_t *prev,
    ngx_stream_thrift_outbound_log_t *log);

/* Writes a line for a call of a handler's. */
void ngx_stream_thrift_log_outbound(ngx_thrift_call_t *call);

/*
 * The "log_handler" of a call's session: appends the call and its upstream to
 * an error log line.
 */

#if (NGX_THRIFT_HAVE_LOG_EXT_HANDLER)

u_char *ngx_stream_thrift_log_error(ngx_log_t *log, u_char *buf, u_char *last,
    void *data);

#else

u_char *ngx_stream_thrift_log_error(ngx_log_t *log, u_char *buf, size_t len);

#endif

/* Builds the configuration under which a connection's end is not logged. */
ngx_int_t ngx_stream_thrift_log_init(ngx_conf_t *cf);

/* The connection's end adds no line: its calls have theirs. */
void ngx_stream_thrift_log_quiet(ngx_stream_session_t *s);


#endif /* _NGX_STREAM_THRIFT_LOG_H_INCLUDED_ */
