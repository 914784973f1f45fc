/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which transport and protocol a server speaks, found out by asking it: a call
 * of a method that nobody has, in one after the other, until it answers.  That
 * is remembered; calls to a server of which it is not known wait.
 *
 *     unknown ---> asked in ... ---> answered: known ---> doubted: asked again
 *                   |       ^
 *                   |       +-- not answered: the next one
 *                   |
 *                   +--> in none: calls go as without, until a pause is over
 *                   +--> cannot be reached: who waits is told
 *
 * Those that a wrong server refuses at once are tried first: one that expects
 * no frames waits for more where there is one.  Only those are tried that the
 * configuration leaves open.  Where workers share memory all know what one has
 * found.
 */

#ifndef _NGX_THRIFT_DETECT_H_INCLUDED_
#define _NGX_THRIFT_DETECT_H_INCLUDED_


#define NGX_THRIFT_DETECT_DIALECTS  6

#define NGX_THRIFT_DETECT_TIMEOUT   1000        /* milliseconds, of each */

/* Servers that are remembered; what was asked first goes. */

#define NGX_THRIFT_DETECT_SERVERS   1024

/* Lines of one kind: clients may choose which servers are asked. */

#define NGX_THRIFT_DETECT_LINES     50          /* in ... */
#define NGX_THRIFT_DETECT_PERIOD    10000       /* ... milliseconds */

/* One that has answered in none, or is doubted, is asked again after that. */

#define NGX_THRIFT_DETECT_AGAIN     10000       /* milliseconds */


/* Who waits for the answer of a server. */

/*
 * NGX_OK: there is one, or there will be none for now; NGX_DECLINED: it cannot
 * be reached, `why` and `err` are as in ngx_thrift_check.h.
 */

typedef void (*ngx_thrift_detect_done_pt)(ngx_thrift_detect_wait_t *wait,
    ngx_int_t rc, const char *why, ngx_err_t err);

struct ngx_thrift_detect_wait_s {
    ngx_queue_t                queue;
    ngx_thrift_detect_done_pt  done;
    void                      *data;
};


/* Of a pool. */

struct ngx_thrift_detect_s {
    ngx_thrift_pool_t        *pool;
    ngx_thrift_check_conf_t   dialects[NGX_THRIFT_DETECT_DIALECTS];
    ngx_uint_t                n;        /* of them */
    ngx_uint_t                latest;   /* that was answered: tried first */

    ngx_rbtree_t              tree;
    ngx_rbtree_node_t         sentinel;
    ngx_queue_t               servers;  /* asked first, first */
    ngx_uint_t                nservers;

    ngx_thrift_refusals_t     spoken;   /* servers that were found out */
    ngx_thrift_refusals_t     mute;     /* that have answered in none */
};


/* With the dialects that `pool` leaves open; `name` is the method's. */
void ngx_thrift_detect_init(ngx_thrift_detect_t *detect,
    ngx_thrift_pool_t *pool, ngx_str_t *name);

/* A worker ends: nothing is asked any more, and nobody is told. */
void ngx_thrift_detect_stop(ngx_thrift_detect_t *detect);

/*
 * NGX_OK: `*dialect` has its transport and protocol.  NGX_AGAIN: it is asked,
 * and wait->done is called; `wait` NULL: nobody waits.  NGX_DECLINED: it says
 * nothing, or there is no memory.
 */
ngx_int_t ngx_thrift_detect(ngx_thrift_detect_t *detect,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name,
    ngx_thrift_dialect_t *dialect, ngx_thrift_detect_wait_t *wait);

/* It does not wait any more. */
void ngx_thrift_detect_leave(ngx_thrift_detect_wait_t *wait);

/* It has not answered as it should: it may be another server. */
void ngx_thrift_detect_doubt(ngx_thrift_detect_t *detect,
    struct sockaddr *sockaddr, socklen_t socklen);


#endif /* _NGX_THRIFT_DETECT_H_INCLUDED_ */
