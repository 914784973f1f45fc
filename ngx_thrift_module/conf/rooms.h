/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * conf/: from nginx.conf and the IDL to what a call finds at run time.
 *
 *     module, call_module      directives, and what a process starts and stops
 *      |
 *      +--> blocks             thrift_service, thrift_method, who answers
 *      +--> limits             how long calls wait, and how many
 *      +--> conf               the structs, by role, and how they are merged
 *             |
 *             +--> definitions --> idl      thrift_idl, and reading its files
 *             +--> routes                   the tables that "route" looks in
 *             +--> compat                   thrift_idl_compat: definitions, and
 *                                           those of the old configuration
 *
 *     value                   what values of directives may be, and what is
 *                             said of others; used by all that have directives
 *     parameter               parameters of directives that have several
 *     where                   where a variable is written
 *     context_module          directives where they must not be
 *     names                   thrift_name: servers that http{} knows
 *     proxy                   directives that do nothing beside ours
 */

#ifndef _NGX_THRIFT_CONF_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_CONF_ROOMS_H_INCLUDED_


#include "conf/ngx_stream_thrift_value.h"
#include "conf/ngx_stream_thrift_parameter.h"
#include "conf/ngx_stream_thrift_where.h"
#include "conf/ngx_stream_thrift_conf.h"
#include "conf/ngx_stream_thrift_blocks.h"
#include "conf/ngx_stream_thrift_limits.h"
#include "conf/ngx_stream_thrift_definitions.h"
#include "conf/ngx_stream_thrift_compat.h"
#include "conf/ngx_stream_thrift_routes.h"
#include "conf/ngx_stream_thrift_names.h"
#include "conf/ngx_stream_thrift_proxy.h"


#endif /* _NGX_THRIFT_CONF_ROOMS_H_INCLUDED_ */
