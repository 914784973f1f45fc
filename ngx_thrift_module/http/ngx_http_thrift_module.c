/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directives of http{}.  They name servers of stream{}, which may stand
 * behind it in the configuration: names are looked up when all of it is read,
 * by a module of nginx's core, which is asked then.
 */

#include "ngx_http_thrift.h"


#define NGX_HTTP_THRIFT_BUFFER  16384       /* bytes, of replies */
#define NGX_HTTP_THRIFT_VALUES  1000000     /* in JSON */
#define NGX_HTTP_THRIFT_MOST_VALUES  100000000
#define NGX_HTTP_THRIFT_MAX_SIZE  (16 * 1024 * 1024)  /* bytes of it */
#define NGX_HTTP_THRIFT_ANYWHERE                                              \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF                   \
     |NGX_HTTP_LIF_CONF|NGX_CONF_ANY)
#define NGX_HTTP_THRIFT_STREAM  "in stream"
#define NGX_HTTP_THRIFT_TIME    86400000    /* milliseconds: the times are those
                                               of the server */


static void *ngx_http_thrift_create_servers(ngx_cycle_t *cycle);
static char *ngx_http_thrift_init_servers(ngx_cycle_t *cycle, void *conf);
static char *ngx_http_thrift_find_server(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server);
static void *ngx_http_thrift_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_thrift_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_thrift_door(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_thrift_gateway(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_thrift_misplaced(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_thrift_max_values(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_thrift_size_value(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_core_module_t  ngx_http_thrift_servers_module_ctx = {
    ngx_string("thrift_servers"),
    ngx_http_thrift_create_servers,
    ngx_http_thrift_init_servers
};


ngx_module_t  ngx_http_thrift_servers_module = {
    NGX_MODULE_V1,
    &ngx_http_thrift_servers_module_ctx,   /* module context */
    NULL,                                  /* module directives */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_command_t  ngx_http_thrift_commands[] = {

    /* those of stream that may be looked for here */

    { ngx_string("thrift_pass"),
      NGX_HTTP_THRIFT_ANYWHERE,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      "in stream; calls by HTTP are handed to a server of stream by "
      "\"thrift_door\"" },

    { ngx_string("thrift_service"),
      NGX_HTTP_THRIFT_ANYWHERE|NGX_CONF_BLOCK,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NGX_HTTP_THRIFT_STREAM },

    { ngx_string("thrift_idl"),
      NGX_HTTP_THRIFT_ANYWHERE,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NGX_HTTP_THRIFT_STREAM },

    { ngx_string("thrift_name"),
      NGX_HTTP_THRIFT_ANYWHERE,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NGX_HTTP_THRIFT_STREAM },

    { ngx_string("thrift_timeout"),
      NGX_HTTP_THRIFT_ANYWHERE,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NGX_HTTP_THRIFT_STREAM },

    { ngx_string("thrift_status_zone"),
      NGX_HTTP_THRIFT_ANYWHERE,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NGX_HTTP_THRIFT_STREAM },

    { ngx_string("thrift_set_header"),
      NGX_HTTP_THRIFT_ANYWHERE,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      "in stream; calls by HTTP get headers by \"thrift_call_header\"" },

    /* ours, where they must not be */

    { ngx_string("thrift_door"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_ANY,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      "in \"location\"" },

    { ngx_string("thrift_status"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_ANY,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      "in \"location\"" },

    { ngx_string("thrift_explorer"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_ANY,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      "in \"location\"" },

    { ngx_string("thrift_gateway"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_ANY,
      ngx_http_thrift_misplaced,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      "in \"location\"" },

    { ngx_string("thrift_door"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_TAKE1,
      ngx_http_thrift_door,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_door_status"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_thrift_loc_conf_t, status),
      NULL },

    { ngx_string("thrift_call_header"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_http_thrift_call_header,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_status"),
      NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF|NGX_CONF_TAKE1,
      ngx_http_thrift_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_explorer"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_thrift_explorer,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_gateway"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_thrift_gateway,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_gateway_openapi"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_thrift_loc_conf_t, openapi),
      NULL },

    { ngx_string("thrift_gateway_long_strings"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_thrift_loc_conf_t, long_strings),
      NULL },

    { ngx_string("thrift_gateway_max_values"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_thrift_max_values,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_gateway_max_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_thrift_size_value,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_thrift_loc_conf_t, max_size),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_thrift_module_ctx = {
    ngx_http_thrift_watch_return,          /* preconfiguration */
    ngx_http_thrift_unwatch_return,        /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_thrift_create_loc_conf,       /* create location configuration */
    ngx_http_thrift_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_http_thrift_module = {
    NGX_MODULE_V1,
    &ngx_http_thrift_module_ctx,           /* module context */
    ngx_http_thrift_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
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
ngx_http_thrift_create_servers(ngx_cycle_t *cycle)
{
    return ngx_array_create(cycle->pool, 2, sizeof(void *));
}


static char *
ngx_http_thrift_init_servers(ngx_cycle_t *cycle, void *conf)
{
    ngx_array_t  *servers = conf;

    ngx_uint_t                  i;
    ngx_http_thrift_server_t  **server;

    server = servers->elts;

    for (i = 0; i < servers->nelts; i++) {
        if (ngx_http_thrift_find_server(cycle, server[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_thrift_find_server(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server)
{
    ngx_str_t  near;

    if (server->counts) {
        return ngx_http_thrift_status_check(cycle, server);
    }

    if (server->explores) {
        return ngx_http_thrift_explorer_check(cycle, server);
    }

    server->server = ngx_stream_thrift_doors.find(cycle, &server->name, &near);

    if (server->server) {

        if (server->gateway
            && ngx_http_thrift_init_gateway(cycle, server) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    if (near.len) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "no server of stream has \"thrift_name %V\" (did you "
                      "mean \"%V\"?) for \"%V\" in %s:%ui", &server->name,
                      &near, &server->directive, server->file_name,
                      server->line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "no server of stream has \"thrift_name %V\" for \"%V\" "
                      "in %s:%ui", &server->name, &server->directive,
                      server->file_name, server->line);
    }

    return NGX_CONF_ERROR;
}


static void *
ngx_http_thrift_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_upstream_conf_t    *upstream;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_thrift_loc_conf_t));
    if (tlcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     tlcf->server = NULL;
     *     tlcf->handler = NULL;
     *     tlcf->others = 0;
     *     tlcf->returns = 0;
     *     tlcf->format = 0;
     *     tlcf->policy = { 0, NULL };
     *     tlcf->headers = NULL;
     *     tlcf->explorers = NULL;
     *     upstream->buffering = 0;
     *     upstream->ignore_client_abort = 0;
     *     upstream->next_upstream = 0;
     *     upstream->intercept_errors = 0;
     */

    upstream = &tlcf->upstream;

    upstream->buffer_size = NGX_HTTP_THRIFT_BUFFER;
    upstream->connect_timeout = NGX_HTTP_THRIFT_TIME;
    upstream->send_timeout = NGX_HTTP_THRIFT_TIME;
    upstream->read_timeout = NGX_HTTP_THRIFT_TIME;
    upstream->upstream = &tlcf->peer;

    tlcf->peer.peer.init = ngx_http_thrift_peer_init;

    tlcf->status = NGX_CONF_UNSET;
    tlcf->openapi = NGX_CONF_UNSET;
    tlcf->long_strings = NGX_CONF_UNSET;
    tlcf->max_values = NGX_CONF_UNSET_UINT;
    tlcf->max_size = NGX_CONF_UNSET_SIZE;

    return tlcf;
}


static char *
ngx_http_thrift_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_thrift_loc_conf_t  *prev = parent;
    ngx_http_thrift_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_thrift_explorer_t  *explorer;

    if (conf->server && ngx_http_thrift_check_claim(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->explorers && conf->policy.data == NULL) {
        explorer = conf->explorers->elts;

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"thrift_explorer\" needs \"thrift_status html\" "
                      "beside it in %s:%ui", explorer->server->file_name,
                      explorer->server->line);
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_value(conf->status, prev->status, 1);
    ngx_conf_merge_value(conf->openapi, prev->openapi, 1);
    ngx_conf_merge_value(conf->long_strings, prev->long_strings, 0);
    ngx_conf_merge_uint_value(conf->max_values, prev->max_values,
                              NGX_HTTP_THRIFT_VALUES);
    ngx_conf_merge_size_value(conf->max_size, prev->max_size,
                              NGX_HTTP_THRIFT_MAX_SIZE);

    if (conf->headers == NULL) {
        conf->headers = prev->headers;
    }

    ngx_http_thrift_headers_check(cf, conf->headers);

    if (conf->server) {
        conf->server->openapi = conf->openapi;
        conf->server->long_strings = conf->long_strings;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* as of "limit_except", unless somebody else answers there */

    if (clcf->noname && clcf->handler == NULL && !conf->returns
        && conf->server == NULL && prev->server)
    {
        conf->server = prev->server;
        conf->handler = prev->handler;
        conf->format = prev->format;
        conf->policy = prev->policy;
        conf->explorers = prev->explorers;
        clcf->handler = prev->handler;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_thrift_door(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_thrift_claim(cf, conf, ngx_http_thrift_door_handler)
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* Behind the path of the location stands the name of a method. */

static char *
ngx_http_thrift_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_thrift_loc_conf_t  *tlcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->named || clcf->exact_match
#if (NGX_PCRE)
        || clcf->regex
#endif
       )
    {
        return "needs a location given by the beginning of a path";
    }

    if (ngx_http_thrift_claim(cf, tlcf, ngx_http_thrift_gateway_handler)
        == NULL)
    {
        return NGX_CONF_ERROR;
    }

    tlcf->server->path = clcf->name;
    tlcf->server->gateway = ngx_pcalloc(cf->pool,
                                        sizeof(ngx_http_thrift_gateway_t));

    return tlcf->server->gateway ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* Says where the directive is allowed. */

static char *
ngx_http_thrift_misplaced(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" directive is not allowed here, but %s",
                       &cmd->name, (char *) cmd->post);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_thrift_size_value(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char       *rv;
    ngx_str_t  *value;

    rv = ngx_conf_set_size_slot(cf, cmd, conf);

    if (rv == NGX_CONF_OK || ngx_strcmp(rv, "invalid value") != 0) {
        return rv;
    }

    value = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\" directive, it must be a "
                       "size such as \"4k\" or \"16m\"", &value[1], &value[0]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_thrift_max_values(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_thrift_loc_conf_t  *tlcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (tlcf->max_values != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > NGX_HTTP_THRIFT_MOST_VALUES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be a number between 1 and %d", &value[1],
                           &value[0], NGX_HTTP_THRIFT_MOST_VALUES);
        return NGX_CONF_ERROR;
    }

    tlcf->max_values = (ngx_uint_t) n;

    return NGX_CONF_OK;
}


/* That the directive names; NULL: logged. */

ngx_http_thrift_server_t *
ngx_http_thrift_add_server(ngx_conf_t *cf)
{
    ngx_str_t                  *value;
    ngx_array_t                *servers;
    ngx_http_thrift_server_t   *server, **serverp;

    value = cf->args->elts;

    if (&ngx_stream_thrift_doors == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" needs ngx_stream_thrift_module.so, loaded "
                           "before ngx_http_thrift_module.so", &value[0]);
        return NULL;
    }

    if (ngx_stream_thrift_doors.size != sizeof(ngx_thrift_doors_t)
        || ngx_stream_thrift_doors.call_size != sizeof(ngx_thrift_door_call_t))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "ngx_http_thrift_module.so and "
                           "ngx_stream_thrift_module.so are not of the same "
                           "version");
        return NULL;
    }

    servers = (ngx_array_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_http_thrift_servers_module);

    server = ngx_pcalloc(cf->pool, sizeof(ngx_http_thrift_server_t));
    serverp = ngx_array_push(servers);

    if (server == NULL || serverp == NULL) {
        return NULL;
    }

    *serverp = server;

    server->directive = value[0];
    server->name = value[1];
    server->file_name = cf->conf_file->file.name.data;
    server->line = cf->conf_file->line;
    server->http = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    return server;
}
