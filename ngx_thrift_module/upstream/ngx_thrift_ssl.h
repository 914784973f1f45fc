/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * TLS towards servers.  A connection has its handshake between having been
 * opened and its first call: one that fails is a connection that could not be
 * opened, and no byte of a call was sent.
 *
 *     OPENING:  connect() ---> handshake ---> certificate, name ---> OPEN
 */

#ifndef _NGX_THRIFT_SSL_H_INCLUDED_
#define _NGX_THRIFT_SSL_H_INCLUDED_


/* nginx can keep certificates that variables name. */

#define NGX_THRIFT_SSL_CACHE  (NGX_SSL && NGX_THRIFT_HAVE_SSL_CACHE)


/* Of all connections of a pool. */

typedef struct {
#if (NGX_SSL)
    ngx_ssl_t             *context;         /* NULL: no TLS */
    ngx_array_t           *passwords;       /* of keys by variables */
#endif
#if (NGX_THRIFT_SSL_CACHE)
    ngx_ssl_cache_t       *cache;           /* of certificates by variables;
                                               NULL: none */
#endif
    ngx_queue_t            sessions;        /* of its servers */
    ngx_uint_t             nsessions;
    ngx_str_t              name;            /* of the server, with a 0 behind;
                                               or the identity's */
    ngx_uint_t             verify;
    ngx_uint_t             server_name;     /* it is sent */
    ngx_uint_t             session_reuse;
} ngx_thrift_ssl_t;


#if (NGX_SSL)

/* A certificate, or a key, as it is: not the name of a file. */
#define ngx_thrift_ssl_is_data(value)                                         \
    ((value)->len >= 5 && ngx_strncmp((value)->data, "data:", 5) == 0)


void ngx_thrift_ssl_init(ngx_thrift_ssl_t *ssl);
void ngx_thrift_ssl_destroy(ngx_thrift_ssl_t *ssl);

/* Goes on with the handshake, if there is one: see ngx_thrift_link_open(). */
ngx_int_t ngx_thrift_ssl_handshake(ngx_thrift_connection_t *conn);

/*
 * Has an idle connection nothing to read but what is TLS's own, such as
 * tickets?
 */
ngx_uint_t ngx_thrift_ssl_alive(ngx_connection_t *c);

/* Sends what was taken and not sent yet.  NGX_OK, NGX_AGAIN, or NGX_ERROR. */
ngx_int_t ngx_thrift_ssl_flush(ngx_thrift_connection_t *conn);

/* The connection will be closed. */
void ngx_thrift_ssl_close(ngx_thrift_connection_t *conn);

#endif


#endif /* _NGX_THRIFT_SSL_H_INCLUDED_ */
