/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The pool of upstream connections.  ngx_thrift_pick.c takes a connection when
 * a whole call is in hand; ngx_thrift_connection.c gives it back when the call
 * is answered, and removes it before it closes it.  No list is scanned: those
 * that are idle for too long are at the tail of the pool's.
 */

#include "ngx_thrift.h"


/*
 * A worker that shuts down keeps connections for the clients that stay, but
 * not for long: the client that stays may be this or another such worker, at
 * the other end of one, and would wait for it.
 */

#define NGX_THRIFT_POOL_EXITING  1000       /* milliseconds */

/*
 * A connection over the limit is closed at once when less than this part of
 * the worker's connections is free: nginx itself stops accepting at an eighth.
 */

#define NGX_THRIFT_POOL_FREE  4

/*
 * And none is opened when no more than this part is free, so that clients can
 * connect: calls of a few may need more connections than there are.
 */

#define NGX_THRIFT_POOL_RESERVE  8

/* Half of them are for calls to servers that have no call, after all. */

#define NGX_THRIFT_POOL_FIRST    16

/*
 * What is a client's only until its next call has been answered: its server may
 * have a thread for each connection, and others wait for one.
 */

#define NGX_THRIFT_POOL_DOUBT_TIME  200     /* milliseconds */

/* What a client has over one connection to a server is kept, unused. */

#define NGX_THRIFT_POOL_OWN_TIME  5000      /* milliseconds */


/* What all servers of an upstream make a worker write. */

#define NGX_THRIFT_POOL_LINES            20     /* at "error", of a kind ... */
#define NGX_THRIFT_POOL_LINES_PERIOD     10000  /* ... in milliseconds */
#define NGX_THRIFT_POOL_REFUSALS         10     /* the same, "no live ..." */
#define NGX_THRIFT_POOL_REFUSALS_PERIOD  1000   /* milliseconds */


static void ngx_thrift_pool_more_errors(void *data, ngx_uint_t n,
    ngx_uint_t seconds);
static ngx_msec_t ngx_thrift_pool_lifetime(ngx_thrift_pool_t *pool);
static ngx_uint_t ngx_thrift_pool_keeps(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_pool_place(ngx_thrift_connection_t *conn);
static void ngx_thrift_pool_park(ngx_thrift_connection_t *conn);
static void ngx_thrift_pool_move(ngx_thrift_connection_t *conn,
    ngx_uint_t place) nthrift_noinline;
static ngx_inline void ngx_thrift_pool_end_use(ngx_thrift_connection_t *conn,
    ngx_uint_t place);
static ngx_inline void ngx_thrift_pool_out(ngx_thrift_connection_t *conn,
    ngx_uint_t place);
static ngx_inline void ngx_thrift_pool_in(ngx_thrift_connection_t *conn,
    ngx_uint_t place);
static ngx_inline void ngx_thrift_pool_count_busy(
    ngx_thrift_connection_t *conn, ngx_int_t n);
static ngx_inline void ngx_thrift_pool_rest(ngx_thrift_connection_t *conn);
static ngx_inline void ngx_thrift_pool_wake(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_pool_crowded(ngx_thrift_pool_t *pool);
static ngx_uint_t ngx_thrift_pool_full(ngx_thrift_pool_t *pool);
static ngx_uint_t ngx_thrift_pool_is_ordered(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_pool_let_one_go(ngx_thrift_connection_t *conn);
static ngx_uint_t ngx_thrift_pool_count_own(ngx_thrift_client_t *client,
    ngx_uint_t (*fn)(ngx_thrift_connection_t *conn));
static void ngx_thrift_pool_expire(void *data);
static ngx_uint_t ngx_thrift_pool_over(ngx_thrift_connection_t *conn);
static ngx_thrift_connection_t *ngx_thrift_pool_oldest(ngx_queue_t *queue);
static ngx_msec_t ngx_thrift_pool_end(ngx_thrift_connection_t *conn);


/* All idle connections of the worker, the one used least recently last. */

static ngx_queue_t  ngx_thrift_pool_idle;

static const char  *ngx_thrift_pool_errors[NGX_THRIFT_POOL_ERRORS] = {
    "have no address",
    "could not be connected to",
    "did not answer in time",
    "have closed connections",
    "have sent what is no reply"
};


void
ngx_thrift_pool_init(ngx_thrift_pool_t *pool)
{
    ngx_uint_t  i;

    ngx_thrift_server_init_all(&pool->servers);
    ngx_thrift_address_init_all(pool);
    ngx_thrift_queue_init_pool(pool);

    for (i = NGX_THRIFT_POOL_IDLE; i < NGX_THRIFT_POOL_PLACES; i++) {
        ngx_queue_init(&pool->idle[i]);
    }

    if (ngx_thrift_pool_idle.next == NULL) {
        ngx_queue_init(&ngx_thrift_pool_idle);
    }

    ngx_queue_init(&pool->suspects);

#if (NGX_SSL)
    ngx_thrift_ssl_init(&pool->ssl);
#endif

    ngx_thrift_timer_init(&pool->timer, ngx_thrift_pool_expire, pool, NULL, 1);

    for (i = 0; i < NGX_THRIFT_POOL_ERRORS; i++) {
        pool->errors[i].pool = pool;
        pool->errors[i].what = ngx_thrift_pool_errors[i];

        ngx_thrift_tally_init(&pool->errors[i].tally, NGX_THRIFT_POOL_LINES,
                              NGX_THRIFT_POOL_LINES_PERIOD,
                              ngx_thrift_pool_more_errors, &pool->errors[i]);
    }

    ngx_thrift_refusals_init(&pool->refusals, NGX_THRIFT_POOL_REFUSALS,
                             NGX_THRIFT_POOL_REFUSALS_PERIOD, NGX_LOG_ERR,
                             "no live upstreams in", &pool->name);

    ngx_thrift_refusals_init(&pool->overloads, NGX_THRIFT_REFUSALS,
                             NGX_THRIFT_REFUSALS_PERIOD, NGX_LOG_NOTICE,
                             "too many calls for upstream", &pool->name);

    ngx_thrift_retry_init(pool);
}


ngx_uint_t
ngx_thrift_pool_level(ngx_thrift_pool_t *pool, ngx_thrift_pool_error_e error)
{
    return ngx_thrift_tally_add(&pool->errors[error].tally) ? NGX_LOG_ERR
                                                            : NGX_LOG_INFO;
}


void
ngx_thrift_pool_tell(ngx_thrift_pool_t *pool, ngx_thrift_pool_error_e error,
    ngx_log_t *log, ngx_err_t err, const char *fmt, ...)
{
    u_char      text[NGX_MAX_ERROR_STR], *last;
    va_list     args;
    ngx_uint_t  level;

    va_start(args, fmt);
    last = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    level = ngx_thrift_pool_level(pool, error);

    ngx_log_error(level, log, err, "%*s", (size_t) (last - text), text);
}


ngx_uint_t
ngx_thrift_pool_hush(ngx_thrift_pool_t *pool, ngx_thrift_pool_error_e error,
    ngx_log_t *log)
{
    ngx_uint_t  level;

    level = log->log_level;

    if (ngx_thrift_pool_is_quiet(pool, error) && level <= NGX_LOG_INFO) {
        log->log_level = ngx_min(level, NGX_LOG_ALERT);
    }

    return level;
}


static void
ngx_thrift_pool_more_errors(void *data, ngx_uint_t n, ngx_uint_t seconds)
{
    ngx_thrift_pool_errors_t  *errors = data;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "%ui more times within %ui second%s, at level \"info\" "
                  "only: servers of upstream \"%V\" %s",
                  n, seconds, (seconds == 1) ? "" : "s", &errors->pool->name,
                  errors->what);
}


void
ngx_thrift_pool_close(ngx_thrift_pool_t *pool)
{
    ngx_uint_t                i;
    ngx_thrift_connection_t  *conn;

    for (i = NGX_THRIFT_POOL_IDLE; i < NGX_THRIFT_POOL_PLACES; i++) {
        for ( ;; ) {
            conn = ngx_thrift_pool_oldest(&pool->idle[i]);

            if (conn == NULL) {
                break;
            }

            ngx_thrift_connection_close(conn);
        }
    }
}


void
ngx_thrift_pool_share_budgets(ngx_thrift_pool_t *pool)
{
    ngx_uint_t                 slot;
    ngx_thrift_shared_data_t  *data;

    slot = pool->shared->slot;
    data = pool->shared->data;

    if (slot == NGX_THRIFT_SHARED_SLOTS || pool->retries.parts) {
        return;
    }

    ngx_thrift_budget_share(&pool->retries, data->retries,
                            NGX_THRIFT_SHARED_SLOTS, slot);
    ngx_thrift_budget_share(&pool->hedges, data->hedges,
                            NGX_THRIFT_SHARED_SLOTS, slot);
}


void
ngx_thrift_pool_destroy(ngx_thrift_pool_t *pool)
{
    ngx_uint_t  i;

    ngx_thrift_timer_close(&pool->timer);
    ngx_thrift_timer_close(&pool->full_timer);

    if (pool->full_event.posted) {
        ngx_delete_posted_event(&pool->full_event);
    }

    ngx_thrift_address_free_all(pool);
    ngx_thrift_blame_forget(pool);

    for (i = 0; i < NGX_THRIFT_POOL_ERRORS; i++) {
        ngx_thrift_tally_destroy(&pool->errors[i].tally);
    }

    ngx_thrift_refusals_destroy(&pool->refusals);
    ngx_thrift_refusals_destroy(&pool->overloads);
    ngx_thrift_refusals_destroy(&pool->retry_refusals);

#if (NGX_SSL)
    ngx_thrift_ssl_destroy(&pool->ssl);
#endif
}


void
ngx_thrift_pool_init_client(ngx_thrift_client_t *client, ngx_str_t *address)
{
    ngx_thrift_server_init_all(&client->servers);
    ngx_queue_init(&client->pins);
    ngx_queue_init(&client->waiting);

    client->lost = NULL;
    client->lost_pool = NULL;
    client->nlost = 0;
    client->nleads = 0;
    client->follows = 0;
    client->event = NULL;
    client->crowd = NULL;
    client->unserved = 0;
    client->ordered = 0;
    client->address = ngx_crc32_short(address->data, address->len);
}


ngx_uint_t
ngx_thrift_pool_has_state(ngx_thrift_client_t *client)
{
    return !ngx_queue_empty(&client->pins)
           || (client->ordered
               && ngx_thrift_pool_count_own(client,
                                            ngx_thrift_pool_is_ordered));
}


static ngx_uint_t
ngx_thrift_pool_is_ordered(ngx_thrift_connection_t *conn)
{
    return conn->ordered;
}


void
ngx_thrift_pool_close_client(ngx_thrift_client_t *client)
{
    ngx_queue_t              *q;
    ngx_rbtree_t             *tree;
    ngx_thrift_server_t      *server;
    ngx_thrift_connection_t  *conn;

    while (!ngx_queue_empty(&client->pins)) {
        q = ngx_queue_head(&client->pins);
        conn = ngx_queue_data(q, ngx_thrift_connection_t, pin);

        ngx_thrift_pin_remove(conn);

        conn->ended = NGX_THRIFT_STATUS_CLOSED_CLIENT;
        ngx_thrift_connection_close(conn);
    }

    tree = &client->servers.tree;

    /* a server goes with its last connection */

    while (tree->root != tree->sentinel) {
        server = (ngx_thrift_server_t *) tree->root;

        q = ngx_queue_head(&server->idle);
        conn = ngx_queue_data(q, ngx_thrift_connection_t, idle);

        conn->ended = NGX_THRIFT_STATUS_CLOSED_CLIENT;
        ngx_thrift_connection_close(conn);
    }
}


ngx_uint_t
ngx_thrift_pool_let_go(ngx_thrift_client_t *client)
{
    return ngx_thrift_pool_count_own(client, ngx_thrift_pool_let_one_go);
}


static ngx_uint_t
ngx_thrift_pool_let_one_go(ngx_thrift_connection_t *conn)
{
    ngx_uint_t  kept;

    kept = (conn->kept != NULL);

    ngx_thrift_connection_let_go(conn);

    return kept;
}


/* Of how many of the client's own idle connections `fn` says that it is so. */

static ngx_uint_t
ngx_thrift_pool_count_own(ngx_thrift_client_t *client,
    ngx_uint_t (*fn)(ngx_thrift_connection_t *conn))
{
    ngx_uint_t            n;
    ngx_queue_t          *q;
    ngx_rbtree_t         *tree;
    ngx_rbtree_node_t    *node;
    ngx_thrift_server_t  *server;

    n = 0;
    tree = &client->servers.tree;

    if (tree->root == tree->sentinel) {
        return 0;
    }

    for (node = ngx_rbtree_min(tree->root, tree->sentinel);
         node;
         node = ngx_rbtree_next(tree, node))
    {
        server = (ngx_thrift_server_t *) node;

        for (q = ngx_queue_head(&server->idle);
             q != ngx_queue_sentinel(&server->idle);
             q = ngx_queue_next(q))
        {
            n += fn(ngx_queue_data(q, ngx_thrift_connection_t, idle));
        }
    }

    return n;
}


ngx_int_t
ngx_thrift_pool_give(ngx_thrift_connection_t *conn,
    ngx_thrift_servers_t *servers)
{
    ngx_thrift_server_t  *server;

    server = ngx_thrift_server_get(servers, conn->server);

    if (server == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_server_leave(conn);
    ngx_thrift_server_join(server, conn);

    return NGX_OK;
}


ngx_int_t
ngx_thrift_pool_add(ngx_thrift_connection_t *conn,
    ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_pool_t    *pool;
    ngx_thrift_server_t   key, *server;

    pool = attempt->pool;

    ngx_thrift_server_key_of(&key, attempt);
    key.address = attempt->address;

    server = ngx_thrift_server_get(&pool->servers, &key);

    if (server == NULL) {
        return NGX_ERROR;
    }

    conn->pool = pool;
    conn->end = ngx_current_msec + ngx_thrift_pool_lifetime(pool);

    ngx_thrift_server_join(server, conn);
    ngx_thrift_address_join(conn, attempt);
    ngx_thrift_pool_move(conn, NGX_THRIFT_POOL_BUSY);

    if (attempt->call) {
        ngx_thrift_pick_appoint(conn, attempt,
                                ngx_thrift_pipeline_with(attempt));
    }

    return NGX_OK;
}


ngx_int_t
ngx_thrift_pool_put(ngx_thrift_connection_t *conn,
    ngx_thrift_servers_t *servers)
{
    if (!ngx_thrift_pool_keeps(conn)
        || (conn->server->servers != servers
            && ngx_thrift_pool_give(conn, servers) != NGX_OK))
    {
        return NGX_DECLINED;
    }

    ngx_thrift_pool_park(conn);

    return NGX_OK;
}


ngx_uint_t
ngx_thrift_pool_is_own(ngx_thrift_connection_t *conn)
{
    return conn->server->servers != &conn->pool->servers;
}


void
ngx_thrift_pool_end_life(ngx_thrift_connection_t *conn)
{
    if (ngx_thrift_pool_retires(conn)) {
        conn->ended = NGX_THRIFT_STATUS_CLOSED_IDLE;
        ngx_thrift_connection_close(conn);
    }
}


static ngx_uint_t
ngx_thrift_pool_keeps(ngx_thrift_connection_t *conn)
{
    ngx_thrift_pool_t  *pool;

    pool = conn->pool;

    if (conn->ordered) {
        return 1;
    }

    if (pool->requests && conn->seqids.total >= pool->requests) {
        return 0;
    }

    return pool->max != 0 && !ngx_thrift_pool_is_over(conn)
           && ngx_thrift_address_admits(conn);
}


/*
 * Connections that were opened together are not closed together: each loses up
 * to a quarter of its time.
 */

static ngx_msec_t
ngx_thrift_pool_lifetime(ngx_thrift_pool_t *pool)
{
    return pool->lifetime
           - pool->lifetime / 4 * (ngx_thrift_random() & 0xff) / 0x100;
}


ngx_uint_t
ngx_thrift_pool_is_needed(ngx_thrift_connection_t *conn)
{
    return conn->ordered && conn->place == NGX_THRIFT_POOL_OWN;
}


static void
ngx_thrift_pool_park(ngx_thrift_connection_t *conn)
{
    ngx_uint_t          place, first;
    ngx_thrift_pool_t  *pool;

    pool = conn->pool;
    place = ngx_thrift_pool_place(conn);

    first = place != NGX_THRIFT_POOL_IDLE
            && ngx_queue_empty(&pool->idle[place]);

    ngx_thrift_pool_end_use(conn, place);
    ngx_thrift_queue_idle(conn->server->address);

    ngx_log_debug4(NGX_LOG_DEBUG_EVENT, &conn->log, 0,
                   "thrift connection %uA is idle, %s: %ui idle, %ui busy",
                   conn->connection->number,
                   (place == NGX_THRIFT_POOL_IDLE) ? "for everybody"
                                                   : "for its client",
                   pool->nidle + pool->nown, pool->nbusy);

    /* one too many may be what a call waits for */

    if (conn->server->address->waiting.n) {
        return;
    }

    if (first || !pool->timer.set || ngx_exiting
        || ngx_thrift_pool_crowded(pool))
    {
        ngx_thrift_pool_expire(pool);
    }
}


void
ngx_thrift_pool_tidy(ngx_thrift_pool_t *pool)
{
    ngx_thrift_pool_expire(pool);
}


static ngx_uint_t
ngx_thrift_pool_place(ngx_thrift_connection_t *conn)
{
    if (!ngx_thrift_pool_is_own(conn)) {
        return NGX_THRIFT_POOL_IDLE;
    }

    return (conn->unchecked || conn->ordered) ? NGX_THRIFT_POOL_OWN
                                              : NGX_THRIFT_POOL_DOUBT;
}


/* May one have to be closed as this one is idle? */

static ngx_uint_t
ngx_thrift_pool_crowded(ngx_thrift_pool_t *pool)
{
    return pool->nidle == pool->max + 1
           || ngx_thrift_pool_full(pool)
           || (pool->nidle > pool->max && ngx_thrift_pool_scarce());
}


/* The limit is one of all idle connections, and there are more. */

static ngx_uint_t
ngx_thrift_pool_full(ngx_thrift_pool_t *pool)
{
    return pool->surplus == 0 && pool->nidle + pool->nown > pool->max;
}


void
ngx_thrift_pool_remove(ngx_thrift_connection_t *conn)
{
    ngx_thrift_pool_move(conn, NGX_THRIFT_POOL_OUTSIDE);
}


void
ngx_thrift_pool_leave(ngx_thrift_connection_t *conn)
{
    ngx_thrift_address_t  *address;

    address = conn->server->address;

    ngx_thrift_address_leave(conn);
    ngx_thrift_server_leave(conn);

    ngx_thrift_queue_wake(address);
    ngx_thrift_address_check(address);
}


static void
ngx_thrift_pool_move(ngx_thrift_connection_t *conn, ngx_uint_t place)
{
    ngx_uint_t  from;

    from = conn->place;

    if (from == NGX_THRIFT_POOL_OUTSIDE) {
        ngx_thrift_count_opened(conn->server->address->row);
    }

    ngx_thrift_pool_out(conn, from);
    ngx_thrift_pool_in(conn, place);

    if (from < NGX_THRIFT_POOL_IDLE && place >= NGX_THRIFT_POOL_IDLE) {
        ngx_thrift_pool_rest(conn);

    } else if (from >= NGX_THRIFT_POOL_IDLE && place < NGX_THRIFT_POOL_IDLE) {
        ngx_thrift_pool_wake(conn);
    }

    if (place == NGX_THRIFT_POOL_OUTSIDE) {
        ngx_thrift_count_closed(conn->server->address->row,
                                ngx_thrift_connection_ended(conn));
    }
}


/* The same for an idle one that a call takes ... */

void
ngx_thrift_pool_begin_use(ngx_thrift_connection_t *conn)
{
    ngx_thrift_pool_out(conn, conn->place);
    ngx_thrift_pool_in(conn, NGX_THRIFT_POOL_BUSY);
    ngx_thrift_pool_wake(conn);
}


/* ... and for one whose last call is over. */

static ngx_inline void
ngx_thrift_pool_end_use(ngx_thrift_connection_t *conn, ngx_uint_t place)
{
    ngx_thrift_pool_out(conn, NGX_THRIFT_POOL_BUSY);
    ngx_thrift_pool_in(conn, place);
    ngx_thrift_pool_rest(conn);
}


static ngx_inline void
ngx_thrift_pool_out(ngx_thrift_connection_t *conn, ngx_uint_t place)
{
    ngx_thrift_pool_t  *pool;

    pool = conn->pool;

    switch (place) {

    case NGX_THRIFT_POOL_OUTSIDE:
        return;

    case NGX_THRIFT_POOL_BUSY:
        pool->nbusy--;
        ngx_thrift_pool_count_busy(conn, -1);
        return;

    case NGX_THRIFT_POOL_IDLE:
        pool->nidle--;
        break;

    default:
        pool->nown--;
    }

    ngx_queue_remove(&conn->idle_pool);
}


static ngx_inline void
ngx_thrift_pool_in(ngx_thrift_connection_t *conn, ngx_uint_t place)
{
    ngx_thrift_pool_t  *pool;

    pool = conn->pool;
    conn->place = place;

    switch (place) {

    case NGX_THRIFT_POOL_OUTSIDE:
        return;

    case NGX_THRIFT_POOL_BUSY:
        pool->nbusy++;
        ngx_thrift_pool_count_busy(conn, 1);
        return;

    case NGX_THRIFT_POOL_IDLE:
        pool->nidle++;
        break;

    default:
        pool->nown++;
    }

    ngx_queue_insert_head(&pool->idle[place], &conn->idle_pool);
}


static ngx_inline void
ngx_thrift_pool_count_busy(ngx_thrift_connection_t *conn, ngx_int_t n)
{
    ngx_thrift_address_t  *address;

    address = conn->server->address;
    address->nbusy += n;

    if (address->shared) {
        ngx_thrift_address_tell_calls(address);
    }
}


/* To its server, and to nginx, idle is idle. */

static ngx_inline void
ngx_thrift_pool_rest(ngx_thrift_connection_t *conn)
{
    ngx_connection_t      *c;
    ngx_thrift_server_t   *server;
    ngx_thrift_address_t  *address;

    c = conn->connection;
    server = conn->server;
    address = server->address;

    c->idle = 1;
    ngx_thrift_count_idle(address->row, 1);

    /* nginx closes some of these when it has none left for a client */

    ngx_reusable_connection(c, 1);

    ngx_queue_insert_head(&server->idle, &conn->idle);
    ngx_queue_insert_head(&ngx_thrift_pool_idle, &conn->idle_all);
    ngx_queue_insert_head(&address->idle, &conn->idle_address);

    address->nidle++;
    conn->since = ngx_current_msec;

    if (conn->pool->lifetime) {
        ngx_thrift_timer_set(&conn->timer, conn->end);
    }
}


static ngx_inline void
ngx_thrift_pool_wake(ngx_thrift_connection_t *conn)
{
    ngx_connection_t      *c;
    ngx_thrift_address_t  *address;

    c = conn->connection;
    address = conn->server->address;

    c->idle = 0;
    ngx_thrift_count_idle(address->row, 0);
    ngx_reusable_connection(c, 0);

    ngx_queue_remove(&conn->idle);
    ngx_queue_remove(&conn->idle_all);
    ngx_queue_remove(&conn->idle_address);

    address->nidle--;

    ngx_thrift_timer_clear(&conn->timer);
}


ngx_int_t
ngx_thrift_pool_make_room(ngx_uint_t first)
{
    ngx_uint_t                least;
    ngx_queue_t              *idle;
    ngx_thrift_connection_t  *conn;

    idle = &ngx_thrift_pool_idle;
    least = ngx_cycle->connection_n / (first ? NGX_THRIFT_POOL_FIRST
                                             : NGX_THRIFT_POOL_RESERVE);

    while (ngx_cycle->free_connection_n <= least) {

        if (ngx_thrift_linger_end() == NGX_OK) {
            continue;
        }

        if (ngx_queue_empty(idle)) {
            return NGX_BUSY;
        }

        conn = ngx_queue_data(ngx_queue_last(idle), ngx_thrift_connection_t,
                              idle_all);

        conn->ended = NGX_THRIFT_STATUS_CLOSED_ROOM;
        ngx_thrift_connection_close(conn);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_thrift_pool_scarce(void)
{
    return ngx_cycle->free_connection_n
           < ngx_cycle->connection_n / NGX_THRIFT_POOL_FREE;
}


/*
 * Closes connections that were idle for too long, the ones used least recently
 * first, and waits for the next one's time.
 */

static void
ngx_thrift_pool_expire(void *data)
{
    ngx_thrift_pool_t  *pool = data;

    ngx_uint_t                i;
    ngx_msec_t                end;
    ngx_thrift_connection_t  *conn;

    ngx_thrift_timer_clear(&pool->timer);

    for (i = NGX_THRIFT_POOL_IDLE; i < NGX_THRIFT_POOL_PLACES; i++) {
        for ( ;; ) {
            conn = ngx_thrift_pool_oldest(&pool->idle[i]);

            if (conn == NULL) {
                break;
            }

            end = ngx_thrift_pool_end(conn);

            if ((ngx_msec_int_t) (end - ngx_current_msec) > 0) {

                if (pool->timer.set) {
                    end = ngx_thrift_earlier(end, pool->timer.deadline);
                }

                ngx_thrift_timer_set(&pool->timer, end);
                break;
            }

            if (conn->place == NGX_THRIFT_POOL_OWN
                && !ngx_thrift_pool_over(conn))
            {
                ngx_thrift_pool_move(conn, NGX_THRIFT_POOL_KEPT);
                ngx_thrift_connection_let_go(conn);
                continue;
            }

            if (conn->place == NGX_THRIFT_POOL_IDLE
                && ngx_thrift_warm_keeps(conn))
            {
                ngx_thrift_pool_move(conn, NGX_THRIFT_POOL_IDLE);
                conn->since = ngx_current_msec;
                continue;
            }

            /* there are too many, or it was idle for long enough */

            conn->ended = (end == conn->since)
                          ? NGX_THRIFT_STATUS_CLOSED_NOT_KEPT
                          : NGX_THRIFT_STATUS_CLOSED_IDLE;

            ngx_thrift_connection_close(conn);
        }
    }
}


static ngx_thrift_connection_t *
ngx_thrift_pool_oldest(ngx_queue_t *queue)
{
    if (ngx_queue_empty(queue)) {
        return NULL;
    }

    return ngx_queue_data(ngx_queue_last(queue), ngx_thrift_connection_t,
                          idle_pool);
}


/* Has its client another one there, which was used later? */

static ngx_uint_t
ngx_thrift_pool_over(ngx_thrift_connection_t *conn)
{
    return ngx_queue_head(&conn->server->idle) != &conn->idle;
}


/* When an idle connection is to be closed, or a client's to be looked at. */

static ngx_msec_t
ngx_thrift_pool_end(ngx_thrift_connection_t *conn)
{
    ngx_msec_t          timeout;
    ngx_thrift_pool_t  *pool;

    pool = conn->pool;
    timeout = pool->timeout;

    if (ngx_exiting) {
        timeout = ngx_min(timeout, NGX_THRIFT_POOL_EXITING);
    }

    if (conn->place == NGX_THRIFT_POOL_IDLE) {

        if (pool->nidle > pool->max) {
            timeout = ngx_thrift_pool_scarce()
                      ? 0 : ngx_min(timeout, pool->surplus);
        }

    } else if (ngx_thrift_pool_full(pool)
               && !ngx_thrift_pool_is_needed(conn))
    {
        timeout = 0;

    } else if (conn->place != NGX_THRIFT_POOL_KEPT) {

        if (ngx_thrift_pool_scarce()) {
            return conn->since;
        }

        if (conn->place == NGX_THRIFT_POOL_OWN) {
            timeout = ngx_min(timeout, NGX_THRIFT_POOL_OWN_TIME);

        } else {
            timeout = ngx_min(timeout, NGX_THRIFT_POOL_DOUBT_TIME);
        }
    }

    return conn->since + timeout;
}
