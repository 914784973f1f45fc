/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/json_write.h: a body in the JSON protocol, of one in the binary or the
 * compact protocol: by its definition, which tells text from bytes.
 *
 *   string      short escapes where there are some, \u00xx for what else is
 *               below U+0020, everything else as it is
 *   binary      base64 (RFC 4648, section 4) with its padding
 *   double      as few digits as tell it apart, "NaN", "Infinity", "-Infinity"
 *   empty       a list or map of nothing has the types that are declared
 *
 * Refused are values of another type than declared, and text that is not UTF-8,
 * which JSON cannot say.  A field that is not declared is left out: whether a
 * string in it is text or bytes nobody knows.
 *
 * Source: lib/cpp TJSONProtocol.cpp, lib/py TJSONProtocol.py; RFC 8259.
 */

#ifndef NTHRIFT_JSON_WRITE_H
#define NTHRIFT_JSON_WRITE_H

#include "bind/schema.h"
#include "bind/token.h"
#include "bind/utf8.h"


/* What is written for what is read at once has room in it. */

#define NTHRIFT_JSON_WRITE_ROOM  96


typedef struct {
    nthrift_token_level_t          at;
    const nthrift_schema_t        *st;      /* NULL: it is left out */
    const nthrift_schema_type_t   *type[2]; /* as at.type */
    uint8_t                        pairs;   /* 1: a map */
    uint8_t                        begun;   /* 1: something was written */
} nthrift_json_write_level_t;


typedef struct {
    const nthrift_token_protocol_t  *protocol;
    nthrift_bytes_t                 *body;
    nthrift_json_write_level_t      *base;
    nthrift_json_write_level_t      *top;
    nthrift_json_write_level_t      *level;     /* the innermost */
    nthrift_json_write_level_t      *dropping;  /* of a field that is left
                                                   out, or NULL */
    nthrift_error_t                 *err;
    uint8_t                         *out;
    uint8_t                         *end;
    uint64_t                         stop;      /* offset to stop at */
    uint32_t                         left;      /* bytes of a string */
    uint32_t                         bits;      /* that are no base64 yet */
    uint8_t                          phase;     /* bytes in `bits` */
    uint8_t                          string;    /* what it is, or 0 */
    nthrift_utf8_t                   utf8;
    uint8_t                          place[NTHRIFT_TOKEN_SIZE];
} nthrift_json_write_t;


/* Bytes of memory that writing takes, aligned to 8. */

size_t nthrift_json_write_size(uint32_t max_depth);

/*
 * Begins a body of the struct `st` at body->p.  `protocol` is NTHRIFT_BINARY or
 * NTHRIFT_COMPACT; `err` is kept.
 */
void nthrift_json_write_start(nthrift_json_write_t *w, void *memory,
    uint32_t max_depth, unsigned protocol, const nthrift_schema_t *st,
    nthrift_bytes_t *body, nthrift_error_t *err);

/*
 * Goes on for about `bytes` of the body, and writes to [*out, end), where there
 * are NTHRIFT_JSON_WRITE_ROOM bytes at least.  NTHRIFT_OK: all is written, the
 * message's bracket too, and body->p is behind the stop; NTHRIFT_AGAIN: it is
 * to be called again, with another buffer if less than that is left of this
 * one; NTHRIFT_ERROR: err->text.
 */
int nthrift_json_write_part(nthrift_json_write_t *w, uint64_t bytes,
    uint8_t **out, uint8_t *end);


#endif /* NTHRIFT_JSON_WRITE_H */
