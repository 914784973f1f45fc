
/*
 * The deadlines of calls.  Calls with the same timeout stand in one queue, in
 * the order in which they began, which is that of their deadlines: a call costs
 * no entry in nginx's tree of timers.
 */

#ifndef _NGX_THRIFT_DEADLINE_H_INCLUDED_
#define _NGX_THRIFT_DEADLINE_H_INCLUDED_


/* The call's time is over. */

typedef void (*ngx_thrift_deadline_pt)(ngx_thrift_call_t *call);


/* One for each timeout that the configuration has; in a worker. */

typedef struct {
    ngx_msec_t               timeout;
    ngx_thrift_deadline_pt   expire;
    ngx_queue_t              calls;
    ngx_thrift_timer_t       timer;     /* of the first call, or earlier */
} ngx_thrift_deadlines_t;


void ngx_thrift_deadlines_init(ngx_thrift_deadlines_t *deadlines,
    ngx_msec_t timeout, ngx_thrift_deadline_pt expire);

/* The queue's memory goes away. */
#define ngx_thrift_deadlines_destroy(deadlines)                               \
    ngx_thrift_timer_close(&(deadlines)->timer)

/* The call's time begins: deadlines->expire() when it is over. */
void ngx_thrift_deadline_start(ngx_thrift_call_t *call,
    ngx_thrift_deadlines_t *deadlines);

/* It has ended in time, or nobody waits for it: of a call that waits. */
void ngx_thrift_deadline_stop(ngx_thrift_call_t *call);

/* Is the time of a call over, if it has any? */
ngx_uint_t ngx_thrift_deadline_passed(ngx_thrift_call_t *call);


#endif /* _NGX_THRIFT_DEADLINE_H_INCLUDED_ */
