/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_resolve.h.  Called by ngx_stream_thrift_peer.c where
 * the upstream of a call is not known before.  What a variable names may be
 * what a client has sent: it is checked before nginx parses it, and escaped
 * before it is written to the log.
 */

#include "ngx_stream_thrift.h"


static ngx_int_t ngx_stream_thrift_resolve_eval(
    ngx_stream_thrift_choice_t *choice, ngx_stream_complex_value_t *value);
static const char *ngx_stream_thrift_resolve_parse(ngx_stream_thrift_call_t *tc,
    ngx_url_t *url);
static ngx_int_t ngx_stream_thrift_resolve_choose(
    ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_stream_thrift_resolve_addresses(
    ngx_stream_thrift_choice_t *choice, ngx_stream_upstream_resolved_t *ur);
static ngx_int_t ngx_stream_thrift_resolve_start(
    ngx_stream_thrift_choice_t *choice, ngx_stream_upstream_resolved_t *ur);
static void ngx_stream_thrift_resolve_done(ngx_resolver_ctx_t *ctx);
static void ngx_stream_thrift_resolve_show(ngx_str_t *name, u_char *shown);


ngx_int_t
ngx_stream_thrift_resolve(ngx_thrift_attempt_t *attempt,
    ngx_stream_complex_value_t *value)
{
    return (ngx_stream_thrift_resolve_eval(attempt->choice, value) == NGX_OK)
           ? ngx_stream_thrift_resolve_choose(attempt) : NGX_ERROR;
}


static ngx_int_t
ngx_stream_thrift_resolve_eval(ngx_stream_thrift_choice_t *choice,
    ngx_stream_complex_value_t *value)
{
    u_char                           shown[NGX_THRIFT_ESCAPE_SIZE + 1];
    ngx_str_t                        host;
    ngx_url_t                        url;
    const char                      *why;
    ngx_stream_thrift_call_t        *tc;
    ngx_stream_upstream_resolved_t  *ur;

    tc = choice->call;

    if (ngx_stream_complex_value(ngx_stream_thrift_call_session(tc), value,
                                 &host)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&url, sizeof(ngx_url_t));

    url.url = host;
    url.no_resolve = 1;

    why = ngx_stream_thrift_resolve_parse(tc, &url);

    if (why) {
        ngx_stream_thrift_resolve_show(&host, shown);
        ngx_thrift_pool_tell(&tc->main->addresses->idle, NGX_THRIFT_POOL_NAME,
                             &tc->log, 0,
                             "%s in upstream \"%s\"", why, shown);

        return ngx_thrift_error_set(&tc->call, NTHRIFT_EXC_INTERNAL_ERROR, 500,
                                    "no upstream is known for the call");
    }

    ur = ngx_pcalloc(tc->call.pool, sizeof(ngx_stream_upstream_resolved_t));
    if (ur == NULL) {
        return NGX_ERROR;
    }

    if (url.addrs) {
        ur->sockaddr = url.addrs[0].sockaddr;
        ur->socklen = url.addrs[0].socklen;
        ur->name = url.addrs[0].name;
        ur->naddrs = 1;
    }

    ur->host = url.host;
    ur->port = url.port;
    ur->no_port = url.no_port;

    choice->upstream.resolved = ur;

    return NGX_OK;
}


/* NULL, or what is wrong with it. */

static const char *
ngx_stream_thrift_resolve_parse(ngx_stream_thrift_call_t *tc, ngx_url_t *url)
{
    /* a path, or what a client has sent: nginx itself would log it as it is */

    if (ngx_thrift_has_control(url->url.data, url->url.len)) {
        return "control character";
    }

    if (ngx_parse_url(tc->call.pool, url) != NGX_OK) {
        return url->err ? url->err : "no memory";
    }

    return NULL;
}


/* What a variable names: an upstream, an address, or a name to resolve. */

static ngx_int_t
ngx_stream_thrift_resolve_choose(ngx_thrift_attempt_t *attempt)
{
    u_char                           shown[NGX_THRIFT_ESCAPE_SIZE + 1];
    ngx_stream_thrift_call_t        *tc;
    ngx_stream_thrift_choice_t      *choice;
    ngx_stream_upstream_resolved_t  *ur;
    ngx_stream_upstream_srv_conf_t  *us;

    choice = attempt->choice;
    tc = choice->call;
    ur = choice->upstream.resolved;

    us = ngx_stream_thrift_find_upstream(ngx_stream_thrift_call_session(tc),
                                         &ur->host, ur->port, ur->no_port);

    if (us) {
        attempt->pool = &ngx_stream_thrift_get_pool(tc->main, us)->idle;
        return ngx_stream_thrift_peer_init_cleared(choice, us);
    }

    choice->upstream.ssl_name = ur->host;
    attempt->pool = &tc->main->addresses->idle;

    if (ur->port == 0
        && (ur->sockaddr == NULL || ur->sockaddr->sa_family != AF_UNIX))
    {
        ngx_stream_thrift_resolve_show(&ur->host, shown);
        ngx_thrift_pool_tell(&tc->main->addresses->idle, NGX_THRIFT_POOL_NAME,
                             &tc->log, 0,
                             "no port in upstream \"%s\"", shown);
        return ngx_thrift_error_set(&tc->call, NTHRIFT_EXC_INTERNAL_ERROR, 500,
                                    "no port in upstream");
    }

    if (ur->sockaddr) {
        return ngx_stream_thrift_resolve_addresses(choice, ur);
    }

    return ngx_stream_thrift_resolve_start(choice, ur);
}


static ngx_int_t
ngx_stream_thrift_resolve_addresses(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_resolved_t *ur)
{
    if (ngx_stream_upstream_create_round_robin_peer(
            ngx_stream_thrift_call_session(choice->call), ur)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_peer_ready(choice, NULL);
}


static ngx_int_t
ngx_stream_thrift_resolve_start(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_resolved_t *ur)
{
    u_char                       shown[NGX_THRIFT_ESCAPE_SIZE + 1];
    ngx_resolver_ctx_t          *ctx, temp;
    ngx_stream_thrift_call_t    *tc;
    ngx_stream_core_srv_conf_t  *cscf;

    tc = choice->call;

    cscf = ngx_stream_get_module_srv_conf(ngx_stream_thrift_call_session(tc),
                                          ngx_stream_core_module);
    temp.name = ur->host;

    ctx = ngx_resolve_start(cscf->resolver, &temp);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if (ctx == NGX_NO_RESOLVER) {
        ngx_stream_thrift_resolve_show(&ur->host, shown);
        ngx_thrift_pool_tell(&tc->main->addresses->idle, NGX_THRIFT_POOL_NAME,
                             &tc->log, 0,
                             "no resolver defined to resolve %s", shown);
        return ngx_thrift_error_set(&tc->call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                    "upstream could not be resolved");
    }

    ctx->name = ur->host;
    ctx->handler = ngx_stream_thrift_resolve_done;
    ctx->data = choice;
    ctx->timeout = cscf->resolver_timeout;

    tc->log.action = "resolving upstream";
    ur->ctx = ctx;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        ur->ctx = NULL;
        return NGX_ERROR;
    }

    /*
     * A cached answer has called the handler, and that has run the call on, up
     * to its reply: the session is running here, and writes none of it yet.
     */

    return NGX_AGAIN;
}


static void
ngx_stream_thrift_resolve_done(ngx_resolver_ctx_t *ctx)
{
    u_char                           shown[NGX_THRIFT_ESCAPE_SIZE + 1];
    ngx_int_t                        rc;
    ngx_stream_thrift_call_t        *tc;
    ngx_stream_thrift_choice_t      *choice;
    ngx_stream_upstream_resolved_t  *ur;

    choice = ctx->data;
    tc = choice->call;
    ur = ngx_stream_thrift_peer_use(choice)->resolved;

    if (ctx->state) {
        ngx_stream_thrift_resolve_show(&ctx->name, shown);
        ngx_thrift_pool_tell(&tc->main->addresses->idle, NGX_THRIFT_POOL_NAME,
                             &tc->log, 0,
                             "%s could not be resolved (%i: %s)", shown,
                             ctx->state, ngx_resolver_strerror(ctx->state));

        rc = ngx_thrift_error_set(&tc->call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                  "upstream could not be resolved");

    } else {
        ur->naddrs = ctx->naddrs;
        ur->addrs = ctx->addrs;

        rc = ngx_stream_thrift_resolve_addresses(choice, ur);
    }

    ngx_resolve_name_done(ctx);
    ur->ctx = NULL;

    ngx_thrift_pass_balanced(choice->attempt, rc);
}


/* Fits it for the error log; `shown` has a 0 byte behind it then. */

static void
ngx_stream_thrift_resolve_show(ngx_str_t *name, u_char *shown)
{
    *ngx_thrift_escape(shown, shown + NGX_THRIFT_ESCAPE_SIZE, name->data,
                       name->len) = '\0';
}
