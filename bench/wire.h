/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bench/wire.h: as much of Thrift as the load generator and the echo backend
 * speak: framed and unframed, strict binary and compact, message heads, and
 * structs that hold strings, i32s and i64s only.
 *
 * It shares no line with src/: a mistake there must not be mirrored by the
 * tool that is to find it.  Reading allocates nothing; strings point into the
 * caller's buffer.
 */

#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>


#define WIRE_OK          0
#define WIRE_ERROR      -1      /* these bytes are not what we speak */
#define WIRE_AGAIN      -2      /* more bytes are needed */

#define WIRE_CALL        1
#define WIRE_REPLY       2
#define WIRE_EXCEPTION   3
#define WIRE_ONEWAY      4

#define WIRE_STOP        0      /* the field types we know, TType's numbers */
#define WIRE_I32         8
#define WIRE_I64        10
#define WIRE_STRING     11

#define WIRE_FRAME       4      /* bytes of a frame's length */

/*
 * What a message with one string, or one i32 and one i64, takes beside its
 * name and the string.
 */
#define WIRE_OVERHEAD   48


typedef enum {
    WIRE_BINARY = 0,
    WIRE_COMPACT
} wire_protocol_e;


typedef struct {
    wire_protocol_e   protocol;
    int               framed;
} wire_format_t;


typedef struct {
    const uint8_t    *data;
    uint32_t          len;
} wire_str_t;


typedef struct {
    int               type;
    int32_t           seqid;
    wire_str_t        name;
} wire_head_t;


typedef struct {
    int               type;     /* WIRE_STOP, _I32, _I64 or _STRING */
    int16_t           id;
} wire_field_t;


/* Zero it, then set protocol, p and last; p moves on with what was read. */

typedef struct {
    const uint8_t    *p;
    const uint8_t    *last;
    wire_protocol_e   protocol;
    int16_t           id;       /* of the field read before, for compact */
} wire_reader_t;


/* How does the message that begins here travel?  OK, AGAIN or ERROR. */

int wire_detect(const uint8_t *p, size_t n, wire_format_t *format);

int wire_read_head(wire_reader_t *r, wire_head_t *head);
int wire_read_field(wire_reader_t *r, wire_field_t *field);
int wire_read_string(wire_reader_t *r, wire_str_t *s);
int wire_read_i32(wire_reader_t *r, int32_t *value);
int wire_read_i64(wire_reader_t *r, int64_t *value);

/* Writers return where they stopped; the caller has made room. */

uint8_t *wire_write_head(uint8_t *p, wire_protocol_e protocol,
    const wire_head_t *head);

/* The header of a field; `before` is the id of the struct's last, or 0. */

uint8_t *wire_write_field(uint8_t *p, wire_protocol_e protocol,
    const wire_field_t *field, int16_t before);

uint8_t *wire_write_i32(uint8_t *p, wire_protocol_e protocol, int32_t value);
uint8_t *wire_write_i64(uint8_t *p, wire_protocol_e protocol, int64_t value);

/* The header of string field "id", the struct's first, and the length. */

uint8_t *wire_write_string(uint8_t *p, wire_protocol_e protocol, int16_t id,
    uint32_t len);


static inline uint32_t
wire_get32(const uint8_t *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
           | (uint32_t) p[2] << 8 | p[3];
}


static inline uint8_t *
wire_put32(uint8_t *p, uint32_t n)
{
    *p++ = (uint8_t) (n >> 24);
    *p++ = (uint8_t) (n >> 16);
    *p++ = (uint8_t) (n >> 8);
    *p++ = (uint8_t) n;

    return p;
}


#endif /* BENCH_WIRE_H */
