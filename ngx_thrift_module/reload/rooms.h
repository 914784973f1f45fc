/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * reload/: what becomes of clients when their worker shuts down.
 *
 *     shutdown     decides it for each session: it goes to a new worker, stays
 *      |           until it leaves, or is closed; says so in the log
 *      +--> handover     a connection as a letter, and out of one again
 *             |
 *             +--> channel     how letters go from worker to worker, and which
 *                              configuration is the newest
 */

#ifndef _NGX_THRIFT_RELOAD_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_RELOAD_ROOMS_H_INCLUDED_


#include "reload/ngx_stream_thrift_channel.h"
#include "reload/ngx_stream_thrift_handover.h"
#include "reload/ngx_stream_thrift_shutdown.h"


#endif /* _NGX_THRIFT_RELOAD_ROOMS_H_INCLUDED_ */
