
/*
 * A call: from the moment its message is whole until it is logged.
 */

#ifndef _NGX_THRIFT_CALL_H_INCLUDED_
#define _NGX_THRIFT_CALL_H_INCLUDED_


/* What became of a call: $thrift_status. */

typedef enum {
    NGX_THRIFT_PENDING = 0,
    NGX_THRIFT_SUCCESS,         /* REPLY with a result */
    NGX_THRIFT_DECLARED,        /* REPLY with an exception of the IDL */
    NGX_THRIFT_EXCEPTION,       /* EXCEPTION, the server's or ours */
    NGX_THRIFT_SENT,            /* oneway: sent, that is all one knows */
    NGX_THRIFT_FAILED,          /* oneway: not sent */
    NGX_THRIFT_CANCELLED        /* the client left first */
} ngx_thrift_outcome_e;


/*
 * What a call needs from the side it came from: stream today.  Functions that
 * return ngx_int_t have set the call's error when they return NGX_ERROR, or
 * leave it to be a plain internal error.
 */

typedef struct {
    /* call->conf and ->target are known now */
    void        (*routed)(ngx_thrift_call_t *call);

    /* who calls, as text */
    void        (*client)(ngx_thrift_call_t *call, ngx_str_t *text);

    /* the text of thrift_return */
    ngx_int_t   (*return_text)(ngx_thrift_call_t *call, ngx_str_t *text);

    /* sets call->peer and ->keepalive; NGX_AGAIN: ngx_thrift_pass_balanced() */
    ngx_int_t   (*balance)(ngx_thrift_call_t *call);

    /* the balancer said NGX_BUSY: NGX_OK if asking once more makes sense */
    ngx_int_t   (*rebalance)(ngx_thrift_call_t *call);

    /* an attempt: begins; has a name; is connected; gets its first byte */
    ngx_int_t   (*attempt)(ngx_thrift_call_t *call);
    ngx_int_t   (*chosen)(ngx_thrift_call_t *call);
    void        (*connected)(ngx_thrift_call_t *call);
    void        (*first_byte)(ngx_thrift_call_t *call);

    /* the peer, if one is held, goes back to the balancer: NGX_PEER_* or 0 */
    void        (*release)(ngx_thrift_call_t *call, ngx_uint_t state);

    /*
     * The call holds `n` bytes more, or fewer; may it receive more?  If not,
     * call->paused is set, and its upstream's read event is posted later.
     */
    void        (*hold)(ngx_thrift_call_t *call, off_t n);
    ngx_uint_t  (*may_receive)(ngx_thrift_call_t *call);

    /* call->out is ready: ngx_thrift_call_wake() once it is written */
    void        (*reply)(ngx_thrift_call_t *call);

    void        (*log)(ngx_thrift_call_t *call);

    /*
     * Makes a call to an upstream{} for the handler that answers this one:
     * sets ob->call, up to its message, and ob->dialect.  NGX_DECLINED: there
     * is no upstream of that name.
     */
    ngx_int_t   (*spawn)(ngx_thrift_call_t *call, ngx_str_t *upstream,
                    ngx_thrift_outbound_t *ob);

    /* nothing refers to the call any more */
    void        (*finish)(ngx_thrift_call_t *call);
} ngx_thrift_front_t;


struct ngx_thrift_call_s {
    ngx_queue_t                queue;       /* of its connection, in order */
    ngx_uint_t                 step;
    ngx_pool_t                *pool;
    ngx_log_t                 *log;
    const ngx_thrift_front_t  *front;
    ngx_thrift_routes_t       *routes;
    ngx_thrift_client_t       *client;      /* whose call it is */
    ngx_thrift_conf_t         *conf;
    ngx_thrift_target_t       *target;      /* NULL: not routed yet */

    nthrift_str_t              prefix;      /* data NULL: none was sent */
    nthrift_str_t              method;      /* without prefix */

    ngx_msec_t                 start;
    ngx_msec_t                 deadline;    /* if timed */

    ngx_thrift_invocation_t   *invocation;  /* of a handler, or NULL */
    ngx_thrift_outbound_t     *outbound;    /* a handler's own call */

    ngx_peer_connection_t     *peer;
    ngx_thrift_pool_t         *keepalive;
    ngx_thrift_upstream_t     *upstream;    /* while an exchange goes on */
    off_t                      received;    /* bytes in this attempt */
    off_t                      held;        /* bytes kept in memory */

    ngx_uint_t                 outcome;
    ngx_uint_t                 status;      /* $status */
    ngx_int_t                  declared;    /* id of the reply's exception */
    ngx_int_t                  exception;   /* TApplicationException type */
    ngx_str_t                  text;        /* and message */

    ngx_chain_t               *out;         /* to the client; NULL: nothing */
    ngx_chain_t               *out_last;    /* set once it is queued */
    size_t                     out_length;

    unsigned                   checked:1;   /* by its definition, or trusted */
    unsigned                   oneway:1;    /* the client gets no reply */
    unsigned                   silent:1;    /* the upstream sends none */
    unsigned                   keeps:1;     /* the request after it is sent */
    unsigned                   lost:1;      /* sent once, and not answered */
    unsigned                   spares:1;    /* its failure is not the peer's */
    unsigned                   timed:1;
    unsigned                   paused:1;    /* others hold too much */
    unsigned                   failed:1;    /* exception and text are ours */
    unsigned                   ready:1;     /* for the client, or nothing is */
    unsigned                   closes:1;    /* nothing after it can be read */

    ngx_thrift_message_t       request;
    ngx_thrift_message_t       reply;
};


/*
 * Clears all but queue, pool, log, front, routes and client, and begins
 * reading a message into call->request.
 */
ngx_int_t ngx_thrift_call_init(ngx_thrift_call_t *call,
    ngx_thrift_conf_t *conf);

/* The message is whole, or broken after its head (`closes`): runs the call. */
void ngx_thrift_call_start(ngx_thrift_call_t *call, ngx_uint_t closes);

/* Runs a call of a handler's own, which has a message, from "pass" on. */
void ngx_thrift_call_pass(ngx_thrift_call_t *call);

/* The current step has come to `rc` after NGX_AGAIN; runs on. */
void ngx_thrift_call_wake(ngx_thrift_call_t *call, ngx_int_t rc);

/* The client has left: no reply, only the log. */
void ngx_thrift_call_cancel(ngx_thrift_call_t *call);

/*
 * Sets the exception that answers the call, and $status; the first one counts.
 * Returns NGX_ERROR.
 */
ngx_int_t ngx_thrift_call_fail(ngx_thrift_call_t *call, ngx_int_t exception,
    ngx_uint_t status, const char *fmt, ...);

/* Is its time over; the failure that says so. */
ngx_uint_t ngx_thrift_call_expired(ngx_thrift_call_t *call);
ngx_int_t ngx_thrift_call_timed_out(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_CALL_H_INCLUDED_ */
