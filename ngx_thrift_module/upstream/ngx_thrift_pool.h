/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The pool: the connections to the servers of one upstream{}, or to all
 * addresses that a variable names, in one worker.
 *
 *     pool --- servers: an address in a dialect --- idle connections
 *     client --- servers: the same, for connections that are its own
 *
 * What a client sent may make a server read on where we see the message's end,
 * or fall out of step.  So an idle connection is everybody's only if all calls
 * it carried were checked, and the last one was answered as calls are; else it
 * is kept for its own client, and closed with it.
 *
 * A pool shrinks slowly: what is over the limit is closed only when it has been
 * idle for some seconds.  Closed at once, it would be opened again by the next
 * burst, and a worker that is busy with that falls behind for good.  The limit
 * is the pool's for what is everybody's, and one to each server for a client.
 * A number that somebody wrote is kept to, for a server may have a thread for
 * each of so many connections: clients' own ones go first.
 *
 *     everybody's:  busy --> idle ------------------> busy, or closed
 *     a client's:   busy -+> doubt -----------------> busy, or closed
 *                         |  (all its calls were checked)
 *                         +> own --+----------------> busy, or closed
 *                                  +--> kept -------> busy, or closed
 *                                       (its only one there)
 */

#ifndef _NGX_THRIFT_POOL_H_INCLUDED_
#define _NGX_THRIFT_POOL_H_INCLUDED_


/* Where a connection is; ngx_thrift_pool_in() alone changes it. */

typedef enum {
    NGX_THRIFT_POOL_OUTSIDE = 0,
    NGX_THRIFT_POOL_BUSY,
    NGX_THRIFT_POOL_IDLE,           /* everybody's */
    NGX_THRIFT_POOL_DOUBT,          /* a client's, for a moment */
    NGX_THRIFT_POOL_OWN,            /* a client's, for some seconds */
    NGX_THRIFT_POOL_KEPT,           /* and for longer */
    NGX_THRIFT_POOL_PLACES
} ngx_thrift_pool_place_e;


/* Whether names of calls begin with that of the service. */

typedef enum {
    NGX_THRIFT_POOL_MULTIPLEXED_SAME = 0,   /* as they came */
    NGX_THRIFT_POOL_MULTIPLEXED_ON,
    NGX_THRIFT_POOL_MULTIPLEXED_OFF
} ngx_thrift_pool_multiplexed_e;


/* What servers do wrong, as the log tells of it. */

typedef enum {
    NGX_THRIFT_POOL_NAME = 0,           /* names that no address is known of */
    NGX_THRIFT_POOL_OPEN,               /* connections that are not made */
    NGX_THRIFT_POOL_LATE,               /* replies that do not come in time */
    NGX_THRIFT_POOL_LOST,               /* connections that are closed */
    NGX_THRIFT_POOL_REPLY,              /* what cannot be read, or is none */
    NGX_THRIFT_POOL_ERRORS
} ngx_thrift_pool_error_e;


/* Lines of one kind. */

typedef struct {
    ngx_thrift_tally_t    tally;
    ngx_thrift_pool_t    *pool;
    const char           *what;
} ngx_thrift_pool_errors_t;


struct ngx_thrift_pool_s {
    ngx_thrift_servers_t  servers;      /* with connections for everybody */
    ngx_thrift_server_t  *recent[NGX_THRIFT_SERVERS_RECENT];    /* of them, or
                                           NULL */
    ngx_rbtree_t          addresses;    /* all that are in use */
    ngx_rbtree_node_t     sentinel;
    ngx_queue_t           idle[NGX_THRIFT_POOL_PLACES];     /* by place: idle
                                           connections, last used first */
    ngx_uint_t            nidle;        /* everybody's */
    ngx_uint_t            nown;         /* clients' */
    ngx_uint_t            nbusy;
    ngx_thrift_timer_t    timer;        /* of those used least recently */

    ngx_queue_t           suspects;     /* servers: ngx_thrift_blame.c */
    ngx_uint_t            nsuspects;
    ngx_uint_t            failure;      /* ngx_thrift_blame_exception_e */
    ngx_msec_t            slow_start;   /* of a server that is back; 0: none */

    ngx_thrift_budget_t       retries;  /* ngx_thrift_retry.c */
    ngx_thrift_budget_conf_t  retry;
    ngx_thrift_budget_t       hedges;   /* ngx_thrift_hedge.c */
    ngx_thrift_refusals_t     retry_refusals;

    ngx_uint_t            max;          /* idle ones kept for everybody; 0: none
                                           is kept at all */
    ngx_msec_t            surplus;      /* those over it are kept so long; 0: it
                                           is a limit of all idle ones */
    ngx_uint_t            max_open;     /* to one address; 0: no limit */
    ngx_thrift_shared_t  *shared;       /* by all workers; NULL: each counts
                                           for itself */
    ngx_thrift_turns_t    full;         /* attempts that wait for a server that
                                           has fewer calls than it may */
    ngx_event_t           full_event;   /* posted: one may have */
    ngx_thrift_timer_t    full_timer;   /* so may those of other workers */
    ngx_uint_t            places;       /* calls that its servers may have, as
                                           found when they had so many */
    ngx_uint_t            nheld;        /* that they have of this worker */
    ngx_uint_t            nkept;        /* of them, those that are over, but
                                           their connection is in use */
    ngx_msec_t            yielded;      /* one of them ended then, and calls of
                                           other workers waited */
    ngx_thrift_refusals_t  overloads;   /* attempts that may not wait */
    ngx_uint_t            waits;        /* they wait so long as the queue is
                                           not full; 0: they fail at once */
    ngx_uint_t            queue;        /* attempts that wait for an address */
    ngx_thrift_delays_t  *queue_delays; /* for how long; NULL: no limit */
    ngx_uint_t            requests;     /* attempts of one connection; 0: no
                                           limit */
    ngx_msec_t            timeout;      /* an idle connection is closed after */
    ngx_msec_t            lifetime;     /* none is kept longer; 0: no limit */
    ngx_str_t             name;         /* of the upstream, for the log */
    ngx_thrift_pool_errors_t  errors[NGX_THRIFT_POOL_ERRORS];
    ngx_thrift_refusals_t  refusals;    /* calls that got none of them */
    ngx_uint_t            check_seqid;  /* replies bear the seqid of a call */

    ngx_uint_t            transport;    /* of calls, or NTHRIFT_..._AUTO: that
                                           in which they came */
    ngx_uint_t            protocol;     /* likewise */
    ngx_uint_t            lax;          /* 1: binary is without a version */
    ngx_uint_t            multiplexed;  /* ngx_thrift_pool_multiplexed_e */
    ngx_str_t             service;      /* in their names; empty: their own */

    ngx_uint_t            pipeline;     /* calls on one connection */
    ngx_uint_t            pipeline_connections; /* that are rather opened than
                                                   shared */
    ngx_msec_t            pipeline_delay;   /* no call waits behind one that
                                               takes longer */

    ngx_thrift_detect_t  *detect;       /* what finds out how each server is
                                           called, or NULL */
    ngx_thrift_warm_t    *warm;         /* what opens them ahead, or NULL */

    ngx_thrift_status_t  *status;       /* where its servers are counted, or
                                           NULL */
    ngx_thrift_status_row_t  *row;      /* for attempts without a server */
    ngx_str_t             label;        /* its name there */
    ngx_uint_t            known;        /* its servers are those that the
                                           configuration names */

    ngx_thrift_link_t     link;         /* how its connections are made */
    ngx_thrift_ssl_t      ssl;
};


/* A client connection, as far as upstream connections are kept for it. */

struct ngx_thrift_client_s {

    /* what each call looks at */

    uint32_t              nleads;       /* calls that others are to follow, and
                                           that have no connection yet */
    uint32_t              nlost;        /* states that were lost */
    ngx_thrift_address_t *crowd;        /* where one of its calls waits, and so
                                           many others that no further one of
                                           it is read; or NULL */
    ngx_queue_t           pins;         /* those that have a state of its own */
    ngx_thrift_servers_t  servers;      /* with connections that are its own */
    ngx_queue_t           waiting;      /* attempts: one will have one */
    uint32_t              address;      /* a hash of it, without port */
    ngx_uint_t            ordered;      /* no call may overtake a oneway */

    /* such a state was lost, with its connection; NULL: it has none */
    void                (*lost)(ngx_thrift_client_t *client);
    ngx_thrift_pool_t    *lost_pool;    /* the latest, in servers of that
                                           upstream; NULL: none */
    ngx_uint_t            follows;      /* calls are there that are to follow */

    ngx_event_t          *event;        /* reads its further calls; NULL: it is
                                           not held back */
    ngx_queue_t           held;         /* of that address */
    ngx_uint_t            unserved;     /* it was held back in vain */
};


void ngx_thrift_pool_init(ngx_thrift_pool_t *pool);

/* Closes all idle connections. */
void ngx_thrift_pool_close(ngx_thrift_pool_t *pool);

/*
 * The level of a line about a server: NGX_LOG_ERR, or NGX_LOG_INFO when there
 * are too many of them.  Counts it.
 */
ngx_uint_t ngx_thrift_pool_level(ngx_thrift_pool_t *pool,
    ngx_thrift_pool_error_e error);

/* Counts and logs one, at that level. */
void ngx_thrift_pool_tell(ngx_thrift_pool_t *pool,
    ngx_thrift_pool_error_e error, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...) nthrift_cold;

/* Would the next one be told at "info"? */
#define ngx_thrift_pool_is_quiet(pool, error)                                 \
    ngx_thrift_tally_is_full(&(pool)->errors[error].tally)

/*
 * What nginx itself writes about one must not be too much, either: too many of
 * them are not written.  Returns the log's level, which is to be set again.
 */
ngx_uint_t ngx_thrift_pool_hush(ngx_thrift_pool_t *pool,
    ngx_thrift_pool_error_e error, ngx_log_t *log);

/* Its budgets are those of all workers, if this one has a slot by now. */
void ngx_thrift_pool_share_budgets(ngx_thrift_pool_t *pool);

/* The pool's memory goes away. */
void ngx_thrift_pool_destroy(ngx_thrift_pool_t *pool);

/* `address` says where it comes from, for people. */
void ngx_thrift_pool_init_client(ngx_thrift_client_t *client,
    ngx_str_t *address);

/*
 * Would anything be lost, or overtaken, if the client's next call came by
 * another connection?
 */
ngx_uint_t ngx_thrift_pool_has_state(ngx_thrift_client_t *client);

/* Closes the connections that are kept for a client; none has a call. */
void ngx_thrift_pool_close_client(ngx_thrift_client_t *client);

/*
 * No server is in use by what a client keeps without a call.  Returns of how
 * many connections that was so.
 */
ngx_uint_t ngx_thrift_pool_let_go(ngx_thrift_client_t *client) nthrift_cold;

/* Adds a new connection to that address, which is for the attempt. */
ngx_int_t ngx_thrift_pool_add(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);

/* An idle one is busy: a call has taken it. */
void ngx_thrift_pool_begin_use(ngx_thrift_connection_t *conn);

/* It is whose servers these are. */
ngx_int_t ngx_thrift_pool_give(ngx_thrift_connection_t *conn,
    ngx_thrift_servers_t *servers) nthrift_noinline;

/*
 * A busy connection becomes idle, one of `servers`: a client's, or the pool's,
 * which are everybody's.  NGX_DECLINED: it may not be kept any longer, or there
 * is no memory; it stays busy then, and the caller closes it.
 */
ngx_int_t ngx_thrift_pool_put(ngx_thrift_connection_t *conn,
    ngx_thrift_servers_t *servers);

/*
 * Closes what is idle for too long, or one too many; after calls that waited
 * had their choice.
 */
void ngx_thrift_pool_tidy(ngx_thrift_pool_t *pool);

/* Is it a client's, and nobody else's? */
ngx_uint_t ngx_thrift_pool_is_own(ngx_thrift_connection_t *conn);

/* Has it been there for as long as it may? */
#define ngx_thrift_pool_is_over(conn)                                         \
    ((conn)->pool->lifetime                                                   \
     && (ngx_msec_int_t) ((conn)->end - ngx_current_msec) <= 0)

/*
 * The same, and no client's next call follows what was sent on it: it takes no
 * further one.
 */
#define ngx_thrift_pool_retires(conn)                                         \
    (!(conn)->ordered && ngx_thrift_pool_is_over(conn))

/* It was idle when its time was over: it is closed, unless a call follows. */
void ngx_thrift_pool_end_life(ngx_thrift_connection_t *conn);

/* Has its client's next call to follow on it? */
ngx_uint_t ngx_thrift_pool_is_needed(ngx_thrift_connection_t *conn);

/*
 * Is there room for one more connection of the worker, which is the `first`
 * with a call to its server?  Idle ones of all pools are closed for it.
 * NGX_BUSY: no, what is left is for clients, or for such first ones.
 */
ngx_int_t ngx_thrift_pool_make_room(ngx_uint_t first);

/* Are connections of the worker to be closed rather than kept? */
ngx_uint_t ngx_thrift_pool_scarce(void);

/* The connection is not used any more, for it will be closed. */
void ngx_thrift_pool_remove(ngx_thrift_connection_t *conn);

/* It is closed: its place at its address and server is for others. */
void ngx_thrift_pool_leave(ngx_thrift_connection_t *conn);


#endif /* _NGX_THRIFT_POOL_H_INCLUDED_ */
