/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An address of servers, in one pool: how many connections there are to it, in
 * all dialects and whoever's they are, and which calls wait for one.
 *
 * A call has a place there when it may open a connection.  There are as many as
 * the server is to have connections at most (`max` of thrift_keepalive, or its
 * max_conns), in this worker, or in all of them where the upstream has a zone.
 * Idle connections have one, too: those that were used least recently are
 * closed for calls that find none, also for those of other workers.  A worker
 * keeps no more than its share of idle ones, and of busy ones while calls of
 * others wait.
 *
 * Below that there is a number of connections with calls that is not exceeded
 * at once.  Who comes to it waits for a moment; most calls are answered within
 * it.  If not, and the event loop keeps up, the number grows: calls that take
 * long all get their connection.  If the worker itself is too slow, more
 * connections would only make it slower.
 *
 * With thrift_pipeline the same is so for calls: no more than a window are on
 * their way, unless they take long.  Calls of many clients that are answered
 * within a moment are not answered earlier when all are on their way at once,
 * and those that wait their turn are still in the caches of the processor.
 */

#ifndef _NGX_THRIFT_ADDRESS_H_INCLUDED_
#define _NGX_THRIFT_ADDRESS_H_INCLUDED_


/* Connections that a worker has calls on at once. */

#define NGX_THRIFT_ADDRESS_BUSY    128

/* It grows so often, by that part and at least by that number. */

#define NGX_THRIFT_ADDRESS_GROWTH  5            /* milliseconds */
#define NGX_THRIFT_ADDRESS_PART    4
#define NGX_THRIFT_ADDRESS_LEAST   32

/*
 * But not while as many calls as are on their way are answered in so short a
 * time: then it is not connections that are too few.  That they are not has to
 * be seen so many times, as the first ones take their time to be opened.
 */

#define NGX_THRIFT_ADDRESS_QUICK   2            /* milliseconds */
#define NGX_THRIFT_ADDRESS_SLOW    3            /* times */

/*
 * The event loop keeps up when it was not late for so long, and has waited for
 * events within so short a time.
 */

#define NGX_THRIFT_ADDRESS_STEADY  100          /* milliseconds */
#define NGX_THRIFT_ADDRESS_ASLEEP  10           /* the same */

/*
 * Where there are fewer connections than workers, one that has given up its own
 * has no other one for so long: the others look as often as the number grows.
 */

#define NGX_THRIFT_ADDRESS_TURN    10           /* milliseconds */

/* How often one that is not counted with other workers' asks to be. */

#define NGX_THRIFT_ADDRESS_ASK     1000         /* milliseconds */

/*
 * There are LEAST more in any case when nobody was served for so long; or when
 * somebody has waited for so long, and calls take longer than LONG.
 */

#define NGX_THRIFT_ADDRESS_STARVE  500          /* milliseconds */
#define NGX_THRIFT_ADDRESS_LONG    100          /* the same */

/*
 * With thrift_pipeline, calls that are on their way at once.  They become more
 * with the connections, by a part and at least by that number, unless as many
 * as there are, are answered in so short a time.
 */

#define NGX_THRIFT_ADDRESS_WINDOW  512
#define NGX_THRIFT_ADDRESS_WIDER   128
#define NGX_THRIFT_ADDRESS_FAST    5            /* milliseconds */

/* How often other workers are told that it answers. */

#define NGX_THRIFT_ADDRESS_TELL    100          /* milliseconds */

/* How often it looks if others need its idle connections. */

#define NGX_THRIFT_ADDRESS_LOOK    10           /* milliseconds */


struct ngx_thrift_address_s {
    ngx_rbtree_node_t    node;
    ngx_thrift_pool_t   *pool;
    ngx_uint_t           nconns;        /* open, or opening */
    ngx_uint_t           nbusy;         /* of them */
    ngx_uint_t           ncalled;       /* of them, with attempts: not those
                                           that their client only keeps */
    ngx_uint_t           growth;        /* that may be called beyond the
                                           number */
    ngx_uint_t           nattempts;     /* on them */
    ngx_uint_t           nended;        /* since the timer fired */
    ngx_uint_t           nslow;         /* times that it did, and they were not
                                           quick */
    ngx_uint_t           nanswered;     /* that ended since then */
    ngx_msec_t           since;
    ngx_uint_t           window;        /* attempts that may be on them; 0: any
                                           number */
    ngx_queue_t          idle;          /* last used first */
    ngx_uint_t           nidle;
    ngx_thrift_status_row_t  *row;      /* where it is counted, or NULL */

    ngx_uint_t           max;           /* as the latest attempt has it */
    ngx_thrift_shared_server_t  *shared;    /* NULL: the worker counts for
                                               itself */
    ngx_thrift_shared_server_t  *seen;      /* NULL: nobody else has seen what
                                               it answers */
    ngx_msec_t           answered;      /* when the others were told that it
                                           does */

    ngx_thrift_turns_t   waiting;       /* attempts, by their clients */
    ngx_queue_t          held;          /* clients of which further calls
                                           wait unread */
    ngx_thrift_client_t *guest;         /* the one of which further calls are
                                           read now, or NULL */
    ngx_uint_t           nguest;        /* attempts of it that were served */
    ngx_event_t          event;         /* posted: some may be served */
    ngx_thrift_timer_t   timer;         /* while some wait */
    ngx_msec_t           yielded;       /* when one went, for other workers */
    ngx_msec_t           asked;         /* when it was to be counted, and could
                                           not be */
    ngx_msec_t           late;          /* when the timer was, last */
    ngx_msec_t           served;        /* when the latest one was, or they
                                           began to wait */

    socklen_t            socklen;
    ngx_sockaddr_t       sockaddr;
};


/* The address in the pool, made if it is new; NULL: no memory. */
ngx_thrift_address_t *ngx_thrift_address_get(ngx_thrift_pool_t *pool,
    struct sockaddr *sockaddr, socklen_t socklen);

/* If nothing of it is left it goes, in an event of its own. */
void ngx_thrift_address_check(ngx_thrift_address_t *address);
void ngx_thrift_address_free_unused(ngx_thrift_address_t *address);

/* The most connections that the attempt's server is to have; 0: any number. */
ngx_uint_t ngx_thrift_address_max(ngx_thrift_attempt_t *attempt);

/*
 * A place for one more connection, which the attempt opens next.  NGX_BUSY:
 * there is none now.
 */
ngx_int_t ngx_thrift_address_place(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;

/* The same for one that no call needs: none is closed for it. */
ngx_int_t ngx_thrift_address_place_ahead(ngx_thrift_attempt_t *attempt);

/* Are so many calls on their way that one more has to wait? */
ngx_uint_t ngx_thrift_address_is_full(ngx_thrift_address_t *address);

/*
 * Some have waited for `time` milliseconds, and the one whose turn is next for
 * `waits`: there may be more connections, or more calls on them, if that is of
 * use, and the event loop is on time (`keeps_up`), or for those who wait.
 */
void ngx_thrift_address_adapt(ngx_thrift_address_t *address, ngx_msec_t time,
    ngx_msec_t waits, ngx_uint_t keeps_up);

/* It has not been opened. */
void ngx_thrift_address_give_back(ngx_thrift_attempt_t *attempt);

/*
 * Where connections of all workers are counted: so many calls are at the server
 * now.
 */
void ngx_thrift_address_tell_calls(ngx_thrift_address_t *address);

/*
 * How many calls the server has of workers with another configuration, whose
 * balancers are others; 0 also when connections of all workers are not counted.
 */
ngx_uint_t ngx_thrift_address_elsewhere(ngx_thrift_pool_t *pool,
    struct sockaddr *sockaddr, socklen_t socklen);

/*
 * A call was answered: workers with the same zone are told, unless they were
 * just now.  And has it answered a call, of this one or any of them, within
 * about `time`?
 */
#define ngx_thrift_address_answers(address)                                   \
    if (ngx_current_msec - (address)->answered >= NGX_THRIFT_ADDRESS_TELL) {  \
        ngx_thrift_address_tell_answered(address);                            \
    }
void ngx_thrift_address_tell_answered(ngx_thrift_address_t *address)
    nthrift_noinline;
ngx_uint_t ngx_thrift_address_has_answered(ngx_thrift_address_t *address,
    ngx_msec_t time);

/* A connection has been, which was for the attempt; and one is closed. */
void ngx_thrift_address_join(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt);
void ngx_thrift_address_leave(ngx_thrift_connection_t *conn);

/*
 * May it stay?  When it was opened its worker counted for itself, for no slot
 * was left; as soon as it has one, each counts that has ended its call.
 */
ngx_uint_t ngx_thrift_address_admits(ngx_thrift_connection_t *conn);

/* One more attempt waits here, or one fewer: the other workers are told. */
void ngx_thrift_address_tell(ngx_thrift_address_t *address);

/*
 * Idle connections go that calls of other workers need.  Returns whether that
 * has to be looked at again.
 */
ngx_uint_t ngx_thrift_address_yield(ngx_thrift_address_t *address);

void ngx_thrift_address_init_all(ngx_thrift_pool_t *pool);
void ngx_thrift_address_free_all(ngx_thrift_pool_t *pool);


#endif /* _NGX_THRIFT_ADDRESS_H_INCLUDED_ */
