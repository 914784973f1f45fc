/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * thrift_door: a request whose body is a Thrift message, as THttpClient of
 * Apache's libraries sends it, and a response that is its reply.  What http
 * knows of a message is its length.
 */

#include "ngx_http_thrift.h"


#define NGX_HTTP_THRIFT_TYPE  "application/x-thrift"


static void ngx_http_thrift_door_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_door_empty(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_door_create_request(ngx_http_request_t *r);
static ngx_int_t ngx_http_thrift_door_process_head(ngx_http_request_t *r);
static void ngx_http_thrift_door_type(ngx_http_request_t *r, ngx_uint_t kind);
static ngx_uint_t ngx_http_thrift_door_is_thrift(ngx_str_t *type);
static ngx_int_t ngx_http_thrift_door_filter_init(void *data);
static ngx_int_t ngx_http_thrift_door_filter(void *data, ssize_t bytes);
static void ngx_http_thrift_door_abort(ngx_http_request_t *r);
static void ngx_http_thrift_door_finalize(ngx_http_request_t *r, ngx_int_t rc);


/* What a body of ours can be. */

static ngx_str_t  ngx_http_thrift_door_types[] = {
    ngx_string(NGX_HTTP_THRIFT_TYPE),
    ngx_string("application/vnd.apache.thrift."),
    ngx_null_string
};


ngx_int_t
ngx_http_thrift_door_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (r->method == NGX_HTTP_OPTIONS) {
        return NGX_DECLINED;
    }

    if (r->method != NGX_HTTP_POST) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    if (ngx_http_thrift_create_upstream(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->upstream->create_request = ngx_http_thrift_door_create_request;
    r->upstream->process_header = ngx_http_thrift_door_process_head;

    rc = ngx_http_read_client_request_body(r, ngx_http_thrift_door_body);

    return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
}


ngx_int_t
ngx_http_thrift_create_upstream(ngx_http_request_t *r)
{
    ngx_http_upstream_t         *u;
    ngx_http_thrift_loc_conf_t  *tlcf;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_ERROR;
    }

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    u = r->upstream;

    u->conf = &tlcf->upstream;
    u->output.tag = (ngx_buf_tag_t) &ngx_http_thrift_module;
    ngx_str_set(&u->schema, "thrift://");

    u->reinit_request = ngx_http_thrift_door_create_request;
    u->abort_request = ngx_http_thrift_door_abort;
    u->finalize_request = ngx_http_thrift_door_finalize;

    u->input_filter_init = ngx_http_thrift_door_filter_init;
    u->input_filter = ngx_http_thrift_door_filter;
    u->input_filter_ctx = r;

    return NGX_OK;
}


/* All of it is here: the length of the message is known. */

static void
ngx_http_thrift_door_body(ngx_http_request_t *r)
{
    if (r->request_body == NULL
        || ngx_http_thrift_size(r->request_body->bufs) == 0)
    {
        ngx_http_finalize_request(r, ngx_http_thrift_door_empty(r));
        return;
    }

    ngx_http_upstream_init(r);
}


static ngx_int_t
ngx_http_thrift_door_empty(ngx_http_request_t *r)
{
    ngx_str_t                 type;
    ngx_http_complex_value_t  text;

    r->upstream = NULL;

    ngx_str_set(&type, "text/plain");

    ngx_memzero(&text, sizeof(ngx_http_complex_value_t));
    ngx_str_set(&text.value, "not one Thrift message: an empty body\n");

    return ngx_http_send_response(r, NGX_HTTP_BAD_REQUEST, &type, &text);
}


/* The body is the request, as it is. */

static ngx_int_t
ngx_http_thrift_door_create_request(ngx_http_request_t *r)
{
    return NGX_OK;
}


static ngx_int_t
ngx_http_thrift_door_process_head(ngx_http_request_t *r)
{
    ngx_http_upstream_t         *u;
    ngx_thrift_door_head_t       head;
    ngx_http_thrift_loc_conf_t  *tlcf;

    u = r->upstream;

    if (u->buffer.last - u->buffer.pos < (off_t) sizeof(head)) {
        return NGX_AGAIN;
    }

    u->buffer.pos = u->buffer.pos + sizeof(head);
    ngx_memcpy(&head, u->buffer.pos - sizeof(head), sizeof(head));

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    if (head.kind == NGX_THRIFT_DOOR_EXCEPTION && !tlcf->status) {
        head.status = NGX_HTTP_OK;
    }

    u->headers_in.status_n = head.status;
    u->headers_in.content_length_n = (off_t) head.length;
    u->state->status = head.status;

    ngx_http_thrift_door_type(r, head.kind);

    return NGX_OK;
}


/* The reply is in the client's protocol, whose type the client has named. */

static void
ngx_http_thrift_door_type(ngx_http_request_t *r, ngx_uint_t kind)
{
    ngx_str_t        *type;
    ngx_table_elt_t  *h;

    type = &r->headers_out.content_type;
    h = r->headers_in.content_type;

    if (kind == NGX_THRIFT_DOOR_TEXT) {
        ngx_str_set(type, "text/plain");

    } else if (h && ngx_http_thrift_door_is_thrift(&h->value)) {
        *type = h->value;

    } else {
        ngx_str_set(type, NGX_HTTP_THRIFT_TYPE);
    }

    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;
}


static ngx_uint_t
ngx_http_thrift_door_is_thrift(ngx_str_t *type)
{
    ngx_str_t  *known;

    for (known = ngx_http_thrift_door_types; known->len; known++) {
        if (type->len >= known->len
            && ngx_strncasecmp(type->data, known->data, known->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_thrift_door_filter_init(void *data)
{
    ngx_http_request_t  *r = data;

    r->upstream->length = r->upstream->headers_in.content_length_n;

    return NGX_OK;
}


/* As ngx_http_upstream_non_buffered_filter(), which is not to be had. */

static ngx_int_t
ngx_http_thrift_door_filter(void *data, ssize_t bytes)
{
    ngx_http_request_t  *r = data;

    ngx_buf_t            *b;
    ngx_chain_t          *cl, **ll;
    ngx_http_upstream_t  *u;

    u = r->upstream;

    for (cl = u->out_bufs, ll = &u->out_bufs; cl; cl = cl->next) {
        ll = &cl->next;
    }

    cl = ngx_chain_get_free_buf(r->pool, &u->free_bufs);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    *ll = cl;

    b = &u->buffer;

    cl->buf->flush = 1;
    cl->buf->memory = 1;
    cl->buf->pos = b->last;
    cl->buf->tag = u->output.tag;

    b->last += bytes;
    cl->buf->last = b->last;

    u->length -= bytes;

    return NGX_OK;
}


static void
ngx_http_thrift_door_abort(ngx_http_request_t *r)
{
    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "abort http thrift request");
}


static void
ngx_http_thrift_door_finalize(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "finalize http thrift request: %i", rc);
}
