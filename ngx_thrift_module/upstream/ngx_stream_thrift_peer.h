
/*
 * Stream's balancers, asked once per call.
 */

#ifndef _NGX_STREAM_THRIFT_PEER_H_INCLUDED_
#define _NGX_STREAM_THRIFT_PEER_H_INCLUDED_


extern const ngx_thrift_balancer_t  ngx_stream_thrift_balancer;


#endif /* _NGX_STREAM_THRIFT_PEER_H_INCLUDED_ */
