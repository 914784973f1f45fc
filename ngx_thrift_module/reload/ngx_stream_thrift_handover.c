/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_stream_thrift_handover.h.
 *
 *   old worker                            new worker
 *
 *   a duplicate of the descriptor
 *   the letter: unread bytes, addresses
 *     of the PROXY protocol
 *   out of epoll, explicitly: the open
 *     file lives on in the other process,
 *     and would wake this one for ever
 *   the session ends: access log,
 *     limit_conn, counters; the client
 *     must not be counted twice
 *   sendmsg(), close()          ------->  recvmsg()
 *                                         the listening socket by its address
 *                                         a connection as of accept()
 *                                         the unread bytes are its buffer, as
 *                                           if a preread phase had read them
 *                                         all phases of the new configuration
 *
 * What the client sends meanwhile waits in the socket.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_PREREAD  16384        /* bytes, for other modules */


/* A letter begins with it; src, dst, tlvs, and unread bytes follow. */

typedef struct {
    uint32_t   size;            /* of this struct: the module's version */
    uint32_t   unread;
    uint16_t   proxied;         /* has a PROXY protocol header been read */
    in_port_t  src_port;
    in_port_t  dst_port;
    uint16_t   src_len;
    uint16_t   dst_len;
    uint16_t   tlvs_len;
} ngx_stream_thrift_letter_t;


static size_t ngx_stream_thrift_handover_unread(
    ngx_stream_thrift_session_t *ts);
static ngx_uint_t ngx_stream_thrift_handover_is_dropped(
    ngx_stream_thrift_session_t *ts);
static size_t ngx_stream_thrift_handover_write(
    ngx_stream_thrift_session_t *ts, u_char *p);
static u_char *ngx_stream_thrift_handover_write_proxied(
    ngx_stream_thrift_letter_t *letter, ngx_proxy_protocol_t *pp, u_char *p);
static u_char *ngx_stream_thrift_handover_write_unread(
    ngx_stream_thrift_session_t *ts, u_char *p);
static void ngx_stream_thrift_handover_unwatch(ngx_connection_t *c);
static ngx_listening_t *ngx_stream_thrift_handover_find(ngx_socket_t fd);
static ngx_uint_t ngx_stream_thrift_handover_accepts(ngx_listening_t *ls,
    struct sockaddr *sockaddr, socklen_t socklen);
static ngx_int_t ngx_stream_thrift_handover_address(ngx_connection_t *c,
    ngx_listening_t *ls);
static ngx_int_t ngx_stream_thrift_handover_read(ngx_connection_t *c,
    ngx_stream_thrift_letter_t *letter, u_char *p);
static ngx_int_t ngx_stream_thrift_handover_read_proxied(ngx_connection_t *c,
    ngx_stream_thrift_letter_t *letter, u_char **p);
static ngx_int_t ngx_stream_thrift_handover_read_str(ngx_pool_t *pool,
    ngx_str_t *s, size_t len, u_char **p);
static void ngx_stream_thrift_handover_start(ngx_connection_t *c);
static ngx_stream_addr_conf_t *ngx_stream_thrift_handover_addr_conf(
    ngx_connection_t *c);


/* A worker that shuts down has closed them, and nginx counts none. */

static ngx_uint_t  ngx_stream_thrift_handover_nlistening;


void
ngx_stream_thrift_handover_init(ngx_cycle_t *cycle)
{
    ngx_stream_thrift_handover_nlistening = cycle->listening.nelts;
}


ngx_uint_t
ngx_stream_thrift_handover_is_ours(ngx_stream_thrift_session_t *ts)
{
    socklen_t          socklen;
    ngx_sockaddr_t     sa;
    ngx_connection_t  *c;

    c = ts->connection;
    socklen = sizeof(ngx_sockaddr_t);

    return getsockname(c->fd, &sa.sockaddr, &socklen) == 0
           && ngx_stream_thrift_handover_accepts(c->listening, &sa.sockaddr,
                                                 socklen);
}


ngx_uint_t
ngx_stream_thrift_handover_fits(ngx_stream_thrift_session_t *ts)
{
    return !ngx_stream_thrift_handover_is_dropped(ts)
           && ngx_stream_thrift_handover_unread(ts)
              <= NGX_STREAM_THRIFT_LETTER / 2;
}


/* Of the message being read, of the input, and of a preread phase. */

static size_t
ngx_stream_thrift_handover_unread(ngx_stream_thrift_session_t *ts)
{
    size_t      size;
    ngx_buf_t  *b;

    size = ngx_thrift_input_left(&ts->in);
    b = ts->connection->buffer;

    if (ts->reading) {
        size += ts->reading->call.request.wire.length;
    }

    if (b) {
        size += b->last - b->pos;
    }

    return size;
}


/* A message that is only passed over is read to its end. */

static ngx_uint_t
ngx_stream_thrift_handover_is_dropped(ngx_stream_thrift_session_t *ts)
{
    ngx_thrift_message_t  *m;

    if (ts->reading == NULL) {
        return 0;
    }

    m = &ts->reading->call.request;

    return (off_t) m->wire.length != ngx_thrift_message_kept(m);
}


ngx_int_t
ngx_stream_thrift_handover_send(ngx_stream_thrift_session_t *ts,
    void (*sent)(void))
{
    size_t             size;
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    c = ts->connection;

    fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);

    if (fd == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_CRIT, c->log, ngx_errno,
                      "fcntl(F_DUPFD_CLOEXEC) failed, client stays");
        return NGX_DECLINED;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_STREAM, c->log, 0,
                   "thrift client goes to a new worker");

    size = ngx_stream_thrift_handover_write(ts,
                                        ngx_stream_thrift_channel_letter());

    ngx_stream_thrift_handover_unwatch(c);
    ngx_stream_thrift_session_close(ts, NGX_STREAM_OK);
    ngx_stream_thrift_channel_send(fd, size, sent);

    return NGX_OK;
}


static size_t
ngx_stream_thrift_handover_write(ngx_stream_thrift_session_t *ts, u_char *p)
{
    u_char                      *last;
    ngx_connection_t            *c;
    ngx_stream_thrift_letter_t   letter;

    c = ts->connection;

    ngx_memzero(&letter, sizeof(ngx_stream_thrift_letter_t));

    letter.size = sizeof(ngx_stream_thrift_letter_t);
    letter.unread = (uint32_t) ngx_stream_thrift_handover_unread(ts);

    last = p + sizeof(ngx_stream_thrift_letter_t);

    if (c->proxy_protocol) {
        last = ngx_stream_thrift_handover_write_proxied(&letter,
                                                        c->proxy_protocol,
                                                        last);
    }

    last = ngx_stream_thrift_handover_write_unread(ts, last);

    ngx_memcpy(p, &letter, sizeof(ngx_stream_thrift_letter_t));

    return last - p;
}


static u_char *
ngx_stream_thrift_handover_write_proxied(ngx_stream_thrift_letter_t *letter,
    ngx_proxy_protocol_t *pp, u_char *p)
{
    letter->proxied = 1;
    letter->src_port = pp->src_port;
    letter->dst_port = pp->dst_port;
    letter->src_len = (uint16_t) pp->src_addr.len;
    letter->dst_len = (uint16_t) pp->dst_addr.len;

    p = ngx_cpymem(p, pp->src_addr.data, pp->src_addr.len);
    p = ngx_cpymem(p, pp->dst_addr.data, pp->dst_addr.len);

#if (NGX_THRIFT_HAVE_PROXY_TLVS)

    /* a header is read into a buffer of less than this */

    letter->tlvs_len = (uint16_t) pp->tlvs.len;

    p = ngx_cpymem(p, pp->tlvs.data, pp->tlvs.len);

#endif

    return p;
}


static u_char *
ngx_stream_thrift_handover_write_unread(ngx_stream_thrift_session_t *ts,
    u_char *p)
{
    ngx_buf_t             *b;
    ngx_thrift_segment_t  *segment;

    if (ts->reading) {
        for (segment = ts->reading->call.request.first;
             segment;
             segment = segment->next)
        {
            p = ngx_cpymem(p, segment->start,
                           ngx_thrift_segment_size(segment));
        }
    }

    if (ngx_thrift_input_pending(&ts->in)) {
        p = ngx_cpymem(p, ts->in.pos, ngx_thrift_input_left(&ts->in));
    }

    b = ts->connection->buffer;

    return b ? ngx_cpymem(p, b->pos, b->last - b->pos) : p;
}


static void
ngx_stream_thrift_handover_unwatch(ngx_connection_t *c)
{
    if (ngx_del_conn) {
        if (c->read->active || c->write->active) {
            (void) ngx_del_conn(c, 0);
        }

        return;
    }

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }
}


/* NULL: nobody listens there, or not for stream{}. */

static ngx_listening_t *
ngx_stream_thrift_handover_find(ngx_socket_t fd)
{
    socklen_t         socklen;
    ngx_uint_t        i;
    ngx_sockaddr_t    sa;
    ngx_listening_t  *ls, *wildcard;

    socklen = sizeof(ngx_sockaddr_t);

    if (getsockname(fd, &sa.sockaddr, &socklen) == -1) {
        return NULL;
    }

    ls = ngx_cycle->listening.elts;
    wildcard = NULL;

    for (i = 0; i < ngx_stream_thrift_handover_nlistening; i++) {

        if (!ngx_stream_thrift_handover_accepts(&ls[i], &sa.sockaddr, socklen))
        {
            continue;
        }

        if (ngx_cmp_sockaddr(&sa.sockaddr, socklen, ls[i].sockaddr,
                             ls[i].socklen, 1)
            == NGX_OK)
        {
            return &ls[i];
        }

        wildcard = &ls[i];
    }

    return wildcard;
}


static ngx_uint_t
ngx_stream_thrift_handover_accepts(ngx_listening_t *ls,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    if (ls->handler != ngx_stream_init_connection || ls->type != SOCK_STREAM) {
        return 0;
    }

#if (NGX_HAVE_REUSEPORT)

    if (ls->reuseport && ls->worker != ngx_worker) {
        return 0;
    }

#endif

    if (ngx_inet_wildcard(ls->sockaddr)
        && ls->sockaddr->sa_family == sockaddr->sa_family
        && ngx_inet_get_port(ls->sockaddr) == ngx_inet_get_port(sockaddr))
    {
        return 1;
    }

    return ngx_cmp_sockaddr(sockaddr, socklen, ls->sockaddr, ls->socklen, 1)
           == NGX_OK;
}


void
ngx_stream_thrift_handover_receive(ngx_socket_t fd, u_char *p, size_t size)
{
    ngx_listening_t             *ls;
    ngx_connection_t            *c;
    ngx_stream_thrift_letter_t   letter;

    ngx_memcpy(&letter, p, sizeof(ngx_stream_thrift_letter_t));

    ls = ngx_stream_thrift_handover_find(fd);

    if (ls == NULL || letter.size != sizeof(ngx_stream_thrift_letter_t)) {
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                      "nobody listens for a client any more");
        (void) ngx_close_socket(fd);
        return;
    }

    c = ngx_stream_thrift_accept(fd, ls);
    if (c == NULL) {
        return;
    }

    /* it may have sent something meanwhile */

    ngx_thrift_input_retry(c);

    if (ngx_stream_thrift_handover_address(c, ls) != NGX_OK
        || ngx_stream_thrift_handover_read(c, &letter, p + sizeof(letter))
           != NGX_OK)
    {
        ngx_stream_thrift_accept_close(c);
        return;
    }

    ngx_stream_thrift_handover_start(c);
}


static ngx_int_t
ngx_stream_thrift_handover_address(ngx_connection_t *c, ngx_listening_t *ls)
{
    socklen_t       socklen;
    ngx_sockaddr_t  sa;

    socklen = sizeof(ngx_sockaddr_t);

    /* ENOTCONN: it has gone */

    if (getpeername(c->fd, &sa.sockaddr, &socklen) == -1) {
        return NGX_ERROR;
    }

    socklen = ngx_min(socklen, (socklen_t) sizeof(ngx_sockaddr_t));

    c->sockaddr = ngx_palloc(c->pool, socklen);
    if (c->sockaddr == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, &sa, socklen);
    c->socklen = socklen;

#if (NGX_HAVE_UNIX_DOMAIN)

    if (c->sockaddr->sa_family == AF_UNIX) {
        c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
        c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    }

#endif

    if (!ls->addr_ntop) {
        return NGX_OK;
    }

    c->addr_text.data = ngx_pnalloc(c->pool, ls->addr_text_max_len);
    if (c->addr_text.data == NULL) {
        return NGX_ERROR;
    }

    c->addr_text.len = ngx_sock_ntop(c->sockaddr, c->socklen,
                                     c->addr_text.data, ls->addr_text_max_len,
                                     0);

    return c->addr_text.len ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_stream_thrift_handover_read(ngx_connection_t *c,
    ngx_stream_thrift_letter_t *letter, u_char *p)
{
    ngx_buf_t  *b;

    if (letter->proxied
        && ngx_stream_thrift_handover_read_proxied(c, letter, &p) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (letter->unread == 0) {
        return NGX_OK;
    }

    /* a preread phase of the new configuration may want to read on behind it */

    b = ngx_create_temp_buf(c->pool,
                            letter->unread + NGX_STREAM_THRIFT_PREREAD);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, p, letter->unread);
    c->buffer = b;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_handover_read_proxied(ngx_connection_t *c,
    ngx_stream_thrift_letter_t *letter, u_char **p)
{
    ngx_proxy_protocol_t  *pp;

    pp = ngx_pcalloc(c->pool, sizeof(ngx_proxy_protocol_t));
    if (pp == NULL) {
        return NGX_ERROR;
    }

    pp->src_port = letter->src_port;
    pp->dst_port = letter->dst_port;

    if (ngx_stream_thrift_handover_read_str(c->pool, &pp->src_addr,
                                            letter->src_len, p)
        != NGX_OK
        || ngx_stream_thrift_handover_read_str(c->pool, &pp->dst_addr,
                                               letter->dst_len, p)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

#if (NGX_THRIFT_HAVE_PROXY_TLVS)

    if (ngx_stream_thrift_handover_read_str(c->pool, &pp->tlvs,
                                            letter->tlvs_len, p)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

#endif

    c->proxy_protocol = pp;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_handover_read_str(ngx_pool_t *pool, ngx_str_t *s, size_t len,
    u_char **p)
{
    s->data = ngx_pnalloc(pool, len ? len : 1);
    if (s->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(s->data, *p, len);
    s->len = len;

    *p += len;

    return NGX_OK;
}


/*
 * The client has sent its PROXY protocol header long ago, and never will if the
 * new configuration is the first to ask for one.
 */

static void
ngx_stream_thrift_handover_start(ngx_connection_t *c)
{
    ngx_uint_t               proxied;
    ngx_stream_addr_conf_t  *conf;

    conf = ngx_stream_thrift_handover_addr_conf(c);

    if (conf == NULL) {
        ngx_stream_thrift_accept_close(c);
        return;
    }

    proxied = conf->proxy_protocol;
    conf->proxy_protocol = 0;

    c->listening->handler(c);

    conf->proxy_protocol = proxied;
}


/* As ngx_stream_init_connection() finds it; NULL: no memory. */

static ngx_stream_addr_conf_t *
ngx_stream_thrift_handover_addr_conf(ngx_connection_t *c)
{
    ngx_uint_t              i;
    ngx_stream_port_t      *port;
    ngx_stream_in_addr_t   *addr;
#if (NGX_HAVE_INET6)
    ngx_stream_in6_addr_t  *addr6;
#endif

    port = c->listening->servers;

    if (port->naddrs > 1
        && ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK)
    {
        return NULL;
    }

    /* the last address is "*" */

#if (NGX_HAVE_INET6)

    if (c->local_sockaddr->sa_family == AF_INET6) {
        addr6 = port->addrs;

        for (i = 0; i < port->naddrs - 1; i++) {
            if (ngx_memcmp(&addr6[i].addr6,
                           &((struct sockaddr_in6 *)
                                 c->local_sockaddr)->sin6_addr, 16)
                == 0)
            {
                break;
            }
        }

        return &addr6[i].conf;
    }

#endif

    addr = port->addrs;

    for (i = 0; i < port->naddrs - 1; i++) {
        if (addr[i].addr
            == ((struct sockaddr_in *) c->local_sockaddr)->sin_addr.s_addr)
        {
            break;
        }
    }

    return &addr[i].conf;
}
