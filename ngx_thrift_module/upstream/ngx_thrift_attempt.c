/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Attempts: see ngx_thrift_attempt.h.  Called by ngx_thrift_pass.c, which makes
 * them, and by ngx_thrift_connection.c, which sends them and reads their
 * replies.  An attempt never opens or closes a socket.
 */

#include "ngx_thrift.h"


static void ngx_thrift_attempt_init(ngx_thrift_attempt_t *attempt);
static void ngx_thrift_attempt_keep_reply(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_attempt_unpack(ngx_thrift_attempt_t *attempt)
    nthrift_noinline;
static ngx_int_t ngx_thrift_attempt_check_head(ngx_thrift_attempt_t *attempt);
static ngx_int_t ngx_thrift_attempt_check_name(ngx_thrift_attempt_t *attempt);
static void ngx_thrift_attempt_unnumbered(ngx_thrift_attempt_t *attempt);


static ngx_thrift_cache_t  ngx_thrift_attempts = {
    .size = sizeof(ngx_thrift_attempt_t)
};


/*
 * The first is a part of its call, and only others need memory.  What stands in
 * a queue leaves it before an attempt is renewed.
 */

ngx_thrift_attempt_t *
ngx_thrift_attempt_create(ngx_thrift_call_t *call,
    ngx_thrift_attempt_done_pt done)
{
    ngx_thrift_attempt_t  *attempt;

    if (call->nattempts++ == 0) {
        attempt = &call->first;

    } else {
        attempt = ngx_thrift_cache_get(&ngx_thrift_attempts);
        if (attempt == NULL) {
            return NULL;
        }

        ngx_thrift_attempt_make(attempt);
    }

    attempt->call = call;
    attempt->done = done;
    attempt->start = ngx_current_msec;

    attempt->choice = NULL;
    attempt->peer = NULL;
    attempt->pool = NULL;
    attempt->identity = NULL;
    attempt->max_conns = 0;
    attempt->asks = NULL;
    attempt->round = 0;
    attempt->pause = NULL;
    attempt->earlier = NULL;
    attempt->translating = 0;
    attempt->lost = 0;
    attempt->tried = 0;
    attempt->pauses = 0;
    attempt->timed = 0;
    attempt->number = 0;

    ngx_str_null(&attempt->dialect.identity);

    attempt->counts.row = NULL;
    attempt->counts.begun = 0;

    ngx_thrift_message_start(&attempt->reply);
    ngx_thrift_attempt_init(attempt);

    return attempt;
}


void
ngx_thrift_attempt_make(ngx_thrift_attempt_t *attempt)
{
    attempt->expiry.set = 0;
    attempt->hedge.set = 0;
    attempt->patience.set = 0;
    attempt->turn.line = NULL;
}


void
ngx_thrift_attempt_renew(ngx_thrift_attempt_t *attempt)
{
    if (attempt->call->reply) {
        ngx_thrift_attempt_keep_reply(attempt);
        attempt->call->reply = NULL;
    }

    ngx_thrift_message_release(&attempt->reply);
    ngx_thrift_message_start(&attempt->reply);
    ngx_thrift_attempt_init(attempt);
}


/* The one before it is not needed any more. */

static void
ngx_thrift_attempt_keep_reply(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t     *call;
    ngx_thrift_message_t  *m;

    call = attempt->call;
    m = attempt->earlier;

    if (m) {
        call->owner->hold(call, -(off_t) m->wire.length);
        ngx_thrift_message_release(m);

    } else {
        m = ngx_palloc(call->pool, sizeof(ngx_thrift_message_t));
        if (m == NULL) {
            return;
        }
    }

    ngx_thrift_message_move(m, &attempt->reply);
    attempt->earlier = m;
}


ngx_int_t
ngx_thrift_attempt_restore(ngx_thrift_attempt_t *attempt)
{
    if (attempt->earlier == NULL) {
        return NGX_DECLINED;
    }

    attempt->call->reply = attempt->earlier;

    return NGX_OK;
}


static void
ngx_thrift_attempt_init(ngx_thrift_attempt_t *attempt)
{
    attempt->number++;

    attempt->connection = NULL;
    attempt->address = NULL;
    attempt->out = NULL;
    attempt->sent = 0;
    attempt->received = 0;
    attempt->state = NGX_THRIFT_ATTEMPT_WAITING;
    attempt->seqid = 0;
    attempt->ordinal = 0;
    attempt->full = 0;
    attempt->counted = 0;
    attempt->fresh = 0;
    attempt->reused = 0;
    attempt->timed_out = 0;
    attempt->expired = 0;
    attempt->late = 0;
    attempt->unaffordable = 0;
    attempt->busy = 0;
    attempt->blameless = 0;
    attempt->unproven = 0;
    attempt->closes = 0;
    attempt->unnumbered = 0;
    attempt->cut = 0;
}


void
ngx_thrift_attempt_leave(ngx_thrift_attempt_t *attempt,
    ngx_thrift_attempt_t *other)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (call->reply == &attempt->reply) {
        ngx_thrift_attempt_keep_reply(attempt);
        call->reply = NULL;

    } else if (attempt->received) {
        call->owner->hold(call, -attempt->received);
    }

    if (attempt->earlier && other->earlier == NULL) {
        other->earlier = attempt->earlier;
        attempt->earlier = NULL;
    }

    other->lost |= attempt->lost;
}


ngx_uint_t
ngx_thrift_attempt_resume(ngx_thrift_call_t *call)
{
    ngx_uint_t  n;

    n = 0;

    if (call->attempt && call->attempt->connection) {
        ngx_thrift_connection_resume(call->attempt->connection);
        n++;
    }

    if (call->other && call->other->connection) {
        ngx_thrift_connection_resume(call->other->connection);
        n++;
    }

    return n;
}


void
ngx_thrift_attempt_free(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_message_release(&attempt->reply);

    if (attempt->earlier) {
        ngx_thrift_message_release(attempt->earlier);
    }

    if (attempt->pause) {
        ngx_thrift_timer_close(attempt->pause);
    }

    if (attempt != &attempt->call->first) {
        ngx_thrift_cache_put(attempt);
    }
}


ssize_t
ngx_thrift_attempt_write(ngx_thrift_attempt_t *attempt, u_char *p,
    u_char *last)
{
    size_t                 n;
    nthrift_head_t         head;
    ngx_thrift_call_t     *call;
    ngx_thrift_message_t  *request;

    call = attempt->call;

    ngx_thrift_hedge_turn_to(attempt);

    call->log->action = "sending call to upstream";

    if (ngx_thrift_dialect_is_own(attempt)) {
        n = ngx_thrift_message_repeat(&call->request, attempt->seqid, p, last);

        if (n) {
            return n;
        }
    }

    request = ngx_thrift_dialect_request(attempt, &head);
    if (request == NULL) {
        return NGX_ERROR;
    }

    n = ngx_thrift_message_copy(request, &head, p, last);

    if (n) {
        return n;
    }

    attempt->out = ngx_thrift_message_write(request, &head, call->pool);

    return attempt->out ? 0 : NGX_ERROR;
}


ngx_int_t
ngx_thrift_attempt_sent(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t     *call;
    ngx_thrift_message_t  *request;

    call = attempt->call;

    ngx_thrift_hedge_turn_to(attempt);
    request = &call->request;
    attempt->state = NGX_THRIFT_ATTEMPT_SENT;

    if (!call->retains_request) {
        ngx_thrift_dialect_drop(call);
        ngx_thrift_text_drop(call);
    }

    if (request->first->next && !call->retains_request) {
        ngx_thrift_message_drop_body(request);
        call->owner->hold(call,
                          (off_t) ngx_thrift_segment_size(request->first)
                          - (off_t) request->wire.length);
    }

    if (call->silent) {
        attempt->state = NGX_THRIFT_ATTEMPT_ANSWERED;
        attempt->closes = !attempt->pool->check_seqid;
        return NGX_DONE;
    }

    call->log->action = "reading reply from upstream";

    return NGX_OK;
}


void
ngx_thrift_attempt_begun(ngx_thrift_attempt_t *attempt)
{
    attempt->state = NGX_THRIFT_ATTEMPT_READING;
    attempt->call->balancer->first_byte(attempt);
}


void
ngx_thrift_attempt_received(ngx_thrift_attempt_t *attempt, off_t n)
{
    attempt->received += n;
    attempt->call->owner->hold(attempt->call, n);
}


ngx_int_t
ngx_thrift_attempt_may_receive(ngx_thrift_attempt_t *attempt,
    ngx_uint_t shared)
{
    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    call = attempt->call;

    ngx_thrift_hedge_turn_to(attempt);

    rc = call->owner->may_receive(call, attempt->received, shared);

    if (rc == NGX_AGAIN) {
        call->log->action = "waiting for replies to earlier calls";
        return NGX_AGAIN;
    }

    call->log->action = "reading reply from upstream";

    if (rc == NGX_ERROR) {
        attempt->blameless = 1;
    }

    return rc;
}


/*
 * A server that has not understood a call may answer it under the number 0: the
 * connection carries no other one.  It carries none after it, either.
 */

ngx_uint_t
ngx_thrift_attempt_takes(ngx_thrift_attempt_t *attempt, nthrift_head_t *head)
{
    if (!attempt->pool->check_seqid) {
        return 1;
    }

    if (head->type == NTHRIFT_EXCEPTION && head->seqid == 0) {
        attempt->unnumbered = 1;
        attempt->closes = 1;
        return 1;
    }

    return 0;
}


ngx_int_t
ngx_thrift_attempt_check(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t           rc;
    ngx_str_t           why;
    ngx_uint_t          unnamed;
    nthrift_head_t     *head;
    ngx_thrift_call_t  *call;

    call = attempt->call;

    ngx_thrift_hedge_turn_to(attempt);
    head = &attempt->reply.wire.head;

    rc = ngx_thrift_attempt_check_head(attempt);

    if (rc != NGX_OK) {
        return rc;
    }

    /* a translated one has the call's own name */

    unnamed = (head->name.len == 0);

    rc = ngx_thrift_dialect_reply(attempt);

    if (rc != NGX_OK) {
        return rc;
    }

    attempt->state = NGX_THRIFT_ATTEMPT_ANSWERED;
    call->reply = &attempt->reply;

    /* where seqids do not tell, only a clean reply leaves nothing behind */

    if (!attempt->pool->check_seqid && head->type == NTHRIFT_EXCEPTION) {
        attempt->closes = 1;
    }

    if (attempt->unnumbered || unnamed) {
        ngx_thrift_attempt_unnumbered(attempt);
    }

    if (ngx_thrift_validate_reply(call, &why) == NGX_OK) {
        return NGX_OK;
    }

    /* of one method: the server answers others as it should */

    attempt->blameless = 1;

    return ngx_thrift_validate_misfit(call, &why);
}


/* Its number stands in the THeader, and in what was packed. */

static ngx_int_t
ngx_thrift_attempt_unpack(ngx_thrift_attempt_t *attempt)
{
    int32_t      seqid;
    ngx_int_t    rc;
    const char  *why;

    seqid = attempt->reply.wire.head.seqid;

    rc = ngx_thrift_packed_answer(attempt->call, &attempt->reply, &why);

    if (rc == NGX_DECLINED) {
        return ngx_thrift_attempt_malformed(attempt, why);
    }

    if (rc != NGX_OK) {
        attempt->blameless = 1;
        return NGX_ERROR;
    }

    if (attempt->pool->check_seqid
        && attempt->reply.wire.head.seqid != seqid
        && !ngx_thrift_attempt_takes(attempt, &attempt->reply.wire.head))
    {
        return ngx_thrift_attempt_malformed(attempt, "its seqid is wrong");
    }

    return NGX_OK;
}


/* Does it answer this call, and in the server's own dialect? */

static ngx_int_t
ngx_thrift_attempt_check_head(ngx_thrift_attempt_t *attempt)
{
    ngx_int_t        rc;
    nthrift_head_t  *head;

    head = &attempt->reply.wire.head;

    if (attempt->reply.wire.error.text) {
        return ngx_thrift_attempt_malformed(attempt,
                                            attempt->reply.wire.error.text);
    }

    if (head->packed) {
        rc = ngx_thrift_attempt_unpack(attempt);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* Apache's C++ servers answer calls with THeader in binary in any case */

    if (head->transport != attempt->dialect.transport
        || (head->protocol != attempt->dialect.protocol
            && (head->header == 0 || ngx_thrift_is_text(&attempt->reply))))
    {
        return ngx_thrift_attempt_malformed(attempt,
                                   "it is in another transport or protocol");
    }

    if (head->type != NTHRIFT_REPLY && head->type != NTHRIFT_EXCEPTION) {
        return ngx_thrift_attempt_malformed(attempt,
                                            "it is not of type REPLY");
    }

    if (ngx_thrift_attempt_check_name(attempt) != NGX_OK) {
        return ngx_thrift_attempt_malformed(attempt,
                                            "it answers another method");
    }

    return NGX_OK;
}


/*
 * Servers answer with the bare method name.  Some exceptions carry the name as
 * it was sent (C++, unknown service) or the service's (c_glib 0.17).
 */

static ngx_int_t
ngx_thrift_attempt_check_name(ngx_thrift_attempt_t *attempt)
{
    nthrift_head_t     *head;
    ngx_thrift_call_t  *call;

    call = attempt->call;
    head = &attempt->reply.wire.head;

    if (nthrift_str_equal(&head->name, &call->method)) {
        return NGX_OK;
    }

    /* a server that could not route a call closes the connection next */

    if (head->type == NTHRIFT_EXCEPTION) {
        attempt->closes = 1;
    }

    if (head->name.len == 0
        || nthrift_str_equal(&head->name, &attempt->name))
    {
        return NGX_OK;
    }

    if (head->type == NTHRIFT_EXCEPTION
        && nthrift_str_equal(&head->name, &attempt->service))
    {
        return NGX_OK;
    }

    return NGX_ERROR;
}


/*
 * That a oneway was read as it was meant shows when a reply to a later call
 * comes.  The same is true of a call that was answered with an exception: some
 * servers have stopped reading in the middle of it, and take the rest for the
 * next call; others close now.
 */

ngx_uint_t
ngx_thrift_attempt_leaves_doubt(ngx_thrift_attempt_t *attempt)
{
    return attempt->call->silent
           || attempt->reply.wire.head.type == NTHRIFT_EXCEPTION;
}


/* It is the call's exception all the same; why the connection is lost. */

static void
ngx_thrift_attempt_unnumbered(ngx_thrift_attempt_t *attempt)
{
    u_char              text[NGX_THRIFT_ESCAPE_SIZE], *last;
    ngx_thrift_call_t  *call;

    call = attempt->call;

    ngx_thrift_reply_read_exception(call);

    last = ngx_thrift_escape(text, text + sizeof(text), call->text.data,
                             call->text.len);

    ngx_thrift_pool_tell(attempt->pool, NGX_THRIFT_POOL_REPLY, call->log, 0,
                         "upstream sent exception without %s: \"%*s\"",
                         attempt->unnumbered ? "seqid" : "method name",
                         (size_t) (last - text), text);
}


ngx_int_t
ngx_thrift_attempt_malformed(ngx_thrift_attempt_t *attempt, const char *why)
{
    const char  *limit;

    limit = ngx_thrift_error_limit(attempt->call, why);

    ngx_thrift_hedge_turn_to(attempt);

    ngx_thrift_pool_tell(attempt->pool, NGX_THRIFT_POOL_REPLY,
                         attempt->call->log, 0,
                         "upstream sent malformed reply: %s%s", why, limit);

    attempt->closes = 1;

    ngx_thrift_dialect_doubt(attempt);

    return ngx_thrift_error_set(attempt->call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                "upstream sent a malformed reply: %s%s", why,
                                limit);
}


/*
 * Of a call that was sent nobody knows whether it was executed.  One that may
 * be executed twice may be sent again unless its reply has begun.
 */

ngx_int_t
ngx_thrift_attempt_lost(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (attempt->sent == 0) {
        return NGX_DECLINED;
    }

    if (attempt->state == NGX_THRIFT_ATTEMPT_READING) {
        return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                    "upstream closed connection "
                                    "in the middle of its reply");
    }

    attempt->lost = 1;

    ngx_thrift_dialect_doubt(attempt);

    if (ngx_thrift_retry_repeats(call)) {
        return NGX_DECLINED;
    }

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INTERNAL_ERROR, 502,
                                (attempt->cut
                                 || attempt->state == NGX_THRIFT_ATTEMPT_QUEUED)
                                    ? "upstream closed connection while "
                                      "the call was sent"
                                    : "upstream closed connection "
                                      "before it replied");
}


void
ngx_thrift_attempt_timed_out(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_hedge_turn_to(attempt);

    /*
     * it waits for its client, a place, or us, or until its server is known:
     * that knows nothing of it
     */

    if (attempt->call->paused || attempt->turn.line || attempt->call->slice
        || attempt->asks)
    {
        ngx_log_error(NGX_LOG_INFO, attempt->call->log, NGX_ETIMEDOUT,
                      "call timed out");
        attempt->blameless = 1;
        return;
    }

    ngx_thrift_pool_tell(attempt->pool, NGX_THRIFT_POOL_LATE,
                         attempt->call->log, NGX_ETIMEDOUT,
                         "upstream timed out");
}


ngx_int_t
ngx_thrift_attempt_expired(ngx_thrift_attempt_t *attempt)
{
    ngx_thrift_call_t  *call;

    call = attempt->call;

    ngx_thrift_attempt_timed_out(attempt);
    attempt->expired = 1;

    if (attempt->sent == 0
        || (ngx_thrift_retry_repeats(call) && !call->paused
            && attempt->state != NGX_THRIFT_ATTEMPT_READING
            && !ngx_thrift_pin_is_due(attempt)))
    {
        attempt->timed_out = 1;
        return NGX_DECLINED;
    }

    return ngx_thrift_error_timed_out(call);
}
