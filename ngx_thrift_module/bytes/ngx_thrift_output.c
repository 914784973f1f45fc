
/*
 * Most messages lie in one piece, and most are small: for those send() costs
 * the kernel less than writev(), about 3 % of a hosted call.  Called by the
 * session for replies and by the upstream room for calls.
 */

#include "ngx_thrift.h"


ngx_chain_t *
ngx_thrift_output_send(ngx_connection_t *c, ngx_chain_t *out)
{
    ssize_t     n;
    ngx_buf_t  *b;

    b = out->buf;

    if (out->next || b->pos == b->last) {
        return c->send_chain(c, out, 0);
    }

#if (NGX_SSL)

    if (c->ssl) {
        return c->send_chain(c, out, 0);
    }

#endif

    if (!c->write->ready) {
        return out;
    }

    n = c->send(c, b->pos, b->last - b->pos);

    if (n == NGX_ERROR) {
        return NGX_CHAIN_ERROR;
    }

    if (n > 0) {
        b->pos += n;
    }

    return (b->pos == b->last) ? NULL : out;
}
