/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One connection to one server.  It sends the attempts that are put on it, in
 * order and up to its limit at the same time, reads replies, and hands each to
 * the attempt whose seqid it bears.
 *
 *     OPENING ----> OPEN <---> idle in the pool
 *        |           | |
 *        |           | +-----> DRAINING     nothing more is begun: what was
 *        |           |             |        sent, or half of it, is answered,
 *        |           |             |        the others go elsewhere
 *        +-----------+-------------+------> LOST     its attempts are told
 *                                              |
 *                                            closed
 *
 * An attempt that nobody waits for any more leaves its reply behind: that is
 * read and dropped as long as others are on their way, and else the connection
 * is closed.
 *
 * Its handlers and its log are its own for as long as it lives.
 */

#ifndef _NGX_THRIFT_CONNECTION_H_INCLUDED_
#define _NGX_THRIFT_CONNECTION_H_INCLUDED_


typedef enum {
    NGX_THRIFT_OPENING = 0,
    NGX_THRIFT_OPEN,
    NGX_THRIFT_DRAINING,
    NGX_THRIFT_LOST
} ngx_thrift_connection_state_e;


struct ngx_thrift_connection_s {
    ngx_connection_t       *connection;
    ngx_log_t               log;
    ngx_str_t               name;       /* of the server, for the log */
    ngx_uint_t              state;

    ngx_queue_t             attempts;   /* in order: sent ones first */
    ngx_thrift_attempt_t   *unsent;     /* the first that was not all sent, or
                                           NULL */
    ngx_thrift_attempt_t   *reading;    /* whose reply has begun, or NULL */
    ngx_uint_t              limit;      /* on their way at the same time; 1:
                                           the others wait for one */
    ngx_uint_t              nattempts;
    ngx_uint_t              nunsent;    /* of them, those not all sent */
    ngx_uint_t              nabandoned; /* replies that nobody waits for */
    ngx_uint_t              nrepeated;  /* replies that came again */
    ngx_thrift_message_conf_t  *messages;   /* that those on it were read by,
                                           with thrift_pipeline */
    ngx_uint_t              lax;        /* and whether without a version */
    uint32_t                doubt;      /* the attempt that has left it */

    ngx_str_t               ssl_name;   /* that its server should have */
    ngx_str_t               record;     /* taken by ngx_thrift_ssl_send(), and
                                           not sent yet */

    ngx_thrift_input_t      in;
    ngx_thrift_message_t    message;    /* that is being read */
    nthrift_rules_t         rules;
    ngx_thrift_timer_t      timer;      /* connecting, sending, reading, or
                                           the end of an idle one's life */

    ngx_thrift_seqids_t     seqids;     /* of attempts sent so far */

    const ngx_thrift_balancer_t  *balancer;
    void                   *kept;       /* its server is in use by it, even
                                           without a call; or NULL */

    ngx_thrift_client_t    *client;     /* that is pinned to it, or NULL */
    ngx_queue_t             pin;        /* of the client's */

    /* the pool's */

    ngx_thrift_pool_t      *pool;
    ngx_thrift_server_t    *server;
    ngx_uint_t              place;      /* ngx_thrift_pool_place_e */
    ngx_queue_t             idle;       /* of its server */
    ngx_queue_t             idle_pool;  /* of its pool: idle, own or kept */
    ngx_queue_t             idle_all;   /* of the worker */
    ngx_queue_t             idle_address;
    ngx_msec_t              since;      /* when it became idle; 0: never */
    ngx_msec_t              opened;     /* or began to open */
    ngx_msec_t              end;        /* when it is not kept any more */
    ngx_queue_t             ahead;      /* while it opens without a call */

    /* the pipeline's */

    ngx_queue_t             taker;      /* of its server's, if it is one */
    ngx_thrift_client_t    *latest;     /* whose attempt was the last; may be
                                           gone */
    ngx_msec_t              waiting;    /* since when the first is waited for */

    ngx_thrift_status_closed_e  ended;      /* why it is closed; 0: it is
                                               known by its state */
    unsigned                unchecked:1;    /* has carried a call that was
                                               neither checked nor trusted, or
                                               is its client's anyway */
    unsigned                stateful:1;     /* it was sent calls of the client
                                               that is pinned to it */
    unsigned                ordered:1;      /* its client's next call may not
                                               overtake the oneway on it */
    unsigned                doubtful:1;     /* what it carried last may have
                                               left its server out of step */
    unsigned                stray:1;        /* the message is a reply that
                                               nobody waits for */
    unsigned                begun:1;        /* a part of a message is there */
    unsigned                cut:1;          /* not even the rest of an attempt
                                               is sent */
    unsigned                owed:1;         /* an attempt has left it whose
                                               reply may still come */
    unsigned                takes:1;        /* one more attempt */
    unsigned                counted:1;      /* in what workers share */
    unsigned                opens_ahead:1;  /* no call waits for it */
};


/* One of zeroes becomes what ngx_event_connect_peer() has made. */
ngx_int_t ngx_thrift_connection_init(ngx_thrift_connection_t *conn,
    ngx_connection_t *c, ngx_thrift_attempt_t *attempt);

/*
 * Puts an attempt on an open connection.  It is sent when all events of this
 * turn of the event loop have been handled: if one of them says that the server
 * has closed, nothing is lost.
 */
void ngx_thrift_connection_add(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);

/*
 * Takes an attempt off, which nobody waits for any more.  The connection goes
 * with it if a byte of it was sent and no other attempt is on its way.  As
 * ngx_thrift_connection_done().
 */
ngx_int_t ngx_thrift_connection_remove(ngx_thrift_attempt_t *attempt);

/* Why it is closed, as far as one knows. */
ngx_thrift_status_closed_e ngx_thrift_connection_ended(
    ngx_thrift_connection_t *conn);

/* Closes a connection without attempts. */
void ngx_thrift_connection_close(ngx_thrift_connection_t *conn);

/*
 * An idle connection must have nothing to read: bytes are an answer that
 * nobody waits for, an end means that the server will not answer.
 */
ngx_uint_t ngx_thrift_connection_alive(ngx_thrift_connection_t *conn);

/* What ngx_thrift_open.c and ngx_thrift_exchange.c need of it. */

/* Attempts on it are sent, or told that it has failed, soon. */
void ngx_thrift_connection_next(ngx_thrift_connection_t *conn);

/* Calls of a client that is pinned to it are sent one after the other. */
void ngx_thrift_connection_set_action(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;

/*
 * No attempt is on it: it is put into the pool, or closed.  The last one that
 * was answered has left it; NULL: it was not, or there was none.
 */
void ngx_thrift_connection_idle(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);

/* The attempt that is on it first, or NULL. */
ngx_thrift_attempt_t *ngx_thrift_connection_first(
    ngx_thrift_connection_t *conn);

/* The one behind `attempt`, or NULL. */
ngx_thrift_attempt_t *ngx_thrift_connection_behind(
    ngx_thrift_attempt_t *attempt);

/* Is one half sent that can be sent to its end? */
ngx_uint_t ngx_thrift_connection_half_sent(ngx_thrift_connection_t *conn);

/* Does one wait for its reply? */
ngx_uint_t ngx_thrift_connection_waits(ngx_thrift_connection_t *conn);

/* The next thing must happen in `timeout`; 0: whenever it does. */
void ngx_thrift_connection_arm(ngx_thrift_connection_t *conn,
    ngx_msec_t timeout);

/*
 * An attempt has come to an end.  NGX_OK: others are still on the connection;
 * NGX_DONE: none, and it may be gone.
 */
ngx_int_t ngx_thrift_connection_done(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc);

/* No further attempt is begun on it. */
void ngx_thrift_connection_drain(ngx_thrift_connection_t *conn);

/* The same, and what is half sent is lost. */
void ngx_thrift_connection_cut(ngx_thrift_connection_t *conn);

/*
 * The connection fails, and what is on it with it: `attempt`, if one has to
 * answer for it, with `rc`.
 */
void ngx_thrift_connection_fail(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt, ngx_int_t rc) nthrift_cold;

/* Its server is not in use by it any more, but for a call. */
void ngx_thrift_connection_let_go(ngx_thrift_connection_t *conn);

/* Reads on, soon, after ngx_thrift_attempt_may_receive() has said no. */
void ngx_thrift_connection_resume(ngx_thrift_connection_t *conn);


#endif /* _NGX_THRIFT_CONNECTION_H_INCLUDED_ */
