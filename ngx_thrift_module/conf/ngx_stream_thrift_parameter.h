/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Parameters of a directive that has several, as "name=value": a table says
 * what each of them is, and where it goes.
 */

#ifndef _NGX_STREAM_THRIFT_PARAMETER_H_INCLUDED_
#define _NGX_STREAM_THRIFT_PARAMETER_H_INCLUDED_


#define NGX_STREAM_THRIFT_NUMBER  0     /* ngx_uint_t */
#define NGX_STREAM_THRIFT_TIME    1     /* ngx_msec_t */
#define NGX_STREAM_THRIFT_OTHER   2     /* read by the directive, and here for
                                           the message only */

typedef struct {
    ngx_str_t    name;          /* with its "=" */
    size_t       offset;        /* in the configuration */
    ngx_uint_t   kind;
    ngx_int_t    least;         /* that it may be */
} ngx_stream_thrift_parameter_t;


/*
 * Sets in `conf` the one that `value` is; the table ends with a name that is
 * empty.  NGX_ERROR: it is none of them, or none that it may be, and the log
 * says what it must be.
 */
ngx_int_t ngx_stream_thrift_parameter(ngx_conf_t *cf,
    const ngx_stream_thrift_parameter_t *parameters, void *conf,
    ngx_str_t *value);


#endif /* _NGX_STREAM_THRIFT_PARAMETER_H_INCLUDED_ */
