/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which servers of an upstream are healthy.  Each is checked in an interval
 * (ngx_thrift_check.c); after so many failed checks in a row no call is passed
 * to it until so many have passed.
 *
 *             fails
 *     up ---------------> down        unchecked: up, or with "mandatory" down
 *        <---------------             until the first check has passed
 *             passes
 *
 * Where workers share memory one of them checks, and the verdicts are there, so
 * that they outlive a reload and each worker; without a zone each worker checks
 * for itself.  What a verdict does to the balancer is ngx_stream_thrift_
 * health.c's: a call costs nothing.
 */

#ifndef _NGX_THRIFT_HEALTH_H_INCLUDED_
#define _NGX_THRIFT_HEALTH_H_INCLUDED_


#define NGX_THRIFT_HEALTH_INTERVAL  5000        /* milliseconds */
#define NGX_THRIFT_HEALTH_TIMEOUT   5000        /* milliseconds */

/* The default call: nobody has such a method, and if so it does no harm. */

#define NGX_THRIFT_HEALTH_SERVICE   "Nginx"
#define NGX_THRIFT_HEALTH_METHOD    "health_check"


typedef struct ngx_thrift_health_s  ngx_thrift_health_t;


typedef struct {
    ngx_msec_t             interval;
    ngx_msec_t             jitter;      /* that much later at most */
    ngx_msec_t             timeout;
    ngx_uint_t             fails;
    ngx_uint_t             passes;
    ngx_uint_t             port;        /* 0: that of the server */
    ngx_str_t              service;
    ngx_str_t              method;      /* empty: the default call */
    ngx_uint_t             mandatory;
} ngx_thrift_health_conf_t;


struct ngx_thrift_health_s {
    ngx_thrift_health_conf_t  *conf;
    ngx_thrift_check_conf_t    check;
    ngx_thrift_pool_t         *pool;

    /* visits all servers, and does with them as they say */

    void                     (*apply)(ngx_thrift_health_t *health);

    ngx_queue_t            servers;     /* in the order in which they are
                                           visited */
    ngx_queue_t           *next;        /* that is likely visited next */
    ngx_uint_t             walks;       /* number of the latest one */
    ngx_msec_t             walk;        /* when the next one is due */
    ngx_uint_t             nchecks;     /* on their way */
    ngx_uint_t             leads;       /* it is this worker that checks */
    ngx_thrift_timer_t     timer;
};


void ngx_thrift_health_init(ngx_thrift_health_t *health);

/* A worker begins, and ends. */
void ngx_thrift_health_start(ngx_thrift_health_t *health);
void ngx_thrift_health_stop(ngx_thrift_health_t *health);

/* For health->apply: there is such a server; is no call to be passed to it? */
ngx_uint_t ngx_thrift_health_visit(ngx_thrift_health_t *health,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name);


#endif /* _NGX_THRIFT_HEALTH_H_INCLUDED_ */
