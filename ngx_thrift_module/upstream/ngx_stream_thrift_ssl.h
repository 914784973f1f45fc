/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * TLS towards the servers of an upstream: the directives, which are those of
 * proxy_pass with another prefix.
 */

#ifndef _NGX_STREAM_THRIFT_SSL_H_INCLUDED_
#define _NGX_STREAM_THRIFT_SSL_H_INCLUDED_


#if (NGX_SSL)

/* Of stream{}, or of an upstream{}. */

typedef struct ngx_stream_thrift_ssl_conf_s  ngx_stream_thrift_ssl_conf_t;

struct ngx_stream_thrift_ssl_conf_s {
    ngx_flag_t                       enable;
    ngx_flag_t                       session_reuse;
    ngx_uint_t                       protocols;
    ngx_str_t                        ciphers;
    ngx_stream_complex_value_t      *name;      /* NULL: the upstream's */
    ngx_flag_t                       server_name;
    ngx_flag_t                       verify;
    ngx_uint_t                       verify_depth;
    ngx_str_t                        trusted_certificate;
    ngx_str_t                        crl;
    ngx_stream_complex_value_t      *certificate;
    ngx_stream_complex_value_t      *certificate_key;
#if (NGX_THRIFT_SSL_CACHE)
    ngx_ssl_cache_t                 *cache;
#endif
    ngx_array_t                     *passwords;
    ngx_array_t                     *conf_commands;

    ngx_array_t                     *notes;     /* where the directives stand
                                                   but "thrift_ssl"; or NULL */
    ngx_uint_t                       off;       /* by a "thrift_ssl off" of its
                                                   own */
    ngx_uint_t                       used;      /* by it, or by an upstream{}
                                                   that inherits from it */
    ngx_stream_thrift_ssl_conf_t    *outer;     /* that is inherited from; NULL:
                                                   none */
    ngx_ssl_t                       *context;   /* NULL: not made yet */
    ngx_stream_thrift_ssl_conf_t    *same;      /* that has the same; NULL:
                                                   none */
};


extern ngx_conf_bitmask_t  ngx_stream_thrift_ssl_protocols[];
extern ngx_conf_post_t     ngx_stream_thrift_ssl_conf_command_post;


char *ngx_stream_thrift_ssl_certificate_cache(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* nginx's setters, which take a note of where the directive stands. */
char *ngx_stream_thrift_ssl_flag(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_ssl_str(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_ssl_value(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_ssl_keyval(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_ssl_bitmask(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_ssl_num(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_thrift_ssl_name(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

char *ngx_stream_thrift_ssl_password_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

void ngx_stream_thrift_create_ssl(ngx_stream_thrift_ssl_conf_t *conf);
void ngx_stream_thrift_merge_ssl(ngx_stream_thrift_ssl_conf_t *prev,
    ngx_stream_thrift_ssl_conf_t *conf);

/* When all are merged: says that directives have no effect, if so it is. */
void ngx_stream_thrift_warn_ssl(ngx_conf_t *cf,
    ngx_stream_thrift_ssl_conf_t *conf);

/* What it means for a pool. */
ngx_int_t ngx_stream_thrift_set_ssl(ngx_conf_t *cf,
    ngx_stream_thrift_pool_t *pool);

/* Adds what depends on the call. */
ngx_int_t ngx_stream_thrift_ssl_identify(ngx_thrift_attempt_t *attempt,
    ngx_thrift_identity_t *identity) nthrift_noinline;

#endif


#endif /* _NGX_STREAM_THRIFT_SSL_H_INCLUDED_ */
