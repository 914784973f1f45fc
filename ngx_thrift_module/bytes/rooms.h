/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bytes/: what is received, kept and sent; no room here knows a call.
 *
 *     socket --> input --> message --> output --> socket
 *                  |         |
 *                 block <----+    counted references to what was received
 *                  |
 *                cache            memory that a worker uses again
 *
 *     translate                   a message in another protocol
 *     headers                     info headers of a THeader
 *     unpack                      payloads that are transformed
 *     escape                      received bytes in lines of the log
 *     digits                      numbers in what is written of each call
 *     tally                       lines of the log that are counted
 *     refusals                    the same, of calls that are refused
 *     clock                       time in nanoseconds
 *     timer                       deadlines that cost nothing to move
 *     delay                       what is due after the same time
 *     turns                       whose turn it is among those that wait
 *     trim                        memory of a burst goes back to the system
 *     prefetch                    memory comes to the processor's caches
 */

#ifndef _NGX_THRIFT_BYTES_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_BYTES_ROOMS_H_INCLUDED_


#include "bytes/ngx_thrift_clock.h"
#include "bytes/ngx_thrift_timer.h"
#include "bytes/ngx_thrift_delay.h"
#include "bytes/ngx_thrift_escape.h"
#include "bytes/ngx_thrift_digits.h"
#include "bytes/ngx_thrift_tally.h"
#include "bytes/ngx_thrift_refusals.h"
#include "bytes/ngx_thrift_turns.h"
#include "bytes/ngx_thrift_trim.h"
#include "bytes/ngx_thrift_prefetch.h"
#include "bytes/ngx_thrift_cache.h"
#include "bytes/ngx_thrift_input.h"
#include "bytes/ngx_thrift_output.h"
#include "bytes/ngx_thrift_message.h"
#include "bytes/ngx_thrift_translate.h"
#include "bytes/ngx_thrift_headers.h"
#include "bytes/ngx_thrift_unpack.h"


#endif /* _NGX_THRIFT_BYTES_ROOMS_H_INCLUDED_ */
