/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * upstream/: calls that servers answer.
 *
 *     pass          which attempt is next, or what the call's error is
 *      |  \
 *      |   retry -- budget                   is there a next one
 *      |   hedge                             or two at a time
 *      |   balancer ------ peer -- choose    which server (stream's balancers)
 *      |   pin                               or one that keeps its state
 *      |   blame                             and was it that one's fault
 *      v
 *     attempt ----- dialect     one try of a call with one server, and what
 *                               that speaks
 *      |
 *      v
 *     queue -- pick -- pipeline     gets it a connection, now or in its turn:
 *      | ^  \                       one that there is, one that takes one more
 *      | |   open                   ... or a new one
 *      v | done, and what it is told of sending and reading
 *     connection -- exchange    sends attempts, reads replies
 *      |  \
 *      |   linger                how it ends while a reply may still come
 *      v
 *     pool                      which connections there are, busy and idle
 *      |
 *      v
 *     server        an address in a dialect
 *      |
 *      v
 *     address ----- shared      how many connections there may be to it, in
 *                               this worker and in all
 *      ^
 *      |
 *     warm                      connections that are opened before a call
 *                               needs them
 *
 *     link, ssl     how a connection is made: from which address, what comes
 *                   before its first call
 *
 *     health        which servers are used at all
 *     detect        which transport and protocol each of them speaks
 *      |
 *      v
 *     check         one call to one of them, on a connection of its own
 *
 * Calls go down; what goes up are the functions of ngx_thrift_attempt.h and
 * attempt->done.  ngx_stream_thrift_resolve.c finds, for the peer, what a
 * variable names.  ngx_stream_thrift_pools.c has the pools of the
 * configuration, ngx_stream_thrift_missing.c what is said of upstreams that are
 * not defined; seqids and random have what a connection's calls are numbered
 * with.
 */

#ifndef _NGX_THRIFT_UPSTREAM_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_UPSTREAM_ROOMS_H_INCLUDED_


#include "upstream/ngx_thrift_random.h"
#include "upstream/ngx_thrift_seqids.h"
#include "upstream/ngx_thrift_link.h"
#include "upstream/ngx_thrift_ssl.h"
#include "upstream/ngx_thrift_server.h"
#include "upstream/ngx_thrift_budget.h"
#include "upstream/ngx_thrift_shared.h"
#include "upstream/ngx_thrift_pool.h"
#include "upstream/ngx_thrift_address.h"
#include "upstream/ngx_thrift_warm.h"
#include "upstream/ngx_thrift_balancer.h"
#include "upstream/ngx_thrift_attempt.h"
#include "upstream/ngx_thrift_dialect.h"
#include "upstream/ngx_thrift_linger.h"
#include "upstream/ngx_thrift_connection.h"
#include "upstream/ngx_thrift_open.h"
#include "upstream/ngx_thrift_exchange.h"
#include "upstream/ngx_thrift_check.h"
#include "upstream/ngx_thrift_detect.h"
#include "upstream/ngx_thrift_health.h"
#include "upstream/ngx_thrift_queue.h"
#include "upstream/ngx_thrift_pin.h"
#include "upstream/ngx_thrift_pipeline.h"
#include "upstream/ngx_thrift_pick.h"
#include "upstream/ngx_thrift_blame.h"
#include "upstream/ngx_thrift_retry.h"
#include "upstream/ngx_thrift_hedge.h"
#include "upstream/ngx_thrift_pass.h"


#endif /* _NGX_THRIFT_UPSTREAM_ROOMS_H_INCLUDED_ */
