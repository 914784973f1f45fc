/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_watch.h.  Called around everything of a handler's that runs
 * on the event loop: nginx's own clock stands still there, and is let be.  If
 * it moved on in a timer, one that was set there would be due at once: nginx
 * would come to nothing else between slow timers that set each other.  Whoever
 * says how long something has taken asks how far the clock is behind.
 */

#include "ngx_thrift.h"


#if (NGX_HAVE_CLOCK_MONOTONIC)
static ngx_msec_t ngx_thrift_watch_look(void) nthrift_noinline;
#endif


static ngx_uint_t  ngx_thrift_watch_depth;
static ngx_uint_t  ngx_thrift_watch_needed;     /* there are handlers */
static ngx_uint_t  ngx_thrift_watch_wants_cpu;


void
ngx_thrift_watch_init(ngx_uint_t wants_cpu)
{
    ngx_thrift_watch_needed = 1;
    ngx_thrift_watch_wants_cpu = wants_cpu;
}


void
ngx_thrift_watch_start(ngx_thrift_watch_t *watch, ngx_uint_t kind,
    ngx_thrift_handler_t *handler, ngx_thrift_target_t *target)
{
    ngx_thrift_crash_enter(&watch->before, kind, handler, target);

    watch->start = 0;
    watch->cpu = 0;

    if (ngx_thrift_watch_depth++ == 0) {
        watch->start = ngx_thrift_clock();
        watch->cpu = ngx_thrift_watch_cpu();
    }
}


/* It is a system call, unlike the other clock. */

uint64_t
ngx_thrift_watch_cpu(void)
{
    struct timespec  now;

    if (!ngx_thrift_watch_wants_cpu
        || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == -1)
    {
        return 0;
    }

    return (uint64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}


uint64_t
ngx_thrift_watch_end(ngx_thrift_watch_t *watch, ngx_msec_t slow,
    ngx_log_t *log, ngx_thrift_handler_t *handler)
{
    uint64_t  took;

    ngx_thrift_crash_leave(&watch->before);

    if (--ngx_thrift_watch_depth != 0) {
        return 0;
    }

    watch->cpu = ngx_thrift_watch_cpu() - watch->cpu;
    took = ngx_thrift_clock() - watch->start;

    if (slow != 0 && took / 1000000 >= slow) {
        ngx_thrift_handler_tell(handler, NGX_THRIFT_HANDLER_SLOW, NGX_LOG_WARN,
                                log, 0,
                                "handler of service \"%V\" held the event loop "
                                "for %Mms",
                                &handler->service,
                                (ngx_msec_t) (took / 1000000));
    }

    return took;
}


#if (NGX_HAVE_CLOCK_MONOTONIC)

/* As ngx_monotonic_time() has it. */

ngx_msec_t
ngx_thrift_watch_behind(void)
{
    return ngx_thrift_watch_needed ? ngx_thrift_watch_look() : 0;
}


static ngx_msec_t
ngx_thrift_watch_look(void)
{
    ngx_msec_int_t  behind;

    behind = (ngx_msec_int_t) ((ngx_msec_t) (ngx_thrift_clock() / 1000000)
                               - ngx_current_msec);

    return ngx_max(behind, 0);
}

#else

ngx_msec_t
ngx_thrift_watch_behind(void)
{
    return 0;
}

#endif
