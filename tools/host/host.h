/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * tools/host/host.h: a host for handlers in a plain process.  It is to a
 * handler what nginx is (src/nthrift_handler.h), but for connections: a test
 * calls methods with bodies from wherever it likes, moves the clock, answers
 * for upstreams, and looks at what came back.  Nothing happens on its own, so
 * that the same test does the same each time, a fuzzer's as well.
 *
 *     h = host_open("build/examples/pingpong.so", "PingPong", &options, ...);
 *     host_start(h);
 *     call = host_call(h, &request);
 *     host_advance(h, 2000);
 *     result = host_result(call);         what the client would have got
 *     host_free(call);
 *     host_close(h);
 *
 * All functions are for the thread that opened the host: its event loop.
 */

#ifndef HOST_H
#define HOST_H

#include "nthrift_handler.h"


typedef struct host_s       host_t;
typedef struct host_call_s  host_call_t;


/* How a call came to its end. */

typedef enum {
    HOST_OPEN = 0,              /* it has not */
    HOST_REPLIED,
    HOST_FAILED,                /* with an exception of Thrift's own */
    HOST_DONE,                  /* a oneway */
    HOST_CANCELLED              /* by the client or the deadline */
} host_end_e;


/*
 * What an upstream answers, `msec` milliseconds from now: a failure, or a
 * result in the binary protocol, neither of them for a oneway.  Copied.
 */

typedef struct {
    uint32_t                  msec;
    const nthrift_failure_t  *failure;
    const uint8_t            *body;
    size_t                    size;
} host_answer_t;

/* `args` is in the binary protocol; `answer` is cleared. */

typedef void (*host_upstream_pt)(void *data, const char *upstream,
    const nthrift_method_t *method, const uint8_t *args, size_t size,
    host_answer_t *answer);


typedef struct {
    const nthrift_arg_t      *args;         /* of the start hook, n_args */
    size_t                    n_args;
    const nthrift_arg_t      *variables;    /* of nginx's, by their names;
                                               n_variables */
    size_t                    n_variables;
    size_t                    memory;       /* bytes of a call; 0: 1 MB */
    uint32_t                  timeout;      /* milliseconds; 0: none */
    bool                      threads;      /* methods run on threads of their
                                               own ... */
    bool                      work;         /* ... and work does; else it is
                                               done by host_advance() */
    bool                      verbose;      /* the log goes to stderr, too */
    host_upstream_pt          upstream;     /* NULL: there is none */
    void                     *data;         /* for `upstream` */
} host_options_t;


typedef struct {
    nthrift_str_t             method;
    int32_t                   seqid;
    unsigned                  protocol;     /* NTHRIFT_BINARY, _COMPACT */
    bool                      oneway;
    const uint8_t            *body;         /* the arguments */
    size_t                    size;
} host_request_t;


typedef struct {
    host_end_e                end;
    nthrift_cancel_e          reason;       /* 0: it was not cancelled */
    const uint8_t            *reply;        /* the whole message, unframed;
                                               NULL: the client gets none */
    size_t                    size;
    nthrift_call_t           *ticket;       /* as the handler has it */
} host_result_t;


/*
 * Loads the handler of that service from a file, or takes one that is linked
 * in.  NULL: `text` says why.  `options` is copied, what it points to is not.
 */
host_t *host_open(const char *path, const char *service,
    const host_options_t *options, char *text, size_t size);
host_t *host_attach(const nthrift_handler_t *handler,
    const host_options_t *options, char *text, size_t size);

/* The start hook's code. */
int host_start(host_t *h);

/* Calls that are open are cancelled, as if their clients had left. */
void host_stop(host_t *h);

/* host_stop(), if it has to; the object stays loaded, as it does in nginx. */
void host_close(host_t *h);

/*
 * Calls a method.  The body is well formed and says what the IDL says: it is
 * checked here, and NULL is returned if it does not, or if there is no such
 * method; but for an adapter, whose tables are unknown: for it, the body is
 * only looked through (wire/skip.h).
 */
host_call_t *host_call(host_t *h, const host_request_t *request);

/* Valid until the call is freed; what it points to as well. */
const host_result_t *host_result(const host_call_t *call);

/* The client leaves: nothing happens to a call that has ended. */
void host_leave(host_call_t *call);

/* An open call's client leaves first. */
void host_free(host_call_t *call);

/*
 * Moves the clock, and does all that is due until then in the order of its
 * time; waits for threads.  0: what is due now.
 */
void host_advance(host_t *h, uint32_t msec);

/* "error: text" and so on, a line each; until it is cleared. */
const char *host_log(const host_t *h);
void host_log_clear(host_t *h);


#endif /* HOST_H */
