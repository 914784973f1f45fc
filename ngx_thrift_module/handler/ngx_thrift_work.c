/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_work.h.  A task's memory is that of its invocation, which
 * stays until the last task is done, also when the call has ended before.
 */

#include "ngx_thrift.h"


#if (NGX_THREADS)

typedef struct {
    ngx_thread_task_t         task;
    ngx_thrift_invocation_t  *invocation;
    nthrift_work_pt           work;     /* NULL: the method */
    nthrift_event_pt          done;
    void                     *data;
} ngx_thrift_task_t;


static ngx_int_t ngx_thrift_work_post(ngx_thrift_invocation_t *inv,
    ngx_thread_pool_t *pool, ngx_thrift_task_t *task);
static void ngx_thrift_work_run(void *data, ngx_log_t *log);
static void ngx_thrift_work_run_method(ngx_thrift_invocation_t *inv);
static void ngx_thrift_work_done(ngx_event_t *ev);
static void ngx_thrift_work_method_done(ngx_thrift_invocation_t *inv);


static __thread ngx_thrift_invocation_t  *ngx_thrift_work_method_of;


ngx_int_t
ngx_thrift_work_method(ngx_thrift_invocation_t *inv)
{
    ngx_thrift_task_t  *task;

    task = ngx_thrift_invocation_alloc(inv, sizeof(ngx_thrift_task_t));

    /* what a method may ask for in a thread has to be there before */

    if (task == NULL || ngx_thrift_invocation_info(inv) == NULL
        || ngx_thrift_invocation_keep_blocks(inv) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* it is the thread's from here on */

    inv->threaded = 1;

    if (ngx_thrift_work_post(inv, inv->handler->threads, task) == NGX_OK) {
        return NGX_OK;
    }

    inv->threaded = 0;

    return ngx_thrift_error_set(inv->call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: no thread for the call");
}


int
ngx_thrift_work(ngx_thrift_invocation_t *inv, const char *pool,
    nthrift_work_pt work, nthrift_event_pt done, void *data)
{
    ngx_str_t           name;
    ngx_thread_pool_t  *tp;
    ngx_thrift_task_t  *task;

    name.data = (u_char *) (pool ? pool : "default");
    name.len = ngx_strlen(name.data);

    tp = ngx_thread_pool_get((ngx_cycle_t *) ngx_cycle, &name);

    if (tp == NULL) {
        ngx_thrift_handler_tell(inv->handler, NGX_THRIFT_HANDLER_WRONG,
                                NGX_LOG_ERR, inv->call->log, 0,
                                "handler wants thread_pool \"%V\", which is "
                                "not in the configuration", &name);
        return NTHRIFT_ERROR;
    }

    task = ngx_thrift_invocation_need(inv, sizeof(ngx_thrift_task_t));

    if (task == NULL || ngx_thrift_invocation_keep_blocks(inv) != NGX_OK) {
        ngx_thrift_invocation_error(inv, "no memory for a handler's work");
        return NTHRIFT_ERROR;
    }

    task->work = work;
    task->done = done;
    task->data = data;

    if (ngx_thrift_work_post(inv, tp, task) != NGX_OK) {
        return NTHRIFT_ERROR;
    }

    inv->pending++;

    return NTHRIFT_OK;
}


static ngx_int_t
ngx_thrift_work_post(ngx_thrift_invocation_t *inv, ngx_thread_pool_t *pool,
    ngx_thrift_task_t *task)
{
    task->invocation = inv;
    task->task.ctx = task;
    task->task.handler = ngx_thrift_work_run;
    task->task.event.handler = ngx_thrift_work_done;
    task->task.event.data = task;
    task->task.event.log = ngx_cycle->log;

    inv->works++;

    /* a full queue is logged there */

    if (ngx_thread_task_post(pool, &task->task) != NGX_OK) {
        inv->works--;
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* In a thread. */

static void
ngx_thrift_work_run(void *data, ngx_log_t *log)
{
    ngx_thrift_task_t *task = data;

    uint64_t                  start, cpu;
    ngx_thrift_runs_t         before;
    ngx_thrift_invocation_t  *inv;

    inv = task->invocation;
    start = ngx_thrift_clock();
    cpu = ngx_thrift_watch_cpu();

    ngx_thrift_crash_enter(&before, NGX_THRIFT_RUNS_CALL, inv->handler,
                           inv->target);

    if (task->work) {
        task->work(task->data);

    } else {
        ngx_thrift_work_run_method(inv);
    }

    ngx_thrift_crash_leave(&before);

    ngx_thrift_invocation_ran(inv, ngx_thrift_clock() - start,
                              ngx_thrift_watch_cpu() - cpu);
}


static void
ngx_thrift_work_run_method(ngx_thrift_invocation_t *inv)
{
    /* its call may have ended while it was in the queue */

    if (!__atomic_load_n(&inv->closed, __ATOMIC_ACQUIRE)) {
        ngx_thrift_work_method_of = inv;
        ngx_thrift_invocation_run(inv);
        ngx_thrift_work_method_of = NULL;
    }
}


ngx_thrift_invocation_t *
ngx_thrift_work_invocation(void)
{
    return ngx_thrift_work_method_of;
}


static void
ngx_thrift_work_done(ngx_event_t *ev)
{
    ngx_uint_t                gone;
    ngx_thrift_task_t        *task;
    ngx_thrift_watch_t        watch;
    ngx_thrift_invocation_t  *inv;

    task = ev->data;
    inv = task->invocation;

    if (task->work == NULL) {
        ngx_thrift_work_method_done(inv);

    } else {
        inv->pending--;
    }

    gone = (inv->call == NULL || inv->closed);

    if (!gone && task->done) {
        ngx_thrift_invocation_enter(inv, &watch);
        task->done(inv->ticket, task->data);
        ngx_thrift_invocation_leave(inv, &watch);
    }

    ngx_thrift_invocation_unwork(inv);

    if (!gone) {
        ngx_thrift_invocation_advance(inv);
    }
}


/* Its lines can be written now. */

static void
ngx_thrift_work_method_done(ngx_thrift_invocation_t *inv)
{
    ngx_log_t          *log;
    ngx_thrift_line_t  *line;

    inv->threaded = 0;

    ngx_thrift_invocation_hold(inv, inv->uncounted);
    inv->uncounted = 0;

    log = inv->call ? inv->call->log : ngx_cycle->log;

    for (line = inv->lines; line; line = line->next) {
        ngx_thrift_log_text(log, line->level, NULL,
                            (char *) line->text.data, line->text.len);
    }

    inv->lines = NULL;
    inv->lines_last = &inv->lines;

    if (inv->closed) {
        ngx_thrift_ticket_drop(inv->ticket);
    }
}

#else

ngx_int_t
ngx_thrift_work_method(ngx_thrift_invocation_t *inv)
{
    return NGX_ERROR;
}


ngx_thrift_invocation_t *
ngx_thrift_work_invocation(void)
{
    return NULL;
}


int
ngx_thrift_work(ngx_thrift_invocation_t *inv, const char *pool,
    nthrift_work_pt work, nthrift_event_pt done, void *data)
{
    ngx_log_error(NGX_LOG_ERR, inv->call->log, 0,
                  "handler wants a thread_pool, but nginx was built without "
                  "threads");

    return NTHRIFT_ERROR;
}

#endif
