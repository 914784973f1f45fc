/*
 * nthrift_write.c: the bytes of single values.  nthrift_encode.c walks over
 * the arguments of a call and comes here for each of them.
 *
 * Sources: doc/specs/thrift-binary-protocol.md, thrift-compact-protocol.md.
 */

#include "nthrift_write.h"

#include "wire/binary.h"
#include "wire/compact.h"

#include <stdlib.h>


#define WRITE_SIZE         1024     /* bytes: of a new buffer */
#define WRITE_NUMBER       10       /* bytes: of the longest number */

/* Compact: the size of a list, or the step to a field's id, in one byte. */

#define WRITE_SHORT_LIST   14
#define WRITE_SHORT_DELTA  15


static const uint8_t  write_compact[NTHRIFT_UUID + 1] = {
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


void
nthrift_write_init(nthrift_write_t *w, unsigned protocol, size_t max)
{
    memset(w, 0, sizeof(nthrift_write_t));

    w->protocol = protocol;
    w->max = max;
}


void
nthrift_write_free(nthrift_write_t *w)
{
    free(w->data);
    w->data = NULL;
}


/* Makes room for `n` more bytes; 0, or -1 if there can be none. */

static int
write_reserve(nthrift_write_t *w, size_t n)
{
    size_t    size;
    uint8_t  *data;

    if (w->error != NULL) {
        return -1;
    }

    if (n <= w->size - w->len) {
        return 0;
    }

    if (n > w->max - w->len) {
        w->error = "the arguments are larger than --max-size allows";
        return -1;
    }

    size = (w->size < WRITE_SIZE) ? WRITE_SIZE : w->size * 2;

    if (size < w->len + n) {
        size = w->len + n;
    }

    if (size > w->max) {
        size = w->max;
    }

    data = realloc(w->data, size);
    if (data == NULL) {
        w->error = "not enough memory";
        return -1;
    }

    w->data = data;
    w->size = size;

    return 0;
}


static void
write_bytes(nthrift_write_t *w, const uint8_t *data, size_t len)
{
    if (len == 0 || write_reserve(w, len) != 0) {
        return;
    }

    memcpy(w->data + w->len, data, len);
    w->len += len;
}


static void
write_byte(nthrift_write_t *w, unsigned value)
{
    uint8_t  byte;

    byte = (uint8_t) value;
    write_bytes(w, &byte, 1);
}


/* The lowest `n` bytes of a number, the highest of them first. */

static void
write_big_endian(nthrift_write_t *w, uint64_t value, size_t n)
{
    size_t   i;
    uint8_t  buf[8];

    for (i = 0; i < n; i++) {
        buf[i] = (uint8_t) (value >> (8 * (n - 1 - i)));
    }

    write_bytes(w, buf, n);
}


static void
write_varint(nthrift_write_t *w, uint64_t value)
{
    size_t   n;
    uint8_t  buf[WRITE_NUMBER];

    for (n = 0; value >= 0x80; n++) {
        buf[n] = (uint8_t) (value | 0x80);
        value >>= 7;
    }

    buf[n++] = (uint8_t) value;

    write_bytes(w, buf, n);
}


static void
write_zigzag(nthrift_write_t *w, int64_t value)
{
    write_varint(w, ((uint64_t) value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}


/* "i8 field type, i16 field id" */

static void
write_binary_field(nthrift_write_t *w, int16_t id, unsigned type)
{
    write_byte(w, type);
    write_big_endian(w, (uint16_t) id, 2);
}


/* "dddd tttt", or "0000 tttt" and the id */

static void
write_compact_field(nthrift_write_t *w, int16_t *last, int16_t id,
    unsigned type)
{
    int  delta;

    delta = id - *last;

    if (delta >= 1 && delta <= WRITE_SHORT_DELTA) {
        write_byte(w, (unsigned) delta << 4 | type);

    } else {
        write_byte(w, type);
        write_zigzag(w, id);
    }

    *last = id;
}


void
nthrift_write_field(nthrift_write_t *w, int16_t *last, int16_t id,
    unsigned type)
{
    if (w->protocol == NTHRIFT_BINARY) {
        write_binary_field(w, id, type);
        return;
    }

    write_compact_field(w, last, id, write_compact[type]);
}


void
nthrift_write_field_bool(nthrift_write_t *w, int16_t *last, int16_t id,
    int value)
{
    if (w->protocol == NTHRIFT_BINARY) {
        write_binary_field(w, id, NTHRIFT_BOOL);
        write_byte(w, value ? 1 : 0);
        return;
    }

    write_compact_field(w, last, id,
                        value ? NTHRIFT_COMPACT_TRUE : NTHRIFT_COMPACT_FALSE);
}


void
nthrift_write_stop(nthrift_write_t *w)
{
    write_byte(w, NTHRIFT_STOP);
}


void
nthrift_write_bool(nthrift_write_t *w, int value)
{
    if (w->protocol == NTHRIFT_BINARY) {
        write_byte(w, value ? 1 : 0);
        return;
    }

    write_byte(w, value ? NTHRIFT_COMPACT_TRUE : NTHRIFT_COMPACT_FALSE);
}


void
nthrift_write_int(nthrift_write_t *w, unsigned type, int64_t value)
{
    size_t  n;

    if (type == NTHRIFT_I8) {
        write_byte(w, (uint8_t) value);
        return;
    }

    if (w->protocol == NTHRIFT_COMPACT) {
        write_zigzag(w, value);
        return;
    }

    n = (type == NTHRIFT_I16) ? 2 : (type == NTHRIFT_I32) ? 4 : 8;
    write_big_endian(w, (uint64_t) value, n);
}


/* Binary sends the high byte first, compact the low one. */

void
nthrift_write_double(nthrift_write_t *w, double value)
{
    uint64_t  bits;

    memcpy(&bits, &value, sizeof(bits));

    if (w->protocol == NTHRIFT_COMPACT) {
        bits = __builtin_bswap64(bits);
    }

    write_big_endian(w, bits, sizeof(bits));
}


void
nthrift_write_string(nthrift_write_t *w, const uint8_t *data, size_t len)
{
    if (w->protocol == NTHRIFT_BINARY) {
        write_big_endian(w, len, 4);

    } else {
        write_varint(w, len);
    }

    write_bytes(w, data, len);
}


void
nthrift_write_uuid(nthrift_write_t *w, const uint8_t *data)
{
    write_bytes(w, data, 16);
}


/* "i8 type, i32 size"; "ssss tttt", or "1111 tttt" and the size */

void
nthrift_write_list(nthrift_write_t *w, unsigned elem, size_t n)
{
    if (w->protocol == NTHRIFT_BINARY) {
        write_byte(w, elem);
        write_big_endian(w, n, 4);
        return;
    }

    if (n <= WRITE_SHORT_LIST) {
        write_byte(w, (unsigned) n << 4 | write_compact[elem]);
        return;
    }

    write_byte(w, 0xf0u | write_compact[elem]);
    write_varint(w, n);
}


/* "i8 key type, i8 value type, i32 size"; the size, then "kkkk vvvv" */

void
nthrift_write_map(nthrift_write_t *w, unsigned key, unsigned elem, size_t n)
{
    if (w->protocol == NTHRIFT_BINARY) {
        write_byte(w, key);
        write_byte(w, elem);
        write_big_endian(w, n, 4);
        return;
    }

    write_varint(w, n);

    if (n != 0) {
        write_byte(w, (unsigned) write_compact[key] << 4
                      | write_compact[elem]);
    }
}
