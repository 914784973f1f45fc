/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A connection that is closed for what it sent: HTTP, TLS, or what is no
 * message else.
 */

#ifndef _NGX_STREAM_THRIFT_REFUSE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_REFUSE_H_INCLUDED_


/* Of one server{}. */

typedef struct {
    ngx_thrift_tally_t    tally;
    ngx_log_t            *log;          /* of the last one ... */
    ngx_str_t            *address;      /* ... where it came to ... */
    const char           *text;         /* ... and what it sent */
} ngx_stream_thrift_refused_t;


/* Nobody was refused; ends with the memory of `cf`.  NGX_ERROR: no memory. */
ngx_int_t ngx_stream_thrift_refuse_init(ngx_conf_t *cf,
    ngx_stream_thrift_refused_t *refused);

/* Says so in both logs, for a message that is none: its call never starts. */
void ngx_stream_thrift_refuse(ngx_stream_thrift_session_t *ts,
    ngx_stream_thrift_call_t *tc);


#endif /* _NGX_STREAM_THRIFT_REFUSE_H_INCLUDED_ */
