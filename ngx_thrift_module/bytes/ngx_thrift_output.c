/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Most messages lie in one piece, and most are small: for those send() costs
 * the kernel less than writev(), about 3 % of a hosted call.  Several small
 * ones are copied together for it.  Called by the session for replies, and by
 * the upstream room for calls.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_OUTPUT_JOINED  8192      /* bytes */


static ngx_chain_t *ngx_thrift_output_send_joined(ngx_connection_t *c,
    ngx_chain_t *out, size_t size);
static size_t ngx_thrift_output_size(ngx_chain_t *out);


ngx_chain_t *
ngx_thrift_output_send(ngx_connection_t *c, ngx_chain_t *out)
{
    size_t  size;

#if (NGX_SSL)

    if (c->ssl) {
        return c->send_chain(c, out, 0);
    }

#endif

    if (!c->write->ready) {
        return out;
    }

    size = ngx_thrift_output_size(out);

    if (size == 0 || (out->next && size > NGX_THRIFT_OUTPUT_JOINED)) {
        return c->send_chain(c, out, 0);
    }

    return ngx_thrift_output_send_joined(c, out, size);
}


static size_t
ngx_thrift_output_size(ngx_chain_t *out)
{
    size_t  size;

    for (size = 0; out; out = out->next) {
        size += out->buf->last - out->buf->pos;
    }

    return size;
}


/* What is left is returned. */

static ngx_chain_t *
ngx_thrift_output_send_joined(ngx_connection_t *c, ngx_chain_t *out,
    size_t size)
{
    u_char         *p, *last;
    ssize_t         n;
    ngx_buf_t      *b;
    ngx_chain_t    *cl;
    static u_char   joined[NGX_THRIFT_OUTPUT_JOINED];

    p = out->buf->pos;

    if (out->next) {
        p = joined;
        last = joined;

        for (cl = out; cl; cl = cl->next) {
            b = cl->buf;
            last = ngx_cpymem(last, b->pos, b->last - b->pos);
        }
    }

    n = c->send(c, p, size);

    if (n == NGX_ERROR) {
        return NGX_CHAIN_ERROR;
    }

    for (size = ngx_max(n, 0); out; out = out->next) {
        b = out->buf;

        n = ngx_min((ssize_t) size, b->last - b->pos);

        size -= n;
        b->pos += n;

        if (b->pos != b->last) {
            break;
        }
    }

    return out;
}
