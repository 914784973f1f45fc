/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whose fault it is when a call that was sent is not answered, or has no time
 * left while a connection is opened for it, or its server refuses what is its
 * client's in the handshake: its server's, or that of the client who sent it.
 *
 * What a client sends can make a server close, stay silent or answer what
 * nobody understands; that alone takes no server away from others.  So such a
 * failure makes a server suspect, and counts for max_fails when all of this is
 * true:
 *
 *     it has failed NGX_THRIFT_BLAME_FAILURES times in a row,
 *     for NGX_THRIFT_BLAME_TIME it has answered nobody, pinned clients and
 *     those of workers that have the same zone included,
 *     another server of the pool has answered one of the clients whose calls
 *     it failed, since then; or no other one is suspect, and
 *     calls can go to another server: with a zone other workers, and what does
 *     not accept connections, may have taken all others away.
 *
 * So does an exception where thrift_failure says that it is a failure.
 *
 * A server that does not accept connections counts at once, elsewhere.
 */

#ifndef _NGX_THRIFT_BLAME_H_INCLUDED_
#define _NGX_THRIFT_BLAME_H_INCLUDED_


#define NGX_THRIFT_BLAME_FAILURES  3
#define NGX_THRIFT_BLAME_TIME      1000     /* milliseconds */


/* Exceptions that are failures: thrift_failure. */

typedef enum {
    NGX_THRIFT_BLAME_EXCEPTION_NONE = 0,
    NGX_THRIFT_BLAME_EXCEPTION_INTERNAL,
    NGX_THRIFT_BLAME_EXCEPTION_ANY
} ngx_thrift_blame_exception_e;


/*
 * The attempt was sent, and not answered as calls are, or its time is over.
 * Returns what its server goes back to the balancer with: NGX_PEER_FAILED, or
 * NGX_PEER_NEXT.
 */
ngx_uint_t ngx_thrift_blame(ngx_thrift_attempt_t *attempt) nthrift_noinline;

/*
 * The attempt was answered: its server is beyond suspicion, unless that was by
 * an exception that is a failure.  Returns as ngx_thrift_blame(), or 0.
 */
ngx_uint_t ngx_thrift_blame_answered(ngx_thrift_attempt_t *attempt);

/* Forgets all suspects of a pool. */
void ngx_thrift_blame_forget(ngx_thrift_pool_t *pool);


#endif /* _NGX_THRIFT_BLAME_H_INCLUDED_ */
