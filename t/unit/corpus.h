/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/corpus.h: arguments of the method of t/agree/agree.thrift, made
 * systematically: every type where a type is named, sizes, field ids, bools,
 * numbers of enums, depths, unions, and what compact allows to be written in
 * several ways.  Most of them are not as they should be.
 *
 * For t/unit/agree.c, which says what we make of them, and for "make agree",
 * which asks libraries.
 */

#ifndef CORPUS_H
#define CORPUS_H

#include "wire/binary.h"
#include "wire/compact.h"

#include <stdio.h>
#include <string.h>


#define CORPUS_SIZE     4096    /* bytes of a body */
#define CORPUS_UNKNOWN  900     /* the id of a field that nobody declared */
#define CORPUS_FIELDS   32      /* of Body */


typedef void (*corpus_emit_pt)(void *data, const char *kind, unsigned protocol,
    const uint8_t *bytes, size_t n);


typedef struct {
    corpus_emit_pt   emit;
    void            *data;
    unsigned         protocol;
    const char      *kind;
    size_t           n;
    uint8_t          bytes[CORPUS_SIZE];
} corpus_t;


/* Ways to write a value: zeros, or with something in it. */

typedef enum {
    CORPUS_ZERO = 0,
    CORPUS_FULL
} corpus_way_e;


/* Containers of Body: field, container, key or 0, element. */

static const uint8_t  corpus_containers[][4] = {
    { 3, NTHRIFT_LIST, 0, NTHRIFT_I32 },
    { 4, NTHRIFT_MAP, NTHRIFT_STRING, NTHRIFT_I64 },
    { 6, NTHRIFT_SET, 0, NTHRIFT_STRING },
    { 11, NTHRIFT_LIST, 0, NTHRIFT_BOOL },
    { 15, NTHRIFT_LIST, 0, NTHRIFT_LIST },
    { 16, NTHRIFT_MAP, NTHRIFT_I32, NTHRIFT_STRUCT },
    { 17, NTHRIFT_LIST, 0, NTHRIFT_STRUCT },
    { 18, NTHRIFT_SET, 0, NTHRIFT_I32 },
    { 19, NTHRIFT_MAP, NTHRIFT_BOOL, NTHRIFT_BOOL },
    { 20, NTHRIFT_LIST, 0, NTHRIFT_I8 },
    { 21, NTHRIFT_LIST, 0, NTHRIFT_STRING },
    { 22, NTHRIFT_LIST, 0, NTHRIFT_DOUBLE },
    { 23, NTHRIFT_LIST, 0, NTHRIFT_I64 },
    { 24, NTHRIFT_MAP, NTHRIFT_STRING, NTHRIFT_LIST },
    { 27, NTHRIFT_LIST, 0, NTHRIFT_STRUCT },
    { 28, NTHRIFT_LIST, 0, NTHRIFT_I32 },
    { 29, NTHRIFT_MAP, NTHRIFT_I32, NTHRIFT_I32 },
    { 30, NTHRIFT_SET, 0, NTHRIFT_I32 },
    { 31, NTHRIFT_LIST, 0, NTHRIFT_STRUCT },
    { 32, NTHRIFT_MAP, NTHRIFT_STRING, NTHRIFT_STRUCT }
};

#define CORPUS_CONTAINERS  (sizeof(corpus_containers) / 4)


/* Types of binary that are tried; those of compact are 0 to 15. */

static const uint8_t  corpus_types[] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 32,
    64, 127, 128, 255
};


static const uint8_t  corpus_compact[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = NTHRIFT_COMPACT_TRUE,
    [NTHRIFT_I8] = NTHRIFT_COMPACT_I8,
    [NTHRIFT_DOUBLE] = NTHRIFT_COMPACT_DOUBLE,
    [NTHRIFT_I16] = NTHRIFT_COMPACT_I16,
    [NTHRIFT_I32] = NTHRIFT_COMPACT_I32,
    [NTHRIFT_I64] = NTHRIFT_COMPACT_I64,
    [NTHRIFT_STRING] = NTHRIFT_COMPACT_BINARY,
    [NTHRIFT_STRUCT] = NTHRIFT_COMPACT_STRUCT,
    [NTHRIFT_MAP] = NTHRIFT_COMPACT_MAP,
    [NTHRIFT_SET] = NTHRIFT_COMPACT_SET,
    [NTHRIFT_LIST] = NTHRIFT_COMPACT_LIST,
    [NTHRIFT_UUID] = NTHRIFT_COMPACT_UUID
};


/* The protocol's number of a type. */

static inline uint8_t
corpus_type(const corpus_t *c, unsigned type)
{
    return (c->protocol == NTHRIFT_BINARY) ? (uint8_t) type
                                           : corpus_compact[type];
}


/* The i-th of the types that are tried, or -1. */

static inline int
corpus_nth(const corpus_t *c, unsigned i)
{
    if (c->protocol == NTHRIFT_BINARY) {
        return (i < sizeof(corpus_types)) ? corpus_types[i] : -1;
    }

    return (i < 16) ? (int) i : -1;
}


/* Bytes. */

static inline void
corpus_byte(corpus_t *c, unsigned byte)
{
    c->bytes[c->n++] = (uint8_t) byte;
}


static inline void
corpus_fill(corpus_t *c, unsigned byte, size_t n)
{
    memset(c->bytes + c->n, (int) byte, n);
    c->n += n;
}


static inline void
corpus_text(corpus_t *c, const char *text, size_t len)
{
    memcpy(c->bytes + c->n, text, len);
    c->n += len;
}


static inline void
corpus_i16(corpus_t *c, unsigned v)
{
    corpus_byte(c, v >> 8);
    corpus_byte(c, v);
}


static inline void
corpus_i32(corpus_t *c, uint32_t v)
{
    corpus_i16(c, v >> 16);
    corpus_i16(c, v & 0xffff);
}


static inline void
corpus_varint(corpus_t *c, uint64_t v)
{
    c->n = (size_t) (nthrift_compact_varint_write(c->bytes + c->n, v)
                     - c->bytes);
}


/* In `len` bytes, however few would do; the last one's other bits are `top`. */

static inline void
corpus_padded(corpus_t *c, uint64_t v, unsigned len, unsigned top)
{
    unsigned  i;

    for (i = 0; i + 1 < len; i++) {
        corpus_byte(c, ((i < 9) ? v >> (7 * i) & 0x7f : 0) | 0x80);
    }

    corpus_byte(c, ((i < 9) ? v >> (7 * i) & 0x7f : 0) | top);
}


/* A length, a size or an i32, as the protocol has them. */

static inline void
corpus_size(corpus_t *c, uint32_t v)
{
    if (c->protocol == NTHRIFT_BINARY) {
        corpus_i32(c, v);

    } else {
        corpus_varint(c, v);
    }
}


static inline void
corpus_number(corpus_t *c, int32_t v)
{
    corpus_size(c, (c->protocol == NTHRIFT_BINARY)
                   ? (uint32_t) v : (uint32_t) nthrift_compact_zigzag(v));
}


/* What stands before values; `type`, `elem` and `key` are the protocol's. */

static inline void
corpus_field(corpus_t *c, unsigned type, int id)
{
    corpus_byte(c, type);

    if (c->protocol == NTHRIFT_BINARY) {
        corpus_i16(c, (unsigned) id & 0xffff);

    } else {
        corpus_varint(c, (uint32_t) nthrift_compact_zigzag(id));
    }
}


static inline void
corpus_list(corpus_t *c, unsigned elem, uint32_t n)
{
    if (c->protocol == NTHRIFT_BINARY) {
        corpus_byte(c, elem);
        corpus_i32(c, n);

    } else if (n < 15) {
        corpus_byte(c, n << 4 | elem);

    } else {
        corpus_byte(c, 0xf0 | elem);
        corpus_varint(c, n);
    }
}


static inline void
corpus_map(corpus_t *c, unsigned key, unsigned elem, uint32_t n)
{
    if (c->protocol == NTHRIFT_BINARY) {
        corpus_byte(c, key);
        corpus_byte(c, elem);
        corpus_i32(c, n);
        return;
    }

    corpus_varint(c, n);

    if (n != 0) {
        corpus_byte(c, key << 4 | elem);
    }
}


/* A value of binary; one of no type is 16 bytes. */

static inline void
corpus_value_binary(corpus_t *c, unsigned type, corpus_way_e way)
{
    static const uint8_t  sizes[NTHRIFT_UUID + 1] = {
        NTHRIFT_BINARY_FIXED,
        [NTHRIFT_STRING] = 4,
        [NTHRIFT_STRUCT] = 1,
        [NTHRIFT_MAP] = NTHRIFT_BINARY_MAP,
        [NTHRIFT_SET] = NTHRIFT_BINARY_LIST,
        [NTHRIFT_LIST] = NTHRIFT_BINARY_LIST
    };

    if (way == CORPUS_FULL) {

        switch (type) {

        case NTHRIFT_STRING:
            corpus_i32(c, 3);
            corpus_fill(c, 0, 3);
            return;

        case NTHRIFT_STRUCT:
            corpus_field(c, NTHRIFT_I32, 1);
            corpus_i32(c, 1);
            corpus_byte(c, 0);
            return;

        case NTHRIFT_MAP:
            corpus_map(c, NTHRIFT_I8, NTHRIFT_I8, 2);
            corpus_fill(c, 0, 4);
            return;

        case NTHRIFT_SET:
        case NTHRIFT_LIST:
            corpus_list(c, NTHRIFT_I8, 4);
            corpus_fill(c, 0, 4);
            return;

        default:
            break;
        }
    }

    if (type == NTHRIFT_MAP) {
        corpus_map(c, NTHRIFT_STRING, NTHRIFT_I64, 0);

    } else if (type == NTHRIFT_SET || type == NTHRIFT_LIST) {
        corpus_list(c, NTHRIFT_I32, 0);

    } else {
        corpus_fill(c, 0, (type <= NTHRIFT_UUID && sizes[type] != 0)
                          ? sizes[type] : 16);
    }
}


/* The same of compact; a bool has a byte where it is an element only. */

static inline void
corpus_value_compact(corpus_t *c, unsigned type, corpus_way_e way, int element)
{
    static const struct {
        uint8_t        n;
        const char    *bytes;
    } full[] = {
        [NTHRIFT_COMPACT_BINARY] = { 4, "\3\0\0\0" },
        [NTHRIFT_COMPACT_LIST] = { 5, "\x43\0\0\0\0" },
        [NTHRIFT_COMPACT_SET] = { 5, "\x43\0\0\0\0" },
        [NTHRIFT_COMPACT_MAP] = { 6, "\2\x33\0\0\0\0" },
        [NTHRIFT_COMPACT_STRUCT] = { 3, "\x15\2\0" }
    };

    if (type == NTHRIFT_COMPACT_TRUE || type == NTHRIFT_COMPACT_FALSE) {

        if (element) {
            corpus_byte(c, (way == CORPUS_FULL) ? type : 0);
        }

        return;
    }

    if (way == CORPUS_FULL && type >= NTHRIFT_COMPACT_BINARY
        && type <= NTHRIFT_COMPACT_STRUCT)
    {
        corpus_text(c, full[type].bytes, full[type].n);
        return;
    }

    if (type == NTHRIFT_COMPACT_LIST || type == NTHRIFT_COMPACT_SET) {
        corpus_byte(c, NTHRIFT_COMPACT_I32);
        return;
    }

    corpus_fill(c, 0, (type >= NTHRIFT_COMPACT_I8
                       && type <= NTHRIFT_COMPACT_STRUCT)
                      ? ((type == NTHRIFT_COMPACT_DOUBLE) ? 8 : 1) : 16);
}


static inline void
corpus_value(corpus_t *c, unsigned type, corpus_way_e way, int element)
{
    if (c->protocol == NTHRIFT_BINARY) {
        corpus_value_binary(c, type, way);

    } else {
        corpus_value_compact(c, type, way, element);
    }
}


static inline void
corpus_values(corpus_t *c, unsigned type, corpus_way_e way, unsigned n)
{
    while (n-- != 0) {
        corpus_value(c, type, way, 1);
    }
}


/* The arguments: in Body, or beside it. */

static inline void
corpus_body(corpus_t *c)
{
    c->n = 0;

    if (c->protocol == NTHRIFT_BINARY) {
        corpus_field(c, NTHRIFT_STRUCT, 1);

    } else {
        corpus_byte(c, 0x10 | NTHRIFT_COMPACT_STRUCT);
    }
}


static inline void
corpus_emit(corpus_t *c)
{
    c->emit(c->data, c->kind, c->protocol, c->bytes, c->n);
}


/* Ends Body and the arguments. */

static inline void
corpus_end(corpus_t *c)
{
    corpus_byte(c, 0);
    corpus_byte(c, 0);
    corpus_emit(c);
}


static inline void
corpus_start_struct(corpus_t *c, int id)
{
    corpus_body(c);
    corpus_field(c, corpus_type(c, NTHRIFT_STRUCT), id);
}


/* A field of each type, in each place where nobody declared it. */

static inline void
corpus_unknown_field(corpus_t *c, unsigned type, corpus_way_e way)
{
    static const uint8_t  structs[] = { 5, 25, 26 };

    size_t  i;

    c->kind = "unknown field";

    c->n = 0;
    corpus_field(c, type, CORPUS_UNKNOWN);
    corpus_value(c, type, way, 0);
    corpus_byte(c, 0);
    corpus_emit(c);

    corpus_body(c);
    corpus_field(c, type, CORPUS_UNKNOWN);
    corpus_value(c, type, way, 0);
    corpus_end(c);

    for (i = 0; i < sizeof(structs); i++) {
        corpus_start_struct(c, structs[i]);
        corpus_field(c, type, 9);
        corpus_value(c, type, way, 0);
        corpus_byte(c, 0);
        corpus_end(c);
    }

    /* in a struct that is unknown itself, and in a list of such */

    corpus_start_struct(c, CORPUS_UNKNOWN);
    corpus_field(c, type, 1);
    corpus_value(c, type, way, 0);
    corpus_field(c, type, 2);
    corpus_value(c, type, way, 0);
    corpus_byte(c, 0);
    corpus_end(c);

    corpus_body(c);
    corpus_field(c, corpus_type(c, NTHRIFT_LIST), CORPUS_UNKNOWN);
    corpus_list(c, corpus_type(c, NTHRIFT_STRUCT), 1);
    corpus_field(c, type, 1);
    corpus_value(c, type, way, 0);
    corpus_byte(c, 0);
    corpus_end(c);
}


/* Where its value is not one: nothing, or too much. */

static inline void
corpus_unknown_bytes(corpus_t *c, unsigned type)
{
    c->kind = "unknown field, other bytes";

    corpus_body(c);
    corpus_field(c, type, CORPUS_UNKNOWN);
    corpus_end(c);

    corpus_body(c);
    corpus_field(c, type, CORPUS_UNKNOWN);
    corpus_fill(c, 0, 8);
    corpus_end(c);

    corpus_body(c);
    corpus_byte(c, type);
    corpus_fill(c, 0, 20);
    corpus_end(c);
}


static inline void
corpus_unknown_container(corpus_t *c, unsigned type, corpus_way_e way)
{
    unsigned  n;

    c->kind = "unknown container";

    for (n = 0; n < 4; n++) {
        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_LIST), CORPUS_UNKNOWN);
        corpus_list(c, type, n);
        corpus_values(c, type, way, n);
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_SET), CORPUS_UNKNOWN);
        corpus_list(c, type, n);
        corpus_values(c, type, way, n);
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_LIST), CORPUS_UNKNOWN);
        corpus_list(c, corpus_type(c, NTHRIFT_LIST), 1);
        corpus_list(c, type, n);
        corpus_values(c, type, way, n);
        corpus_end(c);
    }
}


static inline void
corpus_pairs(corpus_t *c, int id, unsigned key, unsigned elem,
    corpus_way_e way)
{
    unsigned  i, n;

    for (n = 0; n < 3; n++) {
        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_MAP), id);
        corpus_map(c, key, elem, n);

        for (i = 0; i < n; i++) {
            corpus_value(c, key, way, 1);
            corpus_value(c, elem, way, 1);
        }

        corpus_end(c);
    }
}


static inline void
corpus_unknown(corpus_t *c)
{
    int       type, elem;
    unsigned  i, k;

    for (i = 0; (type = corpus_nth(c, i)) >= 0; i++) {
        corpus_unknown_bytes(c, (unsigned) type);
        corpus_unknown_field(c, (unsigned) type, CORPUS_ZERO);
        corpus_unknown_field(c, (unsigned) type, CORPUS_FULL);
        corpus_unknown_container(c, (unsigned) type, CORPUS_ZERO);
        corpus_unknown_container(c, (unsigned) type, CORPUS_FULL);

        c->kind = "unknown map";

        for (k = 0; (elem = corpus_nth(c, k)) >= 0; k++) {
            corpus_pairs(c, CORPUS_UNKNOWN, (unsigned) type, (unsigned) elem,
                         CORPUS_FULL);
        }
    }
}


/* Every declared field as every type; and its elements. */

static inline void
corpus_declared_fields(corpus_t *c)
{
    int           id, type;
    unsigned      i;
    corpus_way_e  way;

    c->kind = "declared field";

    for (id = 1; id <= CORPUS_FIELDS; id++) {
        for (i = 0; (type = corpus_nth(c, i)) >= 0; i++) {
            for (way = CORPUS_ZERO; way <= CORPUS_FULL; way++) {
                corpus_body(c);
                corpus_field(c, (unsigned) type, id);
                corpus_value(c, (unsigned) type, way, 0);
                corpus_end(c);
            }
        }
    }
}


static inline void
corpus_declared_list(corpus_t *c, const uint8_t *field, unsigned type)
{
    unsigned      n;
    corpus_way_e  way;

    c->kind = "declared list";

    for (n = 0; n < 4; n++) {
        for (way = CORPUS_ZERO; way <= CORPUS_FULL; way++) {
            corpus_body(c);
            corpus_field(c, corpus_type(c, field[1]), field[0]);
            corpus_list(c, type, n);
            corpus_values(c, type, way, n);
            corpus_end(c);
        }
    }
}


static inline void
corpus_declared_map(corpus_t *c, const uint8_t *field, unsigned type)
{
    c->kind = "declared map";

    corpus_pairs(c, field[0], type, corpus_type(c, field[3]), CORPUS_ZERO);
    corpus_pairs(c, field[0], type, corpus_type(c, field[3]), CORPUS_FULL);
    corpus_pairs(c, field[0], corpus_type(c, field[2]), type, CORPUS_ZERO);
    corpus_pairs(c, field[0], corpus_type(c, field[2]), type, CORPUS_FULL);
    corpus_pairs(c, field[0], type, type, CORPUS_FULL);
}


static inline void
corpus_declared(corpus_t *c)
{
    int       type;
    size_t    k;
    unsigned  i;

    corpus_declared_fields(c);

    for (k = 0; k < CORPUS_CONTAINERS; k++) {
        for (i = 0; (type = corpus_nth(c, i)) >= 0; i++) {

            if (corpus_containers[k][2] != 0) {
                corpus_declared_map(c, corpus_containers[k], (unsigned) type);

            } else {
                corpus_declared_list(c, corpus_containers[k], (unsigned) type);
            }
        }
    }
}


/* Lengths and sizes that are not true. */

static inline void
corpus_sizes(corpus_t *c)
{
    size_t    i;
    uint32_t  n;

    static const uint32_t  sizes[] = {
        0xffffffff, 0x80000000, 0x7fffffff, 100000000, 65536, 5
    };

    static const uint8_t  fields[][3] = {
        { 2, NTHRIFT_STRING, 0 }, { 10, NTHRIFT_STRING, 0 },
        { 3, NTHRIFT_LIST, NTHRIFT_I32 }, { 17, NTHRIFT_LIST, NTHRIFT_STRUCT },
        { 15, NTHRIFT_LIST, NTHRIFT_LIST }, { 20, NTHRIFT_LIST, NTHRIFT_I8 },
        { 6, NTHRIFT_SET, NTHRIFT_STRING }, { 18, NTHRIFT_SET, NTHRIFT_I32 },
        { 4, NTHRIFT_MAP, NTHRIFT_I64 }, { 16, NTHRIFT_MAP, NTHRIFT_STRUCT },
        { 90, NTHRIFT_STRING, 0 }, { 90, NTHRIFT_LIST, NTHRIFT_STRUCT },
        { 90, NTHRIFT_SET, NTHRIFT_I8 }, { 90, NTHRIFT_MAP, NTHRIFT_I64 }
    };

    c->kind = "sizes";

    for (i = 0; i < sizeof(fields) / 3; i++) {
        for (n = 0; n < sizeof(sizes) / sizeof(uint32_t); n++) {
            corpus_body(c);
            corpus_field(c, corpus_type(c, fields[i][1]), fields[i][0]);

            if (fields[i][1] == NTHRIFT_STRING) {
                corpus_size(c, sizes[n]);

            } else if (fields[i][1] == NTHRIFT_MAP) {
                corpus_map(c, corpus_type(c, (fields[i][0] == 4)
                                             ? NTHRIFT_STRING : NTHRIFT_I32),
                           corpus_type(c, fields[i][2]), sizes[n]);

            } else {
                corpus_list(c, corpus_type(c, fields[i][2]), sizes[n]);
            }

            corpus_fill(c, 0, 9);
            corpus_end(c);
        }
    }
}


static inline void
corpus_ids(corpus_t *c)
{
    size_t    i, k, n;
    unsigned  type;

    static const int  ids[] = {
        0, -1, -2, -32768, 32767, 255, 256, 900, 33, 65535, 65536, 65537,
        65541, -32769, 100000, -100000, 131073, 0x7fffffff
    };

    static const uint8_t  types[] = {
        NTHRIFT_BOOL, NTHRIFT_I32, NTHRIFT_STRING, NTHRIFT_STRUCT,
        NTHRIFT_MAP, NTHRIFT_LIST
    };

    c->kind = "field ids";

    n = (c->protocol == NTHRIFT_BINARY) ? 9 : sizeof(ids) / sizeof(int);

    for (i = 0; i < n; i++) {
        for (k = 0; k < sizeof(types); k++) {
            type = corpus_type(c, types[k]);

            corpus_body(c);
            corpus_field(c, type, ids[i]);
            corpus_value(c, type, CORPUS_FULL, 0);
            corpus_end(c);

            corpus_body(c);
            corpus_field(c, type, ids[i]);
            corpus_value(c, type, CORPUS_FULL, 0);
            corpus_field(c, corpus_type(c, NTHRIFT_I32), 1);
            corpus_number(c, 7);
            corpus_field(c, corpus_type(c, NTHRIFT_I32), 1);
            corpus_number(c, 8);
            corpus_end(c);
        }
    }
}


/* Bools of any byte, text of any byte, enums of any number. */

static inline void
corpus_bytes(corpus_t *c)
{
    int       id;
    unsigned  byte;

    c->kind = "bools";

    for (byte = 0; byte < 256; byte++) {

        if (c->protocol == NTHRIFT_BINARY) {
            corpus_body(c);
            corpus_field(c, NTHRIFT_BOOL, (byte & 1) ? 7 : CORPUS_UNKNOWN);
            corpus_byte(c, byte);
            corpus_end(c);
        }

        for (id = 11; id <= CORPUS_UNKNOWN; id += CORPUS_UNKNOWN - 11) {
            corpus_body(c);
            corpus_field(c, corpus_type(c, NTHRIFT_LIST), id);
            corpus_list(c, corpus_type(c, NTHRIFT_BOOL), 3);
            corpus_fill(c, byte, 3);
            corpus_end(c);
        }

        for (id = 19; id <= CORPUS_UNKNOWN; id += CORPUS_UNKNOWN - 19) {
            corpus_body(c);
            corpus_field(c, corpus_type(c, NTHRIFT_MAP), id);
            corpus_map(c, corpus_type(c, NTHRIFT_BOOL),
                       corpus_type(c, NTHRIFT_BOOL), 2);
            corpus_fill(c, byte, 4);
            corpus_end(c);
        }
    }
}


static inline void
corpus_enum_list(corpus_t *c, int id, unsigned type, int number)
{
    corpus_body(c);
    corpus_field(c, corpus_type(c, type), id);

    if (type == NTHRIFT_MAP) {
        corpus_map(c, corpus_type(c, NTHRIFT_I32),
                   corpus_type(c, NTHRIFT_I32), 1);

    } else {
        corpus_list(c, corpus_type(c, NTHRIFT_I32), 2);
    }

    corpus_number(c, 1);
    corpus_number(c, number);
    corpus_end(c);
}


static inline void
corpus_need(corpus_t *c, int color)
{
    corpus_field(c, corpus_type(c, NTHRIFT_I32), 1);
    corpus_number(c, 1);
    corpus_field(c, corpus_type(c, NTHRIFT_STRING), 2);
    corpus_size(c, 0);
    corpus_field(c, corpus_type(c, NTHRIFT_I32), 3);
    corpus_number(c, color);
    corpus_byte(c, 0);
}


static inline void
corpus_enums(corpus_t *c)
{
    size_t  i;

    static const int  numbers[] = {
        1, 2, 0, 3, -1, 127, 128, 255, 256, 65536, -65535, 0x7fffffff,
        -0x7fffffff - 1
    };

    c->kind = "enums";

    for (i = 0; i < sizeof(numbers) / sizeof(int); i++) {
        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_I32), 9);
        corpus_number(c, numbers[i]);
        corpus_end(c);

        corpus_start_struct(c, 25);
        corpus_field(c, corpus_type(c, NTHRIFT_I32), 4);
        corpus_number(c, numbers[i]);
        corpus_byte(c, 0);
        corpus_end(c);

        corpus_start_struct(c, 26);
        corpus_need(c, numbers[i]);
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_LIST), 31);
        corpus_list(c, corpus_type(c, NTHRIFT_STRUCT), 2);
        corpus_need(c, 1);
        corpus_need(c, numbers[i]);
        corpus_end(c);

        corpus_enum_list(c, 28, NTHRIFT_LIST, numbers[i]);
        corpus_enum_list(c, 30, NTHRIFT_SET, numbers[i]);
        corpus_enum_list(c, 29, NTHRIFT_MAP, numbers[i]);
    }
}


static inline void
corpus_texts(corpus_t *c)
{
    size_t    i, k;
    unsigned  byte;

    static const char *const  texts[] = {
        "", "\xff\xfe", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80",
        "\xe2\x82", "\xef\xbb\xbf", "caf\xc3\xa9"
    };

    static const int  ids[] = { 2, 10, CORPUS_UNKNOWN };

    c->kind = "texts";

    for (i = 0; i < sizeof(texts) / sizeof(char *); i++) {
        for (k = 0; k < 3; k++) {
            corpus_body(c);
            corpus_field(c, corpus_type(c, NTHRIFT_STRING), ids[k]);
            corpus_size(c, (uint32_t) strlen(texts[i]));
            corpus_text(c, texts[i], strlen(texts[i]));
            corpus_end(c);
        }

        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_SET), 6);
        corpus_list(c, corpus_type(c, NTHRIFT_STRING), 1);
        corpus_size(c, (uint32_t) strlen(texts[i]));
        corpus_text(c, texts[i], strlen(texts[i]));
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_MAP), 4);
        corpus_map(c, corpus_type(c, NTHRIFT_STRING),
                   corpus_type(c, NTHRIFT_I64), 1);
        corpus_size(c, (uint32_t) strlen(texts[i]));
        corpus_text(c, texts[i], strlen(texts[i]));
        corpus_value(c, corpus_type(c, NTHRIFT_I64), CORPUS_ZERO, 1);
        corpus_end(c);
    }

    for (byte = 0; byte < 256; byte++) {
        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_STRING), 2);
        corpus_size(c, 1);
        corpus_byte(c, byte);
        corpus_end(c);
    }
}


static inline void
corpus_number_field(corpus_t *c, int id)
{
    corpus_field(c, corpus_type(c, NTHRIFT_I32), id);
    corpus_number(c, 1);
}


/* Fields of a union, and those that are required, from none to all. */

static inline void
corpus_fields(corpus_t *c)
{
    int       id;
    unsigned  set;

    c->kind = "fields of unions and structs";

    for (set = 0; set < 64; set++) {
        for (id = 25; id <= 26; id++) {
            corpus_start_struct(c, id);

            if (set & 1) {
                corpus_number_field(c, 1);
            }

            if (set & 2) {
                corpus_field(c, corpus_type(c, NTHRIFT_STRING), 2);
                corpus_size(c, 1);
                corpus_byte(c, 0);
            }

            if (set & 4) {

                if (id == 25) {
                    corpus_field(c, corpus_type(c, NTHRIFT_STRUCT), 3);
                    corpus_byte(c, 0);

                } else {
                    corpus_number_field(c, 3);
                }
            }

            if (set & 8) {
                corpus_number_field(c, 4);
            }

            if (set & 16) {
                corpus_number_field(c, 9);
            }

            if (set & 32) {
                corpus_number_field(c, 1);
            }

            corpus_byte(c, 0);
            corpus_end(c);
        }
    }
}


static inline void
corpus_unions(corpus_t *c)
{
    int       id;
    unsigned  n;

    c->kind = "unions in containers";

    for (id = -1; id <= 9; id++) {
        for (n = 0; n < 3; n++) {
            corpus_body(c);
            corpus_field(c, corpus_type(c, NTHRIFT_LIST), 27);
            corpus_list(c, corpus_type(c, NTHRIFT_STRUCT), n + 1);
            corpus_number_field(c, 1);
            corpus_byte(c, 0);

            if (n > 0) {
                corpus_number_field(c, id);
                corpus_byte(c, 0);
            }

            if (n > 1) {
                corpus_byte(c, 0);
            }

            corpus_end(c);
        }

        corpus_body(c);
        corpus_field(c, corpus_type(c, NTHRIFT_MAP), 32);
        corpus_map(c, corpus_type(c, NTHRIFT_STRING),
                   corpus_type(c, NTHRIFT_STRUCT), 1);
        corpus_size(c, 0);
        corpus_number_field(c, id);
        corpus_byte(c, 0);
        corpus_end(c);
    }
}


static inline void
corpus_depth(corpus_t *c, unsigned depth)
{
    unsigned  i;

    corpus_body(c);

    for (i = 0; i < depth; i++) {
        corpus_field(c, corpus_type(c, NTHRIFT_STRUCT), CORPUS_UNKNOWN);
    }

    corpus_fill(c, 0, depth);
    corpus_end(c);

    corpus_body(c);
    corpus_field(c, corpus_type(c, NTHRIFT_LIST), CORPUS_UNKNOWN);

    for (i = 0; i < depth; i++) {
        corpus_list(c, corpus_type(c, NTHRIFT_LIST), 1);
    }

    corpus_list(c, corpus_type(c, NTHRIFT_I8), 1);
    corpus_byte(c, 0);
    corpus_end(c);

    /* declared: Inner, in its own list, and so on */

    corpus_start_struct(c, 5);

    for (i = 0; i < depth; i++) {
        corpus_field(c, corpus_type(c, NTHRIFT_LIST), 3);
        corpus_list(c, corpus_type(c, NTHRIFT_STRUCT), 1);
    }

    corpus_fill(c, 0, depth + 1);
    corpus_end(c);
}


static inline void
corpus_depths(corpus_t *c)
{
    size_t  i;

    static const uint8_t  depths[] = {
        1, 2, 10, 20, 29, 30, 31, 32, 33, 50, 58, 59, 60, 61, 62, 63, 64, 70,
        100, 250
    };

    c->kind = "depths";

    for (i = 0; i < sizeof(depths); i++) {
        corpus_depth(c, depths[i]);
    }
}


/* Ends: none, too early, too late; first bytes of arguments and of Body. */

static inline void
corpus_ends(corpus_t *c)
{
    unsigned  byte;

    c->kind = "ends";

    c->n = 0;
    corpus_emit(c);
    corpus_byte(c, 0);
    corpus_emit(c);
    corpus_fill(c, 0, 5);
    corpus_emit(c);

    corpus_body(c);
    corpus_emit(c);
    corpus_byte(c, 0);
    corpus_emit(c);
    corpus_byte(c, 0);
    corpus_fill(c, 0x5a, 5);
    corpus_emit(c);

    for (byte = 0; byte < 256; byte++) {
        c->n = 0;
        corpus_byte(c, byte);
        corpus_fill(c, 0, 20);
        corpus_emit(c);

        corpus_body(c);
        corpus_byte(c, byte);
        corpus_fill(c, 0, 30);
        corpus_end(c);
    }
}


/* All fields at once, as they should be. */

static inline void
corpus_good(corpus_t *c)
{
    int     id;
    size_t  i;

    static const uint8_t  types[CORPUS_FIELDS + 1] = {
        0, NTHRIFT_I32, NTHRIFT_STRING, 0, 0, NTHRIFT_STRUCT, 0, NTHRIFT_BOOL,
        NTHRIFT_DOUBLE, 0, NTHRIFT_STRING, 0, NTHRIFT_I16, NTHRIFT_I64,
        NTHRIFT_I8
    };

    c->kind = "good";

    corpus_body(c);

    for (id = 1; id <= CORPUS_FIELDS; id++) {
        if (types[id] != 0) {
            corpus_field(c, corpus_type(c, types[id]), id);
            corpus_value(c, corpus_type(c, types[id]), CORPUS_FULL, 0);
        }
    }

    for (i = 0; i < CORPUS_CONTAINERS; i++) {
        if (corpus_containers[i][2] == 0
            && corpus_containers[i][3] != NTHRIFT_STRUCT
            && corpus_containers[i][0] < 25)
        {
            corpus_field(c, corpus_type(c, corpus_containers[i][1]),
                         corpus_containers[i][0]);
            corpus_list(c, corpus_type(c, corpus_containers[i][3]), 2);
            corpus_values(c, corpus_type(c, corpus_containers[i][3]),
                          (corpus_containers[i][3] == NTHRIFT_BOOL)
                              ? CORPUS_FULL : CORPUS_ZERO, 2);
        }
    }

    corpus_field(c, corpus_type(c, NTHRIFT_STRUCT), 26);
    corpus_need(c, 2);
    corpus_end(c);
}


/* What only compact has: short heads, long forms, numbers in many ways. */

static inline void
corpus_heads(corpus_t *c)
{
    size_t    i;
    unsigned  type, more;

    static const int  bases[] = { 0, -1, -2, 1, 885, 32760, 32766, 32767 };

    c->kind = "compact heads";

    for (type = 0; type < 16; type++) {
        for (more = 1; more < 16; more++) {
            for (i = 0; i < sizeof(bases) / sizeof(int); i++) {
                corpus_body(c);
                corpus_field(c, NTHRIFT_COMPACT_I16, bases[i]);
                corpus_byte(c, 0);
                corpus_byte(c, more << 4 | type);
                corpus_value(c, type, CORPUS_FULL, 0);
                corpus_end(c);
            }

            corpus_body(c);
            corpus_byte(c, more << 4 | type);
            corpus_value(c, type, CORPUS_ZERO, 0);
            corpus_end(c);
        }
    }

    /* after a bool, whose value is in its head */

    for (type = 0; type < 16; type++) {
        for (more = 1; more < 3; more++) {
            corpus_body(c);
            corpus_field(c, more, (more == 1) ? 7 : CORPUS_UNKNOWN);
            corpus_field(c, type, CORPUS_UNKNOWN + 1);
            corpus_value(c, type, CORPUS_FULL, 0);
            corpus_end(c);

            corpus_body(c);
            corpus_field(c, more, CORPUS_UNKNOWN);
            corpus_field(c, NTHRIFT_COMPACT_LIST, CORPUS_UNKNOWN + 1);
            corpus_list(c, type, 2);
            corpus_values(c, type, CORPUS_FULL, 2);
            corpus_end(c);
        }
    }
}


static inline void
corpus_lengths(corpus_t *c, uint64_t v, unsigned len, unsigned top)
{
    size_t  i;

    static const struct {
        uint16_t  id;
        uint8_t   type;
        uint8_t   head;         /* before the number; 0: nothing */
    } fields[] = {
        { 2, NTHRIFT_COMPACT_BINARY, 0 },
        { CORPUS_UNKNOWN, NTHRIFT_COMPACT_BINARY, 0 },
        { 20, NTHRIFT_COMPACT_LIST, 0xf3 },
        { CORPUS_UNKNOWN, NTHRIFT_COMPACT_LIST, 0xf3 },
        { CORPUS_UNKNOWN, NTHRIFT_COMPACT_SET, 0xf3 }
    };

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        corpus_body(c);
        corpus_field(c, fields[i].type, fields[i].id);

        if (fields[i].head != 0) {
            corpus_byte(c, fields[i].head);
        }

        corpus_padded(c, v, len, top);
        corpus_fill(c, 0, (size_t) v);
        corpus_end(c);
    }

    for (i = 0; i < 4; i++) {
        corpus_body(c);
        corpus_field(c, NTHRIFT_COMPACT_MAP, (i & 1) ? 16 : CORPUS_UNKNOWN);
        corpus_padded(c, v, len, top);

        if (v != 0 || (i & 2)) {
            corpus_byte(c, 0x5c);
        }

        corpus_fill(c, 0, 2 * (size_t) v);
        corpus_end(c);
    }
}


static inline void
corpus_numbers(corpus_t *c, uint64_t v, unsigned len, unsigned top)
{
    size_t  i;

    static const uint16_t  fields[][2] = {
        { 1, NTHRIFT_COMPACT_I32 }, { 12, NTHRIFT_COMPACT_I16 },
        { 13, NTHRIFT_COMPACT_I64 }, { 9, NTHRIFT_COMPACT_I32 },
        { CORPUS_UNKNOWN, NTHRIFT_COMPACT_I16 },
        { CORPUS_UNKNOWN, NTHRIFT_COMPACT_I32 },
        { CORPUS_UNKNOWN, NTHRIFT_COMPACT_I64 }
    };

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        corpus_body(c);
        corpus_field(c, fields[i][1], fields[i][0]);
        corpus_padded(c, v, len, top);
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, NTHRIFT_COMPACT_LIST,
                     (i == 0) ? 3 : (i == 2) ? 23 : CORPUS_UNKNOWN);
        corpus_list(c, fields[i][1], 2);
        corpus_padded(c, v, len, top);
        corpus_padded(c, v, len, top);
        corpus_end(c);
    }

    /* a field's id */

    corpus_body(c);
    corpus_byte(c, NTHRIFT_COMPACT_I32);
    corpus_padded(c, v, len, top);
    corpus_byte(c, 0);
    corpus_end(c);

    corpus_body(c);
    corpus_byte(c, NTHRIFT_COMPACT_LIST);
    corpus_padded(c, v, len, top);
    corpus_byte(c, 0x25);
    corpus_fill(c, 0, 2);
    corpus_end(c);
}


static inline void
corpus_varints(corpus_t *c)
{
    size_t    i, k;
    unsigned  len;

    static const uint8_t  values[] = { 0, 1, 2, 3, 5, 6 };
    static const uint8_t  tops[] = { 0, 0x08, 0x0f, 0x10, 0x1f, 0x40, 0x7f };

    c->kind = "compact numbers";

    for (len = 1; len <= 12; len++) {
        for (i = 0; i < sizeof(values); i++) {
            for (k = 0; k < sizeof(tops); k++) {

                if (len == 1 && k != 0) {
                    break;
                }

                corpus_lengths(c, values[i], len, tops[k]);
                corpus_numbers(c, values[i], len, tops[k]);
            }
        }
    }
}


static inline void
corpus_compact_only(corpus_t *c)
{
    unsigned  byte;

    corpus_heads(c);
    corpus_varints(c);

    c->kind = "compact containers";

    for (byte = 0; byte < 256; byte++) {
        corpus_body(c);
        corpus_field(c, NTHRIFT_COMPACT_LIST, CORPUS_UNKNOWN);
        corpus_byte(c, byte);
        corpus_fill(c, 0, 300);
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, NTHRIFT_COMPACT_LIST, 3);
        corpus_byte(c, byte);
        corpus_fill(c, 0, 20);
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, NTHRIFT_COMPACT_MAP, (byte & 1) ? 4 : CORPUS_UNKNOWN);
        corpus_byte(c, 1);
        corpus_byte(c, byte);
        corpus_fill(c, 0, 40);
        corpus_end(c);

        corpus_body(c);
        corpus_field(c, NTHRIFT_COMPACT_LIST, 11);
        corpus_byte(c, 0x30 | (byte & 1 ? NTHRIFT_COMPACT_FALSE
                                        : NTHRIFT_COMPACT_TRUE));
        corpus_fill(c, byte / 2, 3);
        corpus_end(c);
    }
}


static inline void
corpus_make(corpus_emit_pt emit, void *data)
{
    static corpus_t  c;

    c.emit = emit;
    c.data = data;

    for (c.protocol = NTHRIFT_BINARY; c.protocol <= NTHRIFT_COMPACT;
         c.protocol++)
    {
        corpus_good(&c);
        corpus_unknown(&c);
        corpus_declared(&c);
        corpus_sizes(&c);
        corpus_ids(&c);
        corpus_bytes(&c);
        corpus_enums(&c);
        corpus_texts(&c);
        corpus_fields(&c);
        corpus_unions(&c);
        corpus_depths(&c);
        corpus_ends(&c);
    }

    c.protocol = NTHRIFT_COMPACT;
    corpus_compact_only(&c);
}


#endif /* CORPUS_H */
