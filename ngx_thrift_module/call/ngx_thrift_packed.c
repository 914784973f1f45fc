/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Calls that are packed: the first step unpacks them, so that all others see a
 * call like any other, and the last one packs what answers them.  So are the
 * replies of servers unpacked that are.  What is large is done in parts, of
 * which a turn of the event loop has a few.  A client's next calls are not read
 * meanwhile: what it may hold is known then.
 */

#include "ngx_thrift.h"


#define NGX_THRIFT_PACKED_FIRST   (32 * 1024)   /* bytes, done at once */

/* Bytes that zlib takes, with all levels of a body's walk. */

#define NGX_THRIFT_PACKED_UNPACK  (48 * 1024)
#define NGX_THRIFT_PACKED_PACK    (272 * 1024)


typedef struct {
    ngx_thrift_slice_t     slice;
    ngx_thrift_unpack_t    unpack;
    ngx_thrift_message_t   to;
    ngx_thrift_block_t    *levels;      /* NULL: all is done at once */
    off_t                  held;        /* by what has come out, and zlib */
} ngx_thrift_packed_t;


typedef struct {
    ngx_thrift_slice_t     slice;
    ngx_thrift_pack_t      pack;
    off_t                  held;        /* by zlib */
} ngx_thrift_packed_reply_t;


static ngx_thrift_packed_t *ngx_thrift_packed_create(ngx_thrift_call_t *call,
    ngx_thrift_slice_part_pt part, ngx_thrift_slice_done_pt done);
static ngx_int_t ngx_thrift_packed_run(ngx_thrift_packed_t *p);
static ngx_int_t ngx_thrift_packed_slice(ngx_thrift_packed_t *p);
static ngx_int_t ngx_thrift_packed_part(ngx_thrift_packed_t *p, size_t size);
static void ngx_thrift_packed_hold(ngx_thrift_packed_t *p);
static void ngx_thrift_packed_free(ngx_thrift_slice_t *slice);
static ngx_int_t ngx_thrift_packed_call_part(ngx_thrift_slice_t *slice,
    size_t size);
static ngx_int_t ngx_thrift_packed_call_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static void ngx_thrift_packed_name(ngx_thrift_call_t *call,
    nthrift_head_t *head);
static ngx_int_t ngx_thrift_packed_unsupported(ngx_thrift_call_t *call);
static void ngx_thrift_packed_take(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m);
static void ngx_thrift_packed_answer_rules(ngx_thrift_call_t *call,
    nthrift_rules_t *rules);
static ngx_int_t ngx_thrift_packed_answer_head(ngx_thrift_unpack_t *un,
    const char **why);
static ngx_int_t ngx_thrift_packed_answer_part(ngx_thrift_slice_t *slice,
    size_t size);
static ngx_int_t ngx_thrift_packed_answer_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static void ngx_thrift_packed_answer_take(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m, ngx_thrift_message_t *to);
static ngx_int_t ngx_thrift_packed_reply_part(ngx_thrift_slice_t *slice,
    size_t size);
static ngx_int_t ngx_thrift_packed_reply_done(ngx_thrift_slice_t *slice,
    ngx_int_t rc);
static void ngx_thrift_packed_reply_take(ngx_thrift_packed_reply_t *p,
    ngx_int_t rc);
static void ngx_thrift_packed_reply_free(ngx_thrift_slice_t *slice);


ngx_int_t
ngx_thrift_packed_call(ngx_thrift_call_t *call)
{
    ngx_int_t             rc;
    ngx_thrift_packed_t  *p;

    call->log->action = "unpacking call";

    p = ngx_thrift_packed_create(call, ngx_thrift_packed_call_part,
                                 ngx_thrift_packed_call_done);
    if (p == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_thrift_unpack_start(&p->unpack, &p->to, &call->request,
                                 &call->conf->messages->rules, call->pool);

    if (rc == NGX_DECLINED) {
        return ngx_thrift_packed_unsupported(call);
    }

    return (rc == NGX_OK) ? ngx_thrift_packed_run(p) : NGX_ERROR;
}


static ngx_thrift_packed_t *
ngx_thrift_packed_create(ngx_thrift_call_t *call,
    ngx_thrift_slice_part_pt part, ngx_thrift_slice_done_pt done)
{
    ngx_thrift_packed_t  *p;

    p = ngx_palloc(call->pool, sizeof(ngx_thrift_packed_t));

    if (p) {
        p->slice.call = call;
        p->slice.part = part;
        p->slice.done = done;
        p->slice.free = ngx_thrift_packed_free;

        p->levels = NULL;
        p->held = 0;
    }

    return p;
}


static ngx_int_t
ngx_thrift_packed_run(ngx_thrift_packed_t *p)
{
    ngx_int_t  rc;

    rc = p->slice.part(&p->slice, NGX_THRIFT_PACKED_FIRST);

    if (rc == NGX_AGAIN) {
        return ngx_thrift_packed_slice(p);
    }

    rc = p->slice.done(&p->slice, rc);
    ngx_thrift_packed_free(&p->slice);

    return rc;
}


/* There is more than one part of it. */

static ngx_int_t
ngx_thrift_packed_slice(ngx_thrift_packed_t *p)
{
    ngx_thrift_call_t  *call;

    call = p->slice.call;

    p->levels = ngx_thrift_block_create(call->conf->messages->rules.max_depth
                                        * sizeof(nthrift_skip_level_t));
    if (p->levels == NULL) {
        ngx_thrift_packed_free(&p->slice);
        return NGX_ERROR;
    }

    ngx_thrift_unpack_levels(&p->unpack, (nthrift_skip_level_t *)
                                         ngx_thrift_block_start(p->levels));
    ngx_thrift_packed_hold(p);

    return ngx_thrift_slice_start(&p->slice);
}


static ngx_int_t
ngx_thrift_packed_part(ngx_thrift_packed_t *p, size_t size)
{
    ngx_int_t  rc;

    rc = ngx_thrift_unpack_part(&p->unpack, size);

    if (rc == NGX_AGAIN) {
        ngx_thrift_packed_hold(p);
        return NGX_AGAIN;
    }

    p->unpack.to = NULL;

    return rc;
}


static void
ngx_thrift_packed_hold(ngx_thrift_packed_t *p)
{
    off_t               n;
    ngx_thrift_call_t  *call;

    call = p->slice.call;

    n = (off_t) p->unpack.size - p->held;

    if (p->levels) {
        n += NGX_THRIFT_PACKED_UNPACK;
    }

    p->held += n;
    call->owner->hold(call, n);
}


/* What has come out goes if nobody has taken it. */

static void
ngx_thrift_packed_free(ngx_thrift_slice_t *slice)
{
    ngx_thrift_packed_t  *p;

    p = (ngx_thrift_packed_t *) slice;

    slice->call->owner->hold(slice->call, -p->held);

    if (p->unpack.to) {
        ngx_thrift_unpack_cancel(&p->unpack);
    }

    if (p->levels) {
        ngx_thrift_block_unref(p->levels);
    }
}


static ngx_int_t
ngx_thrift_packed_call_part(ngx_thrift_slice_t *slice, size_t size)
{
    ngx_int_t           rc;
    ngx_thrift_call_t  *call;

    call = slice->call;

    rc = ngx_thrift_packed_part((ngx_thrift_packed_t *) slice, size);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    return call->owner->may_hold(call, NGX_THRIFT_SLICE) ? NGX_AGAIN
                                                         : NGX_BUSY;
}


static ngx_int_t
ngx_thrift_packed_call_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    const char           *limit;
    ngx_thrift_call_t    *call;
    ngx_thrift_packed_t  *p;

    call = slice->call;
    p = (ngx_thrift_packed_t *) slice;

    if (rc == NGX_BUSY) {
        return ngx_thrift_error_overloaded(call);
    }

    if (rc == NGX_OK) {
        call->owner->hold(call, -p->held);
        p->held = 0;

        ngx_thrift_packed_take(call, &p->to);
        return NGX_OK;
    }

    if (rc != NGX_DECLINED) {
        return NGX_ERROR;
    }

    if (p->unpack.head.size) {
        ngx_thrift_packed_name(call, &p->unpack.head);
    }

    limit = ngx_thrift_error_limit(call, p->unpack.why);

    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client sent malformed call: %s%s", p->unpack.why, limit);

    return ngx_thrift_error_set(call, NTHRIFT_EXC_PROTOCOL_ERROR, 400,
                                "malformed call: %s%s", p->unpack.why, limit);
}


/* Whoever has called gets an answer of its name, or none if it was a oneway. */

static void
ngx_thrift_packed_name(ngx_thrift_call_t *call, nthrift_head_t *head)
{
    nthrift_head_t  *own;

    own = &call->request.wire.head;

    own->name = head->name;
    own->seqid = head->seqid;
    own->type = head->type;

    call->oneway = (head->type == NTHRIFT_ONEWAY);

    ngx_thrift_call_split_name(call);
}


static ngx_int_t
ngx_thrift_packed_unsupported(ngx_thrift_call_t *call)
{
    ngx_log_error(NGX_LOG_INFO, call->log, 0,
                  "client sent call with transforms that are not supported");

    return ngx_thrift_error_set(call, NTHRIFT_EXC_INVALID_TRANSFORM, 400,
                                "transforms are not supported");
}


/* In place of what was received; its info headers are the same. */

static void
ngx_thrift_packed_take(ngx_thrift_call_t *call, ngx_thrift_message_t *m)
{
    off_t                  n;
    ngx_uint_t             own;
    ngx_thrift_message_t  *request;

    request = &call->request;

    n = (off_t) m->wire.length - (off_t) request->wire.length;
    own = (call->headers.len
           && call->headers.data == request->wire.head.info.data);

    call->packed = 1;
    call->pruned = -n;
    call->owner->hold(call, n);

    ngx_thrift_message_release(request);
    ngx_thrift_message_move(request, m);
    ngx_thrift_message_split(request, call->pool);

    if (own) {
        call->headers = request->wire.head.info;
    }
}


ngx_int_t
ngx_thrift_packed_answer(ngx_thrift_call_t *call, ngx_thrift_message_t *m,
    const char **why)
{
    ngx_int_t              rc;
    nthrift_rules_t        rules;
    ngx_thrift_unpack_t    un;
    ngx_thrift_message_t   to;

    *why = "its transforms are not supported";

    ngx_thrift_packed_answer_rules(call, &rules);

    rc = ngx_thrift_unpack_start(&un, &to, m, &rules, call->pool);

    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_thrift_unpack_part(&un, NGX_THRIFT_PACKED_FIRST);

    if (rc == NGX_OK) {
        ngx_thrift_packed_answer_take(call, m, &to);
        return NGX_OK;
    }

    if (rc != NGX_AGAIN) {
        *why = un.why;
        return rc;
    }

    rc = ngx_thrift_packed_answer_head(&un, why);

    if (rc == NGX_OK) {
        m->wire.head.type = un.head.type;
        m->wire.head.seqid = un.head.seqid;
        m->wire.head.name = un.head.name;
    }

    ngx_thrift_unpack_cancel(&un);

    return rc;
}


/* A reply may have no name, if it is an exception. */

static void
ngx_thrift_packed_answer_rules(ngx_thrift_call_t *call, nthrift_rules_t *rules)
{
    *rules = call->conf->messages->rules;
    rules->unnamed = 1;
}


/* What is large begins with it; nothing else does for so long. */

static ngx_int_t
ngx_thrift_packed_answer_head(ngx_thrift_unpack_t *un, const char **why)
{
    if (un->to->wire.head.size == 0) {
        *why = "zlib data that does not begin with a message";
        return NGX_DECLINED;
    }

    ngx_thrift_unpack_keep_head(un);

    return un->head.size ? NGX_OK : NGX_ERROR;
}


static void
ngx_thrift_packed_answer_take(ngx_thrift_call_t *call, ngx_thrift_message_t *m,
    ngx_thrift_message_t *to)
{
    call->owner->hold(call, (off_t) to->wire.length - (off_t) m->wire.length);

    ngx_thrift_message_release(m);
    ngx_thrift_message_move(m, to);
}


ngx_uint_t
ngx_thrift_packed_due(ngx_thrift_call_t *call)
{
    return call->reply && call->reply->wire.head.packed;
}


ngx_int_t
ngx_thrift_packed_inflate(ngx_thrift_call_t *call)
{
    nthrift_rules_t       rules;
    ngx_thrift_packed_t  *p;

    call->log->action = "unpacking reply from upstream";

    p = ngx_thrift_packed_create(call, ngx_thrift_packed_answer_part,
                                 ngx_thrift_packed_answer_done);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_thrift_packed_answer_rules(call, &rules);

    if (ngx_thrift_unpack_start(&p->unpack, &p->to, call->reply, &rules,
                                call->pool)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_thrift_packed_run(p);
}


static ngx_int_t
ngx_thrift_packed_answer_part(ngx_thrift_slice_t *slice, size_t size)
{
    ngx_int_t             rc;
    ngx_thrift_call_t    *call;
    ngx_thrift_packed_t  *p;

    p = (ngx_thrift_packed_t *) slice;
    call = slice->call;

    rc = ngx_thrift_packed_part(p, size);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    return (call->owner->may_receive(call, p->held, 1) == NGX_ERROR)
           ? NGX_ABORT : NGX_AGAIN;
}


/* What is wrong in the middle of it says nothing of other methods. */

static ngx_int_t
ngx_thrift_packed_answer_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_str_t             why;
    ngx_thrift_call_t    *call;
    ngx_thrift_packed_t  *p;

    call = slice->call;
    p = (ngx_thrift_packed_t *) slice;

    if (rc == NGX_OK) {
        ngx_thrift_packed_answer_take(call, call->reply, &p->to);

        if (ngx_thrift_validate_reply(call, &why) != NGX_OK) {
            return ngx_thrift_validate_misfit(call, &why);
        }

        return NGX_OK;
    }

    call->reply = NULL;

    return (rc == NGX_DECLINED)
           ? ngx_thrift_attempt_malformed(call->attempt, p->unpack.why)
           : NGX_ERROR;
}


ngx_int_t
ngx_thrift_packed_reply(ngx_thrift_call_t *call)
{
    ngx_int_t                   rc;
    ngx_thrift_packed_reply_t  *p;

    if (call->out == NULL
        || !call->owner->may_hold(call, (off_t) call->out_length
                                        + NGX_THRIFT_PACKED_PACK))
    {
        return NGX_OK;
    }

    p = ngx_palloc(call->pool, sizeof(ngx_thrift_packed_reply_t));
    if (p == NULL) {
        return NGX_ERROR;
    }

    p->slice.call = call;
    p->slice.part = ngx_thrift_packed_reply_part;
    p->slice.done = ngx_thrift_packed_reply_done;
    p->slice.free = ngx_thrift_packed_reply_free;

    p->held = 0;

    rc = ngx_thrift_pack_start(&p->pack, call->out, call->pool);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : NGX_ERROR;
    }

    call->owner->hold(call, p->pack.plain);

    rc = ngx_thrift_packed_reply_part(&p->slice, NGX_THRIFT_PACKED_FIRST);

    if (rc == NGX_AGAIN) {
        p->held = NGX_THRIFT_PACKED_PACK;
        call->owner->hold(call, p->held);

        return ngx_thrift_slice_start(&p->slice);
    }

    ngx_thrift_packed_reply_take(p, rc);

    return NGX_OK;
}


static ngx_int_t
ngx_thrift_packed_reply_part(ngx_thrift_slice_t *slice, size_t size)
{
    return ngx_thrift_pack_part(&((ngx_thrift_packed_reply_t *) slice)->pack,
                                size);
}


static ngx_int_t
ngx_thrift_packed_reply_done(ngx_thrift_slice_t *slice, ngx_int_t rc)
{
    ngx_thrift_packed_reply_t  *p;

    p = (ngx_thrift_packed_reply_t *) slice;

    ngx_thrift_packed_reply_take(p, rc);
    ngx_thrift_reply_ready(slice->call);

    return NGX_AGAIN;
}


/* In place of what was there, if it got smaller. */

static void
ngx_thrift_packed_reply_take(ngx_thrift_packed_reply_t *p, ngx_int_t rc)
{
    ngx_chain_t        *out;
    ngx_thrift_call_t  *call;

    call = p->slice.call;
    p->pack.in = NULL;

    if (rc != NGX_OK) {
        return;
    }

    out = ngx_alloc_chain_link(call->pool);

    if (out) {
        out->buf = p->pack.out;
        out->next = NULL;

        call->out = out;
        call->out_length = ngx_buf_size(out->buf);
    }
}


static void
ngx_thrift_packed_reply_free(ngx_thrift_slice_t *slice)
{
    ngx_thrift_packed_reply_t  *p;

    p = (ngx_thrift_packed_reply_t *) slice;

    slice->call->owner->hold(slice->call, -p->held);

    if (p->pack.in) {
        ngx_thrift_pack_cancel(&p->pack);
    }
}
