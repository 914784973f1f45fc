/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The configuration of stream{} and of its servers: creating it, merging it,
 * and what it means.  That of calls is in ngx_stream_thrift_call_module.c, that
 * of upstreams in ngx_stream_thrift_upstream_module.c.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_MAX_MESSAGE  (100 * 1024 * 1024)  /* TConfiguration */
#define NGX_STREAM_THRIFT_MAX_FRAME    16384000
#define NGX_STREAM_THRIFT_MAX_HEADER   16384

/*
 * Levels that servers of all libraries pass over.  Go's and Rust's give up at
 * 64 levels with something in them, and read on there: Go's where they do not
 * have the method, Rust's in a field that they do not know.
 */

#define NGX_STREAM_THRIFT_MAX_DEPTH  63

/* Bytes that the calls of a client may hold, and those of all of a worker. */

#define NGX_STREAM_THRIFT_MAX_MEMORY         (1024 * 1024)
#define NGX_STREAM_THRIFT_MAX_WORKER_MEMORY  (48 * 1024 * 1024)


static ngx_uint_t ngx_stream_thrift_is_used(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *conf, ngx_stream_thrift_call_conf_t *tccf);
static char *ngx_stream_thrift_check_server(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *conf);
static ngx_uint_t ngx_stream_thrift_listens_udp(ngx_conf_t *cf,
    ngx_stream_core_srv_conf_t *cscf);
static void ngx_stream_thrift_merge_server(ngx_stream_thrift_srv_conf_t *prev,
    ngx_stream_thrift_srv_conf_t *conf);
static char *ngx_stream_thrift_merge_definitions(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *prev, ngx_stream_thrift_srv_conf_t *conf);
static void ngx_stream_thrift_set_rules(ngx_stream_thrift_srv_conf_t *conf);
static void ngx_stream_thrift_set_door_rules(
    ngx_stream_thrift_srv_conf_t *conf);
static void ngx_stream_thrift_set_checks(ngx_stream_thrift_srv_conf_t *conf);
static uint8_t ngx_stream_thrift_check_value(
    ngx_stream_thrift_srv_conf_t *conf, ngx_uint_t values);
static ngx_thrift_cache_t *ngx_stream_thrift_get_blocks(ngx_conf_t *cf,
    size_t size);
static void ngx_stream_thrift_cleanup(void *data);


void *
ngx_stream_thrift_create_main_conf(ngx_conf_t *cf)
{
    nthrift_arena_t                *arena;
    ngx_pool_cleanup_t             *cln;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_main_conf_t));
    if (tmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&tmcf->blocks, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&tmcf->pools, cf->pool, 4, sizeof(void *)) != NGX_OK
        || ngx_array_init(&tmcf->limit_zones, cf->pool, 1, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&tmcf->gates, cf->pool, 1, sizeof(void *)) != NGX_OK
        || ngx_array_init(&tmcf->delays, cf->pool, 4, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&tmcf->span_files, cf->pool, 1, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&tmcf->idls, cf->pool, 1, sizeof(void *)) != NGX_OK
        || ngx_array_init(&tmcf->named, cf->pool, 2, sizeof(void *)) != NGX_OK
        || ngx_array_init(&tmcf->servers, cf->pool, 4, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&tmcf->targets, cf->pool, 16, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&tmcf->objects, cf->pool, 4, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&tmcf->handlers, cf->pool, 4, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    arena = ngx_thrift_arena_create(cf->pool);
    if (arena == NULL) {
        return NULL;
    }

    nthrift_schema_init(&tmcf->schemas, arena);

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_stream_thrift_cleanup;
    cln->data = tmcf;

    tmcf->handover = NGX_CONF_UNSET;

    return tmcf;
}


char *
ngx_stream_thrift_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_stream_thrift_main_conf_t  *tmcf = conf;

    ngx_conf_init_value(tmcf->handover, 1);

    return NGX_CONF_OK;
}


/* What a worker has kept for the cycle goes with it. */

static void
ngx_stream_thrift_cleanup(void *data)
{
    ngx_stream_thrift_main_conf_t  *tmcf = data;

    ngx_uint_t                  i;
    ngx_thrift_cache_t        **blocks;
    ngx_thrift_delays_t       **delays;
    ngx_stream_thrift_pool_t  **pool;

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        ngx_thrift_pool_destroy(&pool[i]->idle);
        ngx_thrift_delay_destroy(&pool[i]->queue);
    }

    delays = tmcf->delays.elts;

    for (i = 0; i < tmcf->delays.nelts; i++) {
        ngx_thrift_delay_destroy(delays[i]);
    }

    ngx_thrift_cache_close(&tmcf->calls);

    blocks = tmcf->blocks.elts;

    for (i = 0; i < tmcf->blocks.nelts; i++) {
        ngx_thrift_cache_close(blocks[i]);
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
     *     tscf->files = NULL;
     *     tscf->dirs = NULL;
     *     tscf->named = NULL;
     *     tscf->proxy_notes = NULL;
     *     tscf->block.inner = NULL;
     *     tscf->outbound_log.conf = NULL;
     */

    tscf->span_log = NGX_CONF_UNSET_PTR;
    tscf->idl_compat = NGX_CONF_UNSET_UINT;
    tscf->transport = NGX_CONF_UNSET_UINT;
    tscf->protocol = NGX_CONF_UNSET_UINT;
    tscf->validate = NGX_CONF_UNSET_UINT;
    tscf->validate_enum = NGX_CONF_UNSET_UINT;
    tscf->validate_utf8 = NGX_CONF_UNSET_UINT;
    tscf->messages.trusted = NGX_CONF_UNSET;
    tscf->messages.read_timeout = NGX_CONF_UNSET_MSEC;
    tscf->idle_timeout = NGX_CONF_UNSET_MSEC;
    tscf->shutdown_idle = NGX_CONF_UNSET_MSEC;
    tscf->max_message_size = NGX_CONF_UNSET_SIZE;
    tscf->max_header_size = NGX_CONF_UNSET_SIZE;
    tscf->max_depth = NGX_CONF_UNSET_UINT;
    tscf->max_pipeline = NGX_CONF_UNSET_UINT;
    tscf->max_calls = NGX_CONF_UNSET_UINT;
    tscf->max_memory = NGX_CONF_UNSET;
    tscf->max_worker_memory = NGX_CONF_UNSET;
    tscf->buffer_size = NGX_CONF_UNSET_SIZE;
    tscf->half_close = NGX_CONF_UNSET;

    return tscf;
}


char *
ngx_stream_thrift_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_stream_thrift_srv_conf_t  *prev = parent;
    ngx_stream_thrift_srv_conf_t  *conf = child;

    if (ngx_stream_thrift_check_server(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_stream_thrift_merge_server(prev, conf);

    if (ngx_stream_thrift_merge_definitions(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_stream_thrift_set_rules(conf);

    conf->messages.blocks = ngx_stream_thrift_get_blocks(cf, conf->buffer_size);

    if (conf->messages.blocks == NULL
        || ngx_stream_thrift_refuse_init(cf, &conf->refused) != NGX_OK
        || ngx_stream_thrift_merge_outbound_log(cf, &prev->outbound_log,
                                                &conf->outbound_log)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* Whether it is ours alone, if it is ours. */

static char *
ngx_stream_thrift_check_server(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *conf)
{
    ngx_stream_core_srv_conf_t     *cscf;
    ngx_stream_thrift_call_conf_t  *tccf;

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);
    tccf = ngx_stream_conf_get_module_srv_conf(cf,
                                               ngx_stream_thrift_call_module);

    /* call_conf is not merged yet */

    if ((tccf->conf.answer != NGX_CONF_UNSET_PTR || conf->block.inner)
        && cscf->handler != ngx_stream_thrift_handler)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "another content handler, such as \"proxy_pass\" or "
                      "\"return\", stands beside Thrift directives in "
                      "the server in %s:%ui", cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    if (cscf->handler == ngx_stream_thrift_handler
        && ngx_stream_thrift_listens_udp(cf, cscf))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "Thrift calls cannot come by \"udp\" to the server "
                      "in %s:%ui", cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    /* nginx itself said so, up to 1.27.0 */

    if (cscf->handler == NULL && ngx_stream_thrift_is_used(cf, conf, tccf)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no handler for server in %s:%ui", cscf->file_name,
                      cscf->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* Whether a directive of ours stands in the server; it is not merged yet. */

static ngx_uint_t
ngx_stream_thrift_is_used(ngx_conf_t *cf, ngx_stream_thrift_srv_conf_t *conf,
    ngx_stream_thrift_call_conf_t *tccf)
{
    ngx_stream_thrift_srv_conf_t   *unset;
    ngx_stream_thrift_call_conf_t  *unset_call;

    unset = ngx_stream_thrift_create_srv_conf(cf);
    unset_call = ngx_stream_thrift_create_call_conf(cf);

    if (unset == NULL || unset_call == NULL) {
        return 0;
    }

    /* this may be of proxy_pass, too */

    unset->proxy_notes = conf->proxy_notes;

    return ngx_memcmp(unset, conf, sizeof(ngx_stream_thrift_srv_conf_t)) != 0
           || ngx_memcmp(unset_call, tccf,
                         sizeof(ngx_stream_thrift_call_conf_t)) != 0;
}


#if (NGX_THRIFT_HAVE_SERVER_NAMES)

static ngx_uint_t
ngx_stream_thrift_listens_udp(ngx_conf_t *cf, ngx_stream_core_srv_conf_t *cscf)
{
    ngx_uint_t                     i, k, n;
    ngx_stream_conf_addr_t        *addr;
    ngx_stream_conf_port_t        *port;
    ngx_stream_core_srv_conf_t   **server;
    ngx_stream_core_main_conf_t   *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    if (cmcf->ports == NULL) {
        return 0;
    }

    port = cmcf->ports->elts;

    for (i = 0; i < cmcf->ports->nelts; i++) {

        if (port[i].type != SOCK_DGRAM) {
            continue;
        }

        addr = port[i].addrs.elts;

        for (k = 0; k < port[i].addrs.nelts; k++) {

            server = addr[k].servers.elts;

            for (n = 0; n < addr[k].servers.nelts; n++) {
                if (server[n] == cscf) {
                    return 1;
                }
            }
        }
    }

    return 0;
}

#else

static ngx_uint_t
ngx_stream_thrift_listens_udp(ngx_conf_t *cf, ngx_stream_core_srv_conf_t *cscf)
{
    ngx_uint_t                    i;
    ngx_stream_listen_t          *ls;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    ls = cmcf->listen.elts;

    for (i = 0; i < cmcf->listen.nelts; i++) {
        if (ls[i].type == SOCK_DGRAM && ls[i].ctx == cscf->ctx) {
            return 1;
        }
    }

    return 0;
}

#endif


/* What belongs to a client's connection: main and server. */

static void
ngx_stream_thrift_merge_server(ngx_stream_thrift_srv_conf_t *prev,
    ngx_stream_thrift_srv_conf_t *conf)
{
    ngx_conf_merge_ptr_value(conf->span_log, prev->span_log, NULL);

    if (conf->span_log && conf->span_log->file == NULL) {
        conf->span_log = NULL;
    }

    ngx_conf_merge_uint_value(conf->idl_compat, prev->idl_compat,
                              NGX_STREAM_THRIFT_COMPAT_WARN);
    ngx_conf_merge_uint_value(conf->transport, prev->transport,
                              NTHRIFT_TRANSPORT_AUTO);
    ngx_conf_merge_uint_value(conf->protocol, prev->protocol,
                              NTHRIFT_PROTOCOL_AUTO);
    ngx_conf_merge_uint_value(conf->validate, prev->validate,
                              NGX_CONF_UNSET_UINT);
    ngx_conf_merge_uint_value(conf->validate_enum, prev->validate_enum,
                              NGX_CONF_UNSET_UINT);
    ngx_conf_merge_uint_value(conf->validate_utf8, prev->validate_utf8,
                              NGX_CONF_UNSET_UINT);
    ngx_conf_merge_value(conf->messages.trusted, prev->messages.trusted, 0);

    ngx_conf_merge_msec_value(conf->messages.read_timeout,
                              prev->messages.read_timeout, 60000);
    ngx_conf_merge_msec_value(conf->shutdown_idle, prev->shutdown_idle, 0);
    ngx_conf_merge_msec_value(conf->idle_timeout, prev->idle_timeout,
                              10 * 60000);

    ngx_conf_merge_size_value(conf->max_message_size, prev->max_message_size,
                              0);
    ngx_conf_merge_size_value(conf->max_header_size, prev->max_header_size,
                              NGX_STREAM_THRIFT_MAX_HEADER);
    ngx_conf_merge_uint_value(conf->max_depth, prev->max_depth,
                              NGX_STREAM_THRIFT_MAX_DEPTH);
    ngx_conf_merge_uint_value(conf->max_pipeline, prev->max_pipeline, 32);
    ngx_conf_merge_uint_value(conf->max_calls, prev->max_calls, 0);
    ngx_conf_merge_off_value(conf->max_memory, prev->max_memory,
                             NGX_STREAM_THRIFT_MAX_MEMORY);
    ngx_conf_merge_off_value(conf->max_worker_memory, prev->max_worker_memory,
                             ngx_max(NGX_STREAM_THRIFT_MAX_WORKER_MEMORY,
                                     2 * (off_t) conf->max_message_size));
    ngx_conf_merge_size_value(conf->buffer_size, prev->buffer_size, 32768);
    ngx_conf_merge_value(conf->half_close, prev->half_close, 0);
}


/* Files of definitions, and whether bodies are checked by them. */

static char *
ngx_stream_thrift_merge_definitions(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *prev, ngx_stream_thrift_srv_conf_t *conf)
{
    ngx_uint_t                   values;
    ngx_stream_core_srv_conf_t  *cscf;

    if (ngx_stream_thrift_merge_files(cf, prev, conf) != NGX_CONF_OK
        || ngx_stream_thrift_load_files(cf, conf) != NGX_CONF_OK
        || ngx_stream_thrift_add_compat(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_conf_init_uint_value(conf->validate,
                             conf->files->nelts
                                 ? NGX_STREAM_THRIFT_VALIDATE_SCHEMA
                                 : NGX_STREAM_THRIFT_VALIDATE_STRUCTURE);

    values = (conf->validate == NGX_STREAM_THRIFT_VALIDATE_SCHEMA)
                 ? NGX_STREAM_THRIFT_VALUES_ARGUMENTS
                 : NGX_STREAM_THRIFT_VALUES_OFF;

    ngx_conf_init_uint_value(conf->validate_enum, values);
    ngx_conf_init_uint_value(conf->validate_utf8, values);

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (conf->validate != NGX_STREAM_THRIFT_VALIDATE_SCHEMA
        || cscf->handler != ngx_stream_thrift_handler)
    {
        return NGX_CONF_OK;
    }

    if (conf->files->nelts == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"thrift_validate schema\" needs a \"thrift_idl\" for "
                      "the server in %s:%ui", cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    ngx_stream_thrift_warn_services(cf, conf);

    return NGX_CONF_OK;
}


/* What the directives of a server mean for those who read messages. */

static void
ngx_stream_thrift_set_rules(ngx_stream_thrift_srv_conf_t *conf)
{
    nthrift_rules_t  *rules;

    rules = &conf->messages.rules;

    rules->transport = conf->transport;
    rules->protocol = conf->protocol;
    rules->lax = 0;
    rules->text = 1;

    if (conf->protocol == NGX_STREAM_THRIFT_LAX) {
        rules->protocol = NTHRIFT_BINARY;
        rules->lax = 1;
    }

    rules->validate = (conf->validate != NGX_STREAM_THRIFT_VALIDATE_OFF);
    rules->max_depth = conf->max_depth;
    rules->max_header = conf->max_header_size;

    if (conf->max_message_size) {
        rules->max_message = conf->max_message_size;
        rules->max_frame = ngx_min(conf->max_message_size, NTHRIFT_MAX_FRAME);

    } else {
        rules->max_message = NGX_STREAM_THRIFT_MAX_MESSAGE;
        rules->max_frame = NGX_STREAM_THRIFT_MAX_FRAME;
    }

    ngx_stream_thrift_set_door_rules(conf);
    ngx_stream_thrift_set_checks(conf);
}


/*
 * A body of http is one message without a frame: what stands there without a
 * version can be taken for nothing else.
 */

static void
ngx_stream_thrift_set_door_rules(ngx_stream_thrift_srv_conf_t *conf)
{
    conf->door_rules = conf->messages.rules;
    conf->door_rules.transport = NTHRIFT_UNFRAMED;

    if (conf->protocol == NTHRIFT_PROTOCOL_AUTO) {
        conf->door_rules.lax = 1;
    }
}


/* And for those who check them; who answers may have newer definitions. */

static void
ngx_stream_thrift_set_checks(ngx_stream_thrift_srv_conf_t *conf)
{
    nthrift_check_rules_t  *check;

    /* arguments of handlers are checked in any case */

    conf->messages.schema = (conf->validate
                             == NGX_STREAM_THRIFT_VALIDATE_SCHEMA);

    check = &conf->messages.check;

    check->max_depth = conf->max_depth;
    check->undeclared_depth = NGX_STREAM_THRIFT_MAX_DEPTH;
    check->enums = ngx_stream_thrift_check_value(conf, conf->validate_enum);
    check->utf8 = ngx_stream_thrift_check_value(conf, conf->validate_utf8);

    check = &conf->messages.check_reply;

    check->max_depth = conf->max_depth;
    check->reply = 1;
    check->enums = (conf->validate_enum == NGX_STREAM_THRIFT_VALUES_ON)
                       ? NTHRIFT_CHECK_REFUSE : NTHRIFT_CHECK_PASS;
    check->utf8 = (conf->validate_utf8 == NGX_STREAM_THRIFT_VALUES_ON)
                      ? NTHRIFT_CHECK_REFUSE : NTHRIFT_CHECK_PASS;
}


/* What is done with such a value of a call. */

static uint8_t
ngx_stream_thrift_check_value(ngx_stream_thrift_srv_conf_t *conf,
    ngx_uint_t values)
{
    if (values != NGX_STREAM_THRIFT_VALUES_OFF) {
        return NTHRIFT_CHECK_REFUSE;
    }

    return conf->messages.trusted ? NTHRIFT_CHECK_PASS : NTHRIFT_CHECK_TELL;
}


char *
ngx_stream_thrift_max_memory(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    ngx_str_t  *value, size;

    if (tscf->max_memory != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    tscf->max_memory = ngx_parse_offset(&value[1]);

    if (tscf->max_memory == NGX_ERROR || tscf->max_memory == 0) {
        return ngx_stream_thrift_bad_value(cf, &value[1], "a size such as "
                                           "\"64m\"");
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[2].data, "worker=", 7) == 0) {
        size.data = value[2].data + 7;
        size.len = value[2].len - 7;

        tscf->max_worker_memory = ngx_parse_offset(&size);

        if (tscf->max_worker_memory != NGX_ERROR) {
            return NGX_CONF_OK;
        }
    }

    return ngx_stream_thrift_bad_parameter(cf, &value[2],
                                           "\"worker=\" with a size");
}


static ngx_thrift_cache_t *
ngx_stream_thrift_get_blocks(ngx_conf_t *cf, size_t size)
{
    ngx_uint_t                       i;
    ngx_thrift_cache_t              *blocks, **blocksp;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    blocksp = tmcf->blocks.elts;

    for (i = 0; i < tmcf->blocks.nelts; i++) {
        if (blocksp[i]->size == size) {
            return blocksp[i];
        }
    }

    blocks = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_cache_t));
    blocksp = ngx_array_push(&tmcf->blocks);

    if (blocks == NULL || blocksp == NULL) {
        return NULL;
    }

    blocks->size = size;
    *blocksp = blocks;

    return blocks;
}
