/*
 * bind/write.h: values as bytes, in both protocols, into a buffer that is
 * handed in and may grow.  For encode.c and the command nthrift, which know
 * what has to be written.
 *
 * Sources: doc/specs/thrift-binary-protocol.md, thrift-compact-protocol.md.
 */

#ifndef NTHRIFT_WRITE_H
#define NTHRIFT_WRITE_H

#include "wire/binary.h"
#include "wire/compact.h"

#include <endian.h>


/*
 * Gives a buffer of at least *size bytes that begins with the first `len`
 * bytes of `data`, and sets *size to what it has; NULL: there is no memory,
 * and `data` stays as it is.  The old buffer is the owner's, to free or keep;
 * nothing is written to it any more.
 */
typedef uint8_t *(*nthrift_write_grow_pt)(void *owner, uint8_t *data,
    size_t len, size_t *size);


/* A field's head together with any value but a string: bytes, at most. */

#define NTHRIFT_WRITE_ROOM  32


/*
 * The bytes so far.  What does not fit any more is not written and sets
 * `error`: a caller may go on, and look at it at the end.
 */

typedef struct {
    uint8_t                *data;       /* the owner's */
    size_t                  len;        /* bytes written */
    size_t                  size;       /* that may be written to `data`; after
                                           an error `len` */
    size_t                  max;        /* that `len` never passes */
    const char             *error;      /* NULL, or why there is no more */
    unsigned                protocol;   /* NTHRIFT_BINARY or NTHRIFT_COMPACT */
    nthrift_write_grow_pt   grow;       /* NULL: `data` is all there is */
    void                   *owner;
    uint8_t                 place[NTHRIFT_WRITE_ROOM];
} nthrift_write_t;


/* Errors of the writer itself: compared by their addresses. */

extern const char  nthrift_write_too_large[];
extern const char  nthrift_write_no_memory[];


/* Writes to data[0 .. size), which may be empty, then to what `grow` gives. */

void nthrift_write_init(nthrift_write_t *w, unsigned protocol, uint8_t *data,
    size_t size, size_t max, nthrift_write_grow_pt grow, void *owner);

/* Says why nothing more is written, unless something has been said. */

void nthrift_write_fail(nthrift_write_t *w, const char *error);

/*
 * The head of a field of type `type` (nthrift_type_e; not a bool).  `*last` is
 * the id of the field before in the same struct, 0 before the first.
 */
void nthrift_write_field(nthrift_write_t *w, int16_t *last, int16_t id,
    unsigned type);

/* A bool that is a field: head and value are one thing in compact. */
void nthrift_write_field_bool(nthrift_write_t *w, int16_t *last, int16_t id,
    int value);

/* The end of a struct. */
void nthrift_write_stop(nthrift_write_t *w);

/* Values; `type` is NTHRIFT_I8, _I16, _I32 or _I64, a bool an element. */
void nthrift_write_bool(nthrift_write_t *w, int value);
void nthrift_write_int(nthrift_write_t *w, unsigned type, int64_t value);
void nthrift_write_double(nthrift_write_t *w, double value);
void nthrift_write_string(nthrift_write_t *w, const uint8_t *data,
    size_t len);
void nthrift_write_uuid(nthrift_write_t *w, const uint8_t *data);

/* The heads of containers; `n` elements or pairs follow. */
void nthrift_write_list(nthrift_write_t *w, unsigned elem, size_t n);
void nthrift_write_map(nthrift_write_t *w, unsigned key, unsigned elem,
    size_t n);


/*
 * The same for those who write much.  nthrift_write_start() gives a place for
 * NTHRIFT_WRITE_ROOM bytes, whatever is left; the functions below put values
 * there, one after the other, and say where the next may be put; and
 * nthrift_write_finish() takes what was put.  Lengths and sizes are INT32_MAX
 * at most.
 */

uint8_t *nthrift_write_start_slow(nthrift_write_t *w);


static inline uint8_t *
nthrift_write_start(nthrift_write_t *w)
{
    if (w->size - w->len >= NTHRIFT_WRITE_ROOM) {
        return w->data + w->len;
    }

    return nthrift_write_start_slow(w);
}


/* `n` bytes all of which will be written, or NULL: they do not fit. */

uint8_t *nthrift_write_reserve_slow(nthrift_write_t *w, size_t n);


static inline uint8_t *
nthrift_write_reserve(nthrift_write_t *w, size_t n)
{
    if (w->size - w->len >= n) {
        return w->data + w->len;
    }

    return nthrift_write_reserve_slow(w, n);
}


static inline void
nthrift_write_bytes(nthrift_write_t *w, const uint8_t *data, size_t len)
{
    uint8_t  *p;

    if (len == 0) {
        return;
    }

    p = nthrift_write_reserve(w, len);

    if (p != NULL) {
        memcpy(p, data, len);
        w->len += len;
    }
}


/* Takes what is in [from, p); `from` is what was started with. */

static inline void
nthrift_write_finish(nthrift_write_t *w, const uint8_t *from, const uint8_t *p)
{
    if (from != w->place) {
        w->len += (size_t) (p - from);
        return;
    }

    nthrift_write_bytes(w, from, (size_t) (p - from));
}


/* Compact: the size of a list, or the step to a field's id, in one byte. */

#define NTHRIFT_WRITE_SHORT_LIST   14
#define NTHRIFT_WRITE_SHORT_DELTA  15


static const uint8_t  nthrift_write_compact[NTHRIFT_UUID + 1] = {
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


static inline uint8_t *
nthrift_write_put16(uint8_t *p, uint16_t value)
{
    value = htobe16(value);
    memcpy(p, &value, 2);

    return p + 2;
}


static inline uint8_t *
nthrift_write_put64(uint8_t *p, uint64_t value)
{
    value = htobe64(value);
    memcpy(p, &value, 8);

    return p + 8;
}


static inline uint8_t *
nthrift_write_put_varint(uint8_t *p, uint64_t value)
{
    while (value >= 0x80) {
        *p++ = (uint8_t) (value | 0x80);
        value >>= 7;
    }

    *p++ = (uint8_t) value;

    return p;
}


static inline uint8_t *
nthrift_write_put_zigzag(uint8_t *p, int64_t value)
{
    return nthrift_write_put_varint(p, ((uint64_t) value << 1)
                                       ^ (value < 0 ? UINT64_MAX : 0));
}


/* "dddd tttt", or "0000 tttt" and the id; `type` is compact's own */

static inline uint8_t *
nthrift_write_put_head(uint8_t *p, int16_t last, int16_t id, unsigned type)
{
    int  delta;

    delta = id - last;

    if (delta >= 1 && delta <= NTHRIFT_WRITE_SHORT_DELTA) {
        *p++ = (uint8_t) ((unsigned) delta << 4 | type);
        return p;
    }

    *p++ = (uint8_t) type;

    return nthrift_write_put_zigzag(p, id);
}


/* Compact's, or "i8 field type, i16 field id" */

static inline uint8_t *
nthrift_write_put_field(unsigned protocol, uint8_t *p, int16_t last,
    int16_t id, unsigned type)
{
    if (protocol == NTHRIFT_COMPACT) {
        return nthrift_write_put_head(p, last, id,
                                      nthrift_write_compact[type]);
    }

    *p++ = (uint8_t) type;

    return nthrift_write_put16(p, (uint16_t) id);
}


/* A bool that is an element, and one that is a field */

static inline uint8_t *
nthrift_write_put_bool(unsigned protocol, uint8_t *p, int value)
{
    if (protocol == NTHRIFT_COMPACT) {
        *p = value ? NTHRIFT_COMPACT_TRUE : NTHRIFT_COMPACT_FALSE;

    } else {
        *p = value ? 1 : 0;
    }

    return p + 1;
}


static inline uint8_t *
nthrift_write_put_field_bool(unsigned protocol, uint8_t *p, int16_t last,
    int16_t id, int value)
{
    if (protocol == NTHRIFT_COMPACT) {
        return nthrift_write_put_head(p, last, id,
                                      value ? NTHRIFT_COMPACT_TRUE
                                            : NTHRIFT_COMPACT_FALSE);
    }

    p = nthrift_write_put_field(protocol, p, last, id, NTHRIFT_BOOL);

    return nthrift_write_put_bool(protocol, p, value);
}


/* `type` is NTHRIFT_I8, _I16, _I32 or _I64. */

static inline uint8_t *
nthrift_write_put_int(unsigned protocol, uint8_t *p, unsigned type,
    int64_t value)
{
    if (type == NTHRIFT_I8) {
        *p++ = (uint8_t) value;
        return p;
    }

    if (protocol == NTHRIFT_COMPACT) {
        return nthrift_write_put_zigzag(p, value);
    }

    switch (type) {

    case NTHRIFT_I16:
        return nthrift_write_put16(p, (uint16_t) value);

    case NTHRIFT_I32:
        return nthrift_binary_put32(p, (uint32_t) value);

    default: /* NTHRIFT_I64 */
        return nthrift_write_put64(p, (uint64_t) value);
    }
}


/* Binary sends the high byte first, compact the low one. */

static inline uint8_t *
nthrift_write_put_double(unsigned protocol, uint8_t *p, uint64_t bits)
{
    if (protocol == NTHRIFT_COMPACT) {
        bits = htole64(bits);
        memcpy(p, &bits, 8);

        return p + 8;
    }

    return nthrift_write_put64(p, bits);
}


/* A string's length, before its bytes */

static inline uint8_t *
nthrift_write_put_length(unsigned protocol, uint8_t *p, size_t len)
{
    return (protocol == NTHRIFT_COMPACT)
           ? nthrift_write_put_varint(p, len)
           : nthrift_binary_put32(p, (uint32_t) len);
}


/* "i8 type, i32 size"; "ssss tttt", or "1111 tttt" and the size */

static inline uint8_t *
nthrift_write_put_list(unsigned protocol, uint8_t *p, unsigned elem, size_t n)
{
    if (protocol != NTHRIFT_COMPACT) {
        *p++ = (uint8_t) elem;
        return nthrift_binary_put32(p, (uint32_t) n);
    }

    if (n <= NTHRIFT_WRITE_SHORT_LIST) {
        *p++ = (uint8_t) (n << 4 | nthrift_write_compact[elem]);
        return p;
    }

    *p++ = 0xf0 | nthrift_write_compact[elem];

    return nthrift_write_put_varint(p, n);
}


/* "i8 key type, i8 value type, i32 size"; the size, then "kkkk vvvv" */

static inline uint8_t *
nthrift_write_put_map(unsigned protocol, uint8_t *p, unsigned key,
    unsigned elem, size_t n)
{
    if (protocol != NTHRIFT_COMPACT) {
        *p++ = (uint8_t) key;
        *p++ = (uint8_t) elem;
        return nthrift_binary_put32(p, (uint32_t) n);
    }

    p = nthrift_write_put_varint(p, n);

    if (n != 0) {
        *p++ = (uint8_t) (nthrift_write_compact[key] << 4
                          | nthrift_write_compact[elem]);
    }

    return p;
}


#endif /* NTHRIFT_WRITE_H */
