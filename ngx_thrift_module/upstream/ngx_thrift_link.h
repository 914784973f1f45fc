
/*
 * How connections to servers are made, before anything is spoken on them: from
 * which address, with which options.
 */

#ifndef _NGX_THRIFT_LINK_H_INCLUDED_
#define _NGX_THRIFT_LINK_H_INCLUDED_


/* Of all connections of a pool. */

typedef struct {
    ngx_addr_t            *local;           /* NULL: any address */
    ngx_uint_t             transparent;     /* it need not be the machine's */
    ngx_uint_t             keepalive;       /* SO_KEEPALIVE */
} ngx_thrift_link_t;


/*
 * What a call says of its connection where the pool leaves it open, as it has
 * variables.  A connection is used by calls that say the same only.
 */

typedef struct {
    ngx_addr_t            *local;           /* NULL: the pool's */
    ngx_str_t              name;            /* of the server, for TLS; NULL:
                                               the pool's */
    ngx_str_t              certificate;     /* empty: the pool's */
    ngx_str_t              certificate_key;
} ngx_thrift_identity_t;


/* Sets what ngx_event_connect_peer() is to do besides connecting. */
void ngx_thrift_link_prepare(ngx_thrift_attempt_t *attempt);


#endif /* _NGX_THRIFT_LINK_H_INCLUDED_ */
