
/*
 * The exchange with one server over one connection: send the call, read the
 * reply, check that it answers this call and nothing else.  Called by
 * ngx_thrift_pass.c, which decides what is tried, and by events.
 *
 * Each call goes out under a seqid that is drawn at random and is none of the
 * calls before it: a client cannot know it, and a late or second answer to an
 * earlier call is known for what it is.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_UPSTREAM_SEQID  4    /* bytes by which those of a compact
                                           message's seqids may differ */


static void ngx_thrift_upstream_arm(ngx_thrift_upstream_t *u,
    ngx_msec_t timeout);
static void ngx_thrift_upstream_event(ngx_event_t *ev);
static void ngx_thrift_upstream_timeout(void *data);
static ngx_int_t ngx_thrift_upstream_test_connect(ngx_thrift_upstream_t *u);
static ngx_int_t ngx_thrift_upstream_start(ngx_thrift_upstream_t *u);
static int32_t ngx_thrift_upstream_draw_seqid(ngx_thrift_upstream_t *u);
static ngx_uint_t ngx_thrift_upstream_knows(ngx_thrift_upstream_t *u,
    int32_t seqid);
static ngx_int_t ngx_thrift_upstream_send(ngx_thrift_upstream_t *u);
static ngx_int_t ngx_thrift_upstream_read(ngx_thrift_upstream_t *u);
static ngx_int_t ngx_thrift_upstream_recv(ngx_thrift_upstream_t *u);
static ngx_int_t ngx_thrift_upstream_lost(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_upstream_check(ngx_thrift_upstream_t *u);
static ngx_int_t ngx_thrift_upstream_check_seqid(ngx_thrift_upstream_t *u);
static ngx_int_t ngx_thrift_upstream_check_name(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_upstream_malformed(ngx_thrift_call_t *call,
    const char *why);


ngx_thrift_upstream_t *
ngx_thrift_upstream_create(ngx_connection_t *c, ngx_thrift_call_t *call)
{
    ngx_pool_t             *pool;
    ngx_thrift_upstream_t  *u;
    ngx_peer_connection_t  *pc;

    pc = call->peer;

    pool = ngx_create_pool(1024, call->log);
    if (pool == NULL) {
        ngx_close_connection(c);
        return NULL;
    }

    u = ngx_pcalloc(pool, sizeof(ngx_thrift_upstream_t));

    if (u == NULL || (u->sockaddr = ngx_palloc(pool, pc->socklen)) == NULL) {
        ngx_close_connection(c);
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_memcpy(u->sockaddr, pc->sockaddr, pc->socklen);
    u->socklen = pc->socklen;

    u->connection = c;

    c->pool = pool;
    c->data = u;

    ngx_thrift_input_init(&u->in, call->conf->blocks);

    /* a session's timer keeps an exiting worker alive while it has calls */

    ngx_thrift_timer_init(&u->timer, ngx_thrift_upstream_timeout, u,
                          ngx_cycle->log, 1);

    return u;
}


void
ngx_thrift_upstream_close(ngx_thrift_upstream_t *u)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = u->connection;
    pool = c->pool;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, c->log, 0,
                   "thrift close upstream connection: %d", c->fd);

    ngx_thrift_timer_close(&u->timer);
    ngx_thrift_input_close(&u->in);

    ngx_close_connection(c);
    ngx_destroy_pool(pool);
}


void
ngx_thrift_upstream_attach(ngx_thrift_upstream_t *u, ngx_thrift_call_t *call)
{
    ngx_connection_t  *c;

    u->call = call;
    call->upstream = u;

    c = u->connection;

    c->log = call->log;
    c->pool->log = call->log;
    c->read->log = call->log;
    c->write->log = call->log;

    c->read->handler = ngx_thrift_upstream_event;
    c->write->handler = ngx_thrift_upstream_event;

    u->sent = c->sent;
    u->out = NULL;
}


void
ngx_thrift_upstream_detach(ngx_thrift_upstream_t *u)
{
    ngx_connection_t  *c;

    u->call->upstream = NULL;
    u->call = NULL;

    c = u->connection;

    c->log = ngx_cycle->log;
    c->pool->log = ngx_cycle->log;
    c->read->log = ngx_cycle->log;
    c->write->log = ngx_cycle->log;

    ngx_thrift_timer_clear(&u->timer);
    ngx_thrift_input_rest(&u->in);
}


void
ngx_thrift_upstream_own(ngx_thrift_upstream_t *u)
{
    ngx_thrift_call_t  *call;

    call = u->call;

    if (!call->checked) {
        u->unchecked = 1;
    }

    /* that a oneway was read as it was meant shows when a reply comes */

    u->client = (u->unchecked || call->silent) ? call->client : NULL;
}


/* The next thing must happen in `timeout`, and all before the call's end. */

static void
ngx_thrift_upstream_arm(ngx_thrift_upstream_t *u, ngx_msec_t timeout)
{
    ngx_msec_t          deadline;
    ngx_thrift_call_t  *call;

    call = u->call;

    if (timeout == 0 && !call->timed) {
        ngx_thrift_timer_clear(&u->timer);
        return;
    }

    if (timeout == 0) {
        deadline = call->deadline;

    } else {
        deadline = ngx_current_msec + timeout;

        if (call->timed) {
            deadline = ngx_thrift_earlier(deadline, call->deadline);
        }
    }

    ngx_thrift_timer_set(&u->timer, deadline);
}


static void
ngx_thrift_upstream_event(ngx_event_t *ev)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_thrift_call_t      *call;
    ngx_thrift_upstream_t  *u;

    c = ev->data;
    u = c->data;
    call = u->call;

    if (c->close) {
        call->spares = 1;
        rc = ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                  "proxy is shutting down");

    } else {
        rc = ngx_thrift_upstream_exchange(u);
    }

    ngx_thrift_pass_event(call, rc);
}


static void
ngx_thrift_upstream_timeout(void *data)
{
    ngx_thrift_upstream_t  *u = data;

    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    if (u->pool) {
        ngx_thrift_keepalive_drop(u);
        return;
    }

    call = u->call;
    u->spoiled = 1;

    if (call->paused) {
        ngx_log_error(NGX_LOG_INFO, call->log, NGX_ETIMEDOUT,
                      "client does not take the replies to earlier calls");
        call->spares = 1;

    } else {
        ngx_log_error(NGX_LOG_ERR, call->log, NGX_ETIMEDOUT,
                      "upstream timed out");
    }

    if (u->connecting && !ngx_thrift_call_expired(call)) {
        rc = NGX_DECLINED;

    } else {
        rc = ngx_thrift_call_timed_out(call);
    }

    ngx_thrift_pass_event(call, rc);
}


ngx_int_t
ngx_thrift_upstream_exchange(ngx_thrift_upstream_t *u)
{
    ngx_int_t  rc;

    if (u->connecting) {
        rc = ngx_thrift_upstream_test_connect(u);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (u->out == NULL && u->connection->sent == u->sent) {
        rc = ngx_thrift_upstream_start(u);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (u->out) {
        rc = ngx_thrift_upstream_send(u);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (u->call->silent) {
        return NGX_OK;
    }

    return ngx_thrift_upstream_read(u);
}


static ngx_int_t
ngx_thrift_upstream_test_connect(ngx_thrift_upstream_t *u)
{
    ngx_err_t          err;
    ngx_connection_t  *c;

    c = u->connection;

    if (!c->write->ready && !c->read->ready) {
        ngx_thrift_upstream_arm(u, u->call->conf->connect_timeout);
        return NGX_AGAIN;
    }

    err = ngx_thrift_input_error(c);

    if (err) {
        (void) ngx_connection_error(c, err, "connect() failed");
        return NGX_DECLINED;
    }

    u->connecting = 0;
    u->call->front->connected(u->call);

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_upstream_start(ngx_thrift_upstream_t *u)
{
    nthrift_head_t     *head;
    ngx_thrift_call_t  *call;

    call = u->call;
    head = &call->request.wire.head;

    u->out = ngx_thrift_message_chain(&call->request,
                                      ngx_thrift_upstream_draw_seqid(u),
                                      &head->name, call->pool);
    if (u->out == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_upstream_arm(u, call->conf->send_timeout);

    /* another call's reply, which may come first, may have another protocol */

    u->rules = call->conf->rules;
    u->rules.transport = NTHRIFT_TRANSPORT_AUTO;
    u->rules.protocol = NTHRIFT_PROTOCOL_AUTO;
    u->rules.lax = head->lax;

    /* limits are for what the client gets, with a seqid that may be shorter */

    u->rules.max_frame += NGX_THRIFT_UPSTREAM_SEQID;
    u->rules.max_message += NGX_THRIFT_UPSTREAM_SEQID;

    return ngx_thrift_message_start(&call->reply, &u->rules, call->pool);
}


static int32_t
ngx_thrift_upstream_draw_seqid(ngx_thrift_upstream_t *u)
{
    int32_t  seqid;

    do {
        seqid = ngx_thrift_random() & 0x7fffffff;
    } while (ngx_thrift_upstream_knows(u, seqid));

    u->calls++;
    u->seqids[u->calls % NGX_THRIFT_SEQIDS] = seqid;

    return seqid;
}


/* Is it the seqid of one of the latest calls. */

static ngx_uint_t
ngx_thrift_upstream_knows(ngx_thrift_upstream_t *u, int32_t seqid)
{
    ngx_uint_t  i, n;

    n = ngx_min(u->calls, NGX_THRIFT_SEQIDS);

    for (i = 0; i < n; i++) {
        if (u->seqids[(u->calls - i) % NGX_THRIFT_SEQIDS] == seqid) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_thrift_upstream_send(ngx_thrift_upstream_t *u)
{
    off_t               sent;
    ngx_chain_t        *out;
    ngx_connection_t   *c;
    ngx_thrift_call_t  *call;

    c = u->connection;
    call = u->call;
    sent = c->sent;

    call->log->action = "sending call to upstream";

    out = ngx_thrift_output_send(c, u->out);

    if (out == NGX_CHAIN_ERROR) {
        u->spoiled = 1;

        if (c->sent == u->sent) {
            return NGX_DECLINED;
        }

        if (ngx_thrift_upstream_lost(call) == NGX_DECLINED) {
            return NGX_DECLINED;
        }

        return ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                    "upstream closed connection while "
                                    "the call was sent");
    }

    u->out = out;

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (out) {

        if (c->sent != sent) {
            ngx_thrift_upstream_arm(u, call->conf->send_timeout);
        }

        /* what the server says before it has the call is not read yet */

        return (ngx_handle_read_event(c->read, 0) == NGX_OK) ? NGX_AGAIN
                                                             : NGX_ERROR;
    }

    ngx_thrift_upstream_arm(u, 0);

    if (call->request.first->next && !call->keeps) {
        ngx_thrift_message_drop_body(&call->request);
        call->front->hold(call, ngx_buf_size((&call->request.first->buf))
                                - call->held);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_upstream_read(ngx_thrift_upstream_t *u)
{
    ngx_int_t           rc;
    ngx_uint_t          n;
    ngx_thrift_call_t  *call;

    call = u->call;
    call->log->action = "reading reply from upstream";

    for (n = 0; /* void */; n++) {

        if (n == NGX_THRIFT_TURN) {
            ngx_post_event(u->connection->read, &ngx_posted_next_events);
            return NGX_AGAIN;
        }

        if (ngx_thrift_input_pending(&u->in)) {

            rc = ngx_thrift_message_read(&call->reply, &u->rules, &u->in,
                                         call->pool);

            if (rc == NGX_OK) {
                rc = ngx_thrift_upstream_check(u);

                if (rc != NGX_AGAIN) {
                    return rc;
                }

                continue;
            }

            if (rc == NGX_ERROR) {
                return ngx_thrift_upstream_malformed(call,
                                                call->reply.wire.error.text);
            }

            if (rc == NGX_ABORT) {
                return NGX_ERROR;
            }
        }

        rc = ngx_thrift_upstream_recv(u);

        if (rc != NGX_OK) {
            return rc;
        }
    }
}


static ngx_int_t
ngx_thrift_upstream_recv(ngx_thrift_upstream_t *u)
{
    ssize_t             n;
    ngx_connection_t   *c;
    ngx_thrift_call_t  *call;

    c = u->connection;
    call = u->call;

    n = NGX_AGAIN;

    if (c->read->ready && call->front->may_receive(call)) {
        n = ngx_thrift_input_recv(&u->in, c);
    }

    if (n > 0) {
        call->front->hold(call, n);

        if (call->received == 0) {
            call->front->first_byte(call);
            ngx_thrift_upstream_arm(u, call->conf->read_timeout);
        }

        call->received += n;

        return NGX_OK;
    }

    if (n == NGX_AGAIN) {
        ngx_thrift_input_rest(&u->in);

        return (ngx_handle_read_event(c->read, 0) == NGX_OK) ? NGX_AGAIN
                                                             : NGX_ERROR;
    }

    u->spoiled = 1;

    ngx_log_error(NGX_LOG_ERR, call->log, 0,
                  "upstream prematurely closed connection");

    if (call->received == 0
        && ngx_thrift_upstream_lost(call) == NGX_DECLINED)
    {
        return NGX_DECLINED;
    }

    return ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                (call->received == 0)
                                    ? "upstream closed connection "
                                      "before it replied"
                                    : "upstream closed connection "
                                      "in the middle of its reply");
}


/*
 * Of a call that was sent nobody knows whether it was executed.  One that is
 * idempotent may be sent again (NGX_DECLINED), a oneway never.
 */

static ngx_int_t
ngx_thrift_upstream_lost(ngx_thrift_call_t *call)
{
    call->lost = 1;

    return (call->target->idempotent && !call->oneway) ? NGX_DECLINED
                                                       : NGX_ERROR;
}


/* NGX_AGAIN: this was not the reply waited for, and is forgotten. */

static ngx_int_t
ngx_thrift_upstream_check(ngx_thrift_upstream_t *u)
{
    ngx_int_t              rc;
    ngx_str_t              why;
    nthrift_head_t        *head;
    ngx_thrift_call_t     *call;
    ngx_thrift_message_t  *reply;

    call = u->call;
    reply = &call->reply;
    head = &reply->wire.head;

    rc = ngx_thrift_upstream_check_seqid(u);
    if (rc != NGX_OK) {
        return rc;
    }

    if (reply->wire.error.text) {
        return ngx_thrift_upstream_malformed(call, reply->wire.error.text);
    }

    if (head->transport != call->request.wire.head.transport
        || head->protocol != call->request.wire.head.protocol)
    {
        return ngx_thrift_upstream_malformed(call,
                                   "it is in another transport or protocol");
    }

    if (head->type != NTHRIFT_REPLY && head->type != NTHRIFT_EXCEPTION) {
        return ngx_thrift_upstream_malformed(call,
                                             "it is not of type REPLY");
    }

    if (ngx_thrift_upstream_check_name(call) != NGX_OK) {
        return ngx_thrift_upstream_malformed(call,
                                             "it answers another method");
    }

    if (ngx_thrift_input_pending(&u->in)) {
        ngx_log_error(NGX_LOG_ERR, call->log, 0,
                      "upstream sent more than one reply");
        u->spoiled = 1;
    }

    if (ngx_thrift_validate_reply(call, &why) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, call->log, 0,
                      "upstream sent reply that does not fit its definition: "
                      "%V", &why);

        /* of one method: the server answers others as it should */

        call->spares = 1;

        return ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                    "upstream sent a reply that does not fit "
                                    "its definition: %V", &why);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_upstream_check_seqid(ngx_thrift_upstream_t *u)
{
    int32_t             seqid;
    ngx_thrift_call_t  *call;

    call = u->call;
    seqid = call->reply.wire.head.seqid;

    if (seqid == u->seqids[u->calls % NGX_THRIFT_SEQIDS]) {
        return NGX_OK;
    }

    u->spoiled = 1;

    if (!ngx_thrift_upstream_knows(u, seqid)) {
        return ngx_thrift_upstream_malformed(call, "its seqid is wrong");
    }

    ngx_log_error(NGX_LOG_ERR, call->log, 0,
                  "upstream sent another reply to an earlier call");

    /* its bytes are not this call's */

    call->front->hold(call, -(off_t) call->reply.wire.length);
    call->received = 0;

    ngx_thrift_message_release(&call->reply);

    if (ngx_thrift_message_start(&call->reply, &u->rules, call->pool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/*
 * Servers answer with the bare method name.  Some exceptions carry the name as
 * it was sent (C++, unknown service) or the service's (c_glib 0.17).
 */

static ngx_int_t
ngx_thrift_upstream_check_name(ngx_thrift_call_t *call)
{
    nthrift_head_t  *head;

    head = &call->reply.wire.head;

    if (nthrift_str_equal(&head->name, &call->method)) {
        return NGX_OK;
    }

    /* a server that could not route a call closes the connection next */

    if (head->type == NTHRIFT_EXCEPTION) {
        call->upstream->spoiled = 1;
    }

    if (nthrift_str_equal(&head->name, &call->request.wire.head.name)) {
        return NGX_OK;
    }

    if (head->type == NTHRIFT_EXCEPTION
        && nthrift_str_equal(&head->name, &call->prefix))
    {
        return NGX_OK;
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_thrift_upstream_malformed(ngx_thrift_call_t *call, const char *why)
{
    call->upstream->spoiled = 1;

    ngx_log_error(NGX_LOG_ERR, call->log, 0,
                  "upstream sent malformed reply: %s", why);

    return ngx_thrift_call_fail(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                "upstream sent a malformed reply: %s", why);
}
