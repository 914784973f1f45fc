
/*
 * Stream's balancers, asked once per call.
 */

#ifndef _NGX_STREAM_THRIFT_PEER_H_INCLUDED_
#define _NGX_STREAM_THRIFT_PEER_H_INCLUDED_


/* What ngx_thrift_front_t says of each. */

ngx_int_t ngx_stream_thrift_peer_balance(ngx_thrift_call_t *call);
ngx_int_t ngx_stream_thrift_peer_rebalance(ngx_thrift_call_t *call);
ngx_int_t ngx_stream_thrift_peer_attempt(ngx_thrift_call_t *call);
ngx_int_t ngx_stream_thrift_peer_chosen(ngx_thrift_call_t *call);
void ngx_stream_thrift_peer_connected(ngx_thrift_call_t *call);
void ngx_stream_thrift_peer_first_byte(ngx_thrift_call_t *call);
void ngx_stream_thrift_peer_release(ngx_thrift_call_t *call,
    ngx_uint_t state);


#endif /* _NGX_STREAM_THRIFT_PEER_H_INCLUDED_ */
