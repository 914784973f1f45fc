
/*
 * $thrift_*: variables of a call; empty for a connection.
 */

#ifndef _NGX_STREAM_THRIFT_VARIABLES_H_INCLUDED_
#define _NGX_STREAM_THRIFT_VARIABLES_H_INCLUDED_


ngx_int_t ngx_stream_thrift_add_variables(ngx_conf_t *cf);


#endif /* _NGX_STREAM_THRIFT_VARIABLES_H_INCLUDED_ */
