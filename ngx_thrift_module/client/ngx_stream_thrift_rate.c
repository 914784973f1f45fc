/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The rate of calls, by a key in shared memory, as nginx limits that of
 * requests with limit_req: a bucket for each key leaks at the rate, each call
 * adds one, and how far it is above zero is the excess.  Called by
 * ngx_stream_thrift_call.c when a call is routed.
 *
 *     zone: tree --- bucket: a key, its excess, and when that was so
 *             |
 *             +----- queue: the same, last used first
 *
 * Where a call has several limits, nothing is added before all of them have let
 * it pass; their buckets are held meanwhile.
 */

#include "ngx_stream_thrift.h"


#define NGX_STREAM_THRIFT_RATE_UNUSED  60000    /* milliseconds: a bucket may be
                                                   forgotten then */
#define NGX_STREAM_THRIFT_RATE_FORGET  64       /* buckets, for a new one */


typedef struct {
    ngx_stream_thrift_zone_t           zone;        /* must be first */
    ngx_uint_t                         rate;        /* 1 = 0.001 r/s */
} ngx_stream_thrift_rate_zone_t;


typedef struct {
    ngx_str_node_t                     name;        /* must be first */
    ngx_queue_t                        queue;
    ngx_msec_t                         last;
    ngx_uint_t                         excess;
    ngx_uint_t                         held;        /* by calls, now */
    u_char                             data[1];
} ngx_stream_thrift_bucket_t;


/* What a limit says of a call. */

typedef struct {
    ngx_stream_thrift_rate_t          *limit;
    ngx_stream_thrift_rate_zone_t     *zone;
    ngx_stream_thrift_bucket_t        *bucket;      /* held, or NULL */
    ngx_uint_t                         excess;
} ngx_stream_thrift_rated_t;


static ngx_int_t ngx_stream_thrift_rate_check(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_rated_t *rated) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_rate_hold(ngx_stream_thrift_rated_t *rated,
    ngx_str_t *key, ngx_msec_t timeout);
static ngx_msec_t ngx_stream_thrift_rate_let_go(
    ngx_stream_thrift_rated_t *rated, ngx_uint_t n, ngx_uint_t add)
    nthrift_noinline;
static ngx_uint_t ngx_stream_thrift_rate_excess(
    ngx_stream_thrift_rated_t *rated);
static ngx_msec_t ngx_stream_thrift_rate_elapsed(
    ngx_stream_thrift_bucket_t *bucket);
static ngx_msec_t ngx_stream_thrift_rate_delay(
    ngx_stream_thrift_rated_t *rated);
static ngx_stream_thrift_bucket_t *ngx_stream_thrift_rate_get(
    ngx_stream_thrift_rate_zone_t *zone, ngx_str_t *key);
static ngx_stream_thrift_bucket_t *ngx_stream_thrift_rate_create(
    ngx_stream_thrift_rate_zone_t *zone, ngx_str_t *key, uint32_t hash);
static void ngx_stream_thrift_rate_forget(ngx_stream_thrift_rate_zone_t *zone,
    ngx_uint_t n, ngx_uint_t forced);
static ngx_int_t ngx_stream_thrift_rate_refuse(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_rated_t *rated, ngx_int_t rc);
static ngx_int_t ngx_stream_thrift_rate_value(ngx_conf_t *cf, ngx_str_t *value,
    ngx_uint_t *rate);
static char *ngx_stream_thrift_rate_parameters(ngx_conf_t *cf,
    ngx_stream_thrift_rate_t *limit);


static const char  *ngx_stream_thrift_rate_statuses[] = {
    NULL, "PASSED", "DELAYED", "REJECTED", "DELAYED_DRY_RUN",
    "REJECTED_DRY_RUN"
};


ngx_int_t
ngx_stream_thrift_rate(ngx_stream_thrift_call_t *tc)
{
    ngx_int_t                       rc;
    ngx_uint_t                      i, n;
    ngx_msec_t                      delay;
    ngx_stream_thrift_rate_t       *limits;
    ngx_stream_thrift_rated_t       rated[NGX_STREAM_THRIFT_RATES];
    ngx_stream_thrift_call_conf_t  *tccf;

    tccf = (ngx_stream_thrift_call_conf_t *) tc->call.conf;

    if (tccf->rates == NULL) {
        return NGX_OK;
    }

    limits = tccf->rates->elts;
    n = tccf->rates->nelts;

    rc = NGX_OK;

    for (i = 0; i < n && rc == NGX_OK; i++) {
        rated[i].limit = &limits[i];
        rated[i].zone = limits[i].zone->data;
        rated[i].bucket = NULL;

        rc = ngx_stream_thrift_rate_check(tc, &rated[i]);
    }

    delay = ngx_stream_thrift_rate_let_go(rated, i, rc == NGX_OK);

    if (rc != NGX_OK) {
        return ngx_stream_thrift_rate_refuse(tc, &rated[i - 1], rc);
    }

    if (delay == 0) {
        tc->rate_status = NGX_STREAM_THRIFT_RATE_PASSED;
        return NGX_OK;
    }

    if (tccf->rate_dry_run) {
        tc->rate_status = NGX_STREAM_THRIFT_RATE_DELAYED_DRY_RUN;
        return NGX_OK;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_STREAM, tc->call.log, 0,
                   "thrift call %ui: delayed by %Mms", tc->call.number, delay);

    tc->rate_status = NGX_STREAM_THRIFT_RATE_DELAYED;
    tc->call.delay = delay;

    return NGX_OK;
}


/* NGX_BUSY: it comes too fast; NGX_DECLINED: no memory; NGX_ERROR: no key. */

static ngx_int_t
ngx_stream_thrift_rate_check(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_rated_t *rated)
{
    ngx_int_t  rc;
    ngx_str_t  key;

    if (ngx_stream_complex_value(ngx_stream_thrift_call_session(tc),
                                 &rated->zone->zone.key, &key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (key.len == 0) {
        return NGX_OK;
    }

    ngx_shmtx_lock(&rated->zone->zone.slab->mutex);

    rc = ngx_stream_thrift_rate_hold(rated, &key, tc->call.target->timeout);

    ngx_shmtx_unlock(&rated->zone->zone.slab->mutex);

    return rc;
}


/* What would wait until its time is over is refused now. */

static ngx_int_t
ngx_stream_thrift_rate_hold(ngx_stream_thrift_rated_t *rated, ngx_str_t *key,
    ngx_msec_t timeout)
{
    rated->bucket = ngx_stream_thrift_rate_get(rated->zone, key);

    if (rated->bucket == NULL) {
        return NGX_DECLINED;
    }

    rated->bucket->held++;
    rated->excess = ngx_stream_thrift_rate_excess(rated);

    if (rated->excess > rated->limit->burst) {
        return NGX_BUSY;
    }

    return (timeout && ngx_stream_thrift_rate_delay(rated) >= timeout)
           ? NGX_BUSY : NGX_OK;
}


/*
 * Lets go of all buckets, having added a call to them if it passes.  Returns
 * how long it has to wait.
 */

static ngx_msec_t
ngx_stream_thrift_rate_let_go(ngx_stream_thrift_rated_t *rated, ngx_uint_t n,
    ngx_uint_t add)
{
    ngx_uint_t                   i;
    ngx_msec_t                   delay;
    ngx_stream_thrift_bucket_t  *bucket;

    delay = 0;

    for (i = 0; i < n; i++) {
        bucket = rated[i].bucket;

        if (bucket == NULL) {
            continue;
        }

        ngx_shmtx_lock(&rated[i].zone->zone.slab->mutex);

        bucket->held--;

        if (add) {
            rated[i].excess = ngx_stream_thrift_rate_excess(&rated[i]);
            delay = ngx_max(delay, ngx_stream_thrift_rate_delay(&rated[i]));

            bucket->excess = rated[i].excess;

            if (ngx_stream_thrift_rate_elapsed(bucket) != 0) {
                bucket->last = ngx_current_msec;
            }
        }

        ngx_shmtx_unlock(&rated[i].zone->zone.slab->mutex);
    }

    return delay;
}


/* With one more call, now. */

static ngx_uint_t
ngx_stream_thrift_rate_excess(ngx_stream_thrift_rated_t *rated)
{
    uint64_t  leaked, full;

    if (rated->bucket->last == 0) {
        return 0;
    }

    full = (uint64_t) rated->bucket->excess + 1000;
    leaked = (uint64_t) rated->zone->rate
             * ngx_stream_thrift_rate_elapsed(rated->bucket) / 1000;

    return (leaked < full) ? (ngx_uint_t) (full - leaked) : 0;
}


/*
 * Milliseconds since it was used.  The clock of another worker may be a bit
 * ahead, or it was that of a machine that has started anew.
 */

static ngx_msec_t
ngx_stream_thrift_rate_elapsed(ngx_stream_thrift_bucket_t *bucket)
{
    ngx_msec_int_t  ms;

    ms = (ngx_msec_int_t) (ngx_current_msec - bucket->last);

    if (ms < -NGX_STREAM_THRIFT_RATE_UNUSED) {
        return 1;
    }

    return ngx_max(ms, 0);
}


static ngx_msec_t
ngx_stream_thrift_rate_delay(ngx_stream_thrift_rated_t *rated)
{
    ngx_uint_t  over;

    if (rated->excess <= rated->limit->delay) {
        return 0;
    }

    over = rated->excess - rated->limit->delay;

    return (ngx_msec_t) ((uint64_t) over * 1000 / rated->zone->rate);
}


/* The bucket of a key, as the one used last; NULL: no memory. */

static ngx_stream_thrift_bucket_t *
ngx_stream_thrift_rate_get(ngx_stream_thrift_rate_zone_t *zone, ngx_str_t *key)
{
    uint32_t                     hash;
    ngx_uint_t                   i;
    ngx_stream_thrift_bucket_t  *bucket;

    hash = ngx_crc32_short(key->data, key->len);

    bucket = (ngx_stream_thrift_bucket_t *)
                 ngx_str_rbtree_lookup(&zone->zone.shared->tree, key, hash);

    if (bucket) {
        ngx_queue_remove(&bucket->queue);
        ngx_queue_insert_head(&zone->zone.shared->queue, &bucket->queue);
        return bucket;
    }

    ngx_stream_thrift_rate_forget(zone, 2, 0);

    bucket = ngx_stream_thrift_rate_create(zone, key, hash);

    /* a page is free for keys of another length when all its own are gone */

    for (i = 0; bucket == NULL && i < NGX_STREAM_THRIFT_RATE_FORGET; i++) {
        ngx_stream_thrift_rate_forget(zone, 1, 1);
        bucket = ngx_stream_thrift_rate_create(zone, key, hash);
    }

    return bucket;
}


static ngx_stream_thrift_bucket_t *
ngx_stream_thrift_rate_create(ngx_stream_thrift_rate_zone_t *zone,
    ngx_str_t *key, uint32_t hash)
{
    ngx_stream_thrift_bucket_t  *bucket;

    bucket = ngx_slab_alloc_locked(zone->zone.slab,
                                   offsetof(ngx_stream_thrift_bucket_t, data)
                                   + key->len);
    if (bucket == NULL) {
        return NULL;
    }

    bucket->name.node.key = hash;
    bucket->name.str.len = key->len;
    bucket->name.str.data = bucket->data;
    ngx_memcpy(bucket->data, key->data, key->len);

    bucket->last = 0;
    bucket->excess = 0;
    bucket->held = 0;

    ngx_rbtree_insert(&zone->zone.shared->tree, &bucket->name.node);
    ngx_queue_insert_head(&zone->zone.shared->queue, &bucket->queue);

    return bucket;
}


/*
 * Up to `n` of the buckets used least recently, if they are empty and were not
 * used for a minute; the first of them in any case, if `forced`.  One that is
 * held stays, and others have their turn before it: a worker that has died may
 * have held it, and nobody will let go of it.
 */

static void
ngx_stream_thrift_rate_forget(ngx_stream_thrift_rate_zone_t *zone,
    ngx_uint_t n, ngx_uint_t forced)
{
    ngx_queue_t                 *q;
    ngx_stream_thrift_rated_t    rated;
    ngx_stream_thrift_bucket_t  *bucket;

    while (n-- && !ngx_queue_empty(&zone->zone.shared->queue)) {
        q = ngx_queue_last(&zone->zone.shared->queue);
        bucket = ngx_queue_data(q, ngx_stream_thrift_bucket_t, queue);

        if (bucket->held) {
            ngx_queue_remove(q);
            ngx_queue_insert_head(&zone->zone.shared->queue, q);
            continue;
        }

        if (!forced) {
            rated.zone = zone;
            rated.bucket = bucket;

            if (ngx_stream_thrift_rate_elapsed(bucket)
                    < NGX_STREAM_THRIFT_RATE_UNUSED
                || ngx_stream_thrift_rate_excess(&rated) != 0)
            {
                return;
            }
        }

        forced = 0;

        ngx_queue_remove(q);
        ngx_rbtree_delete(&zone->zone.shared->tree, &bucket->name.node);
        ngx_slab_free_locked(zone->zone.slab, bucket);
    }
}


static ngx_int_t
ngx_stream_thrift_rate_refuse(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_rated_t *rated, ngx_int_t rc)
{
    ngx_uint_t                      dry_run;
    ngx_stream_thrift_call_conf_t  *tccf;

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    tccf = (ngx_stream_thrift_call_conf_t *) tc->call.conf;
    dry_run = tccf->rate_dry_run;

    if (ngx_thrift_refusals_add(&rated->zone->zone.refusals, tc->call.log)) {
        ngx_log_error(NGX_LOG_INFO, tc->call.log, 0,
                      "the rate of calls is limited by zone \"%V\"%s%s",
                      &rated->zone->zone.name,
                      rc == NGX_DECLINED ? ", which is full" : "",
                      dry_run ? ", dry run" : "");
    }

    if (dry_run) {
        tc->rate_status = NGX_STREAM_THRIFT_RATE_REJECTED_DRY_RUN;
        return NGX_OK;
    }

    tc->rate_status = NGX_STREAM_THRIFT_RATE_REJECTED;
    tc->over_limit = 1;

    return ngx_thrift_error_set(&tc->call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: calls come too fast");
}


const char *
ngx_stream_thrift_rate_status(ngx_uint_t status)
{
    return ngx_stream_thrift_rate_statuses[status];
}


char *
ngx_stream_thrift_limit_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                      *value;
    ngx_stream_thrift_rate_zone_t  *zone;

    value = cf->args->elts;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_rate_zone_t));

    if (zone == NULL
        || ngx_stream_thrift_zone_add(cf, &zone->zone,
                                      ngx_str_rbtree_insert_value,
                                      &ngx_stream_thrift_module)
           == NULL
        || ngx_stream_thrift_rate_value(cf, &value[3], &zone->rate) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* "rate=number r/s" or "r/m", without the blank */

static ngx_int_t
ngx_stream_thrift_rate_value(ngx_conf_t *cf, ngx_str_t *value,
    ngx_uint_t *rate)
{
    u_char      *p;
    size_t       len;
    ngx_int_t    n;
    ngx_uint_t   seconds;

    n = NGX_ERROR;
    seconds = 1;

    if (ngx_strncmp(value->data, "rate=", 5) == 0 && value->len > 8) {
        len = value->len - 8;
        p = value->data + 5 + len;

        if (ngx_strncmp(p, "r/m", 3) == 0) {
            seconds = 60;
        }

        if (seconds == 60 || ngx_strncmp(p, "r/s", 3) == 0) {
            n = ngx_atoi(value->data + 5, len);
        }
    }

    if (n <= 0 || n > NGX_MAX_INT32_VALUE / 1000) {
        (void) ngx_stream_thrift_bad_parameter(cf, value, "\"rate=\" with a "
                                               "number such as \"100r/s\" or "
                                               "\"30r/m\"");
        return NGX_ERROR;
    }

    *rate = n * 1000 / seconds;

    return NGX_OK;
}


char *
ngx_stream_thrift_limit_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    char                      *rv;
    ngx_uint_t                 i;
    ngx_stream_thrift_rate_t   limit, *limits, *added;

    rv = ngx_stream_thrift_rate_parameters(cf, &limit);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (tccf->rates == NGX_CONF_UNSET_PTR) {
        tccf->rates = ngx_array_create(cf->pool, 1,
                                       sizeof(ngx_stream_thrift_rate_t));
        if (tccf->rates == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    limits = tccf->rates->elts;

    for (i = 0; i < tccf->rates->nelts; i++) {
        if (limits[i].zone == limit.zone) {
            return "is duplicate";
        }
    }

    if (tccf->rates->nelts == NGX_STREAM_THRIFT_RATES) {
        return "stands here more than 8 times";
    }

    added = ngx_array_push(tccf->rates);
    if (added == NULL) {
        return NGX_CONF_ERROR;
    }

    *added = limit;

    return NGX_CONF_OK;
}


/* "zone=name [burst=number] [nodelay | delay=number]" */

static char *
ngx_stream_thrift_rate_parameters(ngx_conf_t *cf,
    ngx_stream_thrift_rate_t *limit)
{
    ngx_int_t    n;
    ngx_str_t   *value, name;
    ngx_uint_t   i;

    ngx_memzero(limit, sizeof(ngx_stream_thrift_rate_t));

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        n = 0;

        if (ngx_strncmp(value[i].data, "zone=", 5) == 0 && value[i].len > 5) {
            name.data = value[i].data + 5;
            name.len = value[i].len - 5;

            limit->zone = ngx_stream_thrift_zone_use(cf, &name,
                                                &ngx_stream_thrift_module,
                                                "thrift_limit_zone");
            if (limit->zone == NULL) {
                return NGX_CONF_ERROR;
            }

        } else if (ngx_strncmp(value[i].data, "burst=", 6) == 0) {
            n = ngx_atoi(value[i].data + 6, value[i].len - 6);
            limit->burst = n * 1000;

        } else if (ngx_strncmp(value[i].data, "delay=", 6) == 0) {
            n = ngx_atoi(value[i].data + 6, value[i].len - 6);
            limit->delay = n * 1000;

        } else if (ngx_strcmp(value[i].data, "nodelay") == 0) {
            limit->delay = NGX_MAX_INT_T_VALUE;

        } else {
            n = NGX_ERROR;
        }

        if (n < 0 || n > NGX_MAX_INT32_VALUE / 1000) {
            return ngx_stream_thrift_bad_parameter(cf, &value[i],
                                        "\"zone=\" with a name, \"burst=\" or "
                                        "\"delay=\" with a number, or "
                                        "\"nodelay\"");
        }
    }

    if (limit->zone == NULL) {
        return "must have the \"zone\" parameter";
    }

    return NGX_CONF_OK;
}
