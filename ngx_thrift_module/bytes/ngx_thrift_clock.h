/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A clock that only goes on, for what takes less than nginx's milliseconds
 * tell.  In the header, as both objects have it.
 */

#ifndef _NGX_THRIFT_CLOCK_H_INCLUDED_
#define _NGX_THRIFT_CLOCK_H_INCLUDED_


/* Nanoseconds since some time in the past.  Threads may ask, too. */

static ngx_inline uint64_t
ngx_thrift_clock(void)
{
    struct timespec  now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}


#endif /* _NGX_THRIFT_CLOCK_H_INCLUDED_ */
