/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The upstream of such a location: one end of a socketpair, whose other end is
 * the client's connection to a server{} of stream.  So nginx's own code sends
 * the message, from memory or a file, passes the reply on as fast as the client
 * takes it, and notices when it leaves.
 */

#include "ngx_http_thrift.h"


/* A message up to this size is handed over with the call. */

#define NGX_HTTP_THRIFT_SMALL  16384        /* bytes */


static ngx_int_t ngx_http_thrift_peer_get(ngx_peer_connection_t *pc,
    void *data);
static ngx_int_t ngx_http_thrift_peer_call(ngx_http_request_t *r,
    ngx_thrift_door_call_t *call);
static void ngx_http_thrift_peer_fill(ngx_connection_t *c);
static ngx_chain_t *ngx_http_thrift_peer_send(ngx_connection_t *c,
    ngx_chain_t *in, off_t limit);
static ngx_chain_t *ngx_http_thrift_peer_drop(ngx_connection_t *c,
    ngx_chain_t *in, off_t limit);


ngx_int_t
ngx_http_thrift_peer_init(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *uscf)
{
    ngx_peer_connection_t       *pc;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    pc = &r->upstream->peer;

    pc->get = ngx_http_thrift_peer_get;
    pc->data = r;
    pc->tries = 1;
    pc->name = &tlcf->server->name;

    return NGX_OK;
}


/* NGX_DONE: connected. */

static ngx_int_t
ngx_http_thrift_peer_get(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_request_t  *r = data;

    ngx_socket_t                 fd;
    ngx_connection_t            *c;
    ngx_thrift_door_call_t       call;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    if (ngx_http_thrift_peer_call(r, &call) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_stream_thrift_doors.open(tlcf->server->server, &call, pc->log);

    if (fd == (ngx_socket_t) -1) {
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, pc->log);

    if (c == NULL) {
        (void) ngx_close_socket(fd);
        return NGX_ERROR;
    }

    ngx_http_thrift_peer_fill(c);

    /* a session that refuses a client closes: that is told there */

    c->log_error = NGX_ERROR_INFO;
    pc->connection = c;

    return NGX_DONE;
}


static ngx_int_t
ngx_http_thrift_peer_call(ngx_http_request_t *r, ngx_thrift_door_call_t *call)
{
    ngx_uint_t                   in_file;
    ngx_chain_t                 *cl;
    ngx_http_thrift_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_thrift_module);

    call->client = r->connection;
    call->size = ngx_http_thrift_size(r->upstream->request_bufs);
    call->message = NULL;
    call->protocol = tlcf->server->protocol;

    call->headers = ngx_http_thrift_headers(r);

    if (call->headers == NULL) {
        return NGX_ERROR;
    }

    in_file = 0;

    for (cl = r->upstream->request_bufs; cl; cl = cl->next) {
        in_file |= cl->buf->in_file;
    }

    if (call->size <= NGX_HTTP_THRIFT_SMALL && !in_file) {
        call->message = r->upstream->request_bufs;
        r->upstream->request_bufs = NULL;
    }

    return NGX_OK;
}


off_t
ngx_http_thrift_size(ngx_chain_t *cl)
{
    off_t  size;

    for (size = 0; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size;
}


/* As ngx_event_connect_peer() does it. */

static void
ngx_http_thrift_peer_fill(ngx_connection_t *c)
{
    c->type = SOCK_STREAM;

    c->recv = ngx_recv;
    c->send = ngx_send;
    c->recv_chain = ngx_recv_chain;
    c->send_chain = ngx_http_thrift_peer_send;

    c->sendfile = 1;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;

    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

    c->write->ready = 1;

    /* there may be a reply already; how much, it is not known */

    c->read->ready = 1;

#if (NGX_HAVE_KQUEUE || NGX_HAVE_EPOLLRDHUP)
    c->read->available = -1;
#endif
}


/*
 * A server that has refused the client takes no more of its message, and has
 * said why: that is read when all is sent, or would be.
 */

static ngx_chain_t *
ngx_http_thrift_peer_send(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    ngx_chain_t  *cl;

    cl = ngx_send_chain(c, in, limit);

    if (cl != NGX_CHAIN_ERROR) {
        return cl;
    }

    c->send_chain = ngx_http_thrift_peer_drop;

    return ngx_http_thrift_peer_drop(c, in, limit);
}


static ngx_chain_t *
ngx_http_thrift_peer_drop(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            b->pos = b->last;
        }

        if (b->in_file) {
            b->file_pos = b->file_last;
        }
    }

    return NULL;
}
