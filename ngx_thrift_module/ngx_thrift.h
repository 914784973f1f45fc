
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
 *   call: check > route > validate > return > pass > reply > log
 *                                         |
 *                                         v
 *                                       pass    which attempt, what again
 *                                         |
 *                                         v
 *                            upstream <-> keepalive    a connection, a call
 *
 * What depends on stream (balancers, variables, the access log, writing to the
 * client) is reached through ngx_thrift_front_t.
 */

#ifndef _NGX_THRIFT_H_INCLUDED_
#define _NGX_THRIFT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include "base/map.h"
#include "bind/check.h"
#include "bind/find.h"
#include "idl/loader.h"
#include "idl/suggest.h"
#include "wire/exception.h"
#include "wire/head.h"
#include "wire/message.h"

typedef struct ngx_thrift_call_s      ngx_thrift_call_t;
typedef struct ngx_thrift_upstream_s  ngx_thrift_upstream_t;

#include "ngx_thrift_timer.h"
#include "ngx_thrift_trim.h"
#include "ngx_thrift_input.h"
#include "ngx_thrift_message.h"
#include "ngx_thrift_keepalive.h"
#include "ngx_thrift_idl.h"
#include "ngx_thrift_conf.h"
#include "ngx_thrift_route.h"
#include "ngx_thrift_call.h"
#include "ngx_thrift_validate.h"
#include "ngx_thrift_upstream.h"
#include "ngx_thrift_pass.h"
#include "ngx_thrift_reply.h"


#endif /* _NGX_THRIFT_H_INCLUDED_ */
