
/*
 * See ngx_thrift_retry.h.  Called by ngx_thrift_pass.c with what has become of
 * an attempt; whether a lost one may be sent again is asked by
 * ngx_thrift_attempt.c.
 */

#include "ngx_thrift.h"


static ngx_uint_t ngx_thrift_retry_causes(ngx_thrift_attempt_t *attempt,
    ngx_int_t rc);
static ngx_uint_t ngx_thrift_retry_answered(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_retry_refused(ngx_thrift_attempt_t *attempt);
static ngx_uint_t ngx_thrift_retry_has_time(ngx_thrift_attempt_t *attempt);


ngx_uint_t
ngx_thrift_retry_due(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    ngx_thrift_conf_t  *conf;

    conf = attempt->call->conf;

    return (ngx_thrift_retry_causes(attempt, rc) & conf->next_upstream)
           && attempt->peer->tries != 0
           && ngx_thrift_retry_has_time(attempt);
}


/* The conditions of which one has to be set. */

static ngx_uint_t
ngx_thrift_retry_causes(ngx_thrift_attempt_t *attempt, ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        return ngx_thrift_retry_answered(attempt);

    case NGX_DECLINED:

        if (!attempt->timed_out) {
            return NGX_THRIFT_RETRY_ERROR;
        }

        return attempt->sent ? NGX_THRIFT_RETRY_TIMEOUT
                             : NGX_THRIFT_RETRY_TIMEOUT|NGX_THRIFT_RETRY_ERROR;

    default: /* NGX_ERROR */
        return ngx_thrift_retry_refused(attempt)
               ? NGX_THRIFT_RETRY_OVERLOADED : 0;
    }
}


/*
 * Servers of fbthrift say LOADSHEDDING for a call that they have not begun;
 * what others say by a text may come of what they call in turn.
 */

static ngx_uint_t
ngx_thrift_retry_answered(ngx_thrift_attempt_t *attempt)
{
    int32_t             type;
    ngx_str_t           text;
    ngx_uint_t          causes;
    ngx_thrift_call_t  *call;

    call = attempt->call;

    if (call->silent || attempt->reply.wire.head.type != NTHRIFT_EXCEPTION
        || ngx_thrift_pin_is_due(attempt))
    {
        return 0;
    }

    ngx_thrift_reply_parse_exception(&attempt->reply, &type, &text);

    causes = 0;

    if (ngx_thrift_retry_repeats(call)) {
        causes = NGX_THRIFT_RETRY_EXCEPTION;

        if (text.len >= sizeof("overloaded") - 1
            && ngx_strncasecmp(text.data, (u_char *) "overloaded",
                               sizeof("overloaded") - 1) == 0)
        {
            causes |= NGX_THRIFT_RETRY_OVERLOADED;
        }
    }

    if (type == NTHRIFT_EXC_LOADSHEDDING && !call->oneway) {
        causes |= NGX_THRIFT_RETRY_OVERLOADED;
    }

    return causes;
}


/* There is no connection to its server for it now. */

static ngx_uint_t
ngx_thrift_retry_refused(ngx_thrift_attempt_t *attempt)
{
    return attempt->call->status == 503 && attempt->sent == 0;
}


static ngx_uint_t
ngx_thrift_retry_has_time(ngx_thrift_attempt_t *attempt)
{
    ngx_msec_t          timeout;
    ngx_thrift_call_t  *call;

    call = attempt->call;
    timeout = call->conf->next_upstream_timeout;

    return !ngx_thrift_deadline_passed(call)
           && (timeout == 0
               || ngx_current_msec - attempt->peer->start_time < timeout);
}


ngx_uint_t
ngx_thrift_retry_repeats(ngx_thrift_call_t *call)
{
    return !call->oneway
           && (call->target->idempotent
               || (call->conf->next_upstream
                   & NGX_THRIFT_RETRY_NON_IDEMPOTENT));
}


ngx_uint_t
ngx_thrift_retry_retains(ngx_thrift_call_t *call)
{
    return ngx_thrift_retry_repeats(call)
           || (call->conf->next_upstream & NGX_THRIFT_RETRY_OVERLOADED);
}
