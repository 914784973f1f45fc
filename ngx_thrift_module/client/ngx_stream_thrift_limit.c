/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls on their way, counted by a key in shared memory, as nginx counts
 * connections for limit_conn.  Called by ngx_stream_thrift_call.c when a call
 * is routed, and when it has ended.
 *
 *     zone: tree --- node: a key --- shares: a worker, and how many of them
 *                                            it has
 *
 * A worker that dies gives nothing back.  So each has a share of its own, and
 * shares of processes that are gone are taken away when a worker begins, and
 * before a call is refused.
 */

#include "ngx_stream_thrift.h"


typedef struct {
    ngx_rbtree_node_t             node;         /* its key: a hash */
    ngx_queue_t                   shares;
    ngx_uint_t                    calls;        /* of all shares */
    size_t                        len;
    u_char                        data[1];
} ngx_stream_thrift_limit_node_t;


typedef struct {
    ngx_queue_t                   queue;        /* of its node */
    ngx_pid_t                     pid;
    ngx_uint_t                    calls;
} ngx_stream_thrift_limit_share_t;


/* A call that is counted; in its pool. */

struct ngx_stream_thrift_limited_s {
    ngx_stream_thrift_zone_t         *zone;
    ngx_stream_thrift_limit_node_t   *node;
    ngx_stream_thrift_limit_share_t  *share;
    ngx_stream_thrift_limited_t      *next;     /* of the same call */
};


static ngx_int_t ngx_stream_thrift_limit_call(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_limit_t *limit) nthrift_noinline;
static ngx_int_t ngx_stream_thrift_limit_count(
    ngx_stream_thrift_limited_t *limited, ngx_str_t *key, ngx_uint_t max);
static void ngx_stream_thrift_limit_give_back(
    ngx_stream_thrift_limited_t *limited) nthrift_noinline;
static ngx_stream_thrift_limit_node_t *ngx_stream_thrift_limit_find(
    ngx_stream_thrift_zone_t *zone, ngx_str_t *key, uint32_t hash);
static ngx_stream_thrift_limit_node_t *ngx_stream_thrift_limit_add(
    ngx_stream_thrift_zone_t *zone, ngx_str_t *key, uint32_t hash);
static ngx_int_t ngx_stream_thrift_limit_compare(
    ngx_stream_thrift_limit_node_t *n, u_char *data, size_t len);
static void ngx_stream_thrift_limit_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_stream_thrift_limit_share_t *ngx_stream_thrift_limit_get_share(
    ngx_stream_thrift_zone_t *zone, ngx_stream_thrift_limit_node_t *n);
static void ngx_stream_thrift_limit_take_back(
    ngx_stream_thrift_zone_t *zone, ngx_stream_thrift_limit_node_t *n);
static void ngx_stream_thrift_limit_free_unused(
    ngx_stream_thrift_zone_t *zone, ngx_stream_thrift_limit_node_t *n);


ngx_int_t
ngx_stream_thrift_limit(ngx_stream_thrift_call_t *tc)
{
    ngx_uint_t                      i;
    ngx_stream_thrift_limit_t      *limits;
    ngx_stream_thrift_call_conf_t  *tccf;

    tccf = (ngx_stream_thrift_call_conf_t *) tc->call.conf;

    if (tccf->limits == NULL) {
        return NGX_OK;
    }

    limits = tccf->limits->elts;

    for (i = 0; i < tccf->limits->nelts; i++) {
        if (ngx_stream_thrift_limit_call(tc, &limits[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_limit_call(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_limit_t *limit)
{
    ngx_int_t                     rc;
    ngx_str_t                     key;
    ngx_stream_thrift_limited_t  *limited;

    limited = ngx_palloc(tc->call.pool, sizeof(ngx_stream_thrift_limited_t));
    if (limited == NULL) {
        return NGX_ERROR;
    }

    limited->zone = limit->zone->data;

    if (ngx_stream_complex_value(ngx_stream_thrift_call_session(tc),
                                 &limited->zone->key, &key)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (key.len == 0) {
        return NGX_OK;
    }

    ngx_shmtx_lock(&limited->zone->slab->mutex);

    rc = ngx_stream_thrift_limit_count(limited, &key, limit->max);

    ngx_shmtx_unlock(&limited->zone->slab->mutex);

    if (rc == NGX_OK) {
        limited->next = tc->limited;
        tc->limited = limited;
        return NGX_OK;
    }

    if (ngx_thrift_refusals_add(&limited->zone->refusals, tc->call.log)) {
        ngx_log_error(NGX_LOG_INFO, tc->call.log, 0,
                      "calls are limited by zone \"%V\"%s",
                      &limit->zone->shm.name,
                      rc == NGX_ERROR ? ", which is full" : "");
    }

    tc->over_limit = 1;

    return ngx_thrift_error_set(&tc->call, NTHRIFT_EXC_INTERNAL_ERROR, 503,
                                "overloaded: too many calls at once");
}


/* NGX_BUSY: there are as many as there may be; NGX_ERROR: no memory. */

static ngx_int_t
ngx_stream_thrift_limit_count(ngx_stream_thrift_limited_t *limited,
    ngx_str_t *key, ngx_uint_t max)
{
    uint32_t                          hash;
    ngx_stream_thrift_limit_node_t   *n;
    ngx_stream_thrift_limit_share_t  *share;

    hash = ngx_crc32_short(key->data, key->len);

    n = ngx_stream_thrift_limit_find(limited->zone, key, hash);

    if (n && n->calls >= max) {
        ngx_stream_thrift_limit_take_back(limited->zone, n);

        if (n->calls >= max) {
            return NGX_BUSY;
        }
    }

    if (n == NULL) {
        n = ngx_stream_thrift_limit_add(limited->zone, key, hash);
        if (n == NULL) {
            return NGX_ERROR;
        }
    }

    share = ngx_stream_thrift_limit_get_share(limited->zone, n);
    if (share == NULL) {
        ngx_stream_thrift_limit_free_unused(limited->zone, n);
        return NGX_ERROR;
    }

    n->calls++;
    share->calls++;

    limited->node = n;
    limited->share = share;

    return NGX_OK;
}


void
ngx_stream_thrift_limit_release(ngx_stream_thrift_call_t *tc)
{
    while (tc->limited) {
        ngx_stream_thrift_limit_give_back(tc->limited);
        tc->limited = tc->limited->next;
    }
}


static void
ngx_stream_thrift_limit_give_back(ngx_stream_thrift_limited_t *limited)
{
    ngx_slab_pool_t                  *slab;
    ngx_stream_thrift_limit_share_t  *share;

    slab = limited->zone->slab;
    share = limited->share;

    ngx_shmtx_lock(&slab->mutex);

    limited->node->calls--;

    if (--share->calls == 0) {
        ngx_queue_remove(&share->queue);
        ngx_slab_free_locked(slab, share);
        ngx_stream_thrift_limit_free_unused(limited->zone, limited->node);
    }

    ngx_shmtx_unlock(&slab->mutex);
}


static ngx_stream_thrift_limit_node_t *
ngx_stream_thrift_limit_find(ngx_stream_thrift_zone_t *zone,
    ngx_str_t *key, uint32_t hash)
{
    ngx_int_t                        rc;
    ngx_rbtree_node_t               *node, *sentinel;
    ngx_stream_thrift_limit_node_t  *n;

    node = zone->shared->tree.root;
    sentinel = zone->shared->tree.sentinel;

    while (node != sentinel) {

        if (hash != node->key) {
            node = (hash < node->key) ? node->left : node->right;
            continue;
        }

        n = (ngx_stream_thrift_limit_node_t *) node;

        rc = ngx_stream_thrift_limit_compare(n, key->data, key->len);

        if (rc == 0) {
            return n;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static ngx_stream_thrift_limit_node_t *
ngx_stream_thrift_limit_add(ngx_stream_thrift_zone_t *zone,
    ngx_str_t *key, uint32_t hash)
{
    ngx_stream_thrift_limit_node_t  *n;

    n = ngx_slab_alloc_locked(zone->slab,
                              offsetof(ngx_stream_thrift_limit_node_t, data)
                              + key->len);
    if (n == NULL) {
        return NULL;
    }

    ngx_queue_init(&n->shares);

    n->node.key = hash;
    n->calls = 0;
    n->len = key->len;
    ngx_memcpy(n->data, key->data, key->len);

    ngx_rbtree_insert(&zone->shared->tree, &n->node);

    return n;
}


/* < 0: `data` comes before that of the node. */

static ngx_int_t
ngx_stream_thrift_limit_compare(ngx_stream_thrift_limit_node_t *n,
    u_char *data, size_t len)
{
    return ngx_memn2cmp(data, n->data, len, n->len);
}


static void
ngx_stream_thrift_limit_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel)
{
    ngx_int_t                        rc;
    ngx_rbtree_node_t              **p;
    ngx_stream_thrift_limit_node_t  *n;

    n = (ngx_stream_thrift_limit_node_t *) node;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = (node->key < temp->key) ? &temp->left : &temp->right;

        } else {
            rc = ngx_stream_thrift_limit_compare(
                                      (ngx_stream_thrift_limit_node_t *) temp,
                                      n->data, n->len);
            p = (rc < 0) ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


/* This worker's; NULL: no memory. */

static ngx_stream_thrift_limit_share_t *
ngx_stream_thrift_limit_get_share(ngx_stream_thrift_zone_t *zone,
    ngx_stream_thrift_limit_node_t *n)
{
    ngx_queue_t                      *q;
    ngx_stream_thrift_limit_share_t  *share;

    for (q = ngx_queue_head(&n->shares);
         q != ngx_queue_sentinel(&n->shares);
         q = ngx_queue_next(q))
    {
        share = ngx_queue_data(q, ngx_stream_thrift_limit_share_t, queue);

        if (share->pid == ngx_pid) {
            return share;
        }
    }

    share = ngx_slab_alloc_locked(zone->slab,
                                  sizeof(ngx_stream_thrift_limit_share_t));
    if (share == NULL) {
        return NULL;
    }

    share->pid = ngx_pid;
    share->calls = 0;

    ngx_queue_insert_head(&n->shares, &share->queue);

    return share;
}


/* What processes have that are gone. */

static void
ngx_stream_thrift_limit_take_back(ngx_stream_thrift_zone_t *zone,
    ngx_stream_thrift_limit_node_t *n)
{
    ngx_queue_t                      *q, *next;
    ngx_stream_thrift_limit_share_t  *share;

    for (q = ngx_queue_head(&n->shares);
         q != ngx_queue_sentinel(&n->shares);
         q = next)
    {
        next = ngx_queue_next(q);
        share = ngx_queue_data(q, ngx_stream_thrift_limit_share_t, queue);

        if (kill(share->pid, 0) == -1 && ngx_errno == NGX_ESRCH) {
            n->calls -= share->calls;

            ngx_queue_remove(q);
            ngx_slab_free_locked(zone->slab, share);
        }
    }
}


static void
ngx_stream_thrift_limit_free_unused(ngx_stream_thrift_zone_t *zone,
    ngx_stream_thrift_limit_node_t *n)
{
    if (ngx_queue_empty(&n->shares)) {
        ngx_rbtree_delete(&zone->shared->tree, &n->node);
        ngx_slab_free_locked(zone->slab, n);
    }
}


void
ngx_stream_thrift_limit_init(ngx_stream_thrift_main_conf_t *tmcf)
{
    ngx_uint_t                        i;
    ngx_rbtree_t                     *tree;
    ngx_shm_zone_t                  **zones;
    ngx_rbtree_node_t                *node, *next;
    ngx_stream_thrift_zone_t         *zone;

    zones = tmcf->limit_zones.elts;

    for (i = 0; i < tmcf->limit_zones.nelts; i++) {
        zone = zones[i]->data;
        tree = &zone->shared->tree;

        ngx_shmtx_lock(&zone->slab->mutex);

        node = (tree->root == tree->sentinel)
               ? NULL : ngx_rbtree_min(tree->root, tree->sentinel);

        for ( /* void */ ; node; node = next) {
            next = ngx_rbtree_next(tree, node);

            ngx_stream_thrift_limit_take_back(zone,
                                      (ngx_stream_thrift_limit_node_t *) node);
            ngx_stream_thrift_limit_free_unused(zone,
                                      (ngx_stream_thrift_limit_node_t *) node);
        }

        ngx_shmtx_unlock(&zone->slab->mutex);
    }
}


char *
ngx_stream_thrift_limit_calls_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_shm_zone_t                 *shm_zone, **zonep;
    ngx_stream_thrift_zone_t       *zone;
    ngx_stream_thrift_main_conf_t  *tmcf;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_stream_thrift_zone_t));
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    shm_zone = ngx_stream_thrift_zone_add(cf, zone,
                                          ngx_stream_thrift_limit_insert,
                                          &ngx_stream_thrift_call_module);
    if (shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    tmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_thrift_module);

    zonep = ngx_array_push(&tmcf->limit_zones);
    if (zonep == NULL) {
        return NGX_CONF_ERROR;
    }

    *zonep = shm_zone;

    return NGX_CONF_OK;
}


char *
ngx_stream_thrift_limit_calls(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_thrift_call_conf_t  *tccf = conf;

    ngx_int_t                   max;
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    ngx_shm_zone_t             *zone;
    ngx_stream_thrift_limit_t  *limit;

    value = cf->args->elts;

    if (ngx_strncmp(value[1].data, "zone=", 5) == 0) {
        return ngx_stream_thrift_bad_value(cf, &value[1], "the name of a zone, "
                                           "without \"zone=\"");
    }

    zone = ngx_stream_thrift_zone_use(cf, &value[1],
                                      &ngx_stream_thrift_call_module,
                                      "thrift_limit_calls_zone");
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (tccf->limits == NGX_CONF_UNSET_PTR) {
        tccf->limits = ngx_array_create(cf->pool, 1,
                                        sizeof(ngx_stream_thrift_limit_t));
        if (tccf->limits == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    limit = tccf->limits->elts;

    for (i = 0; i < tccf->limits->nelts; i++) {
        if (limit[i].zone == zone) {
            return "is duplicate";
        }
    }

    max = ngx_atoi(value[2].data, value[2].len);

    if (max <= 0 || max > 65535) {
        return ngx_stream_thrift_bad_value(cf, &value[2], "a number of calls "
                                           "between 1 and 65535");
    }

    limit = ngx_array_push(tccf->limits);
    if (limit == NULL) {
        return NGX_CONF_ERROR;
    }

    limit->zone = zone;
    limit->max = max;

    return NGX_CONF_OK;
}
