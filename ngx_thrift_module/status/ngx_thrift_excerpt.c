/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * See ngx_thrift_excerpt.h.  Called when a call that has failed is logged.
 *
 * A call may be large, and who sends such calls may send many that fail: of its
 * body no more is read than a few times what is shown.
 */

#include "ngx_thrift.h"

#include "plain/plain.h"


#define NGX_THRIFT_EXCERPT_BODY    4        /* bytes, for one of JSON */
#define NGX_THRIFT_EXCERPT_VALUES  1000
#define NGX_THRIFT_EXCERPT_BLOCK   1024     /* bytes */
#define NGX_THRIFT_EXCERPT_MEMORY  65536    /* bytes */

#define NGX_THRIFT_EXCERPT_MORE    "..."


static ngx_int_t ngx_thrift_excerpt_body(ngx_thrift_call_t *call,
    ngx_thrift_message_t *m, size_t size, nthrift_str_t *body);
static void *ngx_thrift_excerpt_alloc(void *data, size_t size);
static u_char *ngx_thrift_excerpt_end(u_char *p, size_t len);


size_t
ngx_thrift_excerpt(ngx_thrift_call_t *call, u_char *p, size_t size)
{
    u_char                 *last;
    ngx_int_t               rc;
    ngx_str_t               why;
    nthrift_str_t           body, text;
    nthrift_arena_t         arena;
    ngx_thrift_message_t   *m;
    nthrift_plain_rules_t   rules;

    if (!call->fits || call->target == NULL || call->target->method == NULL
        || (ngx_thrift_is_text(&call->request) && call->binary == NULL))
    {
        return 0;
    }

    m = ngx_thrift_text_body(call, &why);

    if (m == NULL || ngx_thrift_excerpt_body(call, m, size, &body) != NGX_OK) {
        return 0;
    }

    nthrift_arena_init(&arena, ngx_thrift_excerpt_alloc, call->pool,
                       NGX_THRIFT_EXCERPT_BLOCK, NGX_THRIFT_EXCERPT_MEMORY);

    ngx_memzero(&rules, sizeof(nthrift_plain_rules_t));

    rules.max_depth = call->conf->messages->rules.max_depth;
    rules.max_values = NGX_THRIFT_EXCERPT_VALUES;
    rules.max_size = size - (sizeof(NGX_THRIFT_EXCERPT_MORE) - 1);

    rc = nthrift_plain_arguments(&rules, &arena, call->target->method,
                                 m->wire.head.protocol, body.data,
                                 body.data + body.len, &text);

    if (text.len == 0) {
        return 0;
    }

    ngx_memcpy(p, text.data, text.len);

    if (rc == NTHRIFT_OK) {
        return text.len;
    }

    last = ngx_thrift_excerpt_end(p, text.len);
    last = ngx_cpymem(last, NGX_THRIFT_EXCERPT_MORE,
                      sizeof(NGX_THRIFT_EXCERPT_MORE) - 1);

    return last - p;
}


/* Its beginning, in one piece. */

static ngx_int_t
ngx_thrift_excerpt_body(ngx_thrift_call_t *call, ngx_thrift_message_t *m,
    size_t size, nthrift_str_t *body)
{
    nthrift_bytes_t        bytes;
    ngx_thrift_segment_t  *next;

    if (m->first == NULL) {
        return NGX_DECLINED;
    }

    ngx_thrift_message_bytes(m, &bytes, &next);

    body->len = NGX_THRIFT_EXCERPT_BODY * size;
    body->data = ngx_pnalloc(call->pool, body->len);

    if (body->data == NULL) {
        return NGX_ERROR;
    }

    if (nthrift_bytes_copy(&bytes, body->data, body->len) != NTHRIFT_OK) {
        body->len = nthrift_bytes_offset(&bytes);
    }

    return NGX_OK;
}


static void *
ngx_thrift_excerpt_alloc(void *data, size_t size)
{
    return ngx_palloc(data, size);
}


/* A character of UTF-8 is not cut. */

static u_char *
ngx_thrift_excerpt_end(u_char *p, size_t len)
{
    u_char  *last, *start, *next;

    last = p + len;
    start = last;

    while (start > p && last - start < 4 && (start[-1] & 0xc0) == 0x80) {
        start--;
    }

    if (start == p || start[-1] < 0xc0) {
        return last;
    }

    next = --start;

    return (ngx_utf8_decode(&next, last - start) > 0x10ffff) ? start : last;
}
