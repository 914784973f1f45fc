/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How an attempt, whose server is chosen, gets a connection to it.
 *
 *     enter --> an idle one, or one that takes it along ---> on its way
 *        |        ^
 *        |----> a place for a new one --- open ------------>
 *        |        ^
 *        +----> waits, in turn         served when one gets free, a place does,
 *                                      or the number of places grows
 *
 * Before that it may have to wait for a server, in the same way, when all have
 * as many calls as they may (max_conns).
 *
 * Those who wait are served in turn: each client has its calls in order, and
 * clients one after the other.  Nobody who comes later is served first, but by
 * a connection that is kept for it alone.
 *
 * Where many wait for the moment only, one call of each client does: its
 * further ones stay unread, take no memory, and follow when it is the client's
 * turn.  When nobody was served for a while all are read, and have their time;
 * and so have those of a client whose call has waited in vain.
 */

#ifndef _NGX_THRIFT_QUEUE_H_INCLUDED_
#define _NGX_THRIFT_QUEUE_H_INCLUDED_


/*
 * NGX_AGAIN: it is on a connection, or waits; else what ngx_thrift_open()
 * returns, or NGX_ERROR: it is refused.  If it waits, attempt->done tells of
 * that.
 */
ngx_int_t ngx_thrift_queue_enter(ngx_thrift_attempt_t *attempt);

/*
 * Do others come before it?  `turn`: it is served as the next one that waits;
 * or it is its client's turn.
 */
ngx_uint_t ngx_thrift_queue_is_behind(ngx_thrift_attempt_t *attempt,
    ngx_uint_t turn);

/* It waits no more, if it did. */
void ngx_thrift_queue_leave(ngx_thrift_attempt_t *attempt);

/*
 * Its client is pinned to its connection now: where others of its calls wait,
 * they go on that.
 */
void ngx_thrift_queue_follow(ngx_thrift_attempt_t *attempt) nthrift_cold;

/* Some who wait for the address may be served: soon. */
void ngx_thrift_queue_wake(ngx_thrift_address_t *address);

/* The same; one of its connections has become idle. */
void ngx_thrift_queue_idle(ngx_thrift_address_t *address);

/* An attempt is on its connection no more: counts it, and wakes some. */
void ngx_thrift_queue_ended(ngx_thrift_address_t *address);

/*
 * The servers of the attempt's upstream have as many calls as they may: it
 * waits for one, or NGX_BUSY: it may not.
 */
ngx_int_t ngx_thrift_queue_wait_server(ngx_thrift_attempt_t *attempt)
    nthrift_cold;

/*
 * May the attempt have a server at all, or has this worker its part of them,
 * and others wait?
 */
ngx_uint_t ngx_thrift_queue_may_choose(ngx_thrift_attempt_t *attempt);

/*
 * Servers had as many calls as they may, and this worker has one less there:
 * calls of other workers have their turn.
 */
void ngx_thrift_queue_yield(ngx_thrift_pool_t *pool) nthrift_noinline;

/* The other workers are told how many wait here, and how many servers have. */
void ngx_thrift_queue_tell(ngx_thrift_pool_t *pool) nthrift_noinline;

/* The attempt is refused, for `why`: sets the call's error.  NGX_ERROR. */
ngx_int_t ngx_thrift_queue_refuse(ngx_thrift_attempt_t *attempt,
    const char *why);

/* One of them has a call less. */
void ngx_thrift_queue_wake_server(ngx_thrift_pool_t *pool);

/* It has waited for queue_timeout. */
void ngx_thrift_queue_expire(ngx_thrift_delay_t *patience);

/* What of a pool, and of an address, is here. */
void ngx_thrift_queue_init_pool(ngx_thrift_pool_t *pool);
void ngx_thrift_queue_init(ngx_thrift_address_t *address);


#endif /* _NGX_THRIFT_QUEUE_H_INCLUDED_ */
