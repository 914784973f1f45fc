/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stream side of ngx_thrift: client connections, the session that each
 * call gets of its own so that stream's balancers, variables and access log
 * work per call, and the directives.
 */

#ifndef _NGX_STREAM_THRIFT_H_INCLUDED_
#define _NGX_STREAM_THRIFT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_stream.h>

#include "ngx_thrift.h"

typedef struct ngx_stream_thrift_block_s    ngx_stream_thrift_block_t;
typedef struct ngx_stream_thrift_pool_s     ngx_stream_thrift_pool_t;
typedef struct ngx_stream_thrift_proxy_s    ngx_stream_thrift_proxy_t;
typedef struct ngx_stream_thrift_session_s  ngx_stream_thrift_session_t;
typedef struct ngx_stream_thrift_call_s     ngx_stream_thrift_call_t;
typedef struct ngx_stream_thrift_choice_s   ngx_stream_thrift_choice_t;
typedef struct ngx_stream_thrift_limited_s  ngx_stream_thrift_limited_t;
typedef struct ngx_stream_thrift_mirror_s   ngx_stream_thrift_mirror_t;
typedef struct ngx_stream_thrift_held_s     ngx_stream_thrift_held_t;
typedef struct ngx_stream_thrift_named_s    ngx_stream_thrift_named_t;
typedef struct ngx_stream_thrift_door_s     ngx_stream_thrift_door_t;
typedef struct ngx_stream_thrift_span_log_s  ngx_stream_thrift_span_log_t;

#include "client/ngx_stream_thrift_refuse.h"
#include "client/ngx_stream_thrift_log.h"
#include "upstream/ngx_stream_thrift_link.h"
#include "upstream/ngx_stream_thrift_ssl.h"
#include "conf/rooms.h"
#include "upstream/ngx_stream_thrift_pools.h"
#include "upstream/ngx_stream_thrift_missing.h"
#include "upstream/ngx_stream_thrift_rr.h"
#include "upstream/ngx_stream_thrift_peer.h"
#include "upstream/ngx_stream_thrift_choose.h"
#include "upstream/ngx_stream_thrift_resolve.h"
#include "upstream/ngx_stream_thrift_health.h"
#include "upstream/ngx_stream_thrift_ease.h"
#include "upstream/ngx_stream_thrift_warm.h"
#include "upstream/ngx_stream_thrift_held.h"
#include "upstream/ngx_stream_thrift_locks.h"
#include "client/rooms.h"
#include "status/ngx_stream_thrift_status.h"
#include "reload/rooms.h"
#include "handler/ngx_stream_thrift_outbound.h"
#include "handler/ngx_stream_thrift_handlers.h"


extern ngx_module_t  ngx_stream_thrift_module;
extern ngx_module_t  ngx_stream_thrift_call_module;
extern ngx_module_t  ngx_stream_thrift_upstream_module;


#endif /* _NGX_STREAM_THRIFT_H_INCLUDED_ */
