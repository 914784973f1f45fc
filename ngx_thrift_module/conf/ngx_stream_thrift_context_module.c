/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A directive in a wrong place.  nginx says that it is not allowed there; this
 * says where it is.  The module has a command for each directive of ours, with
 * the contexts that the directive has not: being the last of the object's
 * modules, it is asked only when no other one has taken the directive.
 */

#include "ngx_stream_thrift.h"


/* As many directives as there may be, and bytes of a text about one. */

#define NGX_STREAM_THRIFT_NAMES         192
#define NGX_STREAM_THRIFT_CONTEXT_TEXT  128

#define NGX_STREAM_THRIFT_CONTEXTS                                            \
    (NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_STREAM_UPS_CONF             \
     |NGX_STREAM_THRIFT_SERVICE_CONF|NGX_STREAM_THRIFT_METHOD_CONF)


typedef struct {
    ngx_uint_t   type;
    ngx_str_t    name;
} ngx_stream_thrift_context_t;

typedef struct {
    ngx_str_t    name;
    ngx_uint_t   type;      /* where it is taken for another one */
    const char  *text;
} ngx_stream_thrift_mistaken_t;


static ngx_int_t ngx_stream_thrift_context_prepare(ngx_conf_t *cf);
static void ngx_stream_thrift_context_add(ngx_module_t *module,
    ngx_uint_t http);
static void ngx_stream_thrift_context_finish(void);
static char *ngx_stream_thrift_misplaced(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_stream_thrift_context_t  ngx_stream_thrift_contexts[] = {
    { NGX_STREAM_MAIN_CONF, ngx_string("stream") },
    { NGX_STREAM_SRV_CONF, ngx_string("server") },
    { NGX_STREAM_UPS_CONF, ngx_string("upstream") },
    { NGX_STREAM_THRIFT_SERVICE_CONF, ngx_string("thrift_service") },
    { NGX_STREAM_THRIFT_METHOD_CONF, ngx_string("thrift_method") },
    { 0, ngx_null_string }
};


/* What others have, and is looked for here. */

static ngx_stream_thrift_mistaken_t  ngx_stream_thrift_mistaken[] = {
    { ngx_string("keepalive"), NGX_STREAM_UPS_CONF,
      ", use \"thrift_keepalive\"" },
    { ngx_string("keepalive_requests"), NGX_STREAM_UPS_CONF,
      ", use \"requests=\" of \"thrift_keepalive\"" },
    { ngx_string("keepalive_timeout"), NGX_STREAM_UPS_CONF,
      ", use \"timeout=\" of \"thrift_keepalive\"" },
    { ngx_string("keepalive_time"), NGX_STREAM_UPS_CONF,
      ", use \"lifetime=\" of \"thrift_keepalive\"" },
    { ngx_string("access_log"),
      NGX_STREAM_THRIFT_SERVICE_CONF|NGX_STREAM_THRIFT_METHOD_CONF,
      ", but in \"stream\" and \"server\"" },
    { ngx_string("allow"),
      NGX_STREAM_THRIFT_SERVICE_CONF|NGX_STREAM_THRIFT_METHOD_CONF,
      ", but in \"stream\" and \"server\"" },
    { ngx_string("deny"),
      NGX_STREAM_THRIFT_SERVICE_CONF|NGX_STREAM_THRIFT_METHOD_CONF,
      ", but in \"stream\" and \"server\"" },
    { ngx_string("listen"),
      NGX_STREAM_THRIFT_SERVICE_CONF|NGX_STREAM_THRIFT_METHOD_CONF,
      ", but in \"server\"" },
    { ngx_null_string, 0, NULL }
};


/* Filled when stream{} begins; `offset` has the right contexts. */

static ngx_command_t  ngx_stream_thrift_misplaced_commands[
                                                NGX_STREAM_THRIFT_NAMES + 1];
static ngx_uint_t     ngx_stream_thrift_nmisplaced;


static ngx_stream_module_t  ngx_stream_thrift_context_module_ctx = {
    ngx_stream_thrift_context_prepare,     /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL                                   /* merge server configuration */
};


ngx_module_t  ngx_stream_thrift_context_module = {
    NGX_MODULE_V1,
    &ngx_stream_thrift_context_module_ctx, /* module context */
    ngx_stream_thrift_misplaced_commands,  /* module directives */
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


static ngx_int_t
ngx_stream_thrift_context_prepare(ngx_conf_t *cf)
{
    ngx_uint_t      i;
    ngx_module_t  **modules;

    if (ngx_stream_thrift_nmisplaced) {
        return NGX_OK;
    }

    ngx_stream_thrift_context_add(&ngx_stream_thrift_module, 0);
    ngx_stream_thrift_context_add(&ngx_stream_thrift_call_module, 0);
    ngx_stream_thrift_context_add(&ngx_stream_thrift_upstream_module, 0);

    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {
        if (ngx_strcmp(modules[i]->name, "ngx_http_thrift_module") == 0) {
            ngx_stream_thrift_context_add(modules[i], 1);
        }
    }

    ngx_stream_thrift_context_finish();

    return NGX_OK;
}


static ngx_command_t *
ngx_stream_thrift_context_find(ngx_str_t *name)
{
    ngx_uint_t      i;
    ngx_command_t  *command;

    command = ngx_stream_thrift_misplaced_commands;

    for (i = 0; i < ngx_stream_thrift_nmisplaced; i++) {
        if (command[i].name.len == name->len
            && ngx_strncmp(command[i].name.data, name->data, name->len) == 0)
        {
            return &command[i];
        }
    }

    if (i == NGX_STREAM_THRIFT_NAMES) {
        return NULL;
    }

    command[i].name = *name;
    command[i].set = ngx_stream_thrift_misplaced;
    command[i].conf = NGX_STREAM_MAIN_CONF_OFFSET;

    ngx_stream_thrift_nmisplaced++;

    return &command[i];
}


/* Those of http are right nowhere in stream. */

static void
ngx_stream_thrift_context_add(ngx_module_t *module, ngx_uint_t http)
{
    ngx_command_t  *cmd, *misplaced;

    for (cmd = module->commands; cmd && cmd->name.len; cmd++) {

        misplaced = ngx_stream_thrift_context_find(&cmd->name);

        if (misplaced == NULL) {
            return;
        }

        if (!http) {
            misplaced->type |= cmd->type & NGX_CONF_BLOCK;
            misplaced->offset |= cmd->type & NGX_STREAM_THRIFT_CONTEXTS;

        } else if (misplaced->offset == 0) {
            misplaced->post = ", but in \"location\" of http";
        }
    }
}


static void
ngx_stream_thrift_context_finish(void)
{
    ngx_uint_t                     i;
    ngx_command_t                 *cmd;
    ngx_stream_thrift_mistaken_t  *mistaken;

    cmd = ngx_stream_thrift_misplaced_commands;

    for (i = 0; i < ngx_stream_thrift_nmisplaced; i++) {
        cmd[i].type |= NGX_CONF_ANY
                       |(NGX_STREAM_THRIFT_CONTEXTS & ~cmd[i].offset);
    }

    for (mistaken = ngx_stream_thrift_mistaken; mistaken->text; mistaken++) {

        cmd = ngx_stream_thrift_context_find(&mistaken->name);

        if (cmd == NULL) {
            return;
        }

        cmd->type = mistaken->type|NGX_CONF_ANY;
        cmd->post = (void *) mistaken->text;
    }
}


static char *
ngx_stream_thrift_misplaced(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_choices_t   choices;
    ngx_stream_thrift_context_t  *context;

    choices.len = 0;
    choices.text[0] = '\0';

    for (context = ngx_stream_thrift_contexts; context->type; context++) {
        if (cmd->offset & context->type) {
            ngx_stream_thrift_add_choice(&choices, &context->name,
                                         cmd->offset < context->type * 2);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" directive is not allowed here%s%s", &cmd->name,
                       cmd->post ? (char *) cmd->post : ", but in ",
                       choices.text);

    return NGX_CONF_ERROR;
}
