/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A directive of the proxy beside thrift_pass is an error: calls would go out
 * as plain text where "proxy_ssl on" is written.  One of stream{} may be meant
 * for other servers, and is an error only where there are none.
 *
 * nginx tells a module nothing of the directives of others, and after merging
 * nobody knows which of them were written where.  So the proxy's table of
 * directives is replaced, while stream{} is read, by a copy whose functions
 * take a note and call the proxy's own.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_USE  80       /* bytes of what is said of a twin */


/* The proxy's table. */

struct ngx_stream_thrift_proxy_s {
    ngx_module_t                    *module;
    ngx_command_t                   *commands;  /* NULL: it is back */
    ngx_command_t                   *copies;
    ngx_stream_thrift_srv_conf_t    *stream;    /* what stream{} says */
};


typedef struct {
    const char                      *name;
    const char                      *use;
} ngx_stream_thrift_twin_t;


static ngx_module_t *ngx_stream_thrift_proxy_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_stream_thrift_proxy_replace(ngx_conf_t *cf,
    ngx_stream_thrift_proxy_t *proxy);
static void ngx_stream_thrift_proxy_restore(void *data);
static char *ngx_stream_thrift_proxy_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_stream_thrift_proxy_note(ngx_conf_t *cf);
static ngx_int_t ngx_stream_thrift_proxy_refuse(ngx_conf_t *cf,
    ngx_array_t *notes);
static u_char *ngx_stream_thrift_proxy_twin(ngx_str_t *name, u_char *p,
    u_char *last);
static ngx_uint_t ngx_stream_thrift_proxy_serves_others(
    ngx_stream_core_main_conf_t *cmcf);
static ngx_uint_t ngx_stream_thrift_proxy_is_plain(
    ngx_stream_thrift_main_conf_t *tmcf, ngx_stream_thrift_block_t *block);
static void ngx_stream_thrift_proxy_warn(ngx_conf_t *cf, ngx_array_t *notes,
    ngx_stream_core_srv_conf_t *cscf, ngx_array_t *own);


/* What says the same of calls. */

static const ngx_stream_thrift_twin_t  ngx_stream_thrift_twins[] = {
    { "proxy_connect_timeout",        "thrift_connect_timeout" },
    { "proxy_timeout",                "thrift_timeout" },
    { "proxy_buffer_size",            "thrift_buffer_size" },
    { "proxy_downstream_buffer",      "thrift_buffer_size" },
    { "proxy_upstream_buffer",        "thrift_buffer_size" },
    { "proxy_next_upstream",          "thrift_next_upstream" },
    { "proxy_next_upstream_tries",    "thrift_next_upstream_tries" },
    { "proxy_next_upstream_timeout",  "thrift_next_upstream_timeout" },
    { "proxy_half_close",             "thrift_half_close" },
    { NULL, NULL }
};


/* What stands in upstream{} under our prefix. */

static const ngx_stream_thrift_twin_t  ngx_stream_thrift_upstream_twins[] = {
    { "proxy_bind",                     "thrift_bind" },
    { "proxy_socket_keepalive",         "thrift_socket_keepalive" },
    { "proxy_protocol",                 "thrift_proxy_protocol" },
    { "proxy_ssl",                      "thrift_ssl" },
    { "proxy_ssl_session_reuse",        "thrift_ssl_session_reuse" },
    { "proxy_ssl_protocols",            "thrift_ssl_protocols" },
    { "proxy_ssl_ciphers",              "thrift_ssl_ciphers" },
    { "proxy_ssl_name",                 "thrift_ssl_name" },
    { "proxy_ssl_server_name",          "thrift_ssl_server_name" },
    { "proxy_ssl_verify",               "thrift_ssl_verify" },
    { "proxy_ssl_verify_depth",         "thrift_ssl_verify_depth" },
    { "proxy_ssl_trusted_certificate",  "thrift_ssl_trusted_certificate" },
    { "proxy_ssl_crl",                  "thrift_ssl_crl" },
    { "proxy_ssl_certificate",          "thrift_ssl_certificate" },
    { "proxy_ssl_certificate_key",      "thrift_ssl_certificate_key" },
    { "proxy_ssl_certificate_cache",    "thrift_ssl_certificate_cache" },
    { "proxy_ssl_password_file",        "thrift_ssl_password_file" },
    { "proxy_ssl_conf_command",         "thrift_ssl_conf_command" },
    { NULL, NULL }
};


ngx_int_t
ngx_stream_thrift_watch_proxy(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t             *cln;
    ngx_stream_thrift_proxy_t      *proxy;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    /* when reading fails, the pool is all that is heard of */

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_stream_thrift_proxy_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    proxy = cln->data;
    proxy->commands = NULL;
    proxy->module = ngx_stream_thrift_proxy_module(cf->cycle);
    proxy->stream = ngx_stream_conf_get_module_srv_conf(cf,
                                                     ngx_stream_thrift_module);

    cln->handler = ngx_stream_thrift_proxy_restore;
    tmcf->proxy = proxy;

    if (proxy->module == NULL) {
        return NGX_OK;
    }

    return ngx_stream_thrift_proxy_replace(cf, proxy);
}


static ngx_module_t *
ngx_stream_thrift_proxy_module(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    for (i = 0; cycle->modules[i]; i++) {
        if (ngx_strcmp(cycle->modules[i]->name, "ngx_stream_proxy_module")
            == 0)
        {
            return cycle->modules[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_stream_thrift_proxy_replace(ngx_conf_t *cf,
    ngx_stream_thrift_proxy_t *proxy)
{
    size_t          size;
    ngx_uint_t      i, n;
    ngx_command_t  *commands;

    commands = proxy->module->commands;

    for (n = 0; commands[n].name.len; n++) { /* void */ }

    size = (n + 1) * sizeof(ngx_command_t);

    proxy->copies = ngx_palloc(cf->pool, size);
    if (proxy->copies == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(proxy->copies, commands, size);

    for (i = 0; i < n; i++) {
        proxy->copies[i].set = ngx_stream_thrift_proxy_directive;
    }

    proxy->commands = commands;
    proxy->module->commands = proxy->copies;

    return NGX_OK;
}


static void
ngx_stream_thrift_proxy_restore(void *data)
{
    ngx_stream_thrift_proxy_t  *proxy = data;

    if (proxy->commands) {
        proxy->module->commands = proxy->commands;
        proxy->commands = NULL;
    }
}


/* Stands in for all directives of the proxy. */

static char *
ngx_stream_thrift_proxy_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_thrift_proxy_t      *proxy;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    proxy = tmcf->proxy;
    cmd = &proxy->commands[cmd - proxy->copies];

    if (ngx_stream_thrift_proxy_note(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return cmd->set(cf, cmd, conf);
}


static ngx_int_t
ngx_stream_thrift_proxy_note(ngx_conf_t *cf)
{
    ngx_str_t                     *value;
    ngx_stream_thrift_note_t      *note;
    ngx_stream_thrift_srv_conf_t  *tscf;

    value = cf->args->elts;
    tscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_thrift_module);

    /* that there is another content handler is found out elsewhere */

    if (ngx_strcmp(value[0].data, "proxy_pass") == 0) {
        return NGX_OK;
    }

    note = ngx_stream_thrift_take_note(cf, &tscf->proxy_notes);
    if (note == NULL) {
        return NGX_ERROR;
    }

    note->off = (ngx_strcmp(value[1].data, "off") == 0
                 && ngx_strcmp(value[0].data, "proxy_next_upstream") != 0);

    return NGX_OK;
}


ngx_int_t
ngx_stream_thrift_check_proxy(ngx_conf_t *cf)
{
    ngx_uint_t                       i, others;
    ngx_array_t                     *inherited, *own;
    ngx_stream_core_srv_conf_t     **cscf;
    ngx_stream_core_main_conf_t     *cmcf;
    ngx_stream_thrift_srv_conf_t    *tscf;
    ngx_stream_thrift_main_conf_t   *tmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    ngx_stream_thrift_proxy_restore(tmcf->proxy);

    inherited = tmcf->proxy->stream->proxy_notes;
    others = ngx_stream_thrift_proxy_serves_others(cmcf);

    cscf = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {

        if (cscf[i]->handler != ngx_stream_thrift_handler) {
            continue;
        }

        tscf = cscf[i]->ctx->srv_conf[ngx_stream_thrift_module.ctx_index];
        own = tscf->proxy_notes;

        if (ngx_stream_thrift_proxy_refuse(cf, own) != NGX_OK
            || (!others
                && ngx_stream_thrift_proxy_refuse(cf, inherited) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_stream_thrift_warn_proxy(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    ngx_stream_core_srv_conf_t     **cscf;
    ngx_stream_core_main_conf_t     *cmcf;
    ngx_stream_thrift_srv_conf_t    *tscf;
    ngx_stream_thrift_main_conf_t   *tmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);
    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    cscf = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {

        if (cscf[i]->handler != ngx_stream_thrift_handler) {
            continue;
        }

        tscf = cscf[i]->ctx->srv_conf[ngx_stream_thrift_module.ctx_index];

        if (ngx_stream_thrift_proxy_is_plain(tmcf, &tscf->block)) {
            ngx_stream_thrift_proxy_warn(cf, tmcf->proxy->stream->proxy_notes,
                                         cscf[i], tscf->proxy_notes);
        }
    }
}


/* Are there calls that go out without TLS? */

static ngx_uint_t
ngx_stream_thrift_proxy_is_plain(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_stream_thrift_block_t *block)
{
    ngx_uint_t                    i;
    ngx_thrift_answer_t          *answer;
    ngx_stream_thrift_pool_t     *pool;
    ngx_stream_thrift_block_t   **inner;

    answer = block->conf->conf.answer;

    if (answer->kind == NGX_THRIFT_ANSWER_UPSTREAM) {
        pool = ((ngx_stream_thrift_answer_t *) answer)->pool;

        if (!ngx_stream_thrift_pool_has_ssl(pool ? pool : tmcf->addresses)) {
            return 1;
        }
    }

    inner = block->inner ? block->inner->elts : NULL;

    for (i = 0; inner && i < block->inner->nelts; i++) {
        if (ngx_stream_thrift_proxy_is_plain(tmcf, inner[i])) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_stream_thrift_proxy_refuse(ngx_conf_t *cf, ngx_array_t *notes)
{
    u_char                     use[NGX_STREAM_THRIFT_USE], *last;
    ngx_uint_t                 i;
    ngx_stream_thrift_note_t  *note;

    note = notes ? notes->elts : NULL;

    for (i = 0; notes && i < notes->nelts; i++) {

        if (note[i].off) {
            continue;
        }

        last = ngx_stream_thrift_proxy_twin(&note[i].name, use,
                                            use + sizeof(use));

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" directive has no effect on Thrift calls%*s "
                      "in %s:%ui", &note[i].name, (size_t) (last - use), use,
                      note[i].file_name, note[i].line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* What to use instead, as a part of a sentence.  Returns its end. */

static u_char *
ngx_stream_thrift_proxy_twin(ngx_str_t *name, u_char *p, u_char *last)
{
    const ngx_stream_thrift_twin_t  *twin;

    for (twin = ngx_stream_thrift_twins; twin->name; twin++) {
        if (ngx_strcmp(name->data, twin->name) == 0) {
            return ngx_slprintf(p, last, ", use \"%s\"", twin->use);
        }
    }

    for (twin = ngx_stream_thrift_upstream_twins; twin->name; twin++) {
        if (ngx_strcmp(name->data, twin->name) == 0) {
            return ngx_slprintf(p, last, ", use \"%s\" of the upstream",
                                twin->use);
        }
    }

    return p;
}


/* May directives of stream{} be meant for somebody else? */

static ngx_uint_t
ngx_stream_thrift_proxy_serves_others(ngx_stream_core_main_conf_t *cmcf)
{
    ngx_uint_t                    i;
    ngx_stream_core_srv_conf_t  **cscf;

    cscf = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {
        if (cscf[i]->handler != ngx_stream_thrift_handler) {
            return 1;
        }
    }

    return 0;
}


/* That a server has no TLS where all others have is worth a line. */

static void
ngx_stream_thrift_proxy_warn(ngx_conf_t *cf, ngx_array_t *notes,
    ngx_stream_core_srv_conf_t *cscf, ngx_array_t *own)
{
    ngx_stream_thrift_note_t  *note;

    note = ngx_stream_thrift_find_note(notes, "proxy_ssl");

    if (note == NULL || note->off
        || ngx_stream_thrift_find_note(own, "proxy_ssl"))
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"proxy_ssl\" directive in %s:%ui has no effect on Thrift "
                  "calls, which are sent to servers without TLS; use "
                  "\"thrift_ssl\" of the upstream, or say \"proxy_ssl off\" "
                  "for the server in %s:%ui", note->file_name, note->line,
                  cscf->file_name, cscf->line);
}
