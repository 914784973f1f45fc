/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_explorer: what services there are, for the page: the documents of the
 * gateways that the directive names, and whether calls may be tried.  The page
 * tries them at the location of the gateway, whose rules of access apply.
 */

#include "ngx_http_thrift.h"


static ngx_http_thrift_server_t *ngx_http_thrift_explorer_find(
    ngx_cycle_t *cycle, ngx_http_thrift_server_t *server);
static ngx_int_t ngx_http_thrift_explorer_gateway(ngx_http_request_t *r,
    ngx_http_thrift_explorer_t *explorer, ngx_uint_t first,
    ngx_chain_t ***last);
static ngx_int_t ngx_http_thrift_explorer_add(ngx_http_request_t *r,
    ngx_chain_t ***last, u_char *data, size_t len);
static ngx_int_t ngx_http_thrift_explorer_send(ngx_http_request_t *r,
    ngx_chain_t *out);


char *
ngx_http_thrift_explorer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_thrift_loc_conf_t  *tlcf = conf;

    ngx_str_t                   *value;
    ngx_http_thrift_server_t    *server;
    ngx_http_thrift_explorer_t  *explorer;

    value = cf->args->elts;

    if (cf->args->nelts == 3 && ngx_strcmp(value[2].data, "call") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" in \"%V\" directive, it "
                           "must be \"call\"", &value[2], &value[0]);
        return NGX_CONF_ERROR;
    }

    if (tlcf->explorers == NULL) {
        tlcf->explorers = ngx_array_create(cf->pool, 2,
                                           sizeof(ngx_http_thrift_explorer_t));
        if (tlcf->explorers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    server = ngx_http_thrift_add_server(cf);
    explorer = ngx_array_push(tlcf->explorers);

    if (server == NULL || explorer == NULL) {
        return NGX_CONF_ERROR;
    }

    server->explores = 1;

    explorer->server = server;
    explorer->calls = (cf->args->nelts == 3);

    return NGX_CONF_OK;
}


char *
ngx_http_thrift_explorer_check(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server)
{
    server->explored = ngx_http_thrift_explorer_find(cycle, server);

    if (server->explored == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "no location \"%V\" of the same server has a "
                      "\"thrift_gateway\" for \"%V\" in %s:%ui",
                      &server->name, &server->directive, server->file_name,
                      server->line);
        return NGX_CONF_ERROR;
    }

    if (!server->explored->openapi) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"%V\" needs the document of \"%V\", which has "
                      "\"thrift_gateway_openapi off\", in %s:%ui",
                      &server->directive, &server->name, server->file_name,
                      server->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* A browser reaches it where it has the page from. */

static ngx_http_thrift_server_t *
ngx_http_thrift_explorer_find(ngx_cycle_t *cycle,
    ngx_http_thrift_server_t *server)
{
    ngx_uint_t                  i;
    ngx_array_t                *servers;
    ngx_http_thrift_server_t  **other;

    servers = (ngx_array_t *) ngx_get_conf(cycle->conf_ctx,
                                           ngx_http_thrift_servers_module);
    other = servers->elts;

    for (i = 0; i < servers->nelts; i++) {
        if (other[i]->gateway
            && other[i]->http == server->http
            && other[i]->path.len == server->name.len
            && ngx_memcmp(other[i]->path.data, server->name.data,
                          server->name.len)
               == 0)
        {
            return other[i];
        }
    }

    return NULL;
}


/*
 * { "gateways": [ { "path": "/api/", "server": "users", "address": "...",
 *                   "call": true, "openapi": { ... } } ] }
 */

ngx_int_t
ngx_http_thrift_explorer_handler(ngx_http_request_t *r)
{
    ngx_uint_t                   i, n;
    ngx_chain_t                 *out, **last;
    ngx_http_thrift_explorer_t  *explorer;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    n = tlcf->explorers ? tlcf->explorers->nelts : 0;
    explorer = tlcf->explorers ? tlcf->explorers->elts : NULL;
    last = &out;

    if (ngx_http_thrift_explorer_add(r, &last, (u_char *) "{\"gateways\":[",
                                     sizeof("{\"gateways\":[") - 1)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_thrift_explorer_gateway(r, &explorer[i], i == 0, &last)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ngx_http_thrift_explorer_add(r, &last, (u_char *) "]}\n",
                                     sizeof("]}\n") - 1)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_thrift_explorer_send(r, out);
}


static ngx_int_t
ngx_http_thrift_explorer_gateway(ngx_http_request_t *r,
    ngx_http_thrift_explorer_t *explorer, ngx_uint_t first,
    ngx_chain_t ***last)
{
    u_char                    *head, *p;
    size_t                     size;
    ngx_str_t                  address, *path, *name;
    ngx_http_thrift_server_t  *gateway;

    gateway = explorer->server->explored;
    path = &gateway->path;
    name = &gateway->name;

    ngx_stream_thrift_reports.address(gateway->server, &address);

    size = sizeof(",{\"path\":\"\",\"server\":\"\","
                  "\"address\":\"\",\"call\":false,\"openapi\":")
           + path->len + ngx_escape_json(NULL, path->data, path->len)
           + name->len + ngx_escape_json(NULL, name->data, name->len)
           + address.len + ngx_escape_json(NULL, address.data, address.len);

    head = ngx_pnalloc(r->pool, size);
    if (head == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(head, "%s{\"path\":\"", first ? "" : ",");
    p = (u_char *) ngx_escape_json(p, path->data, path->len);
    p = ngx_sprintf(p, "\",\"server\":\"");
    p = (u_char *) ngx_escape_json(p, name->data, name->len);
    p = ngx_sprintf(p, "\",\"address\":\"");
    p = (u_char *) ngx_escape_json(p, address.data, address.len);
    p = ngx_sprintf(p, "\",\"call\":%s,\"openapi\":",
                    explorer->calls ? "true" : "false");

    if (ngx_http_thrift_explorer_add(r, last, head, p - head) != NGX_OK
        || ngx_http_thrift_explorer_add(r, last,
                                        gateway->gateway->openapi.data,
                                        gateway->gateway->openapi.len)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_thrift_explorer_add(r, last, (u_char *) "}", 1);
}


static ngx_int_t
ngx_http_thrift_explorer_add(ngx_http_request_t *r, ngx_chain_t ***last,
    u_char *data, size_t len)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->pos = data;
    b->last = data + len;
    b->memory = 1;

    cl->buf = b;
    cl->next = NULL;

    **last = cl;
    *last = &cl->next;

    return NGX_OK;
}


static ngx_int_t
ngx_http_thrift_explorer_send(ngx_http_request_t *r, ngx_chain_t *out)
{
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = ngx_http_thrift_size(out);

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    for (cl = out; cl->next; cl = cl->next) { /* void */ }

    cl->buf->last_buf = (r == r->main);
    cl->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, out);
}
