/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Dialects: see ngx_thrift_dialect.h.  Called by ngx_thrift_pass.c, before a
 * call waits for a connection, and by ngx_thrift_attempt.c, which sends it and
 * takes its reply.  How bytes are translated is ngx_thrift_translate.c's.
 */

#include "ngx_thrift.h"


/* The translation of a large message. */

typedef struct {
    ngx_thrift_slice_t           slice;
    ngx_thrift_translate_t       walk;
    ngx_thrift_message_t        *to;
    ngx_thrift_block_t          *levels;
    ngx_thrift_attempt_t        *attempt;
    ngx_thrift_dialect_next_pt   next;      /* of a call; a reply has none */
} ngx_thrift_dialect_slice_t;


/* What a call's server speaks. */

typedef struct {
    ngx_thrift_detect_wait_t     wait;      /* must be first */
    ngx_thrift_dialect_next_pt   next;
} ngx_thrift_dialect_question_t;


static ngx_uint_t ngx_thrift_dialect_protocol(ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_dialect_start_detect(
    ngx_thrift_attempt_t *attempt, ngx_thrift_dialect_next_pt next)
    nthrift_noinline;
static ngx_int_t ngx_thrift_dialect_ask(ngx_thrift_attempt_t *attempt,
    ngx_thrift_detect_wait_t *wait);
static void ngx_thrift_dialect_detected(ngx_thrift_detect_wait_t *wait,
    ngx_int_t rc, const char *why, ngx_err_t err);
static ngx_int_t ngx_thrift_dialect_set_name(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_dialect_keeps_name(
    ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_dialect_is_large(ngx_thrift_message_t *m,
    ngx_uint_t protocol);
static ngx_uint_t ngx_thrift_dialect_differs(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_dialect_is_sent(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_dialect_put_reply(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *reply, ngx_thrift_message_t *from);
static ngx_thrift_message_t *ngx_thrift_dialect_reply_source(
    ngx_thrift_call_t *call);
static ngx_int_t ngx_thrift_dialect_take_written(ngx_thrift_call_t *call,
    nthrift_head_t *head);
static ngx_thrift_message_t *ngx_thrift_dialect_source(
    ngx_thrift_call_t *call);
static ngx_thrift_message_t *ngx_thrift_dialect_read(
    ngx_thrift_attempt_t *attempt, nthrift_head_t *head) nthrift_noinline;
static ngx_int_t ngx_thrift_dialect_head(ngx_thrift_attempt_t *attempt,
    nthrift_head_t *head);
static ngx_int_t ngx_thrift_dialect_header(ngx_thrift_attempt_t *attempt,
    nthrift_head_t *head) nthrift_noinline;
static ngx_int_t ngx_thrift_dialect_start_large(ngx_thrift_attempt_t *attempt,
    ngx_thrift_dialect_next_pt next) nthrift_noinline;
static void ngx_thrift_dialect_reply_head(ngx_thrift_call_t *call,
    nthrift_head_t *head);
static ngx_int_t ngx_thrift_dialect_at_once(ngx_thrift_translate_t *tr,
    ngx_thrift_call_t *call, ngx_thrift_message_t *to,
    ngx_thrift_message_t *from, nthrift_head_t *head);
static ngx_int_t ngx_thrift_dialect_start(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *from, nthrift_head_t *head,
    ngx_thrift_dialect_next_pt next);
static ngx_int_t ngx_thrift_dialect_part(ngx_thrift_slice_t *slice,
    size_t size);
static ngx_int_t ngx_thrift_dialect_call_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static ngx_int_t ngx_thrift_dialect_reply_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static void ngx_thrift_dialect_free(ngx_thrift_slice_t *slice);
static ngx_int_t ngx_thrift_dialect_take_call(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *m, ngx_int_t rc, const char *why);
static ngx_int_t ngx_thrift_dialect_take_reply(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *reply, ngx_thrift_message_t *m, ngx_int_t rc,
    const char *why);


void
ngx_thrift_dialect_set(ngx_thrift_attempt_t *attempt)
{
    nthrift_head_t     *head;
    ngx_thrift_pool_t  *pool;

    head = &attempt->call->request.wire.head;
    pool = attempt->pool;

    attempt->dialect.transport = (pool->transport != NTHRIFT_TRANSPORT_AUTO)
                                 ? pool->transport : head->transport;
    attempt->dialect.protocol = (pool->protocol != NTHRIFT_PROTOCOL_AUTO)
                                ? pool->protocol
                                : ngx_thrift_dialect_protocol(attempt->call);
}


/*
 * That in which the call came.  Servers that do not know text wait for a very
 * long name when it comes: they have it where somebody says that they do.
 */

static ngx_uint_t
ngx_thrift_dialect_protocol(ngx_thrift_call_t *call)
{
    ngx_uint_t  protocol;

    protocol = call->request.wire.head.protocol;

    return (ngx_thrift_is_text(&call->request)
            && call->conf->messages->rules.protocol != protocol)
           ? NTHRIFT_BINARY : protocol;
}


ngx_int_t
ngx_thrift_dialect_detect(ngx_thrift_attempt_t *attempt,
    ngx_thrift_dialect_next_pt next)
{
    return attempt->pool->detect
           ? ngx_thrift_dialect_start_detect(attempt, next) : NGX_OK;
}


static ngx_int_t
ngx_thrift_dialect_start_detect(ngx_thrift_attempt_t *attempt,
    ngx_thrift_dialect_next_pt next)
{
    ngx_int_t                       rc;
    ngx_thrift_dialect_question_t  *question;

    rc = ngx_thrift_dialect_ask(attempt, NULL);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    if (rc == NGX_DECLINED) {
        ngx_thrift_dialect_set(attempt);
        return NGX_OK;
    }

    question = ngx_palloc(attempt->call->pool,
                          sizeof(ngx_thrift_dialect_question_t));
    if (question == NULL) {
        return NGX_ERROR;
    }

    question->wait.done = ngx_thrift_dialect_detected;
    question->wait.data = attempt;
    question->next = next;

    attempt->call->log->action = "detecting protocol of upstream";
    attempt->asks = &question->wait;

    return ngx_thrift_dialect_ask(attempt, attempt->asks);
}


static ngx_int_t
ngx_thrift_dialect_ask(ngx_thrift_attempt_t *attempt,
    ngx_thrift_detect_wait_t *wait)
{
    return ngx_thrift_detect(attempt->pool->detect, attempt->peer->sockaddr,
                             attempt->peer->socklen, attempt->peer->name,
                             &attempt->dialect, wait);
}


static void
ngx_thrift_dialect_detected(ngx_thrift_detect_wait_t *wait, ngx_int_t rc,
    const char *why, ngx_err_t err)
{
    ngx_thrift_call_t              *call;
    ngx_thrift_attempt_t           *attempt;
    ngx_thrift_dialect_question_t  *question;

    question = (ngx_thrift_dialect_question_t *) wait;
    attempt = wait->data;
    call = attempt->call;

    attempt->asks = NULL;
    attempt->late = (rc != NGX_OK && err == NGX_ETIMEDOUT);

    ngx_thrift_hedge_turn_to(attempt);

    if (rc != NGX_OK) {
        ngx_thrift_pool_tell(attempt->pool,
                             attempt->late ? NGX_THRIFT_POOL_LATE
                                           : NGX_THRIFT_POOL_OPEN,
                             call->log, err, "%s", why);
    }

    call->resume(call, question->next(attempt, rc));
}


void
ngx_thrift_dialect_leave(ngx_thrift_attempt_t *attempt)
{
    if (attempt->asks) {
        ngx_thrift_detect_leave(attempt->asks);
        attempt->asks = NULL;
    }

    if (attempt->translating) {
        (void) ngx_thrift_slice_cancel(attempt->call, NGX_THRIFT_CALL_LEFT);
        attempt->translating = 0;
    }
}


void
ngx_thrift_dialect_follow(ngx_thrift_attempt_t *attempt,
    ngx_thrift_connection_t *conn)
{
    attempt->dialect.transport = conn->server->dialect.transport;
    attempt->dialect.protocol = conn->server->dialect.protocol;
}


void
ngx_thrift_dialect_doubt(ngx_thrift_attempt_t *attempt)
{
    if (attempt->pool->detect && attempt->peer->sockaddr) {
        ngx_thrift_detect_doubt(attempt->pool->detect,
                                attempt->peer->sockaddr,
                                attempt->peer->socklen);
    }
}


/* A service is named if servers want it and one is known. */

static ngx_int_t
ngx_thrift_dialect_set_name(ngx_thrift_attempt_t *attempt)
{
    u_char             *p;
    ngx_thrift_call_t  *call;
    ngx_thrift_pool_t  *pool;

    call = attempt->call;
    pool = attempt->pool;

    if (ngx_thrift_dialect_keeps_name(attempt)) {
        return NGX_OK;
    }

    if (pool->multiplexed == NGX_THRIFT_POOL_MULTIPLEXED_OFF) {
        attempt->name = call->method;
        attempt->service.len = 0;
        return NGX_OK;
    }

    if (pool->service.len != 0) {
        attempt->service.data = pool->service.data;
        attempt->service.len = pool->service.len;

    } else if (call->prefix.data == NULL && call->target) {
        attempt->service.data = call->target->service.data;
        attempt->service.len = call->target->service.len;

    } else {
        return NGX_OK;
    }

    if (attempt->service.len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(call->pool, attempt->service.len + 1 + call->method.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    attempt->name.data = p;

    p = ngx_cpymem(p, attempt->service.data, attempt->service.len);
    *p++ = ':';
    p = ngx_cpymem(p, call->method.data, call->method.len);

    attempt->name.len = p - attempt->name.data;

    return NGX_OK;
}


/* Sets the name with which it came: is it sent with that? */

static ngx_uint_t
ngx_thrift_dialect_keeps_name(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;
    ngx_thrift_pool_t  *pool;

    call = attempt->call;
    pool = attempt->pool;

    attempt->name = call->request.wire.head.name;
    attempt->service = call->prefix;

    return pool->multiplexed == NGX_THRIFT_POOL_MULTIPLEXED_SAME
           && (call->prefix.data == NULL || pool->service.len == 0);
}


ngx_uint_t
ngx_thrift_dialect_is_own(ngx_thrift_attempt_t *attempt)
{
    nthrift_head_t  *head;

    head = &attempt->call->request.wire.head;

    return head->transport == attempt->dialect.transport
           && head->protocol == attempt->dialect.protocol
           && head->lax == attempt->pool->lax
           && ngx_thrift_dialect_keeps_name(attempt);
}


/* Is it too much to be read, or written in that protocol, at once? */

static ngx_uint_t
ngx_thrift_dialect_is_large(ngx_thrift_message_t *m, ngx_uint_t protocol)
{
    return (ngx_thrift_is_text(m) || nthrift_protocols[protocol]->text)
           ? ngx_thrift_slice_text_is_due(m) : ngx_thrift_slice_is_due(m);
}


/* It is there in another protocol only. */

static ngx_uint_t
ngx_thrift_dialect_differs(ngx_thrift_attempt_t *attempt)
{
    ngx_uint_t          protocol;
    ngx_thrift_call_t  *call;

    call = attempt->call;
    protocol = attempt->dialect.protocol;

    if (call->request.wire.head.protocol == protocol
        || ngx_thrift_dialect_source(call)->wire.head.protocol == protocol)
    {
        return 0;
    }

    return call->translated == NULL
           || call->translated->wire.head.protocol != protocol;
}


/*
 * Another translation is there, and may be on its way with the call's other
 * attempt: it stays, and this one ends.
 */

static ngx_uint_t
ngx_thrift_dialect_is_sent(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (call->translated == NULL || call->other == NULL) {
        return 0;
    }

    attempt->blameless = 1;

    return 1;
}


/* A call in text may have been read before, for its arguments. */

static ngx_thrift_message_t *
ngx_thrift_dialect_source(ngx_thrift_call_t *call)
{
    return call->binary ? call->binary : &call->request;
}


static ngx_int_t
ngx_thrift_dialect_head(ngx_thrift_attempt_t *attempt, nthrift_head_t *head)
{
    *head = attempt->call->request.wire.head;

    head->transport = attempt->dialect.transport;
    head->protocol = attempt->dialect.protocol;
    head->write_lax = (uint8_t) attempt->pool->lax;
    head->seqid = attempt->seqid;

    if (head->transport == NTHRIFT_HEADER
        && ngx_thrift_dialect_header(attempt, head) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_thrift_dialect_set_name(attempt) != NGX_OK) {
        return NGX_ERROR;
    }

    head->name = attempt->name;

    return NGX_OK;
}


/*
 * The same flags on all of a connection: servers of fbthrift go by those of its
 * first message.
 */

static ngx_int_t
ngx_thrift_dialect_header(ngx_thrift_attempt_t *attempt, nthrift_head_t *head)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    head->flags = attempt->pool->check_seqid ? NTHRIFT_HEADER_OUT_OF_ORDER : 0;
    head->sequence = attempt->seqid;

    if (call->owner->headers(call, &head->info) == NGX_OK) {

        /* they are written with the head */

        call->owner->hold(call, (off_t) head->info.len);
        return NGX_OK;
    }

    attempt->blameless = 1;

    return NGX_ERROR;
}


ngx_int_t
ngx_thrift_dialect_prepare(ngx_thrift_attempt_t *attempt,
    ngx_thrift_dialect_next_pt next)
{
    return (attempt->call->request.wire.head.protocol
            == attempt->dialect.protocol)
           ? NGX_OK : ngx_thrift_dialect_start_large(attempt, next);
}


static ngx_int_t
ngx_thrift_dialect_start_large(ngx_thrift_attempt_t *attempt,
    ngx_thrift_dialect_next_pt next)
{
    nthrift_head_t         head;
    ngx_thrift_call_t     *call;
    ngx_thrift_message_t  *from;

    call = attempt->call;
    from = ngx_thrift_dialect_source(call);

    if (!ngx_thrift_dialect_differs(attempt)
        || !ngx_thrift_dialect_is_large(from, attempt->dialect.protocol))
    {
        return NGX_OK;
    }

    if (ngx_thrift_dialect_is_sent(attempt)) {
        return NGX_ERROR;
    }

    call->log->action = "translating call";

    if (ngx_thrift_dialect_head(attempt, &head) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_thrift_dialect_start(attempt, from, &head, next);
}


ngx_thrift_message_t *
ngx_thrift_dialect_request(ngx_thrift_attempt_t *attempt, nthrift_head_t *head)
{
    ngx_int_t                rc;
    ngx_thrift_call_t       *call;
    ngx_thrift_message_t    *m;
    ngx_thrift_translate_t   tr;

    call = attempt->call;

    if (ngx_thrift_dialect_head(attempt, head) != NGX_OK) {
        return NULL;
    }

    if (head->protocol == call->request.wire.head.protocol) {
        return &call->request;
    }

    if (!ngx_thrift_dialect_differs(attempt)) {
        return ngx_thrift_dialect_read(attempt, head);
    }

    if (ngx_thrift_dialect_is_sent(attempt)) {
        return NULL;
    }

    m = ngx_palloc(call->pool, sizeof(ngx_thrift_message_t));
    if (m == NULL) {
        return NULL;
    }

    rc = ngx_thrift_dialect_at_once(&tr, call, m,
                                    ngx_thrift_dialect_source(call), head);

    rc = ngx_thrift_dialect_take_call(attempt, m, rc, tr.why);

    return (rc == NGX_OK) ? m : NULL;
}


/* It is there in the protocol of its server, but did not come so. */

static ngx_thrift_message_t *
ngx_thrift_dialect_read(ngx_thrift_attempt_t *attempt, nthrift_head_t *head)
{
    uint64_t               size;
    ngx_thrift_message_t  *m;

    m = attempt->call->binary;

    if (m == NULL || m->wire.head.protocol != head->protocol) {
        return attempt->call->translated;
    }

    /* no frame was made of it yet */

    size = m->wire.length - m->wire.head.size + nthrift_head_size(head);

    if (size > nthrift_head_most(head, &attempt->call->conf->messages->rules))
    {
        (void) ngx_thrift_dialect_take_call(attempt, NULL, NGX_BUSY,
                                            "message larger than allowed");
        return NULL;
    }

    return m;
}


void
ngx_thrift_dialect_drop(ngx_thrift_call_t *call)
{
    if (call->translated == NULL) {
        return;
    }

    call->owner->hold(call, -(off_t) call->translated->wire.length);

    ngx_thrift_message_release(call->translated);
    call->translated = NULL;
}


ngx_int_t
ngx_thrift_dialect_reply(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    /* what is to be text is checked first: see ngx_thrift_dialect_due() */

    if (attempt->reply.wire.head.protocol == call->request.wire.head.protocol
        || attempt->reply.wire.head.packed
        || ngx_thrift_is_text(&call->request)
        || ngx_thrift_dialect_is_large(&attempt->reply,
                                       call->request.wire.head.protocol)
        || call->copied)
    {
        return NGX_OK;
    }

    return ngx_thrift_dialect_put_reply(attempt, &attempt->reply,
                                        &attempt->reply);
}


static ngx_int_t
ngx_thrift_dialect_put_reply(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *reply, ngx_thrift_message_t *from)
{
    ngx_int_t                rc;
    nthrift_head_t           head;
    ngx_thrift_message_t     m;
    ngx_thrift_translate_t   tr;

    head = from->wire.head;
    ngx_thrift_dialect_reply_head(attempt->call, &head);

    rc = ngx_thrift_dialect_at_once(&tr, attempt->call, &m, from, &head);

    return ngx_thrift_dialect_take_reply(attempt, reply, &m, rc, tr.why);
}


ngx_uint_t
ngx_thrift_dialect_due(ngx_thrift_call_t *call)
{
    return call->reply && !call->failed && !call->copied
           && call->reply->wire.head.protocol
              != call->request.wire.head.protocol;
}


ngx_int_t
ngx_thrift_dialect_translate(ngx_thrift_call_t *call)
{
    ngx_int_t              rc;
    nthrift_head_t         head;
    ngx_thrift_message_t  *from;

    call->log->action = "translating reply from upstream";

    from = ngx_thrift_dialect_reply_source(call);

    head = from->wire.head;
    ngx_thrift_dialect_reply_head(call, &head);

    if (from->wire.head.protocol != head.protocol
        && ngx_thrift_dialect_is_large(from, head.protocol))
    {
        return ngx_thrift_dialect_start(call->attempt, from, &head, NULL);
    }

    rc = (from->wire.head.protocol == head.protocol)
         ? ngx_thrift_dialect_take_written(call, &head)
         : ngx_thrift_dialect_put_reply(call->attempt, call->reply, from);

    if (rc != NGX_OK) {
        call->reply = NULL;
    }

    return rc;
}


/* A large reply in text was read before, to be checked. */

static ngx_thrift_message_t *
ngx_thrift_dialect_reply_source(ngx_thrift_call_t *call)
{
    return (call->written && call->reply->wire.head.header == 0)
           ? call->written : call->reply;
}


/* That is what the client gets, if it speaks binary: no frame was made yet. */

static ngx_int_t
ngx_thrift_dialect_take_written(ngx_thrift_call_t *call, nthrift_head_t *head)
{
    ngx_int_t              rc;
    uint64_t               size;
    ngx_thrift_message_t  *m;

    m = call->written;
    size = m->wire.length - m->wire.head.size + nthrift_head_size(head);

    rc = (size > nthrift_head_most(head, &call->conf->messages->rules))
         ? NGX_BUSY : NGX_OK;

    call->owner->hold(call, -(off_t) m->wire.length);
    call->written = NULL;

    if (rc != NGX_OK) {
        ngx_thrift_message_release(m);
    }

    return ngx_thrift_dialect_take_reply(call->attempt, call->reply, m, rc,
                                         "message larger than allowed");
}


static void
ngx_thrift_dialect_reply_head(ngx_thrift_call_t *call, nthrift_head_t *head)
{
    uint8_t        type;
    nthrift_str_t  info;

    info = head->info;
    type = head->type;

    ngx_thrift_call_reply_head(call, head);

    head->type = type;
    head->info = info;
}


static ngx_int_t
ngx_thrift_dialect_at_once(ngx_thrift_translate_t *tr, ngx_thrift_call_t *call,
    ngx_thrift_message_t *to, ngx_thrift_message_t *from, nthrift_head_t *head)
{
    if (ngx_thrift_translate_start(tr, to, from, head,
                                   &call->conf->messages->rules,
                                   ngx_thrift_text_schema(call, head->type),
                                   NULL, call->pool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_thrift_translate_part(tr, NGX_MAX_SIZE_T_VALUE);
}


/* The same in parts, for the step that the call is in. */

static ngx_int_t
ngx_thrift_dialect_start(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *from, nthrift_head_t *head,
    ngx_thrift_dialect_next_pt next)
{
    ngx_thrift_call_t           *call;
    nthrift_rules_t             *rules;
    ngx_thrift_dialect_slice_t  *d;

    call = attempt->call;
    rules = &call->conf->messages->rules;

    d = ngx_palloc(call->pool, sizeof(ngx_thrift_dialect_slice_t));
    if (d == NULL) {
        return NGX_ERROR;
    }

    d->to = ngx_palloc(call->pool, sizeof(ngx_thrift_message_t));
    if (d->to == NULL) {
        return NGX_ERROR;
    }

    d->levels = ngx_thrift_block_create(ngx_thrift_translate_size(rules));
    if (d->levels == NULL) {
        return NGX_ERROR;
    }

    d->slice.call = call;
    d->slice.part = ngx_thrift_dialect_part;
    d->slice.done = next ? ngx_thrift_dialect_call_done
                         : ngx_thrift_dialect_reply_done;
    d->slice.free = ngx_thrift_dialect_free;
    d->attempt = attempt;
    d->next = next;

    if (ngx_thrift_translate_start(&d->walk, d->to, from, head, rules,
                                   ngx_thrift_text_schema(call, head->type),
                                   ngx_thrift_block_start(d->levels),
                                   call->pool)
        != NGX_OK)
    {
        ngx_thrift_block_unref(d->levels);
        return NGX_ERROR;
    }

    attempt->translating = (next != NULL);

    return ngx_thrift_slice_start(&d->slice);
}


static ngx_int_t
ngx_thrift_dialect_part(ngx_thrift_slice_t *slice, size_t size)
{
    ngx_thrift_dialect_slice_t  *d;

    d = (ngx_thrift_dialect_slice_t *) slice;

    return ngx_thrift_translate_part(&d->walk, size);
}


/* What comes next may be another one of these. */

static ngx_int_t
ngx_thrift_dialect_call_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_thrift_message_t        *m;
    ngx_thrift_dialect_slice_t  *d;

    d = (ngx_thrift_dialect_slice_t *) slice;

    d->attempt->translating = 0;

    m = d->to;
    d->to = NULL;

    rc = ngx_thrift_dialect_take_call(d->attempt, m, rc, d->walk.why);

    return d->next(d->attempt, rc);
}


static ngx_int_t
ngx_thrift_dialect_reply_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_thrift_message_t        *m;
    ngx_thrift_dialect_slice_t  *d;

    d = (ngx_thrift_dialect_slice_t *) slice;

    m = d->to;
    d->to = NULL;

    rc = ngx_thrift_dialect_take_reply(d->attempt, slice->call->reply, m, rc,
                                       d->walk.why);

    if (rc != NGX_OK) {
        slice->call->reply = NULL;
    }

    return rc;
}


static void
ngx_thrift_dialect_free(ngx_thrift_slice_t *slice)
{
    ngx_thrift_dialect_slice_t  *d;

    d = (ngx_thrift_dialect_slice_t *) slice;

    if (d->to) {
        ngx_thrift_translate_cancel(&d->walk);
    }

    ngx_thrift_block_unref(d->levels);
}


/* What cannot be translated is no server's fault. */

static ngx_int_t
ngx_thrift_dialect_take_call(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *m, ngx_int_t rc, const char *why)
{
    const char         *limit;
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (rc == NGX_OK) {
        ngx_thrift_dialect_drop(call);

        call->translated = m;
        call->owner->hold(call, (off_t) m->wire.length);

        return NGX_OK;
    }

    attempt->blameless = 1;

    if (rc == NGX_ERROR || call->failed) {
        return NGX_ERROR;
    }

    limit = ngx_thrift_error_limit(call, why);

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client sent call that cannot be translated: %s%s", why,
                  limit);

    return ngx_thrift_error_set(call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "call cannot be translated: %s%s", why, limit);
}


static ngx_int_t
ngx_thrift_dialect_take_reply(ngx_thrift_attempt_t *attempt,
    ngx_thrift_message_t *reply, ngx_thrift_message_t *m, ngx_int_t rc,
    const char *why)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        attempt->blameless = (rc == NGX_BUSY);
        return ngx_thrift_attempt_malformed(attempt, why);
    }

    call->owner->hold(call, (off_t) m->wire.length
                            - (off_t) reply->wire.length);

    ngx_thrift_message_release(reply);
    ngx_thrift_message_move(reply, m);

    return NGX_OK;
}
