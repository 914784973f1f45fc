/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/json.h: JSON (RFC 8259) as a list of values, made of the text in
 * parts.  Private to plain/.
 *
 *     [1,{"a":"b"}]     0  array, 2 elements, ends before 5
 *                       1    1
 *                       2    object, 1 member, ends before 5
 *                       3      "a"
 *                       4      "b"
 */

#ifndef NTHRIFT_PLAIN_JSON_H
#define NTHRIFT_PLAIN_JSON_H

#include "plain/error.h"


#define NTHRIFT_PLAIN_JSON_NUMBER  1023         /* bytes: of a number */
#define NTHRIFT_PLAIN_JSON_NAME    65535        /* of a member's name */


typedef enum {
    NTHRIFT_PLAIN_JSON_NULL = 0,
    NTHRIFT_PLAIN_JSON_TRUE,
    NTHRIFT_PLAIN_JSON_FALSE,
    NTHRIFT_PLAIN_JSON_INTEGER,
    NTHRIFT_PLAIN_JSON_REAL,            /* with a fraction or an exponent */
    NTHRIFT_PLAIN_JSON_STRING,
    NTHRIFT_PLAIN_JSON_ARRAY,
    NTHRIFT_PLAIN_JSON_OBJECT           /* of a name and a value in turn */
} nthrift_plain_json_e;

typedef struct {
    uint32_t   at;          /* where its text begins; a string's behind '"' */
    uint32_t   len;         /* bytes of that text, '"' not included; of a
                               container, the value behind it */
    uint32_t   n;           /* elements or members; of a string, bytes that it
                               has when escapes are read */
    uint8_t    type;        /* nthrift_plain_json_e */
    uint8_t    escaped;     /* 1: a string has escapes ... */
    uint8_t    zero;        /* ... and one of a 0 byte */
} nthrift_plain_node_t;


typedef struct {
    const uint8_t           *text;
    size_t                   len;
    size_t                   pos;       /* bytes that are read */
    nthrift_arena_t         *arena;
    nthrift_plain_error_t   *err;

    nthrift_plain_node_t    *nodes;     /* the first is all of it */
    uint32_t                 n;
    uint32_t                *open;      /* containers around what comes next */
    uint32_t                 depth;

    /* what is known once it has been measured: at most so much */

    uint32_t                 max_nodes;
    uint32_t                 max_values;    /* names not counted */
    uint32_t                 max_depth;
    unsigned                 state;         /* json_state_e */
    unsigned                 string:1;      /* within a string */
    unsigned                 name:1;        /* which is a name */
} nthrift_plain_json_t;


/* Of text of less than 2 GiB, which lives as long. */
void nthrift_plain_json_start(nthrift_plain_json_t *json,
    nthrift_arena_t *arena, const nthrift_str_t *text,
    nthrift_plain_error_t *err);

/*
 * About `size` bytes of the text.  NTHRIFT_AGAIN: there are more; NTHRIFT_OK:
 * all are read, or NTHRIFT_ERROR.  First it is measured, as limits may be asked
 * for before there is memory for it; then nthrift_plain_json_read() goes
 * through it once more.
 */
int nthrift_plain_json_measure(nthrift_plain_json_t *json, size_t size);
int nthrift_plain_json_read(nthrift_plain_json_t *json, size_t size);


/* The value behind this one, and behind all that is in it. */

static inline const nthrift_plain_node_t *
nthrift_plain_json_next(const nthrift_plain_json_t *json,
    const nthrift_plain_node_t *node)
{
    return (node->type >= NTHRIFT_PLAIN_JSON_ARRAY) ? json->nodes + node->len
                                                    : node + 1;
}


/*
 * Reads the escapes of a part of a string: `*at` bytes of its text are read.
 * Writes at most `room` bytes, of which there are 4 or more, and returns how
 * many.
 */
size_t nthrift_plain_json_unescape(const nthrift_plain_json_t *json,
    const nthrift_plain_node_t *node, size_t *at, uint8_t *p, size_t room);


#endif /* NTHRIFT_PLAIN_JSON_H */
