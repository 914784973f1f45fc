/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Suspects: see ngx_thrift_blame.h.  Called by ngx_thrift_pass.c with what has
 * become of an attempt.  While no server of a pool is suspect, which is nearly
 * always, an answer that is no exception costs two comparisons.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_BLAME_CLIENTS   8    /* remembered of a suspect */
#define NGX_THRIFT_BLAME_SUSPECTS  64   /* of a pool; variables may name many
                                           addresses */


typedef struct {
    ngx_queue_t      queue;             /* last failed first */
    ngx_uint_t       failures;          /* since it has answered */
    ngx_msec_t       since;             /* the first of them */
    uint32_t         clients[NGX_THRIFT_BLAME_CLIENTS];
    ngx_uint_t       elsewhere;         /* another server has answered one of
                                           them */
    ngx_uint_t       blamed;            /* it was, ... */
    ngx_msec_t       when;              /* ... then */
    socklen_t        socklen;
    ngx_sockaddr_t   sockaddr;
} ngx_thrift_suspect_t;


static ngx_uint_t ngx_thrift_blame_is_old(ngx_thrift_suspect_t *suspect,
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_blame_is_needed(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_blame_reply(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_uint_t ngx_thrift_blame_is_failure(ngx_thrift_attempt_t *attempt);
static void ngx_thrift_blame_clear(ngx_thrift_attempt_t *attempt);
static ngx_thrift_suspect_t *ngx_thrift_blame_suspect(
    ngx_thrift_attempt_t *attempt);
static ngx_thrift_suspect_t *ngx_thrift_blame_create(
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_blame_is(ngx_thrift_suspect_t *suspect,
    ngx_peer_connection_t *peer);
static ngx_uint_t ngx_thrift_blame_failed(ngx_thrift_suspect_t *suspect,
    uint32_t client);
static void ngx_thrift_blame_free(ngx_thrift_pool_t *pool,
    ngx_thrift_suspect_t *suspect);


ngx_uint_t
ngx_thrift_blame(ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t             n;
    ngx_thrift_suspect_t  *suspect;

    suspect = ngx_thrift_blame_suspect(attempt);
    if (suspect == NULL) {
        return NGX_PEER_NEXT;
    }

    n = suspect->failures++ % NGX_THRIFT_BLAME_CLIENTS;
    suspect->clients[n] = ngx_thrift_attempt_client(attempt);

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, attempt->call->log, 0,
                   "thrift server %V is suspect: %ui failures, %Mms%s",
                   attempt->peer->name, suspect->failures,
                   ngx_current_msec - suspect->since,
                   suspect->elsewhere ? ", others answer" : "");

    if (suspect->failures < NGX_THRIFT_BLAME_FAILURES
        || (!suspect->elsewhere && attempt->pool->nsuspects != 1)
        || ngx_current_msec - suspect->since < NGX_THRIFT_BLAME_TIME
        || ngx_thrift_blame_is_old(suspect, attempt)
        || ngx_thrift_blame_is_needed(attempt))
    {
        return NGX_PEER_NEXT;
    }

    suspect->blamed = 1;
    suspect->when = ngx_current_msec;

    return NGX_PEER_FAILED;
}


/*
 * What was there when its server was blamed tells nothing new: each would have
 * a line in the log, however many there are.
 */

static ngx_uint_t
ngx_thrift_blame_is_old(ngx_thrift_suspect_t *suspect,
    ngx_thrift_attempt_t *attempt)
{
    return suspect->blamed
           && (ngx_msec_int_t) (attempt->start - suspect->when) < 0;
}


/*
 * By clients that are pinned to its connections, or those of other workers; or
 * because calls could go nowhere else.
 */

static ngx_uint_t
ngx_thrift_blame_is_needed(ngx_thrift_attempt_t *attempt)
{
    return (attempt->address
            && ngx_thrift_address_has_answered(attempt->address,
                                               NGX_THRIFT_BLAME_TIME))
           || attempt->call->balancer->is_last(attempt);
}


ngx_uint_t
ngx_thrift_blame_answered(ngx_thrift_attempt_t *attempt)
{
    return (attempt->pool->nsuspects == 0
            && attempt->reply.wire.head.type != NTHRIFT_EXCEPTION)
           ? 0 : ngx_thrift_blame_reply(attempt);
}


static ngx_uint_t
ngx_thrift_blame_reply(ngx_thrift_attempt_t *attempt)
{
    if (ngx_thrift_blame_is_failure(attempt)) {
        return ngx_thrift_blame(attempt);
    }

    if (attempt->address) {
        ngx_thrift_address_answers(attempt->address);
    }

    ngx_thrift_blame_clear(attempt);

    return 0;
}


static ngx_uint_t
ngx_thrift_blame_is_failure(ngx_thrift_attempt_t *attempt)
{
    int32_t    type;
    ngx_str_t  text;

    if (attempt->pool->failure == NGX_THRIFT_BLAME_EXCEPTION_NONE
        || attempt->reply.wire.head.type != NTHRIFT_EXCEPTION
        || attempt->peer->sockaddr == NULL || attempt->call->copied)
    {
        return 0;
    }

    if (attempt->pool->failure == NGX_THRIFT_BLAME_EXCEPTION_ANY) {
        return 1;
    }

    ngx_thrift_reply_parse_exception(&attempt->reply, &type, &text);

    return type == NTHRIFT_EXC_INTERNAL_ERROR;
}


static void
ngx_thrift_blame_clear(ngx_thrift_attempt_t *attempt)
{
    uint32_t               client;
    ngx_queue_t           *q, *next;
    ngx_thrift_pool_t     *pool;
    ngx_thrift_suspect_t  *suspect;

    pool = attempt->pool;

    if (pool->nsuspects == 0 || attempt->peer->sockaddr == NULL) {
        return;
    }

    client = ngx_thrift_attempt_client(attempt);

    for (q = ngx_queue_head(&pool->suspects);
         q != ngx_queue_sentinel(&pool->suspects);
         q = next)
    {
        next = ngx_queue_next(q);
        suspect = ngx_queue_data(q, ngx_thrift_suspect_t, queue);

        if (ngx_thrift_blame_is(suspect, attempt->peer)) {
            ngx_thrift_blame_free(pool, suspect);

        } else if (attempt->reply.wire.head.type == NTHRIFT_REPLY
                   && ngx_thrift_blame_failed(suspect, client))
        {
            suspect->elsewhere = 1;
        }
    }
}


/* The attempt's server among the suspects, at their head. */

static ngx_thrift_suspect_t *
ngx_thrift_blame_suspect(ngx_thrift_attempt_t *attempt)
{
    ngx_queue_t           *q;
    ngx_thrift_pool_t     *pool;
    ngx_thrift_suspect_t  *suspect;

    pool = attempt->pool;

    for (q = ngx_queue_head(&pool->suspects);
         q != ngx_queue_sentinel(&pool->suspects);
         q = ngx_queue_next(q))
    {
        suspect = ngx_queue_data(q, ngx_thrift_suspect_t, queue);

        if (ngx_thrift_blame_is(suspect, attempt->peer)) {
            ngx_queue_remove(q);
            ngx_queue_insert_head(&pool->suspects, q);
            return suspect;
        }
    }

    return ngx_thrift_blame_create(attempt);
}


static ngx_thrift_suspect_t *
ngx_thrift_blame_create(ngx_thrift_attempt_t *attempt)
{
    ngx_queue_t           *q;
    ngx_thrift_pool_t     *pool;
    ngx_thrift_suspect_t  *suspect;

    pool = attempt->pool;

    if (pool->nsuspects == NGX_THRIFT_BLAME_SUSPECTS) {
        q = ngx_queue_last(&pool->suspects);
        ngx_thrift_blame_free(pool, ngx_queue_data(q, ngx_thrift_suspect_t,
                                                   queue));
    }

    suspect = ngx_calloc(sizeof(ngx_thrift_suspect_t), ngx_cycle->log);
    if (suspect == NULL) {
        return NULL;
    }

    suspect->since = ngx_current_msec;
    suspect->socklen = attempt->peer->socklen;
    ngx_memcpy(&suspect->sockaddr, attempt->peer->sockaddr, suspect->socklen);

    ngx_queue_insert_head(&pool->suspects, &suspect->queue);
    pool->nsuspects++;

    return suspect;
}


static ngx_uint_t
ngx_thrift_blame_is(ngx_thrift_suspect_t *suspect, ngx_peer_connection_t *peer)
{
    return ngx_memn2cmp((u_char *) &suspect->sockaddr,
                        (u_char *) peer->sockaddr,
                        suspect->socklen, peer->socklen)
           == 0;
}


/* Is it one of the clients whose calls it has failed? */

static ngx_uint_t
ngx_thrift_blame_failed(ngx_thrift_suspect_t *suspect, uint32_t client)
{
    ngx_uint_t  i, n;

    n = ngx_min(suspect->failures, NGX_THRIFT_BLAME_CLIENTS);

    for (i = 0; i < n; i++) {
        if (suspect->clients[i] == client) {
            return 1;
        }
    }

    return 0;
}


void
ngx_thrift_blame_forget(ngx_thrift_pool_t *pool)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&pool->suspects)) {
        q = ngx_queue_head(&pool->suspects);
        ngx_thrift_blame_free(pool, ngx_queue_data(q, ngx_thrift_suspect_t,
                                                   queue));
    }
}


static void
ngx_thrift_blame_free(ngx_thrift_pool_t *pool, ngx_thrift_suspect_t *suspect)
{
    ngx_queue_remove(&suspect->queue);
    pool->nsuspects--;

    ngx_free(suspect);
}
