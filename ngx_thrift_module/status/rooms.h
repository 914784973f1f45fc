/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * status/: what is counted of calls, in memory that all workers share.
 *
 *     status        the zone: rows by name, the workers, who is gone
 *      |
 *      +--> count       calls of clients, attempts, connections: a few numbers
 *      |                of a row each
 *      +--> failures    the latest calls that have failed
 *      |      +--> excerpt     what they have said
 *      +--> exemplars   one call of each bucket of times, by its id
 *      +--> history     samples of the numbers, every ten seconds
 *      +--> report      all of it as text, a piece at a time
 *             |
 *             +--> prometheus, json
 *
 *     ngx_stream_thrift_status.c has the directive, and knows the names that
 *     stand in the configuration.
 */

#ifndef _NGX_THRIFT_STATUS_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_STATUS_ROOMS_H_INCLUDED_


#include "status/ngx_thrift_status.h"
#include "status/ngx_thrift_count.h"
#include "status/ngx_thrift_exemplars.h"
#include "status/ngx_thrift_excerpt.h"
#include "status/ngx_thrift_failures.h"
#include "status/ngx_thrift_history.h"
#include "status/ngx_thrift_report.h"
#include "status/ngx_thrift_formats.h"


#endif /* _NGX_THRIFT_STATUS_ROOMS_H_INCLUDED_ */
