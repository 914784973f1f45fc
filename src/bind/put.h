/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/put.h: values as bytes, for write.c and encode.c: what stands before
 * other bytes (a field's head, a length, a container's head), or a number.
 * What reads them again is in token.h.
 *
 * All functions write at `p`, where there is room (NTHRIFT_WRITE_ROOM bytes
 * for a field's head and a value), and return the byte behind.  Lengths and
 * sizes are INT32_MAX at most.  The same in all protocols are the bytes of
 * strings, the 16 bytes of a uuid, and a struct's stop, one 0.
 */

#ifndef NTHRIFT_PUT_H
#define NTHRIFT_PUT_H

#include "wire/wire.h"


#define nthrift_put_inline  static inline __attribute__((always_inline))


/* A protocol, as a constant that disappears into the loops. */

typedef struct {

    /*
     * The head of a field of type `type` (nthrift_type_e; not a bool), and a
     * bool that is a field.  `last` is the id of the field before in the same
     * struct, 0 before the first.
     */
    uint8_t  *(*field)(uint8_t *p, int16_t last, int16_t id, unsigned type);
    uint8_t  *(*field_bool)(uint8_t *p, int16_t last, int16_t id, int value);

    /* a bool that is an element; `type` is NTHRIFT_I8, _I16, _I32 or _I64 */

    uint8_t  *(*truth)(uint8_t *p, int value);
    uint8_t  *(*number)(uint8_t *p, unsigned type, int64_t value);
    uint8_t  *(*real)(uint8_t *p, uint64_t bits);

    /* before a string's bytes; elements; pairs */

    uint8_t  *(*length)(uint8_t *p, size_t len);
    uint8_t  *(*list)(uint8_t *p, unsigned elem, size_t n);
    uint8_t  *(*map)(uint8_t *p, unsigned key, unsigned elem, size_t n);

    /* 1: all i32, and all i64, have as many bytes as in C; doubles always do */

    uint8_t    fixed;
} nthrift_put_protocol_t;


#endif /* NTHRIFT_PUT_H */
