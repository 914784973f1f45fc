/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/call.c: see call.h.
 */

#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define HEAD_LEN        16      /* of a payload: connection, call; in hex */
#define PATTERN_TURN   251      /* payloads begin at so many places of it */
#define SEQID_STEP     0x01000193U  /* between connections; spreads seqids */
#define MIX            0x9e3779b97f4a7c15ULL    /* spreads terms of a sum */


/* What is between the heads and the STOPs of a call and its reply. */

typedef struct {
    const char   *method;
    int           result;       /* type of the reply's field 0 */
    uint8_t    *(*write)(const call_t *call, uint8_t *p, uint32_t connection,
                     uint32_t number);
    int         (*check)(call_t *call, uint32_t connection, uint32_t number,
                     wire_reader_t *r);
} shape_t;


static uint8_t *write_payload(const call_t *call, uint8_t *p,
    uint32_t connection, uint32_t number);
static uint8_t *write_nothing(const call_t *call, uint8_t *p,
    uint32_t connection, uint32_t number);
static uint8_t *write_terms(const call_t *call, uint8_t *p,
    uint32_t connection, uint32_t number);
static int check_payload(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r);
static int check_fixed(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r);
static int check_sum(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r);


static const shape_t  shapes[CALL_KINDS] = {
    [CALL_ECHO] = { "echo", WIRE_STRING, write_payload, check_payload },
    [CALL_FIXED] = { "ping", WIRE_STRING, write_nothing, check_fixed },
    [CALL_SUM] = { "add", WIRE_I64, write_terms, check_sum },
};


int
call_init(call_t *call)
{
    size_t    i, n;
    uint32_t  x;

    if (call->method == NULL) {
        call->method = shapes[call->kind].method;
    }

    snprintf(call->name, sizeof(call->name), "%s%s%s",
             call->service ? call->service : "", call->service ? ":" : "",
             call->method);

    call->size = (size_t) WIRE_OVERHEAD + strlen(call->name) + call->payload;
    call->reply_max = call->size + CALL_ROOM;

    n = (size_t) call->payload + PATTERN_TURN;

    call->pattern = malloc(n);
    if (call->pattern == NULL) {
        return WIRE_ERROR;
    }

    x = call->seed | 1;

    for (i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        call->pattern[i] = (uint8_t) ('a' + x % 26);
    }

    return WIRE_OK;
}


static int
call_error(call_t *call, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    vsnprintf(call->error, CALL_ERROR_LEN, fmt, args);
    va_end(args);

    return WIRE_ERROR;
}


static int32_t
call_seqid(const call_t *call, uint32_t connection, uint32_t number)
{
    return (int32_t) (call->seed + connection * SEQID_STEP + number);
}


static size_t
payload_head(const call_t *call, uint8_t *p, uint32_t connection,
    uint32_t number)
{
    unsigned           i;
    uint64_t           n;
    static const char  hex[] = "0123456789abcdef";

    n = (uint64_t) connection << 32 | number;

    for (i = HEAD_LEN; i != 0; i--) {
        p[i - 1] = (uint8_t) hex[n & 0x0f];
        n >>= 4;
    }

    return call->payload < HEAD_LEN ? call->payload : HEAD_LEN;
}


static uint8_t *
write_payload(const call_t *call, uint8_t *p, uint32_t connection,
    uint32_t number)
{
    size_t   len;
    uint8_t  first[HEAD_LEN];

    p = wire_write_string(p, call->format.protocol, 1, call->payload);

    len = payload_head(call, first, connection, number);

    memcpy(p, first, len);
    memcpy(p + len, call->pattern + number % PATTERN_TURN,
           call->payload - len);

    return p + call->payload;
}


static uint8_t *
write_nothing(const call_t *call, uint8_t *p, uint32_t connection,
    uint32_t number)
{
    (void) call;
    (void) connection;
    (void) number;

    return p;
}


/* Of either sign; b leaves room for a, so that the sum is one of i64. */

static void
terms(const call_t *call, uint32_t connection, uint32_t number, int32_t *a,
    int64_t *b)
{
    uint64_t  n;

    n = (uint64_t) connection << 32 | number;
    n = (n + call->seed) * MIX;

    *a = (int32_t) (n >> 32);
    *b = (int64_t) (n * MIX) / 2;
}


static uint8_t *
write_terms(const call_t *call, uint8_t *p, uint32_t connection,
    uint32_t number)
{
    int32_t          a;
    int64_t          b;
    wire_protocol_e  protocol;

    static const wire_field_t  field_a = { WIRE_I32, 1 };
    static const wire_field_t  field_b = { WIRE_I64, 2 };

    terms(call, connection, number, &a, &b);
    protocol = call->format.protocol;

    p = wire_write_field(p, protocol, &field_a, 0);
    p = wire_write_i32(p, protocol, a);

    p = wire_write_field(p, protocol, &field_b, 1);

    return wire_write_i64(p, protocol, b);
}


uint8_t *
call_write(const call_t *call, uint8_t *p, uint32_t connection,
    uint32_t number)
{
    uint8_t      *start;
    wire_head_t   head;

    head.type = WIRE_CALL;
    head.seqid = call_seqid(call, connection, number);
    head.name.data = (const uint8_t *) call->name;
    head.name.len = (uint32_t) strlen(call->name);

    start = p;
    p += call->format.framed ? WIRE_FRAME : 0;

    p = wire_write_head(p, call->format.protocol, &head);
    p = shapes[call->kind].write(call, p, connection, number);
    *p++ = WIRE_STOP;

    if (call->format.framed) {
        wire_put32(start, (uint32_t) (p - start) - WIRE_FRAME);
    }

    return p;
}


static int
check_payload(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r)
{
    int         rc;
    size_t      len;
    uint8_t     first[HEAD_LEN];
    wire_str_t  s;

    rc = wire_read_string(r, &s);
    if (rc != WIRE_OK) {
        return rc;
    }

    if (s.len != call->payload) {
        return call_error(call, "payload of %u bytes, expected %u", s.len,
                          call->payload);
    }

    len = payload_head(call, first, connection, number);

    if (memcmp(s.data, first, len) != 0) {
        return call_error(call, "payload of another call: \"%.*s\", expected "
                          "\"%.*s\"", (int) len, s.data, (int) len, first);
    }

    if (memcmp(s.data + len, call->pattern + number % PATTERN_TURN,
               call->payload - len)
        != 0)
    {
        return call_error(call, "payload differs after its first %zu bytes",
                          len);
    }

    return WIRE_OK;
}


static int
check_fixed(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r)
{
    int         rc;
    wire_str_t  s;

    (void) connection;
    (void) number;

    rc = wire_read_string(r, &s);
    if (rc != WIRE_OK) {
        return rc;
    }

    if (s.len != strlen(call->expect)
        || memcmp(s.data, call->expect, s.len) != 0)
    {
        return call_error(call, "\"%.*s\", expected \"%s\"",
                          (int) (s.len < 64 ? s.len : 64), s.data,
                          call->expect);
    }

    return WIRE_OK;
}


static int
check_sum(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r)
{
    int      rc;
    int32_t  a;
    int64_t  b, sum;

    rc = wire_read_i64(r, &sum);
    if (rc != WIRE_OK) {
        return rc;
    }

    terms(call, connection, number, &a, &b);

    if (sum != a + b) {
        return call_error(call, "%ld, expected %d + %ld = %ld", sum, a, b,
                          a + b);
    }

    return WIRE_OK;
}


static int
check_head(call_t *call, uint32_t connection, uint32_t number,
    const wire_head_t *head)
{
    int32_t  seqid;

    seqid = call_seqid(call, connection, number);

    if (head->type != WIRE_REPLY && head->type != WIRE_EXCEPTION) {
        return call_error(call, "message type %d", head->type);
    }

    if (head->seqid != seqid) {
        return call_error(call, "seqid %d, expected %d", head->seqid, seqid);
    }

    if (head->name.len != strlen(call->method)
        || memcmp(head->name.data, call->method, head->name.len) != 0)
    {
        return call_error(call, "method \"%.*s\", expected \"%s\"",
                          (int) (head->name.len < 64 ? head->name.len : 64),
                          head->name.data, call->method);
    }

    return WIRE_OK;
}


/* The result struct: nothing but field 0. */

static int
check_result(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r)
{
    int             rc;
    wire_field_t    field;
    const shape_t  *shape;

    shape = &shapes[call->kind];

    rc = wire_read_field(r, &field);
    if (rc != WIRE_OK) {
        return rc;
    }

    if (field.type != shape->result || field.id != 0) {
        return call_error(call, "result with type %d in field %d",
                          field.type, field.id);
    }

    rc = shape->check(call, connection, number, r);
    if (rc != WIRE_OK) {
        return rc;
    }

    rc = wire_read_field(r, &field);

    if (rc == WIRE_OK && field.type != WIRE_STOP) {
        return call_error(call, "result with another field, %d", field.id);
    }

    return rc;
}


/* A TApplicationException: {1: string message, 2: i32 type}. */

static int
check_exception(call_t *call, wire_reader_t *r)
{
    int           rc;
    int32_t       type;
    wire_str_t    s;
    wire_field_t  field;

    type = 0;
    s.len = 0;
    s.data = (const uint8_t *) "";

    do {
        rc = wire_read_field(r, &field);

        if (rc == WIRE_OK && field.type == WIRE_STRING) {
            rc = wire_read_string(r, &s);

        } else if (rc == WIRE_OK && field.type == WIRE_I32) {
            rc = wire_read_i32(r, &type);
        }

    } while (rc == WIRE_OK && field.type != WIRE_STOP);

    if (rc == WIRE_OK) {
        call_error(call, "EXCEPTION %d \"%.*s\"", type,
                   (int) (s.len < 160 ? s.len : 160), s.data);
    }

    return rc;
}


static int
check_message(call_t *call, uint32_t connection, uint32_t number,
    wire_reader_t *r, int *type)
{
    int          rc;
    wire_head_t  head;

    rc = wire_read_head(r, &head);
    if (rc != WIRE_OK) {
        return rc;
    }

    rc = check_head(call, connection, number, &head);
    if (rc != WIRE_OK) {
        return rc;
    }

    *type = head.type;

    if (head.type == WIRE_EXCEPTION) {
        return check_exception(call, r);
    }

    return check_result(call, connection, number, r);
}


/* Sets the reader to the frame's bytes once they are all here. */

static int
open_frame(call_t *call, wire_reader_t *r)
{
    uint32_t  len;

    if (r->last - r->p < WIRE_FRAME) {
        return WIRE_AGAIN;
    }

    len = wire_get32(r->p);

    if (len > call->reply_max - WIRE_FRAME) {
        return call_error(call, "frame of %u bytes, at most %zu expected", len,
                          call->reply_max - WIRE_FRAME);
    }

    r->p += WIRE_FRAME;

    if ((size_t) (r->last - r->p) < len) {
        return WIRE_AGAIN;
    }

    r->last = r->p + len;

    return WIRE_OK;
}


int
call_check(call_t *call, uint32_t connection, uint32_t number,
    const uint8_t *p, size_t n, size_t *used, int *type)
{
    int            rc;
    wire_reader_t  r;

    memset(&r, 0, sizeof(wire_reader_t));
    r.p = p;
    r.last = p + n;
    r.protocol = call->format.protocol;

    if (call->format.framed) {
        rc = open_frame(call, &r);
        if (rc != WIRE_OK) {
            return rc;
        }
    }

    call->error[0] = '\0';

    rc = check_message(call, connection, number, &r, type);

    if (rc == WIRE_ERROR && call->error[0] == '\0') {
        return call_error(call, "malformed reply");
    }

    if (call->format.framed && rc == WIRE_AGAIN) {
        return call_error(call, "reply goes on after its frame's end");
    }

    if (call->format.framed && rc == WIRE_OK && r.p != r.last) {
        return call_error(call, "frame with %zu bytes after the reply",
                          (size_t) (r.last - r.p));
    }

    *used = (size_t) (r.p - p);

    return rc;
}
