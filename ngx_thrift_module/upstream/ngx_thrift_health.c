/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_health.h.  Started in each worker by
 * ngx_stream_thrift_health.c; what is left to do is done by a timer.
 */

#include "ngx_thrift.h"


/* Checks on their way at the same time: of an upstream. */

#define NGX_THRIFT_HEALTH_CHECKS  32

/* How often it is looked which servers there are, and who checks them. */

#define NGX_THRIFT_HEALTH_LOOK    1000      /* milliseconds */

/* Checks that are due within that time begin together. */

#define NGX_THRIFT_HEALTH_TICK    20        /* milliseconds */

/* Another worker goes on when this one has not been heard of for so long. */

#define NGX_THRIFT_HEALTH_LEASE   5000      /* milliseconds */


typedef struct {
    ngx_queue_t              queue;
    ngx_thrift_health_t     *health;
    ngx_thrift_check_t      *check;         /* on its way, or NULL */
    ngx_uint_t               asked;         /* what it speaks is found out */
    ngx_thrift_detect_wait_t  wait;         /* for that */
    ngx_thrift_check_conf_t  conf;          /* health->check in its dialect */
    ngx_msec_t               due;           /* else: when the next one is */
    ngx_uint_t               walk;          /* in which it was there */
    ngx_uint_t               rounds;        /* checks so far */
    ngx_thrift_shared_server_t  *shared;    /* NULL: none is */
    ngx_thrift_verdict_t    *verdict;       /* that all know, or its own */
    ngx_thrift_verdict_t     own;
    ngx_str_t                name;
    socklen_t                socklen;
    ngx_sockaddr_t           sockaddr;
    ngx_sockaddr_t           checked;       /* with the port of the checks */
} ngx_thrift_health_server_t;


static ngx_uint_t ngx_thrift_health_leads(ngx_thrift_health_t *health);
static void ngx_thrift_health_tick(void *data);
static void ngx_thrift_health_walk(ngx_thrift_health_t *health);
static ngx_thrift_health_server_t *ngx_thrift_health_find(
    ngx_thrift_health_t *health, struct sockaddr *sockaddr, socklen_t socklen);
static ngx_thrift_health_server_t *ngx_thrift_health_create(
    ngx_thrift_health_t *health, struct sockaddr *sockaddr, socklen_t socklen,
    ngx_str_t *name);
static void ngx_thrift_health_share(ngx_thrift_health_server_t *server);
static void ngx_thrift_health_free(ngx_thrift_health_server_t *server);
static void ngx_thrift_health_begin(ngx_thrift_health_server_t *server);
static ngx_msec_t ngx_thrift_health_check_due(ngx_thrift_health_t *health);
static void ngx_thrift_health_check(ngx_thrift_health_server_t *server);
static ngx_int_t ngx_thrift_health_ask(ngx_thrift_health_server_t *server);
static void ngx_thrift_health_detected(ngx_thrift_detect_wait_t *wait,
    ngx_int_t rc, const char *why, ngx_err_t err);
static void ngx_thrift_health_again(ngx_thrift_health_server_t *server);
static void ngx_thrift_health_done(void *data, ngx_int_t rc, const char *why,
    ngx_err_t err);
static void ngx_thrift_health_judge(ngx_thrift_health_server_t *server,
    ngx_int_t rc, const char *why, ngx_err_t err);
static ngx_uint_t ngx_thrift_health_passed(ngx_thrift_health_server_t *server);
static ngx_uint_t ngx_thrift_health_failed(ngx_thrift_health_server_t *server,
    const char *why, ngx_err_t err);
static ngx_msec_t ngx_thrift_health_chance(ngx_msec_t time);


void
ngx_thrift_health_init(ngx_thrift_health_t *health)
{
    ngx_queue_init(&health->servers);
    health->next = &health->servers;

    health->check.done = ngx_thrift_health_done;

    ngx_thrift_timer_init(&health->timer, ngx_thrift_health_tick, health, NULL,
                          1);
}


void
ngx_thrift_health_start(ngx_thrift_health_t *health)
{
    /* before the first call: what others have found, and what is mandatory */

    ngx_thrift_health_walk(health);

    ngx_thrift_timer_set(&health->timer, ngx_current_msec);
}


void
ngx_thrift_health_stop(ngx_thrift_health_t *health)
{
    ngx_queue_t                 *q;
    ngx_thrift_health_server_t  *server;

    ngx_thrift_timer_close(&health->timer);

    while (!ngx_queue_empty(&health->servers)) {
        q = ngx_queue_head(&health->servers);
        server = ngx_queue_data(q, ngx_thrift_health_server_t, queue);

        if (server->check) {
            ngx_thrift_check_cancel(server->check);
        }

        if (server->asked) {
            ngx_thrift_detect_leave(&server->wait);
        }

        ngx_thrift_health_free(server);
    }

    if (health->leads && health->pool->shared) {
        ngx_thrift_shared_release(health->pool->shared);
    }

    health->next = &health->servers;
    health->nchecks = 0;
    health->leads = 0;
}


static void
ngx_thrift_health_tick(void *data)
{
    ngx_thrift_health_t  *health = data;

    ngx_msec_t  next;

    if (ngx_exiting) {
        ngx_thrift_health_stop(health);
        return;
    }

    if (!ngx_thrift_health_leads(health)) {
        ngx_thrift_timer_set(&health->timer, ngx_current_msec
                                             + NGX_THRIFT_HEALTH_LOOK);
        return;
    }

    if ((ngx_msec_int_t) (health->walk - ngx_current_msec) <= 0) {
        ngx_thrift_health_walk(health);
    }

    next = ngx_thrift_earlier(ngx_thrift_health_check_due(health),
                              health->walk);

    if ((ngx_msec_int_t) (next - ngx_current_msec) < NGX_THRIFT_HEALTH_TICK) {
        next = ngx_current_msec + NGX_THRIFT_HEALTH_TICK;
    }

    ngx_thrift_timer_set(&health->timer, next);
}


/* Does this worker check?  If it does from now on, all is looked at again. */

static ngx_uint_t
ngx_thrift_health_leads(ngx_thrift_health_t *health)
{
    ngx_uint_t                   led;
    ngx_queue_t                 *q;
    ngx_thrift_shared_t         *shared;
    ngx_thrift_health_server_t  *server;

    shared = health->pool->shared;
    led = health->leads;

    health->leads = shared == NULL
                    || ngx_thrift_shared_lease(shared,
                                               NGX_THRIFT_HEALTH_LEASE)
                       == NGX_OK;

    if (health->leads && !led) {
        health->walk = ngx_current_msec;

        for (q = ngx_queue_head(&health->servers);
             q != ngx_queue_sentinel(&health->servers);
             q = ngx_queue_next(q))
        {
            server = ngx_queue_data(q, ngx_thrift_health_server_t, queue);

            ngx_thrift_health_share(server);
            ngx_thrift_health_begin(server);
        }
    }

    return health->leads;
}


/* Which servers are there, and are they used as their verdicts say? */

static void
ngx_thrift_health_walk(ngx_thrift_health_t *health)
{
    ngx_queue_t                 *q, *next;
    ngx_thrift_health_server_t  *server;

    health->walk = ngx_current_msec + ngx_min(health->conf->interval,
                                              NGX_THRIFT_HEALTH_LOOK);
    health->walks++;
    health->next = ngx_queue_head(&health->servers);

    health->apply(health);

    for (q = ngx_queue_head(&health->servers);
         q != ngx_queue_sentinel(&health->servers);
         q = next)
    {
        next = ngx_queue_next(q);
        server = ngx_queue_data(q, ngx_thrift_health_server_t, queue);

        if (server->walk != health->walks
            && server->check == NULL && !server->asked)
        {
            ngx_thrift_health_free(server);
        }
    }

    health->next = &health->servers;
}


ngx_uint_t
ngx_thrift_health_visit(ngx_thrift_health_t *health, struct sockaddr *sockaddr,
    socklen_t socklen, ngx_str_t *name)
{
    ngx_thrift_verdict_t        *verdict;
    ngx_thrift_health_server_t  *server;

    server = ngx_thrift_health_find(health, sockaddr, socklen);

    if (server == NULL) {
        server = ngx_thrift_health_create(health, sockaddr, socklen, name);

        if (server == NULL) {
            return health->conf->mandatory;
        }
    }

    server->walk = health->walks;
    health->next = ngx_queue_next(&server->queue);

    verdict = server->verdict;

    return verdict->down || (health->conf->mandatory && !verdict->checked);
}


/* They come in the same order as before, but for those that came or went. */

static ngx_thrift_health_server_t *
ngx_thrift_health_find(ngx_thrift_health_t *health, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    ngx_queue_t                 *q;
    ngx_thrift_health_server_t  *server;

    q = health->next;

    do {
        if (q != ngx_queue_sentinel(&health->servers)) {
            server = ngx_queue_data(q, ngx_thrift_health_server_t, queue);

            if (ngx_memn2cmp((u_char *) &server->sockaddr, (u_char *) sockaddr,
                             server->socklen, socklen)
                == 0)
            {
                return server;
            }
        }

        q = ngx_queue_next(q);

    } while (q != health->next);

    return NULL;
}


static ngx_thrift_health_server_t *
ngx_thrift_health_create(ngx_thrift_health_t *health,
    struct sockaddr *sockaddr, socklen_t socklen, ngx_str_t *name)
{
    ngx_thrift_health_server_t  *server;

    server = ngx_calloc(sizeof(ngx_thrift_health_server_t) + name->len,
                        ngx_cycle->log);
    if (server == NULL) {
        return NULL;
    }

    server->health = health;
    server->name.len = name->len;
    server->name.data = (u_char *) (server + 1);
    ngx_memcpy(server->name.data, name->data, name->len);

    server->socklen = socklen;
    ngx_memcpy(&server->sockaddr, sockaddr, socklen);
    ngx_memcpy(&server->checked, sockaddr, socklen);

    if (health->conf->port && sockaddr->sa_family != AF_UNIX) {
        ngx_inet_set_port(&server->checked.sockaddr,
                          (in_port_t) health->conf->port);
    }

    ngx_thrift_health_share(server);
    ngx_thrift_health_begin(server);

    ngx_queue_insert_tail(health->next, &server->queue);

    return server;
}


/*
 * Its verdict is that of all workers, if this one has a slot by now; else it is
 * known to others by what it does to the balancer's server.
 */

static void
ngx_thrift_health_share(ngx_thrift_health_server_t *server)
{
    ngx_thrift_shared_t  *shared;

    shared = server->health->pool->shared;

    if (shared && server->shared == NULL) {
        server->shared = ngx_thrift_shared_server(shared,
                                                  &server->sockaddr.sockaddr,
                                                  server->socklen);
    }

    server->verdict = server->shared ? &server->shared->verdict : &server->own;
}


static void
ngx_thrift_health_free(ngx_thrift_health_server_t *server)
{
    if (server->shared) {
        ngx_thrift_shared_leave(server->health->pool->shared, server->shared);
    }

    ngx_queue_remove(&server->queue);
    ngx_free(server);
}


/*
 * A server of which nothing is known is checked soon, others at some time of
 * the interval, so that they are not checked all at once.
 */

static void
ngx_thrift_health_begin(ngx_thrift_health_server_t *server)
{
    ngx_msec_t                 within;
    ngx_thrift_health_conf_t  *conf;

    conf = server->health->conf;
    within = conf->interval;

    if (!server->verdict->checked) {
        within = conf->mandatory ? 0 : ngx_min(within, NGX_THRIFT_HEALTH_LOOK);
    }

    server->rounds = 0;
    server->due = ngx_current_msec + ngx_thrift_health_chance(within);
}


/* Begins those that are due; when is the next one? */

static ngx_msec_t
ngx_thrift_health_check_due(ngx_thrift_health_t *health)
{
    ngx_msec_t                   next;
    ngx_queue_t                 *q;
    ngx_thrift_health_server_t  *server;

    next = health->walk;

    for (q = ngx_queue_head(&health->servers);
         q != ngx_queue_sentinel(&health->servers);
         q = ngx_queue_next(q))
    {
        server = ngx_queue_data(q, ngx_thrift_health_server_t, queue);

        if (server->check || server->asked) {
            continue;
        }

        if ((ngx_msec_int_t) (server->due - ngx_current_msec) <= 0) {

            /* one that ends lets the next one begin */

            if (health->nchecks == NGX_THRIFT_HEALTH_CHECKS) {
                continue;
            }

            ngx_thrift_health_check(server);
        }

        if (server->check == NULL && !server->asked) {
            next = ngx_thrift_earlier(next, server->due);
        }
    }

    return next;
}


static void
ngx_thrift_health_check(ngx_thrift_health_server_t *server)
{
    ngx_int_t             rc;
    ngx_err_t             err;
    ngx_thrift_health_t  *health;

    health = server->health;

    if (ngx_thrift_health_ask(server) == NGX_AGAIN) {
        return;
    }

    ngx_set_socket_errno(0);

    server->check = ngx_thrift_check_start(&server->conf,
                                           &server->checked.sockaddr,
                                           server->socklen, &server->name,
                                           server, &rc);
    err = ngx_socket_errno;

    ngx_thrift_health_again(server);

    if (server->check) {
        health->nchecks++;
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_thrift_health_judge(server, rc, "connect() failed", err);
        return;
    }

    /* for example, the address of thrift_bind is not to be had */

    ngx_thrift_pool_tell(health->pool, NGX_THRIFT_POOL_OPEN, ngx_cycle->log,
                         err, "server %V of upstream \"%V\" cannot be checked",
                         &server->name, &health->pool->name);
}


/*
 * In which transport and protocol is it checked?  NGX_AGAIN: that is being
 * found out.
 */

static ngx_int_t
ngx_thrift_health_ask(ngx_thrift_health_server_t *server)
{
    ngx_int_t              rc;
    ngx_thrift_dialect_t   dialect;
    ngx_thrift_health_t   *health;

    health = server->health;
    server->conf = health->check;

    if (health->pool->detect == NULL) {
        return NGX_OK;
    }

    server->wait.done = ngx_thrift_health_detected;
    server->wait.data = server;

    rc = ngx_thrift_detect(health->pool->detect, &server->checked.sockaddr,
                           server->socklen, &server->name, &dialect,
                           &server->wait);
    if (rc == NGX_AGAIN) {
        server->asked = 1;
        health->nchecks++;
        return NGX_AGAIN;
    }

    if (rc == NGX_OK) {
        server->conf.transport = dialect.transport;
        server->conf.protocol = dialect.protocol;
    }

    return NGX_OK;
}


static void
ngx_thrift_health_detected(ngx_thrift_detect_wait_t *wait, ngx_int_t rc,
    const char *why, ngx_err_t err)
{
    ngx_thrift_health_server_t  *server;

    server = wait->data;

    server->asked = 0;

    /* that it speaks at all is not all that is checked */

    if (rc == NGX_OK) {
        server->health->nchecks--;
        ngx_thrift_timer_set(&server->health->timer, ngx_current_msec);
        return;
    }

    ngx_thrift_health_again(server);
    ngx_thrift_health_done(server, rc, why, err);
}


/* The second one is spread over the interval, as the first ones were not. */

static void
ngx_thrift_health_again(ngx_thrift_health_server_t *server)
{
    ngx_msec_t                 wait;
    ngx_thrift_health_conf_t  *conf;

    conf = server->health->conf;
    wait = conf->interval + ngx_thrift_health_chance(conf->jitter);

    if (server->rounds++ == 0) {
        wait -= ngx_thrift_health_chance(conf->interval / 2);
    }

    server->due = ngx_current_msec + wait;
}


static void
ngx_thrift_health_done(void *data, ngx_int_t rc, const char *why,
    ngx_err_t err)
{
    ngx_thrift_health_server_t  *server = data;

    ngx_thrift_health_t  *health;

    health = server->health;

    server->check = NULL;
    health->nchecks--;

    /* the next one may begin */

    ngx_thrift_timer_set(&health->timer, ngx_current_msec);

    if (rc != NGX_ERROR && !ngx_exiting) {
        ngx_thrift_health_judge(server, rc, why, err);
    }
}


static void
ngx_thrift_health_judge(ngx_thrift_health_server_t *server, ngx_int_t rc,
    const char *why, ngx_err_t err)
{
    ngx_uint_t  changed;

    changed = (rc == NGX_OK) ? ngx_thrift_health_passed(server)
                             : ngx_thrift_health_failed(server, why, err);

    /* soon: servers may come and go with it */

    if (changed) {
        server->health->walk = ngx_current_msec;
        ngx_thrift_timer_set(&server->health->timer, ngx_current_msec);
    }
}


static ngx_uint_t
ngx_thrift_health_passed(ngx_thrift_health_server_t *server)
{
    ngx_thrift_health_t   *health;
    ngx_thrift_verdict_t  *verdict;

    health = server->health;
    verdict = server->verdict;

    verdict->fails = 0;

    if (!verdict->checked) {
        verdict->checked = 1;
        return 1;
    }

    if (!verdict->down || ++verdict->passes < health->conf->passes) {
        return 0;
    }

    verdict->down = 0;
    verdict->passes = 0;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "server %V of upstream \"%V\" is up again", &server->name,
                  &health->pool->name);

    return 1;
}


static ngx_uint_t
ngx_thrift_health_failed(ngx_thrift_health_server_t *server, const char *why,
    ngx_err_t err)
{
    ngx_thrift_health_t   *health;
    ngx_thrift_verdict_t  *verdict;

    health = server->health;
    verdict = server->verdict;

    verdict->passes = 0;

    if (verdict->down || ++verdict->fails < health->conf->fails) {
        return 0;
    }

    verdict->checked = 1;
    verdict->down = 1;
    verdict->fails = 0;

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, err,
                  "server %V of upstream \"%V\" is down: %s", &server->name,
                  &health->pool->name, why);

    return 1;
}


/* A time between 0 and `time`. */

static ngx_msec_t
ngx_thrift_health_chance(ngx_msec_t time)
{
    return (ngx_msec_t) ((uint64_t) time * (ngx_thrift_random() & 0xffff)
                         / 0x10000);
}
