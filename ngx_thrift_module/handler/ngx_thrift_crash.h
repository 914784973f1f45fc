/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What of handlers' code a worker runs, in memory that outlives the worker: if
 * it dies there, the one that takes its place says where that was.
 */

#ifndef _NGX_THRIFT_CRASH_H_INCLUDED_
#define _NGX_THRIFT_CRASH_H_INCLUDED_


/* Kinds of a handler's code. */

typedef enum {
    NGX_THRIFT_RUNS_NOTHING = 0,
    NGX_THRIFT_RUNS_LOAD,       /* what its file does when it is loaded */
    NGX_THRIFT_RUNS_START,      /* the start hook */
    NGX_THRIFT_RUNS_CALL,       /* a method, or what it is called back with */
    NGX_THRIFT_RUNS_TIMER,      /* a timer of the worker */
    NGX_THRIFT_RUNS_STOP        /* the stop hook */
} ngx_thrift_runs_e;


/* What a thread runs. */

typedef struct {
    ngx_uint_t               kind;          /* ngx_thrift_runs_e */
    ngx_thrift_handler_t    *handler;
    ngx_thrift_target_t     *target;        /* of a call, else NULL */
} ngx_thrift_runs_t;


/* Of one configuration: a new one has workers, and chances, of its own. */

typedef struct ngx_thrift_crash_s  ngx_thrift_crash_t;


/*
 * When the configuration is read: for its handlers, an array of
 * ngx_thrift_handler_t *.  NULL: no memory.
 */
ngx_thrift_crash_t *ngx_thrift_crash_create(ngx_conf_t *cf,
    ngx_array_t *handlers);

/*
 * In a worker, before the first handler is loaded: logs where the worker died
 * in whose place this one is, if that was in a handler.
 */
void ngx_thrift_crash_init(ngx_thrift_crash_t *crash, ngx_log_t *log);

/* Has the handler made workers die at start, again and again? */
ngx_uint_t ngx_thrift_crash_given_up(ngx_thrift_handler_t *handler);

/*
 * Around all code of handlers, on the event loop and in threads; may be nested.
 * `before` keeps what ran outside.
 */
void ngx_thrift_crash_enter(ngx_thrift_runs_t *before, ngx_uint_t kind,
    ngx_thrift_handler_t *handler, ngx_thrift_target_t *target);
void ngx_thrift_crash_leave(ngx_thrift_runs_t *before);

/* In a worker that ends: no more code of handlers runs. */
void ngx_thrift_crash_done(void);


#endif /* _NGX_THRIFT_CRASH_H_INCLUDED_ */
