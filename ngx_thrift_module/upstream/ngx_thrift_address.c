/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_address.h.  Called by ngx_thrift_pool.c, whose connections are
 * counted here, and by ngx_thrift_queue.c, which asks for places.
 */

#include "ngx_thrift.h"


static ngx_thrift_address_t *ngx_thrift_address_create(
    ngx_thrift_pool_t *pool, struct sockaddr *sockaddr, socklen_t socklen);
static void ngx_thrift_address_set_row(ngx_thrift_address_t *address);
static ngx_uint_t ngx_thrift_address_is_unused(
    ngx_thrift_address_t *address);
static void ngx_thrift_address_free(ngx_thrift_address_t *address);
static ngx_int_t ngx_thrift_address_compare(ngx_thrift_address_t *address,
    ngx_rbtree_key_t hash, struct sockaddr *sockaddr, socklen_t socklen);
static void ngx_thrift_address_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_uint_t ngx_thrift_address_starves(ngx_thrift_address_t *address,
    ngx_msec_t waits);
static ngx_int_t ngx_thrift_address_share(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_address_has_turn(ngx_thrift_address_t *address);
static ngx_uint_t ngx_thrift_address_is_shared(ngx_thrift_address_t *address);
static ngx_uint_t ngx_thrift_address_is_seen(ngx_thrift_address_t *address);
static ngx_thrift_shared_server_t *ngx_thrift_address_find(
    ngx_thrift_address_t *address);
static ngx_uint_t ngx_thrift_address_asks(ngx_thrift_address_t *address);
static ngx_uint_t ngx_thrift_address_part(ngx_thrift_address_t *address);
static ngx_int_t ngx_thrift_address_give_up(ngx_thrift_address_t *address);


void
ngx_thrift_address_init_all(ngx_thrift_pool_t *pool)
{
    ngx_rbtree_init(&pool->addresses, &pool->sentinel,
                    ngx_thrift_address_insert);
}


ngx_thrift_address_t *
ngx_thrift_address_get(ngx_thrift_pool_t *pool, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    ngx_int_t           rc;
    ngx_rbtree_key_t    hash;
    ngx_rbtree_node_t  *node;

    hash = ngx_hash_key((u_char *) sockaddr, socklen);
    node = pool->addresses.root;

    while (node != pool->addresses.sentinel) {
        rc = ngx_thrift_address_compare((ngx_thrift_address_t *) node, hash,
                                        sockaddr, socklen);
        if (rc == 0) {
            return (ngx_thrift_address_t *) node;
        }

        node = (rc > 0) ? node->left : node->right;
    }

    return ngx_thrift_address_create(pool, sockaddr, socklen);
}


static ngx_thrift_address_t *
ngx_thrift_address_create(ngx_thrift_pool_t *pool, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    ngx_thrift_address_t  *address;

    address = ngx_calloc(sizeof(ngx_thrift_address_t), ngx_cycle->log);
    if (address == NULL) {
        return NULL;
    }

    address->node.key = ngx_hash_key((u_char *) sockaddr, socklen);
    address->pool = pool;
    address->socklen = socklen;
    ngx_memcpy(&address->sockaddr, sockaddr, socklen);

    if (pool->pipeline > 1) {
        address->window = NGX_THRIFT_ADDRESS_WINDOW;
    }

    ngx_queue_init(&address->idle);
    ngx_thrift_queue_init(address);

    ngx_rbtree_insert(&pool->addresses, &address->node);

    ngx_thrift_address_set_row(address);

    return address;
}


/* Addresses that come from elsewhere may be ever so many: they have one. */

static void
ngx_thrift_address_set_row(ngx_thrift_address_t *address)
{
    u_char              text[NGX_SOCKADDR_STRLEN];
    ngx_str_t           names[NGX_THRIFT_STATUS_NAMES];
    ngx_thrift_pool_t  *pool;

    pool = address->pool;
    address->row = pool->row;

    if (pool->row == NULL || !pool->known) {
        return;
    }

    names[0] = pool->label;
    names[1].data = text;
    names[1].len = ngx_sock_ntop(&address->sockaddr.sockaddr, address->socklen,
                                 text, NGX_SOCKADDR_STRLEN, 1);
    ngx_str_null(&names[2]);

    address->row = ngx_thrift_status_row(pool->status, NGX_THRIFT_STATUS_SERVER,
                                         names);
}


void
ngx_thrift_address_check(ngx_thrift_address_t *address)
{
    if (ngx_thrift_address_is_unused(address)) {
        ngx_post_event(&address->event, &ngx_posted_events);
    }
}


void
ngx_thrift_address_free_unused(ngx_thrift_address_t *address)
{
    if (ngx_thrift_address_is_unused(address)) {
        ngx_thrift_address_free(address);
    }
}


static ngx_uint_t
ngx_thrift_address_is_unused(ngx_thrift_address_t *address)
{
    return address->nconns == 0 && address->waiting.n == 0;
}


static void
ngx_thrift_address_free(ngx_thrift_address_t *address)
{
    if (address->event.posted) {
        ngx_delete_posted_event(&address->event);
    }

    if (address->shared) {
        ngx_thrift_shared_leave(address->pool->shared, address->shared);
    }

    if (address->seen) {
        ngx_thrift_shared_leave(address->pool->shared, address->seen);
    }

    ngx_thrift_timer_close(&address->timer);
    ngx_rbtree_delete(&address->pool->addresses, &address->node);

    ngx_free(address);
}


void
ngx_thrift_address_free_all(ngx_thrift_pool_t *pool)
{
    while (pool->addresses.root != pool->addresses.sentinel) {
        ngx_thrift_address_free((ngx_thrift_address_t *)
                                    pool->addresses.root);
    }
}


/* As strcmp() does it. */

static ngx_int_t
ngx_thrift_address_compare(ngx_thrift_address_t *address,
    ngx_rbtree_key_t hash, struct sockaddr *sockaddr, socklen_t socklen)
{
    if (address->node.key != hash) {
        return (address->node.key < hash) ? -1 : 1;
    }

    return ngx_memn2cmp((u_char *) &address->sockaddr, (u_char *) sockaddr,
                        address->socklen, socklen);
}


static void
ngx_thrift_address_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t     **p;
    ngx_thrift_address_t   *address;

    address = (ngx_thrift_address_t *) node;

    for ( ;; ) {
        p = (ngx_thrift_address_compare((ngx_thrift_address_t *) temp,
                                        node->key,
                                        (struct sockaddr *) &address->sockaddr,
                                        address->socklen)
             > 0)
            ? &temp->left : &temp->right;

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


ngx_uint_t
ngx_thrift_address_max(ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t  max;

    max = attempt->pool->max_open;

    if (max == 0 || attempt->max_conns == 0) {
        return max ? max : attempt->max_conns;
    }

    return ngx_min(max, attempt->max_conns);
}


ngx_int_t
ngx_thrift_address_place(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_address_t  *address;

    address = attempt->address;
    address->max = ngx_thrift_address_max(attempt);

    if (address->ncalled >= NGX_THRIFT_ADDRESS_BUSY && address->growth == 0) {
        return NGX_BUSY;
    }

    while (address->max && address->nconns >= address->max) {
        if (ngx_thrift_address_give_up(address) != NGX_OK) {
            return NGX_BUSY;
        }
    }

    /*
     * where none is open nothing would be waited for; and calls that handlers
     * make may wait for each other
     */

    if (ngx_thrift_pool_make_room(address->nbusy == 0) != NGX_OK
        && address->nbusy && attempt->call->outbound == NULL)
    {
        return NGX_BUSY;
    }

    if (address->max && ngx_thrift_address_share(attempt) != NGX_OK) {
        return NGX_BUSY;
    }

    if (address->ncalled >= NGX_THRIFT_ADDRESS_BUSY) {
        address->growth--;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_thrift_address_is_full(ngx_thrift_address_t *address)
{
    return address->window && address->nattempts >= address->window;
}


void
ngx_thrift_address_adapt(ngx_thrift_address_t *address, ngx_msec_t time,
    ngx_msec_t waits, ngx_uint_t keeps_up)
{
    ngx_uint_t  fast, quick;

    /* as many as are on their way were answered in so many milliseconds */

    fast = (address->nended * NGX_THRIFT_ADDRESS_FAST
            >= address->nattempts * time);
    quick = (address->nended * NGX_THRIFT_ADDRESS_QUICK
             >= address->nattempts * time);

    address->nanswered += address->nended;
    address->nended = 0;
    address->nslow = quick ? 0 : address->nslow + 1;

    if (keeps_up && address->nslow >= NGX_THRIFT_ADDRESS_SLOW) {
        address->growth = ngx_max(address->ncalled / NGX_THRIFT_ADDRESS_PART,
                                  NGX_THRIFT_ADDRESS_LEAST);

    } else if (ngx_thrift_address_starves(address, waits)) {
        address->growth = NGX_THRIFT_ADDRESS_LEAST;
    }

    if (address->window == 0) {
        return;
    }

    if (!fast && address->growth) {
        address->window += ngx_max(address->window / NGX_THRIFT_ADDRESS_PART,
                                   NGX_THRIFT_ADDRESS_WIDER);

    } else if (fast && address->window > NGX_THRIFT_ADDRESS_WINDOW) {
        address->window -= ngx_min(address->window / NGX_THRIFT_ADDRESS_PART,
                                   address->window
                                   - NGX_THRIFT_ADDRESS_WINDOW);
    }
}


/* Is it connections that are too few, however busy the worker is? */

static ngx_uint_t
ngx_thrift_address_starves(ngx_thrift_address_t *address, ngx_msec_t waits)
{
    ngx_msec_t  time;
    ngx_uint_t  takes_long;

    if (ngx_current_msec - address->served > NGX_THRIFT_ADDRESS_STARVE) {
        return 1;
    }

    time = ngx_current_msec - address->since;

    if (time < NGX_THRIFT_ADDRESS_STARVE) {
        return 0;
    }

    takes_long = (address->nanswered * NGX_THRIFT_ADDRESS_LONG
                  < address->nattempts * time);

    address->nanswered = 0;
    address->since = ngx_current_msec;

    return takes_long && waits >= NGX_THRIFT_ADDRESS_STARVE;
}


/* A place among those of all workers, if they are counted. */

static ngx_int_t
ngx_thrift_address_share(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_shared_t   *shared;
    ngx_thrift_address_t  *address;

    address = attempt->address;
    shared = address->pool->shared;

    if (!ngx_thrift_address_is_shared(address)) {
        return NGX_OK;
    }

    /* its part may be what clients only keep, of no use to the attempt */

    while (!ngx_thrift_address_has_turn(address)
           && ngx_thrift_shared_others_wait(shared, address->shared->waiting))
    {
        if (ngx_thrift_address_part(address) == 0
            || ngx_thrift_address_give_up(address) != NGX_OK)
        {
            return NGX_BUSY;
        }
    }

    while (ngx_thrift_shared_connect(shared, address->shared, address->max)
           != NGX_OK)
    {
        if (ngx_thrift_address_give_up(address) != NGX_OK) {
            return NGX_BUSY;
        }
    }

    attempt->counted = 1;

    return NGX_OK;
}


/* May it have one more while calls wait in other workers, too? */

static ngx_uint_t
ngx_thrift_address_has_turn(ngx_thrift_address_t *address)
{
    ngx_uint_t  part;

    part = ngx_thrift_address_part(address);

    if (part) {
        return address->nconns < part;
    }

    return address->nconns == 0
           && ngx_current_msec - address->yielded >= NGX_THRIFT_ADDRESS_TURN;
}


static ngx_uint_t
ngx_thrift_address_is_shared(ngx_thrift_address_t *address)
{
    if (address->shared == NULL) {
        address->shared = ngx_thrift_address_find(address);
    }

    return address->shared != NULL;
}


static ngx_uint_t
ngx_thrift_address_is_seen(ngx_thrift_address_t *address)
{
    if (address->seen == NULL) {
        address->seen = ngx_thrift_address_find(address);
    }

    return address->seen != NULL;
}


/* When the worker has got a slot for it, its pool's budgets have that, too. */

static ngx_thrift_shared_server_t *
ngx_thrift_address_find(ngx_thrift_address_t *address)
{
    ngx_thrift_pool_t           *pool;
    ngx_thrift_shared_server_t  *server;

    pool = address->pool;

    if (pool->shared == NULL) {
        return NULL;
    }

    server = ngx_thrift_shared_server(pool->shared,
                                      &address->sockaddr.sockaddr,
                                      address->socklen);

    ngx_thrift_pool_share_budgets(pool);

    return server;
}


void
ngx_thrift_address_tell_answered(ngx_thrift_address_t *address)
{
    address->answered = ngx_current_msec;

    if (ngx_thrift_address_is_seen(address)) {
        address->seen->answered = ngx_current_msec;
    }
}


/* The clock of another worker may be ahead. */

ngx_uint_t
ngx_thrift_address_has_answered(ngx_thrift_address_t *address, ngx_msec_t time)
{
    return ngx_current_msec - address->answered < time
           || (ngx_thrift_address_is_seen(address)
               && (ngx_msec_int_t) (ngx_current_msec - address->seen->answered)
                  < (ngx_msec_int_t) time);
}


ngx_int_t
ngx_thrift_address_place_ahead(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_address_t  *address;

    address = attempt->address;
    address->max = ngx_thrift_address_max(attempt);

    if (address->waiting.n || ngx_thrift_pool_scarce()) {
        return NGX_BUSY;
    }

    if (address->max == 0) {
        return NGX_OK;
    }

    if (address->nconns >= address->max) {
        return NGX_BUSY;
    }

    if (!ngx_thrift_address_is_shared(address)) {
        return NGX_OK;
    }

    if (address->nconns >= ngx_thrift_address_part(address)
        || ngx_thrift_shared_others_wait(address->pool->shared,
                                         address->shared->waiting)
        || ngx_thrift_shared_connect(address->pool->shared, address->shared,
                                     address->max)
           != NGX_OK)
    {
        return NGX_BUSY;
    }

    attempt->counted = 1;

    return NGX_OK;
}


void
ngx_thrift_address_give_back(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_address_t  *address;

    address = attempt->address;

    if (attempt->counted) {
        attempt->counted = 0;
        ngx_thrift_shared_disconnect(address->pool->shared, address->shared);
    }

    ngx_thrift_address_check(address);
}


void
ngx_thrift_address_join(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    attempt->address->nconns++;

    conn->counted = attempt->counted;
    attempt->counted = 0;
}


void
ngx_thrift_address_leave(ngx_thrift_connection_t *conn)
{
    ngx_thrift_address_t  *address;

    address = conn->server->address;

    address->nconns--;

    if (conn->counted) {
        ngx_thrift_shared_disconnect(address->pool->shared, address->shared);
    }
}


ngx_uint_t
ngx_thrift_address_admits(ngx_thrift_connection_t *conn)
{
    ngx_thrift_address_t  *address;

    address = conn->server->address;

    if (conn->counted || address->max == 0 || address->pool->shared == NULL
        || !ngx_thrift_address_asks(address))
    {
        return 1;
    }

    conn->counted = ngx_thrift_shared_connect(address->pool->shared,
                                              address->shared, address->max)
                    == NGX_OK;

    return conn->counted;
}


/* Where it is not counted with others there may be a slot now, or room. */

static ngx_uint_t
ngx_thrift_address_asks(ngx_thrift_address_t *address)
{
    if (address->shared == NULL) {

        if (ngx_current_msec - address->asked < NGX_THRIFT_ADDRESS_ASK) {
            return 0;
        }

        address->asked = ngx_current_msec;
    }

    return ngx_thrift_address_is_shared(address);
}


/* One that is kept for a client who is pinned to it is a call, too. */

void
ngx_thrift_address_tell_calls(ngx_thrift_address_t *address)
{
    ngx_thrift_shared_tell(address->pool->shared, address->shared->calls,
                           ngx_max(address->nbusy, address->nattempts));
}


ngx_uint_t
ngx_thrift_address_elsewhere(ngx_thrift_pool_t *pool,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_uint_t             n;
    ngx_thrift_address_t  *address;

    if (pool->shared == NULL || !ngx_thrift_shared_has_others(pool->shared)) {
        return 0;
    }

    address = ngx_thrift_address_get(pool, sockaddr, socklen);
    if (address == NULL) {
        return 0;
    }

    n = ngx_thrift_address_is_shared(address)
        ? ngx_thrift_shared_elsewhere(pool->shared, address->shared) : 0;

    ngx_thrift_address_check(address);

    return n;
}


void
ngx_thrift_address_tell(ngx_thrift_address_t *address)
{
    if (address->shared) {
        ngx_thrift_shared_tell(address->pool->shared,
                               address->shared->waiting, address->waiting.n);
    }
}


ngx_uint_t
ngx_thrift_address_yield(ngx_thrift_address_t *address)
{
    ngx_uint_t  part, wait;

    if (address->shared == NULL || address->nidle == 0) {
        return 0;
    }

    part = ngx_thrift_address_part(address);
    wait = ngx_thrift_shared_others_wait(address->pool->shared,
                                         address->shared->waiting);

    if (address->waiting.n) {

        /* both wait: it keeps its part, for its own */

        while (wait && address->nconns > part
               && ngx_thrift_address_give_up(address) == NGX_OK)
        {
            address->yielded = ngx_current_msec;
        }

        return 0;
    }

    while (address->nidle > ngx_max(part, 1)
           && ngx_thrift_address_give_up(address) == NGX_OK)
    {
        /* void */
    }

    if (wait) {
        (void) ngx_thrift_address_give_up(address);
    }

    return address->nidle != 0;
}


/*
 * How many connections a worker has while calls wait in all of them; where
 * there are fewer than workers, each goes to another one after each call.
 */

static ngx_uint_t
ngx_thrift_address_part(ngx_thrift_address_t *address)
{
    return ngx_thrift_shared_part(address->pool->shared, address->max,
                                  address->shared->waiting,
                                  address->shared->nconns);
}


/*
 * A connection that somebody only keeps goes, for another call.  Not so one on
 * which a client's next call has to follow its oneway.
 */

static ngx_int_t
ngx_thrift_address_give_up(ngx_thrift_address_t *address)
{
    ngx_queue_t              *q;
    ngx_thrift_connection_t  *conn;

    for (q = ngx_queue_last(&address->idle);
         q != ngx_queue_sentinel(&address->idle);
         q = ngx_queue_prev(q))
    {
        conn = ngx_queue_data(q, ngx_thrift_connection_t, idle_address);

        if (!ngx_thrift_pool_is_needed(conn)) {
            conn->ended = NGX_THRIFT_STATUS_CLOSED_ROOM;
            ngx_thrift_connection_close(conn);
            return NGX_OK;
        }
    }

    return NGX_BUSY;
}
