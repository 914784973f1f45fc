/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Threads: work that a handler posts, and methods of a handler with
 * "threads=".
 */

#ifndef _NGX_THRIFT_WORK_H_INCLUDED_
#define _NGX_THRIFT_WORK_H_INCLUDED_


/* Runs the method on a thread; NGX_ERROR: the call's error is set. */
ngx_int_t ngx_thrift_work_method(ngx_thrift_invocation_t *inv);

/* Whose method this thread runs; NULL: none, as in the event loop. */
ngx_thrift_invocation_t *ngx_thrift_work_invocation(void);

/* nthrift_call_work(). */
int ngx_thrift_work(ngx_thrift_invocation_t *inv, const char *pool,
    nthrift_work_pt work, nthrift_event_pt done, void *data);


#endif /* _NGX_THRIFT_WORK_H_INCLUDED_ */
