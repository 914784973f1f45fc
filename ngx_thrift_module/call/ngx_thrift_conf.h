/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a call needs to know of the configuration, wherever it was written.
 * The stream glue fills it and merges it: see ngx_stream_thrift_conf.h.
 */

#ifndef _NGX_THRIFT_CONF_H_INCLUDED_
#define _NGX_THRIFT_CONF_H_INCLUDED_


/* Who answers a call. */

typedef enum {
    NGX_THRIFT_ANSWER_NOBODY = 0,
    NGX_THRIFT_ANSWER_HANDLER,
    NGX_THRIFT_ANSWER_UPSTREAM,
    NGX_THRIFT_ANSWER_EXCEPTION
} ngx_thrift_answer_e;


typedef struct {
    ngx_thrift_answer_e    kind;
    ngx_thrift_handler_t  *handler;         /* NULL: another kind */
    ngx_int_t              exception;       /* TApplicationException type */
} ngx_thrift_answer_t;


/* What a server is chosen for. */

typedef enum {
    NGX_THRIFT_BALANCE_CALL = 0,            /* each call */
    NGX_THRIFT_BALANCE_CONNECTION           /* a client's connection */
} ngx_thrift_balance_e;


/* How messages are read and checked: of the server{} that a call came to. */

struct ngx_thrift_message_conf_s {
    nthrift_rules_t        rules;           /* of calls */
    unsigned               schema:1;        /* bodies fit their definition */
    nthrift_check_rules_t  check;           /* how that is found out ... */
    nthrift_check_rules_t  check_reply;     /* ... of a reply */
    void                 **check_memory;    /* one for the worker */
    ngx_flag_t             trusted;         /* calls may share upstream
                                               connections unchecked */
    ngx_msec_t             read_timeout;    /* of a message that has begun */
    ngx_thrift_cache_t    *blocks;          /* to receive in */
};


/* Of a call: of the thrift_method, thrift_service or server{} it goes to. */

typedef struct {
    ngx_thrift_message_conf_t  *messages;

    ngx_thrift_answer_t        *answer;

    ngx_msec_t                  timeout;    /* unset: see the target's */
    ngx_msec_t                  connect_timeout;
    ngx_msec_t                  send_timeout;
    ngx_msec_t                  attempt_timeout;    /* 0: none */
    ngx_thrift_delays_t        *attempt_deadlines;  /* of that; NULL: none */

    ngx_flag_t                  ignore_client_abort;

    ngx_uint_t                  validates;  /* arguments have to fit their
                                               definition */
    ngx_uint_t                  waits;      /* calls may have to, before they
                                               are answered, or are copied */
    ngx_thrift_gate_t          *gate;       /* that they go through, or NULL */
    ngx_thrift_fault_t         *fault;      /* that some of them get, or
                                               NULL */

    ngx_uint_t                  unknown_fields; /* nthrift_check_e: of
                                                   arguments */

    size_t                      handler_memory; /* bytes for one call */
    ngx_msec_t                  handler_slow;   /* 0: nothing is */

    ngx_uint_t                  next_upstream;  /* NGX_THRIFT_RETRY_* */
    ngx_uint_t                  next_upstream_tries;
    ngx_msec_t                  next_upstream_timeout;
    ngx_msec_t                  hedge;          /* 0: none */
    ngx_uint_t                  hedge_percent;
    ngx_thrift_delays_t        *hedges;         /* of that; NULL: none */
    ngx_flag_t                  idempotent; /* unset: see the target's */

    ngx_uint_t                  balance;    /* ngx_thrift_balance_e */
    ngx_flag_t                  stateful;   /* unset: see the target's */
} ngx_thrift_conf_t;


#endif /* _NGX_THRIFT_CONF_H_INCLUDED_ */
