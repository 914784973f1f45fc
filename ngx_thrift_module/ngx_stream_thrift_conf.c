
/*
 * Configuration: creating, the blocks thrift_service and thrift_method, the
 * directives that say who answers, and merging from main to method.
 *
 * A block gets a copy of its parent's array of configurations with our slot
 * replaced, so that nginx's own setters work at every level, and so that a
 * call can take the array as its session's srv_conf.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_MAX_MESSAGE  (100 * 1024 * 1024)  /* TConfiguration */
#define NGX_STREAM_THRIFT_MAX_FRAME    16384000


static char *ngx_stream_thrift_block(ngx_conf_t *cf, ngx_uint_t type,
    ngx_stream_thrift_srv_conf_t *parent);
static char *ngx_stream_thrift_take_server(ngx_conf_t *cf);
static ngx_stream_thrift_srv_conf_t *ngx_stream_thrift_find_block(
    ngx_array_t *blocks, ngx_str_t *name);
static char *ngx_stream_thrift_merge(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *prev, ngx_stream_thrift_srv_conf_t *conf);
static void ngx_stream_thrift_merge_times(ngx_thrift_conf_t *prev,
    ngx_thrift_conf_t *conf);
static void ngx_stream_thrift_merge_answer(ngx_stream_thrift_srv_conf_t *prev,
    ngx_stream_thrift_srv_conf_t *conf);
static char *ngx_stream_thrift_merge_client(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *prev, ngx_stream_thrift_srv_conf_t *conf);
static char *ngx_stream_thrift_merge_blocks(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *conf);
static char *ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service);
static char *ngx_stream_thrift_build_routes(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server);
static ngx_int_t ngx_stream_thrift_build_names(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service, ngx_array_t *bare);
static ngx_thrift_blocks_t *ngx_stream_thrift_get_blocks(ngx_conf_t *cf,
    size_t size);
static ngx_stream_thrift_pool_t *ngx_stream_thrift_add_pool(ngx_conf_t *cf,
    ngx_stream_upstream_srv_conf_t *us);
static void ngx_stream_thrift_cleanup(void *data);


void *
ngx_stream_thrift_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t             *cln;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_main_conf_t));
    if (tmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&tmcf->blocks, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&tmcf->pools, cf->pool, 4, sizeof(void *)) != NGX_OK)
    {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_stream_thrift_cleanup;
    cln->data = tmcf;

    return tmcf;
}


/* What a worker has kept for the cycle goes with it. */

static void
ngx_stream_thrift_cleanup(void *data)
{
    ngx_stream_thrift_main_conf_t  *tmcf = data;

    ngx_uint_t             i;
    ngx_thrift_blocks_t  **blocks;

    ngx_stream_thrift_call_free_all(tmcf);

    blocks = tmcf->blocks.elts;

    for (i = 0; i < tmcf->blocks.nelts; i++) {
        ngx_thrift_blocks_free(blocks[i]);
    }
}


void *
ngx_stream_thrift_create_srv_conf(ngx_conf_t *cf)
{
    ngx_stream_thrift_srv_conf_t  *tscf;

    tscf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_srv_conf_t));
    if (tscf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     tscf->conf.pass = 0;
     *     tscf->conf.returns = 0;
     *     tscf->upstream = NULL;
     *     tscf->upstream_value = NULL;
     *     tscf->blocks = NULL;
     */

    tscf->conf.read_timeout = NGX_CONF_UNSET_MSEC;
    tscf->conf.idle_timeout = NGX_CONF_UNSET_MSEC;
    tscf->conf.max_pipeline = NGX_CONF_UNSET_UINT;
    tscf->conf.max_calls = NGX_CONF_UNSET_UINT;
    tscf->conf.timeout = NGX_CONF_UNSET_MSEC;
    tscf->conf.connect_timeout = NGX_CONF_UNSET_MSEC;
    tscf->conf.send_timeout = NGX_CONF_UNSET_MSEC;
    tscf->conf.next_upstream = NGX_CONF_UNSET_UINT;
    tscf->conf.next_upstream_tries = NGX_CONF_UNSET_UINT;
    tscf->conf.next_upstream_timeout = NGX_CONF_UNSET_MSEC;

    tscf->transport = NGX_CONF_UNSET_UINT;
    tscf->protocol = NGX_CONF_UNSET_UINT;
    tscf->validate = NGX_CONF_UNSET_UINT;
    tscf->max_depth = NGX_CONF_UNSET_UINT;
    tscf->max_message_size = NGX_CONF_UNSET_SIZE;
    tscf->buffer_size = NGX_CONF_UNSET_SIZE;

    tscf->keepalive = NGX_CONF_UNSET_UINT;
    tscf->keepalive_timeout = 60000;
    tscf->keepalive_lifetime = 3600000;

    return tscf;
}


char *
ngx_stream_thrift_service(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *rv;

    rv = ngx_stream_thrift_take_server(cf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_stream_thrift_block(cf, NGX_STREAM_THRIFT_SERVICE_CONF, conf);
}


char *
ngx_stream_thrift_method(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_thrift_block(cf, NGX_STREAM_THRIFT_METHOD_CONF, conf);
}


static char *
ngx_stream_thrift_block(ngx_conf_t *cf, ngx_uint_t type,
    ngx_stream_thrift_srv_conf_t *parent)
{
    char                           *rv;
    void                          **slot;
    ngx_str_t                      *value;
    ngx_conf_t                      pcf;
    ngx_stream_conf_ctx_t          *ctx, *pctx;
    ngx_stream_thrift_srv_conf_t   *tscf, *same, **blockp;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    same = ngx_stream_thrift_find_block(parent->blocks, &value[1]);

    if (same) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate %V \"%V\", previous in %s:%ui",
                           &value[0], &value[1], same->file_name, same->line);
        return NGX_CONF_ERROR;
    }

    tscf = ngx_stream_thrift_create_srv_conf(cf);
    if (tscf == NULL) {
        return NGX_CONF_ERROR;
    }

    tscf->name = value[1];
    tscf->file_name = cf->conf_file->file.name.data;
    tscf->line = cf->conf_file->line;

    if (parent->blocks == NULL) {
        parent->blocks = ngx_array_create(cf->pool, 4, sizeof(void *));
        if (parent->blocks == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    blockp = ngx_array_push(parent->blocks);
    if (blockp == NULL) {
        return NGX_CONF_ERROR;
    }

    *blockp = tscf;

    ctx = ngx_pcalloc(cf->pool, sizeof(ngx_stream_conf_ctx_t));
    slot = ngx_palloc(cf->pool, ngx_stream_max_module * sizeof(void *));

    if (ctx == NULL || slot == NULL) {
        return NGX_CONF_ERROR;
    }

    pctx = cf->ctx;

    ngx_memcpy(slot, pctx->srv_conf, ngx_stream_max_module * sizeof(void *));
    slot[ngx_stream_thrift_module.ctx_index] = tscf;

    tscf->srv_conf = slot;

    ctx->main_conf = pctx->main_conf;
    ctx->srv_conf = slot;

    pcf = *cf;
    cf->ctx = ctx;
    cf->cmd_type = type;

    rv = ngx_conf_parse(cf, NULL);

    *cf = pcf;

    return rv;
}


static ngx_stream_thrift_srv_conf_t *
ngx_stream_thrift_find_block(ngx_array_t *blocks, ngx_str_t *name)
{
    ngx_uint_t                      i;
    ngx_stream_thrift_srv_conf_t  **block;

    if (blocks == NULL) {
        return NULL;
    }

    block = blocks->elts;

    for (i = 0; i < blocks->nelts; i++) {
        if (block[i]->name.len == name->len
            && ngx_memcmp(block[i]->name.data, name->data, name->len) == 0)
        {
            return block[i];
        }
    }

    return NULL;
}


/* Makes us the content handler of the server that is being read. */

static char *
ngx_stream_thrift_take_server(ngx_conf_t *cf)
{
    ngx_stream_core_srv_conf_t  *cscf;

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler && cscf->handler != ngx_stream_thrift_handler) {
        return "cannot stand beside another content handler, such as "
               "\"proxy_pass\" or \"return\", in one server";
    }

    cscf->handler = ngx_stream_thrift_handler;

    return NGX_CONF_OK;
}


char *
ngx_stream_thrift_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    char                                *rv;
    ngx_url_t                            u;
    ngx_str_t                           *value;
    ngx_stream_complex_value_t           cv;
    ngx_stream_compile_complex_value_t   ccv;

    if (tscf->conf.pass) {
        return "is duplicate";
    }

    if (tscf->conf.returns) {
        return "cannot stand beside \"thrift_return\"";
    }

    rv = ngx_stream_thrift_take_server(cf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    tscf->conf.pass = 1;

    value = cf->args->elts;

    ngx_memzero(&ccv, sizeof(ngx_stream_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &cv;

    if (ngx_stream_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (cv.lengths) {
        tscf->upstream_value = ngx_palloc(cf->pool,
                                          sizeof(ngx_stream_complex_value_t));
        if (tscf->upstream_value == NULL) {
            return NGX_CONF_ERROR;
        }

        *tscf->upstream_value = cv;

        return NGX_CONF_OK;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.no_resolve = 1;

    tscf->upstream = ngx_stream_upstream_add(cf, &u, 0);
    if (tscf->upstream == NULL) {
        return NGX_CONF_ERROR;
    }

    tscf->pool = ngx_stream_thrift_add_pool(cf, tscf->upstream);

    return (tscf->pool == NULL) ? NGX_CONF_ERROR : NGX_CONF_OK;
}


char *
ngx_stream_thrift_return(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    char                                *rv;
    ngx_int_t                            type;
    ngx_str_t                           *value;
    const char                          *name;
    ngx_stream_compile_complex_value_t   ccv;

    if (tscf->conf.returns) {
        return "is duplicate";
    }

    if (tscf->conf.pass) {
        return "cannot stand beside \"thrift_pass\"";
    }

    rv = ngx_stream_thrift_take_server(cf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    for (type = 0; /* void */; type++) {
        name = nthrift_exception_type_name(type);

        if (name == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown exception type \"%V\" in "
                               "\"thrift_return\", it must be a name such as "
                               "\"INTERNAL_ERROR\" or \"UNKNOWN_METHOD\"",
                               &value[1]);
            return NGX_CONF_ERROR;
        }

        if (ngx_strcmp(value[1].data, name) == 0) {
            break;
        }
    }

    tscf->conf.returns = 1;
    tscf->conf.return_type = type;

    tscf->return_text = ngx_palloc(cf->pool,
                                   sizeof(ngx_stream_complex_value_t));
    if (tscf->return_text == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_stream_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = tscf->return_text;

    if (ngx_stream_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_stream_thrift_keepalive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    ngx_int_t    n;
    ngx_str_t   *value, s;
    ngx_uint_t   i;
    ngx_msec_t  *time;

    if (tscf->keepalive != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive",
                           &value[1], &value[0]);
        return NGX_CONF_ERROR;
    }

    tscf->keepalive = n;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "timeout=", 8) == 0) {
            s.len = value[i].len - 8;
            s.data = value[i].data + 8;
            time = &tscf->keepalive_timeout;

        } else if (ngx_strncmp(value[i].data, "lifetime=", 9) == 0) {
            s.len = value[i].len - 9;
            s.data = value[i].data + 9;
            time = &tscf->keepalive_lifetime;

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        *time = ngx_parse_time(&s, 0);

        if (*time == (ngx_msec_t) NGX_ERROR || *time == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid time in parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_stream_thrift_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_stream_thrift_srv_conf_t  *prev = parent;
    ngx_stream_thrift_srv_conf_t  *conf = child;

    char                        *rv;
    ngx_stream_conf_ctx_t       *ctx;
    ngx_stream_core_srv_conf_t  *cscf;

    ctx = cf->ctx;
    conf->srv_conf = ctx->srv_conf;

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if ((conf->conf.pass || conf->conf.returns || conf->blocks)
        && cscf->handler != ngx_stream_thrift_handler)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "another content handler, such as \"proxy_pass\" or "
                      "\"return\", stands beside Thrift directives in "
                      "the server in %s:%ui", cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    rv = ngx_stream_thrift_merge_client(cf, prev, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_stream_thrift_merge(cf, prev, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_stream_thrift_merge_blocks(cf, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_stream_thrift_build_routes(cf, conf);
}


/* What belongs to the client's connection: main and server. */

static char *
ngx_stream_thrift_merge_client(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *prev, ngx_stream_thrift_srv_conf_t *conf)
{
    nthrift_rules_t    *rules;
    ngx_thrift_conf_t  *p, *c;

    p = &prev->conf;
    c = &conf->conf;
    rules = &c->rules;

    ngx_conf_merge_uint_value(conf->transport, prev->transport,
                              NTHRIFT_TRANSPORT_AUTO);
    ngx_conf_merge_uint_value(conf->protocol, prev->protocol,
                              NTHRIFT_PROTOCOL_AUTO);
    ngx_conf_merge_uint_value(conf->validate, prev->validate, 1);
    ngx_conf_merge_uint_value(conf->max_depth, prev->max_depth, 64);
    ngx_conf_merge_size_value(conf->max_message_size, prev->max_message_size,
                              0);
    ngx_conf_merge_size_value(conf->buffer_size, prev->buffer_size, 16384);

    ngx_conf_merge_msec_value(c->read_timeout, p->read_timeout, 60000);
    ngx_conf_merge_msec_value(c->idle_timeout, p->idle_timeout, 10 * 60000);
    ngx_conf_merge_uint_value(c->max_pipeline, p->max_pipeline, 32);
    ngx_conf_merge_uint_value(c->max_calls, p->max_calls, 0);

    rules->transport = conf->transport;
    rules->protocol = conf->protocol;
    rules->lax = 0;

    if (conf->protocol == NGX_STREAM_THRIFT_LAX) {
        rules->protocol = NTHRIFT_BINARY;
        rules->lax = 1;
    }

    rules->validate = conf->validate;
    rules->max_depth = conf->max_depth;

    if (conf->max_message_size) {
        rules->max_message = conf->max_message_size;
        rules->max_frame = ngx_min(conf->max_message_size, NTHRIFT_MAX_FRAME);

    } else {
        rules->max_message = NGX_STREAM_THRIFT_MAX_MESSAGE;
        rules->max_frame = NGX_STREAM_THRIFT_MAX_FRAME;
    }

    c->blocks = ngx_stream_thrift_get_blocks(cf, conf->buffer_size);

    return (c->blocks == NULL) ? NGX_CONF_ERROR : NGX_CONF_OK;
}


/* What belongs to a call: main, server, service and method. */

static char *
ngx_stream_thrift_merge(ngx_conf_t *cf, ngx_stream_thrift_srv_conf_t *prev,
    ngx_stream_thrift_srv_conf_t *conf)
{
    ngx_stream_thrift_merge_times(&prev->conf, &conf->conf);

    ngx_conf_merge_uint_value(conf->conf.next_upstream,
                              prev->conf.next_upstream, 1);
    ngx_conf_merge_uint_value(conf->conf.next_upstream_tries,
                              prev->conf.next_upstream_tries, 0);

    ngx_stream_thrift_merge_answer(prev, conf);

    return NGX_CONF_OK;
}


static void
ngx_stream_thrift_merge_times(ngx_thrift_conf_t *prev,
    ngx_thrift_conf_t *conf)
{
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 60000);
    ngx_conf_merge_msec_value(conf->connect_timeout, prev->connect_timeout,
                              60000);
    ngx_conf_merge_msec_value(conf->send_timeout, prev->send_timeout, 60000);
    ngx_conf_merge_msec_value(conf->next_upstream_timeout,
                              prev->next_upstream_timeout, 0);
}


/* An answer is inherited as a whole. */

static void
ngx_stream_thrift_merge_answer(ngx_stream_thrift_srv_conf_t *prev,
    ngx_stream_thrift_srv_conf_t *conf)
{
    if (conf->conf.pass || conf->conf.returns) {
        return;
    }

    conf->conf.pass = prev->conf.pass;
    conf->upstream = prev->upstream;
    conf->upstream_value = prev->upstream_value;
    conf->pool = prev->pool;

    conf->conf.returns = prev->conf.returns;
    conf->conf.return_type = prev->conf.return_type;
    conf->return_text = prev->return_text;
}


/* Services of a server, and methods of those. */

static char *
ngx_stream_thrift_merge_blocks(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *conf)
{
    char                           *rv;
    ngx_uint_t                      i;
    ngx_thrift_conf_t              *p, *c;
    ngx_stream_thrift_srv_conf_t  **block;

    if (conf->blocks == NULL) {
        return NGX_CONF_OK;
    }

    p = &conf->conf;
    block = conf->blocks->elts;

    for (i = 0; i < conf->blocks->nelts; i++) {
        c = &block[i]->conf;

        c->rules = p->rules;
        c->blocks = p->blocks;
        c->read_timeout = p->read_timeout;
        c->service = p->service.len ? p->service : block[i]->name;

        rv = ngx_stream_thrift_merge(cf, conf, block[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

        rv = ngx_stream_thrift_merge_blocks(cf, block[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_stream_thrift_build_routes(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server)
{
    char                           *rv;
    ngx_uint_t                      i;
    ngx_array_t                     services, bare;
    ngx_thrift_name_t              *name;
    ngx_stream_thrift_srv_conf_t  **block;

    server->routes.server = &server->conf;

    if (server->blocks == NULL) {
        return NGX_CONF_OK;
    }

    if (ngx_array_init(&services, cf->temp_pool, 4, sizeof(ngx_thrift_name_t))
            != NGX_OK
        || ngx_array_init(&bare, cf->temp_pool, 4, sizeof(ngx_thrift_name_t))
            != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    block = server->blocks->elts;
    server->routes.first = &block[0]->conf;

    for (i = 0; i < server->blocks->nelts; i++) {

        rv = ngx_stream_thrift_check_service(cf, block[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

        name = ngx_array_push(&services);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        name->name = block[i]->name;
        name->value = &block[i]->service;

        if (ngx_stream_thrift_build_names(cf, block[i], &bare) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_thrift_names_init(&server->routes.services, &services, cf->pool)
            != NGX_OK
        || ngx_thrift_names_init(&server->routes.methods, &bare, cf->pool)
            != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A service, or one of its methods at least, must have somebody to answer. */

static char *
ngx_stream_thrift_check_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service)
{
    ngx_uint_t                      i, answers;
    ngx_stream_thrift_srv_conf_t  **method;

    answers = service->conf.pass || service->conf.returns;

    if (answers) {
        return NGX_CONF_OK;
    }

    if (service->blocks) {
        method = service->blocks->elts;

        for (i = 0; i < service->blocks->nelts; i++) {

            if (method[i]->conf.pass || method[i]->conf.returns) {
                answers = 1;
                continue;
            }

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "no \"thrift_pass\" or \"thrift_return\" for "
                          "thrift_method \"%V\" in %s:%ui", &method[i]->name,
                          method[i]->file_name, method[i]->line);
            return NGX_CONF_ERROR;
        }
    }

    if (!answers) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"thrift_pass\" or \"thrift_return\" for "
                      "thrift_service \"%V\" in %s:%ui", &service->name,
                      service->file_name, service->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A service's methods, and the same for calls that name no service. */

static ngx_int_t
ngx_stream_thrift_build_names(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *service, ngx_array_t *bare)
{
    ngx_uint_t                      i;
    ngx_array_t                     names;
    ngx_thrift_name_t              *name, *same;
    ngx_stream_thrift_srv_conf_t  **method;

    service->service.conf = &service->conf;

    if (service->blocks == NULL) {
        return NGX_OK;
    }

    if (ngx_array_init(&names, cf->temp_pool, 8, sizeof(ngx_thrift_name_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    method = service->blocks->elts;

    for (i = 0; i < service->blocks->nelts; i++) {

        name = ngx_array_push(&names);
        same = ngx_array_push(bare);

        if (name == NULL || same == NULL) {
            return NGX_ERROR;
        }

        name->name = method[i]->name;
        name->value = &method[i]->conf;

        *same = *name;
    }

    return ngx_thrift_names_init(&service->service.methods, &names, cf->pool);
}


static ngx_thrift_blocks_t *
ngx_stream_thrift_get_blocks(ngx_conf_t *cf, size_t size)
{
    ngx_uint_t                       i;
    ngx_thrift_blocks_t             *blocks, **blocksp;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    blocksp = tmcf->blocks.elts;

    for (i = 0; i < tmcf->blocks.nelts; i++) {
        if (blocksp[i]->size == size) {
            return blocksp[i];
        }
    }

    blocks = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_blocks_t));
    blocksp = ngx_array_push(&tmcf->blocks);

    if (blocks == NULL || blocksp == NULL) {
        return NULL;
    }

    blocks->size = size;
    *blocksp = blocks;

    return blocks;
}


static ngx_stream_thrift_pool_t *
ngx_stream_thrift_add_pool(ngx_conf_t *cf, ngx_stream_upstream_srv_conf_t *us)
{
    ngx_stream_thrift_pool_t       *pool, **poolp;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    pool = ngx_stream_thrift_get_pool(tmcf, us);

    if (pool) {
        return pool;
    }

    pool = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_pool_t));
    poolp = ngx_array_push(&tmcf->pools);

    if (pool == NULL || poolp == NULL) {
        return NULL;
    }

    ngx_thrift_keepalive_init(&pool->idle);
    pool->upstream = us;
    *poolp = pool;

    return pool;
}


ngx_stream_thrift_pool_t *
ngx_stream_thrift_get_pool(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_stream_upstream_srv_conf_t *us)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (pool[i]->upstream == us) {
            return pool[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_stream_thrift_init_pools(ngx_conf_t *cf)
{
    ngx_uint_t                         i;
    ngx_stream_thrift_pool_t         **pool;
    ngx_stream_thrift_srv_conf_t      *tscf;
    ngx_stream_thrift_main_conf_t     *tmcf;
    ngx_stream_upstream_srv_conf_t   **us;
    ngx_stream_upstream_main_conf_t   *umcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);
    umcf = ngx_stream_conf_get_module_main_conf(cf,
                                                ngx_stream_upstream_module);
    us = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if (ngx_stream_thrift_add_pool(cf, us[i]) == NULL) {
            return NGX_ERROR;
        }
    }

    tmcf->addresses = ngx_stream_thrift_add_pool(cf, NULL);
    if (tmcf->addresses == NULL) {
        return NGX_ERROR;
    }

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {

        pool[i]->idle.max = NGX_STREAM_THRIFT_KEEPALIVE;
        pool[i]->idle.timeout = 60000;
        pool[i]->idle.lifetime = 3600000;

        if (pool[i]->upstream == NULL || pool[i]->upstream->srv_conf == NULL) {
            continue;
        }

        tscf = ngx_stream_conf_upstream_srv_conf(pool[i]->upstream,
                                                 ngx_stream_thrift_module);

        if (tscf->keepalive != NGX_CONF_UNSET_UINT) {
            pool[i]->idle.max = tscf->keepalive;
        }

        pool[i]->idle.timeout = tscf->keepalive_timeout;
        pool[i]->idle.lifetime = tscf->keepalive_lifetime;
    }

    return NGX_OK;
}
