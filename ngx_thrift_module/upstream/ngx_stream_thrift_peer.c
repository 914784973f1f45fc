/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The upstream side of a call's own session: which upstream, its balancer, and
 * the states that $upstream_addr and its like show.  What a variable names is
 * found by ngx_stream_thrift_resolve.c, and a server by
 * ngx_stream_thrift_choose.c.  Called by ngx_thrift_pass.c through
 * ngx_thrift_balancer_t; connections are not opened, kept or closed here.
 *
 * A session has one upstream, and a call may have several attempts: what
 * stream's balancers find in the session is that of the attempt that they are
 * called for.
 */

#include "ngx_stream_thrift.h"


/* That a reply begins: in nginx since 1.31, in Angie by another name */

#if defined NGX_STREAM_UPSTREAM_NOTIFY_FIRST_BYTE

#define NGX_STREAM_THRIFT_NOTIFY_FIRST_BYTE                                   \
    NGX_STREAM_UPSTREAM_NOTIFY_FIRST_BYTE

#elif defined NGX_STREAM_UPSTREAM_NOTIFY_RESPONSE_BEGIN

#define NGX_STREAM_THRIFT_NOTIFY_FIRST_BYTE                                   \
    NGX_STREAM_UPSTREAM_NOTIFY_RESPONSE_BEGIN

#endif


static ngx_int_t ngx_stream_thrift_peer_balance(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_stream_thrift_peer_beside(ngx_thrift_attempt_t *attempt,
    ngx_thrift_attempt_t *first);
static ngx_int_t ngx_stream_thrift_peer_set_other(
    ngx_stream_thrift_choice_t *choice, ngx_peer_connection_t *other);
static ngx_int_t ngx_stream_thrift_peer_get(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_stream_thrift_peer_get_none(
    ngx_thrift_attempt_t *attempt, ngx_int_t rc) nthrift_noinline;
static void ngx_stream_thrift_peer_hold(ngx_thrift_attempt_t *attempt);
static void ngx_stream_thrift_peer_untried(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_stream_thrift_peer_pinned(ngx_thrift_attempt_t *attempt,
    ngx_str_t *name);
static u_char *ngx_stream_thrift_peer_introduce(ngx_thrift_attempt_t *attempt,
    u_char *buf, u_char *last);
#if (NGX_THRIFT_HAVE_PROXY_CONF)
static u_char *ngx_stream_thrift_peer_copy_proxy(ngx_connection_t *c,
    u_char *buf, u_char *last);
#endif
static ngx_uint_t ngx_stream_thrift_peer_is_last(
    ngx_thrift_attempt_t *attempt);
static void ngx_stream_thrift_peer_connected(ngx_thrift_attempt_t *attempt);
static void ngx_stream_thrift_peer_first_byte(ngx_thrift_attempt_t *attempt);
static void *ngx_stream_thrift_peer_keep(ngx_thrift_attempt_t *attempt);
static void ngx_stream_thrift_peer_let_go(void *kept);
static void ngx_stream_thrift_peer_free(ngx_thrift_attempt_t *attempt,
    ngx_uint_t state);
static void ngx_stream_thrift_peer_give_back(
    ngx_stream_thrift_choice_t *choice, ngx_uint_t state);
static void ngx_stream_thrift_peer_end_probe(
    ngx_stream_thrift_choice_t *choice, ngx_uint_t state) nthrift_noinline;
static ngx_uint_t ngx_stream_thrift_peer_is_well(
    ngx_stream_thrift_choice_t *choice);
static ngx_int_t ngx_stream_thrift_peer_add_state(
    ngx_stream_thrift_choice_t *choice);
static void ngx_stream_thrift_peer_drop_state(
    ngx_stream_thrift_choice_t *choice);
static ngx_int_t ngx_stream_thrift_peer_save_name(
    ngx_stream_thrift_choice_t *choice);
static ngx_stream_thrift_choice_t *ngx_stream_thrift_peer_start(
    ngx_thrift_attempt_t *attempt);
static ngx_stream_thrift_choice_t *ngx_stream_thrift_peer_create(
    ngx_stream_thrift_call_t *tc);
static ngx_stream_thrift_choice_t *ngx_stream_thrift_peer_create_other(
    ngx_stream_thrift_call_t *tc) nthrift_noinline;
static void ngx_stream_thrift_peer_clear(ngx_stream_thrift_choice_t *choice);
static void ngx_stream_thrift_peer_rewind(ngx_stream_thrift_choice_t *choice);
static void ngx_stream_thrift_peer_turn_to(ngx_stream_thrift_choice_t *choice)
    nthrift_noinline;
static ngx_int_t ngx_stream_thrift_peer_init(
    ngx_stream_thrift_choice_t *choice, ngx_stream_upstream_srv_conf_t *us);


const ngx_thrift_balancer_t  ngx_stream_thrift_balancer = {
    ngx_stream_thrift_peer_balance,
    ngx_stream_thrift_peer_beside,
    ngx_stream_thrift_peer_get,
    ngx_stream_thrift_peer_untried,
    ngx_stream_thrift_peer_pinned,
    ngx_stream_thrift_peer_introduce,
    ngx_stream_thrift_peer_is_last,
    ngx_stream_thrift_peer_connected,
    ngx_stream_thrift_peer_first_byte,
    ngx_stream_thrift_peer_keep,
    ngx_stream_thrift_peer_let_go,
    ngx_stream_thrift_peer_free
};


static ngx_int_t
ngx_stream_thrift_peer_balance(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_call_t        *tc;
    ngx_stream_thrift_answer_t      *answer;
    ngx_stream_thrift_choice_t      *choice;
    ngx_stream_upstream_srv_conf_t  *us;

    tc = ngx_stream_thrift_get_call(attempt->call);

    choice = ngx_stream_thrift_peer_start(attempt);
    if (choice == NULL) {
        return NGX_ERROR;
    }

    answer = (ngx_stream_thrift_answer_t *) attempt->call->conf->answer;
    us = tc->named;

    if (us) {
        attempt->pool = &ngx_stream_thrift_get_pool(tc->main, us)->idle;

    } else if (answer->upstream) {
        us = answer->upstream;
        attempt->pool = &answer->pool->idle;
    }

    if (us) {
        return ngx_stream_thrift_peer_init(choice, us);
    }

    ngx_stream_thrift_peer_clear(choice);

    return ngx_stream_thrift_resolve(attempt, answer->upstream_value);
}


/* The attempt's choice, of which nothing is known yet. */

static ngx_inline ngx_stream_thrift_choice_t *
ngx_stream_thrift_peer_start(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_call_t    *tc;
    ngx_stream_thrift_choice_t  *choice;

    tc = ngx_stream_thrift_get_call(attempt->call);
    choice = attempt->choice;

    if (choice == NULL || choice->kept) {
        choice = ngx_stream_thrift_peer_create(tc);
        if (choice == NULL) {
            return NULL;
        }

        attempt->choice = choice;
    }

    choice->call = tc;
    choice->attempt = attempt;
    choice->balancer = NULL;
    choice->server = NULL;
    choice->other = NULL;
    choice->places = 0;
    choice->anew = 0;
    choice->kept = 0;

    attempt->peer = &choice->upstream.peer;

#if (NGX_THRIFT_HAVE_PEER_CTX)

    /* Angie's round robin looks at it there, and at nothing else of it */

    tc->session.upstream = &choice->upstream;

#else

    if (tc->from == NULL) {
        tc->session.upstream = &choice->upstream;
    }

#endif

    return choice;
}


/* That of a call's first attempt is a part of the call. */

static ngx_inline ngx_stream_thrift_choice_t *
ngx_stream_thrift_peer_create(ngx_stream_thrift_call_t *tc)
{
    if (tc->nchoices++ != 0) {
        return ngx_stream_thrift_peer_create_other(tc);
    }

    tc->states.elts = &tc->state;
    tc->states.nelts = 0;
    tc->states.size = sizeof(ngx_stream_upstream_state_t);
    tc->states.nalloc = 1;
    tc->states.pool = tc->call.pool;

    if (tc->from == NULL) {
        tc->session.upstream_states = &tc->states;
    }

    return &tc->choice;
}


/* The call's session says from now on which of them it is about. */

static ngx_stream_thrift_choice_t *
ngx_stream_thrift_peer_create_other(ngx_stream_thrift_call_t *tc)
{
    ngx_stream_thrift_choice_t  *choice;

    (void) ngx_stream_thrift_call_session(tc);

    choice = ngx_palloc(tc->call.pool, sizeof(ngx_stream_thrift_choice_t));

    if (choice) {
        choice->rr.upstream = NULL;
    }

    return choice;
}


/* The buffers are stream's proxy module's, and nobody else's. */

static void
ngx_stream_thrift_peer_clear(ngx_stream_thrift_choice_t *choice)
{
    ngx_stream_upstream_t     *u;
    ngx_stream_thrift_call_t  *tc;

    tc = choice->call;
    u = &choice->upstream;

    ngx_thrift_memzero(u, offsetof(ngx_stream_upstream_t, downstream_buf));

    ngx_thrift_memzero(&u->free, sizeof(ngx_stream_upstream_t)
                                 - offsetof(ngx_stream_upstream_t, free));

    u->peer.log = &tc->log;
    u->peer.log_error = NGX_ERROR_ERR;
    u->peer.type = SOCK_STREAM;
    u->requests = 1;
    u->start_sec = ngx_time();

#if (NGX_THRIFT_HAVE_PEER_CTX)
    u->peer.ctx = &tc->session;
#endif

    choice->rr.upstream = NULL;
    choice->rr.fixed = 0;
}


/*
 * The choice's call before had the same upstream, and round robin: nothing else
 * has changed since.
 */

static ngx_inline void
ngx_stream_thrift_peer_rewind(ngx_stream_thrift_choice_t *choice)
{
    ngx_stream_upstream_t  *u;

    u = &choice->upstream;

    u->peer.connection = NULL;
    u->peer.sockaddr = NULL;
    u->peer.name = NULL;
    u->resolved = NULL;
    u->state = NULL;
    u->connected = 0;
}


ngx_inline ngx_stream_upstream_t *
ngx_stream_thrift_peer_use(ngx_stream_thrift_choice_t *choice)
{
    if (choice->call->nchoices != 1) {
        ngx_stream_thrift_peer_turn_to(choice);
    }

    return &choice->upstream;
}


/* Its state is elsewhere when another attempt has added one. */

static void
ngx_stream_thrift_peer_turn_to(ngx_stream_thrift_choice_t *choice)
{
    ngx_stream_upstream_t        *u;
    ngx_stream_thrift_call_t     *tc;
    ngx_stream_upstream_state_t  *state;

    tc = choice->call;
    u = &choice->upstream;

    if (u->state) {
        state = tc->states.elts;
        u->state = &state[choice->state];
    }

    tc->session.upstream = u;
}


static ngx_inline ngx_int_t
ngx_stream_thrift_peer_init(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_srv_conf_t *us)
{
    if (choice->rr.upstream != us) {
        ngx_stream_thrift_peer_clear(choice);
        return ngx_stream_thrift_peer_init_cleared(choice, us);
    }

    ngx_stream_thrift_peer_rewind(choice);

    if (choice->rr.fixed) {
        ngx_stream_thrift_rr_rewind(&choice->rr, &choice->upstream.peer);

    } else if (ngx_stream_thrift_rr_init(choice, us) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_peer_ready(choice, us);
}


ngx_int_t
ngx_stream_thrift_peer_init_cleared(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_srv_conf_t *us)
{
    choice->upstream.ssl_name = us->host;

    if (ngx_stream_thrift_rr_init(choice, us) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_thrift_peer_ready(choice, us);
}


ngx_int_t
ngx_stream_thrift_peer_ready(ngx_stream_thrift_choice_t *choice,
    ngx_stream_upstream_srv_conf_t *us)
{
    choice->balancer = us;
    choice->upstream.upstream = us;
    choice->upstream.peer.start_time = ngx_current_msec;

    return ngx_stream_thrift_pool_of(choice->attempt->pool)->varies
           ? ngx_stream_thrift_identify(choice->attempt) : NGX_OK;
}


/* Of addresses that a variable names one is enough. */

static ngx_int_t
ngx_stream_thrift_peer_beside(ngx_thrift_attempt_t *attempt,
    ngx_thrift_attempt_t *first)
{
    ngx_stream_thrift_choice_t      *choice;
    ngx_stream_upstream_srv_conf_t  *us;

    choice = first->choice;
    us = choice->balancer;

    if (us == NULL) {
        return NGX_DECLINED;
    }

    choice = ngx_stream_thrift_peer_start(attempt);
    if (choice == NULL) {
        return NGX_ERROR;
    }

    attempt->pool = first->pool;

    if (ngx_stream_thrift_peer_init(choice, us) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_peer_set_other(choice, first->peer) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_choose_other(choice) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_stream_thrift_peer_hold(attempt);

    if (ngx_stream_thrift_peer_set_other(first->choice, attempt->peer) != NGX_OK
        || ngx_stream_thrift_peer_add_state(choice) != NGX_OK
        || ngx_stream_thrift_peer_save_name(choice) != NGX_OK)
    {
        ngx_stream_thrift_peer_give_back(choice, NGX_PEER_NEXT);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* The address of a peer may go away with it, see save_name(). */

static ngx_int_t
ngx_stream_thrift_peer_set_other(ngx_stream_thrift_choice_t *choice,
    ngx_peer_connection_t *other)
{
    ngx_addr_t  *addr;

    addr = ngx_palloc(choice->call->call.pool,
                      sizeof(ngx_addr_t) + other->socklen);
    if (addr == NULL) {
        return NGX_ERROR;
    }

    addr->sockaddr = (struct sockaddr *) (addr + 1);
    addr->socklen = other->socklen;
    ngx_memcpy(addr->sockaddr, other->sockaddr, other->socklen);

    choice->other = addr;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_peer_get(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t                    rc;
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;

    (void) ngx_stream_thrift_peer_use(choice);

    if (ngx_stream_thrift_peer_add_state(choice) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_stream_thrift_choose(attempt);

    if (rc != NGX_OK) {
        return ngx_stream_thrift_peer_get_none(attempt, rc);
    }

    ngx_stream_thrift_peer_hold(attempt);

    return ngx_stream_thrift_peer_save_name(choice);
}


/* Returns what the balancer has said. */

static ngx_int_t
ngx_stream_thrift_peer_get_none(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    attempt->peer->sockaddr = NULL;

    if (attempt->full && attempt->pool->waits) {

        /* it asks again */

        ngx_stream_thrift_peer_drop_state(attempt->choice);
        return NGX_BUSY;
    }

    /* when it is busy, the name is that of the upstream */

    if (rc == NGX_BUSY
        && ngx_stream_thrift_peer_save_name(attempt->choice) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return rc;
}


static ngx_inline void
ngx_stream_thrift_peer_hold(ngx_thrift_attempt_t *attempt)
{
    ngx_peer_connection_t               *peer;
    ngx_stream_thrift_choice_t          *choice;
    ngx_stream_upstream_rr_peer_data_t  *rrp;

    choice = attempt->choice;
    peer = attempt->peer;

    if (ngx_stream_thrift_is_held(choice->balancer)) {
        ngx_stream_thrift_held_add(choice->balancer, peer);
    }

    rrp = choice->rr.upstream
          ? peer->data : ngx_stream_thrift_rr_data(choice->balancer, peer);

    choice->server = rrp ? rrp->current : NULL;

    attempt->max_conns = rrp ? ngx_stream_thrift_choose_max_conns(choice, rrp)
                             : 0;

    choice->pool = attempt->pool;
    choice->pool->nheld++;
}


static void
ngx_stream_thrift_peer_untried(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;

    if (attempt->peer->sockaddr) {
        ngx_stream_thrift_rr_untry(choice->balancer, attempt->peer);
    }

    ngx_stream_thrift_peer_free(attempt, NGX_PEER_NEXT);
}


/* The balancer has no part in it: nothing is held of the server. */

static ngx_int_t
ngx_stream_thrift_peer_pinned(ngx_thrift_attempt_t *attempt, ngx_str_t *name)
{
    ngx_str_t                   *copy;
    ngx_pool_t                  *pool;
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;
    pool = attempt->call->pool;

    (void) ngx_stream_thrift_peer_use(choice);

    copy = ngx_palloc(pool, sizeof(ngx_str_t));

    if (copy == NULL || ngx_stream_thrift_peer_add_state(choice) != NGX_OK) {
        return NGX_ERROR;
    }

    copy->len = name->len;
    copy->data = ngx_pstrdup(pool, name);

    if (copy->data == NULL) {
        return NGX_ERROR;
    }

    attempt->peer->name = copy;
    attempt->peer->sockaddr = NULL;

    choice->upstream.state->peer = copy;
    choice->upstream.state->connect_time = 0;

    return NGX_OK;
}


static ngx_inline ngx_int_t
ngx_stream_thrift_peer_add_state(ngx_stream_thrift_choice_t *choice)
{
    ngx_array_t                  *states;
    ngx_stream_upstream_t        *u;
    ngx_stream_upstream_state_t  *state;

    u = &choice->upstream;
    states = &choice->call->states;

    if (states->nelts == 0) {

        /* there is always room for one */

        state = states->elts;
        states->nelts = 1;

    } else {
        state = ngx_array_push(states);
        if (state == NULL) {
            return NGX_ERROR;
        }
    }

    choice->state = states->nelts - 1;

    ngx_memzero(state, sizeof(ngx_stream_upstream_state_t));

    state->connect_time = (ngx_msec_t) -1;
    state->first_byte_time = (ngx_msec_t) -1;
    state->response_time = (ngx_msec_t) -1;

    u->state = state;
    u->start_time = ngx_current_msec;

    return NGX_OK;
}


/* Nothing was chosen, and something will be later: it was no attempt. */

static void
ngx_stream_thrift_peer_drop_state(ngx_stream_thrift_choice_t *choice)
{
    choice->upstream.state = NULL;
    choice->call->states.nelts--;
}


/*
 * A peer of a zone that is resolved again may go away with its name once it is
 * released: the call keeps a copy.
 */

static ngx_inline ngx_int_t
ngx_stream_thrift_peer_save_name(ngx_stream_thrift_choice_t *choice)
{
    ngx_str_t              *name;
    ngx_peer_connection_t  *peer;

    peer = &choice->upstream.peer;

    if (ngx_stream_thrift_rr_changes(choice->balancer)) {

        name = ngx_palloc(choice->call->call.pool,
                          sizeof(ngx_str_t) + peer->name->len);
        if (name == NULL) {
            return NGX_ERROR;
        }

        name->len = peer->name->len;
        name->data = (u_char *) (name + 1);
        ngx_memcpy(name->data, peer->name->data, name->len);

        peer->name = name;
    }

    choice->upstream.state->peer = peer->name;

    return NGX_OK;
}


static u_char *
ngx_stream_thrift_peer_introduce(ngx_thrift_attempt_t *attempt, u_char *buf,
    u_char *last)
{
    ngx_stream_session_t  *s;

    s = ngx_stream_thrift_call_session(
                                   ngx_stream_thrift_get_call(attempt->call));

#if (NGX_THRIFT_HAVE_PROXY_CONF)
    return ngx_stream_thrift_peer_copy_proxy(s->connection, buf, last);
#else
    return ngx_proxy_protocol_write(s->connection, buf, last);
#endif
}


#if (NGX_THRIFT_HAVE_PROXY_CONF)

/* Angie writes to memory of its own: here that is the call's. */

static u_char *
ngx_stream_thrift_peer_copy_proxy(ngx_connection_t *c, u_char *buf,
    u_char *last)
{
    u_char                     *p, *end;
    ngx_proxy_protocol_conf_t   conf;

    /* of other families it does not say where the header ends */

    if (c->sockaddr->sa_family != AF_INET
#if (NGX_HAVE_INET6)
        && c->sockaddr->sa_family != AF_INET6
#endif
       )
    {
        return ngx_cpymem(buf, "PROXY UNKNOWN" CRLF,
                          sizeof("PROXY UNKNOWN" CRLF) - 1);
    }

    ngx_memzero(&conf, sizeof(ngx_proxy_protocol_conf_t));
    conf.version = 1;

    p = ngx_proxy_protocol_write(c, &conf, &end);

    if (p == NULL || end - p > last - buf) {
        return NULL;
    }

    return ngx_cpymem(buf, p, end - p);
}

#endif


static ngx_uint_t
ngx_stream_thrift_peer_is_last(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;

    return ngx_stream_thrift_rr_is_last(choice->balancer, attempt->peer);
}


static void
ngx_stream_thrift_peer_connected(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_upstream_t       *u;
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;
    u = ngx_stream_thrift_peer_use(choice);

    u->connected = 1;
    u->state->connect_time = ngx_current_msec - u->start_time;

    if (ngx_stream_thrift_peer_is_well(choice)) {

        if (!ngx_stream_thrift_rr_is_told(&choice->rr)) {
            return;
        }

    } else if (ngx_stream_thrift_rr_is_probe(choice->balancer, &u->peer)) {

        /* that it takes connections does not bring a server back */

        return;
    }

    if (u->peer.notify) {
        u->peer.notify(&u->peer, u->peer.data,
                       NGX_STREAM_UPSTREAM_NOTIFY_CONNECT);
    }
}


static void
ngx_stream_thrift_peer_first_byte(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_upstream_t  *u;

    u = ngx_stream_thrift_peer_use(attempt->choice);

    u->state->first_byte_time = ngx_current_msec - u->start_time;

#ifdef NGX_STREAM_THRIFT_NOTIFY_FIRST_BYTE

    /* a balancer that has had no part in it knows of no server */

    if (u->peer.notify && u->peer.sockaddr) {
        u->peer.notify(&u->peer, u->peer.data,
                       NGX_STREAM_THRIFT_NOTIFY_FIRST_BYTE);
    }

#endif
}


/* What the balancer knows of its choice lies in the call's memory. */

static void *
ngx_stream_thrift_peer_keep(ngx_thrift_attempt_t *attempt)
{
    ngx_stream_thrift_choice_t  *choice;

    choice = attempt->choice;

    if (attempt->peer->sockaddr == NULL) {
        return NULL;
    }

    choice->kept = 1;
    choice->call->nkept++;

    choice->pool->nkept++;
    ngx_thrift_queue_tell(choice->pool);

    return choice;
}


static void
ngx_stream_thrift_peer_let_go(void *kept)
{
    ngx_stream_thrift_choice_t  *choice = kept;

    ngx_stream_thrift_call_t  *tc;

    tc = choice->call;

    choice->kept = 0;
    tc->nkept--;

    (void) ngx_stream_thrift_peer_use(choice);

    choice->pool->nkept--;
    ngx_stream_thrift_peer_give_back(choice, 0);
    ngx_thrift_queue_tell(choice->pool);

    if (tc->ended && tc->nkept == 0) {
        ngx_stream_thrift_call_free(tc);
    }
}


static void
ngx_stream_thrift_peer_free(ngx_thrift_attempt_t *attempt, ngx_uint_t state)
{
    ngx_stream_upstream_t        *u;
    ngx_stream_thrift_choice_t   *choice;
    ngx_stream_upstream_state_t  *us;

    choice = attempt->choice;

    if (choice == NULL) {
        return;
    }

    u = ngx_stream_thrift_peer_use(choice);

    if (u->resolved && u->resolved->ctx) {
        ngx_resolve_name_done(u->resolved->ctx);
        u->resolved->ctx = NULL;
    }

    us = u->state;

    if (us && us->response_time == (ngx_msec_t) -1) {

        /* before free: least_time reads it */

        us->response_time = ngx_current_msec - u->start_time;
        us->bytes_received = attempt->received;
        us->bytes_sent = attempt->sent;
    }

    if (u->peer.sockaddr && !choice->kept) {
        ngx_stream_thrift_peer_give_back(choice, state);
    }
}


static ngx_inline void
ngx_stream_thrift_peer_give_back(ngx_stream_thrift_choice_t *choice,
    ngx_uint_t state)
{
    ngx_peer_connection_t  *peer;

    peer = &choice->upstream.peer;

    if (ngx_stream_thrift_is_held(choice->balancer)) {
        ngx_stream_thrift_held_remove(choice->balancer, peer);
    }

    choice->pool->nheld--;

    if (choice->pool->places) {
        ngx_thrift_queue_yield(choice->pool);
    }

    if (!ngx_stream_thrift_peer_is_well(choice)) {
        ngx_stream_thrift_peer_end_probe(choice, state);
    }

    peer->free(peer, peer->data, state);
    peer->sockaddr = NULL;
    choice->server = NULL;
}


static void
ngx_stream_thrift_peer_end_probe(ngx_stream_thrift_choice_t *choice,
    ngx_uint_t state)
{
    ngx_peer_connection_t  *peer;

    peer = &choice->upstream.peer;

    if (state == NGX_PEER_NEXT) {
        ngx_stream_thrift_rr_undo_probe(choice->balancer, peer);

    } else if (state == 0) {
        ngx_stream_thrift_ease_begin(choice->balancer, peer);
        ngx_stream_thrift_rr_end_probe(choice->balancer, peer);
    }
}


/*
 * Its server is one of nginx's own balancers, and has not failed: it is no
 * probe.
 */

static ngx_uint_t
ngx_stream_thrift_peer_is_well(ngx_stream_thrift_choice_t *choice)
{
    return choice->server && choice->server->fails == 0;
}
