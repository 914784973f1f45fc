/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Timers that a handler sets for a call: nthrift_call_timer().
 */

#ifndef _NGX_THRIFT_ALARM_H_INCLUDED_
#define _NGX_THRIFT_ALARM_H_INCLUDED_


/*
 * How long a handler's timer takes that shall take `msec`: at least until the
 * event loop has been round, since nginx fires all timers that are due, also
 * those that are set meanwhile, before it goes on.
 */
#define ngx_thrift_alarm_msec(msec)  ngx_max(msec, 1)

/* Returns a number greater than 0, or NTHRIFT_ERROR: no memory (logged). */
int ngx_thrift_alarm_set(ngx_thrift_invocation_t *inv, uint32_t msec,
    nthrift_event_pt fn, void *data);

/* NTHRIFT_DECLINED: there is none of that number. */
int ngx_thrift_alarm_cancel(ngx_thrift_invocation_t *inv, int number);

void ngx_thrift_alarm_close_all(ngx_thrift_invocation_t *inv);


#endif /* _NGX_THRIFT_ALARM_H_INCLUDED_ */
