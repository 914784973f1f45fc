/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where something is written in the configuration, for messages about what
 * nginx keeps no line of.
 */

#ifndef _NGX_STREAM_THRIFT_WHERE_H_INCLUDED_
#define _NGX_STREAM_THRIFT_WHERE_H_INCLUDED_


typedef struct {
    ngx_str_t    file;
    ngx_uint_t   line;
} ngx_stream_thrift_where_t;


/*
 * The first place, in the configuration file and in those that it includes,
 * where the variable is written; NGX_DECLINED: it was not found.
 */
ngx_int_t ngx_stream_thrift_find_variable(ngx_conf_t *cf, ngx_str_t *name,
    ngx_stream_thrift_where_t *where);


#endif /* _NGX_STREAM_THRIFT_WHERE_H_INCLUDED_ */
