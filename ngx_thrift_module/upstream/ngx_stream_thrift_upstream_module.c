/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The second module: what an upstream{} says of calls.  It has the slot of its
 * own in the upstream's configuration that ngx_stream_thrift_module fills with
 * what servers say.  How connections are made may be said in stream{}, too, for
 * all upstreams and for addresses; nothing else is inherited.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_UPSTREAMS  NGX_STREAM_MAIN_CONF|NGX_STREAM_UPS_CONF


static void *ngx_stream_thrift_create_upstream_conf(ngx_conf_t *cf);
static char *ngx_stream_thrift_keepalive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_stream_thrift_pipeline(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_stream_thrift_slow_start(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_stream_thrift_retry_budget(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_stream_thrift_health_check(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_stream_thrift_health_method(ngx_conf_t *cf,
    ngx_thrift_health_conf_t *hcf, ngx_str_t *value);
static char *ngx_stream_thrift_check_service(ngx_conf_t *cf, void *post,
    void *data);
static ngx_int_t ngx_stream_thrift_init_upstreams(ngx_conf_t *cf);
static ngx_int_t ngx_stream_thrift_check_keepalive(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us, ngx_stream_thrift_upstream_conf_t *ucf);
static void ngx_stream_thrift_warn_keepalive(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us, ngx_stream_thrift_upstream_conf_t *ucf);
static ngx_uint_t ngx_stream_thrift_count_ahead(ngx_array_t *servers);
static ngx_uint_t ngx_stream_thrift_is_named(
    ngx_stream_upstream_server_t *server);
static void ngx_stream_thrift_merge_keepalive(
    ngx_stream_thrift_upstream_conf_t *prev,
    ngx_stream_thrift_upstream_conf_t *conf);
static void ngx_stream_thrift_merge_upstream(
    ngx_stream_thrift_upstream_conf_t *prev,
    ngx_stream_thrift_upstream_conf_t *conf);


static ngx_conf_post_t  ngx_stream_thrift_service_post = {
    ngx_stream_thrift_check_service
};


static ngx_conf_enum_t  ngx_stream_thrift_transports[] = {
    { ngx_string("same"), NTHRIFT_TRANSPORT_AUTO },
    { ngx_string("framed"), NTHRIFT_FRAMED },
    { ngx_string("unframed"), NTHRIFT_UNFRAMED },
    { ngx_string("header"), NTHRIFT_HEADER },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_protocols[] = {
    { ngx_string("same"), NTHRIFT_PROTOCOL_AUTO },
    { ngx_string("binary"), NTHRIFT_BINARY },
    { ngx_string("compact"), NTHRIFT_COMPACT },
    { ngx_string("json"), NTHRIFT_JSON },
    { ngx_string("lax"), NGX_STREAM_THRIFT_LAX },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_multiplexed[] = {
    { ngx_string("same"), NGX_THRIFT_POOL_MULTIPLEXED_SAME },
    { ngx_string("on"), NGX_THRIFT_POOL_MULTIPLEXED_ON },
    { ngx_string("off"), NGX_THRIFT_POOL_MULTIPLEXED_OFF },
    { ngx_null_string, 0 }
};


static const ngx_stream_thrift_parameter_t
    ngx_stream_thrift_keepalive_parameters[] =
{
    { ngx_string("min="),
      offsetof(ngx_stream_thrift_upstream_conf_t, keepalive_min),
      NGX_STREAM_THRIFT_NUMBER, 0 },

    { ngx_string("max="),
      offsetof(ngx_stream_thrift_upstream_conf_t, keepalive_max),
      NGX_STREAM_THRIFT_NUMBER, 1 },

    { ngx_string("requests="),
      offsetof(ngx_stream_thrift_upstream_conf_t, keepalive_requests),
      NGX_STREAM_THRIFT_NUMBER, 1 },

    { ngx_string("timeout="),
      offsetof(ngx_stream_thrift_upstream_conf_t, keepalive_timeout),
      NGX_STREAM_THRIFT_TIME, 1 },

    { ngx_string("lifetime="),
      offsetof(ngx_stream_thrift_upstream_conf_t, keepalive_lifetime),
      NGX_STREAM_THRIFT_TIME, 1 },

    { ngx_string("queue="),
      offsetof(ngx_stream_thrift_upstream_conf_t, queue),
      NGX_STREAM_THRIFT_NUMBER, 0 },

    { ngx_string("queue_timeout="),
      offsetof(ngx_stream_thrift_upstream_conf_t, queue_timeout),
      NGX_STREAM_THRIFT_TIME, 1 },

    { ngx_null_string, 0, 0, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_failures[] = {
    { ngx_string("exception=none"), NGX_THRIFT_BLAME_EXCEPTION_NONE },
    { ngx_string("exception=internal"), NGX_THRIFT_BLAME_EXCEPTION_INTERNAL },
    { ngx_string("exception=any"), NGX_THRIFT_BLAME_EXCEPTION_ANY },
    { ngx_null_string, 0 }
};


static const ngx_stream_thrift_parameter_t
    ngx_stream_thrift_health_parameters[] =
{
    { ngx_string("interval="),
      offsetof(ngx_thrift_health_conf_t, interval),
      NGX_STREAM_THRIFT_TIME, 1 },

    { ngx_string("jitter="),
      offsetof(ngx_thrift_health_conf_t, jitter),
      NGX_STREAM_THRIFT_TIME, 0 },

    { ngx_string("timeout="),
      offsetof(ngx_thrift_health_conf_t, timeout),
      NGX_STREAM_THRIFT_TIME, 1 },

    { ngx_string("fails="),
      offsetof(ngx_thrift_health_conf_t, fails),
      NGX_STREAM_THRIFT_NUMBER, 1 },

    { ngx_string("passes="),
      offsetof(ngx_thrift_health_conf_t, passes),
      NGX_STREAM_THRIFT_NUMBER, 1 },

    { ngx_string("port="),
      offsetof(ngx_thrift_health_conf_t, port),
      NGX_STREAM_THRIFT_NUMBER, 1 },

    { ngx_string("method="), 0, NGX_STREAM_THRIFT_OTHER, 0 },
    { ngx_string("mandatory"), 0, NGX_STREAM_THRIFT_OTHER, 0 },

    { ngx_null_string, 0, 0, 0 }
};


static ngx_conf_num_bounds_t  ngx_stream_thrift_depth_bounds = {
    ngx_stream_thrift_check_bounds, 0, NGX_MAX_INT32_VALUE
};


static ngx_command_t  ngx_stream_thrift_upstream_commands[] = {

    { ngx_string("thrift_keepalive"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_1MORE,
      ngx_stream_thrift_keepalive,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_pipeline"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE12,
      ngx_stream_thrift_pipeline,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_pipeline_delay"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, pipeline_delay),
      NULL },

    { ngx_string("thrift_retry_budget"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE12,
      ngx_stream_thrift_retry_budget,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_failure"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, failure),
      &ngx_stream_thrift_failures },

    { ngx_string("thrift_health_check"),
      NGX_STREAM_UPS_CONF|NGX_CONF_ANY,
      ngx_stream_thrift_health_check,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_slow_start"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_slow_start,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, slow_start),
      NULL },

    { ngx_string("thrift_check_seqid"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, check_seqid),
      NULL },

    { ngx_string("thrift_upstream_transport"),
      NGX_STREAM_UPS_CONF|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, transport),
      &ngx_stream_thrift_transports },

    { ngx_string("thrift_upstream_protocol"),
      NGX_STREAM_UPS_CONF|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, protocol),
      &ngx_stream_thrift_protocols },

    { ngx_string("thrift_upstream_detect"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_UPS_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, detect),
      NULL },

    { ngx_string("thrift_upstream_multiplexed"),
      NGX_STREAM_UPS_CONF|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, multiplexed),
      &ngx_stream_thrift_multiplexed },

    { ngx_string("thrift_upstream_service"),
      NGX_STREAM_UPS_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, service),
      &ngx_stream_thrift_service_post },

    /* how connections are made */

    { ngx_string("thrift_bind"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE12,
      ngx_stream_thrift_bind,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, link),
      NULL },

    { ngx_string("thrift_socket_keepalive"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, link.keepalive),
      NULL },

    { ngx_string("thrift_proxy_protocol"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, link.proxy_protocol),
      NULL },

#if (NGX_SSL)

    { ngx_string("thrift_ssl"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.enable),
      NULL },

    { ngx_string("thrift_ssl_session_reuse"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_FLAG,
      ngx_stream_thrift_ssl_flag,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.session_reuse),
      NULL },

    { ngx_string("thrift_ssl_protocols"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_1MORE,
      ngx_stream_thrift_ssl_bitmask,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.protocols),
      &ngx_stream_thrift_ssl_protocols },

    { ngx_string("thrift_ssl_ciphers"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_str,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.ciphers),
      NULL },

    { ngx_string("thrift_ssl_name"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_name,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.name),
      NULL },

    { ngx_string("thrift_ssl_server_name"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_FLAG,
      ngx_stream_thrift_ssl_flag,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.server_name),
      NULL },

    { ngx_string("thrift_ssl_verify"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_FLAG,
      ngx_stream_thrift_ssl_flag,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.verify),
      NULL },

    { ngx_string("thrift_ssl_verify_depth"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_num,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.verify_depth),
      &ngx_stream_thrift_depth_bounds },

    { ngx_string("thrift_ssl_trusted_certificate"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_str,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.trusted_certificate),
      NULL },

    { ngx_string("thrift_ssl_crl"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_str,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.crl),
      NULL },

    { ngx_string("thrift_ssl_certificate"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_value,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.certificate),
      NULL },

    { ngx_string("thrift_ssl_certificate_key"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_value,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.certificate_key),
      NULL },

    { ngx_string("thrift_ssl_certificate_cache"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE123,
      ngx_stream_thrift_ssl_certificate_cache,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl),
      NULL },

    { ngx_string("thrift_ssl_password_file"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE1,
      ngx_stream_thrift_ssl_password_file,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl),
      NULL },

    { ngx_string("thrift_ssl_conf_command"),
      NGX_STREAM_THRIFT_UPSTREAMS|NGX_CONF_TAKE2,
      ngx_stream_thrift_ssl_keyval,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_upstream_conf_t, ssl.conf_commands),
      &ngx_stream_thrift_ssl_conf_command_post },

#endif

      ngx_null_command
};


static ngx_stream_module_t  ngx_stream_thrift_upstream_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_stream_thrift_init_upstreams,      /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_stream_thrift_create_upstream_conf, /* create server configuration */
    NULL                                   /* merge server configuration */
};


ngx_module_t  ngx_stream_thrift_upstream_module = {
    NGX_MODULE_V1,
    &ngx_stream_thrift_upstream_module_ctx, /* module context */
    ngx_stream_thrift_upstream_commands,   /* module directives */
    NGX_STREAM_MODULE,                     /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_stream_thrift_create_upstream_conf(ngx_conf_t *cf)
{
    ngx_stream_thrift_upstream_conf_t  *ucf;

    ucf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_upstream_conf_t));
    if (ucf == NULL) {
        return NULL;
    }

    ngx_stream_thrift_meet_upstream(cf);

    /*
     * set by ngx_pcalloc():
     *
     *     ucf->keepalive_min = 0;
     *     ucf->keepalive_surplus = 0;
     *     ucf->retry.off = 0;
     *     ucf->health = NULL;
     */

    ucf->keepalive = NGX_CONF_UNSET_UINT;
    ucf->keepalive_max = NGX_CONF_UNSET_UINT;
    ucf->keepalive_requests = NGX_CONF_UNSET_UINT;
    ucf->queue = NGX_CONF_UNSET_UINT;
    ucf->queue_timeout = NGX_CONF_UNSET_MSEC;
    ucf->keepalive_timeout = NGX_CONF_UNSET_MSEC;
    ucf->keepalive_lifetime = NGX_CONF_UNSET_MSEC;
    ucf->pipeline = NGX_CONF_UNSET_UINT;
    ucf->pipeline_connections = NGX_CONF_UNSET_UINT;
    ucf->pipeline_delay = NGX_CONF_UNSET_MSEC;
    ucf->retry.percent = NGX_CONF_UNSET_UINT;
    ucf->retry.min = NGX_CONF_UNSET_UINT;
    ucf->failure = NGX_CONF_UNSET_UINT;
    ucf->slow_start = NGX_CONF_UNSET_MSEC;
    ucf->check_seqid = NGX_CONF_UNSET;
    ucf->transport = NGX_CONF_UNSET_UINT;
    ucf->protocol = NGX_CONF_UNSET_UINT;
    ucf->detect = NGX_CONF_UNSET;
    ucf->multiplexed = NGX_CONF_UNSET_UINT;

    ngx_stream_thrift_create_link(&ucf->link);

#if (NGX_SSL)
    ngx_stream_thrift_create_ssl(&ucf->ssl);
#endif

    return ucf;
}


static char *
ngx_stream_thrift_keepalive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_upstream_conf_t  *ucf = conf;

    ngx_int_t    n;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (ucf->keepalive != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR) {
        return ngx_stream_thrift_bad_value(cf, &value[1], "a number of idle "
                                           "connections");
    }

    ucf->keepalive = n;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_stream_thrift_parameter(cf,
                                        ngx_stream_thrift_keepalive_parameters,
                                        ucf, &value[i])
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ucf->keepalive_min > ucf->keepalive_max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" opens %ui connections ahead, but \"max\" "
                           "allows %ui", &value[0], ucf->keepalive_min,
                           ucf->keepalive_max);
        return NGX_CONF_ERROR;
    }

    if (ucf->keepalive_min > ucf->keepalive) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" keeps %ui idle connections, and cannot open "
                           "%ui ahead", &value[0], ucf->keepalive,
                           ucf->keepalive_min);
        return NGX_CONF_ERROR;
    }

    ucf->keepalive_where.file = cf->conf_file->file.name;
    ucf->keepalive_where.line = cf->conf_file->line;

    return NGX_CONF_OK;
}


static char *
ngx_stream_thrift_pipeline(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_upstream_conf_t  *ucf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (ucf->pipeline != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2)
        ? 1 : ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n == 0 || n > NGX_THRIFT_PIPELINE_MAX) {
        return ngx_stream_thrift_bad_value(cf, &value[1],
                                           "\"off\" or a number between 1 and "
                                           "256");
    }

    ucf->pipeline = n;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    n = NGX_ERROR;

    if (ngx_strncmp(value[2].data, "connections=", 12) == 0) {
        n = ngx_atoi(value[2].data + 12, value[2].len - 12);
    }

    if (n == NGX_ERROR || n == 0) {
        return ngx_stream_thrift_bad_parameter(cf, &value[2],
                                               "\"connections=\" with a number "
                                               "greater than 0");
    }

    ucf->pipeline_connections = n;

    return NGX_CONF_OK;
}


/* Angie's balancers do it themselves. */

static char *
ngx_stream_thrift_slow_start(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
#if (NGX_THRIFT_HAVE_START_TIME)

    return ngx_stream_thrift_set_msec(cf, cmd, conf);

#else

    return "is not supported, use parameter \"slow_start\" of \"server\"";

#endif
}


static char *
ngx_stream_thrift_retry_budget(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_upstream_conf_t  *ucf = conf;

    ngx_int_t   n;
    ngx_str_t  *value, s;

    if (ucf->retry.off || ucf->retry.percent != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        ucf->retry.off = 1;
        return NGX_CONF_OK;
    }

    n = ngx_stream_thrift_unit(&value[1], "%");

    if (n == NGX_ERROR || n > 100) {
        return ngx_stream_thrift_bad_value(cf, &value[1],
                                           "\"off\" or a whole number between "
                                           "0% and 100%");
    }

    ucf->retry.percent = n;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    n = NGX_ERROR;

    if (ngx_strncmp(value[2].data, "min=", 4) == 0) {
        s.data = value[2].data + 4;
        s.len = value[2].len - 4;
        n = ngx_stream_thrift_unit(&s, "r/s");
    }

    if (n == NGX_ERROR || n > 1000000) {
        return ngx_stream_thrift_bad_parameter(cf, &value[2], "\"min=\" with a "
                                               "number such as \"10r/s\"");
    }

    ucf->retry.min = n;

    return NGX_CONF_OK;
}


static char *
ngx_stream_thrift_health_check(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_upstream_conf_t  *ucf = conf;

    ngx_int_t                  rc;
    ngx_str_t                 *value;
    ngx_uint_t                 i;
    ngx_thrift_health_conf_t  *hcf;

    if (ucf->health) {
        return "is duplicate";
    }

    hcf = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_health_conf_t));
    if (hcf == NULL) {
        return NGX_CONF_ERROR;
    }

    ucf->health = hcf;

    hcf->interval = NGX_THRIFT_HEALTH_INTERVAL;
    hcf->timeout = NGX_THRIFT_HEALTH_TIMEOUT;
    hcf->fails = 1;
    hcf->passes = 1;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "mandatory") == 0) {
            hcf->mandatory = 1;
            continue;
        }

        rc = (ngx_strncmp(value[i].data, "method=", 7) == 0)
             ? ngx_stream_thrift_health_method(cf, hcf, &value[i])
             : ngx_stream_thrift_parameter(cf,
                                           ngx_stream_thrift_health_parameters,
                                           hcf, &value[i]);
        if (rc != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (hcf->port > 65535) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid port %ui in \"%V\" directive, it must be "
                           "between 1 and 65535", hcf->port, &value[0]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* The service is sent to some; the method is what is behind the last dot. */

static ngx_int_t
ngx_stream_thrift_health_method(ngx_conf_t *cf, ngx_thrift_health_conf_t *hcf,
    ngx_str_t *value)
{
    u_char  *p, *start, *last;

    start = value->data + 7;
    last = value->data + value->len;

    for (p = last; p > start && p[-1] != '.'; p--) { /* void */ }

    if (p == last || p <= start + 1 || last - start > NTHRIFT_MAX_NAME) {
        (void) ngx_stream_thrift_bad_parameter(cf, value,
                                               "\"method=Service.name\"");
        return NGX_ERROR;
    }

    hcf->service.data = start;
    hcf->service.len = p - 1 - start;
    hcf->method.data = p;
    hcf->method.len = last - p;

    return NGX_OK;
}


/* A name of a service, with room for one of a method behind it. */

static char *
ngx_stream_thrift_check_service(ngx_conf_t *cf, void *post, void *data)
{
    ngx_str_t *name = data;

    if (name->len == 0 || name->len > NTHRIFT_MAX_NAME / 2
        || ngx_strlchr(name->data, name->data + name->len, ':') != NULL)
    {
        return ngx_stream_thrift_bad_value(cf, name, "a service's name, "
                                           "without \":\"");
    }

    return NGX_CONF_OK;
}


/* All of them are known now: each gets its values, and its pool. */

static ngx_int_t
ngx_stream_thrift_init_upstreams(ngx_conf_t *cf)
{
    ngx_uint_t                          i;
    ngx_stream_conf_ctx_t              *ctx;
    ngx_stream_upstream_srv_conf_t    **us;
    ngx_stream_upstream_main_conf_t    *umcf;
    ngx_stream_thrift_upstream_conf_t  *ucf, *stream;

    /* cf->ctx is that of the last server */

    ctx = (ngx_stream_conf_ctx_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                                 ngx_stream_module);
    stream = ctx->srv_conf[ngx_stream_thrift_upstream_module.ctx_index];

    ngx_stream_thrift_merge_upstream(stream, stream);

    umcf = ngx_stream_conf_get_module_main_conf(cf,
                                                ngx_stream_upstream_module);
    us = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        if (us[i]->srv_conf == NULL) {
            continue;
        }

        ucf = ngx_stream_conf_upstream_srv_conf(us[i],
                                            ngx_stream_thrift_upstream_module);

        ngx_stream_thrift_merge_upstream(stream, ucf);

        if (ngx_stream_thrift_check_keepalive(cf, us[i], ucf) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_stream_thrift_warn_keepalive(cf, us[i], ucf);

#if (NGX_SSL)
        ngx_stream_thrift_warn_ssl(cf, &ucf->ssl);
#endif
    }

#if (NGX_SSL)
    ngx_stream_thrift_warn_ssl(cf, &stream->ssl);
#endif

    if (ngx_stream_thrift_init_pools(cf, stream) != NGX_OK
        || ngx_stream_thrift_check_texts(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_stream_thrift_warn_proxy(cf);

    return NGX_OK;
}


static void
ngx_stream_thrift_merge_upstream(ngx_stream_thrift_upstream_conf_t *prev,
    ngx_stream_thrift_upstream_conf_t *conf)
{
    ngx_stream_thrift_merge_keepalive(prev, conf);

    ngx_conf_merge_uint_value(conf->pipeline, prev->pipeline, 1);
    ngx_conf_merge_uint_value(conf->pipeline_connections,
                              prev->pipeline_connections,
                              NGX_THRIFT_PIPELINE_CONNECTIONS);
    ngx_conf_merge_msec_value(conf->pipeline_delay, prev->pipeline_delay,
                              NGX_THRIFT_PIPELINE_DELAY);

    if (!conf->retry.off && conf->retry.percent == NGX_CONF_UNSET_UINT) {
        conf->retry = prev->retry;
    }

    ngx_conf_init_uint_value(conf->retry.percent, NGX_THRIFT_RETRY_PERCENT);
    ngx_conf_init_uint_value(conf->retry.min, NGX_THRIFT_RETRY_MIN);

    ngx_conf_merge_uint_value(conf->failure, prev->failure,
                              NGX_THRIFT_BLAME_EXCEPTION_NONE);
    ngx_conf_merge_msec_value(conf->slow_start, prev->slow_start, 0);
    ngx_conf_merge_value(conf->check_seqid, prev->check_seqid, 1);

    ngx_conf_merge_value(conf->detect, prev->detect, 0);

    /* of an upstream{} only */

    ngx_conf_init_uint_value(conf->transport, NTHRIFT_TRANSPORT_AUTO);
    ngx_conf_init_uint_value(conf->protocol, NTHRIFT_PROTOCOL_AUTO);

    conf->lax = (conf->protocol == NGX_STREAM_THRIFT_LAX);

    if (conf->lax) {
        conf->protocol = NTHRIFT_BINARY;
    }

    ngx_conf_init_uint_value(conf->multiplexed,
                             NGX_THRIFT_POOL_MULTIPLEXED_SAME);

    ngx_stream_thrift_merge_link(&prev->link, &conf->link);

#if (NGX_SSL)
    ngx_stream_thrift_merge_ssl(&prev->ssl, &conf->ssl);
#endif
}


/*
 * How many are kept is a number of all servers of an upstream, and "max" one of
 * each: they are compared when all servers are known.
 */

static ngx_int_t
ngx_stream_thrift_check_keepalive(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us, ngx_stream_thrift_upstream_conf_t *ucf)
{
    ngx_uint_t                     i, n;
    ngx_stream_upstream_server_t  *server;

    if (ucf->keepalive_where.line == 0 || ucf->keepalive_max == 0
        || us->servers == NULL || ngx_stream_thrift_rr_changes(us))
    {
        return NGX_OK;
    }

    n = 0;
    server = us->servers->elts;

    for (i = 0; i < us->servers->nelts; i++) {

        if (ngx_stream_thrift_is_named(&server[i])) {
            return NGX_OK;
        }

        n++;
    }

    if (n == 0 || (ucf->keepalive + n - 1) / n <= ucf->keepalive_max) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"thrift_keepalive\" keeps %ui idle connections, but "
                  "\"max\" allows %ui%s in %V:%ui",
                  ucf->keepalive, ucf->keepalive_max,
                  (n == 1) ? "" : " to each server",
                  &ucf->keepalive_where.file, ucf->keepalive_where.line);

    return NGX_ERROR;
}


/* What is not wrong, but does less than it says. */

static void
ngx_stream_thrift_warn_keepalive(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us, ngx_stream_thrift_upstream_conf_t *ucf)
{
    ngx_uint_t                     i, n, limited;
    ngx_stream_upstream_server_t  *server;

    if (ucf->keepalive_where.line == 0 || us->servers == NULL
        || ngx_stream_thrift_rr_changes(us))
    {
        return;
    }

    n = ucf->keepalive_min ? ngx_stream_thrift_count_ahead(us->servers) : 0;
    limited = ucf->keepalive_max;
    server = us->servers->elts;

    for (i = 0; i < us->servers->nelts; i++) {

        if (server[i].max_conns) {
            limited = 1;
        }
    }

    if (n && ucf->keepalive_min > ucf->keepalive / n) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"thrift_keepalive\" keeps %ui idle connections, too "
                      "few to open %ui ahead to each of %ui servers in %V:%ui",
                      ucf->keepalive, ucf->keepalive_min, n,
                      &ucf->keepalive_where.file, ucf->keepalive_where.line);
    }

    /* for "queue_timeout" calls wait also where worker_connections are few */

    if (ucf->queue_set && !limited) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"queue\" of \"thrift_keepalive\" has no effect without "
                      "\"max\", or \"max_conns\" of a server, in %V:%ui",
                      &ucf->keepalive_where.file, ucf->keepalive_where.line);
    }
}


/*
 * To how many addresses connections are opened ahead: to none of a backup
 * server, and to one that several lines name as to others.
 */

static ngx_uint_t
ngx_stream_thrift_count_ahead(ngx_array_t *servers)
{
    ngx_uint_t                     i, k, n;
    ngx_stream_upstream_server_t  *server;

    n = 0;
    server = servers->elts;

    for (i = 0; i < servers->nelts; i++) {

        if (server[i].down || server[i].backup) {
            continue;
        }

        for (k = 0; k < server[i].naddrs; k++) {
            n += !ngx_stream_thrift_is_before(servers, i, &server[i].addrs[k]);
        }
    }

    return n;
}


/* It is the DNS that says how many addresses it has, and not for long. */

static ngx_uint_t
ngx_stream_thrift_is_named(ngx_stream_upstream_server_t *server)
{
    ngx_str_t  *address;

    if (server->naddrs != 1) {
        return 1;
    }

    address = &server->addrs[0].name;

    return ngx_memn2cmp(server->name.data, address->data, server->name.len,
                        address->len)
           != 0;
}


/* The directive is inherited as a whole. */

static void
ngx_stream_thrift_merge_keepalive(ngx_stream_thrift_upstream_conf_t *prev,
    ngx_stream_thrift_upstream_conf_t *conf)
{
    if (conf != prev && conf->keepalive == NGX_CONF_UNSET_UINT) {
        conf->keepalive = prev->keepalive;
        conf->keepalive_surplus = prev->keepalive_surplus;
        conf->keepalive_max = prev->keepalive_max;
        conf->keepalive_min = prev->keepalive_min;
        conf->keepalive_requests = prev->keepalive_requests;
        conf->keepalive_timeout = prev->keepalive_timeout;
        conf->keepalive_lifetime = prev->keepalive_lifetime;
        conf->queue = prev->queue;
        conf->queue_set = prev->queue_set;
        conf->queue_timeout = prev->queue_timeout;
        return;
    }

    /* a number that somebody wrote is kept to */

    if (conf->keepalive == NGX_CONF_UNSET_UINT) {
        conf->keepalive_surplus = NGX_STREAM_THRIFT_KEEPALIVE_SURPLUS;
    }

    conf->queue_set = (conf->queue != NGX_CONF_UNSET_UINT);

    ngx_conf_init_uint_value(conf->keepalive, NGX_STREAM_THRIFT_KEEPALIVE);
    ngx_conf_init_uint_value(conf->keepalive_max, 0);
    ngx_conf_init_uint_value(conf->keepalive_requests, 0);
    ngx_conf_init_msec_value(conf->keepalive_timeout,
                             NGX_STREAM_THRIFT_KEEPALIVE_TIMEOUT);
    ngx_conf_init_msec_value(conf->keepalive_lifetime,
                             NGX_STREAM_THRIFT_KEEPALIVE_LIFETIME);
    ngx_conf_init_uint_value(conf->queue, NGX_STREAM_THRIFT_QUEUE);
    ngx_conf_init_msec_value(conf->queue_timeout, 0);
}
