/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Handlers as the configuration sees them.  An object is read once for a
 * configuration, whichever services are taken from it; a handler is what one
 * directive makes of it, with arguments of its own.
 */

#include "ngx_stream_thrift.h"


static ngx_thrift_handler_t *ngx_stream_thrift_new_handler(ngx_conf_t *cf);
static char *ngx_stream_thrift_handler_args(ngx_conf_t *cf,
    ngx_thrift_handler_t *handler);
static char *ngx_stream_thrift_handler_threads(ngx_conf_t *cf,
    ngx_thrift_handler_t *handler, ngx_str_t *name);
static char *ngx_stream_thrift_handler_arg(ngx_conf_t *cf,
    ngx_thrift_handler_t *handler, ngx_str_t *value, u_char *equals);
static ngx_thrift_object_t *ngx_stream_thrift_get_object(ngx_conf_t *cf,
    ngx_str_t *path);
static ngx_int_t ngx_stream_thrift_add_target(ngx_conf_t *cf,
    ngx_thrift_target_t *target);
static ngx_int_t ngx_stream_thrift_check_objects(ngx_conf_t *cf);
static ngx_thrift_handler_t *ngx_stream_thrift_first_handler(
    ngx_stream_thrift_main_conf_t *tmcf, ngx_thrift_object_t *object);


static ngx_uint_t  ngx_stream_thrift_started;   /* handlers, in this process */


char *
ngx_stream_thrift_handler_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_str_t                    path, *value;
    ngx_thrift_handler_t        *handler;
    ngx_stream_thrift_answer_t  *answer;

    if (tccf->conf.answer != NGX_CONF_UNSET_PTR) {
        return (tccf->conf.answer->kind == NGX_THRIFT_ANSWER_HANDLER)
               ? "is duplicate"
               : "cannot stand beside \"thrift_pass\" or \"thrift_return\"";
    }

    handler = ngx_stream_thrift_new_handler(cf);
    answer = ngx_stream_thrift_add_answer(cf, tccf, NGX_THRIFT_ANSWER_HANDLER);

    if (handler == NULL || answer == NULL) {
        return NGX_CONF_ERROR;
    }

    answer->answer.handler = handler;

    value = cf->args->elts;
    path = value[1];

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    handler->object = ngx_stream_thrift_get_object(cf, &path);
    if (handler->object == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_stream_thrift_handler_args(cf, handler);
}


static ngx_thrift_handler_t *
ngx_stream_thrift_new_handler(ngx_conf_t *cf)
{
    ngx_thrift_handler_t           *handler, **handlerp;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    handler = ngx_pcalloc(cf->pool, sizeof(ngx_thrift_handler_t));
    handlerp = ngx_array_push(&tmcf->handlers);

    if (handler == NULL || handlerp == NULL
        || ngx_array_init(&handler->args, cf->pool, 4, sizeof(nthrift_arg_t))
           != NGX_OK
        || ngx_array_init(&handler->targets, cf->pool, 8, sizeof(void *))
           != NGX_OK)
    {
        return NULL;
    }

    *handlerp = handler;

    handler->number = tmcf->handlers.nelts - 1;
    handler->file_name = cf->conf_file->file.name.data;
    handler->line = cf->conf_file->line;

    return handler;
}


/* key=value: "threads" is ours, all others are the handler's. */

static char *
ngx_stream_thrift_handler_args(ngx_conf_t *cf, ngx_thrift_handler_t *handler)
{
    char        *rv;
    u_char      *equals;
    ngx_str_t   *value, threads;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        equals = ngx_strlchr(value[i].data, value[i].data + value[i].len, '=');

        if (equals == NULL || equals == value[i].data) {
            return ngx_stream_thrift_bad_parameter(cf, &value[i],
                                                   "\"key=value\"");
        }

        if (ngx_strncmp(value[i].data, "threads=", 8) == 0) {
            threads.data = value[i].data + 8;
            threads.len = value[i].len - 8;

            rv = ngx_stream_thrift_handler_threads(cf, handler, &threads);

        } else {
            rv = ngx_stream_thrift_handler_arg(cf, handler, &value[i], equals);
        }

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


#if (NGX_THREADS)

static char *
ngx_stream_thrift_handler_threads(ngx_conf_t *cf,
    ngx_thrift_handler_t *handler, ngx_str_t *name)
{
    if (handler->threads) {
        return "has more than one \"threads\"";
    }

    if (name->len == 0) {
        return "has \"threads\" without the name of a thread_pool";
    }

    handler->threads = ngx_thread_pool_add(cf, name);

    return handler->threads ? NGX_CONF_OK : NGX_CONF_ERROR;
}

#else

static char *
ngx_stream_thrift_handler_threads(ngx_conf_t *cf,
    ngx_thrift_handler_t *handler, ngx_str_t *name)
{
    return "has \"threads\", but nginx was built without threads";
}

#endif


static char *
ngx_stream_thrift_handler_arg(ngx_conf_t *cf, ngx_thrift_handler_t *handler,
    ngx_str_t *value, u_char *equals)
{
    u_char         *p;
    size_t          len;
    ngx_uint_t      i;
    nthrift_arg_t  *arg;

    len = equals - value->data;
    arg = handler->args.elts;

    for (i = 0; i < handler->args.nelts; i++) {
        if (ngx_strlen(arg[i].key) == len
            && ngx_memcmp(arg[i].key, value->data, len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%*s\"", len,
                               value->data);
            return NGX_CONF_ERROR;
        }
    }

    arg = ngx_array_push(&handler->args);
    p = ngx_pnalloc(cf->pool, value->len + 1);

    if (arg == NULL || p == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(p, value->data, value->len);

    p[len] = '\0';
    p[value->len] = '\0';

    arg->key = (char *) p;
    arg->value = (char *) p + len + 1;

    return NGX_CONF_OK;
}


static ngx_thrift_object_t *
ngx_stream_thrift_get_object(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_uint_t                      i;
    ngx_thrift_object_t           **object;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    object = tmcf->objects.elts;

    for (i = 0; i < tmcf->objects.nelts; i++) {
        if (object[i]->path.len == path->len
            && ngx_memcmp(object[i]->path.data, path->data, path->len) == 0)
        {
            return object[i];
        }
    }

    object = ngx_array_push(&tmcf->objects);
    if (object == NULL) {
        return NULL;
    }

    *object = ngx_thrift_object_create(cf, path);

    return *object;
}


ngx_int_t
ngx_stream_thrift_init_handlers(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    ngx_thrift_target_t            **target;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    target = tmcf->targets.elts;

    for (i = 0; i < tmcf->targets.nelts; i++) {
        if (target[i]->conf->answer->handler
            && ngx_stream_thrift_add_target(cf, target[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    /* "nginx -s" only sends a signal */

    if (ngx_process == NGX_PROCESS_SIGNALLER) {
        return NGX_OK;
    }

    if (tmcf->handlers.nelts && ngx_process == NGX_PROCESS_SINGLE
        && !ngx_test_config && ngx_stream_thrift_started)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "handlers cannot be loaded again with "
                      "\"master_process off\"");
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_check_objects(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (tmcf->handlers.nelts == 0 || ngx_test_config) {
        return NGX_OK;
    }

    tmcf->crash = ngx_thrift_crash_create(cf, &tmcf->handlers);

    return tmcf->crash ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_stream_thrift_add_target(ngx_conf_t *cf, ngx_thrift_target_t *target)
{
    u_char                *p;
    ngx_str_t             *service;
    ngx_thrift_handler_t  *handler;
    ngx_thrift_target_t  **targetp;

    handler = target->conf->answer->handler;
    service = &target->service;

    if (handler->service.len == 0) {
        p = ngx_pnalloc(cf->pool, service->len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, service->data, service->len);
        p[service->len] = '\0';

        handler->service.data = p;
        handler->service.len = service->len;
    }

    /* for all other names: a handler may be left with no method at all */

    if (target->method == NULL) {
        return NGX_OK;
    }

    targetp = ngx_array_push(&handler->targets);
    if (targetp == NULL) {
        return NGX_ERROR;
    }

    *targetp = target;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_check_objects(ngx_conf_t *cf)
{
    ngx_str_t                        why;
    ngx_uint_t                       wrong;
    ngx_thrift_handler_t            *handler;
    ngx_thrift_object_t            **object;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    if (ngx_thrift_object_check_all(&tmcf->objects, ngx_thrift_handler_check,
                                    &tmcf->handlers, cf->temp_pool, &wrong,
                                    &why)
        == NGX_OK)
    {
        return NGX_OK;
    }

    object = tmcf->objects.elts;
    handler = ngx_stream_thrift_first_handler(tmcf, object[wrong]);

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "handler \"%V\" cannot be used: %V in %s:%ui",
                  &object[wrong]->path, &why, handler->file_name,
                  handler->line);

    return NGX_ERROR;
}


static ngx_thrift_handler_t *
ngx_stream_thrift_first_handler(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_thrift_object_t *object)
{
    ngx_uint_t              i;
    ngx_thrift_handler_t  **handler;

    handler = tmcf->handlers.elts;

    for (i = 0; handler[i]->object != object; i++) { /* void */ }

    return handler[i];
}


ngx_int_t
ngx_stream_thrift_start_handlers(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_cycle_t *cycle)
{
    ngx_uint_t              i;
    ngx_thrift_handler_t  **handler;

    if (tmcf->handlers.nelts == 0) {
        return NGX_OK;
    }

    ngx_stream_thrift_started = 1;

    ngx_thrift_watch_init(ngx_stream_thrift_asks_cpu_time(cycle));
    ngx_thrift_invocation_init();

    if (ngx_thrift_outbound_init(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_thrift_crash_init(tmcf->crash, cycle->log);

    handler = tmcf->handlers.elts;

    for (i = 0; i < tmcf->handlers.nelts; i++) {
        ngx_thrift_handler_start(handler[i], cycle->log);
    }

    return NGX_OK;
}


void
ngx_stream_thrift_stop_handlers(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t              i;
    ngx_thrift_handler_t  **handler;

    handler = tmcf->handlers.elts;

    for (i = 0; i < tmcf->handlers.nelts; i++) {
        ngx_thrift_handler_stop(handler[i]);
    }

    ngx_thrift_crash_done();
}
