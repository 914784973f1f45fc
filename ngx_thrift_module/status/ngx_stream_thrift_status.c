/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive thrift_status_zone, and the names of rows: of a server{} that
 * is its thrift_name, or where it listens; those of services and methods are
 * in the targets of calls.  Names that a client sends are in none.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_STATUS_MIN  (8 * ngx_pagesize)


static ngx_int_t ngx_stream_thrift_status_keep(ngx_str_t *value,
    ngx_thrift_status_t *kept);
static ngx_thrift_status_row_t *ngx_stream_thrift_status_row(
    ngx_stream_thrift_call_t *tc);
static ngx_str_t *ngx_stream_thrift_status_tried(ngx_stream_thrift_call_t *tc);
static void ngx_stream_thrift_status_server(
    ngx_stream_thrift_srv_conf_t *tscf, ngx_str_t *name);
static void ngx_stream_thrift_status_listens(void *server,
    ngx_str_t *address);
static void ngx_stream_thrift_status_open_pool(ngx_thrift_status_t *status,
    ngx_stream_thrift_pool_t *pool);
static ngx_uint_t ngx_stream_thrift_status_knows(
    ngx_stream_upstream_srv_conf_t *us);
static ngx_uint_t ngx_stream_thrift_status_has(ngx_cycle_t *cycle);
static void *ngx_stream_thrift_status_report(ngx_cycle_t *cycle,
    ngx_pool_t *pool, ngx_uint_t format);
static ngx_int_t ngx_stream_thrift_status_peers(
    ngx_stream_thrift_main_conf_t *tmcf, ngx_thrift_report_t *report,
    ngx_pool_t *pool);
static void ngx_stream_thrift_status_label(
    ngx_stream_upstream_srv_conf_t *us, ngx_str_t *label);
static ngx_int_t ngx_stream_thrift_status_add_peers(ngx_array_t *all,
    ngx_stream_thrift_pool_t *pool);
static ngx_int_t ngx_stream_thrift_status_add_peer(ngx_array_t *all,
    ngx_str_t *upstream, ngx_stream_upstream_rr_peer_t *peer);
static ngx_uint_t ngx_stream_thrift_status_state(
    ngx_stream_upstream_rr_peer_t *peer);


const ngx_thrift_reports_t  ngx_stream_thrift_reports = {
    sizeof(ngx_thrift_reports_t),
    ngx_stream_thrift_status_has,
    ngx_stream_thrift_status_report,
    ngx_thrift_report_write,
    ngx_thrift_report_ask_history,
    ngx_stream_thrift_status_listens
};


char *
ngx_stream_thrift_status_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_main_conf_t  *tmcf = conf;

    ssize_t               size;
    ngx_str_t            *value;
    ngx_uint_t            i;
    ngx_thrift_status_t   kept;

    if (tmcf->status) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "has an empty name";
    }

    size = ngx_parse_size(&value[2]);

    if (size == NGX_ERROR) {
        return ngx_stream_thrift_bad_value(cf, &value[2],
                                           "a size, such as \"1m\"");
    }

    if (size < (ssize_t) NGX_STREAM_THRIFT_STATUS_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small, it must be %uz bytes "
                           "or larger", &value[1],
                           (size_t) NGX_STREAM_THRIFT_STATUS_MIN);
        return NGX_CONF_ERROR;
    }

    kept.failures = NGX_THRIFT_FAILURES;
    kept.arguments = 0;

    for (i = 3; i < cf->args->nelts; i++) {
        if (ngx_stream_thrift_status_keep(&value[i], &kept) != NGX_OK) {
            return ngx_stream_thrift_bad_value(cf, &value[i],
                                               "\"failures=\" and a number up "
                                               "to 10000, or \"arguments=\" "
                                               "and a size from 16 to 1024");
        }
    }

    tmcf->status = ngx_thrift_status_add(cf, &value[1], size,
                                         ngx_stream_thrift_status_zone);
    if (tmcf->status == NULL) {
        return NGX_CONF_ERROR;
    }

    tmcf->status->failures = kept.failures;
    tmcf->status->arguments = kept.arguments;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_thrift_status_keep(ngx_str_t *value, ngx_thrift_status_t *kept)
{
    ssize_t    size;
    ngx_int_t  n;
    ngx_str_t  rest;

    if (ngx_strncmp(value->data, "failures=", sizeof("failures=") - 1) == 0) {
        rest.data = value->data + sizeof("failures=") - 1;
        rest.len = value->len - (sizeof("failures=") - 1);

        n = ngx_atoi(rest.data, rest.len);

        if (n == NGX_ERROR || n > NGX_THRIFT_FAILURES_MAX) {
            return NGX_ERROR;
        }

        kept->failures = n;

        return NGX_OK;
    }

    if (ngx_strncmp(value->data, "arguments=", sizeof("arguments=") - 1) == 0) {
        rest.data = value->data + sizeof("arguments=") - 1;
        rest.len = value->len - (sizeof("arguments=") - 1);

        size = ngx_parse_size(&rest);

        if (size < NGX_THRIFT_EXCERPT_MIN || size > NGX_THRIFT_EXCERPT_MAX) {
            return NGX_ERROR;
        }

        kept->arguments = size;

        return NGX_OK;
    }

    return NGX_ERROR;
}


void
ngx_stream_thrift_status_open(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                  i;
    ngx_stream_thrift_pool_t  **pool;

    if (tmcf->status == NULL) {
        return;
    }

    ngx_thrift_status_open(tmcf->status);

    pool = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        ngx_stream_thrift_status_open_pool(tmcf->status, pool[i]);
    }
}


static void
ngx_stream_thrift_status_open_pool(ngx_thrift_status_t *status,
    ngx_stream_thrift_pool_t *pool)
{
    ngx_str_t  names[NGX_THRIFT_STATUS_NAMES];

    ngx_memzero(names, sizeof(names));

    if (pool->upstream) {
        ngx_stream_thrift_status_label(pool->upstream, &pool->idle.label);

        names[0] = pool->idle.label;
        pool->idle.known = ngx_stream_thrift_status_knows(pool->upstream);
    }

    pool->idle.status = status;
    pool->idle.row = ngx_thrift_status_row(status, NGX_THRIFT_STATUS_SERVER,
                                           names);
}


/* Servers that DNS names again and again are not known. */

static ngx_uint_t
ngx_stream_thrift_status_knows(ngx_stream_upstream_srv_conf_t *us)
{
#if (NGX_THRIFT_HAVE_RESOLVE && NGX_STREAM_UPSTREAM_ZONE)

    ngx_uint_t                     i;
    ngx_stream_upstream_server_t  *server;

    if (us->servers == NULL) {
        return 1;
    }

    server = us->servers->elts;

    for (i = 0; i < us->servers->nelts; i++) {
        if (server[i].host.len) {
            return 0;
        }
    }

#endif

    return 1;
}


/* An address in a directive has a port beside its host, an upstream{} none. */

static void
ngx_stream_thrift_status_label(ngx_stream_upstream_srv_conf_t *us,
    ngx_str_t *label)
{
    u_char  *p;

    *label = us->host;

    if (us->port == 0) {
        return;
    }

    p = ngx_pnalloc(ngx_cycle->pool, us->host.len + sizeof(":65535") - 1);

    if (p) {
        label->data = p;
        label->len = ngx_sprintf(p, "%V:%d", &us->host, (int) us->port) - p;
    }
}


void
ngx_stream_thrift_status_close(ngx_stream_thrift_main_conf_t *tmcf)
{
    if (tmcf->status && tmcf->status->open) {
        ngx_thrift_status_close(tmcf->status);
    }
}


void
ngx_stream_thrift_status_begin(ngx_stream_thrift_call_t *tc)
{
    ngx_thrift_target_t  *target;

    if (tc->main->status == NULL || !tc->main->status->open) {
        return;
    }

    target = tc->call.target;

    if (target->row == NULL) {
        target->row = ngx_stream_thrift_status_row(tc);
    }

    ngx_thrift_count_begin(&tc->counted, target->row);
}


void
ngx_stream_thrift_status_end(ngx_stream_thrift_call_t *tc)
{
    ngx_thrift_target_t  *target;

    if (!tc->main->status->open || tc->owner == NULL) {
        return;
    }

    /* no name is known of it: it is the server's */

    if (tc->counted.row == NULL) {
        target = tc->owner->conf->routes.server;

        if (target->row == NULL) {
            tc->call.target = target;
            target->row = ngx_stream_thrift_status_row(tc);
            tc->call.target = NULL;
        }

        tc->counted.row = target->row;
    }

    ngx_thrift_count_end(&tc->counted, &tc->call);
}


void
ngx_stream_thrift_status_logged(ngx_stream_thrift_call_t *tc)
{
    size_t                          room;
    ngx_thrift_status_t            *status;
    ngx_thrift_call_id_t            id;
    ngx_stream_thrift_call_conf_t  *tccf;

    status = tc->main->status;

    if (!status->open || tc->owner == NULL) {
        return;
    }

    if (ngx_stream_thrift_trace_call_id(tc, &id)) {
        ngx_thrift_exemplars_add(status, &tc->counted, &id);
    }

    tccf = (ngx_stream_thrift_call_conf_t *) tc->call.conf;
    room = (tccf && tccf->status_arguments) ? status->arguments : 0;

    ngx_thrift_failures_add(status->data->failures, &tc->counted, &tc->call,
                            &id, ngx_stream_thrift_status_tried(tc), room);
}


/* The server that the call was with last. */

static ngx_str_t *
ngx_stream_thrift_status_tried(ngx_stream_thrift_call_t *tc)
{
    ngx_array_t                  *states;
    ngx_stream_upstream_state_t  *state;

    states = ngx_stream_thrift_call_states(tc);

    if (states == NULL || states->nelts == 0) {
        return NULL;
    }

    state = states->elts;

    return state[states->nelts - 1].peer;
}


static ngx_thrift_status_row_t *
ngx_stream_thrift_status_row(ngx_stream_thrift_call_t *tc)
{
    ngx_str_t             names[NGX_THRIFT_STATUS_NAMES];
    ngx_thrift_target_t  *target;

    target = tc->call.target;

    ngx_stream_thrift_status_server(tc->owner->conf, &names[0]);

    names[1] = target->service;
    names[2] = target->name;

    return ngx_thrift_status_row(tc->main->status, NGX_THRIFT_STATUS_METHOD,
                                 names);
}


static void
ngx_stream_thrift_status_server(ngx_stream_thrift_srv_conf_t *tscf,
    ngx_str_t *name)
{
    ngx_str_t  *address;

    ngx_str_null(name);

    if (tscf->named) {
        *name = tscf->named->name;
        return;
    }

    if (tscf->addresses.nelts) {
        address = tscf->addresses.elts;
        *name = address[0];

        if (name->data[name->len - 1] == ' ') {
            name->len--;
        }
    }
}


/* The first of its addresses, without the name that stands behind it. */

static void
ngx_stream_thrift_status_listens(void *server, ngx_str_t *address)
{
    ngx_stream_thrift_named_t  *named = server;

    u_char                        *end;
    ngx_str_t                     *first;
    ngx_stream_thrift_srv_conf_t  *tscf;

    ngx_str_null(address);

    tscf = named->server->ctx->srv_conf[ngx_stream_thrift_module.ctx_index];

    if (tscf->addresses.nelts == 0) {
        return;
    }

    first = tscf->addresses.elts;
    end = ngx_strlchr(first->data, first->data + first->len, ' ');

    address->data = first->data;
    address->len = end ? (size_t) (end - first->data) : first->len;
}


static ngx_uint_t
ngx_stream_thrift_status_has(ngx_cycle_t *cycle)
{
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_thrift_loaded_conf(cycle);

    return tmcf && tmcf->status;
}


static void *
ngx_stream_thrift_status_report(ngx_cycle_t *cycle, ngx_pool_t *pool,
    ngx_uint_t format)
{
    ngx_thrift_report_t            *report;
    ngx_stream_thrift_main_conf_t  *tmcf;

    tmcf = ngx_stream_thrift_loaded_conf(cycle);

    report = ngx_thrift_report_create(tmcf->status, pool, format);

    if (report == NULL
        || ngx_stream_thrift_status_peers(tmcf, report, pool) != NGX_OK)
    {
        return NULL;
    }

    report->generation = ngx_stream_thrift_channel_generation();

    return report;
}


/* The servers of all upstreams, and their states. */

static ngx_int_t
ngx_stream_thrift_status_peers(ngx_stream_thrift_main_conf_t *tmcf,
    ngx_thrift_report_t *report, ngx_pool_t *pool)
{
    ngx_uint_t                  i;
    ngx_array_t                 all;
    ngx_stream_thrift_pool_t  **p;

    if (ngx_array_init(&all, pool, 16, sizeof(ngx_thrift_report_peer_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = tmcf->pools.elts;

    for (i = 0; i < tmcf->pools.nelts; i++) {
        if (p[i]->upstream
            && ngx_stream_thrift_status_add_peers(&all, p[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    report->peers = all.elts;
    report->npeers = all.nelts;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_status_add_peers(ngx_array_t *all,
    ngx_stream_thrift_pool_t *pool)
{
    ngx_int_t                        rc;
    ngx_stream_upstream_rr_peer_t   *peer;
    ngx_stream_upstream_rr_peers_t  *peers;

    rc = NGX_OK;

    peers = pool->upstream->peer.data;

    for ( /* void */ ; peers && rc == NGX_OK; peers = peers->next) {

        ngx_stream_upstream_rr_peers_rlock(peers);

        for (peer = peers->peer; peer && rc == NGX_OK; peer = peer->next) {
            rc = ngx_stream_thrift_status_add_peer(all, &pool->idle.label,
                                                   peer);
        }

        ngx_stream_upstream_rr_peers_unlock(peers);
    }

    return rc;
}


/* An address may stand in an upstream{} more than once. */

static ngx_int_t
ngx_stream_thrift_status_add_peer(ngx_array_t *all, ngx_str_t *upstream,
    ngx_stream_upstream_rr_peer_t *peer)
{
    ngx_uint_t                 i;
    ngx_thrift_report_peer_t  *known;

    known = all->elts;

    for (i = all->nelts; i-- > 0; /* void */ ) {

        if (known[i].upstream != upstream) {
            break;
        }

        if (known[i].server.len == peer->name.len
            && ngx_memcmp(known[i].server.data, peer->name.data,
                          peer->name.len)
               == 0)
        {
            return NGX_OK;
        }
    }

    known = ngx_array_push(all);
    if (known == NULL) {
        return NGX_ERROR;
    }

    known->upstream = upstream;
    known->state = ngx_stream_thrift_status_state(peer);
    known->server.len = peer->name.len;
    known->server.data = ngx_pstrdup(all->pool, &peer->name);

    return known->server.data ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_stream_thrift_status_state(ngx_stream_upstream_rr_peer_t *peer)
{
    if (peer->down & ~(ngx_uint_t) NGX_STREAM_THRIFT_HEALTH_DOWN) {
        return NGX_THRIFT_REPORT_DOWN;
    }

    if (peer->down) {
        return NGX_THRIFT_REPORT_UNHEALTHY;
    }

    if (peer->max_fails && peer->fails >= peer->max_fails) {
        return NGX_THRIFT_REPORT_UNAVAILABLE;
    }

    return NGX_THRIFT_REPORT_UP;
}
