/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What becomes of clients when their worker shuts down.  At a reload they go to
 * a new worker, or stay until they leave; when nginx ends they are closed.
 * Nothing of it comes between a call and its reply.
 */

#ifndef _NGX_STREAM_THRIFT_SHUTDOWN_H_INCLUDED_
#define _NGX_STREAM_THRIFT_SHUTDOWN_H_INCLUDED_


typedef enum {
    NGX_STREAM_THRIFT_GOES = 0,
    NGX_STREAM_THRIFT_ENDS,

    /* with the old worker; why */

    NGX_STREAM_THRIFT_STAYS_TLS,        /* its keys are in the process */
    NGX_STREAM_THRIFT_STAYS_PINNED,     /* its server's state is here */
    NGX_STREAM_THRIFT_STAYS_OFF,        /* thrift_handover off */
    NGX_STREAM_THRIFT_STAYS_UNABLE,     /* no descriptor for it is left, or it
                                           was not accepted where it seems */

    NGX_STREAM_THRIFT_FATES
} ngx_stream_thrift_fate_e;


/* In a worker, when it starts.  NGX_ERROR: logged. */
ngx_int_t ngx_stream_thrift_shutdown_open(ngx_cycle_t *cycle,
    ngx_stream_thrift_main_conf_t *tmcf);

/* In the same, when it ends. */
void ngx_stream_thrift_shutdown_close(void);

/*
 * For a worker that shuts down (ngx_exiting).
 *
 * _stops(): is nothing more read from the client, for what it sends is for
 * others to read.
 *
 * _next(): the session has done what it could.  NGX_DONE: it was its last
 * moment here, and it is gone; else NGX_DECLINED.
 */
ngx_uint_t ngx_stream_thrift_shutdown_stops(ngx_stream_thrift_session_t *ts);
ngx_int_t ngx_stream_thrift_shutdown_next(ngx_stream_thrift_session_t *ts)
    nthrift_cold;

/* The session ends, however it does. */
void ngx_stream_thrift_shutdown_forget(ngx_stream_thrift_session_t *ts);


#endif /* _NGX_STREAM_THRIFT_SHUTDOWN_H_INCLUDED_ */
