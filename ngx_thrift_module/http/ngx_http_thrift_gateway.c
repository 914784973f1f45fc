/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_gateway: POST /api/Users/get with plain JSON, or GET with a query, is
 * a call; its result is plain JSON.  The message goes through the same door as
 * those of thrift_door.
 *
 *     body, query --> request: message --> peer --> ... --> reply --> JSON
 *
 * JSON is read and written in parts: see ngx_http_thrift_slice.c.
 */

#include "ngx_http_thrift.h"


#define NGX_HTTP_THRIFT_DEPTH  64                   /* levels of JSON */
#define NGX_HTTP_THRIFT_SIZE   (64 * 1024 * 1024)   /* bytes that are written */
#define NGX_HTTP_THRIFT_ARENA  4096                 /* bytes of a block */

#define NGX_HTTP_THRIFT_PART   4096                 /* bytes of JSON */
#define NGX_HTTP_THRIFT_COPY   (64 * 1024)          /* bytes of its file */


typedef struct {
    ngx_http_thrift_method_t  *method;
    nthrift_arena_t            arena;       /* of the request's pool */
    nthrift_plain_rules_t      rules;
    nthrift_plain_error_t      err;
    ngx_http_request_t        *request;
    ngx_http_thrift_slice_t    slice;

    /* the client's JSON, and how much of it was copied */

    nthrift_str_t              text;
    size_t                     copied;
    ngx_chain_t               *from;
    nthrift_plain_call_t      *call;

    ngx_str_t                  start;       /* of the message ... */
    nthrift_str_t              body;        /* ... and what is behind it */
    ngx_thrift_door_head_t     head;
    ngx_uint_t                 headed;      /* it was read */
    nthrift_plain_answer_t    *answer;
    nthrift_plain_reply_t      reply;
    ngx_uint_t                 answered;    /* all of it, or ctx->err, is
                                               there */
} ngx_http_thrift_ctx_t;


static void ngx_http_thrift_gateway_path(ngx_http_request_t *r,
    ngx_str_t *location, nthrift_str_t *path);
static ngx_int_t ngx_http_thrift_gateway_openapi(ngx_http_request_t *r,
    ngx_http_thrift_gateway_t *gw);
static ngx_int_t ngx_http_thrift_gateway_unknown(ngx_http_request_t *r,
    ngx_http_thrift_gateway_t *gw, nthrift_str_t *path);
static ngx_uint_t ngx_http_thrift_gateway_is_json(ngx_http_request_t *r);
static ngx_http_thrift_ctx_t *ngx_http_thrift_gateway_ctx(
    ngx_http_request_t *r, ngx_http_thrift_method_t *method);
static void *ngx_http_thrift_gateway_alloc(void *data, size_t size);
static ngx_int_t ngx_http_thrift_gateway_get(ngx_http_request_t *r);
static void ngx_http_thrift_gateway_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_gateway_text(ngx_http_request_t *r,
    ngx_http_thrift_ctx_t *ctx);
static ngx_int_t ngx_http_thrift_gateway_part(void *data);
static ngx_int_t ngx_http_thrift_gateway_copy(ngx_http_thrift_ctx_t *ctx);
static void ngx_http_thrift_gateway_go_on(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_int_t ngx_http_thrift_gateway_too_large(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_gateway_refuse(ngx_http_request_t *r,
    nthrift_plain_error_t *err);
static ngx_int_t ngx_http_thrift_gateway_message(ngx_http_request_t *r);
static ngx_chain_t *ngx_http_thrift_gateway_link(ngx_http_request_t *r,
    u_char *data, size_t len);
static ngx_int_t ngx_http_thrift_gateway_create_request(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_gateway_process_head(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_gateway_room(ngx_http_request_t *r,
    ngx_http_thrift_ctx_t *ctx);
static ngx_int_t ngx_http_thrift_gateway_reply(ngx_http_request_t *r,
    ngx_http_thrift_ctx_t *ctx);
static ngx_int_t ngx_http_thrift_gateway_answer_part(void *data);
static void ngx_http_thrift_gateway_answered(ngx_http_request_t *r,
    ngx_int_t rc);
static ssize_t ngx_http_thrift_gateway_recv(ngx_connection_t *c, u_char *buf,
    size_t size);
static ngx_int_t ngx_http_thrift_gateway_show(ngx_http_request_t *r,
    ngx_http_thrift_ctx_t *ctx, ngx_int_t rc);
static ngx_uint_t ngx_http_thrift_gateway_is_limit(
    nthrift_plain_error_t *err);
static ngx_uint_t ngx_http_thrift_gateway_status(ngx_http_thrift_ctx_t *ctx,
    nthrift_plain_reply_t *reply);
static ngx_int_t ngx_http_thrift_gateway_error(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *text);
static ngx_int_t ngx_http_thrift_gateway_send(ngx_http_request_t *r,
    ngx_uint_t status, u_char *data, size_t len);


ngx_int_t
ngx_http_thrift_gateway_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    nthrift_str_t                path;
    ngx_http_thrift_method_t    *method;
    ngx_http_thrift_gateway_t   *gw;
    ngx_http_thrift_loc_conf_t  *tlcf;

    if (r->method == NGX_HTTP_OPTIONS) {
        return NGX_DECLINED;
    }

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);
    gw = tlcf->server->gateway;

    ngx_http_thrift_gateway_path(r, &tlcf->server->path, &path);

    if (gw->openapi.len && path.len == sizeof("openapi.json") - 1
        && ngx_memcmp(path.data, "openapi.json", path.len) == 0)
    {
        return ngx_http_thrift_gateway_openapi(r, gw);
    }

    method = nthrift_map_find(&gw->methods, &path);

    if (method == NULL) {
        return ngx_http_thrift_gateway_unknown(r, gw, &path);
    }

    if (ngx_http_thrift_create_upstream(r) != NGX_OK
        || ngx_http_thrift_gateway_ctx(r, method) == NULL)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->upstream->create_request = ngx_http_thrift_gateway_create_request;
    r->upstream->process_header = ngx_http_thrift_gateway_process_head;

    if (r->method == NGX_HTTP_GET && method->get) {
        return ngx_http_thrift_gateway_get(r);
    }

    if (r->method != NGX_HTTP_POST) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    if (!ngx_http_thrift_gateway_is_json(r)) {
        return NGX_HTTP_UNSUPPORTED_MEDIA_TYPE;
    }

    if (r->headers_in.content_length_n > (off_t) tlcf->max_size) {
        return ngx_http_thrift_gateway_too_large(r);
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_thrift_gateway_body);

    return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
}


/*
 * What stands behind the path of the location; "/apiUsers" is not in "/api",
 * nor what "rewrite ... break" has made a path of another location.
 */

static void
ngx_http_thrift_gateway_path(ngx_http_request_t *r, ngx_str_t *location,
    nthrift_str_t *path)
{
    path->data = r->uri.data;
    path->len = 0;

    if (r->uri.len < location->len
        || ngx_memcmp(r->uri.data, location->data, location->len) != 0)
    {
        return;
    }

    path->data = r->uri.data + location->len;
    path->len = r->uri.len - location->len;

    if (path->len == 0
        || (location->len && location->data[location->len - 1] == '/'))
    {
        return;
    }

    if (path->data[0] != '/') {
        path->len = 0;
        return;
    }

    path->data++;
    path->len--;
}


static ngx_int_t
ngx_http_thrift_gateway_openapi(ngx_http_request_t *r,
    ngx_http_thrift_gateway_t *gw)
{
    ngx_str_t                 type;
    ngx_http_complex_value_t  cv;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    ngx_str_set(&type, "application/json");

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value.len = gw->openapi.len;
    cv.value.data = gw->openapi.data;

    return ngx_http_send_response(r, NGX_HTTP_OK, &type, &cv);
}


static ngx_int_t
ngx_http_thrift_gateway_unknown(ngx_http_request_t *r,
    ngx_http_thrift_gateway_t *gw, nthrift_str_t *path)
{
    u_char                       *p, buf[512];
    ngx_str_t                     text;
    nthrift_str_t                 name;
    const nthrift_str_t          *near;
    const nthrift_idl_service_t  *service;

    p = ngx_strlchr(path->data, path->data + path->len, '/');

    name.data = path->data;
    name.len = p ? (size_t) (p - path->data) : path->len;

    service = nthrift_map_find(&gw->services, &name);

    text.data = buf;

    if (service == NULL) {
        p = ngx_slprintf(buf, buf + sizeof(buf), "no such service");

    } else {
        name.data = p ? p + 1 : path->data + path->len;
        name.len = path->data + path->len - name.data;

        near = nthrift_suggest_method(service, &name);

        p = ngx_slprintf(buf, buf + sizeof(buf), "%*s has no such method",
                         service->def.name.len, service->def.name.data);

        if (near) {
            p = ngx_slprintf(p, buf + sizeof(buf), " (did you mean \"%*s\"?)",
                             near->len, near->data);
        }
    }

    text.len = p - buf;

    return ngx_http_thrift_send_error(r, NGX_HTTP_NOT_FOUND,
                                      NTHRIFT_EXC_UNKNOWN_METHOD, &text);
}


/*
 * Forms of other sites, which a browser sends with cookies and unasked, have
 * other types.
 */

static ngx_uint_t
ngx_http_thrift_gateway_is_json(ngx_http_request_t *r)
{
    ngx_str_t        *type;
    ngx_table_elt_t  *h;

    h = r->headers_in.content_type;

    if (h == NULL) {
        return 1;
    }

    type = &h->value;

    return type->len >= sizeof("application/json") - 1
           && ngx_strncasecmp(type->data, (u_char *) "application/json",
                              sizeof("application/json") - 1)
              == 0;
}


static ngx_http_thrift_ctx_t *
ngx_http_thrift_gateway_ctx(ngx_http_request_t *r,
    ngx_http_thrift_method_t *method)
{
    ngx_http_thrift_ctx_t       *ctx;
    ngx_http_thrift_loc_conf_t  *tlcf;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_thrift_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    ctx->method = method;
    ctx->request = r;

    ctx->rules.max_depth = NGX_HTTP_THRIFT_DEPTH;
    ctx->rules.max_values = (uint32_t) tlcf->max_values;
    ctx->rules.max_size = NGX_HTTP_THRIFT_SIZE;
    ctx->rules.seed = tlcf->server->gateway->seed;
    ctx->rules.long_strings = (tlcf->long_strings != 0);

    nthrift_arena_init(&ctx->arena, ngx_http_thrift_gateway_alloc, r->pool,
                       NGX_HTTP_THRIFT_ARENA, 0);

    ngx_http_set_ctx(r, ctx, ngx_http_thrift_module);

    return ctx;
}


static void *
ngx_http_thrift_gateway_alloc(void *data, size_t size)
{
    return ngx_pmemalign(data, size, 16);
}


static ngx_int_t
ngx_http_thrift_gateway_get(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    nthrift_str_t                query;
    ngx_http_thrift_ctx_t       *ctx;
    ngx_http_thrift_loc_conf_t  *tlcf;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);
    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);

    query.len = r->args.len;
    query.data = r->args.data;

    if (nthrift_plain_read_query(&ctx->rules, &ctx->arena, &ctx->method->plain,
                                 &query,
                                 (unsigned) tlcf->server->protocol,
                                 &ctx->body, &ctx->err)
        != NTHRIFT_OK)
    {
        return ngx_http_thrift_gateway_refuse(r, &ctx->err);
    }

    if (ngx_http_thrift_gateway_message(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;

    ngx_http_upstream_init(r);

    return NGX_DONE;
}


static void
ngx_http_thrift_gateway_body(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_http_thrift_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);

    rc = ngx_http_thrift_gateway_text(r, ctx);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, (rc == NGX_DECLINED)
                                     ? ngx_http_thrift_gateway_too_large(r)
                                     : NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ctx->slice.part = ngx_http_thrift_gateway_part;
    ctx->slice.data = ctx;
    ctx->slice.done = ngx_http_thrift_gateway_go_on;

    rc = ngx_http_thrift_slice(r, &ctx->slice);

    if (rc == NGX_AGAIN) {

        /* a client that leaves takes it away */

        r->read_event_handler = ngx_http_test_reading;
        r->write_event_handler = ngx_http_request_empty_handler;
        return;
    }

    ngx_http_thrift_gateway_go_on(r, rc);
}


/*
 * Where the JSON is, or room for a copy in one piece.  NGX_DECLINED: there is
 * too much of it.
 */

static ngx_int_t
ngx_http_thrift_gateway_text(ngx_http_request_t *r,
    ngx_http_thrift_ctx_t *ctx)
{
    off_t                        size;
    u_char                      *p;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    ctx->from = r->request_body ? r->request_body->bufs : NULL;
    size = ngx_http_thrift_size(ctx->from);

    if (size > (off_t) tlcf->max_size) {
        return NGX_DECLINED;
    }

    ctx->text.len = (size_t) size;

    if (size && ctx->from->next == NULL && !ctx->from->buf->in_file) {
        ctx->text.data = ctx->from->buf->pos;
        ctx->from = NULL;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, (size_t) size + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->text.data = p;

    return NGX_OK;
}


/* NGX_AGAIN; NGX_OK: the body is made; NGX_DECLINED: ctx->err says why not. */

static ngx_int_t
ngx_http_thrift_gateway_part(void *data)
{
    ngx_http_thrift_ctx_t *ctx = data;

    int                          rc;
    ngx_http_thrift_loc_conf_t  *tlcf;

    if (ctx->from) {
        return ngx_http_thrift_gateway_copy(ctx);
    }

    tlcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_thrift_module);

    if (ctx->call == NULL) {
        ctx->call = nthrift_plain_call_create(&ctx->rules, &ctx->arena,
                                              &ctx->method->plain, &ctx->text,
                                              (unsigned) tlcf->server->protocol,
                                              &ctx->err);
        if (ctx->call == NULL) {
            return NGX_ERROR;
        }
    }

    rc = nthrift_plain_call_read(ctx->call, NGX_HTTP_THRIFT_PART, &ctx->body);

    return (rc == NTHRIFT_ERROR) ? NGX_DECLINED : rc;
}


/* A part of what stands in several buffers, or in a file. */

static ngx_int_t
ngx_http_thrift_gateway_copy(ngx_http_thrift_ctx_t *ctx)
{
    size_t      n;
    u_char     *p;
    ngx_buf_t  *b;

    b = ctx->from->buf;
    p = ctx->text.data + ctx->copied;
    n = (size_t) ngx_min(ngx_buf_size(b), NGX_HTTP_THRIFT_COPY);

    if (n == 0) {
        ctx->from = ctx->from->next;
        return NGX_AGAIN;
    }

    if (b->in_file) {
        if (ngx_read_file(b->file, p, n, b->file_pos) != (ssize_t) n) {
            return NGX_ERROR;
        }

        b->file_pos += n;

    } else {
        ngx_memcpy(p, b->pos, n);
        b->pos += n;
    }

    ctx->copied += n;

    return NGX_AGAIN;
}


static void
ngx_http_thrift_gateway_go_on(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_thrift_ctx_t  *ctx;

    if (rc == NGX_DECLINED) {
        ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);
        ngx_http_finalize_request(r, ngx_http_thrift_gateway_refuse(r,
                                                                &ctx->err));
        return;
    }

    if (rc != NGX_OK || ngx_http_thrift_gateway_message(r) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_http_upstream_init(r);
}


/* What is wrong with the client's JSON, or query. */

static ngx_int_t
ngx_http_thrift_gateway_too_large(ngx_http_request_t *r)
{
    ngx_str_t  text = ngx_string("JSON larger than allowed, see "
                                 "\"thrift_gateway_max_size\"");

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "client sent %V", &text);

    return ngx_http_thrift_send_error(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                                      NTHRIFT_EXC_PROTOCOL_ERROR, &text);
}


static ngx_int_t
ngx_http_thrift_gateway_refuse(ngx_http_request_t *r,
    nthrift_plain_error_t *err)
{
    ngx_str_t  text;

    if (err->kind == NTHRIFT_PLAIN_MEMORY) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text.data = (u_char *) err->text;
    text.len = err->len;

    return ngx_http_thrift_send_error(r, NGX_HTTP_BAD_REQUEST,
                                      NTHRIFT_EXC_PROTOCOL_ERROR, &text);
}


static ngx_int_t
ngx_http_thrift_gateway_message(ngx_http_request_t *r)
{
    u_char                      *p;
    nthrift_head_t               head;
    ngx_http_thrift_ctx_t       *ctx;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);
    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);

    ngx_memzero(&head, sizeof(nthrift_head_t));

    head.transport = NTHRIFT_UNFRAMED;
    head.protocol = (uint8_t) tlcf->server->protocol;
    head.type = ctx->method->plain.idl->oneway ? NTHRIFT_ONEWAY : NTHRIFT_CALL;
    head.name = ctx->method->name;

    p = ngx_pnalloc(r->pool, nthrift_head_size(&head));
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->start.data = p;
    ctx->start.len = nthrift_head_write(p, &head, ctx->body.len) - p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_thrift_gateway_create_request(ngx_http_request_t *r)
{
    ngx_chain_t            *cl;
    ngx_http_thrift_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);

    cl = ngx_http_thrift_gateway_link(r, ctx->start.data, ctx->start.len);

    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->next = ngx_http_thrift_gateway_link(r, ctx->body.data, ctx->body.len);

    if (cl->next == NULL) {
        return NGX_ERROR;
    }

    r->upstream->request_bufs = cl;

    return NGX_OK;
}


static ngx_chain_t *
ngx_http_thrift_gateway_link(ngx_http_request_t *r, u_char *data, size_t len)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NULL;
    }

    b->start = data;
    b->pos = data;
    b->last = data + len;
    b->end = b->last;
    b->memory = 1;

    cl->buf = b;
    cl->next = NULL;

    return cl;
}


/* The whole reply is read before anything of it is known. */

static ngx_int_t
ngx_http_thrift_gateway_process_head(ngx_http_request_t *r)
{
    ngx_http_upstream_t    *u;
    ngx_http_thrift_ctx_t  *ctx;

    u = r->upstream;
    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);

    if (ctx->answered) {
        return ngx_http_thrift_gateway_show(r, ctx, NGX_OK);
    }

    if (!ctx->headed) {

        if (u->buffer.last - u->buffer.pos
            < (off_t) sizeof(ngx_thrift_door_head_t))
        {
            return NGX_AGAIN;
        }

        ngx_memcpy(&ctx->head, u->buffer.pos, sizeof(ngx_thrift_door_head_t));

        u->buffer.pos = u->buffer.pos + sizeof(ngx_thrift_door_head_t);
        ctx->headed = 1;

        if (ngx_http_thrift_gateway_room(r, ctx) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if ((uint64_t) (u->buffer.last - u->buffer.pos) < ctx->head.length) {
        return NGX_AGAIN;
    }

    return ngx_http_thrift_gateway_reply(r, ctx);
}


/* Never full, or nginx would take the head for too large. */

static ngx_int_t
ngx_http_thrift_gateway_room(ngx_http_request_t *r, ngx_http_thrift_ctx_t *ctx)
{
    size_t      n;
    u_char     *p;
    ngx_buf_t  *b;

    b = &r->upstream->buffer;

    if ((uint64_t) (b->end - b->pos) > ctx->head.length) {
        return NGX_OK;
    }

    p = ngx_palloc(r->pool, (size_t) ctx->head.length + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    n = b->last - b->pos;
    ngx_memcpy(p, b->pos, n);

    b->start = p;
    b->pos = p;
    b->last = p + n;
    b->end = p + (size_t) ctx->head.length + 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_thrift_gateway_reply(ngx_http_request_t *r,
    ngx_http_thrift_ctx_t *ctx)
{
    ngx_int_t         rc;
    ngx_buf_t        *b;
    ngx_str_t         text;
    nthrift_head_t    head;
    nthrift_rules_t   rules;
    nthrift_error_t   error;

    b = &r->upstream->buffer;

    text.data = b->pos;
    text.len = (size_t) ctx->head.length;

    if (ctx->head.kind == NGX_THRIFT_DOOR_TEXT) {
        return ngx_http_thrift_gateway_error(r, ctx->head.status, &text);
    }

    if (ctx->method->plain.idl->oneway) {
        return ngx_http_thrift_gateway_send(r, NGX_HTTP_ACCEPTED, NULL, 0);
    }

    ngx_memzero(&rules, sizeof(nthrift_rules_t));

    rules.transport = NTHRIFT_UNFRAMED;
    rules.max_depth = NGX_HTTP_THRIFT_DEPTH;

    if (nthrift_head_read(&rules, text.data, text.data + text.len, &head,
                          &error)
        != NTHRIFT_OK)
    {
        ngx_str_set(&text, "reply without a head");
        return ngx_http_thrift_gateway_error(r, NGX_HTTP_BAD_GATEWAY, &text);
    }

    ctx->answer = nthrift_plain_answer_create(&ctx->rules, &ctx->arena,
                                              &ctx->method->plain,
                                              head.protocol, head.type,
                                              text.data + head.size,
                                              text.data + text.len,
                                              &ctx->reply, &ctx->err);
    if (ctx->answer == NULL) {
        return NGX_ERROR;
    }

    ctx->slice.part = ngx_http_thrift_gateway_answer_part;
    ctx->slice.data = ctx;
    ctx->slice.done = ngx_http_thrift_gateway_answered;

    rc = ngx_http_thrift_slice(r, &ctx->slice);

    if (rc == NGX_AGAIN) {
        r->upstream->peer.connection->recv = ngx_http_thrift_gateway_recv;
        return NGX_AGAIN;
    }

    return ngx_http_thrift_gateway_show(r, ctx, rc);
}


/* NGX_AGAIN; NGX_OK: the JSON is written, or ctx->err says why not. */

static ngx_int_t
ngx_http_thrift_gateway_answer_part(void *data)
{
    ngx_http_thrift_ctx_t *ctx = data;

    int  rc;

    rc = nthrift_plain_answer_write(ctx->answer, NGX_HTTP_THRIFT_PART);

    return (rc == NTHRIFT_AGAIN) ? NGX_AGAIN : NGX_OK;
}


/* nginx goes on where it waits for more of the reply. */

static void
ngx_http_thrift_gateway_answered(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_connection_t       *c;
    ngx_http_thrift_ctx_t  *ctx;

    (void) rc;

    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);
    c = r->upstream ? r->upstream->peer.connection : NULL;

    ctx->answered = 1;

    if (c) {
        ngx_post_event(c->read, &ngx_posted_events);
    }
}


/*
 * While JSON is written nothing more is to be received, and the end of the
 * session is none of the reply; then the byte that is kept free behind it makes
 * nginx look at what there is.
 */

static ssize_t
ngx_http_thrift_gateway_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    ngx_http_request_t     *r;
    ngx_http_thrift_ctx_t  *ctx;

    r = c->data;
    ctx = ngx_http_get_module_ctx(r, ngx_http_thrift_module);

    if (!ctx->answered || size == 0) {
        return NGX_AGAIN;
    }

    *buf = '\0';

    return 1;
}


static ngx_int_t
ngx_http_thrift_gateway_show(ngx_http_request_t *r, ngx_http_thrift_ctx_t *ctx,
    ngx_int_t rc)
{
    ngx_str_t   text;
    ngx_uint_t  level;

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (ctx->err.len == 0) {
        return ngx_http_thrift_gateway_send(r,
                               ngx_http_thrift_gateway_status(ctx, &ctx->reply),
                               ctx->reply.text.data, ctx->reply.text.len);
    }

    text.data = (u_char *) ctx->err.text;
    text.len = ctx->err.len;

    /* a client can ask for more than a limit allows as often as it likes */

    level = ngx_http_thrift_gateway_is_limit(&ctx->err) ? NGX_LOG_INFO
                                                        : NGX_LOG_ERR;

    ngx_log_error(level, r->connection->log, 0,
                  "reply cannot be shown as JSON: %V", &text);

    return ngx_http_thrift_gateway_error(r, NGX_HTTP_BAD_GATEWAY, &text);
}


static ngx_uint_t
ngx_http_thrift_gateway_is_limit(nthrift_plain_error_t *err)
{
    return err->kind == NTHRIFT_PLAIN_SIZE || err->kind == NTHRIFT_PLAIN_VALUES
           || err->kind == NTHRIFT_PLAIN_DEPTH;
}


static ngx_uint_t
ngx_http_thrift_gateway_status(ngx_http_thrift_ctx_t *ctx,
    nthrift_plain_reply_t *reply)
{
    switch (reply->kind) {

    case NTHRIFT_PLAIN_RESULT:
    case NTHRIFT_PLAIN_VOID:
        return NGX_HTTP_OK;

    case NTHRIFT_PLAIN_DECLARED:
    case NTHRIFT_PLAIN_UNDECLARED:
        return NGX_HTTP_THRIFT_DECLARED;

    default: /* NTHRIFT_PLAIN_APPLICATION */

        /* nginx's own has one; a server's has not */

        if (ctx->head.status != NGX_HTTP_OK) {
            return ctx->head.status;
        }

        return (reply->code == NTHRIFT_EXC_UNKNOWN_METHOD)
                   ? NGX_HTTP_NOT_FOUND : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
ngx_http_thrift_gateway_error(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *text)
{
    ngx_str_t  json;

    if (text->len == 0) {
        ngx_str_set(text, "refused");
    }

    json = ngx_http_thrift_error_json(r, NTHRIFT_EXC_INTERNAL_ERROR, text);

    return json.data ? ngx_http_thrift_gateway_send(r, status, json.data,
                                                    json.len)
                     : NGX_ERROR;
}


/* In place of what was received. */

static ngx_int_t
ngx_http_thrift_gateway_send(ngx_http_request_t *r, ngx_uint_t status,
    u_char *data, size_t len)
{
    ngx_buf_t            *b;
    ngx_http_upstream_t  *u;

    u = r->upstream;
    b = &u->buffer;

    if (len) {
        b->start = data;
        b->end = data + len;
        b->last = b->end;

    } else {
        b->last = b->start;
    }

    b->pos = b->start;

    u->headers_in.status_n = status;
    u->headers_in.content_length_n = (off_t) len;
    u->state->status = status;

    if (len) {
        ngx_str_set(&r->headers_out.content_type, "application/json");
        r->headers_out.content_type_len = r->headers_out.content_type.len;
        r->headers_out.content_type_lowcase = NULL;
    }

    return NGX_OK;
}
