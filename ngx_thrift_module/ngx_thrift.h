/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ngx_thrift: the rooms that know nginx's core and events, but neither stream
 * nor http.
 *
 *   session (stream)                 whose connection, which configuration
 *     | bytes          ^ bytes
 *     v                |
 *   input  ---------> message        where a message ends; who keeps its bytes
 *                      |
 *                      v
 *   call: route > validate > return > handle > pass > reply > log
 *                     |                 |        |
 *         delay, admit: it waits        v        v
 *                                invocation    pass    what is tried
 *                                 |   |  |       |
 *                       alarm, work   |  |    attempt    one try
 *                                 object  \      |
 *                                          \  connection <-> pool
 *                                           outbound    a call, too
 *
 * What depends on stream is reached through ngx_thrift_owner_t (the client, its
 * variables, the access log) and ngx_thrift_balancer_t.
 */

#ifndef _NGX_THRIFT_H_INCLUDED_
#define _NGX_THRIFT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#if (NGX_THREADS)
#include <ngx_thread_pool.h>
#endif

#include <pthread.h>

#include "base/map.h"
#include "bind/check.h"
#include "bind/decode.h"
#include "bind/encode.h"
#include "bind/find.h"
#include "bind/fingerprint.h"
#include "bind/json_read.h"
#include "bind/json_write.h"
#include "bind/prune.h"
#include "idl/annotation.h"
#include "idl/compat.h"
#include "idl/loader.h"
#include "idl/suggest.h"
#include "wire/exception.h"
#include "wire/head.h"
#include "wire/message.h"
#include "wire/traceparent.h"
#include "wire/protocol.h"
#include "wire/translate.h"
#include "wire/theader.h"
#include "wire/transport.h"
#include "nthrift_handler.h"

/* nginx's own, whose parameters differ in Angie */

#if defined(__GNUC__)
extern __typeof__(ngx_log_error_core)  ngx_log_error_core  nthrift_cold;
#endif

typedef struct ngx_thrift_call_s        ngx_thrift_call_t;
typedef struct ngx_thrift_slice_s       ngx_thrift_slice_t;
typedef struct ngx_thrift_sleep_s       ngx_thrift_sleep_t;
typedef struct ngx_thrift_gate_s        ngx_thrift_gate_t;
typedef struct ngx_thrift_gate_wait_s   ngx_thrift_gate_wait_t;
typedef struct ngx_thrift_attempt_s     ngx_thrift_attempt_t;
typedef struct ngx_thrift_connection_s  ngx_thrift_connection_t;
typedef struct ngx_thrift_pool_s        ngx_thrift_pool_t;
typedef struct ngx_thrift_client_s      ngx_thrift_client_t;
typedef struct ngx_thrift_address_s     ngx_thrift_address_t;
typedef struct ngx_thrift_warm_s        ngx_thrift_warm_t;
typedef struct ngx_thrift_detect_s      ngx_thrift_detect_t;
typedef struct ngx_thrift_detect_wait_s  ngx_thrift_detect_wait_t;
typedef struct ngx_thrift_handler_s     ngx_thrift_handler_t;
typedef struct ngx_thrift_invocation_s  ngx_thrift_invocation_t;
typedef struct ngx_thrift_outbound_s    ngx_thrift_outbound_t;
typedef struct ngx_thrift_message_conf_s  ngx_thrift_message_conf_t;

#include "bytes/rooms.h"
#include "status/rooms.h"
#include "upstream/rooms.h"
#include "conf/ngx_thrift_idl.h"
#include "conf/ngx_thrift_compat.h"
#include "call/rooms.h"
#include "handler/rooms.h"


#endif /* _NGX_THRIFT_H_INCLUDED_ */
