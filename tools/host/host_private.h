/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/host_private.h: what the files of the host share.
 *
 *     host.c      a handler is loaded, started and stopped; the log
 *     call.c      the life of a call, from its body to its end
 *     ticket.c    what a handler holds in place of a call
 *     event.c     the clock, and what happens later; threads
 *     api.c       what a handler calls
 *     wire.c      messages
 *     body.c      bodies that have tables
 *
 * One lock guards what the functions of api.c touch; code of a handler's runs
 * without it.
 */

#ifndef HOST_PRIVATE_H
#define HOST_PRIVATE_H

#include "host.h"
#include "base/arena.h"

#include <pthread.h>
#include <stdlib.h>


#define HOST_MEMORY  (1024 * 1024)      /* bytes of a call, unless told */
#define HOST_DEPTH   64                 /* levels of a body */


/*
 * Something that happens later.  The events of a call are taken back when it
 * ends; those of the worker when it stops; work is done anyway.
 */

typedef struct host_event_s  host_event_t;

typedef void (*host_event_pt)(host_event_t *ev);

struct host_event_s {
    host_event_t        *next;
    host_event_pt        run;
    host_t              *host;
    host_call_t         *call;          /* NULL: of the worker */
    int64_t              when;          /* milliseconds */
    int                  number;        /* of a timer, else 0 */
    bool                 work;          /* outlives its call */

    union {
        nthrift_event_pt   event;
        nthrift_worker_pt  worker;
        nthrift_answer_pt  answer;
    } fn;

    nthrift_work_pt      job;
    void                *data;

    nthrift_failure_t   *failure;       /* of an answer, in the call's memory */
    void                *result;
    pthread_t            thread;        /* of a method, or of work */
};


struct host_s {
    nthrift_worker_t          worker;   /* first: see host_of() */
    const nthrift_handler_t  *handler;
    host_options_t            options;
    bool                      started;

    int64_t                   now;      /* milliseconds */
    host_event_t             *events;   /* by time, then as they were set */
    int                       numbers;  /* the last timer's */
    size_t                    busy;     /* threads that run */
    host_call_t              *calls;    /* that are not freed */
    pthread_t                 loop;

    char                     *log;
    size_t                    log_len;
};


struct host_call_s {
    host_result_t             result;
    host_call_t              *next;
    host_t                   *host;
    nthrift_call_t           *ticket;   /* NULL: not valid any more */
    const nthrift_method_t   *method;   /* NULL: an adapter's */
    const nthrift_dispatch_t *dispatch;
    const void               *args;     /* decoded, or a nthrift_raw_t */

    int32_t                   seqid;
    unsigned                  protocol;
    int64_t                   deadline; /* milliseconds; INT64_MAX: none */
    nthrift_call_info_t       info;

    nthrift_event_pt          join;
    void                     *join_data;
    nthrift_cancel_pt         cancel;
    void                     *cancel_data;

    size_t                    alarms;   /* timers that are set */
    size_t                    pending;  /* calls to upstreams, work */
    size_t                    works;    /* that use its memory */
    unsigned                  inside;   /* its code runs: depth */
    bool                      threaded; /* a thread runs its method */
    bool                      kept;
    bool                      starved;  /* has not got what it needs */
    bool                      closed;
    nthrift_arena_t          *arena;
    uint8_t                  *message;  /* an adapter's, or of the arguments;
                                           as long as the arena */
};


/* host.c */

host_t *host_of(nthrift_worker_t *worker);
void host_write_log(host_t *h, int level, const char *text, size_t len);
bool host_in_loop(const host_t *h);
void host_lock(void);
void host_unlock(void);
void host_wait(pthread_cond_t *cond);

/* ticket.c */

nthrift_call_t *host_ticket_take(host_call_t *call);
void host_ticket_drop(nthrift_call_t *ticket);
host_call_t *host_ticket_find(nthrift_call_t *ticket);

/*
 * call.c.  Code of a handler's runs between enter and leave; then advance
 * does what is due, and ends the call if it has to.  The first end counts.
 */

void host_call_run(host_call_t *call);
void host_call_enter(host_call_t *call);
void host_call_leave(host_call_t *call);
void host_call_advance(host_call_t *call);
bool host_call_open(host_call_t *call);
void host_call_release(host_call_t *call);
nthrift_str_t host_call_copy(host_call_t *call, nthrift_str_t s);
void host_call_end(host_call_t *call, host_end_e end);

/* event.c */

host_event_t *host_event_post(host_t *h, host_call_t *call, uint32_t msec,
    host_event_pt run);
host_event_t *host_event_find(host_t *h, host_call_t *call, int number);
void host_event_remove(host_event_t *ev);
void host_event_remove_all(host_t *h, host_call_t *call);
int host_event_run_method(host_call_t *call);
int host_event_work(host_call_t *call, nthrift_work_pt work,
    nthrift_event_pt done, void *data);

/*
 * wire.c and body.c.  What is wrong is returned as a text, NULL if nothing
 * is.  A reply is the result's until the call is freed; all else is in the
 * call's memory.
 */

void host_wire_head(const host_call_t *call, unsigned type,
    nthrift_head_t *head);
const char *host_wire_args(host_call_t *call, const host_request_t *request);
const char *host_wire_reply_raw(host_call_t *call, const uint8_t *data,
    size_t size);
void host_wire_exception(host_call_t *call, int32_t type, const char *text,
    size_t len);

const char *host_body_check(unsigned protocol, const nthrift_schema_t *schema,
    const uint8_t *data, size_t size);
const char *host_body_args(host_call_t *call, const host_request_t *request);
const char *host_body_reply(host_call_t *call, const void *result);
const char *host_body_outbound(host_call_t *call,
    const nthrift_method_t *method, const void *args, uint8_t **body,
    size_t *size);
const char *host_body_answer(host_call_t *call, const nthrift_method_t *method,
    const host_answer_t *answer, void **result);

/* api.c */

extern const nthrift_api_t  host_api;


#endif /* HOST_PRIVATE_H */
