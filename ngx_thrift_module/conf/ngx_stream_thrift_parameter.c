/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_parameter.h.  Called by
 * ngx_stream_thrift_upstream_module.c.
 */

#include "ngx_stream_thrift.h"


static void ngx_stream_thrift_no_parameter(ngx_conf_t *cf,
    const ngx_stream_thrift_parameter_t *parameters, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_parameter_time(ngx_conf_t *cf,
    ngx_str_t *parameter, ngx_str_t *value, ngx_int_t least,
    ngx_msec_t *time);
static ngx_int_t ngx_stream_thrift_parameter_number(ngx_conf_t *cf,
    ngx_str_t *parameter, ngx_str_t *value, ngx_int_t least,
    ngx_uint_t *number);


ngx_int_t
ngx_stream_thrift_parameter(ngx_conf_t *cf,
    const ngx_stream_thrift_parameter_t *parameters, void *conf,
    ngx_str_t *value)
{
    u_char                               *p;
    ngx_str_t                             s;
    const ngx_stream_thrift_parameter_t  *parameter;

    for (parameter = parameters; parameter->name.len; parameter++) {

        if (parameter->kind != NGX_STREAM_THRIFT_OTHER
            && value->len >= parameter->name.len
            && ngx_strncmp(value->data, parameter->name.data,
                           parameter->name.len)
               == 0)
        {
            s.data = value->data + parameter->name.len;
            s.len = value->len - parameter->name.len;
            p = (u_char *) conf + parameter->offset;

            return (parameter->kind == NGX_STREAM_THRIFT_TIME)
                   ? ngx_stream_thrift_parameter_time(cf, value, &s,
                                                      parameter->least,
                                                      (ngx_msec_t *) p)
                   : ngx_stream_thrift_parameter_number(cf, value, &s,
                                                        parameter->least,
                                                        (ngx_uint_t *) p);
        }
    }

    ngx_stream_thrift_no_parameter(cf, parameters, value);

    return NGX_ERROR;
}


static void
ngx_stream_thrift_no_parameter(ngx_conf_t *cf,
    const ngx_stream_thrift_parameter_t *parameters, ngx_str_t *value)
{
    ngx_str_t                    name;
    ngx_stream_thrift_choices_t  choices;

    choices.len = 0;

    for ( /* void */ ; parameters->name.len; parameters++) {
        name = parameters->name;

        ngx_stream_thrift_add_choice(&choices, &name,
                                     parameters[1].name.len == 0);
    }

    (void) ngx_stream_thrift_bad_parameter(cf, value, (char *) choices.text);
}


static ngx_int_t
ngx_stream_thrift_parameter_time(ngx_conf_t *cf, ngx_str_t *parameter,
    ngx_str_t *value, ngx_int_t least, ngx_msec_t *time)
{
    ngx_int_t  n;

    n = ngx_stream_thrift_parse_time(value);

    if (n == NGX_ERROR || n < least) {
        (void) ngx_stream_thrift_bad_parameter(cf, parameter, least
                                               ? "a time greater than 0"
                                               : "a time");
        return NGX_ERROR;
    }

    *time = n;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_parameter_number(ngx_conf_t *cf, ngx_str_t *parameter,
    ngx_str_t *value, ngx_int_t least, ngx_uint_t *number)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR || n < least) {
        (void) ngx_stream_thrift_bad_parameter(cf, parameter, least
                                               ? "a number greater than 0"
                                               : "a number");
        return NGX_ERROR;
    }

    *number = n;

    return NGX_OK;
}
