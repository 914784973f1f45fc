/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The module for what belongs to a call: its directives, and merging them from
 * stream{} to servers, services and methods.  Directives stand in the order of
 * docs/directives.md.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_MIN_MEMORY  65536

/* Bytes that one call may take in a handler. */

#define NGX_STREAM_THRIFT_HANDLER_MEMORY  (64 * 1024 * 1024)

/* Where a directive may stand. */

#define NGX_STREAM_THRIFT_BLOCKS                                              \
    NGX_STREAM_THRIFT_SERVICE_CONF|NGX_STREAM_THRIFT_METHOD_CONF

#define NGX_STREAM_THRIFT_ANSWER                                              \
    NGX_STREAM_SRV_CONF|NGX_STREAM_THRIFT_BLOCKS

#define NGX_STREAM_THRIFT_CALLS                                               \
    NGX_STREAM_MAIN_CONF|NGX_STREAM_THRIFT_ANSWER

#define ngx_stream_thrift_offset(field)                                       \
    offsetof(ngx_stream_thrift_call_conf_t, conf.field)


static char *ngx_stream_thrift_merge_calls(ngx_conf_t *cf, void *parent,
    void *child);
static void ngx_stream_thrift_merge_call_conf(
    ngx_stream_thrift_call_conf_t *prev, ngx_stream_thrift_call_conf_t *conf);
static void ngx_stream_thrift_warn_unknown_fields(ngx_conf_t *cf,
    ngx_thrift_conf_t *conf);
static void ngx_stream_thrift_tell_unshared(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf, ngx_stream_thrift_block_t *block,
    ngx_thrift_answer_t *outer);
static void ngx_stream_thrift_merge_blocks(ngx_stream_thrift_block_t *block);
static char *ngx_stream_thrift_next_upstream_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_stream_thrift_hedge(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_stream_thrift_check_memory(ngx_conf_t *cf, void *post,
    void *data);


/* Who answers when no directive says it. */

static ngx_thrift_answer_t  ngx_stream_thrift_nobody = {
    NGX_THRIFT_ANSWER_NOBODY, NULL, 0
};


static ngx_conf_bitmask_t  ngx_stream_thrift_next_upstream[] = {
    { ngx_string("error"), NGX_THRIFT_RETRY_ERROR },
    { ngx_string("timeout"), NGX_THRIFT_RETRY_TIMEOUT },
    { ngx_string("exception"), NGX_THRIFT_RETRY_EXCEPTION },
    { ngx_string("overloaded"), NGX_THRIFT_RETRY_OVERLOADED },
    { ngx_string("non_idempotent"), NGX_THRIFT_RETRY_NON_IDEMPOTENT },
    { ngx_string("off"), NGX_THRIFT_RETRY_OFF },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_balances[] = {
    { ngx_string("call"), NGX_THRIFT_BALANCE_CALL },
    { ngx_string("connection"), NGX_THRIFT_BALANCE_CONNECTION },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_stream_thrift_unknown_fields[] = {
    { ngx_string("pass"), NTHRIFT_CHECK_PASS },
    { ngx_string("drop"), NTHRIFT_CHECK_DROP },
    { ngx_string("refuse"), NTHRIFT_CHECK_REFUSE },
    { ngx_null_string, 0 }
};


static ngx_conf_post_t  ngx_stream_thrift_memory_post = {
    ngx_stream_thrift_check_memory
};


static ngx_command_t  ngx_stream_thrift_call_commands[] = {

    /* who answers */

    { ngx_string("thrift_method"),
      NGX_STREAM_THRIFT_SERVICE_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_stream_thrift_method,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_handler"),
      NGX_STREAM_THRIFT_BLOCKS|NGX_CONF_1MORE,
      ngx_stream_thrift_handler_directive,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_pass"),
      NGX_STREAM_THRIFT_ANSWER|NGX_CONF_TAKE1,
      ngx_stream_thrift_pass,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_return"),
      NGX_STREAM_THRIFT_ANSWER|NGX_CONF_TAKE2,
      ngx_stream_thrift_return,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    /* wire */

    { ngx_string("thrift_unknown_fields"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(unknown_fields),
      &ngx_stream_thrift_unknown_fields },

    { ngx_string("thrift_set_header"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE2,
      ngx_stream_thrift_set_header,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_trace_sample"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_trace_sample,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_status_arguments"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_call_conf_t, status_arguments),
      NULL },

    /* time */

    { ngx_string("thrift_timeout"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(timeout),
      NULL },

    { ngx_string("thrift_connect_timeout"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(connect_timeout),
      NULL },

    { ngx_string("thrift_send_timeout"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(send_timeout),
      NULL },

    { ngx_string("thrift_attempt_timeout"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(attempt_timeout),
      NULL },

    { ngx_string("thrift_ignore_client_abort"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(ignore_client_abort),
      NULL },

    /* limits */

    { ngx_string("thrift_limit_calls_zone"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_stream_thrift_limit_calls_zone,
      0,
      0,
      NULL },

    { ngx_string("thrift_limit_calls"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE2,
      ngx_stream_thrift_limit_calls,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_limit_zone"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_TAKE3,
      ngx_stream_thrift_limit_zone,
      0,
      0,
      NULL },

    { ngx_string("thrift_limit_rate"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE123,
      ngx_stream_thrift_limit_rate,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_limit_rate_dry_run"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_thrift_call_conf_t, rate_dry_run),
      NULL },

    { ngx_string("thrift_max_concurrent"),
      NGX_STREAM_THRIFT_ANSWER|NGX_CONF_TAKE1234,
      ngx_stream_thrift_max_concurrent,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_mirror"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE123,
      ngx_stream_thrift_mirror_directive,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_fault"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE123,
      ngx_stream_thrift_fault,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_handler_memory"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_size,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(handler_memory),
      &ngx_stream_thrift_memory_post },

    { ngx_string("thrift_handler_slow"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(handler_slow),
      NULL },

    /* failing over */

    { ngx_string("thrift_next_upstream"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_1MORE,
      ngx_stream_thrift_next_upstream_directive,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(next_upstream),
      &ngx_stream_thrift_next_upstream },

    { ngx_string("thrift_next_upstream_tries"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_num,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(next_upstream_tries),
      NULL },

    { ngx_string("thrift_next_upstream_timeout"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE1,
      ngx_stream_thrift_set_msec,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(next_upstream_timeout),
      NULL },

    { ngx_string("thrift_hedge"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_TAKE12,
      ngx_stream_thrift_hedge,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("thrift_idempotent"),
      NGX_STREAM_THRIFT_CALLS|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(idempotent),
      NULL },

    /* state that servers keep with a connection */

    { ngx_string("thrift_balance"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_STREAM_THRIFT_SERVICE_CONF
                          |NGX_CONF_TAKE1,
      ngx_stream_thrift_set_enum,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(balance),
      &ngx_stream_thrift_balances },

    { ngx_string("thrift_stateful"),
      NGX_STREAM_THRIFT_METHOD_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      ngx_stream_thrift_offset(stateful),
      NULL },

      ngx_null_command
};


static ngx_stream_module_t  ngx_stream_thrift_call_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_stream_thrift_create_call_conf,    /* create server configuration */
    ngx_stream_thrift_merge_calls          /* merge server configuration */
};


ngx_module_t  ngx_stream_thrift_call_module = {
    NGX_MODULE_V1,
    &ngx_stream_thrift_call_module_ctx,    /* module context */
    ngx_stream_thrift_call_commands,       /* module directives */
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


void *
ngx_stream_thrift_create_call_conf(ngx_conf_t *cf)
{
    ngx_stream_thrift_call_conf_t  *tccf;

    tccf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_call_conf_t));
    if (tccf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     tccf->srv_conf = NULL;
     *     tccf->block = NULL;
     *     tccf->hedge = NULL;
     *     tccf->conf.attempt_deadlines = NULL;
     *     tccf->conf.next_upstream = 0;
     *     tccf->conf.hedges = NULL;
     */

    tccf->limits = NGX_CONF_UNSET_PTR;
    tccf->rates = NGX_CONF_UNSET_PTR;
    tccf->rate_dry_run = NGX_CONF_UNSET;
    tccf->mirror = NGX_CONF_UNSET_PTR;
    tccf->headers = NGX_CONF_UNSET_PTR;
    tccf->trace_sample = NGX_CONF_UNSET_PTR;
    tccf->status_arguments = NGX_CONF_UNSET;
    tccf->conf.messages = NGX_CONF_UNSET_PTR;
    tccf->conf.answer = NGX_CONF_UNSET_PTR;
    tccf->conf.unknown_fields = NGX_CONF_UNSET_UINT;
    tccf->conf.timeout = NGX_CONF_UNSET_MSEC;
    tccf->conf.connect_timeout = NGX_CONF_UNSET_MSEC;
    tccf->conf.send_timeout = NGX_CONF_UNSET_MSEC;
    tccf->conf.attempt_timeout = NGX_CONF_UNSET_MSEC;
    tccf->conf.ignore_client_abort = NGX_CONF_UNSET;
    tccf->conf.gate = NGX_CONF_UNSET_PTR;
    tccf->conf.fault = NGX_CONF_UNSET_PTR;
    tccf->conf.handler_memory = NGX_CONF_UNSET_SIZE;
    tccf->conf.handler_slow = NGX_CONF_UNSET_MSEC;
    tccf->conf.next_upstream_tries = NGX_CONF_UNSET_UINT;
    tccf->conf.next_upstream_timeout = NGX_CONF_UNSET_MSEC;
    tccf->conf.hedge = NGX_CONF_UNSET_MSEC;
    tccf->conf.hedge_percent = NGX_CONF_UNSET_UINT;
    tccf->conf.idempotent = NGX_CONF_UNSET;
    tccf->conf.balance = NGX_CONF_UNSET_UINT;
    tccf->conf.stateful = NGX_CONF_UNSET;

    return tccf;
}


/* Of stream{} into those of a server and of all its blocks. */

static char *
ngx_stream_thrift_merge_calls(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_stream_thrift_call_conf_t  *prev = parent;
    ngx_stream_thrift_call_conf_t  *conf = child;

    ngx_stream_conf_ctx_t         *ctx;
    ngx_stream_thrift_srv_conf_t  *tscf;

    ctx = cf->ctx;
    tscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_thrift_module);

    if (tscf->programs.nelts == 0) {
        ngx_stream_thrift_warn_unknown_fields(cf, &conf->conf);
    }

    conf->srv_conf = ctx->srv_conf;
    conf->conf.messages = &tscf->messages;
    conf->block = &tscf->block;
    conf->block->conf = conf;

    ngx_stream_thrift_merge_call_conf(prev, conf);
    ngx_stream_thrift_merge_blocks(conf->block);

    if (ngx_stream_thrift_build_routes(cf, tscf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_stream_thrift_add_check(cf, tscf);

    if (!tscf->messages.schema && !tscf->messages.trusted) {
        ngx_stream_thrift_tell_unshared(cf, tscf, conf->block, NULL);
    }

    return NGX_CONF_OK;
}


/* What the server itself says: that of stream{} is for other servers, too. */

static void
ngx_stream_thrift_warn_unknown_fields(ngx_conf_t *cf, ngx_thrift_conf_t *conf)
{
    ngx_stream_core_srv_conf_t  *cscf;

    if (conf->unknown_fields == NGX_CONF_UNSET_UINT
        || conf->unknown_fields == NTHRIFT_CHECK_PASS)
    {
        return;
    }

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"thrift_unknown_fields\" has no effect without a "
                  "\"thrift_idl\" for the server in %s:%ui",
                  cscf->file_name, cscf->line);
}


/*
 * That each client has connections of its own is what an operator wants to
 * know: once for each directive "thrift_pass".
 */

static void
ngx_stream_thrift_tell_unshared(ngx_conf_t *cf,
    ngx_stream_thrift_srv_conf_t *tscf, ngx_stream_thrift_block_t *block,
    ngx_thrift_answer_t *outer)
{
    ngx_uint_t                   i;
    ngx_thrift_answer_t         *answer;
    ngx_stream_thrift_block_t  **inner;
    ngx_stream_core_srv_conf_t  *cscf;

    answer = block->conf->conf.answer;

    if (answer->kind == NGX_THRIFT_ANSWER_UPSTREAM && answer != outer) {
        cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

        ngx_log_error(NGX_LOG_NOTICE, cf->log, 0,
                      "connections to \"%V\" are not shared by clients of the "
                      "server in %s:%ui: its calls are not checked as %s, see "
                      "\"thrift_trusted\"",
                      &((ngx_stream_thrift_answer_t *) answer)->name,
                      cscf->file_name, cscf->line,
                      tscf->programs.nelts
                          ? "\"thrift_validate\" is not \"schema\""
                          : "it has no \"thrift_idl\"");
    }

    if (block->inner == NULL) {
        return;
    }

    inner = block->inner->elts;

    for (i = 0; i < block->inner->nelts; i++) {
        ngx_stream_thrift_tell_unshared(cf, tscf, inner[i], answer);
    }
}


/* For what no directive says, the definition of a method may have something. */

static void
ngx_stream_thrift_merge_call_conf(ngx_stream_thrift_call_conf_t *prev,
    ngx_stream_thrift_call_conf_t *conf)
{
    ngx_thrift_conf_t  *p, *c;

    ngx_conf_merge_ptr_value(conf->limits, prev->limits, NULL);
    ngx_conf_merge_ptr_value(conf->rates, prev->rates, NULL);
    ngx_conf_merge_value(conf->rate_dry_run, prev->rate_dry_run, 0);
    ngx_conf_merge_ptr_value(conf->mirror, prev->mirror, NULL);
    ngx_conf_merge_ptr_value(conf->headers, prev->headers, NULL);
    ngx_conf_merge_ptr_value(conf->trace_sample, prev->trace_sample, NULL);
    ngx_conf_merge_value(conf->status_arguments, prev->status_arguments, 1);

    p = &prev->conf;
    c = &conf->conf;

    ngx_conf_merge_ptr_value(c->messages, p->messages, NULL);
    ngx_conf_merge_ptr_value(c->answer, p->answer, &ngx_stream_thrift_nobody);

    ngx_conf_merge_uint_value(c->unknown_fields, p->unknown_fields,
                              NTHRIFT_CHECK_PASS);

    ngx_conf_merge_msec_value(c->timeout, p->timeout, NGX_CONF_UNSET_MSEC);
    ngx_conf_merge_msec_value(c->connect_timeout, p->connect_timeout, 60000);
    ngx_conf_merge_msec_value(c->send_timeout, p->send_timeout, 60000);
    ngx_conf_merge_msec_value(c->attempt_timeout, p->attempt_timeout, 0);

    ngx_conf_merge_value(c->ignore_client_abort, p->ignore_client_abort, 0);

    ngx_conf_merge_ptr_value(c->gate, p->gate, NULL);
    ngx_conf_merge_ptr_value(c->fault, p->fault, NULL);

    ngx_conf_merge_size_value(c->handler_memory, p->handler_memory,
                              NGX_STREAM_THRIFT_HANDLER_MEMORY);
    ngx_conf_merge_msec_value(c->handler_slow, p->handler_slow,
                              NGX_THRIFT_WATCH_SLOW);

    ngx_conf_merge_bitmask_value(c->next_upstream, p->next_upstream,
                                 NGX_CONF_BITMASK_SET|NGX_THRIFT_RETRY_ERROR);
    ngx_conf_merge_uint_value(c->next_upstream_tries, p->next_upstream_tries,
                              0);
    ngx_conf_merge_msec_value(c->next_upstream_timeout,
                              p->next_upstream_timeout, 0);

    if (c->hedge == NGX_CONF_UNSET_MSEC) {
        conf->hedge = prev->hedge;
        c->hedge_percent = p->hedge_percent;
    }

    ngx_conf_merge_msec_value(c->hedge, p->hedge, 0);

    ngx_conf_merge_value(c->idempotent, p->idempotent, NGX_CONF_UNSET);
    ngx_conf_merge_uint_value(c->balance, p->balance, NGX_THRIFT_BALANCE_CALL);

    c->validates = (c->answer->handler || (c->messages && c->messages->schema));
    c->waits = (c->gate || c->fault || conf->rates || conf->mirror);
}


/* Into the blocks in this one, and so on. */

static void
ngx_stream_thrift_merge_blocks(ngx_stream_thrift_block_t *block)
{
    ngx_uint_t                   i;
    ngx_stream_thrift_block_t  **inner;

    if (block->inner == NULL) {
        return;
    }

    inner = block->inner->elts;

    for (i = 0; i < block->inner->nelts; i++) {
        ngx_stream_thrift_merge_call_conf(block->conf, inner[i]->conf);
        ngx_stream_thrift_merge_blocks(inner[i]);
    }
}


/* Nothing stands beside "off", and the directive once: as with enumerations. */

static char *
ngx_stream_thrift_next_upstream_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    char        *rv;
    ngx_uint_t  *next;

    next = &tccf->conf.next_upstream;

    if (*next) {
        return "is duplicate";
    }

    rv = ngx_stream_thrift_set_bitmask(cf, cmd, conf);

    if (rv == NGX_CONF_OK && (*next & NGX_THRIFT_RETRY_OFF)
        && cf->args->nelts != 2)
    {
        return "has \"off\" beside other conditions";
    }

    return rv;
}


static char *
ngx_stream_thrift_hedge(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_int_t           n;
    ngx_str_t          *value, s;
    ngx_array_t        *notes;
    ngx_thrift_conf_t  *c;

    c = &tccf->conf;

    if (c->hedge != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        c->hedge = 0;
        return NGX_CONF_OK;
    }

    c->hedge = ngx_stream_thrift_parse_time(&value[1]);
    c->hedge_percent = NGX_THRIFT_HEDGE_PERCENT;

    if (c->hedge == (ngx_msec_t) NGX_ERROR || c->hedge == 0) {
        return ngx_stream_thrift_bad_value(cf, &value[1],
                                           "\"off\" or a time "
                                           "greater than 0");
    }

    notes = NULL;

    tccf->hedge = ngx_stream_thrift_take_note(cf, &notes);
    if (tccf->hedge == NULL) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    n = NGX_ERROR;

    if (ngx_strncmp(value[2].data, "percent=", 8) == 0) {
        s.data = value[2].data + 8;
        s.len = value[2].len - 8;

        n = ngx_stream_thrift_unit(&s, "%");

        if (n == NGX_ERROR) {
            n = ngx_atoi(s.data, s.len);
        }
    }

    if (n == NGX_ERROR || n == 0 || n > 100) {
        return ngx_stream_thrift_bad_parameter(cf, &value[2], "\"percent=\" "
                                               "with a number between 1 and "
                                               "100");
    }

    c->hedge_percent = n;

    return NGX_CONF_OK;
}


static char *
ngx_stream_thrift_check_memory(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *size = data;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (*size < NGX_STREAM_THRIFT_MIN_MEMORY || *size > INT32_MAX) {
        return ngx_stream_thrift_bad_value(cf, &value[1], "a size between 64k "
                                           "and 2147483647 bytes");
    }

    return NGX_CONF_OK;
}
