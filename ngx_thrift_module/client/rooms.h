/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * client/: the connections of clients, and what stream sees of their calls.
 *
 *     session       reads calls, keeps them in order, writes replies; the owner
 *      |            of its calls
 *      +--> wait        what it waits for, how long, and how it ends
 *      +--> hold        how much its calls may hold
 *      +--> refuse      what is said of one that sent no message
 *      +--> call        the stream session that each call has of its own
 *             |
 *             +--> limit                    thrift_limit_calls
 *             +--> rate                     thrift_limit_rate
 *             |     +--> zone               where both count by a key
 *             +--> mirror                   a copy of it, which has nothing of
 *             |                             the client's
 *             +--> headers                  those of a THeader, and what
 *             |                             servers get
 *             +--> trace                    its numbers, and its trace
 *             +--> variables, arguments     $thrift_..., $thrift_arg_...
 *             |     +--> utf8               the same, as text
 *             |     +--> span               the call as one of a trace
 *             +--> log                      the access log, a line a call
 *                   +--> span_log           spans, for a collector
 *
 *     door                     sessions of one call each, that came by http
 *     accept                   connections that nginx has not accepted itself
 */

#ifndef _NGX_THRIFT_CLIENT_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_CLIENT_ROOMS_H_INCLUDED_


#include "client/ngx_stream_thrift_accept.h"
#include "client/ngx_thrift_door.h"
#include "client/ngx_stream_thrift_door.h"
#include "client/ngx_stream_thrift_session.h"
#include "client/ngx_stream_thrift_trace.h"
#include "client/ngx_stream_thrift_call.h"
#include "client/ngx_stream_thrift_zone.h"
#include "client/ngx_stream_thrift_limit.h"
#include "client/ngx_stream_thrift_rate.h"
#include "client/ngx_stream_thrift_mirror.h"
#include "client/ngx_stream_thrift_refuse.h"
#include "client/ngx_stream_thrift_headers.h"
#include "client/ngx_stream_thrift_arguments.h"
#include "client/ngx_stream_thrift_utf8.h"
#include "client/ngx_stream_thrift_variables.h"
#include "client/ngx_stream_thrift_span.h"
#include "client/ngx_stream_thrift_span_log.h"


#endif /* _NGX_THRIFT_CLIENT_ROOMS_H_INCLUDED_ */
