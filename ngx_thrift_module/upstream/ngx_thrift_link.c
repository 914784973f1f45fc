
/*
 * How connections are made: see ngx_thrift_link.h.  Called by
 * ngx_thrift_connection.c before it connects.
 */

#include "ngx_thrift.h"


void
ngx_thrift_link_prepare(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_link_t      *link;
    ngx_peer_connection_t  *peer;

    peer = attempt->peer;
    link = &attempt->pool->link;

    peer->so_keepalive = link->keepalive;
    peer->local = link->local;

    if (attempt->identity && attempt->identity->local) {
        peer->local = attempt->identity->local;
    }

#if (NGX_HAVE_TRANSPARENT_PROXY)
    peer->transparent = link->transparent;
#endif
}
