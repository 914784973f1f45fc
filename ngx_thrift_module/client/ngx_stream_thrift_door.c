/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call that comes by http gets a session as if its client had connected to
 * the server{}: routes, limits, variables and logs see the client of http, and
 * nothing else.  The connection is one end of a socketpair, made for this call
 * and closed with it, so that no call can ever be taken for another client's.
 *
 * Called by ngx_http_thrift_module.so, which has the other end, and by the
 * session, which reads one message and writes a head before the reply.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_DOOR_MESSAGE  "not one Thrift message: "


static ngx_listening_t *ngx_stream_thrift_door_listening(
    ngx_stream_thrift_named_t *named, ngx_connection_t *client);
static ngx_int_t ngx_stream_thrift_door_prepare(ngx_connection_t *c,
    ngx_thrift_door_call_t *call);
static ngx_int_t ngx_stream_thrift_door_address(ngx_connection_t *c,
    ngx_connection_t *client);
static ngx_int_t ngx_stream_thrift_door_headers(ngx_connection_t *c,
    ngx_stream_thrift_door_t *door, ngx_thrift_door_call_t *call);
static void ngx_stream_thrift_door_add_headers(ngx_thrift_headers_t *list,
    ngx_thrift_door_call_t *call);
static ngx_int_t ngx_stream_thrift_door_message(ngx_connection_t *c,
    ngx_thrift_door_call_t *call);
static void ngx_stream_thrift_door_cleanup(void *data);
static ngx_uint_t ngx_stream_thrift_door_status(
    ngx_stream_thrift_session_t *ts, ngx_thrift_call_t *call);
static void ngx_stream_thrift_door_head(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status, ngx_uint_t kind, size_t length);
static void ngx_stream_thrift_door_text(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status, u_char *text, size_t len) nthrift_noinline;


const ngx_thrift_doors_t  ngx_stream_thrift_doors = {
    sizeof(ngx_thrift_doors_t),
    sizeof(ngx_thrift_door_call_t),
    ngx_stream_thrift_find_name,
    ngx_stream_thrift_door_open,
    ngx_stream_thrift_describe_name
};


ngx_socket_t
ngx_stream_thrift_door_open(void *server, ngx_thrift_door_call_t *call,
    ngx_log_t *log)
{
    ngx_stream_thrift_named_t  *named = server;

    ngx_socket_t       pair[2];
    ngx_connection_t  *c;

    if (socketpair(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0, pair)
        == -1)
    {
        ngx_log_error(NGX_LOG_CRIT, log, ngx_errno, "socketpair() failed");
        return (ngx_socket_t) -1;
    }

    c = ngx_stream_thrift_accept(pair[0],
                       ngx_stream_thrift_door_listening(named, call->client));
    if (c == NULL) {
        (void) ngx_close_socket(pair[1]);
        return (ngx_socket_t) -1;
    }

    if (ngx_stream_thrift_door_prepare(c, call) != NGX_OK) {
        ngx_stream_thrift_accept_close(c);
        (void) ngx_close_socket(pair[1]);
        return (ngx_socket_t) -1;
    }

    c->listening->handler(c);

    return pair[1];
}


static ngx_listening_t *
ngx_stream_thrift_door_listening(ngx_stream_thrift_named_t *named,
    ngx_connection_t *client)
{
#if (NGX_HAVE_INET6)

    if (client->local_sockaddr->sa_family == AF_INET6) {
        return &named->listening6;
    }

#endif

    return &named->listening;
}


/* It is the http client's, and nothing of it outlives the call. */

static ngx_int_t
ngx_stream_thrift_door_prepare(ngx_connection_t *c,
    ngx_thrift_door_call_t *call)
{
    ngx_pool_cleanup_t        *cln;
    ngx_stream_thrift_door_t  *door;

    cln = ngx_pool_cleanup_add(c->pool, sizeof(ngx_stream_thrift_door_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    door = cln->data;

    ngx_memzero(door, sizeof(ngx_stream_thrift_door_t));

    door->size = call->size;
    door->protocol = call->protocol;
    cln->handler = ngx_stream_thrift_door_cleanup;

    c->number = call->client->number;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;

    if (ngx_stream_thrift_door_address(c, call->client) != NGX_OK
        || ngx_stream_thrift_door_headers(c, door, call) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return call->message ? ngx_stream_thrift_door_message(c, call) : NGX_OK;
}


/* Not asked of a socket, which would be asked of the socketpair. */

static ngx_int_t
ngx_stream_thrift_door_address(ngx_connection_t *c, ngx_connection_t *client)
{
    if (ngx_connection_local_sockaddr(client, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    c->sockaddr = ngx_palloc(c->pool, client->socklen);
    c->local_sockaddr = ngx_palloc(c->pool, client->local_socklen);
    c->addr_text.data = ngx_pstrdup(c->pool, &client->addr_text);

    if (c->sockaddr == NULL || c->local_sockaddr == NULL
        || c->addr_text.data == NULL)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, client->sockaddr, client->socklen);
    c->socklen = client->socklen;

    ngx_memcpy(c->local_sockaddr, client->local_sockaddr,
               client->local_socklen);
    c->local_socklen = client->local_socklen;

    c->addr_text.len = client->addr_text.len;

    return NGX_OK;
}


/* Too many for a THeader are too many here. */

static ngx_int_t
ngx_stream_thrift_door_headers(ngx_connection_t *c,
    ngx_stream_thrift_door_t *door, ngx_thrift_door_call_t *call)
{
    ngx_int_t             rc;
    ngx_thrift_headers_t  list;

    if (call->headers->nelts == 0) {
        return NGX_OK;
    }

    ngx_thrift_headers_start(&list);
    ngx_stream_thrift_door_add_headers(&list, call);

    rc = ngx_thrift_headers_write(&list, &door->headers, c->pool);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_ERR, call->client->log, 0,
                      "headers of a call by http are too large");
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_stream_thrift_door_add_headers(&list, call);

    return NGX_OK;
}


static void
ngx_stream_thrift_door_add_headers(ngx_thrift_headers_t *list,
    ngx_thrift_door_call_t *call)
{
    ngx_uint_t      i;
    ngx_keyval_t   *header;
    nthrift_str_t   name, value;

    header = call->headers->elts;

    for (i = 0; i < call->headers->nelts; i++) {
        name.data = header[i].key.data;
        name.len = header[i].key.len;
        value.data = header[i].value.data;
        value.len = header[i].value.len;

        ngx_thrift_headers_add(list, &name, &value);
    }
}


/* A message that is in memory is there as if a preread phase had read it. */

static ngx_int_t
ngx_stream_thrift_door_message(ngx_connection_t *c,
    ngx_thrift_door_call_t *call)
{
    size_t        n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_create_temp_buf(c->pool, (size_t) call->size);
    if (b == NULL) {
        return NGX_ERROR;
    }

    for (cl = call->message; cl; cl = cl->next) {
        n = cl->buf->last - cl->buf->pos;

        if (n) {
            b->last = ngx_cpymem(b->last, cl->buf->pos, n);
        }
    }

    c->buffer = b;

    return NGX_OK;
}


/* Its address marks a connection's door. */

static void
ngx_stream_thrift_door_cleanup(void *data)
{
    /* void */
}


ngx_stream_thrift_door_t *
ngx_stream_thrift_door_of(ngx_connection_t *c)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = c->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_stream_thrift_door_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


nthrift_rules_t *
ngx_stream_thrift_door_rules(ngx_stream_thrift_door_t *door,
    ngx_stream_thrift_srv_conf_t *conf)
{
    if (door->protocol == NTHRIFT_PROTOCOL_AUTO) {
        return &conf->door_rules;
    }

    door->rules = conf->door_rules;
    door->rules.protocol = (uint8_t) door->protocol;

    return &door->rules;
}


ngx_uint_t
ngx_stream_thrift_door_is_read(ngx_stream_thrift_session_t *ts)
{
    return ts->received >= ts->door->size && !ts->preread;
}


const char *
ngx_stream_thrift_door_check(ngx_stream_thrift_session_t *ts, ngx_int_t rc)
{
    nthrift_message_t  *wire;

    wire = &ts->reading->call.request.wire;

    if (rc == NGX_AGAIN) {
        return ngx_stream_thrift_door_is_read(ts)
                   ? "a body that ends in the middle of a message" : NULL;
    }

    if (rc == NGX_OK && (off_t) wire->length != ts->door->size) {
        return "a body that goes on behind its message";
    }

    return NULL;
}


void
ngx_stream_thrift_door_answer(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call)
{
    ngx_stream_thrift_door_head(ts, ngx_stream_thrift_door_status(ts, call),
                                call->failed ? NGX_THRIFT_DOOR_EXCEPTION
                                             : NGX_THRIFT_DOOR_REPLY,
                                call->out_length);
}


/* What it waits for from now on nobody waits for. */

void
ngx_stream_thrift_door_take(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call)
{
    if (call->failed) {
        ngx_stream_thrift_door_text(ts, ngx_stream_thrift_door_status(ts, call),
                                    call->text.data, call->text.len);
        return;
    }

    ngx_stream_thrift_door_head(ts, 200, NGX_THRIFT_DOOR_REPLY, 0);
}


void
ngx_stream_thrift_door_refuse(ngx_stream_thrift_session_t *ts,
    const char *text)
{
    u_char  *p, *last;
    size_t   size;

    size = sizeof(NGX_STREAM_THRIFT_DOOR_MESSAGE) + ngx_strlen(text);

    p = ngx_pnalloc(ts->connection->pool, size);
    if (p == NULL) {
        return;
    }

    last = ngx_sprintf(p, NGX_STREAM_THRIFT_DOOR_MESSAGE "%s", text);

    ngx_stream_thrift_door_text(ts, 400, p, last - p);
}


/* As docs/http.md has it.  What a service says itself is no error of HTTP. */

static ngx_uint_t
ngx_stream_thrift_door_status(ngx_stream_thrift_session_t *ts,
    ngx_thrift_call_t *call)
{
    if (!call->failed) {
        return 200;
    }

    if (ngx_stream_thrift_get_call(call)->over_limit) {
        return 429;
    }

    if (call->status == 400
        && (uint64_t) ts->door->size > ts->rules->max_message)
    {
        return 413;
    }

    return call->status;
}


static void
ngx_stream_thrift_door_head(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status, ngx_uint_t kind, size_t length)
{
    ngx_buf_t                 *b;
    ngx_stream_thrift_door_t  *door;

    door = ts->door;

    door->answered = 1;
    door->head.length = length;
    door->head.status = (uint32_t) status;
    door->head.kind = (uint32_t) kind;

    b = &door->buf[0];

    b->start = (u_char *) &door->head;
    b->pos = b->start;
    b->last = b->start + sizeof(ngx_thrift_door_head_t);
    b->end = b->last;
    b->memory = 1;

    door->link[0].buf = b;
    door->link[0].next = NULL;

    *ts->out_last = &door->link[0];
    ts->out_last = &door->link[0].next;
}


static void
ngx_stream_thrift_door_text(ngx_stream_thrift_session_t *ts,
    ngx_uint_t status, u_char *text, size_t len)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_stream_thrift_door_head(ts, status, NGX_THRIFT_DOOR_TEXT, len);

    if (len == 0) {
        return;
    }

    b = &ts->door->buf[1];

    b->start = text;
    b->pos = text;
    b->last = text + len;
    b->end = b->last;
    b->memory = 1;

    cl = &ts->door->link[1];

    cl->buf = b;
    cl->next = NULL;

    *ts->out_last = cl;
    ts->out_last = &cl->next;
}


/* allow, deny, limit_conn: its status would be lost with the connection. */

ngx_int_t
ngx_stream_thrift_door_log(ngx_stream_session_t *s)
{
    ngx_connection_t          *c;
    ngx_thrift_door_head_t     head;
    ngx_stream_thrift_door_t  *door;

    if (ngx_stream_get_module_ctx(s, ngx_stream_thrift_module)) {
        return NGX_OK;
    }

    c = s->connection;
    door = ngx_stream_thrift_door_of(c);

    if (door == NULL || door->answered) {
        return NGX_OK;
    }

    door->answered = 1;

    head.length = 0;
    head.status = (uint32_t) s->status;
    head.kind = NGX_THRIFT_DOOR_TEXT;

    (void) c->send(c, (u_char *) &head, sizeof(ngx_thrift_door_head_t));

    return NGX_OK;
}
