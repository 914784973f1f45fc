
/*
 * The http side of ngx_thrift, an object of its own: locations that pass calls
 * to a server{} of stream.  It knows stream by client/ngx_thrift_door.h only.
 *
 *     module      directives; names of servers, once all blocks are read
 *       |
 *     door        a request whose body is a message
 *       |
 *     peer        one end of a socketpair, as an upstream of http
 */

#ifndef _NGX_HTTP_THRIFT_H_INCLUDED_
#define _NGX_HTTP_THRIFT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "client/ngx_thrift_door.h"


/* A name of a server, as it stands in a directive of http{}. */

typedef struct {
    ngx_str_t                     name;
    ngx_str_t                     directive;
    u_char                       *file_name;
    ngx_uint_t                    line;
    void                         *server;   /* once stream{} is read */
} ngx_http_thrift_server_t;


typedef struct {
    ngx_http_upstream_conf_t      upstream;
    ngx_http_upstream_srv_conf_t  peer;
    ngx_http_thrift_server_t     *server;   /* NULL: not a location of ours */
    ngx_flag_t                    status;
} ngx_http_thrift_loc_conf_t;


extern ngx_module_t  ngx_http_thrift_module;


/* The content handler of thrift_door. */
ngx_int_t ngx_http_thrift_door_handler(ngx_http_request_t *r);

/* Bytes of a body. */
off_t ngx_http_thrift_size(ngx_chain_t *cl);

/*
 * uscf->peer.init of a call; the message is in u->request_bufs, unless it was
 * handed over with the call.
 */
ngx_int_t ngx_http_thrift_peer_init(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *uscf);


#endif /* _NGX_HTTP_THRIFT_H_INCLUDED_ */
