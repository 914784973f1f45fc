
/*
 * What a call needs to know of the configuration, wherever it was written.
 * The stream glue fills it (ngx_stream_thrift_conf.c) and merges it from main
 * to server, service and method.
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


typedef struct {
    /* of a client connection: main and server */

    nthrift_rules_t        rules;           /* of calls */
    ngx_msec_t             read_timeout;    /* of a message that has begun */
    ngx_msec_t             idle_timeout;
    ngx_uint_t             max_pipeline;
    ngx_uint_t             max_calls;
    ngx_flag_t             half_close;      /* 0: who sends no more has left */
    ngx_thrift_blocks_t   *blocks;

    ngx_flag_t             trusted;         /* calls may share upstream
                                               connections unchecked */

    unsigned               schema:1;        /* bodies are checked by it */
    nthrift_check_rules_t  check;
    void                  *check_memory;

    /* of a call: main, server, service and method */

    ngx_msec_t             timeout;         /* unset: see the target's */
    ngx_msec_t             connect_timeout;
    ngx_msec_t             send_timeout;
    ngx_uint_t             next_upstream;   /* 0: off */
    ngx_uint_t             next_upstream_tries;
    ngx_msec_t             next_upstream_timeout;
    ngx_flag_t             idempotent;      /* unset: the same */

    ngx_thrift_answer_t   *answer;

    size_t                 handler_memory;  /* bytes for one call */
    ngx_msec_t             handler_slow;    /* 0: nothing is */
} ngx_thrift_conf_t;


#endif /* _NGX_THRIFT_CONF_H_INCLUDED_ */
