/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What follows an event at once, when its handler has done what there is to do:
 * what both look at is still in the processor's caches.
 */

#ifndef _NGX_THRIFT_SOON_H_INCLUDED_
#define _NGX_THRIFT_SOON_H_INCLUDED_


typedef enum {
    NGX_THRIFT_SOON_NONE = 0,
    NGX_THRIFT_SOON_EVENT,
    NGX_THRIFT_SOON_LATE        /* all events of this turn were handled: it is
                                   one that was posted */
} ngx_thrift_soon_e;


/* The handler that runs now, if something may follow it. */
extern ngx_thrift_soon_e  ngx_thrift_soon;

extern ngx_queue_t        ngx_thrift_soon_events;


/*
 * A handler of an event begins; returns what its end is told.  What it posts
 * follows it, or the handler that has called it, if that has begun so, too.
 */
static ngx_inline ngx_thrift_soon_e
ngx_thrift_soon_begin(ngx_thrift_soon_e soon)
{
    ngx_thrift_soon_e  outer;

    outer = ngx_thrift_soon;

    if (outer == NGX_THRIFT_SOON_NONE) {
        ngx_thrift_soon = soon;
    }

    return outer;
}


void ngx_thrift_soon_follow(void);

static ngx_inline void
ngx_thrift_soon_end(ngx_thrift_soon_e outer)
{
    if (outer == NGX_THRIFT_SOON_NONE) {
        ngx_thrift_soon_follow();
    }
}


/* What does not follow a handler of that kind is posted as others are. */
static ngx_inline void
ngx_thrift_soon_post(ngx_event_t *ev, ngx_thrift_soon_e soon)
{
    ngx_post_event(ev, (ngx_thrift_soon >= soon) ? &ngx_thrift_soon_events
                                                 : &ngx_posted_events);
}


#endif /* _NGX_THRIFT_SOON_H_INCLUDED_ */
