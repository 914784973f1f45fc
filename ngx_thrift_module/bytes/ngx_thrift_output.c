/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Most messages lie in one piece, and most are small: for those send() costs
 * the kernel less than writev(), about 3 % of a hosted call.  Several small
 * ones are copied together for it.  Called by the session for replies, and by
 * the upstream room for calls.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_OUTPUT_JOINED  8192      /* bytes */


static ngx_chain_t *ngx_thrift_output_send_piece(ngx_connection_t *c,
    ngx_chain_t *out, u_char *p, size_t size);
static size_t ngx_thrift_output_join(ngx_chain_t *out);


static u_char  ngx_thrift_output_joined[NGX_THRIFT_OUTPUT_JOINED];


ngx_chain_t *
ngx_thrift_output_send(ngx_connection_t *c, ngx_chain_t *out)
{
    u_char  *p;
    size_t   size;

#if (NGX_SSL)

    if (c->ssl) {
        return c->send_chain(c, out, 0);
    }

#endif

    if (!c->write->ready) {
        return out;
    }

    if (out->next) {
        p = ngx_thrift_output_joined;
        size = ngx_thrift_output_join(out);

    } else {
        p = out->buf->pos;
        size = out->buf->last - p;
    }

    return size ? ngx_thrift_output_send_piece(c, out, p, size)
                : c->send_chain(c, out, 0);
}


/* Copies it together, and returns its bytes; 0: they are none, or too many. */

static size_t
ngx_thrift_output_join(ngx_chain_t *out)
{
    u_char     *p;
    size_t      size, n;
    ngx_buf_t  *b;

    p = ngx_thrift_output_joined;

    for (size = 0; out; out = out->next) {
        b = out->buf;
        n = b->last - b->pos;

        if (n > NGX_THRIFT_OUTPUT_JOINED - size) {
            return 0;
        }

        ngx_memcpy(p + size, b->pos, n);
        size += n;
    }

    return size;
}


/* All of it is at `p`, too.  What is left is returned. */

static ngx_chain_t *
ngx_thrift_output_send_piece(ngx_connection_t *c, ngx_chain_t *out, u_char *p,
    size_t size)
{
    ssize_t     n;
    ngx_buf_t  *b;

    n = c->send(c, p, size);

    if (n == NGX_ERROR) {
        return NGX_CHAIN_ERROR;
    }

    if (n == (ssize_t) size) {

        for ( /* void */ ; out; out = out->next) {
            out->buf->pos = out->buf->last;
        }

        return NULL;
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
