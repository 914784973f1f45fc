/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Handlers: checking them against the definitions before a configuration is
 * accepted, starting and stopping them in workers.  How a call runs in one:
 * ngx_thrift_invocation.c.
 */

#include "ngx_thrift.h"

#include <dlfcn.h>


#define NGX_THRIFT_HANDLER_ARENA  (1024 * 1024 * 1024)  /* bytes: no limit */


/* A timer of a service, not of a call. */

typedef struct {
    ngx_thrift_timer_t      timer;
    ngx_queue_t             queue;
    ngx_thrift_handler_t   *handler;
    nthrift_worker_pt       fn;
    void                   *data;
} ngx_thrift_handler_timer_t;


static const nthrift_handler_t *ngx_thrift_handler_find(
    ngx_thrift_handler_t *handler, char *text, size_t size);
static ngx_int_t ngx_thrift_handler_check_target(
    const nthrift_handler_t *table, ngx_thrift_target_t *target,
    nthrift_arena_t *arena, char *text, size_t size);
static ngx_uint_t ngx_thrift_handler_implements(
    const nthrift_handler_t *table, const nthrift_dispatch_t *dispatch);
static ngx_uint_t ngx_thrift_handler_inherits(ngx_thrift_target_t *target,
    const nthrift_handler_t *table);
static ngx_int_t ngx_thrift_handler_compare(const nthrift_method_t *method,
    ngx_thrift_target_t *target, nthrift_arena_t *arena, char *text,
    size_t size);
static const nthrift_dispatch_t *ngx_thrift_handler_dispatch(
    const nthrift_handler_t *table, const nthrift_str_t *name);
static const nthrift_handler_t *ngx_thrift_handler_load(
    ngx_thrift_handler_t *handler, ngx_log_t *log);
static void ngx_thrift_handler_take_methods(ngx_thrift_handler_t *handler,
    const nthrift_handler_t *table);
static int ngx_thrift_handler_run_start(ngx_thrift_handler_t *handler,
    const nthrift_handler_t *table);
static void ngx_thrift_handler_close_timers(ngx_thrift_handler_t *handler);
static void ngx_thrift_handler_timer_event(void *data);
static void ngx_thrift_handler_timer_close(ngx_thrift_handler_timer_t *ht);
static char *ngx_thrift_handler_say(char *text, size_t size, const char *fmt,
    ...);


static const char  *ngx_thrift_handler_lines[NGX_THRIFT_HANDLER_LINES] = {
    "the event loop was held by the handler of service",
    "a call was not answered in time by the handler of service",
    "a call was done wrong by the handler of service"
};


ngx_int_t
ngx_thrift_handler_check(ngx_thrift_object_t *object, void *data, char *text,
    size_t size)
{
    ngx_array_t  *handlers = data;

    ngx_uint_t                i, k;
    nthrift_arena_t          *arena;
    ngx_thrift_target_t     **target;
    ngx_thrift_handler_t    **handler;
    const nthrift_handler_t  *table;

    /* the child's memory goes with the child */

    arena = nthrift_arena_create(ngx_pagesize, NGX_THRIFT_HANDLER_ARENA);
    if (arena == NULL) {
        (void) ngx_thrift_handler_say(text, size, "no memory");
        return NGX_ERROR;
    }

    handler = handlers->elts;

    for (i = 0; i < handlers->nelts; i++) {

        if (handler[i]->object != object) {
            continue;
        }

        table = ngx_thrift_handler_find(handler[i], text, size);
        if (table == NULL) {
            return NGX_ERROR;
        }

        target = handler[i]->targets.elts;

        for (k = 0; k < handler[i]->targets.nelts; k++) {
            if (ngx_thrift_handler_check_target(table, target[k], arena, text,
                                                size)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static const nthrift_handler_t *
ngx_thrift_handler_find(ngx_thrift_handler_t *handler, char *text, size_t size)
{
    char                      name[NGX_THRIFT_HANDLER_SYMBOL];
    const nthrift_handler_t  *table;

    *ngx_snprintf((u_char *) name, sizeof(name) - 1, "nthrift_handler_%V",
                  &handler->service) = '\0';

    table = dlsym(handler->object->handle, name);

    if (table == NULL) {
        (void) ngx_thrift_handler_say(text, size,
                                      "it has no service \"%V\": no symbol %s",
                                      &handler->service, name);
        return NULL;
    }

    if (table->abi != NTHRIFT_ABI || table->size != sizeof(nthrift_handler_t)) {
        (void) ngx_thrift_handler_say(text, size,
                       "it was built for ABI version %uD, this is version %d",
                       table->abi, NTHRIFT_ABI);
        return NULL;
    }

    if (ngx_strcmp(table->service, handler->service.data) != 0) {
        (void) ngx_thrift_handler_say(text, size,
                                      "it is of service \"%s\", not \"%V\"",
                                      table->service, &handler->service);
        return NULL;
    }

    return table;
}


static ngx_int_t
ngx_thrift_handler_check_target(const nthrift_handler_t *table,
    ngx_thrift_target_t *target, nthrift_arena_t *arena, char *text,
    size_t size)
{
    const nthrift_str_t       *name;
    const nthrift_dispatch_t  *dispatch;

    if (table->raw) {
        return NGX_OK;
    }

    name = &target->method->name;
    dispatch = ngx_thrift_handler_dispatch(table, name);

    if (dispatch == NULL) {
        (void) ngx_thrift_handler_say(text, size,
                          "its service \"%s\" has no method \"%*s\"",
                          table->service, name->len, name->data);
        return NGX_ERROR;
    }

    if (!ngx_thrift_handler_implements(table, dispatch)
        && !ngx_thrift_handler_inherits(target, table))
    {
        (void) ngx_thrift_handler_say(text, size,
                          "it does not implement method \"%*s\" of service "
                          "\"%s\"", name->len, name->data, table->service);
        return NGX_ERROR;
    }

    return ngx_thrift_handler_compare(dispatch->method, target, arena, text,
                                      size);
}


static ngx_uint_t
ngx_thrift_handler_implements(const nthrift_handler_t *table,
    const nthrift_dispatch_t *dispatch)
{
    void  *fn;

    ngx_memcpy(&fn, (u_char *) table->methods + dispatch->offset,
               sizeof(void *));

    return fn != NULL;
}


/* A method of another service, such as fb303's, may be left out: see start. */

static ngx_uint_t
ngx_thrift_handler_inherits(ngx_thrift_target_t *target,
    const nthrift_handler_t *table)
{
    const nthrift_str_t  *name;

    name = &target->method->service->def.name;

    return ngx_strlen(table->service) != name->len
           || ngx_memcmp(table->service, name->data, name->len) != 0;
}


/* The same signature has the same fingerprint; if not, what differs is said. */

static ngx_int_t
ngx_thrift_handler_compare(const nthrift_method_t *method,
    ngx_thrift_target_t *target, nthrift_arena_t *arena, char *text,
    size_t size)
{
    int                   rc;
    char                 *p;
    size_t                room;
    uint64_t              fingerprint;
    const nthrift_str_t  *name;

    name = &target->method->name;

    fingerprint = nthrift_fingerprint(arena, name, target->args,
                                      target->result);

    if (fingerprint == method->fingerprint) {
        return NGX_OK;
    }

    p = ngx_thrift_handler_say(text, size,
                               "method \"%*s\" of service \"%V\" is another "
                               "one than in the IDL: ",
                               name->len, name->data, &target->service);
    room = size - (p - text);

    rc = nthrift_fingerprint_difference(arena, method->args->schema,
                                        method->result ? method->result->schema
                                                       : NULL,
                                        target->args, target->result, p, room);
    if (rc != NTHRIFT_OK) {
        (void) ngx_thrift_handler_say(p, room,
                                      (rc == NTHRIFT_ERROR)
                                          ? "no memory to compare them"
                                          : "their fingerprints differ");
    }

    return NGX_ERROR;
}


static const nthrift_dispatch_t *
ngx_thrift_handler_dispatch(const nthrift_handler_t *table,
    const nthrift_str_t *name)
{
    ngx_uint_t   i;
    const char  *own;

    for (i = 0; i < table->n; i++) {
        own = table->dispatch[i].method->name;

        if (ngx_strlen(own) == name->len
            && ngx_memcmp(own, name->data, name->len) == 0)
        {
            return &table->dispatch[i];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_thrift_handler_level(ngx_thrift_handler_t *handler,
    ngx_thrift_handler_line_e line, ngx_uint_t level, ngx_log_t *log)
{
    return ngx_thrift_refusals_add(&handler->lines[line], log) ? level
                                                               : NGX_LOG_INFO;
}


void
ngx_thrift_handler_tell(ngx_thrift_handler_t *handler,
    ngx_thrift_handler_line_e line, ngx_uint_t level, ngx_log_t *log,
    ngx_err_t err, const char *fmt, ...)
{
    u_char   text[NGX_MAX_ERROR_STR], *last;
    va_list  args;

    va_start(args, fmt);
    last = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    level = ngx_thrift_handler_level(handler, line, level, log);

    ngx_log_error(level, log, err, "%*s", (size_t) (last - text), text);
}


void
ngx_thrift_handler_start(ngx_thrift_handler_t *handler, ngx_log_t *log)
{
    ngx_uint_t                i;
    const nthrift_handler_t  *table;

    ngx_queue_init(&handler->timers);

    for (i = 0; i < NGX_THRIFT_HANDLER_LINES; i++) {
        ngx_thrift_repeats_init(&handler->lines[i],
                                (i == NGX_THRIFT_HANDLER_SLOW) ? NGX_LOG_WARN
                                                               : NGX_LOG_ERR,
                                ngx_thrift_handler_lines[i],
                                &handler->service);
    }

    if (ngx_thrift_crash_given_up(handler)) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "service \"%V\" of handler \"%V\" is given up, as it "
                      "has made workers die at start; its calls will fail",
                      &handler->service, &handler->object->path);
        return;
    }

    table = ngx_thrift_handler_load(handler, log);

    if (table == NULL) {
        return;
    }

    *table->api = &ngx_thrift_api;

    handler->worker.service = (const char *) handler->service.data;
    handler->worker.number = ngx_worker;
    handler->worker.args = handler->args.elts;
    handler->worker.n_args = handler->args.nelts;

    if (table->dispatch) {
        ngx_thrift_handler_take_methods(handler, table);
    }

    if (ngx_thrift_handler_run_start(handler, table) != NTHRIFT_OK) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "start hook of service \"%V\" of handler \"%V\" "
                      "failed, its calls will fail",
                      &handler->service, &handler->object->path);
        ngx_thrift_handler_close_timers(handler);
        return;
    }

    handler->table = table;
}


static void
ngx_thrift_handler_take_methods(ngx_thrift_handler_t *handler,
    const nthrift_handler_t *table)
{
    ngx_uint_t             i;
    ngx_thrift_target_t  **target;

    target = handler->targets.elts;

    for (i = 0; i < handler->targets.nelts; i++) {
        target[i]->dispatch =
            ngx_thrift_handler_dispatch(table, &target[i]->method->name);

        /* an inherited method that is left out */

        target[i]->unknown =
            !ngx_thrift_handler_implements(table, target[i]->dispatch);
    }
}


/* NULL: the reason is in the log. */

static const nthrift_handler_t *
ngx_thrift_handler_load(ngx_thrift_handler_t *handler, ngx_log_t *log)
{
    char                      text[NGX_THRIFT_OBJECT_TEXT];
    ngx_int_t                 rc;
    ngx_thrift_runs_t         before;
    ngx_thrift_object_t      *object;
    const nthrift_handler_t  *table;

    object = handler->object;
    rc = NGX_OK;

    if (object->handle == NULL) {
        ngx_thrift_crash_enter(&before, NGX_THRIFT_RUNS_LOAD, handler, NULL);
        rc = ngx_thrift_object_open(object, text, sizeof(text));
        ngx_thrift_crash_leave(&before);
    }

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "handler \"%V\" could not be loaded: %s",
                      &object->path, text);
        return NULL;
    }

    table = ngx_thrift_handler_find(handler, text, sizeof(text));

    if (table == NULL) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "handler \"%V\" could not be started: %s",
                      &object->path, text);
    }

    return table;
}


static int
ngx_thrift_handler_run_start(ngx_thrift_handler_t *handler,
    const nthrift_handler_t *table)
{
    int                rc;
    ngx_thrift_runs_t  before;

    if (table->start == NULL) {
        return NTHRIFT_OK;
    }

    ngx_thrift_crash_enter(&before, NGX_THRIFT_RUNS_START, handler, NULL);

    rc = table->start(&handler->worker);

    ngx_thrift_crash_leave(&before);

    return rc;
}


void
ngx_thrift_handler_stop(ngx_thrift_handler_t *handler)
{
    ngx_uint_t         i;
    ngx_thrift_runs_t  before;

    for (i = 0; i < NGX_THRIFT_HANDLER_LINES; i++) {
        ngx_thrift_refusals_destroy(&handler->lines[i]);
    }

    if (handler->table == NULL) {
        return;
    }

    if (handler->table->stop) {
        ngx_thrift_crash_enter(&before, NGX_THRIFT_RUNS_STOP, handler, NULL);
        handler->table->stop(&handler->worker);
        ngx_thrift_crash_leave(&before);
    }

    ngx_thrift_handler_close_timers(handler);

    handler->table = NULL;
}


static void
ngx_thrift_handler_close_timers(ngx_thrift_handler_t *handler)
{
    ngx_queue_t                 *q;
    ngx_thrift_handler_timer_t  *ht;

    while (!ngx_queue_empty(&handler->timers)) {
        q = ngx_queue_head(&handler->timers);
        ht = ngx_queue_data(q, ngx_thrift_handler_timer_t, queue);
        ngx_thrift_handler_timer_close(ht);
    }
}


void
ngx_thrift_handler_log(nthrift_worker_t *worker, int level, const char *text,
    size_t len)
{
    ngx_thrift_log_text(ngx_cycle->log, level, worker->service, text, len);
}


int
ngx_thrift_handler_timer(nthrift_worker_t *worker, uint32_t msec,
    nthrift_worker_pt fn, void *data)
{
    ngx_thrift_handler_t        *handler;
    ngx_thrift_handler_timer_t  *ht;

    handler = (ngx_thrift_handler_t *)
                  ((u_char *) worker - offsetof(ngx_thrift_handler_t, worker));

    if (fn == NULL) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "service \"%V\": nthrift_worker_timer() called with "
                      "NULL", &handler->service);
        return NTHRIFT_ERROR;
    }

    ht = ngx_calloc(sizeof(ngx_thrift_handler_timer_t), ngx_cycle->log);
    if (ht == NULL) {
        return NTHRIFT_ERROR;
    }

    ht->handler = handler;
    ht->fn = fn;
    ht->data = data;

    ngx_queue_insert_tail(&handler->timers, &ht->queue);

    /* cancelable: a worker that has no clients any more does not wait for it */

    ngx_thrift_timer_init(&ht->timer, ngx_thrift_handler_timer_event, ht,
                          ngx_cycle->log, 1);
    ngx_thrift_timer_set(&ht->timer,
                         ngx_current_msec + ngx_thrift_alarm_msec(msec));

    return NTHRIFT_OK;
}


static void
ngx_thrift_handler_timer_event(void *data)
{
    ngx_thrift_handler_timer_t  *ht = data;

    void                  *arg;
    ngx_thrift_watch_t     watch;
    nthrift_worker_pt      fn;
    ngx_thrift_handler_t  *handler;

    handler = ht->handler;
    fn = ht->fn;
    arg = ht->data;

    ngx_thrift_handler_timer_close(ht);

    ngx_thrift_watch_start(&watch, NGX_THRIFT_RUNS_TIMER, handler, NULL);

    fn(&handler->worker, arg);

    ngx_thrift_watch_end(&watch, NGX_THRIFT_WATCH_SLOW, ngx_cycle->log,
                         handler);
}


static void
ngx_thrift_handler_timer_close(ngx_thrift_handler_timer_t *ht)
{
    ngx_queue_remove(&ht->queue);
    ngx_thrift_timer_close(&ht->timer);
    ngx_free(ht);
}


/* Prints, and ends it with a 0 byte; returns where that is. */

static char *
ngx_thrift_handler_say(char *text, size_t size, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf((u_char *) text, (u_char *) text + size - 1, fmt, args);
    va_end(args);

    *p = '\0';

    return (char *) p;
}
