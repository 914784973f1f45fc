/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_idl_compat: definitions of a configuration and of the one that it
 * replaces.
 */

#ifndef _NGX_STREAM_THRIFT_COMPAT_H_INCLUDED_
#define _NGX_STREAM_THRIFT_COMPAT_H_INCLUDED_


/* Values of thrift_idl_compat. */

typedef enum {
    NGX_STREAM_THRIFT_COMPAT_OFF = 0,
    NGX_STREAM_THRIFT_COMPAT_WARN,
    NGX_STREAM_THRIFT_COMPAT_ERROR
} ngx_stream_thrift_compat_e;


/* Keeps a server with definitions for this reload and for the next one. */
ngx_int_t ngx_stream_thrift_add_compat(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf);

/*
 * Compares, if there is anything to compare with: at a reload only.  To be
 * called when the configuration is complete.  NGX_ERROR: it is refused.
 */
ngx_int_t ngx_stream_thrift_check_compat(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_COMPAT_H_INCLUDED_ */
