
/*
 * Directives with parameters that say when a call is answered.
 */

#ifndef _NGX_STREAM_THRIFT_LIMITS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_LIMITS_H_INCLUDED_


char *ngx_stream_thrift_max_concurrent(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_STREAM_THRIFT_LIMITS_H_INCLUDED_ */
