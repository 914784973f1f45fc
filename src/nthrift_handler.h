/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_handler.h: what a handler is written with: a Thrift service as a
 * shared object that nginx loads (the directive thrift_handler).
 *
 * A service's own header, which "nthrift gen" makes of its IDL, includes this
 * file: types, arguments, and typed functions for what is generic here.
 *
 *     #include "pingpong.h"
 *
 *     static void
 *     ping(nthrift_call_t *call, const PingPong_ping_args_t *args)
 *     {
 *         PingPong_ping_reply(call, NTHRIFT_STR("pong"));
 *     }
 *
 *     PingPong_HANDLER(.ping = ping)
 *
 * The life of a call.  A method is called with arguments that have been
 * checked against the IDL.  It replies, or lets something go on for the call
 * (a timer, calls to upstreams, work on a thread pool), or keeps it.  The call
 * ends when it is replied to or failed; when its deadline passes, or the client
 * leaves, unless it is a oneway; or, with an exception for the client and a
 * line in the error log, when nothing is left that could reply.  Arguments, and
 * all memory that was taken from the call, are valid until its end.
 *
 * A nthrift_call_t pointer is a ticket, not an address.  Used after the end of
 * its call it is refused, with NTHRIFT_DECLINED and without harm.
 *
 * Of a method that runs on a thread the call may end meanwhile: replies are
 * refused then, but arguments, memory and what is known of the call stay until
 * it returns.
 *
 * Threads.  Every function may be called from the event loop: from methods,
 * notices, timers, replies, done functions and hooks.  A method of a handler
 * with "threads=", and only while it has not returned, may call those marked
 * "threads: yes" as well, for its own call.  Work functions call none.
 *
 * The `data` of what is called back comes back as it was given: what is const,
 * as the arguments of a method are, needs no cast to be given, and stays const
 * where the function that is called back takes it as such.
 *
 * Functions that return int return NTHRIFT_OK; NTHRIFT_DECLINED, when the
 * call has ended or was replied to before; or NTHRIFT_ERROR, when it cannot be
 * done, and the error log says why.  Most handlers need not look.
 */

#ifndef NTHRIFT_HANDLER_H
#define NTHRIFT_HANDLER_H

#include "bind/table.h"
#include "nthrift_copy.h"
#include "wire/wire.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif


/* Changes with everything below that two sides have to agree on. */

#define NTHRIFT_ABI  3


typedef struct nthrift_call_s     nthrift_call_t;
typedef struct nthrift_worker_s   nthrift_worker_t;
typedef struct nthrift_method_s   nthrift_method_t;
typedef struct nthrift_failure_s  nthrift_failure_t;


/* Types of the IDL that have no type of C's own. */

typedef struct {
    uint8_t   bytes[16];        /* in network order */
} nthrift_uuid_t;


/* A string literal as nthrift_str_t; its bytes are not copied. */

#define NTHRIFT_STR(literal)                                                  \
    nthrift_str_of((const void *) ("" literal ""), sizeof(literal) - 1)

/* printf("%.*s", NTHRIFT_ARG(s)) */

#define NTHRIFT_ARG(s)  (int) (s).len, (const char *) (s).data


static inline nthrift_str_t
nthrift_str_of(const void *data, size_t len)
{
    nthrift_str_t  s;

    s.len = len;
    s.data = (uint8_t *) data;

    return s;
}


/* Whether the bytes are those of `text`, which ends with a 0 byte. */

static inline bool
nthrift_str_is(nthrift_str_t s, const char *text)
{
    return s.len == strlen(text)
           && (s.len == 0 || memcmp(s.data, text, s.len) == 0);
}


/* Severities of nginx's error log. */

typedef enum {
    NTHRIFT_LOG_ERROR = 4,
    NTHRIFT_LOG_WARN = 5,
    NTHRIFT_LOG_NOTICE = 6,
    NTHRIFT_LOG_INFO = 7,
    NTHRIFT_LOG_DEBUG = 8
} nthrift_log_e;


/* Why a call ended without a reply of the handler's. */

typedef enum {
    NTHRIFT_CANCEL_CLIENT = 1,  /* the client left */
    NTHRIFT_CANCEL_DEADLINE,    /* its time is over */
    NTHRIFT_CANCEL_FAILED       /* answered for the handler: it did wrong */
} nthrift_cancel_e;


/* What is called back. */

typedef void (*nthrift_event_pt)(nthrift_call_t *call, void *data);
typedef void (*nthrift_cancel_pt)(nthrift_call_t *call,
    nthrift_cancel_e reason, void *data);
typedef void (*nthrift_work_pt)(void *data);
typedef void (*nthrift_answer_pt)(nthrift_call_t *call,
    const nthrift_failure_t *failure, const void *result, void *data);
typedef void (*nthrift_worker_pt)(nthrift_worker_t *worker, void *data);


/*
 * What is known of a call.  Valid until it ends; strings are terminated by a
 * 0 byte.
 */

typedef struct {
    nthrift_str_t   client;     /* "127.0.0.1:1234", "unix:" */
    nthrift_str_t   service;    /* as the thrift_service is named */
    nthrift_str_t   method;
    int32_t         seqid;      /* the client's */
    bool            oneway;     /* the client waits for no reply */
} nthrift_call_info_t;


/* Why a call to an upstream has no result. */

struct nthrift_failure_s {
    int32_t         type;       /* nthrift_exception_type_e, or any other
                                   number that a server sent */
    bool            remote;     /* a server said so; else nothing, or nothing
                                   sound, came back */
    nthrift_str_t   text;       /* for people */
};


/* "key=value" of the directive thrift_handler. */

typedef struct {
    const char     *key;
    const char     *value;
} nthrift_arg_t;


/*
 * A service in a worker process.  It lives from the start hook to the stop
 * hook and is the event loop's: no thread may use it.
 */

struct nthrift_worker_s {
    void                 *state;    /* the handler's: see nthrift_call_state */
    const char           *service;
    unsigned              number;   /* of the worker process, from 0 */
    const nthrift_arg_t  *args;     /* in the order of the directive */
    size_t                n_args;
};


/* Tables, made by "nthrift gen". */

struct nthrift_method_s {
    const char                  *service;       /* that defines it */
    const char                  *name;
    const nthrift_layout_t      *args;
    const nthrift_layout_t      *result;        /* NULL: oneway */
    uint64_t                     fingerprint;   /* of args and result: see
                                                   bind/fingerprint.h */
    uint8_t                      oneway;
    uint8_t                      idempotent;    /* by its annotation */
};


/* How a method of the IDL is run: `methods` is the service's ..._methods_t. */

typedef struct {
    const nthrift_method_t      *method;
    void                       (*run)(nthrift_call_t *call, const void *args,
                                     const void *methods);
    uint32_t                     offset;        /* of its pointer there: one
                                                   that is NULL is missing */
} nthrift_dispatch_t;


/*
 * A whole message, for adapters that decode it themselves: unframed, in one
 * piece, with the bare method's name.  Valid until the call ends.
 */

typedef struct {
    const uint8_t               *data;
    size_t                       size;
    unsigned                     protocol;      /* NTHRIFT_BINARY, _COMPACT */
} nthrift_raw_t;


typedef struct nthrift_api_s     nthrift_api_t;


/* What a handler exports as nthrift_handler_<service>. */

typedef struct {
    uint32_t                     abi;           /* NTHRIFT_ABI */
    uint32_t                     size;          /* of this struct */
    const char                  *service;
    const nthrift_api_t        **api;           /* set when it is loaded */

    const nthrift_dispatch_t    *dispatch;      /* n, inherited ones too */
    uint32_t                     n;
    const void                  *methods;

    int                        (*start)(nthrift_worker_t *worker);
    void                       (*stop)(nthrift_worker_t *worker);

    /* of an adapter, for all methods; then `dispatch` is NULL */

    void                       (*raw)(nthrift_call_t *call,
                                     const nthrift_raw_t *message);
} nthrift_handler_t;


/* What nginx offers: the functions below, in their order. */

struct nthrift_api_s {
    uint32_t   abi;
    uint32_t   size;

    int      (*reply)(nthrift_call_t *call, const nthrift_method_t *method,
                   const void *result);
    int      (*reply_raw)(nthrift_call_t *call, const uint8_t *data,
                   size_t size);
    int      (*fail)(nthrift_call_t *call, int32_t type, const char *text,
                   size_t len);
    int      (*done)(nthrift_call_t *call);
    int      (*keep)(nthrift_call_t *call);
    int      (*on_cancel)(nthrift_call_t *call, nthrift_cancel_pt fn,
                   void *data);

    void    *(*alloc)(nthrift_call_t *call, size_t size);
    void    *(*need)(nthrift_call_t *call, size_t size);
    const nthrift_call_info_t *
             (*info)(nthrift_call_t *call);
    nthrift_worker_t *
             (*worker)(nthrift_call_t *call);
    int64_t  (*left)(nthrift_call_t *call);
    void     (*log)(nthrift_call_t *call, int level, const char *text,
                   size_t len);

    int      (*timer)(nthrift_call_t *call, uint32_t msec,
                   nthrift_event_pt fn, void *data);
    int      (*timer_cancel)(nthrift_call_t *call, int timer);
    int      (*upstream)(nthrift_call_t *call, const char *upstream,
                   const nthrift_method_t *method, const void *args,
                   nthrift_answer_pt fn, void *data);
    int      (*work)(nthrift_call_t *call, const char *pool,
                   nthrift_work_pt work, nthrift_event_pt done, void *data);
    int      (*join)(nthrift_call_t *call, nthrift_event_pt fn, void *data);

    void     (*worker_log)(nthrift_worker_t *worker, int level,
                   const char *text, size_t len);
    int      (*worker_timer)(nthrift_worker_t *worker, uint32_t msec,
                   nthrift_worker_pt fn, void *data);

    int      (*variable)(nthrift_call_t *call, const char *name, size_t len,
                   nthrift_str_t *value);
};


#define NTHRIFT_HIDDEN  __attribute__((weak, visibility("hidden")))
#define NTHRIFT_EXPORT  __attribute__((visibility("default")))

/* A function that takes a format and what it prints, as printf() does. */

#define NTHRIFT_PRINTF(fmt, first)                                            \
    __attribute__((__format__(__printf__, fmt, first)))


/* Set when the handler is loaded, before anything of it is called. */

NTHRIFT_HIDDEN const nthrift_api_t  *nthrift_api;


/* Longest text of a log line or an exception, in bytes. */

#define NTHRIFT_MAX_TEXT  512


/* Prints into a text, as far as there is room; returns its bytes. */

NTHRIFT_PRINTF(2, 0) static inline size_t
nthrift_text_print(char text[NTHRIFT_MAX_TEXT + 1], const char *format,
    va_list args)
{
    int  n;

    n = vsnprintf(text, NTHRIFT_MAX_TEXT + 1, format, args);

    if (n < 0) {
        return 0;
    }

    return (n > NTHRIFT_MAX_TEXT) ? NTHRIFT_MAX_TEXT : (size_t) n;
}


/*
 * Replies to the call, which gets one reply: the second is refused and logged.
 * `result` is the method's ..._result_t; it is written at once, so that nothing
 * of it has to stay.  The typed functions of a service's header come here.
 * Threads: yes.
 */
static inline int
nthrift_call_reply(nthrift_call_t *call, const nthrift_method_t *method,
    const void *result)
{
    return nthrift_api->reply(call, method, result);
}


/*
 * Replies with a whole REPLY or EXCEPTION message, unframed, in the protocol of
 * the call, which is copied: for adapters.  Threads: yes.
 */
static inline int
nthrift_call_reply_raw(nthrift_call_t *call, const uint8_t *data, size_t size)
{
    return nthrift_api->reply_raw(call, data, size);
}


/*
 * Fails the call with a TApplicationException (nthrift_exception_type_e) and
 * a text for the client, cut after NTHRIFT_MAX_TEXT bytes.  For what is no
 * exception of the IDL.  A oneway's client never sees it; the access log does.
 * Threads: yes.
 */
NTHRIFT_PRINTF(3, 4) static inline int
nthrift_call_fail_type(nthrift_call_t *call, int32_t type, const char *format,
    ...)
{
    char     text[NTHRIFT_MAX_TEXT + 1];
    size_t   len;
    va_list  args;

    va_start(args, format);
    len = nthrift_text_print(text, format, args);
    va_end(args);

    return nthrift_api->fail(call, type, text, len);
}


/* The same with INTERNAL_ERROR: nthrift_call_fail(call, format, ...). */

#define nthrift_call_fail(call, ...)                                          \
    nthrift_call_fail_type(call, NTHRIFT_EXC_INTERNAL_ERROR, __VA_ARGS__)


/*
 * Ends a oneway call.  It is needed only after nthrift_call_keep(): other
 * oneway calls end when their method returns and nothing goes on for them.
 * Threads: yes.
 */
static inline int
nthrift_call_done(nthrift_call_t *call)
{
    return nthrift_api->done(call);
}


/*
 * Says that the call will be replied to later, by something of which nginx does
 * not know that it goes on for the call: another call, a timer of the worker.
 * Threads: yes.
 */
static inline int
nthrift_call_keep(nthrift_call_t *call)
{
    return nthrift_api->keep(call);
}


/*
 * Calls `fn` when the call ends without a reply of the handler's, so that the
 * handler can free what it holds for the call.  The call is still there then,
 * and gone afterwards.  A call has one such function: a second one replaces the
 * first, NULL removes it.  Threads: no.
 */
static inline int
nthrift_call_on_cancel(nthrift_call_t *call, nthrift_cancel_pt fn,
    const void *data)
{
    return nthrift_api->on_cancel(call, fn, (void *) data);
}


/*
 * Returns memory that lives until the call ends, and as long as work goes on
 * for it: zeroed, aligned to 8.  NULL: the call has ended, there is no memory,
 * or thrift_handler_memory does not allow it.  Threads: yes.
 */
static inline void *
nthrift_call_alloc(nthrift_call_t *call, size_t size)
{
    return nthrift_api->alloc(call, size);
}


/*
 * Returns memory as nthrift_call_alloc() does, for what the call cannot be
 * replied to without.  If it returns NULL the call has failed: whatever it is
 * replied to afterwards, its client gets INTERNAL_ERROR with a text that says
 * so, and it makes no more calls itself.  Threads: yes.
 */
static inline void *
nthrift_call_need(nthrift_call_t *call, size_t size)
{
    return nthrift_api->need(call, size);
}


/*
 * Returns a copy in memory of nthrift_call_need(), with a 0 byte behind it;
 * data is NULL if there is no memory.  Threads: yes.
 */

static inline nthrift_str_t
nthrift_call_copy(nthrift_call_t *call, nthrift_str_t s)
{
    nthrift_str_t  copy;

    copy.len = 0;
    copy.data = (uint8_t *) nthrift_api->need(call, s.len + 1);

    if (copy.data != NULL && s.len != 0) {
        memcpy(copy.data, s.data, s.len);
        copy.len = s.len;
    }

    return copy;
}


/*
 * Prints a text into memory of nthrift_call_need(), with a 0 byte behind it:
 * nthrift_call_format(call, "%d", i).  A text that cannot be printed needs more
 * memory than there is.  Threads: yes.
 */

NTHRIFT_PRINTF(2, 3) static inline nthrift_str_t
nthrift_call_format(nthrift_call_t *call, const char *format, ...)
{
    int            n;
    va_list        args;
    nthrift_str_t  s;

    s.len = 0;
    s.data = NULL;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);

    s.data = (uint8_t *) nthrift_api->need(call, (n < 0) ? SIZE_MAX
                                                         : (size_t) n + 1);

    if (s.data == NULL) {
        return s;
    }

    va_start(args, format);
    n = vsnprintf((char *) s.data, (size_t) n + 1, format, args);
    va_end(args);

    s.len = (n < 0) ? 0 : (size_t) n;

    return s;
}


/*
 * Returns who calls what; NULL when the call has ended, or the system has no
 * memory at all.  Threads: yes.
 */

static inline const nthrift_call_info_t *
nthrift_call_info(nthrift_call_t *call)
{
    return nthrift_api->info(call);
}


/*
 * Returns the value of a variable of nginx's, by its name without "$": who the
 * client is ("ssl_client_verify", "ssl_client_s_dn", "ssl_server_name"), a
 * header that it has sent ("thrift_header_user_id"), and whatever else a log
 * line or a "map" could have.  It is a copy as of nthrift_call_copy().  data
 * is NULL if there is no such variable, it has no value for this call, or the
 * call has ended.  Threads: no.
 */
static inline nthrift_str_t
nthrift_call_variable(nthrift_call_t *call, const char *name)
{
    nthrift_str_t  value;

    value.len = 0;
    value.data = NULL;

    (void) nthrift_api->variable(call, name, strlen(name), &value);

    return value;
}


/*
 * Returns the worker that runs the call; NULL after the call's end.
 * Threads: yes.
 */

static inline nthrift_worker_t *
nthrift_call_worker(nthrift_call_t *call)
{
    return nthrift_api->worker(call);
}


/*
 * Returns what the start hook has put into worker->state.  With "threads=",
 * several methods see it at once: what is in it has to be guarded.
 * Threads: yes.
 */
static inline void *
nthrift_call_state(nthrift_call_t *call)
{
    nthrift_worker_t  *worker;

    worker = nthrift_api->worker(call);

    return (worker != NULL) ? worker->state : NULL;
}


/*
 * Returns the milliseconds until the call's deadline (thrift_timeout): 0 when
 * it has passed or the call has ended, INT64_MAX when it has none.
 * Threads: yes.
 */
static inline int64_t
nthrift_call_left(nthrift_call_t *call)
{
    return nthrift_api->left(call);
}


/*
 * Writes a line to nginx's error log, which names client, server and call.
 * What the client could provoke at will is NTHRIFT_LOG_INFO at most.  From a
 * thread it is written when the method returns.  Threads: yes.
 */
NTHRIFT_PRINTF(3, 4) static inline void
nthrift_call_log(nthrift_call_t *call, nthrift_log_e level, const char *format,
    ...)
{
    char     text[NTHRIFT_MAX_TEXT + 1];
    size_t   len;
    va_list  args;

    va_start(args, format);
    len = nthrift_text_print(text, format, args);
    va_end(args);

    nthrift_api->log(call, level, text, len);
}


/*
 * Calls `fn` once, `msec` milliseconds from now (1 at least), unless the call
 * has ended by then.  Returns a number greater than 0 to cancel it by, or as
 * above.  Threads: no.
 */
static inline int
nthrift_call_timer(nthrift_call_t *call, uint32_t msec, nthrift_event_pt fn,
    const void *data)
{
    return nthrift_api->timer(call, msec, fn, (void *) data);
}


/* Cancels a timer; NTHRIFT_DECLINED also when it has fired.  Threads: no. */

static inline int
nthrift_call_timer_cancel(nthrift_call_t *call, int timer)
{
    return nthrift_api->timer_cancel(call, timer);
}


/*
 * Calls a method of another service: the servers of the upstream{} of that
 * name, by its balancer, over its pool, with the timeouts and retries of the
 * method that is called here, and no longer than its deadline.  `args` is the
 * method's ..._args_t, which is written at once.
 *
 * `fn` is called once, later and never from in here: with the method's
 * ..._result_t, valid until the call ends, in which one of has_success and
 * the declared exceptions' has_... is set (none for void); or with a failure.
 * A oneway has neither: it was sent.  When the call ends first, `fn` is not
 * called.  The typed functions of a service's header come here.  Threads: no.
 */
static inline int
nthrift_call_upstream(nthrift_call_t *call, const char *upstream,
    const nthrift_method_t *method, const void *args, nthrift_answer_pt fn,
    const void *data)
{
    return nthrift_api->upstream(call, upstream, method, args, fn,
                                 (void *) data);
}


/*
 * Runs work(data) on a thread of nginx's thread_pool `pool` (NULL: "default"),
 * then done(call, data) on the event loop, unless the call has ended by then.
 * Memory of the call stays until the work is done.  The work function calls
 * nothing of this file and shares with others nothing but `data`.
 * Threads: no.
 */
static inline int
nthrift_call_work(nthrift_call_t *call, const char *pool, nthrift_work_pt work,
    nthrift_event_pt done, const void *data)
{
    return nthrift_api->work(call, pool, work, done, (void *) data);
}


/*
 * Calls `fn` once all that goes on for the call now (calls to upstreams and
 * work; not timers) has been answered; at once, but not from in here, if
 * there is nothing.  One function a call: a second one replaces the first.
 * Threads: no.
 */
static inline int
nthrift_call_join(nthrift_call_t *call, nthrift_event_pt fn, const void *data)
{
    return nthrift_api->join(call, fn, (void *) data);
}


/* Returns the value of an argument of the directive, or NULL.  Threads: yes. */

static inline const char *
nthrift_worker_arg(const nthrift_worker_t *worker, const char *key)
{
    size_t  i;

    for (i = 0; i < worker->n_args; i++) {
        if (strcmp(worker->args[i].key, key) == 0) {
            return worker->args[i].value;
        }
    }

    return NULL;
}


/* Writes a line to nginx's error log.  Threads: no. */

NTHRIFT_PRINTF(3, 4) static inline void
nthrift_worker_log(nthrift_worker_t *worker, nthrift_log_e level,
    const char *format, ...)
{
    char     text[NTHRIFT_MAX_TEXT + 1];
    size_t   len;
    va_list  args;

    va_start(args, format);
    len = nthrift_text_print(text, format, args);
    va_end(args);

    nthrift_api->worker_log(worker, level, text, len);
}


/*
 * Logs why a service cannot start, for its start hook, which returns the value:
 * return nthrift_worker_fail(worker, "no key").  Calls of that service fail
 * then, others go on.
 */
#define nthrift_worker_fail(worker, ...)                                      \
    (nthrift_worker_log(worker, NTHRIFT_LOG_ERROR, __VA_ARGS__), NTHRIFT_ERROR)


/*
 * Calls `fn` once, `msec` milliseconds from now, unless the worker ends first;
 * it may start the next one itself.  Threads: no.
 */
static inline int
nthrift_worker_timer(nthrift_worker_t *worker, uint32_t msec,
    nthrift_worker_pt fn, const void *data)
{
    return nthrift_api->worker_timer(worker, msec, fn, (void *) data);
}


#ifdef __cplusplus
}
#endif

#endif /* NTHRIFT_HANDLER_H */
