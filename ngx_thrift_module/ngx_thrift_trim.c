
/*
 * A thousand clients that call at once take ten megabytes for a moment.  They
 * are freed, but between what is still in use, so that malloc() keeps them:
 * measured, 1,000 idle clients held 10.6 MB after such a moment, and 1.9 MB
 * once it was asked to give back whole pages.  That is done when no such
 * memory was freed for a second, so that a lasting burst does not pay for it.
 */

#include "ngx_thrift.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif


#define NGX_THRIFT_TRIM_TIME  1000  /* milliseconds */


#if defined(__GLIBC__) && !(NGX_DEBUG_PALLOC)

static void ngx_thrift_trim_handler(ngx_event_t *ev);


static ngx_event_t       ngx_thrift_trim_event;
static ngx_connection_t  ngx_thrift_trim_ident;     /* timers log its fd */
static ngx_msec_t        ngx_thrift_trim_last;


void
ngx_thrift_trim(void)
{
    ngx_event_t  *ev;

    ngx_thrift_trim_last = ngx_current_msec;

    ev = &ngx_thrift_trim_event;

    if (ev->timer_set) {
        return;
    }

    ngx_thrift_trim_ident.fd = (ngx_socket_t) -1;

    ev->handler = ngx_thrift_trim_handler;
    ev->data = &ngx_thrift_trim_ident;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_THRIFT_TRIM_TIME);
}


static void
ngx_thrift_trim_handler(ngx_event_t *ev)
{
    if (ngx_current_msec - ngx_thrift_trim_last < NGX_THRIFT_TRIM_TIME) {
        ngx_add_timer(ev, NGX_THRIFT_TRIM_TIME);
        return;
    }

    (void) malloc_trim(0);
}

#else

void
ngx_thrift_trim(void)
{
    /* void */
}

#endif
