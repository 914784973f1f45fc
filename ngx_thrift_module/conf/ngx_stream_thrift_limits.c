
/*
 * Directives with parameters that say when a call is answered.  What they do
 * is in call/.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_MAX_CALLS  65535      /* at once, and in a queue */


static ngx_int_t ngx_stream_thrift_calls_value(u_char *data, size_t len,
    ngx_int_t min);


char *
ngx_stream_thrift_max_concurrent(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_int_t           max, queue;
    ngx_str_t          *value, time;
    ngx_uint_t          i;
    ngx_msec_t          timeout;
    ngx_thrift_gate_t  *gate;

    if (tccf->conf.gate != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        tccf->conf.gate = NULL;
        return NGX_CONF_OK;
    }

    queue = NGX_THRIFT_GATE_QUEUE;
    timeout = NGX_THRIFT_GATE_TIMEOUT;

    max = ngx_stream_thrift_calls_value(value[1].data, value[1].len, 1);

    if (max == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of calls \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "queue=", 6) == 0) {
            queue = ngx_stream_thrift_calls_value(value[i].data + 6,
                                                  value[i].len - 6, 0);
            if (queue != NGX_ERROR) {
                continue;
            }

        } else if (ngx_strncmp(value[i].data, "queue_timeout=", 14) == 0) {
            time.data = value[i].data + 14;
            time.len = value[i].len - 14;

            timeout = ngx_parse_time(&time, 0);

            if (timeout != (ngx_msec_t) NGX_ERROR) {
                continue;
            }
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           &value[i]);
        return NGX_CONF_ERROR;
    }

    gate = ngx_palloc(cf->pool, sizeof(ngx_thrift_gate_t));

    if (gate == NULL
        || ngx_thrift_gate_init(cf, gate, max, queue, timeout) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    gate->name.data = ngx_pnalloc(cf->pool, cf->conf_file->file.name.len + 1
                                            + NGX_INT_T_LEN);
    if (gate->name.data == NULL) {
        return NGX_CONF_ERROR;
    }

    gate->name.len = ngx_sprintf(gate->name.data, "%V:%ui",
                                 &cf->conf_file->file.name,
                                 cf->conf_file->line)
                     - gate->name.data;

    tccf->conf.gate = gate;

    return NGX_CONF_OK;
}


/* NGX_ERROR: it is no number, or none that may be. */

static ngx_int_t
ngx_stream_thrift_calls_value(u_char *data, size_t len, ngx_int_t min)
{
    ngx_int_t  n;

    n = ngx_atoi(data, len);

    return (n < min || n > NGX_STREAM_THRIFT_MAX_CALLS) ? NGX_ERROR : n;
}
