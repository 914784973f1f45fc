/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which configuration answers a call, by the name it was sent with.
 */

#ifndef _NGX_THRIFT_ROUTE_H_INCLUDED_
#define _NGX_THRIFT_ROUTE_H_INCLUDED_


/*
 * Where a call goes: a configuration, and what the definitions say of the
 * method.  One for each thrift_method, for each method that a service has in
 * its definition, and one for the other names of each service and server.
 */

typedef struct {
    ngx_thrift_conf_t           *conf;
    ngx_str_t                    service;   /* of the block, or empty */
    ngx_str_t                    name;      /* of the method; empty: other
                                               ones */
    ngx_thrift_status_row_t     *row;       /* where it is counted; NULL: no
                                               call has come yet */
    ngx_str_t                    span;      /* what all spans of its calls say
                                               of it; empty: none was written
                                               yet */
    ngx_msec_t                   timeout;
    ngx_thrift_delays_t         *deadlines; /* of that timeout; NULL: none */

    const nthrift_idl_method_t  *method;    /* NULL: of no definition */
    const nthrift_schema_t      *args;      /* NULL as well then */
    const nthrift_schema_t      *result;    /* NULL for oneway, too */
    const nthrift_dispatch_t    *dispatch;  /* a handler's; in workers */
    nthrift_find_path_t        **arguments; /* to the $thrift_arg_ variables in
                                               use; elements may be NULL */

    unsigned                     unknown:1; /* the service is defined, and has
                                               no such method */
    unsigned                     idempotent:1;
    unsigned                     stateful:1;    /* its state is the
                                                   connection's */
} ngx_thrift_target_t;


typedef struct {
    nthrift_map_t                methods;   /* to ngx_thrift_target_t */
    nthrift_map_t                folded;    /* the same, in small letters */
    ngx_thrift_target_t         *others;    /* for the other methods */
} ngx_thrift_service_t;


/*
 * The name that was looked for last, as it was sent, and what was found: most
 * calls have the same.
 */

#define NGX_THRIFT_ROUTE_RECENT  64     /* bytes of a name */


/* Of one server{}. */

typedef struct {
    ngx_thrift_target_t         *recent;    /* NULL: none yet */
    size_t                       recent_len;
    size_t                       recent_method; /* where it begins */
    u_char                       recent_name[NGX_THRIFT_ROUTE_RECENT];

    nthrift_map_t                services;  /* to ngx_thrift_service_t */
    nthrift_map_t                methods;   /* to ngx_thrift_target_t, for
                                               calls that name no service */
    nthrift_map_t                folded;    /* the same, in small letters */
    ngx_thrift_target_t         *first;     /* the first service's others, or
                                               NULL */
    ngx_thrift_target_t         *server;
    ngx_uint_t                   decides;   /* who answers, and how, depends on
                                               the name */
} ngx_thrift_routes_t;


/* The step. */
ngx_int_t ngx_thrift_route(ngx_thrift_call_t *call);

/* Fails the call: nobody answers a method of its name.  Returns NGX_ERROR. */
ngx_int_t ngx_thrift_route_unknown(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_ROUTE_H_INCLUDED_ */
