/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Handlers: services that are hosted here.  One for each thrift_handler
 * directive: which object, which service of it, and what the hooks get.
 */

#ifndef _NGX_THRIFT_HANDLER_H_INCLUDED_
#define _NGX_THRIFT_HANDLER_H_INCLUDED_


/* What calls make the log tell of it again and again. */

typedef enum {
    NGX_THRIFT_HANDLER_SLOW = 0,
    NGX_THRIFT_HANDLER_LATE,                /* it has not answered in time */
    NGX_THRIFT_HANDLER_WRONG,               /* what it asks for, or answers */
    NGX_THRIFT_HANDLER_LINES
} ngx_thrift_handler_line_e;


struct ngx_thrift_handler_s {
    ngx_uint_t                number;       /* of all, from 0 */
    ngx_thrift_object_t      *object;
    ngx_str_t                 service;      /* a 0 byte behind it */
    ngx_array_t               args;         /* nthrift_arg_t */
    ngx_array_t               targets;      /* ngx_thrift_target_t *: methods
                                               that it answers */
#if (NGX_THREADS)
    ngx_thread_pool_t        *threads;      /* its methods run there; or NULL */
#endif

    u_char                   *file_name;    /* of the directive */
    ngx_uint_t                line;

    /* in a worker */

    const nthrift_handler_t  *table;        /* NULL: could not be started */
    nthrift_worker_t          worker;
    ngx_queue_t               timers;
    ngx_thrift_refusals_t     lines[NGX_THRIFT_HANDLER_LINES];
};


/* Longest name of a service with "nthrift_handler_" before it. */

#define NGX_THRIFT_HANDLER_SYMBOL  (16 + NTHRIFT_MAX_NAME + 1)


/*
 * Whether the object has what its handlers need: a service of that name and of
 * this ABI, with each of their methods, of the same signature.  An
 * ngx_thrift_object_check_pt; `data` is an ngx_array_t of
 * ngx_thrift_handler_t *.
 */
ngx_int_t ngx_thrift_handler_check(ngx_thrift_object_t *object, void *data,
    char *text, size_t size);

/*
 * In a worker: opens the object unless it is open, and runs the start hook.
 * What fails is logged, and fails the handler's calls.
 */
void ngx_thrift_handler_start(ngx_thrift_handler_t *handler, ngx_log_t *log);

/* In a worker that ends: the stop hook. */
void ngx_thrift_handler_stop(ngx_thrift_handler_t *handler);

/*
 * Counts a line, on the event loop.  Returns its level: `level`, or "info" if
 * there are many.
 */
ngx_uint_t ngx_thrift_handler_level(ngx_thrift_handler_t *handler,
    ngx_thrift_handler_line_e line, ngx_uint_t level, ngx_log_t *log);

/* Counts and logs one, at that level. */
void ngx_thrift_handler_tell(ngx_thrift_handler_t *handler,
    ngx_thrift_handler_line_e line, ngx_uint_t level, ngx_log_t *log,
    ngx_err_t err, const char *fmt, ...);

/* nthrift_worker_log() and nthrift_worker_timer(). */
void ngx_thrift_handler_log(nthrift_worker_t *worker, int level,
    const char *text, size_t len);
int ngx_thrift_handler_timer(nthrift_worker_t *worker, uint32_t msec,
    nthrift_worker_pt fn, void *data);


#endif /* _NGX_THRIFT_HANDLER_H_INCLUDED_ */
