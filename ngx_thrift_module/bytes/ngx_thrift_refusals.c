/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_refusals.h.  Called by whoever refuses calls: limits, and the
 * step "pass" when it finds no server.
 */

#include "ngx_thrift.h"


static void ngx_thrift_refusals_cleanup(void *data);
static void ngx_thrift_refusals_more(void *data, ngx_uint_t n,
    ngx_uint_t seconds);


void
ngx_thrift_refusals_init(ngx_thrift_refusals_t *refusals, ngx_uint_t max,
    ngx_msec_t period, ngx_uint_t level, const char *what, ngx_str_t *name)
{
    ngx_memzero(&refusals->log, sizeof(ngx_log_t));

    refusals->repeats = 0;
    refusals->level = level;
    refusals->what = what;
    refusals->name = name;

    ngx_thrift_tally_init(&refusals->tally, max, period,
                          ngx_thrift_refusals_more, refusals);
}


ngx_int_t
ngx_thrift_refusals_add_limit(ngx_conf_t *cf, ngx_thrift_refusals_t *refusals,
    const char *what, ngx_str_t *name)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_refusals_init(refusals, NGX_THRIFT_REFUSALS,
                             NGX_THRIFT_REFUSALS_PERIOD, NGX_LOG_NOTICE, what,
                             name);

    cln->handler = ngx_thrift_refusals_cleanup;
    cln->data = refusals;

    return NGX_OK;
}


static void
ngx_thrift_refusals_cleanup(void *data)
{
    ngx_thrift_refusals_destroy((ngx_thrift_refusals_t *) data);
}


ngx_uint_t
ngx_thrift_refusals_add(ngx_thrift_refusals_t *refusals, ngx_log_t *log)
{
    if (ngx_thrift_tally_add(&refusals->tally)) {
        return 1;
    }

    /* what its handler would tell of is gone by then */

    refusals->log = *log;
    refusals->log.connection = 0;
    refusals->log.handler = NULL;
    refusals->log.action = NULL;

    return 0;
}


void
ngx_thrift_repeats_init(ngx_thrift_refusals_t *repeats, ngx_uint_t level,
    const char *what, ngx_str_t *name)
{
    ngx_thrift_refusals_init(repeats, NGX_THRIFT_REPEATS,
                             NGX_THRIFT_REFUSALS_PERIOD, level, what, name);

    repeats->repeats = 1;
}


static void
ngx_thrift_refusals_more(void *data, ngx_uint_t n, ngx_uint_t seconds)
{
    ngx_thrift_refusals_t  *refusals = data;

    ngx_str_t    name;
    const char  *did;

    ngx_str_null(&name);

    if (refusals->name) {
        name = *refusals->name;
    }

    did = refusals->repeats ? " like the last one"
                            : (n == 1) ? " call was refused"
                                       : " calls were refused";

    ngx_log_error(refusals->level, &refusals->log, 0,
                  "%ui more%s within %ui second%s: %s%s%V%s", n, did, seconds,
                  (seconds == 1) ? "" : "s", refusals->what,
                  name.len ? " \"" : "", &name, name.len ? "\"" : "");
}
