/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The watchdog: how long a handler's code holds the event loop.
 */

#ifndef _NGX_THRIFT_WATCH_H_INCLUDED_
#define _NGX_THRIFT_WATCH_H_INCLUDED_


#define NGX_THRIFT_WATCH_SLOW  100      /* milliseconds: thrift_handler_slow */


typedef struct {
    uint64_t           start;
    uint64_t           cpu;         /* once it has ended: nanoseconds of the
                                       processor's, 0 unless they are wanted */
    ngx_thrift_runs_t  before;
} ngx_thrift_watch_t;


/*
 * Before code of a handler's, and behind it; may be nested.  Which code that
 * is: see ngx_thrift_crash_enter().
 */
void ngx_thrift_watch_start(ngx_thrift_watch_t *watch, ngx_uint_t kind,
    ngx_thrift_handler_t *handler, ngx_thrift_target_t *target);

/*
 * Logs what took `slow` milliseconds or more (0: nothing does), once for code
 * that was called from such code.  Returns nanoseconds, 0 in such code.
 */
uint64_t ngx_thrift_watch_end(ngx_thrift_watch_t *watch, ngx_msec_t slow,
    ngx_log_t *log, ngx_thrift_handler_t *handler);

/*
 * Milliseconds that ngx_current_msec is behind by now; 0 in a worker without
 * handlers.  Threads may ask, too.
 */
ngx_msec_t ngx_thrift_watch_behind(void);

/* What this thread has had of the processor; 0: nobody wants to know. */
uint64_t ngx_thrift_watch_cpu(void);

/* In a worker, before the first handler is started. */
void ngx_thrift_watch_init(ngx_uint_t wants_cpu);


#endif /* _NGX_THRIFT_WATCH_H_INCLUDED_ */
