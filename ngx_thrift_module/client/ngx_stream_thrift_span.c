/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * $thrift_span: a call as a span of OpenTelemetry, in its JSON.  A line of
 * twenty variables costs more than a call itself where each is found, measured
 * and copied by itself: here all of it is written at once.  What clients and
 * servers have sent is escaped, and what is no UTF-8 is written as in
 * ngx_stream_thrift_utf8.c.  Called by stream for a log, and by
 * ngx_stream_thrift_span_log.c.
 */

#include "ngx_stream_thrift.h"

#include "bind/utf8.h"


/* Bytes of what is neither a name, a text nor an address. */

#define NGX_STREAM_THRIFT_SPAN  1024

/* Bytes around names of a service and a method. */

#define NGX_STREAM_THRIFT_SPAN_NAMES  256

/* A byte, eight times. */

#define NGX_STREAM_THRIFT_SPAN_EACH  UINT64_C(0x0101010101010101)

/* Bytes that one becomes at most: "\u0000", or "\\xff". */

#define NGX_STREAM_THRIFT_ESCAPED  6

#define NGX_STREAM_THRIFT_SPAN_SECOND  1000000      /* microseconds */

#define NGX_STREAM_THRIFT_SPAN_SERVER  2    /* kinds of spans */
#define NGX_STREAM_THRIFT_SPAN_CLIENT  3


#define ngx_stream_thrift_span_key(p, key)                                    \
    ngx_stream_thrift_span_put(p, "\"}},{\"key\":\"" key                      \
                               "\",\"value\":{\"stringValue\":\"")


static u_char *ngx_stream_thrift_span_room(ngx_stream_thrift_call_t *tc,
    size_t size);
static ngx_uint_t ngx_stream_thrift_span_is_error(ngx_thrift_call_t *call);
static ngx_int_t ngx_stream_thrift_span_names(ngx_stream_thrift_call_t *tc,
    ngx_str_t *names);
static ngx_int_t ngx_stream_thrift_span_write_names(ngx_thrift_call_t *call,
    ngx_pool_t *pool, ngx_str_t *names);
static ngx_int_t ngx_stream_thrift_span_escape(ngx_pool_t *pool,
    ngx_str_t *text);
static ngx_int_t ngx_stream_thrift_span_escape_text(ngx_pool_t *pool,
    ngx_str_t *text) nthrift_cold;
static ngx_uint_t ngx_stream_thrift_span_is_plain(ngx_str_t *text);
static uint64_t ngx_stream_thrift_span_short(const u_char *p, size_t len);
static uint64_t ngx_stream_thrift_span_special(uint64_t word);
static u_char *ngx_stream_thrift_span_escape_utf8(u_char *p, const u_char *from,
    const u_char *last);
static ngx_int_t ngx_stream_thrift_span_servers(ngx_stream_thrift_call_t *tc,
    ngx_str_t *servers);
static u_char *ngx_stream_thrift_span_write_ids(u_char *p,
    ngx_stream_thrift_trace_t *trace);
static u_char *ngx_stream_thrift_span_write_attributes(u_char *p,
    ngx_stream_thrift_call_t *tc, ngx_stream_thrift_span_t *span);
static u_char *ngx_stream_thrift_span_write_tries(u_char *p,
    ngx_stream_thrift_call_t *tc);
static u_char *ngx_stream_thrift_span_write_times(u_char *p,
    ngx_stream_thrift_call_t *tc);
static void ngx_stream_thrift_span_times(ngx_stream_thrift_call_t *tc,
    uint64_t *start, uint64_t *end);
static u_char *ngx_stream_thrift_span_write_time(u_char *p, uint64_t time);
static size_t ngx_stream_thrift_span_write_second(u_char *p, uint64_t second)
    nthrift_cold;
static u_char *ngx_stream_thrift_span_write_text(u_char *p, ngx_str_t *text);


ngx_int_t
ngx_stream_thrift_variable_span(ngx_thrift_call_t *call, ngx_str_t *value)
{
    ngx_stream_thrift_call_t  *tc;
    ngx_stream_thrift_span_t   span;

    tc = ngx_stream_thrift_get_call(call);

    if (ngx_stream_thrift_span_collect(tc, &span) != NGX_OK) {
        return NGX_ERROR;
    }

    /* whoever else is told of the call may be so later */

    span.call_id = 1;

    value->data = ngx_stream_thrift_span_room(tc, span.size);
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


ngx_int_t
ngx_stream_thrift_span_collect(ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_t *span)
{
    ngx_pool_t         *pool;
    ngx_thrift_call_t  *call;

    call = &tc->call;
    pool = call->pool;

    ngx_stream_thrift_call_client(call, &span->client);
    ngx_str_set(&span->text, "");
    span->call_id = tc->identified || !ngx_stream_thrift_trace_is_sampled(tc);

    if (ngx_stream_thrift_span_is_error(call)) {
        span->call_id = 1;

        if (ngx_stream_thrift_variable_exception(call, &span->text) == NGX_ERROR
            || ngx_stream_thrift_span_escape(pool, &span->text) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    /* a client's address may be a path that it has chosen */

    if (ngx_stream_thrift_span_names(tc, &span->names) != NGX_OK
        || ngx_stream_thrift_span_servers(tc, &span->servers) != NGX_OK
        || ngx_stream_thrift_span_escape(pool, &span->client) != NGX_OK
        || ngx_stream_thrift_span_escape(pool, &span->servers) != NGX_OK)
    {
        return NGX_ERROR;
    }

    span->size = NGX_STREAM_THRIFT_SPAN + span->names.len + span->client.len
                 + span->servers.len + span->text.len;

    return NGX_OK;
}


static ngx_uint_t
ngx_stream_thrift_span_is_error(ngx_thrift_call_t *call)
{
    return call->outcome != NGX_THRIFT_SUCCESS
           && call->outcome != NGX_THRIFT_DECLARED
           && call->outcome != NGX_THRIFT_SENT;
}


/*
 * Those that are in the configuration are written once: they are half of a
 * span.
 */

static ngx_int_t
ngx_stream_thrift_span_names(ngx_stream_thrift_call_t *tc, ngx_str_t *names)
{
    ngx_int_t             rc;
    ngx_thrift_call_t    *call;
    ngx_thrift_target_t  *target;

    call = &tc->call;
    target = call->target;

    if (target == NULL || target->name.len == 0 || target->service.len == 0
        || tc->outbound)
    {
        return ngx_stream_thrift_span_write_names(call, call->pool, names);
    }

    rc = NGX_OK;

    if (target->span.len == 0) {
        rc = ngx_stream_thrift_span_write_names(call, tc->main->targets.pool,
                                                &target->span);
    }

    *names = target->span;

    return rc;
}


static ngx_int_t
ngx_stream_thrift_span_write_names(ngx_thrift_call_t *call, ngx_pool_t *pool,
    ngx_str_t *names)
{
    u_char     *p;
    ngx_str_t   method, service;

    (void) ngx_stream_thrift_variable_method(call, &method);

    if (ngx_stream_thrift_variable_service(call, &service) != NGX_OK) {
        ngx_str_set(&service, "");
    }

    /* what is no call has none */

    if (method.len == 0) {
        ngx_str_set(&method, "");
    }

    if (ngx_stream_thrift_span_escape(call->pool, &service) != NGX_OK
        || ngx_stream_thrift_span_escape(call->pool, &method) != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(pool, NGX_STREAM_THRIFT_SPAN_NAMES
                          + 2 * service.len + 2 * method.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    names->data = p;

    if (service.len) {
        p = ngx_stream_thrift_span_write_text(p, &service);
        *p++ = '/';
    }

    p = ngx_stream_thrift_span_write_text(p, &method);
    p = ngx_stream_thrift_span_put(p, "\",\"attributes\":[{\"key\":"
            "\"rpc.system\",\"value\":{\"stringValue\":\"apache_thrift");

    if (service.len) {
        p = ngx_stream_thrift_span_key(p, "rpc.service");
        p = ngx_stream_thrift_span_write_text(p, &service);
    }

    p = ngx_stream_thrift_span_key(p, "rpc.method");
    p = ngx_stream_thrift_span_write_text(p, &method);

    names->len = p - names->data;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_thrift_span_escape(ngx_pool_t *pool, ngx_str_t *text)
{
    return ngx_stream_thrift_span_is_plain(text)
           ? NGX_OK : ngx_stream_thrift_span_escape_text(pool, text);
}


static ngx_int_t
ngx_stream_thrift_span_escape_text(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char  *p;

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


/*
 * No control character, quote, backslash, or byte from 0x80 on: eight bytes at
 * a time, of which the last ones were looked at before, or are there twice.
 */

static ngx_uint_t
ngx_stream_thrift_span_is_plain(ngx_str_t *text)
{
    size_t    i, len;
    u_char   *p;
    uint64_t  special, word;

    p = text->data;
    len = text->len;

    if (len < sizeof(word)) {
        word = ngx_stream_thrift_span_short(p, len);
        return !ngx_stream_thrift_span_special(word);
    }

    special = 0;

    for (i = 0; i < len - sizeof(word); i += sizeof(word)) {
        ngx_memcpy(&word, p + i, sizeof(word));
        special |= ngx_stream_thrift_span_special(word);
    }

    ngx_memcpy(&word, p + len - sizeof(word), sizeof(word));
    special |= ngx_stream_thrift_span_special(word);

    return !special;
}


static uint64_t
ngx_stream_thrift_span_short(const u_char *p, size_t len)
{
    size_t    i;
    uint32_t  first, last;
    uint64_t  word;

    if (len >= sizeof(first)) {
        ngx_memcpy(&first, p, sizeof(first));
        ngx_memcpy(&last, p + len - sizeof(last), sizeof(last));

        return (uint64_t) first << 32 | last;
    }

    word = NGX_STREAM_THRIFT_SPAN_EACH * ' ';

    for (i = 0; i < len; i++) {
        word = word << 8 | p[i];
    }

    return word;
}


/*
 * Of the difference, the highest bit of a byte tells; a byte from which another
 * one borrows stands behind one that is special itself.
 */

static uint64_t
ngx_stream_thrift_span_special(uint64_t word)
{
    uint64_t  quote, slash;

    quote = word ^ NGX_STREAM_THRIFT_SPAN_EACH * '"';
    slash = word ^ NGX_STREAM_THRIFT_SPAN_EACH * '\\';

    return (word
            | (word - NGX_STREAM_THRIFT_SPAN_EACH * ' ')
            | (quote - NGX_STREAM_THRIFT_SPAN_EACH)
            | (slash - NGX_STREAM_THRIFT_SPAN_EACH))
           & NGX_STREAM_THRIFT_SPAN_EACH * 0x80;
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

    states = ngx_stream_thrift_call_states(tc);

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


/*
 * What is not there is what it is by default: a trace that begins here has no
 * parent, and a status is not set unless it is an error.
 */

u_char *
ngx_stream_thrift_span_write(u_char *p, ngx_stream_thrift_call_t *tc,
    ngx_stream_thrift_span_t *span)
{
    p = ngx_stream_thrift_span_write_ids(p, ngx_stream_thrift_trace(tc));
    p = ngx_stream_thrift_span_write_times(p, tc);
    p = ngx_stream_thrift_span_put(p, "\",\"kind\":");
    *p++ = '0' + (tc->outbound ? NGX_STREAM_THRIFT_SPAN_CLIENT
                               : NGX_STREAM_THRIFT_SPAN_SERVER);
    p = ngx_stream_thrift_span_put(p, ",\"name\":\"");
    p = ngx_stream_thrift_span_write_text(p, &span->names);
    p = ngx_stream_thrift_span_write_attributes(p, tc, span);

    if (!ngx_stream_thrift_span_is_error(&tc->call)) {
        return ngx_stream_thrift_span_put(p, "]}");
    }

    p = ngx_stream_thrift_span_put(p, "],\"status\":{\"code\":2,"
                                   "\"message\":\"");
    p = ngx_stream_thrift_span_write_text(p, &span->text);

    return ngx_stream_thrift_span_put(p, "\"}}");
}


static u_char *
ngx_stream_thrift_span_write_ids(u_char *p, ngx_stream_thrift_trace_t *trace)
{
    p = ngx_stream_thrift_span_put(p, "{\"traceId\":\"");
    p = nthrift_traceparent_write_hex(p, trace->own.trace, NTHRIFT_TRACE_SIZE);
    p = ngx_stream_thrift_span_put(p, "\",\"spanId\":\"");
    p = nthrift_traceparent_write_hex(p, trace->own.span, NTHRIFT_SPAN_SIZE);

    if (trace->has_parent) {
        p = ngx_stream_thrift_span_put(p, "\",\"parentSpanId\":\"");
        p = nthrift_traceparent_write_hex(p, trace->parent, NTHRIFT_SPAN_SIZE);
    }

    return p;
}


/* Most calls have succeeded: it is said of the others. */

static u_char *
ngx_stream_thrift_span_write_attributes(u_char *p,
    ngx_stream_thrift_call_t *tc, ngx_stream_thrift_span_t *span)
{
    ngx_str_t  status;

    p = ngx_stream_thrift_span_key(p, "client.address");
    p = ngx_stream_thrift_span_write_text(p, &span->client);

    if (span->servers.len) {
        p = ngx_stream_thrift_span_key(p, "server.address");
        p = ngx_stream_thrift_span_write_text(p, &span->servers);
    }

    if (span->call_id) {
        p = ngx_stream_thrift_span_key(p, "thrift.call_id");
        p = ngx_stream_thrift_trace_write_call_id(p, tc);
    }

    if (tc->call.outcome != NGX_THRIFT_SUCCESS) {
        p = ngx_stream_thrift_span_key(p, "thrift.status");

        (void) ngx_stream_thrift_variable_status(&tc->call, &status);
        p = ngx_stream_thrift_span_write_text(p, &status);
    }

    p = ngx_stream_thrift_span_put(p, "\"}}");

    return ngx_stream_thrift_span_write_tries(p, tc);
}


/* Most calls were tried once, and have not waited. */

static u_char *
ngx_stream_thrift_span_write_tries(u_char *p, ngx_stream_thrift_call_t *tc)
{
    ngx_msec_t    queued;
    ngx_uint_t    tries;
    ngx_array_t  *states;

    states = ngx_stream_thrift_call_states(tc);
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
ngx_stream_thrift_span_write_times(u_char *p, ngx_stream_thrift_call_t *tc)
{
    uint64_t  start, end;

    ngx_stream_thrift_span_times(tc, &start, &end);

    p = ngx_stream_thrift_span_put(p, "\",\"startTimeUnixNano\":\"");
    p = ngx_stream_thrift_span_write_time(p, start);
    p = ngx_stream_thrift_span_put(p, "\",\"endTimeUnixNano\":\"");

    return ngx_stream_thrift_span_write_time(p, end);
}


/*
 * In microseconds.  A call that was counted has asked for the time when it
 * ended.  Between that clock and the one since 1970 is what is found once a
 * second.
 */

static void
ngx_stream_thrift_span_times(ngx_stream_thrift_call_t *tc, uint64_t *start,
    uint64_t *end)
{
    static time_t    second;
    static uint64_t  between;

    if (!tc->logging || tc->counted.ended == NULL || tc->counted.start == 0) {
        *end = ngx_stream_thrift_nanoseconds() / 1000;
        *start = *end - ngx_stream_thrift_since(&tc->call) / 1000;

        return;
    }

    if (second != ngx_time()) {
        second = ngx_time();
        between = (ngx_stream_thrift_nanoseconds() - ngx_thrift_clock()) / 1000;
    }

    *start = between + tc->counted.start;
    *end = *start + tc->counted.took;
}


/* The second is the same as that of the time before, as a rule. */

static u_char *
ngx_stream_thrift_span_write_time(u_char *p, uint64_t time)
{
    static size_t    len;
    static u_char    text[NGX_INT64_LEN];
    static uint64_t  second;        /* its first microsecond */

    if (time - second >= NGX_STREAM_THRIFT_SPAN_SECOND) {
        second = time - time % NGX_STREAM_THRIFT_SPAN_SECOND;
        len = ngx_stream_thrift_span_write_second(text, second);
    }

    /* a constant number of bytes costs less, and others follow */

    ngx_memcpy(p, text, sizeof(text));

    p = ngx_thrift_digits_write_six(p + len, (ngx_uint_t) (time - second));

    return ngx_stream_thrift_span_put(p, "000");
}


static size_t
ngx_stream_thrift_span_write_second(u_char *p, uint64_t second)
{
    return ngx_sprintf(p, "%uL", second / NGX_STREAM_THRIFT_SPAN_SECOND) - p;
}


static u_char *
ngx_stream_thrift_span_write_text(u_char *p, ngx_str_t *text)
{
    return ngx_cpymem(p, text->data, text->len);
}
