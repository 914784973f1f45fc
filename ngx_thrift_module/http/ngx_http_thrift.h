/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The http side of ngx_thrift, an object of its own: locations that pass calls
 * to a server{} of stream, or tell what was counted there.  It knows stream by
 * client/ngx_thrift_door.h and status/ngx_thrift_report.h only.
 *
 *     module      directives; names of servers, once all blocks are read
 *       |  +--> beside     what else answers in such a location
 *       |
 *       +--> methods       what the definitions of such a server have
 *       |      |
 *     door   gateway       a request whose body is a message; one whose body is
 *       |      |           JSON, or whose query is
 *       |      +--> error  what is wrong with it, in JSON
 *       |      |
 *     peer                 one end of a socketpair, as an upstream of http
 *       |
 *     headers              info headers that go with the call
 *
 *     status               what was counted, as text
 *       |
 *     page                 what shows it in a browser
 *       |
 *     explorer             which methods one can try there, at a gateway
 */

#ifndef _NGX_HTTP_THRIFT_H_INCLUDED_
#define _NGX_HTTP_THRIFT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "client/ngx_thrift_door.h"
#include "status/ngx_thrift_report.h"

#include "idl/suggest.h"
#include "plain/plain.h"
#include "wire/exception.h"
#include "wire/head.h"

typedef struct ngx_http_thrift_gateway_s  ngx_http_thrift_gateway_t;


/* A name of a server, as it stands in a directive of http{}. */

typedef struct ngx_http_thrift_server_s  ngx_http_thrift_server_t;

struct ngx_http_thrift_server_s {
    ngx_str_t                     name;
    ngx_str_t                     directive;
    u_char                       *file_name;
    ngx_uint_t                    line;
    void                         *server;   /* once stream{} is read */

    ngx_str_t                     path;     /* of the location */
    ngx_http_thrift_gateway_t    *gateway;  /* NULL: a door */
    ngx_uint_t                    protocol; /* of its messages; of a door's: 0,
                                               the client's */
    ngx_flag_t                    openapi;  /* as of the location */
    ngx_flag_t                    long_strings;
    ngx_uint_t                    counts;   /* no name: what is counted has to
                                               be there */
    ngx_uint_t                    explores; /* the name is a gateway's path: */
    ngx_http_thrift_server_t     *explored; /* that gateway, ... */
    void                         *http;     /* ... in the same server{} */
};


typedef struct {
    ngx_http_thrift_server_t     *server;
    ngx_uint_t                    calls;    /* calls may be tried */
} ngx_http_thrift_explorer_t;


typedef struct {
    ngx_http_upstream_conf_t      upstream;
    ngx_http_upstream_srv_conf_t  peer;
    ngx_http_thrift_server_t     *server;   /* NULL: not a location of ours */
    ngx_http_handler_pt           handler;  /* its content handler */
    unsigned                      others:1;     /* there was another one */
    unsigned                      returns:1;    /* "return" answers here */
    ngx_flag_t                    status;
    ngx_flag_t                    openapi;
    ngx_flag_t                    long_strings;
    ngx_uint_t                    max_values;
    size_t                        max_size;     /* bytes of a call's JSON */
    ngx_uint_t                    format;   /* of thrift_status */
    ngx_str_t                     policy;   /* of the page; data NULL: none */
    ngx_array_t                  *headers;  /* of thrift_call_header, or
                                               NULL */
    ngx_array_t                  *explorers;    /* ngx_http_thrift_explorer_t,
                                               or NULL */
} ngx_http_thrift_loc_conf_t;


extern ngx_module_t  ngx_http_thrift_module;
extern ngx_module_t  ngx_http_thrift_servers_module;


/* Notes each "return" from now on; before http{} is read. */
ngx_int_t ngx_http_thrift_watch_return(ngx_conf_t *cf);

/* It was read. */
ngx_int_t ngx_http_thrift_unwatch_return(ngx_conf_t *cf);

/*
 * The location becomes one of ours, and the directive's name is looked up
 * later.  NULL: logged.
 */
ngx_http_thrift_server_t *ngx_http_thrift_claim(ngx_conf_t *cf,
    ngx_http_thrift_loc_conf_t *tlcf, ngx_http_handler_pt handler);

/* Whether nobody else answers there; NGX_ERROR: logged. */
ngx_int_t ngx_http_thrift_check_claim(ngx_conf_t *cf,
    ngx_http_thrift_loc_conf_t *tlcf);

/* thrift_status, and its check when stream{} is read. */
char *ngx_http_thrift_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_thrift_status_check(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server);

/* Its content handler. */
ngx_int_t ngx_http_thrift_status_handler(ngx_http_request_t *r);

/*
 * thrift_status html: its policy is made, its content handler, and whether the
 * query of a request has that argument: "format" is "json" or "services",
 * "history" is "1".
 */
char *ngx_http_thrift_page_init(ngx_conf_t *cf,
    ngx_http_thrift_loc_conf_t *tlcf);
ngx_int_t ngx_http_thrift_page_handler(ngx_http_request_t *r);
ngx_uint_t ngx_http_thrift_page_asks(ngx_http_request_t *r, const char *name,
    const char *wanted);

/* thrift_explorer, its check when all is read, and its content handler. */
char *ngx_http_thrift_explorer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_thrift_explorer_check(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server);
ngx_int_t ngx_http_thrift_explorer_handler(ngx_http_request_t *r);

/* What the directive names; NULL: logged. */
ngx_http_thrift_server_t *ngx_http_thrift_add_server(ngx_conf_t *cf);

/* The content handler of thrift_door. */
ngx_int_t ngx_http_thrift_door_handler(ngx_http_request_t *r);

/*
 * r->upstream of a call, without create_request and process_header.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_thrift_create_upstream(ngx_http_request_t *r);

/*
 * thrift_call_header; and the headers of a call, ngx_keyval_t.  NULL: no
 * memory, or one could not be made.
 */
char *ngx_http_thrift_call_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_array_t *ngx_http_thrift_headers(ngx_http_request_t *r);

/* Says where variables stand that nobody has; once http{} was read. */
void ngx_http_thrift_headers_check(ngx_conf_t *cf, ngx_array_t *headers);

/* Bytes of a body. */
off_t ngx_http_thrift_size(ngx_chain_t *cl);

/*
 * uscf->peer.init of a call; the message is in u->request_bufs, unless it was
 * handed over with the call.
 */
ngx_int_t ngx_http_thrift_peer_init(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *uscf);


typedef struct {
    nthrift_plain_method_t        plain;
    nthrift_str_t                 name;     /* in the message */
    nthrift_str_t                 path;     /* in the request: "Users/get" */
    ngx_uint_t                    get;      /* may be called by GET */
} ngx_http_thrift_method_t;


struct ngx_http_thrift_gateway_s {
    nthrift_arena_t               arena;
    nthrift_schema_set_t          schemas;
    nthrift_map_t                 methods;  /* by path */
    nthrift_map_t                 services; /* to nthrift_idl_service_t */
    nthrift_str_t                 openapi;  /* JSON; empty: it is off */
    uint64_t                      seed;
};


/* A declared exception, which the service has thrown. */

#define NGX_HTTP_THRIFT_DECLARED  422


/* Work of a request that is done in parts. */

typedef struct {
    ngx_queue_t           queue;
    ngx_http_request_t   *request;
    ngx_uint_t            waiting;

    /* NGX_AGAIN: there is more, else what becomes of all of it */
    ngx_int_t           (*part)(void *data);
    void                 *data;

    /* it has come to its end, not within ngx_http_thrift_slice() */
    void                (*done)(ngx_http_request_t *r, ngx_int_t rc);
} ngx_http_thrift_slice_t;

/*
 * Begins it.  NGX_AGAIN: it goes on, as long as the request lives, and `done`
 * will be called; else it is done, or NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_thrift_slice(ngx_http_request_t *r,
    ngx_http_thrift_slice_t *slice);


/* The content handler of thrift_gateway. */
ngx_int_t ngx_http_thrift_gateway_handler(ngx_http_request_t *r);

/*
 * What the server can be asked by JSON, from its definitions.  NGX_ERROR: it
 * was logged.
 */
ngx_int_t ngx_http_thrift_init_gateway(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server);

/* Sends a response that says what is wrong, as a TApplicationException. */
ngx_int_t ngx_http_thrift_send_error(ngx_http_request_t *r, ngx_uint_t status,
    int32_t type, ngx_str_t *text);

/* The JSON of that; data NULL: no memory. */
ngx_str_t ngx_http_thrift_error_json(ngx_http_request_t *r, int32_t type,
    ngx_str_t *text);


#endif /* _NGX_HTTP_THRIFT_H_INCLUDED_ */
