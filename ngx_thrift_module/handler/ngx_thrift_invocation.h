/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An invocation: one run of a handler's method for one call.
 */

#ifndef _NGX_THRIFT_INVOCATION_H_INCLUDED_
#define _NGX_THRIFT_INVOCATION_H_INCLUDED_


#define NGX_THRIFT_INVOCATION_MEMORY  3072      /* bytes in itself */


typedef struct ngx_thrift_chunk_s  ngx_thrift_chunk_t;


/* A line that a thread has to say: written when it is done. */

typedef struct ngx_thrift_line_s  ngx_thrift_line_t;

struct ngx_thrift_line_s {
    ngx_thrift_line_t        *next;
    int                       level;
    ngx_str_t                 text;
};


/* A block that the arguments lie in, kept for work that outlives the call. */

typedef struct ngx_thrift_kept_s  ngx_thrift_kept_t;

struct ngx_thrift_kept_s {
    ngx_thrift_kept_t        *next;
    ngx_thrift_block_t       *block;
};


/* How a call of a handler's came to its end. */

typedef enum {
    NGX_THRIFT_INVOCATION_OPEN = 0,
    NGX_THRIFT_INVOCATION_REPLIED,
    NGX_THRIFT_INVOCATION_FAILED,       /* type and text are set */
    NGX_THRIFT_INVOCATION_DONE,         /* no reply is due */
    NGX_THRIFT_INVOCATION_CANCELLED     /* by the client or the deadline */
} ngx_thrift_end_e;


struct ngx_thrift_invocation_s {
    ngx_thrift_call_t        *call;     /* NULL: has ended, work goes on */
    ngx_thrift_handler_t     *handler;
    const nthrift_dispatch_t *dispatch; /* NULL: an adapter's */
    const nthrift_method_t   *method;   /* the same */
    ngx_thrift_target_t      *target;   /* the call's */
    nthrift_call_t           *ticket;   /* NULL: dropped */

    nthrift_head_t            head;     /* of the reply */
    const nthrift_rules_t    *rules;    /* of its messages */
    ngx_uint_t                oneway;   /* the client gets no reply */
    ngx_uint_t                timed;
    ngx_msec_t                deadline; /* if timed */

    ngx_event_t               event;    /* posted: see _advance() */

    ngx_queue_t               timers;   /* ngx_thrift_alarm_t */
    ngx_queue_t               fired;    /* the same, to be used again */
    ngx_queue_t               outbound; /* ngx_thrift_outbound_t */
    ngx_uint_t                nalarms;
    ngx_uint_t                pending;  /* calls to upstreams, work */
    ngx_uint_t                works;    /* that use the memory */
    int                       last;     /* number of the latest timer */

    nthrift_event_pt          join;
    void                     *join_data;
    nthrift_cancel_pt         cancel;
    void                     *cancel_data;

    ngx_uint_t                end;      /* ngx_thrift_end_e */
    const char               *refusal;  /* why it has not got all memory that
                                           it asked for; or NULL */
    int32_t                   type;     /* of the exception */
    ngx_str_t                 text;
    u_char                   *out;      /* the reply, head included */
    size_t                    size;
    int16_t                   declared;     /* field of the reply that is an
                                               exception of the IDL, or 0 */

    /* while it is "threaded", the thread's, as all above from "end" on */

    unsigned                  exception:1;  /* an adapter's, as type and text */
    unsigned                  kept:1;
    unsigned                  wrong:1;      /* answered for the handler */
    unsigned                  starved:1;    /* it has not got what it needs to
                                               reply: see `refusal` */
    unsigned                  overloaded:1; /* as its client's other calls hold
                                               too much */
    unsigned                  notified:1;   /* it knows that the call is over */
    unsigned                  has_info:1;
    ngx_uint_t                inside;       /* its code runs: depth */
    ngx_uint_t                closed;       /* what went on is given up; a
                                               thread looks at it, too */

    uint64_t                  ran;          /* nanoseconds, in its code; threads
                                               add to it, too */
    uint64_t                  cpu;          /* the same, of the processor's;
                                               if they are wanted */
    uint64_t                  held;         /* those of it that were too long,
                                               on the event loop ... */
    ngx_uint_t                holds;        /* ... and how often that was */

    ngx_uint_t                threaded;     /* a thread runs its method */
    size_t                    uncounted;    /* bytes that a thread has taken */
    ngx_thrift_line_t        *lines;
    ngx_thrift_line_t       **lines_last;

    nthrift_call_info_t       info;

    const void               *args;         /* decoded, or a nthrift_raw_t */
    ngx_thrift_kept_t        *kept_blocks;

    nthrift_arena_t           arena;
    ngx_thrift_chunk_t       *chunks;
    u_char                    memory[NGX_THRIFT_INVOCATION_MEMORY];
};


/* The step. */
ngx_int_t ngx_thrift_handle(ngx_thrift_call_t *call);

/* Runs the method, on the event loop or in a thread. */
void ngx_thrift_invocation_run(ngx_thrift_invocation_t *inv);

/* Does the call wait for a handler, which has a client to answer. */
ngx_uint_t ngx_thrift_invocation_waits(ngx_thrift_call_t *call);

/* The client has left while the step waits: tells the handler. */
ngx_int_t ngx_thrift_invocation_cancel(ngx_thrift_call_t *call,
    ngx_uint_t reason);

/* Milliseconds that the call has left; INT64_MAX: it has no deadline. */
int64_t ngx_thrift_invocation_left(ngx_thrift_invocation_t *inv);

/* May it end without a reply: there is no time left for one. */
ngx_uint_t ngx_thrift_invocation_gave_up(ngx_thrift_invocation_t *inv);

/* The call is gone; its invocation goes too, or when its work is done. */
void ngx_thrift_invocation_release(ngx_thrift_call_t *call);


/* A cleared one, with its memory, of which it may take `limit` bytes. */
ngx_thrift_invocation_t *ngx_thrift_invocation_get(size_t limit);

/* Gives it back, with all that was taken. */
void ngx_thrift_invocation_free(ngx_thrift_invocation_t *inv);

/*
 * Sets inv->args: the arguments as the handler wants them.  NGX_ERROR: the
 * call's error is set.
 */
ngx_int_t ngx_thrift_invocation_read(ngx_thrift_invocation_t *inv);

/*
 * For the rooms that something goes on in.  Code of a handler's runs between
 * _enter() and _leave(); then _advance() does what is due: calls back what
 * was waited for, and runs the call on when it has ended.  The invocation may
 * be gone afterwards.
 */
void ngx_thrift_invocation_enter(ngx_thrift_invocation_t *inv,
    ngx_thrift_watch_t *watch);
void ngx_thrift_invocation_leave(ngx_thrift_invocation_t *inv,
    ngx_thrift_watch_t *watch);
void ngx_thrift_invocation_advance(ngx_thrift_invocation_t *inv);

/* Its code has run so long; a thread may say it, too.  In nanoseconds. */
void ngx_thrift_invocation_ran(ngx_thrift_invocation_t *inv, uint64_t took,
    uint64_t cpu);

/* How long that is by now, in microseconds. */
uint64_t ngx_thrift_invocation_time(ngx_thrift_invocation_t *inv);
uint64_t ngx_thrift_invocation_cpu_time(ngx_thrift_invocation_t *inv);

/* The same, but later, never from within a handler's code. */
void ngx_thrift_invocation_post(ngx_thrift_invocation_t *inv);

/* One thing less that works with the memory; frees it after the last. */
void ngx_thrift_invocation_unwork(ngx_thrift_invocation_t *inv);

/*
 * References what arguments and answers lie in, for work that may outlive the
 * call.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_thrift_invocation_keep_blocks(ngx_thrift_invocation_t *inv);

/*
 * Memory as nthrift_call_alloc(), and as nthrift_call_need().  NULL:
 * inv->refusal says why.
 */
void *ngx_thrift_invocation_alloc(ngx_thrift_invocation_t *inv, size_t size);
void *ngx_thrift_invocation_need(ngx_thrift_invocation_t *inv, size_t size);

/* A copy with a 0 byte behind it, which thrift_handler_memory does not limit;
   NULL: no memory. */
u_char *ngx_thrift_invocation_keep(ngx_thrift_invocation_t *inv,
    const void *data, size_t len);

/*
 * Begins to write a message, behind the `size` bytes of its head; and keeps
 * what was written, nothing having been allocated meanwhile.
 */
void ngx_thrift_invocation_write(ngx_thrift_invocation_t *inv,
    nthrift_write_t *w, unsigned protocol, size_t size);
void ngx_thrift_invocation_written(ngx_thrift_invocation_t *inv,
    nthrift_write_t *w);

/* It holds `size` bytes more, on behalf of its call. */
void ngx_thrift_invocation_hold(ngx_thrift_invocation_t *inv, size_t size);

/* What nthrift_call_info() shows; NULL: no memory. */
const nthrift_call_info_t *ngx_thrift_invocation_info(
    ngx_thrift_invocation_t *inv);

/*
 * The first end counts; NTHRIFT_DECLINED (logged) for another.  A failure's
 * text is copied.
 */
int ngx_thrift_invocation_end(ngx_thrift_invocation_t *inv, ngx_uint_t end);
int ngx_thrift_invocation_fail(ngx_thrift_invocation_t *inv, int32_t type,
    const char *text, size_t len);

/*
 * Fails the call for the handler, which did wrong and will be told so.  The
 * text stays where it is.  Returns NTHRIFT_ERROR.
 */
int ngx_thrift_invocation_wrong(ngx_thrift_invocation_t *inv,
    const char *text);

/* An error of the handler's: logged now, or when its thread is done. */
void ngx_thrift_invocation_log(ngx_thrift_invocation_t *inv, int level,
    const char *text, size_t len);
void ngx_thrift_invocation_error(ngx_thrift_invocation_t *inv,
    const char *text);

/* Is this the event loop, or a thread; for the functions of the api. */
ngx_uint_t ngx_thrift_in_loop(void);

/* In a worker, before the first call. */
void ngx_thrift_invocation_init(void);


#endif /* _NGX_THRIFT_INVOCATION_H_INCLUDED_ */
