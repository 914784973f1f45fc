
/*
 * One connection to one server: it carries one call at a time, gives each a
 * seqid of its own, and checks that what comes back answers that call.
 */

#ifndef _NGX_THRIFT_UPSTREAM_H_INCLUDED_
#define _NGX_THRIFT_UPSTREAM_H_INCLUDED_


#define NGX_THRIFT_SEQIDS  16      /* of earlier calls, remembered */


struct ngx_thrift_upstream_s {
    ngx_queue_t            queue;       /* in the pool */
    ngx_thrift_pool_t     *pool;        /* not NULL: idle there */
    ngx_thrift_client_t   *client;      /* whose it is; NULL: everybody's */
    ngx_queue_t            kept;        /* for that client, while idle */
    ngx_msec_t             since;       /* when it became idle */
    ngx_connection_t      *connection;
    ngx_thrift_call_t     *call;        /* NULL: idle */
    ngx_thrift_input_t     in;
    ngx_thrift_timer_t     timer;
    nthrift_rules_t        rules;       /* of the reply */
    ngx_chain_t           *out;         /* of the call, not yet sent */
    off_t                  sent;        /* connection->sent at its start */
    uint32_t               calls;       /* carried so far */
    int32_t                seqids[NGX_THRIFT_SEQIDS];   /* of the latest ones:
                                           call n has n % NGX_THRIFT_SEQIDS */
    struct sockaddr       *sockaddr;    /* a copy */
    socklen_t              socklen;
    unsigned               connecting:1;
    unsigned               spoiled:1;   /* not to be used again */
    unsigned               unchecked:1; /* has carried a call that was not
                                           checked, of a client that is not
                                           trusted */
};


/*
 * Wraps a connection that ngx_event_connect_peer() has made.  NULL: no memory;
 * the connection is closed then.
 */
ngx_thrift_upstream_t *ngx_thrift_upstream_create(ngx_connection_t *c,
    ngx_thrift_call_t *call);

/* Closes the connection; it must be neither in a pool nor have a call. */
void ngx_thrift_upstream_close(ngx_thrift_upstream_t *u);

/* Gives the connection to a call, or takes it away again. */
void ngx_thrift_upstream_attach(ngx_thrift_upstream_t *u,
    ngx_thrift_call_t *call);
void ngx_thrift_upstream_detach(ngx_thrift_upstream_t *u);

/* Tells whose the connection is, now that its call was answered or sent. */
void ngx_thrift_upstream_own(ngx_thrift_upstream_t *u);

/*
 * Sends the call and reads its reply, as far as that goes now.
 *
 * NGX_OK        answered: call->reply is whole, well formed and the call's own;
 *               or the call is oneway and all of it was sent
 * NGX_AGAIN     an event on the connection goes on
 * NGX_DECLINED  the connection is dead and the call may be sent again: no byte
 *               of it left, or it is idempotent and got no byte of a reply
 * NGX_ERROR     failed; the call's error is set
 */
ngx_int_t ngx_thrift_upstream_exchange(ngx_thrift_upstream_t *u);


#endif /* _NGX_THRIFT_UPSTREAM_H_INCLUDED_ */
