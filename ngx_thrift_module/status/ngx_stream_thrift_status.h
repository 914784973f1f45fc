/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_status_zone: what stream knows of rows.
 */

#ifndef _NGX_STREAM_THRIFT_STATUS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_STATUS_H_INCLUDED_


/* The directive. */
char *ngx_stream_thrift_status_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* A worker begins, and ends. */
void ngx_stream_thrift_status_open(ngx_stream_thrift_main_conf_t *tmcf);
void ngx_stream_thrift_status_close(ngx_stream_thrift_main_conf_t *tmcf);

/*
 * A client's call has a target; it has ended, with a target or without; and it
 * was logged: whoever asks for its id has done so.  The latter two are called
 * where there is a zone.
 */
void ngx_stream_thrift_status_begin(ngx_stream_thrift_call_t *tc);
void ngx_stream_thrift_status_end(ngx_stream_thrift_call_t *tc)
    nthrift_noinline;
void ngx_stream_thrift_status_logged(ngx_stream_thrift_call_t *tc)
    nthrift_noinline;


#endif /* _NGX_STREAM_THRIFT_STATUS_H_INCLUDED_ */
