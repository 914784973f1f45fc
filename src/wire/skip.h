/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/skip.h: the structural walk of a struct: from its first field to the
 * byte behind its stop, without a schema, in pieces of any size, no byte read
 * twice.
 *
 * The walk is iterative on an explicit stack.  Refused, each with its own
 * sentence: unknown types; negative lengths and counts; lengths and counts of
 * more than can follow (64 bit arithmetic, smallest element size of the
 * protocol); varints of more than 3 bytes (field ids, i16), 5 (lengths, counts,
 * i32) or 10 (i64), as readers of some libraries do not go further; field ids
 * that are no i16; more than max_depth levels (the outermost struct is level
 * 1).  Compact: bool elements have type 1 or 2; an empty map is one byte.
 * JSON: see json_walk.c; what is walked over ends with the message's bracket.
 */

#ifndef NTHRIFT_SKIP_H
#define NTHRIFT_SKIP_H

#include "wire/wire.h"


/* One level of the walk: a struct, or a container with values to come. */

typedef struct {
    uint32_t   left;            /* values; a pair of a map is two of them;
                                   struct: JSON: id of the field */
    uint8_t    type[2];         /* the protocol's: of the value that comes
                                   when `left` is even, and when odd */
    uint8_t    fields;          /* 1: a struct; JSON: 2: a map */
} nthrift_skip_level_t;


/*
 * The longest thing that is read at once: a compact field's head with a long
 * id, and the number or the map's head that follows it.
 */

#define NTHRIFT_SKIP_TAIL  16


/* Where in a text the walk is: private to json_walk.c. */

typedef struct {
    uint64_t   value;           /* of a number, or of digits of an escape */
    uint8_t    state;
    uint8_t    want;            /* what must come as it is, ... */
    uint8_t    at;              /* ... and how much of it came */
    uint8_t    type;            /* nthrift_type_e: of the value, ... */
    uint8_t    key;             /* ... of a map's keys, ... */
    uint8_t    elem;            /* ... of elements, or a map's values */
    uint8_t    n;               /* characters of it, or what the last was */
    uint8_t    flags;
} nthrift_skip_text_t;


/* Who is told what a text says: json.h. */

typedef struct nthrift_json_sink_s  nthrift_json_sink_t;


typedef struct {
    int16_t    first;           /* id of the first field of the outermost
                                   struct */
    uint8_t    fields;          /* fields of the outermost struct: 0, 1, or
                                   2 for more than one */

    /* what follows is of the walk, and of no use when that is over */

    uint8_t    have;            /* bytes in `tail`; when refused: bytes that
                                   had to be read to know */
    uint8_t    protocol;
    uint32_t   max_depth;
    uint32_t   depth;           /* levels in use */
    uint64_t   budget;          /* bytes that can still follow */
    uint64_t   bytes;           /* of a string or run of fixed size values,
                                   still to be passed over */
    nthrift_skip_level_t  *levels;  /* max_depth of them, the caller's */
    const uint8_t         *base;    /* where `budget` was counted */
    const char            *refused;

    union {
        uint8_t              tail[NTHRIFT_SKIP_TAIL];
                                /* what a piece's end cut off */
        nthrift_skip_text_t  text;
                                /* JSON, where `have` is 0 always */
    };

    nthrift_json_sink_t  *sink;     /* NULL: nobody */
} nthrift_skip_t;


/*
 * Begins a walk.  `budget` is the number of bytes that can follow at most
 * (frame: what is left of it; else: what is left of the largest message).
 * `levels` holds max_depth levels, is owned by the caller and is not cleared.
 */
void nthrift_skip_start(nthrift_skip_t *w, unsigned protocol,
    nthrift_skip_level_t *levels, uint32_t max_depth, uint64_t budget);

/*
 * Walks on through [*p, last).  Returns NTHRIFT_OK with *p behind the
 * struct's stop; NTHRIFT_AGAIN with *p == last; NTHRIFT_ERROR with *p at the
 * byte that was refused (or behind it) and err->text set; afterwards the walk
 * must be started again.
 */
int nthrift_skip_read(nthrift_skip_t *w, const uint8_t **p,
    const uint8_t *last, nthrift_error_t *err);

/* Goes on with other `levels`, as many; those in use are copied there. */
void nthrift_skip_move(nthrift_skip_t *w, nthrift_skip_level_t *levels);


#endif /* NTHRIFT_SKIP_H */
