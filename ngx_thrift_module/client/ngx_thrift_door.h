/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What ngx_http_thrift_module.so and ngx_stream_thrift_module.so know of each
 * other: how a message that came by http gets to a server{} of stream, and its
 * reply back.
 *
 *   http                                   stream
 *
 *   find()   a server by its thrift_name
 *   open()   one call        ----------->  a socketpair, one end of which is
 *                                          the client's connection to it
 *   the other end            <-----------
 *   the message, unframed    ----------->  session: reads one call
 *   head, reply              <-----------  session: writes both
 *   close                    ----------->  the client has left
 */

#ifndef _NGX_THRIFT_DOOR_H_INCLUDED_
#define _NGX_THRIFT_DOOR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "idl/model.h"


/* What is behind a head. */

typedef enum {
    NGX_THRIFT_DOOR_REPLY = 0,      /* the server's, or a handler's */
    NGX_THRIFT_DOOR_EXCEPTION,      /* ours */
    NGX_THRIFT_DOOR_TEXT            /* a line that says why there is none */
} ngx_thrift_door_kind_e;


/* Stands before a reply; both ends are in one process. */

typedef struct {
    uint64_t            length;     /* bytes behind it */
    uint32_t            status;     /* of HTTP */
    uint32_t            kind;       /* ngx_thrift_door_kind_e */
} ngx_thrift_door_head_t;


typedef struct {
    ngx_connection_t   *client;     /* who calls: addresses, number */
    off_t               size;       /* bytes of the message, 1 at least */
    ngx_chain_t        *message;    /* all of it, in memory, which stays the
                                       caller's; NULL: it will be written */
    ngx_uint_t          protocol;   /* that it is in; NTHRIFT_PROTOCOL_AUTO: as
                                       of the server's other clients */
    ngx_array_t        *headers;    /* its info headers, ngx_keyval_t */
} ngx_thrift_door_call_t;


/* A method that a server{} knows by its definitions. */

typedef struct {
    const nthrift_idl_service_t  *service;  /* it is called as that one's */
    const nthrift_idl_method_t   *method;
    ngx_uint_t                    bare;     /* its name alone tells it */
    ngx_uint_t                    idempotent;
} ngx_thrift_door_method_t;


typedef struct {
    size_t              size;       /* of this struct: its version ... */
    size_t              call_size;  /* ... and of a call's */

    /*
     * The server{} with that "thrift_name"; NULL: there is none, and `near` is
     * a name that may have been meant, or empty.
     */
    void             *(*find)(ngx_cycle_t *cycle, ngx_str_t *name,
                            ngx_str_t *near);

    /*
     * Begins with a call to such a server; its end of the socketpair is gone
     * when the server refuses the client.  Returns the other end, or -1, which
     * was logged.
     */
    ngx_socket_t      (*open)(void *server, ngx_thrift_door_call_t *call,
                            ngx_log_t *log);

    /*
     * The methods of such a server{}, ngx_thrift_door_method_t, to an empty
     * array, one service after the other, and the protocol that they are best
     * called in: NTHRIFT_BINARY or NTHRIFT_COMPACT.
     */
    ngx_int_t         (*describe)(void *server, ngx_array_t *methods,
                            ngx_uint_t *protocol);
} ngx_thrift_doors_t;


/* NULL in ngx_http_thrift_module.so when that is loaded first, or alone. */

extern const ngx_thrift_doors_t  ngx_stream_thrift_doors
    __attribute__((weak));


#endif /* _NGX_THRIFT_DOOR_H_INCLUDED_ */
