/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_crash.h.  Each worker has a slot of shared memory, found by
 * its number, which is also that of the worker that takes its place; each
 * thread has a record in the slot.  Two stores before a handler's code and two
 * behind it are all that this costs.
 *
 * A handler that makes workers die when it is loaded or started would do so
 * again in each that is started instead, and nobody would be served.  After
 * NGX_THRIFT_CRASH_MOST times it is not started any more.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_CRASH_MOST     3     /* times, at start */
#define NGX_THRIFT_CRASH_SECONDS  60    /* after which one does not count */
#define NGX_THRIFT_CRASH_THREADS  64    /* records, with the event loop's */
#define NGX_THRIFT_CRASH_TEXT     512   /* bytes */

typedef struct {
    ngx_pid_t                pid;       /* 0: has ended well, or never was */
    ngx_uint_t               threads;   /* that have a record */
    ngx_thrift_runs_t        runs[NGX_THRIFT_CRASH_THREADS];
                                        /* the event loop's is the first */
} ngx_thrift_crash_slot_t;


/* How often a handler made a worker die at start. */

typedef struct {
    ngx_atomic_t             n;
    ngx_atomic_t             last;      /* seconds */
} ngx_thrift_crash_count_t;


struct ngx_thrift_crash_s {
    ngx_array_t              *handlers;
    ngx_shm_t                 shm;
    ngx_thrift_crash_slot_t  *slots;    /* NGX_MAX_PROCESSES, in shm */
    ngx_thrift_crash_count_t *counts;   /* of handlers, likewise */
};


static void ngx_thrift_crash_free(void *data);
static ngx_uint_t ngx_thrift_crash_lives(ngx_pid_t pid);
static void ngx_thrift_crash_report(ngx_thrift_crash_t *crash,
    ngx_thrift_crash_slot_t *slot, ngx_log_t *log);
static void ngx_thrift_crash_blame(ngx_thrift_crash_t *crash,
    ngx_thrift_crash_slot_t *slot, ngx_thrift_runs_t *runs, const char *how,
    ngx_log_t *log);
static ngx_uint_t ngx_thrift_crash_known(ngx_thrift_crash_t *crash,
    ngx_thrift_runs_t *runs);
static void ngx_thrift_crash_count(ngx_thrift_crash_t *crash,
    ngx_thrift_handler_t *handler);
static u_char *ngx_thrift_crash_print(u_char *p, u_char *last,
    ngx_thrift_runs_t *runs);
static u_char *ngx_thrift_crash_print_method(u_char *p, u_char *last,
    ngx_thrift_runs_t *runs);
static ngx_thrift_runs_t *ngx_thrift_crash_record(void);
static void ngx_thrift_crash_exit(void);


static ngx_thrift_crash_t       *ngx_thrift_crash;
static ngx_thrift_crash_slot_t  *ngx_thrift_crash_slot;     /* or NULL */

static __thread ngx_thrift_runs_t   ngx_thrift_crash_none;
static __thread ngx_thrift_runs_t  *ngx_thrift_crash_runs;  /* NULL: has none
                                                               yet */


ngx_thrift_crash_t *
ngx_thrift_crash_create(ngx_conf_t *cf, ngx_array_t *handlers)
{
    size_t               size;
    ngx_pool_cleanup_t  *cln;
    ngx_thrift_crash_t  *crash;

    crash = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_crash_t));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (crash == NULL || cln == NULL) {
        return NULL;
    }

    size = NGX_MAX_PROCESSES * sizeof(ngx_thrift_crash_slot_t);

    crash->handlers = handlers;
    crash->shm.size = size + handlers->nelts * sizeof(ngx_thrift_crash_count_t);
    crash->shm.log = cf->log;
    ngx_str_set(&crash->shm.name, "thrift_handlers");

    if (ngx_shm_alloc(&crash->shm) != NGX_OK) {
        return NULL;
    }

    crash->slots = (ngx_thrift_crash_slot_t *) crash->shm.addr;
    crash->counts = (ngx_thrift_crash_count_t *) (crash->shm.addr + size);

    cln->handler = ngx_thrift_crash_free;
    cln->data = crash;

    return crash;
}


static void
ngx_thrift_crash_free(void *data)
{
    ngx_thrift_crash_t  *crash = data;

    crash->shm.log = ngx_cycle->log;

    ngx_shm_free(&crash->shm);
}


void
ngx_thrift_crash_init(ngx_thrift_crash_t *crash, ngx_log_t *log)
{
    ngx_thrift_crash_slot_t  *slot;

    ngx_thrift_crash = crash;
    ngx_thrift_crash_runs = &ngx_thrift_crash_none;

    slot = &crash->slots[ngx_worker];

    if (slot->pid) {

        /* one with its number, of before an upgrade that was given up */

        if (ngx_thrift_crash_lives(slot->pid)) {
            return;
        }

        ngx_thrift_crash_report(crash, slot, log);
    }

    ngx_memzero(slot, sizeof(ngx_thrift_crash_slot_t));

    slot->pid = ngx_pid;
    slot->threads = 1;

    ngx_thrift_crash_slot = slot;
    ngx_thrift_crash_runs = &slot->runs[0];

    if (atexit(ngx_thrift_crash_exit) != 0) {
        ngx_log_error(NGX_LOG_ALERT, log, 0, "atexit() failed");
    }
}


static ngx_uint_t
ngx_thrift_crash_lives(ngx_pid_t pid)
{
    return kill(pid, 0) == 0 || ngx_errno != ESRCH;
}


/* With threads there may be more than one that ran. */

static void
ngx_thrift_crash_report(ngx_thrift_crash_t *crash,
    ngx_thrift_crash_slot_t *slot, ngx_log_t *log)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < NGX_THRIFT_CRASH_THREADS; i++) {
        n += ngx_thrift_crash_known(crash, &slot->runs[i]);
    }

    for (i = 0; i < NGX_THRIFT_CRASH_THREADS; i++) {
        if (ngx_thrift_crash_known(crash, &slot->runs[i])) {
            ngx_thrift_crash_blame(crash, slot, &slot->runs[i],
                                   (n > 1) ? "died, maybe" : "died", log);
        }
    }
}


static void
ngx_thrift_crash_blame(ngx_thrift_crash_t *crash,
    ngx_thrift_crash_slot_t *slot, ngx_thrift_runs_t *runs, const char *how,
    ngx_log_t *log)
{
    u_char  text[NGX_THRIFT_CRASH_TEXT], *p;

    p = ngx_thrift_crash_print(text, text + sizeof(text), runs);

    ngx_log_error(NGX_LOG_ERR, log, 0, "worker process %P %s in %*s%s",
                  slot->pid, how, p - text, text,
                  (runs == &slot->runs[0]) ? "" : " on a thread");

    if (runs->kind == NGX_THRIFT_RUNS_LOAD
        || runs->kind == NGX_THRIFT_RUNS_START)
    {
        ngx_thrift_crash_count(crash, runs->handler);
    }
}


/* The handler may have written where it must not: nothing is believed. */

static ngx_uint_t
ngx_thrift_crash_known(ngx_thrift_crash_t *crash, ngx_thrift_runs_t *runs)
{
    ngx_uint_t              i;
    ngx_thrift_handler_t  **handler;

    if (runs->kind == NGX_THRIFT_RUNS_NOTHING
        || runs->kind > NGX_THRIFT_RUNS_STOP)
    {
        return 0;
    }

    handler = crash->handlers->elts;

    for (i = 0; i < crash->handlers->nelts; i++) {
        if (handler[i] == runs->handler) {
            return 1;
        }
    }

    return 0;
}


/* Several workers may count at once: one more or less does not matter. */

static void
ngx_thrift_crash_count(ngx_thrift_crash_t *crash,
    ngx_thrift_handler_t *handler)
{
    ngx_thrift_crash_count_t  *count;

    count = &crash->counts[handler->number];

    if (count->n < NGX_THRIFT_CRASH_MOST
        && ngx_time() - (time_t) count->last > NGX_THRIFT_CRASH_SECONDS)
    {
        count->n = 0;
    }

    count->last = ngx_time();
    (void) ngx_atomic_fetch_add(&count->n, 1);
}


ngx_uint_t
ngx_thrift_crash_given_up(ngx_thrift_handler_t *handler)
{
    return ngx_thrift_crash
           && ngx_thrift_crash->counts[handler->number].n
              >= NGX_THRIFT_CRASH_MOST;
}


static u_char *
ngx_thrift_crash_print(u_char *p, u_char *last, ngx_thrift_runs_t *runs)
{
    static const char  *kinds[] = {
        "", "the loading", "the start hook", "", "a timer", "the stop hook"
    };

    if (runs->kind == NGX_THRIFT_RUNS_CALL) {
        p = ngx_thrift_crash_print_method(p, last, runs);

    } else {
        p = ngx_slprintf(p, last, "%s", kinds[runs->kind]);
    }

    return ngx_slprintf(p, last, " of service \"%V\" of handler \"%V\"",
                        &runs->handler->service, &runs->handler->object->path);
}


static u_char *
ngx_thrift_crash_print_method(u_char *p, u_char *last, ngx_thrift_runs_t *runs)
{
    ngx_uint_t             i;
    const nthrift_str_t   *name;
    ngx_thrift_target_t  **target;

    target = runs->handler->targets.elts;

    for (i = 0; i < runs->handler->targets.nelts; i++) {
        if (target[i] == runs->target) {
            name = &target[i]->method->name;
            return ngx_slprintf(p, last, "method \"%*s\"", name->len,
                                name->data);
        }
    }

    return ngx_slprintf(p, last, "a method");
}


void
ngx_thrift_crash_enter(ngx_thrift_runs_t *before, ngx_uint_t kind,
    ngx_thrift_handler_t *handler, ngx_thrift_target_t *target)
{
    ngx_thrift_runs_t  *runs;

    runs = ngx_thrift_crash_record();

    *before = *runs;

    runs->handler = handler;
    runs->target = target;
    runs->kind = kind;

    ngx_memory_barrier();
}


void
ngx_thrift_crash_leave(ngx_thrift_runs_t *before)
{
    *ngx_thrift_crash_runs = *before;
}


/* Of this thread; threads above the number of records have none. */

static ngx_thrift_runs_t *
ngx_thrift_crash_record(void)
{
    ngx_uint_t  n;

    if (ngx_thrift_crash_runs) {
        return ngx_thrift_crash_runs;
    }

    ngx_thrift_crash_runs = &ngx_thrift_crash_none;

    if (ngx_thrift_crash_slot) {
        n = __atomic_fetch_add(&ngx_thrift_crash_slot->threads, 1,
                               __ATOMIC_RELAXED);

        if (n < NGX_THRIFT_CRASH_THREADS) {
            ngx_thrift_crash_runs = &ngx_thrift_crash_slot->runs[n];
        }
    }

    return ngx_thrift_crash_runs;
}


void
ngx_thrift_crash_done(void)
{
    if (ngx_thrift_crash_slot) {
        ngx_thrift_crash_slot->pid = 0;
        ngx_thrift_crash_slot = NULL;
    }

    ngx_thrift_crash_runs = &ngx_thrift_crash_none;
}


/*
 * The master starts no worker in place of one that exits with code 2: the code
 * is not the handler's to choose.  A child that it has forked, which has the
 * slot of its parent, may exit as it likes.
 */

static void
ngx_thrift_crash_exit(void)
{
    ngx_thrift_runs_t        *runs;
    ngx_thrift_crash_slot_t  *slot;

    slot = ngx_thrift_crash_slot;

    if (slot == NULL || slot->pid != getpid()) {
        return;
    }

    runs = ngx_thrift_crash_record();

    if (runs->kind == NGX_THRIFT_RUNS_NOTHING) {
        return;
    }

    ngx_thrift_crash_blame(ngx_thrift_crash, slot, runs, "was ended by exit()",
                           ngx_cycle->log);

    /* that is all there is to say of it */

    slot->pid = 0;

    _exit(1);
}
