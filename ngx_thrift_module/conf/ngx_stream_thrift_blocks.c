/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The blocks thrift_service and thrift_method, and the directives that say who
 * answers: thrift_pass and thrift_return.
 */

#include "ngx_stream_thrift.h"


static char *ngx_stream_thrift_read_block(ngx_conf_t *cf, ngx_uint_t type,
    ngx_stream_thrift_block_t *parent);
static char *ngx_stream_thrift_check_name(ngx_conf_t *cf);
static ngx_stream_thrift_block_t *ngx_stream_thrift_add_block(ngx_conf_t *cf,
    ngx_stream_thrift_block_t *parent);
static char *ngx_stream_thrift_parse_order(ngx_conf_t *cf,
    ngx_stream_thrift_block_t *block);
static ngx_stream_conf_ctx_t *ngx_stream_thrift_block_ctx(ngx_conf_t *cf,
    ngx_stream_thrift_call_conf_t *tccf);
static ngx_stream_thrift_block_t *ngx_stream_thrift_find_block(
    ngx_array_t *blocks, ngx_str_t *name);
static char *ngx_stream_thrift_take_server(ngx_conf_t *cf);
static char *ngx_stream_thrift_check_answer(ngx_conf_t *cf,
    ngx_stream_thrift_call_conf_t *tccf, ngx_thrift_answer_e kind);
static char *ngx_stream_thrift_no_type(ngx_conf_t *cf, ngx_str_t *value);


char *
ngx_stream_thrift_service(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_srv_conf_t  *tscf = conf;

    char  *rv;

    rv = ngx_stream_thrift_take_server(cf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_stream_thrift_read_block(cf, NGX_STREAM_THRIFT_SERVICE_CONF,
                                        &tscf->block);
}


char *
ngx_stream_thrift_method(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    return ngx_stream_thrift_read_block(cf, NGX_STREAM_THRIFT_METHOD_CONF,
                                        tccf->block);
}


static char *
ngx_stream_thrift_read_block(ngx_conf_t *cf, ngx_uint_t type,
    ngx_stream_thrift_block_t *parent)
{
    char                       *rv;
    ngx_conf_t                  pcf;
    ngx_stream_conf_ctx_t      *ctx;
    ngx_stream_thrift_block_t  *block;

    rv = ngx_stream_thrift_check_name(cf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    block = ngx_stream_thrift_add_block(cf, parent);
    if (block == NULL) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 3) {
        rv = ngx_stream_thrift_parse_order(cf, block);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    ctx = ngx_stream_thrift_block_ctx(cf, block->conf);
    if (ctx == NULL) {
        return NGX_CONF_ERROR;
    }

    pcf = *cf;
    cf->ctx = ctx;
    cf->cmd_type = type;

    rv = ngx_conf_parse(cf, NULL);

    *cf = pcf;

    return rv;
}


static char *
ngx_stream_thrift_check_name(ngx_conf_t *cf)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    if (value[1].len > NTHRIFT_MAX_NAME) {
        return "has a name longer than a call can have";
    }

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, ':')) {
        return "has a name with a \":\", which ends a service's name in calls";
    }

    if (value[1].data[0] == '~'
        || ngx_strlchr(value[1].data, value[1].data + value[1].len, '*'))
    {
        return "takes a name, and no pattern: what is for all others stands "
               "outside of its block";
    }

    if (ngx_thrift_has_control(value[1].data, value[1].len)) {
        return "has a name with a control character, which is refused in "
               "calls";
    }

    return NGX_CONF_OK;
}


/* The parent's new block, named as the directive says; NULL when logged. */

static ngx_stream_thrift_block_t *
ngx_stream_thrift_add_block(ngx_conf_t *cf, ngx_stream_thrift_block_t *parent)
{
    ngx_str_t                   *value;
    ngx_stream_thrift_block_t   *block, *same, **blockp;

    value = cf->args->elts;
    same = ngx_stream_thrift_find_block(parent->inner, &value[1]);

    if (same) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate %V \"%V\", previous in %s:%ui",
                           &value[0], &value[1], same->file_name, same->line);
        return NULL;
    }

    if (parent->inner == NULL) {
        parent->inner = ngx_array_create(cf->pool, 4, sizeof(void *));
        if (parent->inner == NULL) {
            return NULL;
        }
    }

    block = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_block_t));
    blockp = ngx_array_push(parent->inner);

    if (block == NULL || blockp == NULL) {
        return NULL;
    }

    *blockp = block;

    block->name = value[1];
    block->file_name = cf->conf_file->file.name.data;
    block->line = cf->conf_file->line;

    block->conf = ngx_stream_thrift_create_call_conf(cf);
    if (block->conf == NULL) {
        return NULL;
    }

    block->conf->block = block;

    return block;
}


static char *
ngx_stream_thrift_parse_order(ngx_conf_t *cf,
    ngx_stream_thrift_block_t *block)
{
    ngx_int_t   order;
    ngx_str_t  *value;

    value = cf->args->elts;
    order = NGX_ERROR;

    if (ngx_strncmp(value[2].data, "order=", 6) == 0) {
        order = ngx_atoi(value[2].data + 6, value[2].len - 6);
    }

    if (order == NGX_ERROR) {
        return ngx_stream_thrift_bad_parameter(cf, &value[2],
                                               "\"order=\" with a number");
    }

    block->order = order;

    return NGX_CONF_OK;
}


/* What surrounds the block, with its own call_conf. */

static ngx_stream_conf_ctx_t *
ngx_stream_thrift_block_ctx(ngx_conf_t *cf,
    ngx_stream_thrift_call_conf_t *tccf)
{
    void                   **slot;
    ngx_stream_conf_ctx_t   *ctx, *pctx;

    ctx = ngx_pcalloc(cf->pool, sizeof(ngx_stream_conf_ctx_t));
    slot = ngx_palloc(cf->pool, ngx_stream_max_module * sizeof(void *));

    if (ctx == NULL || slot == NULL) {
        return NULL;
    }

    pctx = cf->ctx;

    ngx_memcpy(slot, pctx->srv_conf, ngx_stream_max_module * sizeof(void *));
    slot[ngx_stream_thrift_call_module.ctx_index] = tccf;

    tccf->srv_conf = slot;

    ctx->main_conf = pctx->main_conf;
    ctx->srv_conf = slot;

    return ctx;
}


static ngx_stream_thrift_block_t *
ngx_stream_thrift_find_block(ngx_array_t *blocks, ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_stream_thrift_block_t  **block;

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
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    char                        *rv;
    ngx_url_t                    u;
    ngx_str_t                   *value;
    ngx_stream_complex_value_t  *cv;
    ngx_stream_thrift_answer_t  *answer;

    rv = ngx_stream_thrift_check_answer(cf, tccf, NGX_THRIFT_ANSWER_UPSTREAM);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    if (ngx_stream_thrift_check_address(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cv = ngx_stream_thrift_compile(cf, &value[1]);
    answer = ngx_stream_thrift_add_answer(cf, tccf,
                                          NGX_THRIFT_ANSWER_UPSTREAM);

    if (cv == NULL || answer == NULL) {
        return NGX_CONF_ERROR;
    }

    answer->name = value[1];

    if (cv->lengths) {
        answer->upstream_value = cv;
        return NGX_CONF_OK;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.no_resolve = 1;

    answer->upstream = ngx_stream_upstream_add(cf, &u, 0);
    if (answer->upstream == NULL) {
        return NGX_CONF_ERROR;
    }

    answer->pool = ngx_stream_thrift_add_pool(cf, answer->upstream);

    return (answer->pool == NULL) ? NGX_CONF_ERROR : NGX_CONF_OK;
}


char *
ngx_stream_thrift_return(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    char                        *rv;
    ngx_int_t                    type;
    ngx_str_t                   *value;
    ngx_stream_thrift_answer_t  *answer;

    rv = ngx_stream_thrift_check_answer(cf, tccf, NGX_THRIFT_ANSWER_EXCEPTION);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    type = ngx_stream_thrift_exception_type(&value[1]);

    if (type == NGX_ERROR) {
        return ngx_stream_thrift_no_type(cf, &value[1]);
    }

    answer = ngx_stream_thrift_add_answer(cf, tccf,
                                          NGX_THRIFT_ANSWER_EXCEPTION);
    if (answer == NULL) {
        return NGX_CONF_ERROR;
    }

    answer->answer.exception = type;
    answer->return_text = ngx_stream_thrift_compile(cf, &value[2]);

    return (answer->return_text == NULL) ? NGX_CONF_ERROR : NGX_CONF_OK;
}


/* Whether thrift_pass or thrift_return may stand where it does. */

static char *
ngx_stream_thrift_check_answer(ngx_conf_t *cf,
    ngx_stream_thrift_call_conf_t *tccf, ngx_thrift_answer_e kind)
{
    if (tccf->conf.answer == NGX_CONF_UNSET_PTR) {
        return ngx_stream_thrift_take_server(cf);
    }

    if (tccf->conf.answer->kind == kind) {
        return "is duplicate";
    }

    switch (tccf->conf.answer->kind) {

    case NGX_THRIFT_ANSWER_HANDLER:
        return "cannot stand beside \"thrift_handler\"";

    case NGX_THRIFT_ANSWER_UPSTREAM:
        return "cannot stand beside \"thrift_pass\"";

    case NGX_THRIFT_ANSWER_EXCEPTION:
        return "cannot stand beside \"thrift_return\"";

    case NGX_THRIFT_ANSWER_NOBODY:
        break;
    }

    return NGX_CONF_ERROR;
}


ngx_stream_thrift_answer_t *
ngx_stream_thrift_add_answer(ngx_conf_t *cf,
    ngx_stream_thrift_call_conf_t *tccf, ngx_thrift_answer_e kind)
{
    ngx_stream_thrift_answer_t  *answer;

    answer = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_answer_t));
    if (answer == NULL) {
        return NULL;
    }

    answer->answer.kind = kind;
    tccf->conf.answer = &answer->answer;

    return answer;
}


ngx_int_t
ngx_stream_thrift_exception_type(ngx_str_t *value)
{
    ngx_int_t    type;
    const char  *name;

    for (type = 0; /* void */; type++) {
        name = nthrift_exception_type_name(type);

        if (name == NULL) {
            return NGX_ERROR;
        }

        if (ngx_strcmp(value->data, name) == 0) {
            return type;
        }
    }
}


static char *
ngx_stream_thrift_no_type(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_int_t                     type;
    ngx_str_t                     name;
    ngx_stream_thrift_choices_t   choices;

    choices.len = 0;

    for (type = 0; nthrift_exception_type_name(type); type++) {
        name.data = (u_char *) nthrift_exception_type_name(type);
        name.len = ngx_strlen(name.data);

        ngx_stream_thrift_add_choice(&choices, &name,
                                     nthrift_exception_type_name(type + 1)
                                     == NULL);
    }

    return ngx_stream_thrift_bad_value(cf, value, (char *) choices.text);
}
