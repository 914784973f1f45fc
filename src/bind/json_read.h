/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/json_read.h: a body in the JSON protocol, as one in the binary protocol:
 * by its definition, which tells text from bytes.  Whoever wants to know what
 * is in such a body (check.h, find.h, decode.h, translate.h) reads that one.
 *
 * It is done once, and there are no tokens of JSON as there are of the other
 * protocols (token.h): the bytes of a string are not those in the body, no
 * string and no number has a length before it, and all readers would have to
 * keep what each of them decodes.
 *
 * What is refused is what the walk refuses (json_walk.c), and:
 *
 *   binary      what is no base64 (RFC 4648, section 4), which may have its
 *               padding or not
 *   double      what is too large for one, or is written with more than
 *               NTHRIFT_JSON_DIGITS characters
 *
 * A field that is not declared is left out: whether a string in it is text or
 * base64 nobody knows.  A value of another type than declared is not refused
 * here but by check.h, which also has the rules for text that is not UTF-8.
 *
 * Source: lib/cpp TJSONProtocol.cpp, lib/py TJSONProtocol.py.
 */

#ifndef NTHRIFT_JSON_READ_H
#define NTHRIFT_JSON_READ_H

#include "bind/check.h"
#include "wire/json.h"


/* Characters of a double; the longest that is exact has about 770. */

#define NTHRIFT_JSON_DIGITS  1024


/* A struct or container beside the walk's level of it. */

typedef struct {
    const nthrift_schema_t        *st;      /* NULL: not declared */
    const nthrift_schema_field_t  *field;   /* that is read, or NULL */
    const nthrift_schema_type_t   *type[2]; /* as the walk's, or NULL */
    uint32_t                       count;   /* container: all values */
} nthrift_json_read_level_t;


typedef struct {
    nthrift_skip_t                 walk;    /* first: what is told is ours */
    nthrift_json_sink_t            sink;
    nthrift_json_read_level_t     *levels;
    const nthrift_schema_type_t   *type;    /* of the value, or NULL */
    nthrift_check_error_t         *err;
    uint8_t                       *length;  /* of the string, to be written */
    uint32_t                       size;    /* bytes of it so far */
    uint32_t                       dropping;    /* the level of a field that is
                                                   left out, or 0 */
    uint32_t                       dropped; /* such fields */
    uint32_t                       bits;    /* of base64 that are no byte yet */
    uint16_t                       half;    /* the first of two surrogates */
    uint8_t                        kind;    /* nthrift_type_e: of what bytes
                                               are told */
    uint8_t                        base64;  /* 1: it is */
    uint8_t                        phase;   /* characters of base64, modulo 4;
                                               of a uuid */
    uint8_t                        padding; /* of base64 */
    uint8_t                        fields;  /* nthrift_check_e: what is not
                                               declared */
    uint32_t                       n;       /* characters in `number` */
    char                           number[NTHRIFT_JSON_DIGITS + 1];
} nthrift_json_read_t;


/* Bytes of memory that reading takes, aligned to 8. */

size_t nthrift_json_read_size(uint32_t max_depth);

/*
 * Begins a body of the struct `st`.  `budget` is as in nthrift_skip_start();
 * `fields`: NTHRIFT_CHECK_REFUSE: fields that are not declared are refused.
 * `err` and its place for the path are kept.
 */
void nthrift_json_read_start(nthrift_json_read_t *r, void *memory,
    uint32_t max_depth, const nthrift_schema_t *st, uint64_t budget,
    unsigned fields, nthrift_check_error_t *err);

/*
 * Goes on through [*p, last), and writes to [*out, end).  NTHRIFT_OK: the body
 * is over, *p is behind the message's bracket, and all is written;
 * NTHRIFT_AGAIN: with *p == last more bytes are needed; else a buffer that has
 * NTHRIFT_JSON_ROOM bytes at least.  What was written stays where it is: the
 * length of a string is known at its end.  NTHRIFT_ERROR: err->text, err->path.
 */
int nthrift_json_read_part(nthrift_json_read_t *r, const uint8_t **p,
    const uint8_t *last, uint8_t **out, uint8_t *end);


#endif /* NTHRIFT_JSON_READ_H */
