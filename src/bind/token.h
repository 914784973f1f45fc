/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/token.h: a body token by token, for check.c, prune.c, find.c and
 * decode.c: a field's head together with what follows it (a number, a string's
 * length, a container's head), or an element of a container.  Both protocols
 * tell the same tokens, so that what is done with one is written once.
 *
 * A token is read as a whole or not at all, and reading it changes nothing:
 * what a run's end cuts off is put together in a small place and read there.
 * Not part of a token are a string's bytes and what is in a struct or a
 * container.
 */

#ifndef NTHRIFT_TOKEN_H
#define NTHRIFT_TOKEN_H

#include "bind/bytes.h"
#include "wire/wire.h"


#define nthrift_token_inline  static inline __attribute__((always_inline))

/* The longest token: compact, a long field id and a uuid. */

#define NTHRIFT_TOKEN_SIZE  (1 + 5 + 16)


/*
 * Where the next token is: a struct, or a container with values to come.  One
 * number tells whether anything comes: to look at `fields` as well makes
 * compilers read both at once, which waits for what was written in pieces.
 */

typedef struct {
    uint32_t         left;      /* values, a pair of a map is two of them;
                                   struct: 1 */
    int16_t          id;        /* struct: of the field before, from 0 */
    uint8_t          fields;    /* 1: a struct */
    uint8_t          type[2];   /* nthrift_type_e of the value that comes when
                                   `left` is even, and when odd */
} nthrift_token_level_t;


typedef struct {
    const uint8_t   *at;        /* bool, number, uuid: its first byte */
    uint32_t         count;     /* string: bytes; container: elements, pairs */
    int16_t          id;        /* of a field */
    uint8_t          type;      /* nthrift_type_e; NTHRIFT_STOP: the struct's
                                   end */
    uint8_t          odd;       /* container: 1: types as few write them */
    uint8_t          key;       /* container: what it says of its values, ... */
    uint8_t          elem;      /* ... any byte where count is 0; NTHRIFT_STOP
                                   where it says nothing */
} nthrift_token_t;


/*
 * Reads one token at `p`.  Returns its bytes, NTHRIFT_AGAIN when it is not
 * whole, or NTHRIFT_ERROR when there is no such token.
 */
typedef ptrdiff_t (*nthrift_token_read_pt)(const nthrift_token_level_t *level,
    const uint8_t *p, const uint8_t *last, nthrift_token_t *t);


/* A protocol, as a constant that disappears into the loops. */

typedef struct {
    nthrift_token_read_pt    read;

    /* the number at t->at: i8, i16, i32, i64, and the bits of a double */

    int64_t                (*number)(const nthrift_token_t *t);

    /* the bool at t->at: 0 or 1 */

    int                    (*truth)(const nthrift_token_t *t);

    /* 1: a bool that is an element may be a byte that is none */

    uint8_t                  odd_bools;

    /* by nthrift_type_e: bytes of a value that always has as many, or 0 */

    uint8_t                  fixed[NTHRIFT_UUID + 1];

    /* 1: a number without a fixed size ends with the byte below 0x80 */

    uint8_t                  varint[NTHRIFT_UUID + 1];
} nthrift_token_protocol_t;


/* Where the protocol has odd bools: a byte that stands for one. */

static inline int
nthrift_token_is_bool(uint8_t byte)
{
    return byte == 1 || byte == 2;
}


/*
 * Reads the token that the end of the run cuts off at `p`: its bytes are put
 * together in `place` one after the other until there are enough.  Moves
 * b->p behind it; NTHRIFT_OK or NTHRIFT_ERROR.
 */

nthrift_token_inline int
nthrift_token_read_cut(const nthrift_token_protocol_t *protocol,
    const nthrift_token_level_t *level, nthrift_bytes_t *b, uint8_t *place,
    nthrift_token_t *t)
{
    size_t     have;
    ptrdiff_t  n;

    have = 0;

    do {
        if (have == NTHRIFT_TOKEN_SIZE
            || (b->p == b->last && nthrift_bytes_next(b) != NTHRIFT_OK))
        {
            return NTHRIFT_ERROR;
        }

        place[have++] = *b->p++;

        n = protocol->read(level, place, place + have, t);

    } while (n == NTHRIFT_AGAIN);

    return (n == (ptrdiff_t) have) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


/*
 * Passes over the values of a container, `count` of type `t->key` (map) and
 * as many of t->elem, where no look at each of them is needed.  NTHRIFT_OK;
 * NTHRIFT_DECLINED and nothing changed: they have to be walked;
 * NTHRIFT_ERROR: the body ends in them.
 */
int nthrift_token_pass(const nthrift_token_protocol_t *protocol,
    nthrift_bytes_t *b, const nthrift_token_t *t);

/*
 * The same up to about the offset `end`.  NTHRIFT_AGAIN: `*left` numbers are to
 * be passed over by nthrift_token_pass_numbers(), which goes on likewise.
 */
int nthrift_token_pass_until(const nthrift_token_protocol_t *protocol,
    nthrift_bytes_t *b, const nthrift_token_t *t, uint64_t end,
    uint64_t *left);
int nthrift_token_pass_numbers(nthrift_bytes_t *b, uint64_t *left,
    uint64_t end);


#endif /* NTHRIFT_TOKEN_H */
