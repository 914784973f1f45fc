/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stream session that a call gets of its own.  Balancers, variables and
 * the access log are called with it, as if each call were a connection.
 */

#ifndef _NGX_STREAM_THRIFT_CALL_H_INCLUDED_
#define _NGX_STREAM_THRIFT_CALL_H_INCLUDED_


struct ngx_stream_thrift_call_s {
    ngx_uint_t                     kind;        /* NGX_STREAM_THRIFT_CALL */
    ngx_stream_thrift_main_conf_t  *main;
    ngx_stream_thrift_session_t   *owner;       /* that its bytes count for, or
                                                   NULL */
    ngx_stream_thrift_session_t   *from;        /* the client, whose session a
                                                   copy is made of when it is
                                                   asked for; NULL: it was */
    off_t                          received;    /* bytes of the request */

    /* what is cleared when a call is created stands between this ... */

    ngx_uint_t                     nchoices;
    ngx_uint_t                     nkept;       /* of them, by connections */
    ngx_stream_upstream_srv_conf_t  *named;     /* by a handler, or NULL */
    ngx_stream_thrift_limited_t   *limited;     /* zones that count it */
    ngx_uint_t                     rate_status; /* of thrift_limit_rate */
    ngx_stream_thrift_mirror_t    *mirror;      /* it is a copy for, or NULL */
    unsigned                       ended:1;     /* only a connection that holds
                                                   a server needs it */
    unsigned                       logging:1;
    unsigned                       outbound:1;  /* a handler makes it */
    unsigned                       over_limit:1;    /* of its client's: it
                                                   is refused */
    unsigned                       traced:1;    /* `trace` says how */
    unsigned                       identified:1;    /* $thrift_call_id was
                                                   asked for */

    /* ... and this */

    ngx_log_t                      log;
    ngx_stream_thrift_choice_t     choice;      /* of the first attempt */
    ngx_array_t                    states;      /* of servers that were tried,
                                                   in order; if nchoices */
    ngx_stream_upstream_state_t    state;       /* the first */
    ngx_thrift_call_t              call;

    /* most calls do not touch what follows */

    ngx_thrift_counted_t           counted;     /* zeros if none is counted */
    ngx_stream_thrift_trace_t      trace;

    ngx_stream_session_t           session;
    ngx_connection_t               connection;  /* never closed or queued */
    ngx_log_handler_pt             log_error;   /* of the client's log */
    void                         **ctx;         /* ngx_stream_max_module */
    ngx_stream_variable_value_t   *variables;
};

#define ngx_stream_thrift_get_call(c)                                         \
    ((ngx_stream_thrift_call_t *)                                             \
        ((u_char *) (c) - offsetof(ngx_stream_thrift_call_t, call)))


/*
 * A call for the client of `ts`, without owner, routes and configuration; NULL:
 * no memory.
 */
ngx_stream_thrift_call_t *ngx_stream_thrift_call_create(
    ngx_stream_thrift_session_t *ts);

/*
 * Its message is whole, and it begins: it has a log.  The client has to be
 * there for as long as the call is in its owner's queue.
 */
void ngx_stream_thrift_call_prepare(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_session_t *ts);

/*
 * Have phases of the connection set variables that its calls keep?  Asked once,
 * when they are over.
 */
ngx_uint_t ngx_stream_thrift_call_keeps_variables(ngx_stream_session_t *s);

/*
 * Its own session, with a connection, contexts and variables, for nginx's code:
 * a copy of the client's, which is made here first.
 */
ngx_stream_session_t *ngx_stream_thrift_call_session(
    ngx_stream_thrift_call_t *tc);

/* Of the servers that it was tried with; NULL: it is not known yet. */
ngx_array_t *ngx_stream_thrift_call_states(ngx_stream_thrift_call_t *tc);

/* The call whose session `s` is; NULL: it is a connection's. */
ngx_thrift_call_t *ngx_stream_thrift_call_of(ngx_stream_session_t *s);

/* What ngx_thrift_owner_t says of them, for calls of clients. */
ngx_int_t ngx_stream_thrift_call_routed(ngx_thrift_call_t *call);
void ngx_stream_thrift_call_client(ngx_thrift_call_t *call, ngx_str_t *text);
ngx_int_t ngx_stream_thrift_call_variable(ngx_thrift_call_t *call,
    ngx_str_t *name, ngx_str_t *value);
ngx_int_t ngx_stream_thrift_call_return_text(ngx_thrift_call_t *call,
    ngx_str_t *text);

/*
 * One that was never started, or has ended.  It is freed later if a connection
 * holds its server.
 */
void ngx_stream_thrift_call_free(ngx_stream_thrift_call_t *tc);

#endif /* _NGX_STREAM_THRIFT_CALL_H_INCLUDED_ */
