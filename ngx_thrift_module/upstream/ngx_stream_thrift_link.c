/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How connections to the servers of an upstream are made: thrift_bind,
 * thrift_socket_keepalive and thrift_proxy_protocol, and what their variables
 * are for a call.  A connection is shared by calls for which these are the
 * same.
 */

#include "ngx_stream_thrift.h"


static char *ngx_stream_thrift_bind_address(ngx_conf_t *cf,
    ngx_stream_thrift_local_t *local, ngx_stream_complex_value_t *cv);
static char *ngx_stream_thrift_bind_transparent(ngx_conf_t *cf,
    ngx_stream_thrift_local_t *local);
static ngx_int_t ngx_stream_thrift_identify_key(
    ngx_thrift_attempt_t *attempt) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_identify_local(ngx_thrift_attempt_t *attempt,
    ngx_thrift_identity_t *identity, ngx_stream_complex_value_t *value);


char *
ngx_stream_thrift_bind(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_link_conf_t  *lcf;

    ngx_str_t                   *value;
    ngx_stream_complex_value_t  *cv;
    ngx_stream_thrift_local_t   *local;

    lcf = (ngx_stream_thrift_link_conf_t *) ((u_char *) conf + cmd->offset);

    if (lcf->local != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        lcf->local = NULL;
        return NGX_CONF_OK;
    }

    cv = ngx_stream_thrift_compile(cf, &value[1]);
    local = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_local_t));

    if (cv == NULL || local == NULL) {
        return NGX_CONF_ERROR;
    }

    lcf->local = local;

    if (ngx_stream_thrift_bind_address(cf, local, cv) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return (cf->args->nelts == 3)
           ? ngx_stream_thrift_bind_transparent(cf, local) : NGX_CONF_OK;
}


static char *
ngx_stream_thrift_bind_address(ngx_conf_t *cf,
    ngx_stream_thrift_local_t *local, ngx_stream_complex_value_t *cv)
{
    ngx_int_t  rc;

    if (cv->lengths) {
        local->value = cv;
        return NGX_CONF_OK;
    }

    local->addr = ngx_palloc(cf->pool, sizeof(ngx_addr_t));
    if (local->addr == NULL) {
        return NGX_CONF_ERROR;
    }

    rc = ngx_parse_addr_port(cf->pool, local->addr, cv->value.data,
                             cv->value.len);

    if (rc == NGX_DECLINED) {
        (void) ngx_stream_thrift_bad_value(cf, &cv->value, "\"off\" or an IP "
                                           "address, with or without a port");
    }

    local->addr->name = cv->value;

    return (rc == NGX_OK) ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_stream_thrift_bind_transparent(ngx_conf_t *cf,
    ngx_stream_thrift_local_t *local)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strcmp(value[2].data, "transparent") != 0) {
        return ngx_stream_thrift_bad_parameter(cf, &value[2],
                                               "\"transparent\"");
    }

#if (NGX_HAVE_TRANSPARENT_PROXY)
    {
    ngx_core_conf_t  *ccf;

    /* workers keep the right to do so */

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);
    ccf->transparent = 1;
    local->transparent = 1;
    }
#else
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "transparent proxying is not supported "
                       "on this platform, ignored");
#endif

    return NGX_CONF_OK;
}


void
ngx_stream_thrift_create_link(ngx_stream_thrift_link_conf_t *conf)
{
    conf->local = NGX_CONF_UNSET_PTR;
    conf->keepalive = NGX_CONF_UNSET;
    conf->proxy_protocol = NGX_CONF_UNSET;
}


void
ngx_stream_thrift_merge_link(ngx_stream_thrift_link_conf_t *prev,
    ngx_stream_thrift_link_conf_t *conf)
{
    ngx_conf_merge_ptr_value(conf->local, prev->local, NULL);
    ngx_conf_merge_value(conf->keepalive, prev->keepalive, 0);
    ngx_conf_merge_value(conf->proxy_protocol, prev->proxy_protocol, 0);
}


void
ngx_stream_thrift_set_link(ngx_thrift_link_t *link,
    ngx_stream_thrift_link_conf_t *conf)
{
    link->keepalive = conf->keepalive;
    link->proxy_protocol = conf->proxy_protocol;

    if (conf->local) {
        link->local = conf->local->addr;
        link->transparent = conf->local->transparent;
    }
}


ngx_int_t
ngx_stream_thrift_identify(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_pool_t           *pool;
    ngx_thrift_identity_t              *identity;
    ngx_stream_thrift_upstream_conf_t  *conf;

    pool = ngx_stream_thrift_pool_of(attempt->pool);
    conf = pool->conf;

    identity = ngx_pcalloc(attempt->call->pool, sizeof(ngx_thrift_identity_t));
    if (identity == NULL) {
        return NGX_ERROR;
    }

    if (conf->link.local && conf->link.local->value
        && ngx_stream_thrift_identify_local(attempt, identity,
                                            conf->link.local->value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

#if (NGX_SSL)
    if (ngx_stream_thrift_ssl_identify(attempt, identity) != NGX_OK) {
        return NGX_ERROR;
    }
#endif

    attempt->identity = identity;

    return ngx_stream_thrift_identify_key(attempt);
}


/* No two of them have the same key. */

static ngx_int_t
ngx_stream_thrift_identify_key(ngx_thrift_attempt_t *attempt)
{
    size_t                  size;
    u_char                 *p;
    ngx_str_t               local;
    ngx_thrift_identity_t  *identity;

    identity = attempt->identity;

    ngx_str_null(&local);

    if (identity->local) {
        local = identity->local->name;
    }

    size = 3 * (NGX_SIZE_T_LEN + 1) + local.len + identity->name.len
           + identity->certificate.len + identity->certificate_key.len;

    p = ngx_pnalloc(attempt->call->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    attempt->dialect.identity.data = p;
    attempt->dialect.identity.len = ngx_sprintf(p, "%uz %uz %uz %V%V%V%V",
                                           local.len, identity->name.len,
                                           identity->certificate.len, &local,
                                           &identity->name,
                                           &identity->certificate,
                                           &identity->certificate_key)
                                    - p;

    return NGX_OK;
}


/* As in stream's proxy, an address that is none is not bound to. */

static ngx_int_t
ngx_stream_thrift_identify_local(ngx_thrift_attempt_t *attempt,
    ngx_thrift_identity_t *identity, ngx_stream_complex_value_t *value)
{
    u_char                     shown[NGX_THRIFT_ESCAPE_SIZE], *last;
    ngx_int_t                  rc;
    ngx_str_t                  text;
    ngx_addr_t                *addr;
    ngx_stream_thrift_call_t  *tc;

    tc = ngx_stream_thrift_get_call(attempt->call);

    if (ngx_stream_complex_value(ngx_stream_thrift_call_session(tc), value,
                                 &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (text.len == 0) {
        return NGX_OK;
    }

    addr = ngx_palloc(tc->call.pool, sizeof(ngx_addr_t));
    if (addr == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_parse_addr_port(tc->call.pool, addr, text.data, text.len);

    if (rc == NGX_OK) {
        addr->name = text;
        identity->local = addr;
    }

    if (rc == NGX_DECLINED) {
        last = ngx_thrift_escape(shown, shown + sizeof(shown), text.data,
                                 text.len);

        ngx_thrift_pool_tell(attempt->pool, NGX_THRIFT_POOL_OPEN, &tc->log, 0,
                             "invalid local address \"%*s\"",
                             (size_t) (last - shown), shown);
    }

    return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
}
