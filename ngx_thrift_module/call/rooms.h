/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * call/: what happens to a call, whoever made it and whoever answers it.
 *
 *     call          the table of steps, and the only loop that runs it
 *      |
 *      +--> route       whose it is: a target of the configuration
 *      +--> validate    does its body fit its definition
 *      |     text       what it says, if its protocol is text
 *      |     prune      the fields that its definition does not have go
 *      |     slice      for a short time in each turn, if it is large
 *      +--> sleep       it waits until its time has come ...
 *      +--> gate        ... and then its turn: so many are answered at once
 *      |     places     of one worker, or of all
 *      +--> fault       it may be delayed or fail on purpose
 *      +--> handler/, upstream/
 *      +--> reply       what its client gets
 *
 *     packed        calls, and answers, whose payload is transformed
 *     error         why a call failed
 *     deadline      when calls run out of time; it tells call
 *     owner         who made the call: named call-backs up, to client/ or to a
 *                   handler's outbound calls
 *     conf          what a call needs to know of the configuration
 */

#ifndef _NGX_THRIFT_CALL_ROOMS_H_INCLUDED_
#define _NGX_THRIFT_CALL_ROOMS_H_INCLUDED_


#include "call/ngx_thrift_error.h"
#include "call/ngx_thrift_deadline.h"
#include "call/ngx_thrift_fault.h"
#include "call/ngx_thrift_conf.h"
#include "call/ngx_thrift_route.h"
#include "call/ngx_thrift_owner.h"
#include "call/ngx_thrift_call.h"
#include "call/ngx_thrift_slice.h"
#include "call/ngx_thrift_packed.h"
#include "call/ngx_thrift_text.h"
#include "call/ngx_thrift_prune.h"
#include "call/ngx_thrift_validate.h"
#include "call/ngx_thrift_sleep.h"
#include "call/ngx_thrift_places.h"
#include "call/ngx_thrift_gate.h"
#include "call/ngx_thrift_reply.h"


#endif /* _NGX_THRIFT_CALL_ROOMS_H_INCLUDED_ */
