/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/message.c: the bytes of calls and replies.  Heads are read and
 * written by bench/wire.c; here is what it leaves out: every type, and where a
 * message ends.
 */

#include "chaos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define DEPTH  100


/* The types of both protocols, by the number that the binary one gives. */

enum {
    T_STOP = 0, T_BOOL = 2, T_I8 = 3, T_DOUBLE = 4, T_I16 = 6, T_I32 = 8,
    T_I64 = 10, T_STRING = 11, T_STRUCT = 12, T_MAP = 13, T_SET = 14,
    T_LIST = 15, T_UUID = 16
};

static const int8_t  from_compact[16] = {
    T_STOP, T_BOOL, T_BOOL, T_I8, T_I16, T_I32, T_I64, T_DOUBLE, T_STRING,
    T_LIST, T_SET, T_MAP, T_STRUCT, T_UUID, -1, -1
};

static const uint8_t  to_compact[17] = {
    [T_BOOL] = 1, [T_I8] = 3, [T_I16] = 4, [T_I32] = 5, [T_I64] = 6,
    [T_DOUBLE] = 7, [T_STRING] = 8, [T_LIST] = 9, [T_SET] = 10, [T_MAP] = 11,
    [T_STRUCT] = 12, [T_UUID] = 13
};

static const uint8_t  random_types[] = {
    T_BOOL, T_I8, T_DOUBLE, T_I16, T_I32, T_I64, T_STRING, T_STRUCT, T_MAP,
    T_SET, T_LIST
};


static int skip_value(wire_reader_t *r, int type, int depth);


/* --- reading ------------------------------------------------------------ */

static int
skip_bytes(wire_reader_t *r, uint64_t n)
{
    if ((uint64_t) (r->last - r->p) < n) {
        return WIRE_AGAIN;
    }

    r->p += n;

    return WIRE_OK;
}


static int
skip_varint(wire_reader_t *r, int max)
{
    int  i;

    for (i = 0; i < max; i++) {
        if (r->p == r->last) {
            return WIRE_AGAIN;
        }

        if (*r->p++ < 0x80) {
            return WIRE_OK;
        }
    }

    return WIRE_ERROR;
}


static int
read_count(wire_reader_t *r, uint32_t *count)
{
    int       i;
    uint64_t  n;

    if (r->protocol == WIRE_BINARY) {
        if (r->last - r->p < 4) {
            return WIRE_AGAIN;
        }

        n = wire_get32(r->p);
        r->p += 4;

    } else {
        n = 0;

        for (i = 0; ; i++) {
            if (i == 5) {
                return WIRE_ERROR;
            }

            if (r->p == r->last) {
                return WIRE_AGAIN;
            }

            n |= (uint64_t) (*r->p & 0x7f) << (7 * i);

            if (*r->p++ < 0x80) {
                break;
            }
        }
    }

    if (n > INT32_MAX) {
        return WIRE_ERROR;
    }

    *count = (uint32_t) n;

    return WIRE_OK;
}


/* As in Apache's libraries, what exceeds 32 bits is cut off. */

static int
read_i32(wire_reader_t *r, int32_t *value)
{
    int             i, rc;
    uint32_t        n;
    const uint8_t  *p;

    if (r->protocol == WIRE_BINARY) {
        return wire_read_i32(r, value);
    }

    p = r->p;

    if ((rc = skip_varint(r, 5)) != WIRE_OK) {
        return rc;
    }

    n = 0;

    for (i = 0; p + i != r->p; i++) {
        n |= (uint32_t) (p[i] & 0x7f) << (7 * i);
    }

    *value = (int32_t) ((n >> 1) ^ (0 - (n & 1)));

    return WIRE_OK;
}


static int
read_byte(wire_reader_t *r, int *byte)
{
    if (r->p == r->last) {
        return WIRE_AGAIN;
    }

    *byte = *r->p++;

    return WIRE_OK;
}


/* The type is -1 when there is none of this number. */

static int
element_type(wire_reader_t *r, int code)
{
    if (r->protocol == WIRE_COMPACT) {
        code = from_compact[code & 0x0f];
        return code == T_STOP ? -1 : code;
    }

    switch (code) {
    case T_BOOL: case T_I8: case T_DOUBLE: case T_I16: case T_I32:
    case T_I64: case T_STRING: case T_STRUCT: case T_MAP: case T_SET:
    case T_LIST: case T_UUID:
        return code;
    }

    return -1;
}


static int
skip_list(wire_reader_t *r, int depth)
{
    int       rc, byte, type;
    uint32_t  i, n;

    if ((rc = read_byte(r, &byte)) != WIRE_OK) {
        return rc;
    }

    type = element_type(r, byte);

    if (r->protocol == WIRE_COMPACT && byte >> 4 != 15) {
        n = (uint32_t) byte >> 4;

    } else if ((rc = read_count(r, &n)) != WIRE_OK) {
        return rc;
    }

    if (type == -1) {
        return n ? WIRE_ERROR : WIRE_OK;
    }

    for (i = 0; i < n; i++) {
        if ((rc = skip_value(r, type, depth)) != WIRE_OK) {
            return rc;
        }
    }

    return WIRE_OK;
}


static int
read_map_head(wire_reader_t *r, int *key, int *value, uint32_t *n)
{
    int  rc, byte;

    *key = -1;
    *value = -1;

    if (r->protocol == WIRE_BINARY) {
        if (r->last - r->p < 2) {
            return WIRE_AGAIN;
        }

        *key = element_type(r, r->p[0]);
        *value = element_type(r, r->p[1]);
        r->p += 2;

        return read_count(r, n);
    }

    if ((rc = read_count(r, n)) != WIRE_OK || *n == 0) {
        return rc;
    }

    if ((rc = read_byte(r, &byte)) != WIRE_OK) {
        return rc;
    }

    *key = element_type(r, byte >> 4);
    *value = element_type(r, byte);

    return WIRE_OK;
}


static int
skip_map(wire_reader_t *r, int depth)
{
    int       rc, key, value;
    uint32_t  i, n;

    if ((rc = read_map_head(r, &key, &value, &n)) != WIRE_OK) {
        return rc;
    }

    if (key == -1 || value == -1) {
        return n ? WIRE_ERROR : WIRE_OK;
    }

    for (i = 0; i < n; i++) {
        if ((rc = skip_value(r, key, depth)) != WIRE_OK
            || (rc = skip_value(r, value, depth)) != WIRE_OK)
        {
            return rc;
        }
    }

    return WIRE_OK;
}


/* *type is T_STOP at the struct's end; *value: a bool that needs no bytes. */

static int
read_binary_field(wire_reader_t *r, int *type, int *id)
{
    int  rc, byte;

    if ((rc = read_byte(r, &byte)) != WIRE_OK) {
        return rc;
    }

    *type = T_STOP;

    if (byte == T_STOP) {
        return WIRE_OK;
    }

    if ((*type = element_type(r, byte)) == -1) {
        return WIRE_ERROR;
    }

    if (r->last - r->p < 2) {
        return WIRE_AGAIN;
    }

    *id = (int16_t) (r->p[0] << 8 | r->p[1]);
    r->p += 2;

    return WIRE_OK;
}


static int
read_compact_field(wire_reader_t *r, int *type, int *id, int *value)
{
    int      rc, byte;
    int32_t  n;

    if ((rc = read_byte(r, &byte)) != WIRE_OK) {
        return rc;
    }

    *type = T_STOP;

    /* as every library does: the other half is not looked at */

    if ((byte & 0x0f) == T_STOP) {
        return WIRE_OK;
    }

    if ((*type = element_type(r, byte)) == -1) {
        return WIRE_ERROR;
    }

    *value = *type == T_BOOL;
    n = r->id + (byte >> 4);

    if (byte >> 4 == 0 && (rc = read_i32(r, &n)) != WIRE_OK) {
        return rc;
    }

    r->id = (int16_t) n;
    *id = r->id;

    return WIRE_OK;
}


/* *type is T_STOP at the struct's end; *value: a bool that needs no bytes. */

static int
read_field(wire_reader_t *r, int *type, int *id, int *value)
{
    *value = 0;

    return r->protocol == WIRE_BINARY ? read_binary_field(r, type, id)
                                      : read_compact_field(r, type, id, value);
}


static int
skip_struct(wire_reader_t *r, int depth)
{
    int      rc, type, id, value;
    int16_t  before;

    before = r->id;
    r->id = 0;

    for ( ;; ) {
        if ((rc = read_field(r, &type, &id, &value)) != WIRE_OK) {
            return rc;
        }

        if (type == T_STOP) {
            r->id = before;
            return WIRE_OK;
        }

        if (!value && (rc = skip_value(r, type, depth)) != WIRE_OK) {
            return rc;
        }
    }
}


static int
skip_value(wire_reader_t *r, int type, int depth)
{
    int         compact;
    wire_str_t  s;

    if (depth == 0) {
        return WIRE_ERROR;
    }

    compact = r->protocol == WIRE_COMPACT;

    switch (type) {
    case T_BOOL:
    case T_I8:
        return skip_bytes(r, 1);

    case T_I16:
        return compact ? skip_varint(r, 5) : skip_bytes(r, 2);

    case T_I32:
        return compact ? skip_varint(r, 5) : skip_bytes(r, 4);

    case T_I64:
        return compact ? skip_varint(r, 10) : skip_bytes(r, 8);

    case T_DOUBLE:
        return skip_bytes(r, 8);

    case T_UUID:
        return skip_bytes(r, 16);

    case T_STRING:
        return wire_read_string(r, &s);

    case T_STRUCT:
        return skip_struct(r, depth - 1);

    case T_MAP:
        return skip_map(r, depth - 1);

    case T_SET:
    case T_LIST:
        return skip_list(r, depth - 1);
    }

    return WIRE_ERROR;
}


static int
read_body(wire_reader_t *r, message_t *m)
{
    int         rc, type, id, value;
    int32_t     n;
    wire_str_t  s;

    m->text_id = -1;
    m->code = 0;
    r->id = 0;

    for ( ;; ) {
        if ((rc = read_field(r, &type, &id, &value)) != WIRE_OK) {
            return rc;
        }

        if (type == T_STOP) {
            return WIRE_OK;
        }

        if (type == T_STRING) {
            rc = wire_read_string(r, &s);

            if (rc == WIRE_OK && m->text_id == -1) {
                m->text = s;
                m->text_id = id;
            }

        } else if (type == T_I32) {
            rc = read_i32(r, &n);

            if (rc == WIRE_OK && id == 2) {
                m->code = n;
            }

        } else if (!value) {
            rc = skip_value(r, type, DEPTH);
        }

        if (rc != WIRE_OK) {
            return rc;
        }
    }
}


/* The first bytes, and those around the place that is wrong. */

static void
show_error(message_t *m, const uint8_t *p, size_t n, size_t at)
{
    char    *hex;
    size_t   i;

    m->at = at;
    hex = m->hex;

    for (i = 0; i < n && i < 10; i++) {
        hex += sprintf(hex, "%02x", p[i]);
    }

    hex += sprintf(hex, "...");

    for (i = at > 16 ? at - 16 : 0; i < n && i < at + 8; i++) {
        hex += sprintf(hex, i == at ? "|%02x" : "%02x", p[i]);
    }
}


/* Head and body; where a frame ends, the message does, neither before it. */

static int
read_message(wire_reader_t *r, message_t *m)
{
    int  rc;

    m->error = "malformed head";

    rc = wire_read_head(r, &m->head);

    if (rc == WIRE_OK) {
        m->error = "malformed struct";
        rc = read_body(r, m);
    }

    if (!m->format.framed || rc == WIRE_ERROR) {
        return rc;
    }

    if (rc == WIRE_AGAIN) {
        m->error = "the struct does not end in its frame";
        return WIRE_ERROR;
    }

    if (r->p != r->last) {
        m->error = "bytes behind the struct";
        return WIRE_ERROR;
    }

    return WIRE_OK;
}


int
message_read(const uint8_t *p, size_t n, message_t *m)
{
    int            rc;
    uint32_t       len;
    wire_reader_t  r;

    m->error = "no message begins here";
    m->at = 0;
    m->hex[0] = '\0';

    rc = wire_detect(p, n, &m->format);
    if (rc != WIRE_OK) {
        return rc;
    }

    memset(&r, 0, sizeof(wire_reader_t));
    r.protocol = m->format.protocol;
    r.p = p;
    r.last = p + n;

    if (m->format.framed) {
        len = wire_get32(p);
        r.p = p + WIRE_FRAME;

        if ((size_t) (r.last - r.p) < len) {
            return WIRE_AGAIN;
        }

        r.last = r.p + len;
    }

    rc = read_message(&r, m);
    m->len = (size_t) (r.p - p);

    if (rc == WIRE_ERROR) {
        show_error(m, p, n, m->len);
    }

    return rc;
}


/* --- writing ------------------------------------------------------------ */

void
message_frame(buf_t *b, size_t start)
{
    wire_put32(b->data + start, (uint32_t) (b->len - start - WIRE_FRAME));
}


static size_t
start_message(buf_t *b, wire_format_t format, int type, const char *name,
    int32_t seqid, size_t room)
{
    size_t       start;
    wire_head_t  head;

    buf_reserve(b, room + strlen(name) + 64);

    start = b->len;

    head.type = type;
    head.seqid = seqid;
    head.name.data = (const uint8_t *) name;
    head.name.len = (uint32_t) strlen(name);

    if (format.framed) {
        b->len += WIRE_FRAME;
    }

    b->len = (size_t) (wire_write_head(b->data + b->len, format.protocol,
                                       &head) - b->data);

    return start;
}


void
message_text(buf_t *b, wire_format_t format, int type, const char *name,
    int32_t seqid, int16_t field, uint32_t id, int reply, uint32_t len)
{
    char      head[TEXT_HEAD + 1];
    size_t    start;
    uint8_t  *p;

    start = start_message(b, format, type, name, seqid, len);

    p = wire_write_string(b->data + b->len, format.protocol, field, len);

    snprintf(head, sizeof(head), "%08x%08x.", id, plan_check(id, reply));
    memcpy(p, head, TEXT_HEAD);
    memcpy(p + TEXT_HEAD, plan_text(id, reply), len - TEXT_HEAD);
    p += len;

    *p++ = T_STOP;

    b->len = (size_t) (p - b->data);

    if (format.framed) {
        message_frame(b, start);
    }
}


void
message_exception(buf_t *b, wire_format_t format, const char *name,
    int32_t seqid, const char *text)
{
    size_t    start, len;
    uint8_t  *p;

    len = strlen(text);
    start = start_message(b, format, WIRE_EXCEPTION, name, seqid, len);

    p = wire_write_string(b->data + b->len, format.protocol, 1,
                          (uint32_t) len);
    memcpy(p, text, len);
    p += len;

    if (format.protocol == WIRE_BINARY) {
        memcpy(p, "\10\0\2\0\0\0\0\0", 8);
        p += 8;

    } else {
        memcpy(p, "\x15\0\0", 3);
        p += 3;
    }

    b->len = (size_t) (p - b->data);

    if (format.framed) {
        message_frame(b, start);
    }
}


static void
add_byte(buf_t *b, unsigned n)
{
    uint8_t  byte;

    byte = (uint8_t) n;
    buf_add(b, &byte, 1);
}


static void
add_varint(buf_t *b, uint64_t n)
{
    for ( /* void */ ; n > 0x7f; n >>= 7) {
        add_byte(b, (unsigned) (n & 0x7f) | 0x80);
    }

    add_byte(b, (unsigned) n);
}


static void
add_bytes(buf_t *b, rng_t *rng, unsigned n)
{
    while (n--) {
        add_byte(b, (unsigned) rng_below(rng, 256));
    }
}


static void
add_count(buf_t *b, wire_protocol_e protocol, uint32_t n)
{
    uint8_t  bytes[4];

    if (protocol == WIRE_COMPACT) {
        add_varint(b, n);
        return;
    }

    wire_put32(bytes, n);
    buf_add(b, bytes, 4);
}


static void add_value(buf_t *b, wire_protocol_e protocol, int type, rng_t *rng,
    int depth);
static void add_struct(buf_t *b, wire_protocol_e protocol, rng_t *rng,
    int depth);


static int
random_type(rng_t *rng)
{
    return random_types[rng_below(rng, sizeof(random_types))];
}


static void
add_integer(buf_t *b, wire_protocol_e protocol, int type, rng_t *rng)
{
    if (protocol == WIRE_BINARY) {
        add_bytes(b, rng, type == T_I64 ? 8 : type == T_I32 ? 4 : 2);
        return;
    }

    add_varint(b, rng_next(rng) >> (type == T_I64 ? rng_below(rng, 64)
                                    : type == T_I32 ? 32 : 48));
}


static void
add_map_head(buf_t *b, wire_protocol_e protocol, int key, int value,
    unsigned n)
{
    if (protocol == WIRE_BINARY) {
        add_byte(b, (unsigned) key);
        add_byte(b, (unsigned) value);
        add_count(b, protocol, n);
        return;
    }

    add_varint(b, n);

    if (n) {
        add_byte(b, (unsigned) to_compact[key] << 4 | to_compact[value]);
    }
}


static void
add_list_head(buf_t *b, wire_protocol_e protocol, int value, unsigned n)
{
    if (protocol == WIRE_BINARY) {
        add_byte(b, (unsigned) value);
        add_count(b, protocol, n);
        return;
    }

    add_byte(b, (n < 15 ? n : 15) << 4 | to_compact[value]);

    if (n >= 15) {
        add_varint(b, n);
    }
}


static void
add_container(buf_t *b, wire_protocol_e protocol, int type, rng_t *rng,
    int depth)
{
    int       key, value;
    unsigned  n, i;

    n = depth > 0 ? rng_below(rng, rng_below(rng, 8) ? 5 : 40) : 0;
    key = random_type(rng);
    value = random_type(rng);

    if (type == T_MAP) {
        add_map_head(b, protocol, key, value, n);

    } else {
        add_list_head(b, protocol, value, n);
    }

    for (i = 0; i < n; i++) {
        if (type == T_MAP) {
            add_value(b, protocol, key, rng, depth - 1);
        }

        add_value(b, protocol, value, rng, depth - 1);
    }
}


static void
add_value(buf_t *b, wire_protocol_e protocol, int type, rng_t *rng, int depth)
{
    unsigned  n;

    switch (type) {
    case T_BOOL:
        add_byte(b, rng_below(rng, 2) + (protocol == WIRE_COMPACT));
        return;

    case T_I8:
        add_bytes(b, rng, 1);
        return;

    case T_I16:
    case T_I32:
    case T_I64:
        add_integer(b, protocol, type, rng);
        return;

    case T_DOUBLE:
        add_bytes(b, rng, 8);
        return;

    case T_STRING:
        n = rng_below(rng, 40);
        add_count(b, protocol, n);
        add_bytes(b, rng, n);
        return;

    case T_STRUCT:
        add_struct(b, protocol, rng, depth - 1);
        return;

    default:
        add_container(b, protocol, type, rng, depth);
    }
}


static void
add_struct(buf_t *b, wire_protocol_e protocol, rng_t *rng, int depth)
{
    int       type;
    unsigned  i, n, id, step;

    n = depth > 0 ? rng_below(rng, 6) : 0;
    id = 0;

    for (i = 0; i < n; i++) {
        type = random_type(rng);
        step = rng_below(rng, 4) ? 1 + rng_below(rng, 15)
                                 : rng_below(rng, 3000);
        id += step;

        if (protocol == WIRE_BINARY) {
            add_byte(b, (unsigned) type);
            add_byte(b, id >> 8);
            add_byte(b, id & 0xff);
            add_value(b, protocol, type, rng, depth);
            continue;
        }

        step = step <= 15 ? step : 0;

        add_byte(b, step << 4 | (type == T_BOOL ? 1 + rng_below(rng, 2)
                                                : to_compact[type]));
        if (step == 0) {
            add_varint(b, (uint64_t) id << 1);
        }

        if (type != T_BOOL) {
            add_value(b, protocol, type, rng, depth);
        }
    }

    add_byte(b, T_STOP);
}


void
message_random(buf_t *b, wire_format_t format, int type, const char *name,
    int32_t seqid, rng_t *rng)
{
    size_t  start;

    start = start_message(b, format, type, name, seqid, 0);

    add_struct(b, format.protocol, rng, 4);

    if (format.framed) {
        message_frame(b, start);
    }
}


/* --- checking ----------------------------------------------------------- */

static int
hex32(const uint8_t *p, uint32_t *n)
{
    int  i, ch;

    *n = 0;

    for (i = 0; i < 8; i++) {
        ch = p[i];

        if (ch >= '0' && ch <= '9') {
            ch -= '0';

        } else if (ch >= 'a' && ch <= 'f') {
            ch -= 'a' - 10;

        } else {
            return 0;
        }

        *n = *n << 4 | (uint32_t) ch;
    }

    return 1;
}


uint32_t
message_owner(const wire_str_t *text, int reply)
{
    uint32_t  id, check;

    if (text->len < TEXT_HEAD
        || !hex32(text->data, &id)
        || !hex32(text->data + 8, &check)
        || !plan_known(id)
        || check != plan_check(id, reply))
    {
        return NO_ID;
    }

    return id;
}


int
message_intact(const wire_str_t *text, uint32_t id, int reply, uint32_t len)
{
    return text->len == len
           && text->data[TEXT_HEAD - 1] == '.'
           && memcmp(text->data + TEXT_HEAD, plan_text(id, reply),
                     len - TEXT_HEAD) == 0;
}
