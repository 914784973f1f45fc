/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The module: the directives of stream{} and server{}, and the hooks.
 * Directives stand in the order of docs/directives.md.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_MIN_BUFFER  2048
#define NGX_STREAM_THRIFT_MAX_BUFFER  1073741824

/* Where a directive may stand. */

#define NGX_STREAM_THRIFT_CLIENT  NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF

#define ngx_stream_thrift_offset(field)                                       \
    offsetof(ngx_stream_thrift_srv_conf_t, field)


static ngx_int_t ngx_stream_thrift_prepare(ngx_conf_t *cf);
static ngx_int_t ngx_stream_thrift_init(ngx_conf_t *cf);
static ngx_int_t ngx_stream_thrift_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_stream_thrift_init_process(ngx_cycle_t *cycle);
static void ngx_stream_thrift_exit_process(ngx_cycle_t *cycle);
static char *ngx_stream_thrift_check_buffer(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_stream_thrift_check_message(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_stream_thrift_check_header(ngx_conf_t *cf, void *post,
    void *data);


static ngx_conf_enum_t  ngx_stream_thrift_transports[] = {
    { ngx_string("auto"), NTHRIFT_TRANSPORT_AUTO },
    { ngx_string("framed"), NTHRIFT_FRAMED },
    { ngx_string("unframed"), NTHRIFT_UNFRAMED },
    { ngx_string("header"), NTHRIFT_HEADER },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_protocols[] = {
    { ngx_string("auto"), NTHRIFT_PROTOCOL_AUTO },
    { ngx_string("binary"), NTHRIFT_BINARY },
    { ngx_string("compact"), NTHRIFT_COMPACT },
    { ngx_string("json"), NTHRIFT_JSON },
    { ngx_string("lax"), NGX_STREAM_THRIFT_LAX },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_validate[] = {
    { ngx_string("off"), NGX_STREAM_THRIFT_VALIDATE_OFF },
    { ngx_string("structure"), NGX_STREAM_THRIFT_VALIDATE_STRUCTURE },
    { ngx_string("schema"), NGX_STREAM_THRIFT_VALIDATE_SCHEMA },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_validate_values[] = {
    { ngx_string("off"), NGX_STREAM_THRIFT_VALUES_OFF },
    { ngx_string("on"), NGX_STREAM_THRIFT_VALUES_ON },
    { ngx_string("arguments"), NGX_STREAM_THRIFT_VALUES_ARGUMENTS },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_idl_compat[] = {
    { ngx_string("off"), NGX_STREAM_THRIFT_COMPAT_OFF },
    { ngx_string("warn"), NGX_STREAM_THRIFT_COMPAT_WARN },
    { ngx_string("error"), NGX_STREAM_THRIFT_COMPAT_ERROR },
    { ngx_null_string, 0 }
};


static ngx_conf_num_bounds_t  ngx_stream_thrift_depth_bounds = {
    ngx_stream_thrift_check_bounds, 1, NTHRIFT_MAX_DEPTH
};


static ngx_conf_num_bounds_t  ngx_stream_thrift_pipeline_bounds = {
    ngx_stream_thrift_check_bounds, 1, 65535
};


static ngx_conf_post_t  ngx_stream_thrift_buffer_post = {
    ngx_stream_thrift_check_buffer
};


static ngx_conf_post_t  ngx_stream_thrift_message_post = {
    ngx_stream_thrift_check_message
};


static ngx_conf_post_t  ngx_stream_thrift_header_post = {
    ngx_stream_thrift_check_header
};


static ngx_command_t  ngx_stream_thrift_commands[] = {

    /* definitions */

    { ngx_string("thrift_idl"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_idl,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_idl_path"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_idl_path,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_idl_compat"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(idl_compat),
      &ngx_stream_thrift_idl_compat },

    /* services */

    { ngx_string("thrift_service"),
      NGX_STREAM_SRV_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE12,
      ngx_stream_thrift_service,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_name"),
      NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_thrift_name,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    /* wire */

    { ngx_string("thrift_transport"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(transport),
      &ngx_stream_thrift_transports },

    { ngx_string("thrift_protocol"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(protocol),
      &ngx_stream_thrift_protocols },

    { ngx_string("thrift_validate"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(validate),
      &ngx_stream_thrift_validate },

    { ngx_string("thrift_validate_enum"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(validate_enum),
      &ngx_stream_thrift_validate_values },

    { ngx_string("thrift_validate_utf8"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(validate_utf8),
      &ngx_stream_thrift_validate_values },

    { ngx_string("thrift_trusted"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(messages.trusted),
      NULL },

    /* time */

    { ngx_string("thrift_read_timeout"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(messages.read_timeout),
      NULL },

    { ngx_string("thrift_idle_timeout"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(idle_timeout),
      NULL },

    /* reload */

    { ngx_string("thrift_handover"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_MAIN_CONF_OFFSET,
      offsetof(ngx_stream_thrift_main_conf_t, handover),
      NULL },

    { ngx_string("thrift_shutdown_idle"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(shutdown_idle),
      NULL },

    /* what is logged, and counted */

    { ngx_string("thrift_outbound_log"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_1MORE,
      ngx_stream_thrift_outbound_log_directive,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_span_log"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_1MORE,
      ngx_stream_thrift_span_log_directive,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_status_zone"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_TAKE2|NGX_CONF_TAKE3|NGX_CONF_TAKE4,
      ngx_stream_thrift_status_zone,
      NGX_STREAM_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* limits */

    { ngx_string("thrift_max_message_size"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_size,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(max_message_size),
      &ngx_stream_thrift_message_post },

    { ngx_string("thrift_max_header_size"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_size,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(max_header_size),
      &ngx_stream_thrift_header_post },

    { ngx_string("thrift_max_depth"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_num,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(max_depth),
      &ngx_stream_thrift_depth_bounds },

    { ngx_string("thrift_max_pipeline"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_num,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(max_pipeline),
      &ngx_stream_thrift_pipeline_bounds },

    { ngx_string("thrift_max_calls"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_num,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(max_calls),
      NULL },

    { ngx_string("thrift_max_memory"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE12,
      ngx_stream_thrift_max_memory,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_buffer_size"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_size,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(buffer_size),
      &ngx_stream_thrift_buffer_post },

    { ngx_string("thrift_half_close"),
      NGX_STREAM_THRIFT_CLIENT|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(half_close),
      NULL },

      ngx_null_command
};


static ngx_stream_module_t  ngx_stream_thrift_module_ctx = {
    ngx_stream_thrift_prepare,             /* preconfiguration */
    ngx_stream_thrift_init,                /* postconfiguration */

    ngx_stream_thrift_create_main_conf,    /* create main configuration */
    ngx_stream_thrift_init_main_conf,      /* init main configuration */

    ngx_stream_thrift_create_srv_conf,     /* create server configuration */
    ngx_stream_thrift_merge_srv_conf       /* merge server configuration */
};


ngx_module_t  ngx_stream_thrift_module = {
    NGX_MODULE_V1,
    &ngx_stream_thrift_module_ctx,         /* module context */
    ngx_stream_thrift_commands,            /* module directives */
    NGX_STREAM_MODULE,                     /* module type */
    NULL,                                  /* init master */
    ngx_stream_thrift_init_module,         /* init module */
    ngx_stream_thrift_init_process,        /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_stream_thrift_exit_process,        /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* What src/ and nginx must agree on. */

typedef char  ngx_thrift_codes_agree[
    (NTHRIFT_OK == NGX_OK && NTHRIFT_ERROR == NGX_ERROR
     && NTHRIFT_AGAIN == NGX_AGAIN && NTHRIFT_DECLINED == NGX_DECLINED)
    ? 1 : -1];

typedef char  ngx_thrift_strings_agree[
    (sizeof(nthrift_str_t) == sizeof(ngx_str_t)
     && offsetof(nthrift_str_t, data) == offsetof(ngx_str_t, data))
    ? 1 : -1];


static ngx_int_t
ngx_stream_thrift_prepare(ngx_conf_t *cf)
{
    if (ngx_stream_thrift_add_variables(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_watch_proxy(cf);
}


static ngx_int_t
ngx_stream_thrift_init(ngx_conf_t *cf)
{
    if (ngx_stream_thrift_check_proxy(cf) != NGX_OK
        || ngx_stream_thrift_check_zones(cf) != NGX_OK
        || ngx_stream_thrift_init_names(cf) != NGX_OK
        || ngx_stream_thrift_init_deadlines(cf) != NGX_OK
        || ngx_stream_thrift_init_utf8(cf) != NGX_OK
        || ngx_stream_thrift_check_variables(cf) != NGX_OK
        || ngx_stream_thrift_init_arguments(cf) != NGX_OK
        || ngx_stream_thrift_init_watched(cf) != NGX_OK
        || ngx_stream_thrift_init_checks(cf) != NGX_OK
        || ngx_stream_thrift_init_handlers(cf) != NGX_OK
        || ngx_stream_thrift_check_compat(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_log_init(cf);
}


/* Nothing can fail any more: nginx goes on with this configuration. */

static ngx_int_t
ngx_stream_thrift_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                      wish;
    ngx_stream_thrift_main_conf_t  *tmcf;

    if (ngx_test_config) {
        return NGX_OK;
    }

    tmcf = ngx_stream_thrift_cycle_conf(cycle);

    wish = (tmcf == NULL) ? NGX_STREAM_THRIFT_GONE
         : tmcf->handover ? NGX_STREAM_THRIFT_HAND_OVER
                          : NGX_STREAM_THRIFT_KEEP;

    ngx_stream_thrift_channel_configure(cycle, wish);

    /* at the start it is this, too, and nothing is before it */

    if (ngx_process == NGX_PROCESS_SINGLE
        && !ngx_is_init_cycle(cycle->old_cycle))
    {
        tmcf = ngx_stream_thrift_cycle_conf(cycle->old_cycle);

        if (tmcf) {
            ngx_stream_thrift_span_log_leave(tmcf);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_init_process(ngx_cycle_t *cycle)
{
    ngx_stream_thrift_main_conf_t  *tmcf;

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    tmcf = ngx_stream_thrift_cycle_conf(cycle);

    if (tmcf == NULL) {
        return NGX_OK;
    }

    ngx_stream_thrift_status_open(tmcf);
    ngx_stream_thrift_limit_init(tmcf);
    ngx_stream_thrift_open_shared(tmcf);
    ngx_stream_thrift_open_gates(tmcf);
    ngx_stream_thrift_start_health(tmcf);
    ngx_stream_thrift_start_warm(tmcf);

    if (ngx_process == NGX_PROCESS_WORKER
        && ngx_stream_thrift_shutdown_open(cycle, tmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_start_handlers(tmcf, cycle);
}


static void
ngx_stream_thrift_exit_process(ngx_cycle_t *cycle)
{
    ngx_stream_thrift_main_conf_t  *tmcf;

    ngx_thrift_tally_tell_all();

    tmcf = ngx_stream_thrift_cycle_conf(cycle);

    if (tmcf) {
        ngx_stream_thrift_shutdown_close();
        ngx_stream_thrift_stop_health(tmcf);
        ngx_stream_thrift_stop_warm(tmcf);
        ngx_stream_thrift_stop_detect(tmcf);

        /* one that was opened ahead may have got idle behind the last client */

        ngx_stream_thrift_close_pools(tmcf);
        ngx_stream_thrift_close_shared(tmcf);
        ngx_stream_thrift_close_gates(tmcf);
        ngx_stream_thrift_stop_handlers(tmcf);
        ngx_stream_thrift_span_log_close(tmcf);
        ngx_stream_thrift_status_close(tmcf);
    }
}


ngx_stream_thrift_main_conf_t *
ngx_stream_thrift_cycle_conf(ngx_cycle_t *cycle)
{
    return ngx_get_conf(cycle->conf_ctx, ngx_stream_module)
           ? ngx_stream_cycle_get_module_main_conf(cycle,
                                                   ngx_stream_thrift_module)
           : NULL;
}


static char *
ngx_stream_thrift_check_buffer(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *size = data;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (*size < NGX_STREAM_THRIFT_MIN_BUFFER
        || *size > NGX_STREAM_THRIFT_MAX_BUFFER)
    {
        return ngx_stream_thrift_bad_value(cf, &value[1],
                                           "a size between 2k and 1024m");
    }

    return NGX_CONF_OK;
}


static char *
ngx_stream_thrift_check_message(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *size = data;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (*size == 0 || *size > INT32_MAX) {
        return ngx_stream_thrift_bad_value(cf, &value[1], "a size between 1 "
                                           "and 2147483647 bytes");
    }

    return NGX_CONF_OK;
}


static char *
ngx_stream_thrift_check_header(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *size = data;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (*size > NTHRIFT_MAX_HEADER) {
        return ngx_stream_thrift_bad_value(cf, &value[1], "a size of 262140 "
                                           "bytes at most");
    }

    return NGX_CONF_OK;
}
