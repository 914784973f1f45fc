/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call: from the moment its message is whole until it is logged.
 */

#ifndef _NGX_THRIFT_CALL_H_INCLUDED_
#define _NGX_THRIFT_CALL_H_INCLUDED_


/* What became of a call: $thrift_status. */

typedef enum {
    NGX_THRIFT_PENDING = 0,
    NGX_THRIFT_SUCCESS,         /* REPLY with a result */
    NGX_THRIFT_DECLARED,        /* REPLY with an exception of the IDL */
    NGX_THRIFT_EXCEPTION,       /* EXCEPTION, the server's or ours */
    NGX_THRIFT_SENT,            /* oneway: sent, that is all one knows */
    NGX_THRIFT_FAILED,          /* oneway: not sent */
    NGX_THRIFT_CANCELLED,       /* the client left first */
    NGX_THRIFT_CUT,             /* nginx shut down first */
    NGX_THRIFT_REFUSED          /* no call: what came is no message */
} ngx_thrift_outcome_e;


/* Why a call is given up before its answer has come. */

typedef enum {
    NGX_THRIFT_CALL_LEFT = 0,   /* its owner does not wait any more */
    NGX_THRIFT_CALL_EXPIRED     /* its time is over */
} ngx_thrift_call_reason_e;


/*
 * A step that has returned NGX_AGAIN has come to `rc`: the call goes on, and
 * may be gone when this returns.
 */

typedef void (*ngx_thrift_call_resume_pt)(ngx_thrift_call_t *call,
    ngx_int_t rc);


struct ngx_thrift_call_s {
    ngx_queue_t                   queue;    /* of its connection, in order */
    ngx_uint_t                    step;
    ngx_uint_t                    number;   /* in its worker, for the log */
    ngx_pool_t                   *pool;
    ngx_log_t                    *log;
    ngx_thrift_call_resume_pt     resume;   /* the step has come to its end */
    const ngx_thrift_owner_t     *owner;
    const ngx_thrift_balancer_t  *balancer;
    ngx_thrift_routes_t          *routes;
    ngx_thrift_client_t          *client;   /* connections are kept for, or
                                               NULL */
    ngx_thrift_conf_t            *conf;
    ngx_thrift_target_t          *target;   /* NULL: not routed yet */

    ngx_msec_t                    start;
    ngx_msec_t                    deadline; /* if timed */
    ngx_thrift_delay_t            expiry;   /* among those with its timeout */

    /* what is not cleared when a call begins stands before this */

    nthrift_str_t                 prefix;   /* data NULL: none was sent */
    nthrift_str_t                 method;   /* without prefix */
    nthrift_str_t                 headers;  /* info of its THeader, and what
                                               holds for all of its client's;
                                               none is persistent */

    ngx_msec_t                    queued;   /* it has waited for its turn, or
                                               for a server */
    ngx_msec_t                    delay;    /* before it is answered */
    ngx_thrift_sleep_t           *delayed;  /* it waits, or NULL */
    ngx_thrift_gate_wait_t       *wait;     /* the same, for its turn */
    ngx_thrift_gate_t            *gate;     /* it has a place of, or NULL */

    ngx_thrift_slice_t           *slice;    /* work that goes on, or NULL */
    ngx_thrift_invocation_t      *invocation;   /* of a handler, or NULL */
    ngx_thrift_outbound_t        *outbound; /* a handler's own call */

    ngx_thrift_attempt_t         *attempt;  /* the latest, or NULL */
    ngx_thrift_attempt_t         *other;    /* one beside it, or NULL */
    ngx_uint_t                    nattempts;    /* that were made for it */
    ngx_uint_t                    tries;    /* servers that it was to have */
    ngx_thrift_message_t         *translated;   /* the request as it is sent,
                                               or NULL: as it came */
    ngx_thrift_message_t         *binary;   /* what the request says, if it
                                               is text; NULL: nobody has asked
                                               yet */
    ngx_thrift_message_t         *written;  /* a handler's reply to it, as
                                               text; or what a server's reply
                                               in text says; or NULL */
    ngx_thrift_message_t         *reply;    /* its reply, or NULL */
    off_t                         held;     /* bytes kept in memory */
    off_t                         pruned;   /* bytes that were taken out of
                                               the request; negative: added */

    ngx_uint_t                    outcome;
    ngx_uint_t                    status;   /* $status */
    ngx_int_t                     declared; /* id of the reply's exception */
    ngx_int_t                     exception;    /* TApplicationException type */
    ngx_str_t                     text;     /* and message */

    ngx_chain_t                  *out;      /* to the client; NULL: nothing */
    ngx_chain_t                  *out_last; /* set once it is queued */
    size_t                        out_length;

    unsigned                      checked:1;    /* by its definition, or
                                                   trusted */
    unsigned                      fits:1;       /* its arguments their
                                                   definition */
    unsigned                      undeclared:1; /* `binary` has fewer fields
                                                   than the request */
    unsigned                      unreadable:1; /* it is text that does not fit
                                                   its definition */
    unsigned                      oneway:1;     /* the client gets no reply */
    unsigned                      silent:1;     /* the upstream sends none */
    unsigned                      copied:1;     /* another one is answered:
                                                   that it fails says nothing
                                                   of a server */
    unsigned                      retains_request:1;    /* also when it was
                                                   sent */
    unsigned                      timed:1;
    unsigned                      overloaded:1; /* its body was not kept */
    unsigned                      paused:1;     /* others hold too much */
    unsigned                      failed:1;     /* exception and text are
                                                   ours */
    unsigned                      ready:1;      /* the reply is in call->out,
                                                   or there is none */
    unsigned                      packed:1;     /* it was; so is its reply */
    unsigned                      unordered:1;  /* its reply may overtake those
                                                   of earlier calls */
    unsigned                      fatal:1;      /* nothing after it can be
                                                   read */
    unsigned                      leads:1;      /* its client's next calls
                                                   follow it to a connection */

    ngx_thrift_message_t          request;
    ngx_thrift_attempt_t          first;    /* of its attempts */
};


/*
 * Makes a call of what has pool, log, owner, balancer, routes and client, and
 * begins reading a message into call->request.
 */
void ngx_thrift_call_init(ngx_thrift_call_t *call, ngx_thrift_conf_t *conf);

/* The message is whole, or broken after its head (`fatal`): runs the call. */
void ngx_thrift_call_start(ngx_thrift_call_t *call, ngx_uint_t fatal);

/* Runs a call of a handler's own, which has a message, from "pass" on. */
void ngx_thrift_call_pass(ngx_thrift_call_t *call);

/* Is it a call, and is its body sound?  Else its error is set. */
ngx_int_t ngx_thrift_call_check(ngx_thrift_call_t *call);

/* Its method, and its service, by the name in the head of its request. */
void ngx_thrift_call_split_name(ngx_thrift_call_t *call);

/* Is it being unpacked: is it not known yet what it will hold? */
ngx_uint_t ngx_thrift_call_is_packed(ngx_thrift_call_t *call);

/* The head of its answer, but for the type. */
void ngx_thrift_call_reply_head(ngx_thrift_call_t *call,
    nthrift_head_t *head);

/* What call->resume is. */
void ngx_thrift_call_wake(ngx_thrift_call_t *call, ngx_int_t rc);

/* The answer was taken: the call is logged, and ends. */
void ngx_thrift_call_answered(ngx_thrift_call_t *call);

/* Runs the step "handle" again if it still waits until it may begin. */
void ngx_thrift_call_again(ngx_thrift_call_t *call);

/* Its owner does not wait for it any more: no reply, only the log. */
void ngx_thrift_call_cancel(ngx_thrift_call_t *call);

/* The same, because worker_shutdown_timeout is over. */
void ngx_thrift_call_cut(ngx_thrift_call_t *call);

/*
 * Does it go on when its client has left, who may still read its reply or, if
 * it is `lost`, does not?
 */
ngx_uint_t ngx_thrift_call_outlives(ngx_thrift_call_t *call, ngx_uint_t lost);

/* Its time is over: what it waits for is given up, and it fails. */
void ngx_thrift_call_expire(ngx_thrift_call_t *call);

/* The worker ends: likewise. */
void ngx_thrift_call_shut_down(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_CALL_H_INCLUDED_ */
