/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The definitions of a server: which .thrift files it has, and what they say
 * of its services and methods.
 */

#ifndef _NGX_STREAM_THRIFT_DEFINITIONS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_DEFINITIONS_H_INCLUDED_


/* A thrift_idl as written. */

typedef struct {
    ngx_str_t   name;       /* full, a 0 byte behind it */
    u_char     *file_name;
    ngx_uint_t  line;
} ngx_stream_thrift_file_t;


/* The directives. */

char *ngx_stream_thrift_idl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_thrift_idl_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Main's files and directories come before the server's own. */
char *ngx_stream_thrift_merge_files(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *prev, ngx_stream_thrift_srv_conf_t *conf);

/* Reads a server's files, each once, and fills tscf->programs. */
char *ngx_stream_thrift_load_files(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf);

/*
 * Warns of files of types only, such as others include, in a server whose calls
 * are compared with them: no call is known.
 */
void ngx_stream_thrift_warn_services(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf);

/*
 * The definition of a thrift_service, or of a thrift_method in it; checks
 * that there is one.  `*service` is NULL without any definitions.
 */
char *ngx_stream_thrift_find_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server, ngx_stream_thrift_block_t *block,
    nthrift_idl_service_t **service);
char *ngx_stream_thrift_find_method(ngx_conf_t *cf,
    nthrift_idl_service_t *service, ngx_stream_thrift_block_t *block,
    nthrift_idl_method_t **method);

/* Puts what the definition says of a method into its target. */
char *ngx_stream_thrift_define(ngx_conf_t *cf, ngx_thrift_target_t *target,
    nthrift_idl_method_t *method);

/*
 * Notes what memory the checks of a server need, whose methods are known.  One
 * piece is enough for the worker: it is allocated when all servers are known.
 */
void ngx_stream_thrift_add_check(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf);
ngx_int_t ngx_stream_thrift_init_checks(ngx_conf_t *cf);

/* Refuses servers whose calls need a definition to be translated. */
ngx_int_t ngx_stream_thrift_check_texts(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_DEFINITIONS_H_INCLUDED_ */
