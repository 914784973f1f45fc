/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A client connection: reads calls, keeps them in order, writes replies.
 */

#ifndef _NGX_STREAM_THRIFT_SESSION_H_INCLUDED_
#define _NGX_STREAM_THRIFT_SESSION_H_INCLUDED_


/*
 * The module's context of a stream session is one of two things; both begin
 * with their kind.
 */

typedef enum {
    NGX_STREAM_THRIFT_SESSION = 1,
    NGX_STREAM_THRIFT_CALL
} ngx_stream_thrift_kind_e;


/* What a session waits for; each has its own time. */

typedef enum {
    NGX_STREAM_THRIFT_IDLE = 0,
    NGX_STREAM_THRIFT_READING,
    NGX_STREAM_THRIFT_SENDING,
    NGX_STREAM_THRIFT_LINGERING,
    NGX_STREAM_THRIFT_LEFT
} ngx_stream_thrift_wait_e;


/*
 * Lies in cache lines of its own: a worker with many clients finds few of them
 * in its caches, and what each call needs comes first.
 */

struct ngx_stream_thrift_session_s {
    ngx_uint_t                      kind;
    ngx_connection_t               *connection;
    ngx_stream_session_t           *session;
    ngx_stream_thrift_srv_conf_t   *conf;
    nthrift_rules_t                *rules;      /* of its messages */
    ngx_stream_thrift_call_t       *reading;    /* its message has begun */
    ngx_uint_t                      wait;       /* what its timer is set for */
    ngx_uint_t                      turn;       /* messages, and parts of
                                                   them, that were read since
                                                   others had theirs */

    unsigned                        running:1;
    unsigned                        blocked:1;  /* reading waits for calls */
    unsigned                        due:1;      /* calls are ready */
    unsigned                        progress:1; /* bytes moved in this run */
    unsigned                        eof:1;      /* the client sends no more */
    unsigned                        closing:1;  /* no more is read */
    unsigned                        silent:1;   /* no further reply: one of
                                                   them is missing */
    unsigned                        left:1;     /* only calls go on that need
                                                   no client */
    unsigned                        last:1;     /* has read what had come when
                                                   its worker shut down */
    unsigned                        linked:1;
    unsigned                        preread:1;  /* what a phase has received is
                                                   not used up */
    unsigned                        packed:1;   /* it sends calls that are */
    unsigned                        unordered:1;    /* some replies need not
                                                       wait for others */
    unsigned                        keeps_variables:1;  /* its phases have set
                                                       some for its calls */

    ngx_thrift_input_t              in;
    ngx_queue_t                     calls;      /* in flight, in order */
    ngx_uint_t                      ncalls;
    ngx_uint_t                      noneways;   /* of them, that go on when
                                                   the session runs */
    ngx_chain_t                    *out;        /* replies being sent */
    ngx_chain_t                   **out_last;

    ngx_stream_thrift_main_conf_t  *main;
    off_t                           held;       /* bytes of its calls, and of
                                                   what handlers took for
                                                   them */
    ngx_uint_t                      total;      /* calls since the beginning */
    ngx_uint_t                      npaused;    /* that may receive no more */
    off_t                           received;   /* bytes; its session's, until
                                                   that ends */
    ngx_stream_thrift_door_t       *door;       /* its call came by http, or
                                                   NULL */

    ngx_thrift_timer_t              timer;
    ngx_event_t                     flush;      /* posted: replies are ready */

    ngx_msec_t                      begun;      /* the message being read */
    ngx_thrift_client_t             client;     /* for upstreams */
    ngx_thrift_client_t             handlers;   /* that answer it, likewise: it
                                                   cannot spoil their
                                                   connections */

    nthrift_str_t                   headers;    /* of a THeader, that hold for
                                                   all calls; data NULL: there
                                                   were none yet */

    ngx_uint_t                      stays;      /* a fate: with a worker that
                                                   shuts down; 0: it does not */
    ngx_queue_t                     link;       /* of those who stay, or wait */
};


/* The content handler of a server that answers Thrift calls. */
void ngx_stream_thrift_handler(ngx_stream_session_t *s);

/*
 * The call holds `n` bytes more, or fewer, of what its session may hold
 * (ngx_stream_thrift_hold.c).
 */
void ngx_stream_thrift_session_hold(ngx_thrift_call_t *call, off_t n);

/*
 * Its headers take `n` bytes more, or fewer, of what all clients of the worker
 * may hold: may they?  No call waits for them to go.
 */
void ngx_stream_thrift_session_hold_headers(ngx_stream_thrift_session_t *ts,
    off_t n);
ngx_uint_t ngx_stream_thrift_session_may_hold_headers(
    ngx_stream_thrift_session_t *ts, off_t n);

/*
 * Do all clients of the worker hold too much, and this one more than its part?
 */
ngx_uint_t ngx_stream_thrift_session_is_over(ngx_stream_thrift_session_t *ts);

/* As of ngx_thrift_owner_t. */
ngx_uint_t ngx_stream_thrift_session_may_hold(ngx_thrift_call_t *call,
    off_t n);
ngx_uint_t ngx_stream_thrift_session_may_begin(ngx_thrift_call_t *call);
ngx_int_t ngx_stream_thrift_session_may_receive(ngx_thrift_call_t *call,
    off_t received, ngx_uint_t shared);

/* Calls that had to wait for others go on, as far as there is room now. */
void ngx_stream_thrift_session_unpause(ngx_stream_thrift_session_t *ts);

/* What was read of a message that will not be whole is given back. */
void ngx_stream_thrift_session_drop(ngx_stream_thrift_session_t *ts);

/* Reads and writes as far as that goes; may end the session. */
void ngx_stream_thrift_session_run(ngx_stream_thrift_session_t *ts);

/* Waits for the client or for calls (ngx_stream_thrift_wait.c). */
ngx_int_t ngx_stream_thrift_session_wait(ngx_stream_thrift_session_t *ts);

/* The handler of ts->timer. */
void ngx_stream_thrift_session_timeout(void *data);

/* All is answered and nothing more will be read: closes, in peace. */
void ngx_stream_thrift_session_end(ngx_stream_thrift_session_t *ts);

/* Of a session that is left: calls have ended.  It may be gone then. */
void ngx_stream_thrift_session_left_run(ngx_stream_thrift_session_t *ts);

/*
 * Replies go out, as far as they may.  Calls whose replies have gone out, or
 * have nowhere to go, go on.
 */
ngx_int_t ngx_stream_thrift_session_write(ngx_stream_thrift_session_t *ts);
ngx_int_t ngx_stream_thrift_session_written(ngx_stream_thrift_session_t *ts);

/* The worker ends now: calls that wait are told so, and it is closed. */
void ngx_stream_thrift_session_shut_down(ngx_stream_thrift_session_t *ts);

/*
 * Closes now; calls in flight are cancelled.  The session is gone then, or some
 * go on without the client.
 */
void ngx_stream_thrift_session_close(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status);


#endif /* _NGX_STREAM_THRIFT_SESSION_H_INCLUDED_ */
