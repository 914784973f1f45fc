/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Definitions as the configuration sees them: thrift_idl, thrift_idl_path, and
 * what routes are checked against and take from them.  Reading the files is
 * ngx_thrift_idl.c's.
 */

#include "ngx_stream_thrift.h"


static char *ngx_stream_thrift_add_file(ngx_conf_t *cf, ngx_array_t **files);
static ngx_array_t *ngx_stream_thrift_join(ngx_conf_t *cf, ngx_array_t *first,
    ngx_array_t *second);
static ngx_thrift_idl_t *ngx_stream_thrift_get_idl(ngx_conf_t *cf,
    ngx_array_t *dirs);
static char *ngx_stream_thrift_no_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server,
    ngx_stream_thrift_block_t *block);
static ngx_int_t ngx_stream_thrift_check_text(ngx_conf_t *cf,
    ngx_stream_core_srv_conf_t *cscf, ngx_stream_thrift_srv_conf_t *tscf,
    ngx_thrift_conf_t *conf);
static void ngx_stream_thrift_annotate(ngx_thrift_target_t *target,
    nthrift_idl_method_t *method);


char *
ngx_stream_thrift_idl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    return ngx_stream_thrift_add_file(cf, &tscf->files);
}


char *
ngx_stream_thrift_idl_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    char                      *rv;
    ngx_str_t                 *value;
    ngx_file_info_t            fi;
    ngx_stream_thrift_file_t  *dir;

    rv = ngx_stream_thrift_add_file(cf, &tscf->dirs);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    /* it may be there at the next reload */

    dir = tscf->dirs->elts;
    dir += tscf->dirs->nelts - 1;

    if (ngx_file_info(dir->name.data, &fi) == NGX_FILE_ERROR
        || !ngx_is_dir(&fi))
    {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "there is no directory \"%V\" for \"%V\"",
                           &dir->name, &value[0]);
    }

    return NGX_CONF_OK;
}


/* Relative to the configuration file's directory, like "include". */

static char *
ngx_stream_thrift_add_file(ngx_conf_t *cf, ngx_array_t **files)
{
    ngx_str_t                 *value;
    ngx_stream_thrift_file_t  *file;

    if (*files == NULL) {
        *files = ngx_array_create(cf->pool, 4,
                                  sizeof(ngx_stream_thrift_file_t));
        if (*files == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    file = ngx_array_push(*files);
    if (file == NULL) {
        return NGX_CONF_ERROR;
    }

    file->name = value[1];
    file->file_name = cf->conf_file->file.name.data;
    file->line = cf->conf_file->line;

    if (ngx_conf_full_name(cf->cycle, &file->name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_stream_thrift_merge_files(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *prev, ngx_stream_thrift_srv_conf_t *conf)
{
    conf->files = ngx_stream_thrift_join(cf, prev->files, conf->files);
    conf->dirs = ngx_stream_thrift_join(cf, prev->dirs, conf->dirs);

    if (conf->files == NULL || conf->dirs == NULL) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* Each of them may be NULL. */

static ngx_array_t *
ngx_stream_thrift_join(ngx_conf_t *cf, ngx_array_t *first,
    ngx_array_t *second)
{
    void         *p;
    ngx_uint_t    i;
    ngx_array_t  *all, *parts[2];

    all = ngx_array_create(cf->pool, 4, sizeof(ngx_stream_thrift_file_t));
    if (all == NULL) {
        return NULL;
    }

    parts[0] = first;
    parts[1] = second;

    for (i = 0; i < 2; i++) {

        if (parts[i] == NULL || parts[i]->nelts == 0) {
            continue;
        }

        p = ngx_array_push_n(all, parts[i]->nelts);
        if (p == NULL) {
            return NULL;
        }

        ngx_memcpy(p, parts[i]->elts, parts[i]->nelts * parts[i]->size);
    }

    return all;
}


char *
ngx_stream_thrift_load_files(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf)
{
    ngx_uint_t                  i;
    ngx_thrift_idl_t           *idl;
    nthrift_idl_program_t     **program;
    ngx_stream_thrift_file_t   *file;

    if (ngx_array_init(&tscf->programs, cf->pool, 4, sizeof(void *))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (tscf->files->nelts == 0) {
        return NGX_CONF_OK;
    }

    idl = ngx_stream_thrift_get_idl(cf, tscf->dirs);
    if (idl == NULL) {
        return NGX_CONF_ERROR;
    }

    file = tscf->files->elts;

    for (i = 0; i < tscf->files->nelts; i++) {

        program = ngx_array_push(&tscf->programs);
        if (program == NULL) {
            return NGX_CONF_ERROR;
        }

        *program = ngx_thrift_idl_load(idl, &file[i].name, cf->log);

        if (*program == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"thrift_idl\" failed%s in %s:%ui",
                          strpbrk((char *) file[i].name.data, "*?[")
                              ? ", it names one file: \"*\", \"?\" and \"[\" "
                                "are not expanded" : "",
                          file[i].file_name, file[i].line);
            return NGX_CONF_ERROR;
        }
    }

    return (ngx_thrift_idl_check(idl, cf->log) == NGX_OK) ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


void
ngx_stream_thrift_warn_services(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf)
{
    ngx_uint_t                    i;
    nthrift_idl_def_t            *def;
    nthrift_idl_program_t       **program;
    ngx_stream_thrift_file_t     *file;
    ngx_stream_core_srv_conf_t   *cscf;

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    program = tscf->programs.elts;

    for (i = 0; i < tscf->programs.nelts; i++) {
        for (def = program[i]->defs; def; def = def->next) {
            if (def->kind == NTHRIFT_IDL_DEF_SERVICE) {
                return;
            }
        }
    }

    file = tscf->files->elts;

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"thrift_idl\" defines no service, so that each call to the "
                  "server in %s:%ui is one of an unknown method, in %s:%ui",
                  cscf->file_name, cscf->line, file->file_name, file->line);
}


/* One for each list of directories: its files are read once. */

static ngx_thrift_idl_t *
ngx_stream_thrift_get_idl(ngx_conf_t *cf, ngx_array_t *dirs)
{
    ngx_uint_t                       i, k;
    ngx_array_t                      names;
    ngx_str_t                       *name;
    nthrift_loader_t                *loader;
    ngx_thrift_idl_t               **idl;
    ngx_stream_thrift_file_t        *dir;
    ngx_stream_thrift_main_conf_t   *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    idl = tmcf->idls.elts;
    dir = dirs->elts;

    for (i = 0; i < tmcf->idls.nelts; i++) {

        loader = &idl[i]->loader;

        if (loader->n_dirs != dirs->nelts) {
            continue;
        }

        for (k = 0; k < dirs->nelts; k++) {
            if (loader->dirs[k].len != dir[k].name.len
                || ngx_memcmp(loader->dirs[k].data, dir[k].name.data,
                              dir[k].name.len)
                   != 0)
            {
                break;
            }
        }

        if (k == dirs->nelts) {
            return idl[i];
        }
    }

    if (ngx_array_init(&names, cf->temp_pool, 4, sizeof(ngx_str_t)) != NGX_OK) {
        return NULL;
    }

    for (k = 0; k < dirs->nelts; k++) {
        name = ngx_array_push(&names);
        if (name == NULL) {
            return NULL;
        }

        *name = dir[k].name;
    }

    idl = ngx_array_push(&tmcf->idls);
    if (idl == NULL) {
        return NULL;
    }

    *idl = ngx_thrift_idl_create(&names, cf->pool);

    return *idl;
}


char *
ngx_stream_thrift_find_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server, ngx_stream_thrift_block_t *block,
    nthrift_idl_service_t **service)
{
    ngx_uint_t               i;
    nthrift_str_t            name;
    nthrift_idl_program_t  **program;

    *service = NULL;

    if (server->programs.nelts == 0) {
        return NGX_CONF_OK;
    }

    name.len = block->name.len;
    name.data = block->name.data;

    program = server->programs.elts;

    for (i = 0; i < server->programs.nelts; i++) {

        *service = nthrift_map_find(&program[i]->services, &name);

        if (*service) {
            return NGX_CONF_OK;
        }
    }

    return ngx_stream_thrift_no_service(cf, server, block);
}


static char *
ngx_stream_thrift_no_service(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *server, ngx_stream_thrift_block_t *block)
{
    ngx_uint_t               i;
    nthrift_str_t            name;
    nthrift_suggest_t        suggest;
    nthrift_idl_def_t       *def;
    nthrift_idl_program_t  **program;

    name.len = block->name.len;
    name.data = block->name.data;

    nthrift_suggest_init(&suggest, &name);

    program = server->programs.elts;

    for (i = 0; i < server->programs.nelts; i++) {
        for (def = program[i]->defs; def; def = def->next) {
            if (def->kind == NTHRIFT_IDL_DEF_SERVICE) {
                nthrift_suggest_try(&suggest, &def->name);
            }
        }
    }

    if (suggest.best) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no service \"%V\" is defined (did you mean \"%*s\"?) "
                      "in %s:%ui", &block->name, suggest.best->len,
                      suggest.best->data, block->file_name, block->line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no service \"%V\" is defined by \"thrift_idl\" "
                      "in %s:%ui", &block->name, block->file_name, block->line);
    }

    return NGX_CONF_ERROR;
}


char *
ngx_stream_thrift_find_method(ngx_conf_t *cf, nthrift_idl_service_t *service,
    ngx_stream_thrift_block_t *block, nthrift_idl_method_t **method)
{
    nthrift_str_t         name;
    const nthrift_str_t  *best;

    *method = NULL;

    if (service == NULL) {
        return NGX_CONF_OK;
    }

    name.len = block->name.len;
    name.data = block->name.data;

    *method = nthrift_idl_method(service, &name);

    if (*method) {
        return NGX_CONF_OK;
    }

    best = nthrift_suggest_method(service, &name);

    if (best) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no method \"%V\" in service \"%*s\" "
                      "(did you mean \"%*s\"?) in %s:%ui",
                      &block->name, service->def.name.len,
                      service->def.name.data, best->len, best->data,
                      block->file_name, block->line);

    } else {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no method \"%V\" in service \"%*s\" in %s:%ui",
                      &block->name, service->def.name.len,
                      service->def.name.data, block->file_name, block->line);
    }

    return NGX_CONF_ERROR;
}


char *
ngx_stream_thrift_define(ngx_conf_t *cf, ngx_thrift_target_t *target,
    nthrift_idl_method_t *method)
{
    nthrift_schema_set_t           *schemas;
    ngx_stream_thrift_main_conf_t  *tmcf;

    if (method == NULL) {
        return NGX_CONF_OK;
    }

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);
    schemas = &tmcf->schemas;

    target->method = method;
    target->name.len = method->name.len;
    target->name.data = method->name.data;

    target->args = nthrift_schema_build(schemas, method->args);
    if (target->args == NULL) {
        return NGX_CONF_ERROR;
    }

    if (method->result) {
        target->result = nthrift_schema_build(schemas, method->result);
        if (target->result == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    ngx_stream_thrift_annotate(target, method);

    return NGX_CONF_OK;
}


/*
 * Annotations are defaults of directives: a directive wins.  They were checked
 * when their files were loaded.
 */

static void
ngx_stream_thrift_annotate(ngx_thrift_target_t *target,
    nthrift_idl_method_t *method)
{
    nthrift_annotation_t             a;
    const nthrift_idl_annotation_t  *bad;

    (void) nthrift_annotation_read(method, &a, &bad);

    if (a.timeout != NTHRIFT_ANNOTATION_UNSET
        && target->conf->timeout == NGX_CONF_UNSET_MSEC)
    {
        target->timeout = a.timeout;
    }

    if (a.idempotent != NTHRIFT_ANNOTATION_UNSET
        && target->conf->idempotent == NGX_CONF_UNSET)
    {
        target->idempotent = a.idempotent;
    }

    if (a.stateful != NTHRIFT_ANNOTATION_UNSET
        && target->conf->stateful == NGX_CONF_UNSET)
    {
        target->stateful = a.stateful;
    }
}


void
ngx_stream_thrift_add_check(ngx_conf_t *cf, ngx_stream_thrift_srv_conf_t *tscf)
{
    nthrift_check_rules_t          *check;
    ngx_stream_thrift_main_conf_t  *tmcf;

    if (tscf->programs.nelts == 0) {
        return;
    }

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    check = &tscf->messages.check;
    check->max_required = tmcf->schemas.max_required;
    tscf->messages.check_reply.max_required = check->max_required;

    tscf->messages.check_memory = &tmcf->check_memory;
    tmcf->check_size = ngx_max(tmcf->check_size, nthrift_check_size(check));
    tmcf->check_size = ngx_max(tmcf->check_size,
                               nthrift_prune_size(check->max_depth));
}


ngx_int_t
ngx_stream_thrift_init_checks(ngx_conf_t *cf)
{
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    if (tmcf->check_size == 0) {
        return NGX_OK;
    }

    tmcf->check_memory = ngx_pmemalign(cf->pool, tmcf->check_size, 16);

    return tmcf->check_memory ? NGX_OK : NGX_ERROR;
}


/* JSON is translated by definitions, and this server has none. */

ngx_int_t
ngx_stream_thrift_check_texts(ngx_conf_t *cf)
{
    ngx_uint_t                       i, k;
    ngx_thrift_target_t            **target;
    ngx_stream_core_srv_conf_t     **cscf;
    ngx_stream_core_main_conf_t     *cmcf;
    ngx_stream_thrift_srv_conf_t    *tscf;
    ngx_stream_thrift_main_conf_t   *tmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    cscf = cmcf->servers.elts;
    target = tmcf->targets.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {

        tscf = cscf[i]->ctx->srv_conf[ngx_stream_thrift_module.ctx_index];

        if (cscf[i]->handler != ngx_stream_thrift_handler
            || tscf->programs.nelts)
        {
            continue;
        }

        for (k = 0; k < tmcf->targets.nelts; k++) {

            if (target[k]->conf->messages == &tscf->messages
                && ngx_stream_thrift_check_text(cf, cscf[i], tscf,
                                                target[k]->conf)
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* Which upstream variables name is not known before a call comes. */

static ngx_int_t
ngx_stream_thrift_check_text(ngx_conf_t *cf, ngx_stream_core_srv_conf_t *cscf,
    ngx_stream_thrift_srv_conf_t *tscf, ngx_thrift_conf_t *conf)
{
    ngx_uint_t                   protocol;
    ngx_stream_thrift_answer_t  *answer;

    answer = (ngx_stream_thrift_answer_t *) conf->answer;

    if (conf->answer->kind != NGX_THRIFT_ANSWER_UPSTREAM
        || answer->pool == NULL
        || answer->pool->idle.protocol == tscf->protocol)
    {
        return NGX_OK;
    }

    protocol = answer->pool->idle.protocol;

    if (protocol != NTHRIFT_PROTOCOL_AUTO
        && nthrift_protocols[protocol]->text)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"thrift_upstream_protocol %s\" of upstream \"%V\" "
                      "needs a \"thrift_idl\" for the server in %s:%ui, "
                      "unless that has \"thrift_protocol %s\"",
                      nthrift_protocol_name(protocol), &answer->pool->idle.name,
                      cscf->file_name, cscf->line,
                      nthrift_protocol_name(protocol));
        return NGX_ERROR;
    }

    if (tscf->protocol == NTHRIFT_JSON && protocol != NTHRIFT_PROTOCOL_AUTO) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"thrift_protocol json\" needs a \"thrift_idl\" for "
                      "the server in %s:%ui, as upstream \"%V\" has "
                      "\"thrift_upstream_protocol %s\"",
                      cscf->file_name, cscf->line, &answer->pool->idle.name,
                      nthrift_protocol_name(protocol));
        return NGX_ERROR;
    }

    return NGX_OK;
}
