/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nginx's locks of the servers of an upstream that has a zone.  They do not say
 * who holds them: when a worker is killed inside, all others wait for good.
 * The one that takes its place opens them.
 */

#ifndef _NGX_STREAM_THRIFT_LOCKS_H_INCLUDED_
#define _NGX_STREAM_THRIFT_LOCKS_H_INCLUDED_


/*
 * After a worker has died: opens what it has left locked.  A lock that seems to
 * be so is waited for, half a second: one that lives may hold it.  Only one
 * worker at a time may do this.
 */
void ngx_stream_thrift_locks_open(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_log_t *log);


#endif /* _NGX_STREAM_THRIFT_LOCKS_H_INCLUDED_ */
