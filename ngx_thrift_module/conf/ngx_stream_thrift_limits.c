/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Directives with parameters that say when a call is answered.  What they do
 * is in call/.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_MAX_CALLS  65535      /* at once, and in a queue */


/* What thrift_max_concurrent says. */

typedef struct {
    ngx_int_t       max;
    ngx_int_t       queue;
    ngx_msec_t      timeout;
    ngx_str_t       zone;       /* empty: each worker counts for itself */
} ngx_stream_thrift_concurrent_t;


static ngx_int_t ngx_stream_thrift_concurrent_parameter(ngx_str_t *value,
    ngx_stream_thrift_concurrent_t *concurrent);
static ngx_thrift_gate_t *ngx_stream_thrift_create_gate(ngx_conf_t *cf,
    ngx_stream_thrift_concurrent_t *concurrent);
static ngx_int_t ngx_stream_thrift_share_gate(ngx_conf_t *cf,
    ngx_thrift_gate_t *gate, ngx_str_t *zone);
static ngx_int_t ngx_stream_thrift_calls_value(u_char *data, size_t len,
    ngx_int_t min);
static ngx_int_t ngx_stream_thrift_fault_parameter(ngx_thrift_fault_t *fault,
    ngx_str_t *value);


char *
ngx_stream_thrift_max_concurrent(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_str_t                       *value;
    ngx_uint_t                       i;
    ngx_stream_thrift_concurrent_t   concurrent;

    if (tccf->conf.gate != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        tccf->conf.gate = NULL;
        return NGX_CONF_OK;
    }

    concurrent.max = ngx_stream_thrift_calls_value(value[1].data, value[1].len,
                                                   1);
    concurrent.queue = NGX_THRIFT_GATE_QUEUE;
    concurrent.timeout = NGX_THRIFT_GATE_TIMEOUT;
    ngx_str_null(&concurrent.zone);

    if (concurrent.max == NGX_ERROR) {
        return ngx_stream_thrift_bad_value(cf, &value[1], "\"off\" or a "
                                           "number of calls between 1 and "
                                           "65535");
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_stream_thrift_concurrent_parameter(&value[i], &concurrent)
            != NGX_OK)
        {
            return ngx_stream_thrift_bad_parameter(cf, &value[i],
                                        "\"queue=\" with a number up to 65535, "
                                        "\"queue_timeout=\" with a time, or "
                                        "\"zone=\" with a name, and no size");
        }
    }

    tccf->conf.gate = ngx_stream_thrift_create_gate(cf, &concurrent);

    return tccf->conf.gate ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_stream_thrift_concurrent_parameter(ngx_str_t *value,
    ngx_stream_thrift_concurrent_t *concurrent)
{
    ngx_str_t  time;

    if (ngx_strncmp(value->data, "queue=", 6) == 0) {
        concurrent->queue = ngx_stream_thrift_calls_value(value->data + 6,
                                                          value->len - 6, 0);
        return (concurrent->queue != NGX_ERROR) ? NGX_OK : NGX_ERROR;
    }

    if (ngx_strncmp(value->data, "queue_timeout=", 14) == 0) {
        time.data = value->data + 14;
        time.len = value->len - 14;

        concurrent->timeout = ngx_stream_thrift_parse_time(&time);

        return (concurrent->timeout != (ngx_msec_t) NGX_ERROR) ? NGX_OK
                                                               : NGX_ERROR;
    }

    if (ngx_strncmp(value->data, "zone=", 5) == 0) {
        concurrent->zone.data = value->data + 5;
        concurrent->zone.len = value->len - 5;

        /* a size, as other zones have it, would be a part of the name */

        return (concurrent->zone.len
                && ngx_strlchr(value->data, value->data + value->len, ':')
                   == NULL)
               ? NGX_OK : NGX_ERROR;
    }

    return NGX_ERROR;
}


/* NULL: no memory, or an error that is logged. */

static ngx_thrift_gate_t *
ngx_stream_thrift_create_gate(ngx_conf_t *cf,
    ngx_stream_thrift_concurrent_t *concurrent)
{
    u_char             *p;
    ngx_thrift_gate_t  *gate;

    gate = ngx_palloc(cf->pool, sizeof(ngx_thrift_gate_t));

    if (gate == NULL
        || ngx_thrift_gate_init(cf, gate, concurrent->max, concurrent->queue,
                                concurrent->timeout)
           != NGX_OK)
    {
        return NULL;
    }

    p = ngx_pnalloc(cf->pool, cf->conf_file->file.name.len + 1 + NGX_INT_T_LEN);
    if (p == NULL) {
        return NULL;
    }

    gate->name.data = p;
    gate->name.len = ngx_sprintf(p, "%V:%ui", &cf->conf_file->file.name,
                                 cf->conf_file->line)
                     - p;

    if (concurrent->zone.len
        && ngx_stream_thrift_share_gate(cf, gate, &concurrent->zone) != NGX_OK)
    {
        return NULL;
    }

    return gate;
}


/* Its places are those of all workers. */

static ngx_int_t
ngx_stream_thrift_share_gate(ngx_conf_t *cf, ngx_thrift_gate_t *gate,
    ngx_str_t *zone)
{
    ngx_int_t                        rc;
    ngx_thrift_gate_t              **gatep;
    ngx_stream_thrift_main_conf_t   *tmcf;

    rc = ngx_thrift_places_share(cf, &gate->places, zone,
                                 &ngx_stream_thrift_call_module);

    if (rc == NGX_BUSY) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is used by another "
                           "\"thrift_max_concurrent\"", zone);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    gatep = ngx_array_push(&tmcf->gates);
    if (gatep == NULL) {
        return NGX_ERROR;
    }

    *gatep = gate;

    return NGX_OK;
}


void
ngx_stream_thrift_open_gates(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t           i;
    ngx_thrift_gate_t  **gate;

    gate = tmcf->gates.elts;

    for (i = 0; i < tmcf->gates.nelts; i++) {
        ngx_thrift_places_open(&gate[i]->places);
    }
}


void
ngx_stream_thrift_close_gates(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t           i;
    ngx_thrift_gate_t  **gate;

    gate = tmcf->gates.elts;

    for (i = 0; i < tmcf->gates.nelts; i++) {
        ngx_thrift_places_close(&gate[i]->places);
    }
}


/* NGX_ERROR: it is no number, or none that may be. */

static ngx_int_t
ngx_stream_thrift_calls_value(u_char *data, size_t len, ngx_int_t min)
{
    ngx_int_t  n;

    n = ngx_atoi(data, len);

    return (n < min || n > NGX_STREAM_THRIFT_MAX_CALLS) ? NGX_ERROR : n;
}


char *
ngx_stream_thrift_fault(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_str_t           *value;
    ngx_uint_t           i;
    ngx_thrift_fault_t  *fault;

    if (tccf->conf.fault != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        tccf->conf.fault = NULL;

        return (cf->args->nelts == 2)
               ? NGX_CONF_OK
               : ngx_stream_thrift_bad_value(cf, &value[1], "a fault");
    }

    fault = ngx_palloc(cf->pool, sizeof(ngx_thrift_fault_t));
    if (fault == NULL) {
        return NGX_CONF_ERROR;
    }

    fault->delay = 0;
    fault->exception = NGX_CONF_UNSET;
    fault->share = NGX_THRIFT_ALL;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_stream_thrift_fault_parameter(fault, &value[i]) != NGX_OK) {
            return ngx_stream_thrift_bad_parameter(cf, &value[i],
                                        "\"delay=\" with a time, \"abort=\" "
                                        "with an exception type such as "
                                        "\"INTERNAL_ERROR\", or \"percent=\" "
                                        "with a number between 0 and 100");
        }
    }

    if (fault->delay == 0 && fault->exception == NGX_CONF_UNSET) {
        return "must have the \"delay\" or the \"abort\" parameter";
    }

    tccf->conf.fault = fault;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_thrift_fault_parameter(ngx_thrift_fault_t *fault, ngx_str_t *value)
{
    ngx_int_t  n;
    ngx_str_t  text;

    if (ngx_strncmp(value->data, "delay=", 6) == 0) {
        text.data = value->data + 6;
        text.len = value->len - 6;

        n = ngx_stream_thrift_parse_time(&text);
        fault->delay = n;

        return (n > 0) ? NGX_OK : NGX_ERROR;
    }

    if (ngx_strncmp(value->data, "abort=", 6) == 0) {
        text.data = value->data + 6;
        text.len = value->len - 6;

        n = ngx_stream_thrift_exception_type(&text);
        fault->exception = n;

        return (n != NGX_ERROR) ? NGX_OK : NGX_ERROR;
    }

    if (ngx_strncmp(value->data, "percent=", 8) == 0) {
        n = ngx_stream_thrift_share(value->data + 8, value->len - 8);
        fault->share = n;

        return (n != NGX_ERROR) ? NGX_OK : NGX_ERROR;
    }

    return NGX_ERROR;
}


/* "12.5" or "12.5%" */

ngx_int_t
ngx_stream_thrift_share(u_char *data, size_t len)
{
    ngx_int_t  n;

    if (len && data[len - 1] == '%') {
        len--;
    }

    n = ngx_atofp(data, len, 2);

    return (n < 0 || n > NGX_THRIFT_ALL) ? NGX_ERROR : n;
}
