/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls that come by http: a session of one call, whose client is that of the
 * http request.
 */

#ifndef _NGX_STREAM_THRIFT_DOOR_H_INCLUDED_
#define _NGX_STREAM_THRIFT_DOOR_H_INCLUDED_


/* A server{} with a name, and what its connections are "accepted" on. */

struct ngx_stream_thrift_named_s {
    ngx_str_t                    name;
    ngx_str_t                    text;          /* for the log */
    ngx_stream_core_srv_conf_t  *server;
    u_char                      *file_name;
    ngx_uint_t                   line;

    ngx_listening_t              listening;     /* not nginx's: no socket */
    ngx_stream_port_t            port;
    ngx_stream_in_addr_t         addr;
#if (NGX_HAVE_INET6)
    ngx_listening_t              listening6;    /* of clients by IPv6 */
    ngx_stream_port_t            port6;
    ngx_stream_in6_addr_t        addr6;
#endif
};


/* Of a session; in the pool of its connection. */

struct ngx_stream_thrift_door_s {
    off_t                        size;          /* bytes of the message */
    ngx_uint_t                   protocol;      /* NTHRIFT_PROTOCOL_AUTO: by
                                                   the server's rules */
    nthrift_rules_t              rules;
    nthrift_str_t                headers;       /* of the call, as of one with
                                                   a THeader */
    ngx_uint_t                   answered;      /* the head was written */
    ngx_thrift_door_head_t       head;
    ngx_buf_t                    buf[2];        /* of it, and of a text */
    ngx_chain_t                  link[2];
};


/* NULL: a client's own connection. */
ngx_stream_thrift_door_t *ngx_stream_thrift_door_of(ngx_connection_t *c);

/* ngx_thrift_doors_t's. */
ngx_socket_t ngx_stream_thrift_door_open(void *server,
    ngx_thrift_door_call_t *call, ngx_log_t *log);

/* The rules by which its message is read. */
nthrift_rules_t *ngx_stream_thrift_door_rules(ngx_stream_thrift_door_t *door,
    ngx_stream_thrift_srv_conf_t *conf);

/* Has all of the message been received? */
ngx_uint_t ngx_stream_thrift_door_is_read(ngx_stream_thrift_session_t *ts);

/*
 * What is wrong with the message as one that is alone in its body, when it was
 * read with `rc`; NULL: nothing.
 */
const char *ngx_stream_thrift_door_check(ngx_stream_thrift_session_t *ts,
    ngx_int_t rc);

/* To ts->out: the head of the reply that is in call->out. */
void ngx_stream_thrift_door_answer(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call);

/* The same for a oneway, which was taken or refused. */
void ngx_stream_thrift_door_take(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call) nthrift_noinline;

/* The same for what is no message, with a line that says so. */
void ngx_stream_thrift_door_refuse(ngx_stream_thrift_session_t *ts,
    const char *text);

/* Stream's log phase: sessions that were refused before they began. */
ngx_int_t ngx_stream_thrift_door_log(ngx_stream_session_t *s);


#endif /* _NGX_STREAM_THRIFT_DOOR_H_INCLUDED_ */
