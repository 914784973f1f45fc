/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An attempt: one try of a call with one server.  What is true of this try only
 * is here, so that a call may have several, one after the other or at once.
 *
 *     WAITING ---> QUEUED ---> SENT ---> READING ---> ANSWERED
 *    (balancer)      |           |          |
 *                    +-----------+----------+------> failed: to pass
 */

#ifndef _NGX_THRIFT_ATTEMPT_H_INCLUDED_
#define _NGX_THRIFT_ATTEMPT_H_INCLUDED_


typedef enum {
    NGX_THRIFT_ATTEMPT_WAITING = 0,     /* for a server, or a connection */
    NGX_THRIFT_ATTEMPT_QUEUED,          /* not all of it was sent */
    NGX_THRIFT_ATTEMPT_SENT,
    NGX_THRIFT_ATTEMPT_READING,         /* its reply has begun */
    NGX_THRIFT_ATTEMPT_ANSWERED         /* or nothing is to come */
} ngx_thrift_attempt_state_e;


/*
 * An attempt has come to an end, and is on no connection any more:
 *
 * NGX_OK        answered: its reply is whole, well formed and the call's own;
 *               or the call is oneway and all of it was sent
 * NGX_DECLINED  the call may be sent again: no byte of it left, or it is
 *               idempotent and got no byte of a reply
 * NGX_ERROR     failed; the call's error is set
 *
 * The attempt, and its call, may be gone when this returns.
 */

typedef void (*ngx_thrift_attempt_done_pt)(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);


/* What is set together stands together. */

struct ngx_thrift_attempt_s {
    ngx_queue_t                queue;       /* of its connection */
    ngx_thrift_call_t         *call;
    ngx_thrift_attempt_done_pt  done;       /* whoever made it is told */
    ngx_msec_t                 start;       /* of the call's first one */
    ngx_msec_t                 pause_time;  /* before the next round */

    /* 0 at first */

    void                      *choice;      /* the balancer's; NULL: it was not
                                               asked yet */
    ngx_peer_connection_t     *peer;        /* a part of it */
    ngx_thrift_pool_t         *pool;
    ngx_thrift_identity_t     *identity;    /* NULL: its pool's */
    ngx_uint_t                 max_conns;   /* of its server; 0: no limit */
    ngx_thrift_detect_wait_t  *asks;        /* what its server speaks, or
                                               NULL */
    ngx_uint_t                 round;       /* in which servers are tried, from
                                               0 */
    ngx_thrift_timer_t        *pause;       /* NULL: there was none yet */
    ngx_thrift_message_t      *earlier;     /* the exception that answered one
                                               before it, or NULL */

    unsigned                   translating:1;   /* the call, in parts */
    unsigned                   lost:1;      /* it or one before it was sent,
                                               and not answered */
    unsigned                   tried:1;     /* a server, in this round */
    unsigned                   pauses:1;    /* a round begins with it */
    unsigned                   timed:1;     /* `expiry` or `hedge` was set */

    ngx_uint_t                 number;      /* among the call's, from 1 */

    /* 0 each time it is another one of its call's */

    ngx_thrift_connection_t   *connection;  /* NULL: none yet, or no more */
    ngx_thrift_address_t      *address;     /* where it looks for a connection,
                                               or has found one */
    ngx_chain_t               *out;         /* what is still to be sent; NULL:
                                               nothing was written yet, or
                                               it is small */
    off_t                      sent;        /* bytes */
    off_t                      received;
    ngx_uint_t                 state;
    int32_t                    seqid;       /* 0: none yet */
    uint32_t                   ordinal;     /* among those of its connection */

    unsigned                   full:1;      /* servers that could answer it
                                               have as many calls as they may */
    unsigned                   counted:1;   /* it has a place for a connection
                                               among those of all workers */
    unsigned                   fresh:1;     /* its connection has to be new */
    unsigned                   reused:1;    /* its connection had others */
    unsigned                   timed_out:1; /* its own time was over */
    unsigned                   expired:1;   /* that, or its call's was */
    unsigned                   late:1;      /* its connection was not
                                               established in time */
    unsigned                   unaffordable:1;  /* another one would be too
                                               many */
    unsigned                   busy:1;      /* there was no server for it */
    unsigned                   blameless:1; /* that it failed is not its
                                               server's fault */
    unsigned                   unproven:1;  /* its connection was not made, for
                                               what clients can bring about */
    unsigned                   closes:1;    /* its connection carries no
                                               further one */
    unsigned                   unnumbered:1;    /* its reply has no seqid of
                                               ours */
    unsigned                   cut:1;       /* it was sent in part, and no more
                                               of it is taken */

    size_t                     size;        /* of a small one, while it is
                                               sent */
    ngx_thrift_counted_t       counts;      /* for its server */
    ngx_thrift_dialect_t       dialect;
    nthrift_str_t              name;        /* of the call, as it is sent */
    nthrift_str_t              service;     /* which it begins with, or not */
    ngx_thrift_message_t       reply;

    /* unset when it ends: most do not touch what follows */

    ngx_thrift_delay_t         expiry;      /* thrift_attempt_timeout */
    ngx_thrift_delay_t         hedge;       /* thrift_hedge */
    ngx_thrift_turn_t          turn;        /* while it waits for a
                                               connection */
    ngx_thrift_delay_t         patience;    /* for that */
    ngx_msec_t                 waits;       /* since then */
    ngx_queue_t                follows;     /* of its client's that wait, if it
                                               wants to be pinned */
};


/* A call's first attempt; NULL: no memory. */
ngx_thrift_attempt_t *ngx_thrift_attempt_create(ngx_thrift_call_t *call,
    ngx_thrift_attempt_done_pt done);

/* Memory that was never used gets fit to be one, for as long as it is there. */
void ngx_thrift_attempt_make(ngx_thrift_attempt_t *attempt);

/* Nothing is to happen at its time any more. */

static ngx_inline void
ngx_thrift_attempt_stop_delays(ngx_thrift_attempt_t *attempt)
{
    if (attempt->timed) {
        ngx_thrift_delay_stop(&attempt->expiry);
        ngx_thrift_delay_stop(&attempt->hedge);
    }
}

/*
 * Makes it the call's next one, with the same balancer.  What has answered it
 * is kept, and is the call's reply again by ngx_thrift_attempt_restore(), or
 * that returns NGX_DECLINED: there is none.
 */
void ngx_thrift_attempt_renew(ngx_thrift_attempt_t *attempt);
ngx_int_t ngx_thrift_attempt_restore(ngx_thrift_attempt_t *attempt);

/*
 * It ends beside another one of the call: what the call still needs of it goes
 * to that.
 */
void ngx_thrift_attempt_leave(ngx_thrift_attempt_t *attempt,
    ngx_thrift_attempt_t *other);

void ngx_thrift_attempt_free(ngx_thrift_attempt_t *attempt);

/*
 * Reads on, soon, after ngx_thrift_attempt_may_receive() has said no.  0: the
 * call has no attempt that could.
 */
ngx_uint_t ngx_thrift_attempt_resume(ngx_thrift_call_t *call) nthrift_noinline;

/*
 * Whose it is.  Clients are told apart by their addresses: they may have many
 * connections.  0: no client's.
 */
#define ngx_thrift_attempt_client(attempt)                                    \
    ((attempt)->call->client ? (attempt)->call->client->address : 0)

/*
 * Writes its message, with the seqid it was given: a small one to `p`, if it
 * ends by `last`, and else to attempt->out.  Returns the bytes that were
 * written to `p`, or NGX_ERROR.
 */
ssize_t ngx_thrift_attempt_write(ngx_thrift_attempt_t *attempt, u_char *p,
    u_char *last);

/*
 * What its connection has to say; it may be gone when these return, and so may
 * the call.
 */

/* All of it was sent.  NGX_DONE: that was all, nothing will be answered. */
ngx_int_t ngx_thrift_attempt_sent(ngx_thrift_attempt_t *attempt);

/* Its reply has begun, and was read on by `n` bytes. */
void ngx_thrift_attempt_begun(ngx_thrift_attempt_t *attempt);
void ngx_thrift_attempt_received(ngx_thrift_attempt_t *attempt, off_t n);

/* See ngx_thrift_owner_t; `shared`: others wait behind it. */
ngx_int_t ngx_thrift_attempt_may_receive(ngx_thrift_attempt_t *attempt,
    ngx_uint_t shared);

/*
 * May a reply be its own that does not bear its seqid, nor that of one before
 * it?
 */
ngx_uint_t ngx_thrift_attempt_takes(ngx_thrift_attempt_t *attempt,
    nthrift_head_t *head);

/*
 * Its reply is whole, in attempt->reply: is it one to this call?  Otherwise the
 * call's error is set.
 */
ngx_int_t ngx_thrift_attempt_check(ngx_thrift_attempt_t *attempt);

/* May its server be anywhere but at the beginning of the next call? */
ngx_uint_t ngx_thrift_attempt_leaves_doubt(ngx_thrift_attempt_t *attempt);

/* It took too long, and will be given up: says so in the log. */
void ngx_thrift_attempt_timed_out(ngx_thrift_attempt_t *attempt);

/* The same, when its own time is over: how it ends then, as below. */
ngx_int_t ngx_thrift_attempt_expired(ngx_thrift_attempt_t *attempt);

/*
 * How it ended when its connection did: NGX_DECLINED: it may be sent again,
 * elsewhere; NGX_ERROR: the call's error is set.
 */
ngx_int_t ngx_thrift_attempt_lost(ngx_thrift_attempt_t *attempt);
ngx_int_t ngx_thrift_attempt_malformed(ngx_thrift_attempt_t *attempt,
    const char *why);


#endif /* _NGX_THRIFT_ATTEMPT_H_INCLUDED_ */
