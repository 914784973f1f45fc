/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One check of a server: a connection of its own, never the pool's, but made as
 * the pool's are; a call without arguments, and its reply.
 *
 *     connect ---> PROXY protocol, TLS ---> send ---> reply ---> done
 *        |                |                  |          |
 *        +----------------+------------------+----------+-----> done: why not
 *
 * It is not a client's call: no attempt, no balancer, no limit has a part in
 * it, and nothing of it is logged here.
 */

#ifndef _NGX_THRIFT_CHECK_H_INCLUDED_
#define _NGX_THRIFT_CHECK_H_INCLUDED_


#define NGX_THRIFT_CHECK_REPLY   16384000   /* bytes at most */
#define NGX_THRIFT_CHECK_DEPTH   64
#define NGX_THRIFT_CHECK_BUFFER  2048       /* a head, and a part of a body */
#define NGX_THRIFT_CHECK_HEADER  512        /* of a THeader, in that */


/*
 * NGX_OK: the server is healthy; NGX_DECLINED: it is not, NGX_BUSY: it cannot
 * be reached, and why; `err` 0: there is no more to say.  NGX_ERROR: that has
 * not shown.  The check is gone.
 */

typedef void (*ngx_thrift_check_done_pt)(void *data, ngx_int_t rc,
    const char *why, ngx_err_t err);


/* What is the same for all checks of an upstream. */

typedef struct {
    ngx_thrift_pool_t         *pool;        /* its connections are like those */
    ngx_uint_t                 transport;   /* nthrift_transport_e */
    ngx_uint_t                 protocol;    /* nthrift_protocol_e */
    ngx_str_t                  name;        /* of the method, as it is sent */
    ngx_uint_t                 replies;     /* an exception will not do */
    ngx_msec_t                 timeout;     /* of all of it */
    ngx_thrift_check_done_pt   done;
} ngx_thrift_check_conf_t;


typedef struct {
    ngx_thrift_connection_t    conn;        /* must be first; no attempt is on
                                               it */
    ngx_thrift_check_conf_t   *conf;
    void                      *data;        /* for conf->done */

    int32_t                    seqid;
    u_char                    *pos;         /* of the call, not sent yet */
    u_char                    *end;

    nthrift_message_t          message;     /* the reply */
    nthrift_rules_t            rules;
    nthrift_skip_level_t       levels[NGX_THRIFT_CHECK_DEPTH];
    u_char                    *last;        /* received, and not read yet */
    u_char                     in[NGX_THRIFT_CHECK_BUFFER];
} ngx_thrift_check_t;


/*
 * Begins one.  NULL: `*rc` is NGX_DECLINED: the server cannot be reached, as
 * ngx_socket_errno says; or NGX_ERROR: no memory, files, connections or local
 * ports.  `name` has to live as long as the check.
 */
ngx_thrift_check_t *ngx_thrift_check_start(ngx_thrift_check_conf_t *conf,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name, void *data,
    ngx_int_t *rc);

/* Ends one; nothing is told. */
void ngx_thrift_check_cancel(ngx_thrift_check_t *check);


#endif /* _NGX_THRIFT_CHECK_H_INCLUDED_ */
