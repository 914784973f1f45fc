/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_soon.h.  Called by the handlers of sessions, of connections to
 * servers, and of attempts that wait for one.
 */

#include "ngx_thrift.h"


ngx_thrift_soon_e  ngx_thrift_soon;

ngx_queue_t        ngx_thrift_soon_events = {
    &ngx_thrift_soon_events,
    &ngx_thrift_soon_events
};


void
ngx_thrift_soon_follow(void)
{
    ngx_queue_t  *q;
    ngx_event_t  *ev;

    while (!ngx_queue_empty(&ngx_thrift_soon_events)) {
        q = ngx_queue_head(&ngx_thrift_soon_events);
        ev = ngx_queue_data(q, ngx_event_t, queue);

        ngx_delete_posted_event(ev);

        ev->handler(ev);
    }

    ngx_thrift_soon = NGX_THRIFT_SOON_NONE;
}
