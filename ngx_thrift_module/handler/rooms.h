/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * handler/: calls that nginx answers itself, with code of others.
 *
 *     handler       what a directive thrift_handler makes; start and stop
 *      |   \
 *      |    object  its file: copied, checked in a child, loaded in workers
 *      v
 *     invocation    one run of a method for one call: its memory, what it
 *      |            reads, when it ends
 *      +--> alarm, work     timers and threads
 *      +--> outbound        calls that it makes itself: calls like others, of
 *      |                    which it is the owner
 *      +--> watch           how long it holds the event loop
 *             |
 *             +--> crash    what of it runs, if the worker dies there
 *
 *     api           the functions that a handler calls; it holds a ticket in
 *                   place of a call
 *     log           what it writes
 */

#ifndef _NGX_THRIFT_HANDLER_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_HANDLER_ROOMS_H_INCLUDED_


#include "handler/ngx_thrift_crash.h"
#include "handler/ngx_thrift_watch.h"
#include "handler/ngx_thrift_log.h"
#include "handler/ngx_thrift_object.h"
#include "handler/ngx_thrift_handler.h"
#include "handler/ngx_thrift_ticket.h"
#include "handler/ngx_thrift_invocation.h"
#include "handler/ngx_thrift_alarm.h"
#include "handler/ngx_thrift_work.h"
#include "handler/ngx_thrift_outbound.h"
#include "handler/ngx_thrift_api.h"


#endif /* _NGX_THRIFT_HANDLER_ROOMS_H_INCLUDED_ */
