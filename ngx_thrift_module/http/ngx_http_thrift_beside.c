/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What else answers requests in a location of ours: nginx would take the last
 * directive that does, and "return" before all of them, without a word.
 *
 * nginx tells a module nothing of the directives of others.  So while http{} is
 * read, the table of directives that has "return" is replaced by a copy, whose
 * function takes a note and calls the right one.
 */

#include "ngx_http_thrift.h"


static ngx_command_t *ngx_http_thrift_beside_find(ngx_command_t *commands);
static void ngx_http_thrift_beside_restore(void *data);
static char *ngx_http_thrift_beside_return(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* The module, and its own table; NULL: it has it. */

static ngx_module_t   *ngx_http_thrift_beside_module;
static ngx_command_t  *ngx_http_thrift_beside_commands;


ngx_int_t
ngx_http_thrift_watch_return(ngx_conf_t *cf)
{
    ngx_uint_t           i, n;
    ngx_module_t       **modules;
    ngx_command_t       *commands, *copies;
    ngx_pool_cleanup_t  *cln;

    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {
        if (ngx_strcmp(modules[i]->name, "ngx_http_rewrite_module") == 0) {
            break;
        }
    }

    if (modules[i] == NULL) {
        return NGX_OK;
    }

    /* when reading fails, the pool is all that is heard of */

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_thrift_beside_restore;

    commands = modules[i]->commands;

    for (n = 0; commands[n].name.len; n++) { /* void */ }

    copies = ngx_palloc(cf->pool, (n + 1) * sizeof(ngx_command_t));
    if (copies == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(copies, commands, (n + 1) * sizeof(ngx_command_t));

    ngx_http_thrift_beside_module = modules[i];
    ngx_http_thrift_beside_commands = commands;
    modules[i]->commands = copies;

    ngx_http_thrift_beside_find(copies)->set = ngx_http_thrift_beside_return;

    return NGX_OK;
}


/* That of "return"; without one, the end of the table. */

static ngx_command_t *
ngx_http_thrift_beside_find(ngx_command_t *commands)
{
    ngx_command_t  *cmd;

    for (cmd = commands; cmd->name.len; cmd++) {
        if (ngx_strcmp(cmd->name.data, "return") == 0) {
            break;
        }
    }

    return cmd;
}


ngx_int_t
ngx_http_thrift_unwatch_return(ngx_conf_t *cf)
{
    ngx_http_thrift_beside_restore(NULL);

    return NGX_OK;
}


static void
ngx_http_thrift_beside_restore(void *data)
{
    if (ngx_http_thrift_beside_commands) {
        ngx_http_thrift_beside_module->commands =
                                             ngx_http_thrift_beside_commands;
        ngx_http_thrift_beside_commands = NULL;
    }
}


/* In "if", and in server{}, it answers some requests only, or all. */

static char *
ngx_http_thrift_beside_return(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_thrift_loc_conf_t  *tlcf;

    if (cf->cmd_type == NGX_HTTP_LOC_CONF) {
        tlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_thrift_module);
        tlcf->returns = 1;
    }

    cmd = ngx_http_thrift_beside_find(ngx_http_thrift_beside_commands);

    return cmd->set(cf, cmd, conf);
}


ngx_http_thrift_server_t *
ngx_http_thrift_claim(ngx_conf_t *cf, ngx_http_thrift_loc_conf_t *tlcf,
    ngx_http_handler_pt handler)
{
    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;

    if (tlcf->server) {
        if (ngx_strcmp(tlcf->server->directive.data, value[0].data) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" directive is duplicate", &value[0]);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" directive cannot stand beside \"%V\"",
                               &value[0], &tlcf->server->directive);
        }

        return NULL;
    }

    tlcf->server = ngx_http_thrift_add_server(cf);

    if (tlcf->server == NULL) {
        return NULL;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    tlcf->others = (clcf->handler != NULL);
    tlcf->handler = handler;
    clcf->handler = handler;

    return tlcf->server;
}


ngx_int_t
ngx_http_thrift_check_claim(ngx_conf_t *cf, ngx_http_thrift_loc_conf_t *tlcf)
{
    const char                *other;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (tlcf->returns) {
        other = "\"return\"";

    } else if (tlcf->others || clcf->handler != tlcf->handler) {
        other = "another one that answers requests, such as \"proxy_pass\"";

    } else {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"%V\" directive cannot stand beside %s in %s:%ui",
                  &tlcf->server->directive, other, tlcf->server->file_name,
                  tlcf->server->line);

    return NGX_ERROR;
}
