/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * $thrift_span: a call as a span of OpenTelemetry, in its JSON.  A line of
 * twenty variables costs more than a call itself where each is found, measured
 * and copied by itself: here all of it is written at once.  What clients and
 * servers have sent is escaped, and what is no UTF-8 is written as in
 * ngx_stream_thrift_utf8.c.  Called by stream, for a log.
 */

#include "ngx_stream_thrift.h"

#include "bind/utf8.h"


/* Bytes of what is neither a name, a text nor an address. */

#define NGX_STREAM_THRIFT_SPAN  1024

/* Bytes that one becomes at most: "\u0000", or "\\xff". */

#define NGX_STREAM_THRIFT_ESCAPED  6

#define NGX_STREAM_THRIFT_SPAN_SECOND  1000000000   /* nanoseconds */

#define NGX_STREAM_THRIFT_SPAN_SERVER  2    /* kinds of spans */
#define NGX_STREAM_THRIFT_SPAN_CLIENT  3


#define ngx_stream_thrift_span_put(p, text)                                   \
    ngx_cpymem(p, text, sizeof(text) - 1)

#define ngx_stream_thrift_span_key(p, key)                                    \
    ngx_stream_thrift_span_put(p, "\"}},{\"key\":\"" key                      \
                               "\",\"value\":{\"stringValue\":\"")


/* What is not known before it is asked for. */

typedef struct {
    ngx_str_t    service;
    ngx_str_t    method;
    ngx_str_t    client;
    ngx_str_t    servers;
    ngx_str_t    status;
    ngx_str_t    text;          /* of an exception */
} ngx_stream_thrift_span_t;


static u_char *ngx_stream_thrift_span_room(ngx_stream_thrift_call_t *tc,
    size_t size);
static ngx_int_t ngx_stream_thrift_span_collect(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_t *span);
static ngx_int_t ngx_stream_thrift_span_value(ngx_int_t rc, ngx_str_t *value);
static ngx_int_t ngx_stream_thrift_span_escape(ngx_pool_t *pool,
    ngx_str_t *text);
static ngx_uint_t ngx_stream_thrift_span_is_plain(ngx_str_t *text);
static u_char *ngx_stream_thrift_span_escape_utf8(u_char *p, const u_char *from,
    const u_char *last);
static ngx_int_t ngx_stream_thrift_span_servers(ngx_stream_thrift_call_t *tc,
    ngx_str_t *servers);
static u_char *ngx_stream_thrift_span_write(u_char *p,
    ngx_stream_thrift_call_t *tc, ngx_stream_thrift_span_t *span);
static u_char *ngx_stream_thrift_span_write_tries(u_char *p,
    ngx_stream_thrift_call_t *tc);
static u_char *ngx_stream_thrift_span_write_ids(u_char *p,
    ngx_stream_thrift_trace_t *trace);
static u_char *ngx_stream_thrift_span_write_times(u_char *p,
    ngx_thrift_call_t *call);
static u_char *ngx_stream_thrift_span_write_time(u_char *p,
    uint64_t nanoseconds);
static u_char *ngx_stream_thrift_span_write_text(u_char *p, ngx_str_t *text);


/* Bytes that are not put into a string of JSON as they are: a bit of each. */

static const uint32_t  ngx_stream_thrift_span_special[] = {
    0xffffffff,         /* control characters */
    0x00000004,         /* quote */
    0x10000000,         /* backslash */
    0x80000000,         /* delete */
    0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff
};


ngx_int_t
ngx_stream_thrift_variable_span(ngx_thrift_call_t *call, ngx_str_t *value)
{
    size_t                     size;
    ngx_stream_thrift_call_t  *tc;
    ngx_stream_thrift_span_t   span;

    tc = ngx_stream_thrift_get_call(call);

    if (ngx_stream_thrift_span_collect(tc, &span) != NGX_OK) {
        return NGX_ERROR;
    }

    size = NGX_STREAM_THRIFT_SPAN + 2 * span.service.len + 2 * span.method.len
           + span.client.len + span.servers.len + span.text.len;

    value->data = ngx_stream_thrift_span_room(tc, size);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    value->len = ngx_stream_thrift_span_write(value->data, tc, &span)
                 - value->data;

    return NGX_OK;
}


/*
 * A log copies a value before another call is logged: one room is enough for
 * all of them.  Who asks before that keeps the value for the call's life.
 */

static u_char *
ngx_stream_thrift_span_room(ngx_stream_thrift_call_t *tc, size_t size)
{
    static u_char  room[2 * NGX_STREAM_THRIFT_SPAN];

    return (tc->logging && size <= sizeof(room))
           ? room : ngx_pnalloc(tc->call.pool, size);
}


static ngx_int_t
ngx_stream_thrift_span_collect(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_t *span)
{
    ngx_pool_t         *pool;
    ngx_thrift_call_t  *call;

    call = &tc->call;
    pool = call->pool;

    span->client = tc->connection.addr_text;

    (void) ngx_stream_thrift_variable_status(call, &span->status);

    if (ngx_stream_thrift_span_value(
            ngx_stream_thrift_variable_service(call, &span->service),
            &span->service)
        != NGX_OK
        || ngx_stream_thrift_span_value(
               ngx_stream_thrift_variable_method(call, &span->method),
               &span->method)
           != NGX_OK
        || ngx_stream_thrift_span_value(
               ngx_stream_thrift_variable_exception(call, &span->text),
               &span->text)
           != NGX_OK
        || ngx_stream_thrift_span_servers(tc, &span->servers) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_stream_thrift_span_escape(pool, &span->service) != NGX_OK
        || ngx_stream_thrift_span_escape(pool, &span->method) != NGX_OK
        || ngx_stream_thrift_span_escape(pool, &span->servers) != NGX_OK
        || ngx_stream_thrift_span_escape(pool, &span->text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* What a variable has no value for is empty here. */

static ngx_int_t
ngx_stream_thrift_span_value(ngx_int_t rc, ngx_str_t *value)
{
    if (rc == NGX_DECLINED) {
        ngx_str_set(value, "");
        return NGX_OK;
    }

    return rc;
}


static ngx_int_t
ngx_stream_thrift_span_escape(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char  *p;

    if (ngx_stream_thrift_span_is_plain(text)) {
        return NGX_OK;
    }

    p = ngx_pnalloc(pool, NGX_STREAM_THRIFT_ESCAPED * text->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_stream_thrift_span_escape_utf8(p, text->data,
                                                   text->data + text->len)
                - p;
    text->data = p;

    return NGX_OK;
}


static ngx_uint_t
ngx_stream_thrift_span_is_plain(ngx_str_t *text)
{
    size_t    i;
    u_char    c;
    uint32_t  special;

    special = 0;

    for (i = 0; i < text->len; i++) {
        c = text->data[i];
        special |= ngx_stream_thrift_span_special[c >> 5] >> (c & 0x1f);
    }

    return !(special & 1);
}


/* The backslash of "\xff" is one of the text, and escaped, too. */

static u_char *
ngx_stream_thrift_span_escape_utf8(u_char *p, const u_char *from,
    const u_char *last)
{
    const u_char  *wrong;

    for ( ;; ) {
        wrong = nthrift_utf8_check(from, last);

        p = (u_char *) ngx_escape_json(p, (u_char *) from, wrong - from);

        if (wrong == last) {
            return p;
        }

        p = ngx_sprintf(p, "\\\\x%02xi", (ngx_uint_t) *wrong);
        from = wrong + 1;
    }
}


/* As $upstream_addr has them. */

static ngx_int_t
ngx_stream_thrift_span_servers(ngx_stream_thrift_call_t *tc,
    ngx_str_t *servers)
{
    u_char                       *p;
    size_t                        len;
    ngx_uint_t                    i;
    ngx_array_t                  *states;
    ngx_stream_upstream_state_t  *state;

    ngx_str_set(servers, "");

    states = tc->session.upstream_states;

    if (states == NULL || states->nelts == 0) {
        return NGX_OK;
    }

    state = states->elts;

    if (states->nelts == 1) {

        if (state->peer) {
            *servers = *state->peer;
        }

        return NGX_OK;
    }

    len = 0;

    for (i = 0; i < states->nelts; i++) {
        len += 2 + (state[i].peer ? state[i].peer->len : 0);
    }

    p = ngx_pnalloc(tc->call.pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    servers->data = p;

    for (i = 0; i < states->nelts; i++) {
        if (state[i].peer) {
            p = ngx_stream_thrift_span_write_text(p, state[i].peer);
        }

        p = ngx_stream_thrift_span_put(p, ", ");
    }

    servers->len = p - servers->data - 2;

    return NGX_OK;
}


static u_char *
ngx_stream_thrift_span_write(u_char *p, ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_t *span)
{
    ngx_thrift_call_t     *call;
    ngx_thrift_call_id_t   id;

    call = &tc->call;
    tc->trace.named = 1;

    p = ngx_stream_thrift_span_write_ids(p, ngx_stream_thrift_trace(tc));
    p = ngx_stream_thrift_span_put(p, "\",\"name\":\"");
    p = ngx_stream_thrift_span_write_text(p, &span->service);
    *p++ = '/';
    p = ngx_stream_thrift_span_write_text(p, &span->method);
    p = ngx_stream_thrift_span_put(p, "\",\"kind\":");
    *p++ = '0' + (tc->outbound ? NGX_STREAM_THRIFT_SPAN_CLIENT
                               : NGX_STREAM_THRIFT_SPAN_SERVER);
    p = ngx_stream_thrift_span_write_times(p, call);
    p = ngx_stream_thrift_span_put(p, "\",\"attributes\":[{\"key\":"
            "\"rpc.system\",\"value\":{\"stringValue\":\"apache_thrift");
    p = ngx_stream_thrift_span_key(p, "rpc.service");
    p = ngx_stream_thrift_span_write_text(p, &span->service);
    p = ngx_stream_thrift_span_key(p, "rpc.method");
    p = ngx_stream_thrift_span_write_text(p, &span->method);
    p = ngx_stream_thrift_span_key(p, "client.address");
    p = ngx_stream_thrift_span_write_text(p, &span->client);
    p = ngx_stream_thrift_span_key(p, "server.address");
    p = ngx_stream_thrift_span_write_text(p, &span->servers);
    p = ngx_stream_thrift_span_key(p, "thrift.call_id");

    (void) ngx_stream_thrift_trace_call_id(tc, &id);
    p = ngx_thrift_call_id_write(p, &id);

    p = ngx_stream_thrift_span_key(p, "thrift.status");
    p = ngx_stream_thrift_span_write_text(p, &span->status);
    p = ngx_stream_thrift_span_put(p, "\"}}");
    p = ngx_stream_thrift_span_write_tries(p, tc);

    if (call->outcome == NGX_THRIFT_SUCCESS
        || call->outcome == NGX_THRIFT_DECLARED
        || call->outcome == NGX_THRIFT_SENT)
    {
        return ngx_stream_thrift_span_put(p, "],\"status\":{\"code\":0}}");
    }

    p = ngx_stream_thrift_span_put(p, "],\"status\":{\"code\":2,"
                                   "\"message\":\"");
    p = ngx_stream_thrift_span_write_text(p, &span->text);

    return ngx_stream_thrift_span_put(p, "\"}}");
}


/* Most calls were tried once, and have not waited. */

static u_char *
ngx_stream_thrift_span_write_tries(u_char *p, ngx_stream_thrift_call_t *tc)
{
    ngx_msec_t    queued;
    ngx_uint_t    tries;
    ngx_array_t  *states;

    states = tc->session.upstream_states;
    tries = states ? states->nelts : 0;
    queued = tc->call.queued;

    if (tries != 1) {
        p = ngx_stream_thrift_span_put(p, ",{\"key\":\"thrift.attempts\","
                                       "\"value\":{\"intValue\":\"");
        p = ngx_sprintf(p, "%ui\"}}", tries);
    }

    if (queued) {
        p = ngx_stream_thrift_span_put(p, ",{\"key\":\"thrift.queue_seconds\""
                                       ",\"value\":{\"doubleValue\":");
        p = ngx_sprintf(p, "%M.%03M}}", queued / 1000, queued % 1000);
    }

    return p;
}


static u_char *
ngx_stream_thrift_span_write_ids(u_char *p, ngx_stream_thrift_trace_t *trace)
{
    p = ngx_stream_thrift_span_put(p, "{\"traceId\":\"");
    p = nthrift_traceparent_write_hex(p, trace->own.trace, NTHRIFT_TRACE_SIZE);
    p = ngx_stream_thrift_span_put(p, "\",\"spanId\":\"");
    p = nthrift_traceparent_write_hex(p, trace->own.span, NTHRIFT_SPAN_SIZE);
    p = ngx_stream_thrift_span_put(p, "\",\"parentSpanId\":\"");

    return trace->has_parent
           ? nthrift_traceparent_write_hex(p, trace->parent, NTHRIFT_SPAN_SIZE)
           : p;
}


static u_char *
ngx_stream_thrift_span_write_times(u_char *p, ngx_thrift_call_t *call)
{
    uint64_t  now;

    now = ngx_stream_thrift_nanoseconds();

    p = ngx_stream_thrift_span_put(p, ",\"startTimeUnixNano\":\"");
    p = ngx_stream_thrift_span_write_time(p,
                                          now - ngx_stream_thrift_since(call));
    p = ngx_stream_thrift_span_put(p, "\",\"endTimeUnixNano\":\"");

    return ngx_stream_thrift_span_write_time(p, now);
}


/* The seconds are the same as those of the time before, as a rule. */

static u_char *
ngx_stream_thrift_span_write_time(u_char *p, uint64_t nanoseconds)
{
    uint32_t         n;
    ngx_uint_t       i;
    static size_t    len;
    static u_char    text[NGX_INT64_LEN];
    static uint64_t  seconds;

    if (seconds != nanoseconds / NGX_STREAM_THRIFT_SPAN_SECOND || len == 0) {
        seconds = nanoseconds / NGX_STREAM_THRIFT_SPAN_SECOND;
        len = ngx_sprintf(text, "%uL", seconds) - text;
    }

    p = ngx_cpymem(p, text, len);
    n = (uint32_t) (nanoseconds % NGX_STREAM_THRIFT_SPAN_SECOND);

    for (i = 9; i-- > 0; /* void */ ) {
        p[i] = (u_char) ('0' + n % 10);
        n /= 10;
    }

    return p + 9;
}


static u_char *
ngx_stream_thrift_span_write_text(u_char *p, ngx_str_t *text)
{
    return ngx_cpymem(p, text->data, text->len);
}
